// One key vault, opened by roles alone. No secret is made here: a deployment would overwrite the true one.

@description('The name of the vault, unique in the world.')
@minLength(3)
@maxLength(24)
param name string

@description('The region.')
param location string

@description('Tags of the vault.')
param tags object

@description('For how many days a deleted secret, and the deleted vault, can be had back.')
@minValue(7)
@maxValue(90)
param daysToRecover int

@description('Whether the vault answers on its private endpoint alone.')
param private bool

@description('Addresses (IPv4, or ranges as CIDR) that the public endpoint answers although private is on: an administrator\'s.')
param allowedAddresses array

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: daysToRecover
    enablePurgeProtection: true
    enabledForDeployment: false
    enabledForDiskEncryption: false
    enabledForTemplateDeployment: false
    publicNetworkAccess: private && empty(allowedAddresses) ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: private ? 'Deny' : 'Allow'
      ipRules: [for address in allowedAddresses: { value: address }]
    }
  }
}

@description('The name of the vault.')
output name string = vault.name

@description('The vault as a resource.')
output id string = vault.id

@description('The vault\'s address, without a slash at its end.')
output uri string = 'https://${vault.name}${environment().suffixes.keyvaultDns}'
