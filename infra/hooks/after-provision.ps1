# azd runs this once Azure has what the template describes. Nothing of ours runs yet, so nothing is checked.
Set-Location (Join-Path $PSScriptRoot '../..')
Get-Content infra/hooks/next-steps.txt
$identity = if ($env:APP_IDENTITY_CLIENT_ID) { $env:APP_IDENTITY_CLIENT_ID } else { '(not told)' }
Write-Output "  APP_IDENTITY_CLIENT_ID=$identity"
