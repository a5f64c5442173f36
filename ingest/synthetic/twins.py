"""Innocent groups: the twin of each typology, and the ordinary reasons why honest people share something."""

from collections.abc import Callable
from functools import partial
from typing import Final

import numpy as np

from ingest.synthetic.draft import FUNDED, REFUSED, WITHDRAWN, round_money
from ingest.synthetic.loom import SELF, Loom
from ingest.synthetic.plan import Groups
from ingest.synthetic.rings import like_car, number_run
from ingest.synthetic.world import YOUNG


def _zero(g: Groups) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.zeros(len(g.rows), np.int64)


def _name_each_other(loom: Loom, g: Groups, p: float) -> None:
    other = loom.stranger_of(g)
    loom.refer(g, loom.draft.phone[other], loom.draft.person[other], loom.chance(g, p))


def _sign_together(loom: Loom, g: Groups, p: float) -> None:
    other, mask = loom.next_of(g), loom.chance(g, p)
    loom.draft.co_person[g.rows[mask]] = loom.draft.person[other[mask]]
    loom.draft.co_phone[g.rows[mask]] = loom.draft.phone[other[mask]]


def family(loom: Loom, g: Groups) -> None:
    """A household over the years: one home, often one surname, each other's references, at times one phone."""
    loom.follow(g, ("address",), loom.chance(g, 0.85, but_first=True))
    loom.like_first(g, "surname", loom.chance(g, 0.6, but_first=True))
    _name_each_other(loom, g, 0.5)
    _sign_together(loom, g, 0.15)
    loom.follow(g, ("phone",), loom.chance(g, 0.08, but_first=True))
    loom.follow(g, ("account", "holder"), loom.chance(g, 0.08, but_first=True))
    loom.follow(g, ("employer", "work_phone"), loom.chance(g, 0.06, but_first=True))
    loom.follow(g, ("device",), loom.chance(g, 0.15, but_first=True))


def _again(loom: Loom, g: Groups, changes: float) -> None:
    loom.follow(g, SELF, loom.chance(g, 1.0, but_first=True))
    city = g.city[g.of]
    phone, home, job = (loom.chance(g, changes, but_first=True) for _ in range(3))
    loom.draft.phone[g.rows[phone]] = loom.world.new_phones(city[phone])
    loom.draft.address[g.rows[home]] = loom.world.new_addresses(city[home])
    firm, work, _ = loom.world.jobs(city[job], loom.draft.phone[g.rows[job]])
    loom.draft.employer[g.rows[job]], loom.draft.work_phone[g.rows[job]] = firm, work


def reapplication(loom: Loom, g: Groups) -> None:
    """Refused, and here again weeks or months later; some have moved, or changed phone or work."""
    _again(loom, g, 0.15)
    earlier = (g.pos < g.size[g.of] - 1) & loom.chance(g, 0.8)
    loom.draft.status[g.rows[earlier]] = REFUSED
    raised = loom.draft.income[g.rows] * loom.rng.uniform(0.95, 1.1, len(g.rows))
    loom.draft.income[g.rows] = round_money(loom.rng, raised)
    same = loom.chance(g, 0.3, but_first=True)
    loom.same_cars(g.rows[same], g.first[g.of[same]])


def rate_shopper(loom: Loom, g: Groups) -> None:
    """One person asks at several dealers within days for the same model; at most one loan is drawn."""
    _again(loom, g, 0.05)
    like_car(loom, g)
    loom.slip(g.rows[loom.chance(g, 0.06)])
    draws = g.pos == (loom.rng.random(len(g))[g.of] * g.size[g.of]).astype(np.int64)
    loom.draft.status[g.rows] = np.where(draws, loom.draft.status[g.rows], WITHDRAWN)
    fresh = g.rows[loom.chance(g, 0.3)]
    loom.draft.device[fresh] = loom.world.new_devices(len(fresh))


def couple_account(loom: Loom, g: Groups) -> None:
    """Spouses with a car each, repaid from one account."""
    loom.follow(g, ("account", "holder"), loom.chance(g, 0.95, but_first=True))
    loom.follow(g, ("address",), loom.chance(g, 0.8, but_first=True))
    _name_each_other(loom, g, 0.7)
    _sign_together(loom, g, 0.4)


