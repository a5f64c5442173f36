"""The HTTP application: routes, problems, and the contract it publishes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.guard import routes_with_scope
from api.middleware import Around, add_problems
from api.routes import graph, house, rings, scores
from api.schemas import Problem, ScoreRequest
from api.wiring import Services
from graph.errors import RingsightError

TITLE = "Ringsight"
REF = "#/components/schemas/{model}"
ROUTERS = (scores.router, rings.router, graph.router, house.router)
log = structlog.get_logger()


def create_app(services: Services | None) -> FastAPI:
    """The application. `services` may be None only to write the contract. Raises SettingsError for an open route."""
    app = FastAPI(
        title=TITLE,
        version=version("ringsight"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=_life,
        redirect_slashes=False,
        # given flat: an included router would hide its routes from the check below
        routes=[route for router in ROUTERS for route in router.routes],
    )
    app.state.services = services
    app.state.flying = set()
    add_problems(app)
    list(routes_with_scope(app))  # default-deny: an undeclared route stops the start
    app.add_middleware(Around)
    app.openapi = _contract(app)  # type: ignore[method-assign]  # FastAPI's documented way to extend the contract
    return app


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    services: Services | None = app.state.services
    if services is not None:
        _warm(services)
    yield
    if services is not None:
        services.close()


def _warm(services: Services) -> None:
    """Read the published sweep once, so that the first caller does not pay for a cold cache."""
    try:
        current = services.shelf.current()
        if current is not None:
            log.info("ready", sweep_id=current.sweep_id, count=current.published.scores.height)
    except RingsightError as problem:
        log.warning("not_warm", error=type(problem).__name__)


def _contract(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """OpenAPI with what we do by hand: the score request's body, problems, the bearer key."""

    def contract() -> dict[str, Any]:
        document = get_openapi(title=TITLE, version="1", routes=app.routes, description=__doc__)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        for model in (ScoreRequest, Problem):
            described = model.model_json_schema(ref_template=REF, mode="validation")
            schemas.update(described.pop("$defs", {}))
            schemas[model.__name__] = described
        for leftover in ("HTTPValidationError", "ValidationError"):
            schemas.pop(leftover, None)
        document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        for path in document["paths"].values():
            for operation in path.values():
                _describe(operation)
        return document

    return contract


def _describe(operation: dict[str, Any]) -> None:
    operation["responses"].pop("422", None)
    problem = {"application/problem+json": {"schema": {"$ref": REF.format(model=Problem.__name__)}}}
    operation["responses"]["default"] = {"description": "A problem (RFC 9457)", "content": problem}
    if "x-scope" in operation:
        operation["security"] = [{"key": [operation["x-scope"]]}]
