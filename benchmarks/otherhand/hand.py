"""How things are typed: slips, capitals, accents left out, dates, amounts and numbers in every usual form."""

import unicodedata
from datetime import date, datetime
from typing import Final

from benchmarks.otherhand.chance import Dice
from benchmarks.otherhand.locales import Locale

UMLAUTS: Final = (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss"))
MOBILE_PREFIX: Final = 4


class Hand:
    """The clerks of one lender."""

    def __init__(self, locale: Locale, dice: Dice) -> None:
        self.locale, self.dice, self._code = locale, dice, locale.code

    def words(self, text: str) -> str:
        """Free text."""
        dice = self.dice
        if not text:
            return ""
        if dice.yes(0.015):
            text = self._slip(text)
        if self._code == "de" and dice.yes(0.1):
            for letter, two in UMLAUTS:
                text = text.replace(letter, two)
        if self._code in ("es", "vi") and dice.yes(0.18):
            text = _without_marks(text)
        chance = dice.rng.random()
        if chance < 0.13:
            return text.upper() if chance < 0.1 else text.lower()
        return f"{text} " if chance < 0.15 else text

    def name(self, text: str) -> str:
        """A person's name, sometimes with the surname first or without the middle initial."""
        dice = self.dice
        if self._code in ("en", "de") and " " in text and dice.yes(0.06):
            rest, last = text.rsplit(" ", 1)
            text = f"{last}, {rest}"
        if self._code == "en" and dice.yes(0.3):
            text = " ".join(word for word in text.split(" ") if not (len(word) == 2 and word[1] == "."))
        return self.words(text)

    def firm(self, text: str) -> str:
        """A firm's name with its legal form as somebody remembers it."""
        dice = self.dice
        match self._code:
            case "en" if dice.yes(0.2):
                text = text.replace(" LLC", "").replace(" Inc.", " Inc").replace(" Inc", "")
            case "en" if dice.yes(0.06):
                text = text.replace(" LLC", ", L.L.C.")
            case "es" if dice.yes(0.2):
                text = text.replace(" S.L.", " SL").replace(" S.A.", " SA")
            case "de" if dice.yes(0.1):
                text = text.replace(" (haftungsbeschränkt)", "").replace("GmbH", "Gmbh")
        return self.words(text)

    def amount(self, value: float) -> str:
        """Money, with or without cents, thousands and the sign."""
        dice = self.dice
        if self._code == "en":
            return f"${value:,.2f}" if dice.yes(0.3) else f"{value:.2f}" if dice.yes(0.5) else f"{value:.0f}"
        if self._code == "vi":
            return f"{value:,.0f}".replace(",", ".") if dice.yes(0.5) else f"{value:.0f}"
        if dice.yes(0.7):
            text = f"{value:,.2f}".translate(str.maketrans(",.", ".,"))
            return f"{text} €" if dice.yes(0.15) else text
        return f"{value:.0f}"

    def moment(self, at: datetime) -> str:
        """Day and time as the lender's systems export them."""
        if self._code == "en":
            return at.strftime("%m/%d/%Y %I:%M %p" if self.dice.yes(0.8) else "%Y-%m-%dT%H:%M:%S")
        if self._code == "de":
            return at.strftime("%d.%m.%Y %H:%M")
        return at.strftime("%d/%m/%Y %H:%M" if self.dice.yes(0.9) else "%Y-%m-%d %H:%M:%S")

    def birthday(self, born: date) -> str:
        """A date of birth, in some forms with two digits of the year, now and then left out."""
        dice = self.dice
        if dice.yes(0.02):
            return ""
        if self._code == "de":
            return born.strftime("%d.%m.%Y" if dice.yes(0.9) else "%d.%m.%y")
        if self._code == "en":
            short = f"{born.month}/{born.day}/{born.year % 100:02d}"
            return born.strftime("%m/%d/%Y") if dice.yes(0.8) else short if dice.yes(0.3) else born.isoformat()
        return born.strftime("%d/%m/%Y") if dice.yes(0.9) else born.isoformat()

    def paper(self, text: str) -> str:
        """A national id, now and then left out or with two characters swapped."""
        dice = self.dice
        if dice.yes(0.03):
            return ""
        if dice.yes(0.004):
            text = text[:-2] + text[-1] + text[-2]
        if self._code == "en" and dice.yes(0.4):
            return text.replace("-", "")
        if self._code == "es":
            text = f"{text[:-1]}-{text[-1]}" if dice.yes(0.2) else text
            return text.lower() if dice.yes(0.1) else text
        return text

    def phone(self, text: str) -> str:
        """A number, rarely with a wrong digit, in one of the country's forms."""
        if text and self.dice.yes(0.006):
            at = self.dice.below(4, len(text))
            text = text[:at] + self.dice.digits(1) + text[at + 1 :]
        return self.line(text)

    def line(self, text: str) -> str:
        """A number without a slip."""
        if not text:
            return ""
        chance = self.dice.rng.random()
        match self._code:
            case "en":
                return _american(text, chance)
            case "de":
                return self._german(text, chance)
            case "es":
                return _spanish(text, chance)
        return _vietnamese(text, chance)

    def _german(self, text: str, chance: float) -> str:
        codes = [code for city in self.locale.cities for code in city.area_codes if text.startswith(code)]
        cut = len(codes[0]) if codes else MOBILE_PREFIX
        own, rest = text[:cut], text[cut:]
        if chance < 0.7:
            return f"{own}/{rest}" if chance < 0.35 else f"{own} {rest}"
        if chance < 0.85:
            return text
        return f"+49 {own[1:]} {rest}" if chance < 0.95 else f"0049{text[1:]}"

    def _slip(self, text: str) -> str:
        if len(text) < 5:
            return text
        at, chance = self.dice.below(1, len(text) - 2), self.dice.rng.random()
        if chance < 0.4:
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        return text[:at] + text[at + 1 :] if chance < 0.7 else text[:at] + text[at] + text[at:]


def _without_marks(text: str) -> str:
    parts = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return unicodedata.normalize("NFC", "".join(part for part in parts if not unicodedata.combining(part)))


def _american(text: str, chance: float) -> str:
    dashed = f"{text[:3]}-{text[3:6]}-{text[6:]}"
    if chance < 0.8:
        return f"({text[:3]}) {text[3:6]}-{text[6:]}" if chance < 0.45 else dashed
    return text if chance < 0.93 else f"+1 {dashed}"


def _spanish(text: str, chance: float) -> str:
    if chance < 0.5:
        return text
    if chance < 0.85:
        threes = f"{text[:3]} {text[3:6]} {text[6:]}"
        return threes if chance < 0.7 else f"{text[:3]} {text[3:5]} {text[5:7]} {text[7:]}"
    return f"+34 {text}" if chance < 0.95 else f"0034{text}"


def _vietnamese(text: str, chance: float) -> str:
    if chance < 0.6:
        return text
    if chance < 0.9:
        return (" " if chance < 0.8 else ".").join((text[:4], text[4:7], text[7:]))
    return f"+84{text[1:]}"
