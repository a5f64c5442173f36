"""The network laid out for arithmetic: columns of applications, and slots (value, role) with their users in time order.

The sweep lays out the whole book; the score of one application lays out only what its values touch, with the same
classes, so that one feature code serves both.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.network import NO_MARK, NO_OFFSET, VALUE_NAMES, Network
from graph.ordering import distinct_items, firsts, numbered, order_by, places, small_numbers, stable_order
from graph.schema import ROLE

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]
Bool = NDArray[np.bool_]

DAY: Final = 86_400_000_000
PERSON: Final = 50
"""Kind code of the pseudo-value that joins the applications of one person."""
ROLES_PER_VALUE: Final = 8
ROLE_BITS: Final = 3
MARK_SHIFT: Final = 29
"""A token number has 60 bits, a mark the first 31 of the same token's."""
SINGLE: Final[dict[str, str]] = {
    "address": "address",
    "building": "building",
    "employer": "employer",
    "employer_core": "employer_core",
    "dealer": "dealer",
    "officer": "officer",
    "device": "device",
    "account": "account",
    "national_id": "national_id",
}
"""Columns that hold an application's own value of a kind, 0 where it has none."""
COMMON: Final = ("employer_core", "surname", "dealer")
"""What the users of a value may have in common that explains the value innocently (Slots.firm, surname, dealer)."""


@dataclass(frozen=True, slots=True)
class Slots:
    """[S] by key = value index * 8 + role. All but `start` speak of the whole book, always.

    firm, surname: percent of the users who have an employer, a surname that another user has too; dealer: percent at
    the commonest dealer.
    """

    key: I64
    start: I64  # [S + 1] into Book.member
    persons: I32
    total: I32
    firm: U8
    surname: U8
    dealer: U8
    first: I64


@dataclass(frozen=True, slots=True)
class Book:
    """Columns of applications and the slots that they use.

    columns: [A] each. values: [V] sorted token numbers, with value_kind and value_persons (all roles).
    member: [M] application index by (slot, rank); member_offset, member_mark: [M]. link_start: [A + 1] into link_slot:
    [L] slot of each link of an application, with link_offset, link_mark and link_at, the first place that the
    application has among the slot's members. size: applications in the whole book. span: first and last event_at.
    kind_rate: uses a value a day by kind code, over the whole book. slot_use: [S] kind and role, see use_of.
    """

    columns: Mapping[str, NDArray[np.generic]]
    values: I64
    value_kind: U8
    value_persons: I32
    slots: Slots
    member: I32
    member_offset: I32
    member_mark: I32
    member_key: I64
    link_start: I64
    link_slot: I32
    link_offset: I32
    link_mark: I32
    link_at: I32
    size: int
    span: tuple[int, int]
    kind_rate: NDArray[np.float64]
    slot_use: NDArray[np.uint16]

    @property
    def applications(self) -> int:
        """How many applications are laid out here (not: in the whole book)."""
        return len(self.columns["event_at"])

    def with_columns(self, **columns: NDArray[np.generic]) -> "Book":
        """The same book with further columns."""
        return replace(self, columns={**self.columns, **columns})


@dataclass(frozen=True, slots=True)
class LinkTable:
    """Links to lay out: application index, token number of the value, its kind, role and offset; any order, unique.

    mark: of the name beside the value, NO_MARK without one.
    """

    application: I32
    value: I64
    kind: U8
    role: U8
    offset: I32
    mark: I32


def token_number(token: pl.Series) -> I64:
    """60 bits of a keyed token as an integer; 0 for null. Only equality of two numbers means anything."""
    return token.str.slice(3, 15).str.to_integer(base=16, strict=True).fill_null(0).cast(pl.Int64).to_numpy()


def name_mark(name: NDArray[np.integer]) -> I32:
    """Mark of each name's token number: its first 31 bits, as ingest makes them; NO_MARK for 0."""
    return np.where(name == 0, NO_MARK, name >> MARK_SHIFT).astype(np.int32)


