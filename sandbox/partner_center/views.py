"""A referral as the API shows it: its own fields, its links and its context."""

from typing import Any

from sandbox.partner_center.world import Referral, World

COLLECTION = "/v1.0/engagements/referrals"


def context(world: World, entity: str) -> str:
    return f"{world.base_url}/v1.0/engagements/$metadata#{entity}"


def view(world: World, referral: Referral) -> Referral:
    collection = f"{world.base_url}{COLLECTION}"
    # The GUID is unquoted in real referrals, unlike in the documentation.
    related = f"{collection}?$filter=engagementId eq {referral['engagementId']}"
    links = {
        "relatedReferrals": {"uri": related, "method": "GET"},
        "self": {"uri": f"{collection}/{referral['id']}", "method": "GET"},
    }
    return referral | {"links": links}


def entity(world: World, referral: Referral) -> dict[str, Any]:
    return {"@odata.context": context(world, "Referrals/$entity")} | view(world, referral)
