// What `azd up` and the deployment of production take: each parameter from the variable of the same name as the app
// setting (`azd env set DATAVERSE_URL https://contoso.crm.dynamics.com`). No secret: those are stored in the vault.
using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'cosell')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param administratorId = readEnvironmentVariable('AZURE_PRINCIPAL_ID', '')
param administratorType = readEnvironmentVariable('AZURE_PRINCIPAL_TYPE', 'User')
param inspectorId = readEnvironmentVariable('AZURE_INSPECTOR_ID', '')

param mode = readEnvironmentVariable('MODE', 'test')
param testRecords = empty(readEnvironmentVariable('TEST_RECORDS', '')) ? [] : split(readEnvironmentVariable('TEST_RECORDS', ''), ',')
param dryRun = bool(readEnvironmentVariable('DRY_RUN', 'false'))
param conflictWinner = readEnvironmentVariable('CONFLICT_WINNER', 'dynamics')
param cosellOnly = bool(readEnvironmentVariable('COSELL_ONLY', 'false'))
param showCheckmark = bool(readEnvironmentVariable('SHOW_CHECKMARK', 'true'))
param dealValueField = readEnvironmentVariable('DEAL_VALUE_FIELD', 'estimatedvalue')
param dealCurrencyField = readEnvironmentVariable('DEAL_CURRENCY_FIELD', '')
param countryCodeField = readEnvironmentVariable('COUNTRY_CODE_FIELD', 'address1_country')
param defaultOwner = readEnvironmentVariable('DEFAULT_OWNER', '')
param autoHealSchedule = readEnvironmentVariable('AUTO_HEAL_SCHEDULE', '0 */5 * * * *')
param customize = readEnvironmentVariable('CUSTOMIZE', '')

param partnerCenterApiUrl = readEnvironmentVariable('PARTNER_CENTER_API_URL', 'https://api.partner.microsoft.com')
param partnerCenterWebhookApiUrl = readEnvironmentVariable('PARTNER_CENTER_WEBHOOK_API_URL', 'https://api.partnercenter.microsoft.com')
param partnerCenterRefreshTokenName = readEnvironmentVariable('PARTNER_CENTER_REFRESH_TOKEN_NAME', 'partner-center-refresh-token')
param partnerCenterTenantId = readEnvironmentVariable('PARTNER_CENTER_TENANT_ID', '')
param partnerCenterClientId = readEnvironmentVariable('PARTNER_CENTER_CLIENT_ID', '')
param partnerCenterOrganizationId = readEnvironmentVariable('PARTNER_CENTER_ORGANIZATION_ID', '')

param dataverseUrl = readEnvironmentVariable('DATAVERSE_URL', '')
param dataverseAuth = readEnvironmentVariable('DATAVERSE_AUTH', 'managed_identity')
param dataverseTenantId = readEnvironmentVariable('DATAVERSE_TENANT_ID', '')
param dataverseClientId = readEnvironmentVariable('DATAVERSE_CLIENT_ID', '')
param dataverseConcurrency = int(readEnvironmentVariable('DATAVERSE_CONCURRENCY', '7'))
param dataversePrefix = readEnvironmentVariable('DATAVERSE_PREFIX', 'msft')
param ownPrefix = readEnvironmentVariable('OWN_PREFIX', 'cosell')
param cosellDeployment = readEnvironmentVariable('COSELL_DEPLOYMENT', 'cosell')

param webhookCertificateHosts = split(readEnvironmentVariable('WEBHOOK_CERTIFICATE_HOSTS', '3psostorageacct.blob.core.windows.net'), ',')
param webhookAiaHosts = split(readEnvironmentVariable('WEBHOOK_AIA_HOSTS', 'www.microsoft.com,caissuers.microsoft.com,cacerts.digicert.com'), ',')
param webhookCertificateIssuer = readEnvironmentVariable('WEBHOOK_CERTIFICATE_ISSUER', 'Microsoft Corporation')
param webhookTrustedRoots = readEnvironmentVariable('WEBHOOK_TRUSTED_ROOTS', '')
param publicUrl = readEnvironmentVariable('PUBLIC_URL', '')
param statusRole = readEnvironmentVariable('STATUS_ROLE', 'Cosell.Operator')

param signInClientId = readEnvironmentVariable('SIGN_IN_CLIENT_ID', '')
param privateNetwork = bool(readEnvironmentVariable('PRIVATE_NETWORK', 'false'))
param alertEmails = empty(readEnvironmentVariable('ALERT_EMAILS', '')) ? [] : split(readEnvironmentVariable('ALERT_EMAILS', ''), ',')
