"""Every error as RFC 9457 problem+json, by one table over graph.errors; the rejected value is never repeated."""

from dataclasses import dataclass, field
from typing import Final

import orjson
from starlette.responses import Response

from graph.errors import (
    AccountsDoNotBalance,
    ArtifactError,
    Conflict,
    Forbidden,
    IdempotencyMismatch,
    InputRefused,
    NotFound,
    RingsightError,
    SettingsError,
    StoreError,
    UsageError,
)

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = "2"
"""Seconds after which a caller may try again when the ledger or the store is away."""


@dataclass(frozen=True, slots=True)
class Row:
    """How one kind of error is told: HTTP status, code, title."""

    status: int
    code: str
    title: str


TABLE: Final[tuple[tuple[type[RingsightError], Row], ...]] = (
    (SettingsError, Row(503, "settings", "The service is not set up")),
    (UsageError, Row(400, "bad_request", "The request cannot be understood")),
    (InputRefused, Row(422, "refused", "The request was refused")),
    (NotFound, Row(404, "not_found", "Not found")),
    (IdempotencyMismatch, Row(422, "idempotency_mismatch", "The key came with another body")),
    (Conflict, Row(409, "conflict", "Somebody else was first")),
    (Forbidden, Row(401, "unauthorized", "The key is missing, unknown or expired")),
    (AccountsDoNotBalance, Row(500, "defect", "A defect of ours")),
    (ArtifactError, Row(503, "artifact", "The published sweep cannot be read")),
    (StoreError, Row(503, "unavailable", "A store does not answer")),
    (RingsightError, Row(500, "defect", "A defect of ours")),
)
"""First match wins."""

STATUS_TITLES: Final = {
    400: ("bad_request", "The request cannot be understood"),
    404: ("not_found", "Not found"),
    405: ("method_not_allowed", "The method is not allowed here"),
    408: ("too_slow", "The body took too long to arrive"),
    413: ("too_large", "The body is too large"),
    415: ("unsupported_media_type", "Only application/json is understood"),
    422: ("refused", "The request was refused"),
    500: ("defect", "A defect of ours"),
    503: ("unavailable", "Not available now"),
}


@dataclass(eq=False)
class ProblemError(Exception):
    """An answer that is a problem: raised anywhere below a route. Not frozen: a traceback is set on it."""

    status: int
    code: str
    title: str
    detail: str = ""
    pointer: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


def refusal(status: int, detail: str = "", *, code: str | None = None, pointer: str | None = None) -> ProblemError:
    """A problem of `status` with the usual words."""
    usual, title = STATUS_TITLES.get(status, ("error", "The request failed"))
    headers = {"Connection": "close"} if status in (408, 413) else {}
    return ProblemError(status, code or usual, title, detail, pointer, headers)


def of_error(error: RingsightError) -> ProblemError:
    """The problem that `error` is, by the table. What a fault of ours says stays in the log."""
    row = next(row for kind, row in TABLE if isinstance(error, kind))
    headers: dict[str, str] = {}
    if row.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if row.status == 503:
        headers["Retry-After"] = RETRY_AFTER
    pointer = error.where if isinstance(error, InputRefused) and error.where.startswith("/") else None
    detail = "" if row.status >= 500 else str(error)
    return ProblemError(row.status, row.code, row.title, detail, pointer, headers)


def render(problem: ProblemError, request_id: str) -> Response:
    """The HTTP answer of a problem."""
    body = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "code": problem.code,
        "detail": problem.detail or problem.title,
        "pointer": problem.pointer,
        "request_id": request_id,
    }
    return Response(orjson.dumps(body), problem.status, problem.headers, MEDIA_TYPE)
