"""What every function needs around it: an answer in JSON, and no cancellation that the worker never hears of."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import azure.functions as func

from shared.platform.doors import Answer

P = ParamSpec("P")
T = TypeVar("T")
# What an administrator is shown stays in no cache, and no browser takes quoted words for a page.
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


class Interrupted(RuntimeError):
    """The function was cancelled: its message is tried again."""


def answered(function: Callable[P, Awaitable[T]]) -> Callable[P, Awaitable[T]]:
    """A CancelledError that escapes a function is never answered by the worker, so it becomes a failure."""

    @wraps(function)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await function(*args, **kwargs)
        except asyncio.CancelledError as error:
            raise Interrupted(function.__name__) from error

    return wrapper


def response(answer: Answer) -> func.HttpResponse:
    body = json.dumps(answer.body)
    return func.HttpResponse(body, status_code=answer.status, headers=HEADERS, mimetype="application/json")
