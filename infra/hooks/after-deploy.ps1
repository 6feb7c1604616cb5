# azd runs this once the functions are deployed: Dynamics 365 is provisioned, and the doctor looks at everything.
# In MODE=test an installation that is not ready yet is no failure: what is missing is said, and azd goes on.
# In MODE=live it is one, and azd ends with it.
Set-Location (Join-Path $PSScriptRoot '../..')

$env:DATAVERSE_AUTH = $null # how the app signs in; whoever runs this signs in as a person
$mode = if ($env:MODE) { $env:MODE } else { 'test' }

function Tool {
    if (Get-Command cosell -ErrorAction SilentlyContinue) {
        cosell --settings azure @args | Out-Host
    } else {
        python dev.py cosell --settings azure @args | Out-Host
    }
    return $LASTEXITCODE
}

function Ended([int] $code) {
    if ($mode -eq 'live') { exit $code }
    exit 0
}

if (-not $env:DATAVERSE_URL) {
    Write-Output 'Dynamics 365 is not named yet: azd env set DATAVERSE_URL https://contoso.crm.dynamics.com, then azd up again.'
    & infra/hooks/after-provision.ps1
    Ended 2
}

Write-Output "Provisioning Dynamics 365 at $env:DATAVERSE_URL"
$provisioned = Tool provision --url $env:FUNCTION_APP_URL --application $env:APP_IDENTITY_CLIENT_ID --key-from-azure
Write-Output 'Looking at everything'
$well = Tool doctor --url $env:FUNCTION_APP_URL

if ($provisioned -eq 0 -and $well -eq 0) {
    Write-Output "Everything is as it must be. MODE is $mode; ``cosell go-live`` is the next step in test."
    exit 0
}
Write-Output "NOT READY: provision ended with $provisioned, doctor with $well. The functions are deployed; what is named above is left."
& infra/hooks/after-provision.ps1
if ($well -ne 0) { Ended $well }
Ended $provisioned
