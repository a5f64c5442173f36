"""What identifies people and things: phones, papers, accounts, devices, network addresses, e-mail, cars."""

from datetime import date
from typing import Final

from benchmarks.otherhand.chance import Dice
from benchmarks.otherhand.locales import Locale
from benchmarks.otherhand.names import plain

GERMAN_BANKS: Final = ("70050000", "37040044", "50010517", "44050199", "86055592", "60050101")
SPANISH_BANKS: Final = ("2100", "0049", "0182", "2080", "0081")
DNI: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
CARD_LETTERS: Final = "CFGHJKLMNPRTVWXYZ"
MAKERS: Final = ("1HG", "1FT", "2T1", "JHM", "WVW", "WBA", "5YJ", "KNA", "1G1", "VSS")
PET_NAMES: Final = ("sun", "kitty", "lucky", "big", "fc", "real", "moto", "angel", "mr", "dj")
NO_SSN: Final = 666
CARRIERS: Final = 14
"""Blocks of addresses that a carrier hands to many customers in turn."""


class Papers:
    """Draws what one country's people carry; nothing is drawn twice on purpose."""

    def __init__(self, locale: Locale, dice: Dice) -> None:
        self.locale, self.dice = locale, dice
        self._shared = [
            f"{dice.pick(('172', '100', '174', '88', '92'))}.{dice.below(1, 250)}.{dice.below(1, 250)}."
            for _ in range(CARRIERS)
        ]

    def phone(self, city: int, *, land: bool = False) -> str:
        """A number in national form: mobile, or of a line in that city."""
        dice, own = self.dice, self.locale.cities[city].area_codes
        match self.locale.code:
            case "en":
                area = dice.pick(own) if dice.yes(0.88) else dice.pick(self.locale.lists["away"])
                return f"{area}{dice.below(2, 10)}{dice.digits(6)}"
            case "de":
                return own[0] + dice.digits(7) if land else self._mobile() + dice.digits(dice.below(7, 9))
            case "es":
                return own[0] + dice.digits(9 - len(own[0])) if land else self._mobile() + dice.digits(8)
        return own[0] + dice.digits(10 - len(own[0])) if land else self._mobile() + dice.digits(7)

    def national_id(self, city: int, birth: date, sex: str, *, foreign: bool = False) -> str:
        """The paper that the country's lenders ask for, check characters right where it has any."""
        dice = self.dice
        match self.locale.code:
            case "en":
                area = dice.below(1, 900)
                return f"{area - (area == NO_SSN):03d}-{dice.below(1, 100):02d}-{dice.below(1, 10000):04d}"
            case "de":
                body = [dice.pick(CARD_LETTERS + "0123456789") for _ in range(7)]
                return dice.pick(CARD_LETTERS) + "".join(body) + dice.digits(1)
            case "es":
                return self._foreigner() if foreign else self._dni()
        century = (0 if birth.year < 2000 else 2) + (sex == "female")
        return f"{self.locale.cities[city].zip}{century}{birth.year % 100:02d}{dice.digits(6)}"

    def account(self) -> str:
        """A bank account: an IBAN with its check digits where those are used."""
        dice = self.dice
        match self.locale.code:
            case "de":
                return _iban("DE", dice.pick(GERMAN_BANKS) + dice.digits(10), "131400")
            case "es":
                return _iban("ES", dice.pick(SPANISH_BANKS) + dice.digits(16), "142800")
            case "en":
                return dice.digits(dice.below(9, 13))
        return dice.digits(dice.below(10, 14))

    def registration(self) -> str:
        """A firm's entry in the register."""
        return f"HRB {self.dice.below(1000, 250_000)}" if self.locale.code == "de" else self.dice.digits(9)

    def device(self) -> str:
        """A device's fingerprint."""
        return "".join(self.dice.pick("0123456789abcdef") for _ in range(16))

    def ip(self) -> str:
        """An address in the network, one in five of a carrier's."""
        dice = self.dice
        if dice.yes(0.2):
            return dice.pick(self._shared) + str(dice.below(1, 255))
        return ".".join(str(dice.below(low, high)) for low, high in ((11, 220), (1, 255), (1, 255), (1, 255)))

    def email(self, given: str, surname: str, year: int) -> str:
        """An address made of the name in one of the usual ways."""
        dice = self.dice
        word = given.split()[-1 if self.locale.code == "vi" else 0]
        first, last = plain(word).lower().replace(".", ""), plain(surname).lower()
        chance = dice.rng.random()
        if chance < 0.3:
            local = f"{first}.{last}{dice.digits(2)}"
        elif chance < 0.55:
            local = f"{first}{last}{year % 100:02d}"
        elif chance < 0.75:
            local = f"{first[:1]}{last}{dice.digits(dice.below(1, 4))}"
        elif chance < 0.85:
            local = first + dice.digits(dice.below(3, 5))
        else:
            local = dice.pick(PET_NAMES) + first + dice.digits(dice.below(2, 5))
        return f"{local}@{dice.draw(self.locale.domains)}"

    def vin(self) -> str:
        """A car's number, its check digit as random as in many countries."""
        middle = (self.dice.pick("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(8))
        return self.dice.pick(MAKERS) + "".join(middle) + self.dice.digits(6)

    def _mobile(self) -> str:
        return self.dice.pick(self.locale.lists["mobile"])

    def _dni(self) -> str:
        number = self.dice.below(10**6, 8 * 10**7)
        return f"{number:08d}{DNI[number % 23]}"

    def _foreigner(self) -> str:
        letter, number = self.dice.below(0, 3), self.dice.below(0, 10**7)
        return f"{'XYZ'[letter]}{number:07d}{DNI[(letter * 10**7 + number) % 23]}"


def _iban(country: str, body: str, country_digits: str) -> str:
    return f"{country}{98 - int(body + country_digits) % 97:02d}{body}"
