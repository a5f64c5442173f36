"""The book as columns in canonical order: the same whatever store, tokens and row order it came from."""

from dataclasses import dataclass, fields, replace
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.ordering import firsts, in_company, order_by, stable_order
from graph.schema import KIND, NODE_KINDS
from graph.store import Links

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
U8 = NDArray[np.uint8]

PHONE_BLOCK: Final = 31
BUILDING: Final = 33
EMPLOYER_CORE: Final = 34
DERIVED_KIND: Final = {
    KIND["phone"].code: PHONE_BLOCK,
    KIND["address"].code: BUILDING,
    KIND["employer"].code: EMPLOYER_CORE,
}
"""Coarser values (identifier column `group`) are values of their own, with codes of their own: kind + 30."""

VALUE_NAMES: Final[dict[int, str]] = {
    **{k.code: k.name for k in NODE_KINDS},
    PHONE_BLOCK: "phone_block",
    BUILDING: "building",
    EMPLOYER_CORE: "employer_core",
}
NO_OFFSET: Final = -1
NO_MARK: Final = -1
ROLES, KINDS = 8, 64
"""More than there are roles and kinds, to make one integer of several."""


@dataclass(frozen=True, slots=True)
class Network:
    """Applications and the values they use.

    applications: [A] rows by application_id; row number = application index.
    known: rows (kind, token) of the store's identifiers and, behind them, of coarser values; labels: the identifiers'.
    value_row, value_label: [V] which of them a value is, and whose label it bears (a coarser one its first member's).
    value_kind: [V] codes of VALUE_NAMES.
    link_application, link_value, link_role, link_offset, link_mark: [L], unique by (application, value, role, offset).
    Marks are equal where the same name stands beside the value, NO_MARK where none does and on coarser values.
    Values are ordered by smallest member, kind, role, then by what else can be seen without the token.
    """

    applications: pl.DataFrame
    known: pl.DataFrame
    labels: pl.Series
    value_row: I32
    value_label: I32
    value_kind: U8
    link_application: I32
    link_value: I32
    link_role: U8
    link_offset: I32
    link_mark: I32

    def texts(self, value: NDArray[np.integer]) -> pl.DataFrame:
        """Token and masked label of some values, null for those below 0. All of them in order are half of what the rest
        of the network costs, so they are put in order when asked for."""
        row, label = (
            pl.Series(of[value] if len(of) else value, dtype=pl.Int64).set(pl.Series(value < 0), None)
            for of in (self.value_row, self.value_label)
        )
        return pl.DataFrame({"token": self.known["token"].gather(row), "label": self.labels.gather(label)})


@dataclass(frozen=True, slots=True)
class _Uses:
    """[L] each. value: provisional number; identifier: row of the identifier whose label the value bears here."""

    application: I32
    value: I32
    identifier: I32
    role: U8
    offset: I32
    mark: I32

    def at(self, rows: NDArray[np.generic]) -> "_Uses":
        """Some of them, or all in another order."""
        return _Uses(*(getattr(self, column.name)[rows] for column in fields(_Uses)))


def network(links: Links) -> Network:
    """Put a store's columns into canonical order and add the coarser values.

    Links are sorted as integers; texts are compared only where nothing else tells two values apart.
    """
    applications = links.applications.sort("application_id")
    size = max(applications.height, 1)
    known, uses = _provisional(links, applications["nid"])
    uses = _unique(uses, links.identifiers["label"], size)
    values = _ordered_values(known, uses, links.identifiers["label"])
    number = np.zeros(known.height, np.int32)
    number[values.row] = np.arange(len(values.row), dtype=np.int32)
    value = number[uses.value]
    key = (value.astype(np.int64) * ROLES + uses.role) * size + uses.application
    uses = replace(uses, value=value).at(order_by(key, uses.offset))
    return Network(
        applications.drop("nid"), known, links.identifiers["label"], values.row, values.label, values.kind,
        uses.application, uses.value, uses.role, uses.offset, uses.mark,
    )  # fmt: skip


