"""The simulator's webhooks: registration, event bodies, signatures, certificates and who hears what."""

import base64
import json

import httpx
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from tests.contract.sandbox_partner_center import (
    NOON,
    RECEIVER,
    Sandbox,
    deal,
    invitation,
    replace,
    sandbox,
    shared,
)

LEAF = "pcnotifications-dispatch.microsoft.com"


async def leaf_of(box: Sandbox, request: httpx.Request) -> x509.Certificate:
    answer = await box.client.get(request.headers["x-ms-certificate-url"])
    return x509.load_der_x509_certificate(answer.content)


async def issuers_of(box: Sandbox, leaf: x509.Certificate) -> list[x509.Certificate]:
    access = leaf.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    urls = [
        one.access_location.value for one in access if one.access_method == AuthorityInformationAccessOID.CA_ISSUERS
    ]
    return [x509.load_der_x509_certificate((await box.client.get(url)).content) for url in urls]


def check_chain(box: Sandbox, leaf: x509.Certificate, issuers: list[x509.Certificate]) -> None:
    root = x509.load_pem_x509_certificate(box.app.state.certificates.root_pem)
    verifier = PolicyBuilder().store(Store([root])).time(NOON).build_server_verifier(x509.DNSName(LEAF))
    verifier.verify(leaf, issuers)


def check_signature(leaf: x509.Certificate, token: str, body: bytes) -> None:
    scheme, _, encoded = token.partition(" ")
    assert scheme == "Signature"
    public = leaf.public_key()
    assert isinstance(public, RSAPublicKey)
    public.verify(base64.b64decode(encoded), body, padding.PKCS1v15(), hashes.SHA256())


def organization(name: x509.Name) -> str:
    return str(name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value)


async def test_an_event_is_compact_and_carries_no_data() -> None:
    """The body is compact JSON of five members in the documented order, its date with seven decimals."""
    async with sandbox() as box:
        await box.subscribe()
        own = await box.create(deal())
        await box.delivered()

    uri = f"https://api.partnercenter.microsoft.com/engagements/v1/referrals/{own['id']}"
    expected = (
        f'{{"EventName":"referral-created","ResourceUri":"{uri}","ResourceName":"referral",'
        '"AuditUri":null,"ResourceChangeUtcDate":"2026-11-02T12:00:00.0000000+00:00"}'
    )
    assert box.receiver.requests[0].content.decode() == expected


@pytest.mark.parametrize(("own_header", "name"), [(False, "authorization"), ("true", "x-ms-signature")])
async def test_an_event_is_signed_over_its_raw_body(own_header: object, name: str) -> None:
    """The signature, in the header that was registered for, verifies with the downloaded leaf and no other body."""
    async with sandbox() as box:
        await box.subscribe(SignatureTokenToMsSignatureHeader=own_header)
        await box.create(deal())
        await box.delivered()
        request = box.receiver.requests[0]
        leaf = await leaf_of(box, request)

    check_signature(leaf, request.headers[name], request.content)
    with pytest.raises(InvalidSignature):
        check_signature(leaf, request.headers[name], request.content + b" ")
    assert request.headers["x-ms-signature-algorithm"] == "rsa-sha256"
    assert ("authorization" in request.headers) != ("x-ms-signature" in request.headers)


async def test_the_leafs_chain_is_built_through_aia() -> None:
    """The download is the leaf alone; its issuer, of Microsoft Corporation, lies where AIA says, under the root."""
    async with sandbox() as box:
        await box.subscribe()
        await box.create(deal())
        await box.delivered()
        leaf = await leaf_of(box, box.receiver.requests[0])
        issuers = await issuers_of(box, leaf)
        check_chain(box, leaf, issuers)
        with pytest.raises(VerificationError):
            check_chain(box, leaf, [])

    assert organization(leaf.issuer) == "Microsoft Corporation"


