"""Rings planted into a copy of a book, by the grammar: what is learnt from before anybody is confirmed.

Only what a tie names is rewired; everything else of a row stays as the lender has it, so nothing else tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.copybook import OWN, PHONE, Copy, with_persons
from detectors.grammar import Form, Grammar, Tie
from graph.book import DAY, SINGLE, LinkTable, name_mark, single_values
from graph.network import DERIVED_KIND, NO_MARK, PHONE_BLOCK, VALUE_NAMES
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
OTHER_SPELLING: Final = 0.25
RUN_GAP: Final = 4
EMPLOYER: Final = KIND["employer"].code
NATIONAL_ID: Final = KIND["national_id"].code
DEALER, OFFICER = KIND["dealer"].code, KIND["officer"].code
MANY_NAMES: Final = 0.7
"""Rings that name one reference's phone differently in every application."""
TRUE_NAME: Final = 0.6
"""References whose phone is a member's that carry the member's name."""
SLIP: Final = 0.25
"""Applications of one person whose ID or name differs a little."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A copy with rings. columns: [A], with those of graph.book.SINGLE; ring: [A] number or -1; form: [A] or -1."""

    columns: Columns
    links: LinkTable
    ring: I64
    form: I64


@dataclass(frozen=True, slots=True)
class _Members:
    """Members of the rings of one form, ring by ring in time order. share: [G]."""

    row: I64
    of: I64
    pos: I64
    first: I64
    size: I64
    share: F64

    def __len__(self) -> int:
        return len(self.size)


