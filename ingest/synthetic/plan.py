"""Who belongs to which group, when and where: decided before any person is drawn, alike for rings and innocents."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ingest.synthetic.knobs import (
    HOUSEHOLD,
    INNOCENTS,
    MOST_DAYS_OF_A_RUSH,
    RINGS,
    TWINS_AT_LEAST,
    USUAL_RATE,
    Kind,
    Knobs,
)
from ingest.synthetic.pools import Floats, Ints, Mask, choose
from ingest.synthetic.world import World

_BUYS_AWAY = 0.035


@dataclass(frozen=True, slots=True)
class Groups:
    """All groups of one kind. Row columns: rows, of, pos, at; group columns: size, share, values, city, dealer, ..."""

    kind: Kind
    ring: bool
    rows: Ints  # positions in the draft
    of: Ints  # number of the row's group, 0..G-1
    pos: Ints  # 0 = first in time
    size: Ints
    first: Ints  # row of each group's first member
    share: Floats  # probability that a member carries a shared value
    values: Ints  # rotation: number of values of one kind, 1..5
    city: Ints
    dealers: Ints  # [G, 4] dealers of the city
    day_span: Floats
    code: Ints  # number of the group in the whole plan
    drip: Mask  # adds about one member a month
    posed: Mask  # poses as one household
    broker: Mask  # has a broker in common with another ring

    def __len__(self) -> int:
        return len(self.size)


@dataclass(frozen=True, slots=True)
class Plan:
    """Columns over all applications (position in time 0..1, city, dealer, group or -1) and the groups by kind."""

    u: Floats
    city: Ints
    dealer: Ints
    group: Ints
    groups: dict[str, Groups]


def _even(rng: np.random.Generator, count: int) -> Floats:
    """Uniform numbers that cover [0, 1) evenly, shuffled: keeps the marginals of a few groups near everybody's."""
    return np.asarray((rng.permutation(count) + rng.random(count)) / max(count, 1), np.float64)


def _sizes(rng: np.random.Generator, kind: Kind, count: int) -> Ints:
    low, high = kind.bounds
    return np.clip(np.round(kind.size * np.exp(rng.normal(0, 0.42, count))), low, high).astype(np.int64)


def _ring_sizes(rng: np.random.Generator, budget: int) -> dict[str, Ints]:
    """Rings of all typologies in shuffled turns until the budget of fraudulent applications is used."""
    rounds = budget // (4 * len(RINGS)) + 2
    turns = np.concatenate([rng.permutation(len(RINGS)) for _ in range(rounds)])
    drawn = np.stack([_sizes(rng, kind, rounds) for kind in RINGS])
    seen = np.zeros(len(RINGS), np.int64)
    picked: dict[str, list[int]] = {kind.name: [] for kind in RINGS}
    used = 0
    for turn in turns:
        size = int(drawn[turn, seen[turn]])
        if used + size > budget:
            continue
        seen[turn] += 1
        used += size
        picked[RINGS[turn].name].append(size)
    return {name: np.array(sizes, np.int64) for name, sizes in picked.items()}


