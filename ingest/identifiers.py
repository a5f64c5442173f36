"""The other identifiers: codes, accounts, devices, vehicles, e-mail and IP addresses, each to one spelling."""

import ipaddress
from typing import Final

import polars as pl

from ingest.checkdigits import luhn_ok, vin_check
from ingest.codes import Problem
from ingest.columns import Names, Rule, Stages, code, judged
from ingest.rules import coalesce, lit, nothing, when
from ingest.source import SourceContext
from ingest.text import MASKED, SCIENTIFIC, STARS

_VIN: Final = r"^[A-HJ-NPR-Z0-9]{17}$"
_CARD: Final = r"^[0-9]{16,19}$"
_SAME: Final = "^(?:" + "|".join(f"{c}{{6,}}" for c in "0123456789FX") + ")$"
_SAME_CODE: Final = "^(?:0{5,}|" + "|".join(f"{c}{{8,}}" for c in "123456789FX") + ")$"
_IPV4: Final = (
    r"^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])\.){3}(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])$"
)
_NO_ADDRESS: Final = ("0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1")  # noqa: S104 (placeholders)
_NEW: Final = (
    "NEW", "N", "新", "新车", "全新", "全新车", "NEW CAR", "NEW VEHICLE", "一手车", "NEU", "NEUWAGEN", "NEUFAHRZEUG",
    "NUEVO", "NUEVA", "NEUF", "NEUVE", "NUOVO", "NUOVA", "NOVO", "NOVA", "0KM", "0 KM", "KM 0", "NIEUW", "MỚI", "MOI",
    "XE MỚI", "NOWY",
)  # fmt: skip
_USED: Final = (
    "USED", "U", "旧", "二手", "二手车", "旧车", "USED CAR", "USED VEHICLE", "PRE-OWNED", "PREOWNED", "CPO",
    "认证二手车",
    "GEBRAUCHT", "GEBRAUCHTWAGEN", "JAHRESWAGEN", "VORFÜHRWAGEN", "USADO", "USADA", "OCASIÓN", "OCASION",
    "SEGUNDA MANO", "SEMINUEVO", "OCCASION", "D'OCCASION", "USATO", "USATA", "SEMINOVO", "GEBRUIKT", "TWEEDEHANDS",
    "CŨ", "CU", "XE CŨ", "ĐÃ QUA SỬ DỤNG", "UŻYWANY",
)  # fmt: skip
_CONDITIONS: Final = {**dict.fromkeys(_NEW, "new"), **dict.fromkeys(_USED, "used")}
LABEL_CHARACTERS: Final = 60


def text_stages(at: Names, source: SourceContext) -> Stages:
    """Tidy text as it stands."""
    del source
    return (at.let(value=at("t"), problem=nothing(pl.String())),)


def code_stages(at: Names, source: SourceContext) -> Stages:
    """Tidy text as it stands; filler numbers (all zeros) and numbers that a spreadsheet cut short are absent."""
    del source
    t = at("t")
    squeezed = t.replace_all(r"[-:_. ]", "").upper()
    problem = (
        when(t.contains(SCIENTIFIC)).then(code(Problem.SCIENTIFIC))
        .when(t.contains(STARS)).then(code(Problem.MASKED))
        .when(squeezed.contains(_SAME_CODE)).then(code(Problem.PLACEHOLDER))
    )  # fmt: skip
    return at.let(v=t, p=problem), judged(at)


def account_stages(at: Names, source: SourceContext) -> Stages:
    """Bank accounts and cards: letters and digits only, 6 to 34 of them."""
    del source
    t, v = at("t"), at("v")
    problem = (
        when(t.contains(SCIENTIFIC)).then(code(Problem.SCIENTIFIC))
        .when(t.contains(MASKED)).then(code(Problem.MASKED))
        .when(v.contains(_SAME)).then(code(Problem.PLACEHOLDER))
        .when(~at("luhn")).then(code(Problem.PRECISION))
        .when(t.present() & ~v.contains(r"^[A-Z]{0,4}[0-9][A-Z0-9]{5,33}$")).then(code(Problem.UNREADABLE))
    )  # fmt: skip
    return (
        at.let(v=t.replace(r"^([0-9]+)\.0+$", "$1").upper().replace_all(r"[ \-_.']", "")),
        # a spreadsheet keeps 15 digits and writes zeros for the rest
        at.let(luhn=luhn_ok(when(v.contains(r"^[0-9]{15}0{2,4}$")).then(v))),
        at.let(p=problem),
        judged(at),
    )


