"""The doctor's judgements: where a clock, a token's age, a root or a token's own words become a warning."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from azure.core.exceptions import ClientAuthenticationError
from cryptography.hazmat.primitives.serialization import Encoding
from typer.testing import CliRunner

from cli.app import app
from cli.doctor import both, partner, settings, token_age
from cli.doctor.check import Check
from cli.doctor.claims import Claims, claims_of
from cli.doctor.diagnosis import ALONE, SIGN_IN, inside
from cli.doctor.finding import Area, Finding, State, ok
from cli.work import Tools
from shared.connectors.rest import Answer
from shared.errors import NeedsDecision
from shared.platform.refresh_token import KeyVault, SettingVault
from shared.settings import read
from tests.fakes.store import FakeClock
from tests.unit.certificate_builder import NOW, made

VAULT = {"PARTNER_CENTER_KEY_VAULT_URL": "https://contoso.vault.azure.net"}
GUID = "11111111-2222-4333-8444-555555555555"
SIGNATURE = "the-signature-of-a-token"


def tools(changes: dict[str, str] | None = None, *, at: datetime = NOW, **world: Any) -> Tools:
    """Just what a check asks for."""
    fake = SimpleNamespace(clock=FakeClock(at), **world)
    return cast("Tools", SimpleNamespace(settings=read(changes or {}).best, world=fake, core=None))


# --- clocks -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, State.OK), (60, State.OK), (61, State.WARNING), (-300, State.WARNING), (301, State.FAILED)],
)
def test_a_clock_is_judged_by_how_far_off_it_is(seconds: int, state: State) -> None:
    """A minute is a warning, five are a failure, in either direction."""
    finding = both.judged(NOW, NOW + timedelta(seconds=seconds), "Partner Center")
    assert finding.state is state
    if state is not State.OK:
        assert f"{abs(seconds)} s {'ahead' if seconds > 0 else 'behind'}" in finding.found


@pytest.mark.parametrize("text", ["", "yesterday", "Mon, 02 Mar 2026 09:00:00", "Mon, 99 Mar 99999 09:00:00 GMT"])
def test_an_answer_without_a_date_is_a_warning(text: str) -> None:
    """What names no time with its zone proves nothing."""
    assert both.judged(both._date(text), NOW, "Dynamics 365").state is State.WARNING


async def test_a_slow_read_is_a_warning() -> None:
    """Five seconds for one row are worth a look."""

    async def read_one(_: Tools) -> Answer:
        return Answer(system="s", status=200, headers={})

    ticks = iter([0.0, 1.0, 0.0, 6.5])
    slow = tools(tick=lambda: next(ticks))
    assert (await both._timed(slow, "s", read_one)).state is State.OK
    finding = await both._timed(slow, "s", read_one)
    assert (finding.state, finding.found) == (State.WARNING, "one read took 6.50 s")


# --- the refresh token ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "state"), [(0, State.OK), (59, State.OK), (60, State.WARNING), (89, State.WARNING), (90, State.FAILED)]
)
def test_a_refresh_token_ages(days: int, state: State) -> None:
    """It dies after 90 days, and is warned of from 60 on."""
    assert token_age.judged(NOW - timedelta(days=days), NOW).state is state


@dataclass
class Dated(SettingVault):
    """A vault that knows when, or refuses to say."""

    _token: str = "invented"
    when: datetime | None = None
    refuses: bool = False
    closed: bool = False

    async def written(self) -> datetime | None:
        if self.refuses:
            raise ClientAuthenticationError("AADSTS7000222: expired")
        return self.when

    async def close(self) -> None:
        self.closed = True


async def test_the_vault_is_asked_when_the_token_was_stored() -> None:
    """Its age is that of the secret's present version, and the vault is closed again."""
    vault = Dated(when=NOW - timedelta(days=70))
    finding = await token_age.age(tools(VAULT), opened=lambda _: vault)
    assert isinstance(finding, Finding)
    assert (finding.state, "70 days" in finding.found, vault.closed) == (State.WARNING, True, True)


