"""Default-deny: every route declares its scope, and a request without a fitting key goes no further."""

from collections.abc import Iterable
from typing import Any, Final

from fastapi import Depends, FastAPI, Request
from fastapi.routing import APIRoute

from api.problems import ProblemError
from api.wiring import services_of
from casework.access import Scope, holds
from casework.clients import Client
from graph.errors import Forbidden, SettingsError

PUBLIC: Final = frozenset({"/healthz", "/readyz"})
"""Routes for a load balancer: they tell nothing but yes or no."""
MARK: Final = "x-scope"
LONGEST_KEY: Final = 200


def _presented(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    key = key.strip()
    if scheme.lower() != "bearer" or not key or len(key) > LONGEST_KEY or not key.isascii():
        raise Forbidden("an API key is wanted: Authorization: Bearer rs_live_...")
    return key


def needs(scope: Scope) -> dict[str, Any]:
    """Keywords of a route: the caller's key must hold `scope`. The client is put on request.state.client."""

    async def permitted(request: Request) -> None:
        client: Client = services_of(request).clients.authenticate(_presented(request))
        request.state.client = client
        if not holds(client.scopes, scope):
            raise ProblemError(403, "scope", "The key lacks a scope", f"the scope {scope.value} is needed")

    return {"dependencies": [Depends(permitted)], "openapi_extra": {MARK: scope.value}}


def routes_with_scope(app: FastAPI) -> Iterable[tuple[APIRoute, str | None]]:
    """Every route and the scope it declares; None for the public ones. Raises SettingsError for a route without."""
    for route in app.routes:
        if not isinstance(route, APIRoute):
            raise SettingsError(f"{type(route).__name__} can declare no scope", remedy="give the app plain routes")
        scope = (route.openapi_extra or {}).get(MARK)
        if scope is None and route.path not in PUBLIC:
            raise SettingsError(f"route {route.path} declares no scope", remedy="add **needs(Scope....) to it")
        yield route, scope