def relatives_account(loom: Loom, g: Groups) -> None:
    """A relative who does not borrow pays for several, and stands as their reference."""
    zero = _zero(g)
    relative = loom.each(g, loom.world.new_people)
    loom.carry(g, "account", loom.world.new_accounts(len(g)).reshape(-1, 1), zero, loom.chance(g, 0.95))
    loom.carry(g, "holder", relative, zero, loom.chance(g, 0.95))
    phones = loom.each(g, loom.world.new_phones)
    loom.refer(g, phones[g.of, 0], relative[g.of, 0], loom.chance(g, 0.6))
    loom.follow(g, ("address",), loom.chance(g, 0.35, but_first=True))
    loom.like_first(g, "surname", loom.chance(g, 0.5, but_first=True))


def friends_references(loom: Loom, g: Groups) -> None:
    """Friends, siblings and colleagues who name each other; some work together."""
    after = loom.next_of(g)
    loom.refer(g, loom.draft.phone[after], loom.draft.person[after], loom.chance(g, 0.75), 0)
    _name_each_other(loom, g, 0.4)
    together = (loom.rng.random(len(g)) < 0.45)[g.of]
    loom.follow(g, ("employer", "work_phone"), together & loom.chance(g, 0.9, but_first=True))


def recommendation_chain(loom: Loom, g: Groups) -> None:
    """A buyer brings the next one, who names him; same dealer, often the same officer."""
    before, mask = loom.next_of(g, -1), loom.chance(g, 0.85, but_first=True)
    loom.refer(g, loom.draft.phone[before], loom.draft.person[before], mask)
    loom.one_officer(g, loom.chance(g, 0.6))


def salesman_reference(loom: Loom, g: Groups) -> None:
    """A salesman writes his own number where the second reference is missing."""
    phones = loom.each(g, loom.world.new_phones)
    loom.refer(g, phones[g.of, 0], None, loom.chance(g), 1)
    loom.one_officer(g, loom.chance(g, 0.5))


def immigrant_family(loom: Loom, g: Groups) -> None:
    """A clan from one county in one or two flats, few phones, each other's references, some share a surname."""
    loom.carry(g, "address", loom.each(g, loom.world.new_addresses, 2), loom.slots(g, 2), loom.chance(g, 0.75))
    loom.carry(g, "phone", loom.each(g, loom.world.new_phones, 2), loom.slots(g, 2), loom.chance(g, 0.25))
    loom.like_first(g, "region", loom.chance(g, 0.8, but_first=True))
    loom.like_first(g, "surname", loom.chance(g, 0.5, but_first=True))
    _name_each_other(loom, g, 0.45)


def cosigning_parent(loom: Loom, g: Groups) -> None:
    """A parent signs for two or three children: reference and co-applicant, and cars beyond the child's income."""
    parent, phone = loom.each(g, loom.world.new_people), loom.each(g, loom.world.new_phones)
    zero, signs = _zero(g), loom.chance(g, 0.85)
    loom.carry(g, "co_person", parent, zero, signs)
    loom.carry(g, "co_phone", phone, zero, signs)
    loom.refer(g, phone[g.of, 0], parent[g.of, 0], loom.chance(g, 0.8))
    loom.like_first(g, "surname", loom.chance(g, 0.95, but_first=True))
    loom.follow(g, ("address",), loom.chance(g, 0.5, but_first=True))
    loom.dearer_cars(g.rows[loom.chance(g, 0.6)], 2.2)


def busy_officer(loom: Loom, g: Groups) -> None:
    """A promotion week: one officer, people of the factory town's two large employers, wages alike."""
    loom.one_officer(g, loom.chance(g, 0.9))
    firm, phone = loom.standing_firms(g, 2)
    loom.jobs_at(g, firm, phone, loom.slots(g, 2), loom.chance(g))
    wage = loom.world.usual_income * np.exp(loom.rng.normal(-0.05, 0.25, len(g)))
    like = loom.chance(g, 0.6)
    pay = wage[g.of] * loom.rng.normal(1, 0.05, len(g.rows))
    loom.draft.income[g.rows[like]] = round_money(loom.rng, pay[like])


def new_small_firm(loom: Loom, g: Groups) -> None:
    """A young firm not yet in any registry; the owner's mobile is its office phone, its name is written two ways."""
    young = partial(loom.world.new_employers, origin=YOUNG)
    firm, owner = loom.each(g, young), loom.each(g, loom.world.new_phones)
    variant = loom.world.respell(firm.ravel()).reshape(-1, 1)
    zero, mask, other = _zero(g), loom.chance(g, 0.95), loom.chance(g, 0.15)
    loom.jobs_at(g, firm, owner, zero, mask & ~other)
    loom.jobs_at(g, variant, owner, zero, mask & other)
    loom.refer(g, owner[g.of, 0], None, loom.chance(g, 0.2))


