"""What Dataverse may answer."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cli.provisioning.formtab import Content
from cli.provisioning.formxml import with_tab, without_tab
from cli.provisioning.wanted import of_lead
from shared.connectors.answers import Answer
from shared.connectors.dynamics import Dynamics
from shared.connectors.dynamics.batch import parts_of
from shared.connectors.dynamics.journal import audit_text, plain_name
from shared.connectors.dynamics.verdicts import VERDICTS
from shared.domain import deal
from shared.domain.lifecycle import Stage
from shared.domain.values import Money, Ref, Solution, Value, frozen
from shared.ports import Change, Listed, Page
from tests.contract import dynamics_bench
from tests.fakes.store import START
from tests.fuzz import carried, recorded
from tests.fuzz.answering import of_dynamics
from tests.fuzz.parser import Parser
from tests.fuzz.partner import named, refused, signalled

IDENT = "11111111-2222-4333-8444-555555555555"
BATCH = "/api/data/v9.2/$batch"


def _read(data: bytes) -> None:
    record = of_dynamics(data, lambda gateway: gateway.read(IDENT))
    if record is not None:
        carried.compared(record)
        carried.to_partner(record)


def _write(data: bytes) -> None:
    carried.compared(of_dynamics(data, lambda gateway: gateway.write(_change({deal.NOTES: "New"}))))


def _currency(data: bytes) -> None:
    values: dict[str, Value] = {deal.AMOUNT: Money(None, "EUR")}
    of_dynamics(data, lambda gateway: gateway.write(_change(values)))


def _batch(data: bytes) -> None:
    """The first line is the content type, as the boundary stands there."""
    kind, _, body = data.partition(b"\n")
    header = kind.decode("latin-1").strip()
    parts_of(Answer(system="Dynamics 365", status=200, headers={"content-type": header}, body=body))
    values: dict[str, Value] = {deal.STAGE: Stage.LOST}
    sent = "".join(filter(str.isprintable, header)).encode("ascii", "ignore").decode()
    carried.compared(of_dynamics(body, lambda gateway: gateway.write(_change(values)), kind=sent))


def _change(values: dict[str, Value]) -> Change:
    return Change(record=recorded.dynamics().record, values=frozen(values), marker="m")


def _create(data: bytes) -> None:
    batch = recorded.dynamics()
    made = {BATCH: batch.batch}
    draft = dynamics_bench.new_draft()
    carried.compared(of_dynamics(data, lambda gateway: gateway.create(draft), kind=batch.batch_kind, answers=made))


def _metadata(data: bytes) -> object:
    """A body for each path; where the whole is no such thing, every path is answered with it."""
    answers = {name.partition(" ")[2].partition("?")[0]: body for name, body in recorded.dynamics().metadata.items()}
    changed = {name: body.encode("utf-8", "surrogatepass") for name, body in _told(data).items()}
    return of_dynamics(
        data, lambda gateway: gateway.inspect(), answers={**answers, **changed} if changed else {}, knows=False
    )


def _told(data: bytes) -> dict[str, str]:
    name, _, body = data.partition(b"\n")
    return {name.decode("latin-1"): body.decode("utf-8", "replace")} if name.startswith(b"/") else {}


def _described() -> Sequence[bytes]:
    answers = recorded.dynamics().metadata.items()
    return [f"{name.partition(' ')[2].partition('?')[0]}\n".encode() + body for name, body in answers]


def _changes(cursor: str | None, data: bytes) -> None:
    async def polled(gateway: Dynamics) -> list[Page]:
        return [page async for page in gateway.changes(cursor)]

    signalled(of_dynamics(data, polled))


def _links() -> str:
    return json.dumps({"opportunity": f"{dynamics_bench.ROOT}opportunities?$deltatoken=1"})


def _walk(data: bytes) -> None:
    async def walked(gateway: Dynamics) -> list[Listed]:
        return [one async for page in gateway.every(before=START, since=START) for one in page]

    named(of_dynamics(data, walked))


def _cursor(data: bytes) -> None:
    _changes(data.decode("utf-8", "replace"), recorded.dynamics().page)


def _pages() -> Sequence[bytes]:
    page = json.loads(recorded.dynamics().page)
    gone = {"id": IDENT, "reason": "deleted", "@odata.context": "$metadata#opportunities/$deletedEntity"}
    more = {**page, "value": [*page["value"], gone], "@odata.nextLink": f"{dynamics_bench.ROOT}opportunities?$skip=1"}
    return [recorded.dynamics().page, json.dumps(more).encode()]


def _rows() -> Sequence[bytes]:
    """As it was read, and with every column that a read may show."""
    row = json.loads(recorded.dynamics().row)
    full = {**row, "opportunity_Teams": [{"teamid": IDENT}], "value": [{"systemuserid": IDENT, "firstname": "Jo"}]}
    return [json.dumps(full).encode(), recorded.dynamics().row]


def _found() -> Sequence[bytes]:
    """One answer that fits every question: a list of one row, and the row itself."""
    currency = {"transactioncurrencyid": IDENT, "isocurrencycode": "EUR", "currencyprecision": 2}
    names = {"name": "Contoso", "address1_postalcode": "98052", "address1_country": "US"}
    row = {"accountid": IDENT, "contactid": IDENT, "systemuserid": IDENT, **currency, **names}
    return [json.dumps({"value": [row], **row}).encode()]


def _library(data: bytes) -> None:
    """The catalogue listed, a file's details compared with it, and the deals that show one."""

    async def listed(gateway: Dynamics) -> None:
        library = await gateway.library()
        library.planned([Solution(id="SOL-1001", name="Insights")], await library.every())
        assert library.names is not None
        for kind in (library.names.row, library.names.detail):
            await gateway.showing(Ref(kind, IDENT))

    of_dynamics(data, listed)


