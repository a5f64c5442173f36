"""The score endpoint."""

import asyncio
import time
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Request, Response
from starlette.requests import ClientDisconnect

from api.guard import needs
from api.language import language
from api.payload import MAX_BODY, read_request
from api.problems import ProblemError, refusal
from api.schemas import ScoreAnswer, ScoreRequest
from api.scoring import Asked
from api.wiring import Services, services_of
from casework.access import Scope
from casework.audit import Event

JSON: Final = "application/json"
BODY_SECONDS: Final = 10.0
"""A body of 64 KiB that takes longer is not a client of ours."""
IN_FLIGHT: Final = 64
"""Requests that may wait for a thread; more are turned away at once instead of late."""
router = APIRouter(tags=["scores"])
BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": {"$ref": f"#/components/schemas/{ScoreRequest.__name__}"}}},
    }
}


def _posting() -> dict[str, Any]:
    wanted = needs(Scope.SCORE_WRITE)
    return {**wanted, "openapi_extra": {**wanted["openapi_extra"], **BODY}}


async def _body(request: Request) -> bytes:
    """The body, read no further than MAX_BODY. Raises ProblemError 408, 413, 415."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JSON:
        raise refusal(415)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise refusal(415, "a compressed body is not understood")
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > MAX_BODY:
        raise refusal(413, f"at most {MAX_BODY} bytes")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise refusal(413, f"at most {MAX_BODY} bytes")
        parts.append(part)
    return b"".join(parts)


async def _read(request: Request) -> bytes:
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await _body(request)
    except TimeoutError:
        raise refusal(408) from None
    except ClientDisconnect:
        raise refusal(400, "the client went away") from None


async def _in_thread(services: Services, asked: Asked) -> tuple[bytes, str]:
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(services.threads, services.scorer.score, asked)


@router.post("/v1/scores", response_model=ScoreAnswer, **_posting())
async def post_score(
    request: Request,
    idempotency_key: Annotated[str | None, Header(max_length=255, pattern=r"^[\x21-\x7e]+$")] = None,
    accept_language: Annotated[str | None, Header()] = None,
) -> Response:
    """Score an application, store the decision, and add it to the graph unless `options.ingest` is false."""
    arrived = time.monotonic()
    services = services_of(request)
    body = await _read(request)
    wanted = read_request(body)
    asked = Asked(
        request=wanted,
        body=body,
        client_id=request.state.client.id,
        idempotency_key=idempotency_key,
        language=language(accept_language),
        due=arrived + wanted.options.deadline_ms / 1000,
    )
    answer, request.state.mode = await _once(request, services, asked)
    return Response(answer, media_type=JSON)


async def _once(request: Request, services: Services, asked: Asked) -> tuple[bytes, str]:
    """Score, unless too many wait (429) or the same key is being answered at this moment (409)."""
    flying: set[tuple[str, str]] = request.app.state.flying
    mark = (asked.client_id, asked.idempotency_key or f"unnamed-{id(asked)}")
    if mark in flying:
        raise ProblemError(409, "in_flight", "The same key is being answered", headers={"Retry-After": "1"})
    if len(flying) >= IN_FLIGHT:
        raise ProblemError(429, "busy", "Too many requests at once", headers={"Retry-After": "1"})
    flying.add(mark)
    try:
        return await _in_thread(services, asked)
    finally:
        flying.discard(mark)


@router.get("/v1/scores/{score_id}", response_model=ScoreAnswer, **needs(Scope.SCORE_READ))
async def get_score(request: Request, score_id: str) -> Response:
    """A stored decision, byte for byte as it was answered."""
    services = services_of(request)
    answer = services.decisions.get(score_id)
    services.audit.record(request.state.client.id, Event.DECISION_READ, f"decision:{score_id}")
    return Response(answer, media_type=JSON)
