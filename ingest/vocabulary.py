"""Words of headings: what our fields are called, what no field of ours is called, how words are cut short."""

from typing import Final

from graph.schema import FieldKind

_FIELDS: Final[dict[str, str]] = {
    "application_id": (
        "申请编号|申请号|申请单号|进件编号|进件号|业务编号|业务流水号|流水号|流水|业务流水|订单编号|订单号|单号|"
        "合同编号|合同号|"
        "贷款编号|案件编号|进单编号|单据号|申请单编号|受理编号|受理号|application id|application no|"
        "application number|app id|app no|app number|loan id|loan number|contract number|deal number|case id|"
        "contract ref|reference number|reference id|"
        "application ref|contract ref|reference number|application identifier|deal id|deal"
    ),
    "submitted_at": (
        "申请时间|申请日期|进件时间|进件日期|提交时间|提交日期|进单时间|录入时间|受理时间|下单时间|报单时间|进件日|"
        "申请提交时间|业务受理时间|报件时间|submitted at|application date|application time|date submitted|"
        "submission date|submit time|created at|date of application|received|date received|deal date|apply time|"
        "created date|create time|crt time"
    ),
    "updated_at": (
        "更新时间|修改时间|最后修改时间|最近更新|变更时间|updated at|last modified|modified at|last update|"
        "last updated|updated"
    ),
    "name": (
        "姓名|客户姓名|申请人姓名|申请人|借款人|借款人姓名|主借人|客户名称|主贷人|客户|applicant name|full name|"
        "customer name|borrower name|applicant|borrower|name|buyer|buyer name|customer|application name|client name"
    ),
    "national_id": (
        "身份证号|身份证号码|身份证|证件号码|证件号|证号|公民身份号码|客户证件|身份证件号码|公民身份证|ssn|"
        "social security number|social security|national id|id number|id card|id no|tax id|tax identification number|"
        "taxpayer id|cert number|idcard number|ss number|social|identity number"
    ),
    "birth_date": "出生日期|出生年月|生日|出生|出生年月日|date of birth|dob|birth date|birthday|birthdate|birth",
    "phone": (
        "手机号|手机号码|手机|联系电话|电话|移动电话|联系方式|本人电话|电话号码|手机号码1|常用电话|联系手机|phone|"
        "mobile|mobile phone|cell|cell phone|telephone|phone number|contact number|cell number|mobile number|"
        "primary phone|telephone number|home phone|tel"
    ),
    "email": "电子邮箱|邮箱|电子邮件|邮件地址|email|e mail|email address|e mail address",
    "address": (
        "家庭住址|居住地址|现住址|住址|地址|家庭地址|现居住地址|户籍地址|通讯地址|住宅地址|居住详细地址|居住地|"
        "home address|street address|residence|address|residential address|mailing address|street|residence address|"
        "live address"
    ),
    "region": "所在地区|地区|城市|省份|区域|所在城市|大区|region|city|state|city and state|province|territory",
    "employer.name": (
        "单位名称|工作单位|公司名称|单位|任职单位|雇主|就职单位|就职公司|所在单位|供职单位|单位全称|任职公司|"
        "工作单位名称|现单位|employer|employer name|company|company name|workplace|place of work|where employed|"
        "work unit|unit name"
    ),
    "employer.phone": (
        "单位电话|公司电话|办公电话|单位座机|工作电话|座机|单位固话|公司座机|employer phone|work phone|office phone|"
        "business phone|company phone|unit tel|current employer telephone"
    ),
    "employer.registration": (
        "统一社会信用代码|信用代码|营业执照号|工商注册号|组织机构代码|employer registration|registration number|ein|"
        "company registration"
    ),
    "occupation": "职业|岗位|职务|工种|职位|occupation|job title|job|profession|position|title",
    "monthly_income": (
        "月收入|收入|月薪|每月收入|税后月收入|工资|月工资|月均收入|月工资收入|monthly income|income|"
        "gross monthly income|salary|monthly salary|net income|month income|gross month|monthly gross|"
        "income per month"
    ),
    "dealer_id": (
        "经销商编号|车商编号|经销商代码|门店编号|商户编号|渠道商编号|sp代码|sp编号|商家编号|车行编号|代理商编号|"
        "dealer id|dealer code|dealer number|store id|agent code|partner code|merchant id|merchant code|shop code"
    ),
    "dealer_name": (
        "经销商名称|车商名称|经销商|车商|门店名称|门店|车行|合作商|sp名称|代理商名称|商户名称|代理商|商户|车商门店|"
        "dealer name|dealership|dealer|store name|sp|store|agent name|merchant name|shop name|merchant"
    ),
    "officer_id": (
        "信贷员编号|客户经理工号|信贷员|客户经理|业务员|业务员工号|工号|销售员|经办人|经理工号|客户经理编号|"
        "业务员编号|销售顾问|销售人员|录单员|loan officer id|officer|officer id|loan officer|sales rep|agent id|"
        "representative|customer manager number|f i manager|sales id|sales|account manager|"
        "salesperson|salesman|operator id|"
        "loan officer code"
    ),
    "vin": (
        "车架号|车辆识别代号|车架|车辆识别码|大架号|车辆识别号|车架号码|底盘号|vin|vehicle identification number|"
        "chassis number|vin number|frame number|vehicle id number|vin code"
    ),
    "vehicle_price": (
        "车辆价格|成交价|车价|购车价|开票价|发票价|车款|车辆总价|销售价|车辆售价|裸车价|vehicle price|sale price|"
        "price|purchase price|selling price|car price|cash price|sales price|vehicle amount"
    ),
    "vehicle_appraisal": (
        "评估价|车辆评估价|评估值|估价|评估金额|评估价格|车辆估值|appraisal value|appraisal|book value|"
        "appraised value|valuation|eval price|evaluation price|appraised amount|kbb"
    ),
    "vehicle_condition": (
        "车况|新车 二手车|新旧|车辆类型|新旧车|是否二手车|车辆性质|新旧标识|新车或二手车|new used|vehicle condition|"
        "condition|n u|new used indicator|new or used"
    ),
    "vehicle_make": "品牌|车辆品牌|汽车品牌|厂牌|车品牌|make|vehicle make|brand|manufacturer|car brand|brand name",
    "vehicle_model": "车型|车系|型号|车辆型号|车型号|车款|model|vehicle model|car model|car series|series|car type",
    "lien_at": (
        "抵押日期|抵押登记日期|抵押时间|上牌抵押日|抵押办理日期|抵押完成日期|lien date|lien recorded|lien|lien at|"
        "lien filed"
    ),
    "loan_amount": (
        "贷款金额|申请金额|借款金额|融资金额|贷款额|放款金额|贷款额度|申请贷款金额|申请额度|本金|loan amount|"
        "amount financed|amount|requested amount|financed amount|principal|finance amount|apply amount|loan"
    ),
    "down_payment": (
        "首付款|首付金额|首付|首付款金额|首付额|down payment|first payment|cash down|deposit|first pay amount|"
        "downpay|down|"
        "down payment amount"
    ),
    "term_months": (
        "期数|贷款期限|贷款期数|期限|还款期数|分期期数|分期数|贷款月数|term|term months|loan term|months|tenor|"
        "number of payments|loan period|period|installments"
    ),
    "bank_account": (
        "还款卡号|银行卡号|银行账号|银行卡|还款账号|账号|卡号|扣款卡|收款账号|还款卡|银行卡卡号|bank account|"
        "account number|ach account number|account no|account|iban|repayment account|repay card number|bank card|"
        "card number|"
        "pay card|bank account number"
    ),
    "account_holder_name": (
        "卡户名|还款卡户名|户名|开户名|持卡人|账户名|银行户名|卡主姓名|account holder|name on account|account name|"
        "account holder name|cardholder|card owner|card holder name"
    ),
    "device_id": (
        "设备号|设备指纹|设备编号|设备id|设备标识|终端号|手机设备号|device id|device fingerprint|device|imei|"
        "device number"
    ),
    "ip_address": "ip地址|申请ip|登录ip|客户端ip|ip|ip address|client ip|ip addr|login ip|origin ip",
    "relation": "关系|与申请人关系|与本人关系|relation|relationship|rel|rela|how related",
    "channel": (
        "进件渠道|渠道|来源|渠道来源|业务来源|推广渠道|申请渠道|channel|source channel|source|lead source|"
        "origination channel"
    ),
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
FIELD_WORDS: Final[dict[str, tuple[str, ...]]] = {name: tuple(words.split("|")) for name, words in _FIELDS.items()}
"""Field -> usual headings. Persons beside the applicant are found through PERSONS; `phone` serves all three."""

_STRANGERS: Final = (
    "序号|行号|客户编号|客户号|客户id|会员号|会员编号|用户编号|用户id|性别|年龄|婚姻状况|婚否|婚姻|学历|教育程度|"
    "利率|年利率|费率|比例|首付比例|贷款成数|月供|每月还款|月还款额|产品|产品名称|产品编号|产品代码|分公司|"
    "分公司编号|分公司代码|分公司名称|机构|机构编号|机构代码|机构名称|审批时间|审批日期|审批完成时间|审核时间|"
    "放款时间|放款日期|签约日期|合同日期|首期还款日|还款日|到期日|邮编|邮政编码|车牌|车牌号|发动机号|里程|行驶里程|"
    "公里数|币种|国籍|国家|民族|备注|说明|证件类型|证件种类|类型|信用评分|评分|评级|开户行|银行名称|还款银行|"
    "身份证有效期|证件有效期|有效期|数据日期|跑批日期|是否删除|是否有效|指导价|厂商指导价|保险费|手续费|购置税|排量|"
    "颜色|车龄|工作年限|居住时长|户口|经销商电话|车商电话|经销商地址|客户经理电话|业务员电话|单位地址|公司地址|"
    "扩展字段|审批人|审核人|拒绝原因|贷款用途|row|row number|line number|sequence|customer id|customer number|"
    "client id|member number|member id|user id|party id|gender|sex|age|marital status|married|education|rate|"
    "interest rate|apr|percent|ratio|ltv|dti|monthly payment|payment|payment amount|installment amount|product|"
    "product code|product name|branch|branch code|branch id|branch name|region code|approval date|approved at|"
    "decision date|decision time|funding date|funded date|disbursement date|contract date|first payment date|"
    "first due date|maturity date|due date|zip|zip code|postal code|plate|license plate|engine number|mileage|"
    "odometer|currency|country|nationality|notes|note|remark|remarks|comment|comments|id type|document type|type|"
    "credit score|fico|score|grade|bank name|id expiry|expiry date|batch date|etl date|as of date|data date|"
    "is deleted|is active|flag|msrp|list price|trade in|trade in value|insurance|fee|tax|color|vehicle year|"
    "model year|year|years at job|time at address|time at job|own or rent|loan purpose|purpose|dealer phone|"
    "dealer address|officer phone|employer address|work address|stock number|underwriter|reason|first name|"
    "middle name|job tenure"
)
STRANGERS: Final[tuple[str, ...]] = tuple(_STRANGERS.split("|"))
"""Headings of columns that no field of ours wants, so that their values are not taken for something else."""

PERSONS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "co_applicant": (
        (
            "共同借款人", "共同申请人", "共借人", "共申人", "共同借款", "共同贷款人", "共借", "共申", "配偶",
            "担保人", "保证人",
        ),
        (
            r"co ?(?:applicant|borrower|signer|buyer|app|owner|maker|application)", "cob",
            r"joint(?: (?:owner|applicant|borrower))?", "spouse", "guarantor",
        ),
    ),
    "reference": (
        (
            "紧急联系人", "紧急联络人", "联系人", "联络人", "直系亲属", "亲属", "亲戚", "推荐人", "证明人",
            "参考人", "介绍人", "朋友",
            "同事", "紧急",
        ),
        (
            "emergency contact", "emergency", "reference", "referee", r"contact(?: person)?",
            "next of kin", "nearest relative", "relative",
        ),
    ),
}  # fmt: skip
"""People beside the applicant: Chinese words, and patterns over English words written out."""

