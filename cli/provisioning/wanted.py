"""The columns that are wanted: on opportunity and lead, and on our own solution tables where Microsoft's are not.

Labels are those that Microsoft's connector shows, since the solution tables and the lead's columns are found by them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from shared.connectors.dynamics.names import Names

TEXT, MEMO, FLAG, CHOICE = "String", "Memo", "Boolean", "Picklist"
URL = "Url"
HELP = (
    "Workload Specific Value Proposition",
    "Customer Technical Architecture",
    "Proof Of Concept Or Demo",
    "Quotes Or Licensing",
    "Post Sales Customer Success",
    "General Or Other",
)


@dataclass(frozen=True, kw_only=True)
class Labels:
    """What opportunity and lead call the same thing."""

    sync: str = "Sync With Partner Center"
    referral: str = "Referral Identifier"
    link: str = "Referral Link"


LABELS = Labels()
INTENTS = ("Yes", "No", "Have Not Decided")


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A column as it is made; `least` is the length that one which is there must have, `types` what it may be.

    `vocabulary` names the words that a choice must offer; `read_only` is how it stands on the form.
    """

    name: str
    schema: str
    label: str
    type: str = TEXT
    types: tuple[str, ...] = ()
    length: int = 100
    least: int = 1
    format: str = "Text"
    options: tuple[str, ...] = ()
    vocabulary: str = ""
    required: bool = False
    read_only: bool = False
    auto: str = ""

    @property
    def allowed(self) -> tuple[str, ...]:
        return (self.type, *self.types)


def _made(name: str, prefix: str, pascal: str, label: str, **more: object) -> Wanted:
    """`pascal` is the name's part after the prefix as its SchemaName writes it."""
    schema = f"{prefix}_{pascal}"
    wanted = Wanted(name=schema.lower(), schema=schema, label=label)
    if wanted.name != name:
        raise ValueError(f"{schema} is no way to write {name}")
    return replace(wanted, **more)  # type: ignore[arg-type]  # each keyword is a field, which mypy cannot see


def of_opportunity(names: Names, prefix: str, own: str) -> tuple[Wanted, ...]:
    """The connector's columns, under DATAVERSE_PREFIX, and our marker."""
    stem = "MicrosoftPartnerCenter"
    visible = ("Not visible to Microsoft sellers", "Visible to Microsoft sellers")
    return (
        _made(names.sync, prefix, f"{stem}ReferralSync", LABELS.sync, type=FLAG, required=True),
        _made(
            names.help,
            prefix,
            f"{stem}Help",
            "How can Microsoft help?",
            type=CHOICE,
            options=HELP,
            vocabulary="help",
        ),
        _made(
            names.intent,
            prefix,
            "CustomerPurchaseIntent",
            "Customer purchase intent",
            type=CHOICE,
            options=INTENTS,
            vocabulary="intent",
        ),
        _made(names.visible, prefix, f"{stem}ReferralVisible", "Referral Visibility", type=FLAG, options=visible),
        _made(
            names.referral,
            prefix,
            f"{stem}ReferralIdentifier",
            LABELS.referral,
            least=36,
            required=True,
            read_only=True,
        ),
        _made(
            names.link,
            prefix,
            f"{stem}ReferralLink",
            LABELS.link,
            length=500,
            least=100,
            format=URL,
            read_only=True,
        ),
        _made(names.program, prefix, f"{stem}ReferralProgram", "Referral Program", read_only=True),
        _made(names.microsoft_id, prefix, "MicrosoftCRMIdentifier", "Microsoft CRM Identifier", read_only=True),
        _made(
            names.audit,
            prefix,
            f"{stem}ReferralSyncAudit",
            "Audit",
            type=MEMO,
            types=(TEXT,),
            length=4000,
            least=100,
            read_only=True,
        ),
        _made(names.marker, own, "SyncMarker", "Cosell Sync marker", least=100),
    )


def of_lead(own: str) -> tuple[Wanted, ...]:
    """Our own columns in any case: what Microsoft's are called on leads is public nowhere."""
    return (
        _made(f"{own}_referralsync", own, "ReferralSync", LABELS.sync, type=FLAG),
        _made(f"{own}_referralidentifier", own, "ReferralIdentifier", LABELS.referral, least=36, read_only=True),
        _made(
            f"{own}_referrallink",
            own,
            "ReferralLink",
            LABELS.link,
            length=500,
            least=100,
            format=URL,
            read_only=True,
        ),
        _made(f"{own}_syncaudit", own, "SyncAudit", "Audit", type=MEMO, types=(TEXT,), length=4000, read_only=True),
        _made(f"{own}_syncmarker", own, "SyncMarker", "Cosell Sync marker", least=100),
    )


def of_detail(own: str) -> tuple[Wanted, ...]:
    """A solution of the catalogue; the first is the table's primary name."""
    return (
        _made(f"{own}_name", own, "Name", "Solution Name", length=300),
        _made(f"{own}_solutionidentifier", own, "SolutionIdentifier", "Solution Identifier", least=36),
        _made(f"{own}_type", own, "Type", "Type"),
        _made(f"{own}_publishername", own, "PublisherName", "Publisher Name", length=300),
    )


def of_row(own: str) -> tuple[Wanted, ...]:
    """A solution of a deal: its name is a number that nobody has to type."""
    return (_made(f"{own}_name", own, "Name", "Name", auto="{DATETIMEUTC:yyyy-MM-dd}-{SEQNUM:5}"),)
