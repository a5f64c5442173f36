"""Looks at a file before it is read: is it one, what format, what encoding and delimiter, which headings."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from graph.errors import InputRefused
from ingest.encodings import Encoding, settle_encoding
from ingest.jsonlines import flat_record
from ingest.parquet import open_parquet, text_columns, text_frame
from ingest.records import BLOCK_BYTES, MAX_COLUMNS, MAX_RECORD_BYTES, Dialect, Splitter, read_delimited
from ingest.text import tidy

HEAD_BYTES: Final = 1 << 18
WINDOW_BYTES: Final = 1 << 16
WINDOWS: Final = 8
SAMPLE_ROWS: Final = 2_000
HEADER_LINES: Final = 20
_PACKED: Final = {
    b"PK\x03\x04": "a zip or Excel file",
    b"\x1f\x8b": "a gzip file",
    b"BZh": "a bzip2 file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"7z\xbc\xaf": "a 7z file",
}
_DELIMITERS: Final = (",", "\t", ";", "|")


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file of text is laid out. `start` is the offset of the first record, `first_line` its line."""

    encoding: Encoding
    dialect: Dialect
    headings: tuple[str, ...]
    start: int
    first_line: int


@dataclass(frozen=True, slots=True)
class Look:
    """The beginning of a file: headings, up to 2,000 rows as text columns (named by heading), what was found out."""

    format: str
    headings: tuple[str, ...]
    sample: pl.DataFrame
    encoding: str | None
    delimiter: str | None
    notes: tuple[str, ...]


