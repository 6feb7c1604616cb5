"""What the runtime does not check and the platform's host does: names, schedules, connections, routes."""

import pytest

from sandbox.host import catalog
from sandbox.host.functions import HttpTrigger, QueueTrigger, TimerTrigger
from sandbox.host.runtime import IndexedFunction

STORAGE = {"AzureWebJobsStorage": "UseDevelopmentStorage=true"}


def queue(**changes: object) -> dict[str, object]:
    binding = {"type": "queueTrigger", "name": "msg", "queueName": "work", "connection": "AzureWebJobsStorage"}
    return {**binding, **changes}


def http(**changes: object) -> dict[str, object]:
    return {"type": "httpTrigger", "name": "req", "route": "things/{id}", "authLevel": "FUNCTION"} | changes


def timer(schedule: str) -> dict[str, object]:
    return {"type": "timerTrigger", "name": "timer", "schedule": schedule}


@pytest.mark.parametrize(
    ("binding", "reason"),
    [
        (queue(queueName="Work"), "'Work' (from 'Work') is no queue name"),
        (queue(queueName="wo"), "is no queue name"),
        (queue(queueName="a--b"), "is no queue name"),
        (queue(queueName="-ab"), "is no queue name"),
        (queue(queueName="work_items"), "is no queue name"),
        (queue(queueName="w" * 60), "no room for its poison queue's"),
        (queue(queueName="%QUEUE%"), "the app setting 'QUEUE' in '%QUEUE%' does not exist"),
        (queue(connection="Other"), "the connection 'Other' is missing"),
        (timer("%SCHEDULE%"), "the app setting 'SCHEDULE'"),
        (timer("every minute"), "not an NCRONTAB schedule"),
        (timer("0 */5 * * * 7"), "day of week '7'"),
        (http(route="admin/things"), "conflicts with the host's own /admin"),
        (http(route="things/{id:odd}"), "'odd'"),
        (http(route="things/{id"), "malformed"),
        ({"type": "blobTrigger", "name": "blob"}, "no binding of type 'blobTrigger'"),
        ({"type": "http", "name": "$return"}, "no trigger"),
    ],
)
def test_one_function_in_error_leaves_the_others(binding: dict[str, object], reason: str) -> None:
    """The function and what is wrong with it are named, and the rest of the app runs."""
    good = IndexedFunction("good", (queue(),))
    found = catalog.read([IndexedFunction("bad", (binding,)), good], STORAGE)

    (problem,) = found.problems
    assert [each.name for each in found.functions] == ["good"]
    assert problem.function == "bad"
    assert reason in str(problem)


def test_a_timer_needs_the_hosts_storage() -> None:
    """The platform keeps a timer's lock there; without it the timer is in error."""
    found = catalog.read([IndexedFunction("tick", (timer("0 * * * * *"),))], {})

    assert "'AzureWebJobsStorage' is missing" in str(found.problems[0])


def test_settings_fill_names_and_schedules() -> None:
    """`%NAME%` is replaced wherever the platform replaces it."""
    settings = STORAGE | {"QUEUE": "from-setting", "SCHEDULE": "0 0 * * * *"}
    indexed = [IndexedFunction("q", (queue(queueName="%QUEUE%"),)), IndexedFunction("t", (timer("%SCHEDULE%"),))]
    found = catalog.read(indexed, settings)

    assert found.problems == ()
    assert found.functions[0].trigger == QueueTrigger("from-setting", "AzureWebJobsStorage")
    assert found.functions[1].trigger == TimerTrigger("0 0 * * * *", on_startup=False)


def test_an_http_function_defaults_to_its_name_and_a_key() -> None:
    """Without a route the name is the route; without a level a function key is asked for."""
    found = catalog.read([IndexedFunction("things", ({"type": "httpTrigger", "name": "req"},))], {})

    assert found.functions[0].trigger == HttpTrigger(route="things", methods=frozenset(), auth="function")


@pytest.mark.parametrize(
    ("value", "disabled"), [("true", True), ("True", True), ("1", True), ("false", False), ("0", False), ("", False)]
)
def test_a_setting_disables_one_function(value: str, *, disabled: bool) -> None:
    """`AzureWebJobs.<function>.Disabled` counts when it is true or 1."""
    found = catalog.read([IndexedFunction("q", (queue(),))], STORAGE | {"AzureWebJobs.q.Disabled": value})

    assert found.functions[0].disabled is disabled
