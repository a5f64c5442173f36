"""One lender's world, and the applications that people of it file."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple

import numpy as np

from benchmarks.otherhand.chance import Dice
from benchmarks.otherhand.days import Calendar
from benchmarks.otherhand.firms import Dealer, Firms, Officer
from benchmarks.otherhand.locales import CARS, Car, Locale
from benchmarks.otherhand.names import Names
from benchmarks.otherhand.papers import Papers
from benchmarks.otherhand.people import Contact, Partner, People, Person
from benchmarks.otherhand.places import Address, Places

TERMS: Final = (36, 48, 60, 60, 72, 72, 84)
DOOR: Final = ("dealer", "dealer", "dealer", "broker")
WEAR: Final = 0.86
"""What of a car's price a year leaves."""


class Kind(NamedTuple):
    """What an application truly is: a class of innocents or `fraud`, and a ring's id and typology."""

    name: str
    ring: str = ""
    typology: str = ""


@dataclass(frozen=True, slots=True)
class Special:
    """What an application states instead of what its person has or chance gives; None: as usual."""

    dealer: Dealer | None = None
    officer: Officer | None = None
    car: Car | None = None
    new: bool | None = None
    vin: str | None = None
    online: bool | None = None
    dearer: float = 1.0
    overvalued: float = 1.0
    richer: float = 1.0
    little_down: bool = False
    phone: str | None = None
    other_phone: str | None = None
    email: str | None = None
    address: Address | None = None
    employer: str | None = None
    employer_phone: str | None = None
    account: str | None = None
    holder: str | None = None
    device: str | None = None
    ip: str | None = None
    references: tuple[Contact, ...] | None = None
    partner: Partner | None = None
    income: float | None = None
    occupation: str | None = None
    channel: str | None = None


USUAL: Final = Special()


class Deal(NamedTuple):
    """What is bought, where, and for how much."""

    dealer: Dealer
    officer: Officer
    car: Car
    new: bool
    vin: str
    price: float
    appraisal: float
    down: float
    loan: float
    term: int


@dataclass(frozen=True, slots=True)
class Application:
    """An application as it is meant, before anybody types it."""

    at: datetime
    kind: Kind
    deal: Deal
    name: str
    birth: date
    national_id: str
    phone: str
    other_phone: str
    email: str
    address: Address
    employer: str
    employer_phone: str
    occupation: str
    income: float
    account: str
    holder: str
    device: str
    ip: str
    partner: Partner | None
    references: tuple[Contact, ...]
    channel: str
    number: str = ""


class World:
    """Everything that a book is drawn from, and the book so far."""

    def __init__(self, locale: Locale, size: int, seed: int) -> None:
        self.locale, self.size = locale, size
        self.dice = Dice(seed, *locale.code.encode())
        self.names = Names(locale, self.dice)
        self.places = Places(locale, self.dice, self.names, size)
        self.papers = Papers(locale, self.dice)
        self.firms = Firms(locale, self.dice, self.names, self.places, self.papers, size)
        self.people = People(locale, self.dice, self.names, self.places, self.papers, self.firms)
        self.calendar = Calendar(self.dice)
        self.filed: list[Application] = []
        self.rings = 0

    def new_ring(self) -> str:
        """The id of one more ring."""
        self.rings += 1
        return f"F{self.rings:03d}"

    def file(self, person: Person, day: int, kind: Kind, but: Special = USUAL) -> None:
        """One application of that person, from that day on; what a form usually lacks is left out by chance."""
        dice = self.dice
        deal = self._deal(person, but)
        online = dice.yes(0.3) if but.online is None else but.online
        device = person.device if online else dice.pick(deal.dealer.tablets)
        ip = person.ip if online else deal.dealer.ip
        self.filed.append(
            Application(
                at=self.calendar.from_day(day), kind=kind, deal=deal,
                name=person.name, birth=person.birth, national_id=person.national_id,
                phone=but.phone or person.phone,
                other_phone=but.other_phone or person.other_phone,
                email=but.email or (person.email if dice.yes(0.85) else ""),
                address=but.address or person.address,
                employer=but.employer or person.employer.name,
                employer_phone=but.employer_phone or (person.employer_phone if dice.yes(0.75) else ""),
                occupation=but.occupation or person.occupation,
                income=self._income(but.income or person.income * but.richer),
                account=but.account or (person.account if dice.yes(0.65) else ""),
                holder=but.holder or person.holder,
                device=but.device or (device if dice.yes(0.7) else ""),
                ip=but.ip or (ip if dice.yes(0.75) else ""),
                partner=but.partner or person.partner,
                references=self._references(person) if but.references is None else but.references,
                channel=but.channel or ("online" if online else dice.pick(DOOR)),
            )
        )  # fmt: skip

    def _deal(self, person: Person, but: Special) -> Deal:
        dice, money = self.dice, self.locale.money
        dealer = but.dealer or self.firms.dealer(person.city)
        officer = but.officer or dice.draw(dealer.officers)
        car = but.car or self._car(dealer)
        new = dice.yes(0.4) if but.new is None else but.new
        years = 0 if new else dice.below(1, 11)
        price = car.thousands * 1000 * money * WEAR**years * float(dice.rng.lognormal(0, 0.07)) * but.dearer
        price = round(price / (10 * money)) * 10 * money
        paid = price * float(np.clip(dice.rng.beta(1.2, 6), 0, 0.6)) if dice.yes(0.75) else 0.0
        if but.little_down:
            paid = price * float(dice.rng.uniform(0, 0.06))
        down = round(paid / (100 * money)) * 100 * money
        return Deal(
            dealer, officer, car, new, but.vin or self.papers.vin(), price,
            appraisal=price * float(dice.rng.normal(0.97, 0.05)) * but.overvalued,
            down=down,
            loan=round(price * float(dice.rng.uniform(1, 1.08)) - down),
            term=dice.pick(TERMS),
        )  # fmt: skip

    def _car(self, dealer: Dealer) -> Car:
        if self.dice.yes(0.4):
            return self.dice.pick([car for car in CARS if car.make == dealer.make])
        return self.dice.pick(CARS)

    def _income(self, income: float) -> float:
        if self.locale.code == "vi":
            return round(income, -5)
        return round(income / 100) * 100.0 if self.dice.yes(0.4) else income

    def _references(self, person: Person) -> tuple[Contact, ...]:
        if self.dice.yes(0.72):
            return person.friends
        return person.friends[:1] if self.dice.yes(0.5) else ()
