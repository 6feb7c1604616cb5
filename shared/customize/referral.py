"""What a referral is made of, as Partner Center's pages list it: which paths there are, and which may be written.

Sources: "Referral resources" with its "read-only" notes, "Create a referral", "Update a referral", "Patch a referral".
A property that no page calls read-only is taken for writable, since PUT replaces the whole of a referral.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

_MEMBER = "firstName lastName phoneNumber email title emailValidationStatus phoneValidationStatus"
_IOT = "customerLicenseAgreementNumber deviceCategory siliconType azureCertifiedDevice attachServices"
_ADDRESS = "addressLine1 addressLine2 city state postalCode country region"
_REQUIREMENTS: Mapping[str, Any] = {
    **dict.fromkeys(("industries[]", "products[]", "services[]", "offers[]", "salesPlays[]"), "id"),
    "solutions[]": "id name type solutionType publisherName price quantity currency closingDateTime",
    "additionalRequirements": {"iot": _IOT, "attributes[]": "type id"},
}
_SHAPE: Mapping[str, Any] = {
    "": "id engagementId name organizationId organizationName mpnId externalReferenceId campaignId createdDateTime"
    " updatedDateTime expirationDateTime acceptedDateTime closedDateTime status substatus statusReason qualification"
    " type direction salesStage quality isSpam favorite dealSensitivity referralSource callToAction referralProgram"
    " createdVia lastModifiedVia lastRunId registrationStatus tags[]",
    "target[]": "type id",
    "customerProfile": {
        "": "name size isMatchingComplete",
        "address": _ADDRESS,
        "team[]": _MEMBER,
        "ids[]": "profileType id",
    },
    "consent": "consentToToShareInfoWithOthers consentToContact consentToMicrosoftToContactSpecificPartners"
    " consentToShareReferralWithMicrosoftSellers",
    "details": {
        "": "notes dealValue currency closingDateTime customerAction customerRequestedContact incentiveLevel",
        "requirements": _REQUIREMENTS,
    },
    "team[]": _MEMBER,
    "inviteContext": {
        "": "notes assistanceRequestCode invitedMpnId",
        "invitedBy": "organizationId organizationName",
    },
    "trackingInfo": "microsoftMsxId microsoftUSFedOpportunityId microsoftUSFedLeadId migratedPSCDealId"
    " migratedPSCPartnerDealId",
}


def _leaves(shape: Any, stem: str = "") -> Iterator[str]:
    if isinstance(shape, str):
        yield from (f"{stem}{name}" for name in shape.split())
        return
    for name, below in shape.items():
        yield from _leaves(below, f"{stem}{name}." if name else stem)


PATHS = frozenset(_leaves(_SHAPE))
OURS = MappingProxyType(
    dict.fromkeys(("name", "details.notes", "details.dealValue", "details.currency"), "synchronised already")
    | dict.fromkeys(("details.closingDateTime", "status", "substatus", "statusReason"), "synchronised already")
    | dict.fromkeys((path for path in PATHS if path.startswith(("consent.", "team[]."))), "synchronised already")
    | dict.fromkeys(("externalReferenceId", "lastRunId", "lastModifiedVia", "createdVia"), "kept by the product itself")
)
WRITABLE = (
    *("campaignId", "salesStage", "dealSensitivity", "quality", "isSpam", "favorite", "referralSource", "callToAction"),
    *("customerProfile.size", "details.customerAction", "details.customerRequestedContact", "details.incentiveLevel"),
    *(f"details.requirements.additionalRequirements.iot.{name}" for name in _IOT.split()),
)
