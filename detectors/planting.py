"""Rings planted into a copy of a book, by the grammar: what is learnt from before anybody is confirmed.

Only what a tie names is rewired; everything else of a row stays as the lender has it, so nothing else tells.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.grammar import Form, Grammar, Tie
from graph.book import DAY, PERSON, SINGLE, LinkTable, expand, person_value, single_values
from graph.network import DERIVED_KIND, NO_OFFSET, PHONE_BLOCK, VALUE_NAMES
from graph.persons import persons
from graph.schema import KIND, ROLE

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
PHONE: Final = KIND["phone"].code
EMPLOYER: Final = KIND["employer"].code
NATIONAL_ID: Final = KIND["national_id"].code
OWN: Final = ROLE["own"].code
REFERENCE: Final = ROLE["reference"].code
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


@dataclass(slots=True)
class _Copy:
    """The book being rewired: links by application, what is struck out and what is added."""

    rng: np.random.Generator
    columns: Columns
    links: LinkTable
    start: I64
    kept: Bool
    added: list[tuple[I64, I64, int, int, I64]] = field(default_factory=list)
    own: dict[int, I64] = field(default_factory=dict)

    def fresh(self, shape: tuple[int, ...]) -> I64:
        """New token numbers."""
        return self.rng.integers(1 << 40, 1 << 60, shape)

    def held(self, kind: int) -> I64:
        """[A] the applications' own value of a kind as it stands now, 0 without one."""
        if kind not in self.own:
            chosen = self.kept & (self.links.kind == kind) & (self.links.role == OWN)
            value = np.zeros(len(self.start) - 1, np.int64)
            np.maximum.at(value, self.links.application[chosen], self.links.value[chosen])
            self.own[kind] = value
        return self.own[kind]

    def strike(self, row: I64, kind: int, role: int, one: bool) -> None:
        """Take away the rows' links of a kind and role: all of them, or one of each row."""
        at, owner = expand(self.start[row], self.start[row + 1])
        chosen = (self.links.kind[at] == kind) & (self.links.role[at] == role) & self.kept[at]
        at, owner = at[chosen], owner[chosen]
        if one and len(at):
            order = np.lexsort((self.rng.random(len(at)), owner))
            at, owner = at[order], owner[order]
            at = at[np.concatenate([[True], owner[1:] != owner[:-1]])]
        self.kept[at] = False

    def carry(self, row: I64, kind: int, role: int, value: I64, offset: I64 | None = None) -> None:
        """Give rows a value of a kind and role in the place of their own."""
        self.strike(row, kind, role, one=role == REFERENCE)
        self.added.append((row, value, kind, role, np.full(len(row), NO_OFFSET) if offset is None else offset))
        if role == OWN:
            self.held(kind)[row] = value

    def whole(self) -> LinkTable:
        """The links as they stand; of values of one's own added twice the last."""
        row, value, kind, role, offset = (
            (
                np.concatenate(column) if self.added else np.zeros(0, np.int64)
                for column in zip(
                    *((r, v, np.full(len(r), k), np.full(len(r), o), f) for r, v, k, o, f in self.added), strict=True
                )
            )
            if self.added
            else (np.zeros(0, np.int64),) * 5
        )
        key = (row * 64 + kind) * 8 + role
        last = np.ones(len(key), bool)
        order = np.argsort(key, kind="stable")
        last[order[:-1]] = (key[order][1:] != key[order][:-1]) | (role[order[:-1]] == REFERENCE)
        kept = self.kept & (self.links.kind != PERSON)
        table = np.stack([
            np.concatenate([self.links.application[kept], row[last]]),
            np.concatenate([self.links.value[kept], value[last]]),
            np.concatenate([self.links.kind[kept], kind[last]]),
            np.concatenate([self.links.role[kept], role[last]]),
            np.concatenate([self.links.offset[kept], offset[last]]),
        ])  # fmt: skip
        table = table[:, np.lexsort(table)]
        table = table[:, np.concatenate([[True], (table[:, 1:] != table[:, :-1]).any(axis=0)])]
        application, value, kind, role, offset = table
        return LinkTable(
            application.astype(np.int32), value, kind.astype(np.uint8), role.astype(np.uint8), offset.astype(np.int32)
        )


