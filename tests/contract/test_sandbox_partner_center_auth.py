"""Both hosts' tokens: audiences, delegation, expiry, and the grants of the token endpoint."""

import pytest

from tests.contract.sandbox_partner_center import REFERRALS, WEBHOOKS, Sandbox, sandbox

REFERRALS_SCOPE = "https://api.partner.microsoft.com/.default"
WEBHOOKS_SCOPE = "https://api.partnercenter.microsoft.com/user_impersonation offline_access"
TOKEN = "/oauth/fabrikam.example.com/oauth2/v2.0/token"


async def statuses(box: Sandbox, authorization: str) -> tuple[int, int]:
    headers = {"Authorization": authorization}
    referrals = await box.client.get(REFERRALS, headers=headers)
    webhooks = await box.client.get(f"{WEBHOOKS}/events", headers=headers)
    return referrals.status_code, webhooks.status_code


async def grant(box: Sandbox, **form: str) -> dict[str, str]:
    answer = await box.client.post(TOKEN, data={"client_id": "app", "client_secret": "sandbox-secret"} | form)
    body: dict[str, str] = answer.json()
    return body | {"status": str(answer.status_code)}


@pytest.mark.parametrize(
    ("authorization", "expected"),
    [
        ("Bearer sandbox-user", (200, 200)),
        ("Bearer sandbox-app", (403, 200)),
        ("Bearer sandbox-expired", (401, 401)),
        ("Bearer unknown", (401, 401)),
        ("Basic sandbox-user", (401, 401)),
        ("", (401, 401)),
    ],
)
async def test_fixed_tokens(authorization: str, expected: tuple[int, int]) -> None:
    """Referrals take a signed-in user alone, webhooks an application too, and neither an expired token."""
    async with sandbox() as box:
        assert await statuses(box, authorization) == expected


async def test_each_host_answers_in_its_own_envelope() -> None:
    """A refusal of the Referrals API is an `error` object, one of the webhook API a flat one."""
    async with sandbox("unknown") as box:
        referrals, webhooks = await box.client.get(REFERRALS), await box.client.get(WEBHOOKS)

    assert referrals.json()["error"]["code"] == "unauthenticated"
    assert set(webhooks.json()) == {"code", "description", "data", "source"}


async def test_a_refresh_grant_is_for_one_host_and_brings_the_next_refresh_token() -> None:
    """One refresh token redeems both audiences, each access token opens one host, and both expire."""
    async with sandbox() as box:
        first = await grant(
            box, grant_type="refresh_token", refresh_token="sandbox-refresh-token", scope=REFERRALS_SCOPE
        )
        second = await grant(
            box, grant_type="refresh_token", refresh_token=first["refresh_token"], scope=WEBHOOKS_SCOPE
        )
        before = [await statuses(box, f"Bearer {one['access_token']}") for one in (first, second)]
        await box.control("clock", {"advance": 3600})
        after = await statuses(box, f"Bearer {first['access_token']}")

    assert before == [(200, 401), (401, 200)]
    assert after == (401, 401)


async def test_a_client_credentials_token_is_app_only() -> None:
    """Without a user the referrals are forbidden."""
    async with sandbox() as box:
        granted = await grant(box, grant_type="client_credentials", scope=REFERRALS_SCOPE)

        assert (await statuses(box, f"Bearer {granted['access_token']}"))[0] == 403


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "stolen", "scope": REFERRALS_SCOPE}, "400", "invalid_grant"),
        ({"grant_type": "client_credentials", "client_secret": "wrong"}, "401", "invalid_client"),
        ({"grant_type": "client_credentials", "scope": "https://graph.example.com/.default"}, "400", "invalid_scope"),
        ({"grant_type": "password", "scope": REFERRALS_SCOPE}, "400", "unsupported_grant_type"),
    ],
    ids=str,
)
async def test_the_token_endpoint_refuses_by_oauth_codes(form: dict[str, str], status: str, error: str) -> None:
    """What cannot be granted is answered with OAuth's own error code."""
    async with sandbox() as box:
        answer = await grant(box, **form)

    assert (answer["status"], answer["error"]) == (status, error)


async def test_throttling_has_its_own_odd_body() -> None:
    """An injected 429 carries Retry-After and the documented body that is no error envelope; 503 has the envelope."""
    async with sandbox() as box:
        await box.control("faults", {"status": 429, "retry_after": 57})
        throttled = await box.client.get(REFERRALS)
        await box.control("faults", {"status": 503, "retry_after": 3})
        unavailable = await box.client.get(REFERRALS)

    assert throttled.json() == {"statusCode": 429, "message": "Rate limit is exceeded. Try again in 57 seconds."}
    assert throttled.headers["retry-after"] == "57"
    assert unavailable.json()["error"]["code"] == "serviceNotAvailable"
    assert unavailable.headers["retry-after"] == "3"
