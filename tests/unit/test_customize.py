"""`customize.yaml` as it is read: what it may say, and every fault in it with its line, its key and what it may be."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shared.customize import NONE, Customization, Wrong, customization, faults, json_schema
from shared.customize.document import DEEPEST, LARGEST, MOST_NODES, parsed
from shared.customize.fields import fields_of
from shared.customize.paths import path_of
from shared.customize.referral import OURS, PATHS, WRITABLE
from shared.customize.source import ROOT, file_of, names_file
from shared.customize.template import template_of
from shared.domain import deal
from shared.domain.deal import DEAL, Flow
from shared.domain.values import Side
from shared.settings import read
from tests.unit.test_settings import RIGHT

SCHEMA = ROOT / "docs/customize.schema.json"


def of(yaml: str) -> Customization:
    return customization(f"version: 1\n{yaml}")


def fault(yaml: str) -> str:
    (found,) = faults(f"version: 1\n{yaml}")
    return str(found)


def create(given: str) -> str:
    return f"opportunity:\n  create:\n    new_x: {given}\n"


def pair(rest: str) -> str:
    return f"opportunity:\n  fields:\n    - {{column: new_x, {rest}}}\n"


# --- faults -------------------------------------------------------------------------------------------------------

FAULTS = [
    ("opportunities: {}", "line 2, opportunities", "one of account, contact, countries, lead, opportunity, version"),
    ("opportunity: yes please", "line 2, opportunity", "a mapping with create, fields, status"),
    ("opportunity: {creates: {}}", "line 2, opportunity.creates", "one of create, fields, status"),
    ("opportunity: {create: {New X: 1}}", "line 2, opportunity.create.New X", "logical name"),
    (create("[1, 2]"), "line 4, opportunity.create.new_x", "a mapping with constant, from"),
    (create("{}"), "line 4, opportunity.create.new_x", "exactly one of constant, from, template or lookup"),
    (create("{from: name, template: x}"), "line 4, opportunity.create.new_x", "exactly one of"),
    (create("{constant: a, otherwise: b}"), "line 4, opportunity.create.new_x", "otherwise belongs to"),
    (
        create("{form: name}"),
        "line 4, opportunity.create.new_x.form",
        "one of constant, from, lookup, otherwise, templ",
    ),
    (create("{from: detials.notes}"), "line 4, opportunity.create.new_x.from", "like details.notes"),
    (create("{from: team.email}"), "line 4, opportunity.create.new_x.from", "like team[0].email"),
    (create("{from: details}"), "line 4, opportunity.create.new_x.from", "a path of a referral"),
    (create('{from: "details..notes"}'), "opportunity.create.new_x.from", "names joined by dots"),
    (create('{from: "team[x].email"}'), "opportunity.create.new_x.from", "names joined by dots"),
    (create("{from: [name]}"), "line 4, opportunity.create.new_x.from", "a path into the referral"),
    (create('{template: "{name"}'), "line 4, opportunity.create.new_x.template", "braces are closed"),
    (create('{template: "{name!r}"}'), "line 4, opportunity.create.new_x.template", "names joined by dots"),
    (create('{template: "{name:>100000000}"}'), "line 4, opportunity.create.new_x.template", "names joined by dots"),
    (create('{template: "{details.notes.__class__}"}'), "opportunity.create.new_x.template", "names joined by dots"),
    (create(f"{{template: {'x' * 501}}}"), "line 4, opportunity.create.new_x.template", "up to 500 characters"),
    (
        create("{lookup: {table: new_t, where: {new_c: {from: name, template: x}}}}"),
        "where.new_c",
        "from or template",
    ),
    (create("{lookup: {table: new_t}}"), "line 4, opportunity.create.new_x.lookup", "either id or where"),
    (create("{lookup: {table: new_t, id: 7}}"), "line 4, opportunity.create.new_x.lookup.id", "a GUID"),
    (create("{lookup: {table: New T, where: {new_c: 1}}}"), "create.new_x.lookup.table", "the logical name of a table"),
    (pair("path: details.notes"), "line 4, opportunity.fields[0]", "as details.notes is synchronised already"),
    (pair("path: customerProfile.name"), "line 4, opportunity.fields[0]", "as customerProfile.name is read-only"),
    (pair("path: consent.consentToContact, direction: to_partner_center"), "fields[0]", "is synchronised already"),
    (pair('path: "team[0].title"'), "line 4, opportunity.fields[0]", "synchronised already"),
    (pair('path: "target[0].id"'), "line 4, opportunity.fields[0]", "an element of a list"),
    (pair("path: lastRunId"), "line 4, opportunity.fields[0]", "kept by the product"),
    (pair("path: campaignId, direction: in"), "line 4, opportunity.fields[0].direction", "'both', 'to_dynamics' or"),
    (
        pair("path: campaignId, conflict: crm"),
        "line 4, opportunity.fields[0].conflict",
        "'dynamics' or",
    ),
    (pair("path: campaignId, conflict: dynamics, direction: to_dynamics"), "opportunity.fields[0]", "one way only"),
    (pair("path: campaignId, as: number, length: 5"), "line 4, opportunity.fields[0]", '"as: text"'),
    (pair("path: campaignId, choices: {A: B}"), "line 4, opportunity.fields[0]", '"as: choice"'),
    (pair("path: campaignId, as: choice, choices: {A: C, B: C}"), "opportunity.fields[0]", "each option once"),
    (pair("path: campaignId, as: choice, choices: {A: [1]}"), "fields[0].choices.A", "a label of the choice"),
    (pair("path: campaignId, length: 0"), "line 4, opportunity.fields[0].length", "greater than or equal to 1"),
    (pair("path: campaignId, title: ''"), "line 4, opportunity.fields[0].title", "a title for people"),
    ("opportunity: {fields: [{column: new_x}]}", "line 2, opportunity.fields[0].path", "a path into the referral"),
    (
        "opportunity: {fields: [{column: new_x, path: campaignId}, {column: new_y, path: campaignId}]}",
        "line 2, opportunity",
        "campaignId is twice",
    ),
    ("opportunity: {status: {on_hold: [2], accepted: [2]}}", "line 2, opportunity.status", "not in both"),
    ("opportunity: {status: {closing: {lost: true}}}", "opportunity.status.closing.lost", "a label of the choice"),
    ("account: {match: [name]}", "line 2, account.match[0]", "a mapping with column, columns, domain, id, standard"),
    ("account: {match: [{id: Duns}]}", "line 2, account.match[0]", "name_and_postal_code, or a rule with"),
    ("account: {match: [{id: Duns, column: new_x, domain: websiteurl}]}", "account.match[0]", "a rule with columns"),
    ("countries: {names: {Germany: DEU}}", "line 2, countries.names.Germany", "two-letter country code"),
    ("countries: {lookup: {column: new_x}}", "line 2, countries.lookup.holds", "logical name"),
]


@pytest.mark.parametrize(("yaml", "where", "may_be"), FAULTS, ids=[yaml.split("new_x: ")[-1] for yaml, *_ in FAULTS])
def test_each_fault_is_named_by_line_and_key_with_what_it_may_be(yaml: str, where: str, may_be: str) -> None:
    """Whatever is wrong, it is one sentence that a person can act on."""
    said = fault(yaml)

    assert said.startswith("CUSTOMIZE line ")
    assert where in said.partition(" is ")[0]
    assert may_be in said.partition("; it may be ")[2]


def test_a_wrong_version_is_named() -> None:
    """A file of a later format is not guessed at."""
    (found,) = faults("version: 2\n")
    assert str(found) == 'CUSTOMIZE line 1, version is "2"; it may be 1'


def test_all_faults_are_named_at_once() -> None:
    """Nobody has to mend one line to hear of the next."""
    yaml = "version: 1\nlead: 5\ncontact: 6\nopportunity:\n  create:\n    new_x: {from: a}\n"
    assert sorted(one.line for one in faults(yaml)) == [2, 3, 6]


def test_the_refusal_of_a_way_out_lists_every_writable_path() -> None:
    """Who may not write to one path is told all that may be written to."""
    assert all(path in fault(pair("path: mpnId")) for path in WRITABLE)
    assert [of(pair(f"path: {path}")).wishes.pairs[0].outbound for path in WRITABLE] == [True] * len(WRITABLE)


def test_the_lists_of_paths_fit_together() -> None:
    """What may be written and what is ours are paths of a referral, and no path is both."""
    assert set(WRITABLE) | set(OURS) <= PATHS
    assert set(WRITABLE) & set(OURS) == set()


# --- YAML ---------------------------------------------------------------------------------------------------------

REFUSED = {
    "an alias": "a: &x [1]\nb: *x\n",
    "an anchor": "a: &x 1\n",
    "a bomb": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n",
    "a tag": "a: !!python/object/apply:os.system [ls]\n",
    "a local tag": "a: !include /etc/passwd\n",
    "a tagged key": "!!str a: 1\n",
    "a merge": "<<: {a: 1}\n",
    "a second document": "version: 1\n---\nversion: 1\n",
    "a key twice": "version: 1\nversion: 1\n",
    "a list for a key": "? [a]\n: b\n",
    "too deep": "a: " + "[" * (DEEPEST + 2),
    "too many": "[" + "1," * MOST_NODES + "1]",
    "too large": "#" * (LARGEST + 1),
    "no YAML": "a: b: c\n",
    "half a character": 'a: "\\ud83d"\n',
    "a control": "a: \x07\n",
    "no UTF-8": "base64:" + base64.b64encode(b"version: 1\n# \xff").decode(),
    "no base64": "base64:???",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_what_yaml_has_beyond_plain_values_is_refused(text: str) -> None:
    """Nothing is built of it, it takes no time, and the line is named."""
    start = time.process_time()
    (found,) = faults(text if text.startswith("base64:") else f"{text}\n")

    assert found.line >= 1
    assert len(str(found)) < 500
    assert time.process_time() - start < 2


def test_scalars_are_what_they_look_like() -> None:
    """Numbers are numbers, true and false are truth values, and Norway's code is a text, quoted or not."""
    text = (
        b"a: 7\nb: -1.50\nc: true\nd: NO\ne: 'true'\nf: \"7\"\ng: 2027-01-31\nh: ~\ni: 0x1F\nj: yes\nk: 1e9\nl: 1:30\n"
    )
    content = parsed(text).content

    assert list(content.values()) == [
        *(7, Decimal("-1.50"), True, "NO", "true", "7", "2027-01-31", None, "0x1F", "yes", "1e9", "1:30"),
    ]
    assert of("countries: {names: {Norge: NO}}").wishes.countries.names == {"Norge": "NO"}


