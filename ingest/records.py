"""Frames records of delimited text on bytes, so that one bad record cannot swallow its neighbours."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import BinaryIO, Final

import polars as pl

from graph.errors import InputRefused
from ingest.codes import Refusal

BLOCK_BYTES: Final = 2 << 20
MAX_RECORD_BYTES: Final = 1 << 20
MAX_COLUMNS: Final = 2_000
LONG_RECORD: Final = 100_000
"""Characters; the csv module refuses fields of more than 131,072, and reads bare line ends its own way."""
MAX_QUOTED_LINES: Final = 100
MAX_QUOTED_CHARACTERS: Final = 1 << 16
"""A quoted field that runs over more is taken for a quote that nobody closed."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a delimited file is written. `newline` is LF, or CR for files of old spreadsheets; CRLF counts as LF."""

    encoding: str = "utf-8"
    delimiter: str = ","
    newline: bytes = b"\n"


@dataclass(frozen=True, slots=True)
class BadRecord:
    """A record that cannot be split into fields."""

    first_line: int
    last_line: int
    code: str
    detail: str
    raw: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Records:
    """A stretch of a file: `fields` holds the sound records as text, `lines` where they stood, `raw` their bytes.

    `bad` holds the others. `bytes_read` counts from the start of the file.
    """

    fields: pl.DataFrame
    lines: list[tuple[int, int]]
    raw: list[bytes]
    bad: tuple[BadRecord, ...]
    bytes_read: int

    @property
    def count(self) -> int:
        """Physical records, sound or bad."""
        return self.fields.height + len(self.bad)


class Splitter:
    """Splits the text of one record into fields (RFC 4180; a quote inside an unquoted field stands for itself)."""

    def __init__(self, delimiter: str) -> None:
        d = re.escape(delimiter)
        quoted = r'"(?:[^"]++|"")*+"'
        bare = rf'[^"{d}][^{d}]*+|'
        self._delimiter = delimiter
        self._whole = re.compile(rf"(?:{quoted}|{bare})(?:{d}(?:{quoted}|{bare}))*+")
        self._fields = re.compile(rf'(?:^|{d})(?:"((?:[^"]++|"")*+)"|([^"{d}][^{d}]*+|))')
        self._start = re.compile(rf"(?:(?:{quoted}|{bare}){d})*+")
        self._open = re.compile(r'"(?:[^"]++|"")*+')

    def split(self, text: str) -> list[str] | None:
        """The fields, or None where the text is no whole record."""
        if self._whole.fullmatch(text) is None:
            return None
        if "\n" not in text and "\r" not in text and len(text) < LONG_RECORD:
            # whole by our grammar, so that the csv module, ten times as fast, reads the same fields
            return next(csv.reader((text,), delimiter=self._delimiter, strict=True)) or [""]
        return [quoted.replace('""', '"') if quoted else bare for quoted, bare in self._fields.findall(text)]

    def is_open(self, text: str) -> bool:
        """Whether the text ends inside a quoted field."""
        start = self._start.match(text)
        at = start.end() if start else 0
        inside = self._open.match(text, at)
        return inside is not None and inside.end() == len(text)


