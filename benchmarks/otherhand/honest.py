"""Honest people who share what rings share: each maker files one group of its class."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from benchmarks.otherhand.days import DAYS
from benchmarks.otherhand.locales import CARS
from benchmarks.otherhand.people import COLLEAGUE, FRIEND, PARENT, SIBLING, SPOUSE, Contact, Person
from benchmarks.otherhand.world import Kind, Special, World

AGES: Final = (22, 25, 28, 46, 50, 53, 71)
FAMILY_SIZES: Final = (2, 2, 2, 3, 3, 4, 5, 6)
OWN_SURNAMES: Final = frozenset({"vi", "es"})
"""Where a wife keeps her name."""


def single(world: World) -> None:
    """Nobody in particular."""
    world.file(world.people.person(), world.calendar.day(), Kind("single"))


def lone_fraud(world: World) -> None:
    """A fraud that no ring ties; the truth names it apart from the innocents and from the rings."""
    world.file(world.people.person(), world.calendar.day(), Kind("lone_fraud"), Special(richer=1.6))


def repeat(world: World) -> None:
    """Somebody comes back, perhaps moved, with a new number or another job."""
    dice, person, day = world.dice, world.people.person(), world.dice.below(0, DAYS - 120)
    world.file(person, day, Kind("repeat"))
    for _ in range(2 if dice.yes(0.2) else 1):
        day += dice.below(40, 260)
        if day >= DAYS:
            break
        if dice.yes(0.25):
            person = replace(person, address=world.places.new(person.city))
        if dice.yes(0.2):
            person = replace(person, phone=world.papers.phone(person.city))
        if dice.yes(0.2):
            person = world.people.at_work(person, world.firms.employer(person.city))
        world.file(person, day, Kind("repeat"))


def rate_shopper(world: World) -> None:
    """One car, several dealers within days."""
    dice, person, day = world.dice, world.people.person(), world.calendar.day()
    car, seen = dice.pick(CARS), set[str]()
    for _ in range(dice.below(2, 5)):
        dealer = world.firms.dealer(person.city, seen)
        seen.add(dealer.code)
        world.file(person, day + dice.below(0, 5), Kind("rate_shopper"), Special(dealer=dealer, car=car))


def family(world: World) -> None:
    """A family over months: home, landline, sometimes mailbox, account, number or firm in common."""
    head = world.people.person()  # never applies
    head = replace(head, other_phone=world.papers.phone(head.city, land=True))
    first: Person | None = None
    for _ in range(world.dice.pick(FAMILY_SIZES)):
        member = _relative(world, head)
        member = _after(world, member, first) if first else member
        first = first or member
        world.file(member, world.calendar.day(), Kind("family"))


def _relative(world: World, head: Person) -> Person:
    dice, age = world.dice, float(world.dice.pick(AGES)) + world.dice.rng.random() * 4
    surname, home = dice.maybe(head.surname, 0.8), dice.maybe(head.address, 0.75)
    member = world.people.person(head.city, age=age, surname=surname, second=head.second, address=home)
    if dice.yes(0.5):
        member = replace(member, other_phone=head.other_phone)
    return replace(member, account=head.account) if dice.yes(0.25) else member


def _after(world: World, member: Person, first: Person) -> Person:
    dice = world.dice
    if dice.yes(0.2):
        member = replace(member, email=first.email)
    if dice.yes(0.12):
        member = replace(member, phone=first.phone)
    if dice.yes(0.5):
        named = Contact(first.name, first.phone, world.locale.relations[PARENT])
        member = replace(member, friends=(named, member.friends[1]))
    if dice.yes(0.15):
        member = replace(member, employer=first.employer, employer_phone=first.employer_phone)
    return member


def couple(world: World) -> None:
    """Two at one home with one account, each in time the other's co-applicant."""
    dice, people = world.dice, world.people
    one = people.person()
    named = one.surname if dice.yes(0.6) and world.locale.code not in OWN_SURNAMES else None
    other = replace(
        people.person(one.city, address=one.address, surname=named), account=one.account, holder=one.holder
    )  # fmt: skip
    if dice.yes(0.5):
        other = replace(other, email=one.email)
    relation, day = world.locale.relations[SPOUSE], world.calendar.day()
    world.file(replace(one, partner=people.partner(other, relation)), day, Kind("couple"))
    if dice.yes(0.5):
        other = replace(other, partner=people.partner(one, relation))
    world.file(other, day + dice.below(0, 200), Kind("couple"))


