"""The piece of a published book that one application's values touch, laid out like the whole."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detectors.artifact import Published
from detectors.columns import application_columns, home_persons, with_values
from graph.book import (
    ROLES_PER_VALUE,
    SINGLE,
    Book,
    LinkTable,
    Slots,
    expand,
    lay_out,
    link_table,
    token_number,
)
from graph.network import Network, network
from graph.persons import CONFIRMING, PERSONAL
from graph.projection import COUNT_REACH
from graph.schema import KIND, ROLE
from graph.store import Batch, Links

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

REACH: Final = COUNT_REACH + 2
"""Users of a value laid out to each side of the row in time: the farthest that any feature looks, and a spare."""


LAYERS: Final = ("layer0", "layer1", "community_strength")
BOOK_COLUMNS: Final = (
    "event_at", "surname", "name", "name_birth", "home_region", "income_band", "loan", "appraisal_ratio",
    "price_to_income", "used", "open", "holder_mismatch", "id_bad", "watched", "person", "confirmed", *SINGLE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Local:
    """A small book. target: index of the scored row; ids: [A'] application ids; published: [A'] published index or -1.

    known: the target's own index in the published sweep, if this very content was swept.
    texts: token and masked label of the target's values by token number. neighbours: [A'] published layers.
    """

    book: Book
    target: int
    ids: list[str]
    published: I64
    known: int | None
    texts: dict[int, tuple[str, str]]
    neighbours: dict[str, I64]


def as_links(batch: Batch) -> Links:
    """A batch as a store would return it, numbered by position."""
    applications = batch.applications.with_row_index("nid").with_columns(pl.col("nid").cast(pl.Int64))
    identifiers = batch.identifiers.with_row_index("nid").with_columns(pl.col("nid").cast(pl.Int64))
    links = batch.links.join(
        identifiers.select("kind", "token", pl.col("nid").alias("identifier")), on=["kind", "token"]
    ).select(pl.col("row").cast(pl.Int64).alias("application"), "identifier", "kind", "role")
    return Links(applications, identifiers, links)


def join_batches(target: Batch, recent: Batch) -> Batch:
    """Target first, then recent rows of other applications, each application once (its last version)."""
    own = target.applications["application_id"][0]
    rows = recent.applications.with_row_index("row").filter(pl.col("application_id") != own)
    rows = rows.sort("version_at", "digest").unique("application_id", keep="last", maintain_order=True).sort("row")
    renumber = rows.select("row").with_row_index("new", offset=1)
    links = recent.links.join(renumber, on="row").with_columns(pl.col("new").cast(pl.UInt32).alias("row")).drop("new")
    return Batch(
        pl.concat([target.applications, rows.drop("row").select(target.applications.columns)]),
        pl.concat([target.identifiers, recent.identifiers]).unique(
            ["kind", "token"], keep="first", maintain_order=True
        ),
        pl.concat([target.links, links.select(target.links.columns)]),
    )


@dataclass(frozen=True, slots=True)
class _Fresh:
    """Rows that do not come from the published book, by application_id; `own` is the target."""

    ids: list[str]
    columns: dict[str, NDArray[Any]]
    links: LinkTable
    own: int
    known: int | None
    texts: dict[int, tuple[str, str]]


def local_book(published: Published, target: Batch, recent: Batch) -> Local:
    """Lay out the target, recent rows, and the published rows that share a value with the target near it in time."""
    net = network(as_links(join_batches(target, recent)))
    ids = net.applications["application_id"].to_list()
    own = ids.index(target.applications["application_id"][0])
    index = published.index_of(ids[own])
    known = (
        index if index is not None and published.digests[index].as_py() == target.applications["digest"][0] else None
    )
    person = _persons(published, net, own, known)
    links = link_table(net, person)
    columns = with_values(application_columns(net.applications), links, published.watched)
    columns["person"] = person
    columns["confirmed"] = np.zeros(len(ids), np.int8)
    numbers = token_number(net.identifiers["token"]).tolist()
    texts = dict(zip(numbers, net.identifiers.select("token", "label").iter_rows(), strict=True))
    return _merge(published, _Fresh(ids, columns, links, own, known, texts))


def swept_book(published: Published, index: int) -> Local:
    """The same for an application of the sweep, from the published columns alone."""
    rows = published.rows
    first = rows["link_start"][index]
    last = rows["link_start"][index + 1] if index + 1 < published.applications else len(published.links["slot"])
    slot, offset = published.links["slot"][first:last], published.links["offset"][first:last]
    key = published.slots["key"][slot]
    at = key // ROLES_PER_VALUE
    links = LinkTable(
        np.zeros(len(at), np.int32),
        published.values["value"][at],
        published.values["kind"][at],
        (key % ROLES_PER_VALUE).astype(np.uint8),
        offset.astype(np.int32),
    )
    known = published.value_texts.take(at)
    pairs = zip(known["token"].to_pylist(), known["label"].to_pylist(), strict=True)
    texts = {int(v): (t or "", n or "") for v, (t, n) in zip(links.value, pairs, strict=True)}
    columns = {n: rows[n][index : index + 1] for n in BOOK_COLUMNS}
    ids = [published.application_ids[index].as_py()]
    return _merge(published, _Fresh(ids, columns, links, 0, index, texts))


def _persons(published: Published, fresh: Network, own: int, known: int | None) -> I32:
    """Persons of the fresh rows: the published person of the same ID, or same name and birth with a shared value."""
    value = token_number(fresh.identifiers["token"])
    person = published.applications + np.arange(fresh.applications.height, dtype=np.int32)
    born = token_number(fresh.applications["name_birth_token"])
    named = token_number(fresh.applications["name_token"])
    for row in range(fresh.applications.height):  # the target and a handful of recent rows
        if row == own and known is not None:
            person[row] = published.rows["person"][known]
            continue
        mine = (fresh.link_application == row) & (fresh.link_role == ROLE["own"].code)
        found = _known_persons(
            published, value[fresh.link_value[mine]], fresh.value_kind[fresh.link_value[mine]], born[row], named[row]
        )
        if len(found):
            person[row] = found.min()
    return person.astype(np.int32)


def _known_persons(published: Published, values: I64, kinds: NDArray[np.uint8], born: int, named: int) -> I64:
    rows = published.rows
    found = [np.zeros(0, np.int64)]
    for value, kind in zip(values, kinds, strict=True):
        users = _users(published, int(value))
        if kind == KIND["national_id"].code:
            found.append(rows["person"][users].astype(np.int64))
        elif kind in CONFIRMING and born:
            found.append(rows["person"][users[rows["name_birth"][users] == born]].astype(np.int64))
        if kind in PERSONAL and named:
            found.append(rows["person"][users[rows["name"][users] == named]].astype(np.int64))
    return np.concatenate(found)


def _users(published: Published, value: int) -> I64:
    """Published applications that use a value as their own."""
    slot = _slot(published, np.array([value]), np.array([ROLE["own"].code]))[0]
    if slot < 0:
        return np.zeros(0, np.int64)
    start = published.slots["start"][slot]
    return published.members_of_slots["member"][start : start + published.slots["total"][slot]].astype(np.int64)


def _slot(published: Published, value: I64, role: NDArray[np.integer[Any]]) -> I64:
    """Published slot of each (value, role), -1 where there is none."""
    values, keys = published.values["value"], published.slots["key"]
    if not len(values):
        return np.full(len(value), -1)
    at = np.minimum(np.searchsorted(values, value), len(values) - 1)
    key = np.where(values[at] == value, at * ROLES_PER_VALUE + role, -1)
    slot = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
    return np.where((key >= 0) & (keys[slot] == key), slot, -1)


def _gather(published: Published, fresh: _Fresh) -> tuple[I64, LinkTable]:
    """Published rows near the target in each slot of its values, and those links; no older versions of fresh rows."""
    mine = np.unique(fresh.links.value[fresh.links.application == fresh.own])
    value = np.repeat(mine, len(ROLE))
    role = np.tile(np.array([r.code for r in ROLE.values()]), len(mine))
    slot = _slot(published, value, role)
    value, role, slot = value[slot >= 0], role[slot >= 0], slot[slot >= 0]
    start, total = published.slots["start"][slot], published.slots["total"][slot]
    rank = _rank(published, int(fresh.columns["event_at"][fresh.own]), fresh.known)
    member, offset = published.members_of_slots["member"], published.members_of_slots["offset"]
    ranks = published.rows["rank"]
    at = np.array(
        [s + np.searchsorted(ranks[member[s : s + t]], rank) for s, t in zip(start, total, strict=True)], np.int64
    )
    position, owner = expand(np.maximum(start, at - REACH), np.minimum(start + total, at + REACH))
    stale = [i for i in (published.index_of(name) for name in fresh.ids) if i is not None]
    kept = ~np.isin(member[position], np.array(stale, np.int64))
    position, owner = position[kept], owner[kept]
    found, local = np.unique(member[position], return_inverse=True)
    kind = published.values["kind"][np.searchsorted(published.values["value"], value)]
    table = LinkTable(
        local.astype(np.int32),
        value[owner],
        kind[owner],
        role[owner].astype(np.uint8),
        offset[position].astype(np.int32),
    )
    return found.astype(np.int64), table


def _rank(published: Published, event_at: int, known: int | None) -> float:
    """Where the target stands in the published time order; a new row stands after all of its own instant."""
    if known is not None:
        return float(published.rows["rank"][known])
    return float(np.searchsorted(published.event_order, event_at, side="right")) - 0.5


def _merge(published: Published, fresh: _Fresh) -> Local:
    """One book of published and fresh rows, in canonical order, with the whole book's counts."""
    old, old_links = _gather(published, fresh)
    ids = [*published.application_ids.take(old).to_pylist(), *fresh.ids]
    order = sorted(range(len(ids)), key=ids.__getitem__)
    place = np.empty(len(ids), np.int32)
    place[order] = np.arange(len(ids), dtype=np.int32)
    columns = {n: np.concatenate([published.rows[n][old], c])[order] for n, c in fresh.columns.items()}
    target = int(place[len(old) + fresh.own])
    book = lay_out(columns, _moved(old_links, fresh.links, place, len(old)))
    numbers = np.concatenate([old, np.full(len(fresh.ids), -1)])[order]
    if fresh.known is not None:
        numbers[target] = fresh.known
    swept = numbers >= 0
    layers = (
        {n: np.where(swept, published.rows[n][np.maximum(numbers, 0)], 0) for n in LAYERS}
        if published.applications
        else {}
    )
    whole = _whole_counts(published, book, fresh.known, target)
    whole = whole.with_columns(home_persons=home_persons(whole))
    return Local(whole, target, [ids[i] for i in order], numbers, fresh.known, fresh.texts, layers)