async def test_a_vault_that_refuses_is_a_finding() -> None:
    """A foreign refusal becomes a line with what to do, and nobody's secret."""
    check = Check(area=Area.PARTNER, name="t", look=lambda t: token_age.age(t, opened=lambda _: Dated(refuses=True)))
    (line,) = await check.lines(tools(VAULT))
    assert (line.finding.state, line.finding.unreachable) == (State.FAILED, True)
    assert "AADSTS7000222" in line.finding.found


@pytest.mark.parametrize(
    ("changes", "state"),
    [({"PARTNER_CENTER_AUTH": "static"}, State.OK), ({"PARTNER_CENTER_REFRESH_TOKEN": "invented"}, State.WARNING)],
)
async def test_without_a_vault_there_is_no_age(changes: dict[str, str], state: State) -> None:
    """The sandbox has no refresh token; one in a setting is not renewed by anybody."""
    finding = await token_age.age(tools(changes))
    assert isinstance(finding, Finding)
    assert finding.state is state


async def test_a_vault_that_knows_no_time_is_a_warning() -> None:
    """No date is not a young token."""
    finding = await token_age.age(tools(VAULT), opened=lambda _: SettingVault("invented"))
    assert isinstance(finding, Finding)
    assert finding.state is State.WARNING


async def test_key_vault_tells_when_the_secrets_version_was_made() -> None:
    """The age is read from the same version as the token, which itself stays where it is."""

    class Secrets:
        async def get_secret(self, name: str) -> object:
            return SimpleNamespace(value="invented", properties=SimpleNamespace(created_on=NOW, name=name))

    vault = KeyVault(url="https://contoso.vault.azure.net", name="n", credential=lambda: cast("Any", None))
    vault._client = cast("Any", Secrets())
    assert await vault.written() == NOW
    assert await vault.read() == "invented"


# --- roots ------------------------------------------------------------------------------------------------------------


async def test_expired_roots_believe_nobody(tmp_path: Path) -> None:
    """Roots of which none is valid any more would refuse every event, and the setting is named."""
    file = tmp_path / "roots.pem"
    file.write_bytes(made("Root", "Root", ca=True, signs=True).public_bytes(Encoding.PEM))
    setting = {"WEBHOOK_TRUSTED_ROOTS": str(file)}
    well = await settings.trust(tools(setting))
    late = await settings.trust(tools(setting, at=NOW + timedelta(days=1000)))
    assert isinstance(well, Finding)
    assert isinstance(late, Finding)
    assert (well.state, late.state) == (State.OK, State.FAILED)
    assert "WEBHOOK_TRUSTED_ROOTS" in late.do


async def test_the_systems_own_roots_load() -> None:
    """Without the setting this machine's roots are what is believed."""
    finding = await settings.trust(tools(at=datetime.now(UTC)))
    assert isinstance(finding, Finding)
    assert "root certificates of this system" in finding.found


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"MODE": "live"}, "MODE=live: every deal is written"),
        ({"TEST_RECORDS": GUID}, "MODE=test: only the records in TEST_RECORDS are written (1)"),
        ({"MODE": "live", "DRY_RUN": "true"}, "MODE=live, DRY_RUN=true: nothing is written"),
    ],
)
def test_the_mode_is_told(changes: dict[str, str], words: str) -> None:
    """Whoever reads the report knows under which settings anything would be written."""
    assert settings.mode_of(read(changes).best) == words


# --- whose token ------------------------------------------------------------------------------------------------------


def token(**claims: object) -> str:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJub25lIn0.{body}.{SIGNATURE}"


