"""Typed switches: what no public source settles about a vendor, played either way on request."""

from collections.abc import Mapping
from dataclasses import dataclass

type_names = {bool: "true or false", int: "a whole number", float: "a number", str: "a text"}

Value = bool | int | float | str


@dataclass(frozen=True)
class Switch:
    """One switch: its value at start and, for choices, every value it may take."""

    default: Value
    choices: tuple[Value, ...] = ()

    def check(self, name: str, value: object) -> Value:
        if self.choices:
            for choice in self.choices:
                if type(choice) is type(value) and choice == value:
                    return choice
            raise ValueError(f"switch {name} is one of {', '.join(map(str, self.choices))}, not {value!r}")
        if isinstance(self.default, float) and type(value) is int:
            return float(value)
        if isinstance(value, (bool, int, float, str)) and type(value) is type(self.default):
            return value
        raise ValueError(f"switch {name} is {type_names[type(self.default)]}, not {value!r}")


def choice(*choices: Value) -> Switch:
    """A switch of a closed set; the first value is the one at start."""
    return Switch(choices[0], choices)


class Switches:
    """`Switches({"next_link": choice("good", "odd"), "list_lag_seconds": Switch(0.0)})`."""

    def __init__(self, table: Mapping[str, Switch]) -> None:
        self._table = dict(table)
        self._values: dict[str, Value] = {}
        self.reset()

    def reset(self) -> None:
        self._values = {name: switch.default for name, switch in self._table.items()}

    def patch(self, changes: Mapping[str, object]) -> None:
        """All or nothing; an unknown name or a value outside its type raises ValueError."""
        unknown = sorted(set(changes) - set(self._table))
        if unknown:
            raise ValueError(f"no such switch: {', '.join(unknown)}; there are {', '.join(sorted(self._table))}")
        self._values |= {name: self._table[name].check(name, value) for name, value in changes.items()}

    def as_dict(self) -> dict[str, Value]:
        return dict(self._values)

    def __getitem__(self, name: str) -> Value:
        return self._values[name]

    def text(self, name: str) -> str:
        return str(self._values[name])

    def number(self, name: str) -> float:
        return float(self._values[name])

    def integer(self, name: str) -> int:
        return int(self._values[name])

    def flag(self, name: str) -> bool:
        return bool(self._values[name])
