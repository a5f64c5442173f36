"""Published scores and rings as CSV text that a spreadsheet cannot mistake for formulas."""

from typing import Final

import polars as pl

from detectors.artifact import Published

FORMULA: Final = r"^[=+\-@\t\r\x00]"
"""First characters that spreadsheets run; such a cell gets an apostrophe before it (OWASP: CSV injection)."""


def _harmless(frame: pl.DataFrame) -> pl.DataFrame:
    text = pl.col(pl.String)
    return frame.with_columns(pl.when(text.str.contains(FORMULA)).then(pl.lit("'") + text).otherwise(text).name.keep())


def scores_csv(published: Published) -> tuple[str, int]:
    """The text and its number of rows: application_id, score, probability, rank, band, ring_id, reasons."""
    frame = published.scores.sort("rank").select(
        "application_id", "score", "probability", "rank", "band", "ring_id", pl.col("reasons").list.join(" ")
    )
    return _harmless(frame).write_csv(), frame.height


def rings_csv(published: Published) -> tuple[str, int]:
    """The text and its number of rows: ring_id, application_id, membership, ring_score, typology."""
    rings = published.rings.select("ring_id", pl.col("score").alias("ring_score"), "typology", "rank")
    frame = (
        published.members.join(rings, on="ring_id", how="inner")
        .sort("rank", "application_id")
        .select("ring_id", "application_id", "membership", "ring_score", "typology")
    )
    return _harmless(frame).write_csv(), frame.height
