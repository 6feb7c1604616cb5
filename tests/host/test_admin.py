"""The host's own endpoints."""

from tests.host.conftest import Start
from tests.host.support import MASTER


async def test_the_host_lists_its_functions(start: Start) -> None:
    """Names, bindings and what is disabled can be read."""
    async with start(**{"AzureWebJobs.work.Disabled": "true"}) as app:
        listed = (await app.http.get("/admin/functions", headers=MASTER)).json()

    by_name = {each["name"]: each for each in listed}
    assert by_name["work"]["isDisabled"]
    assert not by_name["chain"]["isDisabled"]
    assert by_name["echo"]["route"] == "echo/{id:int}/{name?}"
    assert by_name["chain"]["config"]["bindings"][0]["type"] in {"queueTrigger", "queue"}


async def test_the_host_says_how_it_is(start: Start, runtime: str) -> None:
    """Its state, its runtime, and each function in error by name."""
    async with start(TICK="never") as app:
        status = (await app.http.get("/admin/host/status", headers=MASTER)).json()

    assert (status["state"], status["runtime"]) == ("Running", runtime)
    assert len(status["errors"]) == 1
    assert "'tick'" in status["errors"][0]


async def test_invocations_are_counted(start: Start) -> None:
    """Started, succeeded and failed add up, and quiet means that nothing waits on any queue."""
    async with start() as app:
        await app.http.get("/api/plain")
        await app.http.get("/api/fail/raise")
        await app.until_quiet()
        counted = (await app.http.get("/admin/sandbox/invocations", headers=MASTER)).json()

    assert counted["quiet"] is True
    assert counted["functions"]["plain"] == {"started": 1, "succeeded": 1, "failed": 0, "in_flight": 0}
    assert counted["functions"]["fail"] == {"started": 1, "succeeded": 0, "failed": 1, "in_flight": 0}
    assert counted["queues"]["work"]["messages"] == 0


async def test_what_cannot_run_on_demand_is_refused(start: Start) -> None:
    """An unknown function and an HTTP function are 404, a body that is not an input is 400."""
    async with start() as app:
        statuses = [
            (await app.http.post("/admin/functions/nothing", headers=MASTER)).status_code,
            (await app.http.post("/admin/functions/plain", headers=MASTER)).status_code,
            (await app.http.post("/admin/functions/work", headers=MASTER, content=b"[")).status_code,
            (await app.http.get("/admin/nothing", headers=MASTER)).status_code,
        ]

    assert statuses == [404, 404, 400, 404]
