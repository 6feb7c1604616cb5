# Before azd changes anything: an installation that is live must not end because this environment does not know of it.
Set-Location (Join-Path $PSScriptRoot '../..')
python infra/hooks/stays_live.py infra/main.bicepparam
exit $LASTEXITCODE
