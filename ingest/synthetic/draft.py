"""The applications of a book as integer columns, first filled with ordinary people for every row, rings included."""

from dataclasses import dataclass, fields

import numpy as np

from ingest.synthetic.plan import Plan
from ingest.synthetic.pools import Floats, Ints, choose
from ingest.synthetic.world import World

REFERENCES = 3
_FINANCED = (0.5, 0.6, 0.7, 0.7, 0.8, 0.8, 0.85, 0.9)
_TERMS = (12, 24, 36, 36, 36, 48, 60)
FUNDED, REFUSED, WITHDRAWN, PENDING = range(4)


@dataclass(slots=True)
class Draft:
    """One row an application; codes point into the pools of the world, -1 (or 0 for numbers) = there is none."""

    row: Ints
    time: Ints  # local seconds since 1970
    updated: Ints
    dealer: Ints
    officer: Ints
    person: Ints
    phone: Ints
    phone2: Ints
    email: Ints
    address: Ints
    employer: Ints
    work_phone: Ints
    occupation: Ints
    income: Floats
    car: Ints
    price: Floats
    appraisal: Floats
    loan: Floats
    term: Ints
    lien: Ints
    account: Ints
    holder: Ints
    device: Ints
    ip: Ints
    ref_person: Ints  # [n, 3], as the next two
    ref_phone: Ints
    ref_relation: Ints
    co_person: Ints
    co_phone: Ints
    co_relation: Ints
    channel: Ints
    status: Ints
    remark: Ints

    def take(self, index: Ints) -> "Draft":
        """Some rows, copied."""
        return Draft(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def append(self, other: "Draft") -> "Draft":
        """The rows of both."""
        return Draft(**{f.name: np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)})


def round_money(rng: np.random.Generator, amount: Floats) -> Floats:
    """People write incomes in hundreds, five hundreds or thousands."""
    step = np.array([100.0, 500.0, 1000.0])[choose(rng.random(len(amount)), np.array([4.0, 3.0, 3.0]))]
    return np.asarray(np.maximum(step, np.round(amount / step) * step), np.float64)


def set_prices(world: World, draft: Draft, rows: Ints) -> None:
    """Price, appraisal, loan and term of some rows from their cars: some dealers, and one in twenty, appraise high."""
    rng, n = world.rng, len(rows)
    price = np.round(world.cars.get("price", draft.car[rows]) * rng.normal(1, 0.03, n) / 100) * 100
    generous = (draft.dealer[rows] * 7919 % 101) < 7
    high = rng.random(n) < np.where(generous, 0.35, 0.05)
    ratio = np.where(high, rng.uniform(1.08, 1.45, n), rng.normal(1.0, 0.045, n))
    draft.price[rows] = np.maximum(price, 3_000)
    draft.appraisal[rows] = np.round(draft.price[rows] * ratio / 100) * 100
    draft.loan[rows] = np.round(draft.price[rows] * rng.choice(_FINANCED, n) / 100) * 100
    draft.term[rows] = rng.choice(_TERMS, n)


def set_officers(world: World, draft: Draft, rows: Ints) -> None:
    """An officer of the row's dealer."""
    draft.officer[rows] = world.officers_of.draw(world.rng.random(len(rows)), draft.dealer[rows])


def _references(world: World, city: Ints) -> tuple[Ints, Ints, Ints]:
    n, rng = len(city), world.rng
    names = world.new_people(choose(rng.random(n // 3 + 500), world.city_weight))
    people = names[rng.integers(0, len(names), (n, REFERENCES))]
    phones = world.new_phones(np.repeat(city, REFERENCES)).reshape(n, REFERENCES)
    weight = world.words["relation"].weight
    return people, phones, choose(rng.random(n * REFERENCES), weight).reshape(n, REFERENCES)


def _co_applicants(world: World, city: Ints) -> tuple[Ints, Ints, Ints]:
    n, rng = len(city), world.rng
    person, phone = np.full(n, -1, np.int64), np.zeros(n, np.int64)
    has = np.flatnonzero(rng.random(n) < 0.13)
    person[has], phone[has] = world.new_people(city[has]), world.new_phones(city[has])
    return person, phone, choose(rng.random(n), np.array([5.0, 1, 1, 1, 1, 0.5, 0, 0.5]))


def _devices(world: World, dealer: Ints) -> Ints:
    n = len(dealer)
    tablet = (world.dealer_tablet[dealer] > 0) & (world.rng.random(n) < 0.75)
    return np.where(tablet, world.dealer_tablet[dealer], world.new_devices(n))


def _addresses_of_network(world: World, city: Ints) -> Ints:
    """IP addresses: a third behind the carriers' shared addresses of the city, the others their own."""
    n, rng = len(city), world.rng
    own = rng.integers(20 * 2**24, 120 * 2**24, n)
    shared = 36 * 2**24 + city * 4_096 + rng.integers(0, 64, n)
    return np.where(rng.random(n) < 0.33, shared, own)


def _status(world: World, u: Floats) -> Ints:
    status = choose(world.rng.random(len(u)), world.words["status"].weight)
    return np.where((u < 0.97) & (status == PENDING), FUNDED, status)


def ordinary(world: World, plan: Plan) -> Draft:
    """Every row as an ordinary application; groups are woven into it afterwards."""
    rng, n, city, words = world.rng, len(plan.u), plan.city, world.words
    time = world.times(plan.u)
    phone = world.new_phones(city)
    employer, work_phone, pay = world.jobs(city, phone)
    income = round_money(rng, world.usual_income * pay * np.exp(rng.normal(0, 0.38, n)))
    person = world.new_people(city)
    ref_person, ref_phone, ref_relation = _references(world, city)
    co_person, co_phone, co_relation = _co_applicants(world, city)
    zero = np.zeros(n)
    draft = Draft(
        row=np.arange(n), time=time, updated=time + rng.integers(3_600, 12 * 86_400, n), dealer=plan.dealer.copy(),
        officer=np.zeros(n, np.int64), person=person, phone=phone,
        phone2=np.where(rng.random(n) < 0.15, world.new_phones(city), 0), email=rng.integers(1, 2**62, n),
        address=world.new_addresses(city), employer=employer, work_phone=work_phone,
        occupation=choose(rng.random(n), words["occupation"].weight), income=income, car=world.new_cars(income),
        price=zero.copy(), appraisal=zero.copy(), loan=zero.copy(), term=np.zeros(n, np.int64),
        lien=time + rng.integers(3 * 86_400, 20 * 86_400, n), account=world.new_accounts(n), holder=person.copy(),
        device=_devices(world, plan.dealer), ip=_addresses_of_network(world, city), ref_person=ref_person,
        ref_phone=ref_phone, ref_relation=ref_relation, co_person=co_person, co_phone=co_phone,
        co_relation=co_relation, channel=choose(rng.random(n), words["channel"].weight), status=_status(world, plan.u),
        remark=choose(rng.random(n), words["remark"].weight),
    )  # fmt: skip
    everyone = np.arange(n)
    set_prices(world, draft, everyone)
    set_officers(world, draft, everyone)
    return draft
