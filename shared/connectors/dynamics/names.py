"""The logical names of the connector's columns on an opportunity, under the prefix that this organisation gave them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Names:
    """One attribute a column; names as in the exported column list of an organisation with Microsoft's connector."""

    sync: str
    referral: str
    link: str
    program: str
    microsoft_id: str
    visible: str
    help: str
    intent: str
    audit: str
    marker: str

    @property
    def required(self) -> tuple[str, ...]:
        """Without these nothing can be synchronised; any other may be absent and is then neither shown nor written."""
        return (self.sync, self.referral)

    @property
    def every(self) -> tuple[str, ...]:
        return tuple(vars(self).values())


def names_of(prefix: str, own_prefix: str) -> Names:
    """`prefix` is Microsoft's or ours (DATAVERSE_PREFIX); the marker is ours in any case (OWN_PREFIX)."""
    stem = f"{prefix}_microsoftpartnercenter"
    return Names(
        sync=f"{stem}referralsync",
        referral=f"{stem}referralidentifier",
        link=f"{stem}referrallink",
        program=f"{stem}referralprogram",
        microsoft_id=f"{prefix}_microsoftcrmidentifier",
        visible=f"{stem}referralvisible",
        help=f"{stem}help",
        intent=f"{prefix}_customerpurchaseintent",
        audit=f"{stem}referralsyncaudit",
        marker=f"{own_prefix}_syncmarker",
    )
