"""Surprise of context: what an officer's applications have in common, and what one person's differ in."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.columns import MISSING, Norms
from detectors.tally import add
from graph.book import DAY, PERSON, ROLES_PER_VALUE, Book, expand, find_slots, use_of
from graph.ordering import places
from graph.projection import WINDOW
from graph.schema import KIND, ROLE
from graph.surprise import FLOOR, surprise

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

OFFICER_REACH: Final = 64
LIKE_OFFICER: Final = ("home_region", "income_band", "model", "channel")
"""What two applications of one officer may be alike in; LEAST_ALIKE of it are a likeness."""
LEAST_ALIKE: Final = 2
RARE: Final = 100
"""Likeness is told in hundredths of a decade of rarity."""
ALIKE: Final = ("employer_core", *LIKE_OFFICER)
"""What the applications of one officer may have in common."""
OWN_REACH: Final = 24
OWN_DAYS: Final = 30
LEAST_WINDOW: Final = 3
"""An officer's window mean needs so many appraisals besides the row's own."""


@dataclass(frozen=True, slots=True)
class Company:
    """[C] others near each row in one slot's time order: row position, application index."""

    row: I32
    other: I32


@dataclass(frozen=True, slots=True)
class Officers:
    """[E, 2 OFFICER_REACH + 1] what stands around each row in its officer's time order; a table, since nearly all of it
    is filled, so that a row's counts are sums along a line.

    row: [E] row position (once each, unless a row names two officers); size: rows. users: the officers' applications,
    officer by officer, in time order; at: [E] where among them a row's line begins. met: another person's application
    stands there; inside: and within the window; alike: and has the row's value of each of ALIKE.
    """

    row: I32
    size: int
    users: I32
    at: I64
    met: Bool
    inside: Bool
    alike: Mapping[str, Bool]

    def count(self, chosen: Bool) -> I64:
        """[R] how many are chosen."""
        along = np.add.reduce(chosen.view(np.uint8), axis=1, dtype=np.uint8)  # a line is shorter than 256
        return add(self.row, along, self.size)

    def seen(self, column: NDArray[Any]) -> NDArray[Any]:
        """[E, ...] a column of applications, as it stands around each row."""
        return _lines(column[self.users], self.at)


def _lines(column: NDArray[Any], at: I64) -> NDArray[Any]:
    """[E, ...] a piece of the column from each place on: pieces are copied whole, nothing is looked up one by one."""
    width = 2 * OFFICER_REACH + 1
    return (
        np.lib.stride_tricks.sliding_window_view(column, width)[at] if len(at) else np.zeros((0, width), column.dtype)
    )


def officer_company(book: Book, rows: I32) -> Officers:
    """Other persons' applications of the same officer, the next OFFICER_REACH to each side in time."""
    slot, row, place = _stands(book, rows, KIND["officer"].code)
    slots, number = np.unique(slot, return_inverse=True)
    start, end = book.slots.start[slots], book.slots.start[slots + 1]
    users = np.pad(book.member[expand(start, end)[0]], (OFFICER_REACH, OFFICER_REACH + 1) if len(row) else 0)
    at = place + (np.cumsum(end - start) - end)[number]
    step = np.arange(-OFFICER_REACH, OFFICER_REACH + 1)
    mine, event_at = rows[row], book.columns["event_at"].astype(np.int64)
    met = (step >= (start[number] - place)[:, None]) & (step < (end[number] - place)[:, None])
    person = book.columns["person"]
    met &= _lines(person[users], at) != person[mine][:, None]
    when, mine_at = _lines(event_at[users], at), event_at[mine][:, None]
    inside = met & (when <= mine_at + WINDOW) & (when >= mine_at - WINDOW)
    alike = {}
    for name in ALIKE:
        value = book.columns[name]
        own = value[mine][:, None]
        alike[name] = (_lines(value[users], at) == own) & met & (own != 0)
    return Officers(row, len(rows), users, at, met, inside, alike)


def _stands(book: Book, rows: I32, kind: int) -> tuple[I64, I32, I64]:
    """Slot of each row's own value of a kind, the row's position among `rows`, and its own in the slot's time order."""
    link, row = expand(book.link_start[rows], book.link_start[rows + 1])
    slot = book.link_slot[link]
    chosen = book.slot_use[slot] == use_of(kind, ROLE["own"].code)
    return slot[chosen].astype(np.int64), row[chosen].astype(np.int32), book.link_at[link[chosen]].astype(np.int64)


def several(met: Officers) -> Bool:
    """[E, ...] who is alike in at least LEAST_ALIKE columns of LIKE_OFFICER."""
    in_common = np.zeros(met.met.shape, np.uint8)
    for name in LIKE_OFFICER:
        in_common += met.alike[name]
    found: Bool = in_common >= LEAST_ALIKE
    return found


def rarities(book: Book, rows: I32, norms: Norms) -> dict[str, I64]:
    """[R] by column of LIKE_OFFICER: how rare the row's value is in the book, in RARE-ths of a decade."""
    found = {}
    for name in LIKE_OFFICER:
        share = share_of(book.columns[name].astype(np.int64)[rows], *norms.counted[name], book.size)
        found[name] = np.rint(-np.log10(np.maximum(share, 1e-6)) * RARE).astype(np.int64)
    return found


