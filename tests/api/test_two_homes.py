"""One book in two homes, with other keys, batch sizes and stores: the same scores and rings to the last digit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ingest.synthetic import write_book
from tests.conftest import Server

APPLICATIONS = 500


def ringsight(home: Path, *words: str, store: dict[str, str] | None = None) -> str:
    """Run a command as a user would; returns its standard output."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("RINGSIGHT_")}
    done = subprocess.run(
        [sys.executable, "-c", "from api.cli import main; main()", *words],
        env={**clean, "RINGSIGHT_HOME": str(home), **(store or {})},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def swept(folder: Path, book: Path, batch: int, store: dict[str, str] | None = None) -> tuple[str, str]:
    """Load, sweep and export a book in a new home; returns the two exports."""
    home = folder / "home"
    ringsight(home, "init", store=store)
    told = json.loads(
        ringsight(home, "load", str(book / "applications.csv"), "--batch-size", str(batch), "--json", store=store)
    )
    assert told["read"] == told["loaded"] + told["duplicate"] + told["quarantined"]
    assert told["loaded"] >= APPLICATIONS
    ringsight(home, "sweep", "--json", store=store)
    for what in ("scores", "rings"):
        ringsight(home, "export", what, str(folder / f"{what}.csv"), store=store)
    return (folder / "scores.csv").read_text("utf-8"), (folder / "rings.csv").read_text("utf-8")


@pytest.mark.timeout(900)
def test_sqlite_and_neo4j_give_the_same_digits(tmp_path: Path, neo4j_server: Server) -> None:
    book = tmp_path / "book"
    write_book(book, applications=APPLICATIONS, seed=5)
    neo4j = {
        "RINGSIGHT_STORE": neo4j_server.uri,
        "RINGSIGHT_NEO4J_USER": neo4j_server.user,
        "RINGSIGHT_NEO4J_PASSWORD": neo4j_server.password,
    }
    _empty(neo4j_server)
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    scores, rings = swept(tmp_path / "one", book, 313)
    other_scores, other_rings = swept(tmp_path / "two", book, 5000, neo4j)
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
