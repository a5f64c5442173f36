"""When people apply: a growing business, with seasons, a week and hours of a day."""

from datetime import datetime, timedelta
from typing import Final

import numpy as np

from benchmarks.otherhand.chance import Dice, Weighted

START: Final = datetime(2023, 9, 4)  # noqa: DTZ001 - the lender's clock, as its files have it: without a zone
DAYS: Final = 460
END: Final = START + timedelta(days=DAYS)
WEEK: Final = (1.0, 0.9, 0.9, 1.0, 1.3, 1.75, 0.35)
SEASON: Final = 0.18
HOURS: Final = (
    *(0, 0, 0, 0, 0, 0, 0.3, 1, 3, 6, 8, 9),
    *(8, 8, 9, 9, 9, 8, 7, 5, 3, 2, 1, 0.4),
)  # fmt: skip
TRIES: Final = 6


def _growth(day: int) -> float:
    return 0.75 + 0.5 * day / DAYS


def _busy(day: int) -> float:
    """How busy a day is apart from the growth, at most 1."""
    date = START + timedelta(days=day)
    season = 1 + SEASON * np.sin(2 * np.pi * (date.timetuple().tm_yday - 60) / 365)
    return float(season) * WEEK[date.weekday()] / (max(WEEK) * (1 + SEASON))


class Calendar:
    """Draws days and moments of the book's fifteen months."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self._busy = [_busy(day) for day in range(DAYS)]
        self._days = Weighted.of(range(DAYS), [_growth(day) for day in range(DAYS)])
        self._hours = Weighted.of(range(24), HOURS)

    def day(self) -> int:
        """Any day of a growing business; its seasons and weeks come by `from_day`, for groups and singles alike."""
        return self.dice.draw(self._days)

    def from_day(self, day: int) -> datetime:
        """A moment on that day or one of the next ones that are busier, within the book."""
        day = min(max(day, 0), DAYS - 1)
        for _ in range(TRIES):
            if self.dice.yes(self._busy[day]):
                break
            day = min(day + 1, DAYS - 1)
        hour, minute, second = self.dice.draw(self._hours), self.dice.below(0, 60), self.dice.below(0, 60)
        return START + timedelta(days=day, hours=hour, minutes=minute, seconds=second)
