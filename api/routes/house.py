"""Sweeps, status, and what a load balancer asks."""

from importlib.metadata import version

from fastapi import APIRouter, Request, Response

from api.door import StoreDoor
from api.guard import needs
from api.problems import refusal
from api.routes.asking import in_thread
from api.schemas import Status, SweepRow, Sweeps
from api.times import iso, iso_or_none
from api.wiring import Services, services_of
from casework.access import Scope
from casework.clock import SECOND
from casework.sweeps import SweepRecord
from graph.errors import RingsightError, StoreError
from graph.schema import KIND

router = APIRouter(tags=["house"])
STORE_SECONDS = 2.0
NOBODYS = (KIND["phone"].code, "t0:")
"""A token that cannot exist: the cheapest question that reaches the store's tables."""


def sweep_row(record: SweepRecord, current_id: str | None) -> SweepRow:
    """A sweep as the API and the command line show it."""
    said = record.summary
    return SweepRow(
        sweep_id=record.sweep_id,
        state=record.state.value,
        started_at=iso(record.started_at),
        published_at=iso_or_none(record.published_at),
        applications=said.get("applications", 0),
        rings=said.get("rings", 0),
        bands=said.get("bands", {}),
        seconds=said.get("seconds"),
        peak_mib=said.get("peak_mib"),
        policy_version=record.policy_version,
        current=record.sweep_id == current_id,
        events=said.get("events", {}),
        reason=record.reason,
    )


@router.get("/v1/sweeps", response_model=Sweeps, **needs(Scope.SWEEP_READ))
async def get_sweeps(request: Request) -> Sweeps:
    """Sweeps of any state, newest first."""
    services = services_of(request)

    def read() -> Sweeps:
        current = services.sweeps.current()
        current_id = None if current is None else current.sweep_id
        return Sweeps(items=[sweep_row(record, current_id) for record in services.sweeps.list()])

    return await in_thread(services, read)


@router.get("/v1/sweeps/{sweep_id}", response_model=SweepRow, **needs(Scope.SWEEP_READ))
async def get_sweep(request: Request, sweep_id: str) -> SweepRow:
    """One sweep."""
    services = services_of(request)

    def read() -> SweepRow:
        current = services.sweeps.current()
        return sweep_row(services.sweeps.get(sweep_id), None if current is None else current.sweep_id)

    return await in_thread(services, read)


@router.get("/v1/status", response_model=Status, **needs(Scope.OPS))
async def get_status(request: Request) -> Status:
    """Version, age of the sweep, what waits, and which stores answer."""
    services = services_of(request)
    return await in_thread(services, lambda: status(services))


def status(services: Services) -> Status:
    """The state of the house; a store that does not answer is told, not raised."""
    store_ok = _answers(services.door)
    try:
        current = services.sweeps.current()
        pending = services.pending.count()
        ledger_ok = True
    except StoreError:
        current, pending, ledger_ok = None, 0, False
    published_at = None if current is None else current.published_at
    return Status(
        version=version("ringsight"),
        sweep_id=None if current is None else current.sweep_id,
        sweep_published_at=iso_or_none(published_at),
        sweep_age_seconds=None if published_at is None else round((services.clock() - published_at) / SECOND, 1),
        applications=None if current is None else current.summary.get("applications"),
        pending=pending,
        store="ok" if store_ok else "down",
        ledger="ok" if ledger_ok else "down",
    )


def _answers(door: StoreDoor) -> bool:
    try:
        door.ask(lambda store: store.recent([NOBODYS], after=0), seconds=STORE_SECONDS)
    except RingsightError:
        return False
    return True


@router.get("/healthz", response_model=None)
async def get_health() -> Response:
    """The process lives."""
    return Response(b'{"ok":true}', media_type="application/json")


@router.get("/readyz", response_model=None)
async def get_ready(request: Request) -> Response:
    """Some rung of the ladder holds: decisions can be kept durably."""
    services = services_of(request)
    try:
        await in_thread(services, services.ledger_answers)
    except StoreError:
        raise refusal(503) from None
    return Response(b'{"ready":true}', media_type="application/json")
