"""What members of a planted ring are tied by: one function for each `how` of the grammar."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.copybook import OWN, PHONE, Copy
from detectors.grammar import Tie
from graph.book import name_mark
from graph.network import BUILDING, DERIVED_KIND, NO_MARK, PHONE_BLOCK
from graph.schema import KIND

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

OTHER_SPELLING: Final = 0.25
RUN_GAP: Final = 4
NATIONAL_ID: Final = KIND["national_id"].code
MANY_NAMES: Final = 0.7
"""Rings that name one reference's phone differently in every application."""
TRUE_NAME: Final = (0.3, 1.0)
"""Of a ring: share of the references whose phone is a member's that carry the member's name."""
OLD_BUILDING: Final = 0.7
"""Rings whose new address lies in the building where their first member lived."""
SLIP: Final = 0.25
"""Applications of one person whose ID or name differs a little."""


@dataclass(frozen=True, slots=True)
class Members:
    """Members of the rings of one form, ring by ring in time order. share: [G]."""

    row: I64
    of: I64
    pos: I64
    first: I64
    size: I64
    share: F64

    def __len__(self) -> int:
        return len(self.size)


def tie(copy: Copy, one: Tie, members: Members, taken: Bool, stray: float) -> None:
    """Tie the members that `taken` names ([rows of members]); stray: who uses a pool's value out of turn."""
    if one.column:
        _column(copy, one, members, taken)
    elif one.how in ("pool", "standing"):
        _pool(copy, one, members, taken, stray)
    else:
        _HOWS[one.how](copy, one, members, taken)


