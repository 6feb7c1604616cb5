// One user-assigned managed identity. What it may do stands in roles.bicep.

@description('The name of the identity.')
@minLength(3)
@maxLength(128)
param name string

@description('The region.')
param location string

@description('Tags of the resource.')
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

@description('The identity as a resource, to assign it to an app.')
output id string = identity.id

@description('The identity as tokens name it: the application id that Dynamics 365 knows it by.')
output clientId string = identity.properties.clientId

@description('The identity as role assignments name it.')
output principalId string = identity.properties.principalId
