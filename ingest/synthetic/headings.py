"""What lenders call their columns: canonical name -> headings in Chinese and English, the usual one first."""

from typing import Final

HEADINGS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "application_id": (("申请编号", "进件编号", "业务流水号"), ("Application ID", "App No", "Application Number")),
    "submitted_at": (("申请时间", "进件时间", "提交时间"), ("Submitted At", "Application Date", "Date Submitted")),
    "updated_at": (("更新时间", "最后修改时间"), ("Updated At", "Last Modified")),
    "channel": (("进件渠道", "渠道"), ("Channel", "Source Channel")),
    "status": (("审批状态", "状态"), ("Status", "Application Status")),
    "name": (("姓名", "客户姓名", "申请人姓名"), ("Applicant Name", "Full Name", "Customer Name")),
    "national_id": (("身份证号", "证件号码", "身份证号码"), ("SSN", "Social Security Number")),
    "birth_date": (("出生日期",), ("Date of Birth", "DOB")),
    "phone.1": (("手机号", "手机号码", "联系电话"), ("Phone", "Mobile Phone", "Cell")),
    "phone.2": (("备用手机", "其他电话"), ("Alternate Phone", "Phone 2")),
    "email": (("电子邮箱", "邮箱"), ("Email", "E-mail Address")),
    "address": (("家庭住址", "居住地址", "现住址"), ("Home Address", "Street Address", "Residence")),
    "region": (("所在地区", "城市"), ("Region", "City and State")),
    "employer.name": (("单位名称", "工作单位", "公司名称"), ("Employer", "Employer Name", "Company")),
    "employer.phone": (("单位电话", "公司电话"), ("Employer Phone", "Work Phone")),
    "occupation": (("职业", "岗位"), ("Occupation", "Job Title")),
    "monthly_income": (("月收入", "月收入(元)"), ("Monthly Income", "Gross Monthly Income")),
    "dealer_id": (("经销商编号", "车商编号"), ("Dealer ID", "Dealer Code")),
    "dealer_name": (("经销商名称", "车商名称"), ("Dealer Name", "Dealership")),
    "officer_id": (("信贷员编号", "客户经理工号"), ("Loan Officer ID", "Officer")),
    "vin": (("车架号", "车辆识别代号"), ("VIN", "Vehicle Identification Number")),
    "vehicle_make": (("品牌", "车辆品牌"), ("Make", "Vehicle Make")),
    "vehicle_model": (("车型", "车系"), ("Model", "Vehicle Model")),
    "vehicle_condition": (("车况", "新车/二手车"), ("New/Used", "Vehicle Condition")),
    "lien_at": (("抵押日期", "抵押登记日期"), ("Lien Date", "Lien Recorded")),
    "vehicle_price": (("车辆价格", "成交价"), ("Vehicle Price", "Sale Price")),
    "vehicle_appraisal": (("评估价", "车辆评估价"), ("Appraisal Value", "Book Value")),
    "loan_amount": (("贷款金额", "申请金额"), ("Loan Amount", "Amount Financed")),
    "down_payment": (("首付款", "首付金额"), ("Down Payment", "Cash Down")),
    "term_months": (("期数", "贷款期限(月)"), ("Term (Months)", "Term")),
    "bank_account": (("还款卡号", "银行卡号"), ("Bank Account", "ACH Account Number")),
    "account_holder_name": (("卡户名", "还款卡户名"), ("Account Holder", "Name on Account")),
    "co_applicant.1.name": (("共同借款人姓名", "共借人姓名"), ("Co-Applicant Name", "Co-Borrower")),
    "co_applicant.1.national_id": (("共同借款人身份证号", "共借人身份证"), ("Co-Applicant SSN", "Co-Borrower SSN")),
    "co_applicant.1.phone": (("共同借款人手机", "共借人电话"), ("Co-Applicant Phone", "Co-Borrower Phone")),
    "co_applicant.1.relation": (
        ("共同借款人关系", "共借人关系"),
        ("Co-Applicant Relation", "Co-Borrower Relationship"),
    ),
    "reference.1.name": (("联系人1姓名", "紧急联系人一"), ("Reference 1 Name", "Reference 1")),
    "reference.1.phone": (("联系人1电话", "紧急联系人一电话"), ("Reference 1 Phone", "Ref 1 Phone")),
    "reference.1.relation": (("联系人1关系", "紧急联系人一关系"), ("Reference 1 Relation", "Ref 1 Relationship")),
    "reference.2.name": (("联系人2姓名", "紧急联系人二"), ("Reference 2 Name", "Reference 2")),
    "reference.2.phone": (("联系人2电话", "紧急联系人二电话"), ("Reference 2 Phone", "Ref 2 Phone")),
    "reference.2.relation": (("联系人2关系", "紧急联系人二关系"), ("Reference 2 Relation", "Ref 2 Relationship")),
    "reference.3.name": (("联系人3姓名", "紧急联系人三"), ("Reference 3 Name", "Reference 3")),
    "reference.3.phone": (("联系人3电话", "紧急联系人三电话"), ("Reference 3 Phone", "Ref 3 Phone")),
    "reference.3.relation": (("联系人3关系", "紧急联系人三关系"), ("Reference 3 Relation", "Ref 3 Relationship")),
    "device_id": (("设备号", "设备指纹"), ("Device ID", "Device Fingerprint")),
    "ip_address": (("IP地址", "申请IP"), ("IP Address", "Client IP")),
    "remark": (("备注", "审批备注"), ("Notes", "Remarks")),
}
"""`remark` belongs to no canonical field: real exports carry columns that nobody maps."""


def heading(name: str, locale: str, pick: int = 0) -> str:
    """The heading of a canonical column; a mixed book carries both languages. `pick` chooses among the synonyms."""
    chinese, english = HEADINGS[name]
    if locale == "mixed":
        return f"{chinese[pick % len(chinese)]} {english[pick % len(english)]}"
    words = english if locale == "en" else chinese
    return words[pick % len(words)]