def cobuyer(world: World) -> None:
    """A co-applicant who never applies alone."""
    person = world.people.person()
    person = replace(person, partner=world.people.stranger_as_partner(person.city))
    world.file(person, world.calendar.day(), Kind("cobuyer"))


def flat_share(world: World) -> None:
    """Students of one flat and one line."""
    city = world.places.city()
    home, ip = world.places.new(city), world.papers.ip()
    for _ in range(world.dice.below(2, 6)):
        mate = world.people.person(city, age=19 + world.dice.rng.random() * 10, address=home)
        world.file(replace(mate, ip=ip), world.calendar.day(), Kind("flat_share"))


def twins(world: World) -> None:
    """Born on one day, at one home, of one name."""
    papers, one = world.papers, world.people.person()
    given = world.names.given(one.sex, one.birth.year)
    name = world.names.full(given, one.surname, one.second)
    other = replace(
        one, given=given, name=name, holder=name, national_id=papers.national_id(one.city, one.birth, one.sex),
        phone=papers.phone(one.city), account=papers.account(), device=papers.device(),
        email=papers.email(given, one.surname, one.birth.year),
    )  # fmt: skip
    day = world.calendar.day()
    world.file(one, day, Kind("twins"))
    world.file(other, day + world.dice.below(0, 60), Kind("twins"))


def family_firm(world: World) -> None:
    """A small firm whose work phone is the owner's mobile."""
    dice, city, day = world.dice, world.places.city(), world.calendar.day()
    firm, surname, mobile = world.firms.add(city, "tiny", 5), world.names.surname(), world.papers.phone(city)
    for at in range(dice.below(2, 8)):
        person = world.people.person(city, surname=surname if dice.yes(0.5) else None, employer=firm)
        person = replace(person, employer_phone=mobile, phone=person.phone if at else mobile)
        if dice.yes(0.2):
            boss = Contact("", mobile, world.locale.relations[COLLEAGUE])
            person = replace(person, friends=(person.friends[0], boss))
        world.file(person, day + dice.below(-150, 150), Kind("family_firm"))


def referral(world: World) -> None:
    """Buyers who send their friends to the same officer, each named by the next."""
    dice, city = world.dice, world.places.city()
    dealer, day = world.firms.dealer(city), dice.below(0, DAYS - 80)
    officer = dice.pick(dealer.officers.items)
    last: Person | None = None
    for _ in range(dice.below(3, 9)):
        person = world.people.person(city)
        if last:
            named = Contact(last.name, last.phone, world.locale.relations[FRIEND])
            person = replace(person, friends=(named, person.friends[1]))
            if dice.yes(0.3):
                person = replace(person, employer=last.employer, employer_phone=last.employer_phone)
        day += dice.below(2, 30)
        world.file(person, day, Kind("referral"), Special(dealer=dealer, officer=officer))
        last = person


def form_agency(world: World) -> None:
    """An office that fills in forms for foreigners, on its own device, with its own mailbox and number."""
    dice, city, day = world.dice, world.places.city(), world.dice.below(0, 200)
    clerk, home, device = world.people.person(city), world.places.new(city), world.papers.device()
    line = world.papers.phone(city, land=True)
    for _ in range(dice.below(15, 45)):
        special = Special(
            email=dice.maybe(clerk.email, 0.6), phone=dice.maybe(line, 0.3), address=dice.maybe(home, 0.15),
            device=dice.maybe(device, 0.5), other_phone=dice.maybe(line, 0.4), online=True,
        )  # fmt: skip
        world.file(world.people.person(city, foreign=True), day + dice.below(0, 240), Kind("form_agency"), special)


