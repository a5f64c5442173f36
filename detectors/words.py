"""What a reason code says to people: texts, innocent explanations, checks and typology names in two languages."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

from graph.errors import SettingsError, UsageError

Lang = Literal["en", "zh"]
LANGUAGES: Final[tuple[str, ...]] = get_args(Lang)
FAMILIES: Final = frozenset(
    [
        "identity",
        "contact",
        "address",
        "employment",
        "dealer",
        "vehicle",
        "money",
        "device",
        "velocity",
        "network",
        "watchlist",
    ]
)
NETWORK: Final = "network"
"""Family of mere distance: it never counts as an independent family of reasons, and people read it last."""
CATALOGUE: Final = Path(__file__).with_name("reasons.toml")


@dataclass(frozen=True, slots=True)
class ReasonWords:
    """One reason code: its family, whether it speaks of the applicant's own data, and the codes it leads to."""

    code: str
    family: str
    about_applicant: bool
    check: str
    consumer: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The whole of reasons.toml: reasons by code, and texts by (section, key, language)."""

    reasons: Mapping[str, ReasonWords]
    texts: Mapping[tuple[str, str, str], str]
    phrases: Mapping[tuple[str, str], tuple[str, ...]]


def reason(code: str) -> ReasonWords:
    """What the house knows of a reason code. Raises UsageError for an unknown one."""
    found = _catalogue().reasons.get(code)
    if found is None:
        raise UsageError(f"unknown reason code {code!r}", "use a code of detectors/reasons.toml")
    return found


def direct(code: str) -> bool:
    """Whether a reason tells of something shared or stated, not of mere nearness to others."""
    return reason(code).family != NETWORK


def codes() -> tuple[str, ...]:
    """Every reason code, in the order of the catalogue."""
    return tuple(_catalogue().reasons)


def text(code: str, lang: str, *, label: str, n: int, days: int) -> str:
    """The sentence an investigator reads.

    `label` is the shared value, masked (empty: said so); `n` counts other people, or other applications where the
    sentence says so; `days` is the span of the evidence, 0 for one day.
    """
    phrases = _catalogue().phrases
    numbers = {"n": n, "days": days}
    said = {
        "people": _phrase(phrases, "people", lang, n, numbers),
        "applications": _phrase(phrases, "applications", lang, n, numbers),
        "within": _phrase(phrases, "within", lang, days, numbers),
    }
    shown = " ".join(label.split()) or _phrase(phrases, "unlabelled", lang, 0, numbers)
    return _text("text", code, lang).format(label=shown, **numbers, **said)


def innocent(code: str, lang: str) -> str:
    """The innocent explanation to rule out first."""
    return _text("innocent", code, lang)


def check_text(check: str, lang: str) -> str:
    """What to do about a check code (`reason(code).check`)."""
    return _text("check", check, lang)


def consumer_text(consumer: str, lang: str) -> str:
    """What may be told to the applicant for a consumer code (`reason(code).consumer`): only of their own data."""
    return _text("consumer", consumer, lang)


def family_text(family: str, lang: str) -> str:
    """The name of a reason family."""
    return _text("family", family, lang)


def typology_text(name: str, lang: str) -> str:
    """The name of a typology."""
    return _text("typology", name, lang)


def read_catalogue(path: Path) -> Catalogue:
    """Read and check a catalogue. Raises SettingsError when a key, a language or a code is missing."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
        return Catalogue(_reasons(raw), _texts(raw), _phrases(raw))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path.name} cannot be read: {error}", "restore the file") from error
    except KeyError as error:
        raise SettingsError(f"{path.name} lacks {error}", "give every code all its keys in both languages") from error


@cache
def _catalogue() -> Catalogue:
    return read_catalogue(CATALOGUE)


def _reasons(raw: Mapping[str, Any]) -> dict[str, ReasonWords]:
    found = {
        code: ReasonWords(code, row["family"], row["about_applicant"], row["check"], row["consumer"])
        for code, row in raw["reason"].items()
    }
    for words in found.values():
        for section, key in (("family", words.family), ("check", words.check), ("consumer", words.consumer)):
            if key not in raw[section]:
                raise KeyError(f"{section}.{key}")
    return found


def _texts(raw: Mapping[str, Any]) -> dict[tuple[str, str, str], str]:
    sections = ("family", "check", "consumer", "typology")
    plain = {(s, key, lang): row[lang] for s in sections for key, row in raw[s].items() for lang in LANGUAGES}
    said = {
        (s, code, lang): row[lang][s]
        for s in ("text", "innocent")
        for code, row in raw["reason"].items()
        for lang in LANGUAGES
    }
    return plain | said


def _phrases(raw: Mapping[str, Any]) -> dict[tuple[str, str], tuple[str, ...]]:
    return {(name, lang): tuple(forms) for lang in LANGUAGES for name, forms in raw["phrase"][lang].items()}


def _phrase(
    phrases: Mapping[tuple[str, str], tuple[str, ...]], name: str, lang: str, count: int, numbers: dict[str, int]
) -> str:
    forms = phrases.get((name, lang))
    if forms is None:
        raise UsageError(f"no words in language {lang!r}", "use en or zh")
    return forms[min(max(count, 0), len(forms) - 1)].format(**numbers)


def _text(section: str, key: str, lang: str) -> str:
    found = _catalogue().texts.get((section, key, lang))
    if found is None:
        raise UsageError(f"no {section} for {key!r} in language {lang!r}", "see detectors/reasons.toml")
    return found
