// What the storage account and the vaults tell the workspace about themselves. The app reports by OpenTelemetry:
// Flex Consumption takes no diagnostic settings, and its log lines would be paid for twice.

@description('The workspace that is told.')
param workspaceId string

@description('The storage account.')
param storageName string

@description('The vault of the secrets that the app reads.')
param secretsVaultName string

@description('The vault of the refresh token.')
param tokenVaultName string

@description('Which calls to the storage account are logged. Reads are every look at an idle queue, some hundred thousand a day.')
@allowed(['none', 'changes', 'all'])
param storageLogs string

var changes = [
  { category: 'StorageWrite', enabled: storageLogs != 'none' }
  { category: 'StorageDelete', enabled: storageLogs != 'none' }
  { category: 'StorageRead', enabled: storageLogs == 'all' }
]
var transactions = [{ category: 'Transaction', enabled: true }]

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: storageName
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' existing = {
  parent: storage
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' existing = {
  parent: storage
  name: 'default'
}

resource tables 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' existing = {
  parent: storage
  name: 'default'
}

resource secretsVault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: secretsVaultName
}

resource tokenVault 'Microsoft.KeyVault/vaults@2024-11-01' existing = {
  name: tokenVaultName
}

resource ofBlobs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: blobs
  name: 'workspace'
  properties: { workspaceId: workspaceId, logs: changes, metrics: transactions }
}

resource ofQueues 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: queues
  name: 'workspace'
  properties: { workspaceId: workspaceId, logs: changes, metrics: transactions }
}

resource ofTables 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: tables
  name: 'workspace'
  properties: { workspaceId: workspaceId, logs: changes, metrics: transactions }
}

// Who read or wrote which secret, and when.
resource ofSecrets 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: secretsVault
  name: 'workspace'
  properties: { workspaceId: workspaceId, logs: [{ categoryGroup: 'audit', enabled: true }] }
}

resource ofToken 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: tokenVault
  name: 'workspace'
  properties: { workspaceId: workspaceId, logs: [{ categoryGroup: 'audit', enabled: true }] }
}
