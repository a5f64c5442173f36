"""The one road from text columns to a batch, for a file of a million rows and for the score endpoint's single row."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import polars as pl

from graph.errors import UsageError
from graph.schema import APPLICATION_SCHEMA, CANONICAL_COLUMNS
from graph.store import Batch
from ingest.clean import KIND_OF_COLUMN, NUMERIC, clean_columns
from ingest.codes import Problem, Refusal
from ingest.columns import Names, Stages, run
from ingest.identity import id_fact_stages
from ingest.link import FACT_COLUMNS, fact_rules, make_identifiers, make_links
from ingest.names import name_fact_stages
from ingest.ports import TokenKeys
from ingest.rules import coalesce
from ingest.source import SourceContext
from ingest.tokens import Tokeniser

__all__ = ["Prepared", "SourceContext", "prepare"]

VAULT_TYPES: Final = (
    "phone", "national_id", "address", "employer", "dealer", "officer", "account", "device", "vehicle", "email", "ip",
    "name", "name_birth",
)  # fmt: skip
"""What the vault keeps. Surname, phone block, building and employer core follow from these."""
REFUSED_SCHEMA: Final[dict[str, pl.DataType]] = {"row": pl.UInt32(), "code": pl.String(), "detail": pl.String()}
MAX_ID_CHARACTERS: Final = 128
_UNIT: Final = "\x1f"  # cannot occur in cleaned text, so that the digest's framing has one reading
_RECORD: Final = "\x1e"
_COPIED: Final = (
    "region", "occupation", "monthly_income", "vehicle_price", "vehicle_appraisal", "vehicle_condition", "vehicle_make",
    "vehicle_model", "lien_at", "loan_amount", "down_payment", "term_months", "channel", "status",
)  # fmt: skip
_DERIVED: Final = {
    "name_label": "label", "birth_year": "birth_year", "home_region": "home_region", "id_check": "id_check",
    "holder_is_applicant": "same",
}  # fmt: skip
_PERSON_COLUMNS: Final = ("v", "surname", "name_birth", "version_at", *_DERIVED.values())


@dataclass(frozen=True, slots=True)
class Prepared:
    """What `prepare` made. Row numbers refer to the frame that went in.

    vault: type, token, clear. problems: row, field, code (of kept and refused rows). refused: row, code, detail.
    kept: row numbers (UInt32) in the order of batch.applications.
    """

    batch: Batch
    vault: pl.DataFrame
    problems: pl.DataFrame
    refused: pl.DataFrame
    kept: pl.Series


def prepare(raw: pl.DataFrame, source: SourceContext, keys: TokenKeys, *, first_seq: int) -> Prepared:
    """Clean, derive, tokenise. `raw` holds text columns with canonical names; the i-th kept row gets seq first_seq + i.

    Raises UsageError for a column that is no canonical field. Never raises for what a row contains.
    """
    strangers = [c for c in raw.columns if c not in KIND_OF_COLUMN]
    if strangers:
        raise UsageError(f"not a field of an application: {', '.join(strangers)}", "use the names of input.md")
    raw = _with_required(raw)
    cleaned = clean_columns(raw, KIND_OF_COLUMN, source)
    refused = _refused(cleaned.fields, cleaned.problems)
    kept = pl.Series("row", range(raw.height), dtype=pl.UInt32)
    fields = cleaned.fields
    if not refused.is_empty():
        stay = ~kept.is_in(refused["row"].implode())
        kept, fields = kept.filter(stay), fields.filter(stay)
    tokens = Tokeniser(keys)
    links = make_links(fields, tokens)
    facts = run({**fact_rules(tokens), "person": _person_rule(fields)}, (*FACT_COLUMNS, *_PERSON_COLUMNS))
    identifiers = make_identifiers(tokens, facts)
    applications = _applications(fields, facts["person"], tokens, first_seq)
    return Prepared(Batch(applications, identifiers, links), tokens.vault(VAULT_TYPES), cleaned.problems, refused, kept)


def _with_required(raw: pl.DataFrame) -> pl.DataFrame:
    missing = [
        pl.lit(None, dtype=pl.String).alias(c) for c in ("application_id", "submitted_at") if c not in raw.columns
    ]
    return raw.with_columns(missing) if missing else raw


def _refused(fields: pl.DataFrame, problems: pl.DataFrame) -> pl.DataFrame:
    """Rows that cannot be an application, each with its first reason."""
    ids, times = fields["application_id"], fields["submitted_at"]
    suspicious = (ids.is_null() | (ids.str.len_bytes() > MAX_ID_CHARACTERS) | times.is_null()).fill_null(value=True)
    if not suspicious.any():
        return pl.DataFrame(schema=REFUSED_SCHEMA)
    bad_id, bad_time = _codes_of(problems, "application_id"), _codes_of(problems, "submitted_at")
    suspects = fields.select("application_id", "submitted_at").with_row_index("row").filter(suspicious)
    rows = []
    for row, application_id, submitted_at in suspects.iter_rows():
        if application_id is None and row not in bad_id:
            rows.append((row, Refusal.NO_ID, "application_id is empty"))
        elif application_id is None or len(application_id) > MAX_ID_CHARACTERS:
            rows.append((row, Refusal.BAD_ID, f"application_id: {bad_id.get(row, Problem.TOO_LONG)}"))
        elif submitted_at is None and row not in bad_time:
            rows.append((row, Refusal.NO_TIME, "submitted_at is empty"))
        elif bad_time.get(row) == Problem.IMPOSSIBLE:
            rows.append((row, Refusal.IMPOSSIBLE_TIME, "submitted_at names a day or hour that does not exist"))
        elif submitted_at is None:
            rows.append((row, Refusal.BAD_TIME, f"submitted_at: {bad_time[row]}"))
    return pl.DataFrame([(r, str(c), d) for r, c, d in rows], schema=REFUSED_SCHEMA, orient="row")


def _codes_of(problems: pl.DataFrame, field: str) -> dict[int, str]:
    found = problems.filter(pl.col("field") == field)
    return dict(zip(found["row"].to_list(), found["code"].to_list(), strict=True))


def _applications(fields: pl.DataFrame, person: pl.DataFrame, tokens: Tokeniser, first_seq: int) -> pl.DataFrame:
    """The batch's applications in APPLICATION_SCHEMA."""
    height = fields.height
    columns: dict[str, pl.Series] = {
        "application_id": fields["application_id"],
        "event_at": fields["submitted_at"],
        "version_at": person["version_at"],
        "digest": content_digest(fields),
        "seq": pl.Series(range(first_seq, first_seq + height), dtype=pl.Int64),
        "name_token": _tokens(tokens, "name", person["v"]),
        "surname_token": _tokens(tokens, "surname", person["surname"]),
        "name_birth_token": _tokens(tokens, "name_birth", person["name_birth"]),
        **{ours: person[theirs] for ours, theirs in _DERIVED.items()},
        **{name: fields[name] for name in _COPIED if name in fields.columns},
    }
    return pl.DataFrame([_typed(columns.get(name), name, dtype, height) for name, dtype in APPLICATION_SCHEMA.items()])


