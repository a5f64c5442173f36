"""What only the Neo4j store can get wrong: sign-in, reading sessions, migrations, broken-off batches, ring copies."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any, LiteralString, cast

import neo4j
import pytest

from graph import cypher_write, neo4j_store
from graph.connect import connect
from graph.cypher import LOCK_ALLOCATOR
from graph.errors import StoreRefused, StoreUnavailable
from graph.migrations.cypher import MIGRATIONS
from graph.neo4j_store import Neo4jStore
from graph.schema import NODE_KINDS
from graph.store import Batch, RingCopy, Verdict

pytestmark = [pytest.mark.neo4j, pytest.mark.xdist_group("neo4j"), pytest.mark.timeout(300)]
Build = Callable[[Any], Batch]
Ask = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def store(server_shelf: Any) -> Neo4jStore:
    return cast(Neo4jStore, server_shelf.fresh())


@pytest.fixture(scope="module")
def ask(neo4j_server: Any) -> Iterator[Ask]:
    """Runs a statement beside the store."""
    with neo4j.GraphDatabase.driver(neo4j_server.uri, auth=(neo4j_server.user, neo4j_server.password)) as driver:

        def run(text: str, **parameters: Any) -> list[tuple[Any, ...]]:
            records = driver.execute_query(cast(LiteralString, text), parameters).records
            return [tuple(record.values()) for record in records]

        yield run


def test_a_reading_session_refuses_to_write(store: Neo4jStore) -> None:
    with pytest.raises(StoreRefused, match=r"(?i)read access mode|writing in read"):
        store._read(lambda run: run(LOCK_ALLOCATOR, {}))
    assert store.count()["applications"] == 0


def test_a_wrong_password_names_the_setting(neo4j_server: Any) -> None:
    with pytest.raises(StoreRefused) as refusal:
        connect(neo4j_server.uri, user="nobody", password="wrong-password")
    assert "RINGSIGHT_NEO4J_PASSWORD" in refusal.value.remedy
    assert "wrong-password" not in str(refusal.value) + refusal.value.remedy


def test_a_server_that_is_not_there_is_unavailable(free_port: int) -> None:
    with pytest.raises(StoreUnavailable) as failure:
        connect(f"bolt://127.0.0.1:{free_port}", user="neo4j", password="whatever")
    assert failure.value.remedy


def test_migrations_are_recorded_and_run_once(store: Neo4jStore, ask: Ask) -> None:
    assert {row[0] for row in ask("MATCH (m:Migration) RETURN m.id")} == {m.id for m in MIGRATIONS}
    rows = ask("SHOW CONSTRAINTS YIELD labelsOrTypes, properties RETURN labelsOrTypes, properties")
    unique = {(label, tuple(properties)) for (label,), properties in rows}
    assert {(kind.label, ("token",)) for kind in NODE_KINDS} <= unique
    assert {("Application", ("application_id",)), ("Version", ("application_id", "digest"))} <= unique


def test_a_store_of_a_newer_version_is_refused(neo4j_server: Any, ask: Ask) -> None:
    ask("CREATE (:Migration {id: '9999-of-the-future'})")
    try:
        with pytest.raises(StoreRefused, match="newer Ringsight"):
            connect(neo4j_server.uri, user=neo4j_server.user, password=neo4j_server.password)
    finally:
        ask("MATCH (m:Migration {id: '9999-of-the-future'}) DELETE m")


def test_a_batch_broken_off_anywhere_can_be_repeated(
    store: Neo4jStore, row: Any, batch_of: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = batch_of([row(f"A{n}", (f"phone/own/{n % 2}", "dealer/own/D"), n + 1) for n in range(6)])
    monkeypatch.setattr(cypher_write, "VERSIONS_A_TRANSACTION", 2)
    fuse = Fuse()
    monkeypatch.setattr(neo4j_store, "_runner", fuse.wrap(neo4j_store._runner))
    stored, breaks = 0, 0
    while stored < 6:
        fuse.left = breaks * 2  # a little further each time
        with suppress(KeyboardInterrupt):
            store.write(batch)
        breaks += 1
        fuse.left = 10_000
        before, stored = stored, store.count()["applications"]
        assert stored % 2 == 0, "a transaction is whole or not at all"
        assert store.links().links.height == 2 * stored == store.count()["links"]
        if before < stored < 6:
            assert store.links().applications["application_id"].to_list() == [f"A{n}" for n in range(stored)]
    assert breaks > 5
    assert set(store.write(batch).tolist()) == {int(Verdict.DUPLICATE)}
    assert store.count() == {"applications": 6, "versions": 6, "identifiers": 3, "links": 12}


class Fuse:
    """Lets so many statements run and breaks the next, inside whatever transaction it is."""

    left = 10_000

    def wrap(self, runner: Any) -> Any:
        def broken(tx: Any) -> Any:
            run = runner(tx)

            def count(text: str, parameters: Mapping[str, Any]) -> Any:
                if self.left == 0:
                    raise KeyboardInterrupt
                self.left -= 1
                return run(text, parameters)

            return count

        return broken


def test_people_see_the_latest_attributes_and_open_links(
    store: Neo4jStore, row: Any, batch_of: Build, ask: Ask
) -> None:
    store.write(batch_of([row("A", ("phone/own/1",), 1, version_at=1, attributes={"status": "new", "channel": "web"})]))
    store.write(batch_of([row("A", ("phone/own/2",), 2, version_at=2, attributes={"status": "approved"})]))
    assert ask("MATCH (a:Application) RETURN a.application_id, a.status, a.channel, a.version_at") == [
        ("A", "approved", None, 2)
    ]
    links = "MATCH (:Application)-[r:HAS_PHONE]->(p:Phone) RETURN p.label, r.role, r.seq, r.closed_seq ORDER BY r.seq"
    assert ask(links) == [("1", "own", 1, 2), ("2", "own", 2, None)]
    history = "MATCH (v:Version)-[:VERSION_OF]->(:Application) RETURN v.status, v.closed_seq ORDER BY v.seq"
    assert ask(history) == [("new", 2), ("approved", None)]


def test_ring_copies_replace_those_of_the_last_sweep(store: Neo4jStore, row: Any, batch_of: Build, ask: Ask) -> None:
    store.write(batch_of([row(name, (), n + 1) for n, name in enumerate("ABC")]))
    store.publish_rings([RingCopy("R1", 900, "red", "straw_buyer", "S1", ("B", "A", "not in the book"))])
    second = RingCopy("R2", 700, "amber", "x'}) DETACH DELETE n //", "S2", ("C",))
    store.publish_rings([second, RingCopy("R1", 910, "red", "straw_buyer", "S2", ("A", "C"))])
    found = ask(
        "MATCH (r:Ring)<-[:MEMBER_OF]-(a:Application) WITH r, a ORDER BY a.application_id"
        " RETURN r.ring_id, r.score, r.typology, r.sweep_id, collect(a.application_id) ORDER BY r.ring_id"
    )
    assert found == [
        ("R1", 910, "straw_buyer", "S2", ["A", "C"]),
        ("R2", 700, "x'}) DETACH DELETE n //", "S2", ["C"]),
    ]
    store.publish_rings([])
    assert ask("MATCH (r:Ring) RETURN count(r)") == [(0,)]
    assert store.count()["applications"] == 3


@pytest.mark.parametrize("agent", ["Neo4j/4.4.1", "Neo4j/5.20.0", "Memgraph/2.1"])
def test_an_old_server_is_refused(agent: str) -> None:
    with pytest.raises(StoreRefused, match=r"5\.26|too old"):
        neo4j_store._check_server(agent)


@pytest.mark.parametrize("agent", ["Neo4j/5.26.30", "Neo4j/2026.08.1"])
def test_both_supported_servers_pass(agent: str) -> None:
    neo4j_store._check_server(agent)


@pytest.fixture
def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
