"""`customize.yaml` as anybody may write it, and what a referral may say where such a file wants to know it."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from shared.connectors.answers import encoded
from shared.connectors.dynamics.extras import Extras as Columns
from shared.connectors.dynamics.matching import domain_of, wanted
from shared.connectors.dynamics.schema import Choice, Column, Table
from shared.connectors.dynamics.typed import Typed
from shared.connectors.foreign_json import decoded
from shared.connectors.partner_center.creating import new_deal
from shared.connectors.partner_center.extras import Extras
from shared.connectors.partner_center.mapping import snapshot
from shared.connectors.partner_center.patching import operations
from shared.connectors.partner_center.wire import Referral
from shared.customize import customization
from shared.customize.accounts import STANDARD
from shared.customize.model import Pair
from shared.customize.paths import path_of
from shared.domain.values import Person, digests
from shared.errors import NotMet
from tests.contract import dynamics_bench
from tests.contract.customized import customized
from tests.fuzz.answering import of_dynamics
from tests.fuzz.parser import Parser
from tests.fuzz.recorded import Recorder

FILE = Path(__file__).parents[2] / "docs/customize.md"
OPTIONS = (Choice(value=1, labels=("Ready to buy",)), Choice(value=2, labels=("Later", "Später")))
KINDS = {"text": "String", "choice": "Picklist", "date": "DateTime", "money": "Money", "number": "Integer"}
KINDS["yes_no"] = "Boolean"
COLUMNS = {
    f"new_{kind}": Column(name=f"new_{kind}", type=name, length=20, precision=2, maximum=Decimal(500), choices=OPTIONS)
    for kind, name in KINDS.items()
}
TABLE = Table(name="opportunity", set="opportunities", columns=COLUMNS)
RULES = customization(
    "version: 1\naccount: {match: [{id: Duns, column: new_duns}, {domain: websiteurl}, "
    f"{{columns: {{name: {{from: name}}}}}}, {STANDARD}]}}"
).wishes.account.rules


def _pairs() -> tuple[Pair, ...]:
    """One of each kind, all of the one place that the input fills."""
    lines = [f'    - {{column: new_{kind}, path: "+own.{kind}", as: {kind}}}\n' for kind in KINDS]
    return customization("version: 1\nopportunity:\n  fields:\n" + "".join(lines)).wishes.pairs


def _file(data: bytes) -> object:
    return customization(f"base64:{base64.b64encode(data).decode()}")


def _setting(data: bytes) -> object:
    return customization(data.decode("utf-8", "replace").strip())


def _example() -> str:
    return FILE.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]


def _examples() -> Sequence[bytes]:
    lookup = (
        "version: 1\nopportunity: {create: {new_x: {lookup: {table: a, id: 5f0f3a0e-7a55-4c5c-9a43-2f6d6c1f8f0b}}}}"
    )
    return [_example().encode(), lookup.encode(), b"{version: 1, countries: {names: {Norge: NO, 'a\\b': \"DE\"}}}"]


def _settings() -> Sequence[bytes]:
    return [b"version: 1\nlead: {create: {a: 1}}", b"base64:dmVyc2lvbjogMQ==", b"no/such.yaml", b"../host.yaml"]


def _referral(data: bytes) -> None:
    """What it says is shown, compared, written to either side, looked for, and filled into columns of every kind."""
    try:
        told: Any = decoded(data)
    except ValueError:
        told = data.decode("utf-8", "replace")
    own = told if isinstance(told, dict) else dict.fromkeys(["text"] if isinstance(told, list) else KINDS, told)
    referral = Referral.read({"id": "r-1", "name": "Robots", "own": own})
    extras, columns = Extras(_pairs()), Columns(pairs=_pairs(), table=TABLE)
    record = snapshot(referral, "1", organization="", portal_link="{id}", extras=extras)
    digests(record.values, "salt")
    for name, value in record.values.items():
        _written(columns, name, value)
    other = Referral.read({"id": "r-2", "name": "Robots"})
    encoded(operations(other, record.values, extras=extras))
    draft = dynamics_bench.new_draft(**record.values)
    encoded(new_deal(draft, extras)).encode()
    said = path_of("+own.text").said(referral.plain())
    domain_of(said)
    for rule in RULES:
        wanted(rule, said, said, (Person(email=said),), referral.plain()).filter.encode("utf-8", "surrogatepass")


def _written(columns: Columns, name: str, value: Any) -> None:
    """A column takes it or says in words why not; what it takes is shown again, as often as it is looked at."""
    try:
        body = columns.body(name, value)
        held = dict(columns.held(name, value))
    except NotMet as error:
        str(error).encode()
        return
    encoded(body).encode()
    assert {**held, **{again: shown for known in held for again, shown in columns.held(known, held[known])}} == held


@cache
def _recorded() -> Mapping[str, bytes]:
    """What an organisation with columns of its own says of its tables, by path."""

    async def recorded() -> Mapping[str, bytes]:
        async with customized(_example(), transport=Recorder) as bench:
            await bench.gateway.inspect()
            assert isinstance(bench.transport, Recorder)
            return {name.partition(" ")[2].partition("?")[0]: body for name, body in bench.transport.answers.items()}

    return asyncio.run(recorded())


def _metadata(data: bytes) -> object:
    """As for the metadata without a file: a body for one path, or for all of them."""
    path, _, body = data.partition(b"\n")
    changed = {path.decode("latin-1"): body} if path.startswith(b"/") else {}
    return of_dynamics(
        data,
        lambda gateway: gateway.inspect(),
        answers={**_recorded(), **changed} if changed else {},
        knows=False,
        custom=customization(_example()),
    )


def _described() -> Sequence[bytes]:
    own = ("/ManyToOneRelationships", "new_country')", "LookupAttributeMetadata", "DateTimeAttributeMetadata")
    return [f"{path}\n".encode() + body for path, body in _recorded().items() if path.endswith(own)]


def _constant(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for column in COLUMNS.values():
        for fits in (True, False):
            _typed(Typed(column=column, fits=fits), text)


def _typed(typed: Typed, text: str) -> None:
    try:
        encoded({"value": typed.value(text)}).encode()
    except ValueError as error:
        str(error).encode()


def _told() -> Sequence[bytes]:
    whole = b'{"text": "https://www.contoso.example", "choice": "later", "date": "2027-01-31T12:00:00Z", "money": 1.5, '
    odd = (
        b'{"text": "jo@contoso.example", "choice": 7, "date": "soon", "money": "1e99", "number": true, "yes_no": "no"}'
    )
    return [whole + b'"number": "40", "yes_no": true}', odd, b"[1]", b'"http://[::1"']


PARSERS = (
    Parser(name="customize-file", read=_file, samples=_examples, largest=4096),
    Parser(name="customize-setting", read=_setting, samples=_settings, largest=4096),
    Parser(name="customized-metadata", read=_metadata, samples=_described, largest=2048),
    Parser(name="customized-referral", read=_referral, samples=_told),
    Parser(
        name="customized-column",
        read=_constant,
        samples=lambda: [b"2027-01-31", b"2027-01-31T10:00:00Z", b"7", b"true", b"Later", b"1e400"],
        allowed=(),
    ),
)
