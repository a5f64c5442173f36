"""The twelve planted typologies (benchmarks.md): each rewires only its signature, the rest of a row stays ordinary."""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from ingest.synthetic.draft import round_money
from ingest.synthetic.loom import SELF, Loom
from ingest.synthetic.plan import Groups
from ingest.synthetic.pools import Floats, Ints, Mask
from ingest.synthetic.world import INVENTED

INCOME_LINES: Final = {"CN": (5_000.0, 6_000.0, 8_000.0, 10_000.0), "US": (3_000.0, 3_500.0, 4_000.0, 5_000.0)}
"""Incomes at which a lender's policy changes; forged papers lie a little above one of them."""

_ONE_SURNAME = 0.8
_TIES_IF_LOOSE, _TIES_IF_BOUND = (0.6, 0.4), 0.45
"""Chance of a side tie: first + second * share for members without the ring's main value, the other for the rest."""


def side_ties(loom: Loom, g: Groups, bound: Mask) -> None:
    """Rings share more than one thing: an organiser's phone, one another as reference, a device or an office line."""
    n = len(g.rows)
    first, slope = _TIES_IF_LOOSE
    tied = loom.chance(g, np.where(bound, _TIES_IF_BOUND, first + slope * g.share[g.of]))
    kind = loom.rng.integers(0, 4, len(g))[g.of]
    slot = loom.slots(g, np.minimum(2, g.values))
    phones, lines = loom.each(g, loom.world.new_phones, 2), loom.each(g, loom.world.new_work_phones, 2)
    loom.refer(g, phones[g.of, slot], None, tied & (kind == 0))
    other = loom.stranger_of(g)
    loom.refer(g, loom.draft.phone[other], loom.draft.person[other], tied & (kind == 1))
    loom.carry(g, "device", loom.world.new_devices(2 * len(g)).reshape(-1, 2), slot, tied & (kind == 2))
    loom.carry(g, "work_phone", lines, np.zeros(n, np.int64), tied & (kind == 3))


def synthetic_identity(loom: Loom, g: Groups) -> None:
    """Each member shares one thing, some two: an address, a phone, a reference or a piece of the ID; no clique."""
    rng, n = loom.rng, len(g.rows)
    many = np.maximum(1, np.round(g.size * 0.15)).astype(np.int64)
    top = int(many.max(initial=1))
    address, phone, other = (
        loom.each(g, loom.world.new_addresses, top),
        loom.each(g, loom.world.new_phones, top),
        loom.each(g, loom.world.new_phones, top),
    )
    seeds = loom.each(g, loom.world.new_people, top)
    first = rng.integers(0, 4, n)
    second = np.where(loom.chance(g), (first + rng.integers(1, 4, n)) % 4, -1)
    uses = [(first == kind) | (second == kind) for kind in range(4)]
    loom.carry(g, "address", address, loom.slots(g, many), uses[0])
    loom.carry(g, "phone", phone, loom.slots(g, many), uses[1])
    loom.refer(g, other[g.of, loom.slots(g, many)], None, uses[2])
    seed = seeds[g.of, loom.slots(g, many)][uses[3]]
    people = loom.world.people
    loom.change_people(g.rows[uses[3]], birth=people.get("birth", seed), region=people.get("region", seed))


def straw_buyer(loom: Loom, g: Groups) -> None:
    """The organiser's phone is a reference, the cars are dear for the income, several dealers, some weeks."""
    phones = loom.each(g, loom.world.new_phones, 5)
    leads = loom.rng.random(len(g)) < 0.3
    phones[leads, 0] = loom.draft.phone[g.first[leads]]
    named = loom.chance(g)
    loom.refer(g, phones[g.of, loom.slots(g, g.values)], None, named)
    loom.dearer_cars(g.rows[loom.chance(g)], 2.6)
    side_ties(loom, g, named)


def dealer_officer(loom: Loom, g: Groups) -> None:
    """One dealer and officer, a few template employers, incomes just above the line, appraisals inflated."""
    rng, n = loom.rng, len(g.rows)
    loom.one_officer(g, loom.chance(g, np.minimum(0.97, g.share[g.of] + 0.3)))
    firms = loom.each(g, _invented(loom), 4)
    stand, _ = loom.standing_firms(g, 4)
    firms = np.where(rng.random(firms.shape) < 0.4, stand, firms)
    phones = loom.each(g, loom.world.new_work_phones, 4)
    employed = loom.chance(g)
    loom.jobs_at(g, firms, phones, loom.slots(g, rng.integers(2, 5, len(g))), employed)
    side_ties(loom, g, employed)
    line = rng.choice(np.array(INCOME_LINES[loom.world.words.country]), len(g))
    forged = loom.chance(g)
    income = line[g.of] * rng.uniform(1.0, 1.08, n)
    loom.draft.income[g.rows[forged]] = np.ceil(income[forged] / 100) * 100
    inflated = g.rows[loom.chance(g)]
    ratio = rng.uniform(1.10, 1.45, len(inflated))
    loom.draft.appraisal[inflated] = np.round(loom.draft.price[inflated] * ratio / 100) * 100


