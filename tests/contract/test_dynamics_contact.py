"""Setting the contact of an opportunity back to the one that was shared with Microsoft."""

from __future__ import annotations

from shared.domain import deal
from shared.domain.values import Person, group
from tests.contract.dynamics_bench import open_bench, send


async def test_a_contact_is_set_back_to_the_row_that_it_was() -> None:
    """The contact that was shared comes back as the same row, whatever its own data are; no contact is made."""
    async with open_bench() as bench:
        account = (await bench.account())["accountid"]
        shared = await bench.contact(account)
        other = await bench.contact(account, emailaddress1="other@contoso.example", lastname="Other")
        around = {"parentaccountid": f"/accounts({account})", "parentcontactid": f"/contacts({shared['contactid']})"}
        before = await bench.snapshot(**{f"{name}@odata.bind": bound for name, bound in around.items()})
        path = f"opportunities({before.ref.id})"
        await bench.seller("PATCH", path, {"parentcontactid@odata.bind": f"/contacts({other['contactid']})"})
        edited = await bench.gateway.read(before.ref.id)
        assert edited is not None
        assert edited.values[deal.CONTACTS] != before.values[deal.CONTACTS]
        back = Person(email="Jo@contoso.example.com", first_name="Jo", last_name="Doe", phone="another number")
        await send(bench, edited, {deal.CONTACTS: group([back])})
        after = await bench.gateway.read(before.ref.id)

        assert after is not None
        assert after.values[deal.CONTACTS] == before.values[deal.CONTACTS]
