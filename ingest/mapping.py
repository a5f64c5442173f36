"""The mapping file: which heading of the lender's export holds which field, and how its text is meant."""

import hashlib
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from graph.errors import InputRefused, UsageError
from graph.schema import CANONICAL_COLUMNS, FIELDS
from ingest.countries import CURRENCIES, DATE_ORDERS, MINOR_DIGITS, OWN_RULES, ZONES, is_country, usual_date_order
from ingest.encodings import canonical_encoding
from ingest.files import peek
from ingest.outcomes import FACT_FIELDS, REQUIRED
from ingest.proposal import UNSURE, ColumnGuess, propose_columns
from ingest.source import SourceContext

FORMATS: Final = ("csv", "jsonl", "parquet")
DELIMITERS: Final = (",", ";", "\t", "|")
KINDS: Final = ("applications", *REQUIRED)
DECIMALS: Final = (".", ",")
_SOURCE_KEYS: Final = frozenset(
    {"kind", "format", "encoding", "country", "currency", "timezone", "date_order", "decimal", "delimiter"}
)


def fields_of(kind: str) -> tuple[str, ...]:
    """The fields that a file of this kind can have."""
    return CANONICAL_COLUMNS if kind == "applications" else tuple(FACT_FIELDS[kind])


def required_of(kind: str) -> tuple[str, ...]:
    """The fields without which a file of this kind is refused."""
    return tuple(f.name for f in FIELDS if f.required) if kind == "applications" else REQUIRED[kind]


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping. `columns`: field -> heading (a dotted path for JSON). None = detected at load."""

    columns: dict[str, str]
    kind: str = "applications"
    format: str = "csv"
    encoding: str | None = None
    country: str = "CN"
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    date_order: str = "YMD"
    decimal: str | None = None
    delimiter: str | None = None
    path: str = field(default="mapping", compare=False)

    def context(self) -> SourceContext:
        """How text of this source is meant."""
        numbers = "" if self.format == "csv" or self.country in OWN_RULES else "."  # JSON's and Parquet's have a point
        decimal = self.decimal or numbers
        return SourceContext(self.country, self.currency, self.timezone, self.date_order, decimal)

    def source_table(self) -> dict[str, str]:
        """The [source] table, absent settings left out."""
        named = {
            "kind": self.kind, "format": self.format, "encoding": self.encoding, "country": self.country,
            "currency": self.currency, "timezone": self.timezone, "date_order": self.date_order,
            "decimal": self.decimal, "delimiter": self.delimiter,
        }  # fmt: skip
        return {name: value for name, value in named.items() if value is not None}

    def digest(self) -> str:
        """SHA-256 of what the mapping says, whatever its layout."""
        said = json.dumps([self.source_table(), self.columns], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(said.encode()).hexdigest()


def read_mapping(path: Path, kind: str | None = None) -> Mapping:
    """Read and check a mapping file. Raises InputRefused naming file and key; UsageError if it is of another kind."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputRefused(f"cannot read the mapping: {error.strerror}", "give an existing file", str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputRefused(f"the mapping is no TOML in UTF-8: {error}", "mend that line", str(path)) from error
    source, columns = table.get("source", {}), table.get("columns", {})
    if not isinstance(source, dict) or not isinstance(columns, dict) or set(table) - {"source", "columns"}:
        raise InputRefused(
            "a mapping has two tables, [source] and [columns]", "see the example in the README", str(path)
        )
    stated = source.get("kind", kind or "applications")
    if kind is not None and stated != kind:
        raise UsageError(f"{path} maps {stated}, not {kind}", f"use --kind {stated} or another mapping")
    return _checked(stated, source, columns, str(path))


def _checked(kind: str, source: dict[str, Any], columns: dict[str, Any], path: str) -> Mapping:
    for name, value in source.items():
        if name not in _SOURCE_KEYS or not isinstance(value, str):
            raise InputRefused(f"[source] {name} is not a setting", f"use {', '.join(sorted(_SOURCE_KEYS))}", path)
    _choice(kind, KINDS, "kind", path)
    country = _country(source.get("country", "CN"), path)
    encoding, delimiter, decimal = (source.get(name) for name in ("encoding", "delimiter", "decimal"))
    return Mapping(
        columns=_columns(kind, columns, path),
        kind=kind,
        format=_choice(source.get("format", "csv"), FORMATS, "format", path),
        encoding=None if encoding is None else canonical_encoding(encoding, path),
        country=country,
        currency=_currency(source.get("currency") or CURRENCIES.get(country), country, path),
        timezone=_timezone(source.get("timezone") or ZONES.get(country), country, path),
        date_order=_choice(source.get("date_order", usual_date_order(country)), DATE_ORDERS, "date_order", path),
        decimal=None if decimal is None else _choice(decimal, DECIMALS, "decimal", path),
        delimiter=None if delimiter is None else _choice(delimiter, DELIMITERS, "delimiter", path),
        path=path,
    )


def _country(code: str, path: str) -> str:
    if is_country(code):
        return code
    raise InputRefused(
        f"[source] country = {code!r} is unknown", 'use the two capitals of ISO 3166, such as "CN", "US" or "DE"', path
    )


def _currency(code: str | None, country: str, path: str) -> str:
    if code is None:
        raise InputRefused(
            f"[source] lacks currency, and none is known for country {country!r}",
            'add a line such as currency = "EUR" (ISO 4217)',
            path,
        )
    if code not in MINOR_DIGITS:
        raise InputRefused(
            f"[source] currency = {code!r} is unknown", 'use the three capitals of ISO 4217, such as "EUR"', path
        )
    return code


