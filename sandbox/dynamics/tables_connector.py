"""What Microsoft's referrals connector adds: its columns, its solution tables, and our own marker column."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sandbox.dynamics.columns import flag, lookup, memo, options, owned, states, table, text
from sandbox.dynamics.schema import Column, ManyToMany, Schema, Table
from sandbox.dynamics.tables_customizing import (
    attributemap,
    entitymap,
    privilege,
    roleprivileges,
    savedquery,
    systemform,
)
from sandbox.dynamics.tables_people import (
    account,
    businessunit,
    connection,
    contact,
    organization,
    systemuser,
    team,
    transactioncurrency,
)
from sandbox.dynamics.tables_platform import (
    annotation,
    environmentvariabledefinition,
    environmentvariablevalue,
    publisher,
    solution,
    solutioncomponent,
    workflow,
)
from sandbox.dynamics.tables_sales import lead, opportunity, opportunityclose, opportunityproduct
from sandbox.dynamics.tables_security import role, roles_of_users, roletemplate
from sandbox.dynamics.tables_webhooks import (
    asyncoperation,
    sdkmessage,
    sdkmessagefilter,
    sdkmessageprocessingstep,
    sdkmessageprocessingstepimage,
    serviceendpoint,
)

FIRST_OPTION = 299_600_000
HELP = (
    "Workload Specific Value Proposition",
    "Customer Technical Architecture",
    "Proof Of Concept Or Demo",
    "Quotes Or Licensing",
    "Post Sales Customer Success",
    "General Or Other",
)


@dataclass(frozen=True, kw_only=True)
class SolutionTables:
    """Names of the two solution tables: public nowhere, so every deployment of the sandbox may choose others."""

    row: str = "msft_mspartnersolution"
    detail: str = "msft_mspartnersolutiondetail"
    prefix: str = "msft"


def _choice(name: str, schema: str, label: str, *labels: str) -> Column:
    values = {FIRST_OPTION + index: text for index, text in enumerate(labels)}
    return options(name, values, schema_name=schema, label=label, custom=True)


def marker() -> Column:
    return text("cosell_syncmarker", 100, schema_name="cosell_SyncMarker", label="Sync Marker", custom=True)


def opportunity_columns() -> tuple[Column, ...]:
    """Logical names as exported from a real organisation; labels as its forms show them."""
    partner_center = "msft_microsoftpartnercenter"
    schema = "msft_MicrosoftPartnerCenter"
    visible = ("Not visible to Microsoft sellers", "Visible to Microsoft sellers")
    return (
        flag(
            f"{partner_center}referralsync",
            schema_name=f"{schema}ReferralSync",
            label="Sync With Partner Center",
            custom=True,
        ),
        text(
            f"{partner_center}referralidentifier",
            schema_name=f"{schema}ReferralIdentifier",
            label="Referral Identifier",
            custom=True,
        ),
        text(
            f"{partner_center}referrallink",
            500,
            schema_name=f"{schema}ReferralLink",
            label="Referral Link",
            format="Url",
            custom=True,
        ),
        text(f"{partner_center}referralprogram", label="Referral Program", custom=True),
        text("msft_microsoftcrmidentifier", label="Microsoft CRM Identifier", custom=True),
        flag(f"{partner_center}referralvisible", label="Referral Visibility", labels=visible, custom=True),
        _choice(f"{partner_center}help", f"{schema}Help", "How can Microsoft help?", *HELP),
        memo(f"{partner_center}referralsyncaudit", 4000, label="Audit", custom=True),
        text(f"{partner_center}solutions", 4000, label="Products: Obsolete", custom=True),
        _choice("msft_coselltype", "msft_CosellType", "Co-sell Type", "Co-sell", "Private", "Partner-led"),
        _choice(
            "msft_customerpurchaseintent",
            "msft_CustomerPurchaseIntent",
            "Customer purchase intent",
            "Yes",
            "No",
            "Have not decided",
        ),
        marker(),
    )


def lead_columns() -> tuple[Column, ...]:
    """Microsoft's names of its own are public nowhere: these are what a partner adds beside its connector."""
    return (
        text(
            "cosell_referralidentifier",
            schema_name="cosell_ReferralIdentifier",
            label="Referral Identifier",
            custom=True,
        ),
        text("cosell_referrallink", 500, schema_name="cosell_ReferralLink", label="Referral Link", custom=True),
        memo("cosell_syncaudit", 4000, schema_name="cosell_SyncAudit", label="Audit", custom=True),
        flag("cosell_referralsync", schema_name="cosell_ReferralSync", label="Sync With Partner Center", custom=True),
        marker(),
    )