def plant(
    columns: Mapping[str, NDArray[Any]], links: LinkTable, grammar: Grammar, *, seed: int, quiet: Bool
) -> Planted:
    """Plant rings into a copy of a book until grammar.rows of it are members.

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
    for number, one in enumerate(grammar.forms):
        members = drawn[number]
        if len(members):
            form[members.row] = number
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
    return Planted(copy.columns, with_persons(whole, person), ring, form)


def _draw(copy: Copy, grammar: Grammar, ring: I64, quiet: Bool) -> list[_Members]:
    """Which rows become members of which ring; numbers are written into `ring`."""
    rng, event_at = copy.rng, copy.columns["event_at"].astype(np.int64)
    by_time = np.argsort(event_at, kind="stable")
    by_time = by_time[quiet[by_time]]
    times = event_at[by_time]
    if not len(times):
        return [_members(copy, grammar, []) for _ in grammar.forms]
    weight = np.array([form.weight for form in grammar.forms])
    budget, count, missed = int(len(ring) * grammar.rows), 0, 0
    found: list[list[I64]] = [[] for _ in grammar.forms]
    while budget > 0 and missed < TRIES * 10:
        number = int(rng.choice(len(weight), p=weight / weight.sum()))
        rows = _company(copy, grammar.forms[number], grammar, by_time, times, ring)
        if rows is None:
            missed += 1
            continue
        missed = 0
        ring[rows] = count
        count += 1
        budget -= len(rows)
        found[number].append(rows)
    return [_members(copy, grammar, rings) for rings in found]


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


def _members(copy: Copy, grammar: Grammar, rings: list[I64]) -> _Members:
    size = np.array([len(rows) for rows in rings], np.int64)
    row = np.concatenate([np.zeros(0, np.int64), *rings])
    of = np.repeat(np.arange(len(rings)), size)
    begin = np.cumsum(size) - size
    return _Members(
        row, of, np.arange(len(row)) - begin[of], row[begin], size, copy.rng.uniform(*grammar.share, len(rings))
    )


def _weave(copy: Copy, form: Form, members: _Members, grammar: Grammar) -> None:
    rng, rings = copy.rng, len(members)
    use = np.stack([rng.random(rings) < tie.chance for tie in form.ties])
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
        tie = form.ties[number]
        share = members.share if not form.each else np.ones(rings)
        taken = use[number][members.of] & takes[number] & (rng.random(len(members.row)) < share[members.of])
        _tie(copy, tie, members, taken, grammar.stray)
        held |= taken & bool(tie.kind)
    _side(copy, form, members, grammar, held)
    poses = (rng.random(rings) < grammar.family)[members.of] & (
        rng.random(len(members.row)) < members.share[members.of]
    )
    _same(copy, "surname", members, poses)


def _some(rng: np.random.Generator, columns: int, ties: int, bounds: tuple[int, int]) -> Bool:
    """[ties, columns] a draw of so many ties for each column."""
    rank = rng.random((ties, columns)).argsort(axis=0).argsort(axis=0)
    chosen: Bool = rank < rng.integers(bounds[0], bounds[1] + 1, columns)
    return chosen


def _side(copy: Copy, form: Form, members: _Members, grammar: Grammar, held: Bool) -> None:
    """A tie besides, for some members, and for nearly all that no tie of the form holds."""
    rng = copy.rng
    kind = rng.integers(len(grammar.side), size=len(members))
    chance = np.where(held, (form.side * (0.5 + members.share / 2))[members.of], grammar.bound)
    for number, tie in enumerate(grammar.side):
        taken = (kind == number)[members.of] & (rng.random(len(members.row)) < chance)
        _tie(copy, tie, members, taken, grammar.stray)


def _move(copy: Copy, members: _Members, dealers: int) -> None:
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


def _one_person(copy: Copy, members: _Members) -> None:
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


def _tie(copy: Copy, tie: Tie, members: _Members, taken: Bool, stray: float) -> None:
    if tie.column:
        _column(copy, tie, members, taken)
    elif tie.how == "run":
        _run(copy, members, taken)
    elif tie.how in ("next", "any"):
        _names_each_other(copy, tie, members, taken)
    elif tie.how == "member":
        _like_member(copy, tie, members, taken)
    elif tie.how == "twice":
        before = members.row[np.maximum(np.arange(len(members.row)) - 1, 0)]
        second = taken & (members.pos % 2 == 1)
        value = copy.held(tie.kind)[before]
        second &= value != 0
        copy.carry(members.row[second], tie.kind, tie.role, value[second])
    else:
        _pool(copy, tie, members, taken, stray)


def _pool(copy: Copy, tie: Tie, members: _Members, taken: Bool, stray: float) -> None:
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
        group = copy.fresh((rings, high))[members.of, slot]
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


def _one_name(copy: Copy, tie: Tie, members: _Members, slot: I64) -> I64:
    """[M] the name that a ring gives its phone; NO_MARK in rings whose members each give one of their own."""
    if tie.kind != PHONE:
        return np.full(len(slot), NO_MARK)
    name = copy.some_names(tie.role, (len(members), tie.values[1]))
    name[copy.rng.random(len(members)) < MANY_NAMES] = NO_MARK
    return name[members.of, slot]


def _standing(copy: Copy, kind: int, members: _Members, high: int) -> I64:
    """[G, high] values that rows anywhere in the book have."""
    held = copy.held(kind)
    return held[copy.rng.integers(len(held), size=(len(members), high))]


def _coarse_of(copy: Copy, kind: int, coarse: int, value: I64) -> I64:
    """The coarser value that some application has beside each value, 0 where none has."""
    fine, group = copy.held(kind), copy.held(coarse)
    order = np.argsort(fine, kind="stable")
    at = np.minimum(np.searchsorted(fine[order], value), len(order) - 1)
    return np.where(fine[order][at] == value, group[order][at], 0)


def _like_member(copy: Copy, tie: Tie, members: _Members, taken: Bool) -> None:
    """The first member's own value, in the tie's role."""
    value = copy.held(tie.kind)[members.first][members.of]
    good = taken & (members.pos > 0) & (value != 0)
    coarse = DERIVED_KIND.get(tie.kind)
    if coarse is not None and tie.role == OWN:
        group = copy.held(coarse)[members.first][members.of]
        kept = good & (group != 0)
        copy.carry(members.row[kept], coarse, OWN, group[kept])
    if tie.kind == NATIONAL_ID:
        good &= copy.rng.random(len(good)) >= SLIP
    named = _true_name(copy, tie, members.first[members.of])
    copy.carry(members.row[good], tie.kind, tie.role, value[good], named=named[good])


def _names_each_other(copy: Copy, tie: Tie, members: _Members, taken: Bool) -> None:
    """A phone in the tie's role that is another member's own."""
    size = members.size[members.of]
    step = 1 if tie.how == "next" else 1 + (copy.rng.random(len(size)) * (size - 1)).astype(np.int64)
    begin = np.cumsum(members.size) - members.size
    other = members.row[begin[members.of] + (members.pos + step) % size]
    phone = copy.held(PHONE)[other]
    good = taken & (phone != 0) & (size > 1)
    named = _true_name(copy, tie, other)
    copy.carry(members.row[good], PHONE, tie.role, phone[good], named=named[good])


def _true_name(copy: Copy, tie: Tie, holder: I64) -> I64:
    """[M] the name of whose phone it is, for most; NO_MARK for the others, who leave the name they gave."""
    if tie.kind != PHONE:
        return np.full(len(holder), NO_MARK)
    true = copy.rng.random(len(holder)) < TRUE_NAME
    return np.where(true, name_mark(copy.columns["name"][holder]), NO_MARK)


def _run(copy: Copy, members: _Members, taken: Bool) -> None:
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


def _column(copy: Copy, tie: Tie, members: _Members, taken: Bool) -> None:
    if tie.how == "same":
        _same(copy, tie.column, members, taken)
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


def _same(copy: Copy, column: str, members: _Members, taken: Bool) -> None:
    """The first member's, where it has one."""
    value = copy.columns[column][members.first][members.of]
    good = taken & (members.pos > 0) & (value != 0)
    copy.columns[column][members.row[good]] = value[good]


__all__ = ["SINGLE", "VALUE_NAMES", "Planted", "plant"]
