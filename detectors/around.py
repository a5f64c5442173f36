"""What the learner reads of a row's surroundings: neighbours' strength, community, and outcomes known nearby."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.tails import DECADE
from graph.book import DAY, ROLES_PER_VALUE, Book, find_slots
from graph.projection import Pairs
from graph.schema import ROLE

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

STRONG: Final = 4 * DECADE
"""Strength from which a neighbour counts as one to be wary of."""
NEIGHBOURS: Final = (
    "own_strength", "near_mean", "near_most", "near_most_free", "near_strong", "near_strong_free", "near_sum",
)  # fmt: skip
COUNTED: Final = ("person", "address", "surname", "dealer", "officer", "employer_core")
GROUP: Final = (
    "group_size", "group_mean", "group_strong", "group_inner", "group_inner_free", "group_outer", "group_days",
    *(f"group_{name}" for name in COUNTED),
)  # fmt: skip
HOLDERS: Final = ("dealer", "officer", "employer_core")
"""Values whose other users' outcomes are counted."""
OUTCOME: Final = (
    "known_weight_raw", "known_weight_free", "known_near", "known_two_steps", "known_group", "known_group_share",
    *(f"known_{name}" for name in HOLDERS), *(f"known_{name}_share" for name in HOLDERS),
)  # fmt: skip
NAMES: Final = (*NEIGHBOURS, *GROUP)
NONE: Final = -1
SHARE: Final = 1000


@dataclass(frozen=True, slots=True)
class Groups:
    """label: [A] community; facts: [A, GROUP] of the row's community; confirmed: [A] confirmed members of it."""

    label: I64
    facts: I64
    confirmed: I64


