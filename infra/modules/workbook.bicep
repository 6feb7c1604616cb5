// The workbook: ../workbook/workbook.json, with the places of this installation put in.

@description('What the workbook is called in the portal.')
@minLength(3)
param name string

@description('Where the workbook is kept.')
param location string

@description('Tags of the workbook.')
param tags object

@description('The Log Analytics workspace that is asked.')
param workspaceId string

@description('The Application Insights under which the workbook is found, and whose rows count.')
param applicationInsightsId string

var asked = replace(loadTextContent('../workbook/workbook.json'), 'WORKSPACE_ID', workspaceId)

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  // A workbook's name has to be a GUID; the same place and name give the same one again.
  name: guid(resourceGroup().id, name)
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: name
    description: 'Whether all is well, and what to do where it is not'
    category: 'workbook'
    sourceId: applicationInsightsId
    version: 'Notebook/1.0'
    serializedData: replace(asked, 'APPLICATION_INSIGHTS_ID', applicationInsightsId)
  }
}

@description('The workbook.')
output workbookId string = workbook.id
