"""FRAUDAR's peeling: the blocks that plain step-by-step peeling of everything finds, disjoint and whole."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from graph.dense import CAMOUFLAGE, WEIGHT_ONE, dense_blocks
from graph.errors import UsageError

ROWS, COLUMNS = 7, 6
EDGES = st.sets(st.tuples(st.integers(0, ROWS - 1), st.integers(0, COLUMNS - 1)), max_size=24)
Edges = set[tuple[int, int]]


def ends(edges: Edges) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    table = np.array(sorted(edges), np.int64).reshape(-1, 2)
    return table[:, 0].copy(), table[:, 1].copy()


def plainly(edges: Edges, weight: dict[int, int]) -> tuple[float, set[int]]:
    """Density and rows of what peeling node by node leaves at its densest (the last such, as less is left)."""
    left = {("r", row) for row, _ in edges} | {("c", column) for _, column in edges}
    held, best = set(edges), (-1.0, set[int]())
    while left:
        density = sum(weight[c] for _, c in held) / len(left)
        if density > best[0]:
            best = (density, {n for side, n in left if side == "r"})

        def strength(node: tuple[str, int], held: Edges = held) -> int:
            side, number = node
            return sum(weight[c] for r, c in held if (r if side == "r" else c) == number)

        weakest = min(left, key=lambda node: (strength(node), node[0] == "c", node[1]))
        left.remove(weakest)
        held = {(r, c) for r, c in held if weakest not in (("r", r), ("c", c))}
    return best


@given(EDGES)
def test_as_plain_peeling(edges: Edges) -> None:
    degree = {c: sum(1 for _, other in edges if other == c) for _, c in edges}
    weight = {c: round(WEIGHT_ONE / math.log(d + CAMOUFLAGE)) for c, d in degree.items()}
    found = dense_blocks(ROWS, *ends(edges), least=0.0, most=20)
    rest = set(edges)
    for number, density in enumerate(found.density):
        expected, rows = plainly(rest, weight)
        assert density * WEIGHT_ONE == pytest.approx(expected)
        assert set(np.flatnonzero(found.label == number)) == rows
        rest = {(r, c) for r, c in rest if r not in rows}
    assert not rest


def test_a_clique_before_camouflage_towards_a_hub() -> None:
    clique = {(r, c) for r in range(5) for c in range(4)}
    hub = {(r, 4) for r in range(40)}
    pairs = {(r, 5 + r // 2) for r in range(10, 40)}
    found = dense_blocks(40, *ends(clique | hub | pairs), least=0.3, most=3)
    assert np.flatnonzero(found.label == 0).tolist() == [0, 1, 2, 3, 4]
    assert found.density[0] > found.density[1:].max()
    assert (found.tie[:5] > found.tie[10]).all()


def test_pieces_that_nothing_joins_stand_apart() -> None:
    twice = {(r + 4 * k, c + 3 * k) for k in range(2) for r in range(4) for c in range(3)}
    found = dense_blocks(9, *ends(twice), least=0.3, most=5)
    assert found.label.tolist() == [0] * 8 + [-1]
    assert found.piece.tolist() == [0] * 4 + [4] * 4 + [8]


def test_ends_at_the_least_density_and_the_most_blocks() -> None:
    rows, columns = ends({(r, r // 3) for r in range(9)} | {(r, 3 + r // 3) for r in range(6)})
    assert len(dense_blocks(9, rows, columns, least=10.0, most=5).density) == 0
    assert len(dense_blocks(9, rows, columns, least=0.0, most=1).density) == 1
    assert dense_blocks(0, rows[:0], columns[:0], least=0.0, most=5).label.tolist() == []


@given(EDGES, st.randoms(use_true_random=False))
def test_the_order_of_edges_does_not_matter(edges: Edges, random: "np.random.Generator") -> None:
    row, column = ends(edges)
    order = np.array(sorted(range(len(row)), key=lambda _: random.random()), np.int64)
    first = dense_blocks(ROWS, row, column, least=0.0, most=9)
    second = dense_blocks(ROWS, row[order], column[order], least=0.0, most=9)
    assert (first.label == second.label).all()
    assert (first.tie == second.tie).all()


@pytest.mark.parametrize(("row", "column"), [([0], [0, 1]), ([5], [0]), ([-1], [0]), ([0], [-1])])
def test_edges_that_are_none_are_refused(row: list[int], column: list[int]) -> None:
    with pytest.raises(UsageError):
        dense_blocks(5, np.array(row), np.array(column), least=0.0, most=1)
