"""A whole book and its files: what the lender exports, how to read it, and the truth."""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from benchmarks.otherhand.fraud import file_rings
from benchmarks.otherhand.hand import Hand
from benchmarks.otherhand.honest import CLASSES, single
from benchmarks.otherhand.locales import read_locale
from benchmarks.otherhand.outcomes import learnt
from benchmarks.otherhand.people import Contact, Partner
from benchmarks.otherhand.world import Application, Deal, World

FIRST_NUMBER: Final = 3_104_000
SENT_TWICE: Final = 250
"""One application in so many stands in the export twice."""
REGISTERED: Final = {"tiny": 0.6, "shell": 0.0}
"""Part of the firms that the register has, by kind; most of the others."""
KNOWN_FIRMS: Final = 0.85
HEADS: Final = 40
NOBODY: Final = Contact("", "", "")
NO_PARTNER: Final = Partner("", "", "", "")
USUAL_FRAUD: Final = 0.016


@dataclass(frozen=True, slots=True)
class Plan:
    """Which book: language, width of the export, applications, part of them in rings, seed."""

    locale: str
    columns: str
    applications: int
    seed: int
    fraud: float = USUAL_FRAUD


def drawn(plan: Plan) -> World:
    """The world of a book with all its applications, in order of time and numbered."""
    world = World(read_locale(plan.locale), plan.applications, plan.seed)
    file_rings(world, plan.columns, int(plan.applications * plan.fraud))
    for make, share in CLASSES.items():
        before = len(world.filed)
        while len(world.filed) - before < share * plan.applications:
            make(world)
    while len(world.filed) < plan.applications:
        single(world)
    number, numbered = FIRST_NUMBER, []
    for application in sorted(world.filed, key=lambda filed: filed.at):
        number += world.dice.below(1, 6)
        numbered.append(replace(application, number=world.locale.number.format(number)))
    world.filed = numbered
    return world


def write(plan: Plan, folder: Path) -> Counter[str]:
    """Write applications, outcomes, employers, their mappings and truth.csv; how many applications of each kind."""
    world = drawn(plan)
    folder.mkdir(parents=True, exist_ok=True)
    outcomes = learnt(world.dice, world.filed)
    hand = Hand(world.locale, world.dice)
    fields = world.locale.fields(plan.columns)
    rows = [[typed[field] for field in fields] for typed in (_typed(world, hand, a) for a in world.filed)]
    again = world.dice.rng.choice(len(rows), len(rows) // SENT_TWICE, replace=False)
    rows += [rows[int(at)] for at in again]
    _export(world, folder, "book", "applications", {field: world.locale.columns[field] for field in fields}, rows)
    events = [(o.number, o.event, hand.moment(o.at)) for o in outcomes]
    _export(world, folder, "outcomes", "outcomes", world.locale.outcomes, events)
    _export(world, folder, "employers", "employers", world.locale.employers, _register(world, hand))
    _write_truth(folder / "truth.csv", world.filed)
    return Counter(a.kind.typology or a.kind.name for a in world.filed)


def _typed(world: World, hand: Hand, a: Application) -> dict[str, object]:
    """Every field of an application as it is typed."""
    yes = world.dice.yes
    first, second = (*a.references, NOBODY, NOBODY)[:2]
    partner = a.partner or NO_PARTNER
    return {
        "application_id": a.number,
        "submitted_at": hand.moment(a.at),
        "name": hand.name(a.name),
        "national_id": hand.paper(a.national_id),
        "birth_date": hand.birthday(a.birth),
        "phone.1": hand.phone(a.phone),
        "phone.2": hand.phone(a.other_phone),
        "email": a.email.upper() if yes(0.04) else a.email,
        "address": hand.words(world.places.written(a.address)),
        "region": world.locale.cities[a.address.city].region,
        "employer.name": hand.firm(a.employer) if yes(0.97) else "",
        "employer.phone": hand.phone(a.employer_phone),
        "occupation": hand.words(a.occupation),
        "monthly_income": hand.amount(a.income) if yes(0.97) else "",
        "dealer_id": a.deal.dealer.code,
        "dealer_name": a.deal.dealer.name,
        "officer_id": a.deal.officer.name,
        **_bought(world, hand, a.deal),
        "bank_account": a.account,
        "account_holder_name": hand.name(a.holder) if a.account and yes(0.9) else "",
        "device_id": a.device,
        "ip_address": a.ip,
        **_somebody(hand, "co_applicant.1", partner),
        "co_applicant.1.national_id": partner.national_id,
        **_somebody(hand, "reference.1", first),
        **_somebody(hand, "reference.2", second),
        "channel": a.channel,
    }


def _bought(world: World, hand: Hand, deal: Deal) -> dict[str, object]:
    yes = world.dice.yes
    return {
        "vin": deal.vin if yes(0.8) else "",
        "vehicle_price": hand.amount(deal.price),
        "vehicle_appraisal": hand.amount(round(deal.appraisal, 2)) if yes(0.8) else "",
        "vehicle_condition": world.locale.conditions[0 if deal.new else 1],
        "vehicle_make": deal.car.make,
        "vehicle_model": deal.car.model,
        "loan_amount": hand.amount(deal.loan),
        "down_payment": hand.amount(deal.down),
        "term_months": deal.term,
    }


def _somebody(hand: Hand, start: str, named: Contact | Partner) -> dict[str, str]:
    return {
        f"{start}.name": hand.name(named.name),
        f"{start}.phone": hand.phone(named.phone),
        f"{start}.relation": named.relation,
    }


def _register(world: World, hand: Hand) -> list[tuple[object, ...]]:
    """The firms that the register has: no shell, not every small one."""
    known = [firm for firm in world.firms.employers if world.dice.yes(REGISTERED.get(firm.kind, KNOWN_FIRMS))]
    return [
        (f.name, f.registration, hand.line(f.phone), world.places.written(f.address), max(1, int(f.size * HEADS)))
        for f in known
    ]


def _export(
    world: World,
    folder: Path,
    mapping: str,
    kind: str,
    columns: Mapping[str, str],
    rows: Iterable[Sequence[object]],
) -> None:
    """A file as the lender's systems write it, and the mapping that reads it."""
    source = world.locale.source
    with (folder / f"{kind}.csv").open("w", newline="", encoding=source["encoding"], errors="replace") as out:
        writer = csv.writer(out, delimiter=source["delimiter"])
        writer.writerow(columns.values())
        writer.writerows(rows)
    settings = {"kind": kind, **source, "encoding": source["encoding"].removesuffix("-sig")}
    lines = ["[source]", *(f"{name} = {_quoted(value)}" for name, value in settings.items()), "", "[columns]"]
    lines += [f"{_quoted(field)} = {_quoted(heading)}" for field, heading in columns.items()]
    (folder / f"{mapping}.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _write_truth(path: Path, book: Iterable[Application]) -> None:
    """application_id, ring_id, typology: of the ring, or the class of somebody outside rings; singles have none."""
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(("application_id", "ring_id", "typology"))
        for a in book:
            named = "" if a.kind.name == "single" else a.kind.name
            writer.writerow((a.number, a.kind.ring, a.kind.typology or named))