class Framer:
    """Turns stretches of whole lines into records. `columns` is how many fields a record must have."""

    def __init__(self, dialect: Dialect, columns: int, keep: Sequence[int]) -> None:
        self._dialect = dialect
        self._columns = columns
        self._keep = list(keep)
        self._splitter = Splitter(dialect.delimiter)

    def frame(self, lines: list[bytes], first_line: int, *, last: bool) -> tuple[pl.DataFrame, "_Found", int]:
        """Frame `lines`; returns fields, where they stood, and how many lines were used (all but an open record's)."""
        texts, broken = _decode(lines, self._dialect)
        suspects = [n for n, text in enumerate(texts) if '"' in text or "\0" in text]
        found = _Found(first_line)
        taken, used = self._suspects(texts, lines, broken, suspects, found, last=last)
        plain = [n for n in range(used) if n not in taken and n not in broken and texts[n]]
        for n in sorted(broken):
            if n < used and n not in taken:
                found.refuse(n, n, Refusal.UNDECODABLE, f"not {self._dialect.encoding}", lines[n])
        return self._assemble(texts, lines, plain, found), found, used

    def _suspects(
        self,
        texts: list[str],
        lines: list[bytes],
        broken: set[int],
        suspects: list[int],
        found: "_Found",
        *,
        last: bool,
    ) -> tuple[set[int], int]:
        """Lines with quotes or NULs, one record at a time; returns the lines taken and how many lines are used."""
        taken: set[int] = set()
        for n in suspects:
            if n in taken:
                continue
            fields, end = self._take(texts, n, last=last)
            if end is None:
                return taken, n
            taken.update(range(n, end + 1))
            raw = self._dialect.newline.join(lines[n : end + 1])
            code = self._verdict(fields, texts[n : end + 1], broken.intersection(range(n, end + 1)), n == end)
            if code is None and fields is not None:
                found.keep(n, end, [fields[k] for k in self._keep], raw)
            elif code is not None:
                found.refuse(n, end, code, self._explain(code, fields), raw)
        return taken, len(texts)

    def _take(self, texts: list[str], n: int, *, last: bool) -> tuple[list[str] | None, int | None]:
        """Fields and last line of the record that starts on line n; (None, n) is a bad line, None asks for more."""
        text = texts[n]
        fields = self._splitter.split(text)
        if fields is not None or not self._splitter.is_open(text):
            return fields, n
        for end in range(n + 1, min(len(texts), n + MAX_QUOTED_LINES)):
            text = f"{text}\n{texts[end]}"
            if len(text) > MAX_QUOTED_CHARACTERS:
                return None, n
            if '"' in texts[end]:
                fields = self._splitter.split(text)
                if fields is not None:
                    # a wrong count says that the quote closed in a neighbour, by chance
                    return (fields, end) if len(fields) == self._columns else (None, n)
                if not self._splitter.is_open(text):
                    return None, n
        more = not last and len(texts) < n + MAX_QUOTED_LINES
        return None, None if more else n

    def _verdict(self, fields: list[str] | None, texts: list[str], broken: set[int], single: bool) -> Refusal | None:
        if broken:
            return Refusal.UNDECODABLE
        if any("\0" in text for text in texts):
            return Refusal.NUL
        if fields is None:
            return Refusal.UNCLOSED_QUOTE if single and self._splitter.is_open(texts[0]) else Refusal.BAD_QUOTE
        return None if len(fields) == self._columns else Refusal.RAGGED

    def _explain(self, code: Refusal, fields: list[str] | None) -> str:
        if code is Refusal.RAGGED and fields is not None:
            return f"{len(fields)} fields, {self._columns} headings"
        return f"not {self._dialect.encoding}" if code is Refusal.UNDECODABLE else ""

    def _assemble(self, texts: list[str], lines: list[bytes], plain: list[int], found: "_Found") -> pl.DataFrame:
        """Split the plain lines in one go, and put those that went the slow way in their place."""
        text = pl.Series("t", [texts[n] for n in plain], dtype=pl.String)
        split = self._split_plain(text, plain, texts, lines, found)
        if not found.slow:
            return split
        slow = pl.DataFrame(found.slow, schema=dict.fromkeys(split.columns, pl.String()), orient="row")
        order = pl.Series([a for a, _ in found.spans]).arg_sort()
        spans, raw = found.spans, found.raw
        found.spans[:], found.raw[:] = [spans[k] for k in order], [raw[k] for k in order]
        # spans of slow records came first, then the plain ones
        return pl.concat([slow, split])[order]

    def _split_plain(
        self, text: pl.Series, plain: list[int], texts: list[str], lines: list[bytes], found: "_Found"
    ) -> pl.DataFrame:
        fields = text.str.count_matches(self._dialect.delimiter, literal=True) + 1
        sound = fields == self._columns
        if not sound.all():
            for n, count in zip(
                (p for p, ok in zip(plain, sound, strict=True) if not ok), fields.filter(~sound), strict=True
            ):
                found.refuse(n, n, Refusal.RAGGED, f"{count} fields, {self._columns} headings", lines[n])
            plain = [p for p, ok in zip(plain, sound, strict=True) if ok]
            text = text.filter(sound)
        found.spans += [(n, n) for n in plain]
        found.raw += [lines[n] for n in plain]
        parts = text.str.split_exact(self._dialect.delimiter, self._columns - 1).struct.unnest()
        return parts.select(pl.nth(k).alias(f"c{k}") for k in self._keep)


class _Found:
    """What framing one stretch has found so far; lines count from 0 within the stretch."""

    def __init__(self, first_line: int) -> None:
        self.first_line = first_line
        self.spans: list[tuple[int, int]] = []
        self.raw: list[bytes] = []
        self.slow: list[list[str]] = []
        self.bad: list[BadRecord] = []

    def keep(self, start: int, end: int, fields: list[str], raw: bytes) -> None:
        self.slow.append(fields)
        self.spans.append((start, end))
        self.raw.append(raw)

    def refuse(self, start: int, end: int, code: Refusal, detail: str, raw: bytes) -> None:
        self.bad.append(BadRecord(self.first_line + start, self.first_line + end, str(code), detail, raw))

    def lines(self) -> list[tuple[int, int]]:
        return [(self.first_line + a, self.first_line + b) for a, b in self.spans]


def _decode(lines: list[bytes], dialect: Dialect) -> tuple[list[str], set[int]]:
    """Text of each line without its CR, and which lines hold bytes that are no text in this encoding."""
    newline = dialect.newline.decode("ascii")
    broken: set[int] = set()
    if not lines:
        return [], broken
    try:
        texts = dialect.newline.join(lines).decode(dialect.encoding).split(newline)
    except UnicodeDecodeError:
        texts = []
        for n, line in enumerate(lines):
            try:
                texts.append(line.decode(dialect.encoding))
            except UnicodeDecodeError:
                texts.append(line.decode(dialect.encoding, errors="replace"))
                broken.add(n)
    if newline == "\n":
        texts = [text[:-1] if text.endswith("\r") else text for text in texts]
    return texts, broken


def read_delimited(
    file: BinaryIO, dialect: Dialect, columns: int, keep: Sequence[int], first_line: int
) -> Iterator[Records]:
    """Records from the file's position on; `keep` are the positions of the wanted fields (columns c0, c7, ...).

    Blank lines are no records. Raises InputRefused for a line longer than MAX_RECORD_BYTES.
    """
    framer = Framer(dialect, columns, keep)
    rest = b""
    while True:
        block = file.read(BLOCK_BYTES)
        lines = (rest + block).split(dialect.newline)
        tail = lines.pop() if block else b""
        if not block and lines[-1] == b"":
            lines.pop()
        fields, found, used = framer.frame(lines, first_line, last=not block)
        yield Records(fields, found.lines(), found.raw, tuple(found.bad), file.tell())
        if not block:
            return
        first_line += used
        rest = dialect.newline.join([*lines[used:], tail])
        if len(tail) > MAX_RECORD_BYTES:
            raise InputRefused(
                f"a line is longer than {MAX_RECORD_BYTES} bytes",
                "check the delimiter and the line ends",
                f"line {first_line}",
            )
