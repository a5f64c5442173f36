"""Machines that call the API: their keys are shown once, stored as digests, and looked up without a timing tell."""

import base64
import hashlib
import hmac
import re
import secrets
import threading
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from casework.access import Actor, Scope, parse_scopes
from casework.audit import Audit, Detail, Event
from casework.clock import SECOND, Clock, Ids, new_id, now
from casework.keys import Random
from casework.ledger import Ledger
from casework.tables import API_KEYS, CLIENTS
from graph.errors import Conflict, Forbidden, NotFound, UsageError

PREFIX: Final = "rs_live_"
SECRET_BYTES: Final = 32  # 43 url-safe characters
FORM: Final = re.compile(r"rs_live_[A-Za-z0-9_-]{43}")
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
LIVE_KEYS: Final = 2
CACHE_SECONDS: Final = 5
"""How long a revoked key may still work in another process."""
CACHE_SIZE: Final = 1024


@dataclass(frozen=True, slots=True)
class Client(Actor):
    """A machine that showed a good key; as an Actor its id is `client:` + name. expires_at in microseconds."""

    name: str
    key_id: str
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new API key; `key` is never shown again."""

    client: str
    key_id: str
    key: str = field(repr=False)
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An API key without its secret."""

    key_id: str
    created_at: int
    expires_at: int | None
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class ClientRecord:
    """A client and its keys, oldest first."""

    name: str
    scopes: frozenset[Scope]
    created_at: int
    revoked_at: int | None
    keys: tuple[KeyRecord, ...]


