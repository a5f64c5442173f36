"""English words of headings written out: APPL_NBR, applNo and APPNO are all `application number`."""

import re
from difflib import get_close_matches
from functools import lru_cache
from typing import Final

from ingest.vocabulary import FIELD_WORDS, PERSON_WORDS_EN, SHORT, STRANGERS

_INITIALS: Final = re.compile(r"\b(?:[a-z]\.){2,}[a-z]?\b\.?")
_TOKENS: Final = re.compile(r"[a-z]+|#")
_ENGLISH: Final = re.compile(r"[a-z]+")
_VOWEL: Final = re.compile("[aeiou]")
_CLIPPED_FROM: Final = 3
"""Shorter clippings are known by name or not at all."""
_RUN_TOGETHER_FROM: Final = 5
_LEAST_KEPT: Final = 0.34
MISSPELT_FROM: Final = 0.85
"""Share of letters in common and in order from which on a strange word is a known one misspelt."""


def written_out(text: str) -> str:
    """Small letters with single blanks; short forms in full, words that run together apart, plurals single."""
    joined = _INITIALS.sub(lambda m: m[0].replace(".", ""), text).replace("'", "")
    return " ".join(word for token in _TOKENS.findall(joined) for word in _word(token))


def is_word(token: str) -> bool:
    """Whether it is an English word of our vocabulary."""
    return token in _words()


@lru_cache(maxsize=8192)
def _word(token: str) -> tuple[str, ...]:
    known = _known(token)
    if known:
        return known
    if len(token) >= _RUN_TOGETHER_FROM and (parts := _apart(token)):
        return parts
    return (_unclipped(token) or token,)


def _known(token: str) -> tuple[str, ...]:
    if token in SHORT:
        return tuple(SHORT[token].split())
    if token in _words():
        return (token,)
    single = token.removesuffix("s")
    if single != token and (single in _words() or single in SHORT):
        return _known(single)
    return ()


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    """Every English word that headings of ours are made of, and what short forms stand for."""
    phrases = [*(w for words in FIELD_WORDS.values() for w in words), *STRANGERS, *PERSON_WORDS_EN, *SHORT.values()]
    found = {word for phrase in phrases for word in _ENGLISH.findall(phrase)} - SHORT.keys()
    return frozenset(word for word in found if not (word.endswith("s") and word[:-1] in found))


def _apart(token: str) -> tuple[str, ...]:
    """The fewest known pieces of two letters or more that make the token, () if none do."""
    best: list[tuple[str, ...] | None] = [(), *([None] * len(token))]
    for end in range(2, len(token) + 1):
        for start in range(end - 1):
            head, piece = best[start], token[start:end]
            if head is None or (start and not head) or not _known(piece):
                continue
            found = best[end]
            if found is None or len(head) + 1 < len(found):
                best[end] = (*head, piece)
    pieces = best[-1] or ()
    return tuple(word for piece in pieces for word in _known(piece))


def _unclipped(token: str) -> str | None:
    """The word that begins like the token and has its letters in order (apprsl, occptn), or that it misspells."""
    if len(token) < _CLIPPED_FROM:
        return None
    fitting = [w for w in _words() if w[0] == token[0] and len(token) >= _LEAST_KEPT * len(w) and _inside(token, w)]
    clipped = min(fitting, key=lambda w: (not w.startswith(token), len(w), w), default=None)
    if clipped or len(token) < _RUN_TOGETHER_FROM:
        return clipped
    return next(iter(get_close_matches(token, sorted(_words()), 1, MISSPELT_FROM)), None)


def _inside(token: str, word: str) -> bool:
    """Its letters in order, without vowels once they begin to be left out: reltn, not band for brand."""
    letters = iter(word)
    same = next((n for n, (a, b) in enumerate(zip(token, word, strict=False)) if a != b), len(token))
    return all(letter in letters for letter in token) and not _VOWEL.search(token, max(1, same))
