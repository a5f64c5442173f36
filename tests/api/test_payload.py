import json
from typing import Any

import pytest

from api.language import language
from api.payload import flat, read_request, refuse_nul
from api.problems import ProblemError
from api.times import iso, microseconds_of, money
from graph.errors import UsageError
from graph.schema import CANONICAL_COLUMNS

LEAST = {"application_id": "A-1", "submitted_at": "2026-11-21T10:00:00Z"}


def full() -> dict[str, Any]:
    """A payload with every place of the contract filled."""
    person = {"name": "n", "national_id": "i", "phone": "p", "relation": "r"}
    return {
        **LEAST,
        "updated_at": "u",
        "applicant": {
            "name": "n",
            "national_id": "i",
            "birth_date": "b",
            "phones": ["1", "2", "3"],
            "address": "a",
            "email": "e",
            "region": "r",
        },
        "employer": {"name": "n", "phone": "p", "registration": "r"},
        "occupation": "o",
        "monthly_income": "8200.00",
        "dealer_id": "d",
        "dealer_name": "d",
        "officer_id": "o",
        "vehicle": {"vin": "v", "price": 1, "appraisal": "2", "condition": "used", "make": "m", "model": "m"},
        "lien_at": "l",
        "loan_amount": "1",
        "down_payment": "1",
        "term_months": 36,
        "bank_account": "b",
        "account_holder_name": "h",
        "device_id": "d",
        "ip_address": "i",
        "co_applicants": [person, person],
        "references": [{"name": "n", "phone": "p", "relation": "r"}] * 5,
        "channel": "c",
        "status": "s",
    }


def test_every_canonical_field_has_its_place_in_the_payload() -> None:
    row = flat(read_request(json.dumps(full()).encode()))
    assert set(row) == set(CANONICAL_COLUMNS)
    assert all(value is not None for value in row.values())
    assert (row["vehicle_price"], row["term_months"], row["phone.3"]) == ("1", "36", "3")


def refused(body: object) -> ProblemError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(ProblemError) as caught:
        read_request(raw)
    return caught.value


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({**LEAST, "loan_amount": -1.5}, "/loan_amount", "invalid_field"),
        ({**LEAST, "applicant": {"phones": ["1", 2]}}, "/applicant/phones/1", "invalid_field"),
        ({**LEAST, "vehicle": {"condition": "wet"}}, "/vehicle/condition", "invalid_field"),
        ({"application_id": "A"}, "/submitted_at", "missing_field"),
        ({**LEAST, "colour": "red"}, "/colour", "unknown_field"),
        ({**LEAST, "13812345678": 1}, "", "unknown_field"),
        ({**LEAST, "device_id": "x" * 401}, "/device_id", "too_long"),
        ({**LEAST, "term_months": "36"}, "/term_months", "invalid_field"),
        ({**LEAST, "options": {"explain": 1}}, "/options/explain", "invalid_field"),
    ],
)
def test_pointer_and_code(body: object, pointer: str, code: str) -> None:
    problem = refused(body)
    assert (problem.status, problem.pointer, problem.code) == (422, pointer, code)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff", b'{"a":NaN}', b'{"a":"\\ud800"}', b"[" * 60_000, b"1" * 5_000, b'{"a":1,"a":2}'],
)
def test_what_is_not_json_is_400(body: bytes) -> None:
    assert refused(body).status in (400, 422)


def test_the_value_is_never_repeated() -> None:
    secret = "330106199001011234"
    for body in ({**LEAST, "term_months": secret}, {**LEAST, secret: 1}, {**LEAST, "applicant": {"name": [secret]}}):
        problem = refused(body)
        assert secret not in f"{problem.detail}{problem.pointer}{problem.title}"


def test_nul_is_refused() -> None:
    request = read_request(json.dumps({**LEAST, "device_id": "a\x00b"}).encode())
    with pytest.raises(ProblemError, match="NUL"):
        refuse_nul(flat(request))


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        (None, "en"),
        ("", "en"),
        ("zh", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-US,en;q=0.9,zh;q=0.8", "en"),
        ("fr,zh;q=0.3", "zh"),
        ("zh;q=0,en;q=0.1", "en"),
        ("zh;q=abc", "en"),
        (";;;,,,", "en"),
        ("fr", "en"),
    ],
)
def test_language(header: str | None, wanted: str) -> None:
    assert language(header) == wanted


def test_times_and_money() -> None:
    assert iso(microseconds_of("2026-11-22T08:00:00+08:00")) == "2026-11-22T00:00:00Z"
    assert microseconds_of("1970-01-02") == 86_400_000_000
    assert str(money(123456, "CNY")) == "1234.56"
    assert str(money(100, "JPY")) == "100"
    with pytest.raises(UsageError):
        microseconds_of("next week")
