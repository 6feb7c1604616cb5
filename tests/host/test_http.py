"""HTTP functions: what reaches them, what comes back, and who is let in."""

import asyncio
import json
import os

import pytest

from tests.host.conftest import Start
from tests.host.support import Running, until

SHORT = {"AzureFunctionsJobHost__functionTimeout": "00:00:00.5"}


async def test_a_request_reaches_the_function_as_the_platform_hands_it_over(start: Start) -> None:
    """Header names are in lower case, empty query values are gone, the body's bytes are untouched."""
    body = bytes(range(256))
    headers = {"X-Custom-Header": "Value", "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    async with start() as app:
        answer = await app.http.post("/api/echo/7/b%20c?x=1&x=2&empty=", content=body, headers=headers)

    seen = answer.json()
    assert seen["method"] == "POST"
    assert seen["headers"]["x-custom-header"] == "Value"
    assert seen["query"] == {"x": "1,2"}
    assert seen["route"] == {"id": "7", "name": "b c"}
    assert bytes.fromhex(seen["body"]) == body
    assert seen["function"] == "echo"
    assert seen["traceparent"] == headers["traceparent"]


async def test_spans_of_a_function_belong_to_the_hosts_trace(start: Start) -> None:
    """With OpenTelemetry on, the invocation's trace context is the parent of what the function starts."""
    async with start(PYTHON_ENABLE_OPENTELEMETRY="true") as app:
        answer = await app.http.get("/api/echo/7", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})

    assert answer.json()["parent"] == "a" * 32


async def test_an_answer_comes_back_whole(start: Start) -> None:
    """Status, headers, media type and cookies are the function's own."""
    async with start() as app:
        answer = await app.http.get("/api/echo/7")

    assert answer.status_code == 201
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-answer"] == "yes"
    assert answer.headers["set-cookie"] == "crumb=1; Path=/"
    assert json.loads(answer.content)["route"] == {"id": "7"}


async def test_a_text_is_an_answer(start: Start) -> None:
    """A synchronous function that returns a text answers 200 with it."""
    async with start() as app:
        answer = await app.http.get("/api/plain")

    assert (answer.status_code, answer.text) == (200, "plain GET")


UNKNOWN = (("GET", "/api/nothing"), ("GET", "/echo/7"), ("GET", "/api/echo/seven"), ("DELETE", "/api/echo/7"))


async def test_what_no_route_names_is_not_found(start: Start) -> None:
    """An unknown path, one without the prefix, a broken constraint and another method are 404."""
    async with start() as app:
        answers = [await app.http.request(method, path) for method, path in UNKNOWN]

    assert [each.status_code for each in answers] == [404] * len(UNKNOWN)


KEYS = (
    ("/api/plain", "", 200),
    ("/api/locked", "", 401),
    ("/api/locked", "wrong", 401),
    ("/api/locked", "function-key", 200),
    ("/api/locked", "master-key", 200),
    ("/api/vault", "function-key", 401),
    ("/api/vault", "master-key", 200),
    ("/admin/functions", "function-key", 401),
    ("/admin/functions", "master-key", 200),
)


async def test_keys_open_what_they_are_for(start: Start) -> None:
    """A key counts the same in its header and in the query, and the master key opens everything."""
    async with start() as app:
        for path, key, status in KEYS:
            by_header = await app.http.get(path, headers={"x-functions-key": key} if key else {})
            by_query = await app.http.get(path, params={"code": key} if key else {})

            assert [by_header.status_code, by_query.status_code] == [status, status], (path, key)


async def test_a_failing_function_answers_500_without_a_word(start: Start) -> None:
    """An exception, a forgotten answer and SystemExit give an empty 500, and the host lives on."""
    async with start() as app:
        answers = [await app.http.get(f"/api/fail/{how}") for how in ("raise", "nothing", "exit")]
        after = await app.http.get("/api/plain")

    assert [(each.status_code, each.content) for each in answers] == [(500, b"")] * 3
    assert after.status_code == 200


@pytest.mark.parametrize("how", ["hang", "cancel"])
async def test_the_time_limit_ends_what_does_not_answer(start: Start, how: str) -> None:
    """A function that hangs or lets CancelledError escape stays in flight until functionTimeout, then fails."""
    async with start(**SHORT) as app:
        running = asyncio.create_task(app.http.get(f"/api/fail/{how}"))
        done, _ = await asyncio.wait({running}, timeout=0.4)
        assert not done

        assert (await running).status_code == 500


async def test_a_process_that_ends_takes_every_invocation_with_it(start: Start) -> None:
    """SystemExit in one function fails the others that run, as the death of the worker would."""
    async with start() as app:
        other = asyncio.create_task(app.host.run("work", json.dumps({"fate": "hang"})))
        await until(lambda: _begun(app))
        await app.http.get("/api/fail/exit")

        assert "worker process died" in repr(await other)


async def _begun(app: Running) -> bool:
    return bool(app.seen)


async def test_an_app_knows_where_it_answers(start: Start) -> None:
    """`WEBSITE_HOSTNAME` is host and port before the app is read, unless the settings name another, and gone after."""
    async with start() as app:
        assert f"http://{os.environ['WEBSITE_HOSTNAME']}" == app.host.url
    async with start(WEBSITE_HOSTNAME="contoso.example.com"):
        assert os.environ["WEBSITE_HOSTNAME"] == "contoso.example.com"
    assert "WEBSITE_HOSTNAME" not in os.environ
