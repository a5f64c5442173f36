"""What a list shows of each application (masked), written beside a sweep so that readers see one moment of the book."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from graph.errors import ArtifactError
from graph.schema import KIND, ROLE
from graph.store import Links

FILE: Final = "cards.arrow"
SHOWN: Final = ("dealer", "officer", "employer")
COLUMNS: Final[dict[str, pl.DataType]] = {
    "application_id": pl.String(),
    "event_at": pl.Int64(),
    "name": pl.String(),
    "dealer": pl.String(),
    "officer": pl.String(),
    "employer": pl.String(),
    "vehicle": pl.String(),
    "loan_amount": pl.Int64(),
    "status": pl.String(),
}


def cards(links: Links) -> pl.DataFrame:
    """One card a live application in the columns of COLUMNS, by application_id."""
    found = links.applications.select(
        "nid",
        "application_id",
        "event_at",
        pl.col("name_label").alias("name"),
        pl.concat_str("vehicle_make", "vehicle_model", separator=" ", ignore_nulls=True).alias("vehicle"),
        "loan_amount",
        "status",
    )
    for kind in SHOWN:
        found = found.join(_labels(links, kind), on="nid", how="left")
    return found.select(COLUMNS.keys()).sort("application_id")


def _labels(links: Links, kind: str) -> pl.DataFrame:
    """nid of an application and the label of its own value of a kind (the smallest, should there be several)."""
    used = links.links.filter(pl.col("kind") == KIND[kind].code, pl.col("role") == ROLE["own"].code)
    few = links.identifiers.filter(pl.col("kind") == KIND[kind].code)
    labels = few.select(pl.col("nid").alias("identifier"), pl.col("label").alias(kind))
    return (
        used.join(labels, on="identifier", how="inner")
        .group_by(pl.col("application").alias("nid"))
        .agg(pl.col(kind).min())
    )


def write_cards(folder: Path, frame: pl.DataFrame) -> None:
    """Put the cards into a sweep's folder, before it is published."""
    frame.write_ipc(folder / FILE)


class Cards:
    """The cards of one sweep, read once."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    @classmethod
    def open(cls, folder: Path) -> "Cards":
        """Map the cards of a sweep. Raises ArtifactError when they are missing or broken."""
        try:
            return cls(pl.read_ipc(folder / FILE))
        except (OSError, pl.exceptions.PolarsError) as problem:
            raise ArtifactError(f"{folder.name}: the cards cannot be read", "sweep again or roll back") from problem

    def rows(self, application_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Cards by application_id; ids that the sweep did not see are left out."""
        wanted = pl.Series(application_ids, dtype=pl.String).sort()
        at = self._frame["application_id"].search_sorted(wanted)
        kept = [i for i in at if i < self._frame.height]
        found = self._frame[kept].filter(pl.col("application_id").is_in(wanted.implode()))
        return {row["application_id"]: row for row in found.iter_rows(named=True)}

    def row(self, application_id: str) -> dict[str, Any] | None:
        """One card, or None."""
        return self.rows([application_id]).get(application_id)
