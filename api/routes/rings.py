"""The queue of rings, one ring, its picture and its history."""

from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request

from api.guard import needs
from api.history import history
from api.language import language
from api.networks import Drawer, of_ring
from api.published import Current
from api.rings import Reader, detail, member_ids, named_values, page, ring_row
from api.routes.asking import READ_SECONDS, in_thread, published_of
from api.schemas import Network, Page, RingDetail, RingHistory
from api.wiring import Services, services_of
from casework.access import Scope
from casework.audit import Event

router = APIRouter(tags=["rings"])
Accept = Annotated[str | None, Header()]


def _reader(services: Services, current: Current, accept: str | None) -> Reader:
    return Reader(current, language(accept), services.settings.source.currency)


@router.get("/v1/rings", response_model=Page, **needs(Scope.RING_READ))
async def get_rings(
    request: Request,
    cursor: Annotated[str | None, Query(max_length=300)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    band: Annotated[list[Literal["red", "amber", "green"]] | None, Query()] = None,
    q: Annotated[str, Query(max_length=100)] = "",
    accept_language: Accept = None,
) -> Page:
    """Rings of the published sweep by rank; `q` looks in ring ids and typologies."""
    services = services_of(request)
    reader = _reader(services, published_of(services), accept_language)
    return await in_thread(services, lambda: page(reader, cursor=cursor, limit=limit, band=band or (), text=q))


@router.get("/v1/rings/{ring_id}", response_model=RingDetail, **needs(Scope.RING_READ))
async def get_ring(request: Request, ring_id: str, accept_language: Accept = None) -> RingDetail:
    """One ring: reasons, members, checks."""
    services = services_of(request)
    reader = _reader(services, published_of(services), accept_language)

    def read() -> RingDetail:
        found = detail(reader, ring_id)
        services.audit.record(request.state.client.id, Event.RING_READ, f"ring:{found.summary.ring_id}")
        return found

    return await in_thread(services, read)


@router.get("/v1/rings/{ring_id}/network", response_model=Network, **needs(Scope.RING_READ))
async def get_ring_network(request: Request, ring_id: str, accept_language: Accept = None) -> Network:
    """Members and what at least two of them share; at most 150 nodes, the rest counted in `omitted`.

    Runs of phone numbers, buildings and cores of employers' names are nodes too: `phone_block:...`, `building:...`,
    `employer_core:...`. They are made from identifiers and have no page under /v1/entities.
    """
    services = services_of(request)
    current = published_of(services)
    drawer = Drawer(current, language(accept_language))

    def read() -> Network:
        ring_row(current, ring_id)
        members, named = member_ids(current, ring_id), named_values(current, ring_id)
        return services.door.ask(lambda store: of_ring(store, drawer, members, named=named), seconds=READ_SECONDS)

    return await in_thread(services, read)


@router.get("/v1/rings/{ring_id}/history", response_model=RingHistory, **needs(Scope.RING_READ))
async def get_ring_history(request: Request, ring_id: str) -> RingHistory:
    """What became of the ring from sweep to sweep, newest first."""
    services = services_of(request)
    return await in_thread(services, lambda: RingHistory(items=history(services, ring_id)))
