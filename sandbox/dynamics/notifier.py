"""Matches events with registered steps and posts them: address, headers, size limit, failures as system jobs."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from sandbox.dynamics.execution import Event
from sandbox.dynamics.execution_context import Step, context
from sandbox.dynamics.organization import Organization
from sandbox.dynamics.pipeline import Pipeline
from sandbox.dynamics.store import Ref, Row
from sandbox.faults import Delivery, DeliveryPolicy, DeliveryResult, WebhookSender

# The vendor's page on webhooks: 60 s, one more attempt and only on these, parts dropped above 256 KB.
RETRIED = frozenset({502, 503, 504})
POLICY = DeliveryPolicy(intervals=(1.0,), retry=lambda status: status in RETRIED, timeout=60.0)
SIZE_LIMIT = 256 * 1024
_DROPPED = ("ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages")
FAILED = 31


@dataclass(frozen=True, kw_only=True)
class Notifier:
    """`changed` is called when a failed delivery left its system job."""

    organization: Organization
    sender: WebhookSender
    changed: Callable[[], None]

    def publish(self, events: list[Event]) -> None:
        for event in events:
            if not event.execution.silent_async:
                for step in self._steps(event):
                    self._post(event, step)

    def _steps(self, event: Event) -> list[Step]:
        rows = self.organization.store.table("sdkmessageprocessingstep").values()
        matching = (row for row in rows if row["statecode"] == 0 and self._matches(event, row))
        return [Step(row=row, images=self._images(row)) for row in sorted(matching, key=lambda row: row["rank"] or 1)]

    def _matches(self, event: Event, step: Row) -> bool:
        store = self.organization.store
        message = store.of(step.get("sdkmessageid"))
        condition = store.of(step.get("sdkmessagefilterid"))
        if message is None or message["name"] != event.message:
            return False
        if condition is not None and condition["primaryobjecttypecode"] != event.table:
            return False
        wanted = {part.strip() for part in (step.get("filteringattributes") or "").split(",") if part.strip()}
        return event.message != "Update" or not wanted or bool(wanted & set(event.sent))

    def _images(self, step: Row) -> tuple[tuple[str, bool, tuple[str, ...]], ...]:
        found = self.organization.store.children(
            "sdkmessageprocessingstepimage", "sdkmessageprocessingstepid", step["sdkmessageprocessingstepid"]
        )
        images = []
        for row in found:
            columns = tuple(part.strip() for part in (row.get("attributes") or "").split(",") if part.strip())
            kinds = {0: (True,), 1: (False,), 2: (True, False)}[row["imagetype"]]
            images += [(row["entityalias"], pre, columns) for pre in kinds]
        return tuple(images)

    def _post(self, event: Event, step: Step) -> None:
        endpoint = self.organization.store.of(step.row.get("eventhandler"))
        if endpoint is None or not endpoint.get("url"):
            return
        body, oversized = self._body(context(self.organization, event, step))
        url, secrets = address(endpoint)
        headers = {
            "Content-Type": "application/json",
            "x-ms-dynamics-organization": urlsplit(self.organization.base_url).netloc,
            "x-ms-dynamics-entity-name": event.table,
            "x-ms-dynamics-request-name": event.message,
            "x-ms-correlation-request-id": event.execution.correlation,
            **secrets,
        }
        if oversized:
            headers["x-ms-dynamics-msg-size-exceeded"] = "true"
        self.sender.send(
            Delivery(
                url=url,
                event=f"{event.message} of {event.table}",
                headers=headers,
                body=body,
                on_result=lambda result: self._finished(event, step, result),
            )
        )

    def _body(self, whole: dict[str, Any]) -> tuple[bytes, bool]:
        encoded = self._encoded(whole)
        if len(encoded) <= SIZE_LIMIT:
            return encoded, False
        return self._encoded({name: value for name, value in whole.items() if name not in _DROPPED}), True

    def _encoded(self, body: dict[str, Any]) -> bytes:
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        return mojibake(text).encode() if self.organization.switches.flag("mojibake") else text.encode()

    def _finished(self, event: Event, step: Step, result: DeliveryResult) -> None:
        """A failed asynchronous delivery leaves a system job and is never tried again."""
        if result.delivered:
            return
        table = self.organization.schema.tables["asyncoperation"]
        values = self._job(event, step, result)
        Pipeline(organization=self.organization).create(table, values, event.execution)
        self.organization.events.clear()
        self.changed()

    def _job(self, event: Event, step: Step, result: DeliveryResult) -> Row:
        answer = f"status {result.status}" if result.status else f"no answer: {result.error}"
        values: Row = {
            "name": step.row["name"],
            "messagename": event.message,
            "primaryentitytype": event.table,
            "operationtype": 1,
            "statecode": 3,
            "statuscode": FAILED,
            "errorcode": -2147220479,
            "message": f"The webhook call failed because the http request received non-success {answer}.",
            "retrycount": result.attempts - 1,
            "correlationid": event.execution.correlation,
            "requestid": event.execution.request,
            "completedon": self.organization.stamp(),
            "owningextensionid": Ref("sdkmessageprocessingstep", step.row["sdkmessageprocessingstepid"]),
        }
        if event.table == "opportunity":
            values["regardingobjectid"] = Ref("opportunity", event.row)
        return values


def address(endpoint: Row) -> tuple[str, dict[str, str]]:
    """The URL and headers by authtype: 4 `?code=`, 5 headers, 6 query string."""
    url, kind, secret = str(endpoint["url"]), endpoint.get("authtype"), endpoint.get("authvalue") or ""
    joint = "&" if "?" in url else "?"
    if kind == 4 and secret:
        return f"{url}{joint}code={quote(secret, safe='')}", {}
    settings = settings_of(secret) if kind in (5, 6) and secret else {}
    if kind == 6 and settings:
        return url + joint + "&".join(f"{name}={quote(value, safe='')}" for name, value in settings.items()), {}
    return url, settings


def settings_of(text: str) -> dict[str, str]:
    """As in <settings><setting name="x" value="y"/></settings>."""
    root = ET.fromstring(text)  # noqa: S314 - written by the one who runs this sandbox
    return {str(each.get("name")): str(each.get("value")) for each in root.iter("setting")}


def mojibake(text: str) -> str:
    """UTF-8 read as code page 1252, its five undefined bytes kept as control characters, as seen in recordings."""
    return "".join(_as_1252(byte) for byte in text.encode())


def _as_1252(byte: int) -> str:
    try:
        return bytes([byte]).decode("cp1252")
    except UnicodeDecodeError:
        return chr(byte)
