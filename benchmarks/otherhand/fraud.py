"""Rings: each maker files one of its typology, of the size it is told."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from benchmarks.otherhand.days import DAYS
from benchmarks.otherhand.locales import CARS, LUXURY
from benchmarks.otherhand.people import COLLEAGUE, FRIEND, Contact, Person
from benchmarks.otherhand.world import USUAL, Kind, Special, World

PARTNER_SHARE: Final = 0.07
"""Part of a ring's applications with a co-applicant of their own."""
LARGEST: Final = 25


def _file(world: World, person: Person, day: int, kind: Kind, special: Special = USUAL) -> None:
    if world.dice.yes(PARTNER_SHARE):
        person = replace(person, partner=world.people.stranger_as_partner(person.city))
    world.file(person, day, kind, special)


def synthetic_farm(world: World, count: int, kind: Kind) -> None:
    """Made-up people: a few addresses, numbers, devices and firms that exist on paper, mixed over months."""
    dice, city, start = world.dice, world.places.city(), world.dice.below(0, DAYS - 260)
    homes = [world.places.new(city) for _ in range(max(2, count // 4))]
    phones = [world.papers.phone(city) for _ in range(max(2, count // 3))]
    firms = [world.firms.add(city, "shell") for _ in range(2)]
    devices, span = [world.papers.device() for _ in range(3)], dice.below(120, 250)
    for _ in range(count):
        firm = dice.maybe(dice.pick(firms), 0.6)
        person = world.people.person(city, age=22 + dice.rng.random() * 20, employer=firm)
        special = Special(
            address=dice.maybe(dice.pick(homes), 0.6), phone=dice.maybe(dice.pick(phones), 0.4),
            device=dice.maybe(dice.pick(devices), 0.5), other_phone=dice.maybe(dice.pick(phones), 0.3), richer=1.2,
        )  # fmt: skip
        _file(world, person, start + dice.below(0, span), kind, special)


def straw_recruiter(world: World, count: int, kind: Kind) -> None:
    """Real people whom one recruiter sends for new luxury cars, his number the reference of many."""
    dice, city, start = world.dice, world.places.city(), world.dice.below(0, DAYS - 60)
    recruiter, dealers = world.people.person(city), [world.firms.dealer(city) for _ in range(3)]
    for _ in range(count):
        person = world.people.person(city, age=20 + dice.rng.random() * 25)
        alias = recruiter.name if dice.yes(0.6) else world.people.stranger(city)
        named = (Contact(alias, recruiter.phone, world.locale.relations[FRIEND]), person.friends[1])
        special = Special(
            dealer=dice.pick(dealers), car=dice.pick(LUXURY), new=True, references=dice.maybe(named, 0.6),
            device=dice.maybe(recruiter.device, 0.4), account=dice.maybe(recruiter.account, 0.3),
            other_phone=dice.maybe(recruiter.phone, 0.2), richer=1.5, little_down=True,
        )  # fmt: skip
        _file(world, person, start + dice.below(0, 45), kind, special)


def shell_employer(world: World, count: int, kind: Kind) -> None:
    """One or two firms that exist on paper, answered by one mobile."""
    dice, city, start = world.dice, world.places.city(), world.dice.below(0, DAYS - 130)
    line, chief = world.papers.phone(city), world.people.stranger(city)
    firms = [world.firms.add(city, "shell", phone=line) for _ in range(1 + (count > 7))]
    for _ in range(count):
        person = world.people.person(city, employer=dice.pick(firms))
        named = (person.friends[0], Contact(chief, line, world.locale.relations[COLLEAGUE]))
        special = Special(richer=1.7, references=dice.maybe(named, 0.3))
        _file(world, person, start + dice.below(0, 110), kind, special)


def dealer_collusion(world: World, count: int, kind: Kind) -> None:
    """An officer who writes up cars and incomes, with a few numbers that answer for the employers."""
    dice, dealer, start = world.dice, world.firms.any_dealer(), world.dice.below(0, DAYS - 100)
    officer, city = dice.pick(dealer.officers.items), dealer.city
    lines = [world.papers.phone(city) for _ in range(2)]
    firms = [world.firms.employer(city) for _ in range(3)]
    for _ in range(count):
        person = world.people.person(city)
        special = Special(
            dealer=dealer, officer=officer, employer=dice.maybe(dice.pick(firms).name, 0.5),
            employer_phone=dice.maybe(dice.pick(lines), 0.6), device=dice.maybe(dealer.tablets[0], 0.5),
            richer=1.6, dearer=1.15, overvalued=1.2, online=False, little_down=True,
        )  # fmt: skip
        _file(world, person, start + dice.below(0, 90), kind, special)


def id_theft_drop(world: World, count: int, kind: Kind) -> None:
    """Stolen identities within three weeks, their letters sent to a few drops."""
    dice, city, start = world.dice, world.places.city(), world.dice.below(0, DAYS - 30)
    drops = [world.places.new(city, world.places.unit()) for _ in range(max(1, count // 6) + 1)]
    phones = [world.papers.phone(city) for _ in range(max(2, count // 2))]
    ips, devices = [world.papers.ip() for _ in range(2)], [world.papers.device() for _ in range(2)]
    for _ in range(count):
        drop = dice.pick(drops)
        if drop.unit and dice.yes(0.3):
            drop = replace(drop, unit=world.places.unit())
        special = Special(
            address=dice.maybe(drop, 0.8), phone=dice.pick(phones), device=dice.maybe(dice.pick(devices), 0.4),
            ip=dice.maybe(dice.pick(ips), 0.5), online=dice.yes(0.6),
            email=dice.maybe(world.people.person(city).email, 0.85),
        )  # fmt: skip
        victim = replace(world.people.person(), city=city)
        _file(world, victim, start + dice.below(0, 21), kind, special)


def loan_stacking(world: World, count: int, kind: Kind) -> None:
    """One person at many dealers within days, with other jobs and a second number."""
    dice, person, start = world.dice, world.people.person(), world.dice.below(0, DAYS - 15)
    second, seen = world.papers.phone(person.city), set[str]()
    for _ in range(count):
        dealer = world.firms.dealer(person.city, seen)
        seen.add(dealer.code)
        firm = world.firms.employer(person.city) if dice.yes(0.4) else person.employer
        special = Special(
            dealer=dealer, employer=firm.name, employer_phone=firm.phone, phone=dice.maybe(second, 0.4),
            richer=float(dice.rng.uniform(1, 1.8)),
        )  # fmt: skip
        _file(world, person, start + dice.below(0, 9), kind, special)


def bust_out_family(world: World, count: int, kind: Kind) -> None:
    """A family that borrows all at once and never pays."""
    dice, city, start = world.dice, world.places.city(), world.dice.below(0, DAYS - 70)
    first, firm = world.people.person(city), world.firms.add(city, "tiny")
    homes = [world.places.new(city) for _ in range(2)]
    for _ in range(count):
        surname, work = dice.maybe(first.surname, 0.8), dice.maybe(firm, 0.4)
        person = world.people.person(
            city, surname=surname, second=first.second, address=dice.pick(homes), employer=work
        )
        special = Special(richer=1.4, account=dice.maybe(first.account, 0.4), little_down=True)
        _file(world, person, start + dice.below(0, 60), kind, special)


def account_mules(world: World, count: int, kind: Kind) -> None:
    """Young people who lend their names for a few accounts that others hold."""
    dice, city, start = world.dice, world.places.city(), world.dice.below(0, DAYS - 100)
    holders = [world.people.person(city) for _ in range(max(1, count // 5))]
    devices, ip = [world.papers.device() for _ in range(max(1, count // 6))], world.papers.ip()
    for _ in range(count):
        person, holder = world.people.person(city, age=18.5 + dice.rng.random() * 7), dice.pick(holders)
        used = dice.yes(0.6)
        special = Special(
            account=holder.account if used else None, holder=holder.name if used and dice.yes(0.5) else None,
            device=dice.maybe(dice.pick(devices), 0.5), ip=dice.maybe(ip, 0.3), online=dice.yes(0.8), richer=1.3,
        )  # fmt: skip
        _file(world, person, start + dice.below(0, 80), kind, special)


def vin_flip(world: World, count: int, kind: Kind) -> None:
    """One used car after another sold on within weeks, a little dearer each time."""
    dice, city, day = world.dice, world.places.city(), world.dice.below(0, DAYS - 150)
    cars, model = [world.papers.vin() for _ in range(max(1, count // 4))], dice.pick(CARS)
    line, dearer = world.papers.phone(city), 1.0
    named = (Contact("", line, world.locale.relations[FRIEND]),)
    for at in range(count):
        day += dice.below(2, 20)
        dearer *= 1.05
        special = Special(
            vin=dice.maybe(cars[at % len(cars)], 0.85), car=model, new=False, dearer=dearer,
            other_phone=dice.maybe(line, 0.3), references=dice.maybe(named, 0.2),
        )  # fmt: skip
        _file(world, world.people.person(city), day, kind, special)


def burner_pool(world: World, count: int, kind: Kind) -> None:
    """A drawer of prepaid phones that answer as references, employers, sometimes as the applicant."""
    dice, city, start = world.dice, world.places.city(), world.dice.below(0, DAYS - 180)
    pool = [(world.papers.phone(city), world.people.stranger(city)) for _ in range(max(3, count // 2))]
    span = dice.below(20, 170)
    for _ in range(count):
        person, (one, name), (other, _) = world.people.person(city), dice.pick(pool), dice.pick(pool)
        first = Contact(name if dice.yes(0.5) else world.people.stranger(city), one, world.people.relation())
        second = Contact(world.people.stranger(city), other, world.people.relation())
        named = (first, second if dice.yes(0.5) else person.friends[1])
        special = Special(
            references=dice.maybe(named, 0.75), phone=dice.maybe(dice.pick(pool)[0], 0.25),
            employer_phone=dice.maybe(dice.pick(pool)[0], 0.25),
        )  # fmt: skip
        _file(world, person, start + dice.below(0, span), kind, special)


def payslip_mill(world: World, count: int, kind: Kind) -> None:
    """Forged payslips of one giant: its name, but not its numbers, and the same two salaries again and again."""
    dice, city, start = world.dice, world.places.city(), world.dice.below(0, DAYS - 200)
    firm, lines = world.firms.big(city), [world.papers.phone(city) for _ in range(2)]
    mailbox, job = world.people.person(city).email, world.locale.lists["jobs"][1]
    salaries = [round(float(dice.rng.uniform(4500, 7500)) * world.locale.money, 2) for _ in range(2)]
    for _ in range(count):
        special = Special(
            employer_phone=dice.maybe(dice.pick(lines), 0.75), income=dice.maybe(dice.pick(salaries), 0.6),
            email=dice.maybe(mailbox, 0.35), occupation=dice.maybe(job, 0.5),
        )  # fmt: skip
        _file(world, world.people.person(city, employer=firm), start + dice.below(0, 180), kind, special)


def alias_person(world: World, count: int, kind: Kind) -> None:
    """One man under several papers: a birthday shifted, a name changed, now and then a new number, home or account."""
    dice, papers, person = world.dice, world.papers, world.people.person()
    start, seen = dice.below(0, DAYS - 60), set[str]()
    for _ in range(count):
        other = _alias(world, person)
        if dice.yes(0.5):
            other = replace(other, phone=papers.phone(person.city))
        if dice.yes(0.3):
            other = replace(other, address=world.places.new(person.city))
        dealer = world.firms.dealer(person.city, seen)
        seen.add(dealer.code)
        other = world.people.at_work(other, world.firms.employer(person.city))
        _file(world, other, start + dice.below(0, 50), kind, Special(dealer=dealer))


def _alias(world: World, person: Person) -> Person:
    dice, papers, birth = world.dice, world.papers, person.birth
    if dice.yes(0.5):
        birth = birth.replace(day=min(birth.day % 28 + 1, 28))
    else:
        birth = birth.replace(month=birth.month % 12 + 1, day=min(birth.day, 28))
    given = world.names.given(person.sex, birth.year) if dice.yes(0.4) else person.given
    return replace(
        person, birth=birth, given=given, name=world.names.full(given, person.surname, person.second),
        national_id=papers.national_id(person.city, birth, person.sex),
        account=papers.account() if dice.yes(0.5) else person.account,
        email=papers.email(given, person.surname, birth.year),
    )  # fmt: skip


class Sizes(NamedTuple):
    """A ring's least and largest usual number of applications."""

    least: int
    most: int


Maker = Callable[[World, int, Kind], None]
LEAN: Final[Mapping[Maker, Sizes]] = {
    synthetic_farm: Sizes(5, 20), shell_employer: Sizes(4, 18), id_theft_drop: Sizes(5, 20), loan_stacking: Sizes(4, 9),
    bust_out_family: Sizes(3, 8), alias_person: Sizes(3, 7), dealer_collusion: Sizes(6, 20), burner_pool: Sizes(5, 16),
    vin_flip: Sizes(4, 9),
}  # fmt: skip
"""What a lean export can show at all."""
RICH: Final[Mapping[Maker, Sizes]] = {
    **LEAN, straw_recruiter: Sizes(5, 16), account_mules: Sizes(5, 18), payslip_mill: Sizes(5, 16),
}  # fmt: skip


def file_rings(world: World, columns: str, target: int) -> None:
    """Rings of every typology in turn, in an order of their own each time, until that many applications are filed."""
    makers = list((LEAN if columns == "lean" else RICH).items())
    while len(world.filed) < target:
        for at in world.dice.rng.permutation(len(makers)):
            if len(world.filed) >= target:
                break
            make, sizes = makers[at]
            count = round(sizes.least + (sizes.most - sizes.least) * float(world.dice.rng.beta(1.2, 2)))
            make(world, min(LARGEST, count), Kind("fraud", world.new_ring(), make.__name__))
