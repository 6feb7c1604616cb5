"""A form's XML with a tab of our own, and without it again: everything else stays byte for byte.

The XML is somebody else's: it is read for what it shows, and our tab is put in and cut out as text, so that nothing
of theirs is ever written anew.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

from cli.provisioning.formtab import TAB, Content, Tab
from shared.errors import Misconfigured

LARGEST = 4 * 1024 * 1024  # characters; the largest forms that are known have a tenth of it
_OURS = re.compile(rf"<tab\b[^<>]*\bname=(['\"]){TAB}\1[^<>]*>.*?</tab\s*>", re.DOTALL)
_DECLARES = re.compile(r"<!(?!--|\[CDATA\[)")


def shown(text: str) -> frozenset[str]:
    """Names of the columns that the form shows, and `grid:` with the relationship of each sub-grid."""
    found = set()
    for control in _parsed(text).iter("control"):
        found.add(control.get("datafieldname", ""))
        found.add(f"grid:{control.findtext('parameters/RelationshipName', '')}")
    return frozenset(found)


def with_tab(text: str, form: str, content: Content) -> str:
    """The form with what it does not show yet in our tab; `form` is its id, of which the ids in it are made.

    Raises Misconfigured for XML that is no form.
    """
    missing = _missing(text, content)
    if not missing.fields and missing.grid is None:
        return text
    ours, tab = _OURS.search(text), Tab(form=form, text=text, content=missing)
    if ours is None:
        return _put(text, "</tabs>", tab.whole(), before=len(text))
    return _put(text, "</sections>", tab.section(ours.group().count("<section ") + 1), before=ours.end())


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
    return replace(content, fields=fields, grid=grid)


def _parsed(text: str) -> ET.Element:
    """Refused where it declares a type of its own, and with it entities that could grow without end."""
    if len(text) > LARGEST or _DECLARES.search(text):
        raise Misconfigured(("a form's XML is too large, or declares what no form has: it was not read",))
    try:
        return ET.fromstring(text)  # noqa: S314  no declarations are left in it
    except ET.ParseError as error:
        raise Misconfigured((f"a form's XML cannot be read ({error})",)) from error


def _put(text: str, end: str, part: str, *, before: int) -> str:
    """The part in front of the last such end tag, and a proof that the result is the form plus this part."""
    at = text.rfind(end, 0, before)
    made = text[:at] + part + text[at:]
    if at < 0 or _parts(_parsed(made)) != _parts(_parsed(text)) + _parts(_parsed(part)):
        raise Misconfigured(("a form has no place for a tab: add the fields to it by hand",))
    return made


def _parts(element: ET.Element) -> int:
    return sum(1 for _ in element.iter())
