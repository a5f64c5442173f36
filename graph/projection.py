"""Pairs of applications from shared values: who meets whom, through which channel, with what weight.

Everything is computed from the side of given rows against a Book, so a sweep calls it in blocks of rows and the score
of one application calls it for one row; both get the same integers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph.book import DAY, ROLE_BITS, ROLES_PER_VALUE, Book, expand, find_slots, use_of
from graph.network import NO_MARK, NO_OFFSET
from graph.ordering import distinct_items, numbered, places, stable_order
from graph.surprise import expected, surprise

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
I8 = NDArray[np.int8]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

WINDOW: Final = 45 * DAY
REACH: Final = 24
"""Each application meets the next 24 users of a value in time (and the 24 before)."""
SOFT_REACH: Final = 12
CROWD: Final = 40
"""Values of more persons than this make no pairs of their own."""
COUNT_REACH: Final = 200
"""Uses of a crowded value are counted at most this far to each side in time."""
WEIGHT_ONE: Final = 1_000_000
HOME: Final = 6
"""An address of at most so many persons may be one household."""
SEVERAL, MOST, NEARLY_ALL = 3, 50, 90
"""A value of at least three users is explained by what half of them have in common (for a dealer: nine in ten)."""
DECAY_DAYS: Final = 60.0
DECAY_FLOOR: Final = 0.25

UNNAMED, SAME_NAME, OTHER_NAME = 0, 1, 2

HOUSEHOLD, RELATIVE, COLLEAGUE, SAME_DEALER, COUPLE, KIN = 1, 2, 4, 8, 16, 32
FAMILY: Final = HOUSEHOLD | RELATIVE | COUPLE | KIN
FAMILY_BUYS: Final = 4
"""Other members of one family who finance a car within one window; beyond them kinship explains nothing."""
CAUSES: Final[dict[str, int]] = {
    "household": HOUSEHOLD,  # same address of few people
    "relative": RELATIVE,  # same surname
    "colleague": COLLEAGUE,  # same employer
    "couple": COUPLE,  # a value that only two persons ever used
    "kin": KIN,  # one names the other (reference, co-applicant), and they share something close besides
    "same_dealer": SAME_DEALER,  # a value that one dealer's customers use: its tablet, its salesman's number
}


@dataclass(frozen=True, slots=True)
class Channel:
    """My role and theirs on one kind of value. `weight` in units; `causes`: innocent causes that discount it.

    burst: the surprise counts explained uses too, because a burst of colleagues is what tells of an invented firm.
    declared: one names the other. close: what people share who live or work together.
    """

    name: str
    kind: int
    mine: int
    theirs: int
    weight: float
    soft: bool = False
    near: int = 0  # only numbers at most this far apart (phone blocks)
    causes: int = 0
    burst: bool = False
    declared: bool = False
    close: bool = False


@dataclass(frozen=True, slots=True)
class Entries:
    """[E] a row's link seen through a channel: the slot of the others, and where the row stands in its time order."""

    row: I32
    channel: I32
    value: I64
    slot: I64
    at: I64
    offset: I32
    mark: I32


@dataclass(frozen=True, slots=True)
class Touches:
    """[T] another person's application met through an entry.

    gap: their event_at - mine, microseconds. cause: bit mask of the innocent causes that the channel admits.
    named: SAME_NAME or OTHER_NAME beside the shared value, UNNAMED where either side gives none.
    """

    entry: I32
    other: I32
    gap: I64
    cause: I64
    named: I8


@dataclass(frozen=True, slots=True)
class Pairs:
    """[P] by (row, other). weight is discounted for innocent causes, raw is not; channels is a bit mask."""

    row: I32
    other: I32
    weight: I64
    raw: I64
    channels: I64
    explained: Bool
    gap: I64


