"""What happens around every request: an id, safe headers, one log line, and errors as problems."""

import re
import secrets
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.logs import where
from api.problems import ProblemError, of_error, refusal, render
from graph.errors import RingsightError

REQUEST_ID: Final = "x-request-id"
GIVEN_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
)
log = structlog.get_logger()


class Around:
    """ASGI middleware: names the request, adds headers, writes the access line (route, never path or query)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; lifespan messages pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 500

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *HEADERS, (REQUEST_ID.encode(), request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            _access(scope, status, time.perf_counter() - started)


def _request_id(scope: Scope) -> str:
    given = dict(scope["headers"]).get(REQUEST_ID.encode(), b"").decode("latin-1")
    return given if GIVEN_ID.fullmatch(given) else secrets.token_hex(8)


def _access(scope: Scope, status: int, seconds: float) -> None:
    state = scope["state"]
    client = state.get("client")
    log.info(
        "request",
        request_id=state["request_id"],
        method=scope["method"] if scope["method"] in METHODS else "other",
        route=getattr(scope.get("route"), "path", None),
        status=status,
        milliseconds=round(seconds * 1000, 2),
        client=None if client is None else client.id,
        mode=state.get("mode"),
    )


METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def add_problems(app: FastAPI) -> None:
    """Answer every error by problem+json."""
    handlers: dict[type[Exception], Callable[[Request, Any], Awaitable[Response]]] = {
        ProblemError: _problem,
        RingsightError: _ours,
        HTTPException: _http,
        RequestValidationError: _invalid,
        Exception: _defect,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)


def _id(request: Request) -> str:
    return str(request.scope.get("state", {}).get("request_id", ""))


async def _problem(request: Request, problem: ProblemError) -> Response:
    return render(problem, _id(request))


async def _ours(request: Request, error: RingsightError) -> Response:
    problem = of_error(error)
    if problem.status >= 500:
        log.error("failed", request_id=_id(request), error=type(error).__name__, at=where(error))
    return render(problem, _id(request))


async def _http(request: Request, error: HTTPException) -> Response:
    problem = refusal(error.status_code)
    if error.headers:
        problem.headers |= dict(error.headers)
    return render(problem, _id(request))


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    """Query and path parameters: names are ours, so they may be told; values may not."""
    first = error.errors()[0]
    names = [str(step) for step in first["loc"]]
    return render(refusal(422, f"parameter {names[-1]}: {first['msg']}", code="invalid_parameter"), _id(request))


async def _defect(request: Request, error: Exception) -> Response:
    log.error("defect", request_id=_id(request), error=type(error).__name__, at=where(error))
    return render(refusal(500), _id(request))
