#!/bin/sh
# Before azd changes anything: an installation that is live must not end because this environment does not know of it.
cd "$(dirname "$0")/../.." || exit 1
"$(command -v python3 || command -v python)" infra/hooks/stays_live.py infra/main.bicepparam
