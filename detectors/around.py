"""What the learner reads of a row's surroundings: neighbours' strength, community, and outcomes known nearby."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.tails import DECADE
from detectors.tally import add, most
from graph.book import DAY, ROLES_PER_VALUE, Book, find_slots
from graph.ordering import distinct, numbered, places
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
SPREAD: Final = (
    "weight", "weight_free", "near", "two_steps", "group", "group_share",
    *HOLDERS, *(f"{name}_share" for name in HOLDERS),
)  # fmt: skip
FRAUD, DEFAULT = "confirmed", "defaulted"
FLAGS: Final = (FRAUD, DEFAULT)
TENTHS: Final = 10
"""Pairs by channel are told for each ten members of a community."""
OUTCOME: Final = tuple(f"{FRAUD}_{name}" for name in SPREAD)
NONE: Final = -1
SHARE: Final = 1000


@dataclass(frozen=True, slots=True)
class Groups:
    """label: [A] community; facts: [A, GROUP] of the row's community."""

    label: I64
    facts: I64


def group_names(channels: Sequence[str]) -> tuple[str, ...]:
    """The columns of Groups.facts for a policy's channels."""
    return (*GROUP, *(f"group_free_{c}" for c in channels), *(f"group_excused_{c}" for c in channels))


def names(channels: Sequence[str]) -> tuple[str, ...]:
    """What the label-blind model reads of the surroundings."""
    return (*NEIGHBOURS, *group_names(channels), DEFAULT, *(f"{DEFAULT}_{name}" for name in SPREAD))


