"""National IDs: 15 and 18 digits to one form, US numbers, and what an ID tells by itself."""

from typing import Final

from ingest.checkdigits import resident_check
from ingest.codes import Problem
from ingest.columns import Names, Stages, code, judged
from ingest.countries import OWN_RULES
from ingest.rules import coalesce, lit, when
from ingest.source import SourceContext
from ingest.text import MASKED, SCIENTIFIC

_CN18: Final = r"^[0-9]{17}[0-9X]$"
_CN15: Final = r"^[0-9]{15}$"
_US9: Final = r"^[0-9]{9}$"
_DOCUMENT: Final = r"^[A-Z]{1,3}[0-9]{6,12}[0-9A-Z]?$"  # passports, travel permits of Hong Kong, Macao, Taiwan
_NEVER_ISSUED: Final = r"^(?:000|666|9[0-9]{2}[0-6]|[0-9]{3}00|[0-9]{5}0000$|078051120|457555462|219099999)"
_PLACEHOLDER: Final = "^(?:" + "|".join(f"{d}{{8,}}X?$" for d in range(10)) + ")|^123456789(?:0123456789?.?)?$"
_PLACEHOLDER_ABROAD: Final = "^[A-Z]?(?:" + "|".join(f"{d}{{5,}}[A-Z]?$" for d in range(10)) + ")|^0?12345678(?:9|$)"
_MASKED_ABROAD: Final = r"[*●•]|[xX]{5}"
"""Three X may stand in a number of letters and digits."""
_OPAQUE: Final = "^[A-Z0-9]{5,20}$"
_NUMBERED: Final = "(?:[0-9].*){4}|^.{8,}$"
"""Four digits; a long number of letters and digits, as German cards have, may have fewer."""


def national_id_stages(at: Names, source: SourceContext) -> Stages:
    """Canonical IDs and problem codes; a 15-digit resident ID becomes the 18 characters of the same person.

    A failing check digit is no problem here: it is a fact of the value (`id_fact_stages`).
    """
    if source.country not in OWN_RULES:
        return _stages_abroad(at, source.country)
    t, bare, v = at("t"), at("bare"), at("v")
    shapes = f"{_CN18}|{_CN15}|{_DOCUMENT}" if source.country == "CN" else f"{_CN18}|{_US9}|{_DOCUMENT}"
    old = when(v.contains(_CN15)).then(v.head(6) + "19" + v.slice(6))
    rounded = when(v.contains(r"^[0-9]{15}000$")).then(v)
    problem = (
        when(t.contains(SCIENTIFIC)).then(code(Problem.SCIENTIFIC))
        .when(t.contains(MASKED)).then(code(Problem.MASKED))
        .when(bare.contains(_PLACEHOLDER)).then(code(Problem.PLACEHOLDER))
        .when(at("due") != "0").then(code(Problem.PRECISION))
        .when(v.absent() & t.present()).then(code(Problem.UNREADABLE))
    )  # fmt: skip
    return (
        at.let(bare=t.replace(r"^([0-9]+)\.0+$", "$1").replace_all(r"[ \-_.'`]", "").upper()),
        at.let(v=when(bare.contains(shapes)).then(bare)),
        at.let(old=old),  # the century goes in after the region, the check digit at the end (GB 11643-1999)
        at.let(v=coalesce(at("old") + resident_check(at("old")), v)),
        at.let(due=resident_check(rounded.head(17))),
        at.let(p=problem),
        judged(at),
    )


def _stages_abroad(at: Names, country: str) -> Stages:
    """Opaque tokens behind the country's code, so that no number is taken for one of China's or America's."""
    t, bare = at("t"), at("bare")
    sound = bare.contains(_OPAQUE) & bare.contains("[0-9]") & bare.contains(_NUMBERED)
    problem = (
        when(t.contains(SCIENTIFIC)).then(code(Problem.SCIENTIFIC))
        .when(t.contains(_MASKED_ABROAD)).then(code(Problem.MASKED))
        .when(bare.contains(_PLACEHOLDER_ABROAD)).then(code(Problem.PLACEHOLDER))
        .when(t.present() & ~sound).then(code(Problem.UNREADABLE))
    )  # fmt: skip
    return (
        at.let(bare=t.upper().replace(f"^{country}:", "").replace(r"^([0-9]+)\.0+$", "$1")),
        at.let(bare=bare.replace_all(r"[ \-_.'`/–—]", "")),
        at.let(v=f"{country}:" + bare, p=problem),
        judged(at),
    )


def id_fact_stages(at: Names) -> Stages:
    """label, region, birth (YYYY-MM-DD or null) and check of each canonical ID `v`; functions of the value alone."""
    v, resident, born = at("v"), at("resident"), at("born")
    birth = when(resident).then(v).slice(6, 8).day()
    check = (
        when(born.present() & (at("due") == v.tail(1))).then(lit("ok"))
        .when(resident).then(lit("bad"))
        .when(v.contains(_US9) & v.contains(_NEVER_ISSUED)).then(lit("bad"))
    )  # fmt: skip
    whole = v.replace(r"^(.{6}).*(.{4})$", "$1********$2")
    return (
        at.let(resident=v.contains(_CN18)),
        at.let(
            due=resident_check(when(resident).then(v.head(17))),
            born=when((birth >= "1880") & (birth < "2100")).then(birth),
        ),
        at.let(
            label=when(resident).then(whole).otherwise("****" + v.tail(4)),
            region=when(resident).then(v.head(6)),
            birth=born,
            check=check,
        ),
    )
