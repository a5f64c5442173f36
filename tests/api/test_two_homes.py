"""One book in two homes, with other keys, batch sizes and stores: the same scores and rings to the last digit."""

from pathlib import Path

import pytest

from ingest.synthetic import write_book
from tests.api.shell import Ran, Shell
from tests.conftest import Server

APPLICATIONS = 500


def swept(ringsight: Shell, folder: Path, book: Path, batch: int) -> tuple[str, str]:
    """Load, sweep and export a book in a new home; returns the two exports."""

    def done(*words: object) -> Ran:
        ran = ringsight(*words)
        assert ran.code == 0, ran.err
        return ran

    done("init")
    told = done("load", book / "applications.csv", "--batch-size", batch, "--json").json
    assert told["read"] == told["loaded"] + told["duplicate"] + told["quarantined"]
    assert told["loaded"] >= APPLICATIONS
    done("sweep", "--json")
    for what in ("scores", "rings"):
        done("export", what, folder / f"{what}.csv")
    return (folder / "scores.csv").read_text("utf-8"), (folder / "rings.csv").read_text("utf-8")


@pytest.mark.timeout(900)
def test_sqlite_and_neo4j_give_the_same_digits(
    tmp_path: Path, neo4j_server: Server, ringsight: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    book, one, two = tmp_path / "book", tmp_path / "one", tmp_path / "two"
    write_book(book, applications=APPLICATIONS, seed=5)
    _empty(neo4j_server)
    one.mkdir()
    two.mkdir()
    monkeypatch.setenv("RINGSIGHT_HOME", str(one / "home"))
    scores, rings = swept(ringsight, one, book, 313)
    monkeypatch.setenv("RINGSIGHT_HOME", str(two / "home"))
    monkeypatch.setenv("RINGSIGHT_STORE", neo4j_server.uri)
    monkeypatch.setenv("RINGSIGHT_NEO4J_USER", neo4j_server.user)
    monkeypatch.setenv("RINGSIGHT_NEO4J_PASSWORD", neo4j_server.password)
    other_scores, other_rings = swept(ringsight, two, book, 5000)
    _empty(neo4j_server)
    assert scores.count("\n") == APPLICATIONS + 1
    assert rings.count("\n") > 1
    assert scores == other_scores
    assert rings == other_rings


def _empty(server: Server) -> None:
    import neo4j

    with (
        neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver,
        driver.session() as session,
    ):
        session.run(
            "MATCH (n) WHERE NOT n:Migration CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS"
        ).consume()
