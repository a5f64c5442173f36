"""The piece of a published book that one application's values touch, laid out like the whole."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.around import FLAGS
from detectors.artifact import Published
from detectors.columns import settled
from detectors.fresh import Fresh, fresh_rows, published_slots, published_values
from detectors.tally import add, count
from graph.book import ROLES_PER_VALUE, SINGLE, Book, LinkTable, Slots, expand, lay_out
from graph.projection import COUNT_REACH
from graph.schema import ROLE
from graph.store import Batch

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

REACH: Final = COUNT_REACH + 2
"""Users of a value laid out to each side of the row in time: the farthest that any feature looks, and a spare."""


LAYERS: Final = ("layer0", "layer1", *(f"{flag}_around" for flag in FLAGS))
BOOK_COLUMNS: Final = (
    "event_at", "surname", "name", "name_birth", "home_region", "region", "model", "channel", "age", "term",
    "income_band", "loan", "loan_ratio", "appraisal_ratio", "price_to_income", "used", "open", "holder_mismatch",
    "id_bad", "watched", "person", "confirmed", "defaulted", "registered", "heads", *SINGLE,
)  # fmt: skip
ALL_ROLES: Final = np.array([r.code for r in ROLE.values()])


@dataclass(frozen=True, slots=True)
class Names:
    """Application ids of a small book: most are never asked for, so each is read when it is."""

    of: Published
    published: I64  # [A'] published index, -1 for a fresh row
    fresh: Mapping[int, str]

    def __len__(self) -> int:
        return len(self.published)

    def __getitem__(self, application: int) -> str:
        index = int(self.published[application])
        return self.fresh[application] if index < 0 else str(self.of.application_ids[index].as_py())


@dataclass(frozen=True, slots=True)
class Local:
    """A small book. target: index of the scored row; ids: [A'] application ids; published: [A'] published index or -1.

    known: the target's own index in the published sweep, if this very content was swept.
    texts: token and masked label of the target's values by token number; kinds: of the target's values.
    neighbours: [A'] published layers.
    """

    book: Book
    target: int
    ids: Names
    published: I64
    known: int | None
    texts: dict[int, tuple[str, str]]
    kinds: frozenset[int]
    neighbours: dict[str, I64]


def local_book(published: Published, target: Batch, recent: Batch) -> Local:
    """Lay out the target, recent rows, and the published rows that share a value with the target near it in time."""
    return _merge(published, fresh_rows(published, target, recent))


def swept_book(published: Published, index: int) -> Local:
    """The same for an application of the sweep, from the published columns alone."""
    rows = published.rows
    first = rows["link_start"][index]
    last = rows["link_start"][index + 1] if index + 1 < published.applications else len(published.links["slot"])
    slot, offset, mark = (published.links[name][first:last] for name in ("slot", "offset", "mark"))
    key = published.slots["key"][slot]
    at = key // ROLES_PER_VALUE
    links = LinkTable(
        np.zeros(len(at), np.int32),
        published.values["value"][at],
        published.values["kind"][at],
        (key % ROLES_PER_VALUE).astype(np.uint8),
        offset.astype(np.int32),
        mark.astype(np.int32),
    )
    token, label = published.value_texts
    texts = {
        value: (token[i].as_py() or "", label[i].as_py() or "")
        for value, i in zip(links.value.tolist(), at.tolist(), strict=True)
    }
    columns = {n: rows[n][index : index + 1] for n in BOOK_COLUMNS}
    name = str(published.application_ids[index].as_py())
    return _merge(
        published,
        Fresh(
            ids=(name,),
            columns=columns,
            links=links,
            own=0,
            known=index,
            place=np.array([index]),
            stale=(index,),
            texts=texts,
            kinds=frozenset(links.kind.tolist()),
        ),
    )


def _gather(published: Published, fresh: Fresh) -> tuple[I64, LinkTable]:
    """Published rows near the target in each slot of its values, and those links; no older versions of fresh rows."""
    mine = np.unique(fresh.links.value[fresh.links.application == fresh.own])
    value_at = published_values(published, mine)
    held = value_at >= 0
    mine, value_at = mine[held].repeat(len(ALL_ROLES)), value_at[held].repeat(len(ALL_ROLES))
    role = np.tile(ALL_ROLES, len(mine) // len(ALL_ROLES))
    slot = published_slots(published, value_at, role)
    found = slot >= 0
    value, value_at, role, slot = mine[found], value_at[found], role[found], slot[found]
    position, owner = expand(*_near(published, slot, _rank(published, fresh)))
    member = published.members_of_slots["member"][position]
    kept = np.ones(len(member), bool)
    for index in fresh.stale:
        kept &= member != index
    position, owner = position[kept], owner[kept]
    rows, local = np.unique(member[kept], return_inverse=True)
    table = LinkTable(
        local.astype(np.int32),
        value[owner],
        published.values["kind"][value_at][owner],
        role[owner].astype(np.uint8),
        published.members_of_slots["offset"][position].astype(np.int32),
        published.members_of_slots["mark"][position].astype(np.int32),
    )
    return rows.astype(np.int64), table


def _near(published: Published, slot: I64, rank: float) -> tuple[I64, I64]:
    """Where in each slot's members the users within REACH of a place in time begin and end."""
    start, total = published.slots["start"][slot], published.slots["total"][slot].astype(np.int64)
    begin, end = start.copy(), start + total
    member, ranks = published.members_of_slots["member"], published.rows["rank"]
    for i in (total > REACH).nonzero()[0].tolist():  # smaller slots are taken whole
        at = begin[i] + bisect_left(member[begin[i] : end[i]], rank, key=lambda user: float(ranks[user]))
        begin[i], end[i] = max(begin[i], at - REACH), min(end[i], at + REACH)
    return begin, end


def _rank(published: Published, fresh: Fresh) -> float:
    """Where the target stands in the published time order; a new row stands after all of its own instant."""
    if fresh.known is not None:
        return float(published.rows["rank"][fresh.known])
    return float(published.event_order.searchsorted(fresh.columns["event_at"][fresh.own], side="right")) - 0.5


@dataclass(frozen=True, slots=True)
class _Places:
    """Published rows and fresh ones in one order by application_id. index: [A'] published index, -1 for fresh rows."""

    old: I64
    fresh: I64
    index: I64


def _places(old: I64, fresh: Fresh) -> _Places:
    old_place = np.arange(len(old)) + fresh.place.searchsorted(old, side="right")
    fresh_place = old.searchsorted(fresh.place) + np.arange(len(fresh.ids))
    index = np.full(len(old) + len(fresh.ids), -1)
    index[old_place] = old
    return _Places(old_place, fresh_place, index)


def _merge(published: Published, fresh: Fresh) -> Local:
    """One book of published and fresh rows, in canonical order, with the whole book's counts."""
    old, old_links = _gather(published, fresh)
    places = _places(old, fresh)
    target = int(places.fresh[fresh.own])
    columns = {n: _column(published.rows[n], places.index) for n in fresh.columns}
    for name, column in fresh.columns.items():
        columns[name][places.fresh] = column
    piece = lay_out(columns, _moved(old_links, fresh.links, places))
    whole = settled(_whole_counts(published, piece, fresh, places.fresh))
    names = Names(published, places.index, dict(zip(places.fresh.tolist(), fresh.ids, strict=True)))
    numbers = places.index.copy()
    if fresh.known is not None:
        numbers[target] = fresh.known
    layers = {str(n): _column(published.rows[n], numbers) for n in LAYERS if n in published.rows}
    return Local(whole, target, names, numbers, fresh.known, fresh.texts, fresh.kinds, layers)


def _column(column: NDArray[Any], index: I64) -> NDArray[Any]:
    """The column at each index, 0 where that is -1."""
    if not len(column):
        return np.zeros(len(index), column.dtype)
    found: NDArray[Any] = column[index]
    found[index < 0] = 0
    return found


def _moved(old: LinkTable, fresh: LinkTable, places: _Places) -> LinkTable:
    """Both tables over one numbering."""
    return LinkTable(
        np.concatenate([places.old[old.application], places.fresh[fresh.application]]).astype(np.int32),
        np.concatenate([old.value, fresh.value]),
        np.concatenate([old.kind, fresh.kind]),
        np.concatenate([old.role, fresh.role]),
        np.concatenate([old.offset, fresh.offset]),
        np.concatenate([old.mark, fresh.mark]),
    )


def _whole_counts(published: Published, book: Book, fresh: Fresh, rows: I64) -> Book:
    """Replace the counts that `lay_out` made of the piece by the whole book's, plus what is fresh.

    Of the target's own values that at most REACH published rows use, the piece holds every user: its counts stand.
    rows: [F] indices of the fresh rows.
    """
    target = int(rows[fresh.own])
    value, role = book.slots.key // ROLES_PER_VALUE, book.slots.key % ROLES_PER_VALUE
    value_at = published_values(published, book.values)
    slot = published_slots(published, value_at[value], role)
    mine = np.zeros(len(book.values), bool)
    mine[value[book.link_slot[book.link_start[target] : book.link_start[target + 1]]]] = True
    held, laid = published.slots, book.slots
    partly = (slot >= 0) & ~(mine[value] & (_column(held["total"], slot) <= REACH))
    uses, persons = _fresh_counts(published, book, fresh, rows, slot)
    slots = Slots(
        laid.key,
        laid.start,
        _counted(held["persons"], slot, partly, laid.persons, persons).astype(np.int32),
        _counted(held["total"], slot, partly, laid.total, uses).astype(np.int32),
        _counted(held["firm"], slot, partly, laid.firm).astype(np.uint8),
        _counted(held["surname"], slot, partly, laid.surname).astype(np.uint8),
        _counted(held["dealer"], slot, partly, laid.dealer).astype(np.uint8),
        _counted(held["first"], slot, partly, laid.first).astype(np.int64),
    )
    some = (np.bincount(value[partly], minlength=len(book.values)) > 0) | ((value_at >= 0) & ~mine)
    more = add(value, persons, len(book.values))
    first_day, last_day = published.manifest["span"]
    last_day = max(last_day, int(book.columns["event_at"][target])) if fresh.known is None else last_day
    return replace(
        book,
        slots=slots,
        value_persons=_counted(published.values["persons"], value_at, some, book.value_persons, more).astype(np.int32),
        size=published.applications,
        span=(first_day, last_day),
        kind_rate=published.kind_rate,
    )


def _counted(held: NDArray[Any], at: I64, partly: Bool, laid: NDArray[Any], more: I64 | int = 0) -> NDArray[Any]:
    """The published count and what is fresh, where the piece holds only some of the users; else the piece's own."""
    return np.where(partly, _column(held, at) + more, laid)


def _fresh_counts(published: Published, book: Book, fresh: Fresh, rows: I64, slot: I64) -> tuple[I64, I64]:
    """[S] uses, and new persons, of each slot that the published counts do not hold. slot: [S] published or -1."""
    size = len(book.slots.key)
    new = np.zeros(book.applications, bool)
    new[rows] = True
    of = np.repeat(np.arange(size), np.diff(book.slots.start))
    uses = count(of[new[book.member]], size)
    start, links = published.rows["link_start"], published.links["slot"]
    for index in fresh.stale:  # an older version of a fresh row is counted already
        last = start[index + 1] if index + 1 < published.applications else len(links)
        uses -= np.isin(slot, links[start[index] : last])
    unknown = new & (book.columns["person"].astype(np.int64) >= published.applications)
    return uses, count(of[unknown[book.member]], size)