def _typed(column: pl.Series | None, name: str, dtype: pl.DataType, height: int) -> pl.Series:
    if column is None:
        return pl.Series(name, [None], dtype=dtype).new_from_index(0, height)
    return (column if column.dtype == dtype else column.cast(dtype)).alias(name)


def _person_rule(fields: pl.DataFrame) -> tuple[Stages, list[pl.Series]]:
    """What is worked out of each row's applicant; inputs are named after what they hold."""
    inputs = {"v": "national_id", "name": "name", "given": "birth_date", "holder": "account_holder_name",
              "updated": "updated_at", "submitted": "submitted_at"}  # fmt: skip
    return _person_stages(), [_column(fields, name).alias(alias) for alias, name in inputs.items()]


@lru_cache(maxsize=1)
def _person_stages() -> Stages:
    at = Names("person")
    birth = at("birth")
    return (
        *id_fact_stages(at),
        at.let(home_region=at("region"), id_check=at("check"), birth=coalesce(at("given"), birth), v=at("name")),
        *name_fact_stages(at),
        at.let(
            name_birth=at("v") + "|" + birth,
            birth_year=birth.head(4).integer(),
            same=at("holder") == at("v"),
            version_at=coalesce(at("updated"), at("submitted")),
        ),
    )


def _column(fields: pl.DataFrame, name: str) -> pl.Series:
    if name in fields.columns:
        return fields[name]
    dtype = pl.Int64() if KIND_OF_COLUMN[name] in NUMERIC else pl.String()
    return pl.Series(name, [None], dtype=dtype).new_from_index(0, fields.height)


def _tokens(tokens: Tokeniser, kind: str, values: pl.Series) -> pl.Series:
    return pl.Series(tokens.of(kind, values), dtype=pl.String)


def content_digest(fields: pl.DataFrame) -> pl.Series:
    """BLAKE2b-128 in hex over the cleaned fields that are present, in canonical order; the same in every home."""
    content = fields.select(_content(tuple(fields.columns))).to_series()
    blake = hashlib.blake2b
    return pl.Series([blake(text.encode(), digest_size=16).hexdigest() for text in content.to_list()], dtype=pl.String)


@lru_cache(maxsize=256)
def _content(columns: tuple[str, ...]) -> pl.Expr:
    known = frozenset(columns)
    parts = [
        pl.lit(name + _UNIT) + (pl.col(name).cast(pl.String) if KIND_OF_COLUMN[name] in NUMERIC else pl.col(name))
        for name in CANONICAL_COLUMNS
        if name in known
    ]
    return pl.concat_str(parts, separator=_RECORD, ignore_nulls=True)
