"""What columns tell of each other: sums of money, order of dates, codes that stand for names, dates in numbers."""

from itertools import permutations
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ingest.recognise import ROWS, Portrait
from ingest.text import tidy

Hints = dict[str, float]
LEAST_PAIRS: Final = 10
"""Fewer rows than this prove nothing about two columns."""
_STANDS_FOR: Final = 0.95
_MONEY_COLUMNS: Final = 8
_RECENT: Final = 2008
_ZONES: Final = ("8h", "-5h")  # a number is dated by the clock of its country
_DAY: Final = 86_400_000_000


def is_money(portrait: Portrait) -> bool:
    """Whether a column holds sums of the size of loans, prices and incomes."""
    other = portrait.fit("phone", "national_id", "time", "account", "term")
    return portrait.median is not None and other <= 0.5 <= portrait.fit("money") and 1_500 <= portrait.median < 5e6


def sums(sample: pl.DataFrame, portraits: list[Portrait]) -> dict[int, Hints]:
    """Price = loan + down payment gives three columns away, and what lies near the price is its appraisal."""
    columns = [at for at, portrait in enumerate(portraits) if is_money(portrait)][:_MONEY_COLUMNS]
    amounts = {at: _numbers(sample.to_series(at)) for at in columns}
    best, found = 0.5, None
    for price, loan, down in permutations(columns, 3):
        gap = np.abs(amounts[price] - amounts[loan] - amounts[down]) <= 0.01 * amounts[price]
        share = _share(gap, amounts[price] + amounts[loan] + amounts[down])
        if share > best and np.nanmedian(amounts[loan]) > np.nanmedian(amounts[down]):
            best, found = share, (price, loan, down)
    if found is None:
        return {}
    price, loan, down = found
    hints: dict[int, Hints] = {
        price: {"vehicle_price": best},
        loan: {"loan_amount": best},
        down: {"down_payment": best},
    }
    for at in set(columns) - set(found):
        near = np.abs(amounts[at] / amounts[price] - 1.0) <= 0.3
        hints[at] = {"vehicle_appraisal": 0.9 * _share(near, amounts[at] + amounts[price])}
    return hints


def _numbers(column: pl.Series) -> NDArray[np.float64]:
    """Plain numbers of the sample, NaN where there is none: good enough to see a sum."""
    digits = tidy(column.cast(pl.String).head(ROWS)).str.replace_all("[^0-9.万]", "")
    ten_thousand = digits.str.ends_with("万").cast(pl.Float64) * 9_999 + 1
    numbers = digits.str.strip_chars_end("万").cast(pl.Float64, strict=False) * ten_thousand
    return numbers.fill_null(float("nan")).to_numpy()


def _share(hits: NDArray[np.bool_], known: NDArray[np.float64]) -> float:
    """Share of hits where all numbers are known."""
    present = ~np.isnan(known)
    return float(hits[present].mean()) if present.sum() >= LEAST_PAIRS else 0.0


def earliness(portraits: list[Portrait]) -> dict[int, float]:
    """Of each column of recent dates the share of other such columns' dates that it does not come after, 0..1.

    An application is submitted before whatever happens to it. Days are compared, since some columns have no clock.
    """
    days = {
        at: portrait.moments.cast(pl.Float64).fill_null(float("nan")).to_numpy() // _DAY
        for at, portrait in enumerate(portraits)
        if portrait.year is not None and portrait.year >= _RECENT and portrait.fit("time") > 0.5
    }
    found = {}
    for at, own in days.items():
        shares = [_share(own <= other, own + other) for n, other in days.items() if n != at]
        found[at] = float(np.mean(shares)) if shares else 1.0
    return found


def dated_numbers(sample: pl.DataFrame, portraits: list[Portrait], codes: list[int]) -> dict[int, float]:
    """Of each column of codes the share that holds, as yymmdd, the day of one column of dates in the same row."""
    dates = [pl.from_epoch(p.moments, time_unit="us") for p in portraits if p.year is not None]
    days = [date.dt.offset_by(offset).dt.strftime("%y%m%d").alias("day") for date in dates for offset in _ZONES]
    found = {}
    for at in codes:
        text = tidy(sample.to_series(at).cast(pl.String).head(ROWS)).alias("code")
        pairs = [pl.DataFrame([text, day]).drop_nulls() for day in days]
        held = pl.col("code").str.contains(pl.col("day"), literal=True).mean()
        shares = [pair.select(held).item() for pair in pairs if pair.height >= LEAST_PAIRS]
        found[at] = max(shares, default=0.0)
    return found


def stands_for(sample: pl.DataFrame, one: int, other: int) -> bool:
    """Whether each repeated value of one column comes with a single value of the other, as a code does with a name."""
    pairs = pl.DataFrame(
        [tidy(sample.to_series(n).cast(pl.String).head(ROWS)).alias(str(i)) for i, n in enumerate((one, other))]
    )
    groups = pairs.drop_nulls().group_by("0").agg(rows=pl.len(), most=pl.col("1").unique_counts().max())
    repeated = groups.filter(pl.col("rows") > 1).sum()
    rows, most = repeated["rows"].item() or 0, repeated["most"].item() or 0
    return bool(rows >= LEAST_PAIRS and most >= _STANDS_FOR * rows)
