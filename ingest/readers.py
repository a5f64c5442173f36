"""Opens a source by its mapping and hands out records with canonical column names, whatever the format."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from graph.errors import InputRefused
from ingest.encodings import Encoding
from ingest.files import Layout, check_file, guess_format, lay_out, peek, tidy_headings
from ingest.jsonlines import read_json_lines
from ingest.mapping import Mapping, required_of
from ingest.parquet import open_parquet, read_parquet, text_columns
from ingest.records import Records, read_delimited


@dataclass(frozen=True, slots=True)
class Source:
    """A checked file, ready to be read: everything that can refuse it as a whole has been asked."""

    path: Path
    mapping: Mapping
    encoding: Encoding
    layout: Layout | None

    @property
    def newline(self) -> bytes | None:
        """What ends a record; None where records are not lines."""
        if self.layout is not None:
            return self.layout.dialect.newline
        return b"\n" if self.mapping.format == "jsonl" else None

    def records(self) -> Iterator[Records]:
        """All records in the order of the file, in stretches of a few thousand."""
        wanted = {heading: column for column, heading in self.mapping.columns.items()}
        if self.mapping.format == "parquet":
            yield from read_parquet(self.path, wanted)
            return
        with self.path.open("rb") as file:
            if self.layout is None:
                yield from read_json_lines(file, wanted)
                return
            keep = self._positions(self.layout)
            names = {f"c{at}": column for column, at in keep.items()}
            file.seek(self.layout.start)
            count, first = len(self.layout.headings), self.layout.first_line
            for part in read_delimited(file, self.layout.dialect, count, list(keep.values()), first):
                yield Records(part.fields.rename(names), part.lines, part.raw, part.bad, part.bytes_read)

    def _positions(self, layout: Layout) -> dict[str, int]:
        tidy = dict(zip(self.mapping.columns, tidy_headings(list(self.mapping.columns.values())), strict=True))
        return {column: layout.headings.index(heading) for column, heading in tidy.items()}


def open_source(path: Path, mapping: Mapping) -> Source:
    """Check a file against its mapping. Raises InputRefused with file, line and remedy; nothing is changed then."""
    check_file(path)
    found = guess_format(path)
    if found != mapping.format and (found == "parquet" or mapping.format == "parquet"):
        raise InputRefused(
            f"this is {found}, the mapping says {mapping.format}", "mend `format` in the mapping", str(path)
        )
    if mapping.format == "csv":
        layout = lay_out(path, mapping.encoding, mapping.delimiter)
        _check_headings(list(layout.headings), mapping, f"{path}, line {layout.first_line - 1}")
        return Source(path, mapping, layout.encoding, layout)
    if mapping.format == "parquet":
        with open_parquet(path) as file:
            _check_headings(list(file.schema_arrow.names), mapping, str(path))
            _check_types(text_columns(file.schema_arrow), mapping, str(path))
        return Source(path, mapping, Encoding("parquet", detected=False), None)
    _check_keys(path, mapping)
    return Source(path, mapping, Encoding("utf-8", detected=False), None)


def _check_headings(headings: list[str], mapping: Mapping, where: str) -> None:
    """Every mapped heading is there, once, and serves one field."""
    tidied = tidy_headings(headings) if mapping.format == "csv" else tuple(headings)
    used: set[str] = set()
    for column, heading in mapping.columns.items():
        name = tidy_headings([heading])[0] if mapping.format == "csv" else heading
        if tidied.count(name) != 1:
            what = "missing" if name not in tidied else "there more than once"
            raise InputRefused(
                f"heading {heading!r} of field {column} is {what}", f"the file has: {', '.join(headings[:40])}", where
            )
        if name in used:
            raise InputRefused(f"heading {heading!r} is mapped to two fields", "map it once", where)
        used.add(name)


def _check_types(readable: tuple[str, ...], mapping: Mapping, where: str) -> None:
    for column, heading in mapping.columns.items():
        if heading not in readable:
            raise InputRefused(f"column {heading!r} of field {column} is nested or binary", "export it flat", where)


def _check_keys(path: Path, mapping: Mapping) -> None:
    """JSON objects may leave keys out, so that only the required ones must be seen in the beginning."""
    seen = peek(path)
    if seen.format != "jsonl":
        raise InputRefused("this is no JSON-lines file", "mend `format` in the mapping", f"{path}, line 1")
    for column in required_of(mapping.kind):
        if mapping.columns[column] not in seen.headings:
            raise InputRefused(
                f"key {mapping.columns[column]!r} of field {column} is missing",
                f"the file has: {', '.join(seen.headings[:40])}",
                str(path),
            )