def _invented(loom: Loom) -> Callable[[Ints], Ints]:
    return partial(loom.world.new_employers, origin=INVENTED)


def fake_employer(loom: Loom, g: Groups) -> None:
    """An invented firm in variants of its name, answered on one work phone."""
    firms = loom.each(g, _invented(loom), 5)
    variant = loom.world.respell(firms.ravel()).reshape(firms.shape)
    slot = loom.slots(g, g.values)
    other = loom.chance(g, 0.25)
    phones = loom.each(g, loom.world.new_work_phones, 5)
    named = loom.chance(g, np.minimum(0.97, g.share[g.of] + 0.1))
    loom.carry(g, "employer", firms, slot, named & ~other)
    loom.carry(g, "employer", variant, slot, named & other)
    answered = loom.chance(g, np.minimum(0.97, g.share[g.of] + 0.1))
    side_ties(loom, g, answered)
    loom.carry(g, "work_phone", phones, slot, answered)


def device_farm(loom: Loom, g: Groups) -> None:
    """Numbers in a row from one purchase, a few devices behind one address of the network, many dealers."""
    block = loom.each(g, loom.world.new_phones, 1)
    in_run = number_run(loom, g, block, g.share[g.of])
    devices = loom.world.new_devices(len(g) * 5).reshape(-1, 5)
    slot = loom.slots(g, g.values)
    on_device = loom.chance(g)
    side_ties(loom, g, on_device | in_run)
    loom.carry(g, "device", devices, slot, on_device)
    lines = loom.rng.integers(20 * 2**24, 120 * 2**24, (len(g), 5))
    loom.carry(g, "ip", lines, slot, loom.chance(g, g.share[g.of] * 0.6))


def number_run(loom: Loom, g: Groups, block: Ints, p: float | Floats) -> Mask:
    """Own phones that follow one another with gaps of one to four; returns who has one."""
    run = np.cumsum(loom.rng.integers(1, 5, len(g.rows)))
    base = run[np.searchsorted(g.rows, g.first)]
    mask = loom.chance(g, p)
    loom.draft.phone[g.rows[mask]] = (block[g.of, 0] + run - base[g.of])[mask]
    return mask


def loan_stacking(loom: Loom, g: Groups) -> None:
    """One person at many dealers within days, with small slips in ID, name, phone, employer and income."""
    rng = loom.rng
    city = loom.world.dealer_city[loom.draft.dealer[g.rows]]
    loom.follow(g, SELF, loom.chance(g, 1.0, but_first=True))
    loom.slip(g.rows[loom.chance(g, 0.3)])
    phone, job, home, refs = (g.rows[loom.chance(g, p)] for p in (0.35, 0.3, 0.25, 0.5))
    start = int(g.rows[0]) if len(g.rows) else 0
    loom.draft.phone[phone] = loom.world.new_phones(city[phone - start])
    firm, work, _ = loom.world.jobs(city[job - start], loom.draft.phone[job])
    loom.draft.employer[job], loom.draft.work_phone[job] = firm, work
    loom.draft.address[home] = loom.world.new_addresses(city[home - start])
    loom.draft.ref_phone[refs, 0] = loom.world.new_phones(city[refs - start])
    loom.draft.income[g.rows] = round_money(rng, loom.draft.income[g.rows] * rng.uniform(0.85, 1.3, len(g.rows)))
    fresh = g.rows[loom.chance(g, 0.5)]
    loom.draft.device[fresh] = loom.world.new_devices(len(fresh))
    loom.draft.account[fresh] = loom.world.new_accounts(len(fresh))


def address_mill(loom: Loom, g: Groups) -> None:
    """Many unrelated names at one unit, or at a few rooms of one building."""
    homes = loom.each(g, loom.world.new_addresses, 1)
    rooms = np.concatenate([homes, *(_other_room(loom, homes) for _ in range(4))], axis=1)
    lives = loom.chance(g)
    loom.carry(g, "address", rooms, loom.slots(g, g.values), lives)
    side_ties(loom, g, lives)


