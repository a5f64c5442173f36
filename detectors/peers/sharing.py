"""Who shares which personal value: the links that all graph peers start from, and what a peer answers."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph.network import Network
from graph.schema import KIND, NODE_KINDS

F64 = NDArray[np.float64]
I64 = NDArray[np.int64]

HUB_CUT: Final = 20
"""A value of more applications than this joins nobody. Tried: 10, 20, 40, none."""
TRADE_KINDS: Final = frozenset(KIND[name].code for name in ("dealer", "officer", "employer", "ip"))
"""Shared by way of trade or work, whatever their size. With employers and IP addresses in, every graph peer is worse
(average precision on a book of 20,000: components .012 against .026, Louvain .015 against .032, BiRank .094 against
.127)."""
WEIGHT_ONE: Final = 1000


@dataclass(frozen=True, slots=True)
class PeerResult:
    """score: [A] larger is riskier. ring: [A] number of the reported group, -1 for none."""

    score: F64
    ring: I64

    @staticmethod
    def without_groups(score: F64) -> "PeerResult":
        """A score that reports no group."""
        return PeerResult(score, np.full(len(score), -1, np.int64))


@dataclass(frozen=True, slots=True)
class Uses:
    """[U] unique uses of personal values that at least two members share, by value: member, value 0.., its users."""

    member: I64
    value: I64
    users: I64


@dataclass(frozen=True, slots=True)
class Shared:
    """Pairs of applications (source < target, unique) by what they share: weight in thousandths of a rare value."""

    size: int
    source: I64
    target: I64
    weight: I64


def personal_uses(network: Network, member: NDArray[np.integer] | None = None, *, most: int | None = None) -> Uses:
    """Uses of values of 2 to `most` members. member: [A] who uses, by default each application for itself."""
    size = max(len(network.applications), 1)
    kinds = [kind.code for kind in NODE_KINDS if kind.code not in TRADE_KINDS]
    chosen = np.isin(network.value_kind[network.link_value], kinds)
    who = network.link_application[chosen].astype(np.int64)
    if member is not None:
        who = member.astype(np.int64)[who]
    held = np.unique(network.link_value[chosen] * np.int64(size) + who)
    value, who = held // size, held % size
    _, number, counts = np.unique(value, return_inverse=True, return_counts=True)
    users = counts[number].astype(np.int64)
    kept = (users >= 2) & (users <= (size if most is None else most))
    value = np.unique(value[kept], return_inverse=True)[1].astype(np.int64)
    return Uses(who[kept], value, users[kept])


def shared_values(network: Network) -> Shared:
    """All pairs that share a personal value of 2 to HUB_CUT applications; weight = sum of log(A / users) / log A."""
    size = len(network.applications)
    uses = personal_uses(network, most=HUB_CUT)
    worth = np.rint(WEIGHT_ONE * np.log(size / uses.users) / np.log(max(size, 2))).astype(np.int64)
    gaps = range(1, min(HUB_CUT, len(uses.value)))
    met = [np.flatnonzero(uses.value[gap:] == uses.value[:-gap]) for gap in gaps]
    first = np.concatenate([np.zeros(0, np.int64), *met])
    second = np.concatenate([np.zeros(0, np.int64), *(at + gap for at, gap in zip(met, gaps, strict=True))])
    key, at = np.unique(uses.member[first] * size + uses.member[second], return_inverse=True)
    weight = np.bincount(at, weights=worth[first], minlength=len(key)).astype(np.int64)
    return Shared(size, key // max(size, 1), key % max(size, 1), weight)
