// Who is told, and of what. Each rule asks Log Analytics with one file of ../alerts; docs/alerts.md says what to do.

@description('What every alert rule is named after.')
@minLength(3)
@maxLength(40)
param name string

@description('Where the rules are kept: the region of the workspace.')
param location string

@description('Tags of every resource.')
param tags object

@description('The Log Analytics workspace that Application Insights writes into.')
param workspaceId string

@description('The Application Insights whose rows count: other applications may share the workspace.')
param applicationInsightsId string

@description('The function app.')
param siteId string

@description('Mail addresses that are told. None: alerts fire and are seen in the portal only.')
param actionGroupEmails string[]

@description('Whether the rules are evaluated at all.')
param enabled bool = true

@description('Rules that are switched off, by name.')
param switchedOff RuleName[] = []

@description('Whether auto-heal is to be heard of: where it is switched off, its silence is no alert.')
param healExpected bool = true

@description('From what on rules fire, where that is not their default.')
param limits Limits = {}

@export()
@description('A rule, by its name in docs/alerts.md.')
type RuleName =
  | 'parked'
  | 'poisoned'
  | 'failure-rate'
  | 'access'
  | 'oldest-message'
  | 'webhook-lost'
  | 'heal-missing'
  | 'refresh-token-old'
  | 'refresh-token-dying'
  | 'refresh-token-unseen'
  | 'server-errors'
  | 'platform-errors'

@export()
@description('From what on rules fire. What is left out has the default of docs/alerts.md.')
type Limits = {
  @description('Parked signals.')
  @minValue(1)
  parkedFrom: int?
  @description('Share of looks that ended parked or delayed within an hour, in percent.')
  @minValue(1)
  @maxValue(100)
  failurePercentFrom: int?
  @description('Age of the oldest message of a queue, in seconds.')
  @minValue(60)
  oldestMessageSecondsFrom: int?
  @description('Minutes without a pass of auto-heal: more than AUTO_HEAL_SCHEDULE leaves between two.')
  @minValue(10)
  @maxValue(1439)
  healMinutesFrom: int?
  @description('Age of the refresh token, in days, of which it is told. It dies 90 days after issue.')
  @minValue(1)
  @maxValue(89)
  tokenDaysFrom: int?
  @description('Age of the refresh token, in days, which is critical.')
  @minValue(1)
  @maxValue(89)
  tokenDaysCriticalFrom: int?
  @description('Answers of 5xx within 15 minutes.')
  @minValue(1)
  serverErrorsFrom: int?
}

// Of the durations that a log search alert takes, those that are used here. None may exceed two days.
type Duration = 'PT5M' | 'PT15M' | 'PT30M' | 'PT1H' | 'PT6H' | 'P1D' | 'P2D'

type Rule = {
  name: RuleName
  title: string
  description: string
  query: string
  severity: 0 | 1 | 2 | 3 | 4
  window: Duration
  frequency: Duration
  from: int
  splitBy: string[]
}

