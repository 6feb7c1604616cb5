// People sign in to the status page with Entra. Without a client secret: a managed identity vouches for the app.

@description('The name of the function app.')
param appName string

@description('The app registration that people sign in to. It trusts the sign-in identity by a federated credential.')
@minLength(36)
@maxLength(36)
param clientId string

@description('The tenant whose people may sign in.')
param tenantId string

@description('The app setting that names the identity which stands in for a client secret.')
param identitySetting string

resource site 'Microsoft.Web/sites@2024-11-01' existing = {
  name: appName
}

resource signIn 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: site
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: true, runtimeVersion: '~1' }
    // Webhooks and function keys carry no sign-in: who is nobody passes, and the page itself asks for the role.
    globalValidation: { requireAuthentication: false, unauthenticatedClientAction: 'AllowAnonymous' }
    httpSettings: { requireHttps: true, routes: { apiPrefix: '/.auth' }, forwardProxy: { convention: 'NoProxy' } }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: clientId
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenantId}/v2.0'
          // https://learn.microsoft.com/azure/app-service/configure-authentication-provider-aad
          clientSecretSettingName: identitySetting
        }
        validation: { allowedAudiences: [clientId, 'api://${clientId}'] }
      }
    }
    login: {
      // The page needs to know who somebody is, not to act for them: no token is kept.
      tokenStore: { enabled: false }
      preserveUrlFragmentsForLogins: false
      cookieExpiration: { convention: 'FixedTime', timeToExpiration: '08:00:00' }
      nonce: { validateNonce: true, nonceExpirationInterval: '00:05:00' }
    }
  }
}