def ranks(event_at: I64) -> I32:
    """[A] position of each application in (event_at, application index) order."""
    rank = np.empty(len(event_at), np.int32)
    rank[np.argsort(event_at, kind="stable")] = np.arange(len(event_at), dtype=np.int32)
    return rank


def link_table(network: Network, person: I32) -> LinkTable:
    """The network's links and one pseudo-link of each application to its person."""
    value = token_number(network.known["token"])[network.value_row]
    everyone = np.arange(len(person), dtype=np.int32)
    return LinkTable(
        np.concatenate([network.link_application, everyone]),
        np.concatenate([value[network.link_value], person_value(person)]),
        np.concatenate([network.value_kind[network.link_value], np.full(len(person), PERSON, np.uint8)]),
        np.concatenate([network.link_role, np.full(len(person), ROLE["own"].code, np.uint8)]),
        np.concatenate([network.link_offset, np.full(len(person), NO_OFFSET, np.int32)]),
        np.concatenate([network.link_mark, np.full(len(person), NO_MARK, np.int32)]),
    )


def person_value(person: NDArray[np.integer]) -> I64:
    """Token numbers are not negative, so persons take the negative ones."""
    return -1 - person.astype(np.int64)


def single_values(links: LinkTable, applications: int) -> dict[str, I64]:
    """Columns of SINGLE: the token number of an application's own value of each kind (the smallest of several)."""
    names = {name: code for code, name in VALUE_NAMES.items()}
    columns = {}
    own = links.role == ROLE["own"].code
    for column, kind in SINGLE.items():
        chosen = own & (links.kind == names[kind])
        held = np.full(applications, np.iinfo(np.int64).max)
        np.minimum.at(held, links.application[chosen], links.value[chosen])
        columns[column] = np.where(held == np.iinfo(np.int64).max, 0, held)
    return columns


def lay_out(columns: Mapping[str, NDArray[np.generic]], links: LinkTable, kinds: int = 64) -> Book:
    """Lay out the whole book. `columns` must hold event_at, person and COMMON; rank is added."""
    event_at = columns["event_at"].astype(np.int64)
    person = columns["person"].astype(np.int32)
    rank = ranks(event_at)
    values, value = numbered(links.value)
    key = value * ROLES_PER_VALUE + links.role
    order = order_by(key * max(len(rank), 1) + rank[links.application], links.offset)
    member = links.application[order]
    slot_key, start, slot_of_member = _runs(key[order])
    persons = distinct_items(slot_of_member, person[member], len(slot_key))
    span = (int(event_at.min()), int(event_at.max())) if len(event_at) else (0, 0)
    value_kind = np.zeros(len(values), np.uint8)
    value_kind[value] = links.kind
    shared = np.flatnonzero(np.diff(start)[slot_of_member] > 1)  # a value's only user has nothing in common with others
    crowd, of = member[shared], slot_of_member[shared]
    firm, surname, dealer = (small_numbers(columns[name])[crowd] for name in COMMON)
    slots = Slots(
        slot_key,
        start,
        persons,
        np.diff(start).astype(np.int32),
        _in_company(of, firm, start),
        _in_company(of, surname, start),
        _commonest(of, dealer, start, columns["dealer"][member[start[:-1]]] != 0),
        event_at[member[start[:-1]]],
    )
    value_persons = distinct_items(value, person[links.application], len(values))
    book = Book(
        {**columns, "rank": rank},
        values,
        value_kind,
        value_persons,
        slots,
        member,
        links.offset[order],
        links.mark[order],
        slot_of_member * np.int64(max(len(rank), 1)) + rank[member],
        *_by_application(member, slot_of_member, links.offset[order], links.mark[order], len(rank)),
        size=len(rank),
        span=span,
        kind_rate=np.zeros(kinds),
        slot_use=_slot_uses(slot_key, value_kind),
    )
    return replace(book, kind_rate=_kind_rates(book, kinds))


