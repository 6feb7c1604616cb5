"""A tested set-up carried to another installation, and links put back: what goes, what never goes, what is refused."""

from __future__ import annotations

import json
import os
import stat
import tracemalloc
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from cli.carrying.file import head_text, link_text, opened
from cli.carrying.restoring import restore
from cli.carrying.settings import PLACE_ENDS, carried
from cli.carrying.setup import customised, setup_here
from cli.commands.export import exported
from cli.commands.importing import Wanted, taken
from cli.settings import loaded
from shared.domain.link import Link
from shared.domain.outcome import Kind
from shared.errors import Misconfigured, NeedsDecision
from shared.ports import LinkMoved
from shared.settings import Settings, read
from tests.fakes.store import FakeLinks
from tests.integration.asking import session, world_of
from tests.integration.bench import Bench, linked_inbound, linked_outbound

CANARY = "C4n4ry-0f-a-s3cret"
TESTED = {"SHOW_CHECKMARK": "false", "CONFLICT_WINNER": "partner_center", "AUTO_HEAL_SCHEDULE": "0 */7 * * * *"}


async def export(bench: Bench, file: Path, settings: Mapping[str, str] | None = None, *, links: bool = False) -> str:
    at = session(bench, settings)
    assert await exported(at.asked, file, links=links) == 0
    return at.shown


async def take(bench: Bench, file: Path, settings: dict[str, str] | None = None, **wanted: Any) -> tuple[int, str]:
    at = session(bench, settings)
    return await taken(at.asked, Wanted(file=file, **wanted)), at.shown


def edited(file: Path, edit: Callable[[dict[str, Any]], None]) -> None:
    """The head of an export, changed by hand."""
    head = json.loads(file.read_text(encoding="utf-8"))
    edit(head)
    file.write_text(json.dumps(head, indent=2), encoding="utf-8")


# --- the set-up -------------------------------------------------------------------------------------------------------


async def test_a_tested_set_up_is_taken_over(bench: Bench, tmp_path: Path) -> None:
    """What differs is shown and written in a form that az takes, and read back it is the tested behaviour."""
    file, out = tmp_path / "setup.json", tmp_path / "settings.json"
    await export(bench, file, TESTED)
    code, shown = await take(bench, file, settings_out=out)
    assert code == 0
    assert "partner_center" in shown
    assert f"--settings @{out}" in shown
    listed = json.loads(out.read_text(encoding="utf-8"))
    assert {tuple(each) for each in listed} == {("name", "value", "slotSetting")}
    tested = read({**bench.base, **TESTED}).need()
    applied = {**bench.base, **{each["name"]: each["value"] for each in listed}}
    assert carried(read(applied).need()) == carried(tested)
    assert {each["name"] for each in listed} == set(TESTED)
    assert loaded(out).best.conflict_winner == "partner_center"  # our own tools read that form too


async def test_the_same_set_up_says_so(bench: Bench, tmp_path: Path) -> None:
    """Nothing differs, nothing is to be done."""
    file = tmp_path / "setup.json"
    await export(bench, file)
    assert (await take(bench, file)) == (0, "Every setting of the file is as it is here.\n")


def test_where_an_installation_is_stays_there() -> None:
    """No address, identity, trust or permission to write is carried: each environment has its own."""
    settings = read({"MODE": "live", "TEST_RECORDS": "", "DRY_RUN": "true"}).best
    names = set(carried(settings))
    assert names & {"MODE", "TEST_RECORDS", "DRY_RUN", "COSELL_DEPLOYMENT", "DATAVERSE_URL", "DATAVERSE_AUTH"} == set()
    assert [name for name in names if name.lower().endswith(PLACE_ENDS)] == []
    assert [name for name in names if name.startswith(("PARTNER_CENTER_", "WEBHOOK_", "AzureWebJobs", "AZURE_"))] == []
    assert names >= {"DEAL_VALUE_FIELD", "CONFLICT_WINNER", "DEFAULT_OWNER", "DATAVERSE_PREFIX", "COSELL_ONLY"}


