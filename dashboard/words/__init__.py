"""What the dashboard says in English and Chinese: one JSON file a language, the same keys in both."""

import json
from functools import cache
from pathlib import Path
from typing import Final, Literal

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = ("en", "zh")


class Words:
    """`t("queue.title")`, or `t("queue.shown", n=5)` where the text has a place for n."""

    def __init__(self, language: Language, texts: dict[str, str]) -> None:
        self.language = language
        self._texts = texts

    def __call__(self, key: str, **values: object) -> str:
        """The text of `key`; raises KeyError for a key that is in no file."""
        text = self._texts[key]
        return text.format(**values) if values else text

    def known(self, key: str, otherwise: str) -> str:
        """The text of `key`, or `otherwise`: for codes of the API, which may grow."""
        return self._texts.get(key, otherwise)


@cache
def words(language: Language) -> Words:
    """The words of one language."""
    text = Path(__file__).with_name(f"{language}.json").read_text(encoding="utf-8")
    return Words(language, json.loads(text))


def language_of(locale: str | None) -> Language:
    """The language for a browser's locale: Chinese for zh-*, else English."""
    return "zh" if (locale or "").lower().startswith("zh") else "en"
