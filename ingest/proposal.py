"""Proposes which column holds which field: headings and values each give a score, one assignment settles them all."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from graph.schema import CANONICAL_COLUMNS, FIELD_OF_COLUMN, FieldKind
from ingest.companions import heading_scores
from ingest.countries import OWN_RULES
from ingest.headings import TIE, strangeness
from ingest.hints import value_scores
from ingest.naming import without_common
from ingest.origin import judge_origin
from ingest.outcomes import FACT_FIELDS
from ingest.recognise import Portrait, portray
from ingest.source import SourceContext

LEAST: Final = 0.35
"""Below this a column stays unmapped."""
_CONTRADICTED: Final = 0.35  # what remains of a heading that the values belie
_KIND_FIT: Final[dict[FieldKind, tuple[str, ...]]] = {
    FieldKind.NATIONAL_ID: ("national_id",),
    FieldKind.PHONE: ("phone",),
    FieldKind.EMAIL: ("email",),
    FieldKind.IP: ("ip",),
    FieldKind.VIN: ("vin",),
    FieldKind.TIME: ("time", "serial"),
    FieldKind.DATE: ("time", "serial"),
    FieldKind.MONEY: ("money",),
    FieldKind.INTEGER: ("term",),
    FieldKind.CONDITION: ("condition",),
    FieldKind.ACCOUNT: ("account", "long_number"),
    FieldKind.ADDRESS: ("address",),
    FieldKind.NAME: ("name",),
    FieldKind.EMPLOYER: ("text",),
}
"""Kinds whose values can belie a heading; codes and free text look like anything but what has its own shape."""
_SHAPED_AT_HOME: Final = frozenset({FieldKind.NATIONAL_ID, FieldKind.ADDRESS, FieldKind.NAME, FieldKind.ACCOUNT})
_NEVER: Final[dict[FieldKind, tuple[str, ...]]] = {
    FieldKind.EMPLOYER: ("national_id", "email", "mobile"),
    FieldKind.TEXT: ("national_id", "email", "mobile", "address"),
    FieldKind.CODE: ("email", "address"),
}
_UNMISTAKABLE: Final = frozenset({"national_id", "vin"})  # check digits outweigh any heading
UNSURE: Final = 0.6
"""Below this a pair is shown as one to look at."""
_RIVAL: Final = 0.85  # another column, left over, that fits the field nearly as well
_LESS_SURE: Final = 0.75


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """One proposed pair: how sure (0..1), and by what (`heading`, `value`, `both`)."""

    column: str
    heading: str
    confidence: float
    how: str
    rival: str | None = None  # a heading left over that fits nearly as well


@dataclass(frozen=True, slots=True)
class Found:
    """All proposed pairs in canonical order, headings left over, and what the values say of the source."""

    guesses: tuple[ColumnGuess, ...]
    unmapped: tuple[str, ...]
    country: str
    date_order: str | None
    notes: tuple[str, ...]
    assumed: str = ""  # what to look at where nothing told the country


def propose_columns(headings: tuple[str, ...], sample: pl.DataFrame, kind: str) -> Found:
    """Match the columns of `sample` (named by heading) to the fields of a kind of file."""
    fields = CANONICAL_COLUMNS if kind == "applications" else tuple(FACT_FIELDS[kind])
    origin = judge_origin(headings, sample)
    country = origin.country
    order = guess_date_order(sample)
    base = SourceContext.of_country(country)
    source = SourceContext(country, base.currency, base.timezone, order or base.date_order)
    portraits = portray(sample.select(headings), source)
    by_heading = heading_scores(headings, fields)
    by_value = value_scores(sample.select(headings), portraits, fields, kind, by_heading)
    by_value *= 1.0 - _unwanted(headings, by_heading)[:, None] * [name not in _UNMISTAKABLE for name in fields]
    scores = _combined(by_heading, by_value, portraits, fields, kind, country)
    guesses = _assign(headings, fields, scores, by_heading, by_value)
    used = {g.heading for g in guesses}
    assumed = f"country not judged: {country} assumed; name another in [source]" if origin.assumed else ""
    judged = "" if origin.assumed else f"country {country}: judged by {origin.by}; "
    notes = (f"{judged}dates {source.date_order}: judged by the values",)
    return Found(guesses, tuple(h for h in headings if h not in used), country, order, notes, assumed)


def _unwanted(headings: tuple[str, ...], by_heading: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much to disbelieve values under headings that no field of ours wants."""
    strange = np.array([strangeness(heading) for heading in without_common(headings)])
    return np.where(strange > by_heading.max(axis=1, initial=0.0) + TIE, 0.9 * strange, 0.0)