def check_file(path: Path) -> None:
    """Raises InputRefused unless `path` is a readable, non-empty, unpacked file."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise InputRefused("this is not a file", "give the path of a CSV, JSONL or Parquet file", str(path))
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise InputRefused(f"cannot read it: {error.strerror}", "check path and permissions", str(path)) from error
    if found.st_size == 0:
        raise InputRefused("the file is empty", "export it again", str(path))
    for mark, what in _PACKED.items():
        if magic.startswith(mark):
            raise InputRefused(f"this is {what}", "unpack it, or save it as CSV in UTF-8", str(path))


def digest_file(path: Path, *, newline: bytes | None) -> tuple[str, int]:
    """SHA-256 and size. With `newline`, raises InputRefused for a line longer than MAX_RECORD_BYTES."""
    digest, size, line, since = hashlib.sha256(), 0, 1, 0
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES // 4):
            digest.update(block)
            size += len(block)
            if newline is None:
                continue
            first, last = block.find(newline), block.rfind(newline)
            longest = since + (len(block) if first < 0 else first)
            if longest > MAX_RECORD_BYTES:
                raise InputRefused(
                    f"a line is longer than {MAX_RECORD_BYTES:,} bytes", "check delimiter and line ends",
                    f"{path}, line {line}",
                )  # fmt: skip
            line += block.count(newline)
            since = longest if first < 0 else len(block) - last - 1
    return digest.hexdigest(), size


def sample_lines(path: Path) -> bytes:
    """Whole lines from the head of the file and from places spread over it."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(HEAD_BYTES)
        if size <= HEAD_BYTES:
            return head
        parts = [head[: head.rfind(b"\n") + 1] or head]
        for n in range(1, WINDOWS + 1):
            file.seek(max(HEAD_BYTES, (size - WINDOW_BYTES) * n // WINDOWS))
            window = file.read(WINDOW_BYTES)
            parts.append(window[window.find(b"\n") + 1 : window.rfind(b"\n") + 1])
    return b"".join(parts)


def guess_format(path: Path) -> str:
    """csv, jsonl or parquet, from the first bytes."""
    with path.open("rb") as file:
        head = file.read(4096).lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith(b"PAR1"):
        return "parquet"
    return "jsonl" if head.startswith(b"{") else "csv"


def lay_out(path: Path, encoding: str | None, delimiter: str | None) -> Layout:
    """Encoding, delimiter, line ends and headings of a delimited file. Raises InputRefused."""
    sample = sample_lines(path)
    if sample.startswith((b"PAR1", b"{")):
        raise InputRefused("this is no CSV file", 'set format = "parquet" or "jsonl" in the mapping', str(path))
    settled = settle_encoding(sample, encoding, str(path))
    newline = b"\r" if b"\n" not in sample and b"\r" in sample else b"\n"
    mark = 3 if sample.startswith(b"\xef\xbb\xbf") else 0
    chosen = delimiter or _guess_delimiter(sample[mark:], settled.name, newline)
    dialect = Dialect(settled.name, chosen, newline)
    headings, used, lines = _header(sample[mark:], dialect, path)
    return Layout(settled, dialect, headings, mark + used, 1 + lines)


def _guess_delimiter(sample: bytes, encoding: str, newline: bytes) -> str:
    """The delimiter that the first line holds most often; ties go to the comma."""
    first = next((line for line in sample.split(newline) if line.strip()), b"").decode(encoding, errors="replace")
    return max(
        _DELIMITERS, key=lambda d: (len(Splitter(d).split(first.rstrip("\r")) or first.split(d)), -_DELIMITERS.index(d))
    )


def _header(sample: bytes, dialect: Dialect, path: Path) -> tuple[tuple[str, ...], int, int]:
    """Headings, bytes used and lines used by the header record, which may hold quoted line breaks."""
    splitter = Splitter(dialect.delimiter)
    lines = sample.split(dialect.newline, HEADER_LINES)
    blank = next((n for n, line in enumerate(lines) if line.strip()), 0)
    for end in range(blank + 1, len(lines) + 1):
        raw = dialect.newline.join(lines[blank:end])
        fields = splitter.split(_header_text(raw, dialect, path).replace("\r\n", "\n").removesuffix("\r"))
        if fields is not None:
            used = len(dialect.newline.join(lines[:end])) + len(dialect.newline)
            return _headings(fields, path), used, end
    raise InputRefused("the line of headings has an unclosed quote", "mend the first line", f"{path}, line {blank + 1}")


def _header_text(raw: bytes, dialect: Dialect, path: Path) -> str:
    try:
        text = raw.decode(dialect.encoding)
    except UnicodeDecodeError as error:
        raise InputRefused(
            f"the headings are not {dialect.encoding}", "mend `encoding` in the mapping", f"{path}, line 1"
        ) from error
    if "\0" in text:
        raise InputRefused("the headings hold NUL bytes: this is no text file", "export it as CSV", f"{path}, line 1")
    return text


def _headings(fields: list[str], path: Path) -> tuple[str, ...]:
    if len(fields) > MAX_COLUMNS:
        raise InputRefused(
            f"{len(fields):,} columns, at most {MAX_COLUMNS:,} are read", "export fewer columns", f"{path}, line 1"
        )
    return tidy_headings(fields)


def tidy_headings(names: list[str]) -> tuple[str, ...]:
    """Headings in the form that mappings are compared in: NFKC, single spaces, trimmed."""
    return tuple(text or "" for text in tidy(pl.Series("t", names, dtype=pl.String)).to_list())


def peek(path: Path) -> Look:
    """Look at the beginning of a file of unknown format. Raises InputRefused as a load would."""
    check_file(path)
    form = guess_format(path)
    if form == "csv":
        return _peek_csv(path)
    return _peek_parquet(path) if form == "parquet" else _peek_json(path)


def _peek_csv(path: Path) -> Look:
    layout = lay_out(path, None, None)
    with path.open("rb") as file:
        file.seek(layout.start)
        positions = range(len(layout.headings))
        first = next(read_delimited(file, layout.dialect, len(layout.headings), positions, layout.first_line))
    kept = {h: n for n, h in reversed(list(enumerate(layout.headings))) if h}
    sample = first.fields.head(SAMPLE_ROWS).select(
        pl.col(f"c{n}").alias(h) for h, n in sorted(kept.items(), key=lambda i: i[1])
    )
    notes = (f"{path.name}: encoding {layout.encoding.name} (detected), {len(layout.headings)} columns",)
    return Look("csv", tuple(sample.columns), sample, layout.encoding.name, layout.dialect.delimiter, notes)


def _peek_json(path: Path) -> Look:
    rows: list[dict[str, str]] = []
    names: dict[str, None] = {}
    for line in sample_lines(path).removeprefix(b"\xef\xbb\xbf").split(b"\n")[:SAMPLE_ROWS]:
        record = _json_or_nothing(line)
        rows.append(record)
        names.update(dict.fromkeys(record))
    if len(names) > MAX_COLUMNS:
        raise InputRefused(f"{len(names):,} keys, at most {MAX_COLUMNS:,} are read", "export fewer keys", str(path))
    sample = pl.DataFrame({n: [row.get(n) for row in rows] for n in names}, schema={n: pl.String() for n in names})
    return Look("jsonl", tuple(names), sample, None, None, (f"{path.name}: JSON lines, {len(names)} keys",))


def _json_or_nothing(line: bytes) -> dict[str, str]:
    try:
        return flat_record(line)
    except ValueError:
        return {}


def _peek_parquet(path: Path) -> Look:
    with open_parquet(path) as file:
        names = text_columns(file.schema_arrow)
        batch = next(file.iter_batches(SAMPLE_ROWS), None)
    empty = pl.DataFrame(schema=dict.fromkeys(names, pl.String()))
    sample = empty if batch is None else text_frame(batch, {n: n for n in names})
    return Look("parquet", names, sample, None, None, (f"{path.name}: Parquet, {len(names)} columns",))
