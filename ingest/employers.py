"""Employers: the full spelling, and its core without legal form and place, which only proposes candidates."""

from typing import Final

from ingest.abroad import firm, folded
from ingest.codes import Problem
from ingest.columns import Names, Stages, code, judged
from ingest.countries import OWN_RULES
from ingest.places import CITIES, MUNICIPALITIES, PROVINCES
from ingest.rules import when
from ingest.source import SourceContext
from ingest.text import HAN, LETTERS, STARS

_PLACES: Final = "|".join((*PROVINCES, *MUNICIPALITIES, *sorted(CITIES, key=len, reverse=True)))
_PLACE_PREFIX: Final = f"^(?:[{HAN}]{{2,6}}?(?:自治区|自治州)|(?:{_PLACES})(?:省|市)?|[{HAN}]{{2,3}}[省市])"
_BRACKETS: Final = r"[(\[{<【〈《「][^)\]}>】〉》」]*[)\]}>】〉》」]"
CN_FORMS: Final = (
    r"(?:股份有限责任公司|有限责任公司|股份有限公司|集团有限公司|有限公司|有限责任|股份公司|总公司|分公司|子公司|公司|集团"
    r"|个体工商户|有限合伙|合伙企业|经营部|营业部)$"
)
_US_FORMS: Final = (
    r" (?:INCORPORATED|INC|LLC|L L C|CORPORATION|CORP|COMPANY|CO|LIMITED|LTD|LLP|L L P|LP|L P|PLLC|PLC|PC|P C|GMBH|NA)$"
)


def employer_stages(at: Names, source: SourceContext) -> Stages:
    """The full spelling: upper case, brackets of one kind, Chinese without spaces, Latin without punctuation."""
    t = at("u")
    han = t.contains(f"[{HAN}]")
    chinese = t.replace_all(r"[ ,.;:'\"·、。]", "").replace_all(r"[\[{【〈〔]", "(").replace_all(r"[\]}】〉〕]", ")")
    latin = t.replace_all(r"['’`.]", "").replace_all(r"[,;:\"/]", " ").replace_all(r"&", " & ")
    latin = latin.replace_all(" +", " ").strip(" ")
    western = latin if source.country in OWN_RULES else firm(folded(latin, source.country))
    value = when(han).then(chinese).otherwise(western).nfkc()
    problem = (
        when(at("t").contains(STARS)).then(code(Problem.MASKED))
        .when(t.present() & ~at("v").contains(f"[{LETTERS}0-9]")).then(code(Problem.UNREADABLE))
    )  # fmt: skip
    return at.let(u=at("t").upper().nfkc()), at.let(v=value), at.let(p=problem), judged(at)


def employer_fact_stages(at: Names) -> Stages:
    """core and label of each clean spelling `v`. The core falls back to the spelling where nothing would remain."""
    v, han, zh, en = at("v"), at("han"), at("zh"), at("en")
    shorter = at("shorter")
    place = (
        at.let(shorter=zh.replace(_PLACE_PREFIX, "")),
        at.let(zh=when(shorter.length() >= 2).then(shorter).otherwise(zh)),
    )
    legal = at.let(en=en.strip(" -").replace(_US_FORMS, ""))
    core = when(han).then(zh).otherwise(en).strip(" -")
    return (
        at.let(han=v.contains(f"[{HAN}]"), plain=v.replace_all(_BRACKETS, "")),
        at.let(
            zh=when(han).then(at("plain")).replace(CN_FORMS, "").replace(CN_FORMS, ""),
            en=when(~han).then(at("plain")).replace(r"^THE ", "").replace(r"^.* (?:DBA|D B A) ", ""),
        ),
        *place,  # province
        *place,  # city
        legal,
        legal,  # SMITH CO INC
        at.let(core=core),
        at.let(core=when(at("core").length() >= 2).then(at("core")).otherwise(v), label=v.head(60)),
    )
