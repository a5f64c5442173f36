"""Money to integer minor units and counts to integers; never through a float."""

from typing import Final

import polars as pl

from ingest.codes import Problem
from ingest.columns import Names, Stages, code, judged
from ingest.countries import MINOR_DIGITS, OWN_RULES
from ingest.rules import when
from ingest.source import SourceContext
from ingest.text import SCIENTIFIC

_DECORATION: Final = (
    r"(?i)^(?:人民币|RMB|CNY|USD|US|EUR|HKD)? *[¥$€£]? *| *(?:元整|元|圆|块|RMB|CNY|USD)?(?:/月|每月|/MO(?:NTH)?)?$"
)
_NUMBER: Final = r"^([0-9]{1,3}(?:,[0-9]{3})+|[0-9]+(?:,[0-9]{4})*|[0-9]*)(?:\.([0-9]{0,12}))? *(万|千|[KkMm])?(?:元)?$"
_SCALE: Final = {"万": 4, "千": 3, "K": 3, "k": 3, "M": 6, "m": 6} | {
    "TSD": 3, "TSD.": 3, "NGHÌN": 3, "NGÀN": 3, "MIO": 6, "MIO.": 6, "TRIỆU": 6, "TR": 6,
}  # fmt: skip
_PLACES: Final = 8
"""Decimal places kept while a number is read: enough for millions in minor units."""
_PLACES_ABROAD: Final = {0: 6, 2: 8, 3: 9}
"""By digits of the minor unit: room for millions, and for the longest number in 64 bits."""
MOST_DIGITS: Final = 9
MOST_WITHOUT_CENTS: Final = 12
"""Digits before the decimal mark; a car costs a billion dong."""
_NEGATIVE: Final = r"^\(.*\)$|^[¥$€£]? *[-−–]|-$"
_NEGATIVE_ABROAD: Final = r"^\(.*\)$|^[^0-9]*[-−–] *[.,]?[0-9]|[0-9] *-$"
_SIGN: Final = "[¥$€£₫₹₩₺₽฿₱₪₦₴₲₡₵₸₼]"
_SIGN_BEFORE: Final = rf"^(?:[A-Z]{{2,4}}\.?|[A-Z]?{_SIGN}|FR\.|KR\.?) *{_SIGN}? *"
_SIGN_BEHIND: Final = (
    rf"(?:[.,][-–—]{{1,2}})?(?: *(?:{_SIGN}|EUROS?|[A-Z]{{3}}|VNĐ|Đ|ĐỒNG|ZŁ|KČ|KR\.?|FT|FR\.?|LEI))?"
    r"(?: *(?:/|P\.|PRO|AL|PAR|AO|PER) *(?:MONAT|MTL?\.?|MES|MOIS|MESE|MÊS|MAAND|THÁNG|MONTH|MO))?$"
)
_FIGURES: Final = r"^([0-9.,][0-9., '’]*[0-9.,]|[0-9]) *(TSD\.?|MIO\.?|K|NGHÌN|NGÀN|TRIỆU|TR)?$"
_SPACED: Final = r"^[0-9]{1,3}(?:[ '’][0-9]{3})+(?:[.,][0-9]*)?$"
TERM_LIMIT: Final = 600


def money_stages(at: Names, source: SourceContext) -> Stages:
    """Minor units (Int64; half rounds up) and problem codes: currency signs, thousands separators, 万 and k."""
    t, whole, part = at("t"), at("whole"), at("part")
    own = source.country in OWN_RULES and source.decimal_mark() == "."
    minor = MINOR_DIGITS.get(source.currency, 2)
    places = _PLACES if own else _PLACES_ABROAD[minor]
    most = MOST_DIGITS if own or minor else MOST_WITHOUT_CENTS
    sum_ = whole.integer() * 10**places + part.pad_end(places).head(places).integer()
    problem = (
        when(t.contains(SCIENTIFIC)).then(code(Problem.SCIENTIFIC))
        .when(t.contains(_NEGATIVE if own else _NEGATIVE_ABROAD)).then(code(Problem.NEGATIVE))
        .when(whole.length() > most).then(code(Problem.RANGE))
        .when(at("v").absent() & t.present()).then(code(Problem.UNREADABLE))
    )  # fmt: skip
    return (
        *(_number_stages(at) if own else _number_stages_abroad(at, source.decimal_mark(), minor)),
        at.let(step=at("word").look_up(_steps(places - minor), pl.Int64()).otherwise(10 ** (places - minor))),
        at.let(whole=whole.strip_start("0").replace("^$", "0")),
        at.let(sum=when(whole.length() <= most).then(sum_)),
        at.let(v=(at("sum") + at("step") // 2) // at("step")),
        at.let(p=problem),
        judged(at),
    )


def _steps(places: int) -> dict[str, int]:
    return {word: 10 ** (places - zeros) for word, zeros in _SCALE.items() if zeros <= places}


def _number_stages(at: Names) -> Stages:
    """Digits before and behind the point, and the word of scale."""
    bare, number, part = at("bare"), at("number"), at("part")
    return (
        at.let(bare=at("t").replace_all(_DECORATION, "")),
        at.let(
            number=bare.extract(_NUMBER, 1), part=bare.extract(_NUMBER, 2).otherwise(""), word=bare.extract(_NUMBER, 3)
        ),
        at.let(whole=when((number != "") | (part != "")).then("0" + number.replace_all(",", ""))),
    )


def _number_stages_abroad(at: Names, decimal: str, minor: int) -> Stages:
    """The same of numbers whose cents may stand behind a comma.

    A mark that can be only one of the two is read as what it is, wherever the book comes from. One mark before three
    digits can be both: as the country writes it that is thousands, and the other way round nobody could tell.
    """
    bare, figures, number = at("bare"), at("figures"), at("number")
    single = figures.contains(r"^[1-9][0-9]{0,2}[.,][0-9]{3}$")
    cents = figures.contains(rf"^[0-9]+[{decimal}]") if minor == len("000") else figures.contains("^$")
    doubtful = figures.contains(rf"[{decimal}]") if minor else figures.contains("^$")
    thousands = figures.contains(r"^[1-9][0-9]{0,2}(?:(?:\.[0-9]{3}){2,}|(?:,[0-9]{3}){2,})$") | (single & ~cents)
    last = figures.extract(
        r"^(?:[0-9]+|[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]*|[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]*|[0-9]*[.,][0-9]*)$", 0
    )
    clear = when(~(single & doubtful & ~cents)).then(figures)
    return (
        at.let(bare=at("t").upper().replace(_SIGN_BEFORE, "").replace(_SIGN_BEHIND, "")),
        at.let(figures=bare.extract(_FIGURES, 1), word=bare.extract(_FIGURES, 2)),
        at.let(figures=when(figures.contains(_SPACED)).then(figures.replace_all("[ '’]", "")).otherwise(figures)),
        at.let(
            number=when(thousands).then(clear.replace_all("[.,]", "")).otherwise(last.replace(r"[.,]([0-9]*)$", "|$1"))
        ),
        at.let(part=number.extract(r"\|([0-9]{0,12})$", 1).otherwise("")),
        at.let(whole=when(number.contains("[0-9]")).then("0" + number.replace(r"\|.*$", "").replace_all("[.,]", ""))),
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