def test_yaml_is_imported_only_by_those_who_need_it() -> None:
    """An installation without the setting pays nothing for it at a cold start."""
    script = "import sys, shared.bootstrap, shared.customize as c; c.customization(''); print('yaml' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S603 - our own
    assert run.stdout.strip() == "False"


# --- where it lies ------------------------------------------------------------------------------------------------


def test_it_is_a_path_or_the_text_or_base64_of_it(tmp_path: Path) -> None:
    """Each form of the setting says the same, and an empty one says nothing."""
    text = "version: 1\nlead: {create: {new_x: 1}}\n"
    (tmp_path / "own").mkdir()
    (tmp_path / "own/customize.yaml").write_text(text, encoding="utf-8")
    coded = f"base64:{base64.b64encode(text.encode()).decode()}"
    wishes = [customization(form, tmp_path).wishes for form in ("own/customize.yaml", text, coded)]

    assert wishes == [of("lead: {create: {new_x: 1}}").wishes] * 3
    assert customization("") is NONE
    assert NONE.empty
    assert customization('{"version": 1}').empty


def test_the_administrators_tool_finds_it_where_it_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path counts below the app and below the working folder; the text itself names no file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.yaml").write_text("version: 1\nlead: {create: {new_x: 1}}", encoding="utf-8")

    assert customization("own.yaml").wishes.lead.create["new_x"].constant == 1
    assert file_of("own.yaml") == tmp_path / "own.yaml"
    named = ("own.yaml", "", "version: 1", "base64:dmVyc2lvbjogMQ==", '{"version": 1}')
    assert [names_file(text) for text in named] == [True, False, False, False, False]


