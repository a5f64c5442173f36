"""From the bytes of a score request to one raw row with canonical column names."""

import json
from typing import Any, Final

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from api.problems import ProblemError, refusal
from api.schemas import ScoreRequest

MAX_BODY: Final = 64 * 1024
"""Bytes of a score request; an application with every field filled in takes about 3 KiB."""
NAMED: Final = frozenset("abcdefghijklmnopqrstuvwxyz_")
LONGEST_NAME: Final = 40
CODES: Final = {"extra_forbidden": "unknown_field", "missing": "missing_field", "string_too_long": "too_long"}


class _Twice(ValueError):
    """A key stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _tree(body: bytes) -> Any:
    """The JSON value of `body`: orjson refuses NaN, lone surrogates, bad UTF-8, depth; json tells of double keys."""
    try:
        orjson.loads(body)
        return json.loads(body, object_pairs_hook=_once)
    except orjson.JSONDecodeError:
        raise refusal(400, "the body is not JSON in UTF-8", code="not_json") from None
    except _Twice:
        raise refusal(400, "a key stands twice in one object", code="duplicate_key") from None
    except (RecursionError, ValueError):
        raise refusal(400, "the body is nested too deeply or holds a number too long", code="not_json") from None


def _sayable(step: int | str) -> bool:
    """Whether a step of a pointer may be repeated: a position, or a name that cannot be a value of a person."""
    return isinstance(step, int) or (len(step) <= LONGEST_NAME and set(step) <= NAMED)


def _pointer(error: ErrorDetails, tree: Any) -> str:
    """JSON pointer of an error; steps that pydantic adds inside a value (union members) are left out."""
    steps: list[str] = []
    here = tree
    for step in error["loc"]:
        if not isinstance(here, dict | list) or not _sayable(step):
            break
        steps.append(str(step))
        try:
            here = here[step]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            here = None
    return "".join(f"/{step}" for step in steps)


def read_request(body: bytes) -> ScoreRequest:
    """The request in `body`. Raises ProblemError 400 (not JSON) or 422 (breaks the contract): a pointer, no values."""
    tree = _tree(body)
    try:
        return ScoreRequest.model_validate(tree)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_context=False, include_input=False)[0]
        code = CODES.get(first["type"], "invalid_field")
        raise refusal(422, str(first["msg"]), code=code, pointer=_pointer(first, tree)) from None


def flat(request: ScoreRequest) -> dict[str, str | None]:
    """The application as canonical column -> text, the same names that a mapping file gives."""
    person, firm, car = request.applicant, request.employer, request.vehicle
    row: dict[str, object] = {
        "application_id": request.application_id,
        "submitted_at": request.submitted_at,
        "updated_at": request.updated_at,
        "name": person.name,
        "national_id": person.national_id,
        "birth_date": person.birth_date,
        "email": person.email,
        "address": person.address,
        "region": person.region,
        "employer.name": firm.name,
        "employer.phone": firm.phone,
        "employer.registration": firm.registration,
        "vin": car.vin,
        "vehicle_price": car.price,
        "vehicle_appraisal": car.appraisal,
        "vehicle_condition": car.condition,
        "vehicle_make": car.make,
        "vehicle_model": car.model,
        **{name: getattr(request, name) for name in PLAIN},
    }
    row |= {f"phone.{n}": phone for n, phone in enumerate(person.phones, 1)}
    for n, other in enumerate(request.co_applicants, 1):
        row |= {f"co_applicant.{n}.{name}": value for name, value in other.model_dump().items()}
    for n, friend in enumerate(request.references, 1):
        row |= {f"reference.{n}.{name}": value for name, value in friend.model_dump().items()}
    return {name: None if value is None else str(value) for name, value in row.items()}


PLAIN: Final = (
    "occupation",
    "monthly_income",
    "dealer_id",
    "dealer_name",
    "officer_id",
    "lien_at",
    "loan_amount",
    "down_payment",
    "term_months",
    "bank_account",
    "account_holder_name",
    "device_id",
    "ip_address",
    "channel",
    "status",
)
"""Fields that have the same name and place in the payload and in the canonical model."""


def refuse_nul(row: dict[str, str | None]) -> None:
    """Raise ProblemError 422 where a value holds NUL: such a row is refused in files too."""
    if any(value is not None and "\x00" in value for value in row.values()):
        raise refusal(422, "a value holds a NUL character", code="nul")


def as_problem(code: str, detail: str) -> ProblemError:
    """A row that cleaning refused, told like any other refusal."""
    return refusal(422, detail or "the row cannot be an application", code=code)
