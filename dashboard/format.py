"""Numbers, money, times and foreign text as an investigator reads them."""

import re
import unicodedata
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from typing import Final

from dashboard.words import Language

SIGNS: Final = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
WAN: Final = Decimal(10_000)
YI: Final = Decimal(100_000_000)
THOUSAND: Final = Decimal(1_000)
MILLION: Final = Decimal(1_000_000)
ABSENT: Final = "–"

_PUNCTUATION: Final = re.compile(r"([!-/:-@\[-`{-~])")
_LIVE: Final = re.compile(r"(?i):(?=[\w+\-/]*:|//)|(?<=www)\.|@")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")
_JOINER: Final = "\u2060"


def plain(text: str) -> str:
    """Foreign text for a Markdown place: every sign escaped, so that it shows as typed and never becomes a tag, link,
    picture, formula or icon. Icon names and bare addresses are recognised after escaping, so an invisible word joiner
    breaks them."""
    tamed = _LIVE.sub(lambda found: found.group() + _JOINER, clean(text))
    return _PUNCTUATION.sub(r"\\\1", tamed)


def clean(text: str) -> str:
    """Foreign text on one line, without control and direction-turning characters."""
    return _CONTROL.sub(" ", text).strip()


def short(text: str, width: int) -> str:
    """At most `width` columns, where a Chinese character takes two; an ellipsis marks what was cut."""
    text = clean(text)
    if columns(text) <= width:
        return text
    kept = ""
    for character in text:
        if columns(kept + character) > width - 1:
            break
        kept += character
    return kept.rstrip() + "…"


def columns(text: str) -> int:
    """Width of a text in columns of a fixed-width font."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def money(amount: Decimal | None, currency: str, language: Language) -> str:
    """`¥1.23M` in English, `¥123.0万` in Chinese; amounts below 10,000 in full."""
    if amount is None:
        return ABSENT
    sign = SIGNS.get(currency, f"{currency} ")
    if abs(amount) < WAN:
        return f"{sign}{amount:,.0f}"
    steps = ((YI, "亿", 2), (WAN, "万", 1)) if language == "zh" else ((MILLION, "M", 2), (THOUSAND, "k", 0))
    unit, word, places = next(step for step in steps if abs(amount) >= step[0])
    return f"{sign}{amount / unit:,.{places}f}{word}"


def moment(text: str | None) -> datetime | None:
    """An ISO 8601 time of the API, in UTC; None when absent or unreadable."""
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def day(text: str | None, zone: tzinfo = UTC) -> str:
    """`2026-11-16`: numeric, so that it reads alike in every language."""
    read = moment(text)
    return read.astimezone(zone).strftime("%Y-%m-%d") if read else ABSENT


def minute(text: str | None, zone: tzinfo = UTC) -> str:
    """`2026-11-16 14:05`."""
    read = moment(text)
    return read.astimezone(zone).strftime("%Y-%m-%d %H:%M") if read else ABSENT


def percent(share: float) -> str:
    """Whole percents, never 100 % for less than all and never 0 % for more than none."""
    value = round(share * 100)
    if 0 < share < 1:
        value = min(99, max(1, value))
    return f"{value} %"
