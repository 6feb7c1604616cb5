#!/bin/sh
# azd runs this once Azure has what the template describes. Nothing of ours runs yet, so nothing is checked.
cd "$(dirname "$0")/../.." || exit 1
cat infra/hooks/next-steps.txt
echo "  APP_IDENTITY_CLIENT_ID=${APP_IDENTITY_CLIENT_ID:-(not told)}"
