"""The piece of a published book that an application's values touch, laid out like the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detectors.around import FLAGS
from detectors.artifact import Published
from detectors.columns import settled
from detectors.fresh import Fresh, fresh_rows, published_slots, published_values, together
from detectors.nearby import REACH, column_at, linked, near_targets
from detectors.tally import add, count
from graph.book import ROLES_PER_VALUE, SINGLE, Book, LinkTable, Slots, expand, lay_out
from graph.errors import ArtifactError
from graph.store import Batch

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

LAYERS: Final = ("layer0", "layer1", "overlap", *(f"{flag}_around" for flag in FLAGS))
BOOK_COLUMNS: Final = (
    "event_at", "surname", "name", "name_birth", "home_region", "region", "model", "channel", "age", "term",
    "income_band", "loan", "loan_ratio", "appraisal_ratio", "price_to_income", "used", "open", "holder_mismatch",
    "id_bad", "watched", "person", "confirmed", "defaulted", "registered", "heads", *SINGLE,
)  # fmt: skip
NO_BATCH: Final = Batch.empty()


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
    """A small book. targets: [T] indices of the scored rows; ids: [A'] application ids; published: [A'] published index
    or -1.

    swept: [T] a target's own index in the published sweep, if this very content was swept, else -1.
    texts: token and masked label of the targets' values by token number; kinds: of the targets' values.
    neighbours: [A'] published layers.
    """

    book: Book
    targets: I64
    ids: Names
    published: I64
    swept: I64
    texts: dict[int, tuple[str, str]]
    kinds: frozenset[int]
    neighbours: dict[str, I64]

    @property
    def target(self) -> int:
        """The first of the targets: mostly there is one."""
        return int(self.targets[0])

    @property
    def known(self) -> int | None:
        """Its index in the published sweep."""
        return int(self.swept[0]) if self.swept[0] >= 0 else None


def local_book(published: Published, target: Batch, recent: Batch) -> Local:
    """Lay out the target, recent rows, and the published rows that share a value with the target near it in time."""
    return _merge(published, fresh_rows(published, target, recent))


def swept_books(published: Published, targets: Sequence[Batch]) -> Local:
    """`local_book` of many applications at once, by application_id. Each must be swept in this very content.

    A feature looks no farther than detectors.nearby.REACH from its row: in company it sees the same as alone.
    Raises ArtifactError for a target that the sweep holds in another version, or not at all.
    """
    fresh = together([fresh_rows(published, target, NO_BATCH) for target in targets])
    if (fresh.known < 0).any():
        raise ArtifactError(f"sweep {published.sweep_id} does not hold {int((fresh.known < 0).sum())} rows as they are")
    return _merge(published, fresh)


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
            own=np.array([0]),
            known=np.array([index]),
            place=np.array([index]),
            stale=np.array([index]),
            texts=texts,
            kinds=frozenset(links.kind.tolist()),
        ),
    )


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
    old, old_links = near_targets(published, fresh)
    places = _places(old, fresh)
    targets = places.fresh[fresh.own]
    columns = {n: column_at(published.rows[n], places.index) for n in fresh.columns}
    for name, column in fresh.columns.items():
        columns[name][places.fresh] = column
    piece = lay_out(columns, _moved(old_links, fresh.links, places))
    whole = settled(_whole_counts(published, piece, fresh, places.fresh))
    names = Names(published, places.index, dict(zip(places.fresh.tolist(), fresh.ids, strict=True)))
    numbers = places.index.copy()
    swept = fresh.known >= 0
    numbers[targets[swept]] = fresh.known[swept]
    layers = {str(n): column_at(published.rows[n], numbers) for n in LAYERS if n in published.rows}
    return Local(whole, targets, names, numbers, fresh.known, fresh.texts, fresh.kinds, layers)


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

    Of the targets' own values that at most REACH published rows use, the piece holds every user: its counts stand.
    rows: [F] indices of the fresh rows.
    """
    targets = rows[fresh.own]
    value, role = book.slots.key // ROLES_PER_VALUE, book.slots.key % ROLES_PER_VALUE
    value_at = published_values(published, book.values)
    slot = published_slots(published, value_at[value], role)
    mine = np.zeros(len(book.values), bool)
    mine[value[book.link_slot[expand(book.link_start[targets], book.link_start[targets + 1])[0]]]] = True
    held, laid = published.slots, book.slots
    partly = (slot >= 0) & ~(mine[value] & (column_at(held["total"], slot) <= REACH))
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
    last_day = max([last_day, *book.columns["event_at"][targets[fresh.known < 0]].tolist()])
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
    return np.where(partly, column_at(held, at) + more, laid)


def _fresh_counts(published: Published, book: Book, fresh: Fresh, rows: I64, slot: I64) -> tuple[I64, I64]:
    """[S] uses, and new persons, of each slot that the published counts do not hold. slot: [S] published or -1."""
    size = len(book.slots.key)
    new = np.zeros(book.applications, bool)
    new[rows] = True
    of = np.repeat(np.arange(size), np.diff(book.slots.start))
    uses = count(of[new[book.member]], size)
    held = linked(published, fresh.stale)  # an older version of a fresh row is counted already
    if len(held):
        at = np.minimum(held.searchsorted(slot), len(held) - 1)
        times = held.searchsorted(slot, side="right") - at
        uses -= np.where(held[at] == slot, times, 0)
    unknown = new & (book.columns["person"].astype(np.int64) >= published.applications)
    return uses, count(of[unknown[book.member]], size)
