"""Dense blocks of applications and the values they share: FRAUDAR's greedy peeling, one block after another."""

import heapq
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph.communities import components
from graph.errors import UsageError

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

WEIGHT_ONE: Final = 1_000_000
"""Weights are whole millionths, so that no order of summing can turn a block into another."""
CAMOUFLAGE: Final = 5.0
"""c of the column weight 1 / log(d + c): Hooi et al. use 5."""
SLACK: Final = 0.1
"""Of the rounds that find a first density: the smaller, the nearer to the best and the more rounds."""


@dataclass(frozen=True, slots=True)
class Blocks:
    """Blocks in the order found, no row in two of them.

    label: [R] block of each row, -1 for none. piece: [R] smallest row of the connected piece of its block that the row
    lies in, itself for none. tie: [R] weight of the row's own edges inside its block, in units. density: [B] weight
    inside the block for each of its rows and columns.
    """

    label: I64
    piece: I64
    tie: F64
    density: F64


@dataclass(frozen=True, slots=True)
class _Edges:
    """Edges between rows 0..size-1 and columns size.., with their weight in millionths."""

    row: I64
    column: I64
    weight: I64

    def within(self, node: Bool) -> "_Edges":
        held = node[self.row] & node[self.column]
        return self.only(held)

    def only(self, held: Bool) -> "_Edges":
        return _Edges(self.row[held], self.column[held], self.weight[held])

    def strength(self, nodes: int) -> I64:
        """[nodes] weight of each node's edges: exact, because every sum stays far below 2**53."""
        total = np.bincount(self.row, self.weight, nodes) + np.bincount(self.column, self.weight, nodes)
        return total.astype(np.int64)


def dense_blocks(size: int, row: I64, column: I64, *, least: float, most: int) -> Blocks:
    """FRAUDAR (Hooi et al., KDD 2016): up to `most` blocks of density `least` and more, the densest first.

    row, column: [E] unique edges between rows 0..size-1 and columns 0..; a column of d rows weighs 1 / log(d + 5) on
    each of its edges, so that a hub, or camouflage towards one, adds little. A block is what greedy peeling leaves at
    its densest; its rows then go, and the rest is peeled again. Ties go to the smaller row, rows before columns.
    Raises UsageError for edges that are no edges.
    """
    edges = _weighted(size, row, column)
    nodes = size + int(column.max(initial=-1)) + 1
    label, piece, tie = np.full(size, -1, np.int64), np.arange(size, dtype=np.int64), np.zeros(size)
    density: list[float] = []
    while len(density) < most and len(edges.row):
        block = _densest(edges, nodes)
        inside = edges.within(block)
        members = np.flatnonzero(block[:size])
        reached = float(inside.weight.sum()) / float(block.sum()) / WEIGHT_ONE
        if reached < least:
            break
        label[members], piece[members] = len(density), _pieces(inside, nodes)[members]
        tie[members] = inside.strength(nodes)[members] / WEIGHT_ONE
        density.append(reached)
        edges = edges.only(~block[edges.row])
    return Blocks(label, piece, tie, np.array(density, np.float64))


def _pieces(inside: _Edges, nodes: int) -> I64:
    """[nodes] smallest node of each node's connected piece: a row wherever the piece holds one."""
    return components(nodes, inside.row, inside.column)


def _weighted(size: int, row: I64, column: I64) -> _Edges:
    if len(row) != len(column):
        raise UsageError("rows and columns of the edges differ in number")
    if len(row) and (min(row.min(), column.min()) < 0 or row.max() >= size):
        raise UsageError(f"an edge names a row outside 0..{size - 1}, or a column below 0")
    degree = np.bincount(column) if len(column) else np.zeros(0, np.int64)
    weight = np.rint(WEIGHT_ONE / np.log(degree + CAMOUFLAGE)).astype(np.int64)
    return _Edges(row.astype(np.int64), column.astype(np.int64) + size, weight[column])


def _densest(edges: _Edges, nodes: int) -> Bool:
    """[nodes] members of the block that peeling all of `edges` node by node finds.

    Peeling reaches the densest set through the largest one in which every node's strength is at least a density known
    to exist (taking away a weaker node would only have made a set denser), so only that core is peeled in steps.
    """
    weight, members = _rough_density(edges, nodes)
    core = _core(edges, nodes, weight, members)
    block = np.zeros(nodes, np.bool_)
    block[_peel(core)] = True
    return block


def _rough_density(edges: _Edges, nodes: int) -> tuple[int, int]:
    """Weight and nodes of the densest set that taking away all weak nodes at once passes (Bahmani et al., 2012)."""
    best = (0, 1)
    while len(edges.row):
        strength = edges.strength(nodes)
        alive = strength > 0
        weight, members = int(edges.weight.sum()), int(alive.sum())
        if weight * best[1] > best[0] * members:
            best = (weight, members)
        edges = edges.within(strength > 2 * (1 + SLACK) * weight / members)
    return best


def _core(edges: _Edges, nodes: int, weight: int, members: int) -> _Edges:
    """The edges left when every node weaker than weight / members is gone."""
    while True:
        strength = edges.strength(nodes)
        strong = strength * members >= weight
        if strong[edges.row].all() and strong[edges.column].all():
            return edges
        edges = edges.within(strong)


def _peel(edges: _Edges) -> list[int]:
    """Take away the weakest node until none is left; the nodes that were there at the greatest density."""
    names, ends = np.unique(np.concatenate([edges.row, edges.column]), return_inverse=True)
    half = len(edges.row)
    near: list[list[tuple[int, int]]] = [[] for _ in names]
    for a, b, w in zip(ends[:half].tolist(), ends[half:].tolist(), edges.weight.tolist(), strict=True):
        near[a].append((b, w))
        near[b].append((a, w))
    strength = [sum(w for _, w in met) for met in near]
    heap = [(held, node) for node, held in enumerate(strength)]
    heapq.heapify(heap)
    total, left = int(edges.weight.sum()), len(names)
    best, kept, gone = (total, left), 0, [False] * left
    order: list[int] = []
    while left > 1:
        held, node = heapq.heappop(heap)
        if gone[node] or held != strength[node]:
            continue
        gone[node] = True
        order.append(node)
        total, left = total - held, left - 1
        for other, w in near[node]:
            if not gone[other]:
                strength[other] -= w
                heapq.heappush(heap, (strength[other], other))
        if total * best[1] > best[0] * left:
            best, kept = (total, left), len(order)
    away = np.zeros(len(names), np.bool_)
    away[order[:kept]] = True
    remaining: list[int] = names[~away].tolist()
    return remaining