def entries(book: Book, rows: I32, channels: Sequence[Channel]) -> Entries:
    """Every link of the rows through every channel that somebody stands at the other end of."""
    link, row = expand(book.link_start[rows], book.link_start[rows + 1])
    slot = book.link_slot[link]
    seen = book.slot_use[slot]
    wanted = [np.flatnonzero(seen == use_of(c.kind, c.mine)) for c in channels]
    number, chosen = np.repeat(np.arange(len(channels)), [len(some) for some in wanted]), np.concatenate(wanted)
    alike = np.array([c.mine == c.theirs for c in channels])[number]
    value = book.slots.key[slot[chosen]] >> ROLE_BITS
    theirs, at = slot[chosen].astype(np.int64), book.link_at[link[chosen]].astype(np.int64)
    other = np.flatnonzero(~alike)  # in another role the others stand in another slot
    roles = np.array([c.theirs for c in channels])[number[other]]
    theirs[other] = find_slots(book, value[other] * ROLES_PER_VALUE + roles)
    rank = book.columns["rank"][rows[row[chosen[other]]]].astype(np.int64)
    at[other] = places(book.member_key, theirs[other] * np.int64(max(book.applications, 1)) + rank)
    met = theirs >= 0
    number, chosen, value, theirs, at = number[met], chosen[met], value[met], theirs[met], at[met]
    offset, mark = book.link_offset[link[chosen]].astype(np.int32), book.link_mark[link[chosen]]
    return Entries(row[chosen].astype(np.int32), number.astype(np.int32), value, theirs, at, offset, mark)


def touches(book: Book, rows: I32, found: Entries, channels: Sequence[Channel]) -> Touches:
    """The other persons' applications next in time on values that are not crowded."""
    soft = np.array([c.soft for c in channels])[found.channel]
    near = np.array([c.near for c in channels])[found.channel]
    reach = np.where(soft, SOFT_REACH, REACH)
    crowded = book.slots.persons[found.slot] > CROWD
    begin = np.maximum(book.slots.start[found.slot], found.at - reach)
    end = np.where(crowded, begin, np.minimum(book.slots.start[found.slot + 1], found.at + reach + 1))
    position, entry = expand(begin, end)
    other, mine = book.member[position].astype(np.int64), rows[found.row[entry]].astype(np.int64)
    apart = np.abs(book.member_offset[position] - found.offset[entry])
    person = book.columns["person"]
    keep = (person[other] != person[mine]) & ((near[entry] == 0) | ((apart > 0) & (apart <= near[entry])))
    event_at = book.columns["event_at"].astype(np.int64)
    entry, other, mine, position = entry[keep], other[keep], mine[keep], position[keep]
    admitted = np.array([c.causes for c in channels])[found.channel[entry]]
    couple = COUPLE * (book.value_persons[found.value[entry]] <= 2)
    cause = (causes(book, mine, other) | value_causes(book, found.slot)[entry] | couple) & admitted
    cause &= ~(COLLEAGUE * _of_young_firm(book, mine, found.channel[entry], channels))
    cause |= KIN * _kin(found.row[entry], other, found.channel[entry], channels, book.applications)
    gap = event_at[other] - event_at[mine]
    cause &= ~(FAMILY * _too_many(book, entry, other, gap, cause, len(found.row)))
    named = _named(found.mark[entry], book.member_mark[position])
    return Touches(entry.astype(np.int32), other.astype(np.int32), gap, cause, named)


def _of_young_firm(book: Book, mine: I32, channel: I32, channels: Sequence[Channel]) -> Bool:
    """[T] whether the row's employer is too young for its people to be excused as colleagues.

    That they name one employer and one office line is what its surprise tells (burst channels), whatever its age.
    """
    burst = np.array([c.burst for c in channels])[channel]
    young: Bool = ~book.columns["established"].astype(np.bool_)[mine] & ~burst
    return young


def _too_many(book: Book, entry: I32, other: I32, gap: I64, cause: I64, size: int) -> Bool:
    """[T] whether more of a value's users than FAMILY_BUYS apply inside the window, and are excused as family only."""
    kin = (cause != 0) & (cause & ~FAMILY == 0) & (np.abs(gap) <= WINDOW)
    many = distinct_persons(book, entry[kin], other[kin], size) > FAMILY_BUYS
    crowd: Bool = many[entry]
    return crowd


