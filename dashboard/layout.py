"""Where the nodes of a small network stand: stress majorization over hop distances, then boxes pushed apart.

Gansner, Koren, North: Graph drawing by stress majorization (2004). The order of nodes and edges does not matter.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOP: Final = 95.0  # pixels between neighbours
STRETCH: Final = 1.3  # the frame is wider than high
ROUNDS: Final = 120
REMEMBERED: Final = 128  # pictures of at most 150 nodes
PUSHES: Final = 600
SLACK: Final = 0.8  # pixels of overlap that nobody sees
ROOM: Final = 2.2  # frame area for each area of boxes
LARGEST: Final = 4.0  # a chain is a line, which has no area
BOX_HEIGHT: Final = 62.0  # a node and its label below
GAP: Final = 70.0  # between parts that no edge joins
SHELF: Final = 1_100.0  # width at which the next part starts a new row


def place(widths: Mapping[str, float], edges: Sequence[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """A place for each node. widths: id -> pixels its box needs; edges: pairs of ids, repeats allowed."""
    links = frozenset((min(edge), max(edge)) for edge in edges)
    return dict(_place(tuple(sorted(widths.items())), links))


@lru_cache(maxsize=REMEMBERED)
def _place(nodes: tuple[tuple[str, float], ...], edges: frozenset[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """Remembered, because every click on a chart asks for the same places again."""
    ids = [name for name, _ in nodes]
    sizes = np.array([width for _, width in nodes])
    index = {name: number for number, name in enumerate(ids)}
    hops = _hops(len(ids), [(index[one], index[two]) for one, two in edges])
    parts = _parts(hops)
    spots = np.zeros((len(ids), 2))
    x = y = row = 0.0
    for part in parts:
        drawn = _draw(hops[np.ix_(part, part)], sizes[part])
        drawn -= drawn.min(axis=0)
        wide, high = drawn.max(axis=0)
        if x and x + wide > SHELF:
            x, y, row = 0.0, y + row + GAP, 0.0
        spots[part] = drawn + np.array((x, y))
        x, row = x + wide + 1.6 * GAP, max(row, high)
    return {name: (round(float(sx), 1), round(float(sy), 1)) for name, (sx, sy) in zip(ids, spots, strict=True)}


def _hops(count: int, edges: Sequence[tuple[int, int]]) -> Floats:
    """[count, count] steps between nodes, infinite where no path is (Floyd-Warshall, one row operation a node)."""
    hops = np.full((count, count), np.inf)
    np.fill_diagonal(hops, 0.0)
    for one, two in edges:
        if one != two:
            hops[one, two] = hops[two, one] = 1.0
    for via in range(count):
        np.minimum(hops, hops[:, via, None] + hops[None, via, :], out=hops)
    return hops


def _parts(hops: Floats) -> list[NDArray[np.int64]]:
    """Connected parts, the largest first, ties by first id."""
    found: list[NDArray[np.int64]] = []
    left = np.ones(len(hops), dtype=bool)
    for node in range(len(hops)):
        if left[node]:
            part = np.flatnonzero(np.isfinite(hops[node]))
            left[part] = False
            found.append(part)
    return sorted(found, key=lambda part: (-len(part), int(part[0])))


def _draw(hops: Floats, widths: Floats) -> Floats:
    if len(hops) == 1:
        return np.zeros((1, 2))
    spots = _majorize(_start(hops), hops)
    spots *= HOP
    spots[:, 0] *= STRETCH
    return _apart(_roomy(spots, widths), widths)


def _roomy(spots: Floats, widths: Floats) -> Floats:
    """The same picture, larger where the boxes would fill too much of it to be pushed apart."""
    wide, high = np.maximum(np.ptp(spots, axis=0), 1.0)
    filled = ROOM * float(widths.sum()) * BOX_HEIGHT / (wide * high)
    return np.asarray(spots * max(1.0, min(LARGEST, filled**0.5)))


def _start(hops: Floats) -> Floats:
    """Classical scaling; a small fixed spiral parts the nodes whose distances are all equal."""
    count = len(hops)
    centre = np.eye(count) - 1.0 / count
    values, vectors = np.linalg.eigh(-0.5 * centre @ (hops**2) @ centre)
    spots = vectors[:, [-1, -2]] * np.sqrt(np.maximum(values[[-1, -2]], 1e-9))
    turn = np.arange(count) * 2.399963  # golden angle
    return np.asarray(spots + 0.15 * np.column_stack((np.cos(turn), np.sin(turn))))


def _majorize(spots: Floats, hops: Floats) -> Floats:
    """Lower the stress sum (|xi - xj| - hops)^2 / hops^2 by Guttman transforms."""
    with np.errstate(divide="ignore"):
        weights = np.where(hops > 0, hops**-2.0, 0.0)
    laplacian = np.diag(weights.sum(axis=1)) - weights
    inverse = np.linalg.pinv(laplacian)
    for _ in range(ROUNDS):
        gaps = spots[:, None, :] - spots[None, :, :]
        lengths = np.sqrt((gaps**2).sum(axis=2))
        pull = np.where(lengths > 1e-9, -weights * hops / np.maximum(lengths, 1e-9), 0.0)
        np.fill_diagonal(pull, 0.0)
        np.fill_diagonal(pull, -pull.sum(axis=1))
        spots = inverse @ (pull @ spots)
    return spots


def _apart(spots: Floats, widths: Floats) -> Floats:
    """Push overlapping boxes apart along the axis where less is needed, until none overlaps."""
    need_x = (widths[:, None] + widths[None, :]) / 2
    order = np.sign(np.arange(len(spots))[:, None] - np.arange(len(spots))[None, :])
    for _ in range(PUSHES):
        gaps = spots[:, None, :] - spots[None, :, :]
        over_x = need_x - np.abs(gaps[:, :, 0])
        over_y = BOX_HEIGHT - np.abs(gaps[:, :, 1])
        clash = (over_x > SLACK) & (over_y > SLACK) & (order != 0)
        if not clash.any():
            break
        side = np.where(gaps != 0, np.sign(gaps), order[:, :, None])
        sideways = clash & (over_x < over_y)
        upright = clash & ~sideways
        spots = spots + 0.5 * np.column_stack(
            (
                np.where(sideways, side[:, :, 0] * over_x, 0.0).sum(axis=1),
                np.where(upright, side[:, :, 1] * over_y, 0.0).sum(axis=1),
            )
        )
    return spots
