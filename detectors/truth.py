"""The truth about a book, read from a file or given as a frame, and refused when it cannot be this book's."""

import csv
import io
from pathlib import Path
from typing import Final

import polars as pl

from graph.errors import InputRefused

COLUMNS: Final = ("application_id", "ring_id", "typology")
UNKNOWN_SHARE: Final = 0.5
"""A truth of which more than this share is not in the sweep belongs to another book. Some may be missing: quarantined
records, and applications later than the sweep's as-of time, are in the truth and not in the sweep."""


def read_truth(path: Path) -> pl.DataFrame:
    """application_id, ring_id (null: honest), typology (of the ring, or the innocent class, or null) and line.

    Raises InputRefused, with file and line, for a file that is absent, not UTF-8, ragged, or lacks a column.
    """
    reader = csv.reader(io.StringIO(_decoded(path), newline=""))
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise InputRefused(
            f"the truth lacks the column {missing[0]}", f"give it the columns {', '.join(COLUMNS)}", f"{path.name}:1"
        )
    chosen = [header.index(name) for name in COLUMNS]
    rows = []
    for row in reader:
        if row and len(row) != len(header):
            said = f"{len(row)} fields where the heading has {len(header)}"
            raise InputRefused(said, "mend the row", f"{path.name}:{reader.line_num}")
        if row:
            rows.append((*(row[at].strip() for at in chosen), reader.line_num))
    truth = pl.DataFrame(rows, schema={**dict.fromkeys(COLUMNS, pl.String), "line": pl.Int64}, orient="row")
    return checked_truth(truth, source=path.name)


def checked_truth(truth: pl.DataFrame, *, source: str = "truth") -> pl.DataFrame:
    """The same frame with empty text as null. Raises InputRefused for a missing column, an empty or repeated id."""
    missing = [name for name in COLUMNS if name not in truth.columns]
    if missing:
        raise InputRefused(f"the truth lacks the column {missing[0]}", where=f"{source}:1")
    if "line" not in truth.columns:
        truth = truth.with_columns((pl.int_range(pl.len(), dtype=pl.Int64) + 2).alias("line"))
    truth = truth.with_columns(pl.col(name).cast(pl.String).replace("", None) for name in COLUMNS)
    empty = truth.filter(pl.col("application_id").is_null())
    if len(empty):
        _refuse("no application id", "give every row an application_id", source, empty)
    repeated = truth.filter(~pl.col("application_id").is_first_distinct())
    if len(repeated):
        _refuse("an application stands twice", "keep one row for each application", source, repeated)
    return truth


def refuse_foreign(truth: pl.DataFrame, known: pl.Series, *, source: str = "truth") -> int:
    """How many applications of the truth the sweep does not know. Raises InputRefused when most of them are unknown."""
    unknown = truth.filter(~pl.col("application_id").is_in(known.implode()))
    if len(truth) == 0 or len(unknown) > UNKNOWN_SHARE * len(truth):
        said = f"{len(unknown)} of the {len(truth)} applications of the truth are not in the published sweep"
        raise InputRefused(said, "use the truth of the book that was swept", f"{source}:{_first_line(unknown)}")
    return len(unknown)


def _refuse(said: str, remedy: str, source: str, rows: pl.DataFrame) -> None:
    raise InputRefused(f"{said} ({len(rows)} rows)", remedy, f"{source}:{_first_line(rows)}")


def _first_line(rows: pl.DataFrame) -> int:
    return int(rows["line"][0]) if len(rows) else 1


def _decoded(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputRefused(f"cannot read the truth: {error.strerror}", "name an existing file", str(path)) from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputRefused("the truth is not UTF-8", "save it as UTF-8", f"{path.name}:{line}") from error
