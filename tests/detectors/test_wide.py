"""What the learner reads of a row, against loops over what the row met; further columns may join these."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from detectors import wide as widening
from detectors.columns import MISSING, Norms, norms
from detectors.contexts import LEAST_ALIKE, LIKE_OFFICER, OFFICER_REACH, OWN_DAYS, RARE
from detectors.features import Layer0, layer0
from detectors.policy import Policy
from detectors.sweep import read_book
from detectors.wide import (
    LIKE,
    NAMED,
    NOWHERE,
    OFFICER,
    OWN_COLUMNS,
    OWN_HISTORY,
    PAIR_FACTS,
    VALUE_FACTS,
)
from graph.book import DAY, ROLES_PER_VALUE, Book
from graph.projection import CAUSES, WINDOW
from tests.detectors import lessons
from tests.detectors.lessons import Lesson

Toolbox = dict[str, Callable[..., Any]]


@dataclass(frozen=True)
class Ground:
    """Everything said of a book's rows. named: [A] what `wide` says, by name."""

    book: Book
    bottom: Layer0
    norms: Norms
    named: list[dict[str, int]]


def told(book: Book, policy: Policy) -> Ground:
    measured = norms(dict(book.columns))
    rows = np.arange(book.applications, dtype=np.int32)
    bottom = layer0(book, rows, policy, measured)
    matrix = widening.wide(book, rows, bottom, policy, measured)
    names = widening.names(policy)
    return Ground(book, bottom, measured, [dict(zip(names, row, strict=True)) for row in matrix.tolist()])


@pytest.fixture(scope="module")
def lesson(toolbox: Toolbox, policy: Policy) -> Lesson:
    return lessons.lesson(toolbox, policy, taught=True)


@pytest.fixture(scope="module")
def ground(lesson: Lesson, policy: Policy) -> Ground:
    return told(lesson.book, policy)


def agree(ground: Ground, row: int, expected: dict[str, int]) -> None:
    assert {name: ground.named[row][name] for name in expected} == expected, row


def test_every_name_stands_once(policy: Policy) -> None:
    names = widening.names(policy)
    assert len(set(names)) == len(names)


def test_it_begins_with_the_policys_features(ground: Ground, policy: Policy) -> None:
    for row, features in enumerate(ground.bottom.features.tolist()):
        agree(ground, row, dict(zip((f.name for f in policy.features), features, strict=True)))


def test_own_columns_stand_as_they_are(ground: Ground) -> None:
    for row in range(ground.book.applications):
        agree(ground, row, {name: int(ground.book.columns[name][row]) for name in OWN_COLUMNS})


def met_by_row(ground: Ground) -> Iterator[tuple[int, list[tuple[int, int, int]]]]:
    """(channel, gap, cause) of each row's touches."""
    met, found = ground.bottom.touches, ground.bottom.entries
    table: list[list[tuple[int, int, int]]] = [[] for _ in range(ground.book.applications)]
    for entry, gap, cause in zip(met.entry.tolist(), met.gap.tolist(), met.cause.tolist(), strict=True):
        table[int(found.row[entry])].append((int(found.channel[entry]), gap, cause))
    yield from enumerate(table)


def test_touches_by_channel_and_cause(ground: Ground, policy: Policy) -> None:
    total = 0
    for row, some in met_by_row(ground):
        near = [(channel, cause) for channel, gap, cause in some if abs(gap) <= WINDOW]
        expected = {f"cause_{name}": sum(cause & bit > 0 for _, _, cause in some) for name, bit in CAUSES.items()}
        for number, channel in enumerate(policy.channels):
            expected[f"free_{channel.name}"] = sum(c == number and not cause for c, cause in near)
            expected[f"excused_{channel.name}"] = sum(c == number and cause > 0 for c, cause in near)
        agree(ground, row, expected)
        total += len(near)
    assert total > 200


def test_persons_ever_by_channel(ground: Ground, policy: Policy) -> None:
    """Whom nothing excuses, however long ago; each person once."""
    book, met, found = ground.book, ground.bottom.touches, ground.bottom.entries
    ever: dict[tuple[int, int], set[int]] = {}
    for entry, other, cause in zip(met.entry.tolist(), met.other.tolist(), met.cause.tolist(), strict=True):
        if not cause:
            cell = int(found.row[entry]), int(found.channel[entry])
            ever.setdefault(cell, set()).add(int(book.columns["person"][other]))
    for row in range(book.applications):
        channels = enumerate(policy.channels)
        agree(ground, row, {f"ever_{channel.name}": len(ever.get((row, n), ())) for n, channel in channels})
    assert max(map(len, ever.values())) >= lessons.RING_SIZE - 1


