// A virtual network that the app calls out through, with room for private endpoints.

@description('The name of the network.')
@minLength(2)
@maxLength(64)
param name string

@description('The region.')
param location string

@description('Tags of the network.')
param tags object

@description('The addresses of the network as CIDR.')
param addresses string

@description('Those of the subnet that the app calls out through, a /27 or larger.')
param functionsAddresses string

@description('Those of the subnet of the private endpoints, a /28 or larger.')
param endpointsAddresses string

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addresses] }
    subnets: [
      {
        // Flex Consumption takes no name with an underscore.
        name: 'functions'
        properties: {
          addressPrefix: functionsAddresses
          // Partner Center, Dataverse and Entra are on the Internet. A NAT gateway gives calls an address of their own.
          defaultOutboundAccess: true
          delegations: [{ name: 'functions', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: endpointsAddresses
          defaultOutboundAccess: false
          privateEndpointNetworkPolicies: 'Disabled'
        }
      }
    ]
  }
}

@description('The network as a resource.')
output id string = network.id

@description('The subnet that the app calls out through.')
output functionsSubnetId string = resourceId('Microsoft.Network/virtualNetworks/subnets', network.name, 'functions')

@description('The subnet of the private endpoints.')
output endpointsSubnetId string = resourceId('Microsoft.Network/virtualNetworks/subnets', network.name, 'endpoints')
