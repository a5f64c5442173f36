"""Rows that a published sweep does not hold, as columns and links: one application and the newer ones around it.

A handful of rows is read as plain values: a query engine costs each of them more than all their arithmetic.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detectors.artifact import Published
from detectors.columns import record_columns, token_of
from graph.book import PERSON, ROLES_PER_VALUE, SINGLE, LinkTable, expand, person_value
from graph.network import DERIVED_KIND, NO_MARK, NO_OFFSET, VALUE_NAMES
from graph.persons import CONFIRMING, PERSONAL
from graph.schema import KIND, ROLE
from graph.store import Batch

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Columns = dict[str, NDArray[Any]]
Record = Mapping[str, Any]

OWN: Final = ROLE["own"].code
NATIONAL_ID: Final = KIND["national_id"].code
BY_BIRTH, BY_NAME = (np.isin(np.arange(64), kinds) for kinds in (CONFIRMING, PERSONAL))
"""[kind code] whether a shared value of one's own and the same name and birth, or name, make one person."""
KNOWN_LATER: Final = ("confirmed", "defaulted")
"""Columns that outcomes fill, long after the application."""
LINK_COLUMNS: Final = tuple(column.name for column in fields(LinkTable))[1:]
TELLING: Final = frozenset((NATIONAL_ID, *CONFIRMING, *PERSONAL))
"""Kinds of values that can tell who a person is."""
COLUMN_OF_KIND: Final = {
    code: column for column, kind in SINGLE.items() for code, name in VALUE_NAMES.items() if name == kind
}


class Use(NamedTuple):
    """One use of a value by an application: a link of graph.network, with what it shows of the value."""

    role: int
    kind: int
    token: str
    offset: int
    label: str | None
    mark: int


@dataclass(frozen=True, slots=True)
class Fresh:
    """Rows by application_id. links: those of all rows, and one of each row to its person.

    own: [T] rows that are targets. known: [T] published index of each whose very content was swept, else -1. place: [F]
    the first published id that is not smaller. stale: published indices of rows that stand here in another version, or
    for a known target in the same. texts: token and masked label by token number. kinds: of the targets' values.
    """

    ids: tuple[str, ...]
    columns: Columns
    links: LinkTable
    own: I64
    known: I64
    place: I64
    stale: I64
    texts: dict[int, tuple[str, str]]
    kinds: frozenset[int]


def fresh_rows(published: Published, target: Batch, recent: Batch) -> Fresh:
    """The target and the recent rows of other applications, each in its last version."""
    records, uses = _read(target, recent)
    ids = tuple(str(r["application_id"]) for r in records)
    own = ids.index(str(target.applications.item(0, "application_id")))
    found = [published.place_of(name) for name in ids]
    stale = {row: place for row, (place, held) in enumerate(found) if held}
    known = stale.get(own)
    if known is not None and published.digests[known].as_py() != records[own]["digest"]:
        known = None
    flat = [(row, token_of(use.token), use) for row, some in enumerate(uses) for use in some]
    columns = record_columns(records)
    person = _persons(published, columns, flat, None if known is None else (own, known))
    person = _joined(person, published.applications, columns, flat)
    links = _link_table(flat, person)
    columns |= _values(flat, len(ids))
    columns |= published.registry.columns(columns["employer_core"])
    columns["watched"] = _watched(published.watched, links, len(ids))
    columns["person"] = person
    for name in KNOWN_LATER:
        columns[name] = np.zeros(len(ids), np.int8)
        for row, at in stale.items():
            columns[name][row] = published.rows[name][at]
    place = np.array([place for place, _ in found], np.int64)
    kinds = frozenset(use.kind for use in uses[own])
    swept = np.array([-1 if known is None else known])
    older = np.array(list(stale.values()), np.int64)
    return Fresh(ids, columns, links, np.array([own]), swept, place, older, _texts(flat), kinds)