async def test_no_secret_is_ever_in_an_export(bench: Bench, tmp_path: Path) -> None:
    """With every secret of the settings set to a canary, the canary is nowhere in the file, links included."""
    hidden = {
        field.alias or name.upper(): f"{CANARY}-{name}"
        for name, field in Settings.model_fields.items()
        if isinstance(field.default, SecretStr)
    }
    hidden["AzureWebJobsStorage"] = f"DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey={CANARY}"
    await linked_outbound(bench)
    file = tmp_path / "setup.json"
    shown = await export(bench, file, hidden, links=True)
    assert len(hidden) >= 6
    assert CANARY not in file.read_text(encoding="utf-8") + shown


async def test_a_secret_in_the_wrong_place_stops_the_export(bench: Bench, tmp_path: Path) -> None:
    """Somebody pasted a secret into another setting: nothing is written, and the value is not repeated."""
    file = tmp_path / "setup.json"
    at = session(bench, {"DATAVERSE_CLIENT_SECRET": CANARY, "DEFAULT_OWNER": f"x{CANARY}"})
    with pytest.raises(Misconfigured, match="DATAVERSE_CLIENT_SECRET") as caught:
        await exported(at.asked, file, links=False)
    assert CANARY not in str(caught.value)
    assert list(tmp_path.glob("*setup*")) == []


async def test_the_customisation_goes_along(bench: Bench, tmp_path: Path) -> None:
    """The file is carried as it is, and written out where somebody asks for it."""
    source, file, out = tmp_path / "customize.yaml", tmp_path / "setup.json", tmp_path / "production.yaml"
    source.write_text("fields:\n  - töne\n", encoding="utf-8")
    await exported(session(bench).asked, file, links=False, customize=source)
    assert "--customize-out writes it" in (await take(bench, file))[1]
    await take(bench, file, customize_out=out)
    assert out.read_text(encoding="utf-8") == source.read_text(encoding="utf-8")


def test_what_is_no_text_is_no_customisation(tmp_path: Path) -> None:
    """A missing, binary or enormous file is named."""
    odd, long = tmp_path / "odd.yaml", tmp_path / "long.yaml"
    odd.write_bytes(b"\xff\xfe\x00")
    long.write_bytes(b"a" * 600_000)
    for file in (odd, long, tmp_path / "none.yaml"):
        with pytest.raises(Misconfigured, match=file.name):
            customised(file)


async def test_options_that_this_organisation_lacks_are_named(bench: Bench, tmp_path: Path) -> None:
    """Values of options may differ; one that is not there at all is exit code 1."""
    file = tmp_path / "setup.json"
    await export(bench, file)
    columns = bench.dynamics.state.organization.schema.tables["opportunity"].columns
    intent = columns["msft_customerpurchaseintent"]
    shifted = tuple(replace(option, value=option.value + 7) for option in intent.options)
    columns["msft_customerpurchaseintent"] = replace(intent, options=shifted)
    assert (await take(bench, file))[0] == 0
    columns["msft_customerpurchaseintent"] = replace(intent, options=shifted[:2])
    code, shown = await take(bench, file)
    assert (code, "no option for intent: HaveNotDecided" in shown) == (1, True)


async def test_a_new_installation_need_not_be_set_up_yet(bench: Bench, tmp_path: Path) -> None:
    """Settings are compared while others are missing, and without asking anybody."""
    file = tmp_path / "setup.json"
    await export(bench, file, TESTED)
    bench.calls.clear()
    code, shown = await take(bench, file, {"DATAVERSE_URL": "", "PARTNER_CENTER_TOKEN": ""})
    assert (code, bench.calls) == (0, [])
    assert "CONFLICT_WINNER" in shown
    assert "not right yet" in shown


