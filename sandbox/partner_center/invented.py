"""Invented deals: what a referral from Microsoft, from the portal or from the marketplace looks like by default."""

from copy import deepcopy
from typing import Any

from sandbox.partner_center.settings import MICROSOFT_NAME, MICROSOFT_TARGET
from sandbox.partner_center.world import Referral

CONTACT = {
    "firstName": "Jamie",
    "lastName": "Reyes",
    "phoneNumber": "+1 425 555 0100",
    "email": "jamie.reyes@contoso.example.com",
    "title": "Head of Operations",
}
SELLER = {
    "firstName": "Dana",
    "lastName": "Rivera",
    "phoneNumber": "+1 425 555 0123",
    "email": "dana@fabrikam.example",
}
MICROSOFT_TEAM = [
    {
        "firstName": "Robin",
        "lastName": "Field",
        "phoneNumber": "+1 425 555 0177",
        "email": "robin.field@microsoft.example.com",
        "title": "Account Executive",
    }
]

DEAL: dict[str, Any] = {
    "name": "Contoso factory analytics",
    "status": "Active",
    "substatus": "Accepted",
    "qualification": "SalesQualified",
    "type": "Shared",
    "direction": "Outgoing",
    "quality": "Unknown",
    "isSpam": False,
    "favorite": False,
    "dealSensitivity": "None",
    "registrationStatus": "None",
    "target": [{"type": "SolutionProfile", "id": "SOL-10001-FAB"}],
    "customerProfile": {
        "name": "Contoso",
        "size": "251to1000employees",
        "isMatchingComplete": True,
        "address": {
            "addressLine1": "1 Example Way",
            "city": "Redmond",
            "state": "WA",
            "postalCode": "98052",
            "country": "US",
        },
        "team": [CONTACT],
        "ids": [{"profileType": "External", "id": "6-EXAMPLE01A"}],
    },
    "consent": {
        "consentToToShareInfoWithOthers": True,
        "consentToContact": True,
        "consentToMicrosoftToContactSpecificPartners": True,
        "consentToShareReferralWithMicrosoftSellers": True,
    },
    "details": {
        "notes": "Contoso wants to see its machines' data in one place.",
        "dealValue": 50000,
        "currency": "USD",
        "closingDateTime": "2027-06-30T12:00:00Z",
        "requirements": {
            "solutions": [
                {
                    "id": "SOL-10001-FAB",
                    "name": "Fabrikam Factory Insights",
                    "type": "Name",
                    "solutionType": "3P",
                    "publisherName": "Fabrikam",
                }
            ],
            "additionalRequirements": {
                "attributes": [{"type": "CustomerMarketplaceIntent", "id": "HaveNotDecided"}],
            },
        },
    },
    "team": [SELLER],
    "inviteContext": {"assistanceRequestCode": "Unknown"},
}

FROM_MICROSOFT: dict[str, Any] = {
    "status": "New",
    "substatus": "Pending",
    "direction": "Incoming",
    "inviteContext": {
        "notes": "The customer asked for a partner with manufacturing experience.",
        "assistanceRequestCode": "Unknown",
        "invitedBy": {"organizationId": MICROSOFT_TARGET, "organizationName": MICROSOFT_NAME},
    },
}

# A marketplace lead: Independent and Direct, invited by Microsoft or by nobody.
LEAD: dict[str, Any] = FROM_MICROSOFT | {
    "name": "Contoso marketplace interest",
    "qualification": "Direct",
    "type": "Independent",
    "quality": "High",
    "referralSource": "AzureMarketplace",
    "consent": DEAL["consent"] | {"consentToShareReferralWithMicrosoftSellers": False},
}

KINDS: dict[str, dict[str, Any]] = {"inbound": DEAL | FROM_MICROSOFT, "portal": DEAL, "lead": DEAL | LEAD}


def related_of(referral: Referral) -> Referral:
    """Microsoft's side of a deal that Microsoft began: accepted by its own seller, outgoing to the partner."""
    return deepcopy(referral) | {
        "mpnId": None,
        "externalReferenceId": None,
        "status": "Active",
        "substatus": "Accepted",
        "direction": "Outgoing",
        "acceptedDateTime": referral["createdDateTime"],
        "expirationDateTime": None,
        "team": deepcopy(MICROSOFT_TEAM),
    }