def _innocent_sizes(rng: np.random.Generator, kind: Kind, knobs: Knobs) -> Ints:
    typology = (knobs.fraud_rate or USUAL_RATE) / len(RINGS)  # a book without fraud has its innocents
    twins = knobs.hardness.twins
    share = max(kind.share, TWINS_AT_LEAST * typology) if twins is None or kind.ordinary else twins * typology
    budget = int(share * knobs.applications)
    sizes = _sizes(rng, kind, budget // kind.bounds[0] + 1)
    return sizes[np.cumsum(sizes) <= budget]


def _days(rng: np.random.Generator, kind: Kind, sizes: Ints, knobs: Knobs) -> tuple[Floats, Mask]:
    low, high = np.log(kind.days[0]), np.log(kind.days[1])
    days = np.exp(rng.uniform(low, high, len(sizes)))
    drips = (rng.random(len(sizes)) < knobs.hardness.drip) & (kind.days[1] > MOST_DAYS_OF_A_RUSH)
    return np.where(drips, 30.0 * sizes, days), drips


def _make_groups(world: World, knobs: Knobs, kind: Kind, ring: bool, sizes: Ints, start: int, code: int) -> Groups:
    rng, count = world.rng, len(sizes)
    begin = np.cumsum(sizes) - sizes
    of = np.repeat(np.arange(count), sizes)
    city = choose(_even(rng, count), world.city_weight)
    low, high = knobs.hardness.share if ring else (0.5, 0.95)
    least, most = knobs.hardness.values
    values = np.minimum(rng.integers(least, most + 1, count), np.maximum(1, sizes // 2))
    dealers = world.dealers_of.draw(
        np.column_stack([_even(rng, count), rng.random((count, 3))]).ravel(), np.repeat(city, 4)
    )
    day_span, drip = _days(rng, kind, sizes, knobs)
    may_pose = (sizes <= HOUSEHOLD) & (ring and kind.poses)
    return Groups(
        kind=kind,
        ring=ring,
        rows=start + np.arange(int(sizes.sum())),
        of=of,
        pos=np.arange(len(of)) - begin[of],
        size=sizes,
        first=start + begin,
        share=rng.uniform(low, high, count),
        values=values,
        city=city,
        dealers=dealers.reshape(count, 4),
        day_span=day_span,
        code=code + np.arange(count),
        drip=drip,
        posed=may_pose & (rng.random(count) < knobs.hardness.posed),
        broker=np.zeros(count, bool),
    )


def _some_dealer(world: World, city: Ints) -> Ints:
    """A dealer by volume, in the own city or (one buyer in thirty) in another."""
    rng, n = world.rng, len(city)
    away = rng.random(n) < _BUYS_AWAY
    where = np.where(away, choose(rng.random(n), world.city_weight), city)
    return world.dealers_of.draw(rng.random(n), where)


def _place(world: World, knobs: Knobs, groups: Groups, plan: Plan) -> None:
    """Times within the group's window (mirrored at the ends of the book, so that no time is special) and dealers."""
    rng, n = world.rng, len(groups.rows)
    centre = _even(rng, len(groups))
    along = (groups.pos + rng.random(n)) / groups.size[groups.of] - 0.5
    u = np.mod(centre[groups.of] + along * (groups.day_span / world.days)[groups.of], 2.0)
    plan.u[groups.rows] = np.minimum(np.where(u > 1, 2 - u, u), 1 - 1e-9)
    if knobs.drift:
        groups.share[:] = groups.share * (1 - knobs.drift * centre)
    if groups.kind.dealers == "any":
        stays = rng.random(n) < groups.kind.local
        city = np.where(stays, groups.city[groups.of], plan.city[groups.rows])
        dealer = _some_dealer(world, city)
    else:
        many = 1 if groups.kind.dealers == "one" else rng.integers(2, 5, len(groups))[groups.of]
        city = groups.city[groups.of]
        dealer = groups.dealers[groups.of, (rng.random(n) * many).astype(np.int64)]
    plan.city[groups.rows], plan.dealer[groups.rows] = city, dealer
    plan.group[groups.rows] = groups.code[groups.of]


def _wanted(rng: np.random.Generator, knobs: Knobs) -> Iterator[tuple[Kind, bool, Ints]]:
    rings = _ring_sizes(rng, round(knobs.fraud_rate * knobs.applications))
    for kind in RINGS:
        yield kind, True, rings[kind.name]
    for kind in INNOCENTS:
        yield kind, False, _innocent_sizes(rng, kind, knobs)


def make_plan(world: World, knobs: Knobs) -> Plan:
    """Lay the groups over the first rows and leave the rest of the book ungrouped."""
    rng, n = world.rng, knobs.applications
    city = choose(rng.random(n), world.city_weight)
    plan = Plan(rng.random(n), city, _some_dealer(world, city), np.full(n, -1, np.int64), {})
    start = code = 0
    for kind, ring, sizes in _wanted(rng, knobs):
        sizes = sizes[start + np.cumsum(sizes) <= n]
        groups = _make_groups(world, knobs, kind, ring, sizes, start, code)
        _place(world, knobs, groups, plan)
        plan.groups[kind.name] = groups
        start, code = start + int(sizes.sum()), code + len(sizes)
    return plan