def _with_persons(links: LinkTable, person: NDArray[np.int32]) -> LinkTable:
    everyone = np.arange(len(person), dtype=np.int32)
    return LinkTable(
        np.concatenate([links.application, everyone]),
        np.concatenate([links.value, person_value(person)]),
        np.concatenate([links.kind, np.full(len(person), PERSON, np.uint8)]),
        np.concatenate([links.role, np.full(len(person), OWN, np.uint8)]),
        np.concatenate([links.offset, np.full(len(person), NO_OFFSET, np.int32)]),
    )


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
    links = LinkTable(*(getattr(links, n)[order] for n in ("application", "value", "kind", "role", "offset")))
    start = np.searchsorted(links.application, np.arange(size + 1))
    copy = _Copy(
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
    return Planted(copy.columns, _with_persons(whole, person), ring, form)


def _draw(copy: _Copy, grammar: Grammar, ring: I64, quiet: Bool) -> list[_Members]:
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
        ring[rows] = count
        count += 1
        budget -= len(rows)
        found[number].append(rows)
    return [_members(copy, grammar, rings) for rings in found]


def _company(copy: _Copy, form: Form, grammar: Grammar, by_time: I64, times: I64, ring: I64) -> I64 | None:
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
        if form.dealers and len(near):
            dealer = copy.columns["dealer"].astype(np.int64)[near]
            near = near[np.isin(dealer, dealer[rng.integers(len(near), size=form.dealers)]) & (dealer != 0)]
        if len(near) >= least:
            chosen = rng.permutation(len(near))[: min(size, len(near))]
            return np.asarray(near[np.sort(chosen)], np.int64)
    return None


def _members(copy: _Copy, grammar: Grammar, rings: list[I64]) -> _Members:
    size = np.array([len(rows) for rows in rings], np.int64)
    row = np.concatenate([np.zeros(0, np.int64), *rings])
    of = np.repeat(np.arange(len(rings)), size)
    begin = np.cumsum(size) - size
    return _Members(
        row, of, np.arange(len(row)) - begin[of], row[begin], size, copy.rng.uniform(*grammar.share, len(rings))
    )


def _weave(copy: _Copy, form: Form, members: _Members, grammar: Grammar) -> None:
    rng, rings = copy.rng, len(members)
    use = np.stack([rng.random(rings) < tie.chance for tie in form.ties])
    if form.mixed:
        use &= _some(rng, rings, len(form.ties), form.mixed)
    takes = np.ones((len(form.ties), len(members.row)), bool)
    if form.each:
        takes = _some(rng, len(members.row), len(form.ties), form.each)
    if form.person:
        _one_person(copy, members)
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


def _side(copy: _Copy, form: Form, members: _Members, grammar: Grammar, held: Bool) -> None:
    """A tie besides, for some members, and for nearly all that no tie of the form holds."""
    rng = copy.rng
    kind = rng.integers(len(grammar.side), size=len(members))
    chance = np.where(held, (form.side * (0.5 + members.share / 2))[members.of], grammar.bound)
    for number, tie in enumerate(grammar.side):
        taken = (kind == number)[members.of] & (rng.random(len(members.row)) < chance)
        _tie(copy, tie, members, taken, grammar.stray)


def _one_person(copy: _Copy, members: _Members) -> None:
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
    for kind in ("dealer", "officer"):
        value = copy.held(KIND[kind].code)[elsewhere]
        moved = value != 0
        copy.carry(members.row[moved], KIND[kind].code, OWN, value[moved])


def _tie(copy: _Copy, tie: Tie, members: _Members, taken: Bool, stray: float) -> None:
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


def _pool(copy: _Copy, tie: Tie, members: _Members, taken: Bool, stray: float) -> None:
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
    copy.carry(members.row[good], tie.kind, tie.role, value[good])


def _standing(copy: _Copy, kind: int, members: _Members, high: int) -> I64:
    """[G, high] values that rows anywhere in the book have."""
    held = copy.held(kind)
    return held[copy.rng.integers(len(held), size=(len(members), high))]


def _coarse_of(copy: _Copy, kind: int, coarse: int, value: I64) -> I64:
    """The coarser value that some application has beside each value, 0 where none has."""
    fine, group = copy.held(kind), copy.held(coarse)
    order = np.argsort(fine, kind="stable")
    at = np.minimum(np.searchsorted(fine[order], value), len(order) - 1)
    return np.where(fine[order][at] == value, group[order][at], 0)


def _like_member(copy: _Copy, tie: Tie, members: _Members, taken: Bool) -> None:
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
    copy.carry(members.row[good], tie.kind, tie.role, value[good])


def _names_each_other(copy: _Copy, tie: Tie, members: _Members, taken: Bool) -> None:
    """A phone in the tie's role that is another member's own."""
    size = members.size[members.of]
    step = 1 if tie.how == "next" else 1 + (copy.rng.random(len(size)) * (size - 1)).astype(np.int64)
    begin = np.cumsum(members.size) - members.size
    other = members.row[begin[members.of] + (members.pos + step) % size]
    phone = copy.held(PHONE)[other]
    good = taken & (phone != 0) & (size > 1)
    copy.carry(members.row[good], PHONE, tie.role, phone[good])


def _run(copy: _Copy, members: _Members, taken: Bool) -> None:
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


def _column(copy: _Copy, tie: Tie, members: _Members, taken: Bool) -> None:
    if tie.how == "same":
        _same(copy, tie.column, members, taken)
        return
    column = copy.columns[tie.column]
    rows = members.row[taken]
    if tie.how == "set":
        column[rows] = tie.to
        return
    factor = copy.rng.uniform(*tie.by, len(rows))
    column[rows] = np.where(column[rows] > 0, (column[rows] * factor).astype(np.int64), column[rows])


def _same(copy: _Copy, column: str, members: _Members, taken: Bool) -> None:
    """The first member's, where it has one."""
    value = copy.columns[column][members.first][members.of]
    good = taken & (members.pos > 0) & (value != 0)
    copy.columns[column][members.row[good]] = value[good]


__all__ = ["SINGLE", "VALUE_NAMES", "Planted", "plant"]
