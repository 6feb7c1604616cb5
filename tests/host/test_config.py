"""host.json, app settings and connections: what is read, and what is refused with its name."""

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox.host import HostJsonError, SettingsError, app_settings, hostjson
from sandbox.host.connections import Connection, expand, find

ROOT = Path(__file__).parents[2]


def read(folder: Path, document: Any, **settings: str) -> hostjson.HostConfig:
    (folder / "host.json").write_text(json.dumps(document), encoding="utf-8")
    return hostjson.read(folder, settings)


def test_the_projects_host_json_means_what_it_says() -> None:
    """Every value that the product relies on is one that the host understands."""
    config = hostjson.read(ROOT, {})

    assert config.route_prefix == "api"
    assert config.function_timeout == timedelta(minutes=10)
    assert config.queues == hostjson.QueueOptions(
        batch_size=8,
        new_batch_threshold=4,
        max_dequeue_count=5,
        visibility_timeout=timedelta(seconds=30),
        max_polling_interval=timedelta(seconds=2),
        base64=True,
    )


def test_defaults_are_the_platforms(tmp_path: Path) -> None:
    """An empty host.json retries at once, in batches of 16, and polls once a minute at the slowest."""
    queues = read(tmp_path, {"version": "2.0"}).queues

    assert (queues.batch_size, queues.max_dequeue_count, queues.base64) == (16, 5, True)
    assert queues.visibility_timeout == timedelta(0)
    assert queues.max_polling_interval == timedelta(minutes=1)


def test_settings_override_host_json(tmp_path: Path) -> None:
    """`AzureFunctionsJobHost__a__b` replaces a value, as on the platform."""
    config = read(
        tmp_path,
        {"version": "2.0"},
        AzureFunctionsJobHost__functionTimeout="-1",
        AzureFunctionsJobHost__extensions__queues__batchSize="1",
    )

    assert config.function_timeout is None
    assert config.queues.batch_size == 1


@pytest.mark.parametrize(
    ("queues", "named"),
    [
        ({"batchSize": 33}, "batchSize"),
        ({"batchSize": 0}, "batchSize"),
        ({"batchSize": "8"}, "batchSize"),
        ({"newBatchThreshold": -1}, "newBatchThreshold"),
        ({"maxDequeueCount": 0}, "maxDequeueCount"),
        ({"visibilityTimeout": "30"}, "visibilityTimeout"),
        ({"visibilityTimeout": "00:61:00"}, "visibilityTimeout"),
        ({"maxPollingInterval": 2}, "maxPollingInterval"),
        ({"messageEncoding": "utf-8"}, "messageEncoding"),
        ([], "queues"),
    ],
)
def test_a_value_out_of_range_is_named(tmp_path: Path, queues: Any, named: str) -> None:
    """The host does not start on what the platform would not take."""
    with pytest.raises(HostJsonError, match=named):
        read(tmp_path, {"version": "2.0", "extensions": {"queues": queues}})


@pytest.mark.parametrize("document", [{}, {"version": "1.0"}, []])
def test_a_version_is_required(tmp_path: Path, document: Any) -> None:
    """Anything but version 2.0 is another model of host.json."""
    with pytest.raises(HostJsonError, match="version"):
        read(tmp_path, document)


def test_host_json_is_required(tmp_path: Path) -> None:
    """Without the file there is no function app."""
    with pytest.raises(HostJsonError, match=r"host\.json"):
        hostjson.read(tmp_path, {})


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:00:30", 30), ("1.02:03:04", 93784), ("00:00:00.25", 0.25), ("7:00:00", 25200)]
)
def test_durations_are_read(text: str, seconds: float) -> None:
    """Days and fractions of a second are optional, as in .NET."""
    assert hostjson.timespan(text) == timedelta(seconds=seconds)


def test_the_sample_settings_are_readable() -> None:
    """The file that a newcomer copies is one that the host reads, with the host's storage in it."""
    values = app_settings.read_file(ROOT / "local.settings.sample.json")

    assert "AzureWebJobsStorage" in values


def test_the_environment_wins() -> None:
    """The file gives what the environment does not."""
    assert app_settings.below_environment({"A": "file", "B": "file"}, {"A": "environment"}) == {"B": "file"}


@pytest.mark.parametrize("text", ["{", "[]", '{"Values": {"A": 1}}', '{"Values": []}'])
def test_a_malformed_settings_file_is_an_error(tmp_path: Path, text: str) -> None:
    """Also a value that is no text: the platform's settings are texts."""
    path = tmp_path / "local.settings.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError):
        app_settings.read_file(path)


def test_a_host_leaves_the_environment_as_it_was() -> None:
    """Settings are there while it runs, what looks like Azure is not, and afterwards all is as before."""
    before = dict(os.environ)
    with app_settings.applied({"A_SETTING": "here"}):
        inside = dict(os.environ)

    assert inside["A_SETTING"] == "here"
    assert not set(app_settings.MISLEADING) & set(inside)
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"Other": "AccountName=a"}, Connection(text="AccountName=a")),
        ({"AzureWebJobsOther": "AccountName=b", "Other": "AccountName=a"}, Connection(text="AccountName=b")),
        ({"Other__queueServiceUri": "https://q.example.com"}, Connection(queue_uri="https://q.example.com")),
        (
            {"Other__accountName": "acc", "Other__clientId": "id"},
            Connection(queue_uri="https://acc.queue.core.windows.net", client_id="id"),
        ),
    ],
)
def test_a_connection_is_found_in_either_form(settings: dict[str, str], expected: Connection) -> None:
    """A connection string, or the identity-based settings; the prefixed name comes first."""
    assert find("Other", settings) == expected


def test_development_storage_is_spelt_out() -> None:
    """The short form becomes Azurite's account, and endpoints in the text stay as they are."""
    short = expand("UseDevelopmentStorage=true")
    own = expand("UseDevelopmentStorage=true;QueueEndpoint=http://127.0.0.1:5/devstoreaccount1")

    assert "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1" in short
    assert "AccountName=devstoreaccount1" in short
    assert "QueueEndpoint=http://127.0.0.1:5/devstoreaccount1" in own
    assert "10001" not in own
