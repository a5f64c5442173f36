"""Proposes which column holds which field: headings and values each give a score, one assignment settles them all."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from graph.schema import CANONICAL_COLUMNS, FIELD_OF_COLUMN, FieldKind
from ingest.headings import heading_score, parse_heading
from ingest.outcomes import FACT_FIELDS
from ingest.recognise import Portrait, portray
from ingest.source import SourceContext

LEAST: Final = 0.35
"""Below this a column stays unmapped."""
HEADING_STRONG: Final = 0.6
_CONTRADICTED: Final = 0.35  # what remains of a heading that the values belie
_KIND_FIT: Final[dict[FieldKind, tuple[str, ...]]] = {
    FieldKind.NATIONAL_ID: ("national_id",),
    FieldKind.PHONE: ("phone",),
    FieldKind.EMAIL: ("email",),
    FieldKind.IP: ("ip",),
    FieldKind.VIN: ("vin",),
    FieldKind.TIME: ("time", "serial"),
    FieldKind.DATE: ("time", "serial"),
    FieldKind.MONEY: ("money",),
    FieldKind.INTEGER: ("term",),
    FieldKind.CONDITION: ("condition",),
    FieldKind.ACCOUNT: ("account", "long_number"),
    FieldKind.ADDRESS: ("address",),
    FieldKind.NAME: ("name",),
}
"""Kinds whose values can belie a heading. Employers, codes and free text look like anything."""


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """One proposed pair: how sure (0..1), and by what (`heading`, `value`, `both`)."""

    column: str
    heading: str
    confidence: float
    how: str


@dataclass(frozen=True, slots=True)
class Found:
    """All proposed pairs in canonical order, headings left over, and what the values say of the source."""

    guesses: tuple[ColumnGuess, ...]
    unmapped: tuple[str, ...]
    country: str
    date_order: str | None
    notes: tuple[str, ...]


def propose_columns(headings: tuple[str, ...], sample: pl.DataFrame, kind: str) -> Found:
    """Match the columns of `sample` (named by heading) to the fields of a kind of file."""
    fields = CANONICAL_COLUMNS if kind == "applications" else tuple(FACT_FIELDS[kind])
    country = guess_country(headings, sample)
    order = guess_date_order(sample)
    base = SourceContext.of_country(country)
    source = SourceContext(country, base.currency, base.timezone, order or base.date_order)
    portraits = [portray(sample[h], source) for h in headings]
    by_heading = np.array([[heading_score(h, f) for f in fields] for h in headings]).reshape(len(headings), len(fields))
    by_value = _value_scores(headings, portraits, fields, kind, by_heading)
    scores = _combined(by_heading, by_value, portraits, fields, kind)
    guesses = _assign(headings, fields, scores, by_heading, by_value)
    used = {g.heading for g in guesses}
    notes = (f"country {country}, dates {source.date_order}: judged by the values",)
    return Found(guesses, tuple(h for h in headings if h not in used), country, order, notes)


def guess_country(headings: tuple[str, ...], sample: pl.DataFrame) -> str:
    """CN where Chinese characters or +86 numbers are about, else US."""
    if sum(any("\u4e00" <= c <= "\u9fff" for c in h) for h in headings) * 3 >= len(headings) > 0:
        return "CN"
    text = " ".join(headings) + " ".join(v for h in headings for v in sample[h].head(50).drop_nulls().to_list())
    chinese = sum("\u4e00" <= c <= "\u9fff" for c in text)
    return "CN" if chinese * 20 >= len(text) or "+86" in text else "US"


def guess_date_order(sample: pl.DataFrame) -> str | None:
    """DMY or MDY where some number above 12 gives it away; None where nothing does."""
    first = second = 0
    for name in sample.columns:
        parts = sample[name].str.extract_groups(r"^\s*(\d{1,2})[/.\-](\d{1,2})[/.\-]\d{4}").struct.unnest()
        numbers = parts.cast(pl.Int64, strict=False)
        first += int((numbers.to_series(0) > 12).sum() or 0)
        second += int((numbers.to_series(1) > 12).sum() or 0)
    if first == second == 0:
        return None
    return "DMY" if first > second else "MDY"


def _combined(
    by_heading: NDArray[np.float64],
    by_value: NDArray[np.float64],
    portraits: list[Portrait],
    fields: tuple[str, ...],
    kind: str,
) -> NDArray[np.float64]:
    """Either alone may convince; a heading whose values are of another kind is believed much less."""
    scores = 1.0 - (1.0 - 0.92 * by_heading) * (1.0 - 0.75 * by_value)
    for row, portrait in enumerate(portraits):
        for at, name in enumerate(fields):
            needed = _KIND_FIT.get(_kind_of(name, kind))
            if needed and portrait.filled and max(portrait.fit(n) for n in needed) < 0.3:
                scores[row, at] *= _CONTRADICTED
    return scores


def _kind_of(name: str, kind: str) -> FieldKind:
    return FIELD_OF_COLUMN[name].kind if kind == "applications" else FACT_FIELDS[kind][name]


def _assign(
    headings: tuple[str, ...],
    fields: tuple[str, ...],
    scores: NDArray[np.float64],
    by_heading: NDArray[np.float64],
    by_value: NDArray[np.float64],
) -> tuple[ColumnGuess, ...]:
    """One field a column, one column a field, greatest sum of squares; of equals the earlier column wins."""
    if not headings:
        return ()
    worth = np.where(scores >= LEAST, scores**2, 0.0) - 1e-9 * np.arange(len(headings))[:, None]
    rows, cols = linear_sum_assignment(worth, maximize=True)
    guesses = []
    for row, col in zip(rows, cols, strict=True):
        if scores[row, col] >= LEAST:
            said, seen = by_heading[row, col] >= 0.4, by_value[row, col] >= 0.3
            how = "both" if said and seen else "heading" if said else "value"
            guesses.append((col, ColumnGuess(fields[col], headings[row], float(round(scores[row, col], 2)), how)))
    return tuple(guess for _, guess in sorted(guesses, key=lambda g: g[0]))


def _value_scores(
    headings: tuple[str, ...],
    portraits: list[Portrait],
    fields: tuple[str, ...],
    kind: str,
    by_heading: NDArray[np.float64],
) -> NDArray[np.float64]:
    scores = np.zeros((len(headings), len(fields)))
    place = {name: at for at, name in enumerate(fields)}
    persons = _persons(headings, portraits, by_heading, fields) if kind == "applications" else [""] * len(headings)
    for row, portrait in enumerate(portraits):
        hints = (
            _application_hints(portrait, row, persons[row]) if kind == "applications" else _fact_hints(portrait, kind)
        )
        for name, score in hints.items():
            if name in place:
                scores[row, place[name]] = min(1.0, score)
    return scores


def _persons(
    headings: tuple[str, ...], portraits: list[Portrait], by_heading: NDArray[np.float64], fields: tuple[str, ...]
) -> list[str]:
    """Whose column each one is by the last name seen: "" the applicant's, or `reference.1`, `co_applicant.1`, ..."""
    current, references, seen_applicant = "", 0, False
    whose = []
    for row, (heading, portrait) in enumerate(zip(headings, portraits, strict=True)):
        best = fields[int(by_heading[row].argmax())] if by_heading[row].max() >= HEADING_STRONG else ""
        if best.startswith(("reference.", "co_applicant.")):
            current = best.rsplit(".", 1)[0]
            references = max(references, int(current.rsplit(".", 1)[1]) if current.startswith("reference") else 0)
        elif best in ("name", "account_holder_name"):
            current, seen_applicant = "", seen_applicant or best == "name"
        elif portrait.fit("name") > 0.6 and not best:
            if seen_applicant:
                references += 1
                current = f"reference.{references}"
            seen_applicant = True
        elif best or not _personal(portrait) or parse_heading(heading).group == "employer":
            current = ""
        whose.append(current)
    return whose