def solution_detail(names: SolutionTables) -> Table:
    prefix = names.prefix
    return table(
        names.detail,
        f"{names.detail}s",
        text(f"{prefix}_name", 300, schema_name=f"{prefix}_Name", label="Solution Name", custom=True),
        text(
            f"{prefix}_solutionidentifier",
            schema_name=f"{prefix}_SolutionIdentifier",
            label="Solution Identifier",
            custom=True,
        ),
        text(f"{prefix}_type", schema_name=f"{prefix}_Type", label="Type", custom=True),
        text(
            f"{prefix}_publishername", 300, schema_name=f"{prefix}_PublisherName", label="Publisher Name", custom=True
        ),
        *owned(),
        *states({(0, "Active"): {1: "Active"}, (1, "Inactive"): {2: "Inactive"}}),
        primary_name=f"{prefix}_name",
        label="Microsoft Solution Detail",
        tracked=True,
        custom=True,
        object_type_code=10_102,
    )


def solution_row(names: SolutionTables) -> Table:
    """A child row of an opportunity with an automatic name; its lookups have custom, cased navigation names."""
    prefix = names.prefix
    return table(
        names.row,
        f"{names.row}s",
        text(f"{prefix}_name", schema_name=f"{prefix}_Name", label="Name", custom=True),
        lookup(
            f"{prefix}_opportunityid",
            "opportunity",
            f"{prefix}_opportunity_{names.row}",
            schema_name=f"{prefix}_OpportunityId",
            label="Opportunity",
            custom=True,
        ),
        lookup(
            f"{prefix}_solutiondetailid",
            names.detail,
            f"{prefix}_{names.detail}_{names.row}",
            schema_name=f"{prefix}_SolutionDetailId",
            label="Microsoft Solution Detail",
            custom=True,
        ),
        *owned(),
        *states({(0, "Active"): {1: "Active"}, (1, "Inactive"): {2: "Inactive"}}),
        primary_name=f"{prefix}_name",
        label="Microsoft Solution",
        tracked=True,
        custom=True,
        object_type_code=10_101,
    )


def build_schema(names: SolutionTables, *, connector: bool = True) -> Schema:
    """Everything that this organisation has; without the connector neither its columns nor its tables, nor ours."""
    plain = [make() for make in _PLAIN]
    if not connector:
        # Nobody says whether change tracking is on for these two where nothing has asked for it.
        untracked = [replace(each, tracked=False) for each in (opportunity(), lead())]
        return Schema([*untracked, account(), contact(), *plain], _MANY)
    tables = [
        opportunity(*opportunity_columns()),
        account(marker()),
        contact(marker()),
        lead(*lead_columns()),
        *plain,
        solution_detail(names),
        solution_row(names),
    ]
    return Schema(tables, _MANY)


_MANY = (
    ManyToMany(name="teammembership_association", first="team", second="systemuser", intersect="teammembership"),
    roles_of_users(),
)


_PLAIN = (
    systemform,
    savedquery,
    entitymap,
    attributemap,
    privilege,
    roleprivileges,
    opportunityproduct,
    opportunityclose,
    systemuser,
    team,
    connection,
    transactioncurrency,
    businessunit,
    organization,
    annotation,
    serviceendpoint,
    sdkmessage,
    sdkmessagefilter,
    sdkmessageprocessingstep,
    sdkmessageprocessingstepimage,
    asyncoperation,
    publisher,
    solution,
    solutioncomponent,
    workflow,
    environmentvariabledefinition,
    environmentvariablevalue,
    role,
    roletemplate,
)
