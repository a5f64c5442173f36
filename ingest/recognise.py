"""What the values of a column look like, whatever its heading says: the share that fits each kind of field."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from graph.schema import FieldKind
from ingest.checkdigits import luhn_ok
from ingest.clean import clean_texts
from ingest.codes import Problem
from ingest.columns import Names, run
from ingest.identifiers import vin_fact_stages
from ingest.identity import id_fact_stages
from ingest.source import SourceContext
from ingest.text import tidy
from ingest.times import DAY

ROWS: Final = 400
A_FEW: Final = 0.1
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
_CLOCK: Final = r"[0-9][:时][0-9]|T[0-9]|^[0-9]{14}$|^[0-9]{5}\.[0-9]|^1[0-9]{9}(?:[0-9]{3})?$"
_DEVICE: Final = (
    r"(?i)^(?:[0-9a-f]{12,64}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?:dev|did|imei|android|ios)[-_:].+)$"
)
_REGION: Final = r"(?:省|市|自治区|特区|区|县)$|, ?[A-Z]{2}$|^[A-Z]{2}$"
_MAKES = """
丰田 本田 日产 大众 别克 福特 宝马 奔驰 奥迪 比亚迪 吉利 长安 长城 哈弗 奇瑞 现代 起亚 马自达 雪佛兰 五菱 标致
雪铁龙 沃尔沃 特斯拉 凯迪拉克 雷克萨斯 红旗 荣威 名爵 传祺 理想 蔚来 小鹏 领克 斯柯达 三菱 铃木 斯巴鲁 林肯 捷豹
路虎 保时捷 toyota honda nissan volkswagen vw buick ford bmw benz mercedes mercedes-benz audi byd geely hyundai
kia mazda chevrolet chevy jeep dodge ram gmc subaru tesla volvo lexus cadillac chrysler acura infiniti lincoln
mitsubishi
"""
_STATES = """
已放款 放款 通过 审批通过 已通过 拒绝 已拒绝 待审批 审批中 取消 已取消 结清 撤销 已撤销 退件 逾期
approved declined funded booked pending cancelled canceled withdrawn rejected denied submitted closed open active paid
"""
_JOBS = """
职员 工人 销售 司机 教师 医生 护士 个体 个体户 自由职业 公务员 工程师 会计 经理 农民 务工 厨师 保安 客服 技术员
店员 学生 退休 军人 律师 普工 外卖员 快递员 clerk driver teacher nurse engineer manager sales cook cashier
mechanic electrician accountant laborer technician retired student self-employed server doctor lawyer
"""
MAKES: Final = tuple(_MAKES.split())
STATES: Final = tuple(_STATES.split())
JOBS: Final = tuple(_JOBS.split())
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

    def fit(self, *what: str) -> float:
        """Share of the values that look like `what`; the greatest of several."""
        return max(self.fits.get(name, 0.0) for name in what)


NOTHING: Final = Portrait(0.0, 0.0, {}, None, None, 0.0)


def portray(sample: pl.DataFrame, source: SourceContext) -> list[Portrait]:
    """Look at up to 400 values of each column; all columns go through each cleaner in one pass."""
    texts = [tidy(column.cast(pl.String).head(ROWS)) for column in sample.iter_columns()]
    present = [column.drop_nulls() for column in texts]
    stacked = pl.concat(present) if present else pl.Series(dtype=pl.String)
    cleaned = {kind: clean_texts(stacked, kind, source) for kind in _TRIED}
    portraits, start = [], 0
    for column, values in zip(texts, present, strict=True):
        own = {kind: frame.slice(start, len(values)) for kind, frame in cleaned.items()}
        start += len(values)
        portraits.append(_portrait(values, len(column), own, source) if len(values) else NOTHING)
    return portraits


def _portrait(present: pl.Series, rows: int, cleaned: dict[FieldKind, pl.DataFrame], source: SourceContext) -> Portrait:
    median = cleaned[FieldKind.MONEY]["value"].median()
    middle = cleaned[FieldKind.TIME]["value"].median()
    return Portrait(
        filled=len(present) / rows,
        distinct=present.n_unique() / len(present),
        fits=_by_pattern(present, source) | _by_cleaner(present, cleaned, source),
        median=float(median) / 100 if isinstance(median, (int, float)) else None,
        year=1970 + float(middle) / DAY / 365.2425 if isinstance(middle, (int, float)) else None,
        clock=_mean(present.str.contains(_CLOCK)),
    )


def _mean(hits: pl.Series) -> float:
    share = hits.cast(pl.Float64).mean()
    return float(share) if isinstance(share, float) else 0.0


def _by_pattern(present: pl.Series, source: SourceContext) -> dict[str, float]:
    company = _mean(present.str.contains(_COMPANY))
    address = _mean(present.str.contains(f"{_CN_ADDRESS}|{_US_ADDRESS}") & (present.str.len_chars() >= 6))
    surname = f"^[{SURNAMES}]" if source.country == "CN" else "^."
    lower, region = present.str.to_lowercase(), present.str.contains(_REGION)
    name = _mean(present.str.contains(f"{_CN_NAME}|{_US_NAME}") & ~present.str.contains(_COMPANY) & ~region)
    plausible = _mean(present.str.contains(surname) | present.str.contains(_US_NAME))
    return {
        "employer": max(0.0, company - address * 0.5),
        "address": address,
        "name": name * plausible,
        "relation": _mean(lower.is_in(RELATIONS)),
        "make": _mean(lower.is_in(MAKES)),
        "state": _mean(lower.is_in(STATES)),
        "job": _mean(lower.is_in(JOBS)),
        "region": _mean(region) * (1.0 - address),
        "device": _mean(present.str.contains(_DEVICE) & present.str.contains("[A-Za-z].*[0-9].*[A-Za-z]")),
        "code": _mean(present.str.contains(r"^[A-Za-z0-9][A-Za-z0-9\-_/.]{1,63}$") & present.str.contains(r"[0-9]")),
        "text": _mean(~present.str.contains(r"^[[0-9].,\-+:/ ]+$")),
        "registration": _mean(
            present.str.contains(r"^(?:[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}|[0-9]{2}-[0-9]{7})$")
        ),
    }


def _by_cleaner(present: pl.Series, cleaned: dict[FieldKind, pl.DataFrame], source: SourceContext) -> dict[str, float]:
    def share(kind: FieldKind) -> float:
        return _mean(cleaned[kind]["value"].is_not_null())

    times, long = share(FieldKind.TIME), present.str.len_chars() > 9
    dated = _mean(present.str.contains(r"[-/.年:]|^(?:19|20)[0-9]{6}(?:[0-9]{6})?$|[A-Za-z]{3}"))
    ids = cleaned[FieldKind.NATIONAL_ID]
    lost = _mean(ids["problem"].is_in([Problem.SCIENTIFIC, Problem.PRECISION]).fill_null(False) & long)
    vins = cleaned[FieldKind.VIN]["value"]
    terms = cleaned[FieldKind.INTEGER]["value"].is_in(TERMS).fill_null(False)
    digits = present.str.replace_all(r"[\s-]", "")
    return {
        "national_id": _identity_share(present, digits, ids["value"], source) + 0.3 * lost,
        "phone": share(FieldKind.PHONE),
        "mobile": _mean(cleaned[FieldKind.PHONE]["value"].str.contains(r"^\+861[3-9]").fill_null(False)),
        "time": min(times, dated),
        "serial": times - min(times, dated),
        "vin": _vehicle_share(vins.filter(vins.str.contains(r"^[A-Z0-9]{17}$"))) * len(vins.drop_nulls()) / len(vins),
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
    bare = _mean(digits.str.contains(r"^[0-9]{9}$")) if source.country == "US" else 0.0
    return max(resident, bare if hyphened >= A_FEW else 0.5 * bare)


def _vehicle_share(vins: pl.Series) -> float:
    """How much 17 characters look like VINs: chance passes the check digit one time in eleven."""
    if vins.is_empty():
        return 0.0
    passes = run({"f": (vin_fact_stages(Names("f")), [vins.alias("v")])}, ["check"])["f"]["check"] == "ok"
    mixed = _mean(vins.str.contains(r"^[A-Z0-9]*[A-Z][A-Z0-9]*[0-9]{4}$") & ~vins.str.contains(r"^[A-Z]{0,3}[0-9]+$"))
    return mixed * (0.6 + 0.4 * _mean(passes))


def _luhn_share(digits: pl.Series) -> float:
    """Share of the numbers of 16 to 19 digits that pass Luhn's formula; chance is 0.1."""
    cards = digits.filter(digits.str.contains(r"^[0-9]{16,19}$"))
    return (
        _mean(run({"c": ((_CARDS.let(ok=luhn_ok(_CARDS("v"))),), [cards.alias("v")])}, ["ok"])["c"]["ok"])
        if len(cards)
        else 0.0
    )
