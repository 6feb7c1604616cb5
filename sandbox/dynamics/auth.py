"""Who a bearer token is: fixed sandbox tokens, and opaque ones issued for client credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.dynamics import errors
from sandbox.dynamics.execution import ZERO_GUID, Caller
from sandbox.dynamics.organization import BUSINESS_UNIT, Organization
from sandbox.dynamics.role import Role
from sandbox.dynamics.roles import allowed
from sandbox.dynamics.seed import APPLICATION, SELLER, SELLER_2

_FIXED = {"sandbox-app": APPLICATION, "sandbox-readonly": APPLICATION, "sandbox-seller": SELLER}
_FIXED |= {"sandbox-seller-2": SELLER_2}
LIFETIME = 3600


class NotAuthenticatedError(Exception):
    """No bearer token, or one that is expired or for another audience: 401 with WWW-Authenticate."""


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A token made by the token endpoint."""

    client: str
    audience: str
    expires: datetime


@dataclass(kw_only=True)
class Tokens:
    """Issued tokens do not outlive the process, as none outlives its hour."""

    organization: Organization
    issued: dict[str, Issued] = field(default_factory=dict)

    def issue(self, client: str, audience: str, expires: datetime) -> str:
        token = f"sandbox-issued-{len(self.issued) + 1}"
        self.issued[token] = Issued(client=client, audience=audience, expires=expires)
        return token

    def caller(self, headers: Mapping[str, str]) -> Caller:
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise NotAuthenticatedError
        caller = self._by_token(token)
        return self._impersonated(caller, headers)

    def _by_token(self, token: str) -> Caller:
        if token in _FIXED:
            return self._user(_FIXED[token], read_only=token == "sandbox-readonly")
        if token == "sandbox-unknown":
            raise _stranger()
        issued = self.issued.get(token)
        if issued is None or issued.expires <= self.organization.now():
            raise NotAuthenticatedError
        if issued.audience.rstrip("/") != self.organization.base_url.rstrip("/"):
            raise NotAuthenticatedError
        users = self.organization.store.table("systemuser").values()
        user = next((row["systemuserid"] for row in users if row.get("applicationid") == issued.client), None)
        if user is None:
            raise _stranger()
        return self._user(user)

    def _user(self, user: str, *, read_only: bool = False) -> Caller:
        row = self.organization.store.get("systemuser", user)
        if row is None or row.get("isdisabled"):
            raise _stranger()
        object_id = row.get("azureactivedirectoryobjectid") or ZERO_GUID
        # Seen at an application user: the zero GUID.
        shown = ZERO_GUID if row.get("applicationid") else object_id
        role = self._role(user) if row.get("applicationid") else None
        return Caller(user=user, business_unit=BUSINESS_UNIT, object_id=shown, read_only=read_only, role=role)

    def _role(self, user: str) -> Role:
        """The roles that were assigned to an application, else what a scenario said of all of them."""
        scenario, assigned = self.organization.role, allowed(self.organization, user)
        return scenario if assigned is None else Role(privileges=assigned, asked=scenario.asked)

    def _impersonated(self, caller: Caller, headers: Mapping[str, str]) -> Caller:
        """CallerObjectId names the user in the directory, the older MSCRMCallerID the row."""
        named = {
            "azureactivedirectoryobjectid": headers.get("callerobjectid"),
            "systemuserid": headers.get("mscrmcallerid"),
        }
        for column, value in named.items():
            if value:
                users = self.organization.store.table("systemuser").values()
                row = next((each for each in users if each.get(column) == value.lower()), None)
                if row is None:
                    raise _stranger()
                return Caller(
                    user=row["systemuserid"],
                    business_unit=BUSINESS_UNIT,
                    object_id=row.get("azureactivedirectoryobjectid") or ZERO_GUID,
                    read_only=caller.read_only,
                    behalf=caller.user,
                    role=caller.role,
                )
        return caller


def _stranger() -> errors.DataverseError:
    return errors.DataverseError(errors.NOT_A_MEMBER, "The user is not a member of the organization.")
