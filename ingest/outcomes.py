"""What else a lender sends, kept as facts: outcomes, watch-lists and employer registries."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import polars as pl

from graph.schema import KIND, FieldKind
from ingest.clean import clean_columns
from ingest.codes import Problem, Refusal
from ingest.columns import Names, run
from ingest.employers import employer_fact_stages
from ingest.ports import Facts, TokenKeys
from ingest.prepare import REFUSED_SCHEMA
from ingest.source import SourceContext
from ingest.tokens import VAULT_SCHEMA, Tokeniser

K = FieldKind
OUTCOMES: Final[dict[str, FieldKind]] = {
    "application_id": K.CODE, "event": K.TEXT, "event_at": K.TIME, "known_at": K.TIME,
}  # fmt: skip
WATCHLIST: Final[dict[str, FieldKind]] = {
    "kind": K.TEXT, "value": K.TEXT, "reason": K.TEXT, "added_at": K.TIME, "expires_at": K.TIME,
}  # fmt: skip
EMPLOYERS: Final[dict[str, FieldKind]] = {
    "name": K.EMPLOYER, "registration": K.CODE, "phone": K.PHONE, "address": K.ADDRESS, "insured_heads": K.TEXT,
}  # fmt: skip
REQUIRED: Final[dict[str, tuple[str, ...]]] = {
    "outcomes": ("application_id", "event", "event_at"),
    "watchlist": ("kind", "value", "added_at"),
    "employers": ("name",),
}
EVENTS: Final[dict[str, tuple[str, ...]]] = {
    "confirmed_fraud": ("fraud", "confirmed fraud", "确认欺诈", "欺诈", "已确认欺诈", "欺诈确认"),
    "cleared": ("clear", "not fraud", "no fraud", "genuine", "排除欺诈", "排除", "正常", "非欺诈", "解除"),
    "first_payment_default": ("fpd", "first payment default", "首逾", "首期逾期", "首付逾期", "首期违约"),
    "charge_off": ("chargeoff", "charged off", "charge off", "write off", "核销", "坏账", "呆账"),
    "paid": ("paid off", "settled", "repaid", "结清", "已结清", "已还清", "正常结清"),
}
_EVENT_OF: Final = {spelling: name for name, words in EVENTS.items() for spelling in (name, *words)}
WATCHED: Final[dict[str, tuple[FieldKind, tuple[str, ...]]]] = {
    "phone": (K.PHONE, ("mobile", "telephone", "手机", "手机号", "电话", "电话号码")),
    "national_id": (K.NATIONAL_ID, ("id", "ssn", "身份证", "身份证号", "证件号")),
    "address": (K.ADDRESS, ("地址", "住址")),
    "employer": (K.EMPLOYER, ("company", "单位", "公司", "企业")),
    "dealer": (K.CODE, ("经销商", "车商")),
    "officer": (K.CODE, ("loan officer", "信贷员", "客户经理")),
    "account": (K.ACCOUNT, ("bank account", "bank_account", "card", "银行卡", "银行账户", "账户", "账号")),
    "device": (K.CODE, ("device_id", "设备", "设备号")),
    "vehicle": (K.VIN, ("vin", "车架号", "车辆")),
    "email": (K.EMAIL, ("e-mail", "邮箱", "电子邮箱")),
    "ip": (K.IP, ("ip address", "ip_address", "ip地址")),
}
_WATCHED_OF: Final = {spelling: name for name, (_, words) in WATCHED.items() for spelling in (name, *words)}
MAX_HEADS: Final = 5_000_000


@dataclass(frozen=True, slots=True)
class FactRows:
    """Rows ready for `Facts`, with what was refused (row, code, detail), what was odd, and what the vault must keep."""

    rows: pl.DataFrame
    refused: pl.DataFrame
    problems: pl.DataFrame
    vault: pl.DataFrame


def prepare_outcomes(raw: pl.DataFrame, source: SourceContext, keys: TokenKeys) -> FactRows:
    """application_id, event, event_at, known_at; the day it became known defaults to the day it happened."""
    del keys
    cleaned = clean_columns(_complete(raw, OUTCOMES), OUTCOMES, source)
    event = pl.col("event").str.to_lowercase().replace_strict(_EVENT_OF, default=None, return_dtype=pl.String)
    frame = cleaned.fields.with_columns(event=event, known_at=pl.coalesce("known_at", "event_at")).with_row_index("row")
    code = (
        pl.when(pl.col("application_id").is_null()).then(pl.lit(str(Refusal.NO_ID)))
        .when(pl.col("event").is_null()).then(pl.lit(str(Refusal.NO_EVENT)))
        .when(pl.col("event_at").is_null()).then(pl.lit(str(Refusal.BAD_EVENT_TIME)))
    )  # fmt: skip
    sound, refused = _parted(frame, code)
    return FactRows(sound.select(*OUTCOMES), refused, cleaned.problems, pl.DataFrame(schema=VAULT_SCHEMA))


def prepare_watchlist(raw: pl.DataFrame, source: SourceContext, keys: TokenKeys) -> FactRows:
    """kind, token, reason, added_at, expires_at; a value is cleaned like the identifier of its kind."""
    cleaned = clean_columns(_complete(raw, WATCHLIST), WATCHLIST, source)
    kind = pl.col("kind").str.to_lowercase().replace_strict(_WATCHED_OF, default=None, return_dtype=pl.String)
    frame = cleaned.fields.with_columns(kind=kind, token=pl.lit(None, dtype=pl.String)).with_row_index("row")
    tokens = Tokeniser(keys)
    parts = [_watched(part, source, tokens) for part in frame.partition_by("kind", maintain_order=True)]
    frame = pl.concat(parts).sort("row") if parts else frame
    code = (
        pl.when(pl.col("kind").is_null()).then(pl.lit(str(Refusal.NO_KIND)))
        .when(pl.col("token").is_null()).then(pl.lit(str(Refusal.NO_VALUE)))
        .when(pl.col("added_at").is_null()).then(pl.lit(str(Refusal.NO_ADDED)))
    )  # fmt: skip
    sound, refused = _parted(frame, code)
    rows = sound.select("kind", "token", "reason", "added_at", "expires_at")
    return FactRows(rows, refused, cleaned.problems, tokens.vault(tuple(WATCHED)))


def _watched(part: pl.DataFrame, source: SourceContext, tokens: Tokeniser) -> pl.DataFrame:
    name = part["kind"][0]
    if name is None:
        return part
    values = clean_columns(part.select("value"), {"value": WATCHED[name][0]}, source).fields["value"]
    return part.with_columns(pl.Series("token", tokens.of(KIND[name].name, values), dtype=pl.String))


def prepare_employers(raw: pl.DataFrame, source: SourceContext, keys: TokenKeys) -> FactRows:
    """token, core_token, registration, phone_token, address_token, insured_heads."""
    cleaned = clean_columns(_complete(raw, EMPLOYERS), EMPLOYERS, source)
    heads = pl.col("insured_heads").str.extract(r"^([0-9]{1,7})(?:\.0+)?(?:人|名)?$", 1).cast(pl.Int64, strict=False)
    frame = cleaned.fields.with_columns(heads=pl.when(heads <= MAX_HEADS).then(heads)).with_row_index("row")
    odd = frame.filter(pl.col("heads").is_null() & pl.col("insured_heads").is_not_null()).select(
        "row", field=pl.lit("insured_heads"), code=pl.lit(str(Problem.UNREADABLE))
    )
    frame, refused = _parted(frame, pl.when(pl.col("name").is_null()).then(pl.lit(str(Refusal.NO_NAME))))
    tokens = Tokeniser(keys)
    rows = pl.DataFrame(
        {
            "token": tokens.of("employer", frame["name"]),
            "core_token": tokens.of("employer_core", _cores(frame["name"])),
            "registration": frame["registration"],
            "phone_token": tokens.of("phone", frame["phone"]),
            "address_token": tokens.of("address", frame["address"]),
            "insured_heads": frame["heads"],
        },
        schema_overrides={name: pl.String() for name in ("token", "core_token", "phone_token", "address_token")},
    )
    return FactRows(rows, refused, pl.concat([cleaned.problems, odd]), tokens.vault(("employer", "phone", "address")))


def _cores(names: pl.Series) -> pl.Series:
    return run({"e": (employer_fact_stages(Names("e")), [names.alias("v")])}, ["core"])["e"]["core"]


def _complete(raw: pl.DataFrame, fields: dict[str, FieldKind]) -> pl.DataFrame:
    return raw.select(pl.col(n) if n in raw.columns else pl.lit(None, dtype=pl.String).alias(n) for n in fields)


def _parted(frame: pl.DataFrame, code: pl.Expr) -> tuple[pl.DataFrame, pl.DataFrame]:
    judged = frame.with_columns(code=code)
    refused = judged.filter(pl.col("code").is_not_null()).select("row", "code", detail=pl.lit(""))
    return judged.filter(pl.col("code").is_null()), refused.select(
        pl.col(name).cast(dtype) for name, dtype in REFUSED_SCHEMA.items()
    )


FactMaker = Callable[[pl.DataFrame, SourceContext, TokenKeys], FactRows]
MAKERS: Final[dict[str, FactMaker]] = {
    "outcomes": prepare_outcomes,
    "watchlist": prepare_watchlist,
    "employers": prepare_employers,
}
FACT_FIELDS: Final[dict[str, dict[str, FieldKind]]] = {
    "outcomes": OUTCOMES,
    "watchlist": WATCHLIST,
    "employers": EMPLOYERS,
}


def put_facts(facts: Facts, kind: str, rows: pl.DataFrame) -> int:
    """Hand the rows to the ledger; returns how many were new."""
    if kind == "outcomes":
        return facts.put_outcomes(rows)
    if kind == "watchlist":
        return facts.put_watchlist(rows)
    return facts.put_employers(rows)
