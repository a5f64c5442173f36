"""How well a heading by itself names a field of the applicant, the car or the loan."""

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from graph.schema import CANONICAL_COLUMNS, FIELD_OF_COLUMN, FieldKind
from ingest.headings import TIE, Heading, likeness, read_heading, strangeness
from ingest.vocabulary import CONCEPTS, FIELD_WORDS, HEADS

EMPLOYER: Final = re.compile(r"单位|公司|企业|雇主|办公|任职|就职|供职|\b(?:employer|company|work|office|business)\b")
EMPLOYER_SOMEHOW: Final = 0.5
"""A heading with a word for employer and none for phone, ID or relation: probably the name."""
_WRONG_HEAD: Final = 0.3
_STRANGER: Final = 0.9
_HEADS: Final = tuple((re.compile(pattern), frozenset(kinds)) for pattern, kinds in HEADS)
_ALWAYS: Final = frozenset({FieldKind.CODE})
_FEW: Final = 4
_NEARLY_ALL: Final = 0.8
CONCEPT: Final = {name: re.compile(f"(?:{zh})|\\b(?:{en})\\b") for name, (zh, en) in CONCEPTS.items()}
_QUESTION: Final = re.compile(r"\(?\d{1,3}\)?\s*[、.):．]\s*(?=.)")
_PREFIX: Final = re.compile(r"[A-Za-z]{1,12}\d?[_.](?=.)")


def concept_of(text: str) -> str | None:
    """What of a person a text asks for: relation, national_id, phone or name."""
    return next((name for name, pattern in CONCEPT.items() if pattern.search(text)), None)


def without_common(headings: Sequence[str]) -> list[str]:
    """Headings without what nearly all begin with: the name of a table (t_, loan.), or the number of a question."""
    for pattern in (_QUESTION, _PREFIX):
        found = [pattern.match(heading) for heading in headings]
        starts = Counter("" if pattern is _QUESTION else match[0].lower() for match in found if match)
        start, times = starts.most_common(1)[0] if starts else ("", 0)
        if times >= max(_FEW, _NEARLY_ALL * len(headings)):
            cut = [match.end() if match and start in ("", match[0].lower()) else 0 for match in found]
            return [heading[at:] for heading, at in zip(headings, cut, strict=True)]
    return list(headings)


@lru_cache(maxsize=65_536)
def own_score(text: str, column: str) -> float:
    """How well a heading names a column of the applicant, the car or the loan."""
    heading = read_heading(text)
    field, _, number = column.partition(".") if column.startswith("phone.") else (column, "", "")
    base = likeness(heading, FIELD_WORDS.get(field, ()))
    allowed = _allowed(heading)
    kind = FIELD_OF_COLUMN[column].kind if column in CANONICAL_COLUMNS else None
    if allowed is not None and kind is not None and kind not in allowed | _ALWAYS:
        base *= _WRONG_HEAD
    at_work = any(EMPLOYER.search(form) for form, _ in heading.forms)
    if number:
        base *= (1.0 if (heading.index or 1) == int(number) else 0.25) * (0.3 if at_work else 1.0)
    elif column == "employer.name" and at_work and allowed is None and concept_of(heading.forms[0][0]) is None:
        base = max(base, EMPLOYER_SOMEHOW)
    elif at_work and column in ("name", "address", "email"):
        base *= 0.3
    return base if strangeness(text) <= base + TIE else base * (1.0 - _STRANGER * strangeness(text))


def _allowed(heading: Heading) -> frozenset[FieldKind] | None:
    """Kinds of field that the head of a heading allows: what ends in 电话 is a phone."""
    for form, _ in heading.forms:
        for pattern, kinds in _HEADS:
            if pattern.search(form):
                return kinds
    return None
