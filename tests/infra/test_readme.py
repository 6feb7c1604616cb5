"""The page beside the templates says what they make and take."""

from __future__ import annotations

import re

from tests.infra.bicep import Value
from tests.infra.template import FOLDER, read
from tests.infra.test_flows import SWITCHES
from tests.infra.test_setting_list import GIVEN, camel

PAGE = (FOLDER / "README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| .+ \|$", re.MULTILINE)
SWITCH = re.compile(r"`(\w+Enabled)`")


def shown(default: Value) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{str(default).strip(chr(39))}`" if default not in ("", (), {}) else "*empty*"


def test_every_parameter_that_is_no_setting_is_in_the_table() -> None:
    """With its default; settings and switches follow from their names."""
    switches = {str(value).split(" ")[0] for value in SWITCHES.values()}
    others = read("main.bicep").parameters.keys() - set(map(camel, GIVEN)) - switches
    parameters = {name: read("main.bicep").parameters[name] for name in others}
    expected = {name: "*required*" if one.required else shown(one.default) for name, one in parameters.items()}
    assert dict(ROW.findall(PAGE)) == expected


def test_every_switch_is_named() -> None:
    """The parameters that switch a flow off, and the one of the alerts."""
    switches = {str(value).split(" ")[0] for value in SWITCHES.values()}
    assert set(SWITCH.findall(PAGE)) == switches | {"alertsEnabled"}


def test_every_module_is_named() -> None:
    """A file that is added is told what it makes."""
    named = set(re.findall(r"`(modules/\w+\.bicep)`", PAGE))
    assert named == {f"modules/{path.name}" for path in (FOLDER / "modules").glob("*.bicep")}
