// Everything that an installation of Cosell Sync is made of, in a resource group of its own.
// `az deployment sub create --location REGION --template-file infra/main.bicep --parameters infra/main.bicepparam`,
// or `azd up`. What each part costs and how it is checked: README.md beside this file.
targetScope = 'subscription'

import { Limits, RuleName } from 'modules/alerts.bicep'

// --- where, and what it is called ---

@description('Name of the environment, like contoso-cosell or contoso-staging: all other names follow from it.')
@minLength(1)
@maxLength(30)
param environmentName string

@description('The region of every resource. It must offer Flex Consumption with Python 3.13.')
@minLength(1)
param location string

@description('The resource group that is made.')
@minLength(1)
@maxLength(90)
param resourceGroupName string = 'rg-${environmentName}'

@description('Tags of every resource, beside azd-env-name.')
param tags object = {}

@description('A person or group that stores secrets and uses the command line (object id); empty for none. azd names whoever runs it.')
@maxLength(36)
param administratorId string = ''

@description('What the administrator is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param administratorType string = 'User'

@description('The identity of a workflow that runs `cosell doctor` once it has deployed (object id); empty for none. It may read secrets, queues and tables, and change none.')
@maxLength(36)
param inspectorId string = ''

// --- what is synchronised, and how: docs/settings.md says more of each ---

@description('live writes for every deal; test writes only for the records in testRecords.')
@allowed(['live', 'test'])
param mode string = 'test'

@description('Ids (GUIDs) of opportunities, leads or referrals that are written for while mode is test.')
param testRecords string[] = []

@description('Plans and reports, and writes nothing to either side, whatever mode says.')
param dryRun bool = false

@description('Whose edit stands when both sides edited the same field since they last agreed.')
@allowed(['dynamics', 'partner_center'])
param conflictWinner string = 'dynamics'

@description('Leaves inbound leads alone.')
param cosellOnly bool = false

@description('A check or a cross before the opportunity\'s name.')
param showCheckmark bool = true

@description('The opportunity\'s column with the deal value.')
@minLength(1)
@maxLength(128)
param dealValueField string = 'estimatedvalue'

@description('The opportunity\'s text column with an ISO 4217 code; empty for its own currency.')
@maxLength(128)
param dealCurrencyField string = ''

@description('The account\'s text column with the two-letter ISO 3166 code.')
@minLength(1)
@maxLength(128)
param countryCodeField string = 'address1_country'

@description('User or team that owns new rows when the referral\'s team names nobody known: a GUID, mail address or name.')
param defaultOwner string = ''

@description('When auto-heal polls both sides: six NCRONTAB fields, in UTC.')
@minLength(11)
param autoHealSchedule string = '0 */5 * * * *'

@description('What this installation wishes of its own: a .yaml file of the app, the YAML, or base64: and then it.')
param customize string = ''

// --- Partner Center ---

@description('The Referrals API.')
@minLength(9)
param partnerCenterApiUrl string = 'https://api.partner.microsoft.com'

@description('The webhook registration API.')
@minLength(9)
param partnerCenterWebhookApiUrl string = 'https://api.partnercenter.microsoft.com'

@description('The partner tenant: a GUID or one of its domain names.')
@maxLength(253)
param partnerCenterTenantId string = ''

@description('The application that consented to the Secure Application Model.')
@maxLength(36)
param partnerCenterClientId string = ''

@description('Name, in the vault of secrets, of that application\'s secret. Its value is stored by a person.')
@minLength(1)
@maxLength(127)
param partnerCenterClientSecretName string = 'partner-center-client-secret'

@description('Name of the refresh token in its own vault. `cosell login` stores it.')
@minLength(1)
@maxLength(127)
param partnerCenterRefreshTokenName string = 'partner-center-refresh-token'

@description('Your organisation\'s id as your referrals bear it; empty: every referral that is not Microsoft\'s is yours.')
param partnerCenterOrganizationId string = ''

// --- Dynamics 365 ---

@description('The environment\'s https address without a path, like https://contoso.crm.dynamics.com.')
param dataverseUrl string = ''

@description('How the app signs in: by its managed identity, or by an application\'s secret in the vault.')
@allowed(['managed_identity', 'client_secret'])
param dataverseAuth string = 'managed_identity'

@description('The application\'s tenant, with client_secret.')
@maxLength(253)
param dataverseTenantId string = ''

@description('The application, with client_secret; with managed_identity another identity than the app\'s own.')
@maxLength(36)
param dataverseClientId string = ''

@description('Name, in the vault of secrets, of the application\'s secret, with client_secret. Its value is stored by a person.')
@minLength(1)
@maxLength(127)
param dataverseClientSecretName string = 'dataverse-client-secret'

@description('Requests that one instance has under way to Dataverse at once. See maximumInstanceCount.')
@minValue(1)
@maxValue(52)
param dataverseConcurrency int = 7

@description('Prefix of the co-sell columns; msft keeps those of Microsoft\'s connector.')
@minLength(2)
@maxLength(8)
param dataversePrefix string = 'msft'

@description('Prefix of the columns that only this product has.')
@minLength(2)
@maxLength(8)
param ownPrefix string = 'cosell'

@description('Name of this installation in the tag that its writes to Dynamics carry.')
@minLength(1)
@maxLength(31)
param cosellDeployment string = 'cosell'

// --- webhook callbacks ---

@description('Where this app answers, when that is not the platform\'s own name: a custom domain or a gateway.')
param publicUrl string = ''

@description('Hosts that may serve the signing certificate.')
@minLength(1)
#disable-next-line no-hardcoded-env-urls // Partner Center's one host, in every cloud that has Partner Center
param webhookCertificateHosts string[] = ['3psostorageacct.blob.core.windows.net']

@description('Hosts that may serve issuers\' certificates.')
param webhookAiaHosts string[] = ['www.microsoft.com', 'caissuers.microsoft.com', 'cacerts.digicert.com']

@description('Organisation that the signing certificate\'s issuer must name.')
@minLength(1)
param webhookCertificateIssuer string = 'Microsoft Corporation'

@description('Path, in the app, of a PEM file of root certificates, for private clouds; empty for the system\'s.')
param webhookTrustedRoots string = ''

// --- flows: one switch each. What is off leaves its signals on their queue, without expiry. ---

@description('Takes events of Partner Center. Without it auto-heal finds what changed.')
param partnerCenterEventsEnabled bool = true

@description('Takes events of Dynamics 365. Without it auto-heal finds what changed.')
param dynamicsEventsEnabled bool = true

@description('Referrals that were created or updated.')
param referralsEnabled bool = true

@description('Microsoft\'s side of a deal.')
param cosellUpdatesEnabled bool = true

@description('Opportunities that were created or updated.')
param opportunitiesEnabled bool = true

@description('Leads, in both directions.')
param leadsEnabled bool = true

@description('Microsoft solutions of an opportunity.')
param solutionsEnabled bool = true

@description('The poll of both sides. Without it a lost event is lost, and nobody counts what is parked or waits on a queue.')
param autoHealEnabled bool = true

@description('The daily look at the webhook registration.')
param webhookWatchEnabled bool = true

@description('The daily renewal of the refresh token. Without it the token ends 90 days after it was issued.')
param refreshTokenWatchEnabled bool = true

@description('The status page.')
param statusEnabled bool = true

// --- the app ---

@description('''
The most instances of each queue function, of each timer and of the group of all HTTP functions.
Dataverse lets one application user have 52 requests under way and make 6,000 in five minutes, over all instances.
Five queue functions, auto-heal and the HTTP group are seven at one instance each: 7 times 7 (dataverseConcurrency) is
49. One instance handles 12 signals at once (host.json) and reaches the 6,000, so that more would wait and not be
faster. Where a region refuses less than 40, as earlier releases of the plan did, give 40 and dataverseConcurrency 1:
what is then too much is answered with a 429, and the signals wait.
''')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int = 1

@description('Memory of one instance in MB. 512 is a quarter of a processor and starts slowly.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Requests that one instance answers at once. The platform\'s own default for Python is 1.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 50

@description('A function or group that has instances waiting: http, or function:NAME.')
type alwaysReadyInstances = {
  @description('http, or function:NAME.')
  name: string
  @description('How many wait.')
  @minValue(0)
  @maxValue(1000)
  instanceCount: int
}

@description('Instances that wait even when nothing happens, paid by the hour: [{ name: \'http\', instanceCount: 1 }] spares events a cold start.')
param alwaysReady alwaysReadyInstances[] = []

@description('Spreads instances over the zones of the region, where it has some. Take storage that is zone-redundant, too.')
param zoneRedundant bool = false

@description('How often the storage account keeps its data, and where.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageRedundancy string = 'Standard_ZRS'

@description('For how many days a deleted secret, and a deleted vault, can be had back. Nobody can shorten it afterwards.')
@minValue(7)
@maxValue(90)
param vaultDaysToRecover int = 90

// --- network ---

@description('Puts the app into a virtual network, and the storage account and the refresh token\'s vault behind private endpoints alone.')
param privateNetwork bool = false

@description('''
With privateNetwork: also closes the vault of secrets but for its private endpoint. Microsoft's documentation of 2025
said that Flex Consumption cannot resolve references to such a vault, and whether that is over is not settled: try it
in staging. A reference that does not resolve is named by the health answer.
''')
param closeSecretsVault bool = false

@description('The addresses of that network as CIDR, a /24 or larger.')
@minLength(9)
@maxLength(18)
param networkAddresses string = '10.40.0.0/24'

@description('Addresses (IPv4 or CIDR) that may still reach storage and vaults from outside: an administrator\'s.')
param allowedAddresses string[] = []

// --- sign-in to the status page ---

@description('The app registration that people sign in to (client id); empty: the page opens with a function key alone.')
@maxLength(36)
param signInClientId string = ''

@description('The app role that a person needs for the status page.')
@minLength(1)
param statusRole string = 'Cosell.Operator'

// --- telemetry ---

@description('Keeps every trace, a share of them, or so many a second. Outcomes are records and never sampled.')
@allowed(['parentbased_always_on', 'microsoft.fixed_percentage', 'microsoft.rate_limited'])
param tracesSampler string = 'parentbased_always_on'

@description('The share (0 to 1), or the traces a second, for the sampler that takes one.')
@minLength(1)
param tracesSamplerArgument string = '1'

@description('For how many days telemetry is kept.')
@minValue(30)
@maxValue(730)
param daysToKeepTelemetry int = 90

@description('Gigabytes a day after which no telemetry is taken until tomorrow; -1 for no limit.')
@minValue(-1)
@maxValue(1000)
param dailyTelemetryQuotaGb int = -1

@description('Which calls to the storage account are logged. Reads are every look at an idle queue.')
@allowed(['none', 'changes', 'all'])
param storageLogs string = 'changes'

// --- alerts ---

@description('Whether the alert rules are evaluated.')
param alertsEnabled bool = true

@description('Rules that are not wanted, by their names in docs/alerts.md.')
param alertsSwitchedOff RuleName[] = []

@description('From what on alerts fire, where the defaults in docs/alerts.md do not fit: { healMinutesFrom: 180 } where auto-heal runs every two hours.')
param alertLimits Limits = {}

@description('Mail addresses that alerts are sent to; none: they are seen in the portal alone.')
param alertEmails string[] = []

// --- names ---

var token = toLower(uniqueString(subscription().id, environmentName, location))
var allTags = union(tags, { 'azd-env-name': environmentName })
var appName = 'func-cosell-${token}'
// What App Service calls the identity that vouches for an app registration in place of a secret.
var signInSetting = 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID'

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: resourceGroupName
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: { name: 'id-cosell-${token}', location: location, tags: allTags }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: 'stcosell${token}'
    location: location
    tags: allTags
    redundancy: storageRedundancy
    private: privateNetwork
    allowedAddresses: allowedAddresses
  }
}

module secretsVault 'modules/vault.bicep' = {
  name: 'secrets-vault'
  scope: group
  params: {
    name: 'kv-cosell-${token}'
    location: location
    tags: allTags
    daysToRecover: vaultDaysToRecover
    private: privateNetwork && closeSecretsVault
    allowedAddresses: allowedAddresses
  }
}

// The refresh token's alone: docs/adr/0013-a-vault-of-its-own-for-the-refresh-token.md
module tokenVault 'modules/vault.bicep' = {
  name: 'token-vault'
  scope: group
  params: {
    name: 'kv-token-${token}'
    location: location
    tags: allTags
    daysToRecover: vaultDaysToRecover
    private: privateNetwork
    allowedAddresses: allowedAddresses
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    workspaceName: 'log-cosell-${token}'
    insightsName: 'appi-cosell-${token}'
    location: location
    tags: allTags
    daysToKeep: daysToKeepTelemetry
    dailyQuotaGb: dailyTelemetryQuotaGb
  }
}

module roles 'modules/roles.bicep' = {
  name: 'roles'
  scope: group
  params: {
    storageName: storage.outputs.name
    secretsVaultName: secretsVault.outputs.name
    tokenVaultName: tokenVault.outputs.name
    insightsName: monitoring.outputs.insightsName
    appPrincipalId: identity.outputs.principalId
    administratorId: administratorId
    administratorType: administratorType
    inspectorId: inspectorId
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  name: 'network'
  scope: group
  params: {
    name: 'vnet-cosell-${token}'
    location: location
    tags: allTags
    addresses: networkAddresses
    functionsAddresses: cidrSubnet(networkAddresses, 26, 0)
    endpointsAddresses: cidrSubnet(networkAddresses, 26, 1)
  }
}

module endpoints 'modules/endpoints.bicep' = if (privateNetwork) {
  name: 'endpoints'
  scope: group
  params: {
    name: 'pe-cosell-${token}'
    location: location
    tags: allTags
    networkId: privateNetwork ? network.outputs.id : ''
    subnetId: privateNetwork ? network.outputs.endpointsSubnetId : ''
    storageId: storage.outputs.id
    secretsVaultId: secretsVault.outputs.id
    tokenVaultId: tokenVault.outputs.id
  }
}

module signInIdentity 'modules/identity.bicep' = if (!empty(signInClientId)) {
  name: 'sign-in-identity'
  scope: group
  params: { name: 'id-cosell-sign-in-${token}', location: location, tags: allTags }
}

// --- app settings ---

var secret = '@Microsoft.KeyVault(VaultName=${secretsVault.outputs.name};SecretName='

// What the code reads, each from the parameter of the same name.
var given = {
  MODE: mode
  TEST_RECORDS: join(testRecords, ',')
  DRY_RUN: toLower(string(dryRun))
  CONFLICT_WINNER: conflictWinner
  COSELL_ONLY: toLower(string(cosellOnly))
  SHOW_CHECKMARK: toLower(string(showCheckmark))
  DEAL_VALUE_FIELD: dealValueField
  DEAL_CURRENCY_FIELD: dealCurrencyField
  COUNTRY_CODE_FIELD: countryCodeField
  DEFAULT_OWNER: defaultOwner
  AUTO_HEAL_SCHEDULE: autoHealSchedule
  CUSTOMIZE: customize
  PARTNER_CENTER_API_URL: partnerCenterApiUrl
  PARTNER_CENTER_WEBHOOK_API_URL: partnerCenterWebhookApiUrl
  PARTNER_CENTER_TENANT_ID: partnerCenterTenantId
  PARTNER_CENTER_CLIENT_ID: partnerCenterClientId
  PARTNER_CENTER_REFRESH_TOKEN_NAME: partnerCenterRefreshTokenName
  PARTNER_CENTER_ORGANIZATION_ID: partnerCenterOrganizationId
  DATAVERSE_URL: dataverseUrl
  DATAVERSE_AUTH: dataverseAuth
  DATAVERSE_TENANT_ID: dataverseTenantId
  DATAVERSE_CLIENT_ID: dataverseClientId
  DATAVERSE_CONCURRENCY: string(dataverseConcurrency)
  DATAVERSE_PREFIX: dataversePrefix
  OWN_PREFIX: ownPrefix
  COSELL_DEPLOYMENT: cosellDeployment
  PUBLIC_URL: publicUrl
  WEBHOOK_CERTIFICATE_HOSTS: join(webhookCertificateHosts, ',')
  WEBHOOK_AIA_HOSTS: join(webhookAiaHosts, ',')
  WEBHOOK_CERTIFICATE_ISSUER: webhookCertificateIssuer
  WEBHOOK_TRUSTED_ROOTS: webhookTrustedRoots
  STATUS_ROLE: statusRole
}

// What only this template knows: addresses, identities, and where a secret lies.
var known = {
  AZURE_CLIENT_ID: identity.outputs.clientId
  AzureWebJobsStorage__blobServiceUri: storage.outputs.blobs
  AzureWebJobsStorage__queueServiceUri: storage.outputs.queues
  AzureWebJobsStorage__tableServiceUri: storage.outputs.tables
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identity.outputs.clientId
  PARTNER_CENTER_KEY_VAULT_URL: tokenVault.outputs.uri
  PARTNER_CENTER_CLIENT_SECRET: '${secret}${partnerCenterClientSecretName})'
  DATAVERSE_CLIENT_SECRET: dataverseAuth == 'client_secret' ? '${secret}${dataverseClientSecretName})' : ''
}

// The setting counts when it is true: https://learn.microsoft.com/azure/azure-functions/disable-function
var switches = {
  'AzureWebJobs.partner_center_events.Disabled': partnerCenterEventsEnabled ? 'false' : 'true'
  'AzureWebJobs.dynamics_events.Disabled': dynamicsEventsEnabled ? 'false' : 'true'
  'AzureWebJobs.referrals.Disabled': referralsEnabled ? 'false' : 'true'
  'AzureWebJobs.cosell_updates.Disabled': cosellUpdatesEnabled ? 'false' : 'true'
  'AzureWebJobs.opportunities.Disabled': opportunitiesEnabled ? 'false' : 'true'
  'AzureWebJobs.leads.Disabled': leadsEnabled ? 'false' : 'true'
  'AzureWebJobs.solutions.Disabled': solutionsEnabled ? 'false' : 'true'
  'AzureWebJobs.auto_heal.Disabled': autoHealEnabled ? 'false' : 'true'
  'AzureWebJobs.webhook_watch.Disabled': webhookWatchEnabled ? 'false' : 'true'
  'AzureWebJobs.refresh_token_watch.Disabled': refreshTokenWatchEnabled ? 'false' : 'true'
  'AzureWebJobs.status.Disabled': statusEnabled ? 'false' : 'true'
  // Its door has no key, and who somebody is stands in a header: only the platform's sign-in keeps strangers from it.
  'AzureWebJobs.status_signed_in.Disabled': statusEnabled && !empty(signInClientId) ? 'false' : 'true'
}

var telemetry = {
  APPLICATIONINSIGHTS_CONNECTION_STRING: monitoring.outputs.connectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.outputs.clientId};Authorization=AAD'
  PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY: 'true'
  OTEL_TRACES_SAMPLER: tracesSampler
  OTEL_TRACES_SAMPLER_ARG: tracesSamplerArgument
}

var signIn = empty(signInClientId) ? {} : { '${signInSetting}': signInIdentity.outputs.clientId }

module app 'modules/app.bicep' = {
  name: 'app'
  scope: group
  // The host reads its storage, and the platform the references, as soon as the app is there.
  dependsOn: [roles, endpoints]
  params: {
    planName: 'plan-cosell-${token}'
    name: appName
    location: location
    tags: allTags
    identityId: identity.outputs.id
    signInIdentityId: empty(signInClientId) ? '' : signInIdentity.outputs.id
    deploymentContainer: storage.outputs.deploymentContainer
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    httpConcurrency: httpConcurrency
    alwaysReady: alwaysReady
    zoneRedundant: zoneRedundant
    subnetId: privateNetwork ? network.outputs.functionsSubnetId : ''
    settings: union(given, known, switches, telemetry, signIn)
  }
}

module signInPage 'modules/signin.bicep' = if (!empty(signInClientId)) {
  name: 'sign-in'
  scope: group
  params: {
    appName: app.outputs.name
    clientId: signInClientId
    tenantId: tenant().tenantId
    identitySetting: signInSetting
  }
}

module diagnostics 'modules/diagnostics.bicep' = {
  name: 'diagnostics'
  scope: group
  params: {
    workspaceId: monitoring.outputs.workspaceId
    storageName: storage.outputs.name
    secretsVaultName: secretsVault.outputs.name
    tokenVaultName: tokenVault.outputs.name
    storageLogs: storageLogs
  }
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    name: 'cosell-${environmentName}'
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
    applicationInsightsId: monitoring.outputs.insightsId
    siteId: app.outputs.id
    actionGroupEmails: alertEmails
    enabled: alertsEnabled
    switchedOff: alertsSwitchedOff
    limits: alertLimits
    healExpected: autoHealEnabled
  }
}

