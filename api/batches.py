"""Joins batches from several places into the one that the scorer reads."""

from collections.abc import Sequence
from typing import Final

import polars as pl

from graph.schema import LINK_SCHEMA
from graph.store import Batch

NOTHING: Final = Batch.empty()
"""Made once: building an empty frame costs a request as much as a question to the store."""


def merge(batches: Sequence[Batch], *, without: str = "") -> Batch:
    """One batch with the latest version of each application (an application may stand in the graph and in the ledger).

    `without` leaves one application out: the one that is being scored.
    """
    filled = [batch for batch in batches if batch.applications.height]
    if not filled:
        return NOTHING
    applications = pl.concat([_numbered(batch.applications, n) for n, batch in enumerate(filled)])
    latest = (
        applications.filter(pl.col("application_id") != without)
        .sort(["version_at", "digest", "part"])
        .unique("application_id", keep="last", maintain_order=True)
        .sort("seq", "application_id")
        .with_row_index("new")
    )
    links = pl.concat([batch.links.with_columns(pl.lit(n, pl.Int32).alias("part")) for n, batch in enumerate(filled)])
    kept = links.join(latest.select("part", "row", "new"), on=["part", "row"], how="inner")
    identifiers = pl.concat([batch.identifiers for batch in filled]).unique(["kind", "token"], maintain_order=True)
    return Batch(
        latest.drop("part", "row", "new"),
        identifiers.join(kept.select("kind", "token"), on=["kind", "token"], how="semi"),
        kept.drop("row", "part").rename({"new": "row"}).select(LINK_SCHEMA.keys()).cast({"row": pl.UInt32}),
    )


def _numbered(applications: pl.DataFrame, part: int) -> pl.DataFrame:
    return applications.with_row_index("row").with_columns(pl.lit(part, pl.Int32).alias("part"))
