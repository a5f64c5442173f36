"""Where a book comes from, judged by headings and values: prefixes, accounts, e-mail, where its phones are valid."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

import phonenumbers
import polars as pl

from ingest.countries import CURRENCIES, ZONES
from ingest.numbering import read_numbers, trunk_prefix

_PEOPLED: Final = ("US", "DE", "FR", "ES", "IT", "GB", "VN", "NL", "PL", "PT", "IN", "JP", "KR", "TR", "TH", "PH")
"""Countries whose numbering plans are tried on numbers without a prefix."""
_KNOWN: Final = frozenset(ZONES) & frozenset(CURRENCIES)
_LOOKED_AT: Final = 300
_ABROAD: Final = r"^ *\+([1-9][0-9 ().-]{6,})$"
_IBAN: Final = r"^ *([A-Z]{2})[0-9]{2}[A-Z0-9 ]{11,34} *$"
_DOMAIN: Final = r"@[^@ ]+\.([a-z]{2}) *$"
_DIALLED: Final = r"^[ 0-9()/.\-]{8,20}$"
_LEAST: Final = 5
_CLEAR: Final = 2.0
_MOST: Final = 0.6
_MARGIN: Final = 0.15
_COM: Final = frozenset({"CO", "IO", "ME", "TV", "AI"})  # endings that are sold to all the world


@dataclass(frozen=True, slots=True)
class Origin:
    """A country, by what it was judged, and whether it is no more than the default."""

    country: str
    by: str
    assumed: bool = False


def judge_origin(headings: tuple[str, ...], sample: pl.DataFrame) -> Origin:
    """China by its characters, another country by what its values say; the US, said to be assumed, by nothing."""
    if sum(any("\u4e00" <= c <= "\u9fff" for c in h) for h in headings) * 3 >= len(headings) > 0:
        return Origin("CN", "the headings")
    columns = [sample[heading].cast(pl.String).head(_LOOKED_AT).drop_nulls() for heading in headings]
    text = " ".join(headings) + " ".join(value for column in columns for value in column.head(50).to_list())
    chinese = sum("\u4e00" <= c <= "\u9fff" for c in text)
    if chinese * 20 >= len(text) or "+86" in text:
        return Origin("CN", "the values")
    return _by_marks(columns) or _by_phones(columns) or Origin("US", "nothing", assumed=True)


def _by_marks(columns: list[pl.Series]) -> Origin | None:
    """What names a country by itself: the prefix of a phone, an account's first letters, an e-mail's ending."""
    votes: Counter[str] = Counter()
    said: dict[str, set[str]] = {}
    for column in columns:
        for what, country in (
            *_prefixes(column),
            *_letters(column, _IBAN, "IBAN"),
            *_letters(column, _DOMAIN, "e-mail"),
        ):
            votes[country] += 1
            said.setdefault(country, set()).add(what)
    ranked = votes.most_common(2)
    if not ranked or ranked[0][1] < _LEAST:
        return None
    (country, most), second = ranked[0], ranked[1][1] if len(ranked) > 1 else 0
    return Origin(country, ", ".join(sorted(said[country]))) if most >= _CLEAR * second else None


def _prefixes(column: pl.Series) -> list[tuple[str, str]]:
    found = []
    for number in column.str.extract(_ABROAD, 1).drop_nulls().to_list():
        digits = re.sub("[^0-9]", "", number)
        regions = (phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:length])) for length in (1, 2, 3))
        region = next((names[0] for names in regions if names), None)
        if region in _KNOWN:
            found.append(("phone prefixes", str(region)))
    return found


def _letters(column: pl.Series, pattern: str, what: str) -> list[tuple[str, str]]:
    codes = column.str.extract(pattern, 1).drop_nulls().str.to_uppercase().to_list()
    return [(what, country) for code in codes if (country := "GB" if code == "UK" else code) in _KNOWN - _COM]


def _by_phones(columns: list[pl.Series]) -> Origin | None:
    """The country under which most of what looks like phones is valid, if no other is nearly as good."""
    dialled = [(column.filter(column.str.contains(_DIALLED)).to_list(), column) for column in columns]
    numbers = [re.sub("[^0-9]", "", value) for part, column in dialled if _mostly(part, column) for value in part]
    if len(numbers) < _LEAST:
        return None
    shares = {country: _valid(numbers, country) for country in _PEOPLED}
    best, second = sorted(shares, key=lambda country: -shares[country])[:2]
    if shares[best] < _MOST or shares[best] - shares[second] < _MARGIN:
        return None
    return Origin(best, f"{shares[best]:.0%} of phones valid there")


def _valid(numbers: list[str], country: str) -> float:
    """Share of valid numbers; where a zero is dialled first, only with it: without one nearly anything would do."""
    zero = trunk_prefix(country) == "0"
    read = read_numbers(numbers, country, strict=True)
    good = [e164 is not None and (n.startswith("0") or not zero) for n, e164 in zip(numbers, read, strict=True)]
    return sum(good) / len(good)


def _mostly(part: list[str], column: pl.Series) -> bool:
    """Whether the column holds little else, and more than dates and round sums hold."""
    lengths = [sum(c.isdigit() for c in value) for value in part]
    return len(part) >= max(_LEAST, _MOST * len(column)) and sorted(lengths)[len(lengths) // 2] >= 9
