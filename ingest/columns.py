"""Runs rules: over long columns by Polars, over the few values of one request one by one."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import polars as pl

from ingest.rules import Names, Row, Rule, Stage, Stages, lit, when

__all__ = ["Input", "Names", "Rule", "Stage", "Stages", "code", "judged", "run", "run_values"]

SMALL: Final = 64
"""Up to so many values a plan for Polars costs more than the values one by one."""
Input = tuple[Stages, Sequence[pl.Series]]


def run(rules: Mapping[str, Input], wanted: Sequence[str]) -> dict[str, pl.DataFrame]:
    """Run each rule (its prefix -> stages and input columns) and return its `wanted` columns, those that it sets.

    Inputs of one rule are equally long; rules may differ in length. A short column of nothing but nulls is String.
    """
    plans = {}
    found = {}
    for prefix, (stages, inputs) in rules.items():
        names = _set_by(stages, inputs, wanted)
        if len(inputs[0]) <= SMALL:
            found[prefix] = _one_by_one(stages, inputs, names)
        else:
            plans[prefix] = _plan(prefix, stages, inputs, names)
    for prefix, result in zip(plans, pl.collect_all(plans.values()), strict=True):
        found[prefix] = result.rename(lambda name: name.partition(":")[2])
    return found


def _plan(prefix: str, stages: Stages, inputs: Sequence[pl.Series], names: Sequence[str]) -> pl.LazyFrame:
    frame = pl.DataFrame([c.alias(f"{prefix}:{c.name}") for c in inputs]).lazy()
    for stage in stages:
        frame = frame.with_columns(stage.columns)
    return frame.select(f"{prefix}:{name}" for name in names)


def _one_by_one(stages: Stages, inputs: Sequence[pl.Series], wanted: Sequence[str]) -> pl.DataFrame:
    names = [c.name for c in inputs]
    rows = [
        run_values(stages, dict(zip(names, row, strict=True)))
        for row in zip(*(c.to_list() for c in inputs), strict=True)
    ]
    return pl.DataFrame([_column(n, [row[n] for row in rows]) for n in wanted])


def _column(name: str, values: list[Any]) -> pl.Series:
    return pl.Series(name, values, dtype=None if any(v is not None for v in values) else pl.String)


def run_values(stages: Stages, row: Row) -> Row:
    """Run a rule over one row in place."""
    for stage in stages:
        row.update([(name, of(row)) for name, of in stage.steps])
    return row


def _set_by(stages: Stages, inputs: Sequence[pl.Series], wanted: Sequence[str]) -> list[str]:
    known = {name for stage in stages for name in stage.names}
    known.update(c.name for c in inputs)
    return [name for name in dict.fromkeys(wanted) if name in known]


def code(name: str) -> Rule:
    """A problem code as a literal."""
    return lit(str(name))


def judged(at: Names, value: str = "v", problem: str = "p") -> Stage:
    """The last stage of a cleaner: the value stays where there is no problem."""
    return at.let(value=when(at(problem).absent()).then(at(value)), problem=at(problem))
