"""Rings planted into a copy of a book, by the grammar: what is learnt from before anybody is confirmed.

Innocent groups are planted, too: the few dormitories of one book are too few to learn what a dormitory is. Only what a
tie names is rewired; everything else of a row stays as the lender has it, so nothing else tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.copybook import OWN, Copy, with_persons
from detectors.grammar import Form, Grammar
from detectors.ties import SLIP, Members, same, tie
from graph.book import DAY, LinkTable, single_values
from graph.persons import persons
from graph.schema import KIND

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]
Columns = dict[str, NDArray[Any]]

SPREAD: Final = 0.45
"""Standard deviation of the logarithm of ring sizes."""
TRIES: Final = 8
"""Windows tried for a ring before it is given up: a book can be too small or too sparse for it."""
SLOW_DAYS: Final = 30.0
DEALER, OFFICER = KIND["dealer"].code, KIND["officer"].code


@dataclass(frozen=True, slots=True)
class Planted:
    """A copy with rings. columns: [A], with those of graph.book.SINGLE.

    ring: [A] number of the ring, or of the innocent group, or -1; form: [A] or -1; innocent: [A] of such a group.
    """

    columns: Columns
    links: LinkTable
    ring: I64
    form: I64
    innocent: Bool


def plant(
    columns: Mapping[str, NDArray[Any]], links: LinkTable, grammar: Grammar, *, seed: int, quiet: Bool
) -> Planted:
    """Plant rings into a copy of a book until grammar.rows of it are members, then innocent groups.

    quiet: [A] rows that may be planted: whoever stands out already may be a real ring's member.

    columns: [A] as for graph.book.lay_out, in canonical order; links: canonical too, so that equal books get equal
    rings. A book that is too small for a ring gets none.
    """
    rng = np.random.default_rng(seed)
    size = len(columns["event_at"])
    order = np.argsort(links.application, kind="stable")
    links = LinkTable(*(getattr(links, column.name)[order] for column in fields(LinkTable)))
    start = np.searchsorted(links.application, np.arange(size + 1))
    copy = Copy(
        rng, {name: np.array(column) for name, column in columns.items()}, links, start, np.ones(len(order), bool)
    )
    ring, form = np.full(size, -1), np.full(size, -1)
    drawn = _draw(copy, grammar, ring, quiet)
    innocent = np.zeros(size, bool)
    for number, one in enumerate(grammar.forms):
        members = drawn[number]
        if len(members):
            form[members.row] = number
            innocent[members.row] = one.innocent
            _weave(copy, one, members, grammar)
    whole = copy.whole()
    for name, value in single_values(whole, size).items():
        copy.columns[name] = value
    own = whole.role == OWN
    person = persons(
        whole.application[own], whole.value[own], whole.kind[own],
        name=copy.columns["name"].astype(np.int64), name_birth=copy.columns["name_birth"].astype(np.int64),
    )  # fmt: skip
    copy.columns["person"] = person
    return Planted(copy.columns, with_persons(whole, person), ring, form, innocent)


def _draw(copy: Copy, grammar: Grammar, ring: I64, quiet: Bool) -> list[Members]:
    """Which rows become members of which ring or innocent group; numbers are written into `ring`."""
    event_at = copy.columns["event_at"].astype(np.int64)
    by_time = np.argsort(event_at, kind="stable")
    by_time = by_time[quiet[by_time]]
    found: list[list[I64]] = [[] for _ in grammar.forms]
    for innocent, share in ((False, grammar.rows), (True, grammar.innocent)):
        weight = np.array([form.weight * (form.innocent == innocent) for form in grammar.forms])
        if weight.any() and len(by_time):
            _fill(copy, grammar, ring, (by_time, event_at[by_time]), weight / weight.sum(), share, found)
    return [_members(copy, form.share or grammar.share, rows) for form, rows in zip(grammar.forms, found, strict=True)]


def _fill(
    copy: Copy, grammar: Grammar, ring: I64, free: tuple[I64, I64], chance: F64, share: float, found: list[list[I64]]
) -> None:
    """Draw groups, each of a form by its chance, until a share of the book is theirs. free: rows by time, times."""
    budget, missed = int(len(ring) * share), 0
    while budget > 0 and missed < TRIES * 10:
        number = int(copy.rng.choice(len(chance), p=chance))
        rows = _company(copy, grammar.forms[number], grammar, *free, ring)
        if rows is None:
            missed += 1
            continue
        missed = 0
        ring[rows] = int(ring.max(initial=-1)) + 1
        budget -= len(rows)
        found[number].append(rows)


def _company(copy: Copy, form: Form, grammar: Grammar, by_time: I64, times: I64, ring: I64) -> I64 | None:
    """Rows of one ring in time order, or None where no window had enough."""
    rng = copy.rng
    median, least, most = form.size
    size = int(np.clip(round(median * np.exp(rng.normal(0, SPREAD))), least, most))
    slow = form.days[1] > SLOW_DAYS * 2 and rng.random() < grammar.slow
    days = SLOW_DAYS * size if slow else float(np.exp(rng.uniform(*np.log(form.days))))
    for _ in range(TRIES):
        middle = int(times[int(rng.integers(len(times)))])
        first, last = np.searchsorted(times, [middle - days * DAY / 2, middle + days * DAY / 2])
        near = by_time[first:last]
        near = near[ring[near] < 0]
        if len(near) and rng.random() < grammar.local:
            region = copy.columns["region"].astype(np.int64)[near]
            near = near[region == region[int(rng.integers(len(near)))]]
        if len(near) >= least:
            chosen = rng.permutation(len(near))[: min(size, len(near))]
            return np.asarray(near[np.sort(chosen)], np.int64)
    return None


def _members(copy: Copy, share: tuple[float, float], rings: list[I64]) -> Members:
    size = np.array([len(rows) for rows in rings], np.int64)
    row = np.concatenate([np.zeros(0, np.int64), *rings])
    of = np.repeat(np.arange(len(rings)), size)
    begin = np.cumsum(size) - size
    return Members(row, of, np.arange(len(row)) - begin[of], row[begin], size, copy.rng.uniform(*share, len(rings)))


def _weave(copy: Copy, form: Form, members: Members, grammar: Grammar) -> None:
    rng, rings = copy.rng, len(members)
    use = np.stack([rng.random(rings) < one.chance for one in form.ties])
    if form.mixed:
        use &= _some(rng, rings, len(form.ties), form.mixed)
    takes = np.ones((len(form.ties), len(members.row)), bool)
    if form.each:
        takes = _some(rng, len(members.row), len(form.ties), form.each)
    if form.person:
        _one_person(copy, members)
    if form.dealers:
        _move(copy, members, form.dealers)
    held = np.zeros(len(members.row), bool)
    for number in sorted(range(len(form.ties)), key=lambda n: form.ties[n].role != OWN):
        one = form.ties[number]
        share = members.share if not form.each else np.ones(rings)
        taken = use[number][members.of] & takes[number] & (rng.random(len(members.row)) < share[members.of])
        tie(copy, one, members, taken, grammar.stray)
        held |= taken & bool(one.kind)
    if form.innocent:
        return
    _side(copy, form, members, grammar, held)
    poses = (rng.random(rings) < grammar.family)[members.of] & (
        rng.random(len(members.row)) < members.share[members.of]
    )
    same(copy, "surname", members, poses)


def _some(rng: np.random.Generator, columns: int, ties: int, bounds: tuple[int, int]) -> Bool:
    """[ties, columns] a draw of so many ties for each column."""
    rank = rng.random((ties, columns)).argsort(axis=0).argsort(axis=0)
    chosen: Bool = rank < rng.integers(bounds[0], bounds[1] + 1, columns)
    return chosen


def _side(copy: Copy, form: Form, members: Members, grammar: Grammar, held: Bool) -> None:
    """A tie besides, for some members, and for nearly all that no tie of the form holds."""
    rng = copy.rng
    kind = rng.integers(len(grammar.side), size=len(members))
    besides = rng.uniform(0, form.side, len(members)) * (0.5 + members.share / 2)
    chance = np.where(held, besides[members.of], grammar.bound)
    for number, one in enumerate(grammar.side):
        taken = (kind == number)[members.of] & (rng.random(len(members.row)) < chance)
        tie(copy, one, members, taken, grammar.stray)


def _move(copy: Copy, members: Members, dealers: int) -> None:
    """The ring applies at the dealers of so many of its members, each time with an officer of that dealer."""
    rng = copy.rng
    begin = np.cumsum(members.size) - members.size
    host = (rng.random((len(members), dealers)) * members.size[:, None]).astype(np.int64) + begin[:, None]
    chosen = host[members.of, rng.integers(0, dealers, len(members.row))]
    dealer = copy.held(DEALER)[members.row[chosen]]
    _apply_at(copy, members.row, dealer)


def _apply_at(copy: Copy, row: I64, dealer: I64) -> None:
    """Rows at other dealers, with an officer that some application of the dealer has. Rows without a dealer stay."""
    column = copy.columns["dealer"].astype(np.int64)
    by_dealer = np.argsort(column, kind="stable")
    first, last = (np.searchsorted(column[by_dealer], dealer, side=side) for side in ("left", "right"))
    like = by_dealer[np.minimum(first + (copy.rng.random(len(row)) * (last - first)).astype(np.int64), len(column) - 1)]
    officer = copy.columns["officer"].astype(np.int64)[like]
    moved = (dealer != 0) & (last > first)
    copy.carry(row[moved], DEALER, OWN, dealer[moved])
    copy.carry(row[moved & (officer != 0)], OFFICER, OWN, officer[moved & (officer != 0)])


def _one_person(copy: Copy, members: Members) -> None:
    """The applications of a ring become one person's at many dealers, some with a slip in birth date or name."""
    rng, columns = copy.rng, copy.columns
    first = members.first[members.of]
    for name in ("name", "name_birth", "surname", "age", "home_region"):
        columns[name][members.row] = columns[name][first]
    slip = rng.random(len(members.row))
    birth = members.row[(slip < SLIP) & (members.pos > 0)]
    columns["name_birth"][birth] = copy.fresh((len(birth),))
    named = members.row[(slip < SLIP / 2) & (members.pos > 0)]
    columns["name"][named] = copy.fresh((len(named),))
    elsewhere = rng.integers(len(columns["dealer"]), size=len(members.row))
    _apply_at(copy, members.row, columns["dealer"].astype(np.int64)[elsewhere])
