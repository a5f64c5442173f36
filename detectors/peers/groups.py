"""Peers that look for groups in what is shared, without any outcome."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.peers.sharing import HUB_CUT, WEIGHT_ONE, PeerResult, Shared, personal_uses, shared_values
from graph.communities import components, cpm, louvain
from graph.dense import dense_blocks
from graph.network import Network

F64 = NDArray[np.float64]

SMALLEST, LARGEST = 3, 100
"""Groups outside these sizes are not reported: pairs are too many, and the largest group is the book's tissue."""
RESOLUTION: Final = 0.3 * WEIGHT_ONE
"""Of CPM: members meet at least this share of each other in units of one rare shared value."""
SEED: Final = 0
LEAST_DENSITY: Final = 0.3
"""FRAUDAR's blocks end here: below it, a node holds less than one edge to a value of 20 users."""
MOST_BLOCKS: Final = 200


def by_components(network: Network) -> PeerResult:
    """Connected components over shared values after the hub cut; the larger the component, the riskier."""
    shared = shared_values(network)
    label = components(shared.size, shared.source, shared.target)
    return _groups(label, np.bincount(label, minlength=shared.size).astype(np.float64))


def by_louvain(network: Network) -> PeerResult:
    """Louvain (modularity) on the weighted pairs; ranked by inner weight (for each member: AP .024, not .032)."""
    shared = shared_values(network)
    label = louvain(shared.size, shared.source, shared.target, shared.weight, seed=SEED)
    return _groups(label, _inner_weight(shared, label))


def by_cpm(network: Network) -> PeerResult:
    """Leiden CPM on the same pairs; groups ranked by inner weight for each member (in all: AP .017, not .024)."""
    shared = shared_values(network)
    label = cpm(shared.size, shared.source, shared.target, shared.weight, resolution=RESOLUTION, seed=SEED)
    members = np.bincount(label, minlength=shared.size)
    return _groups(label, _inner_weight(shared, label) / np.maximum(members, 1))


def by_fraudar(network: Network) -> PeerResult:
    """FRAUDAR (Hooi et al., 2016) on applications and personal values; blocks ranked by inner weight.

    A block may be several pieces of like density that nothing joins; each piece is a group of its own. Tried on a book
    of 20,000: pieces or whole blocks (AP .070 and .017), ranked by density (.021), without the hub cut (.042), with
    persons in place of applications (.068; no other peer here gains by that either).
    """
    uses = personal_uses(network, most=HUB_CUT)
    size = len(network.applications)
    found = dense_blocks(size, uses.member, uses.value, least=LEAST_DENSITY, most=MOST_BLOCKS)
    return _groups(found.piece, np.bincount(found.piece, weights=found.tie, minlength=size).astype(np.float64))


def _inner_weight(shared: Shared, label: NDArray[np.integer]) -> F64:
    inside = label[shared.source] == label[shared.target]
    held = np.bincount(label[shared.source[inside]], weights=shared.weight[inside], minlength=shared.size)
    return held.astype(np.float64)


def _groups(label: NDArray[np.integer], strength: F64) -> PeerResult:
    """label: [A] number of a member of the group. strength: [A] by label."""
    members = np.bincount(label, minlength=len(label))
    reported = (members >= SMALLEST) & (members <= LARGEST)
    return PeerResult(np.where(reported, strength, 0.0)[label], np.where(reported[label], label, -1).astype(np.int64))