def _named(mine: I32, theirs: I32) -> I8:
    """[T] whether the two give the shared value the same name; marks mean nothing but equality."""
    known = (mine != NO_MARK) & (theirs != NO_MARK)
    return np.where(known, np.where(mine == theirs, SAME_NAME, OTHER_NAME), UNNAMED).astype(np.int8)


def _kin(row: I32, other: I32, channel: I32, channels: Sequence[Channel], applications: int) -> Bool:
    """[T] whether the two of a touch are also declared to each other and share something close."""
    named, near = np.array([c.declared for c in channels])[channel], np.array([c.close for c in channels])[channel]
    if not (named.any() and near.any()):
        return np.zeros(len(channel), bool)
    _, pair = numbered(row.astype(np.int64) * max(applications, 1) + other)
    size = int(pair.max()) + 1
    declared, close = np.zeros(size, bool), np.zeros(size, bool)
    declared[pair[named]] = True
    close[pair[near]] = True
    both: Bool = (declared & close)[pair]
    return both


def entry_surprise(book: Book, rows: I32, found: Entries, met: Touches, channels: Sequence[Channel]) -> tuple[I64, I64]:
    """[E] surprise (hundredths) of the unexplained uses inside the window around each row, and their persons.

    On burst channels it counts in proportion to how much of the value's whole history lies in the window: a factory
    has its promotion weeks, an invented firm has nothing else.
    """
    burst = np.array([c.burst for c in channels])[found.channel[met.entry]]
    inside = (np.abs(met.gap) <= WINDOW) & (burst | (met.cause == 0))
    persons = distinct_persons(book, met.entry[inside], met.other[inside], len(found.row))
    crowded = book.slots.persons[found.slot] > CROWD
    hubs = np.flatnonzero(crowded)
    if len(hubs):
        persons[hubs] = _crowd_count(book, rows, found, hubs, np.array([0 if c.burst else c.causes for c in channels]))
    outside = np.maximum(book.slots.persons[found.slot] - 1 - persons, 0).astype(np.float64)
    event_at = book.columns["event_at"].astype(np.int64)[rows[found.row]]
    days_in, days_out = window_days(book, event_at)
    mean = expected(outside, days_out, days_in, book.kind_rate[book.value_kind[found.value]])
    found_surprise = surprise(persons, mean)
    young = found_surprise * persons // np.maximum(persons + outside.astype(np.int64), 1)
    burst = np.array([c.burst for c in channels])[found.channel]
    return np.where(burst, young, found_surprise), persons


def window_days(book: Book, event_at: I64) -> tuple[F64, F64]:
    """Observed days inside each row's window, and outside it: a book may begin or end in the middle of a window."""
    first, last = book.span
    inside = (np.minimum(event_at + WINDOW, max(last, first)) - np.maximum(event_at - WINDOW, first)) / DAY
    inside = np.maximum(inside, 1.0)
    return inside, np.maximum((last - first) / DAY - inside, 0.0)


def distinct_persons(book: Book, entry: NDArray[np.integer], other: I32, size: int) -> I64:
    """[size] different persons behind the applications `other`: [N] of each of `entry`: [N], numbers below `size`."""
    return distinct_items(entry, book.columns["person"].astype(np.int32)[other], size).astype(np.int64)


def _crowd_count(book: Book, rows: I32, found: Entries, hubs: I64, admitted: I64) -> I64:
    """Unexplained applications (a crowd's persons are nearly all different) in the window, within COUNT_REACH."""
    slot, at = found.slot[hubs], found.at[hubs]
    begin = np.maximum(book.slots.start[slot], at - COUNT_REACH)
    end = np.minimum(book.slots.start[slot + 1], at + COUNT_REACH)
    position, hub = expand(begin, end)
    event_at = book.columns["event_at"].astype(np.int64)
    mine = rows[found.row[hubs]]
    other = book.member[position]
    person = book.columns["person"]
    near = (np.abs(event_at[other] - event_at[mine][hub]) <= WINDOW) & (person[other] != person[mine][hub])
    other, hub = other[near], hub[near]
    cause = causes(book, mine[hub], other) | value_causes(book, slot)[hub]
    free = cause & admitted[found.channel[hubs]][hub] == 0
    return np.bincount(hub[free], minlength=len(hubs)).astype(np.int64)