def guess_date_order(sample: pl.DataFrame) -> str | None:
    """DMY or MDY where some number above 12 gives it away; None where nothing does."""
    first = second = 0
    for name in sample.columns:
        parts = sample[name].str.extract_groups(r"^\s*(\d{1,2})[/.\-](\d{1,2})[/.\-]\d{4}").struct.unnest()
        numbers = parts.cast(pl.Int64, strict=False)
        first += int((numbers.to_series(0) > 12).sum() or 0)
        second += int((numbers.to_series(1) > 12).sum() or 0)
    if first == second == 0:
        return None
    return "DMY" if first > second else "MDY"


def _combined(
    by_heading: NDArray[np.float64],
    by_value: NDArray[np.float64],
    portraits: list[Portrait],
    fields: tuple[str, ...],
    kind: str,
    country: str,
) -> NDArray[np.float64]:
    """Either alone may convince; a heading whose values are of another kind is believed much less.

    Names, IDs, addresses and accounts are known by China's and America's shapes only, and belie nothing elsewhere.
    """
    scores = 1.0 - (1.0 - 0.92 * by_heading) * (1.0 - 0.75 * by_value)
    kinds = [_kind_of(name, kind) for name in fields]
    shaped = set(kinds) if country in OWN_RULES else set(kinds) - _SHAPED_AT_HOME
    for row, portrait in enumerate(portraits):
        belied = {k for k in shaped if _belied(portrait, k)}
        scores[row] *= [_CONTRADICTED if k in belied else 1.0 for k in kinds]
    return scores


def _belied(portrait: Portrait, kind: FieldKind) -> bool:
    """Whether the values cannot be of this kind."""
    needed = _KIND_FIT.get(kind)
    lacking = needed is not None and portrait.filled > 0.0 and portrait.fit(*needed) < 0.3
    return lacking or portrait.fit(*_NEVER.get(kind, ())) > 0.8


def _kind_of(name: str, kind: str) -> FieldKind:
    return FIELD_OF_COLUMN[name].kind if kind == "applications" else FACT_FIELDS[kind][name]


def _assign(
    headings: tuple[str, ...],
    fields: tuple[str, ...],
    scores: NDArray[np.float64],
    by_heading: NDArray[np.float64],
    by_value: NDArray[np.float64],
) -> tuple[ColumnGuess, ...]:
    """One field a column, one column a field, greatest sum of squares; of equals the earlier column wins."""
    if not headings:
        return ()
    worth = np.where(scores >= LEAST, scores**2, 0.0) - 1e-9 * np.arange(len(headings))[:, None]
    rows, cols = linear_sum_assignment(worth, maximize=True)
    pairs = sorted((col, row) for row, col in zip(rows, cols, strict=True) if scores[row, col] >= LEAST)
    over: list[int] = sorted(set(range(len(headings))) - {row for _, row in pairs})
    guesses = []
    for col, row in pairs:
        said, seen = by_heading[row, col] >= 0.4, by_value[row, col] >= 0.3
        how = "both" if said and seen else "heading" if said else "value"
        rivals = [r for r in over if scores[r, col] >= _RIVAL * scores[row, col]]
        sure = float(round(scores[row, col] * (_LESS_SURE if rivals else 1.0), 2))
        guesses.append(ColumnGuess(fields[col], headings[row], sure, how, headings[rivals[0]] if rivals else None))
    return tuple(guesses)
