// Private endpoints of the storage account and the vaults, and the zones in which their usual names lead to them.

@description('The start of the endpoints\' names.')
@minLength(2)
@maxLength(50)
param name string

@description('The region.')
param location string

@description('Tags of everything here.')
param tags object

@description('The virtual network that looks names up.')
param networkId string

@description('The subnet of the endpoints.')
param subnetId string

@description('The storage account.')
param storageId string

@description('The vault of the secrets that the app reads.')
param secretsVaultId string

@description('The vault of the refresh token.')
param tokenVaultId string

// https://learn.microsoft.com/azure/private-link/private-endpoint-dns
var vaultZone = replace('privatelink${environment().suffixes.keyvaultDns}', 'privatelink.vault.', 'privatelink.vaultcore.')
var zones = [
  'privatelink.blob.${environment().suffixes.storage}'
  'privatelink.queue.${environment().suffixes.storage}'
  'privatelink.table.${environment().suffixes.storage}'
  vaultZone
]
var targets = [
  { name: 'blob', service: 'blob', id: storageId, zone: 0 }
  { name: 'queue', service: 'queue', id: storageId, zone: 1 }
  { name: 'table', service: 'table', id: storageId, zone: 2 }
  { name: 'secrets', service: 'vault', id: secretsVaultId, zone: 3 }
  { name: 'token', service: 'vault', id: tokenVaultId, zone: 3 }
]

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [for zoneName in zones: {
  name: zoneName
  location: 'global'
  tags: tags
}]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [for (zoneName, place) in zones: {
  parent: zone[place]
  name: 'network'
  location: 'global'
  tags: tags
  properties: { registrationEnabled: false, virtualNetwork: { id: networkId } }
}]

resource endpoint 'Microsoft.Network/privateEndpoints@2025-05-01' = [for target in targets: {
  name: '${name}-${target.name}'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: target.name, properties: { privateLinkServiceId: target.id, groupIds: [target.service] } }
    ]
  }
}]

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [for (target, place) in targets: {
  parent: endpoint[place]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [{ name: target.service, properties: { privateDnsZoneId: zone[target.zone].id } }]
  }
}]