def _personal(portrait: Portrait) -> bool:
    return max(portrait.fit(n) for n in ("name", "phone", "relation", "national_id")) > 0.5


def _application_hints(portrait: Portrait, row: int, person: str) -> dict[str, float]:
    """Field -> how strongly the values alone speak for it."""
    fit = portrait.fit
    prefix = f"{person}." if person else ""
    own_phone = f"{prefix}phone" if person else "phone.1"
    hints = {
        own_phone: fit("phone"),
        "phone.1": fit("phone") * (0.4 if person else 0.85),
        "phone.2": fit("phone") * 0.45,
        "employer.phone": fit("phone") * 0.4,
        f"{prefix}national_id": fit("national_id"),
        f"{prefix}name": fit("name") * 0.95,
        "account_holder_name": fit("name") * 0.4,
        f"{prefix}relation" if person else "reference.1.relation": fit("relation"),
        "email": fit("email"), "ip_address": fit("ip"), "vin": fit("vin"), "address": fit("address"),
        "employer.name": fit("employer") * (0.9 if portrait.distinct > 0.02 else 0.5),
        "dealer_name": fit("employer") * (0.75 if portrait.distinct <= 0.3 else 0.3),
        "employer.registration": fit("registration") * 0.8,
        "vehicle_condition": fit("condition") * (1.0 if portrait.distinct < 0.2 else 0.3),
        "term_months": fit("term") * (0.9 if portrait.distinct < 0.2 else 0.3),
        "bank_account": fit("account") * (1.0 - min(1.0, fit("national_id"))),
        **_time_hints(portrait),
        **_money_hints(portrait),
    }  # fmt: skip
    taken = max(fit(n) for n in ("phone", "national_id", "vin", "account", "time", "email", "ip"))
    if fit("code") > 0.8 and taken < 0.5:
        unique = portrait.distinct * portrait.filled
        hints["application_id"] = (0.75 if row == 0 else 0.65) * max(0.0, unique - 0.5) * 2
        hints["device_id"] = 0.35 * (0.5 < portrait.distinct <= 1.0)
        hints["dealer_id"] = 0.35 * (portrait.distinct < 0.3)
        hints["officer_id"] = 0.3 * (portrait.distinct < 0.3)
    return hints


