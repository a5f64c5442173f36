"""Dates and times in many spellings to microseconds UTC, by integer arithmetic over whole columns."""

from typing import Final

from ingest.codes import Problem
from ingest.columns import Names, Rule, Stages, code
from ingest.rules import coalesce, when
from ingest.source import SourceContext

MICROS: Final = 1_000_000
DAY: Final = 86_400 * MICROS
EXCEL_ORIGIN: Final = -25_569
"""1899-12-30, the day 0 of spreadsheets (1900 system), in days since 1970-01-01."""
EARLIEST: Final = -2_208_988_800 * MICROS  # 1900-01-01
LATEST: Final = 4_102_444_800 * MICROS  # 2100-01-01

_EXCEL: Final = r"^([2-7][0-9]{4})(?:\.([0-9]{1,12}))?$"  # 1954-10-03 .. 2118
_EPOCH: Final = r"^1[0-9]{9}(?:[0-9]{3}){0,2}$"
_PLAIN: Final = r"^[0-9]{4}[-/.年]"
_YMD: Final = r"^((?:18|19|20|21)[0-9]{2})([0-9]{2})([0-9]{2})"
_WEEKDAY: Final = r"^(?:[A-Za-z]{3,9}\.?,? +)?"
_REWRITTEN: Final = (
    (_YMD + r"[Tt ]?([0-9]{2}):?([0-9]{2}):?([0-9]{2})(.*)$", "$1-$2-$3 $4:$5:$6$7"),
    (_YMD + r"[Tt ]?([0-9]{2}):?([0-9]{2})$", "$1-$2-$3 $4:$5"),
    (_YMD + r"$", "$1-$2-$3"),
    (_WEEKDAY + r"([0-9]{1,2})(?:st|nd|rd|th)?[- ]+([A-Za-z]{3})[a-z]*\.?,?[- ]+([0-9]{4})\b(.*)$", "$3-$2-$1$4"),
    (_WEEKDAY + r"([A-Za-z]{3})[a-z]*\.? +([0-9]{1,2})(?:st|nd|rd|th)?,? +([0-9]{4})\b(.*)$", "$3-$1-$2$4"),
)
"""Forms that do not begin with the year and a mark -> forms that do."""
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_M: Final = "(0?[1-9]|1[0-2])"
_D: Final = "([0-9]{1,2})"
_MARK: Final = "[-/.]"
_MONTH_FIRST: Final = (f"^{_M}{_MARK}{_D}{_MARK}", "$3-$1-$2")
_DAY_FIRST: Final = (f"^{_D}{_MARK}{_M}{_MARK}", "$3-$2-$1")
_YEARS: Final = (("([0-9]{4})", ""), ("([0-2][0-9]|30)", "20"), ("([0-9]{2})", "19"))
_DATE: Final = r"^([0-9]{4}) *[-/.年] *([0-9]{1,2}) *[-/.月] *([0-9]{1,2})[日号]?"
_HOUR: Final = r"[Tt ,]*(?:上午|下午|凌晨|早上|中午|晚上)? *([0-9]{1,2})[:时点]([0-9]{1,2})"
_TAIL: Final = r" *(?i:[ap]\.?m\.?)? *(?i:Z|(?:UTC|GMT)?(?:[+-][0-9]{2}(?::?[0-9]{2})?)?)$"
_USUAL: Final = "^[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}(?: [0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?$"
"""What nearly every value looks like; the others take the longer way."""
_ISO: Final = (
    (rf"{_DATE}{_HOUR}[:分]([0-9]{{1,2}})[.,]([0-9]{{1,9}})秒?{_TAIL}", "$1-$2-$3 $4:$5:$6.$7"),
    (rf"{_DATE}{_HOUR}[:分]([0-9]{{1,2}})秒?{_TAIL}", "$1-$2-$3 $4:$5:$6.0"),
    (rf"{_DATE}{_HOUR}分?{_TAIL}", "$1-$2-$3 $4:$5:0.0"),
    (rf"{_DATE}$", "$1-$2-$3 0:0:0.0"),
)
_WHOLE: Final = r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2} [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}\.[0-9]{1,9}$"
_ZONE: Final = (
    r"[:时分][0-9.,]+[分秒]? *(?i:(Z|(?:UTC|GMT)(?:[+-][0-9]{2}(?::?[0-9]{2})?)?|[+-][0-9]{2}(?::?[0-9]{2})?))$"
)
_AFTERNOON: Final = r"(?:下午|晚上) *[0-9]|[0-9] *[pP]\.?[mM]\.?"
_MORNING: Final = r"[0-9] *[aA]\.?[mM]\.?"
HOUR: Final = 3600 * MICROS


