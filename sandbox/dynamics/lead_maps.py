"""What an account, a contact and an opportunity take from the lead that they are made of."""

from __future__ import annotations

from sandbox.dynamics.store import Row

_PLACE = tuple(f"address1_{part}" for part in ("line1", "line2", "city", "stateorprovince", "postalcode", "country"))
_SAME = {
    "account": ("websiteurl", "telephone1", "emailaddress1", "numberofemployees", "revenue", *_PLACE),
    "contact": ("firstname", "lastname", "emailaddress1", "telephone1", "mobilephone", "jobtitle", *_PLACE),
    "opportunity": (
        "parentaccountid",
        "parentcontactid",
        "estimatedclosedate",
        "budgetamount",
        "description",
        "transactioncurrencyid",
    ),
}
# The opportunity's value is money and comes from the lead's money, not from its number of the same name.
_RENAMED = {
    "account": {"companyname": "name"},
    "contact": {},
    "opportunity": {"subject": "name", "estimatedamount": "estimatedvalue", "emailaddress1": "emailaddress"},
}


def mapped(lead: Row, target: str) -> Row:
    """What a new row takes from its lead: the default maps, which an administrator may change and no page lists."""
    names = {name: name for name in _SAME[target]} | _RENAMED[target]
    return {new: lead[old] for old, new in names.items() if lead.get(old) is not None}
