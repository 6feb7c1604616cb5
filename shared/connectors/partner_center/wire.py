"""The referral as Partner Center writes it in JSON; what we do not know of it is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Self, TypeAlias, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, FailFast, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from shared.connectors.foreign_json import LONGEST_NUMBER
from shared.errors import Refused, Remote

SYSTEM = "Partner Center"
AnyWire = TypeVar("AnyWire", bound="Wire")
Item = TypeVar("Item")


class _FirstOnly(FailFast):
    """The first wrong element is enough said: an error for each of a million takes a gigabyte."""

    __hash__ = object.__hash__  # pydantic's own has none, and a union of types asks for it before Python 3.13


Items: TypeAlias = Annotated[list[Item], _FirstOnly()]
LONGEST_REASON = 1000
_IDENT = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")


def is_ident(text: str) -> bool:
    """Whether a referral or an engagement may be called so: it becomes a part of addresses and signals."""
    return _IDENT.fullmatch(text) is not None


NEVER = datetime(1970, 1, 1, tzinfo=UTC)


def _countable(value: Decimal) -> Decimal:
    """A number may come as a text, which the limits of JSON's numbers do not reach."""
    if abs(value.adjusted()) > LONGEST_NUMBER or len(value.as_tuple().digits) > LONGEST_NUMBER:
        raise ValueError("a number beyond every limit")
    return value


class Wire(BaseModel):
    """An object of the API: keys match without case, as Microsoft's own samples mix it; unknown ones are kept."""

    model_config = ConfigDict(
        extra="allow", frozen=True, alias_generator=to_camel, populate_by_name=True, hide_input_in_errors=True
    )

    @model_validator(mode="before")
    @classmethod
    def _any_case(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        known = {alias.casefold(): alias for alias in (field.alias for field in cls.model_fields.values()) if alias}
        return {known.get(str(key).casefold(), str(key)): value for key, value in data.items()}

    @classmethod
    def read(cls, data: Any) -> Self:
        """The object that JSON values say; raises Refused for another shape."""
        return _valid(cls, data)

    def plain(self) -> dict[str, Any]:
        """The JSON this was read from, in the API's own spelling."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class Member(Wire):
    """A person: a contact of the customer or an employee of the partner."""

    first_name: str | None = None
    last_name: str | None = None
    phone_number: str | None = None
    email: str | None = None
    title: str | None = None


class PostalAddress(Wire):
    """Where the customer is; `country` has two letters (three until 2022)."""

    address_line1: str | None = Field(default=None, alias="addressLine1")
    address_line2: str | None = Field(default=None, alias="addressLine2")
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None


class CustomerProfile(Wire):
    name: str | None = None
    size: str | None = None
    address: PostalAddress | None = None
    team: Items[Member] | None = None


class Consent(Wire):
    consent_to_share_referral_with_microsoft_sellers: bool | None = None


class CatalogSolution(Wire):
    """A required solution: from the catalogue (type Name, all of co-sell) or a category."""

    id: str | None = None
    name: str | None = None
    type: str | None = None
    solution_type: str | None = None
    publisher_name: str | None = None

    @property
    def is_managed(self) -> bool:
        """A category is no solution of the catalogue: it is left where it is, and the CRM does not hear of it."""
        return bool((self.id or "").strip()) and (self.type or "").casefold() != "category"


class Attribute(Wire):
    type: str | None = None
    id: str | None = None


class AdditionalRequirements(Wire):
    attributes: Items[Attribute] | None = None


class Requirements(Wire):
    solutions: Items[CatalogSolution] | None = None
    additional_requirements: AdditionalRequirements | None = None


class Details(Wire):
    notes: str | None = None
    deal_value: Annotated[Decimal, AfterValidator(_countable)] | None = None
    currency: str | None = None
    closing_date_time: str | None = None
    requirements: Requirements | None = None


class Inviter(Wire):
    organization_id: str | None = None
    organization_name: str | None = None


class InviteContext(Wire):
    notes: str | None = None
    assistance_request_code: str | None = None
    invited_by: Inviter | None = None


class TrackingInfo(Wire):
    microsoft_msx_id: str | None = None


class RegisteredSolution(Wire):
    is_deployed_on_azure: bool | None = Field(default=None, alias="isDeployedOnAzure")
    primary_deployment_on: str | None = None
    pricing_model: str | None = None


class RegisteredContract(Wire):
    currency: str | None = None
    value: Annotated[Decimal, AfterValidator(_countable)] | None = None
    term: str | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None
    sign_date_time: str | None = None


class DealRegistration(Wire):
    """A won deal's registration for incentives (register-deals)."""

    status: str | None = None
    status_reason: str | None = None
    solution_details: Items[RegisteredSolution] | None = None
    contract: RegisteredContract | None = None


class Target(Wire):
    type: str | None = None
    id: str | None = None


class Brief(Wire):
    """What a listing is read for: one odd field elsewhere must not hide a whole page."""

    id: str
    e_tag: str | None = None
    engagement_id: str | None = None
    organization_id: str | None = None
    organization_name: str | None = None
    external_reference_id: str | None = None
    created_date_time: str | None = None
    updated_date_time: str | None = None
    target: Items[Target] | None = None

    @property
    def created(self) -> datetime:
        return instant(self.created_date_time) or NEVER

    @property
    def updated(self) -> datetime:
        return instant(self.updated_date_time) or self.created


class Referral(Brief):
    """A referral, ours or the other party's."""

    name: str | None = None
    status: str | None = None
    substatus: str | None = None
    status_reason: str | None = None
    qualification: str | None = None
    type: str | None = None
    direction: str | None = None
    last_run_id: str | None = None
    referral_program: str | None = None
    customer_profile: CustomerProfile | None = None
    consent: Consent | None = None
    details: Details | None = None
    team: Items[Member] | None = None
    invite_context: InviteContext | None = None
    tracking_info: TrackingInfo | None = None
    registration_status: str | None = None
    registrations: Items[DealRegistration] | None = None


class Listing(Wire):
    value: list[Any] = Field(default_factory=list)
    next_link: str | None = Field(default=None, alias="@odata.nextLink")

    def briefs(self) -> list[Brief]:
        return [_valid(Brief, item) for item in self.value]


def _valid(model: type[AnyWire], data: Any) -> AnyWire:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        remote = Remote(system=SYSTEM, message=f"the answer has a shape we cannot read ({places[:LONGEST_REASON]})")
        raise Refused(remote, advice="Compare it with a newer release of this product") from error


def instant(text: str | None) -> datetime | None:
    """A timestamp with up to seven digits of a second, in UTC; None for what is not one."""
    head, dot, tail = (text or "").partition(".")
    digits = tail[: len(tail) - len(tail.lstrip("0123456789"))]
    try:
        moment = datetime.fromisoformat(head + dot + digits[:6].ljust(6, "0") + tail[len(digits) :] if dot else head)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the second: year 1 or 9999, and another one in UTC
        return None
