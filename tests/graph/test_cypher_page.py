"""Every query of docs/cypher.md runs, without a notification, and finds what it promises."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, LiteralString, cast

import neo4j
import polars as pl
import pytest

from graph.schema import ATTRIBUTES, KIND, LINK_KINDS
from graph.store import Batch, RingCopy

PAGE = Path(__file__).parents[2] / "docs" / "cypher.md"
QUERIES = re.findall(r"```cypher\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
PARAMETERS = {"application_id": "A", "from": "A", "to": "C", "ring_id": "R1"}
DAY = 86_400_000_000
EVERY = {name: "new" if kind == pl.String() else kind == pl.Boolean() or 1 for name, kind in ATTRIBUTES.items()}
"""A server warns of a property that it has never seen, so one version has them all."""


@pytest.fixture(scope="module")
def ask(
    server_shelf: Any, neo4j_server: Any, row: Any, batch_of: Callable[[Any], Batch]
) -> Iterator[Callable[[str], list[list[Any]]]]:
    store = server_shelf.fresh()
    person = "national_id/own/ID1"
    store.write(
        batch_of(
            [
                row("A", ("phone/own/gone",), 1, DAY, version_at=1, attributes=EVERY),
                row(
                    "A", (person, "phone/own/own-a", "phone/reference/own-b", "dealer/own/D1", "vehicle/own/V"), 2, DAY
                ),
                row(
                    "B",
                    (person, "phone/own/own-b", "phone/reference/own-a", "dealer/own/D2", "vehicle/own/V"),
                    3,
                    9 * DAY,
                ),
                row(
                    "C",
                    (person, "phone/own/own-c", "dealer/own/D1", "officer/own/O1"),
                    4,
                    5 * DAY,
                    attributes={"loan_amount": 500},
                ),
            ]
        )
    )
    store.publish_rings([RingCopy("R1", 900, "red", "loan_stacking", "S1", ("A", "B", "C"))])
    auth = (neo4j_server.user, neo4j_server.password)
    with neo4j.GraphDatabase.driver(
        neo4j_server.uri, auth=auth, notifications_min_severity="INFORMATION", warn_notification_severity="INFORMATION"
    ) as driver:

        def run(query: str) -> list[list[Any]]:
            used = {name: value for name, value in PARAMETERS.items() if f"${name}" in query}
            found = driver.execute_query(cast(LiteralString, query), used, routing_=neo4j.RoutingControl.READ)
            return [list(record.values()) for record in found.records]

        yield run


EXPECTED: dict[str, Callable[[list[list[Any]]], bool]] = {
    "others DESC, link": lambda rows: rows[0] == ["HAS_NATIONAL_ID", "own", "ID1", 2] and len(rows) == 5,
    "AS shares": lambda rows: [(r[0], r[3]) for r in rows] == [("B", 4), ("C", 2)],
    "AS learned": lambda rows: [(r[1], r[2], r[5]) for r in rows] == [(1, "new", False), (2, None, True)],
    "all(r IN links": lambda rows: [r[1] for r in rows] == ["gone"],
    "SHORTEST 3": lambda rows: rows[:2] == [[["A", "D1", "C"], 2], [["A", "ID1", "C"], 2]],
    "AS phones": lambda rows: rows == [["ID1", 3, 3]],
    "AS span": lambda rows: rows == [["ID1", ["A", "C", "B"], 2, 8]],
    "named_by": lambda rows: rows == [["own-a", "B", "A"], ["own-b", "A", "B"]],
    ":FINANCES": lambda rows: [(r[0], sorted(r[1])) for r in rows] == [("V", ["A", "B"])],
    "AS other,": lambda rows: [(r[0], r[1], len(r[2])) for r in rows] == [("A", "B", 3), ("A", "C", 2)],
    "sum(a.loan_amount)": lambda rows: rows == [["R1", "red", 900, "loan_stacking", 3, 5]],
    "AS users": lambda rows: rows[0][1:] == ["ID1", 3, 3] and len(rows) == 5,
    "SUBMITTED_BY|HANDLED_BY": lambda rows: [r[1:] for r in rows] == [["D1", 1, 2], ["D2", 1, 1], ["O1", 1, 1]],
}


@pytest.mark.parametrize("mark", EXPECTED)
def test_a_query_of_the_page(ask: Callable[[str], list[list[Any]]], mark: str) -> None:
    (query,) = [text for text in QUERIES if mark in text]
    rows = ask(query)
    assert EXPECTED[mark](rows), rows


def test_every_query_of_the_page_is_tested() -> None:
    assert len(QUERIES) == len(EXPECTED)


def test_the_table_of_relationships_is_the_declared_one() -> None:
    roles: dict[tuple[str, str], list[str]] = {}
    for link in LINK_KINDS:
        roles.setdefault((link.relationship, KIND[link.kind].label), []).append(link.role)
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| ([\w, ]+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert {(a, b): c.split(", ") for a, b, c in rows} == roles
