"""The book as columns in canonical order: the same whatever store, tokens and row order it came from."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

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


@dataclass(frozen=True, slots=True)
class Network:
    """Applications and the values they use.

    applications: [A] rows by application_id; row number = application index.
    identifiers: [V] rows (value, kind, token, label, check), one a value; groups borrow their first member's label.
    link_application, link_value, link_role, link_offset, link_mark: [L], unique by (application, value, role, offset).
    Marks are equal where the same name stands beside the value, NO_MARK where none does and on coarser values.
    Values are ordered by smallest member, kind, role, then by what else can be seen without the token.
    """

    applications: pl.DataFrame
    identifiers: pl.DataFrame
    link_application: I32
    link_value: I32
    link_role: U8
    link_offset: I32
    link_mark: I32

    @property
    def value_kind(self) -> U8:
        """[V] codes of VALUE_NAMES."""
        return self.identifiers["kind"].to_numpy()


def network(links: Links) -> Network:
    """Put a store's columns into canonical order and add the coarser values."""
    applications = links.applications.sort("application_id").with_row_index("application")
    numbers = applications.select("nid", pl.col("application").cast(pl.Int32))
    flat = (
        links.links.rename({"application": "nid"})
        .join(numbers, on="nid")
        .drop("nid", "kind")
        .rename({"identifier": "nid"})
        .join(links.identifiers, on="nid")
        .select("application", "role", "kind", "token", "label", "group", "offset", "check", "mark")
    )
    rows = pl.concat([_own(flat), _groups(flat)]).unique()
    values = _ordered_values(rows)
    table = rows.join(values.select("token", "kind", "value"), on=["token", "kind"]).sort(
        "value", "role", "application", "offset"
    )
    return Network(
        applications.drop("nid", "application"),
        values.select("value", "kind", "token", "label", "check"),
        table["application"].to_numpy(),
        table["value"].to_numpy(),
        table["role"].to_numpy(),
        table["offset"].to_numpy(),
        table["mark"].to_numpy(),
    )


def _own(flat: pl.DataFrame) -> pl.DataFrame:
    return flat.select(
        "application", "role", "kind", "token", "label", "check", pl.lit(NO_OFFSET, pl.Int32).alias("offset"),
        pl.col("mark").fill_null(NO_MARK),
    )  # fmt: skip


def _groups(flat: pl.DataFrame) -> pl.DataFrame:
    return flat.filter(pl.col("group").is_not_null() & pl.col("kind").is_in(list(DERIVED_KIND))).select(
        "application",
        "role",
        pl.col("kind").replace_strict(DERIVED_KIND, return_dtype=pl.UInt8),
        pl.col("group").alias("token"),
        "label",
        pl.lit(None, pl.String).alias("check"),
        pl.col("offset").fill_null(NO_OFFSET).alias("offset"),
        pl.lit(NO_MARK, pl.Int32).alias("mark"),
    )


def _ordered_values(rows: pl.DataFrame) -> pl.DataFrame:
    """One row a value, numbered in an order that no token and no store decides."""
    return (
        rows.sort("application", "role", "label", nulls_last=True)
        .group_by("kind", "token", maintain_order=True)
        .agg(
            pl.col("application").min().alias("first"),
            pl.col("role").first(),
            pl.col("label").first(),
            pl.col("check").first(),
            pl.len().alias("links"),
            pl.col("application").max().alias("last"),
        )
        .sort("first", "kind", "role", "links", "last", "label", "token")
        .with_row_index("value")
        .with_columns(pl.col("value").cast(pl.Int32))
    )
