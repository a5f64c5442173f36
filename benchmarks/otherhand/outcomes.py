"""What the lender learns later: half of the rings, some defaults, and a few findings that are wrong."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from benchmarks.otherhand.chance import Dice
from benchmarks.otherhand.days import END
from benchmarks.otherhand.world import Application

RINGS_FOUND: Final = 0.5
MEMBERS_FOUND: Final = 0.75
LONE_FOUND: Final = 0.5
WRONG: Final = 0.12
"""Wrongly confirmed applications for each rightly confirmed one."""
FATES: Final = ((0.012, "first_payment_default"), (0.035, "charge_off"), (0.042, "cleared"), (0.13, "paid"))
"""Of the innocents, by cumulative chance; the rest is not yet known."""
AFTER: Final = {
    "confirmed_fraud": (35, 210), "cleared": (35, 210), "first_payment_default": (45, 75), "charge_off": (120, 300),
    "paid": (100, 400),
}  # fmt: skip
"""Days from the application to the event."""


class Outcome(NamedTuple):
    """One event of the file."""

    number: str
    event: str
    at: datetime


def learnt(dice: Dice, book: Sequence[Application]) -> list[Outcome]:
    """The outcomes known by the end of the book, in order of time."""
    found = {ring for ring in sorted({a.kind.ring for a in book if a.kind.ring}) if dice.yes(RINGS_FOUND)}
    events = [(application, _fate(dice, application, found)) for application in book]
    known = [_outcome(dice, application, event) for application, event in events if event]
    right = sum(event == "confirmed_fraud" for _, event in events)
    honest = [a for a in book if a.kind.name not in ("fraud", "lone_fraud")]
    for at in dice.rng.choice(len(honest), int(right * WRONG), replace=False):
        known.append(_outcome(dice, honest[int(at)], "confirmed_fraud"))
    return sorted((outcome for outcome in known if outcome.at < END), key=lambda outcome: outcome.at)


def _fate(dice: Dice, application: Application, found: set[str]) -> str:
    kind = application.kind
    if kind.ring:
        if kind.ring in found and dice.yes(MEMBERS_FOUND):
            return "confirmed_fraud"
        return "first_payment_default" if dice.yes(0.45) else "charge_off" if dice.yes(0.3) else ""
    if kind.name == "lone_fraud" and dice.yes(LONE_FOUND):
        return "confirmed_fraud"
    chance = dice.rng.random()
    return next((event for reach, event in FATES if chance < reach), "")


def _outcome(dice: Dice, application: Application, event: str) -> Outcome:
    when = application.at + timedelta(days=dice.below(*AFTER[event]))
    if event in ("confirmed_fraud", "cleared"):
        when = when.replace(hour=dice.below(9, 16))
    return Outcome(application.number, event, when)
