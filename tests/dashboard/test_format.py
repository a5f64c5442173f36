"""Numbers, money, times and foreign text."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard import format as f


@pytest.mark.parametrize(
    ("amount", "en", "zh"),
    [
        ("950", "¥950", "¥950"),
        ("9999.4", "¥9,999", "¥9,999"),
        ("12345", "¥12k", "¥1.2万"),
        ("862000", "¥862k", "¥86.2万"),
        ("2159000", "¥2.16M", "¥215.9万"),
        ("312000000", "¥312.00M", "¥3.12亿"),
    ],
)
def test_money_in_both_languages(amount: str, en: str, zh: str) -> None:
    assert f.money(Decimal(amount), "CNY", "en") == en
    assert f.money(Decimal(amount), "CNY", "zh") == zh


def test_money_that_is_absent_or_of_another_currency() -> None:
    assert f.money(None, "CNY", "en") == f.ABSENT
    assert f.money(Decimal(5000), "USD", "en") == "$5,000"
    assert f.money(Decimal(5000), "CHF", "en") == "CHF 5,000"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-16T06:00:00Z", datetime(2026, 11, 16, 6, tzinfo=UTC)),
        ("2026-11-16T14:00:00+08:00", datetime(2026, 11, 16, 6, tzinfo=UTC)),
        ("2026-11-16T06:00:00", datetime(2026, 11, 16, 6, tzinfo=UTC)),
        ("last week", None),
        ("", None),
        (None, None),
    ],
)
def test_moments_are_utc(text: str | None, expected: datetime | None) -> None:
    assert f.moment(text) == expected


def test_days_and_minutes_are_numeric() -> None:
    assert f.day("2026-11-16T23:30:00Z") == "2026-11-16"
    assert f.minute("2026-11-16T23:30:00Z") == "2026-11-16 23:30"
    assert f.day("nonsense") == f.ABSENT


@pytest.mark.parametrize(("share", "text"), [(0, "0 %"), (0.001, "1 %"), (0.996, "99 %"), (1, "100 %"), (0.42, "42 %")])
def test_percents_never_round_to_all_or_none(share: float, text: str) -> None:
    assert f.percent(share) == text


@given(st.text(max_size=60), st.integers(min_value=2, max_value=30))
def test_short_never_exceeds_its_columns(text: str, width: int) -> None:
    assert f.columns(f.short(text, width)) <= width


def test_short_counts_chinese_characters_twice() -> None:
    assert f.short("宏图建材有限公司", 16) == "宏图建材有限公司"
    assert f.short("宏图建材有限公司", 11) == "宏图建材有…"


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=80))
def test_plain_escapes_every_sign_and_keeps_every_letter(text: str) -> None:
    escaped = f.plain(text)
    read, signs = "", 0
    at = 0
    while at < len(escaped):
        if escaped[at] == "\\":
            at += 1
            signs += 1
        elif not (escaped[at].isalnum() or escaped[at] in " \u2060"):
            pytest.fail(f"{escaped[at]!r} is not escaped in {escaped!r}")
        read += escaped[at]
        at += 1
    assert read.replace("\u2060", "") == text.strip()


@pytest.mark.parametrize("text", [":material/home:", ":smile:", "https://evil.test/x", "www.evil.test", "a@evil.test"])
def test_plain_breaks_what_is_recognised_after_escaping(text: str) -> None:
    assert "\u2060" in f.plain(text)


def test_clean_drops_line_breaks_and_direction_marks() -> None:
    assert f.clean("a\nb\u202ec\x00") == "a b c"