def together(alone: Sequence[Fresh]) -> Fresh:
    """Targets of which each was made alone, without other rows; by application_id, their texts left out."""
    parts = sorted(alone, key=lambda part: part.ids)
    if any(len(part.ids) != 1 for part in parts):
        raise ValueError("a target that came with other rows stands alone")

    def whole(name: str) -> I64:
        return np.concatenate([getattr(part, name) for part in parts])

    links = [part.links for part in parts]
    every = np.arange(len(parts))
    return Fresh(
        ids=tuple(part.ids[0] for part in parts),
        columns={name: np.concatenate([part.columns[name] for part in parts]) for name in parts[0].columns},
        links=LinkTable(
            np.repeat(every, [len(part.value) for part in links]).astype(np.int32),
            *(np.concatenate([getattr(part, name) for part in links]) for name in LINK_COLUMNS),
        ),
        own=every,
        known=whole("known"),
        place=whole("place"),
        stale=whole("stale"),
        texts={},
        kinds=frozenset().union(*(part.kinds for part in parts)),
    )


def published_values(published: Published, value: I64) -> I64:
    """Published index of each value, -1 where there is none."""
    values = published.values["value"]
    if not len(values):
        return np.full(len(value), -1)
    at = np.minimum(values.searchsorted(value), len(values) - 1)
    return np.where(values[at] == value, at, -1)


def published_slots(published: Published, at: I64, role: NDArray[np.integer[Any]]) -> I64:
    """Published slot of each (index of a published value, role), -1 where there is none or the index is -1."""
    keys = published.slots["key"]
    if not len(keys):
        return np.full(len(at), -1)
    key = np.where(at >= 0, at * ROLES_PER_VALUE + role, -1)
    slot = np.minimum(keys.searchsorted(key), len(keys) - 1)
    return np.where(keys[slot] == key, slot, -1)


def _read(target: Batch, recent: Batch) -> tuple[list[Record], list[list[Use]]]:
    """Records and their uses by application_id; of a value known twice the target's text stands."""
    known = {(i["kind"], i["token"]): i for part in (recent, target) for i in _rows(part.identifiers)}
    record: Record = target.applications.row(0, named=True)
    found = [(record, _uses((k for k in _rows(target.links) if k["row"] == 0), known))]
    newest: dict[str, tuple[int, Record]] = {}
    for row, other in enumerate(_rows(recent.applications)):
        held = newest.get(other["application_id"])
        if held is None or _version(held[1]) <= _version(other):
            newest[other["application_id"]] = (row, other)
    newest.pop(record["application_id"], None)
    linked: dict[int, list[Record]] = {row: [] for row, _ in newest.values()}
    for link in _rows(recent.links) if newest else ():
        if link["row"] in linked:
            linked[link["row"]].append(link)
    found += [(other, _uses(linked[row], known)) for row, other in newest.values()]
    found.sort(key=lambda pair: str(pair[0]["application_id"]))
    return [r for r, _ in found], [u for _, u in found]


def _rows(frame: pl.DataFrame) -> Sequence[Record]:
    return frame.rows(named=True)


def _version(record: Record) -> tuple[int, str]:
    return record["version_at"], record["digest"]


def _uses(links: Iterable[Record], known: Mapping[tuple[int, str], Record]) -> list[Use]:
    """Distinct uses by role and label, those of coarser values too; as graph.network makes them of a whole book."""
    uses: set[Use] = set()
    for link in links:
        role, kind, token = link["role"], link["kind"], link["token"]
        named = known.get((kind, token))
        if named is None:
            continue
        label, group, offset, mark = named["label"], named["group"], named["offset"], link["mark"]
        uses.add(Use(role, kind, token, NO_OFFSET, label, NO_MARK if mark is None else mark))
        if group is not None and kind in DERIVED_KIND:
            uses.add(Use(role, DERIVED_KIND[kind], group, NO_OFFSET if offset is None else offset, label, NO_MARK))
    return sorted(uses, key=lambda u: (u.role, u.label is None, u.label or ""))


Flat = list[tuple[int, int, Use]]
"""(row, token number, use) by row."""


