"""Employers, from the giants to the firm of three, and dealers with their officers and tablets."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, NamedTuple

from benchmarks.otherhand.chance import Dice, Weighted
from benchmarks.otherhand.locales import CARS, Locale
from benchmarks.otherhand.names import SEXES, Names
from benchmarks.otherhand.papers import Papers
from benchmarks.otherhand.places import Address, Places

TINY_SHARE: Final = 0.36
"""Part of the people whose firm nobody else in the book works for."""
MIDDLE_PER_APPLICATION: Final = 0.022
DEALERS_PER_WEIGHT: Final = 1.3
SMALL_BOOK: Final = 8000
AWAY: Final = 0.08
"""Part of the buyers who buy in a city that is not theirs."""


@dataclass(frozen=True, slots=True)
class Employer:
    """A firm; kind is big, base, middle, tiny or shell."""

    city: int
    name: str
    phone: str
    size: float
    kind: str
    registration: str
    address: Address


class Officer(NamedTuple):
    """Who takes the application at a dealer's."""

    name: str
    code: str


@dataclass(frozen=True, slots=True)
class Dealer:
    """A shop with its make, its tablets and its line."""

    city: int
    name: str
    code: str
    make: str
    weight: float
    ip: str
    tablets: tuple[str, ...]
    officers: Weighted[Officer]


class Firms:
    """The economy of one country: employers grow in number as people need them."""

    def __init__(self, locale: Locale, dice: Dice, names: Names, places: Places, papers: Papers, size: int) -> None:
        self.locale, self.dice = locale, dice
        self._names, self._places, self._papers = names, places, papers
        self.employers: list[Employer] = []
        cities = range(len(locale.cities))
        for name in locale.lists["big_firms"]:
            for city in cities:
                if dice.yes(0.5):
                    self.add(city, "big", 60 * float(dice.rng.pareto(1.2) + 0.5), name=name)
        self.base = self.add(locale.base_city, "base", 200, name=locale.base)
        for city in cities:
            for _ in range(int(size * MIDDLE_PER_APPLICATION * locale.cities[city].weight / 6)):
                self.add(city, "middle", 5 * float(dice.rng.pareto(1.3) + 0.3))
        self._by_city = [self._weighed(city) for city in cities]
        many = DEALERS_PER_WEIGHT if size > SMALL_BOOK else 0.5
        self._dealers = [
            [self._new_dealer(city) for _ in range(max(2, round(locale.cities[city].weight * many)))] for city in cities
        ]

    def add(self, city: int, kind: str, size: float = 1, *, name: str = "", phone: str = "") -> Employer:
        """A new firm, with a name and a line of its own unless they are given."""
        firm = Employer(
            city=city,
            name=name or self._name(),
            phone=phone or self._papers.phone(city, land=True),
            size=size,
            kind=kind,
            registration=self._papers.registration(),
            address=self._places.new(city),
        )
        self.employers.append(firm)
        return firm

    def employer(self, city: int) -> Employer:
        """Where somebody of that city works."""
        if self.dice.yes(TINY_SHARE):
            return self.add(city, "tiny")
        return self.dice.draw(self._by_city[city])

    def big(self, city: int) -> Employer:
        """One of the giants of that city, any firm where it has none."""
        there = self._by_city[city].items
        return self.dice.pick([firm for firm in there if firm.kind == "big"] or there)

    def dealer(self, city: int, but: Collection[str] = ()) -> Dealer:
        """Where somebody of that city buys, if possible none of those whose codes are given."""
        if self.dice.yes(AWAY):
            city = self._places.city()
        there = self._dealers[city]
        free = [dealer for dealer in there if dealer.code not in but] or there
        return self.dice.draw(Weighted.of(free, [dealer.weight for dealer in free]))

    def any_dealer(self) -> Dealer:
        """Any shop, all alike."""
        return self.dice.pick([dealer for there in self._dealers for dealer in there])

    def _weighed(self, city: int) -> Weighted[Employer]:
        there = [firm for firm in self.employers if firm.city == city]
        return Weighted.of(there, [firm.size for firm in there])

    def _name(self) -> str:
        dice, lists = self.dice, self.locale.lists
        trade, suffix = dice.pick(lists["trades"]), dice.pick(self.locale.suffixes)
        if self.locale.code == "vi":
            return f"Công ty {suffix} {trade} {dice.pick(lists['firm_words'])} {dice.pick(lists['more_firm_words'])}"
        chance = dice.rng.random()
        if chance < 0.55:
            core = self._names.surname()
        elif chance < 0.65:
            core = f"{self._names.surname()} & {self._names.surname()}"
        elif chance < 0.8:
            core = dice.pick(lists["streets"]).replace("de ", "").title()
        else:
            core = "".join(dice.pick("ABCDEGHKLMPRST") for _ in range(3))
        return f"{core} {trade} {suffix}".strip()

    def _new_dealer(self, city: int) -> Dealer:
        dice = self.dice
        make = dice.pick(CARS).make
        form = dice.pick(self.locale.dealer_forms)
        return Dealer(
            city=city,
            name=form.format(city=self.locale.cities[city].name, surname=self._names.surname(), make=make),
            code=f"{dice.below(1000, 9999)}",
            make=make,
            weight=float(dice.rng.lognormal(0, 0.8)),
            ip=self._papers.ip(),
            tablets=tuple(self._papers.device() for _ in range(dice.below(1, 4))),
            officers=Weighted.ranked([self._officer() for _ in range(dice.below(2, 6))]),
        )

    def _officer(self) -> Officer:
        given = self._names.given(self.dice.pick(SEXES), 1980).split(" ")[0]
        return Officer(f"{given} {self._names.surname()}", f"{self.dice.below(10000, 99999)}")