async def test_a_document_for_a_program(bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --json both commands print one document each."""
    file = tmp_path / "setup.json"
    at = session(bench, TESTED, json=True)
    await exported(at.asked, file, links=True)
    assert json.loads(capsys.readouterr().out)["links"] == 0
    await taken(session(bench, json=True).asked, Wanted(file=file, links=True))
    found = json.loads(capsys.readouterr().out)
    assert ({one["name"] for one in found["settings"]}, found["links"]["made"]) == (set(TESTED), 0)


# --- what is refused --------------------------------------------------------------------------------------------------


def _mode(head: dict[str, Any]) -> None:
    head["settings"]["MODE"] = "live"


def _secret(head: dict[str, Any]) -> None:
    head["settings"]["DATAVERSE_CLIENT_SECRET"] = CANARY


def _wrong(head: dict[str, Any]) -> None:
    head["settings"]["CONFLICT_WINNER"] = "nobody"


def _reference(head: dict[str, Any]) -> None:
    head["settings"]["DEFAULT_OWNER"] = "@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/x)"


def _newer(head: dict[str, Any]) -> None:
    head["schema"] = 2


def _other(head: dict[str, Any]) -> None:
    head["format"] = "coffee"


def _many(head: dict[str, Any]) -> None:
    head["settings"] = {f"S{number}": "" for number in range(1000)}


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (_mode, "never carries MODE"),
        (_secret, "never carries DATAVERSE_CLIENT_SECRET"),
        (_wrong, "CONFLICT_WINNER"),
        (_reference, "DEFAULT_OWNER"),
        (_newer, "a newer release"),
        (_other, "no file that `cosell export` wrote"),
        (_many, "settings"),
    ],
)
async def test_what_no_export_of_ours_holds_is_refused(
    bench: Bench, tmp_path: Path, edit: Callable[[dict[str, Any]], None], words: str
) -> None:
    """A file from elsewhere, of a newer release, or changed by hand into what would switch writing on."""
    file = tmp_path / "setup.json"
    await export(bench, file)
    edited(file, edit)
    with pytest.raises(Misconfigured, match=words):
        await take(bench, file, settings_out=tmp_path / "settings.json")
    assert not (tmp_path / "settings.json").exists()


async def test_a_setting_of_another_release_is_left_out_and_named(bench: Bench, tmp_path: Path) -> None:
    """What this release would pass over silently is said."""
    file = tmp_path / "setup.json"
    await export(bench, file)
    edited(file, lambda head: head["settings"].update(NEWER_SWITCH="yes"))
    assert "NEWER_SWITCH" in (await take(bench, file))[1]


async def test_files_are_not_overwritten_unasked(bench: Bench, tmp_path: Path) -> None:
    """A file that is there needs --force; what is written is for its owner alone and never half there."""
    file = tmp_path / "setup.json"
    file.write_text("precious", encoding="utf-8")
    with pytest.raises(Misconfigured, match="--force"):
        await export(bench, file)
    assert file.read_text(encoding="utf-8") == "precious"
    await exported(session(bench).asked, file, links=False, force=True)
    assert [each.name for each in tmp_path.iterdir() if "setup" in each.name] == ["setup.json"]
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(Misconfigured, match="cannot be written"):
        await export(bench, tmp_path / "nowhere" / "setup.json")


# --- links ------------------------------------------------------------------------------------------------------------


async def backed_up(bench: Bench, file: Path) -> dict[str, Link]:
    """Two deals in step, and their links in a file."""
    await linked_outbound(bench)
    await linked_inbound(bench)
    await export(bench, file, links=True)
    return dict(bench.links.rows)


def untagged(links: dict[str, Link]) -> dict[str, Link]:
    return {key: replace(link, tag=None) for key, link in links.items()}


async def test_lost_links_are_put_back_as_they_were(bench: Bench, tmp_path: Path) -> None:
    """After a restore every link is what it was, and the next edit merges as if nothing had happened."""
    file = tmp_path / "backup.cosell"
    before = await backed_up(bench, file)
    bench.links.rows.clear()
    code, shown = await take(bench, file, links=True)
    assert (code, "2 links made" in shown) == (0, True)
    assert untagged(bench.links.rows) == untagged(before)
    key = next(iter(before))
    await bench.people.edit_opportunity(key, description="Edited after the restore")
    outcomes = await bench.settle()
    assert outcomes[0].kind is Kind.DONE
    referral = await bench.people.read_referral(str(before[key].partner))
    assert referral["details"]["notes"] == "Edited after the restore"


async def test_links_that_are_stored_otherwise_are_not_overwritten_unasked(bench: Bench, tmp_path: Path) -> None:
    """One that moved on keeps the whole file out, until --force; what is the same is left alone."""
    file = tmp_path / "backup.cosell"
    before = await backed_up(bench, file)
    key = next(iter(before))
    await bench.links.save(replace(before[key], tries=9))
    bench.links.rows.pop(next(other for other in before if other != key))
    moved = dict(bench.links.rows)
    with pytest.raises(NeedsDecision, match="1 links are stored otherwise") as caught:
        await take(bench, file, links=True)
    assert key in str(caught.value)
    assert bench.links.rows == moved
    assert "1 link made, 1 replaced, 0 were so" in (await take(bench, file, links=True, force=True))[1]
    assert "0 links made, 0 replaced, 2 were so" in (await take(bench, file, links=True))[1]
    assert untagged(bench.links.rows) == untagged(before)


@pytest.mark.parametrize("end", [-1, -2, -20, -400])
async def test_a_file_that_is_not_whole_stores_nothing(bench: Bench, tmp_path: Path, end: int) -> None:
    """Everything is read before anything is written: a download that broke off is noticed by its end."""
    file = tmp_path / "backup.cosell"
    await backed_up(bench, file)
    text = file.read_bytes()
    lines = text.splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:end]) if end > -10 else text[:end])
    bench.links.rows.clear()
    with pytest.raises(Misconfigured):
        await take(bench, file, links=True)
    assert bench.links.rows == {}


async def test_links_of_another_organisation_are_refused(bench: Bench, tmp_path: Path) -> None:
    """A staging copy carries the ids of live deals, so its links must never reach the live installation."""
    file = tmp_path / "backup.cosell"
    await backed_up(bench, file)
    text = file.read_text(encoding="utf-8")
    world = bench.cursors.texts["world"]
    file.write_text(text.replace(json.loads(world)["dataverse"], "another-organisation"), encoding="utf-8")
    bench.links.rows.clear()
    with pytest.raises(NeedsDecision, match="another-organisation"):
        await take(bench, file, links=True, force=True)
    assert bench.links.rows == {}


async def test_a_set_up_without_links_restores_none(bench: Bench, tmp_path: Path) -> None:
    """--links on a file that holds none is a mistake to be told."""
    file = tmp_path / "setup.json"
    await export(bench, file)
    with pytest.raises(Misconfigured, match="holds no links"):
        await take(bench, file, links=True)


async def test_a_link_that_somebody_else_stores_meanwhile_is_theirs() -> None:
    """A compare-and-set that fails is said, and the other links are stored."""

    class Raced(FakeLinks):
        async def save(self, link: Link) -> Link:
            if link.key == "a":
                raise LinkMoved("a belongs to another deal")
            return await super().save(link)

    links, file = Raced(), [Link(pair="cosell", key=key, partner=f"r-{key}") for key in ("a", "b")]
    done = await restore(links, lambda: file, force=False)
    assert (done.left, done.made, set(links.rows)) == (["a belongs to another deal"], 1, {"b"})


class Many(FakeLinks):
    """As many links as one likes, like a model: made when they are asked for, and forgotten when they are stored."""

    def __init__(self, model: Link, count: int) -> None:
        super().__init__()
        self.model, self.count = model, count

    async def every(self) -> AsyncIterator[Link]:
        for number in range(self.count):
            yield replace(self.model, key=f"k-{number}", partner=f"r-{number}")

    async def save(self, link: Link) -> Link:
        return link


async def peak_of(bench: Bench, model: Link, count: int, file: Path) -> int:
    """Bytes at most while so many links are exported and put back."""
    at = session(bench)
    world = replace(world_of(bench), links=Many(model, count))
    asked = replace(at.asked, world=lambda _: world)
    bench.calls.clear()
    tracemalloc.start()
    try:
        await exported(asked, file, links=True, force=True)
        assert await taken(asked, Wanted(file=file, links=True)) == 0
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_links_take_no_more_memory_than_a_few(bench: Bench, tmp_path: Path) -> None:
    """They are written and read a line at a time: ten times as many in a file ten times as long take no more."""
    await linked_outbound(bench)
    (model,) = bench.links.rows.values()
    file = tmp_path / "backup.cosell"
    await peak_of(bench, model, 1, file)  # what is made once
    few = await peak_of(bench, model, 100, file)
    many = await peak_of(bench, model, 1000, file)
    assert file.stat().st_size > 900_000
    assert many < few * 1.2


async def test_a_link_is_written_and_read_as_it_is(bench: Bench, tmp_path: Path) -> None:
    """Every field of a link survives but the store's own tag, which is the store's."""
    await linked_outbound(bench)
    (link,) = bench.links.rows.values()
    async with session(bench).asked.tools() as tools:
        setup = await setup_here(tools, links=True, customize=None)
    file = tmp_path / "one"
    file.write_text(head_text(setup) + link_text(link) + '{"end": 1}\n', encoding="utf-8")
    with opened(file) as export:
        assert list(export.links()) == [replace(link, tag=None)]