def _time_hints(portrait: Portrait) -> dict[str, float]:
    time = max(portrait.fit("time"), 0.6 * portrait.fit("serial"))
    if portrait.year is None or max(portrait.fit("phone"), portrait.fit("national_id")) > 0.5:
        return {}
    if portrait.year < 2008:
        return {"birth_date": time * 0.95}
    full = time * portrait.filled
    return {
        "submitted_at": full * (0.75 + 0.2 * portrait.clock),
        "updated_at": time * (0.35 + 0.1 * portrait.clock),
        "lien_at": time * 0.4,
    }


def _money_hints(portrait: Portrait) -> dict[str, float]:
    """Sizes tell a little: monthly incomes are smaller than prices, prices are round and large."""
    middle, money = portrait.median, portrait.fit("money")
    busy = max(portrait.fit(n) for n in ("phone", "national_id", "time", "account", "term"))
    if middle is None or busy > 0.5 or money < 0.5:
        return {}
    if 1_500 <= middle < 20_000:
        return {"monthly_income": money * 0.45, "down_payment": money * 0.25}
    if 20_000 <= middle < 2_000_000:
        return {
            "loan_amount": money * 0.4, "vehicle_price": money * 0.39, "vehicle_appraisal": money * 0.37,
            "down_payment": money * 0.3,
        }  # fmt: skip
    return {}


def _fact_hints(portrait: Portrait, kind: str) -> dict[str, float]:
    fit = portrait.fit
    if kind == "employers":
        return {
            "name": fit("employer"), "phone": fit("phone"), "address": fit("address"),
            "registration": fit("registration"),
            "insured_heads": fit("money") * 0.4 if max(fit("phone"), fit("registration")) < 0.5 else 0.0,
        }  # fmt: skip
    few = portrait.distinct < 0.2 and fit("text") > 0.8
    if kind == "outcomes":
        return {
            "application_id": fit("code") * (portrait.distinct > 0.5) * 0.8 * (fit("time") < 0.5),
            "event": 0.6 * few, "event_at": fit("time") * 0.7, "known_at": fit("time") * 0.4,
        }  # fmt: skip
    long = max(fit(n) for n in ("phone", "national_id", "vin", "account", "email", "ip", "employer", "address"))
    return {"kind": 0.6 * few, "value": long * 0.6, "reason": 0.3 * fit("text"), "added_at": fit("time") * 0.5,
            "expires_at": fit("time") * 0.4}  # fmt: skip
