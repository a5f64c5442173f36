"""A copy of a book that is being rewired: which links are struck out, which are added, and what it then looks like."""

from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from graph.book import PERSON, LinkTable, expand, name_mark, person_value
from graph.network import DERIVED_KIND, NO_MARK, NO_OFFSET
from graph.schema import KIND, ROLE

I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]
Columns = dict[str, NDArray[Any]]

PHONE: Final = KIND["phone"].code
OWN: Final = ROLE["own"].code
REFERENCE: Final = ROLE["reference"].code
_NAMES: Final = tuple(column.name for column in fields(LinkTable))
_MARK: Final = _NAMES.index("mark")


@dataclass(slots=True)
class Copy:
    """The book being rewired: links by application, what is struck out and what is added."""

    rng: np.random.Generator
    columns: Columns
    links: LinkTable
    start: I64
    kept: Bool
    added: list[I64] = field(default_factory=list)
    own: dict[int, I64] = field(default_factory=dict)
    offsets: dict[int, I64] = field(default_factory=dict)
    marks: dict[int, I64] = field(default_factory=dict)

    def fresh(self, shape: tuple[int, ...]) -> I64:
        """New token numbers."""
        return self.rng.integers(1 << 40, 1 << 60, shape)

    def held(self, kind: int) -> I64:
        """[A] the applications' own value of a kind as it stands now, the first in order of several, 0 without one."""
        self._read(kind)
        return self.own[kind]

    def offset(self, kind: int) -> I64:
        """[A] where in its coarser value each application's own stands (see `held`), NO_OFFSET without one."""
        self._read(kind)
        return self.offsets[kind]

    def _read(self, kind: int) -> None:
        if kind in self.own:
            return
        chosen = self.kept & (self.links.kind == kind) & (self.links.role == OWN)
        rows, size = self.links.application[chosen][::-1], len(self.start) - 1
        self.own[kind], self.offsets[kind] = np.zeros(size, np.int64), np.full(size, NO_OFFSET, np.int64)
        self.own[kind][rows] = self.links.value[chosen][::-1]
        self.offsets[kind][rows] = self.links.offset[chosen][::-1]

    def given(self, role: int) -> I64:
        """Marks beside the phones of a role, one a link of the book, NO_MARK among them."""
        if role not in self.marks:
            chosen = (self.links.kind == PHONE) & (self.links.role == role)
            self.marks[role] = self.links.mark[chosen].astype(np.int64)
        return self.marks[role]

    def some_names(self, role: int, shape: tuple[int, ...]) -> I64:
        """Names that somebody in the book gives for a phone of this role; NO_MARK where nobody names one."""
        known = self.given(role)
        known = known[known != NO_MARK]
        return known[self.rng.integers(len(known), size=shape)] if len(known) else np.full(shape, NO_MARK)

    def strike(self, row: I64, kind: int, role: int, one: bool) -> I64:
        """Take away the rows' links of a kind and role: all of them, or one of each row.

        Returns [R] the mark of what was taken; for a row that had no such link one as others have it, or have none.
        """
        at, owner = expand(self.start[row], self.start[row + 1])
        chosen = (self.links.kind[at] == kind) & (self.links.role[at] == role) & self.kept[at]
        at, owner = at[chosen], owner[chosen]
        if one and len(at):
            order = np.lexsort((self.rng.random(len(at)), owner))
            at, owner = at[order], owner[order]
            first = np.concatenate([[True], owner[1:] != owner[:-1]])
            at, owner = at[first], owner[first]
        self.kept[at] = False
        mark = np.full(len(row), NO_MARK)
        if kind == PHONE and len(self.given(role)):
            usual = self.given(role)
            mark = usual[self.rng.integers(len(usual), size=len(row))]
            mark[owner] = self.links.mark[at]
        return mark

    def carry(
        self, row: I64, kind: int, role: int, value: I64, offset: I64 | None = None, *, named: I64 | None = None
    ) -> None:
        """Give rows a value of a kind and role in the place of their own.

        named: [R] mark of the name to stand beside it; where that is NO_MARK, or the row gave none before, the row's
        own stays: rings name references as often as the lender's other applicants do, and own phones bear own names.
        """
        mark = self.strike(row, kind, role, one=role == REFERENCE)
        if named is not None:
            mark = np.where((mark != NO_MARK) & (named != NO_MARK), named, mark)
        offset = np.full(len(row), NO_OFFSET) if offset is None else offset
        self.added.append(np.stack([row, value, np.full(len(row), kind), np.full(len(row), role), offset, mark]))
        if role == OWN:
            self.held(kind)[row] = value
            self.offset(kind)[row] = offset

    def carry_of(self, row: I64, holder: I64, kind: int, role: int, *, named: I64 | None = None) -> None:
        """Give rows, in a role, what others own of a kind, with the coarser value it lies in. Holders own one."""
        self.carry(row, kind, role, self.held(kind)[holder], named=named)
        coarse = DERIVED_KIND.get(kind)
        if coarse is not None:
            group, offset = self.held(coarse)[holder], self.offset(coarse)[holder]
            known = group != 0
            self.carry(row[known], coarse, role, group[known], offset[known])

    def repeat(self, row: I64, source: I64, kind: int, role: int) -> None:
        """Give rows all that others of the book have of a kind in a role, in the place of what they had."""
        links = self.links
        for one in dict.fromkeys((kind, DERIVED_KIND.get(kind, kind))):
            self.strike(row, one, role, one=False)
            at, owner = expand(self.start[source], self.start[source + 1])
            chosen = (links.kind[at] == one) & (links.role[at] == role)
            at, owner = at[chosen], owner[chosen]
            columns = (links.value, links.kind, links.role, links.offset, links.mark)
            self.added.append(np.stack([row[owner], *(column[at].astype(np.int64) for column in columns)]))
            if role == OWN:
                for held in (self.held(one), self.offset(one)):
                    held[row] = held[source]

    def whole(self) -> LinkTable:
        """The links as they stand; of values of one's own added twice the last, of a value's two names the first."""
        added = np.concatenate([np.zeros((len(_NAMES), 0), np.int64), *self.added], axis=1)
        key = (added[0] * 64 + added[2]) * 8 + added[3]
        last = np.ones(len(key), bool)
        order = np.argsort(key, kind="stable")
        last[order[:-1]] = (key[order][1:] != key[order][:-1]) | (added[3][order[:-1]] == REFERENCE)
        kept = self.kept & (self.links.kind != PERSON)
        old = np.stack([getattr(self.links, name)[kept].astype(np.int64) for name in _NAMES])
        table = np.concatenate([old, added[:, last]], axis=1)
        table = table[:, np.lexsort(table[:_MARK])]
        link = table[:_MARK]
        table = table[:, np.concatenate([[True], (link[:, 1:] != link[:, :-1]).any(axis=0)])[: link.shape[1]]]
        application, value, kind, role, offset, mark = table
        mine = (kind == PHONE) & (role == OWN) & (mark != NO_MARK)
        mark[mine] = name_mark(self.columns["name"][application[mine]])
        return LinkTable(
            application.astype(np.int32), value, kind.astype(np.uint8), role.astype(np.uint8), offset.astype(np.int32),
            mark.astype(np.int32),
        )  # fmt: skip


def with_persons(links: LinkTable, person: NDArray[np.int32]) -> LinkTable:
    """The links and one pseudo-link of each application to its person."""
    everyone = np.arange(len(person), dtype=np.int32)
    return LinkTable(
        np.concatenate([links.application, everyone]),
        np.concatenate([links.value, person_value(person)]),
        np.concatenate([links.kind, np.full(len(person), PERSON, np.uint8)]),
        np.concatenate([links.role, np.full(len(person), OWN, np.uint8)]),
        np.concatenate([links.offset, np.full(len(person), NO_OFFSET, np.int32)]),
        np.concatenate([links.mark, np.full(len(person), NO_MARK, np.int32)]),
    )
