"""Whose column it is: contacts and co-applicants are numbered across the file, then every heading is scored."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graph.schema import CANONICAL_COLUMNS
from ingest.foreign import foreign_field
from ingest.headings import Heading, likeness, read_heading
from ingest.naming import CONCEPT, EMPLOYER, concept_of, own_score, without_common
from ingest.vocabulary import FIELD_WORDS, OWNERS_EN, OWNERS_ZH, PERSONS

_NAMED: Final = 0.95
_BARE_PERSON: Final = 0.85
_INHERITED: Final = 0.82
_OTHER_NUMBER: Final = 0.2
_PLAIN: Final = 0.6
_EXACTLY: Final = 0.92
_OWN_FIELDS: Final = frozenset(CANONICAL_COLUMNS) | {"phone"}
_LIKELY: Final = 0.89  # notes in brackets and the second language count beside the heading itself
_FOREIGN: Final = 0.98
_SECOND_PHONE: Final = 0.7
_CONTACT_WORDS: Final = re.compile(r"联系人|联络人|contact|person|紧急(?=联)")
_TOGETHER: Final = re.compile(r"共(?:同.{2,3}人|同借款|借人?|申人?)|\bco [a-z]+\b|\bcob\b|\bjoint(?: [a-z]+)?\b")
"""The many words for one who borrows too: a file may use several of them for one person."""
_AND: Final = re.compile("^[与和同跟及]|[的]")
_PATTERNS_ZH: Final = {"co_applicant": ("共同.{2,3}人",)}
_PEOPLE_ZH: Final = {
    group: re.compile("|".join((*zh, *_PATTERNS_ZH.get(group, ())))) for group, (zh, _) in PERSONS.items()
}
_PEOPLE_EN: Final = {group: re.compile(rf"\b(?:{'|'.join(en)})\b") for group, (_, en) in PERSONS.items()}
_OWNERS: Final = re.compile(f"(?:{'|'.join(OWNERS_ZH)})|\\b(?:{'|'.join(sorted(OWNERS_EN))})\\b")


@dataclass(frozen=True, slots=True)
class Said:
    """What one heading says of a person: group or None, which concept, what else it says, its number, how sure."""

    group: str | None
    concept: str | None
    stem: str
    index: int | None
    sure: float
    other: bool = False  # something of the person that is none of the concepts: a spouse's employer


@dataclass(slots=True)
class _Person:
    group: str
    stem: str
    number: int
    taken: set[str]


@lru_cache(maxsize=4096)
def said_of_person(text: str) -> Said:
    """Take a heading apart into person, concept and the rest."""
    heading = read_heading(text)
    found = [_said(form, sure, heading) for form, sure in heading.forms]
    if any(said.group == "reference" for said in found) and _names_a_field(heading):
        found = [replace(said, group=None) for said in found]  # a contract reference, a contact number
    surest = max((said.sure for said in found), default=0.0)
    likely = [said for said in found if said.sure >= min(surest, _LIKELY)]
    named = [said for said in likely if said.group]
    return max(named or likely, key=lambda said: (said.sure, said.concept is not None), default=_NOBODY)


def _names_a_field(heading: Heading) -> bool:
    return any(likeness(heading, words) >= _EXACTLY for name, words in FIELD_WORDS.items() if name in _OWN_FIELDS)


_NOBODY: Final = Said(None, None, "", None, 0.0)


def _said(form: str, sure: float, heading: Heading) -> Said:
    group, rest, after, index, found = None, form, "", heading.index, None
    for name in PERSONS:
        found = _PEOPLE_ZH[name].search(form) or _PEOPLE_EN[name].search(form)
        if found and not (found[0] == "contact" and EMPLOYER.search(form)):
            group, rest = name, form[: found.start()] + " " + form[found.end() :]
            after = _CONTACT_WORDS.sub(" ", _OWNERS.sub(" ", form[found.end() :]))
            break
    if group is None and heading.second_applicant and index:
        group, index = "co_applicant", index - 1  # the second applicant is the first beside the applicant
    concept = concept_of(rest)
    numbered = index is not None and not heading.alternative
    if found and found[0] == "contact" and concept == "phone" and not numbered:
        group, form = None, rest  # a contact phone is the applicant's own, unless a contact's name stands before it
    without = CONCEPT[concept].sub(" ", form) if concept else form
    stem = _OWNERS.sub(" ", _TOGETHER.sub("co", _AND.sub("", without.strip())))
    stem = " ".join(stem.split())
    return Said(group, concept, stem, index, sure, concept is None and bool(after.strip()))


def _same(person: _Person, said: Said) -> bool:
    """Whether words for a person continue those of the columns before: 紧急 after 紧急联系人, relative after it."""
    ours, theirs = (_CONTACT_WORDS.sub("", stem).strip() for stem in (person.stem, said.stem))
    return person.group == said.group and (ours == theirs or not ours or not theirs or ours in theirs or theirs in ours)


NOBODYS: Final = "nobody"
"""Column of what belongs to a person beside the applicant and is no field of ours: a spouse's employer."""


@dataclass(frozen=True, slots=True)
class Place:
    """The canonical column of a person that a heading names, and how surely."""

    column: str
    sure: float