PERSON_WORDS_EN: Final = [
    "applicant",
    "borrower",
    "signer",
    "buyer",
    "owner",
    "maker",
    "joint",
    "spouse",
    "guarantor",
    "emergency",
    "contact",
    "reference",
    "referee",
    "person",
    "kin",
    "nearest",
    "relative",
    "second",
    "secondary",
    "indicator",
    "description",
]
CONCEPTS_ZH: Final = ("姓名", "电话", "手机", "手机号", "联系电话", "关系", "身份证", "身份证号", "证件号", "证件号码")
"""What follows a person in a Chinese heading."""

ENDINGS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("姓名", "名称"), "phone": ("电话", "手机"), "mobile": ("手机", "电话"), "number": ("编号", "号"),
    "id": ("编号", "号"), "code": ("代码", "编号", "号"), "amount": ("金额", "额"), "time": ("时间",),
    "date": ("日期",), "address": ("地址", "住址"), "price": ("价格", "价"), "card": ("卡号",),
    "term": ("期限", "期数"), "relation": ("关系",), "id card": ("身份证",), "income": ("收入",),
}  # fmt: skip
"""English words that end half-spelt headings (kh_name, dk_amt), and the Chinese ends that they stand for."""

CONCEPTS: Final[dict[str, tuple[str, str]]] = {
    "relation": ("关系|称谓", r"relation(?:ship)?"),
    "national_id": (
        "身份证(?:件)?(?:号码|号)?|证件号码?|证号",
        r"social security(?: number)?|social|ssn|tax id(?: number)?|tin|itin|id number|national id|id card|id",
    ),
    "phone": (
        "联系电话|手机号码|电话号码|移动电话|联系方式|手机号|手机|电话|固话|座机|号码",
        r"(?:mobile|cell|home|contact|tele)? ?phone(?: number)?|mobile(?: number)?|cell(?: number)?|number",
    ),
    "name": ("姓名|名称|名字", r"(?:full |legal )?name"),
}
"""What a heading may ask of such a person, most telling first."""

