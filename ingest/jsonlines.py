"""JSON lines as text: numbers keep the digits they were written with, nested objects become dotted names."""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO, Final

import polars as pl

from graph.errors import InputRefused
from ingest.codes import Refusal
from ingest.records import BLOCK_BYTES, MAX_RECORD_BYTES, BadRecord, Records

MAX_DEPTH: Final = 8


class JsonFault(ValueError):
    """A line that is no JSON object; `code` says how."""

    def __init__(self, code: Refusal, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def flat_record(line: bytes) -> dict[str, str]:
    """One line as dotted name -> text, nulls left out; lists count from 1 (`references.1.name`). Raises JsonFault."""
    try:
        value = _DECODER.decode(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise JsonFault(Refusal.UNDECODABLE, "not utf-8") from error
    except JsonFault:
        raise
    except (ValueError, RecursionError) as error:
        raise JsonFault(Refusal.NOT_JSON, "") from error
    if not isinstance(value, dict):
        raise JsonFault(Refusal.NOT_JSON, "the line holds no object")
    flat: dict[str, str] = {}
    _flatten(value, "", flat, 0)
    return flat


def _flatten(value: Any, name: str, into: dict[str, str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise JsonFault(Refusal.NOT_JSON, "nested too deeply")
    if isinstance(value, dict):
        for key, inner in value.items():
            _flatten(inner, f"{name}.{key}" if name else key, into, depth + 1)
    elif isinstance(value, list):
        for at, inner in enumerate(value, 1):
            _flatten(inner, f"{name}.{at}", into, depth + 1)
    elif value is not None:
        into[name] = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise JsonFault(Refusal.UNDECODABLE, "a lone surrogate") from error
    return text


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) != len(pairs):
        raise JsonFault(Refusal.DUPLICATE_KEY, "")
    return record


def _no_constant(text: str) -> str:
    raise JsonFault(Refusal.NOT_JSON, f"{text} is no JSON")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=str, parse_float=str, parse_constant=_no_constant
)


def read_json_lines(file: BinaryIO, wanted: dict[str, str]) -> Iterator[Records]:
    """Records of a JSON-lines file; `wanted` maps dotted names to column names. Blank lines are no records."""
    first_line, rest = 1, b""
    if file.read(3) != b"\xef\xbb\xbf":
        file.seek(0)
    while True:
        block = file.read(BLOCK_BYTES)
        lines = (rest + block).split(b"\n")
        rest = lines.pop() if block else b""
        if len(rest) > MAX_RECORD_BYTES:
            raise InputRefused(
                f"a line is longer than {MAX_RECORD_BYTES:,} bytes", "one object a line", f"line {first_line}"
            )
        yield _records(lines, wanted, first_line, file.tell())
        if not block:
            return
        first_line += len(lines)


def _records(lines: list[bytes], wanted: dict[str, str], first_line: int, bytes_read: int) -> Records:
    rows: list[dict[str, str]] = []
    spans: list[tuple[int, int]] = []
    raw: list[bytes] = []
    bad: list[BadRecord] = []
    for n, line in enumerate(lines, first_line):
        if not line.strip():
            continue
        try:
            rows.append(flat_record(line))
            spans.append((n, n))
            raw.append(line)
        except JsonFault as fault:
            bad.append(BadRecord(n, n, str(fault.code), fault.detail, line))
    fields = pl.DataFrame(
        {column: [row.get(name) for row in rows] for name, column in wanted.items()},
        schema={column: pl.String() for column in wanted.values()},
    )
    return Records(fields, spans, raw, tuple(bad), bytes_read)
