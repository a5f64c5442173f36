"""What the values of a column look like, whatever its heading says: the share that fits each kind of field."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from graph.schema import FieldKind
from ingest.checkdigits import luhn_ok
from ingest.clean import clean_texts
from ingest.codes import Problem
from ingest.columns import Names, run
from ingest.identity import id_fact_stages
from ingest.source import SourceContext
from ingest.text import tidy
from ingest.times import DAY

ROWS: Final = 400
TERMS: Final = (3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 66, 72, 75, 84, 96)
_TRIED: Final = (
    FieldKind.NATIONAL_ID, FieldKind.PHONE, FieldKind.TIME, FieldKind.VIN, FieldKind.MONEY, FieldKind.INTEGER,
    FieldKind.CONDITION, FieldKind.EMAIL, FieldKind.IP,
)  # fmt: skip
_RELATIONS: Final = """
父亲 母亲 父母 配偶 夫妻 丈夫 妻子 子女 儿子 女儿 兄弟 姐妹 兄弟姐妹 朋友 同事 亲戚 亲属 同学 邻居 哥哥 姐姐
弟弟 妹妹 其他 父 母 father mother parent spouse wife husband son daughter child brother sister sibling friend
colleague coworker co-worker relative cousin neighbor neighbour uncle aunt partner other roommate boss
supervisor
"""
RELATIONS: Final = tuple(_RELATIONS.split())
_COMPANY: Final = (
    r"(?i)公司|集团|工厂|厂$|有限|合作社|事务所|医院|学校|大学|中学|小学|银行"
    r"|(?:超市|酒店|饭店|商行|经营部|中心|局|商店|店)$"
    r"|\b(?:inc|llc|ltd|corp|co|company|lp|llp|group|hospital|school|university|bank|services|systems|industries"
    r"|logistics|foods|supply|partners)\b"
)
_CN_ADDRESS: Final = r"[省市区县镇乡村].*(?:路|街|道|巷|号|村|组|栋|幢|室|苑|小区|花园|里)"
_US_ADDRESS: Final = (
    r"(?i)^[0-9]+[a-z]?\s+.*\b(?:st|street|ave|avenue|rd|road|dr|drive|ln|lane|blvd|ct|court|way|pl|place|cir|circle"
    r"|ter|terrace|hwy|pkwy|trail|trl|loop)\b"
)
_CN_NAME: Final = r"^\p{Han}{2,4}$|^\p{Han}+[·•]\p{Han}+$"
_US_NAME: Final = r"^(?i:[a-z][a-z'.\-]+,? (?:[a-z]\.? )?[a-z][a-z'.\-]+(?:,? (?:jr|sr|ii|iii|iv)\.?)?)$"
SURNAMES: Final = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈"
    "姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
    "歐欧施牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂"
    "成苗谷盛曲翁冉骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景"
    "党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝"
    "官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚皮粟冼蔺楼盘满闻位厉伊仝区郜海阚花权强帅屠豆朴盖练廉禹井"
    "祖漆巴丰支卿国狄平计索宣晋相初门云容敬来扈晁芮都普阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯"
    "隆茹诺战慕危玉银亢嵇公哈湛宾戎勾茅利呼居揭干但尉冶斯元束檀衣信展阴昝智幸奉植衡富尧闭由"
)


_CARDS: Final = Names("c")


@dataclass(frozen=True, slots=True)
class Portrait:
    """Shares (0..1 of the values present) that fit, and a few facts of the column."""

    filled: float
    distinct: float  # distinct values per value
    fits: dict[str, float]
    median: float | None  # of money, in major units
    year: float | None  # median year of times
    clock: float  # share of times with a time of day

    def fit(self, what: str) -> float:
        """Share of the values that look like `what`."""
        return self.fits.get(what, 0.0)


def portray(values: pl.Series, source: SourceContext) -> Portrait:
    """Look at up to 400 values of one column."""
    texts = tidy(values.cast(pl.String).head(ROWS))
    present = texts.drop_nulls()
    if present.is_empty():
        return Portrait(0.0, 0.0, {}, None, None, 0.0)
    cleaned = {k.value: clean_texts(present, k, source) for k in _TRIED}
    median = cleaned[FieldKind.MONEY.value]["value"].median()
    middle = cleaned[FieldKind.TIME.value]["value"].median()
    return Portrait(
        filled=len(present) / max(1, len(texts)),
        distinct=present.n_unique() / len(present),
        fits=_by_pattern(present, source) | _by_cleaner(present, cleaned, source),
        median=float(median) / 100 if isinstance(median, (int, float)) else None,
        year=1970 + float(middle) / DAY / 365.2425 if isinstance(middle, (int, float)) else None,
        clock=_mean(
            present.str.contains(r"[0-9][:时][0-9]|T[0-9]|^[0-9]{14}$|^[0-9]{5}\.[0-9]|^1[0-9]{9}(?:[0-9]{3})?$")
        ),
    )


def _mean(hits: pl.Series) -> float:
    share = hits.cast(pl.Float64).mean()
    return float(share) if isinstance(share, float) else 0.0


def _by_pattern(present: pl.Series, source: SourceContext) -> dict[str, float]:
    company = _mean(present.str.contains(_COMPANY))
    address = _mean(present.str.contains(f"{_CN_ADDRESS}|{_US_ADDRESS}") & (present.str.len_chars() >= 6))
    surname = f"^[{SURNAMES}]" if source.country == "CN" else "^."
    name = _mean(present.str.contains(f"{_CN_NAME}|{_US_NAME}") & ~present.str.contains(_COMPANY))
    plausible = _mean(present.str.contains(surname) | present.str.contains(_US_NAME))
    return {
        "employer": max(0.0, company - address * 0.5),
        "address": address,
        "name": name * plausible,
        "relation": _mean(present.str.to_lowercase().is_in(RELATIONS)),
        "code": _mean(present.str.contains(r"^[A-Za-z0-9][A-Za-z0-9\-_/.]{1,63}$") & present.str.contains(r"[0-9]")),
        "text": _mean(~present.str.contains(r"^[[0-9].,\-+:/ ]+$")),
        "registration": _mean(
            present.str.contains(r"^(?:[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}|[0-9]{2}-[0-9]{7})$")
        ),
    }


def _by_cleaner(present: pl.Series, cleaned: dict[str, pl.DataFrame], source: SourceContext) -> dict[str, float]:
    def share(kind: FieldKind) -> float:
        return _mean(cleaned[kind.value]["value"].is_not_null())

    times, long = share(FieldKind.TIME), present.str.len_chars() > 9
    dated = _mean(present.str.contains(r"[-/.年:]|^(?:19|20)[0-9]{6}(?:[0-9]{6})?$|[A-Za-z]{3}"))
    ids = cleaned[FieldKind.NATIONAL_ID.value]
    lost = _mean(ids["problem"].is_in([Problem.SCIENTIFIC, Problem.PRECISION]).fill_null(False) & long)
    vins = cleaned[FieldKind.VIN.value]["value"].str.contains(r"^[A-Z0-9]{17}$").fill_null(False)
    terms = cleaned[FieldKind.INTEGER.value]["value"].is_in(TERMS).fill_null(False)
    digits = present.str.replace_all(r"[\s-]", "")
    return {
        "national_id": _identity_share(present, digits, ids["value"], source) + 0.3 * lost,
        "phone": share(FieldKind.PHONE),
        "time": min(times, dated),
        "serial": times - min(times, dated),
        "vin": _mean(vins & present.str.contains("[A-Za-z]")),
        "money": share(FieldKind.MONEY),
        "term": _mean(terms),
        "condition": share(FieldKind.CONDITION),
        "email": share(FieldKind.EMAIL),
        "ip": share(FieldKind.IP),
        "account": _mean(digits.str.contains(r"^[0-9]{16,19}$")) * (0.3 + 0.7 * _luhn_share(digits)),
        "long_number": _mean(digits.str.contains(r"^[0-9]{8,19}$")),
    }


def _identity_share(present: pl.Series, digits: pl.Series, ids: pl.Series, source: SourceContext) -> float:
    facts = run({"i": (id_fact_stages(Names("i")), [ids.alias("v")])}, ["birth"])["i"]
    resident = _mean(facts["birth"].is_not_null() & present.str.contains(r"^[0-9\-\s]{15,20}[0-9Xx]?$"))
    hyphened = _mean(present.str.contains(r"^[0-9]{3}-[0-9]{2}-[0-9]{4}$"))
    bare = 0.5 * _mean(digits.str.contains(r"^[0-9]{9}$")) if source.country == "US" else 0.0
    return max(resident, hyphened, bare)


def _luhn_share(digits: pl.Series) -> float:
    """Share of the numbers of 16 to 19 digits that pass Luhn's formula; chance is 0.1."""
    cards = digits.filter(digits.str.contains(r"^[0-9]{16,19}$"))
    return (
        _mean(run({"c": ((_CARDS.let(ok=luhn_ok(_CARDS("v"))),), [cards.alias("v")])}, ["ok"])["c"]["ok"])
        if len(cards)
        else 0.0
    )
