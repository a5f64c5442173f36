"""What differs by country, read from data/*.toml: names, places, trades, and how the lender's files are headed."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.otherhand.chance import Weighted

DATA: Final = Path(__file__).with_name("data")
LOCALES: Final = ("en", "de", "es", "vi")
COLUMNS: Final = ("rich", "lean")
LEAN: Final = (
    *("application_id", "submitted_at", "name", "birth_date", "national_id", "phone.1", "address", "employer.name"),
    *("monthly_income", "dealer_name", "vin", "vehicle_make", "vehicle_model", "loan_amount"),
)
"""The fields of a poor export; a rich one has all of the locale's."""
_LISTS: Final = (
    *("surname_heads", "surname_tails", "male", "female", "middle_male", "middle_female", "streets", "jobs"),
    *("big_firms", "trades", "firm_words", "more_firm_words", "mobile", "away"),
)


@dataclass(frozen=True, slots=True)
class City:
    """A city where the lender has dealers, and its part of the book."""

    name: str
    region: str
    zip: str
    area_codes: tuple[str, ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Car:
    """A model and what a new one costs, in thousands."""

    make: str
    model: str
    thousands: int


@dataclass(frozen=True, slots=True)
class Locale:
    """One country's data; headings are by field, and `source` is the [source] table of its mappings."""

    code: str
    number: str
    money: float
    rare_surnames: float
    base: str
    base_city: int
    relations: tuple[str, ...]
    conditions: tuple[str, ...]
    suffixes: tuple[str, ...]
    domains: Weighted[str]
    dealer_forms: tuple[str, ...]
    street_types: tuple[tuple[str, str], ...]
    surnames: Weighted[str]
    lists: Mapping[str, tuple[str, ...]]
    cities: tuple[City, ...]
    source: Mapping[str, str]
    columns: Mapping[str, str]
    outcomes: Mapping[str, str]
    employers: Mapping[str, str]

    def fields(self, columns: str) -> tuple[str, ...]:
        """The fields that an export with these columns has."""
        return LEAN if columns == "lean" else tuple(self.columns)


def read_locale(code: str) -> Locale:
    """The data of one of LOCALES. Raises FileNotFoundError for any other."""
    table = tomllib.loads((DATA / f"{code}.toml").read_text(encoding="utf-8"))
    cities = tuple(City(**{**city, "area_codes": tuple(city["area_codes"])}) for city in table["cities"])
    common = [pair.rsplit(" ", 1) for pair in table["surnames"].split("|")]
    return Locale(
        code=code,
        number=table["number"],
        money=table["money"],
        rare_surnames=table["rare_surnames"],
        base=table["base"],
        relations=tuple(table["relations"]),
        conditions=tuple(table["conditions"]),
        suffixes=tuple(table["suffixes"]),
        dealer_forms=tuple(table["dealer_forms"]),
        base_city=next(at for at, city in enumerate(cities) if city.name == table["base_city"]),
        domains=Weighted.ranked(table["domains"]),
        street_types=tuple((short, long) for short, long in table["street_types"]),
        surnames=Weighted.of([name for name, _ in common], [float(weight) for _, weight in common]),
        lists={name: tuple(table[name].split("|")) for name in _LISTS if name in table},
        cities=cities,
        source=table["source"],
        columns=table["columns"],
        outcomes=table["outcomes"],
        employers=table["employers"],
    )


CARS: Final = (
    *(Car("Toyota", "Corolla", 24), Car("Toyota", "Camry", 30), Car("Honda", "Civic", 26), Car("Honda", "CR-V", 33)),
    *(Car("Ford", "F-150", 44), Car("Ford", "Focus", 19), Car("Chevrolet", "Malibu", 24), Car("Nissan", "Altima", 26)),
    *(Car("Hyundai", "Elantra", 22), Car("Kia", "Sportage", 28), Car("Volkswagen", "Golf", 27)),
    *(Car("Volkswagen", "Passat", 34), Car("BMW", "320i", 45), Car("BMW", "X5", 66), Car("Mercedes", "C 200", 48)),
    *(Car("Audi", "A4", 46), Car("Mazda", "CX-5", 30), Car("Skoda", "Octavia", 27), Car("Seat", "Leon", 23)),
    *(Car("Jeep", "Grand Cherokee", 45), Car("Lexus", "RX 350", 52), Car("Tesla", "Model 3", 44)),
    *(Car("Renault", "Clio", 18), Car("Dacia", "Duster", 19), Car("Ram", "1500", 46)),
)
LUXURY: Final = tuple(car for car in CARS if car.thousands >= 44)
