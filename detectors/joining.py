"""Which community a new application would join, and what that then is: columns of the next sweep, foretold."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors import around, propagation
from detectors.artifact import Published
from detectors.local import Local
from detectors.policy import Policy
from detectors.tails import DECADE
from detectors.tally import add
from graph.book import DAY
from graph.projection import WEIGHT_ONE, Pairs

I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where each target stands.

    home: [T] published index of a member of its community, -1 when it stands alone; strength: [T] the community's;
    facts: [T, around.group_names] with the target counted in, zeros where the sweep asked no model.
    """

    home: I64
    strength: I64
    facts: I64


def standing(published: Published, local: Local, pairs: Pairs, own: int, first: int, policy: Policy) -> Standing:
    """Swept applications' communities as published; a new one's as the next sweep would most likely have it.

    own, first: the new target's layers 0 and 1.
    """
    if local.known is not None:
        strength = published.rows["community_strength"][local.swept].astype(np.int64)
        return Standing(local.swept, strength, _published(published, local.swept, policy))
    home = _home(published, local, pairs, policy)
    facts = _published(published, np.array([home]), policy)[0]
    members = published.community_of(home) if home >= 0 else np.zeros(0, np.int64)
    members = members[members != _older(published, local)]
    company = {
        name: np.append(published.rows[name][members].astype(np.int64), int(local.book.columns[name][local.target]))
        for name in ("event_at", *around.COUNTED)
    }
    strength = propagation.community_strength(
        np.zeros(len(members) + 1, np.int64),
        company["person"].astype(np.int32),
        np.append(published.rows["layer0"][members], own),
        policy,
    ).strength
    if published.model is not None:
        layer1 = np.append(published.rows["layer1"][members], first)
        inside = np.isin(local.published[pairs.other], members)
        facts = _grown(facts, company, layer1, pairs, inside)
    return Standing(np.array([home]), strength[:1], facts[None])


def _home(published: Published, local: Local, pairs: Pairs, policy: Policy) -> int:
    """A member of the community whose quality under CPM the row adds most to, -1 where it adds nothing.

    The gain of joining is the weight to the community less resolution times its size (Traag et al. 2011).
    """
    index = local.published[pairs.other]
    chosen = (index >= 0) & (pairs.weight > 0)
    if not chosen.any():
        return -1
    label, at, of = np.unique(published.rows["community"][index[chosen]], return_index=True, return_inverse=True)
    size = np.array([len(published.community_of(int(member))) for member in index[chosen][at]])
    gain = add(of, pairs.weight[chosen], len(label)) - size * policy.community_resolution * WEIGHT_ONE
    best = int(np.argmax(gain))
    return int(index[chosen][at[best]]) if gain[best] > 0 else -1


def _older(published: Published, local: Local) -> int:
    """Published index of another version of the target, -1 without one."""
    index = published.index_of(local.ids[local.target])
    return -1 if index is None else index


def _published(published: Published, home: I64, policy: Policy) -> I64:
    """[T, group_names] what the sweep told of each community; zeros of none, and where it asked no model."""
    names = around.group_names([c.name for c in policy.channels])
    facts = np.zeros((len(home), len(names)), np.int64)
    there = home >= 0
    if published.model is not None and there.any():
        facts[there] = np.column_stack([published.rows[name][home[there]] for name in names])
    return facts


def _grown(before: I64, company: Mapping[str, I64], layer1: I64, pairs: Pairs, inside: Bool) -> I64:
    """[group_names] of a community with one more member, the last of `company` and `layer1`.

    before: of the others. pairs: of the new one; inside: [P] with members, who then meet it as it meets them.
    """
    size, others = len(layer1), len(layer1) - 1
    weight, free = pairs.raw // DECADE, ~pairs.explained
    inner, inner_free, outer = (
        int(before[around.GROUP.index(f"group_{name}")]) for name in ("inner", "inner_free", "outer")
    )
    tied = -(-before[len(around.GROUP) :] * others // around.TENTHS)
    more = [
        int((pairs.channels[inside & chosen] >> channel & 1).sum())
        for chosen in (free, ~free)
        for channel in range(len(tied) // 2)
    ]
    times = company["event_at"]
    return np.array(
        [
            size,
            int(layer1.sum()) // size,
            int((layer1 >= around.STRONG).sum()),
            (inner * others + 2 * int(weight[inside].sum())) // size,
            (inner_free * others + 2 * int(weight[inside & free].sum())) // size,
            (outer * others + int(weight[~inside].sum())) // size,
            int(times.max() - times.min()) // DAY,
            *(len(np.unique(company[name])) for name in around.COUNTED),
            *((tied + 2 * np.array(more, np.int64)) * around.TENTHS // size).tolist(),
        ],
        np.int64,
    )
