// The storage account: the queues with their poison twins, the tables, the container that the app is deployed into.

@description('The name of the account, unique in the world.')
@minLength(3)
@maxLength(24)
param name string

@description('The region.')
param location string

@description('Tags of the account.')
param tags object

@description('How often the account keeps its data, and where.')
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param redundancy string

@description('Whether the account answers on its private endpoints alone.')
param private bool

@description('Addresses (IPv4, or ranges as CIDR) that the public endpoint answers although private is on: an administrator\'s.')
param allowedAddresses array

// One list for the templates and for the code's tests.
var queues = loadJsonContent('../queues.json')
// As the code names them; it makes what is missing, but a first start need not wait for that.
var tables = ['links', 'cosellparked', 'cosellstate']
var container = 'deployment'

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: redundancy }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    // No account key and no signature made from one opens anything: every caller is an identity with a role.
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    isLocalUserEnabled: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: private && empty(allowedAddresses) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: private ? 'Deny' : 'Allow'
      ipRules: [for address in allowedAddresses: { value: address, action: 'Allow' }]
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    deleteRetentionPolicy: { enabled: true, days: 7 }
    containerDeleteRetentionPolicy: { enabled: true, days: 7 }
  }
}

resource package 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = {
  parent: blobs
  name: container
  properties: { publicAccess: 'None' }
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource queue 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [for flow in queues: {
  parent: queueService
  name: flow
}]

resource poison 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [for flow in queues: {
  parent: queueService
  name: '${flow}-poison'
}]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = {
  parent: account
  name: 'default'
}

resource table 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [for kind in tables: {
  parent: tableService
  name: kind
}]

@description('The name of the account.')
output name string = account.name

@description('The account as a resource.')
output id string = account.id

@description('The address of the blob service.')
output blobs string = account.properties.primaryEndpoints.blob

@description('The address of the queue service.')
output queues string = account.properties.primaryEndpoints.queue

@description('The address of the table service.')
output tables string = account.properties.primaryEndpoints.table

@description('The address of the container that the app is deployed into.')
output deploymentContainer string = '${account.properties.primaryEndpoints.blob}${package.name}'
