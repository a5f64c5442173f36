"""Homes and how they are written: streets and apartment towers of each city, units, post codes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.otherhand.chance import Dice, Weighted
from benchmarks.otherhand.locales import Locale
from benchmarks.otherhand.names import Names

STREETS_OF_A_CITY: Final = 45
HOUSE_NUMBERS: Final[Mapping[str, tuple[int, int]]] = {
    "en": (100, 9900), "de": (1, 220), "es": (1, 220), "vi": (1, 600),
}  # fmt: skip
UNIT_SHARE: Final[Mapping[str, float]] = {"en": 0.3, "de": 0.0, "es": 0.8, "vi": 0.25}
LANES: Final = (0, 3, 6)
"""Vietnamese cities where a lane is called ngõ; elsewhere hẻm."""


@dataclass(frozen=True, slots=True)
class Address:
    """A home: two are the same home when they are equal."""

    city: int
    street: str
    kind: tuple[str, str]
    number: int
    suffix: str
    unit: str
    zip: str
    alley: int
    ward: int


class Places:
    """Draws homes of one country, and writes them as clerks do: never twice alike."""

    def __init__(self, locale: Locale, dice: Dice, names: Names, size: int) -> None:
        self.locale, self.dice, self._names = locale, dice, names
        self.by_size = Weighted.of(range(len(locale.cities)), [city.weight for city in locale.cities])
        streets = locale.lists["streets"]
        self._streets = [
            list(dict.fromkeys(dice.pick(streets) for _ in range(STREETS_OF_A_CITY))) for _ in locale.cities
        ]
        self._kinds = {(at, s): dice.pick(locale.street_types) for at, known in enumerate(self._streets) for s in known}
        self._zips = {where: self._new_zip(where[0]) for where in self._kinds}
        self.towers = [[self.new(at, house=True) for _ in range(6 + size // 1500)] for at in range(len(locale.cities))]

    def city(self) -> int:
        """A city by its part of the book."""
        return self.dice.draw(self.by_size)

    def new(self, city: int, unit: str = "", *, house: bool = False) -> Address:
        """A home that nobody has had; a house as such has no unit."""
        dice, code = self.dice, self.locale.code
        known = dice.pick(self._streets[city])
        street = self._street(known)
        if not unit and not house and dice.yes(UNIT_SHARE[code]):
            unit = self.unit()
        return Address(
            city=city,
            street=street,
            kind=self._kinds.get((city, street)) or dice.pick(self.locale.street_types),
            number=dice.below(*HOUSE_NUMBERS[code]),
            suffix=dice.pick("abc") if code == "de" and dice.yes(0.12) else "",
            unit=unit,
            zip=self._zips.get((city, street)) or self._zips[city, known],
            alley=dice.below(1, 300) if code == "vi" and dice.yes(0.4) else 0,
            ward=dice.below(1, 16),
        )

    def in_tower(self, city: int) -> Address:
        """A flat in one of the city's big houses, its number often left out."""
        tower = self.dice.pick(self.towers[city])
        return replace(tower, unit=self.unit() if self.dice.yes(0.8) else "")

    def unit(self) -> str:
        """A flat's number, empty where there is none in addresses."""
        dice = self.dice
        match self.locale.code:
            case "en" if dice.yes(0.6):
                return str(dice.below(1, 30)) + (dice.pick("ABCDEF") if dice.yes(0.5) else "")
            case "en":
                return str(dice.below(1, 12) * 100 + dice.below(1, 25))
            case "es":
                return f"{dice.below(1, 9)}º {dice.pick(('A', 'B', 'C', 'D', 'Izq', 'Dcha', '1', '2'))}"
            case "vi":
                return f"P{dice.below(2, 25)}{dice.below(1, 16):02d}"
        return ""

    def written(self, address: Address) -> str:
        """The home as one of many clerks writes it."""
        return _WRITTEN[self.locale.code](self, address)

    def _street(self, known: str) -> str:
        dice, code = self.dice, self.locale.code
        if code == "en" and dice.yes(0.15):
            return self._names.common_surname()
        if code in ("de", "es") and dice.yes(0.36):
            return f"{self._names.surname()}-" if code == "de" else f"Dr. {self._names.surname()}"
        return known

    def _new_zip(self, city: int) -> str:
        start = self.locale.cities[city].zip
        if self.locale.code == "en":
            return f"{start}{self.dice.below(1, 40):02d}"
        return start + self.dice.digits(5 - len(start))


def _american(places: Places, a: Address) -> str:
    dice, city = places.dice, places.locale.cities[a.city]
    kind = a.kind[0] if dice.yes(0.6) else a.kind[1]
    unit = dice.pick((" Apt {}", " #{}", ", Apt. {}", " Unit {}", " APT {}")).format(a.unit) if a.unit else ""
    tail = f"{city.name}, {city.region} {a.zip}" if dice.yes(0.8) else f"{city.name} {city.region}"
    return f"{a.number} {a.street} {kind}{unit}, {tail}"


def _german(places: Places, a: Address) -> str:
    dice, city = places.dice, places.locale.cities[a.city].name
    kind = a.kind[0] if dice.yes(0.5) else a.kind[1]
    street = a.street + (kind.capitalize() if a.street.endswith("-") else kind)
    if dice.yes(0.85):
        return f"{street} {a.number}{a.suffix}, {a.zip} {city}"
    return f"{street} {f'{a.number} {a.suffix}'.strip()}, {city}"


def _spanish(places: Places, a: Address) -> str:
    dice, city = places.dice, places.locale.cities[a.city].name
    if dice.yes(0.7):
        kind = a.kind[0] if dice.yes(0.6) else a.kind[1]
        return f"{kind} {a.street}, {a.number}{f', {a.unit}' if a.unit else ''}, {a.zip} {city}"
    return f"{a.kind[0]} {a.street} nº {a.number}{f' {a.unit}' if a.unit else ''} {city}"


def _vietnamese(places: Places, a: Address) -> str:
    dice, city = places.dice, places.locale.cities[a.city].name
    alley = f"{'ngõ' if a.city in LANES else 'hẻm'} {a.alley} " if a.alley else ""
    front = (f"{a.unit}, " if a.unit else "") + ("Số " if dice.yes(0.4) else "")
    kind = a.kind[0] if dice.yes(0.5) else a.kind[1]
    ward = "P." if dice.yes(0.4) else "Phường "
    return f"{front}{a.number} {alley}{kind} {a.street}, {ward}{a.ward}, {city}".replace("  ", " ")


_WRITTEN: Final[Mapping[str, Callable[[Places, Address], str]]] = {
    "en": _american, "de": _german, "es": _spanish, "vi": _vietnamese,
}  # fmt: skip