def time_stages(at: Names, source: SourceContext) -> Stages:
    """Microseconds UTC and problem codes of tidy texts. Naive times are local to `source.timezone`.

    A time that the clocks skipped (start of summer time) is read as standard time; a doubled hour as its first pass.
    """
    value = (
        when(at("epoch").present()).then(at("epoch"))
        .when(at("shift").present()).then(at("local") - at("shift"))
        .otherwise(at("utc"))
    )  # fmt: skip
    return (
        *_local_stages(at, source.date_order),
        at.let(utc=at("local").to_utc(source.timezone), epoch=_epoch(at("t"))),
        at.let(gap=when(at("utc").absent()).then(at("local") - HOUR).to_utc(source.timezone) + HOUR),
        at.let(utc=coalesce(at("utc"), at("gap"))),
        at.let(v=value),
        *_judge_stages(at),
    )


def date_stages(at: Names, source: SourceContext) -> Stages:
    """Calendar dates as text YYYY-MM-DD and problem codes; a time of day is dropped."""
    return (
        *_local_stages(at, source.date_order),
        at.let(v=at("local")),
        *_judge_stages(at),
        at.let(value=at("value").calendar_day()),
    )


def _local_stages(at: Names, order: str) -> Stages:
    """From `t` to `local` (microseconds as if UTC), `shift` (stated offset), `odd` (no such day or hour)."""
    w, iso, zone = at("w"), at("iso"), at("zone")
    fancy, plain = at("fancy"), at("plain")
    written = fancy
    for pattern, form in _ISO:
        written = written.replace(pattern, form)
    usual = (
        when(plain.contains(":[0-9]{2}:")).then(plain + ".0")
        .when(plain.contains(":")).then(plain + ":0.0")
        .otherwise(plain + " 0:0:0.0")
    )  # fmt: skip
    offset = zone.replace_all("[^0-9]", "").pad_end(4).integer()
    minutes = (offset // 100) * 60 + offset % 100
    shift = when(zone.contains("-")).then(minutes * -1).otherwise(minutes) * (60 * MICROS)
    half_day = (
        when(at("pm") & (at("hour") < 12))
        .then(12 * HOUR)
        .when(at("am") & (at("hour") == 12))
        .then(-12 * HOUR)
        .otherwise(0)
    )
    part = at("t").extract(_EXCEL, 2).otherwise("0").pad_end(12).integer()
    seconds = (part * 86_400 + 500_000_000_000) // 1_000_000_000_000  # a serial number is exact to about a second
    sheet = (at("t").extract(_EXCEL, 1).integer() + EXCEL_ORIGIN) * DAY + seconds * MICROS
    return (
        at.let(other=when(~at("t").contains(_PLAIN)).then(at("t")).lower()),
        at.let(w=coalesce(_rewritten(at("other"), order), at("t"))),
        at.let(plain=when(w.contains(_USUAL)).then(w).replace_all("[/.]", "-")),
        at.let(fancy=when(plain.absent()).then(w)),
        at.let(
            iso=coalesce(usual, written),
            zone=fancy.extract(_ZONE, 1),
            pm=fancy.contains(_AFTERNOON),
            am=fancy.contains(_MORNING),
        ),
        at.let(clock=iso.moment(), shift=shift, sheet=sheet),
        at.let(hour=(at("clock") // HOUR) % 24),
        at.let(
            local=coalesce(at("clock") + half_day, at("sheet")),
            odd=at("clock").absent() & iso.contains(_WHOLE),
        ),
    )


def _rewritten(text: Rule, order: str) -> Rule:
    """Year first, month as a number. Of two readings `order` decides, a number above 12 decides against it."""
    for pattern, form in _REWRITTEN:
        text = text.replace(pattern, form)
    text = text.replace_words({f"-{month}-": f"-{n}-" for n, month in enumerate(_MONTHS, 1)})
    if order == "YMD":
        text = text.replace(r"^([0-9]{2})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})( |$)", "20$1-$2-$3$4")
    readings = (_MONTH_FIRST, _DAY_FIRST) if order == "MDY" else (_DAY_FIRST, _MONTH_FIRST)
    for start, form in readings:
        for year, century in _YEARS:
            text = text.replace(rf"{start}{year}\b", form.replace("$3", f"{century}${{3}}"))
    return text


def _epoch(text: Rule) -> Rule:
    """Seconds (10 digits), milliseconds (13) or microseconds (16) since 1970."""
    number = when(text.contains(_EPOCH)).then(text).integer()
    digits = text.length()
    return when(digits == 10).then(number * MICROS).when(digits == 13).then(number * 1000).otherwise(number)


def _judge_stages(at: Names) -> Stages:
    v, odd = at("v"), at("odd").sure()
    inside = (v >= EARLIEST) & (v < LATEST)
    problem = (
        when(odd | (v.present() & ~inside)).then(code(Problem.IMPOSSIBLE))
        .when(v.absent() & at("t").present()).then(code(Problem.UNREADABLE))
    )  # fmt: skip
    return (at.let(value=when(inside & ~odd).then(v), problem=problem),)