def _company(book: Book, rows: I32, kind: int, reach: int) -> Company:
    slot, row, at = _stands(book, rows, kind)
    position, owner = expand(
        np.maximum(book.slots.start[slot], at - reach), np.minimum(book.slots.start[slot + 1], at + reach + 1)
    )
    other, mine = book.member[position], rows[row]
    keep = other != mine[owner]
    return Company(row[owner[keep]], other[keep])


def cell_surprise(book: Book, met: Officers, column: str, share: F64) -> I64:
    """[R] surprise that so many of the officer's applications in the window have the row's value of `column`.

    share: [R] of the whole book that has this value; the officer's own share outside the window counts if greater.
    The surprise counts in proportion to how much of the value's use in the book lies here.
    """
    alike = met.alike[column]
    hit, inside = met.count(alike & met.inside), met.count(met.inside)
    usual, outside = met.count(alike) - hit, met.count(met.met) - inside
    rate = np.maximum(share, usual / np.maximum(outside, 1))
    found = surprise(hit, inside * rate + FLOOR)
    known = np.maximum(np.rint(share * book.size).astype(np.int64) - 1, 1)
    return found * np.minimum(hit, known) // known


def share_of(number: I64, known: I64, count: I64, size: int) -> F64:
    """[R] share of the book that has each number; unknown numbers have none."""
    if not len(known):
        return np.zeros(len(number))
    at = np.minimum(np.searchsorted(known, number), len(known) - 1)
    return np.where(known[at] == number, count[at], 0) / max(size, 1)


def employer_share(book: Book, rows: I32) -> F64:
    """[R] share of the book that works for the row's employer."""
    core = book.columns["employer_core"].astype(np.int64)[rows]
    at = np.minimum(places(book.values, core), max(len(book.values) - 1, 0))
    slot = find_slots(book, at * ROLES_PER_VALUE + ROLE["own"].code)
    known = (core != 0) & (slot >= 0)
    return np.where(known, book.slots.total[np.maximum(slot, 0)], 0) / max(book.size, 1)


def appraisals(book: Book, rows: I32, met: Officers, norms: Norms) -> tuple[I64, I64]:
    """[R] robust z (hundredths) of the row's appraisal over price, and of the officer's window mean without the row.

    At least 0 where known, else MISSING.
    """
    ratio = book.columns["appraisal_ratio"].astype(np.int64)
    used = book.columns["used"].astype(np.int64)
    z = np.where(ratio == MISSING, 0, (ratio - norms.appraisal_middle[used]) * 100 // norms.appraisal_spread[used])
    counted = met.inside & met.seen(ratio != MISSING)
    total = add(met.row, np.where(met.inside, met.seen(z), 0).sum(axis=1), met.size)  # 0 where missing
    number = met.count(counted)
    mean = np.where(number >= LEAST_WINDOW, np.maximum(total // np.maximum(number, 1), 0), MISSING)
    return np.where(ratio[rows] == MISSING, MISSING, np.maximum(z[rows], 0)), mean


def own_history(book: Book, rows: I32) -> tuple[I64, I64, I64, I64, I64]:
    """[R] the person's other open applications within 30 days and their other dealers, both again with those that came
    to nothing, and the applications that contradict the row.

    Whether the row itself is open does not matter: a refusal ends one of a stacker's loans, not the stacking. A
    contradiction is another national ID or another name under the same person.
    """
    met = _company(book, rows, PERSON, OWN_REACH)
    mine, size = rows[met.row], len(rows)
    event_at = book.columns["event_at"].astype(np.int64)
    soon = np.abs(event_at[met.other] - event_at[mine]) <= OWN_DAYS * DAY
    still = soon & book.columns["open"].astype(np.bool_)[met.other]
    contradicts = np.zeros(len(mine), bool)
    for column in ("national_id", "name"):
        value = book.columns[column].astype(np.int64)
        contradicts |= (value[met.other] != value[mine]) & (value[met.other] != 0) & (value[mine] != 0)
    counted = (np.bincount(met.row[chosen], minlength=size).astype(np.int64) for chosen in (still, soon, contradicts))
    open_ones, all_ones, contradicting = counted
    return (
        open_ones, _other_dealers(book, rows, met, still), all_ones, _other_dealers(book, rows, met, soon),
        contradicting,
    )  # fmt: skip


def _other_dealers(book: Book, rows: I32, met: Company, chosen: Bool) -> I64:
    """[R] dealers of the chosen applications, other than the row's."""
    dealer = book.columns["dealer"].astype(np.int64)
    elsewhere = chosen & (dealer[met.other] != dealer[rows[met.row]]) & (dealer[met.other] != 0)
    key = np.stack([met.row[elsewhere].astype(np.int64), dealer[met.other[elsewhere]]])
    key = np.unique(key, axis=1) if key.size else key
    return np.bincount(key[0], minlength=len(rows)).astype(np.int64)
