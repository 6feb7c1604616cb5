// Who may do what: every role assignment of the installation, each on the one resource that it is for.

@description('The storage account.')
param storageName string

@description('The vault of the secrets that the app reads.')
param secretsVaultName string

@description('The vault that holds the refresh token and nothing else.')
param tokenVaultName string

@description('The Application Insights.')
param insightsName string

@description('The app\'s identity.')
param appPrincipalId string

@description('A person or group that stores secrets and uses the command line; empty for none.')
param administratorId string

@description('What the administrator is.')
@allowed(['User', 'Group', 'ServicePrincipal'])
param administratorType string

@description('The identity of a workflow that runs the doctor; empty for none. It may look, and change nothing.')
param inspectorId string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
var storageBlobDataOwner = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b')
var storageQueueDataContributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '974c5e8b-45b9-4653-ba55-5f855dd0fb88')
var storageQueueDataReader = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '19e7f393-937e-4f77-808e-94535e297925')
var storageTableDataReader = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '76199698-9eea-4c19-bc75-cec21354c6b6')
var storageTableDataContributor = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3')
var monitoringMetricsPublisher = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '3913510d-42f4-4e42-8a64-420c390055eb')
var keyVaultSecretsUser = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4633458b-17de-408a-b874-0445c86b69e6')
var keyVaultSecretsOfficer = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7')

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource secretsVault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: secretsVaultName
}

resource tokenVault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: tokenVaultName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// --- the app ---

// The host keeps its locks, keys and the deployed package in blobs.
resource appBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, appPrincipalId, storageBlobDataOwner)
  properties: { roleDefinitionId: storageBlobDataOwner, principalId: appPrincipalId, principalType: 'ServicePrincipal' }
}

resource appQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, appPrincipalId, storageQueueDataContributor)
  properties: { roleDefinitionId: storageQueueDataContributor, principalId: appPrincipalId, principalType: 'ServicePrincipal' }
}

resource appTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: storage
  name: guid(storage.id, appPrincipalId, storageTableDataContributor)
  properties: { roleDefinitionId: storageTableDataContributor, principalId: appPrincipalId, principalType: 'ServicePrincipal' }
}

resource appTelemetry 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, appPrincipalId, monitoringMetricsPublisher)
  properties: { roleDefinitionId: monitoringMetricsPublisher, principalId: appPrincipalId, principalType: 'ServicePrincipal' }
}

resource appSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: secretsVault
  name: guid(secretsVault.id, appPrincipalId, keyVaultSecretsUser)
  properties: { roleDefinitionId: keyVaultSecretsUser, principalId: appPrincipalId, principalType: 'ServicePrincipal' }
}

// The one secret that the app writes: docs/adr/0013-a-vault-of-its-own-for-the-refresh-token.md
resource appToken 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: tokenVault
  name: guid(tokenVault.id, appPrincipalId, keyVaultSecretsOfficer)
  properties: { roleDefinitionId: keyVaultSecretsOfficer, principalId: appPrincipalId, principalType: 'ServicePrincipal' }
}

// --- the administrator ---

resource administratorSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(administratorId)) {
  scope: secretsVault
  name: guid(secretsVault.id, administratorId, keyVaultSecretsOfficer)
  properties: { roleDefinitionId: keyVaultSecretsOfficer, principalId: administratorId, principalType: administratorType }
}

resource administratorToken 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(administratorId)) {
  scope: tokenVault
  name: guid(tokenVault.id, administratorId, keyVaultSecretsOfficer)
  properties: { roleDefinitionId: keyVaultSecretsOfficer, principalId: administratorId, principalType: administratorType }
}

resource administratorQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(administratorId)) {
  scope: storage
  name: guid(storage.id, administratorId, storageQueueDataContributor)
  properties: { roleDefinitionId: storageQueueDataContributor, principalId: administratorId, principalType: administratorType }
}

resource administratorTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(administratorId)) {
  scope: storage
  name: guid(storage.id, administratorId, storageTableDataContributor)
  properties: { roleDefinitionId: storageTableDataContributor, principalId: administratorId, principalType: administratorType }
}

// --- the workflow: the doctor signs in as the app would, and counts what waits ---

resource inspectorSecrets 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(inspectorId)) {
  scope: secretsVault
  name: guid(secretsVault.id, inspectorId, keyVaultSecretsUser)
  properties: { roleDefinitionId: keyVaultSecretsUser, principalId: inspectorId, principalType: 'ServicePrincipal' }
}

resource inspectorToken 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(inspectorId)) {
  scope: tokenVault
  name: guid(tokenVault.id, inspectorId, keyVaultSecretsUser)
  properties: { roleDefinitionId: keyVaultSecretsUser, principalId: inspectorId, principalType: 'ServicePrincipal' }
}

resource inspectorQueues 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(inspectorId)) {
  scope: storage
  name: guid(storage.id, inspectorId, storageQueueDataReader)
  properties: { roleDefinitionId: storageQueueDataReader, principalId: inspectorId, principalType: 'ServicePrincipal' }
}

resource inspectorTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(inspectorId)) {
  scope: storage
  name: guid(storage.id, inspectorId, storageTableDataReader)
  properties: { roleDefinitionId: storageTableDataReader, principalId: inspectorId, principalType: 'ServicePrincipal' }
}
