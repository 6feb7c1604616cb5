"""Modules of the core and the connectors that speak of no deal, each with what their words are for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SILENT: Mapping[str, str] = MappingProxyType(
    {
        "domain/countries.py": "names of countries",
        "domain/deal.py": "titles of fields, which are in the page's own table",
        "domain/picking.py": "what `cosell adopt` prints",
        "domain/policy.py": "reasons of what is owed: link, logs and `cosell explain`",
        "domain/registering.py": "what registering the webhook comes to",
        "domain/subscription.py": "what health says of the webhook",
        "domain/values.py": "how a value is shown",
        "sync/adopting.py": "what `cosell adopt` prints",
        "sync/baseline.py": "a wrong row, for whoever wrote it",
        "sync/explanation.py": "what `cosell explain` prints",
        "sync/job.py": "what the queue and the table of parked signals are told, after the look",
        "sync/overlay.py": "a rehearsal's own bookkeeping",
        "connectors/dynamics/batch.py": "the wire",
        "connectors/dynamics/calls.py": "an answer that cannot be read: tried again",
        "connectors/dynamics/checking.py": "faults of customize.yaml: health",
        "connectors/dynamics/config.py": "wrong settings: health",
        "connectors/dynamics/context.py": "a webhook that is refused",
        "connectors/dynamics/delta.py": "what stops a poll: the event heal_held",
        "connectors/dynamics/events.py": "a webhook that is left or refused",
        "connectors/dynamics/foresight.py": "what `cosell explain` prints",
        "connectors/dynamics/knowing.py": "wrong metadata: health",
        "connectors/dynamics/lead_schema.py": "a wrong setting: health",
        "connectors/dynamics/library.py": "a query",
        "connectors/dynamics/microsoft.py": "a query",
        "connectors/dynamics/odata.py": "queries, and an answer that cannot be read: tried again",
        "connectors/dynamics/reasons.py": "faults of customize.yaml: health",
        "connectors/dynamics/registering.py": "labels of columns",
        "connectors/dynamics/showing.py": "a query",
        "connectors/dynamics/typed.py": "faults of customize.yaml, and what a sentence of the page is filled with",
        "connectors/dynamics/walking.py": "queries, and a list that cannot be read: tried again",
        "connectors/foreign_json.py": "an answer that cannot be read: tried again",
        "connectors/partner_center/addresses.py": "a webhook that is refused",
        "connectors/partner_center/certificates.py": "a webhook that is refused",
        "connectors/partner_center/chain.py": "a webhook that is refused",
        "connectors/partner_center/events.py": "a webhook that is refused",
        "connectors/partner_center/listing.py": "a list that cannot be read: tried again",
        "connectors/partner_center/polling.py": "a query",
        "connectors/partner_center/registration.py": "what registering the webhook comes to",
        "connectors/partner_center/roots.py": "a wrong setting: health",
        "connectors/partner_center/validation.py": "what registering the webhook comes to",
        "connectors/partner_center/verifier.py": "a webhook that is refused",
        "connectors/partner_center/walking.py": "a query",
        "connectors/partner_center/webhook.py": "what registering the webhook comes to",
    }
)
