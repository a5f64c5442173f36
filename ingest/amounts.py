"""Money to integer minor units and counts to integers; never through a float."""

from typing import Final

import polars as pl

from ingest.codes import Problem
from ingest.columns import Names, Stages, code, judged
from ingest.rules import when
from ingest.source import MINOR_DIGITS, SourceContext
from ingest.text import SCIENTIFIC

_DECORATION: Final = (
    r"(?i)^(?:人民币|RMB|CNY|USD|US|EUR|HKD)? *[¥$€£]? *| *(?:元整|元|圆|块|RMB|CNY|USD)?(?:/月|每月|/MO(?:NTH)?)?$"
)
_NUMBER: Final = r"^([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+(?:,[0-9]{4})*|[0-9]*)(?:\.([0-9]{0,12}))? *(万|千|[KkMm])?(?:元)?$"
_SCALE: Final = {"万": 4, "千": 3, "K": 3, "k": 3, "M": 6, "m": 6}
_PLACES: Final = 8
"""Decimal places kept while a number is read: enough for millions in minor units."""
MOST_DIGITS: Final = 9
TERM_LIMIT: Final = 600


def money_stages(at: Names, source: SourceContext) -> Stages:
    """Minor units (Int64; half rounds up) and problem codes: ¥, thousands separators, 万 and k are understood."""
    t, bare, whole, part = at("t"), at("bare"), at("whole"), at("part")
    minor = MINOR_DIGITS.get(source.currency, 2)
    steps = {word: 10 ** (_PLACES - minor - zeros) for word, zeros in _SCALE.items()}
    step = bare.extract(_NUMBER, 3).look_up(steps, pl.Int64()).otherwise(10 ** (_PLACES - minor))
    sum_ = whole.integer() * 10**_PLACES + part.pad_end(_PLACES).head(_PLACES).integer()
    problem = (
        when(t.contains(SCIENTIFIC)).then(code(Problem.SCIENTIFIC))
        .when(t.contains(r"^\(.*\)$|^[¥$€£]? *[-−–]|-$")).then(code(Problem.NEGATIVE))
        .when(whole.length() > MOST_DIGITS).then(code(Problem.RANGE))
        .when(at("v").absent() & t.present()).then(code(Problem.UNREADABLE))
    )  # fmt: skip
    return (
        at.let(bare=t.replace_all(_DECORATION, "")),
        at.let(number=bare.extract(_NUMBER, 1), part=bare.extract(_NUMBER, 2).otherwise(""), step=step),
        at.let(whole=when((at("number") != "") | (part != "")).then("0" + at("number").replace_all(",", ""))),
        at.let(whole=whole.strip_start("0").replace("^$", "0")),
        at.let(sum=when(whole.length() <= MOST_DIGITS).then(sum_)),
        at.let(v=(at("sum") + at("step") // 2) // at("step")),
        at.let(p=problem),
        judged(at),
    )


def term_stages(at: Names, source: SourceContext) -> Stages:
    """Months as Int64: `36`, `36期`, `36个月`, `36 months`, `3年`, `3 years`."""
    del source
    t, v = at("t"), at("v")
    number = t.extract(r"(?i)^([0-9]{1,4})(?:\.0+)? *(?:期|个月|月|M|MO|MOS|MONTHS?|年|Y|YRS?|YEARS?)?$", 1)
    months = when(t.contains(r"(?i)(?:年|Y|YRS?|YEARS?)$")).then(12).otherwise(1)
    problem = (
        when(v.absent() & t.present()).then(code(Problem.UNREADABLE))
        .when((v < 1) | (v > TERM_LIMIT)).then(code(Problem.RANGE))
    )  # fmt: skip
    return at.let(v=number.integer() * months), at.let(p=problem), judged(at)
