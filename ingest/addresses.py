"""Postal addresses: one spelling at the level of the flat, the building it stands in, and the mask that people see."""

from typing import Final

from ingest.abroad import folded, place
from ingest.codes import Problem
from ingest.columns import Names, Rule, Stages, code, judged
from ingest.countries import OWN_RULES
from ingest.places import MUNICIPALITIES
from ingest.rules import coalesce, when
from ingest.source import SourceContext
from ingest.text import HAN, LETTERS, STARS

LEAST_CHARACTERS: Final = 4
_MUNICIPAL: Final = "|".join(MUNICIPALITIES)
_WORDS: Final = {
    "STREET": "ST", "AVENUE": "AVE", "AV": "AVE", "BOULEVARD": "BLVD", "ROAD": "RD", "DRIVE": "DR",
    "LANE": "LN", "COURT": "CT", "PLACE": "PL", "CIRCLE": "CIR",
    "TERRACE": "TER", "HIGHWAY": "HWY", "PARKWAY": "PKWY", "SQUARE": "SQ",
    "TRAIL": "TRL",
    "NORTH": "N", "SOUTH": "S", "EAST": "E", "WEST": "W", "NORTHEAST": "NE", "NORTHWEST": "NW", "SOUTHEAST": "SE",
    "SOUTHWEST": "SW", "APARTMENT": "#", "APT": "#", "UNIT": "#", "SUITE": "#", "STE": "#", "ROOM": "#", "RM": "#",
    "BUILDING": "BLDG", "FLOOR": "FL", "SAINT": "ST", "MOUNT": "MT", "FORT": "FT",
}  # fmt: skip
"""Common abbreviations of USPS Publication 28, appendices B, C and F."""


def address_stages(at: Names, source: SourceContext) -> Stages:
    """One key for the spellings of one flat, and a problem code where there is no address."""
    t, han = at("u"), at("han")
    western = when(~han).then(t)
    latin = _latin(western) if source.country in OWN_RULES else place(folded(western, source.country), source.country)
    value = coalesce(_chinese(when(han).then(t)), latin).nfkc()
    problem = (
        when(at("t").contains(STARS)).then(code(Problem.MASKED))
        .when(t.present() & ~at("v").contains(f"[{LETTERS}]")).then(code(Problem.UNREADABLE))
        .when(at("v").length() < LEAST_CHARACTERS).then(code(Problem.UNREADABLE))
    )  # fmt: skip
    return (
        at.let(u=at("t").upper().nfkc()),
        at.let(han=t.contains(f"[{HAN}]")),
        at.let(v=value),
        at.let(p=problem),
        judged(at),
    )


def _chinese(t: Rule) -> Rule:
    key = t.replace_all(r"[ ,.;:'\"、。()\[\]【】<>_|/\\]", "").replace_all(r"[—–~]", "-")
    key = key.replace(r"^(?:中华人民共和国|中国)+", "").replace(f"^(?:[{HAN}]{{2,8}}?(?:省|自治区))+", "")
    key = key.replace(rf"^(?:(?:{_MUNICIPAL})市?)*({_MUNICIPAL})市?(?:市辖区)?", "${1}市")
    key = key.replace_all(r"([0-9]|[A-Z])(?:号楼|栋|幢|座|#楼|#)", "${1}栋")
    key = key.replace(r"([0-9])(?:号房间|号房|房间|房|室)$", "$1")
    key = key.replace(r"([^0-9][0-9]+)-([0-9]+)-([0-9]+)$", "${1}栋${2}单元${3}").replace(
        r"([^0-9][0-9]+)-([0-9]{3,4})$", "${1}栋$2"
    )
    return key


def _latin(t: Rule) -> Rule:
    words = t.replace_all(r"['`]", "").replace_all(r"[,.;:()\"]", " ").replace_all("#", " # ")
    words = words.replace_all(r"\b([0-9]{5})-[0-9]{4}$", "$1")
    # every word stands between its own two blanks, so that one pass of a multi-pattern search sees each of them
    padded = "  " + words.replace_all(" +", "  ") + "  "
    short = padded.replace_words({f" {word} ": f" {short} " for word, short in _WORDS.items()})
    return short.replace_all(r" +", " ").strip(" ").replace_all(r"# (?:# )+", "# ")


def address_fact_stages(at: Names) -> Stages:
    """building (null where none can be told) and label (city and district, or state and three ZIP digits)."""
    v = at("v")
    han = v.contains(f"[{HAN}]")
    chinese = coalesce(v.extract(r"^(.*(?:[0-9]|[A-Z])栋)", 1), v.extract(r"^(.*?[0-9]+(?:号院|号|弄))", 1))
    latin = (
        when(v.contains(r"^[0-9]+[A-Z]? ")).then(v.replace(r" # ?[^ ]+", ""))
        .when(v.contains(r"[0-9][^,]*, ")).then(v.replace(r" #[^,]*,", ","))
    )  # fmt: skip
    town = v.extract(r"[0-9][^,]*, ([^,0-9]+)$", 1)
    district = v.extract(f"^((?:[{HAN}]{{2,10}}?(?:市|州|盟|地区))?(?:[{HAN}]{{1,8}}?(?:区|县|旗|市))?)", 1)
    state = v.extract(r" ([A-Z]{2} ?[0-9]{3})[0-9]{2}$", 1)
    masked = when(han).then(district.otherwise("") + "****").otherwise("**** " + coalesce(state, town).otherwise(""))
    return (at.let(building=when(han).then(chinese).otherwise(latin), label=masked.strip(" ")),)