OWNERS_ZH: Final = (
    "借款申请人", "主申请人", "贷款申请人", "主借款人", "主贷款人", "借款人", "贷款人", "申请人", "主借人",
    "主贷人", "承租人", "客户", "用户", "本人", "您的", "您", "我的", "当前", "个人", "现",
)  # fmt: skip
OWNERS_EN: Final = frozenset((
    "applicant", "customer", "borrower", "primary", "client", "buyer", "main", "current", "own", "my", "your",
    "legal", "personal", "original", "originating", "collateral", "stated", "requested", "member", "consumer",
    "user", "purchaser", "person", "line", "the", "of", "a", "at", "in", "for", "s",
))  # fmt: skip
"""Words for the applicant himself, or for nobody: they do not tell columns apart."""

SHORT: Final[dict[str, str]] = {
    "nbr": "number", "no": "number", "num": "number", "nr": "number", "#": "number", "id": "id", "identifier": "id",
    "identification": "id", "dt": "date", "dte": "date", "tm": "time", "ts": "time", "timestamp": "time",
    "amt": "amount", "amnt": "amount", "nm": "name", "nme": "name", "ph": "phone", "tel": "phone",
    "telephone": "phone", "fone": "phone", "mob": "mobile", "cellular": "cell", "addr": "address", "adr": "address",
    "cust": "customer", "cstmr": "customer", "brwr": "borrower", "borr": "borrower", "bor": "borrower",
    "appl": "application", "apply": "application", "app": "application", "emp": "employer", "empl": "employer",
    "empr": "employer", "comp": "company", "co": "co", "dlr": "dealer", "veh": "vehicle", "vhcl": "vehicle",
    "ln": "loan", "pmt": "payment", "pymt": "payment", "pay": "payment", "dwn": "down", "cd": "code",
    "acct": "account", "acc": "account", "hldr": "holder", "emer": "emergency", "emerg": "emergency", "mo": "month",
    "mos": "month", "mth": "month", "mths": "month", "mthly": "month", "monthly": "month", "months": "month",
    "rcvd": "received", "recd": "received", "ofcr": "officer", "mgr": "manager", "rep": "representative",
    "inc": "income", "prc": "price", "ref": "reference", "refs": "reference", "rel": "relation", "rela": "relation",
    "related": "relation", "relationship": "relation", "dob": "dob", "ssn": "ssn", "ss": "social security",
    "upd": "updated", "chg": "updated", "crt": "created", "create": "created", "submit": "submitted",
    "desc": "description", "ind": "indicator", "yr": "year", "mdl": "model", "mfr": "manufacturer",
    "stat": "status", "chnl": "channel", "trm": "term", "fin": "financed", "finance": "financed",
    "req": "requested", "reqd": "requested", "qty": "number", "sales": "sale", "rmk": "remark", "gndr": "gender",
    "email": "email", "mail": "email", "apr": "apr", "dev": "device", "resd": "residence", "res": "residence",
    "curr": "current", "prim": "primary", "sec": "secondary", "idcard": "id card", "mbl": "mobile", "cel": "cell",
    "appraised": "appraisal", "val": "value", "int": "interest",
}  # fmt: skip
"""Usual short forms and word forms -> the word. What is not here is found by its letters in order."""

HEADS: Final[tuple[tuple[str, frozenset[FieldKind]], ...]] = (
    (r"(?:比例|成数|率)$|\b(?:rate|percent|ratio)\b", frozenset()),
    (r"(?:类型|种类)$|\b(?:type|indicator|flag)$|^是否|^is ", frozenset({FieldKind.CONDITION, FieldKind.TEXT})),
    (r"(?:时间|日期|时刻|.日)$|\b(?:date|time)\b", frozenset({FieldKind.TIME, FieldKind.DATE})),
    (r"(?:电话|手机|座机|固话)$|\bphone\b", frozenset({FieldKind.PHONE})),
    (r"(?:地址|住址)$|\baddress$", frozenset({FieldKind.ADDRESS, FieldKind.IP, FieldKind.EMAIL})),
    (r"邮箱$|\bemail\b", frozenset({FieldKind.EMAIL})),
)
"""What a heading ends in (English: holds) -> the only kinds of field that it can then be; codes are always allowed."""
