"""Words that lenders use in headings, in Chinese and English, and what a heading says about its column."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

_SYNONYMS: Final[dict[str, str]] = {
    "application_id": (
        "申请编号|申请号|申请单号|进件编号|进件号|业务编号|业务流水号|流水号|订单编号|订单号|单号|合同编号|合同号|"
        "贷款编号|案件编号|进单编号|application id|application no|application number|app id|app no|app number|"
        "loan id|loan number|contract number|deal number|case id"
    ),
    "submitted_at": (
        "申请时间|申请日期|进件时间|进件日期|提交时间|提交日期|进单时间|录入时间|受理时间|下单时间|报单时间|"
        "submitted at|application date|application time|date submitted|submission date|submit time|created at|"
        "date of application|received"
    ),
    "updated_at": "更新时间|修改时间|最后修改时间|最近更新|变更时间|updated at|last modified|modified at|last update",
    "name": (
        "姓名|客户姓名|申请人姓名|申请人|借款人|借款人姓名|主借人|客户名称|主贷人|applicant name|full name|"
        "customer name|borrower name|applicant|borrower|name"
    ),
    "national_id": (
        "身份证号|身份证号码|身份证|证件号码|证件号|证号|公民身份号码|客户证件|ssn|social security number|"
        "social security|national id|id number|id card|id no|tax id"
    ),
    "birth_date": "出生日期|出生年月|生日|出生|date of birth|dob|birth date|birthday|birthdate",
    "phone": (
        "手机号|手机号码|手机|联系电话|电话|移动电话|联系方式|本人电话|电话号码|phone|mobile|mobile phone|cell|"
        "cell phone|telephone|phone number|contact number"
    ),
    "email": "电子邮箱|邮箱|电子邮件|邮件地址|email|e mail|email address|e mail address",
    "address": (
        "家庭住址|居住地址|现住址|住址|地址|家庭地址|现居住地址|户籍地址|通讯地址|住宅地址|home address|"
        "street address|residence|address|residential address|mailing address"
    ),
    "region": "所在地区|地区|城市|省份|区域|所在城市|大区|region|city|state|city and state|province|territory",
    "employer.name": (
        "单位名称|工作单位|公司名称|单位|任职单位|雇主|就职单位|就职公司|所在单位|供职单位|单位全称|employer|"
        "employer name|company|company name|workplace|place of work"
    ),
    "employer.phone": (
        "单位电话|公司电话|办公电话|单位座机|工作电话|座机|employer phone|work phone|office phone|business phone|"
        "company phone"
    ),
    "employer.registration": (
        "统一社会信用代码|信用代码|营业执照号|工商注册号|组织机构代码|employer registration|registration number|"
        "ein|company registration"
    ),
    "occupation": "职业|岗位|职务|工种|职位|occupation|job title|job|profession|position|title",
    "monthly_income": (
        "月收入|收入|月薪|每月收入|税后月收入|工资|月工资|monthly income|income|gross monthly income|salary|"
        "monthly salary|net income"
    ),
    "dealer_id": (
        "经销商编号|车商编号|经销商代码|门店编号|商户编号|渠道商编号|dealer id|dealer code|dealer number|store id"
    ),
    "dealer_name": (
        "经销商名称|车商名称|经销商|车商|门店名称|门店|车行|合作商|dealer name|dealership|dealer|store name"
    ),
    "officer_id": (
        "信贷员编号|客户经理工号|信贷员|客户经理|业务员|业务员工号|工号|销售员|经办人|经理工号|loan officer id|"
        "officer|officer id|loan officer|sales rep|agent id|representative"
    ),
    "vin": "车架号|车辆识别代号|车架|车辆识别码|大架号|vin|vehicle identification number|chassis number|vin number",
    "vehicle_price": (
        "车辆价格|成交价|车价|购车价|开票价|发票价|车款|vehicle price|sale price|price|purchase price|selling price"
    ),
    "vehicle_appraisal": (
        "评估价|车辆评估价|评估值|估价|评估金额|appraisal value|appraisal|book value|appraised value|valuation"
    ),
    "vehicle_condition": (
        "车况|新车 二手车|新旧|车辆类型|新旧车|是否二手车|车辆性质|new used|vehicle condition|condition"
    ),
    "vehicle_make": "品牌|车辆品牌|汽车品牌|厂牌|make|vehicle make|brand|manufacturer",
    "vehicle_model": "车型|车系|型号|车辆型号|model|vehicle model|car model",
    "lien_at": "抵押日期|抵押登记日期|抵押时间|上牌抵押日|lien date|lien recorded|lien|lien at",
    "loan_amount": (
        "贷款金额|申请金额|借款金额|融资金额|贷款额|放款金额|贷款额度|loan amount|amount financed|amount|"
        "requested amount|financed amount|principal"
    ),
    "down_payment": "首付款|首付金额|首付|down payment|cash down|deposit",
    "term_months": "期数|贷款期限|贷款期数|期限|还款期数|分期期数|term|term months|loan term|months|tenor",
    "bank_account": (
        "还款卡号|银行卡号|银行账号|银行卡|还款账号|账号|卡号|扣款卡|收款账号|bank account|account number|"
        "ach account number|account no|iban|repayment account"
    ),
    "account_holder_name": (
        "卡户名|还款卡户名|户名|开户名|持卡人|账户名|account holder|name on account|account name|"
        "account holder name|cardholder"
    ),
    "device_id": "设备号|设备指纹|设备编号|设备id|设备标识|终端号|device id|device fingerprint|device|imei",
    "ip_address": "ip地址|申请ip|登录ip|ip|ip address|client ip|ip addr",
    "relation": "关系|与申请人关系|与本人关系|relation|relationship",
    "channel": "进件渠道|渠道|来源|渠道来源|业务来源|channel|source channel|source|lead source",
    "status": "审批状态|状态|申请状态|审批结果|status|application status|decision",
    "event": "事件|结果|事件类型|结论|贷后表现|event|outcome|result|event type",
    "event_at": "发生时间|事件时间|发生日期|日期|事件日期|event at|event date|date|event time",
    "known_at": "获知时间|知晓时间|确认时间|确认日期|known at|known date|reported at|confirmed at|date known",
    "kind": "类型|类别|名单类型|kind|type|category",
    "value": "值|内容|名单内容|号码|value|entry|identifier",
    "reason": "原因|理由|备注|说明|reason|note|comment",
    "added_at": "加入时间|添加时间|入库时间|加入日期|added at|date added|created at|added",
    "expires_at": "到期时间|失效时间|有效期至|到期日|expires at|expiry|expiry date|valid until",
    "registration": "统一社会信用代码|信用代码|注册号|营业执照号|registration|registration number|ein",
    "insured_heads": "参保人数|社保人数|缴纳社保人数|insured heads|insured employees|employees|headcount",
}
SYNONYMS: Final[dict[str, tuple[str, ...]]] = {name: tuple(words.split("|")) for name, words in _SYNONYMS.items()}
"""Field -> usual headings. Fields of repeated groups are found through GROUPS; `phone` serves all three."""

GROUPS: Final[dict[str, re.Pattern[str]]] = {
    "co_applicant": re.compile(
        r"共同?借|共同申请|共申|配偶|担保人"
        r"|co[ -]?(?:applicant|borrower|signer|buyer)|joint|spouse|guarantor|second applicant"
    ),
    "reference": re.compile(
        r"紧急联|联系人|联络人|亲属|推荐人|证明人|参考人|朋友"
        r"|\bref(?:erence|eree)?s?\b|\bref\d|emergency|contact (?:person|\d|name)|next of kin|relative"
    ),
    "employer": re.compile(r"单位|公司|企业|雇主|办公|任职|就职|供职|employer|company|\bwork\b|\boffice\b|business"),
}
_NUMERALS: Final = {
    "一": 1, "二": 2, "三": 3, "四": 4, "五": 5, "备用": 2, "其他": 2,
    "first": 1, "second": 2, "third": 3, "alternate": 2, "alt": 2, "secondary": 2, "other": 2,
}  # fmt: skip
_INDEX: Final = re.compile(
    r"(\d)(?!\d)|(备用|其他|[一二三四五])|\b(first|second|third|alternate|alt|secondary|other)\b"
)
_WORD_BREAKS: Final = re.compile(r"[\s_\-./\\|,:;#()\[\]{}<>'\"*?!&+]+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]+")
_ASCII_WORDS: Final = re.compile(r"[a-z0-9 ]+")
EMPLOYER_SOMEHOW: Final = 0.5
"""A heading with a word for employer and none for phone, ID or relation: probably the name."""
FUZZY_FROM: Final = 0.75
"""Below this similarity two headings are taken to be strangers."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading taken apart: its plain forms, the group it names, and the number in it."""

    forms: tuple[str, ...]
    group: str | None
    index: int | None


