"""Runs rules: over long columns by Polars, over the few values of one request one by one."""

import operator
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import polars as pl

from ingest.rules import Row, Rule, lit, when

__all__ = ["Input", "Names", "Rule", "Stage", "Stages", "code", "judged", "run", "run_values"]

SMALL: Final = 64
"""Up to so many values a plan for Polars costs more than the values one by one."""


@lru_cache(maxsize=4096)
def _column(prefix: str, name: str) -> Rule:
    return Rule(pl.col(f"{prefix}:{name}"), operator.itemgetter(name))


class Names:
    """Names the columns of one rule, so that the rules of several kinds can run side by side in one frame."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix

    def __call__(self, name: str) -> Rule:
        """The rule's own column."""
        return _column(self._prefix, name)

    def let(self, **rules: Rule) -> "Stage":
        """A stage that sets these columns, each from the columns of the stages before."""
        return Stage(self._prefix, rules)


class Stage:
    """Columns that are set at once."""

    __slots__ = ("columns", "names", "steps")

    def __init__(self, prefix: str, rules: Mapping[str, Rule]) -> None:
        self.names = tuple(rules)
        self.columns = tuple(rule.column.alias(f"{prefix}:{name}") for name, rule in rules.items())
        self.steps = tuple((name, rule.of) for name, rule in rules.items())


Stages = tuple[Stage, ...]
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
    results = pl.collect_all(plans.values()) if plans else []
    for prefix, result in zip(plans, results, strict=True):
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
    return pl.DataFrame([_series(n, [row[n] for row in rows]) for n in wanted])


def _series(name: str, values: list[Any]) -> pl.Series:
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
