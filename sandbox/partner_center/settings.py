"""Who the sandbox's parties are, and what it plays either way because no public source settles it."""

from sandbox.faults import Switch, Switches, choice

OWN_ORGANIZATION = "5f2c1f3e-8b1d-4a63-9d0c-0a1b2c3d4e5f"
OWN_NAME = "Fabrikam"
OWN_MPN = "1234567"
TENANT = "7c9f0e55-1111-4222-8333-944455556666"
MICROSOFT_TARGET = "msft"
MICROSOFT_NAME = "Microsoft"
REFERRALS_AUDIENCE = "https://api.partner.microsoft.com"
WEBHOOKS_AUDIENCE = "https://api.partnercenter.microsoft.com"
EXPIRY_DAYS = 14
PAGE_SIZE = 100


def switches() -> Switches:
    return Switches(
        {
            # nextLink as it should be, or as the documentation's sample shows it: http and without /engagements
            "next_link": choice("good", "odd"),
            # gt, ge, lt, le on updatedDateTime are implied by the documentation and never shown
            "range_filters": choice("accepted", "refused"),
            "illegal_transition": choice(400, 409, 422),
            "put_without_if_match": choice(400, 412),
            "post_status": choice(201, 200),
            "last_run_id": choice("kept", "dropped"),
            "microsoft_organization": Switch(MICROSOFT_TARGET),
            # which of an engagement's referrals shows Microsoft's own opportunity number
            "msx_id_on": choice("microsoft", "own", "both"),
            "related_event_id": choice("related", "own"),
            # the signing certificate's download: the leaf alone (its issuer is fetched by AIA) or a PEM with both
            "certificate": choice("leaf", "bundle"),
            # GET registration, and PUT, when there is none
            "registration_missing": choice("404", "empty"),
            # POST registration when there is one
            "registration_exists": choice("overwrite", "409"),
            "list_lag_seconds": Switch(0.0),
        }
    )
