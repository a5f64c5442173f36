"""What a heading says about its column: words written out, compared with the usual words of each field."""

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from math import log
from typing import Final

from ingest.pinyin import spelt
from ingest.vocabulary import ENDINGS, FIELD_WORDS, OWNERS_EN, OWNERS_ZH, STRANGERS
from ingest.words import is_word, written_out

_NOTES: Final = re.compile(r"[(\[{【（<「][^)\]}】）>」]*[)\]}】）>」]")
_CUSTOM: Final = re.compile("__c$")  # fields that a customer of a well-known CRM has added
_HAN: Final = re.compile(r"[\u4e00-\u9fff]+")
_LATIN: Final = re.compile(r"[a-z]+")
_NUMERALS: Final = {
    "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "备用": 2, "其他": 2,
    "first": 1, "second": 2, "third": 3, "1st": 1, "2nd": 2, "3rd": 3, "alternate": 2, "alt": 2, "secondary": 2,
    "other": 2,
}  # fmt: skip
_INDEX: Final = re.compile(
    r"\b([123](?:st|nd|rd))\b|第?(备用|其他|[一二三四五])(?!手(?!机))|\b(first|second|third|alternate|alt|secondary|other)\b"
    r"|(?:#\s*)?(?<!\d)0?(\d)(?!\d)"
)
_ALTERNATIVE: Final = re.compile("备用|其他|\\balt|\\bother")
_SECOND_APPLICANT: Final = re.compile(
    r"(?:申请人|借款人|applicant|borrower|buyer)[ _.\-#]*[2-5二三](?!\d)"
    r"|(?:第二|第三|second|secondary|2nd)[ _.\-]*(?:申请人|借款人|applicant|borrower|buyer)"
)
_SPELT_INDEX: Final = re.compile("[一二三四五]|first|second|other")
"""Numbers that may as well be part of a word: 第一 of a list, or 首付 as first payment."""
_OWNERS_ZH: Final = re.compile(f"^(?:{'|'.join(OWNERS_ZH)})(?:的)?(?!(?:编?号|号码|代码|编码|id)$)(?=..)")
_ALIKE_ZH: Final = (
    (re.compile("时间|日期|时刻|日(?=$)"), "日"),
    (re.compile("号码|编号|代码|编码|代号"), "号"),
    (re.compile("名称|姓名|名字|全称"), "名"),
    (re.compile("手机号?|移动电话|座机|固话"), "电话"),
    (re.compile("价格|价款|总价"), "价"),
    (re.compile("金额|额度|总额"), "额"),
)
_BARE_NUMBER: Final = frozenset({"id"})
_ALIKE_EN: Final = {"number": "id", "code": "id"}
_STRANGE_FROM: Final = 0.8  # half a likeness to a word of nobody says nothing
_SHORT_MARK: Final = 3  # IP地址, SP代码: letters that belong to the Chinese word
_NOTE_LEFT_IN: Final = 0.9
_OTHER_LANGUAGE: Final = 0.97
_HALF_SPELT: Final = 0.97
_WRITTEN_ALIKE: Final = 0.97
_SHARED_FROM: Final = 0.6
"""Share of telling words from which on two headings are compared at all."""
TIE: Final = 0.05
"""A word of ours and a word of nobody's this close: ours counts."""
_OWNER_WEIGHT: Final = 0.05
_UNKNOWN_WEIGHT: Final = 0.6


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading taken apart: forms it may be read as (text, how sure 0..1), and the number in it."""

    forms: tuple[tuple[str, float], ...]
    index: int | None
    alternative: bool = False  # the number was a word like alternate, other, 备用
    second_applicant: bool = False  # the number counts applicants, not their phones


@lru_cache(maxsize=4096)
def read_heading(text: str) -> Heading:
    """Lower case without notes in brackets and numbers; both languages of a mixed heading; pinyin as Chinese."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", text).lower()
    bare = _CUSTOM.sub("", _NOTES.sub(" ", spaced))
    bare = bare if re.search(r"[a-z\u4e00-\u9fff]", bare) else spaced
    plain, index = _numbered(bare)
    forms: dict[str, float] = {}
    whole = _readings(bare) if index is not None and _SPELT_INDEX.search(bare) else []
    for form, sure in (
        *_readings(plain),
        *whole,
        *((f, s * _NOTE_LEFT_IN) for f, s in _readings(_numbered(spaced)[0])),
    ):
        forms[form] = max(sure, forms.get(form, 0.0))
    alternative, second = (index is not None and p.search(bare) is not None for p in (_ALTERNATIVE, _SECOND_APPLICANT))
    return Heading(tuple(forms.items()), index, alternative, second)


def _numbered(text: str) -> tuple[str, int | None]:
    """The text without its number, and the number: 联系人二, phone_2, 2nd ref, 备用手机."""
    found = _INDEX.search(text.replace("_", " "))
    if found is None:
        return text, None
    words = found[1] or found[2] or found[3]
    return text[: found.start()] + " " + text[found.end() :], _NUMERALS[words] if words else int(found[4])


