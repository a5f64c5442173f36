"""Every rule gives the same by columns and by row, and leaves alone what it has cleaned."""

from dataclasses import dataclass

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.schema import FieldKind
from ingest.clean import clean_texts
from ingest.columns import SMALL, Names, run
from ingest.link import FACT_COLUMNS, FACT_STAGES
from ingest.names import name_fact_stages
from ingest.source import SourceContext
from ingest.text import tidy
from tests.ingest.samples import SPELLINGS, TEXTS

SOURCES = {"CN": SourceContext(), "US": SourceContext.of_country("US"), "DMY": SourceContext(date_order="DMY")}
SOURCES |= {country: SourceContext.of_country(country) for country in ("DE", "ES", "FR", "GB", "VN")}
FACTS = {**FACT_STAGES, "name": name_fact_stages}
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Both:
    by_row: pl.DataFrame
    by_column: pl.DataFrame


def both_ways(texts: list[str | None], kind: FieldKind, source: SourceContext) -> Both:
    copies = SMALL // len(texts) + 1
    rows = [clean_texts(pl.Series([t], dtype=pl.String), kind, source) for t in texts]
    column = clean_texts(pl.Series(texts * copies, dtype=pl.String), kind, source)
    return Both(pl.concat(rows), column.head(len(texts)))


@pytest.mark.parametrize("country", SOURCES)
@pytest.mark.parametrize("kind", FieldKind)
def test_the_two_ways_agree_on_known_spellings(kind: FieldKind, country: str) -> None:
    both = both_ways([*SPELLINGS, None], kind, SOURCES[country])
    assert both.by_row.to_dicts() == both.by_column.to_dicts()


@pytest.mark.parametrize("kind", FieldKind)
@QUICK
@given(texts=st.lists(TEXTS, min_size=20, max_size=60), country=st.sampled_from(sorted(SOURCES)))
def test_the_two_ways_agree_on_anything(kind: FieldKind, texts: list[str], country: str) -> None:
    both = both_ways(list(texts), kind, SOURCES[country])
    different = [
        (t, r, c) for t, r, c in zip(texts, both.by_row.to_dicts(), both.by_column.to_dicts(), strict=True) if r != c
    ]
    assert different == []


@pytest.mark.parametrize("kind", [k for k in FieldKind if k not in {FieldKind.TIME, FieldKind.MONEY}])
@QUICK
@given(texts=st.lists(TEXTS, min_size=20, max_size=60), country=st.sampled_from(sorted(SOURCES)))
def test_cleaning_twice_is_cleaning_once(kind: FieldKind, texts: list[str], country: str) -> None:
    once = clean_texts(pl.Series(texts, dtype=pl.String), kind, SOURCES[country])["value"]
    twice = clean_texts(once.cast(pl.String), kind, SOURCES[country])["value"]
    assert once.to_list() == twice.to_list()


@QUICK
@given(texts=st.lists(TEXTS, min_size=20, max_size=60))
def test_tidying_twice_is_tidying_once_and_leaves_no_control_character(texts: list[str]) -> None:
    once = tidy(pl.Series(texts, dtype=pl.String))
    assert once.to_list() == tidy(once).to_list()
    assert all(c >= " " and c != "\x7f" for t in once.drop_nulls().to_list() for c in t)


@pytest.mark.parametrize("kind", FACTS)
@QUICK
@given(texts=st.lists(TEXTS, min_size=20, max_size=60))
def test_facts_of_values_agree_both_ways(kind: str, texts: list[str]) -> None:
    values = [t for t in tidy(pl.Series([*texts, "abcdefgh"], dtype=pl.String)).to_list() if t]
    rule, wanted = FACTS[kind](Names("f")), (*FACT_COLUMNS, "surname", "birth")
    copies = SMALL // len(values) + 1
    column = run({"f": (rule, [pl.Series("v", values * copies)])}, wanted)["f"].head(len(values))
    rows = [run({"f": (rule, [pl.Series("v", [v])])}, wanted)["f"].row(0) for v in values]
    assert rows == column.rows()


def test_rules_of_different_lengths_run_side_by_side() -> None:
    short, long = Names("s"), Names("l")
    rules = {
        "s": ((short.let(up=short("v").upper()),), [pl.Series("v", ["a", None])]),
        "l": ((long.let(up=long("v").upper()),), [pl.Series("v", ["b"] * (SMALL + 1))]),
    }
    found = run(rules, ["up"])
    assert found["s"]["up"].to_list() == ["A", None]
    assert found["l"].height == SMALL + 1
