"""The functions as the platform indexes them: names, bindings, queues, what a cold start imports."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from functions.parked import FLOWS
from shared.messages import Look

ROOT = Path(__file__).parents[2]
QUEUES = json.loads((ROOT / "infra" / "queues.json").read_text(encoding="utf-8"))
SNAPSHOT = {
    "partner_center_events": "POST partner-center/events anonymous",
    "dynamics_events": "POST dynamics/events function",
    "health": "GET health function",
    "webhook_registration": "GET webhook-registration function",
    "webhook_register": "POST webhook-registration function",
    "webhook_watch": "timer 0 17 4 * * *",
    "refresh_token_watch": "timer 0 43 3 * * *",
    "deal_explained": "GET deals/{id} function",
    "parked_list": "GET parked function",
    "parked_replay": "POST parked/{kind}/{id}/replay function",
    "parked_drop": "DELETE parked/{kind}/{id} function",
    "referrals": "queue referral-changes AzureWebJobsStorage",
    "cosell_updates": "queue cosell-changes AzureWebJobsStorage",
    "opportunities": "queue opportunity-changes AzureWebJobsStorage",
    "leads": "queue lead-changes AzureWebJobsStorage",
    "lead_changes_poison": "queue lead-changes-poison AzureWebJobsStorage",
    "solutions": "queue solution-changes AzureWebJobsStorage",
    "referral_changes_poison": "queue referral-changes-poison AzureWebJobsStorage",
    "cosell_changes_poison": "queue cosell-changes-poison AzureWebJobsStorage",
    "opportunity_changes_poison": "queue opportunity-changes-poison AzureWebJobsStorage",
    "solution_changes_poison": "queue solution-changes-poison AzureWebJobsStorage",
    "auto_heal": "timer 0 */5 * * * *",
    "status": "GET,POST status/{*room} function",
    "status_signed_in": "GET,POST signed-in/status/{*room} anonymous",
}
LIST = """
import json, sys, function_app
bindings = {f.get_function_name(): f.get_trigger().get_dict_repr() for f in function_app.app.get_functions()}
print(json.dumps({"bindings": bindings, "modules": sorted(sys.modules)}, default=str))
"""


@dataclass(frozen=True)
class Indexed:
    """What a fresh process makes of function_app.py."""

    bindings: dict[str, dict[str, Any]]
    modules: frozenset[str]


def indexed(**settings: str) -> Indexed:
    kept = {name: text for name, text in os.environ.items() if name in ("PATH", "SYSTEMROOT", "HOME")}
    done = subprocess.run(  # noqa: S603 - this interpreter and a text of ours
        [sys.executable, "-c", LIST], cwd=ROOT, env=kept | settings, check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    return Indexed(bindings=found["bindings"], modules=frozenset(found["modules"]))


@pytest.fixture(scope="module")
def bare() -> Indexed:
    return indexed()


def shown(binding: dict[str, Any]) -> str:
    if binding["type"] == "queueTrigger":
        return f"queue {binding['queueName']} {binding['connection']}"
    if binding["type"] == "timerTrigger":
        return f"timer {binding['schedule']}"
    return f"{','.join(map(word, binding['methods']))} {binding['route']} {word(binding['authLevel']).lower()}"


def word(value: object) -> str:
    return str(value).rpartition(".")[2]


def test_the_functions_and_their_bindings_are_these(bare: Indexed) -> None:
    """With no setting at all every function is there, with its queue, route, key and schedule."""
    assert {name: shown(binding) for name, binding in bare.bindings.items()} == SNAPSHOT


@pytest.mark.parametrize(
    ("settings", "schedule"),
    [
        ({"MODE": "production", "AUTO_HEAL_SCHEDULE": "every day", "AzureWebJobsStorage": "wrong"}, "0 */5 * * * *"),
        ({"AzureWebJobsStorage": "UseDevelopmentStorage=true", "AUTO_HEAL_SCHEDULE": "0 0 * * * *"}, "0 0 * * * *"),
    ],
    ids=["wrong", "right"],
)
def test_the_list_of_functions_never_depends_on_settings(settings: dict[str, str], schedule: str) -> None:
    """Wrong and right settings change nothing but the timer's schedule, and a wrong one not even that."""
    found = {name: shown(binding) for name, binding in indexed(**settings).bindings.items()}
    assert found == SNAPSHOT | {"auto_heal": f"timer {schedule}"}


def test_a_cold_start_imports_no_sdk_that_it_may_not_need(bare: Indexed) -> None:
    """Sign-in, storage and vault libraries cost a quarter of a second each: they come with their first use."""
    slow = ("azure.identity", "msal", "azure.storage.queue", "azure.data.tables", "azure.keyvault", "aiohttp")
    assert not [name for name in bare.modules if name.startswith((*slow, "azure.monitor", "opentelemetry.sdk"))]
    assert len(bare.modules) < 1200


def test_templates_are_imported_by_who_opens_the_page(bare: Indexed) -> None:
    """A queue message does not pay for the status page: neither Jinja nor the page's own modules are loaded."""
    page = {name for name in bare.modules if name.startswith("shared.platform.status")}
    assert page == {"shared.platform.status", "shared.platform.status.asked"}
    assert not [name for name in bare.modules if name.startswith("jinja2")]


def test_every_queue_is_one_that_the_templates_make(bare: Indexed) -> None:
    """Names are valid, listed in infra/queues.json, and every queue that is read has its poison queue read too."""
    read_here = {binding["queueName"] for binding in bare.bindings.values() if binding["type"] == "queueTrigger"}
    plain = {name for name in read_here if not name.endswith("-poison")}
    assert read_here == plain | {f"{name}-poison" for name in plain}
    assert plain == set(FLOWS)
    assert plain <= set(QUEUES)
    assert set(QUEUES) == {look.value for look in Look}
    assert all(re.fullmatch(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*", name) for name in read_here)


def test_every_signal_has_somebody_who_takes_it(bare: Indexed) -> None:
    """On a queue without a reader it would lie for ever."""
    read_here = {binding["queueName"] for binding in bare.bindings.values() if binding["type"] == "queueTrigger"}
    assert {look for look in Look if look.value not in read_here} == set()