def own_facts(book: Book, row: int) -> dict[str, int]:
    """The person's other applications within a month, open or not, and their other dealers."""
    person, times, dealer = (book.columns[name] for name in ("person", "event_at", "dealer"))
    near = [
        n for n in np.flatnonzero(person == person[row]).tolist()
        if n != row and abs(int(times[n]) - int(times[row])) <= OWN_DAYS * DAY
    ]  # fmt: skip
    dealers = {int(dealer[n]) for n in near} - {0, int(dealer[row])}
    return dict(zip(OWN_HISTORY, (len(near), len(dealers)), strict=True))


def test_a_persons_other_applications(policy: Policy, toolbox: Toolbox) -> None:
    """The rings of the lesson have nobody twice: here one stands at three dealers, refused at one of them."""
    facts = lessons.people(toolbox, 60)
    for n, day, status in ((20, 50.0, "approved"), (21, 52.0, "rejected"), (22, 60.0, "approved"), (23, 99.0, "open")):
        uses = (*(use for use in facts[n].uses if use[0] != "national_id"), ("national_id", "own", "ID-one"))
        facts[n] = replace(facts[n], day=day, uses=uses, attributes={**facts[n].attributes, "status": status})
    _, book, _ = read_book(lessons.inputs(toolbox["links_of"](toolbox["batch_of"](facts)), toolbox["no_outcomes"]()))
    some = told(book, policy)
    for row in range(book.applications):
        agree(some, row, own_facts(book, row))
    assert [some.named[row]["own_near"] for row in range(20, 24)] == [2, 2, 2, 0]


def users_of(book: Book, slot: int) -> list[int]:
    return book.member[book.slots.start[slot] : book.slots.start[slot + 1]].tolist()


