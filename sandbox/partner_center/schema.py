"""The shape of a referral, as Microsoft's page on referral resources lists it."""

from dataclasses import dataclass
from typing import Literal

from sandbox.partner_center import codes


@dataclass(frozen=True)
class Leaf:
    """A scalar; `choices` closes the set of texts."""

    kind: Literal["text", "number", "flag", "time"]
    choices: frozenset[str] = frozenset()


Schema = Leaf | dict[str, "Schema"] | list["Schema"]

TEXT, NUMBER, FLAG, TIME = Leaf("text"), Leaf("number"), Leaf("flag"), Leaf("time")


def _of(kind: Leaf, names: str) -> dict[str, Schema]:
    return dict.fromkeys(names.split(), kind)


MEMBER: Schema = _of(TEXT, "firstName lastName phoneNumber email title emailValidationStatus phoneValidationStatus") | {
    "contactPreference": {"locale": TEXT, "disableNotifications": FLAG}
}

CUSTOMER: Schema = {
    "name": TEXT,
    "size": Leaf("text", codes.SIZES | {""}),
    "isMatchingComplete": FLAG,
    "address": _of(TEXT, "addressLine1 addressLine2 city state postalCode")
    | {"country": Leaf("text", codes.COUNTRIES), "region": TEXT},
    "team": [MEMBER],
    "ids": [_of(TEXT, "profileType id")],
}

CONSENT: Schema = _of(
    FLAG,
    # "ToTo" is the API's own spelling.
    "consentToToShareInfoWithOthers consentToContact consentToMicrosoftToContactSpecificPartners"
    " consentToShareReferralWithMicrosoftSellers",
)

SOLUTION: Schema = _of(TEXT, "id name type solutionType publisherName") | {
    "price": NUMBER,
    "quantity": NUMBER,
    "currency": TEXT,
    "closingDateTime": TIME,
}

DETAILS: Schema = {
    "notes": TEXT,
    "dealValue": NUMBER,
    "currency": Leaf("text", codes.CURRENCIES),
    "closingDateTime": TIME,
    "customerAction": TEXT,
    "customerRequestedContact": TEXT,
    "incentiveLevel": TEXT,
    "requirements": {
        "industries": [_of(TEXT, "id")],
        "products": [_of(TEXT, "id")],
        "services": [_of(TEXT, "id")],
        "solutions": [SOLUTION],
        "offers": [_of(TEXT, "id")],
        "salesPlays": [_of(TEXT, "id")],
        "additionalRequirements": {
            "iot": _of(TEXT, "customerLicenseAgreementNumber deviceCategory siliconType")
            | _of(FLAG, "azureCertifiedDevice attachServices"),
            "attributes": [_of(TEXT, "type id")],
        },
    },
}

REGISTRATION: Schema = {
    **_of(TEXT, "id type status statusReason"),
    "registrationDateTime": TIME,
    "statusHistory": _of(
        TIME, "reviewPendingDateTime actionRequiredDateTime passedDateTime failedDateTime approvedDateTime"
    ),
    "solutionDetails": [
        _of(TEXT, "id currency primaryDeploymentOn pricingModel")
        | {"value": NUMBER, "isDeployedOnAzure": FLAG}
        | {
            "marketplaceTransactionDetails": {
                "isMarketplaceTransacted": FLAG,
                "marketplaceTransactionDateTime": TIME,
            }
        }
    ],
    "contract": _of(TEXT, "currency term") | {"value": NUMBER} | _of(TIME, "startDateTime endDateTime signDateTime"),
}

REFERRAL: dict[str, Schema] = {
    **_of(TEXT, "id engagementId name organizationId organizationName mpnId externalReferenceId campaignId"),
    **_of(TIME, "createdDateTime updatedDateTime expirationDateTime acceptedDateTime closedDateTime"),
    "status": Leaf("text", codes.STATUSES),
    "substatus": Leaf("text", codes.SUBSTATUSES),
    "statusReason": TEXT,
    "qualification": Leaf("text", codes.QUALIFICATIONS),
    "type": Leaf("text", codes.TYPES),
    "direction": Leaf("text", codes.DIRECTIONS),
    **_of(TEXT, "salesStage quality"),
    **_of(FLAG, "isSpam favorite"),
    "tags": [TEXT],
    **_of(TEXT, "dealSensitivity referralSource callToAction referralProgram createdVia lastModifiedVia lastRunId"),
    **_of(TEXT, "registrationStatus eTag"),
    "target": [{"type": Leaf("text", codes.TARGETS), "id": TEXT}],
    "customerProfile": CUSTOMER,
    "consent": CONSENT,
    "details": DETAILS,
    "team": [MEMBER],
    "inviteContext": {
        "notes": TEXT,
        "assistanceRequestCode": Leaf("text", codes.HELP_CODES),
        "invitedMpnId": TEXT,
        "invitedBy": _of(TEXT, "organizationId organizationName"),
    },
    "links": {"relatedReferrals": _of(TEXT, "uri method"), "self": _of(TEXT, "uri method")},
    "trackingInfo": _of(
        TEXT,
        "microsoftMsxId microsoftUSFedOpportunityId microsoftUSFedLeadId migratedPSCDealId migratedPSCPartnerDealId",
    ),
    "registrations": [REGISTRATION],
}
