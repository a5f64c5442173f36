"""Every cleaner by kind of field, and one pass of them over a frame of text columns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import polars as pl

from graph.schema import CANONICAL_COLUMNS, FIELD_OF_COLUMN, FieldKind
from ingest.addresses import address_stages
from ingest.amounts import money_stages, term_stages
from ingest.columns import Names, Stages, run
from ingest.employers import employer_stages
from ingest.identifiers import (
    account_stages,
    code_stages,
    condition_stages,
    email_stages,
    ip_stages,
    text_stages,
    vin_stages,
)
from ingest.identity import national_id_stages
from ingest.names import name_stages
from ingest.phones import phone_stages
from ingest.rules import coalesce
from ingest.source import SourceContext
from ingest.text import tidy_stages
from ingest.times import date_stages, time_stages

Cleaner = Callable[[Names, SourceContext], Stages]
"""From tidy text `t` to columns `value` and `problem`; must not change what it has cleaned before."""

CLEANERS: Final[dict[FieldKind, Cleaner]] = {
    FieldKind.CODE: code_stages,
    FieldKind.TEXT: text_stages,
    FieldKind.NAME: name_stages,
    FieldKind.NATIONAL_ID: national_id_stages,
    FieldKind.DATE: date_stages,
    FieldKind.TIME: time_stages,
    FieldKind.PHONE: phone_stages,
    FieldKind.EMAIL: email_stages,
    FieldKind.ADDRESS: address_stages,
    FieldKind.EMPLOYER: employer_stages,
    FieldKind.MONEY: money_stages,
    FieldKind.INTEGER: term_stages,
    FieldKind.VIN: vin_stages,
    FieldKind.ACCOUNT: account_stages,
    FieldKind.IP: ip_stages,
    FieldKind.CONDITION: condition_stages,
}
NUMERIC: Final = frozenset({FieldKind.TIME, FieldKind.MONEY, FieldKind.INTEGER})
KIND_OF_COLUMN: Final[dict[str, FieldKind]] = {c: FIELD_OF_COLUMN[c].kind for c in CANONICAL_COLUMNS}
PROBLEM_SCHEMA: Final[dict[str, pl.DataType]] = {"row": pl.UInt32(), "field": pl.String(), "code": pl.String()}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """`fields`: one column a field (Int64 for times, money and counts, else String). `problems`: row, field, code."""

    fields: pl.DataFrame
    problems: pl.DataFrame


@lru_cache(maxsize=256)
def rule(kind: FieldKind, source: SourceContext) -> Stages:
    """All stages from raw text to `value` and `problem`. Kept, since making the expressions costs more than one row."""
    at = Names(kind.value)
    last = at.let(problem=coalesce(at("long"), at("problem")))
    return (*tidy_stages(at), *CLEANERS[kind](at, source), last)


def clean_texts(texts: pl.Series, kind: FieldKind, source: SourceContext) -> pl.DataFrame:
    """Columns `value` and `problem` of texts of one kind."""
    result = run({kind.value: (rule(kind, source), [texts.alias("raw")])}, ["value", "problem"])[kind.value]
    return result.cast({"value": pl.Int64() if kind in NUMERIC else pl.String(), "problem": pl.String()})


def clean_columns(raw: pl.DataFrame, kinds: dict[str, FieldKind], source: SourceContext) -> Cleaned:
    """Clean each column of `raw` that `kinds` names. All columns of a kind are washed in one pass."""
    names = [c for c in raw.columns if c in kinds]
    groups: dict[FieldKind, list[str]] = {}
    for name in names:
        groups.setdefault(kinds[name], []).append(name)
    stacked = {kind: _stack(raw, group) for kind, group in groups.items()}
    rules = {k.value: (rule(k, source), [s]) for k, s in stacked.items() if s.null_count() < len(s)}
    results = run(rules, ["value", "problem"])
    columns: dict[str, pl.Series] = {}
    problems = [pl.DataFrame(schema=PROBLEM_SCHEMA)]
    for kind, group in groups.items():
        dtype = pl.Int64() if kind in NUMERIC else pl.String()
        result = results.get(kind.value)
        if result is None:
            columns.update({n: pl.Series(n, [None] * raw.height, dtype=dtype) for n in group})
            continue
        values = result["value"].cast(dtype)
        columns.update({n: values.slice(at * raw.height, raw.height).alias(n) for at, n in enumerate(group)})
        codes = result["problem"].cast(pl.String())
        if codes.null_count() < len(codes):
            problems.append(_problems(codes, group, raw.height))
    return Cleaned(pl.DataFrame([columns[name] for name in names]), pl.concat(problems))


def _stack(raw: pl.DataFrame, names: Sequence[str]) -> pl.Series:
    columns = [raw[name].cast(pl.String).alias("raw") for name in names]
    return columns[0] if len(columns) == 1 else pl.concat(columns, rechunk=True)


def _problems(codes: pl.Series, names: Sequence[str], height: int) -> pl.DataFrame:
    """Name row and field of each problem in a stacked column."""
    where = codes.is_not_null().to_numpy().nonzero()[0]
    fields = np.array(names, dtype=object)[where // height]
    return pl.DataFrame(
        {"row": where % height, "field": fields.tolist(), "code": codes.drop_nulls()}, schema=PROBLEM_SCHEMA
    )