@lru_cache(maxsize=4096)
def parse_heading(text: str) -> Heading:
    """Lower case, word breaks as single blanks; Chinese and English parts of a mixed heading also apart."""
    plain = _WORD_BREAKS.sub(" ", _CAMEL.sub(" ", text)).strip().lower()
    group = next((name for name, pattern in GROUPS.items() if pattern.search(plain)), None)
    found = _INDEX.search(plain)
    index = None
    if found:
        digit, han, word = found.groups()
        index = int(digit) if digit else _NUMERALS[han or word]
    bare = (
        re.sub(r"\s+", " ", _INDEX.sub(" ", plain)).strip()
        if found and group in ("reference", "co_applicant", None)
        else plain
    )
    parts = [
        plain,
        bare,
        "".join(_HAN.findall(plain)),
        " ".join(_ASCII_WORDS.sub(lambda m: m[0], _HAN.sub(" ", plain)).split()),
    ]
    return Heading(tuple(dict.fromkeys(p for p in parts if p)), group, index)


def heading_score(text: str, column: str) -> float:
    """How well a heading names a canonical column, 0..1."""
    heading = parse_heading(text)
    if any(form == column or form == column.replace("_", " ").replace(".", " ") for form in heading.forms):
        return 1.0
    group, index, field = _column_parts(column)
    if group in ("reference", "co_applicant"):
        return _group_score(heading, group, index, field)
    if heading.group in ("reference", "co_applicant"):
        return 0.0
    base = _similarity(heading.forms, SYNONYMS.get(column.removesuffix(f".{index}") if index else column, ()))
    if column.startswith("phone."):
        wanted = heading.index or 1
        return base * (1.0 if wanted == index else 0.25) * (0.3 if heading.group == "employer" else 1.0)
    if (
        column == "employer.name"
        and heading.group == "employer"
        and not any(pattern.search(heading.forms[0]) for name, pattern in _CONCEPTS.items() if name != "name")
    ):
        return max(base, EMPLOYER_SOMEHOW)
    if heading.group == "employer" and not column.startswith("employer.") and field in ("name", "address", "email"):
        return base * 0.3
    return base