def _details() -> Sequence[bytes]:
    names = {"msft_solutionidentifier": "SOL-1001", "msft_name": "Insights", "msft_type": None}
    row = {"msft_mspartnersolutiondetailid": IDENT, "_msft_opportunityid_value": IDENT, "@odata.etag": 'W/"7"', **names}
    return [json.dumps({"value": [row], **row}).encode()]


def _batches() -> Sequence[bytes]:
    batch = recorded.dynamics()
    return [batch.batch_kind.encode() + b"\n" + batch.batch]


def _audit(data: bytes) -> None:
    """A line and what stands in the column already, half of the input each, cut to every kind of length."""
    text = data.decode("utf-8", "surrogateescape")
    line, before = text[: len(text) // 2], text[len(text) // 2 :]
    for length in (None, 1, 20, 4000):
        shown = audit_text(line, before, now=START, length=length)
        assert length is None or len(shown.encode("utf-16-le", "surrogatepass")) <= 2 * length
    plain_name(text)


def _form(data: bytes) -> None:
    """Somebody else's form: read, given our tab, and rid of it again."""
    text = data.decode("utf-8", "replace")
    made = with_tab(text, IDENT, Content(fields=of_lead("cosell"), grid=None, language=1033))
    without_tab(made)


def _forms() -> Sequence[bytes]:
    place = "<columns><column><sections><section><rows/></section></sections></column></columns>"
    plain = f'<form><tabs><tab id="{{1}}" name="Summary">{place}</tab></tabs></form>'
    return [
        plain.encode(),
        with_tab(plain, IDENT, Content(fields=of_lead("cosell"), grid=None, language=1033)).encode(),
    ]


def _errors() -> Sequence[bytes]:
    return [json.dumps({"error": {"code": code, "message": "No."}}).encode() for code in ("0x80060882", "0x0", "")]


PARSERS = (
    Parser(name="dynamics-row", read=_read, samples=_rows),
    Parser(name="dynamics-write-answer", read=_write, samples=_rows),
    Parser(name="dynamics-lookups", read=_currency, samples=_found),
    Parser(name="dynamics-create-answers", read=_create, samples=lambda: [*_found(), *_rows()]),
    Parser(name="dynamics-batch", read=_batch, samples=_batches),
    Parser(name="dynamics-metadata", read=_metadata, samples=_described, largest=4096),
    Parser(name="dynamics-changes", read=lambda data: _changes(_links(), data), samples=_pages),
    Parser(name="dynamics-baseline", read=lambda data: _changes(None, data), samples=_pages),
    Parser(name="dynamics-cursor", read=_cursor, samples=lambda: [_links().encode()]),
    Parser(name="dynamics-walk", read=_walk, samples=_pages),
    Parser(
        name="dynamics-ping",
        read=lambda data: of_dynamics(data, lambda gateway: gateway.ping()),
        samples=lambda: [json.dumps({"OrganizationId": IDENT, "UserId": IDENT}).encode()],
    ),
    Parser(
        name="dynamics-flows",
        read=lambda data: of_dynamics(data, lambda gateway: gateway.microsoft_flows_active()),
        samples=lambda: [json.dumps({"value": [{"solutionid": IDENT, "name": "Flow"}]}).encode()],
    ),
    Parser(
        name="dynamics-find",
        read=lambda data: of_dynamics(data, lambda gateway: gateway.find("r-1")),
        samples=_pages,
    ),
    Parser(name="dynamics-library", read=_library, samples=lambda: [*_details(), *_pages()]),
    Parser(
        name="audit", read=_audit, samples=lambda: ["Zähler 😀\n2026-01-01 10:00 - before\n".encode() * 9], allowed=()
    ),
    Parser(name="dynamics-form", read=_form, samples=_forms),
    Parser(name="dynamics-errors", read=lambda data: refused(VERDICTS, data), samples=_errors),
)
