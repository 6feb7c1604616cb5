"""Settings: names, defaults, spellings, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.domain.values import Side
from shared.errors import Misconfigured
from shared.settings import STORAGE, TRUST, read

GUID = "6f1b2c9e-3d52-4f6b-9a53-0c7f5c1d2e3f"
RIGHT = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "DATAVERSE_URL": "https://contoso.crm.dynamics.com",
    "PARTNER_CENTER_TENANT_ID": GUID,
    "PARTNER_CENTER_CLIENT_ID": GUID,
    "PARTNER_CENTER_CLIENT_SECRET": "invented-client-secret",
    "PARTNER_CENTER_KEY_VAULT_URL": "https://contoso.vault.azure.net",
}
SANDBOX = {
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "DATAVERSE_URL": "http://127.0.0.1:7202",
    "DATAVERSE_AUTH": "static",
    "DATAVERSE_TOKEN": "sandbox",
    "PARTNER_CENTER_API_URL": "http://localhost:7201/v1.0",
    "PARTNER_CENTER_WEBHOOK_API_URL": "http://[::1]:7201",
    "PARTNER_CENTER_AUTH": "static",
    "PARTNER_CENTER_TOKEN": "sandbox",
}
DEFAULTS = {
    "deal_value_field": "estimatedvalue",
    "deal_currency_field": "",
    "country_code_field": "address1_country",
    "show_checkmark": True,
    "cosell_only": False,
    "conflict_winner": "dynamics",
    "mode": "test",
    "test_records": frozenset(),
    "default_owner": "",
    "dry_run": False,
    "auto_heal_schedule": "0 */5 * * * *",
    "partner_center_auth": "refresh_token",
    "dataverse_auth": "managed_identity",
    "dataverse_concurrency": 7,
    "dataverse_prefix": "msft",
    "own_prefix": "cosell",
    "webhook_certificate_issuer": "Microsoft Corporation",
    "webhook_trusted_roots": "",
    "cosell_deployment": "cosell",
    "public_url": "",
    "website_hostname": "",
    "website_auth_enabled": False,
    "status_role": "Cosell.Operator",
}


def named(environment: dict[str, str]) -> set[str]:
    return {problem.name for problem in read(environment).problems}


@pytest.mark.parametrize("environment", [RIGHT, SANDBOX], ids=["azure", "sandbox"])
def test_complete_settings_have_no_problem(environment: dict[str, str]) -> None:
    """What the documentation asks for is enough."""
    assert read(environment).problems == ()


def test_defaults_are_those_of_the_documentation() -> None:
    """A missing and an empty setting are its documented default."""
    empty = {name.upper(): "  " for name in DEFAULTS}
    for environment in (RIGHT, RIGHT | empty):
        settings = read(environment).need()
        assert {name: getattr(settings, name) for name in DEFAULTS} == DEFAULTS


def test_nothing_set_names_every_required_setting_and_raises_nothing() -> None:
    """An empty environment is six problems, not an exception."""
    assert named({}) == set(RIGHT)
    assert read({}).settings is None
    with pytest.raises(Misconfigured, match="DATAVERSE_URL is not set"):
        read({}).need()


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("True", True), ("Yes", True), ("YES", True), ("no", False), ("FALSE", False), (" No ", False)],
)
def test_switches_take_both_spellings_in_any_case(text: str, value: bool) -> None:  # noqa: FBT001 - the expectation
    """true/false and Yes/No mean the same."""
    assert read(RIGHT | {"DRY_RUN": text}).need().dry_run is value


WRONG = [
    ("DRY_RUN", "maybe"),
    ("MODE", "production"),
    ("CONFLICT_WINNER", "crm"),
    ("DEAL_VALUE_FIELD", "Estimated Value"),
    ("DEAL_CURRENCY_FIELD", "estimatedvalue"),
    ("COUNTRY_CODE_FIELD", "1st"),
    ("TEST_RECORDS", f"{GUID},not-a-guid"),
    ("AUTO_HEAL_SCHEDULE", "*/5 * * * *"),
    ("AUTO_HEAL_SCHEDULE", "0 */5 * * * 8"),
    ("AUTO_HEAL_SCHEDULE", "0 99 * * * *"),
    ("AUTO_HEAL_SCHEDULE", "0 5-1 * * * *"),
    ("DATAVERSE_CONCURRENCY", "0"),
    ("DATAVERSE_CONCURRENCY", "53"),
    ("DATAVERSE_CONCURRENCY", "ten"),
    ("DATAVERSE_PREFIX", "M"),
    ("OWN_PREFIX", "toolongprefix"),
    ("OWN_PREFIX", "mscrmx"),
    ("DATAVERSE_URL", "http://contoso.crm.dynamics.com"),
    ("DATAVERSE_URL", "https://contoso.crm.dynamics.com/api/data"),
    ("PARTNER_CENTER_API_URL", "ftp://127.0.0.1"),
    ("DATAVERSE_AUTH", "static"),
    ("PARTNER_CENTER_AUTH", "static"),
    ("PARTNER_CENTER_CLIENT_ID", "cosell"),
    ("WEBHOOK_TRUSTED_ROOTS", "/no/such/file.pem"),
    ("WEBHOOK_CERTIFICATE_HOSTS", "https://example.com/"),
    ("AzureWebJobsStorage", "AccountName=only"),
    ("COSELL_DEPLOYMENT", "Ours"),
    ("PUBLIC_URL", "http://contoso.example.com"),
    ("PUBLIC_URL", "contoso.example.com"),
    ("WEBSITE_HOSTNAME", "https://contoso.example.com"),
]


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_a_wrong_setting_is_named_with_its_value_and_what_it_may_be(name: str, text: str) -> None:
    """Each wrong value is one problem under the setting's own name, beside those that it causes."""
    reading = read(RIGHT | {name: text})
    problem = next(problem for problem in reading.problems if problem.name == name)
    assert problem.may_be
    assert reading.settings is None
    assert (text in problem.shown) is (name != "AzureWebJobsStorage")


