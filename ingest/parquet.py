"""Parquet columns as text: digits are kept, times are written in ISO form, nothing is guessed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from graph.errors import InputRefused
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


def open_parquet(path: Path) -> pq.ParquetFile:
    """Raises InputRefused for what is no Parquet file."""
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        raise InputRefused(f"this is no Parquet file: {error}", "check `format` in the mapping", str(path)) from error


def text_columns(schema: pa.Schema) -> tuple[str, ...]:
    """The columns that can be read as text: named once, neither nested nor binary nor a duration."""
    flat = [f.name for f in schema if not (pa.types.is_nested(f.type) or _strange(f.type))]
    return tuple(name for name in flat if schema.names.count(name) == 1)


def _strange(dtype: pa.DataType) -> bool:
    kinds = (
        pa.types.is_binary,
        pa.types.is_large_binary,
        pa.types.is_fixed_size_binary,
        pa.types.is_duration,
        pa.types.is_time,
    )
    return any(kind(dtype) for kind in kinds)


def text_frame(batch: pa.RecordBatch, wanted: dict[str, str]) -> pl.DataFrame:
    """The wanted `text_columns`, as text under new names."""
    return pl.DataFrame([_text(pl.Series(column, batch.column(name))).alias(column) for name, column in wanted.items()])


def _text(series: pl.Series) -> pl.Series:
    dtype = series.dtype
    if dtype.is_float():
        v = pl.col("v")
        whole = pl.when((v % 1 == 0) & (v.abs() < EXACT)).then(v.cast(pl.Int64, strict=False).cast(pl.String))
        text = whole.when(v.abs() >= EXACT).then(pl.lit("1E+16")).otherwise(v.cast(pl.String))
        return series.to_frame("v").select(text).to_series()
    if isinstance(dtype, pl.Datetime):
        zoned = series if dtype.time_zone is None else series.dt.convert_time_zone("UTC")
        return zoned.dt.strftime("%Y-%m-%d %H:%M:%S%.6f" + ("" if dtype.time_zone is None else "Z"))
    return series.cast(pl.String)


def json_bytes(row: dict[str, Any]) -> bytes:
    """A row as one line of JSON, since a quarantined row of this format has no bytes of its own."""
    return json.dumps(row, ensure_ascii=False, sort_keys=True).encode()
