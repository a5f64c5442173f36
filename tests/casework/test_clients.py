"""Keys of machines: shown once, stored as digests, at most two live, gone when revoked or expired."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from casework.access import Scope, require
from casework.audit import Audit
from casework.clients import Clients
from casework.clock import SECOND
from casework.ledger import Ledger
from graph.errors import Conflict, Forbidden, NotFound, UsageError

SCOPES = frozenset({Scope.SCORE_WRITE, Scope.RING_READ})


@pytest.fixture
def clients(ledger: Ledger, clock: Any) -> Clients:
    return Clients(ledger, clock=clock)


def test_a_new_key_is_known_and_carries_its_scopes(clients: Clients) -> None:
    issued = clients.add("underwriting", SCOPES)
    assert re.fullmatch(r"rs_live_[A-Za-z0-9_-]{43}", issued.key)
    client = clients.authenticate(issued.key)
    assert (client.name, client.id, client.scopes) == ("underwriting", "client:underwriting", SCOPES)
    require(client, Scope.SCORE_WRITE)
    with pytest.raises(Forbidden):
        require(client, Scope.PII_REVEAL)


def test_the_key_is_stored_nowhere(clients: Clients, ledger: Ledger, ledger_path: Path) -> None:
    issued = clients.add("underwriting", SCOPES)
    clients.authenticate(issued.key)
    ledger.close()
    written = b"".join(path.read_bytes() for path in ledger_path.parent.glob("ledger.db*"))
    assert b"underwriting" in written
    assert issued.key[8:].encode() not in written
    assert issued.key not in repr(issued)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.text(max_size=60), st.from_regex(r"rs_live_[A-Za-z0-9_-]{43}", fullmatch=True)))
def test_a_guessed_key_is_refused(clients: Clients, guess: str) -> None:
    with pytest.raises(Forbidden, match="not valid"):
        clients.authenticate(guess)


def test_a_lone_surrogate_is_a_bad_key_like_any_other(clients: Clients) -> None:
    with pytest.raises(Forbidden):
        clients.authenticate("rs_live_\ud800")


def test_two_keys_live_and_a_third_only_after_one_is_revoked(clients: Clients) -> None:
    first, second = clients.add("u", SCOPES), clients.issue_key("u")
    assert clients.authenticate(first.key).name == clients.authenticate(second.key).name
    with pytest.raises(Conflict):
        clients.issue_key("u")
    clients.revoke_key(first.key_id)
    with pytest.raises(Forbidden):
        clients.authenticate(first.key)
    clients.authenticate(clients.issue_key("u").key)


def test_an_expired_key_is_refused_to_the_second_and_makes_room(clients: Clients, clock: Any) -> None:
    issued = clients.add("u", SCOPES, expires_at=clock() + 3 * SECOND)
    clients.issue_key("u")
    clock.pass_seconds(2)
    clients.authenticate(issued.key)
    clock.pass_seconds(1)
    with pytest.raises(Forbidden):
        clients.authenticate(issued.key)
    clients.issue_key("u")
    with pytest.raises(UsageError):
        clients.add("v", SCOPES, expires_at=clock())


def test_a_revoked_client_is_out_here_at_once_and_elsewhere_soon(clients: Clients, ledger: Ledger, clock: Any) -> None:
    issued, elsewhere = clients.add("u", SCOPES), Clients(ledger, clock=clock)
    elsewhere.authenticate(issued.key)
    clients.authenticate(issued.key)
    clients.revoke("u")
    with pytest.raises(Forbidden):
        clients.authenticate(issued.key)
    clock.pass_seconds(5)
    with pytest.raises(Forbidden):
        elsewhere.authenticate(issued.key)
    with pytest.raises(NotFound):
        clients.issue_key("u")


def test_a_known_key_is_looked_up_once_in_a_while(clients: Clients, ledger: Ledger, clock: Any) -> None:
    issued, asked = clients.add("u", SCOPES), []
    event.listen(ledger._engine, "before_cursor_execute", lambda *_: asked.append(1))
    for _ in range(3):
        clients.authenticate(issued.key)
    once = len(asked)
    clock.pass_seconds(5)
    clients.authenticate(issued.key)
    assert len(asked) == 2 * once


def test_the_cache_stays_small(clients: Clients, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("casework.clients.CACHE_SIZE", 2)
    keys = [clients.add(f"u{n}", SCOPES).key for n in range(5)]
    for key in keys:
        clients.authenticate(key)
    assert len(clients._cache) <= 2


@pytest.mark.parametrize("name", ["", "a b", "张三", "-x", "x" * 65, "a\n"])
def test_odd_names_are_refused(clients: Clients, name: str) -> None:
    with pytest.raises(UsageError):
        clients.add(name, SCOPES)


def test_a_name_is_used_once_and_scopes_are_needed(clients: Clients) -> None:
    clients.add("u", SCOPES)
    with pytest.raises(Conflict):
        clients.add("u", SCOPES)
    with pytest.raises(UsageError):
        clients.add("v", frozenset())


def test_the_list_tells_all_but_the_secret(clients: Clients, clock: Any) -> None:
    issued = clients.add("b", SCOPES)
    clients.add("a", frozenset({Scope.OPS}))
    clients.revoke("b")
    first, second = clients.list()
    assert (first.name, first.scopes, first.revoked_at, len(first.keys)) == ("a", frozenset({Scope.OPS}), None, 1)
    assert (second.name, second.revoked_at, second.keys[0].key_id) == ("b", clock(), issued.key_id)
    with pytest.raises(NotFound):
        clients.revoke("b")
    with pytest.raises(NotFound):
        clients.revoke("zz")
    with pytest.raises(NotFound):
        clients.revoke_key(issued.key_id)


def test_every_change_is_on_the_record(clients: Clients, ledger: Ledger) -> None:
    issued = clients.add("u", SCOPES, by="person:boss")
    clients.revoke_key(issued.key_id)
    clients.revoke("u")
    assert [(entry.actor, entry.event) for entry in Audit(ledger).entries()] == [
        ("person:boss", "client.added"),
        ("person:boss", "client.key_issued"),
        ("operator", "client.key_revoked"),
        ("operator", "client.revoked"),
    ]
