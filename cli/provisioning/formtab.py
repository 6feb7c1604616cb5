"""Our tab as the XML of a form: fields one below the other, and the sub-grid of solutions.

Structure and control classes: form-xml-schema, and "Customize entity forms". Every text that goes in is escaped: labels
and names come from settings and from other people's definitions.
"""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from cli.provisioning.wanted import CHOICE, FLAG, MEMO, TEXT, URL, Wanted

TAB = "cosell_tab"
TITLE = "Co-sell"
CLASSES = {
    TEXT: "4273EDBD-AC1D-40D3-9FB2-095C621B552D",
    URL: "71716B6C-711E-476C-8AB8-5D11542BFB47",
    MEMO: "E0DECE4B-6FC8-4A8F-A065-082708572369",
    FLAG: "67FAC785-CD58-4F9F-ABB3-4B7DDC6ED5ED",
    CHOICE: "3EF39988-22BB-4F0B-BBBE-64B5A3748AEE",
}
GRID = "E7A81278-8635-4D9E-8D4D-59480B391C5B"
_NAMESPACE = uuid.UUID("5f0c0d0e-3a51-4c53-9a7e-2f6f4c1b7a10")


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


@dataclass(frozen=True, kw_only=True)
class Tab:
    """Writes parts for one form; `text` is the form as it stands, in which each id may be only once."""

    form: str
    text: str
    content: Content

    def whole(self) -> str:
        return (
            f'<tab verticallayout="true" id={self._id("tab")} IsUserDefined="1" name="{TAB}" expanded="true" '
            f'showlabel="true">{self._labels(TITLE)}<columns><column width="100%"><sections>{self.section(1)}'
            "</sections></column></columns></tab>"
        )

    def section(self, number: int) -> str:
        """The section of this number with all of the content."""
        cells = [self._field(each) for each in self.content.fields]
        cells += [self._grid(self.content.grid)] if self.content.grid else []
        rows = "".join(f"<row>{cell}</row>" for cell in cells)
        return (
            f'<section showlabel="false" showbar="false" id={self._id(f"section {number}")} IsUserDefined="1" '
            f'columns="1" name="{TAB}_{number:d}">{self._labels(TITLE)}<rows>{rows}</rows></section>'
        )

    def _field(self, wanted: Wanted) -> str:
        kind = CLASSES[URL if wanted.format == URL and wanted.type == TEXT else wanted.type]
        name, disabled = quoteattr(wanted.name), "true" if wanted.read_only else "false"
        control = f'<control id={name} classid="{{{kind}}}" datafieldname={name} disabled="{disabled}" />'
        return self._cell(wanted.name, wanted.label, control, rows=4 if wanted.type == MEMO else 1)

    def _grid(self, grid: Grid) -> str:
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
        control = (
            f'<control id="{TAB}_solutions" classid="{{{GRID}}}" indicationOfSubgrid="true">'
            f"<parameters>{listed}</parameters></control>"
        )
        return self._cell(grid.relation, grid.label, control, rows=8)

    def _cell(self, what: str, label: str, control: str, *, rows: int) -> str:
        head = f'<cell id={self._id(f"cell {what}")} showlabel="true" rowspan="{rows:d}">'
        return f"{head}{self._labels(label)}{control}</cell>"

    def _labels(self, text: str) -> str:
        return f'<labels><label description={quoteattr(text)} languagecode="{self.content.language:d}" /></labels>'

    def _id(self, part: str) -> str:
        """The same at every run, and none that the form has already: a designer may have kept a cell of ours."""
        tried = (str(uuid.uuid5(_NAMESPACE, f"{self.form}/{part}/{number}")) for number in itertools.count())
        return quoteattr(f"{{{next(found for found in tried if found not in self.text.casefold())}}}")