def groups(book: Book, pairs: Pairs, label: I64, strength: I64) -> Groups:
    """What each community is, as a whole. label: [A] smallest member; strength: [A] layer 1."""
    size = book.applications
    number = np.bincount(label, minlength=size)
    mean = _add(label, strength, size) // np.maximum(number, 1)
    strong = np.bincount(label[strength >= STRONG], minlength=size)
    inside = label[pairs.row] == label[pairs.other]
    weight = pairs.raw // DECADE
    of_row = label[pairs.row]
    inner = _add(of_row[inside], weight[inside], size) // np.maximum(number, 1)
    free = inside & ~pairs.explained
    inner_free = _add(of_row[free], weight[free], size) // np.maximum(number, 1)
    outer = _add(of_row[~inside], weight[~inside], size) // np.maximum(number, 1)
    event_at = book.columns["event_at"].astype(np.int64)
    first, last = np.full(size, np.iinfo(np.int64).max), np.zeros(size, np.int64)
    np.minimum.at(first, label, event_at)
    np.maximum.at(last, label, event_at)
    days = np.where(number > 0, (last - first) // DAY, 0)
    kinds = [_kinds(label, book.columns[name].astype(np.int64), size) for name in COUNTED]
    table = np.stack([number, mean, strong, inner, inner_free, outer, days, *kinds], axis=1)[label]
    confirmed = np.bincount(label[book.columns["confirmed"].astype(np.bool_)], minlength=size)[label]
    return Groups(label, table.astype(np.int64), confirmed.astype(np.int64))


def around(own: I64, pairs: Pairs, strength: I64, facts: I64) -> I64:
    """[R, NAMES] for rows with layer 1 `own`: [R]; strength: [A] of the neighbours; facts: [R, GROUP]."""
    size = len(own)
    weight, value = pairs.raw // DECADE, strength[pairs.other]
    total = _add(pairs.row, weight, size)
    mean = np.where(total > 0, _add(pairs.row, weight * value, size) // np.maximum(total, 1), NONE)
    strong, free = value >= STRONG, ~pairs.explained
    return np.column_stack(
        [
            own, mean, _most(pairs.row, value, size), _most(pairs.row[free], value[free], size),
            np.bincount(pairs.row[strong], minlength=size), np.bincount(pairs.row[strong & free], minlength=size),
            _add(pairs.row, weight * value, size) // DECADE, facts,
        ]
    ).astype(np.int64)  # fmt: skip


def alone(strength: int) -> I64:
    """[1, GROUP] of a row that no community holds. strength: its layer 1."""
    return np.array([[1, strength, int(strength >= STRONG), 0, 0, 0, 0, *(1 for _ in COUNTED)]], np.int64)


@dataclass(frozen=True, slots=True)
class Known:
    """Confirmed frauds in a whole book. weight: [A] raw weight to confirmed neighbours; value: [V] confirmed users."""

    weight: I64
    value: I64


def known(book: Book, pairs: Pairs) -> Known:
    """Count what is confirmed next to every application and on every value."""
    confirmed = book.columns["confirmed"].astype(np.int64)
    weight = _add(pairs.row, (pairs.raw // DECADE) * confirmed[pairs.other], book.applications)
    slot = np.repeat(np.arange(len(book.slots.key)), np.diff(book.slots.start))
    own = book.slots.key[slot] % ROLES_PER_VALUE == ROLE["own"].code
    value = book.slots.key[slot[own]] // ROLES_PER_VALUE
    return Known(weight, _add(value, confirmed[book.member[own]], len(book.values)))


def outcome(
    book: Book, rows: I32, pairs: Pairs, near: I64, group: tuple[I64, I64], held: Mapping[str, tuple[I64, I64]]
) -> I64:
    """[R, OUTCOME], each row's own outcome left out.

    near: [A] Known.weight of the neighbours; group: [R] confirmed members and members of the row's community;
    held: for each of HOLDERS [R] confirmed users and users of the row's value.
    """
    size = len(rows)
    confirmed = book.columns["confirmed"].astype(np.int64)
    mine = confirmed[rows]
    weight, hit = pairs.raw // DECADE, confirmed[pairs.other]
    free = ~pairs.explained
    back = weight * mine[pairs.row]
    beyond = np.maximum(near[pairs.other] - back, 0)
    total = np.maximum(_add(pairs.row, weight, size), 1)
    parts = [
        _add(pairs.row, weight * hit, size), _add(pairs.row[free], (weight * hit)[free], size),
        _add(pairs.row, hit, size), _add(pairs.row, np.minimum(weight, DECADE) * beyond, size) // total,
        *_without(group[0], group[1], mine),
    ]  # fmt: skip
    shares = [_without(*held[name], mine) for name in HOLDERS]
    return np.column_stack([*parts, *(count for count, _ in shares), *(share for _, share in shares)]).astype(np.int64)


def holders(book: Book, rows: I32, confirmed: I64) -> dict[str, tuple[I64, I64]]:
    """For each of HOLDERS, confirmed users and users of each row's value; confirmed: [V]. 0 without a value."""
    found = {}
    for name in HOLDERS:
        value = book.columns[name].astype(np.int64)[rows]
        at = np.minimum(np.searchsorted(book.values, value), max(len(book.values) - 1, 0))
        slot = find_slots(book, at * ROLES_PER_VALUE + ROLE["own"].code)
        there = (value != 0) & (slot >= 0)
        users = np.where(there, book.slots.total[np.maximum(slot, 0)], 0).astype(np.int64)
        found[name] = (np.where(there, confirmed[at], 0) if len(confirmed) else np.zeros(len(rows), np.int64), users)
    return found


def _without(count: I64, size: I64, mine: I64) -> tuple[I64, I64]:
    """Count and share (thousandths) of the others."""
    others = np.maximum(count - mine, 0)
    return others, others * SHARE // np.maximum(size - 1, 1)


def _add(at: NDArray[np.integer], value: NDArray[Any], size: int) -> I64:
    total = np.zeros(size, np.int64)
    np.add.at(total, at, value)
    return total


def _most(row: NDArray[np.integer], value: I64, size: int) -> I64:
    most = np.full(size, NONE, np.int64)
    np.maximum.at(most, row, value)
    return most


def _kinds(label: I64, item: I64, size: int) -> I64:
    """[A] how many different items each community has; having none is an item too."""
    pairs = np.unique(np.stack([label, item]), axis=1)
    return np.bincount(pairs[0], minlength=size).astype(np.int64)