@pytest.mark.parametrize(
    "path",
    [
        *("/etc/passwd", "/etc/customize.yaml", "../customize.yaml", "own/../../customize.yaml", "C:\\customize.yaml"),
        *("link.yaml", "folder.yaml", "host.json", "no such.yaml", "file:///etc/customize.yaml", "~/customize.yaml"),
    ],
)
def test_no_path_leads_out_of_the_app(tmp_path: Path, path: str) -> None:
    """A setting reads .yaml files below the app's folder and nothing else, wherever links point to."""
    app = tmp_path / "app"
    (app / "own").mkdir(parents=True)
    (app / "folder.yaml").mkdir()
    (tmp_path / "customize.yaml").write_text("version: 1\nlead: {create: {secret: hush}}", encoding="utf-8")
    (app / "host.json").write_text("{}", encoding="utf-8")
    (app / "link.yaml").symlink_to(tmp_path / "customize.yaml")
    with pytest.raises(Wrong, match="file below the app's folder") as caught:
        customization(path, app)
    assert "hush" not in str(caught.value)


def test_a_setting_names_its_faults_one_by_one() -> None:
    """Each fault is a problem of its own under its line, beside the other settings, and nothing raises."""
    found = read(RIGHT | {"CUSTOMIZE": "version: 1\nlead: 5\ncontact: 6\n", "MODE": "neither"})

    assert {problem.name for problem in found.problems} == {
        "MODE",
        "CUSTOMIZE line 2, lead",
        "CUSTOMIZE line 3, contact",
    }
    assert found.settings is None
    assert read(RIGHT | {"CUSTOMIZE": "version: 1\nlead: {create: {new_x: 1}}"}).problems == ()


PASTED = ["invented-client-secret", "version: 1\nlead: invented-client-secret", "AccountKey=hush"]


