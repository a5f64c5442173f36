"""Persons with everything that an application may ask of them."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, NamedTuple

import numpy as np

from benchmarks.otherhand.chance import Dice
from benchmarks.otherhand.days import START
from benchmarks.otherhand.firms import Employer, Firms
from benchmarks.otherhand.locales import Locale
from benchmarks.otherhand.names import Names
from benchmarks.otherhand.papers import Papers
from benchmarks.otherhand.places import Address, Places

MEN_AND_WOMEN: Final = ("male", "male", "male", "female", "female")
FRIEND, PARENT, SIBLING, COLLEAGUE, SPOUSE = range(5)
"""Places in a locale's `relations`."""
MIDDLE_OF_BOOK: Final = 200  # days


class Contact(NamedTuple):
    """A reference on the form."""

    name: str
    phone: str
    relation: str


class Partner(NamedTuple):
    """A co-applicant on the form."""

    name: str
    national_id: str
    phone: str
    relation: str


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who applies."""

    city: int
    sex: str
    birth: date
    given: str
    surname: str
    second: str
    name: str
    national_id: str
    phone: str
    other_phone: str
    address: Address
    employer: Employer
    employer_phone: str
    account: str
    holder: str
    device: str
    ip: str
    email: str
    occupation: str
    income: float
    friends: tuple[Contact, Contact]
    partner: Partner | None = None


class People:
    """Draws persons of one country."""

    def __init__(self, locale: Locale, dice: Dice, names: Names, places: Places, papers: Papers, firms: Firms) -> None:
        self.locale, self.dice = locale, dice
        self.names, self.places, self.papers, self.firms = names, places, papers, firms

    def person(
        self,
        city: int | None = None,
        *,
        age: float | None = None,
        surname: str | None = None,
        second: str = "",
        address: Address | None = None,
        foreign: bool = False,
        employer: Employer | None = None,
    ) -> Person:
        """Somebody of that city, age, family, home, origin and firm, or of any."""
        dice, papers = self.dice, self.papers
        city = self.places.city() if city is None else city
        sex, birth = dice.pick(MEN_AND_WOMEN), self._birth(age)
        given, surname = self.names.given(sex, birth.year), surname or self.names.surname()
        second = second or (self.names.common_surname() if self.locale.code == "es" else "")
        name = self.names.full(given, surname, second)
        employer = employer or self.firms.employer(city)
        return Person(
            city=city, sex=sex, birth=birth, given=given, surname=surname, second=second, name=name,
            national_id=papers.national_id(city, birth, sex, foreign=foreign),
            phone=papers.phone(city),
            other_phone=papers.phone(city, land=True) if dice.yes(0.25) else "",
            address=address or self._home(city),
            employer=employer,
            employer_phone=self._line_of(employer),
            account=papers.account(), holder=name, device=papers.device(), ip=papers.ip(),
            email=papers.email(given, surname, birth.year),
            occupation=dice.pick(self.locale.lists["jobs"]),
            income=float(np.clip(dice.rng.lognormal(8.25, 0.38), 1500, 18000)) * self.locale.money,
            friends=(self._friend(city, surname, second), self._friend(city, surname, second)),
        )  # fmt: skip

    def relation(self) -> str:
        """What a reference is to somebody."""
        return self.dice.pick(self.locale.relations)

    def stranger(self, city: int) -> str:
        """A name on a form that nobody who applies has."""
        return self.person(city).name

    def partner(self, of: Person, relation: str) -> Partner:
        """Somebody as a co-applicant."""
        return Partner(of.name, of.national_id, of.phone, relation)

    def stranger_as_partner(self, city: int) -> Partner:
        """Somebody who never applies alone as a co-applicant."""
        return self.partner(self.person(city), self.relation())

    def at_work(self, person: Person, employer: Employer) -> Person:
        """The same person with another job."""
        return replace(person, employer=employer, employer_phone=employer.phone)

    def _birth(self, age: float | None) -> date:
        years = float(np.clip(self.dice.rng.gamma(4.5, 7) + 18, 18.2, 79)) if age is None else age
        return (START + timedelta(days=MIDDLE_OF_BOOK - int(years * 365.25 + self.dice.below(0, 365)))).date()

    def _home(self, city: int) -> Address:
        return self.places.in_tower(city) if self.dice.yes(0.12) else self.places.new(city)

    def _line_of(self, employer: Employer) -> str:
        """A giant's people often give an extension."""
        if employer.kind == "big" and self.dice.yes(0.5):
            return employer.phone[:-3] + self.dice.digits(3)
        return employer.phone

    def _friend(self, city: int, surname: str, second: str) -> Contact:
        name = self.names.anyone(surname=surname if self.dice.yes(0.35) else "", second=second)
        return Contact(name, self.papers.phone(city), self.relation())