// Measure is the column that is compared, splitBy the column that says which one.
@description('The rules: a row each. Give your own table to add one or to change what is written here.')
param rules Rule[] = [
  {
    name: 'parked'
    title: 'Cosell Sync: deals are parked'
    description: 'A person has to decide about at least one deal. Open the status page or GET /api/parked, do what its advice says, then replay. More: docs/alerts.md#parked'
    query: loadTextContent('../alerts/parked.kql')
    severity: 2
    window: 'PT6H'
    frequency: 'PT15M'
    from: limits.?parkedFrom ?? 1
    splitBy: []
  }
  {
    name: 'poisoned'
    title: 'Cosell Sync: a message was given up on'
    description: 'Every attempt to handle a signal failed, which is a fault of the product. Its signal is parked: look at the failed invocations, report it, replay after the fix. More: docs/alerts.md#poisoned'
    query: loadTextContent('../alerts/poisoned.kql')
    severity: 1
    window: 'PT1H'
    frequency: 'PT15M'
    from: 1
    splitBy: []
  }
  {
    name: 'failure-rate'
    title: 'Cosell Sync: many looks at deals fail'
    description: 'An unusual share of deals ends parked or delayed. Open the workbook at its failures: one reason that stands out names the system or the setting. More: docs/alerts.md#failure-rate'
    query: loadTextContent('../alerts/failure_rate.kql')
    severity: 2
    window: 'PT1H'
    frequency: 'PT15M'
    from: limits.?failurePercentFrom ?? 25
    splitBy: []
  }
  {
    name: 'access'
    title: 'Cosell Sync: a system lets nobody in'
    description: 'A credential expired or a role was taken away; nothing is synchronized until it is mended, and nothing is lost. GET /api/health says which one: for Partner Center run cosell login, for Dynamics 365 see to the application user. More: docs/alerts.md#access'
    query: loadTextContent('../alerts/access.kql')
    severity: 1
    window: 'PT15M'
    frequency: 'PT5M'
    from: 1
    splitBy: ['System']
  }
  {
    name: 'oldest-message'
    title: 'Cosell Sync: a queue is not worked off'
    description: 'A signal has been waiting in its queue for long. See whether the function of that queue is switched off or fails, and whether a system is paused. More: docs/alerts.md#oldest-message'
    query: loadTextContent('../alerts/oldest_message.kql')
    severity: 2
    window: 'PT30M'
    frequency: 'PT15M'
    from: limits.?oldestMessageSecondsFrom ?? 1800
    splitBy: ['Queue']
  }
  {
    name: 'webhook-lost'
    title: 'Cosell Sync: Partner Center sends its events elsewhere'
    description: 'Changes at Partner Center are only found by auto-heal now. Look with cosell webhook show, then cosell webhook register. More: docs/alerts.md#webhook-lost'
    query: loadTextContent('../alerts/webhook_lost.kql')
    severity: 2
    window: 'P2D'
    frequency: 'PT1H'
    from: 1
    splitBy: []
  }
  {
    name: 'heal-missing'
    title: 'Cosell Sync: auto-heal does not go through'
    description: 'What a webhook misses is not found now, or the app does not run at all. See GET /api/health, the failures of auto_heal, and whether the function app is started. More: docs/alerts.md#heal-missing'
    query: loadTextContent('../alerts/heal_missing.kql')
    severity: 1
    window: 'P1D'
    frequency: 'PT15M'
    from: limits.?healMinutesFrom ?? 60
    splitBy: []
  }
  {
    name: 'refresh-token-old'
    title: 'Cosell Sync: the refresh token is not renewed'
    description: 'The refresh token of Partner Center dies 90 days after issue, and its daily renewal has not worked for long. See the failures of refresh_token_watch; cosell login stores a new one. More: docs/alerts.md#refresh-token-old'
    query: loadTextContent('../alerts/refresh_token.kql')
    severity: 2
    window: 'P2D'
    frequency: 'PT6H'
    from: limits.?tokenDaysFrom ?? 60
    splitBy: []
  }
  {
    name: 'refresh-token-dying'
    title: 'Cosell Sync: the refresh token dies within days'
    description: 'Run cosell login now: when the refresh token is 90 days old, Partner Center lets nobody in. More: docs/alerts.md#refresh-token-dying'
    query: loadTextContent('../alerts/refresh_token.kql')
    severity: 0
    window: 'P2D'
    frequency: 'PT6H'
    from: limits.?tokenDaysCriticalFrom ?? 80
    splitBy: []
  }
  {
    name: 'refresh-token-unseen'
    title: 'Cosell Sync: nobody knows how old the refresh token is'
    description: 'The daily look could not read, renew or store the refresh token. Its reason is in the workbook; often a role on the secret is missing. More: docs/alerts.md#refresh-token-unseen'
    query: loadTextContent('../alerts/refresh_token_unseen.kql')
    severity: 2
    window: 'P2D'
    frequency: 'PT6H'
    from: 1
    splitBy: []
  }
  {
    name: 'server-errors'
    title: 'Cosell Sync: a route answers 5xx'
    description: 'Webhooks that get 5xx are sent again by Partner Center and Dynamics 365 for a while, and auto-heal finds the rest. See the failures of that function. More: docs/alerts.md#server-errors'
    query: loadTextContent('../alerts/server_errors.kql')
    severity: 2
    window: 'PT15M'
    frequency: 'PT5M'
    from: limits.?serverErrorsFrom ?? 5
    splitBy: ['Function']
  }
]

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${name}-alerts'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'cosell'
    emailReceivers: [
      for (address, index) in actionGroupEmails: {
        name: 'mail-${index}'
        emailAddress: address
        useCommonAlertSchema: true
      }
    ]
  }
}

resource searches 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${name}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.title
      description: rule.description
      enabled: enabled && !contains(switchedOff, rule.name) && (healExpected || rule.name != 'heal-missing')
      severity: rule.severity
      scopes: [workspaceId]
      windowSize: rule.window
      evaluationFrequency: rule.frequency
      autoMitigate: true
      // The queries are checked where they are written. A workspace without a row yet must not stop a deployment.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: replace(rule.query, 'APPLICATION_INSIGHTS_ID', applicationInsightsId)
            metricMeasureColumn: 'Measure'
            timeAggregation: 'Maximum'
            operator: 'GreaterThanOrEqual'
            threshold: rule.from
            dimensions: [
              for column in rule.splitBy: {
                name: column
                operator: 'Include'
                values: ['*']
              }
            ]
            // Has to be one where a query gives no time stamp.
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: {
        actionGroups: [group.id]
      }
    }
  }
]

// What the platform answers before the app is reached, and while the app itself says nothing.
resource platform 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${name}-platform-errors'
  location: 'global'
  tags: tags
  properties: {
    description: 'The function app answers 5xx, also where it does not start and says nothing itself. See Diagnose and solve problems of the function app. More: docs/alerts.md#platform-errors'
    enabled: enabled && !contains(switchedOff, 'platform-errors')
    severity: 2
    scopes: [siteId]
    windowSize: 'PT15M'
    evaluationFrequency: 'PT5M'
    autoMitigate: true
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          criterionType: 'StaticThresholdCriterion'
          name: 'answers'
          metricNamespace: 'Microsoft.Web/sites'
          metricName: 'Http5xx'
          timeAggregation: 'Total'
          operator: 'GreaterThanOrEqual'
          threshold: limits.?serverErrorsFrom ?? 5
          // No source says that every plan gives this metric from the start: the rule may wait for it.
          skipMetricValidation: true
        }
      ]
    }
    actions: [
      {
        actionGroupId: group.id
      }
    ]
  }
}

@description('The action group, for rules of your own.')
output actionGroupId string = group.id
