"""What simpler, usual methods make of the same book: the peers that our score is shown beside.

Each peer gets what a careful analyst would give it; what was tried for it, on a book that is not reported, stands
beside the choice.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

from detectors.columns import confirmed
from detectors.peers.alone import by_boosting_alone, by_ecod, by_forest
from detectors.peers.groups import by_components, by_cpm, by_fraudar, by_louvain
from detectors.peers.labelled import by_birank, by_boosting_neighbours
from detectors.peers.sharing import HUB_CUT, PeerResult
from graph.network import Network

__all__ = ["PEERS", "Peer", "PeerResult", "known_frauds"]


@dataclass(frozen=True, slots=True)
class Peer:
    """A method of others: `peer(network, outcomes)` scores the book.

    outcomes: application_id, event, event_at, known_at (us). learns: it needs a confirmed fraud of the book
    among them (see known_frauds).
    """

    find: Callable[[Network, pl.DataFrame], PeerResult]
    about: str
    learns: bool = False

    def __call__(self, network: Network, outcomes: pl.DataFrame) -> PeerResult:
        """Score every application of the network."""
        return self.find(network, outcomes)


def known_frauds(network: Network, outcomes: pl.DataFrame | None) -> int:
    """How many applications are confirmed frauds by what is known: without any, nothing can be learnt."""
    return 0 if outcomes is None else int(confirmed(network, outcomes).sum())


def _unlabelled(find: Callable[[Network], PeerResult]) -> Callable[[Network, pl.DataFrame], PeerResult]:
    def found(network: Network, _: pl.DataFrame) -> PeerResult:
        return find(network)

    return found


PEERS: Final[Mapping[str, Peer]] = {
    "components": Peer(
        _unlabelled(by_components),
        f"personal values of at most {HUB_CUT} applications, connected components, ranked by size",
    ),
    "louvain": Peer(_unlabelled(by_louvain), "the same pairs weighted by rarity, Louvain, ranked by inner weight"),
    "leiden_cpm": Peer(_unlabelled(by_cpm), "the same pairs, Leiden CPM, ranked by inner weight for each member"),
    "fraudar": Peer(
        _unlabelled(by_fraudar), "the same values, FRAUDAR's blocks in their connected pieces, ranked by inner weight"
    ),
    "birank": Peer(
        by_birank, "BiRank from the confirmed frauds over persons and their personal values; no groups", learns=True
    ),
    "boost_own": Peer(
        by_boosting_alone, "gradient boosting on the outcomes, own columns only, five folds; no groups", learns=True
    ),
    "boost_near": Peer(
        by_boosting_neighbours,
        "the same with the neighbours' mean columns and known frauds; no groups",
        learns=True,
    ),
    "ecod": Peer(_unlabelled(by_ecod), "PyOD's ECOD on the application's own columns, no links"),
    "iforest": Peer(_unlabelled(by_forest), "PyOD's isolation forest on the same columns, no links"),
}
