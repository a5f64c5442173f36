"""What a batch changes in a store, worked out in columns: the one place that knows verdicts, closings and merges.

A store reads what it holds of the batch's applications and identifiers, asks here, and writes the answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph.schema import ATTRIBUTES, IDENTIFIER_SCHEMA
from graph.store import OPEN, Batch, Verdict

VERSION_COLUMNS: Final[dict[str, pl.DataType]] = {
    "application_id": pl.String(),
    "digest": pl.String(),
    "event_at": pl.Int64(),
    "version_at": pl.Int64(),
    "seq": pl.Int64(),
    **ATTRIBUTES,
}
"""Stored columns of a version that come with the batch."""

IDENTIFIER_COLUMNS: Final[dict[str, pl.DataType]] = {
    name: dtype for name, dtype in IDENTIFIER_SCHEMA.items() if name not in ("kind", "token")
}
"""Stored columns of an identifier beside its key."""

HELD_VERSION: Final[dict[str, pl.DataType]] = {
    "nid": pl.Int64(),
    "application_id": pl.String(),
    "digest": pl.String(),
    "version_at": pl.Int64(),
    "seq": pl.Int64(),
    "closed_seq": pl.Int64(),
}
HELD_IDENTIFIER: Final[dict[str, pl.DataType]] = {
    "nid": pl.Int64(),
    "kind": pl.UInt8(),
    "token": pl.String(),
    **IDENTIFIER_COLUMNS,
}


@dataclass(frozen=True, slots=True)
class VersionPlan:
    """`verdicts` by row of the batch; `fresh`: rows to add (batch columns, row, nid, closed_seq); `closed`: nid,
    application_id and closed_seq of stored versions whose closing changed."""

    verdicts: NDArray[np.uint8]
    fresh: pl.DataFrame
    closed: pl.DataFrame


@dataclass(frozen=True, slots=True)
class LinkPlan:
    """`fresh`: identifiers to add (batch columns, nid); `changed`: stored ones with a merged column (nid, kind and
    all columns); `links`: version, identifier (nids), row, kind, role, token and mark of links to add, by version."""

    fresh: pl.DataFrame
    changed: pl.DataFrame
    links: pl.DataFrame


def plan(
    batch: Batch,
    held: pl.DataFrame,
    held_of: Callable[[pl.DataFrame], pl.DataFrame],
    *,
    first_version: int,
    first_identifier: int,
) -> tuple[VersionPlan, LinkPlan | None]:
    """What a batch adds and changes; no LinkPlan where none of its versions is new to the store.

    `held` (HELD_VERSION): all stored versions of the batch's applications. `held_of` reads those of the identifiers it
    is given that are stored (HELD_IDENTIFIER). New nids begin at `first_version` and `first_identifier`.
    """
    versions = _plan_versions(batch.applications, held, first_version)
    if versions.fresh.is_empty():
        return versions, None
    used, links = _used_identifiers(batch, versions.fresh)
    return versions, _plan_links(used, links, held_of(used), first_identifier)


def _plan_versions(applications: pl.DataFrame, held: pl.DataFrame, first_nid: int) -> VersionPlan:
    """`held` (HELD_VERSION): all stored versions of these applications. New versions get nids from `first_nid`."""
    rows = applications.with_row_index("row")
    same = ["application_id", "digest"]
    known = rows["application_id"].is_in(held["application_id"].implode())
    repeated = ~rows.select(pl.struct(same).is_first_distinct()).to_series()
    stored = rows.join(held.select(*same, stored=True), on=same, how="left", maintain_order="left")["stored"]
    duplicate = stored.fill_null(value=False) | repeated
    new = rows["application_id"].is_first_distinct() & ~known
    verdicts = np.where(duplicate, Verdict.DUPLICATE, np.where(new, Verdict.NEW, Verdict.UPDATED)).astype(np.uint8)
    fresh = rows.filter(~duplicate).with_columns(nid=first_nid + pl.int_range(pl.len(), dtype=pl.Int64))
    fresh, closed = _close(fresh, held)
    return VersionPlan(verdicts, fresh, closed)


def _close(fresh: pl.DataFrame, held: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    shared = list(HELD_VERSION)
    every = pl.concat([held.select(shared), fresh.with_columns(closed_seq=pl.lit(OPEN, pl.Int64)).select(shared)])
    now = with_closing(every, "now")
    fresh = fresh.join(now.select("nid", closed_seq="now"), on="nid", how="left", maintain_order="left")
    changed = now.filter(pl.col("now") != pl.col("closed_seq"))
    closed = changed.join(held, on="nid", how="semi").select("nid", "application_id", closed_seq="now")
    return fresh, closed.sort("nid")


def with_closing(versions: pl.DataFrame, name: str) -> pl.DataFrame:
    """Adds closed_seq as `name`, from all versions of some applications (application_id, version_at, digest, seq).

    A version closes when the first greater one, by (version_at, digest), arrives; one that came after a greater one
    is born closed, at its own seq; OPEN when there is none greater.
    """
    later = pl.col("seq").cum_min(reverse=True).shift(-1).over("application_id")
    return versions.sort("application_id", "version_at", "digest").with_columns(
        pl.when(later.is_null()).then(OPEN).otherwise(pl.max_horizontal(later, "seq")).alias(name)
    )


def _used_identifiers(batch: Batch, fresh: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The identifiers that the fresh versions' links use, and those links with the version's nid as `version`."""
    links = batch.links.join(fresh.select("row", version="nid"), on="row", how="inner", maintain_order="left")
    used = batch.identifiers.join(links, on=["kind", "token"], how="semi", maintain_order="left")
    return used, links


def _plan_links(used: pl.DataFrame, links: pl.DataFrame, held: pl.DataFrame, first_nid: int) -> LinkPlan:
    """`used` and `links` from _used_identifiers; `held` (HELD_IDENTIFIER): those of `used` that are stored.

    An identifier that came again with other columns keeps the smaller value of each, a value before none, so that
    the order of arrival cannot matter.
    """
    key = ["kind", "token"]
    fresh = used.join(held, on=key, how="anti", maintain_order="left").with_columns(
        nid=first_nid + pl.int_range(pl.len(), dtype=pl.Int64)
    )
    both = held.join(used, on=key, how="inner", suffix="_came")
    merged = [pl.min_horizontal(name, f"{name}_came").alias(name) for name in IDENTIFIER_COLUMNS]
    differs = pl.any_horizontal(pl.col(name).ne_missing(pl.col(f"{name}_new")) for name in IDENTIFIER_COLUMNS)
    renamed = both.with_columns(expression.name.suffix("_new") for expression in merged)
    changed = renamed.filter(differs).select("nid", *key, *(pl.col(f"{n}_new").alias(n) for n in IDENTIFIER_COLUMNS))
    nids = pl.concat([held.select(*key, identifier="nid"), fresh.select(*key, identifier="nid")])
    placed = links.join(nids, on=key, how="inner").sort("version", "identifier", "role")
    return LinkPlan(fresh, changed, placed)