def people(headings: Sequence[str]) -> list[Place | None]:
    """Of each heading, in the order of the file, the column of a person beside the applicant; None if of nobody."""
    registry: list[_Person] = []
    current: _Person | None = None
    applicant: set[str] = set()
    places: list[Place | None] = []
    for heading, said in zip(headings, _in_context([said_of_person(h) for h in headings]), strict=True):
        if said.group and said.other:
            places.append(Place(NOBODYS, 0.0))
            continue
        concept, sure = _continued(current, said, applicant)
        if said.group:
            concept, sure = said.concept or "name", said.sure * (_NAMED if said.concept else _BARE_PERSON)
            current = _person(registry, current, said, concept)
        if current is None or concept is None:
            current = None
            applicant |= _plain(heading, said)
            places.append(None)
            continue
        current.taken.add(concept)
        places.append(Place(f"{current.group}.{current.number}.{concept}", sure))
    return places


def _continued(person: _Person | None, said: Said, applicant: set[str]) -> tuple[str | None, float]:
    """A bare word after a person's column that this person lacks: relation at once, others if the applicant has his."""
    if person is None or said.stem or said.concept is None or said.concept in person.taken:
        return None, 0.0
    if said.concept == "relation" or (said.concept in applicant and _may_follow(person, said)):
        return said.concept, _INHERITED
    return None, 0.0


def _in_context(heard: list[Said]) -> list[Said]:
    """What is said in the light of the whole file.

    Numbers that begin at 0 are shifted; a contact with an ID is the applicant; unknown words with numbers, names and
    phones (linkman1Name, linkman1Mobile) are people who vouch for him.
    """
    from_zero = {said.group for said in heard if said.index == 0}
    applicant = {said.stem for said in heard if said.group == "reference" and said.concept == "national_id"}
    asked: dict[str, set[str | None]] = {}
    for said in heard:
        if said.group is None and said.index is not None and said.stem and not EMPLOYER.search(said.stem):
            asked.setdefault(said.stem, set()).add(said.concept)
    vouching = {stem for stem, concepts in asked.items() if {"name", "phone"} <= concepts}
    found = []
    for said in heard:
        if said.group == "reference" and said.stem in applicant:
            said = replace(said, group=None)
        elif said.group is None and said.index is not None and said.stem in vouching:
            said = replace(said, group="reference")
        shift = said.index is not None and said.group in from_zero
        found.append(replace(said, index=(said.index or 0) + 1) if shift else said)
    return found


def _plain(text: str, said: Said) -> set[str]:
    """What of phone and ID a heading names as the applicant's own: the next bare one may be somebody else's."""
    column = {"phone": "phone.1", "national_id": "national_id"}.get(said.concept or "")
    return {str(said.concept)} if column and own_score(text, column) >= _PLAIN else set()


def _may_follow(person: _Person, said: Said) -> bool:
    """Whether a bare word with a number can still be this person's: 电话2 after the name of the second contact."""
    return said.index is None or said.index == person.number or said.concept != "phone" or "name" in person.taken


def _person(registry: list[_Person], current: _Person | None, said: Said, concept: str) -> _Person:
    """The person meant: one seen before, or a new one under the lowest free number."""
    assert said.group is not None  # noqa: S101 (the caller asks only then)
    near = current is not None and concept not in current.taken and _same(current, said)
    if current is not None and near and said.index in (None, current.number):
        return current
    for person in registry:
        same = person.group == said.group and person.stem == said.stem and said.index in (None, person.number)
        if same and concept not in person.taken:
            return person
    taken = {person.number for person in registry if person.group == said.group}
    free = next(n for n in range(1, len(taken) + 2) if n not in taken)
    number = said.index if said.index and said.index not in taken else free
    registry.append(_Person(said.group, said.stem, number, set()))
    return registry[-1]


def heading_score(text: str, column: str) -> float:
    """How well a heading by itself names a canonical column, 0..1."""
    return float(heading_scores((text,), (column,))[0, 0])


def heading_scores(headings: Sequence[str], fields: Sequence[str]) -> NDArray[np.float64]:
    """Headings x fields, 0..1; headings are read in the order of the file."""
    scores = np.zeros((len(headings), len(fields)))
    headings, phones = without_common(headings), 0
    for row, (text, place) in enumerate(zip(headings, people(headings), strict=True)):
        if place is None and own_score(text, "phone.1") >= _PLAIN and read_heading(text).index is None:
            phones += 1
        foreign = foreign_field(text)
        if foreign is not None and foreign in fields:
            scores[row, list(fields).index(foreign)] = _FOREIGN
            continue
        for at, column in enumerate(fields):
            scores[row, at] = _score(text, column, place, phones)
    return scores


def _score(text: str, column: str, place: Place | None, phones: int) -> float:
    if _exact(text, column):
        return 1.0
    if column.startswith(("reference.", "co_applicant.")):
        return _group_score(place, column)
    if place is not None:
        return 0.0
    score = own_score(text, column)
    if column == "phone.2" and phones > 1 and read_heading(text).index is None:
        score = max(score, _SECOND_PHONE * own_score(text, "phone.1"))
    return score


def _exact(text: str, column: str) -> bool:
    return re.sub(r"[\s_.]+", " ", text).strip().lower() == column.replace("_", " ").replace(".", " ")


def _group_score(place: Place | None, column: str) -> float:
    if place is None or place.column == NOBODYS:
        return 0.0
    group, number, field = column.split(".")
    theirs, its_number, concept = place.column.split(".")
    if (theirs, concept) != (group, field):
        return 0.0
    return place.sure * (1.0 if number == its_number else _OTHER_NUMBER)
