"""Telephone numbers of any country by the plans that `phonenumbers` knows."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneMetadata, ValidationResult

LEAST_DIGITS: Final = 7
"""National digits of a number that fits no known range but is as long as numbers of its country are."""
_LONGEST_CODE: Final = 3  # ITU-T E.164: country codes have one to three digits
_NOBODY: Final = r"[^\s\S]"


@dataclass(frozen=True, slots=True)
class _Plan:
    """Mobiles and fixed lines of one region as patterns over national digits, and over bare text where that is safe."""

    code: str
    trunk: str
    mobile: re.Pattern[str]
    fixed: re.Pattern[str]
    usual: re.Pattern[str] | None


@lru_cache(maxsize=512)
def _plan(region: str) -> _Plan | None:
    data = PhoneMetadata.metadata_for_region(region)
    if data is None:
        return None
    mobile, fixed = _digits(data.mobile), _digits(data.fixed_line)
    trunk = data.national_prefix or ""
    plain = data.national_prefix_transform_rule is None and (data.national_prefix_for_parsing or "") == trunk
    abroad = rf"\+{data.country_code}" if data.international_prefix != "00" else rf"(?:\+|00){data.country_code}"
    home = f"{abroad}(?:0)?|0" if trunk == "0" else f"(?:{abroad})?"
    usual = re.compile(f"(?:{home})({mobile}|{fixed})") if plain and trunk in ("", "0") else None
    return _Plan(str(data.country_code), trunk, re.compile(mobile), re.compile(fixed), usual)


def _digits(sort: phonenumbers.PhoneNumberDesc | None) -> str:
    pattern = sort.national_number_pattern if sort is not None else None
    return f"(?:{pattern})".replace(r"\d", "[0-9]") if pattern else _NOBODY


def trunk_prefix(region: str) -> str:
    """What is dialled before a national number within its own country; "" where nothing is."""
    plan = _plan(region)
    return plan.trunk if plan is not None else ""


def read_numbers(texts: list[str], region: str, *, strict: bool = False) -> list[str | None]:
    """E.164 of each text as somebody in `region` dials it, each distinct text once; None where it is no number.

    `strict` takes only numbers in ranges that the library knows.
    """
    found = {text: _read(text, region, strict=strict) for text in set(texts)}
    return [found[text] for text in texts]


def _read(text: str, region: str, *, strict: bool) -> str | None:
    plan = _plan(region)
    usual = plan.usual.fullmatch(text) if plan is not None and plan.usual is not None else None
    if plan is not None and usual is not None:
        return f"+{plan.code}{usual[1]}"
    return parse_number(text, region, lenient=not strict)


@lru_cache(maxsize=4096)
def parse_number(text: str, region: str, *, lenient: bool = False) -> str | None:
    """E.164 by the library. `lenient` takes numbers of a possible length in no range that the library knows of:
    ranges are opened faster than libraries are pinned, and an exact number links nobody by chance.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    if phonenumbers.is_valid_number(number) or (lenient and _possible(text, number, region)):
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def _possible(text: str, number: phonenumbers.PhoneNumber, region: str) -> bool:
    """Dialled in full (from abroad, or with the trunk prefix where there is one) and of a length that occurs."""
    trunk = trunk_prefix(region)
    whole = text.startswith(("+", "00", trunk)) if trunk else True
    long = len(phonenumbers.national_significant_number(number)) >= LEAST_DIGITS
    reason = phonenumbers.is_possible_number_with_reason(number)
    return whole and long and reason == ValidationResult.IS_POSSIBLE


def sorts_of_numbers(values: list[str]) -> list[str]:
    """`mobile`, `fixed` or `other` of each E.164 text."""
    return [_sort(value) for value in values]


def _sort(value: str) -> str:
    for length in range(1, _LONGEST_CODE + 1):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(_code(value[1 : 1 + length]))
        if regions is None:
            continue
        national = value[1 + length :]
        plans = [plan for region in regions if (plan := _plan(region)) is not None]
        mobile = any(plan.mobile.fullmatch(national) for plan in plans)
        fixed = any(plan.fixed.fullmatch(national) for plan in plans)
        return "other" if mobile == fixed else "mobile" if mobile else "fixed"
    return "other"


def _code(digits: str) -> int:
    return int(digits) if digits.isdecimal() else 0
