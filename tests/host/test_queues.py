"""Queue functions: taking, leasing, retrying and giving up messages as the platform does."""

import asyncio
import json

import pytest
from azure.storage.queue.aio import QueueServiceClient

from tests.host.conftest import Start
from tests.host.support import Running, encoded, until


async def test_a_message_arrives_decoded_and_leaves_the_queue(start: Start) -> None:
    """The function sees the body and its metadata; after success the message is gone."""
    async with start() as app:
        await app.send("work", "hello ✓")
        await app.until_quiet()
        (seen,) = app.seen

    assert seen["body"] == "hello ✓"
    assert seen["dequeue_count"] == 1
    assert seen["id"]
    assert seen["pop_receipt"]
    assert seen["inserted"].tzinfo is not None


async def test_a_failing_message_is_tried_again_and_then_poisoned(start: Start) -> None:
    """After maxDequeueCount tries the raw text is on the poison queue and nowhere else."""
    async with start(**{"AzureWebJobs.poisoned.Disabled": "true"}) as app:
        await app.send("work", {"fate": "raise"})
        await until(lambda: _has(app, "work-poison", 1))
        counts = [each["dequeue_count"] for each in app.seen]

        assert counts == [1, 2, 3]
        assert await app.texts("work-poison") == [encoded({"fate": "raise"})]
        assert await app.count("work") == 0


async def test_a_message_that_succeeds_late_is_not_poisoned(start: Start) -> None:
    """Failures below the limit leave no trace but the dequeue count."""
    async with start() as app:
        await app.send("work", {"until": 3})
        await app.until_quiet()

        assert [each["ended"] for each in app.seen] == [False, False, True]
        assert await app.count("work-poison") == 0


async def test_a_message_taken_too_often_never_runs(start: Start, queues: QueueServiceClient) -> None:
    """A dequeue count above the limit, left behind by hosts that died, goes straight to poison."""
    queue = queues.get_queue_client("work")
    await queue.send_message(encoded("tired"))
    for _ in range(3):
        message = await queue.receive_message(visibility_timeout=30)
        assert message is not None
        await queue.update_message(message, visibility_timeout=0)
    async with start(**{"AzureWebJobs.poisoned.Disabled": "1"}) as app:
        await until(lambda: _has(app, "work-poison", 1))

        assert app.seen == []
        assert await app.texts("work-poison") == [encoded("tired")]


async def test_malformed_base64_is_poisoned_as_it_is(start: Start) -> None:
    """A text that is not base64 never reaches the function, and is kept unchanged."""
    async with start(**{"AzureWebJobs.poisoned.Disabled": "true"}) as app:
        await app.send_raw("work", '{"not": "base64"}')
        await until(lambda: _has(app, "work-poison", 1))

        assert app.seen == []
        assert await app.texts("work-poison") == ['{"not": "base64"}']


async def test_plain_text_needs_no_base64_where_host_json_says_so(start: Start) -> None:
    """With messageEncoding none the text itself is the body."""
    async with start(AzureFunctionsJobHost__extensions__queues__messageEncoding="none") as app:
        await app.send_raw("work", "as it is")
        await app.until_quiet()

        assert [each["body"] for each in app.seen] == ["as it is"]


async def test_a_failing_poison_handler_leaves_its_message_for_the_lease(start: Start) -> None:
    """A poison queue has no poison queue: the message hides until its lease ends and comes again."""
    async with start(lease=1) as app:
        await app.send("work-poison", {"until": 2})
        await until(lambda: _ended(app))

        first, second = app.seen
        assert second["dequeue_count"] == 2
        assert second["at"] - first["at"] > 0.9
        await app.until_quiet()


async def test_a_long_run_keeps_its_message(start: Start) -> None:
    """The lease is renewed at half time, so nobody else sees a message that is worked on."""
    async with start(lease=1) as app:
        await app.send("work", {"sleep": 1.6})
        await until(lambda: _ended(app))
        await app.until_quiet()

        assert [each["dequeue_count"] for each in app.seen] == [1]


