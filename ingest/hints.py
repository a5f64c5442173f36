"""What values, their neighbours and their sums say of a column, whatever its heading."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ingest.recognise import Portrait
from ingest.structure import Hints, dated_numbers, earliness, is_money, stands_for, sums

NAMED: Final = 0.6
"""A heading this good settles whose column it is."""
CLEAR: Final = 0.6
"""Share of the values from which on a column is taken to be of a kind."""
UNIQUE: Final = 0.7
"""Distinct values per value: above, values tell rows apart; below, rows share them."""
_CONSTANT: Final = 0.3
_ROW_NUMBER: Final = 0.3
SAME: Final = 0.3
"""Share of account holders who are the applicant, at least."""


def value_scores(
    sample: pl.DataFrame,
    portraits: list[Portrait],
    fields: tuple[str, ...],
    kind: str,
    by_heading: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Columns x fields, 0..1."""
    if kind == "applications":
        named = [fields[int(row.argmax())] if row.max() >= NAMED else "" for row in by_heading]
        hints = _applications(sample, portraits, named)
    else:
        hints = [_facts(portrait, kind) for portrait in portraits]
    return np.array([[min(1.0, own.get(name, 0.0)) for name in fields] for own in hints]).reshape(
        len(hints), len(fields)
    )


def _applications(sample: pl.DataFrame, portraits: list[Portrait], named: list[str]) -> list[Hints]:
    persons = _persons(sample, portraits, named)
    together = _together(sample, portraits)
    first = earliness(portraits)
    hints = []
    for at, portrait in enumerate(portraits):
        before = portraits[at - 1] if at else None
        near_employer = before is not None and (before.fit("employer") > CLEAR or named[at - 1] == "employer.name")
        own = _codes(portrait, at / len(portraits)) | _identifiers(portrait) | _words(portrait)
        own |= _times(portrait, first.get(at, 0.0)) | _person(portrait, persons[at], near_employer) | _money(portrait)
        own |= {name: max(score, own.get(name, 0.0)) for name, score in together.get(at, {}).items()}
        hints.append({name: score * _CONSTANT for name, score in own.items()} if portrait.constant else own)
    return hints


def _together(sample: pl.DataFrame, portraits: list[Portrait]) -> dict[int, Hints]:
    """What columns tell of each other."""
    hints = sums(sample, portraits)
    codes = [at for at, portrait in enumerate(portraits) if _is_code(portrait)]
    unique = [at for at in codes if portraits[at].distinct > UNIQUE]
    dated = dated_numbers(sample, portraits, unique)
    if max(dated.values(), default=0.0) > CLEAR:
        for at in unique:
            hints[at] = {"application_id": _own_code(portraits[at], at / len(portraits)) * (0.8 + 0.4 * dated[at])}
    return hints | _dealers(sample, portraits, [at for at in codes if at not in unique])


def _dealers(sample: pl.DataFrame, portraits: list[Portrait], codes: list[int]) -> dict[int, Hints]:
    """A code that stands for one firm each is the dealer's; one that stands for the dealer, its officer's."""
    firms = [at for at, p in enumerate(portraits) if p.fit("employer", "dealership") > CLEAR and p.distinct < UNIQUE]
    for firm in sorted(firms, key=lambda at: portraits[at].distinct):
        standing = [at for at in codes if not portraits[at].constant and stands_for(sample, at, firm)]
        if standing:
            fewest = min(round(portraits[at].distinct, 1) for at in standing)
            coarse = [at for at in standing if round(portraits[at].distinct, 1) == fewest]
            fine = {at: {"officer_id": 0.7} for at in standing if at not in coarse}
            return {firm: {"dealer_name": 0.9}, **_alike_codes(coarse), **fine}
    return {}


def _alike_codes(codes: list[int]) -> dict[int, Hints]:
    """Where each dealer has one officer, only the order of columns tells their codes apart, and not surely."""
    if len(codes) == 1:
        return {codes[0]: {"dealer_id": 0.85}}
    return {at: {"dealer_id": 0.6 if at == codes[0] else 0.5, "officer_id": 0.55} for at in codes}


