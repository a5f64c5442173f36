"""Which published rows stand near the targets of a small book: in time, among the users of their values."""

from bisect import bisect_left
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.artifact import Published
from detectors.fresh import Fresh, published_slots, published_values
from graph.book import ROLES_PER_VALUE, LinkTable, expand
from graph.projection import COUNT_REACH
from graph.schema import ROLE

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]

REACH: Final = COUNT_REACH + 2
"""Users of a value laid out to each side of the row in time: the farthest that any feature looks, and a spare."""
ALL_ROLES: Final = np.array([r.code for r in ROLE.values()])


def near_targets(published: Published, fresh: Fresh) -> tuple[I64, LinkTable]:
    """Published rows near a target in each slot of its values, and those links; no older versions of fresh rows."""
    value_at, target = _asked(published, fresh)
    value_at, target = value_at.repeat(len(ALL_ROLES)), target.repeat(len(ALL_ROLES))
    slot = published_slots(published, value_at, np.tile(ALL_ROLES, len(value_at) // len(ALL_ROLES)))
    slot, target = slot[slot >= 0], target[slot >= 0]
    position, owner = expand(*_near(published, slot, _ranks(published, fresh)[target]))
    if len(fresh.own) > 1:  # they may meet the same users
        position, first = np.unique(position, return_index=True)
        owner = owner[first]
    member = published.members_of_slots["member"][position]
    kept = ~np.isin(member, fresh.stale)
    position, owner = position[kept], owner[kept]
    rows, local = np.unique(member[kept], return_inverse=True)
    key = published.slots["key"][slot]
    table = LinkTable(
        local.astype(np.int32),
        published.values["value"][key // ROLES_PER_VALUE][owner],
        published.values["kind"][key // ROLES_PER_VALUE][owner],
        (key % ROLES_PER_VALUE).astype(np.uint8)[owner],
        published.members_of_slots["offset"][position].astype(np.int32),
        published.members_of_slots["mark"][position].astype(np.int32),
    )
    return rows.astype(np.int64), table


def _asked(published: Published, fresh: Fresh) -> tuple[I64, I64]:
    """Published values that the targets use, ascending, and which target uses each."""
    number = np.full(len(fresh.ids), -1)
    number[fresh.own] = np.arange(len(fresh.own))
    target = number[fresh.links.application]
    value_at = published_values(published, fresh.links.value)
    held = (target >= 0) & (value_at >= 0)
    pair = np.unique(value_at[held] * len(fresh.own) + target[held])
    return pair // len(fresh.own), pair % len(fresh.own)


def _near(published: Published, slot: I64, rank: F64) -> tuple[I64, I64]:
    """Where in each slot's members the users within REACH of a place in time begin and end. rank: [slots]."""
    start, total = published.slots["start"][slot], published.slots["total"][slot].astype(np.int64)
    begin, end = start.copy(), start + total
    member, ranks = published.members_of_slots["member"], published.rows["rank"]
    for i in (total > REACH).nonzero()[0].tolist():  # smaller slots are taken whole
        at = begin[i] + bisect_left(member[begin[i] : end[i]], float(rank[i]), key=lambda user: float(ranks[user]))
        begin[i], end[i] = max(begin[i], at - REACH), min(end[i], at + REACH)
    return begin, end


def _ranks(published: Published, fresh: Fresh) -> F64:
    """[T] where each target stands in the published time order; a new row stands after all of its own instant."""
    rank = column_at(published.rows["rank"], fresh.known).astype(np.float64)
    new = fresh.known < 0
    if new.any():
        rank[new] = published.event_order.searchsorted(fresh.columns["event_at"][fresh.own[new]], side="right") - 0.5
    return rank


def column_at(column: NDArray[Any], index: I64) -> NDArray[Any]:
    """The column at each index, 0 where that is -1."""
    if not len(column):
        return np.zeros(len(index), column.dtype)
    found: NDArray[Any] = column[index]
    found[index < 0] = 0
    return found


def linked(published: Published, rows: I64) -> I64:
    """Published slots of some published rows' links, ascending, once a link."""
    if not len(rows):
        return np.zeros(0, np.int64)
    start, links = published.rows["link_start"], published.links["slot"]
    last = np.where(rows + 1 < published.applications, start[np.minimum(rows + 1, len(start) - 1)], len(links))
    return np.sort(links[expand(start[rows], last)[0]].astype(np.int64))