def shared_office(loom: Loom, g: Groups) -> None:
    """Several small firms behind the switchboard of one office floor."""
    firms, phones = loom.each(g, loom.world.new_employers, 5), loom.each(g, loom.world.new_work_phones)
    many = np.clip(g.size // 2, 2, 5)
    mask = loom.chance(g, 0.95)
    loom.carry(g, "employer", firms, loom.slots(g, many), mask)
    loom.carry(g, "work_phone", phones, _zero(g), mask)


def company_block(loom: Loom, g: Groups) -> None:
    """A firm's staff with mobiles from the block of numbers that the firm bought."""
    firm, phone = loom.standing_firms(g, 1)
    loom.jobs_at(g, firm, phone, _zero(g), loom.chance(g, 0.9))
    number_run(loom, g, loom.each(g, loom.world.new_phones), 0.85)


def dormitory(loom: Loom, g: Groups) -> None:
    """Workers or students in the rooms of one house, most with one or two employers."""
    home = loom.each(g, loom.world.new_addresses)
    room = loom.rng.integers(1, 7, (len(g), 3)) * 100 + loom.rng.integers(1, 5, (len(g), 3))
    rooms = loom.world.addresses.clone(np.repeat(home.ravel(), 3), room=room.ravel()).reshape(-1, 3)
    loom.carry(g, "address", rooms, loom.slots(g, np.minimum(3, g.size // 2)), loom.chance(g, 0.95))
    firm, phone = loom.standing_firms(g, 2)
    loom.jobs_at(g, firm, phone, loom.slots(g, 2), loom.chance(g, 0.7))


def plant_closure(loom: Loom, g: Groups) -> None:
    """People of one plant; when it closes many of them stop paying (see outcomes)."""
    firm, phone = loom.standing_firms(g, 1)
    loom.jobs_at(g, firm, phone, _zero(g), loom.chance(g, 0.95))


def refinance(loom: Loom, g: Groups) -> None:
    """The same car again after months: the owner refinances, or the next one buys it."""
    owner = (loom.rng.random(len(g)) < 0.6)[g.of]
    loom.follow(g, SELF, owner & (g.pos > 0))
    later = g.pos > 0
    loom.same_cars(g.rows[later], g.first[g.of[later]])
    again = g.rows[later]
    car = loom.draft.car[again]
    price = np.round(loom.world.cars.get("price", car) * loom.rng.uniform(0.75, 0.97, len(again)) / 100) * 100
    loom.draft.car[again] = loom.world.cars.clone(car, used=np.ones(len(again), np.int64))
    loom.draft.price[again], loom.draft.appraisal[again] = price, price
    loom.draft.loan[again] = np.round(price * 0.6 / 100) * 100
    loom.draft.status[g.rows[g.pos == 0]] = FUNDED


def payroll_agent(loom: Loom, g: Groups) -> None:
    """An agency pays wages and instalments of the people it places."""
    zero, firm = _zero(g), loom.standing_firms(g, 1)
    loom.jobs_at(g, *firm, zero, loom.chance(g, 0.85))
    mask = loom.chance(g, 0.9)
    loom.carry(g, "account", loom.world.new_accounts(len(g)).reshape(-1, 1), zero, mask)
    loom.carry(g, "holder", loom.each(g, loom.world.new_people), zero, mask)


def village_plant(loom: Loom, g: Groups) -> None:
    """A village that works at one plant: one home region, one employer, houses along one street, often one model."""
    loom.like_first(g, "region", loom.chance(g, 0.85, but_first=True))
    firm, phone = loom.standing_firms(g, 1)
    loom.jobs_at(g, firm, phone, _zero(g), loom.chance(g, 0.85))
    home = loom.world.addresses.clone(loom.each(g, loom.world.new_addresses).ravel(), rural=np.ones(len(g), np.int64))
    house = loom.world.addresses.clone(home[g.of], number=loom.rng.integers(1, 400, len(g.rows)))
    mask = loom.chance(g, 0.7)
    loom.draft.address[g.rows[mask]] = house[mask]
    loom.one_officer(g, loom.chance(g, 0.5))
    like_car(loom, g)


WEAVES: Final[dict[str, Callable[[Loom, Groups], None]]] = {
    f.__name__: f
    for f in (
        family, reapplication, rate_shopper, couple_account, relatives_account, friends_references,
        recommendation_chain, salesman_reference, immigrant_family, cosigning_parent, busy_officer, new_small_firm,
        shared_office, company_block, dormitory, plant_closure, refinance, payroll_agent, village_plant,
    )
}  # fmt: skip
