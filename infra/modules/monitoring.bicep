// The Log Analytics workspace and the Application Insights that writes into it.

@description('The name of the workspace.')
@minLength(4)
@maxLength(63)
param workspaceName string

@description('The name of the Application Insights.')
@minLength(1)
@maxLength(255)
param insightsName string

@description('The region.')
param location string

@description('Tags of both.')
param tags object

@description('For how many days telemetry is kept. The first 31 (90 for what Application Insights writes) cost nothing more.')
@minValue(30)
@maxValue(730)
param daysToKeep int

@description('Gigabytes a day after which the workspace takes nothing more until tomorrow, -1 for no such limit. A limit also silences the alerts.')
@minValue(-1)
@maxValue(1000)
param dailyQuotaGb int

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' = {
  name: workspaceName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: daysToKeep
    workspaceCapping: { dailyQuotaGb: dailyQuotaGb }
    features: {
      disableLocalAuth: true
      enableLogAccessUsingOnlyResourcePermissions: true
    }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    IngestionMode: 'LogAnalytics'
    // Who knows the instrumentation key can write nothing: only an identity with a role can.
    DisableLocalAuth: true
  }
}

@description('The workspace as a resource.')
output workspaceId string = workspace.id

@description('The name of the Application Insights.')
output insightsName string = insights.name

@description('The Application Insights as a resource.')
output insightsId string = insights.id

@description('Where telemetry is sent. It names the resource and opens nothing, since only identities may write.')
output connectionString string = insights.properties.ConnectionString