def groups(book: Book, pairs: Pairs, label: I64, strength: I64, channels: int) -> Groups:
    """What each community is, as a whole. label: [A] smallest member; strength: [A] layer 1."""
    size = book.applications
    number = np.bincount(label, minlength=size)
    mean = add(label, strength, size) // np.maximum(number, 1)
    strong = np.bincount(label[strength >= STRONG], minlength=size)
    inside = label[pairs.row] == label[pairs.other]
    weight = pairs.raw // DECADE
    of_row = label[pairs.row]
    inner = add(of_row[inside], weight[inside], size) // np.maximum(number, 1)
    free = inside & ~pairs.explained
    inner_free = add(of_row[free], weight[free], size) // np.maximum(number, 1)
    outer = add(of_row[~inside], weight[~inside], size) // np.maximum(number, 1)
    event_at = book.columns["event_at"].astype(np.int64)
    first, last = np.full(size, np.iinfo(np.int64).max), np.zeros(size, np.int64)
    np.minimum.at(first, label, event_at)
    np.maximum.at(last, label, event_at)
    days = np.where(number > 0, (last - first) // DAY, 0)
    kinds = [_kinds(label, book.columns[name].astype(np.int64), size) for name in COUNTED]
    tied = []
    for chosen in (inside & ~pairs.explained, inside & pairs.explained):
        by, bits = of_row[chosen], pairs.channels[chosen]
        for channel in range(channels):
            with_it = by[bits & (1 << channel) > 0]
            tied.append(np.bincount(with_it, minlength=size) * TENTHS // np.maximum(number, 1))
    table = np.stack([number, mean, strong, inner, inner_free, outer, days, *kinds, *tied], axis=1)[label]
    return Groups(label, table.astype(np.int64, copy=False))


def around(own: I64, pairs: Pairs, strength: I64, facts: I64) -> I64:
    """[R, NAMES] for rows with layer 1 `own`: [R]; strength: [A] of the neighbours; facts: [R, GROUP]."""
    size = len(own)
    weight, value = pairs.raw // DECADE, strength[pairs.other]
    total = add(pairs.row, weight, size)
    mean = np.where(total > 0, add(pairs.row, weight * value, size) // np.maximum(total, 1), NONE)
    strong, free = value >= STRONG, ~pairs.explained
    return np.column_stack(
        [
            own, mean, most(pairs.row, value, size, NONE), most(pairs.row[free], value[free], size, NONE),
            np.bincount(pairs.row[strong], minlength=size), np.bincount(pairs.row[strong & free], minlength=size),
            add(pairs.row, weight * value, size) // DECADE, facts,
        ]
    ).astype(np.int64, copy=False)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flagged:
    """A flag (confirmed, defaulted) in a whole book.

    weight: [A] raw weight of the flagged ones that meet each; group: [A] flagged members of the row's community;
    value: [V] flagged users of a value.
    """

    weight: I64
    group: I64
    value: I64


def flagged(book: Book, pairs: Pairs, label: I64, flag: str) -> Flagged:
    """Count what is flagged next to every application, in its community and on every value."""
    column = book.columns[flag].astype(np.int64)
    # from their side: a crowd that names one's phone meets its owner, who does not meet the crowd
    weight = add(pairs.other, (pairs.raw // DECADE) * column[pairs.row], book.applications)
    hit = np.flatnonzero((column != 0)[book.member])
    key = book.slots.key[book.slots.start.searchsorted(hit, side="right") - 1]
    own = key % ROLES_PER_VALUE == ROLE["own"].code
    group = add(label, column, book.applications)[label]
    return Flagged(weight, group, add(key[own] // ROLES_PER_VALUE, column[book.member[hit[own]]], len(book.values)))


@dataclass(frozen=True, slots=True)
class Company:
    """What a flag's columns are made of for some rows.

    near: [A] Flagged.weight of the neighbours; group, size: [R] flagged members and members of the row's community;
    held: for each of HOLDERS [R] flagged users and users of the row's value.
    """

    near: I64
    group: I64
    size: I64
    held: Mapping[str, tuple[I64, I64]]


def spread(book: Book, rows: I32, pairs: Pairs, flag: str, company: Company) -> I64:
    """[R, SPREAD] what the other applications' flags say of each row; its own is left out."""
    size = len(rows)
    column = book.columns[flag].astype(np.int64)
    mine = column[rows]
    weight, hit = pairs.raw // DECADE, column[pairs.other]
    free = ~pairs.explained
    beyond = np.maximum(company.near[pairs.other] - weight * mine[pairs.row], 0)
    total = np.maximum(add(pairs.row, weight, size), 1)
    parts = [
        add(pairs.row, weight * hit, size), add(pairs.row[free], (weight * hit)[free], size),
        add(pairs.row, hit, size), add(pairs.row, np.minimum(weight, DECADE) * beyond, size) // total,
        *_without(company.group, company.size, mine),
    ]  # fmt: skip
    shares = [_without(*company.held[name], mine) for name in HOLDERS]
    return np.column_stack([*parts, *(count for count, _ in shares), *(share for _, share in shares)]).astype(
        np.int64, copy=False
    )


def holders(book: Book, rows: I32, flagged_users: I64) -> dict[str, tuple[I64, I64]]:
    """For each of HOLDERS, flagged users and users of each row's value; flagged_users: [V]. 0 without a value."""
    found = {}
    for name in HOLDERS:
        value = book.columns[name].astype(np.int64)[rows]
        at = np.minimum(places(book.values, value), max(len(book.values) - 1, 0))
        slot = find_slots(book, at * ROLES_PER_VALUE + ROLE["own"].code)
        there = (value != 0) & (slot >= 0)
        users = np.where(there, book.slots.total[np.maximum(slot, 0)], 0).astype(np.int64)
        count = flagged_users[at] if len(flagged_users) else np.zeros(len(rows), np.int64)
        found[name] = (np.where(there, count, 0), users)
    return found


def _without(count: I64, size: I64, mine: I64) -> tuple[I64, I64]:
    """Count and share (thousandths) of the others."""
    others = np.maximum(count - mine, 0)
    return others, others * SHARE // np.maximum(size - 1, 1)


def _kinds(label: I64, item: I64, size: int) -> I64:
    """[A] how many different items each community has; having none is an item too."""
    _, number = numbered(item)
    several = max(len(item), 1)
    return np.bincount(distinct(label * several + number) // several, minlength=size).astype(np.int64)