def facts_of(book: Book, slot: int, row: int) -> dict[str, int]:
    """What all users of a slot have in common, from the users themselves."""
    users = users_of(book, slot)
    found: dict[str, int] = {}
    for fact, column in (("firm", "employer_core"), ("surname", "surname")):
        items = [int(book.columns[column][user]) for user in users]
        found[fact] = sum(item != 0 and items.count(item) > 1 for item in items) * 100 // len(users)
    dealers = [d for user in users if (d := int(book.columns["dealer"][user]))]
    found["dealer"] = max((dealers.count(d) for d in dealers), default=0) * 100 // len(users)
    first = min(int(book.columns["event_at"][user]) for user in users)
    found["age"] = (int(book.columns["event_at"][row]) - first) // DAY
    value = book.slots.key[slot] // ROLES_PER_VALUE
    slots = np.flatnonzero(book.slots.key // ROLES_PER_VALUE == value).tolist()
    found["users"] = len({int(book.columns["person"][user]) for one in slots for user in users_of(book, one)})
    return found


def test_values_by_channel(ground: Ground, policy: Policy) -> None:
    book, found = ground.book, ground.bottom.entries
    most: dict[tuple[int, str], int] = {}
    for row, channel, slot in zip(found.row.tolist(), found.channel.tolist(), found.slot.tolist(), strict=True):
        for fact, value in facts_of(book, slot, row).items():
            key = row, f"{fact}_{policy.channels[channel].name}"
            most[key] = max(most.get(key, -1), value)
    for row in range(book.applications):
        for fact in ("users", *VALUE_FACTS):
            agree(
                ground, row, {name: most.get((row, name), -1) for name in (f"{fact}_{c.name}" for c in policy.channels)}
            )


def test_of_a_crowds_value_it_tells_only_that_it_is_one(
    ground: Ground, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = 2
    monkeypatch.setattr(widening, "CROWD", few)
    crowds = told(ground.book, policy)
    seen = 0
    for row, before in enumerate(ground.named):
        for channel in (c.name for c in policy.channels):
            now = {name: crowds.named[row][f"{name}_{channel}"] for name in ("users", "ever", *VALUE_FACTS)}
            assert now["ever"] == min(before[f"ever_{channel}"], few)
            if before[f"users_{channel}"] <= few:
                assert all(now[name] == before[f"{name}_{channel}"] for name in ("users", *VALUE_FACTS))
            else:
                seen += 1
                assert now["users"] == few + 1
                assert now["age"] == NOWHERE
    assert seen > few


@dataclass(frozen=True)
class Meeting:
    """One row's pair with another."""

    other: int
    raw: int
    channels: int
    explained: bool
    gap: int


def pairs_by_row(ground: Ground) -> list[list[Meeting]]:
    pairs = ground.bottom.pairs
    table: list[list[Meeting]] = [[] for _ in range(ground.book.applications)]
    columns = (pairs.row, pairs.other, pairs.raw, pairs.channels, pairs.explained, pairs.gap)
    for row, *rest in zip(*(column.tolist() for column in columns), strict=True):
        table[row].append(Meeting(*rest))
    return table


def pair_facts(book: Book, row: int, met: list[Meeting], firm: int) -> dict[str, int]:
    free = [m for m in met if not m.explained and m.channels & firm]
    near = [m for m in met if abs(m.gap) <= WINDOW]
    free_near = [m for m in free if abs(m.gap) <= WINDOW]
    loan = book.columns["loan"]
    mine = int(loan[row])
    theirs = [(int(loan[m.other])) for m in free if mine > 0 and loan[m.other] > 0]
    return {
        "pairs": len(met),
        "pairs_near": len(near),
        "pairs_free": len(free),
        "pairs_free_near": len(free_near),
        "pairs_many": sum(m.channels.bit_count() > 1 for m in met),
        "pairs_many_free": sum(m.channels.bit_count() > 1 for m in free),
        "raw_sum": sum(m.raw // 1000 for m in met),
        "raw_most": max((m.raw // 1000 for m in met), default=0),
        "raw_free": sum(m.raw // 1000 for m in free),
        "raw_free_near": sum(m.raw // 1000 for m in free_near),
        "raw_free_most": max((m.raw // 1000 for m in free), default=0),
        "persons_free": len({int(book.columns["person"][m.other]) for m in free}),
        "gap_least": min((abs(m.gap) // DAY for m in met), default=NOWHERE),
        "gap_least_free": min((abs(m.gap) // DAY for m in free), default=NOWHERE),
        "money_apart": min((abs(mine - their) * 100 // max(mine, their) for their in theirs), default=NOWHERE),
    }


def test_pairs_and_likeness(ground: Ground, policy: Policy) -> None:
    book = ground.book
    firm = sum(1 << n for n, channel in enumerate(policy.channels) if not channel.soft)
    for row, met in enumerate(pairs_by_row(ground)):
        facts = pair_facts(book, row, met, firm)
        assert set(facts) <= set(PAIR_FACTS)
        for name in LIKE:
            column = book.columns[name]
            alike = [m for m in met if column[m.other] == column[row] != 0]
            facts |= {f"like_{name}": len(alike), f"free_like_{name}": sum(not m.explained for m in alike)}
        agree(ground, row, facts)


def officers_others(book: Book, row: int) -> list[int]:
    """The officer's other applicants, the next OFFICER_REACH applications to each side in time."""
    officer = book.columns["officer"]
    if not officer[row]:
        return []
    mine = sorted(np.flatnonzero(officer == officer[row]).tolist(), key=lambda n: (book.columns["event_at"][n], n))
    place = mine.index(row)
    near = mine[max(place - OFFICER_REACH, 0) : place + OFFICER_REACH + 1]
    return [n for n in near if book.columns["person"][n] != book.columns["person"][row]]


def officer_facts(book: Book, row: int) -> dict[str, int]:
    times = book.columns["event_at"]
    facts = dict.fromkeys(OFFICER, 0)
    for other in officers_others(book, row):
        inside = abs(int(times[other]) - int(times[row])) <= WINDOW
        alike = [name for name in LIKE_OFFICER if book.columns[name][other] == book.columns[name][row] != 0]
        facts["officer_near"] += inside
        if len(alike) >= LEAST_ALIKE:
            facts["officer_two" if inside else "officer_far_two"] += 1
        if len(alike) >= LEAST_ALIKE and inside:
            shares = [(book.columns[name] == book.columns[name][row]).mean() for name in alike]
            facts["officer_rare"] += sum(round(-math.log10(share) * RARE) for share in shares)
    return facts


def test_an_officers_other_applications(ground: Ground) -> None:
    two = 0
    for row in range(ground.book.applications):
        facts = officer_facts(ground.book, row)
        assert abs(ground.named[row]["officer_rare"] - facts["officer_rare"]) <= 1, "halves may be rounded otherwise"
        facts.pop("officer_rare")
        agree(ground, row, facts)
        two += facts["officer_two"]
    assert two > 10


def test_a_row_asked_alone_is_the_row_in_company(ground: Ground, policy: Policy) -> None:
    names = widening.names(policy)
    for row in range(0, ground.book.applications, 23):
        rows = np.array([row], np.int32)
        alone = widening.wide(ground.book, rows, layer0(ground.book, rows, policy, ground.norms), policy, ground.norms)
        assert dict(zip(names, alone[0].tolist(), strict=True)) == ground.named[row]


def test_a_row_that_met_nobody(policy: Policy, toolbox: Toolbox) -> None:
    _, book, _ = read_book(
        lessons.inputs(toolbox["links_of"](toolbox["batch_of"](lessons.people(toolbox, 1))), toolbox["no_outcomes"]())
    )
    rows, measured = np.zeros(1, np.int32), norms(dict(book.columns))
    found = widening.wide(book, rows, layer0(book, rows, policy, measured), policy, measured)[0].tolist()
    named = dict(zip(widening.names(policy), found, strict=True))
    nowhere = dict.fromkeys(("gap_least", "gap_least_free", "money_apart"), NOWHERE)
    unknown = dict.fromkeys(("near_appraisal_ratio", "near_price_to_income"), MISSING)
    assert {name: named[name] for name in PAIR_FACTS} == dict.fromkeys(PAIR_FACTS, 0) | nowhere | unknown
    assert {named[f"age_{channel.name}"] for channel in policy.channels} == {-1, 0}


@pytest.fixture(scope="module")
def registered(lesson: Lesson, policy: Policy) -> Ground:
    """The same book beside a register that knows some of its employers."""
    draw = np.random.default_rng(8)
    size = lesson.book.applications
    return told(
        lesson.book.with_columns(
            registered=draw.integers(-1, 2, size),
            appraisal_ratio=draw.choice([MISSING, 900, 1_000, 1_300], size),
            price_to_income=draw.choice([MISSING, 2_000, 3_500], size),
        ),
        policy,
    )


def test_what_the_neighbours_are(registered: Ground, policy: Policy) -> None:
    book, unknown = registered.book, 0
    firm = sum(1 << n for n, channel in enumerate(policy.channels) if not channel.soft)
    for row, met in enumerate(pairs_by_row(registered)):
        free = [m.other for m in met if not m.explained and m.channels & firm]
        facts = {"near_unregistered": sum(book.columns["registered"][n] == 0 for n in free)}
        for name in ("appraisal_ratio", "price_to_income"):
            known = [int(book.columns[name][n]) for n in free if book.columns[name][n] > 0]
            facts[f"near_{name}"] = sum(known) // len(known) if known else MISSING
            unknown += not known
        agree(registered, row, facts)
    assert 0 < unknown < 2 * book.applications
    assert any(row["near_unregistered"] for row in registered.named)


def test_the_officers_other_applicants_whose_employer_no_register_knows(registered: Ground) -> None:
    book, seen = registered.book, set()
    for row in range(book.applications):
        sides: dict[bool, list[int]] = {True: [], False: []}
        for other in officers_others(book, row):
            near = abs(int(book.columns["event_at"][other]) - int(book.columns["event_at"][row])) <= WINDOW
            sides[near].append(int(book.columns["registered"][other] == 0))
        shares = {side: sum(some) * 1000 // max(len(some), 1) for side, some in sides.items()}
        agree(registered, row, {"officer_unregistered": shares[True], "officer_unregistered_far": shares[False]})
        seen.update(shares.values())
    assert len(seen) > 2


def test_who_names_whom_earlier_and_later(policy: Policy, toolbox: Toolbox) -> None:
    """Each third names the one before and each fifth the one after, in the order of the book."""
    facts = lessons.people(toolbox, 60)
    phone = [next(text for kind, role, text in fact.uses if (kind, role) == ("phone", "own")) for fact in facts]
    for n in range(1, len(facts) - 1):
        names = [phone[n - 1]] * (n % 3 == 0) + [phone[n + 1]] * (n % 5 == 0)
        facts[n] = replace(facts[n], uses=(*facts[n].uses, *(("phone", "reference", one) for one in names)))
    _, book, _ = read_book(lessons.inputs(toolbox["links_of"](toolbox["batch_of"](facts)), toolbox["no_outcomes"]()))
    ground = told(book, policy)
    channel = {c.name: n for n, c in enumerate(policy.channels)}
    seen: set[str] = set()
    for row, some in met_by_row(ground):
        expected = {}
        for name, one in (("names", "phone_reference_own"), ("named", "phone_own_reference")):
            gaps = [gap for number, gap, _ in some if number == channel[one]]
            expected |= {f"{name}_later": sum(g > 0 for g in gaps), f"{name}_earlier": sum(g <= 0 for g in gaps)}
        agree(ground, row, expected)
        seen.update(name for name, count in expected.items() if count)
    assert seen == set(NAMED)