def _readings(text: str) -> list[tuple[str, float]]:
    chinese, english = "".join(_HAN.findall(text)), written_out(_HAN.sub(" ", text))
    squeezed = re.sub(r"[^a-z0-9\u4e00-\u9fff]", "", text)
    readings = [(squeezed, 1.0)] if chinese and len(squeezed) - len(chinese) <= _SHORT_MARK else []
    readings += [(chinese, 1.0)] if chinese else [(phrase, sure) for phrase, sure in spelt(squeezed)]
    if len(english) > 1:
        readings.append((english, _OTHER_LANGUAGE if chinese else 1.0))
    if not chinese:
        readings += [(phrase, sure * _HALF_SPELT) for phrase, sure in _half_spelt(english)]
    return readings


def _half_spelt(english: str) -> list[tuple[str, float]]:
    """Pinyin before an English word: lxr name is 联系人姓名."""
    first, _, last = english.partition(" ")
    if is_word(first) or last not in ENDINGS:
        return []
    return [found for ending in ENDINGS[last] for found in spelt(first, ending)]


def likeness(heading: Heading, words: tuple[str, ...]) -> float:
    """How well a heading says one of these words, 0..1; of two that say it alike the more usual, earlier one wins."""
    best = 0.0
    for form, sure in heading.forms:
        chinese = _HAN.search(form) is not None
        for place, word in enumerate(words):
            if (word in _chinese_words()) is chinese:
                best = max(best, sure * (1.0 - 0.002 * min(place, 20)) * _pair(form, word, chinese))
    return best


@lru_cache(maxsize=1)
def _chinese_words() -> frozenset[str]:
    words = (*(word for group in FIELD_WORDS.values() for word in group), *STRANGERS)
    return frozenset(word for word in words if _HAN.search(word))


@lru_cache(maxsize=4096)
def strangeness(text: str) -> float:
    """How well a heading names something that no field of ours wants, 0..1."""
    heading = read_heading(text)
    strange = max(likeness(heading, (word,)) for word in STRANGERS)
    return strange if strange >= _STRANGE_FROM else 0.0


@lru_cache(maxsize=200_000)
def _pair(form: str, word: str, chinese: bool) -> float:
    """1 for the same words, less for a part or a near miss."""
    if form == word:
        return 1.0
    return _chinese(form, word) if chinese else _english(form, _written(word))


@lru_cache(maxsize=4096)
def _written(word: str) -> str:
    return written_out(word)


def _chinese(form: str, word: str) -> float:
    form, word = _alike(form), _alike(word)
    if form == word:
        return _WRITTEN_ALIKE
    if not set(form) & set(word):
        return 0.0
    ours, shared = _weight(form), _weight(word)
    if len(word) >= 2 and word in form:
        return 0.5 + 0.45 * shared / ours
    if len(form) >= 2 and form in word:
        return 0.25 + 0.65 * ours / shared
    common = Counter(form) & Counter(word)
    dice = 2.0 * _weight("".join(common.elements())) / (ours + shared)
    return 0.88 * dice if dice >= _SHARED_FROM and _letters_alike(form, word) >= _SHARED_FROM else 0.0


@lru_cache(maxsize=8192)
def _alike(text: str) -> str:
    """Without the owner in front, and with one word for time, number, name, phone, price and amount."""
    text = _OWNERS_ZH.sub("", text)
    for pattern, word in _ALIKE_ZH:
        text = pattern.sub(word, text)
    return text


def _english(form: str, word: str) -> float:
    if form == word:
        return _WRITTEN_ALIKE
    ours, theirs = _bag(form), _bag(word)
    if ours == _BARE_NUMBER:
        return 0.0  # `id` may be anybody's
    if ours.isdisjoint(theirs):
        return 0.0
    total = _weigh(ours) + _weigh(theirs)
    dice = 2.0 * _weigh(ours & theirs) / total if total else 0.0
    if dice >= _SHARED_FROM:
        return 0.93 * dice
    return 0.0


def _letters_alike(one: str, other: str) -> float:
    """Share of letters in common and in order; 0 where their numbers alone show that it is below any limit of ours."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if matcher.real_quick_ratio() < _SHARED_FROM or matcher.quick_ratio() < _SHARED_FROM:
        return 0.0
    return matcher.ratio()


@lru_cache(maxsize=8192)
def _bag(text: str) -> frozenset[str]:
    return frozenset(_ALIKE_EN.get(token, token) for token in text.split())


def _weigh(tokens: frozenset[str]) -> float:
    """Sum of weights; whose number it is matters, while an applicant's phone is a phone."""
    if tokens - OWNERS_EN <= _BARE_NUMBER:
        return _UNKNOWN_WEIGHT * len(tokens)
    return sum(_telling().get(token, _UNKNOWN_WEIGHT) for token in tokens)


def _weight(text: str) -> float:
    return sum(_telling().get(character, _UNKNOWN_WEIGHT) for character in text)


@lru_cache(maxsize=1)
def _telling() -> dict[str, float]:
    """How telling a word (English) or a character (Chinese) is: the fewer fields use it, the more."""
    used: dict[str, set[str]] = {}
    for field, words in (*FIELD_WORDS.items(), *((word, (word,)) for word in STRANGERS)):
        for word in words:
            for token in _alike(word) if _HAN.search(word) else _bag(_written(word)):
                used.setdefault(token, set()).add(field)
    weights = {token: 1.0 / (1.0 + 0.5 * log(len(fields))) for token, fields in used.items()}
    return weights | dict.fromkeys(OWNERS_EN, _OWNER_WEIGHT)
