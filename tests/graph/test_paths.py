"""How two nodes are linked: short ones first, hubs left out and counted, the same answer every time."""

from collections.abc import Callable
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import NotFound, UsageError
from graph.paths import Path, paths
from graph.store import Batch, Caps, GraphStore

Build = Callable[[Any], Batch]


def applications(path: Path) -> list[str]:
    return [node.id.removeprefix("application:") for node in path.nodes if node.kind == "application"]


@pytest.fixture
def chain(store: GraphStore, row: Any, batch_of: Build) -> GraphStore:
    """A and D share an e-mail; A-B-C-D is a chain of phones; all are at one dealer with ten more."""
    rows = [
        row("A", ("phone/own/ab", "email/own/ad", "dealer/own/hub"), 1),
        row("B", ("phone/own/ab", "phone/reference/bc", "dealer/own/hub"), 2),
        row("C", ("phone/own/bc", "phone/reference/bc", "phone/own/cd", "dealer/own/hub"), 3),
        row("D", ("phone/own/cd", "email/own/ad", "dealer/own/hub"), 4),
        row("E", ("device/own/e",), 5),
        *(row(f"X{n}", ("dealer/own/hub",), 6 + n) for n in range(10)),
    ]
    store.write(batch_of(rows))
    return store


def test_the_shortest_come_first_and_carry_their_links(chain: GraphStore) -> None:
    found = paths(chain, "application:A", "application:D", caps=Caps(hub=10, per_value=50, nodes=500))
    assert [applications(path) for path in found.paths] == [["A", "D"], ["A", "B", "C", "D"]]
    assert [path.hops for path in found.paths] == [2, 6]
    assert (found.through_hubs, found.truncated) == (1, False)
    long = found.paths[1]
    assert [node.label for node in long.nodes[1::2]] == ["ab", "bc", "cd"]
    assert [(e.application[-1], e.role) for e in long.edges] == [
        ("A", "own"), ("B", "own"), ("B", "reference"), ("C", "own"), ("C", "reference"), ("C", "own"), ("D", "own"),
    ]  # fmt: skip


def test_bounds_are_kept(chain: GraphStore) -> None:
    caps = Caps(hub=10, per_value=50, nodes=500)
    assert [p.hops for p in paths(chain, "application:A", "application:D", k=1, caps=caps).paths] == [2]
    assert [p.hops for p in paths(chain, "application:A", "application:D", max_hops=5, caps=caps).paths] == [2]
    assert paths(chain, "application:A", "application:D", max_hops=1, caps=caps).paths == ()
    apart = paths(chain, "application:A", "application:E", caps=caps)
    assert (apart.paths, apart.through_hubs) == ((), 0)
    cut = paths(chain, "application:A", "application:C", caps=Caps(hub=10, per_value=1, nodes=3))
    assert cut.truncated


def test_what_is_no_hub_is_passed_through(chain: GraphStore) -> None:
    found = paths(chain, "application:X1", "application:X2", caps=Caps(hub=50, per_value=50, nodes=500))
    assert [path.hops for path in found.paths] == [2]
    assert found.through_hubs == 0
    assert paths(chain, "application:X1", "application:X2", caps=Caps(hub=10)).through_hubs == 1


def test_a_hub_may_be_an_end(chain: GraphStore, token_of: Any) -> None:
    found = paths(chain, "application:A", f"dealer:{token_of('dealer', 'hub')}", k=1, caps=Caps(hub=10))
    assert [path.hops for path in found.paths] == [1]


def test_from_an_identifier(chain: GraphStore, token_of: Any) -> None:
    found = paths(chain, f"phone:{token_of('phone', 'ab')}", "application:C", caps=Caps(hub=10))
    assert [path.hops for path in found.paths] == [3, 5]


def test_questions_that_make_no_sense(chain: GraphStore) -> None:
    with pytest.raises(UsageError):
        paths(chain, "application:A", "application:A")
    with pytest.raises(UsageError):
        paths(chain, "application:A", "application:B", k=0)
    with pytest.raises(UsageError):
        paths(chain, "application:A", "application:B", max_hops=99)
    with pytest.raises(NotFound):
        paths(chain, "application:A", "application:nobody")


def test_the_lengths_are_those_of_a_plain_search_of_the_book(shelf: Any, row: Any, batch_of: Build) -> None:
    book = st.lists(st.lists(st.integers(0, 7), min_size=1, max_size=3, unique=True), min_size=2, max_size=9)

    @settings(max_examples=3 if shelf.on_server else 12, deadline=None, derandomize=True)
    @given(book=book, order=st.randoms(use_true_random=False))
    def check(book: list[list[int]], order: Any) -> None:
        rows = [row(f"A{n}", tuple(f"phone/own/{v}" for v in values), n + 1) for n, values in enumerate(book)]
        whole: nx.Graph[str] = nx.Graph()
        for n, values in enumerate(book):
            whole.add_edges_from((f"A{n}", f"p{value}") for value in values)
        expected = sorted(len(p) - 1 for p in nx.all_simple_paths(whole, "A0", "A1", cutoff=6))[:4]
        answers = []
        for _ in range(2):
            store = shelf.fresh()
            store.write(batch_of(rows))
            found = paths(store, "application:A0", "application:A1", k=4)
            assert [path.hops for path in found.paths] == expected
            answers.append(found)
            order.shuffle(rows)
        assert answers[0] == answers[1]

    check()