def _other_room(loom: Loom, homes: Ints) -> Ints:
    count = len(homes)
    room = loom.rng.integers(1, 28, count) * 100 + loom.rng.integers(1, 5, count)
    return loom.world.addresses.clone(homes.ravel(), room=room).reshape(-1, 1)


def bust_out(loom: Loom, g: Groups) -> None:
    """Ordinary links (a colleague, a reference), then everybody stops paying in the same weeks (see outcomes)."""
    firm, phone = loom.standing_firms(g, 2)
    works = loom.chance(g, g.share[g.of] * 0.7)
    loom.jobs_at(g, firm, phone, loom.slots(g, 2), works)
    other, named = loom.stranger_of(g), loom.chance(g, np.where(works, 0.4, 0.5 + 0.5 * g.share[g.of]))
    loom.refer(g, loom.draft.phone[other], loom.draft.person[other], named)
    loom.one_officer(g, loom.chance(g, g.share[g.of] * 0.5))


def double_pledge(loom: Loom, g: Groups) -> None:
    """One car under two loans, several times; little else is shared between the borrowers."""
    source = g.first[g.of] + g.pos // 2 * 2
    second = (g.pos % 2 == 1) & loom.chance(g, 0.92)
    loom.same_cars(g.rows[second], source[second])
    phones = loom.each(g, loom.world.new_phones, 5)
    loom.refer(g, phones[g.of, loom.slots(g, g.values)], None, loom.chance(g, g.share[g.of] * 0.6))


def account_funnel(loom: Loom, g: Groups) -> None:
    """Many repayments from a few accounts of other people."""
    accounts = loom.world.new_accounts(len(g) * 5).reshape(-1, 5)
    holders = loom.each(g, loom.world.new_people, 5)
    slot, mask = loom.slots(g, g.values), loom.chance(g)
    loom.carry(g, "account", accounts, slot, mask)
    loom.carry(g, "holder", holders, slot, mask & loom.chance(g, 0.85))
    side_ties(loom, g, mask)


def reference_web(loom: Loom, g: Groups) -> None:
    """Nobody shares anything of their own; each is another's reference."""
    after, other = loom.next_of(g), loom.stranger_of(g)
    loom.refer(g, loom.draft.phone[after], loom.draft.person[after], loom.chance(g), 0)
    loom.refer(g, loom.draft.phone[other], loom.draft.person[other], loom.chance(g), 1)


def cohort(loom: Loom, g: Groups) -> None:
    """No common data: one channel and officer, one home region, employers alike in name, one model, few weeks."""
    loom.one_officer(g, loom.chance(g, np.minimum(0.97, g.share[g.of] + 0.3)))
    loom.follow(g, ("channel",), loom.chance(g))
    loom.like_first(g, "region", loom.chance(g, but_first=True))
    alike = g.rows[loom.chance(g)]
    city = loom.world.dealer_city[loom.draft.dealer[alike]]
    firm = loom.world.new_employers(city, INVENTED)
    first = loom.draft.employer[g.first[g.of[alike - g.rows[0]]]] if len(alike) else alike
    brand = loom.world.employers.get("brand", first)
    named = loom.world.employers.get("plain", first) == 0
    firm = loom.world.employers.clone(firm, brand=np.where(named, brand, loom.world.employers.get("brand", firm)))
    loom.draft.employer[alike], loom.draft.work_phone[alike] = firm, loom.world.new_work_phones(city)
    like_car(loom, g)


def like_car(loom: Loom, g: Groups) -> None:
    """Cars of the first member's model, each its own."""
    mask = loom.chance(g, but_first=True)
    at, source = g.rows[mask], g.first[g.of[mask]]
    loom.same_cars(at, source)
    loom.draft.car[at] = loom.world.cars.clone(loom.draft.car[at], serial=loom.rng.integers(1, 2**62, len(at)))


def pose_as_household(loom: Loom, g: Groups) -> None:
    """Some small rings take one surname and one home, as a family has them; see `Level.posed`."""
    poses = g.posed[g.of]
    loom.like_first(g, "surname", poses & loom.chance(g, _ONE_SURNAME, but_first=True))
    loom.follow(g, ("address",), poses & loom.chance(g, but_first=True))


WEAVES: Final[dict[str, Callable[[Loom, Groups], None]]] = {
    f.__name__: f
    for f in (
        synthetic_identity, straw_buyer, dealer_officer, fake_employer, device_farm, loan_stacking, address_mill,
        bust_out, double_pledge, account_funnel, reference_web, cohort,
    )
}  # fmt: skip
