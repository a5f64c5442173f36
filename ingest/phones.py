"""Telephone numbers: any spelling to E.164, and what the number itself tells (sort, area, block of a hundred)."""

from typing import Final

import polars as pl

from ingest.codes import Problem
from ingest.columns import Names, Rule, Stages, code
from ingest.countries import OWN_RULES
from ingest.numbering import parse_number, read_numbers, sorts_of_numbers
from ingest.rules import coalesce, lit, when
from ingest.source import SourceContext
from ingest.text import MASKED, SCIENTIFIC

BLOCK: Final = 100
_SEVERAL: Final = r"^[^/;,|、]*[0-9]{5}[^/;,|、]*[/;,|、].*[0-9]{5}|^1[3-9][0-9]{9} 1[3-9][0-9]{9}$"
_EXTENSION: Final = r"(?i) *(?:extension|ext\.?|x|转|分机|#) *:? *[0-9]{1,6}$"
_CN_MOBILE: Final = r"^(?:\+?86|0086|0)?(1[3-9][0-9]{9})$"
_CN_FIXED: Final = r"^(?:(?:\+86|0086|86)0?|0)((?:10|2[0-9])[0-9]{8}|[3-9][0-9]{2}[0-9]{7,8})$"
_CN_SERVICE: Final = r"^(?:\+?86|0086)?([48]00[0-9]{7})$"
_US: Final = r"^(?:\+1|001|1)?([2-9][0-9]{2}[2-9][0-9]{6})$"
_SAME_DIGITS: Final = "|".join(f"{d}{{7,}}$" for d in range(10))
_PLACEHOLDER: Final = rf"^(?:\+?86|\+?1)?(?:{_SAME_DIGITS}|1[3-9]0{{9}}$|0?123456789?0?$)"
_SEVERAL_ABROAD: Final = r"^(?:[^/;,|、0-9]*[0-9]){7}[^/;,|、]*[/;,|、](?:.*[0-9]){7}"
_TRUNK: Final = r"^(\+[0-9]{1,3}) *\(0\)"
_PLACEHOLDER_ABROAD: Final = rf"^(?:\+?[0-9]{{1,4}})?(?:{_SAME_DIGITS}|0{{7,}}$)|^(?:\+[0-9]{{2}}|0)?123456789?0?$"
_FIXED_LINE: Final = r"^\+86(10|2[0-9]|[3-9][0-9]{2})[0-9]{7,8}$"


def phone_stages(at: Names, source: SourceContext) -> Stages:
    """E.164 text ("+8613800138000") and a problem code for each tidy text."""
    t = at("t")
    own = source.country in OWN_RULES
    several = t.contains(_SEVERAL if own else _SEVERAL_ABROAD)
    first = t.extract(r"^([^/;,|、]*?[0-9]{11}|[^/;,|、]*[0-9][^/;,|、]*)" if own else r"^([^/;,|、]+)", 1)
    note = when(at("bad").absent() & several).then(code(Problem.SEVERAL)).otherwise(at("bad"))
    return (
        at.let(one=when(several).then(first).otherwise(t).replace(r"^([0-9]+)\.0+$", "$1")),
        *(_own_stages(at, source.country) if own else _stages_abroad(at, source.country)),
        at.let(bad=_problem(at, _PLACEHOLDER if own else _PLACEHOLDER_ABROAD)),
        at.let(value=when(at("bad").absent()).then(at("e164")), problem=note),
    )


def _problem(at: Names, placeholder: str) -> Rule:
    t, bare, e164 = at("t"), at("bare"), at("e164")
    return (
        when(t.contains(SCIENTIFIC)).then(code(Problem.SCIENTIFIC))
        .when(t.contains(MASKED)).then(code(Problem.MASKED))
        .when(bare.contains(placeholder)).then(code(Problem.PLACEHOLDER))
        .when(e164.absent() & bare.contains(r"^[2-9][0-9]{6,7}$")).then(code(Problem.NO_AREA_CODE))
        .when(e164.absent() & t.present()).then(code(Problem.UNREADABLE))
    )  # fmt: skip


def _own_stages(at: Names, country: str) -> Stages:
    bare, e164 = at("bare"), at("e164")
    strange = e164.absent() & at("one").contains("(?:[0-9][^0-9]*){5}")
    return (
        at.let(bare=at("one").replace(_EXTENSION, "").replace_all(r"[ ()\-.·_]", "")),
        at.let(e164=_common_form(bare, country)),
        at.let(strange=when(strange).then(at("one"))),
        at.let(e164=coalesce(e164, _by_library(at("strange"), country))),
    )


def _stages_abroad(at: Names, country: str) -> Stages:
    """A slash, or a dash of any kind, stands between the area code and the rest."""
    bare = at("bare")
    digits = when(bare.contains("^[+]?[0-9]{5,}$")).then(bare)
    return (
        at.let(bare=at("one").replace(_EXTENSION, "").replace(_TRUNK, "$1").replace(r"^[A-Za-z.: ]+", "")),
        at.let(bare=bare.replace_all(r"[ ()\-.·_/–—]", "")),
        at.let(e164=digits.work_out(lambda texts: read_numbers(texts, country), pl.String())),
    )


def _common_form(bare: Rule, country: str) -> Rule:
    if country == "US":
        return "+1" + bare.extract(_US, 1)
    mobile, fixed, service = (bare.extract(form, 1) for form in (_CN_MOBILE, _CN_FIXED, _CN_SERVICE))
    return "+86" + coalesce(mobile, fixed, service)


def _by_library(texts: Rule, country: str) -> Rule:
    """Ask the library about the few spellings that the common forms do not cover."""
    return texts.work_out(lambda values: [parse_number(text, country) for text in values], pl.String())


def phone_fact_stages(at: Names) -> Stages:
    """label, block, offset, region, sort of each E.164 value `v`; functions of the value alone.

    `block` is the number without its last two digits; `region` is the area code of a fixed line.
    """
    v, mobile, fixed, area = at("v"), at("mobile"), at("fixed"), at("area")
    sort = when(mobile).then(lit("mobile")).when(fixed).then(lit("fixed")).otherwise(lit("other"))
    plain = v.replace(r"^\+(?:86|1)", "").replace(r"^(.{3}).*(.{4})$", "$1****$2")
    return (
        at.let(
            mobile=v.contains(r"^\+861[3-9][0-9]{9}$"),
            fixed=v.contains(_FIXED_LINE) & ~v.contains(r"^\+86(?:1[3-9][0-9]{9}|[48]00[0-9]{7})$"),
            elsewhere=when(~v.contains(r"^\+(?:86|1)")).then(v).work_out(sorts_of_numbers, pl.String()),
            area=coalesce(v.extract(_FIXED_LINE, 1), v.extract(r"^\+1([0-9]{3})", 1)),
        ),
        at.let(
            label=when(fixed).then("0" + area + "-****" + v.tail(4)).otherwise(plain),
            block=v.head(-2),
            offset=v.tail(2).integer(),
            region=when(fixed | v.contains(r"^\+1")).then(area),
            sort=coalesce(at("elsewhere"), sort),
        ),
    )
