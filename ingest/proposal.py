"""Proposes which column holds which field: headings and values each give a score, one assignment settles them all."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from graph.schema import CANONICAL_COLUMNS, FIELD_OF_COLUMN, FieldKind
from ingest.headings import heading_score
from ingest.hints import value_scores
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
}
"""Kinds whose values can belie a heading. Employers, codes and free text look like anything."""


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """One proposed pair: how sure (0..1), and by what (`heading`, `value`, `both`)."""

    column: str
    heading: str
    confidence: float
    how: str


@dataclass(frozen=True, slots=True)
class Found:
    """All proposed pairs in canonical order, headings left over, and what the values say of the source."""

    guesses: tuple[ColumnGuess, ...]
    unmapped: tuple[str, ...]
    country: str
    date_order: str | None
    notes: tuple[str, ...]


def propose_columns(headings: tuple[str, ...], sample: pl.DataFrame, kind: str) -> Found:
    """Match the columns of `sample` (named by heading) to the fields of a kind of file."""
    fields = CANONICAL_COLUMNS if kind == "applications" else tuple(FACT_FIELDS[kind])
    country = guess_country(headings, sample)
    order = guess_date_order(sample)
    base = SourceContext.of_country(country)
    source = SourceContext(country, base.currency, base.timezone, order or base.date_order)
    portraits = portray(sample.select(headings), source)
    by_heading = np.array([[heading_score(h, f) for f in fields] for h in headings]).reshape(len(headings), len(fields))
    by_value = value_scores(sample.select(headings), portraits, fields, kind, by_heading)
    scores = _combined(by_heading, by_value, portraits, fields, kind)
    guesses = _assign(headings, fields, scores, by_heading, by_value)
    used = {g.heading for g in guesses}
    notes = (f"country {country}, dates {source.date_order}: judged by the values",)
    return Found(guesses, tuple(h for h in headings if h not in used), country, order, notes)


def guess_country(headings: tuple[str, ...], sample: pl.DataFrame) -> str:
    """CN where Chinese characters or +86 numbers are about, else US."""
    if sum(any("\u4e00" <= c <= "\u9fff" for c in h) for h in headings) * 3 >= len(headings) > 0:
        return "CN"
    text = " ".join(headings) + " ".join(v for h in headings for v in sample[h].head(50).drop_nulls().to_list())
    chinese = sum("\u4e00" <= c <= "\u9fff" for c in text)
    return "CN" if chinese * 20 >= len(text) or "+86" in text else "US"


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
) -> NDArray[np.float64]:
    """Either alone may convince; a heading whose values are of another kind is believed much less."""
    scores = 1.0 - (1.0 - 0.92 * by_heading) * (1.0 - 0.75 * by_value)
    for row, portrait in enumerate(portraits):
        for at, name in enumerate(fields):
            needed = _KIND_FIT.get(_kind_of(name, kind))
            if needed and portrait.filled and max(portrait.fit(n) for n in needed) < 0.3:
                scores[row, at] *= _CONTRADICTED
    return scores


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
    guesses = []
    for row, col in zip(rows, cols, strict=True):
        if scores[row, col] >= LEAST:
            said, seen = by_heading[row, col] >= 0.4, by_value[row, col] >= 0.3
            how = "both" if said and seen else "heading" if said else "value"
            guesses.append((col, ColumnGuess(fields[col], headings[row], float(round(scores[row, col], 2)), how)))
    return tuple(guess for _, guess in sorted(guesses, key=lambda g: g[0]))