def _texts(flat: Flat) -> dict[int, tuple[str, str]]:
    """Token and label of each value: a coarser one has the label of its first user's finer one."""
    texts: dict[int, tuple[str, str]] = {}
    for _, number, use in flat:
        texts.setdefault(number, (use.token, use.label or ""))
    return texts


def _link_table(flat: Flat, person: I32) -> LinkTable:
    everyone = range(len(person))
    return LinkTable(
        np.array([*(row for row, _, _ in flat), *everyone], np.int32),
        np.array([*(number for _, number, _ in flat), *person_value(person).tolist()], np.int64),
        np.array([*(use.kind for _, _, use in flat), *(PERSON for _ in everyone)], np.uint8),
        np.array([*(use.role for _, _, use in flat), *(OWN for _ in everyone)], np.uint8),
        np.array([*(use.offset for _, _, use in flat), *(NO_OFFSET for _ in everyone)], np.int32),
        np.array([*(use.mark for _, _, use in flat), *(NO_MARK for _ in everyone)], np.int32),
    )


def _values(flat: Flat, size: int) -> Columns:
    """Columns of graph.book.SINGLE: the smallest token number of a row's own values of a kind, 0 without one."""
    held: dict[str, list[int]] = {column: [0] * size for column in SINGLE}
    for row, number, use in flat:
        column = COLUMN_OF_KIND.get(use.kind)
        if column is not None and use.role == OWN:
            before = held[column][row]
            held[column][row] = min(before, number) if before else number
    return {column: np.array(numbers, np.int64) for column, numbers in held.items()}


def _watched(watched: I64, links: LinkTable, size: int) -> I64:
    """[F] how many of a row's values are on a watch-list."""
    if not len(watched):
        return np.zeros(size, np.int64)
    at = np.minimum(watched.searchsorted(links.value), len(watched) - 1)
    return np.bincount(links.application[watched[at] == links.value], minlength=size).astype(np.int64)


def _persons(published: Published, columns: Columns, flat: Flat, known: tuple[int, int] | None) -> I32:
    """[F] the smallest published person by the rules of graph.persons; else a new one.

    known: row and published index of a row whose person the sweep has resolved.
    """
    person = (published.applications + np.arange(len(columns["event_at"]))).astype(np.int32)
    if known is not None:
        person[known[0]] = published.rows["person"][known[1]]
    asked = [
        (row, number, use.kind)
        for row, number, use in flat
        if use.role == OWN and use.kind in TELLING and (known is None or row != known[0])
    ]
    if not asked:
        return person
    row, number, kind = np.array(asked, np.int64).T
    slot = published_slots(published, published_values(published, number), np.array(OWN))
    row, kind, slot = row[slot >= 0], kind[slot >= 0], slot[slot >= 0]
    start = published.slots["start"][slot]
    position, owner = expand(start, start + published.slots["total"][slot])
    user = published.members_of_slots["member"][position]
    row, kind = row[owner], kind[owner]
    same = kind == NATIONAL_ID
    for name, kinds in (("name_birth", BY_BIRTH), ("name", BY_NAME)):
        mine = columns[name][row]
        same |= kinds[kind] & (mine != 0) & (published.rows[name][user] == mine)
    np.minimum.at(person, row[same], published.rows["person"][user[same]])
    return person


def _joined(person: I32, known: int, columns: Columns, flat: Flat) -> I32:
    """[F] with new persons joined by the same rules: whoever applies at several dealers in a day is one person.

    known: numbers below it are published persons, whom a new application does not join with each other.
    """
    if len(person) < 2:
        return person
    joined, first = person.copy(), dict[tuple[str, int, int], int]()
    for row, number, use in flat:
        for rule, holds in (
            ("", use.kind == NATIONAL_ID),
            ("name_birth", BY_BIRTH[use.kind]),
            ("name", BY_NAME[use.kind]),
        ):
            name = int(columns[rule][row]) if rule else 1
            if use.role != OWN or not holds or not name:
                continue
            one, other = sorted((int(joined[row]), int(joined[first.setdefault((rule, number, name), row)])))
            if other >= known:
                joined[joined == other] = one
    return joined