def _column_parts(column: str) -> tuple[str, int | None, str]:
    """`reference.2.phone` -> (reference, 2, phone); `phone.1` -> ("", 1, phone); `name` -> ("", None, name)."""
    parts = column.split(".")
    if len(parts) == 3:
        return parts[0], int(parts[1]), parts[2]
    if len(parts) == 2 and parts[1].isdigit():
        return "", int(parts[1]), parts[0]
    return (parts[0] if len(parts) == 2 else ""), None, parts[-1]


_CONCEPTS: Final[dict[str, re.Pattern[str]]] = {
    "relation": re.compile(r"关系|relation|relationship"),
    "national_id": re.compile(r"身份证|证件|证号|ssn|social security|\bid\b|national"),
    "phone": re.compile(r"电话|手机|号码|联系方式|phone|mobile|cell|tel|number"),
    "name": re.compile(r"姓名|名称|名字|\bname\b"),
}


def _group_score(heading: Heading, group: str, index: int | None, field: str) -> float:
    """A heading of a person beside the applicant: group word, number and concept must agree; a bare one is the name."""
    if heading.group != group:
        return 0.0
    text = heading.forms[0]
    concept = next((name for name, pattern in _CONCEPTS.items() if pattern.search(text)), "name")
    if concept != field:
        return 0.0
    number = 1.0 if (heading.index or 1) == index else 0.2
    return number * (0.95 if concept != "name" or _CONCEPTS["name"].search(text) else 0.85)


def _similarity(forms: tuple[str, ...], words: tuple[str, ...]) -> float:
    return max((_pair(form, word, at) for form in forms for at, word in enumerate(words)), default=0.0)


@lru_cache(maxsize=65_536)
def _pair(form: str, word: str, place: int) -> float:
    """1 for the same words, less for a part or a near miss; of two equals the more usual word wins."""
    usual = 1.0 - 0.002 * min(place, 20)
    if form == word:
        return usual
    if _contains(form, word) or (len(form) >= 2 and _contains(word, form)):
        shorter, longer = sorted((len(form), len(word)))
        return usual * (0.55 + 0.4 * shorter / longer)
    ratio = SequenceMatcher(None, form, word).ratio()
    return usual * ratio * 0.85 if ratio >= FUZZY_FROM else 0.0


def _contains(text: str, word: str) -> bool:
    """Chinese words anywhere, English words only whole."""
    if _HAN.search(word):
        return word in text
    return f" {word} " in f" {text} "
