"""Headings in Latin letters that spell Chinese words: shenqingbianhao, shenqingbh and sqbh are all 申请编号."""

import re
from functools import lru_cache
from typing import Final

from ingest.vocabulary import CONCEPTS_ZH, FIELD_WORDS, PERSONS, STRANGERS

_TABLE: Final = """
an案 ban办 bao保报 bei备 ben本 bi币比 bian变编 biao标表 bie别 can参 ce册 chan产 chang厂常长 che车 cheng城成承称程
chi持 chu出除 da大 dai代贷 dan单担 dang当 dao到导道 de的 deng登 di地底抵 dian店电 ding订 dong动 du度 duan段端 e额
er二 fa发 fang放方 fei费 fen份分 fou否 fu付 gai改 gang岗 ge个格 geng更 gong供公共工 gou构购 gu估固雇顾 guan关
guang广 guo国果 hang行 hao号 he合核 hou后 hu户 hua话 huan还 hui会 hun婚 huo或获 ji急机籍级记 jia价加家架 jian件荐间
jiao交教缴 jie介借结 jin紧近进金 jing经 jiu就旧 ju居据 jue拒绝 jun均 ka卡 kai开 kao考 ke客 kou口扣 ku库 kuai会
kuan款 kuang况 kuo扩 lai来 lei类 li例利历理里 lian联 liang辆量 ling龄 liu流 lu录率 lun论 luo络裸 lv率 ma码 mei每
men门 min民 ming名明 na纳 nei内 nian年 nin您 ou偶 pai排牌 pan盘 pao跑 pei配 peng朋 pi批 piao票 pin品 ping评 qi戚期汽
qian前签 qin亲 qing请 qu区渠 quan全 que确 ren人任认 ri日 rong容融 ru入 se色 shan删 shang上商 shao绍 she社设
shen审申身 sheng生省 shi事失市式时是识驶 shou受售手收首 shu属数 shui水税 shuo说 si司 suo所 tai态 ti提 tian添 ting庭
tong同统通 tu途 tui推 wan完 wei位谓 wen纹问 wo我 wu务 xi系细 xia下 xian现限险 xiang箱详 xiao效晓销 xin信新薪
xing型姓性行 xiu修 xu序续 xue学 xun讯 ya押 yan颜 ye业 yi一移 yin因姻银 ying营 yong用 you友有由邮 yu与域育 yuan原员源
yue月约 zai在 zhai宅 zhan展 zhang账长 zhao照 zheng政证 zhi值址执指直知织置职至质 zhong种终 zhu主住注 zhuang状
zi子字资 zong总 zu族租组 zui最 zuo作座
"""
"""Each syllable with the characters of our vocabulary that are read so, without tones."""

_BASE: Final = 0.4
_PER_SYLLABLE: Final = 0.12
_SPELT: Final = 0.35
_MOST: Final = 0.93
_HAN: Final = re.compile("[\u4e00-\u9fff]+")
PHRASES: Final = 3
"""How many readings of one heading are kept."""


def _readings() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for entry in _TABLE.split():
        syllable = entry.rstrip("".join(_HAN.findall(entry)))
        for character in entry[len(syllable) :]:
            found[character] = (*found.get(character, ()), syllable)
    return found


READINGS: Final[dict[str, tuple[str, ...]]] = _readings()


@lru_cache(maxsize=4096)
def spelt(letters: str, ending: str = "") -> tuple[tuple[str, float], ...]:
    """Chinese phrases that these small letters may spell, each syllable in full or clipped; with how sure, 0..1.

    `ending`: characters of the phrase that the letters leave out. Two initials alone are weak, four are hardly chance,
    and written out it is certain.
    """
    if not letters.isascii() or not letters.isalpha() or len(letters) < 2:
        return ()
    patterns = _patterns(ending)
    found = [(phrase, _sure(phrase, letters, ending)) for phrase, pattern in patterns if pattern.fullmatch(letters)]
    return tuple(sorted(found, key=lambda pair: -pair[1])[:PHRASES])


def _sure(phrase: str, letters: str, ending: str) -> float:
    full = sum(len(READINGS[character][0]) for character in phrase.removesuffix(ending))
    clipped = _BASE + _PER_SYLLABLE * len(phrase)
    return min(_MOST, clipped + _SPELT * len(letters) / full)


@lru_cache(maxsize=64)
def _patterns(ending: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    words = [word for group in FIELD_WORDS.values() for word in group] + list(STRANGERS)
    for persons, _ in PERSONS.values():
        words += [person + concept for person in persons for concept in ("", *CONCEPTS_ZH)]
    chinese = dict.fromkeys(word for word in words if _HAN.fullmatch(word) and len(word) >= 2)
    heads = [(word, word.removesuffix(ending)) for word in chinese if word.endswith(ending) and word != ending]
    return tuple((word, re.compile("".join(_clipped(READINGS[c]) for c in head))) for word, head in heads)


def _clipped(readings: tuple[str, ...]) -> str:
    """A syllable in full, or its first letter, or its first consonant."""
    forms = {form for r in readings for form in (r, r[0], r[:2] if r[1:2] == "h" else r[0])}
    return f"(?:{'|'.join(sorted(forms, key=lambda f: (-len(f), f)))})"