def causes(book: Book, mine: I32, other: I32) -> I64:
    """[T] bit mask of innocent causes that two applications have in common."""

    def same(column: str) -> Bool:
        value = book.columns[column]
        alike: Bool = (value[mine] == value[other]) & (value[mine] != 0)
        return alike

    mask: I64 = (
        HOUSEHOLD * (same("address") & (book.columns["home_persons"].astype(np.int64)[mine] <= HOME))
        + RELATIVE * same("surname")
        + COLLEAGUE * same("employer_core")
    ).astype(np.int64)
    return mask


def value_causes(book: Book, slot: I64) -> I64:
    """[T] bit mask of innocent causes that most users of a value share: a works dormitory, a salesman's phone."""
    slots = book.slots
    several = slots.total[slot] >= SEVERAL
    mask: I64 = several * (
        COLLEAGUE * (slots.firm[slot] >= MOST)
        + RELATIVE * (slots.surname[slot] >= MOST)
        + SAME_DEALER * (slots.dealer[slot] >= NEARLY_ALL)
    ).astype(np.int64)
    return mask


def touch_weights(
    book: Book, found: Entries, met: Touches, channels: Sequence[Channel], discount: dict[int, float]
) -> tuple[I64, I64, Bool]:
    """[T] discounted weight, raw weight (both in millionths) and whether an innocent cause explains the touch.

    raw = b log(n / (d - 1)) / log n / sqrt(log2 d) * decay, after detection.md step 5; d = persons of the value.
    """
    channel = found.channel[met.entry]
    base = np.array([c.weight for c in channels])[channel]
    d = np.maximum(book.value_persons[found.value[met.entry]], 2).astype(np.float64)
    n = float(max(book.size, 100))
    rarity = np.maximum(np.log(n / (d - 1)) / np.log(n), 0.0) / np.sqrt(np.log2(d))
    decay = DECAY_FLOOR + (1 - DECAY_FLOOR) * np.exp(-np.abs(met.gap) / DAY / DECAY_DAYS)
    raw = np.rint(base * rarity * decay * WEIGHT_ONE).astype(np.int64)
    factor = np.ones(len(raw))
    for cause, share in discount.items():
        factor = np.where(met.cause & cause > 0, np.minimum(factor, share), factor)
    return np.rint(raw * factor).astype(np.int64), raw, met.cause > 0


def join_pairs(
    row: I32, other: I32, gap: I64, channel: I32, weight: I64, raw: I64, explained: Bool, applications: int
) -> Pairs:
    """Sum touches of the same two applications; a pair is explained only if every touch of it is.

    A value that gives several touches on one channel (two phones in common) counts each; integers, so order is free.
    """
    key = row.astype(np.int64) * max(applications, 1) + other
    order = stable_order(key)
    ordered = key[order]
    if not len(ordered):
        none = np.zeros(0, np.int64)
        return Pairs(none.astype(np.int32), none.astype(np.int32), none, none, none, none.astype(bool), none)
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    head = order[starts]
    return Pairs(
        row[head],
        other[head],
        np.add.reduceat(weight[order], starts),
        np.add.reduceat(raw[order], starts),
        np.bitwise_or.reduceat(np.int64(1) << channel[order].astype(np.int64), starts),
        np.logical_and.reduceat(explained[order], starts),
        gap[head],
    )


__all__ = ["CAUSES", "NO_OFFSET", "Channel", "Entries", "Pairs", "Touches", "entries", "entry_surprise", "touches"]