async def test_the_download_may_bundle_the_intermediate() -> None:
    """Switched to a bundle, the same address holds the leaf and its issuer, enough for the chain."""
    async with sandbox() as box:
        await box.switch(certificate="bundle")
        answer = await box.client.get(box.app.state.certificates.url())
        leaf, issuer = x509.load_pem_x509_certificates(answer.content)

        check_chain(box, leaf, [issuer])


@pytest.mark.parametrize("name", ["expired", "wrong-org", "self-signed"])
async def test_bad_certificates_are_there_to_be_refused(name: str) -> None:
    """Each bad certificate signs truly and is bad in exactly the way that its name says."""
    async with sandbox() as box:
        await box.subscribe()
        inbound = await box.inbound()
        await box.delivered()
        await box.control("events", {"event": "referral-updated", "id": inbound["id"], "certificate": name})
        await box.delivered()
        request = box.receiver.requests[-1]
        leaf = await leaf_of(box, request)
        check_signature(leaf, request.headers["authorization"], request.content)
        if name == "wrong-org":
            check_chain(box, leaf, await issuers_of(box, leaf))
        else:
            with pytest.raises(VerificationError):
                check_chain(box, leaf, [] if name == "self-signed" else await issuers_of(box, leaf))

    assert organization(leaf.issuer) == ("Contoso" if name == "wrong-org" else "Microsoft Corporation")
    assert (leaf.not_valid_after_utc < NOON) == (name == "expired")


@pytest.mark.parametrize("mode", ["related", "own"])
async def test_who_hears_what(mode: str) -> None:
    """Own changes are referral-*, Microsoft's are related-referral-* with the related or own id as switched."""
    async with sandbox() as box:
        await box.switch(related_event_id=mode)
        await box.subscribe()
        own = await box.create(shared())
        await box.delivered()
        theirs = await box.create(invitation(own["engagementId"]))
        await box.delivered()
        await box.patch(own["id"], replace(details__notes="ours"))
        await box.delivered()
        answer = {"status": "Active", "substatus": "Accepted", "msxId": "7-EXAMPLE"}
        await box.control(f"engagements/{own['engagementId']}/microsoft", answer)
        await box.delivered()

    named = theirs["id"] if mode == "related" else own["id"]
    assert box.receiver.events() == [
        ("referral-created", own["id"]),
        ("related-referral-created", named),
        ("referral-updated", own["id"]),
        ("related-referral-updated", named),
    ]


async def test_an_event_without_subscription_is_not_sent() -> None:
    """Only the events of the registration are delivered."""
    async with sandbox() as box:
        await box.subscribe(WebhookEvents=["referral-updated"])
        own = await box.create(deal())
        await box.patch(own["id"], replace(details__notes="x"))
        await box.delivered()

    assert box.receiver.events() == [("referral-updated", own["id"])]


async def test_an_event_is_tried_ten_times_with_one_body() -> None:
    """A receiver that fails hears the same signed bytes ten times, and then never again."""
    async with sandbox() as box:
        await box.subscribe()
        box.receiver.statuses = [500] * 20
        await box.create(deal())
        await box.delivered()
        log = await box.client.get("/control/webhooks")

    assert len(box.receiver.requests) == 10
    assert len({request.content for request in box.receiver.requests}) == 1
    assert [entry["attempt"] for entry in log.json()["log"]] == list(range(1, 11))
    assert log.json()["log"][0] | {"url": RECEIVER, "event": "referral-created", "status": 500} == log.json()["log"][0]


async def test_a_lost_event_stays_lost() -> None:
    """With drop at 1 the change happens and nobody hears of it."""
    async with sandbox() as box:
        await box.subscribe()
        await box.control("webhooks", {"drop": 1.0})
        await box.inbound()
        await box.delivered()
        log = (await box.client.get("/control/webhooks")).json()["log"]

    assert box.receiver.requests == []
    assert [entry["status"] for entry in log] == ["dropped"]
    assert json.dumps(log)
