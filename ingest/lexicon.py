"""Shapes and words by which values are known for what they are: firms, addresses, names, makes, states, jobs."""

from typing import Final

_RELATIONS: Final = """
父亲 母亲 父母 配偶 夫妻 丈夫 妻子 子女 儿子 女儿 兄弟 姐妹 兄弟姐妹 朋友 同事 亲戚 亲属 同学 邻居 哥哥 姐姐
弟弟 妹妹 其他 父 母 father mother parent spouse wife husband son daughter child brother sister sibling friend
colleague coworker co-worker relative cousin neighbor neighbour uncle aunt partner other roommate boss
supervisor
vater mutter eltern ehepartner ehemann ehefrau kind sohn tochter bruder schwester geschwister freund freundin kollege
kollegin verwandter nachbar partner sonstige chef padre madre padres cónyuge marido esposa esposo mujer hijo hija
hermano hermana amigo amiga compañero vecino pariente jefe otro père mère parents conjoint mari épouse époux enfant
fils fille frère sœur ami amie collègue voisin cousin autre genitore genitori coniuge marito moglie figlio figlia
fratello sorella amico amica collega vicino altro pai mãe pais cônjuge filho filha irmão irmã vizinho parente vader
moeder ouders echtgenoot echtgenote zoon dochter broer zus vriend vriendin buurman buur
"""
_OF_TWO_WORDS: Final = """
cha mẹ|anh chị em|đồng nghiệp|bạn bè|vợ chồng|vợ|chồng|bố|mẹ|cha|con|con trai|con gái|anh trai|chị gái|em trai|em gái|
hàng xóm|
họ hàng|người thân|khác|compañero de trabajo
"""
RELATIONS: Final = (*_RELATIONS.split(), *_OF_TWO_WORDS.replace("\n", "").split("|"))
COMPANY: Final = (
    r"(?i)公司|集团|工厂|厂$|有限|合作社|事务所|医院|学校|大学|中学|小学|银行"
    r"|(?:超市|酒店|饭店|商行|经营部|中心|局|商店|店)$"
    r"|\b(?:inc|llc|ltd|corp|co|company|lp|llp|group|hospital|school|university|bank|services|systems|industries"
    r"|logistics|foods|supply|partners)\b"
)
HOUSE: Final = r"(?i)(?:银行|信用社|分公司|支公司|营业部)$|\bbank$"
"""Banks and branches: a column with few of them is the lender's own, not where applicants work."""
DEALERSHIP: Final = (
    r"(?i)汽车(?:销售|贸易|服务|经销|城)|车行|4S|汽贸|二手车|名车|\b(?:motors?|motorcars?|autos?|automotive|automobiles?|cars?"
    r"|pre-owned|dealership|ford|toyota|honda|nissan|hyundai|kia|chevrolet|jeep)\b"
)
CN_ADDRESS: Final = r"[省市区县镇乡村].*(?:路|街|道|巷|号|村|组|栋|幢|室|苑|小区|花园|里)"
US_ADDRESS: Final = (
    r"(?i)^[0-9]+[a-z]?\s+.*\b(?:st|street|ave|avenue|rd|road|dr|drive|ln|lane|blvd|ct|court|way|pl|place|cir|circle"
    r"|ter|terrace|hwy|pkwy|trail|trl|loop)\b"
)
CLOCK: Final = r"[0-9][:时][0-9]|T[0-9]|^[0-9]{14}$|^[0-9]{5}\.[0-9]|^1[0-9]{9}(?:[0-9]{3})?$"
DEVICE: Final = (
    r"(?i)^(?:[0-9a-f]{12,64}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|(?:dev|did|imei|android|ios)[-_:].+)$"
)
REGION: Final = r"(?:省|市|自治区|特区|区|县)$|, ?[A-Z]{2}$|^[A-Z]{2}$"
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
CN_NAME: Final = r"^\p{Han}{2,4}$|^\p{Han}+[·•]\p{Han}+$"
US_NAME: Final = r"^(?i:[a-z][a-z'.\-]+,? (?:[a-z]\.? )?[a-z][a-z'.\-]+(?:,? (?:jr|sr|ii|iii|iv)\.?)?)$"
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


CODE: Final = r"^\p{Han}{0,4}[A-Za-z0-9][A-Za-z0-9\-_/.#]{0,63}$"
"""A code may begin with a word of the lender's: 单00123."""
REGISTRATION: Final = r"^(?:[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}|[0-9]{2}-[0-9]{7})$"
NUMBERS_ONLY: Final = r"^[[0-9].,\-+:/ ]+$"
DATED: Final = r"[-/.年:]|^(?:19|20)[0-9]{6}(?:[0-9]{6})?$|[A-Za-z]{3}"
VEHICLE: Final = r"^[A-Z0-9]{17}$"
NUMBERED: Final = r"^[A-Z]{0,4}[0-9]+$"
CARD: Final = r"^[0-9]{16,19}$"