def _identifiers(portrait: Portrait) -> Hints:
    fit = portrait.fit
    return {
        "email": fit("email"),
        "ip_address": fit("ip"),
        "vin": fit("vin"),
        "address": fit("address"),
        **({"bank_account": fit("account") * (1.0 - min(1.0, fit("national_id")))} if fit("account") else {}),
        "employer.registration": fit("registration") * 0.8 * (1.0 - min(1.0, fit("national_id"))),
    }


def _words(portrait: Portrait) -> Hints:
    fit, few = portrait.fit, portrait.distinct < 0.3
    return {
        "employer.name": fit("employer") * (0.74 if few else 0.9) * (1.0 - 0.5 * fit("dealership")),
        "dealer_name": max(fit("employer") * (0.72 if few else 0.3), 0.8 * fit("dealership")),
        "vehicle_condition": fit("condition") * (1.0 if few else 0.3),
        "term_months": fit("term") * (0.9 if few else 0.3),
        "vehicle_make": fit("make") * 0.9,
        "status": fit("state") * 0.8,
        "occupation": fit("job"),
        "region": fit("region") * (0.7 if portrait.distinct < 0.8 else 0.4),
    }


def _codes(portrait: Portrait, place: float) -> Hints:
    """Codes that nothing else explains: the more each one differs, the more it is the application's own.

    `place` is 0 for the first column and nears 1 for the last: applications come first, dealers before officers.
    """
    if not _is_code(portrait):
        return {}
    device = portrait.fit("device")
    shared = 0.5 * (portrait.distinct < UNIQUE) * (1.0 - device)
    return {
        "application_id": _own_code(portrait, place),
        "device_id": 0.75 * device,
        "dealer_id": shared * (1.0 - 0.1 * place),
        "officer_id": shared * 0.9,
        "bank_account": 0.5 * portrait.fit("long_number") * portrait.distinct,
    }


def _is_code(portrait: Portrait) -> bool:
    taken = portrait.fit("phone", "national_id", "vin", "account", "time", "email", "ip", "term")
    return portrait.fit("code") >= 0.8 and taken <= 0.5 and not is_money(portrait)


def _own_code(portrait: Portrait, place: float) -> float:
    """How much a code looks like the application's own: all filled, all different, early in the file, no row number."""
    unique = portrait.distinct * portrait.filled
    own = (0.8 - 0.1 * place) * max(0.0, unique - 0.5) * 2 * (1.0 - 0.7 * portrait.fit("device"))
    return own * (_ROW_NUMBER if portrait.counting else 1.0)


def _person(portrait: Portrait, person: str, near_employer: bool) -> Hints:
    """Names, phones, IDs and relations of the one whose columns these seem to be."""
    fit = portrait.fit
    phone, name = fit("phone"), fit("name") * min(1.0, portrait.distinct * 2)
    if person == "account":
        return {"account_holder_name": name}
    if person:
        return {
            f"{person}.{field}": score
            for field, score in (
                ("name", name),
                ("phone", phone),
                ("national_id", fit("national_id")),
                ("relation", fit("relation")),
            )
        }
    mobile = 0.7 + 0.3 * (fit("mobile") >= 0.5 * phone)
    return {
        "name": name * (0.6 + 0.4 * portrait.filled),
        "national_id": fit("national_id") * (0.6 + 0.4 * portrait.filled),
        "phone.1": phone * (0.5 + 0.45 * portrait.filled) * mobile * (0.6 if near_employer else 1.0),
        "phone.2": phone * 0.65 * (0.6 if near_employer else 1.0),
        "employer.phone": phone * (0.9 if near_employer else 0.45),
        "reference.1.relation": fit("relation") * 0.6,
    }


