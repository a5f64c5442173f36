"""What the lender comes to know: cases closed ring by ring, late and sometimes wrong, and what servicing sees."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ingest.synthetic.draft import FUNDED, Draft
from ingest.synthetic.knobs import Knobs
from ingest.synthetic.plan import Groups, Plan
from ingest.synthetic.pools import Floats, Ints
from ingest.synthetic.world import BOOK_END, DAY, World

_MEMBERS_NAMED = 0.85
_PAID, _FIRST_DEFAULT, _CHARGED_OFF = 0.06, 0.012, 0.012
"""Parts of the funded that servicing reports on, whoever they are."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Outcome rows: draft row, event name, when it happened and when it became known (local seconds)."""

    row: Ints
    event: pl.Series
    event_at: Ints
    known_at: Ints


def outcomes(world: World, draft: Draft, plan: Plan, knobs: Knobs) -> Facts:
    """Everything known by the end of the book, in order of knowledge."""
    parts = [
        *_cases(world, draft, plan, knobs),
        *_defaults(world, draft, plan),
        _ordinary_servicing(world, draft, "paid", _PAID, (120, 500)),
        _ordinary_servicing(world, draft, "first_payment_default", _FIRST_DEFAULT, (32, 60)),
        _ordinary_servicing(world, draft, "charge_off", _CHARGED_OFF, (120, 300)),
    ]
    row = np.concatenate([p.row for p in parts])
    event = pl.concat([p.event for p in parts])
    event_at, known_at = (np.concatenate([getattr(p, name) for p in parts]) for name in ("event_at", "known_at"))
    known = np.flatnonzero(known_at < (BOOK_END + 1) * DAY)
    order = known[np.lexsort((row[known], known_at[known]))]
    return Facts(row[order], event.gather(order), event_at[order], known_at[order])


def _facts(row: Ints, event: str, event_at: Floats, known_at: Floats) -> Facts:
    names = pl.repeat(event, len(row), dtype=pl.String, eager=True)
    return Facts(row, names, event_at.astype(np.int64), known_at.astype(np.int64))


def _by_group(world: World, draft: Draft, g: Groups, days: tuple[float, float]) -> tuple[Floats, Floats]:
    """One date per group, some days after its middle application and not before a member's own, and the delay."""
    middle = draft.time[g.first + g.size // 2].astype(np.float64)
    closed = (middle + world.rng.uniform(*days, len(g)) * DAY)[g.of]
    event_at = np.maximum(closed, draft.time[g.rows] + 3 * DAY)
    return event_at, event_at + world.rng.uniform(0, 25, len(g))[g.of] * DAY


def _cases(world: World, draft: Draft, plan: Plan, knobs: Knobs) -> list[Facts]:
    """Half of the rings are investigated as rings; a fifth of all findings are lone or mistaken; innocents cleared."""
    rng, parts = world.rng, []
    spare: list[Ints] = []
    for g in plan.groups.values():
        chance = knobs.label_share if g.ring else knobs.label_share * 0.08
        opened = (rng.random(len(g)) < chance)[g.of]
        event_at, known_at = _by_group(world, draft, g, (20, 150))
        named = opened & (rng.random(len(g.rows)) < _MEMBERS_NAMED)
        event = "confirmed_fraud" if g.ring else "cleared"
        parts.append(_facts(g.rows[named], event, event_at[named], known_at[named]))
        if g.ring:
            spare.append(g.rows[~opened])
    found = sum(len(p.row) for p in parts if len(p.row) and p.event[0] == "confirmed_fraud")
    wrong = round(found * knobs.finding_error / (1 - knobs.finding_error))
    parts.append(_lone(world, draft, np.concatenate([np.empty(0, np.int64), *spare]), wrong // 2))
    honest = np.concatenate([np.empty(0, np.int64), *(g.rows for g in plan.groups.values() if not g.ring)])
    parts.append(_lone(world, draft, honest, wrong - wrong // 2))
    return parts


def _lone(world: World, draft: Draft, among: Ints, count: int) -> Facts:
    """Single applications called fraud without their ring, rightly or wrongly."""
    row = among[world.rng.permutation(len(among))[:count]]
    event_at = draft.time[row] + world.rng.uniform(20, 200, len(row)) * DAY
    return _facts(row, "confirmed_fraud", event_at, event_at + world.rng.uniform(0, 25, len(row)) * DAY)


def _defaults(world: World, draft: Draft, plan: Plan) -> list[Facts]:
    """Bust-outs stop paying together; so do the people of a plant that closes."""
    parts = []
    for name, part in (("bust_out", 0.8), ("plant_closure", 0.5)):
        g = plan.groups[name]
        at, _ = _by_group(world, draft, g, (60, 140))
        stops = (world.rng.random(len(g.rows)) < part) & (draft.status[g.rows] == FUNDED)
        event_at = at[stops] + world.rng.uniform(0, 30, int(stops.sum())) * DAY
        event_at = np.maximum(event_at, draft.time[g.rows[stops]] + 35 * DAY)
        early = event_at - draft.time[g.rows[stops]] < 75 * DAY
        for event, mask in (("first_payment_default", early), ("charge_off", ~early)):
            parts.append(_facts(g.rows[stops][mask], event, event_at[mask], event_at[mask] + 5 * DAY))
    return parts


def _ordinary_servicing(world: World, draft: Draft, event: str, rate: float, days: tuple[int, int]) -> Facts:
    row = np.flatnonzero((world.rng.random(len(draft.row)) < rate) & (draft.status == FUNDED))
    event_at = draft.time[row] + world.rng.uniform(*days, len(row)) * DAY
    return _facts(row, event, event_at, event_at + world.rng.uniform(0, 5, len(row)) * DAY)
