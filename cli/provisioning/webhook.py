"""The webhook's endpoint: the address of our function with its key.

The key is asked for, sent once and kept nowhere: not in a plan, an output, an error or a file. Events carry it in a
header: in the address, where a webhook key would be, every log on the way would keep it.
learn.microsoft.com/power-apps/developer/data-platform/register-web-hook
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from pydantic import SecretStr

from cli.provisioning.members import ENDPOINT, join
from cli.provisioning.plan import Act, Plan, step
from cli.provisioning.site import Site, guid
from shared.connectors.dynamics.odata import Row
from shared.errors import Misconfigured, Remote, RemoteError, Transient

NAME = "Cosell Sync"
WEBHOOK, HTTP_HEADER, JSON, UTF8 = 8, 5, 2, 1  # contract, authtype, messageformat, messagecharset
HEADER = "x-functions-key"  # https://learn.microsoft.com/azure/azure-functions/function-keys-how-to


@dataclass(frozen=True, kw_only=True)
class Hook:
    """Where events go: empty leaves the webhook alone. `renew` sends the key although one is set already."""

    url: str = ""
    key: SecretStr = field(default=SecretStr(""), repr=False)
    renew: bool = False


async def endpoint(site: Site, url: str = "") -> Row | None:
    """Ours by name, else the one that posts to the same address already."""
    columns = "serviceendpointid,name,url,authtype,isauthvalueset"
    found = await site.dataverse.rows("serviceendpoints", select=columns, filter=f"contract eq {WEBHOOK}")
    named = next((row for row in found if row.text("name") == NAME), None)
    return named or next((row for row in found if url and row.text("url").rstrip("/") == url.rstrip("/")), None)


def needs_key(hook: Hook, there: Row | None) -> bool:
    """Whether the key has to be known: for a new endpoint, one without a key, or one that gets another."""
    if there is None:
        return bool(hook.url)
    return hook.renew or not there.flag("isauthvalueset") or there.whole("authtype") != HTTP_HEADER


def plan(site: Site, hook: Hook, there: Row | None) -> Plan:
    """`there` is the endpoint as it stands."""
    changed: dict[str, Any] = {}
    if there is None or (hook.url and there.text("url") != hook.url):
        changed["url"] = hook.url
    keyed = needs_key(hook, there)
    if there is not None and not changed and not keyed:
        return Plan()

    async def do() -> None:
        if keyed and not hook.key.get_secret_value():
            raise Misconfigured(("the webhook needs the key of the function dynamics_events: give it when asked",))
        secret = {"authtype": HTTP_HEADER, "authvalue": header(hook.key)} if keyed else {}
        await _sent(site, there, changed | secret, hook.key)

    act, about = (Act.CREATE, "") if there is None else (Act.CHANGE, " (its key)" if keyed and not changed else "")
    return step(act, f"webhook endpoint {NAME} to {hook.url or 'the address it has'}{about}", do)


def header(key: SecretStr) -> str:
    """The one header of every event, as Dataverse wants it written."""
    return f"<settings><setting name={quoteattr(HEADER)} value={quoteattr(key.get_secret_value())}/></settings>"


async def _sent(site: Site, there: Row | None, body: Mapping[str, Any], key: SecretStr) -> None:
    try:
        if there is None:
            fixed = {"name": NAME, "contract": WEBHOOK, "messageformat": JSON, "messagecharset": UTF8}
            await site.dataverse.create("serviceendpoints", fixed | dict(body))
            made = await endpoint(site)
            await join(site, ENDPOINT, made.text("serviceendpointid") if made else "")
        else:
            await site.dataverse.patch(f"serviceendpoints({guid(there.text('serviceendpointid'))})", body)
    except RemoteError as error:
        raise _silent(error, key) from None  # the refusal may quote what it refuses, and a cause would be shown


def _silent(error: RemoteError, key: SecretStr) -> RemoteError:
    """The same error without the key in it, however it was written."""
    secret, message = key.get_secret_value(), error.remote.message
    forms = {form for plain in (secret, escape(secret)) for form in (plain, quote(plain), quote(plain, safe=""))}
    for written in sorted(filter(None, forms), key=len, reverse=True):
        message = message.replace(written, "(the key)")
    told = error.remote
    remote = Remote(system=told.system, status=told.status, code=told.code, message=message, request_id=told.request_id)
    if isinstance(error, Transient):
        return type(error)(remote, advice=error.advice, retry_after=error.retry_after)
    return type(error)(remote, advice=error.advice)