def _persons(sample: pl.DataFrame, portraits: list[Portrait], named: list[str]) -> list[str]:
    """Whose each column is, by the last name seen: "" the applicant, `account`, `reference.1`, `co_applicant.1`, ..."""
    current, counts, applicant = "", {"reference": 0, "co_applicant": 0}, -1
    whose = []
    for at, portrait in enumerate(portraits):
        heading = named[at]
        if heading.startswith(("reference.", "co_applicant.")):
            group, number, _ = heading.split(".")
            current, counts[group] = f"{group}.{number}", max(counts[group], int(number))
        elif not heading and portrait.fit("name") > CLEAR and portrait.distinct > 0.2:
            if applicant < 0:
                applicant, current = at, ""
            else:
                current = _other_person(sample, portraits, applicant, at, counts)
        elif heading or portrait.fit("phone", "relation", "national_id") < CLEAR:
            current = ""
            applicant = at if heading == "name" else applicant
        whose.append(current)
    return whose


def _other_person(
    sample: pl.DataFrame, portraits: list[Portrait], applicant: int, at: int, counts: dict[str, int]
) -> str:
    """A name after the applicant's: who repays, who borrows with him (an ID follows), or who vouches for him."""
    mine, theirs = (sample.to_series(n).str.strip_chars() for n in (applicant, at))
    alike = (mine == theirs).drop_nulls()
    if alike.sum() > SAME * max(1, len(alike)) or portraits[at - 1].fit("account") > CLEAR:
        return "account"
    followed = at + 1 < len(portraits) and portraits[at + 1].fit("national_id") > CLEAR
    group = "co_applicant" if followed else "reference"
    counts[group] += 1
    return f"{group}.{counts[group]}"


def _times(portrait: Portrait, first: float) -> Hints:
    """`first`: share of other dates that these do not come after."""
    time = max(portrait.fit("time"), 0.6 * portrait.fit("serial"))
    if portrait.year is None or portrait.fit("phone", "national_id") > 0.5:
        return {}
    if portrait.year < 2008:
        return {"birth_date": time * 0.95}
    return {
        "submitted_at": time * portrait.filled * (0.45 + 0.3 * first + 0.2 * portrait.clock),
        "updated_at": time * (0.4 + 0.2 * portrait.clock) * (1.0 - 0.3 * first),
        "lien_at": time * (0.52 - 0.2 * portrait.clock) * (1.0 - 0.3 * first),
    }


def _money(portrait: Portrait) -> Hints:
    """Sizes tell a little: monthly incomes are smaller than prices."""
    if not is_money(portrait) or portrait.median is None:
        return {}
    money, small = portrait.fit("money"), portrait.median < 20_000
    return {
        "monthly_income": money * (0.5 if small else 0.0),
        "loan_amount": money * (0.3 if small else 0.48),
        "vehicle_price": money * (0.2 if small else 0.47),
        "vehicle_appraisal": money * (0.2 if small else 0.46),
        "down_payment": money * (0.47 if small else 0.3),
    }


def _facts(portrait: Portrait, kind: str) -> Hints:
    fit = portrait.fit
    few = 0.6 * (portrait.distinct < 0.2 and fit("text") > 0.8)
    if kind == "employers":
        heads = fit("money") * 0.4 if fit("phone", "registration") < 0.5 else 0.0
        known = {"name": "employer", "phone": "phone", "address": "address", "registration": "registration"}
        return {"insured_heads": heads, **{field: fit(what) for field, what in known.items()}}
    if kind == "outcomes":
        own = fit("code") * (portrait.distinct > 0.5) * 0.8 * (fit("time") < 0.5)
        return {"application_id": own, "event": few, "event_at": fit("time") * 0.7, "known_at": fit("time") * 0.4}
    long = fit("phone", "national_id", "vin", "account", "email", "ip", "employer", "address")
    times = {"added_at": fit("time") * 0.5, "expires_at": fit("time") * 0.4}
    return {"kind": few, "value": long * 0.6, "reason": 0.3 * fit("text"), **times}
