"""Places of nodes: readable, repeatable, whatever the order."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.layout import BOX_HEIGHT, place

Edges = list[tuple[str, str]]


def overlaps(spots: dict[str, tuple[float, float]], width: float) -> list[tuple[str, str]]:
    ids = sorted(spots)
    return [
        (one, two)
        for n, one in enumerate(ids)
        for two in ids[n + 1 :]
        if abs(spots[one][0] - spots[two][0]) < width - 1 and abs(spots[one][1] - spots[two][1]) < BOX_HEIGHT - 1
    ]


def star(leaves: int) -> Edges:
    return [("hub", f"leaf{n:02d}") for n in range(leaves)]


def ring_like(members: int, values: int) -> Edges:
    rng = random.Random(3)
    return [(f"a{n}", f"v{value}") for n in range(members) for value in rng.sample(range(values), 3)]


@pytest.mark.parametrize("edges", [star(24), ring_like(17, 6), ring_like(90, 20), [("a", "b")]])
def test_no_two_boxes_overlap(edges: Edges) -> None:
    spots = place({name: 90.0 for edge in edges for name in edge}, edges)
    assert overlaps(spots, 90.0) == []


def test_parts_without_a_link_stand_apart() -> None:
    spots = place(dict.fromkeys("abcdef", 60.0), [("a", "b"), ("c", "d")])
    assert len(set(spots.values())) == 6
    assert overlaps(spots, 60.0) == []


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False))
def test_order_of_nodes_and_edges_does_not_matter(rng: random.Random) -> None:
    edges = ring_like(9, 5)
    names = sorted({name for edge in edges for name in edge})
    first = place(dict.fromkeys(names, 80.0), edges)
    turned = [edge if rng.random() < 0.5 else (edge[1], edge[0]) for edge in edges]
    rng.shuffle(names)
    rng.shuffle(turned)
    assert place(dict.fromkeys(names, 80.0), turned) == first


def test_neighbours_stand_nearer_than_strangers() -> None:
    chain = [(f"n{n}", f"n{n + 1}") for n in range(6)]
    spots = place({name: 50.0 for edge in chain for name in edge}, chain)

    def gap(one: str, two: str) -> float:
        return float(((spots[one][0] - spots[two][0]) ** 2 + (spots[one][1] - spots[two][1]) ** 2) ** 0.5)

    assert gap("n0", "n1") < gap("n0", "n3") < gap("n0", "n6")


def test_nothing_and_one() -> None:
    assert place({}, []) == {}
    assert place({"a": 50.0}, [("a", "a")]) == {"a": (0.0, 0.0)}
