#!/bin/sh
# azd runs this once the functions are deployed: Dynamics 365 is provisioned, and the doctor looks at everything.
# In MODE=test an installation that is not ready yet is no failure: what is missing is said, and azd goes on.
# In MODE=live it is one, and azd ends with it.
cd "$(dirname "$0")/../.." || exit 1

unset DATAVERSE_AUTH # how the app signs in; whoever runs this signs in as a person

tool() {
    if command -v cosell > /dev/null; then
        cosell --settings azure "$@"
    else
        "$(command -v python3 || command -v python)" dev.py cosell --settings azure "$@"
    fi
}

ended() {
    if [ "${MODE:-test}" = live ]; then
        exit "$1"
    fi
    exit 0
}

if [ -z "$DATAVERSE_URL" ]; then
    echo "Dynamics 365 is not named yet: azd env set DATAVERSE_URL https://contoso.crm.dynamics.com, then azd up again."
    sh infra/hooks/after-provision.sh
    ended 2
fi

echo "Provisioning Dynamics 365 at $DATAVERSE_URL"
tool provision --url "$FUNCTION_APP_URL" --application "$APP_IDENTITY_CLIENT_ID" --key-from-azure
provisioned=$?
echo "Looking at everything"
tool doctor --url "$FUNCTION_APP_URL"
well=$?

if [ "$provisioned" -eq 0 ] && [ "$well" -eq 0 ]; then
    echo "Everything is as it must be. MODE is ${MODE:-test}; \`cosell go-live\` is the next step in test."
    exit 0
fi
echo "NOT READY: provision ended with $provisioned, doctor with $well. The functions are deployed; what is named above is left."
sh infra/hooks/after-provision.sh
if [ "$well" -ne 0 ]; then
    ended "$well"
fi
ended "$provisioned"
