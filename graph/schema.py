"""The domain declared as data: canonical fields, node kinds, link kinds, and the columns that are stored."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import polars as pl


class FieldKind(StrEnum):
    """How a field's text is cleaned."""

    CODE = "code"  # opaque text compared as it stands, trimmed and NFKC-folded
    TEXT = "text"
    NAME = "name"
    NATIONAL_ID = "national_id"
    DATE = "date"
    TIME = "time"
    PHONE = "phone"
    EMAIL = "email"
    ADDRESS = "address"
    EMPLOYER = "employer"
    MONEY = "money"
    INTEGER = "integer"
    VIN = "vin"
    ACCOUNT = "account"
    IP = "ip"
    CONDITION = "condition"


@dataclass(frozen=True, slots=True)
class Field:
    """One canonical field. `repeats` > 1 marks a repeated group: `reference.N.phone` with N from 1."""

    name: str
    kind: FieldKind
    personal: bool = False
    required: bool = False
    repeats: int = 1

    def columns(self) -> tuple[str, ...]:
        """The concrete names: `reference.1.phone`, `reference.2.phone`, ..."""
        if self.repeats == 1:
            return (self.name,)
        return tuple(self.name.replace(".N", f".{n}", 1) for n in range(1, self.repeats + 1))


K = FieldKind
REFERENCES: Final = 5
CO_APPLICANTS: Final = 2
PHONES: Final = 3

FIELDS: Final[tuple[Field, ...]] = (
    Field("application_id", K.CODE, required=True),
    Field("submitted_at", K.TIME, required=True),
    Field("updated_at", K.TIME),
    Field("name", K.NAME, personal=True),
    Field("national_id", K.NATIONAL_ID, personal=True),
    Field("birth_date", K.DATE, personal=True),
    Field("phone.N", K.PHONE, personal=True, repeats=PHONES),
    Field("email", K.EMAIL, personal=True),
    Field("address", K.ADDRESS, personal=True),
    Field("region", K.TEXT),
    Field("employer.name", K.EMPLOYER, personal=True),
    Field("employer.phone", K.PHONE, personal=True),
    Field("employer.registration", K.CODE),
    Field("occupation", K.TEXT),
    Field("monthly_income", K.MONEY),
    Field("dealer_id", K.CODE),
    Field("dealer_name", K.TEXT),
    Field("officer_id", K.CODE),
    Field("vin", K.VIN),
    Field("vehicle_price", K.MONEY),
    Field("vehicle_appraisal", K.MONEY),
    Field("vehicle_condition", K.CONDITION),
    Field("vehicle_make", K.TEXT),
    Field("vehicle_model", K.TEXT),
    Field("lien_at", K.TIME),
    Field("loan_amount", K.MONEY),
    Field("down_payment", K.MONEY),
    Field("term_months", K.INTEGER),
    Field("bank_account", K.ACCOUNT, personal=True),
    Field("account_holder_name", K.NAME, personal=True),
    Field("device_id", K.CODE, personal=True),
    Field("ip_address", K.IP, personal=True),
    Field("co_applicant.N.name", K.NAME, personal=True, repeats=CO_APPLICANTS),
    Field("co_applicant.N.national_id", K.NATIONAL_ID, personal=True, repeats=CO_APPLICANTS),
    Field("co_applicant.N.phone", K.PHONE, personal=True, repeats=CO_APPLICANTS),
    Field("co_applicant.N.relation", K.TEXT, repeats=CO_APPLICANTS),
    Field("reference.N.name", K.NAME, personal=True, repeats=REFERENCES),
    Field("reference.N.phone", K.PHONE, personal=True, repeats=REFERENCES),
    Field("reference.N.relation", K.TEXT, repeats=REFERENCES),
    Field("channel", K.TEXT),
    Field("status", K.TEXT),
)
"""Every field an application can have. A mapping may write `phone` for `phone.1`."""

CANONICAL_COLUMNS: Final[tuple[str, ...]] = tuple(c for f in FIELDS for c in f.columns())
FIELD_OF_COLUMN: Final[dict[str, Field]] = {c: f for f in FIELDS for c in f.columns()}


@dataclass(frozen=True, slots=True)
class NodeKind:
    """A kind of identifier node. `code` is stable for ever: it is written into stores and artifacts."""

    code: int
    name: str
    label: str  # Neo4j label
    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class Role:
    """In which capacity an application uses an identifier. `code` is stable for ever."""

    code: int
    name: str


NODE_KINDS: Final[tuple[NodeKind, ...]] = (
    NodeKind(1, "phone", "Phone", "phone", "电话"),
    NodeKind(2, "national_id", "NationalId", "national ID", "身份证"),
    NodeKind(3, "address", "Address", "address", "地址"),
    NodeKind(4, "employer", "Employer", "employer", "单位"),
    NodeKind(5, "dealer", "Dealer", "dealer", "经销商"),
    NodeKind(6, "officer", "Officer", "loan officer", "信贷员"),
    NodeKind(7, "account", "Account", "bank account", "银行账户"),
    NodeKind(8, "device", "Device", "device", "设备"),
    NodeKind(9, "vehicle", "Vehicle", "vehicle", "车辆"),
    NodeKind(10, "email", "Email", "e-mail", "邮箱"),
    NodeKind(11, "ip", "Ip", "IP address", "IP 地址"),
)
ROLES: Final[tuple[Role, ...]] = (Role(1, "own"), Role(2, "work"), Role(3, "reference"), Role(4, "co_applicant"))
KIND: Final[dict[str, NodeKind]] = {k.name: k for k in NODE_KINDS}
ROLE: Final[dict[str, Role]] = {r.name: r for r in ROLES}
KIND_OF_CODE: Final[dict[int, NodeKind]] = {k.code: k for k in NODE_KINDS}
ROLE_OF_CODE: Final[dict[int, Role]] = {r.code: r for r in ROLES}


