"""The error answers of both hosts: the Referrals API's envelope, its odd 429, and the webhook API's own envelope."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sandbox.partner_center.limits import ThrottledError

CODES = {
    401: "unauthenticated",
    403: "accessDenied",
    404: "itemNotFound",
    409: "resourceModified",
    412: "preconditionFailed",
    500: "generalException",
    503: "serviceNotAvailable",
}
WEBHOOK_PATHS = "/webhooks/"


class ApiError(Exception):
    """An answer of the Referrals or webhook API that is no success; which envelope is decided by the path."""

    def __init__(self, status: int, message: str, *, target: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.target = target


def refused(message: str, target: str | None = None) -> ApiError:
    return ApiError(400, message, target=target)


def stale() -> ApiError:
    return ApiError(412, "stale eTag")


def not_found(referral_id: str) -> ApiError:
    return ApiError(404, f"The referral {referral_id} was not found.", target="referral")


# Word for word as users of the API were answered (github.com/microsoft/Partner-Center-Referrals/issues/4).
STALE_ETAG: dict[str, Any] = {
    "error": {
        "code": "preconditionFailed",
        "message": "A precondition provided in the request (such as an if-match header) does not match the"
        " resource's current state.",
        "target": "ETag",
        "innerError": {
            "code": "99918",
            "message": "One of the specified pre-condition is not met. Etag value did not Match",
            "details": None,
        },
    }
}


def error_body(status: int, message: str, target: str | None = None) -> dict[str, Any]:
    if status == 412:
        return STALE_ETAG
    error: dict[str, Any] = {"code": CODES.get(status, "invalidRequest" if status < 500 else "generalException")}
    # The envelope's message is documented as at most 1024 characters.
    error["message"] = message[:1024]
    if target:
        error["target"] = target
    return {"error": error}


def injected_answer(status: int, retry_after: float | None) -> Response:
    """What a fault answers; 429 comes in the throttling layer's own shape, which is no error envelope."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    if status == 429:
        wait = 57 if retry_after is None else retry_after
        message = f"Rate limit is exceeded. Try again in {wait:g} seconds."
        return JSONResponse({"statusCode": 429, "message": message}, 429, headers)
    return JSONResponse(error_body(status, "The request could not be served."), status, headers)


async def answer_throttled(_: Request, error: Exception) -> Response:
    assert isinstance(error, ThrottledError)  # noqa: S101 - registered for this type alone; narrows it for the type checker
    return injected_answer(429, error.seconds)


async def answer_api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)  # noqa: S101 - registered for this type alone; narrows it for the type checker
    if request.url.path.startswith(WEBHOOK_PATHS):
        body = {"code": str(error.status), "description": error.message, "data": [], "source": "PartnerFD"}
        return JSONResponse(body, error.status)
    return JSONResponse(error_body(error.status, error.message, error.target), error.status)
