"""Applications, entities, search and paths."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request

from api.guard import needs
from api.language import language
from api.lookup import application, search
from api.networks import APPLICATION, Drawer, around, between
from api.routes.asking import READ_SECONDS, in_thread
from api.schemas import ApplicationDetail, Network, Paths, SearchAnswer
from api.wiring import services_of
from casework.access import Scope
from casework.audit import Event
from graph.errors import UsageError
from graph.schema import KIND

router = APIRouter(tags=["graph"])
Accept = Annotated[str | None, Header()]
LONGEST_ID = 200
NodeId = Annotated[str, Query(max_length=LONGEST_ID)]


def node_of(text: str) -> str:
    """A node id as the graph writes it: `phone:t1:...`, `application:A-7`, or a bare application id."""
    if len(text) > LONGEST_ID:
        raise UsageError("the node id is too long", remedy="see /v1/search")
    kind, colon, _ = text.partition(":")
    return text if colon and (kind in KIND or kind == "application") else APPLICATION + text


@router.get("/v1/applications/{application_id:path}/network", response_model=Network, **needs(Scope.GRAPH_READ))
async def get_application_network(
    request: Request,
    application_id: str,
    hops: Annotated[int, Query(ge=1, le=3)] = 2,
    accept_language: Accept = None,
) -> Network:
    """What lies around an application: bounded, masked, hubs as one node."""
    return await _around(request, node_of(APPLICATION + application_id), hops, accept_language)


@router.get("/v1/applications/{application_id:path}", response_model=ApplicationDetail, **needs(Scope.GRAPH_READ))
async def get_application(request: Request, application_id: str, accept_language: Accept = None) -> ApplicationDetail:
    """One application with its score and reasons."""
    services = services_of(request)

    def read() -> ApplicationDetail:
        found = application(services, services.shelf.current(), application_id, language(accept_language))
        services.audit.record(request.state.client.id, Event.APPLICATION_READ, f"application:{found.application_id}")
        return found

    return await in_thread(services, read)


@router.get("/v1/entities/{node:path}/network", response_model=Network, **needs(Scope.GRAPH_READ))
async def get_entity_network(
    request: Request,
    node: str,
    hops: Annotated[int, Query(ge=1, le=3)] = 2,
    accept_language: Accept = None,
) -> Network:
    """What lies around an identifier such as `phone:t1:...`."""
    return await _around(request, node_of(node), hops, accept_language)


async def _around(request: Request, node: str, hops: int, accept: str | None) -> Network:
    services = services_of(request)

    def read() -> Network:
        drawer = Drawer(services.shelf.current(), language(accept))
        found = services.door.ask(lambda store: around(store, drawer, node, hops=hops), seconds=READ_SECONDS)
        services.audit.record(request.state.client.id, Event.APPLICATION_READ, node)
        return found

    return await in_thread(services, read)


@router.get("/v1/search", response_model=SearchAnswer, **needs(Scope.GRAPH_READ))
async def get_search(
    request: Request, q: Annotated[str, Query(min_length=1, max_length=200)], accept_language: Accept = None
) -> SearchAnswer:
    """Nodes by application id, token, masked label, ring id, or a clear value (which is tokenised and forgotten)."""
    services = services_of(request)

    def read() -> SearchAnswer:
        current = services.shelf.current()
        wanted = language(accept_language)
        found = services.door.ask(lambda store: search(store, services, current, q, wanted), seconds=READ_SECONDS)
        services.audit.record(request.state.client.id, Event.GRAPH_SEARCHED, "search", {"found": len(found.items)})
        return found

    return await in_thread(services, read)


@router.get("/v1/paths", response_model=Paths, **needs(Scope.GRAPH_READ))
async def get_paths(
    request: Request,
    source: Annotated[str, Query(alias="from", max_length=LONGEST_ID)],
    target: Annotated[str, Query(alias="to", max_length=LONGEST_ID)],
    accept_language: Accept = None,
) -> Paths:
    """How two nodes are linked: the shortest simple paths, not through hubs, which are counted."""
    services = services_of(request)

    def read() -> Paths:
        drawer = Drawer(services.shelf.current(), language(accept_language))
        return services.door.ask(
            lambda store: between(store, drawer, node_of(source), node_of(target)), seconds=READ_SECONDS
        )

    return await in_thread(services, read)
