"""Webhook events: the body as Microsoft writes it, signed, and handed to the delivery worker."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.faults import Delivery, DeliveryResult, WebhookSender
from sandbox.partner_center.certificate_store import Certificates
from sandbox.partner_center.certificates import LEAF_NAME, signature
from sandbox.partner_center.settings import WEBHOOKS_AUDIENCE
from sandbox.partner_center.world import Referral, World, is_own

EVENTS = tuple(
    f"{subject}-{change}"
    for subject, changes in {
        "azure-fraud-event": ("detected",),
        "dap-admin-relationship": ("approved", "terminated", "terminated-by-microsoft"),
        "granular-admin-access-assignment": ("activated", "created", "deleted", "updated"),
        "granular-admin-relationship": ("activated", "approved", "expired", "terminated"),
        "indirect-reseller-relationship": ("accepted-by-customer",),
        "invoice": ("ready",),
        "new-commerce-migration": ("completed", "created", "failed"),
        "new-commerce-migration-schedule": ("failed",),
        "referral": ("created", "updated"),
        "related-referral": ("created", "updated"),
        "reseller-relationship": ("accepted-by-customer",),
        "subscription": ("updated",),
        "test": ("created",),
        "usagerecords": ("thresholdExceeded",),
    }.items()
    for change in changes
)


@dataclass(frozen=True, kw_only=True)
class Notifier:
    """Listens to the world and tells the registered receiver, if it subscribed to that event."""

    world: World
    certificates: Certificates
    sender: WebhookSender

    def referral_changed(self, event: str, referral: Referral) -> None:
        if is_own(referral):
            self.referral_event(event, referral["id"])
            return
        own = self.world.own_in(referral["engagementId"])
        if own is not None:
            shown = own if self.world.switches.text("related_event_id") == "own" else referral
            self.referral_event(event, shown["id"])

    def referral_event(self, event: str, referral_id: str, certificate: str = LEAF_NAME) -> bool:
        # A third form of the address, unlike the API's own; the documentation shows it so.
        uri = f"{WEBHOOKS_AUDIENCE}/engagements/v1/referrals/{referral_id}"
        return self.publish({"EventName": event, "ResourceUri": uri, "ResourceName": "referral"}, certificate)

    def publish(
        self,
        event: dict[str, Any],
        certificate: str = LEAF_NAME,
        on_result: Callable[[DeliveryResult], None] | None = None,
    ) -> bool:
        """False when nobody is subscribed."""
        registration = self.world.registration
        if registration is None or event["EventName"] not in registration["WebhookEvents"]:
            return False
        # Seven decimals and an offset, unlike the referral's own stamps.
        changed = self.world.now().strftime("%Y-%m-%dT%H:%M:%S.%f0+00:00")
        whole = event | {"AuditUri": None, "ResourceChangeUtcDate": changed}
        body = json.dumps(whole, separators=(",", ":"), ensure_ascii=False).encode()
        headers = self._headers(body, certificate, in_own_header=registration["SignatureTokenToMsSignatureHeader"])
        self.sender.send(
            Delivery(
                url=registration["WebhookUrl"],
                event=event["EventName"],
                headers=headers,
                body=body,
                on_result=on_result,
            )
        )
        return True

    def _headers(self, body: bytes, certificate: str, *, in_own_header: bool) -> dict[str, str]:
        token = f"Signature {signature(body, self.certificates.chains[certificate].key)}"
        return {
            "Content-Type": "application/json",
            "x-ms-signature" if in_own_header else "Authorization": token,
            "X-MS-Certificate-Url": self.certificates.url(certificate),
            "X-MS-Signature-Algorithm": "rsa-sha256",
            "Accept-Encoding": "gzip, deflate",
        }