module workbook 'modules/workbook.bicep' = {
  name: 'workbook'
  scope: group
  params: {
    name: 'Cosell Sync (${environmentName})'
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
    applicationInsightsId: monitoring.outputs.insightsId
  }
}

// --- names and addresses, for azd, for `cosell` and for the workflow; no secret ---

@description('The region.')
output AZURE_LOCATION string = location

@description('The resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('The function app.')
output FUNCTION_APP_NAME string = app.outputs.name

@description('Where the function app answers.')
output FUNCTION_APP_URL string = app.outputs.url

@description('The storage account.')
output STORAGE_ACCOUNT_NAME string = storage.outputs.name

@description('The vault of the secrets that a person stores.')
output SECRETS_VAULT_NAME string = secretsVault.outputs.name

@description('The vault of the refresh token.')
output PARTNER_CENTER_KEY_VAULT_URL string = tokenVault.outputs.uri

@description('The refresh token\'s name in that vault.')
output PARTNER_CENTER_REFRESH_TOKEN_NAME string = partnerCenterRefreshTokenName

@description('The app\'s identity: the application id of its application user in Dynamics 365.')
output APP_IDENTITY_CLIENT_ID string = identity.outputs.clientId

@description('The identity that the app registration of the sign-in trusts (object id); empty where nobody signs in.')
output SIGN_IN_IDENTITY_PRINCIPAL_ID string = empty(signInClientId) ? '' : signInIdentity.outputs.principalId

@description('The Application Insights.')
output APPLICATION_INSIGHTS_NAME string = monitoring.outputs.insightsName