async def test_what_a_stopped_host_was_doing_is_done_by_the_next(start: Start) -> None:
    """A message whose run did not end within the grace comes back after its lease."""
    async with start(lease=1, grace=0) as app:
        await app.send("work", {"fate": "hang"})
        await until(lambda: _seen(app, 1))
    async with start(lease=1, grace=0) as app:
        await until(lambda: _seen(app, 1))
        assert app.seen[0]["dequeue_count"] == 2


async def test_a_stopping_host_finishes_what_it_runs(start: Start) -> None:
    """Within the grace a run ends and its message is deleted, while no new one is taken."""
    async with start() as app:
        await app.send("work", {"sleep": 0.5})
        await until(lambda: _seen(app, 1))
        seen = app.seen

    assert seen[0]["ended"]
    assert await app.count("work") == 0


async def test_at_most_a_batch_and_the_threshold_run_at_once(start: Start) -> None:
    """Of many messages, batchSize + newBatchThreshold are under way at most."""
    async with start() as app:
        await asyncio.gather(*(app.send("work", {"sleep": 0.2}) for _ in range(16)))
        await app.until_quiet()

        assert len(app.seen) == 16
        assert max(each["beside"] for each in app.seen) <= 5  # others beside each


async def test_synchronous_functions_run_side_by_side(start: Start) -> None:
    """A synchronous function blocks a thread of its own and not the host."""
    async with start() as app:
        await asyncio.gather(*(app.send("threads", "0.2") for _ in range(3)))
        await until(lambda: _seen(app, 3))
        await app.until_quiet()

        counts = (await app.host.invocations())["functions"]["in_thread"]
        assert counts == {"started": 3, "succeeded": 3, "failed": 0, "in_flight": 0}


async def test_a_setting_may_name_the_queue_and_the_result_goes_on(start: Start) -> None:
    """`%NAME%` is that app setting; what `$return` is bound to is put on its queue."""
    async with start() as app:
        await app.send("chain", "shout")
        await until(lambda: _has(app, "results", 1))

        assert await app.texts("results") == [encoded("SHOUT")]


@pytest.mark.parametrize(("query", "sent"), [("", [encoded("first"), encoded("second")]), ("?fail=1", [])])
async def test_outputs_leave_only_after_success(start: Start, query: str, sent: list[str]) -> None:
    """The last value set wins, a list is several messages, and a failure sends none."""
    async with start() as app:
        await app.http.get(f"/api/send{query}")

        assert await app.texts("results") == sent


async def test_a_disabled_function_takes_nothing(start: Start) -> None:
    """`AzureWebJobs.<function>.Disabled` leaves the message where it is, and others run."""
    async with start(**{"AzureWebJobs.work.Disabled": "true"}) as app:
        await app.send("work", "stays")
        await app.send("chain", "runs")
        await until(lambda: _has(app, "results", 1))

        assert await app.texts("work") == [encoded("stays")]


async def test_a_missing_queue_is_made_with_its_poison_queue(start: Start, queues: QueueServiceClient) -> None:
    """At start, and again when somebody deletes it under a running host."""
    await queues.delete_queue("chain")
    await queues.delete_queue("chain-poison")
    async with start() as app:
        assert await app.count("chain-poison") == 0
        await queues.delete_queue("chain")
        await until(lambda: _exists(queues, "chain"))


async def test_a_queue_function_runs_on_demand_with_its_input(start: Start) -> None:
    """The admin endpoint hands its input to the function as a message of its own."""
    async with start() as app:
        answer = await app.http.post(
            "/admin/functions/work", json={"input": json.dumps({"sleep": 0})}, headers={"x-functions-key": "master-key"}
        )
        await until(lambda: _ended(app))

        assert answer.status_code == 202


async def _has(app: Running, queue: str, number: int) -> bool:
    return len(await app.texts(queue)) == number


async def _seen(app: Running, number: int) -> bool:
    return len(app.seen) >= number


async def _ended(app: Running) -> bool:
    return bool(app.seen) and bool(app.seen[-1]["ended"])


async def _exists(queues: QueueServiceClient, name: str) -> bool:
    return name in [each.name async for each in queues.list_queues()]
