"""The composition root: the one place where objects are built from settings."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, cast

from starlette.requests import Request

from api.door import StoreDoor
from api.published import Shelf
from api.scoring import Scorer
from api.settings import Settings
from casework.accounts import LoadAccounts
from casework.audit import Audit
from casework.clients import Clients
from casework.clock import Clock, Ids, new_id, now
from casework.decisions import Decisions
from casework.facts import LedgerFacts
from casework.keys import KeyRing, read_keys
from casework.ledger import Ledger
from casework.pending import PendingLinks
from casework.quarantine import EncryptedQuarantine
from casework.sweeps import Sweeps
from casework.vault import Vault
from detectors.model import unread
from detectors.policy import Policy, read_policy
from graph.connect import connect
from graph.store import GraphStore

THREADS: Final = 4
"""Threads that do a request's blocking work: more only wait for the same two cores and for one ledger."""


@dataclass(frozen=True, slots=True)
class House:
    """What commands and the API share: settings, secrets, ledger and what lies in it."""

    settings: Settings
    policy: Policy
    keys: KeyRing
    ledger: Ledger
    clients: Clients
    accounts: LoadAccounts
    quarantine: EncryptedQuarantine
    vault: Vault
    facts: LedgerFacts
    sweeps: Sweeps
    decisions: Decisions
    pending: PendingLinks
    audit: Audit
    clock: Clock
    ids: Ids

    def open_store(self) -> GraphStore:
        """A new connection to the graph store. Raises StoreUnavailable, StoreRefused, SettingsError."""
        settings = self.settings
        return connect(settings.store_url, user=settings.neo4j_user, password=settings.store_password())

    def close(self) -> None:
        """Free the ledger. Safe to call twice."""
        self.ledger.close()


@dataclass(frozen=True, slots=True)
class Services:
    """What the routes use."""

    settings: Settings
    policy: Policy
    keys: KeyRing
    clients: Clients
    audit: Audit
    sweeps: Sweeps
    decisions: Decisions
    pending: PendingLinks
    shelf: Shelf
    door: StoreDoor
    scorer: Scorer
    ledger_answers: Callable[[], bool]
    clock: Clock
    ids: Ids
    threads: ThreadPoolExecutor

    def close(self) -> None:
        """Free threads and the store. Safe to call twice."""
        self.threads.shutdown(wait=True, cancel_futures=True)
        self.door.close()


def open_house(settings: Settings, *, clock: Clock = now, ids: Ids = new_id) -> House:
    """Open keys and ledger. Raises SettingsError for a wrong policy, and (remedy: `ringsight init`) without keys."""
    keys = read_keys(settings.home)
    policy = read_policy(settings.policy)
    unread(policy)  # a pattern that names no column must not wait for the next training to be told
    ledger = Ledger.open(settings.ledger_url)
    return House(
        settings=settings,
        policy=policy,
        keys=keys,
        ledger=ledger,
        clients=Clients(ledger, clock=clock, ids=ids),
        accounts=LoadAccounts(ledger, clock=clock, ids=ids),
        quarantine=EncryptedQuarantine(ledger, keys.vault, clock=clock),
        vault=Vault(ledger, keys.vault, clock=clock),
        facts=LedgerFacts(ledger, clock=clock),
        sweeps=Sweeps(ledger, clock=clock, ids=ids),
        decisions=Decisions(ledger, keys.vault, clock=clock),
        pending=PendingLinks(ledger, clock=clock, ids=ids),
        audit=Audit(ledger, clock=clock),
        clock=clock,
        ids=ids,
    )


def services(house: House, *, door: StoreDoor | None = None, shelf: Shelf | None = None) -> Services:
    """What the API needs, from an open house; tests give a door or a shelf of their own."""
    settings = house.settings
    door = door or StoreDoor(house.open_store, waits=not settings.store_url.startswith("sqlite"))
    shelf = shelf or Shelf(settings.sweeps_folder, house.sweeps.current, house.policy)
    scorer = Scorer(
        keys=house.keys.tokens,
        source=settings.source,
        policy=house.policy,
        shelf=shelf,
        door=door,
        pending=house.pending,
        facts=house.facts,
        decisions=house.decisions,
        clock=house.clock,
        ids=house.ids,
    )
    return Services(
        settings=settings,
        policy=house.policy,
        keys=house.keys,
        clients=house.clients,
        audit=house.audit,
        sweeps=house.sweeps,
        decisions=house.decisions,
        pending=house.pending,
        shelf=shelf,
        door=door,
        scorer=scorer,
        ledger_answers=lambda: _answers(house),
        clock=house.clock,
        ids=house.ids,
        threads=ThreadPoolExecutor(THREADS, thread_name_prefix="request"),
    )


def _answers(house: House) -> bool:
    house.sweeps.current()
    return True


def services_of(request: Request) -> Services:
    """The services of the app that a request came to."""
    return cast(Services, request.app.state.services)