def broker(world: World) -> None:
    """A broker who gives his own number and mailbox for his customers'."""
    dice, city, day = world.dice, world.places.city(), world.dice.below(0, 250)
    agent, dealers = world.people.person(city), [world.firms.dealer(city) for _ in range(2)]
    named = (Contact("", agent.phone, world.locale.relations[FRIEND]),)
    for _ in range(dice.below(6, 16)):
        special = Special(
            dealer=dice.pick(dealers), phone=dice.maybe(agent.phone, 0.35), email=dice.maybe(agent.email, 0.5),
            references=dice.maybe(named, 0.2), channel="broker",
        )  # fmt: skip
        world.file(world.people.person(city), day + dice.below(0, 180), Kind("broker"), special)


def fleet(world: World) -> None:
    """A firm buys several cars in a week, its owner signing."""
    dice, city = world.dice, world.places.city()
    firm = world.firms.add(city, "tiny", 8)
    owner = replace(world.people.person(city, employer=firm), holder=firm.name)
    dealer, day = world.firms.dealer(city), world.calendar.day()
    for _ in range(dice.below(2, 9)):
        special = Special(
            dealer=dealer, officer=dealer.officers.items[0], address=firm.address, phone=dice.maybe(firm.phone, 0.6)
        )
        world.file(owner, day + dice.below(0, 4), Kind("fleet"), special)


def base(world: World) -> None:
    """Soldiers of one base, some of one barracks."""
    city = world.locale.base_city
    for _ in range(12):
        person = world.people.person(city, age=19 + world.dice.rng.random() * 15, employer=world.firms.base)
        if world.dice.yes(0.3):
            unit = world.places.unit() if world.dice.yes(0.5) else ""
            person = replace(person, address=replace(world.places.towers[city][0], unit=unit))
        world.file(person, world.calendar.day(), Kind("base"))


def relet(world: World) -> None:
    """One flat, one tenant after the other."""
    city, day = world.places.city(), world.dice.below(0, 180)
    home = world.places.new(city)
    for _ in range(world.dice.below(2, 4)):
        world.file(world.people.person(city, address=home), day, Kind("relet"))
        day += world.dice.below(90, 200)
        if day >= DAYS:
            break


def recycled_phone(world: World) -> None:
    """A number that the carrier gave to somebody else after half a year."""
    one, day = world.people.person(), world.dice.below(0, 150)
    other = replace(world.people.person(one.city), phone=one.phone)
    world.file(one, day, Kind("recycled_phone"))
    world.file(other, day + world.dice.below(180, 300), Kind("recycled_phone"))


def clan(world: World) -> None:
    """Immigrants of one family: a name, three homes, a firm, one another's references, one dealer."""
    dice, city, day = world.dice, world.places.city(), world.dice.below(0, 200)
    first, firm = world.people.person(city), world.firms.add(city, "tiny", 8)
    homes, dealer = [world.places.new(city) for _ in range(3)], world.firms.dealer(city)
    known: list[Person] = []
    for _ in range(dice.below(4, 11)):
        surname = first.surname if dice.yes(0.8) else None
        person = world.people.person(
            city, surname=surname, second=first.second, address=dice.pick(homes), foreign=dice.yes(0.7)
        )
        if dice.yes(0.5):
            person = world.people.at_work(person, firm)
        if known:
            other = dice.pick(known)
            named = Contact(other.name, other.phone, world.locale.relations[SIBLING])
            person = replace(person, friends=(named, person.friends[1]))
        known.append(person)
        world.file(person, day + dice.below(0, 220), Kind("clan"), Special(dealer=dice.maybe(dealer, 0.6)))


CLASSES: Final[Mapping[Callable[[World], None], float]] = {
    repeat: 0.035, rate_shopper: 0.03, family: 0.05, couple: 0.035, cobuyer: 0.06, flat_share: 0.02, twins: 0.003,
    family_firm: 0.025, referral: 0.015, form_agency: 0.012, broker: 0.012, fleet: 0.008, base: 0.01, relet: 0.01,
    recycled_phone: 0.004, clan: 0.015, lone_fraud: 0.0025,
}  # fmt: skip
"""Part of the book that each class makes up."""
