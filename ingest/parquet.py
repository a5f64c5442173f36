"""Parquet columns as text: digits are kept, times are written in ISO form, nothing is guessed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa

from graph.errors import InputRefused
from ingest.files import json_bytes, open_parquet
from ingest.records import Records

BATCH_ROWS: Final = 8_192
EXACT: Final = 2.0**53
"""Largest float that still tells whole numbers apart; a larger one has lost digits and stays in scientific notation."""


def read_parquet(path: Path, wanted: dict[str, str]) -> Iterator[Records]:
    """Records of a Parquet file; `wanted` maps column names to field names. Lines are row numbers from 1."""
    with open_parquet(path) as file:
        size, total, row = path.stat().st_size, max(1, file.metadata.num_rows), 1
        try:
            for batch in file.iter_batches(BATCH_ROWS, columns=list(wanted)):
                fields = text_frame(batch, wanted)
                raw = [json_bytes(r) for r in fields.rename({c: n for n, c in wanted.items()}).iter_rows(named=True)]
                lines = [(row + n, row + n) for n in range(fields.height)]
                row += fields.height
                yield Records(fields, lines, raw, (), size * (row - 1) // total)
        except pa.ArrowException as error:
            raise InputRefused(
                f"the Parquet file breaks off: {error}", "export it again", f"{path}, row {row}"
            ) from error


def text_frame(batch: pa.RecordBatch, wanted: dict[str, str]) -> pl.DataFrame:
    """The wanted columns as text. Raises InputRefused for nested or binary columns."""
    columns = []
    for name, column in wanted.items():
        series = pl.Series(column, batch.column(name))
        columns.append(_text(series, name).alias(column))
    return pl.DataFrame(columns)


def _text(series: pl.Series, name: str) -> pl.Series:
    dtype = series.dtype
    if dtype.is_float():
        return series.to_frame("v").select(
            pl.when((pl.col("v") % 1 == 0) & (pl.col("v").abs() < EXACT))
            .then(pl.col("v").cast(pl.Int64, strict=False).cast(pl.String))
            .when(pl.col("v").abs() >= EXACT).then(pl.lit("1E+16"))
            .otherwise(pl.col("v").cast(pl.String))
        ).to_series()  # fmt: skip
    if isinstance(dtype, pl.Datetime):
        zoned = series if dtype.time_zone is None else series.dt.convert_time_zone("UTC")
        return zoned.dt.strftime("%Y-%m-%d %H:%M:%S%.6f" + ("" if dtype.time_zone is None else "Z"))
    if dtype.is_nested() or dtype in (pl.Binary, pl.Object, pl.Time, pl.Duration):
        raise InputRefused(f"column {name!r} is {dtype}, not text, a number or a time", "export it flat, as text", name)
    return series.cast(pl.String)
