"""The sales tables: names, types and casing as in public schema dumps, lengths and states as in the vendor's pages."""

from __future__ import annotations

from typing import Any

from sandbox.dynamics.columns import (
    any_of,
    choice,
    date,
    flag,
    guid,
    integer,
    lookup,
    memo,
    moment,
    money,
    owned,
    priced,
    states,
    table,
    text,
)
from sandbox.dynamics.columns import decimal as number
from sandbox.dynamics.columns import double as unitless
from sandbox.dynamics.schema import Column, Kind, Table

_DERIVED: dict[str, Any] = {"creatable": False, "updatable": False}


def _customer(account: str, contact: str, name: str = "customerid") -> Column:
    """A customer lookup has one navigation property a table and one value property for both."""
    return any_of(
        name, ("account", f"{name}_account", account), ("contact", f"{name}_contact", contact), kind=Kind.CUSTOMER
    )


def opportunity(*custom: Column) -> Table:
    return table(
        "opportunity",
        "opportunities",
        text("name", 300, required="ApplicationRequired", label="Topic"),
        _customer("opportunity_customer_accounts", "opportunity_customer_contacts"),
        lookup("parentaccountid", "account", "opportunity_parent_account"),
        lookup("parentcontactid", "contact", "opportunity_parent_contact"),
        # Legacy echoes of the customer, read-only.
        any_of("accountid", ("account", "", ""), **_DERIVED),
        any_of("contactid", ("contact", "", ""), **_DERIVED),
        lookup("originatingleadid", "lead", "opportunity_originating_lead"),
        money("estimatedvalue", label="Est. Revenue"),
        flag("isrevenuesystemcalculated", labels=("User Provided", "System Calculated")),
        date("estimatedclosedate", label="Est. Close Date"),
        money("actualvalue"),
        date("actualclosedate"),
        integer("closeprobability", 0, 100),
        memo("description"),
        memo("currentsituation"),
        memo("customerneed"),
        memo("proposedsolution"),
        memo("customerpainpoints"),
        memo("qualificationcomments"),
        text("stepname", 200, label="Pipeline Phase"),
        guid("stageid"),
        guid("processid"),
        text("traversedpath", 1250),
        choice("salesstage", "Qualify", "Develop", "Propose", "Close", first=0),
        choice("salesstagecode", "Default Value", default=1),
        choice("opportunityratingcode", "Hot", "Warm", "Cold", default=2),
        choice("prioritycode", "Default Value", default=1),
        money("budgetamount"),
        money("totalamount"),
        money("totallineitemamount"),
        text("emailaddress"),
        *owned(),
        *priced(collection="transactioncurrency_opportunity"),
        *states(
            {
                (0, "Open"): {1: "In Progress", 2: "On Hold"},
                (1, "Won"): {3: "Won"},
                (2, "Lost"): {4: "Canceled", 5: "Out-Sold"},
            }
        ),
        *custom,
        primary_name="name",
        tracked=True,
        plural="Opportunities",
        object_type_code=3,
    )


def opportunityproduct() -> Table:
    return table(
        "opportunityproduct",
        "opportunityproducts",
        lookup("opportunityid", "opportunity", "product_opportunities"),
        text("opportunityproductname", 500),
        text("productdescription", 500),
        flag("isproductoverridden"),
        flag("ispriceoverridden"),
        number("quantity"),
        money("priceperunit"),
        money("manualdiscountamount"),
        money("tax"),
        money("extendedamount", **_DERIVED),
        *priced(),
        primary_name="opportunityproductname",
        tracked=True,
        object_type_code=1083,
    )


def opportunityclose() -> Table:
    return table(
        "opportunityclose",
        "opportunitycloses",
        text("subject", 200),
        memo("description"),
        moment("actualend"),
        money("actualrevenue"),
        text("category", 250),
        text("subcategory", 250),
        lookup("opportunityid", "opportunity", "Opportunity_OpportunityClose"),
        *owned(),
        *priced(),
        *states({(0, "Open"): {1: "Open"}, (1, "Completed"): {2: "Completed"}, (2, "Canceled"): {3: "Canceled"}}),
        primary_id="activityid",
        primary_name="subject",
        activity=True,
        object_type_code=4208,
    )


def lead(*custom: Column) -> Table:
    return table(
        "lead",
        "leads",
        text("subject", 300, label="Topic"),
        text("firstname", 50),
        text("lastname", 50, required="ApplicationRequired"),
        text("fullname", 160, **_DERIVED),
        text("companyname"),
        text("emailaddress1"),
        text("telephone1", 50),
        text("mobilephone", 20),
        text("jobtitle"),
        text("websiteurl", 200),
        *(
            text(f"address1_{part}", length)
            for part, length in {
                "line1": 250,
                "line2": 250,
                "line3": 250,
                "city": 80,
                "stateorprovince": 50,
                "postalcode": 20,
                "country": 80,
            }.items()
        ),
        money("estimatedamount", label="Est. Value"),
        unitless("estimatedvalue", label="Est. Value (deprecated)"),
        date("estimatedclosedate"),
        money("budgetamount"),
        money("revenue"),
        integer("numberofemployees", 0),
        memo("description"),
        choice("leadqualitycode", "Hot", "Warm", "Cold", default=2),
        choice("leadsourcecode", "Advertisement", "Employee Referral", "External Referral", "Partner"),
        _customer("lead_customer_accounts", "lead_customer_contacts"),
        lookup("parentaccountid", "account", "lead_parent_account"),
        lookup("parentcontactid", "contact", "lead_parent_contact"),
        lookup("qualifyingopportunityid", "opportunity", "lead_qualifying_opportunity"),
        flag("merged", **_DERIVED),  # into `masterid`, by the Merge action, which deactivates it
        lookup("masterid", "lead", "lead_master_lead", **_DERIVED),
        *owned(),
        *priced(),
        *states(
            {
                (0, "Open"): {1: "New", 2: "Contacted"},
                (1, "Qualified"): {3: "Qualified"},
                (2, "Disqualified"): {
                    4: "Lost",
                    5: "Cannot Contact",
                    6: "No Longer Interested",
                    7: "Canceled",
                },
            }
        ),
        *custom,
        primary_name="fullname",
        tracked=True,
        object_type_code=4,
    )