def _timezone(name: str | None, country: str, path: str) -> str:
    if name is None:
        raise InputRefused(
            f"[source] lacks timezone, and no single one is known for country {country!r}",
            'add a line such as timezone = "America/Sao_Paulo"',
            path,
        )
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise InputRefused(f"[source] timezone {name!r} is unknown", 'use a name like "Asia/Shanghai"', path) from error
    return name


def _choice(value: str, allowed: tuple[str, ...], name: str, path: str) -> str:
    if value not in allowed:
        raise InputRefused(
            f"[source] {name} = {value!r} is unknown", f"use one of {', '.join(map(repr, allowed))}", path
        )
    return value


def _columns(kind: str, columns: dict[str, Any], path: str) -> dict[str, str]:
    """Canonical field -> heading, with `phone` for `phone.1`. Each heading and each field once."""
    known = fields_of(kind)
    mapped: dict[str, str] = {}
    for name, heading in _flat(columns).items():
        column = "phone.1" if name == "phone" and "phone.1" in known else name
        if column not in known:
            raise InputRefused(f"[columns] {name} is no field of {kind}", "see the list of fields in input.md", path)
        if not isinstance(heading, str) or not heading.strip():
            raise InputRefused(
                f"[columns] {name} needs a heading in quotes", "write the heading as the file has it", path
            )
        if column in mapped:
            raise InputRefused(f"[columns] {column} is mapped twice", "keep one of phone and phone.1", path)
        mapped[column] = heading
    missing = [name for name in required_of(kind) if name not in mapped]
    if missing:
        raise InputRefused(f"[columns] lacks {', '.join(missing)}", "every file needs these", path)
    return mapped


def _flat(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """TOML reads employer.name without quotes as a nested table: both spellings are welcome."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[f"{prefix}{name}"] = value
    return flat


@dataclass(frozen=True, slots=True)
class Proposal:
    """A mapping proposed from a file, with how sure each column is (0..1) and what told it."""

    mapping: Mapping
    guesses: tuple[ColumnGuess, ...]
    unmapped: tuple[str, ...]
    notes: tuple[str, ...]
    assumed: str = ""

    def missing(self) -> tuple[str, ...]:
        """The fields without which a load is refused, and which no column looks like."""
        return tuple(name for name in required_of(self.mapping.kind) if name not in self.mapping.columns)

    def doubts(self) -> tuple[str, ...]:
        """What somebody should look at before loading, each in one line."""
        lacking = [
            f"no column looks like {name}, which every file needs: name it in the mapping" for name in self.missing()
        ]
        unsure = [
            f"{guess.column} = {_quoted(guess.heading)} is only {guess.confidence:.2f} sure"
            + (f"; {_quoted(guess.rival)} fits nearly as well" if guess.rival else "")
            for guess in self.guesses
            if guess.confidence < UNSURE or (guess.rival and guess.column in required_of(self.mapping.kind))
        ]
        return (*lacking, *filter(None, [self.assumed]), *unsure)

    def usable(self) -> Mapping:
        """The mapping, to be loaded with unseen. Raises InputRefused if a required field found no column."""
        if self.missing():
            raise InputRefused(
                f"no column looks like {' or '.join(self.missing())}",
                "write the proposal to a file (ringsight map), name the column there, and load with --mapping",
                self.mapping.path,
            )
        return self.mapping

    def toml(self) -> str:
        """The mapping file; doubts first, then confidences and left-over headings as comments."""
        lines = [f"# {note}" for note in self.notes] + [f"# LOOK: {doubt}" for doubt in self.doubts()]
        lines += ["[source]", *(f"{k} = {_quoted(v)}" for k, v in self.mapping.source_table().items()), "", "[columns]"]
        for guess in self.guesses:
            name = guess.column if guess.column.replace("_", "").isalnum() else _quoted(guess.column)
            mark = " UNSURE" if guess.confidence < UNSURE else ""
            rival = f"; or {_quoted(guess.rival)}" if guess.rival else ""
            lines.append(f"{name} = {_quoted(guess.heading)}  # {guess.confidence:.2f} {guess.how}{rival}{mark}")
        lines += [f'# {name} = ""  # REQUIRED: no column looks like it' for name in self.missing()]
        lines += [f"# not mapped: {_quoted(heading)}" for heading in self.unmapped]
        return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A TOML basic string; JSON's escapes are a subset of TOML's, and DEL must be escaped as well."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def propose(path: Path, kind: str = "applications") -> Proposal:
    """Propose a mapping from headings and values of the file's beginning. Raises InputRefused as a load would."""
    if kind not in KINDS:
        raise UsageError(f"unknown kind {kind!r}", f"use one of {', '.join(KINDS)}")

    look = peek(path)
    found = propose_columns(look.headings, look.sample, kind)
    usual = SourceContext.of_country(found.country)
    mapping = Mapping(
        columns={g.column: g.heading for g in found.guesses},
        kind=kind,
        format=look.format,
        encoding=look.encoding if look.format == "csv" else None,
        country=found.country,
        currency=usual.currency,
        timezone=usual.timezone,
        date_order=found.date_order or usual.date_order,
        delimiter=look.delimiter,
        path=str(path),
    )
    return Proposal(mapping, found.guesses, found.unmapped, (*look.notes, *found.notes), found.assumed)
