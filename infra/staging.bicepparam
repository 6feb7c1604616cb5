// A staging environment: the same template in a resource group of its own, with an app, an identity, a storage account
// and vaults of its own. Where it leads (a sandbox of Dynamics 365, the same or a test tenant) comes from variables.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'cosell-staging')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param administratorId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param administratorType = readEnvironmentVariable('AZURE_PRINCIPAL_TYPE', 'User')
param inspectorId = readEnvironmentVariable('AZURE_INSPECTOR_ID', '')

// It never writes but for the records that somebody names, whatever variables say.
param mode = 'test'
param testRecords = empty(readEnvironmentVariable('TEST_RECORDS', '')) ? [] : split(readEnvironmentVariable('TEST_RECORDS', ''), ',')
param customize = readEnvironmentVariable('CUSTOMIZE', '')
param cosellDeployment = 'cosell-staging'

param partnerCenterTenantId = readEnvironmentVariable('PARTNER_CENTER_TENANT_ID', '')
param partnerCenterClientId = readEnvironmentVariable('PARTNER_CENTER_CLIENT_ID', '')
param partnerCenterOrganizationId = readEnvironmentVariable('PARTNER_CENTER_ORGANIZATION_ID', '')
param dataverseUrl = readEnvironmentVariable('DATAVERSE_URL', '')
param dataverseAuth = readEnvironmentVariable('DATAVERSE_AUTH', 'managed_identity')
param dataverseTenantId = readEnvironmentVariable('DATAVERSE_TENANT_ID', '')
param dataverseClientId = readEnvironmentVariable('DATAVERSE_CLIENT_ID', '')
param dataversePrefix = readEnvironmentVariable('DATAVERSE_PREFIX', 'msft')

// The tenant's events go to production; here auto-heal finds what changed.
param partnerCenterEventsEnabled = false
param webhookWatchEnabled = false

// As production's, to be tried here first.
param privateNetwork = bool(readEnvironmentVariable('PRIVATE_NETWORK', 'false'))
param closeSecretsVault = bool(readEnvironmentVariable('CLOSE_VAULT', 'false'))
param allowedAddresses = empty(readEnvironmentVariable('ALLOWED_ADDRESSES', '')) ? [] : split(replace(readEnvironmentVariable('ALLOWED_ADDRESSES', ''), ' ', ''), ',')

param storageRedundancy = 'Standard_LRS'
param vaultDaysToRecover = 7
param daysToKeepTelemetry = 30
param storageLogs = 'none'
param alertsEnabled = false
