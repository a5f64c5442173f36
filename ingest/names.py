"""Names of people: one spelling, the surname, and the mask that people see."""

from typing import Final

from ingest.abroad import folded
from ingest.codes import Problem
from ingest.columns import Names, Stages, code, judged
from ingest.countries import OWN_RULES
from ingest.rules import when
from ingest.source import SourceContext
from ingest.text import HAN, LETTERS, MASKED

_COMPOUND_SURNAMES: Final = """
欧阳 司马 诸葛 上官 夏侯 东方 皇甫 尉迟 公孙 慕容 司徒 令狐 宇文 长孙 南宫 端木 轩辕 百里 呼延 独孤 西门 东郭
公羊 澹台 濮阳 淳于 太叔 申屠 钟离 闻人 赫连 鲜于 闾丘 司空 仲孙 亓官 司寇 子车 颛孙 巫马 公西 漆雕 乐正 壤驷
公良 拓跋 夹谷 宰父 谷梁 段干 南门 左丘 第五 纳兰 完颜 歐陽 司馬 諸葛 東方
"""
COMPOUND_SURNAMES: Final = tuple(_COMPOUND_SURNAMES.split())
_HAN: Final = f"^[{HAN}·]+$"
_DOTS: Final = " *[·•‧∙⋅・･.。] *"
_COMPOUND: Final = f"^(?:{'|'.join(COMPOUND_SURNAMES)})[{HAN}]"
_SUFFIX: Final = r",? (?:JR|SR|II|III|IV|MD|PHD|ESQ)\.?$"
_HONORIFIC: Final = r"(?:先生|女士|小姐)$"


def name_stages(at: Names, source: SourceContext) -> Stages:
    """Upper-case names without inner spaces in Chinese ones, `SMITH, JOHN` turned round; markup stays as plain text.

    Traditional characters stay as they are: they may be the person's registered name.
    """
    t = at("t")
    han = t.contains(f"^[{HAN} ·•‧∙⋅・･.。]+$")
    chinese = t.replace_all(_DOTS, "·").replace_all(" ", "").strip("·")
    chinese = chinese.replace(_HONORIFIC, "")
    latin = t.upper().nfkc().replace(_SUFFIX, "")
    latin = latin.replace(r"^([^,]+), ?([^,]+)$", "$2 $1").replace_all(" +", " ").strip(" ")
    western = latin if source.country in OWN_RULES else folded(latin, source.country)
    value = when(han).then(chinese).otherwise(western).nfkc()
    empty = t.present() & (at("v").absent() | ~at("v").contains(f"[{LETTERS}]") | ~t.contains(f"[{LETTERS}]"))
    problem = (
        when(t.contains(MASKED)).then(code(Problem.MASKED))
        .when(empty).then(code(Problem.UNREADABLE))
    )  # fmt: skip
    return at.let(v=value), at.let(p=problem), judged(at)


def name_fact_stages(at: Names) -> Stages:
    """surname and label of each clean name `v`: first character, or compound surname, or last word; 张**."""
    v, han = at("v"), at("han")
    surname = (
        when(han & v.contains("·")).then(v.extract(r"([^·]+)$", 1))
        .when(han & v.contains(_COMPOUND)).then(v.head(2))
        .when(han).then(v.head(1))
        .otherwise(v.extract(r"([^ ]+)$", 1))
    )  # fmt: skip
    stars = v.head(1) + v.slice(1, 7).replace_all(r"[^·]", "*")
    words = v.head(40).replace_all(r"([^ ])[^ ]+", "$1***")
    return (
        at.let(han=v.contains(_HAN)),
        at.let(surname=surname, label=when(han).then(stars).otherwise(words)),
    )
