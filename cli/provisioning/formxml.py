"""A form's XML with a tab of our own, and without it again: everything else stays byte for byte.

The XML is somebody else's: it is read for what it shows, and our tab is put in and cut out as text, so that nothing
of theirs is ever written anew. Structure and control classes: form-xml-schema, and "Customize entity forms".
"""

from __future__ import annotations

import re
import uuid
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from cli.provisioning.wanted import CHOICE, FLAG, MEMO, TEXT, Wanted
from shared.errors import Misconfigured

TAB = "cosell_tab"
TITLE = "Co-sell"
CLASSES = {
    TEXT: "4273EDBD-AC1D-40D3-9FB2-095C621B552D",
    "Url": "71716B6C-711E-476C-8AB8-5D11542BFB47",
    MEMO: "E0DECE4B-6FC8-4A8F-A065-082708572369",
    FLAG: "67FAC785-CD58-4F9F-ABB3-4B7DDC6ED5ED",
    CHOICE: "3EF39988-22BB-4F0B-BBBE-64B5A3748AEE",
}
GRID = "E7A81278-8635-4D9E-8D4D-59480B391C5B"
_OURS = re.compile(rf"<tab\b[^>]*\bname=(['\"]){TAB}\1[^>]*>.*?</tab\s*>", re.DOTALL)
_NAMESPACE = uuid.UUID("5f0c0d0e-3a51-4c53-9a7e-2f6f4c1b7a10")
LARGEST = 4 * 1024 * 1024  # characters; the largest forms that are known have a tenth of it


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A sub-grid: the relationship, the table at its other end, and the view that lists it."""

    relation: str
    table: str
    view: str
    label: str = "Microsoft Partner Center solutions"


@dataclass(frozen=True, kw_only=True)
class Content:
    """What the tab shows; `language` is that of its labels."""

    fields: tuple[Wanted, ...]
    grid: Grid | None
    language: int


def shown(text: str) -> frozenset[str]:
    """Names of the columns that the form shows, and `grid:` with the relationship of each sub-grid."""
    found = set()
    for control in _parsed(text).iter("control"):
        found.add(control.get("datafieldname", ""))
        found.add(f"grid:{control.findtext('parameters/RelationshipName', '')}")
    return frozenset(found)


def with_tab(text: str, form: str, content: Content) -> str:
    """The form with what it does not show yet in our tab; `form` is its id, of which the ids in it are made."""
    missing = _missing(text, content)
    if not missing.fields and missing.grid is None:
        return text
    ours = _OURS.search(text)
    if ours is None:
        return _put(text, "</tabs>", _tab(form, missing), before=len(text))
    section = _section(form, f"{len(ours.group())}", missing)
    return _put(text, "</sections>", section, before=ours.end())


def without_tab(text: str) -> str:
    _parsed(text)
    return _OURS.sub("", text)


def has_tab(text: str) -> bool:
    _parsed(text)
    return _OURS.search(text) is not None


def _missing(text: str, content: Content) -> Content:
    there = shown(text)
    fields = tuple(each for each in content.fields if each.name not in there)
    grid = content.grid if content.grid and f"grid:{content.grid.relation}" not in there else None
    return Content(fields=fields, grid=grid, language=content.language)


def _parsed(text: str) -> ET.Element:
    """Refused where it declares a type of its own, and with it entities that could grow without end."""
    if len(text) > LARGEST or "<!" in text.replace("<![CDATA[", "").replace("<!--", ""):
        raise Misconfigured(("a form's XML is too large, or declares what no form has: it was not read",))
    try:
        return ET.fromstring(text)  # noqa: S314  no declarations are left in it
    except ET.ParseError as error:
        raise Misconfigured((f"a form's XML cannot be read ({error})",)) from error


def _put(text: str, end: str, part: str, *, before: int) -> str:
    """The part in front of the last such end tag, and a proof that the result is the form plus this part."""
    at = text.rfind(end, 0, before)
    made = text[:at] + part + text[at:]
    if at < 0 or len(list(_parsed(made).iter())) != len(list(_parsed(text).iter())) + part.count("<") - part.count(
        "</"
    ):
        raise Misconfigured(("a form has no place for a tab: add the fields to it by hand",))
    return made


def _tab(form: str, content: Content) -> str:
    return (
        f'<tab verticallayout="true" id="{_id(form, "tab")}" IsUserDefined="1" name="{TAB}" expanded="true" '
        f'showlabel="true">{_labels(TITLE, content.language)}<columns><column width="100%"><sections>'
        f"{_section(form, 'first', content)}</sections></column></columns></tab>"
    )


def _section(form: str, which: str, content: Content) -> str:
    cells = [_field(form, each, content.language) for each in content.fields]
    cells += [_grid(form, content.grid, content.language)] if content.grid else []
    rows = "".join(f"<row>{cell}</row>" for cell in cells)
    return (
        f'<section showlabel="false" showbar="false" id="{_id(form, "section", which)}" IsUserDefined="1" '
        f'columns="1" name="{TAB}_{_plain(which)}">{_labels(TITLE, content.language)}<rows>{rows}</rows></section>'
    )


def _field(form: str, wanted: Wanted, language: int) -> str:
    name, tall = quoteattr(wanted.name), ' rowspan="4"' if wanted.type == MEMO else ""
    kind = CLASSES[wanted.format if wanted.format == "Url" and wanted.type == TEXT else wanted.type]
    disabled = "true" if wanted.read_only else "false"
    return _cell(form, wanted.name, tall, wanted.label, language)(
        f'<control id={name} classid="{{{kind}}}" datafieldname={name} disabled="{disabled}" />'
    )


def _grid(form: str, grid: Grid, language: int) -> str:
    values = {
        "ViewId": f"{{{grid.view}}}",
        "IsUserView": "false",
        "RelationshipName": grid.relation,
        "TargetEntityType": grid.table,
        "AutoExpand": "Fixed",
        "EnableQuickFind": "false",
        "EnableViewPicker": "false",
        "ChartGridMode": "Grid",
        "RecordsPerPage": "10",
    }
    listed = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items())
    return _cell(form, grid.relation, ' rowspan="8"', grid.label, language)(
        f'<control id="{TAB}_solutions" classid="{{{GRID}}}" indicationOfSubgrid="true">'
        f"<parameters>{listed}</parameters></control>"
    )


def _cell(form: str, what: str, tall: str, label: str, language: int) -> Callable[[str], str]:
    head = f'<cell id="{_id(form, "cell", what)}" showlabel="true"{tall}>{_labels(label, language)}'
    return lambda control: f"{head}{control}</cell>"


def _labels(text: str, language: int) -> str:
    return f'<labels><label description={quoteattr(text)} languagecode="{language:d}" /></labels>'


def _id(*parts: Sequence[str] | str) -> str:
    """The same at every run: an id of its own for each part of each form."""
    return f"{{{uuid.uuid5(_NAMESPACE, '/'.join(map(str, parts)))}}}"


def _plain(text: str) -> str:
    return re.sub(r"\W", "", text)