def _moved(old: LinkTable, fresh: LinkTable, place: I32, before: int) -> LinkTable:
    """Both tables over one numbering; fresh rows come after `before` old ones."""
    return LinkTable(
        np.concatenate([place[old.application], place[fresh.application + before]]).astype(np.int32),
        np.concatenate([old.value, fresh.value]),
        np.concatenate([old.kind, fresh.kind]),
        np.concatenate([old.role, fresh.role]),
        np.concatenate([old.offset, fresh.offset]),
    )


def _whole_counts(published: Published, book: Book, known: int | None, target: int) -> Book:
    """Replace the counts that `lay_out` made of the piece by the whole book's, plus what is fresh."""
    value, role = book.values[book.slots.key // ROLES_PER_VALUE], book.slots.key % ROLES_PER_VALUE
    slot = _slot(published, value, role)
    old = slot >= 0
    at = np.maximum(slot, 0)
    names = ("persons", "total", "firm", "surname", "dealer")
    held = {n: published.slots[n][at] if len(published.slots["key"]) else np.zeros(len(at), np.int64) for n in names}
    fresh = _fresh_counts(published, book, known, target)
    shares = (np.where(old, held[n], getattr(book.slots, n)).astype(np.uint8) for n in names[2:])
    slots = Slots(
        book.slots.key,
        book.slots.start,
        np.where(old, held["persons"] + fresh, book.slots.persons).astype(np.int32),
        np.where(old, held["total"] + fresh, book.slots.total).astype(np.int32),
        *shares,
    )
    first_day, last_day = published.manifest["span"]
    last_day = max(last_day, int(book.columns["event_at"][target])) if known is None else last_day
    return replace(
        book,
        slots=slots,
        value_persons=_value_persons(published, book, fresh),
        size=published.applications,
        span=(first_day, last_day),
        kind_rate=np.array(published.manifest["kind_rate"]),
    )


def _fresh_counts(published: Published, book: Book, known: int | None, target: int) -> I64:
    """[S] new persons of each slot, whom the published counts do not hold yet."""
    fresh = book.columns["person"].astype(np.int64) >= published.applications
    if known is not None:
        fresh = fresh & (np.arange(book.applications) != target)
    slot = np.repeat(np.arange(len(book.slots.key)), np.diff(book.slots.start))
    return np.bincount(slot[fresh[book.member]], minlength=len(book.slots.key)).astype(np.int64)


def _value_persons(published: Published, book: Book, fresh: I64) -> I32:
    values = published.values["value"]
    if not len(values):
        return book.value_persons
    at = np.minimum(np.searchsorted(values, book.values), len(values) - 1)
    old = values[at] == book.values
    more = np.zeros(len(book.values), np.int64)
    np.add.at(more, book.slots.key // ROLES_PER_VALUE, fresh)
    return np.where(old, published.values["persons"][at] + more, book.value_persons).astype(np.int32)
