"""Names of people as each country forms them."""

import unicodedata

from benchmarks.otherhand.chance import Dice, Weighted
from benchmarks.otherhand.locales import Locale

SEXES = ("male", "female")
NEW_FASHION = 1988
"""Who is born later has other given names in fashion."""


def plain(text: str) -> str:
    """The text in ASCII, accents dropped, as it stands in an e-mail address."""
    folded = unicodedata.normalize("NFKD", text.replace("đ", "d").replace("Đ", "D"))
    return folded.encode("ascii", "ignore").decode()


class Names:
    """Draws surnames and given names of one country."""

    def __init__(self, locale: Locale, dice: Dice) -> None:
        self.locale, self.dice = locale, dice
        self._given = {
            sex: Weighted.ranked(range(len(locale.lists[sex])), offset=4.0, power=0.75) for sex in SEXES
        }  # fmt: skip

    def common_surname(self) -> str:
        """One of the frequent ones, by frequency."""
        return self.dice.draw(self.locale.surnames)

    def surname(self) -> str:
        """A frequent one or, where the country has many, a rare one made of two parts."""
        heads = self.locale.lists.get("surname_heads")
        if heads and self.dice.yes(self.locale.rare_surnames):
            return self.dice.pick(heads) + self.dice.pick(self.locale.lists["surname_tails"])
        return self.common_surname()

    def given(self, sex: str, year: int) -> str:
        """A given name of somebody born in that year, with what stands between it and the surname."""
        names = self.locale.lists[sex]
        at = self.dice.draw(self._given[sex])
        name = names[(at * 3 + 11) % len(names) if year > NEW_FASHION else at]
        if self.locale.code == "vi":
            return f"{self.dice.pick(self.locale.lists[f'middle_{sex}'])} {name}"
        return (
            f"{name} {self.dice.pick('ABCDEFGJKLMRST')}." if self.locale.code == "en" and self.dice.yes(0.2) else name
        )

    def full(self, given: str, surname: str, second: str) -> str:
        """The whole name in the country's order."""
        if self.locale.code == "vi":
            return f"{surname} {given}"
        return f"{given} {surname} {second}" if self.locale.code == "es" else f"{given} {surname}"

    def anyone(self, year: int = 1985, surname: str = "", second: str = "") -> str:
        """The whole name of somebody who never applies."""
        given = self.given(self.dice.pick(SEXES), year)
        return self.full(given, surname or self.surname(), second or self.common_surname())