def _pool(copy: Copy, tie: Tie, members: Members, taken: Bool, stray: float) -> None:
    """Members carry one of the ring's values, one value after another in time with some out of turn."""
    rng, rings = copy.rng, len(members)
    low, high = tie.values
    many = np.minimum(rng.integers(low, high + 1, rings), np.maximum(members.size // 2, 1))[members.of]
    turn = members.pos * many // members.size[members.of]
    anywhere = (rng.random(len(turn)) * many).astype(np.int64)
    slot = np.where(rng.random(len(turn)) < stray, anywhere, turn)
    pool = copy.fresh((rings, high)) if tie.how == "pool" else _standing(copy, tie.kind, members, high)
    value = pool[members.of, slot]
    good = taken & (value != 0)
    coarse = DERIVED_KIND.get(tie.kind)
    if coarse is not None and tie.how == "pool":
        group = _new_group(copy, coarse, members, high)[members.of, slot]
        copy.carry(members.row[good], coarse, tie.role, group[good])
    elif coarse is not None and tie.how == "standing":
        group = _coarse_of(copy, tie.kind, coarse, value)
        kept = good & (group != 0)
        copy.carry(members.row[kept], coarse, tie.role, group[kept])
    if tie.spellings:
        other = rng.random(len(value)) < OTHER_SPELLING
        value = np.where(other, copy.fresh((rings,))[members.of], value)
    named = _one_name(copy, tie, members, slot)
    copy.carry(members.row[good], tie.kind, tie.role, value[good], named=named[good])


def _new_group(copy: Copy, coarse: int, members: Members, high: int) -> I64:
    """[G, high] coarser values of new ones: new as well, but most new addresses are rooms of a house that stands."""
    group = copy.fresh((len(members), high))
    if coarse == BUILDING:
        old = copy.held(BUILDING)[members.first]
        there = (copy.rng.random(len(members)) < OLD_BUILDING) & (old != 0)
        group[there] = old[there, None]
    return group


def _one_name(copy: Copy, tie: Tie, members: Members, slot: I64) -> I64:
    """[M] the name that a ring gives its phone; NO_MARK in rings whose members each give one of their own."""
    if tie.kind != PHONE:
        return np.full(len(slot), NO_MARK)
    name = copy.some_names(tie.role, (len(members), tie.values[1]))
    name[copy.rng.random(len(members)) < MANY_NAMES] = NO_MARK
    return name[members.of, slot]


def _standing(copy: Copy, kind: int, members: Members, high: int) -> I64:
    """[G, high] values that rows anywhere in the book have."""
    held = copy.held(kind)
    return held[copy.rng.integers(len(held), size=(len(members), high))]


def _coarse_of(copy: Copy, kind: int, coarse: int, value: I64) -> I64:
    """The coarser value that some application has beside each value, 0 where none has."""
    fine, group = copy.held(kind), copy.held(coarse)
    order = np.argsort(fine, kind="stable")
    at = np.minimum(np.searchsorted(fine[order], value), len(order) - 1)
    return np.where(fine[order][at] == value, group[order][at], 0)


def _like_member(copy: Copy, tie: Tie, members: Members, taken: Bool) -> None:
    """The first member's own value, in the tie's role."""
    holder = members.first[members.of]
    good = taken & (members.pos > 0) & (copy.held(tie.kind)[holder] != 0)
    if tie.kind == NATIONAL_ID:
        good &= copy.rng.random(len(good)) >= SLIP
    named = _true_name(copy, tie, members, holder)
    copy.carry_of(members.row[good], holder[good], tie.kind, tie.role, named=named[good])


def _names_each_other(copy: Copy, tie: Tie, members: Members, taken: Bool) -> None:
    """A phone in the tie's role that is another member's own."""
    size = members.size[members.of]
    step = 1 + (copy.rng.random(len(size)) * (size - 1)).astype(np.int64)
    if tie.how != "any":
        step = np.where(tie.how == "next", 1, size - 1)
    begin = np.cumsum(members.size) - members.size
    other = members.row[begin[members.of] + (members.pos + step) % size]
    good = taken & (copy.held(PHONE)[other] != 0) & (size > 1) & ((tie.how != "before") | (members.pos > 0))
    named = _true_name(copy, tie, members, other)
    copy.carry_of(members.row[good], other[good], PHONE, tie.role, named=named[good])


def _true_name(copy: Copy, tie: Tie, members: Members, holder: I64) -> I64:
    """[M] the name of whose phone it is, for most; NO_MARK for the others, who leave the name they gave."""
    if tie.kind != PHONE:
        return np.full(len(holder), NO_MARK)
    true = copy.rng.random(len(holder)) < copy.rng.uniform(*TRUE_NAME, len(members))[members.of]
    return np.where(true, name_mark(copy.columns["name"][holder]), NO_MARK)


def _run(copy: Copy, _: Tie, members: Members, taken: Bool) -> None:
    """Own phones that follow one another with small gaps, in one block of a hundred."""
    rng, rings = copy.rng, len(members)
    gap = rng.integers(1, RUN_GAP + 1, len(members.row))
    gap[members.pos == 0] = rng.integers(0, 20, rings)
    total = np.cumsum(gap)
    begin = np.cumsum(members.size) - members.size
    offset = total - (total - gap)[begin][members.of]
    good = taken & (offset < 100)
    block = copy.fresh((rings,))[members.of]
    row = members.row[good]
    copy.carry(row, PHONE, OWN, copy.fresh((len(row),)))
    copy.carry(row, PHONE_BLOCK, OWN, block[good], offset[good])


def _twice(copy: Copy, tie: Tie, members: Members, taken: Bool) -> None:
    before = members.row[np.maximum(np.arange(len(members.row)) - 1, 0)]
    value = copy.held(tie.kind)[before]
    second = taken & (members.pos % 2 == 1) & (value != 0)
    copy.carry(members.row[second], tie.kind, tie.role, value[second])


def _repeat(copy: Copy, tie: Tie, members: Members, taken: Bool) -> None:
    again = taken & (members.pos > 0)
    copy.repeat(members.row[again], members.first[members.of][again], tie.kind, tie.role)


def _alone(copy: Copy, tie: Tie, members: Members, taken: Bool) -> None:
    rows = members.row[taken]
    for kind in dict.fromkeys((DERIVED_KIND.get(tie.kind, tie.kind), tie.kind)):
        copy.carry(rows, kind, tie.role, copy.fresh((len(rows),)))


def _column(copy: Copy, tie: Tie, members: Members, taken: Bool) -> None:
    if tie.how == "same":
        same(copy, tie.column, members, taken)
        return
    column = copy.columns[tie.column]
    rows = members.row[taken]
    if tie.how == "set":
        column[rows] = (
            tie.to if (column == tie.to).any() else column[rows]
        )  # what nobody has would give planted rows away
        return
    factor = copy.rng.uniform(*tie.by, len(rows))
    column[rows] = np.where(column[rows] > 0, (column[rows] * factor).astype(np.int64), column[rows])


def same(copy: Copy, column: str, members: Members, taken: Bool) -> None:
    """The first member's, where it has one."""
    value = copy.columns[column][members.first][members.of]
    good = taken & (members.pos > 0) & (value != 0)
    copy.columns[column][members.row[good]] = value[good]


_HOWS: Final[Mapping[str, Callable[[Copy, Tie, Members, Bool], None]]] = {
    "run": _run,
    "next": _names_each_other,
    "before": _names_each_other,
    "any": _names_each_other,
    "member": _like_member,
    "repeat": _repeat,
    "alone": _alone,
    "twice": _twice,
}