def test_every_wrong_setting_is_named_at_once() -> None:
    """Nobody has to mend one setting to hear of the next."""
    assert {"DRY_RUN", "MODE", "DATAVERSE_URL", "AzureWebJobsStorage"} <= named(
        {"DRY_RUN": "maybe", "MODE": "production"}
    )


def test_a_secret_is_never_shown() -> None:
    """Neither a problem nor the printed settings hold a secret, not even one inside an address."""
    reading = read(
        SANDBOX
        | {
            "AzureWebJobsStorage": "AccountName=a;Nonsense=hush-1",
            "DATAVERSE_TOKEN": "hush-2",
            "PARTNER_CENTER_CLIENT_SECRET": "hush-3",
            "DATAVERSE_URL": "https://user:hush-4@contoso.crm.dynamics.com",
        }
    )
    assert reading.problems
    assert "hush" not in f"{reading.problems}{[*map(str, reading.problems)]}{reading.best!r}{reading.best}"


def test_static_tokens_are_only_for_this_machine() -> None:
    """A static token is refused for an address that is not loopback, also for one that only looks like it."""
    for host in ("https://contoso.crm.dynamics.com", "https://127.0.0.1.example.com", "https://localhost.example.com"):
        assert "DATAVERSE_AUTH" in named(SANDBOX | {"DATAVERSE_URL": host})
    assert "PARTNER_CENTER_AUTH" in named(SANDBOX | {"PARTNER_CENTER_WEBHOOK_API_URL": "https://example.com"})


def test_identity_based_storage_needs_no_connection_string() -> None:
    """The identity form is enough: an account name, or both services' addresses."""
    without = {name: text for name, text in RIGHT.items() if name != "AzureWebJobsStorage"}
    queues = {"AzureWebJobsStorage__queueServiceUri": "https://contoso.queue.core.windows.net"}
    tables = {"AzureWebJobsStorage__tableServiceUri": "https://contoso.table.core.windows.net"}
    assert named(without | {"AzureWebJobsStorage__accountName": "contoso"}) == set()
    assert named(without | queues | tables) == set()
    assert named(without | queues) == {"AzureWebJobsStorage__tableServiceUri"}


def test_good_tells_storage_and_trust_from_the_rest() -> None:
    """A webhook can tell whether the settings that it needs are right when others are not."""
    reading = read(RIGHT | {"MODE": "production"})
    assert reading.good(STORAGE, TRUST)
    assert not read(RIGHT | {"WEBHOOK_TRUSTED_ROOTS": "/no/such"}).good(STORAGE, TRUST)
    assert reading.best.mode == "test"


def test_a_readable_pem_file_is_a_trusted_root(tmp_path: Path) -> None:
    """A file without a certificate is refused."""
    file = tmp_path / "roots.pem"
    file.write_text("no certificate here", encoding="ascii")
    assert "WEBHOOK_TRUSTED_ROOTS" in named(RIGHT | {"WEBHOOK_TRUSTED_ROOTS": str(file)})


def test_the_policy_says_what_the_settings_say() -> None:
    """Policy carries winner, mode and toggles as the core's own words."""
    policy = read(RIGHT | {"CONFLICT_WINNER": "Partner_Center", "MODE": "LIVE", "SHOW_CHECKMARK": "no"}).need().policy()
    assert (policy.winner, policy.live, policy.show_mark) == (Side.PARTNER, True, False)
    assert policy.forbids(GUID) is None
    tested = read(RIGHT | {"TEST_RECORDS": GUID.upper()}).need().policy()
    assert (tested.forbids(GUID), bool(tested.forbids("another"))) == (None, True)


@pytest.mark.parametrize("change", ["MODE=live", "DRY_RUN=yes", f"TEST_RECORDS={GUID}", "COSELL_ONLY=yes"])
def test_the_fingerprint_changes_with_what_can_forbid_a_write(change: str) -> None:
    """Owed work is looked at again exactly when a forbidding setting changed."""
    before = read(RIGHT).need().policy().fingerprint
    name, _, text = change.partition("=")
    assert read(RIGHT | {name: text}).need().policy().fingerprint != before
    assert read(RIGHT | {"DEFAULT_OWNER": "somebody"}).need().policy().fingerprint == before