def _provisional(links: Links, nid: pl.Series) -> tuple[pl.DataFrame, _Uses]:
    """Values (kind, token) by provisional number, identifiers as they stand, then coarser ones; their uses.

    nid: of the applications in canonical order. A store's numbers are small, so that tables take the place of joins.
    """
    named, used = links.identifiers, links.links
    groups, coarser = _coarser(named)
    application = _place(nid, used["application"])
    identifier = _place(named["nid"], used["identifier"])
    held = np.flatnonzero((application >= 0) & (identifier >= 0))
    application, identifier = application[held], identifier[held]
    role, mark = used["role"].to_numpy()[held], used["mark"].fill_null(NO_MARK).to_numpy()[held]
    again = np.flatnonzero(coarser[identifier] >= 0)
    whose = identifier[again]
    offset = named["offset"].fill_null(NO_OFFSET).to_numpy()
    known = pl.concat([named.select("kind", "token"), groups])
    return known, _Uses(
        np.concatenate([application, application[again]]),
        np.concatenate([identifier, coarser[whose]]),
        np.concatenate([identifier, whose]),
        np.concatenate([role, role[again]]),
        np.concatenate([np.full(len(held), NO_OFFSET, np.int32), offset[whose]]),
        np.concatenate([mark, np.full(len(again), NO_MARK, np.int32)]),
    )


def _coarser(named: pl.DataFrame) -> tuple[pl.DataFrame, I32]:
    """Coarser values (kind, token), and the provisional number of each identifier's, -1 without one."""
    members = (
        named.select(
            "kind", pl.col("group").alias("token"), pl.int_range(pl.len(), dtype=pl.Int32).alias("row"),
        )
        .filter(pl.col("token").is_not_null() & pl.col("kind").is_in(list(DERIVED_KIND)))
        .group_by("kind", "token")
        .agg("row")
    )  # fmt: skip
    number = np.full(named.height, -1, np.int32)
    several = members["row"].list.len().to_numpy()
    rows = members["row"].explode(empty_as_null=False).to_numpy()
    number[rows] = np.repeat(np.arange(len(several), dtype=np.int32) + named.height, several)
    return members.select(pl.col("kind").replace_strict(DERIVED_KIND, return_dtype=pl.UInt8), "token"), number


def _place(nid: pl.Series, wanted: pl.Series) -> I32:
    """[R] position of each wanted number among `nid`, -1 where it is not there."""
    known, asked = nid.to_numpy(), wanted.to_numpy()
    table = np.full(max(int(known.max(initial=0)), int(asked.max(initial=0))) + 1, -1, np.int32)
    table[known] = np.arange(len(known), dtype=np.int32)
    found: I32 = table[asked]
    return found


def _unique(uses: _Uses, label: pl.Series, applications: int) -> _Uses:
    """Different uses by value, application, role and label."""
    key = (uses.value.astype(np.int64) * applications + uses.application) * ROLES + uses.role
    order = stable_order(key)
    several = in_company(key[order])
    rows = order[several]
    if not len(rows):
        return uses.at(order)
    place = label.gather(uses.identifier[rows]).rank("dense").fill_null(len(rows) + 1).to_numpy()
    columns = (uses.mark[rows], uses.offset[rows], place, key[rows])
    by_label = np.lexsort(columns)
    order[several] = rows[by_label]
    keep = np.ones(len(order), bool)
    keep[several] = np.any([firsts(column[by_label]) for column in columns], axis=0)
    return uses.at(order[keep])


@dataclass(frozen=True, slots=True)
class _Values:
    """[V] provisional number, the identifier whose label it bears, and kind."""

    row: I32
    label: I32
    kind: U8


def _ordered_values(known: pl.DataFrame, uses: _Uses, label: pl.Series) -> _Values:
    """Values in use, in an order that no token and no store decides. uses: as from _unique."""
    start = np.flatnonzero(firsts(uses.value))
    end = np.append(start, len(uses.value))[1:]
    provisional, first, role = uses.value[start], uses.application[start], uses.role[start]
    bears = uses.identifier[start]
    kind = known["kind"].to_numpy()[provisional]
    key = (first.astype(np.int64) * KINDS + kind) * ROLES + role
    number, last = end - start, uses.application[end - 1]
    order = order_by(key, number, last)
    alike = ~np.any([firsts(column[order]) for column in (key, number, last)], axis=0)
    tied = alike | np.append(alike[1:], False)[: len(alike)]
    rows = order[tied]
    texts = pl.DataFrame(
        {
            "group": np.cumsum(~alike)[tied],
            "label": label.gather(bears[rows]),
            "token": known["token"].gather(provisional[rows]),
            "row": rows,
        }
    )
    order[tied] = texts.sort("group", "label", "token")["row"].to_numpy()
    return _Values(provisional[order], bears[order], kind[order])
