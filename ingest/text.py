"""The first wash every field goes through: one Unicode form, no control characters, single spaces, no filler words."""

from typing import Final

import polars as pl

from ingest.codes import Problem
from ingest.columns import Names, Stages, code, run
from ingest.rules import coalesce, when

MAX_CHARACTERS: Final = 512
"""A longer field is absent with a problem; bounds the work of every later expression."""

_FILLERS: Final = (
    "null", "none", "nan", "nil", "n/a", "#n/a", "#null!", "#value!", "#ref!", "\\n", "<na>", "nat", "undefined",
    "-", "--", "---", "/", "\\", ".", "?", "无", "暂无", "未知", "不详", "未填写", "未填", "空", "没有",
)  # fmt: skip
FILLERS: Final = tuple(sorted({v for w in _FILLERS for v in (w, w.upper(), w.title(), w.capitalize())} | {"NA", ""}))
"""Words that exports write where there is nothing. Bare `NA` counts in capitals only: Na is a surname."""

_UNTIDY: Final = "[^\x21-\x7e\u4e00-\u9fff ]|^ | $|  "
_INVISIBLE: Final = (
    "[\u00ad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f"
    "\ufeff\ufff9-\ufffb\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0001"
    "\U000e0020-\U000e007f]"
)
"""General category Cf: zero-width and direction marks, byte order marks, soft hyphens."""
_SPACES: Final = "[\x00-\x20\x7f-\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"
"""Control characters and white space."""
HAN: Final = "\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Chinese characters, for use inside a character class."""
LETTERS: Final = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u1fff\u2c00-\u2dff\u3005-\u3007\u3040-\ud7ff\uf900-\ufdff"
    "\U00010000-\U0003ffff"
)
"""What is written with letters or characters rather than signs, roughly; for use inside a character class."""

SCIENTIFIC: Final = r"^[+-]?[0-9]+(?:[.,][0-9]+[eE][0-9]+|(?:[.,][0-9]+)?[eE]\+[0-9]+)$"
MASKED: Final = r"[*●•]|[xX]{3}"
STARS: Final = r"\*{2}"


def tidy_stages(at: Names) -> Stages:
    """From column `raw` to `t` (null where there is nothing) and `long` (a problem code, or null)."""
    t = at("t")
    folded = at("u").replace_all(_INVISIBLE, "").nfkc().replace_all(_INVISIBLE, "")
    folded = folded.replace_all(_SPACES, " ").strip(" ").nfkc()
    return (
        at.let(u=when(at("raw").contains(_UNTIDY)).then(at("raw"))),
        at.let(t=coalesce(folded, at("raw"))),
        at.let(
            t=when(~t.among(FILLERS) & (t.length() <= MAX_CHARACTERS)).then(t),
            long=when(t.length() > MAX_CHARACTERS).then(code(Problem.TOO_LONG)),
        ),
    )


def tidy(texts: pl.Series) -> pl.Series:
    """NFKC, no invisible or control characters, single inner spaces, trimmed; fillers and empty text become null."""
    return run({"": (tidy_stages(Names("")), [texts.alias("raw")])}, ["t"])[""]["t"]