@dataclass(frozen=True, slots=True)
class LinkKind:
    """Application -> identifier, and the canonical fields that make such a link.

    `named` is the field of the name that stands beside the value: a link's `mark` is made of it.
    """

    kind: str
    role: str
    relationship: str  # Neo4j relationship type
    fields: tuple[str, ...]
    named: str = ""


LINK_KINDS: Final[tuple[LinkKind, ...]] = (
    LinkKind("phone", "own", "HAS_PHONE", ("phone.N",), named="name"),
    LinkKind("phone", "work", "HAS_PHONE", ("employer.phone",)),
    LinkKind("phone", "reference", "HAS_PHONE", ("reference.N.phone",), named="reference.N.name"),
    LinkKind("phone", "co_applicant", "HAS_PHONE", ("co_applicant.N.phone",), named="co_applicant.N.name"),
    LinkKind("national_id", "own", "HAS_NATIONAL_ID", ("national_id",)),
    LinkKind("national_id", "co_applicant", "HAS_NATIONAL_ID", ("co_applicant.N.national_id",)),
    LinkKind("address", "own", "LIVES_AT", ("address",)),
    LinkKind("employer", "own", "WORKS_FOR", ("employer.name",)),
    LinkKind("dealer", "own", "SUBMITTED_BY", ("dealer_id", "dealer_name")),
    LinkKind("officer", "own", "HANDLED_BY", ("officer_id",)),
    LinkKind("account", "own", "REPAYS_FROM", ("bank_account",)),
    LinkKind("device", "own", "USED_DEVICE", ("device_id",)),
    LinkKind("vehicle", "own", "FINANCES", ("vin",)),
    LinkKind("email", "own", "HAS_EMAIL", ("email",)),
    LinkKind("ip", "own", "CAME_FROM", ("ip_address",)),
)

# Times are microseconds since 1970-01-01T00:00:00Z, money is integer minor units (fen, cents). Absent = null.
ATTRIBUTES: Final[dict[str, pl.DataType]] = {
    "name_token": pl.String(),  # keyed token of the cleaned name; its clear value is in the vault
    "surname_token": pl.String(),
    "name_birth_token": pl.String(),  # keyed token of name + birth date
    "name_label": pl.String(),  # masked: first character(s), rest starred
    "birth_year": pl.Int32(),
    "home_region": pl.String(),  # region code inside the national ID (CN: first six digits)
    "id_check": pl.String(),  # check digit: "ok", "bad", or null where there is none to check
    "region": pl.String(),
    "occupation": pl.String(),
    "monthly_income": pl.Int64(),
    "vehicle_price": pl.Int64(),
    "vehicle_appraisal": pl.Int64(),
    "vehicle_condition": pl.String(),  # "new", "used"
    "vehicle_make": pl.String(),
    "vehicle_model": pl.String(),
    "lien_at": pl.Int64(),
    "loan_amount": pl.Int64(),
    "down_payment": pl.Int64(),
    "term_months": pl.Int32(),
    "holder_is_applicant": pl.Boolean(),  # account holder's name equals the applicant's
    "channel": pl.String(),
    "status": pl.String(),
}
"""Columns of an application that identify nobody in clear, derived before hashing."""

APPLICATION_SCHEMA: Final[dict[str, pl.DataType]] = {
    "application_id": pl.String(),
    "event_at": pl.Int64(),  # submitted_at
    "version_at": pl.Int64(),  # updated_at, else event_at: the greatest is the latest version
    "digest": pl.String(),  # 32 hex digits over the cleaned content, the same in every home
    "seq": pl.Int64(),  # order of arrival, from the ledger
    **ATTRIBUTES,
}
IDENTIFIER_SCHEMA: Final[dict[str, pl.DataType]] = {
    "kind": pl.UInt8(),
    "token": pl.String(),  # "t1:" + 24 hex digits, HMAC-SHA256 under the kind's key
    "label": pl.String(),  # masked for personal kinds: 138****1234
    "group": pl.String(),  # token of the coarser value: phone block, building, employer core; else null
    "offset": pl.Int32(),  # phone: position inside its block of 100, so that runs of numbers meet
    "region": pl.String(),  # national ID: region code; phone: area; else null
    "sort": pl.String(),  # phone: "mobile", "fixed", "other"; else null
    "check": pl.String(),  # check digit verdict: "ok", "bad", or null
}
NETWORK_SCHEMA: Final = {name: IDENTIFIER_SCHEMA[name] for name in ("kind", "token", "label", "group", "offset")}
"""What a network is made of: of millions of identifiers the rest is a quarter of what there is to read."""
LINK_SCHEMA: Final[dict[str, pl.DataType]] = {
    "row": pl.UInt32(),  # position in the batch's applications
    "kind": pl.UInt8(),
    "role": pl.UInt8(),
    "token": pl.String(),
    "mark": pl.Int32(),  # keyed number of the name that stands beside the value, only equality means anything; or null
}