def vin_stages(at: Names, source: SourceContext) -> Stages:
    """VINs in capitals; I, O and Q, which no VIN has, are read as 1, 0 and 0 and noted. Shorter frame numbers stay."""
    del source
    t, bare, v, p = at("t"), at("bare"), at("v"), at("p")
    mended = bare.replace_all("I", "1").replace_all("[OQ]", "0")
    bad = (
        when(t.contains(SCIENTIFIC)).then(code(Problem.SCIENTIFIC))
        .when(t.contains(STARS)).then(code(Problem.MASKED))
        .when(bare.contains(_SAME)).then(code(Problem.PLACEHOLDER))
        .when(t.present() & ~v.contains(rf"{_VIN}|^[A-Z0-9]{{6,16}}$")).then(code(Problem.UNREADABLE))
    )  # fmt: skip
    return (
        at.let(bare=t.upper().replace_all(r"[ \-_.]", "")),
        at.let(v=when(bare.length() == 17).then(mended).otherwise(bare)),
        at.let(p=bad),
        at.let(
            value=when(p.absent()).then(v),
            problem=when(p.absent() & (bare != v)).then(code(Problem.VIN_LETTERS)).otherwise(p),
        ),
    )


def email_stages(at: Names, source: SourceContext) -> Stages:
    """Lower-case addresses; `mailto:` and angle brackets are dropped."""
    del source
    t, v = at("t"), at("v")
    shape = r"^[^@ <>,;]{1,64}@[^@ <>,;]+\.[^@ <>,;.]{2,}$"
    problem = (
        when(t.contains(STARS)).then(code(Problem.MASKED))
        .when(t.present() & ~v.contains(shape)).then(code(Problem.UNREADABLE))
    )  # fmt: skip
    return (
        at.let(v=t.lower().nfkc().replace(r"^mailto:", "").replace(r"^[^<>]*<([^<>]+)>$", "$1")),
        at.let(p=problem),
        judged(at),
    )


def ip_stages(at: Names, source: SourceContext) -> Stages:
    """IPv4 and IPv6 in their shortest spelling; loopback and unspecified addresses are placeholders."""
    del source
    t, v = at("t"), at("v")
    usual = t.contains(_IPV4)
    problem = (
        when(v.among(_NO_ADDRESS)).then(code(Problem.PLACEHOLDER))
        .when(t.present() & v.absent()).then(code(Problem.UNREADABLE))
    )  # fmt: skip
    return (
        at.let(other=when(~usual).then(t)),
        at.let(
            v=coalesce(
                when(usual).then(t), at("other").work_out(lambda texts: [_parse_ip(t) for t in texts], pl.String())
            )
        ),
        at.let(p=problem),
        judged(at),
    )


def _parse_ip(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text.split("%")[0].strip("[]"))
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def condition_stages(at: Names, source: SourceContext) -> Stages:
    """`new` or `used`."""
    del source
    upper = at("t").upper()
    value = upper.look_up(_CONDITIONS, pl.String())
    unknown = at("value").absent() & at("t").present()
    return at.let(value=value), at.let(problem=when(unknown).then(code(Problem.UNREADABLE)))


def vin_fact_stages(at: Names) -> Stages:
    """label and check of each vehicle number `v`; only 17 characters carry a check digit."""
    v, due = at("v"), at("due")
    return (
        at.let(label=v, due=vin_check(when(v.contains(_VIN)).then(v))),
        at.let(check=_verdict(due == v.slice(8, 1))),
    )


def account_fact_stages(at: Names) -> Stages:
    """label (last four) and check of each account `v`; only 16 to 19 digits carry Luhn's digit."""
    v = at("v")
    return (
        at.let(label="****" + v.tail(4), good=luhn_ok(when(v.contains(_CARD)).then(v))),
        at.let(check=_verdict(at("good"))),
    )


def _verdict(good: Rule) -> Rule:
    return when(good).then(lit("ok")).when(~good).then(lit("bad"))


def plain_fact_stages(at: Names) -> Stages:
    """label of what is no secret: the value itself, cut."""
    return (at.let(label=at("v").head(LABEL_CHARACTERS)),)


def email_fact_stages(at: Names) -> Stages:
    """label: a***@domain."""
    return (at.let(label=at("v").replace(r"^(.)[^@]*@", "$1***@")),)


def ip_fact_stages(at: Names) -> Stages:
    """label: first two parts of IPv4, first three groups of IPv6."""
    short = at("v").replace(r"^([0-9]+\.[0-9]+)\.[0-9]+\.[0-9]+$", "$1.*.*")
    return (at.let(label=short.replace(r"^([0-9a-f]*:[0-9a-f]*:[0-9a-f]*):.*$", "$1:*")),)


def device_fact_stages(at: Names) -> Stages:
    """label: last four characters."""
    return (at.let(label="****" + at("v").tail(4)),)