@pytest.mark.parametrize("text", PASTED)
def test_a_secret_in_the_wrong_setting_is_not_shown(text: str) -> None:
    """What was pasted here by mistake is not repeated by health."""
    problems = read(RIGHT | {"CUSTOMIZE": text}).problems

    assert problems
    assert not {"invented-client-secret", "hush"} & set(f"{problems}".replace('"', " ").replace("=", " ").split())


# --- values -------------------------------------------------------------------------------------------------------

REFERRAL: dict[str, Any] = {
    "name": "Robots",
    "favorite": True,
    "details": {"Notes": "two\nlines {name}", "dealValue": Decimal("50000.00")},
    "customerProfile": {"team": [{"email": "a@example.com"}, {}], "ids": [{"profileType": "DUNS", "id": "9"}]},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("name", "Robots"),
        ("details.notes", "two\nlines {name}"),
        ("details.dealValue", Decimal("50000.00")),
        ("customerProfile.team[0].email", "a@example.com"),
        ("customerProfile.team[1].email", None),
        ("customerProfile.team[7].email", None),
        ("customerProfile.ids[profileType=Duns].id", "9"),
        ("customerProfile.ids[profileType=External].id", None),
        ("customerProfile.address.city", None),
        ("+details.notes.more", None),
        ("+customerProfile.team", None),
        ("favorite", True),
    ],
)
def test_a_path_leads_to_one_value_or_to_nothing(path: str, value: Any) -> None:
    """Keys in any case, elements by place or by what they hold; whatever is no single value is nothing."""
    assert path_of(path).value(REFERRAL) == value


def test_a_template_is_filled_once() -> None:
    """What is filled in is never read as a template again, braces can be written, and nothing found is nothing."""
    assert template_of("{name}: {details.notes}").filled(REFERRAL) == "Robots: two\nlines {name}"
    assert template_of("{{{name}}} {details.dealValue}").filled(REFERRAL) == "{Robots} 50000"
    assert template_of("In {customerProfile.address.city}").filled(REFERRAL) == ""
    assert template_of("no path").filled(REFERRAL) == "no path"
    assert len(template_of("{name}" * 80).filled({"name": "x" * 100_000})) == 4000


def test_otherwise_stands_in_for_nothing() -> None:
    """A path or template that comes to nothing gives the value beside it, a number or a truth value as well."""
    yaml = create("{from: campaignId, otherwise: 7}") + "    new_y: {template: '{campaignId}', otherwise: true}\n"
    given = of(yaml + "    new_z: {from: favorite}\n").wishes.opportunity.create

    assert [given[f"new_{name}"].value(REFERRAL) for name in "xyz"] == [7, True, True]


def test_pairs_become_fields_of_a_name_space_of_their_own() -> None:
    """After the fields of a deal come those of the file, with direction, owner and title, under names of their own."""
    pairs = pair("path: campaignId, conflict: partner_center, title: Our campaign") + (
        "    - {column: new_y, path: salesStage, direction: to_dynamics}\n"
        "    - {column: new_z, path: quality, direction: to_partner_center}\n"
    )
    fields = fields_of(of(pairs).wishes)
    own = fields[len(DEAL) :]

    assert fields[: len(DEAL)] == DEAL
    assert [(one.name, one.title, one.flow, one.winner) for one in own] == [
        ("x:new_x", "Our campaign", Flow.BOTH, Side.PARTNER),
        ("x:new_y", "new_y", Flow.TO_CRM, None),
        ("x:new_z", "new_z", Flow.TO_PARTNER, None),
    ]
    assert not any(map(deal.is_extra, deal.TITLES))


# --- for editors --------------------------------------------------------------------------------------------------


def test_the_shipped_schema_is_the_codes() -> None:
    """An editor is told what the product takes (write it anew with `python -m tests.unit.test_customize`)."""
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == json.loads(written())
    Draft202012Validator.check_schema(json_schema())


def test_an_editor_likes_what_the_product_likes() -> None:
    """The worked example is right for both, and each of some faults is wrong for both."""
    validator = Draft202012Validator(json_schema())
    assert list(validator.iter_errors(plain(example()))) == []
    assert faults(example()) == ()
    for wrong in ("opportunities: {}", "opportunity: {create: {new_x: [1]}}", pair("path: campaignId, direction: in")):
        assert list(validator.iter_errors(plain(f"version: 1\n{wrong}"))), wrong


def example() -> str:
    """The worked example of the document."""
    text = (ROOT / "docs/customize.md").read_text(encoding="utf-8")
    return text.partition("```yaml\n")[2].partition("```")[0]


def plain(yaml: str) -> Any:
    """As an editor sees it: JSON's own numbers."""
    return json.loads(json.dumps(parsed(yaml.encode()).content, default=float))


def written() -> str:
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(written(), encoding="utf-8")
