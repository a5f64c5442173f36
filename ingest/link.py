"""From cleaned fields to identifiers, links and the columns that identify nobody."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import numpy as np
import polars as pl

from graph.schema import FIELDS, IDENTIFIER_SCHEMA, KIND, LINK_KINDS, LINK_SCHEMA, ROLE, Field, LinkKind
from ingest.addresses import address_fact_stages
from ingest.columns import Names, Stages
from ingest.employers import employer_fact_stages
from ingest.identifiers import (
    account_fact_stages,
    device_fact_stages,
    email_fact_stages,
    ip_fact_stages,
    plain_fact_stages,
    vin_fact_stages,
)
from ingest.identity import id_fact_stages
from ingest.phones import phone_fact_stages
from ingest.tokens import Tokeniser

_FIELD: Final[dict[str, Field]] = {f.name: f for f in FIELDS}
_NO_MARK: Final = pl.Series([None], dtype=pl.Int32)
_LINK_KEY: Final = ("row", "kind", "role", "token")
_DETAILS: Final = ("label", "group", "offset", "region", "sort", "check")


def linked_values(fields: pl.DataFrame, link: int) -> list[pl.Series]:
    """The columns of clear values that make links of LINK_KINDS[link]."""
    kind = LINK_KINDS[link]
    if kind.kind == "dealer":
        return _dealer(fields)
    return [fields[c] for name in kind.fields for c in _FIELD[name].columns() if c in fields.columns]


def _dealer(fields: pl.DataFrame) -> list[pl.Series]:
    """The dealer's id; where the lender gives none, the name in capitals."""
    choices = [pl.col(c) for c in ("dealer_id",) if c in fields.columns]
    choices += [pl.col(c).str.to_uppercase() for c in ("dealer_name",) if c in fields.columns]
    return [fields.select(pl.coalesce(choices).alias("dealer")).to_series()] if choices else []


def make_links(fields: pl.DataFrame, tokens: Tokeniser) -> pl.DataFrame:
    """Links in LINK_SCHEMA; `row` is the position in `fields`. An equal value twice in one role is one link.

    Of several names beside such a value the first counts, in the order of the fields: which mark is the smallest
    differs from home to home, since marks are keyed.
    """
    height = fields.height
    parts: list[tuple[int, int, list[str | None], pl.Series]] = []
    for at, link in enumerate(LINK_KINDS):
        for column in linked_values(fields, at):
            if column.null_count() < height:
                token, mark = tokens.of(link.kind, column), _marks(fields, link, column.name, tokens)
                parts.append((KIND[link.kind].code, ROLE[link.role].code, token, mark))
    if not parts:
        return pl.DataFrame(schema=LINK_SCHEMA)
    frame = pl.DataFrame(
        {
            "row": np.tile(np.arange(height, dtype=np.uint32), len(parts)),
            "kind": np.repeat(np.array([p[0] for p in parts], dtype=np.uint8), height),
            "role": np.repeat(np.array([p[1] for p in parts], dtype=np.uint8), height),
            "token": pl.Series(values=[t for p in parts for t in p[2]], dtype=pl.String),
            "mark": pl.concat([p[3] for p in parts]),
        },
        schema=LINK_SCHEMA,
    ).drop_nulls("token")
    named = pl.col("mark").is_not_null()
    named_first = pl.concat([frame.filter(named), frame.filter(~named)])
    return named_first.unique(_LINK_KEY, keep="first", maintain_order=True)


def _marks(fields: pl.DataFrame, link: LinkKind, column: str, tokens: Tokeniser) -> pl.Series:
    """Marks of the names that stand beside the values of a column: `reference.2.name` beside `reference.2.phone`."""
    name = column.rpartition(".")[0] + ".name" if ".N." in link.named else link.named
    if name not in fields.columns:
        return _NO_MARK.new_from_index(0, fields.height)
    return pl.Series(tokens.marks(fields[name]), dtype=pl.Int32)


def make_identifiers(tokens: Tokeniser, facts: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Identifiers in IDENTIFIER_SCHEMA for all values tokenised so far, one row a (kind, token).

    `facts` is what `fact_rules` gave. Every column is a function of the clear value alone: rows of all batches agree.
    """
    kinds: list[int] = []
    names: list[str] = []
    columns: dict[str, list[pl.Series]] = {name: [] for name in _DETAILS}
    for kind in FACT_STAGES:
        clear, token = tokens.values(kind)
        if not clear:
            continue
        kinds += [KIND[kind].code] * len(clear)
        names += token
        for name in _DETAILS:
            columns[name].append(_detail(kind, name, facts[kind], tokens, len(clear)))
    if not kinds:
        return pl.DataFrame(schema=IDENTIFIER_SCHEMA)
    return pl.DataFrame(
        {"kind": kinds, "token": names, **{n: pl.concat(parts) for n, parts in columns.items()}},
        schema=IDENTIFIER_SCHEMA,
    )


def fact_rules(tokens: Tokeniser) -> dict[str, tuple[Stages, list[pl.Series]]]:
    """What must be worked out of the distinct values of each kind, for `ingest.columns.run`."""
    rules = {}
    for kind in FACT_STAGES:
        clear, _ = tokens.values(kind)
        if clear:
            rules[kind] = (_rule(kind), [pl.Series("v", clear, dtype=pl.String)])
    return rules


@lru_cache(maxsize=64)
def _rule(kind: str) -> Stages:
    return FACT_STAGES[kind](Names(kind))


def _detail(kind: str, name: str, facts: pl.DataFrame, tokens: Tokeniser, height: int) -> pl.Series:
    dtype = IDENTIFIER_SCHEMA[name]
    if name == "group" and kind in _GROUPS:
        column, token_type = _GROUPS[kind]
        return pl.Series(name, tokens.of(token_type, facts[column]), dtype=dtype)
    if name in facts.columns:
        return facts[name].cast(dtype).alias(name)
    return pl.Series(name, [None], dtype=dtype).new_from_index(0, height)


FACT_STAGES: Final[dict[str, Callable[[Names], Stages]]] = {
    "phone": phone_fact_stages,
    "national_id": id_fact_stages,
    "address": address_fact_stages,
    "employer": employer_fact_stages,
    "dealer": plain_fact_stages,
    "officer": plain_fact_stages,
    "account": account_fact_stages,
    "device": device_fact_stages,
    "vehicle": vin_fact_stages,
    "email": email_fact_stages,
    "ip": ip_fact_stages,
}
_GROUPS: Final[dict[str, tuple[str, str]]] = {
    "phone": ("block", "phone_block"),
    "address": ("building", "building"),
    "employer": ("core", "employer_core"),
}
"""Kind -> the coarser value among its facts, and the type of that value's token."""
FACT_COLUMNS: Final = ("label", "offset", "region", "sort", "check", "block", "building", "core")
