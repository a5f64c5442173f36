"""Both languages say the same things."""

import json
import re
import string
from pathlib import Path

import pytest

import dashboard
from dashboard.bands import BANDS
from dashboard.viewmodel import CHANGES, State
from dashboard.words import language_of, words

ROOM = Path(dashboard.__file__).parent
TEXTS = {name: json.loads((ROOM / "words" / f"{name}.json").read_text(encoding="utf-8")) for name in ("en", "zh")}
CALLED = re.compile(r"""\bt\(f?["']([a-z.]+)["']""")


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_the_same_keys_and_the_same_places() -> None:
    assert TEXTS["en"].keys() == TEXTS["zh"].keys()
    assert {key: fields(text) for key, text in TEXTS["en"].items()} == {
        key: fields(text) for key, text in TEXTS["zh"].items()
    }


def test_chinese_is_chinese() -> None:
    same = {key for key in TEXTS["en"] if TEXTS["en"][key] == TEXTS["zh"][key]}
    assert same == set()


def test_every_key_that_the_code_names_exists() -> None:
    sources = [*ROOM.glob("*.py"), *(ROOM / "views").glob("*.py")]
    named = {key for path in sources for key in CALLED.findall(path.read_text(encoding="utf-8"))}
    assert len(named) > 60
    assert named - TEXTS["en"].keys() == set()
    assert {f"change.{code}" for code in CHANGES} <= TEXTS["en"].keys()
    assert {f"state.{state}" for state in State} <= TEXTS["en"].keys()


def test_a_missing_key_is_loud() -> None:
    with pytest.raises(KeyError):
        words("en")("no.such.key")


@pytest.mark.parametrize(
    ("locale", "language"), [("zh-CN", "zh"), ("ZH", "zh"), ("en-GB", "en"), ("de", "en"), ("", "en"), (None, "en")]
)
def test_language_follows_the_browser(locale: str | None, language: str) -> None:
    assert language_of(locale) == language


def test_no_band_of_a_reported_ring_says_that_nothing_is_to_do() -> None:
    """Rings are reported from a probability on: a band says when to look at one, not whether."""
    for language, look in (("en", "look"), ("zh", "核查")):
        assert all(look in TEXTS[language][f"band.{band}.do"] for band in BANDS), language