def test_a_token_says_whose_it_is() -> None:
    """A person is told from an application, and nothing of the token itself is shown."""
    person = claims_of(token(tid=GUID, upn="dana@example.com", scp="user_impersonation", aud="https://a.example.com"))
    application = claims_of(token(tid=GUID, appid="app-1", idtyp="app", oid="o"))
    assert str(person) == f"dana@example.com of tenant {GUID}"
    assert (str(application), application.application_only) == (f"the application app-1 of tenant {GUID}", True)
    assert SIGNATURE not in repr(person) + str(person)


@pytest.mark.parametrize("text", ["", "opaque", "a.b.c", "a.W10.c", "a.ew.c", "..", "a.%.c"])
def test_what_is_no_token_says_nothing(text: str) -> None:
    """An opaque or broken token is nobody's, and no error."""
    assert claims_of(text) == Claims()


async def test_an_application_is_not_let_into_referrals() -> None:
    """Referrals need a signed-in user, which the token itself tells before anybody is asked."""

    class AppOnly:
        async def get(self, scope: str, *, fresh: bool = False) -> str:
            assert scope
            assert not fresh
            return token(tid=GUID, idtyp="app", appid="app-1")

    finding = await partner.sign_in(tools(partner_tokens=AppOnly()))
    assert isinstance(finding, Finding)
    assert (finding.state, "Referrals admin" in finding.do) == (State.FAILED, True)


def test_an_address_is_shown_without_its_key() -> None:
    """A webhook's address may carry a function key: its host is all that is said of it."""
    assert partner.host_of("https://user:pw@app.example.com/api/dynamics/events?code=invented") == "app.example.com"
    assert partner.host_of("https://[broken") == "an address that cannot be read"
    assert partner.host_of("nothing") == "an address without a host"


# --- a check ----------------------------------------------------------------------------------------------------------


async def test_whatever_is_raised_on_purpose_is_a_finding() -> None:
    """Our own errors become lines with their words; a refusal of access counts as not reached."""

    async def refused(_: Tools) -> Finding:
        raise NeedsDecision("two answers", advice="choose")

    (line,) = await Check(area=Area.BOTH, name="x", look=refused).lines(tools())
    assert (line.finding.state, line.finding.found) == (State.FAILED, "two answers. choose")
    assert not line.finding.unreachable


async def test_a_check_that_finds_something_else_than_it_should_is_a_bug() -> None:
    """An error that nobody meant is not hidden behind a line."""

    async def broken(_: Tools) -> Finding:
        raise KeyError("no such thing")

    with pytest.raises(KeyError):
        await Check(area=Area.BOTH, name="x", look=broken).lines(tools())


async def test_several_findings_are_several_lines() -> None:
    """One check may find more than one thing."""

    async def both_well(_: Tools) -> tuple[Finding, ...]:
        return (ok("a", about="one"), ok("b", about="two"))

    lines = await Check(area=Area.BOTH, name="x", look=both_well).lines(tools())
    assert [line.cells[1] for line in lines] == ["x: one", "x: two"]


def test_wrong_settings_are_named_and_nothing_is_asked(tmp_path: Path) -> None:
    """Exit code 2, with each wrong setting and what it may be; no other check is made."""
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"MODE": "Live!", "DATAVERSE_URL": "http://contoso.example.com"}))
    done = CliRunner().invoke(app, ["--settings", str(file), "--json", "doctor"])
    checks = json.loads(done.stdout)["checks"]
    assert done.exit_code == 2
    assert {"MODE", "DATAVERSE_URL", "AzureWebJobsStorage"} <= {one["check"] for one in checks}
    assert {one["state"] for one in checks} == {"failed"}
    assert all(one["do"].startswith("it may be") for one in checks)


def test_the_page_names_every_check() -> None:
    """An administrator finds each line of the table explained."""
    page = (Path(__file__).parents[2] / "docs/commands.md").read_text(encoding="utf-8")
    checks = [*ALONE, *SIGN_IN, *inside("")]
    assert [check.name for check in checks if not re.search(rf"^\|.*\b{check.name}\b.*\|$", page, re.MULTILINE)] == []
