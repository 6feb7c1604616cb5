// The function app on Flex Consumption: one plan, one site, its identity, its scale and its settings.

@description('The name of the plan.')
@minLength(1)
@maxLength(60)
param planName string

// The host derives its id from the first 32 characters; two apps that share them would take each other's locks.
@description('The name of the app, unique in the world.')
@minLength(2)
@maxLength(32)
param name string

@description('The region.')
param location string

@description('Tags of plan and app.')
param tags object

@description('The identity that the app acts as, as a resource.')
param identityId string

@description('A second identity, for the sign-in of people alone, as a resource; empty where nobody signs in.')
param signInIdentityId string

@description('The address of the container that the app is deployed into.')
param deploymentContainer string

@description('Memory of one instance in MB, which also sets its share of a processor.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int

@description('The most instances of one function, or of the group of all HTTP functions.')
@minValue(1)
@maxValue(1000)
param maximumInstanceCount int

@description('How many requests one instance answers at once.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int

@description('Instances that wait even when nothing happens: objects with name (http, or function:NAME) and instanceCount.')
param alwaysReady array

@description('Whether instances are spread over the zones of the region.')
param zoneRedundant bool

@description('The subnet that calls go out through; empty for none.')
param subnetId string

@description('Every app setting, by its name. Secrets are references to the vault.')
param settings object

// The newest that Flex Consumption runs and the one that the test command proves: from 3.13 on Azure's own worker
// library (azure-functions-runtime) is the one that the tests run the functions in.
var python = '3.13'

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource site 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  // `azd deploy` finds the app by this tag: the name of the service in azure.yaml.
  tags: union(tags, { 'azd-service-name': 'functions' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: union({ '${identityId}': {} }, empty(signInIdentityId) ? {} : { '${signInIdentityId}': {} })
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    // Partner Center and Dataverse call from the Internet. Whoever puts a gateway before the app closes this one.
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    // Nothing of what Flex Consumption refuses (ARM error 51021): alwaysOn, ftpsState, linuxFxVersion and the like.
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      remoteDebuggingEnabled: false
    }
    functionAppConfig: {
      runtime: { name: 'python', version: python }
      deployment: {
        storage: {
          type: 'blobContainer'
          value: deploymentContainer
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identityId }
        }
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemoryMB
        maximumInstanceCount: maximumInstanceCount
        alwaysReady: alwaysReady
        triggers: { http: { perInstanceConcurrency: httpConcurrency } }
      }
    }
  }
}

resource noFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: site
  name: 'ftp'
  properties: { allow: false }
}

resource noBasicDeployment 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: site
  name: 'scm'
  properties: { allow: false }
}

// The whole list: a setting that somebody added by hand is gone after the next deployment.
resource appSettings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: site
  name: 'appsettings'
  properties: settings
}

@description('The name of the app.')
output name string = site.name

@description('The app as a resource.')
output id string = site.id

@description('Where the app answers.')
output url string = 'https://${site.properties.defaultHostName}'