def _runs(ordered: I64) -> tuple[I64, I64, I64]:
    """Distinct values of a sorted array, their starts (and the end), and the run of each element."""
    if not len(ordered):
        return ordered, np.zeros(1, np.int64), ordered
    first = firsts(ordered)
    return ordered[first], np.append(np.flatnonzero(first), len(ordered)), np.cumsum(first) - 1


def _runs_of_items(group: I64, item: I64) -> tuple[I64, I64]:
    """(group, length) of each run of equal items inside a group; 0 stands for no item."""
    g, i = group[item != 0], item[item != 0]
    if not len(g):
        return g, g
    several = int(i.max()) + 1
    ordered = np.sort(g * several + i)
    first = np.flatnonzero(firsts(ordered))
    return ordered[first] // several, np.diff(np.append(first, len(g)))


def _in_company(group: I64, item: I64, start: I64) -> U8:
    """[groups] percent of each group's elements whose item another element of it has too."""
    owner, length = _runs_of_items(group, item)
    accompanied = np.zeros(len(start) - 1, np.int64)
    np.add.at(accompanied, owner, np.where(length > 1, length, 0).astype(np.int64))
    return (accompanied * 100 // np.maximum(np.diff(start), 1)).astype(np.uint8)


def _commonest(group: I64, item: I64, start: I64, first: Bool) -> U8:
    """[groups] percent of each group's elements that have its commonest item. first: [groups] whether a group's first
    element has one: a group of one need not be among the elements."""
    owner, length = _runs_of_items(group, item)
    most = first.astype(np.int64)
    np.maximum.at(most, owner, length)
    return (most * 100 // np.maximum(np.diff(start), 1)).astype(np.uint8)


def _by_application(
    member: I32, slot: I64, offset: I32, mark: I32, applications: int
) -> tuple[I64, I32, I32, I32, I32]:
    """Links by application; members come by slot, so that equal ones need only stay as they stand."""
    position = np.arange(len(member), dtype=np.int32)
    order = stable_order(member)
    counts = np.bincount(member, minlength=applications)
    again = np.zeros(len(member), bool)  # the same member of the same slot, through another link
    again[1:] = (member[1:] == member[:-1]) & (slot[1:] == slot[:-1])
    position[again] = 0
    first = np.maximum.accumulate(position)
    return (
        np.concatenate([[0], np.cumsum(counts)]),
        slot.astype(np.int32)[order],
        offset[order],
        mark[order],
        first[order],
    )


def _kind_rates(book: Book, kinds: int) -> NDArray[np.float64]:
    """Uses a value a day, by kind: what a value of this kind does that we know nothing of."""
    days = max((book.span[1] - book.span[0]) / DAY, 1.0)
    uses = np.bincount(np.repeat(book.value_kind[book.slots.key // ROLES_PER_VALUE], book.slots.total), minlength=kinds)
    values = np.bincount(book.value_kind, minlength=kinds)
    return uses / np.maximum(values, 1) / days


def expand(start: I64, stop: I64) -> tuple[I64, I64]:
    """Concatenated ranges [start, stop): the positions, and which range each belongs to."""
    length = np.maximum(stop - start, 0)
    owner = np.repeat(np.arange(len(start)), length)
    ends = np.cumsum(length)
    within = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - length, length)
    return np.repeat(start, length) + within, owner


def use_of(kind: int, role: int) -> int:
    """One number of a kind and a role."""
    return kind << ROLE_BITS | role


def _slot_uses(key: I64, value_kind: U8) -> NDArray[np.uint16]:
    role = (key & (ROLES_PER_VALUE - 1)).astype(np.uint16)
    use: NDArray[np.uint16] = value_kind[key >> ROLE_BITS].astype(np.uint16) << np.uint16(ROLE_BITS) | role
    return use


def find_slots(book: Book, key: I64) -> I64:
    """Slot index of each key, -1 where no application uses the value in that role."""
    if not len(book.slots.key):
        return np.full(len(key), -1)
    at = np.minimum(places(book.slots.key, key), len(book.slots.key) - 1)
    return np.where(book.slots.key[at] == key, at, -1)
