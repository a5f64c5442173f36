"""What simpler, usual methods make of the same book: the peers that our score is shown beside.

Each peer gets what a careful analyst would give it: values that everybody shares (dealers, officers) left out, hubs
cut, communities too large to be a ring not reported, groups ranked by how strongly they hold together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.outlier import own_columns, second_opinion
from graph.communities import components, cpm, louvain
from graph.network import Network
from graph.schema import KIND, NODE_KINDS

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

HUB_CUT: Final = 20
"""A value of more applications than this joins nobody. Tried: 10, 20, 40, joining persons instead of applications, and
ranking groups by density; no choice lifted a peer's average precision or usable rings by more than noise."""
SMALLEST, LARGEST = 3, 100
"""Groups outside these sizes are not reported: pairs are too many, and the largest group is the book's tissue."""
TRADE_KINDS: Final = frozenset({KIND["dealer"].code, KIND["officer"].code})
"""Shared by way of trade, whatever their size."""
WEIGHT_ONE: Final = 1000
RESOLUTION: Final = 0.3 * WEIGHT_ONE
"""Of CPM: members meet at least this share of each other in units of one rare shared value."""
SEED: Final = 0


@dataclass(frozen=True, slots=True)
class PeerResult:
    """score: [A] larger is riskier. ring: [A] number of the reported group, -1 for none."""

    score: F64
    ring: I64


@dataclass(frozen=True, slots=True)
class Shared:
    """Pairs of applications (source < target, unique) by what they share: weight in thousandths of a rare value."""

    size: int
    source: I64
    target: I64
    weight: I64


def shared_values(network: Network) -> Shared:
    """All pairs that share an identifier of 2 to HUB_CUT applications; weight = sum of log(A / users) / log A."""
    size = len(network.applications)
    kinds = [kind.code for kind in NODE_KINDS if kind.code not in TRADE_KINDS]
    use = np.isin(network.value_kind[network.link_value], kinds)
    held = np.unique(network.link_value[use] * np.int64(max(size, 1)) + network.link_application[use])
    value, application = held // max(size, 1), held % max(size, 1)
    _, number, users = np.unique(value, return_inverse=True, return_counts=True)
    kept = (users[number] >= 2) & (users[number] <= HUB_CUT)
    value, application, users = value[kept], application[kept], users[number][kept]
    worth = np.rint(WEIGHT_ONE * np.log(size / users) / np.log(max(size, 2))).astype(np.int64)
    gaps = range(1, min(HUB_CUT, len(value)))
    met = [np.flatnonzero(value[gap:] == value[:-gap]) for gap in gaps]
    first = np.concatenate([np.zeros(0, np.int64), *met])
    second = np.concatenate([np.zeros(0, np.int64), *(at + gap for at, gap in zip(met, gaps, strict=True))])
    key, at = np.unique(application[first] * size + application[second], return_inverse=True)
    weight = np.bincount(at, weights=worth[first], minlength=len(key)).astype(np.int64)
    return Shared(size, key // max(size, 1), key % max(size, 1), weight)


def by_components(network: Network) -> PeerResult:
    """Connected components over shared values after the hub cut; the larger the component, the riskier."""
    shared = shared_values(network)
    label = components(shared.size, shared.source, shared.target)
    return _groups(label, np.bincount(label, minlength=shared.size).astype(np.float64))


def by_louvain(network: Network) -> PeerResult:
    """Louvain (modularity) on the weighted pairs; groups ranked by inner weight for each member."""
    shared = shared_values(network)
    return _by_strength(shared, louvain(shared.size, shared.source, shared.target, shared.weight, seed=SEED))


def by_cpm(network: Network) -> PeerResult:
    """Leiden CPM on the same pairs; groups ranked by inner weight for each member."""
    shared = shared_values(network)
    label = cpm(shared.size, shared.source, shared.target, shared.weight, resolution=RESOLUTION, seed=SEED)
    return _by_strength(shared, label)


def by_outliers(network: Network) -> PeerResult:
    """PyOD alone (ECOD and isolation forest) on each application's own columns; it reports no groups."""
    score = second_opinion(own_columns(network.applications), seed=SEED)
    return PeerResult(score, np.full(len(score), -1, np.int64))


def _by_strength(shared: Shared, label: NDArray[np.integer]) -> PeerResult:
    members = np.bincount(label, minlength=shared.size)
    inside = label[shared.source] == label[shared.target]
    weight = np.bincount(label[shared.source[inside]], weights=shared.weight[inside], minlength=shared.size)
    return _groups(label, weight / np.maximum(members, 1))


def _groups(label: NDArray[np.integer], strength: F64) -> PeerResult:
    """strength: [A] by label (a label is the number of a member)."""
    members = np.bincount(label, minlength=len(label))
    reported = (members >= SMALLEST) & (members <= LARGEST)
    return PeerResult(np.where(reported, strength, 0.0)[label], np.where(reported[label], label, -1).astype(np.int64))


PEERS: Final[Mapping[str, Callable[[Network], PeerResult]]] = {
    "components": by_components,
    "louvain": by_louvain,
    "leiden_cpm": by_cpm,
    "pyod": by_outliers,
}
ABOUT: Final[Mapping[str, str]] = {
    "components": f"values of at most {HUB_CUT} applications, connected components, ranked by size",
    "louvain": "the same pairs weighted by rarity, Louvain, ranked by inner weight for each member",
    "leiden_cpm": "the same pairs, Leiden CPM, ranked by inner weight for each member",
    "pyod": "ECOD and isolation forest on the application's own columns, no links",
}
