"""How a value is written down: every field has several honest spellings, chosen by a hash of the record."""

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from ingest.synthetic.pools import Floats, Ints, Mask
from ingest.synthetic.world import DAY, LANDLINE

Spelling = tuple[float, Callable[[pl.Series], pl.Series]]

_WIDE = dict(zip("0123456789", "０１２３４５６７８９", strict=True))


def vary(text: pl.Series, u: Floats, spellings: Sequence[Spelling]) -> pl.Series:
    """Rewrite a part of the values: the first spelling takes its probability of them, the next its own, and so on."""
    which = np.searchsorted(np.cumsum([p for p, _ in spellings]), u, side="right")
    picks = [np.flatnonzero(which == k) for k in range(len(spellings) + 1)]
    parts = [fn(text.gather(at)) for (_, fn), at in zip(spellings, picks, strict=False)]
    place = np.empty(len(u), np.int64)
    place[np.concatenate(picks)] = np.arange(len(u))
    return pl.concat([*parts, text.gather(picks[-1])]).gather(place)


def blank(text: pl.Series, missing: Mask) -> pl.Series:
    """Values that were not asked for or not given."""
    return text.set(pl.Series(missing), None)


def wide(text: pl.Series) -> pl.Series:
    """Full-width digits."""
    return text.str.replace_many(list(_WIDE), list(_WIDE.values()))


def joined(*parts: pl.Series | str) -> pl.Series:
    """Concatenate columns and fixed words."""
    frame = pl.DataFrame([p.alias(str(i)) for i, p in enumerate(parts) if isinstance(p, pl.Series)])
    return frame.select(
        pl.concat_str([pl.lit(p) if isinstance(p, str) else pl.col(str(i)) for i, p in enumerate(parts)])
    ).to_series()


def number(values: Ints | Floats) -> pl.Series:
    """Whole numbers as text."""
    return pl.Series(np.asarray(values, np.int64)).cast(pl.String)


def padded(values: Ints, width: int) -> pl.Series:
    """Whole numbers with leading zeros."""
    return number(values).str.zfill(width)


def where(mask: Mask, yes: pl.Series, no: pl.Series) -> pl.Series:
    """One or the other column, row by row."""
    return pl.DataFrame({"yes": yes, "no": no}).select(pl.when(pl.Series(mask)).then("yes").otherwise("no")).to_series()


def stamp(seconds: Ints, form: str) -> pl.Series:
    """Local seconds since 1970 in one form of date or time."""
    return pl.Series(seconds * 1_000_000).cast(pl.Datetime("us")).dt.strftime(form)


def stamps(seconds: Ints, u: Floats, forms: Sequence[tuple[float, str]]) -> pl.Series:
    """Local seconds in several forms; the probabilities add up to one."""
    which = np.minimum(np.searchsorted(np.cumsum([p for p, _ in forms]), u, side="right"), len(forms) - 1)
    picks = [np.flatnonzero(which == k) for k in range(len(forms))]
    place = np.empty(len(u), np.int64)
    place[np.concatenate(picks)] = np.arange(len(u))
    return pl.concat([stamp(seconds[at], form) for at, (_, form) in zip(picks, forms, strict=True)]).gather(place)


def birthday(days: Ints, form: str) -> pl.Series:
    """Days since 1970 as a date."""
    return stamp(days * DAY, form)


def chinese_phone(numbers: Ints, u: Floats, mess: float) -> pl.Series:
    """13812345678, 138 1234 5678, +86..., full-width; landlines as 0755-12345678 or without the hyphen."""
    fixed = numbers >= LANDLINE
    local = joined("0", number((numbers - LANDLINE) // 10**8), "-", padded(np.abs(numbers) % 10**8, 8))
    mobile = vary(
        number(numbers),
        np.where(fixed, 1.0, u),
        [
            (0.05 * mess, lambda s: _grouped(s, 3, 7, " ")),
            (0.04 * mess, lambda s: _grouped(s, 3, 7, "-")),
            (0.04 * mess, lambda s: joined("+86", s)),
            (0.02 * mess, lambda s: joined("+86 ", _grouped(s, 3, 7, " "))),
            (0.02 * mess, lambda s: joined("0086", s)),
            (0.02 * mess, lambda s: joined("86-", s)),
            (0.02 * mess, wide),
            (0.01 * mess, lambda s: joined(s, " ")),
        ],
    )
    landline = vary(
        local,
        np.where(fixed, u, 1.0),
        [
            (0.15 * mess, lambda s: s.str.replace("-", "", literal=True)),
            (0.04 * mess, lambda s: s.str.replace(r"^(\d+)-", "($1)")),
            (0.02 * mess, wide),
        ],
    )
    return where(fixed, landline, mobile)


def american_phone(numbers: Ints, u: Floats, mess: float) -> pl.Series:
    """614-555-1234 and its American spellings."""
    return vary(
        _grouped(number(numbers), 3, 6, "-"),
        u,
        [
            (0.15 * mess, lambda s: s.str.replace(r"^(\d{3})-", "($1) ")),
            (0.12 * mess, lambda s: s.str.replace_all("-", "", literal=True)),
            (0.04 * mess, lambda s: joined("+1", s.str.replace_all("-", "", literal=True))),
            (0.04 * mess, lambda s: joined("1-", s)),
            (0.03 * mess, lambda s: s.str.replace_all("-", ".", literal=True)),
            (0.02 * mess, lambda s: s.str.replace_all("-", " ", literal=True)),
        ],
    )


def _grouped(text: pl.Series, first: int, second: int, gap: str) -> pl.Series:
    return joined(text.str.slice(0, first), gap, text.str.slice(first, second - first), gap, text.str.slice(second))


def chinese_money(amount: Floats, u: Floats, mess: float) -> pl.Series:
    """125000, 125,000.00, ¥125000, 12.5万, full-width."""
    plain = number(amount)
    wan = pl.Series(amount / 10_000).cast(pl.String).str.replace(r"\.0$", "")
    exact = np.mod(amount, 100) == 0
    text = vary(
        plain,
        u,
        [
            (0.08 * mess, lambda s: joined(thousands(s), ".00")),
            (0.06 * mess, thousands),
            (0.05 * mess, lambda s: joined("¥", s)),
            (0.02 * mess, lambda s: joined("￥", thousands(s))),
            (0.015 * mess, wide),
            (0.10 * mess, lambda s: joined(s, ".00")),
        ],
    )
    return where((u > 1 - 0.05 * mess) & exact & (amount >= 10_000), joined(wan, "万"), text)


def american_money(amount: Floats, u: Floats, mess: float) -> pl.Series:
    """$12,500.00 and its plainer forms."""
    return vary(
        number(amount),
        u,
        [
            (0.15 * mess, lambda s: joined("$", thousands(s), ".00")),
            (0.12 * mess, thousands),
            (0.08 * mess, lambda s: joined("$", s)),
            (0.10 * mess, lambda s: joined(s, ".00")),
        ],
    )


def thousands(text: pl.Series) -> pl.Series:
    """Commas between thousands, up to 999,999,999."""
    return text.str.replace(r"^(\d+)(\d{3})(\d{3})$", "$1,$2,$3").str.replace(r"^(\d{1,3})(\d{3})$", "$1,$2")