class Clients:
    """Adds, lists, revokes and recognises clients."""

    def __init__(
        self, ledger: Ledger, *, clock: Clock = now, ids: Ids = new_id, random: Random = secrets.token_bytes
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._ids = ids
        self._random = random
        self._audit = Audit(ledger, clock=clock)
        self._cache: dict[bytes, tuple[Client, int]] = {}
        self._lock = threading.Lock()

    def add(
        self, name: str, scopes: frozenset[Scope], *, expires_at: int | None = None, by: str = "operator"
    ) -> IssuedKey:
        """Register a client and issue its first key. Raises Conflict when the name is taken, UsageError."""
        if not NAME.fullmatch(name):
            raise UsageError(f"{name!r} is no client name", "use letters, digits, dot, dash and underscore, at most 64")
        if not scopes:
            raise UsageError("a client without scopes can do nothing", "name at least one scope")
        client_id, at = self._ids("client"), self._clock()
        text = ",".join(sorted(scope.value for scope in scopes))
        with self._ledger.transaction() as connection:
            if connection.execute(select(CLIENTS.c.name).where(CLIENTS.c.name == name)).one_or_none() is not None:
                raise Conflict(f"there is a client {name} already", "choose another name, or issue a second key")
            row = {"client_id": client_id, "name": name, "scopes": text, "created_at": at, "revoked_at": None}
            connection.execute(insert(CLIENTS), row)
            self._audit.record(by, Event.CLIENT_ADDED, f"client:{name}", {"scopes": text}, within=connection)
            return self._issue(connection, client_id, name, expires_at, by)

    def issue_key(self, name: str, *, expires_at: int | None = None, by: str = "operator") -> IssuedKey:
        """A second key, so that one can be replaced without a pause. Raises Conflict when two are live."""
        with self._ledger.transaction() as connection:
            client_id = self._live(connection, name)
            live = _working(self._clock()) & (API_KEYS.c.client_id == client_id)
            if connection.execute(select(func.count()).select_from(API_KEYS).where(live)).scalar_one() >= LIVE_KEYS:
                raise Conflict(f"client {name} has {LIVE_KEYS} live keys", "revoke one first")
            return self._issue(connection, client_id, name, expires_at, by)

    def revoke(self, name: str, *, by: str = "operator") -> None:
        """End a client and all its keys. Raises NotFound."""
        at = self._clock()
        with self._ledger.transaction() as connection:
            client_id = self._live(connection, name)
            connection.execute(update(CLIENTS).where(CLIENTS.c.client_id == client_id).values(revoked_at=at))
            live = (API_KEYS.c.client_id == client_id) & API_KEYS.c.revoked_at.is_(None)
            connection.execute(update(API_KEYS).where(live).values(revoked_at=at))
            self._audit.record(by, Event.CLIENT_REVOKED, f"client:{name}", within=connection)
        self._forget()

    def revoke_key(self, key_id: str, *, by: str = "operator") -> None:
        """End one key. Raises NotFound."""
        live = (API_KEYS.c.key_id == key_id) & API_KEYS.c.revoked_at.is_(None)
        with self._ledger.transaction() as connection:
            if connection.execute(update(API_KEYS).where(live).values(revoked_at=self._clock())).rowcount != 1:
                raise NotFound(f"there is no live key {key_id}")
            self._audit.record(by, Event.CLIENT_KEY_REVOKED, f"key:{key_id}", within=connection)
        self._forget()

    def list(self) -> tuple[ClientRecord, ...]:
        """Every client, by name."""
        with self._ledger.reading() as connection:
            clients = connection.execute(select(CLIENTS).order_by(CLIENTS.c.name)).all()
            rows = connection.execute(select(API_KEYS).order_by(API_KEYS.c.created_at, API_KEYS.c.key_id)).all()
        keys: dict[str, list[KeyRecord]] = {}
        for row in rows:
            record = KeyRecord(row.key_id, row.created_at, row.expires_at, row.revoked_at)
            keys.setdefault(row.client_id, []).append(record)
        return tuple(
            ClientRecord(c.name, parse_scopes(c.scopes), c.created_at, c.revoked_at, tuple(keys.get(c.client_id, ())))
            for c in clients
        )

    def authenticate(self, key: str) -> Client:
        """The client that a key belongs to. Raises Forbidden, with the same words whatever is wrong."""
        at = self._clock()
        digest = _digest(key)
        with self._lock:
            cached = self._cache.get(digest)
        if cached is not None and at < cached[1]:
            return cached[0]
        client = self._look_up(digest, at) if FORM.fullmatch(key) else None
        if client is None:
            raise Forbidden("the API key is not valid", "ask for a key: ringsight client add NAME --scopes ...")
        self._remember(digest, client, at)
        return client

    def _look_up(self, digest: bytes, at: int) -> Client | None:
        # found by digest: what the index comparison gives away is about SHA-256 of the key, not about the key
        query = select(API_KEYS, CLIENTS.c.name, CLIENTS.c.scopes).join(CLIENTS)
        found = query.where(API_KEYS.c.digest == digest, _working(at), CLIENTS.c.revoked_at.is_(None))
        with self._ledger.reading() as connection:
            row = connection.execute(found).one_or_none()
        if row is None or not hmac.compare_digest(row.digest, digest):
            return None
        return Client(f"client:{row.name}", parse_scopes(row.scopes), row.name, row.key_id, row.expires_at)

    def _remember(self, digest: bytes, client: Client, at: int) -> None:
        until = at + CACHE_SECONDS * SECOND
        if client.expires_at is not None:
            until = min(until, client.expires_at)
        with self._lock:
            if len(self._cache) >= CACHE_SIZE:
                self._cache.clear()
            self._cache[digest] = (client, until)

    def _forget(self) -> None:
        with self._lock:
            self._cache.clear()

    def _live(self, connection: Connection, name: str) -> str:
        query = select(CLIENTS.c.client_id).where(CLIENTS.c.name == name, CLIENTS.c.revoked_at.is_(None))
        client_id: str | None = connection.execute(query).scalar_one_or_none()
        if client_id is None:
            raise NotFound(f"there is no client {name}", "see ringsight client list")
        return client_id

    def _issue(self, connection: Connection, client_id: str, name: str, expires_at: int | None, by: str) -> IssuedKey:
        at = self._clock()
        if expires_at is not None and expires_at <= at:
            raise UsageError("the key would have expired already", "give an expiry in the future")
        secret = base64.urlsafe_b64encode(self._random(SECRET_BYTES)).rstrip(b"=").decode()
        issued = IssuedKey(name, self._ids("key"), PREFIX + secret, expires_at)
        row = {
            "key_id": issued.key_id,
            "client_id": client_id,
            "digest": _digest(issued.key),
            "created_at": at,
            "expires_at": expires_at,
            "revoked_at": None,
        }
        connection.execute(insert(API_KEYS), row)
        detail: Detail = {"key": issued.key_id, "expires_at": expires_at or 0}
        self._audit.record(by, Event.CLIENT_KEY_ISSUED, f"client:{name}", detail, within=connection)
        return issued


def _working(at: int) -> Any:
    return API_KEYS.c.revoked_at.is_(None) & (API_KEYS.c.expires_at.is_(None) | (API_KEYS.c.expires_at > at))


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
