"""The keys of a local host and who may pass with which."""

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Keys:
    """`generated` names those that no setting gave, which the host prints once."""

    function: str
    master: str
    generated: tuple[str, ...] = ()

    def admit(self, level: str, given: str) -> bool:
        """Whether this key opens a function of this auth level; the master key opens all."""
        if level == "anonymous":
            return True
        accepted = (self.master,) if level == "admin" else (self.function, self.master)
        return any(hmac.compare_digest(given.encode(), key.encode()) for key in accepted)


def read_keys(settings: Mapping[str, str]) -> Keys:
    """Take the keys from HOST_FUNCTION_KEY and HOST_MASTER_KEY, or make new ones."""
    names = ("HOST_FUNCTION_KEY", "HOST_MASTER_KEY")
    function, master = (settings.get(name) or secrets.token_urlsafe(24) for name in names)
    return Keys(function=function, master=master, generated=tuple(name for name in names if not settings.get(name)))
