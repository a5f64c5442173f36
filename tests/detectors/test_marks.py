"""Names beside phones: counted alike by sweep and endpoint, told as evidence, planted without a tell."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from detectors import publish, wide
from detectors.artifact import FORMAT, Published
from detectors.columns import norms
from detectors.features import layer0
from detectors.grammar import Form, Grammar, Tie
from detectors.ground import DERIVED
from detectors.planting import Planted, plant
from detectors.policy import Policy
from detectors.score import assess
from detectors.sweep import Inputs, SweepResult, read_book
from detectors.words import text
from graph.book import Book, LinkTable, link_table, name_mark
from graph.network import NO_MARK
from graph.schema import KIND, ROLE
from graph.store import Batch

Toolbox = dict[str, Callable[..., Any]]
PHONE, OWN, REFERENCE = KIND["phone"].code, ROLE["own"].code, ROLE["reference"].code
LENT = "13500007777"


def asked(toolbox: Toolbox, facts: list[Any], key: str = "k", shuffle: int | None = None) -> Inputs:
    links = toolbox["links_of"](toolbox["batch_of"](facts, key), shuffle)
    watch = pl.DataFrame(schema={"kind": pl.String, "token": pl.String, "reason": pl.String})
    return Inputs(links, toolbox["no_outcomes"](), watch, pl.DataFrame(), watermark=10**6)


def naming(fact: Any, name: str | None, phone: str = LENT) -> Any:
    """The fact with one more reference."""
    names = fact.names if name is None else fact.names | {phone: name}
    return replace(fact, uses=(*fact.uses, ("phone", "reference", phone)), names=names)


def features(toolbox: Toolbox, facts: list[Any], policy: Policy, name: str) -> dict[str, int]:
    """One feature by application, where it is not 0."""
    net, book, _ = read_book(asked(toolbox, facts))
    found = layer0(book, np.arange(book.applications, dtype=np.int32), policy, norms(dict(book.columns))).features
    column = found[:, [f.name for f in policy.features].index(name)].tolist()
    ids = net.applications["application_id"].to_list()
    return {one: count for one, count in zip(ids, column, strict=True) if count}


@pytest.fixture(scope="module")
def strangers(toolbox: Toolbox) -> list[Any]:
    """Ten people who share nothing, a day apart, then two who are months away."""
    facts = []
    for n in range(12):
        mine = (("phone", "own", f"1391111{n:04d}"), ("national_id", "own", f"ID{n}"), ("account", "own", f"62{n}"))
        day = 200.0 + n if n < 10 else 20.0 + n
        facts.append(toolbox["Fact"](f"S-{n:02d}", day, mine, {"name_token": f"name {n}"}))
    return facts


def test_a_reference_of_many_names_is_counted_by_persons_near_in_time(
    strangers: list[Any], toolbox: Toolbox, policy: Policy
) -> None:
    given = {0: "li", 1: "li", 2: "wang", 3: None, 4: "zhao", 10: "chen"}
    facts = [naming(f, given[n]) if n in given else f for n, f in enumerate(strangers)]
    twice = replace(facts[2], application_id="S-02b", day=facts[2].day + 3)  # the same person again
    assert features(toolbox, [*facts, twice], policy, "reference_names") == {
        "S-00": 2, "S-01": 2, "S-02": 3, "S-02b": 3, "S-04": 3,
    }  # fmt: skip
    assert features(toolbox, facts, policy, "reference_stranger") == {}


def test_a_reference_who_is_an_applicant_of_another_name_counts_on_both_sides(
    strangers: list[Any], toolbox: Toolbox, policy: Policy
) -> None:
    given = {1: "name 0", 2: "uncle", 3: None, 4: "boss", 11: "somebody"}
    phone = strangers[0].uses[0][2]
    facts = [naming(f, given[n], phone) if n in given else f for n, f in enumerate(strangers)]
    assert features(toolbox, facts, policy, "reference_stranger") == {"S-00": 2, "S-02": 1, "S-04": 1}
    nameless = [replace(facts[0], attributes={}), *facts[1:]]
    assert features(toolbox, nameless, policy, "reference_stranger") == {}


def test_a_crowd_that_names_one_phone_is_not_counted(toolbox: Toolbox, policy: Policy) -> None:
    """The salesman's number on every form of a busy dealer."""
    facts = [naming(f, f"client {n}") for n, f in enumerate(toolbox["people"](60, 3))]
    assert features(toolbox, facts, policy, "reference_names") == {}


def test_a_salesmans_number_is_excused_and_the_learner_told(
    strangers: list[Any], toolbox: Toolbox, policy: Policy
) -> None:
    """One dealer's customers under many names: his salesman's number; of several dealers' it is nobody's."""
    for dealers, count in ((1, 0), (3, 5)):
        facts = [
            naming(replace(f, uses=(*f.uses, ("dealer", "own", f"dealer {n % dealers}"))), f"friend {n}")
            for n, f in enumerate(strangers[:6])
        ]
        assert set(features(toolbox, facts, policy, "reference_names").values()) == ({count} if count else set())
        assert othernames(toolbox, facts, policy) == [5] * 6


def othernames(toolbox: Toolbox, facts: list[Any], policy: Policy) -> list[int]:
    _, book, _ = read_book(asked(toolbox, facts))
    rows, usual = np.arange(book.applications, dtype=np.int32), norms(dict(book.columns))
    table = wide.wide(book, rows, layer0(book, rows, policy, usual), policy, usual)
    found: list[int] = table[:, wide.names(policy).index("othername_phone_reference")].tolist()
    return found


def test_the_learner_reads_counts_by_channel(strangers: list[Any], toolbox: Toolbox, policy: Policy) -> None:
    facts = [naming(f, f"alias {n}") if n < 4 else f for n, f in enumerate(strangers)]
    _, book, _ = read_book(asked(toolbox, facts))
    rows, usual = np.arange(book.applications, dtype=np.int32), norms(dict(book.columns))
    table = wide.wide(book, rows, layer0(book, rows, policy, usual), policy, usual)
    names = wide.names(policy)
    assert table.shape == (len(facts), len(names))
    told = [name for name in names if name.startswith("othername_")]
    assert set(told) == {
        f"othername_{name}"
        for name in ("phone_own", "phone_own_reference", "phone_reference_own", "phone_reference", "co_phone",
                     "phone_own_co")
    }  # fmt: skip
    column = {name: table[:, names.index(name)].tolist() for name in told}
    assert column.pop("othername_phone_reference") == [3, 3, 3, 3, *[0] * 8]
    assert all(not any(counts) for counts in column.values())


@pytest.fixture(scope="module")
def published(swept: SweepResult, tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("sweeps") / "S-1"
    publish.write(folder, swept, sweep_id="S-1")
    return Published.open(folder)


def test_the_endpoint_sees_the_names_of_the_sweep_and_tells_them(
    facts: list[Any], published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    """The planted ring names one organiser, each member otherwise; a new one agrees with one of them, two are kin."""
    assert facts[100].attributes["surname_token"] == facts[101].attributes["surname_token"]
    assert published.rows["f_reference_names"][100:107].tolist() == [5, 5, *[6] * 5]
    phone = "13500000100"
    stranger = replace(facts[900], application_id="B-1", day=108.0, names=facts[900].names | {phone: "organiser103"})
    stranger = replace(stranger, uses=(*stranger.uses, ("phone", "reference", phone)))
    answer = assess(published, toolbox["batch_of"]([stranger]), Batch.empty(), policy)
    count = np.frombuffer(answer.features, "<i8")[[f.name for f in policy.features].index("reference_names")]
    assert count == 6
    found = next(s for s in answer.signals if s.reason == "REFERENCE_MANY_NAMES")
    (evidence,) = found.evidence
    assert (evidence.kind, evidence.label, evidence.total, found.n) == ("phone", "135*0100", 6, 6)
    assert set(evidence.applications) == {f"A-{n:05d}" for n in range(100, 107) if n != 103}
    said = text(found.reason, "en", label=evidence.label, n=found.n, days=found.days)
    assert "135*0100" in said
    assert "6 other people" in said


def test_two_colluders_minutes_apart_under_two_names(published: Published, policy: Policy, toolbox: Toolbox) -> None:
    fact = toolbox["Fact"]
    first = naming(fact("N-1", 399.0, (("national_id", "own", "new-1"),)), "one")
    second = naming(fact("N-2", 399.001, (("national_id", "own", "new-2"),)), "other")
    third = naming(fact("N-3", 399.001, (("national_id", "own", "new-3"),)), "one")
    at = [f.name for f in policy.features].index("reference_names")
    for newer, count in ((second, 1), (third, 0)):
        answer = assess(published, toolbox["batch_of"]([newer]), toolbox["batch_of"]([first]), policy)
        assert np.frombuffer(answer.features, "<i8")[at] == count


def test_a_sweep_of_an_older_release_is_refused(published: Published) -> None:
    assert "mark" in published.links
    assert "mark" in published.members_of_slots
    assert published.manifest["format"] == FORMAT > 2, "marks came with format 3"


class Ground:
    """A book as `plant` wants it."""

    def __init__(self, toolbox: Toolbox, facts: list[Any], key: str = "k", shuffle: int | None = None) -> None:
        net, book, _ = read_book(asked(toolbox, facts, key, shuffle))
        self.book: Book = book
        self.columns = {n: np.asarray(c) for n, c in book.columns.items() if n not in DERIVED}
        self.links: LinkTable = link_table(net, book.columns["person"].astype(np.int32))

    def planted(self, *ties: Tie, person: bool = False, seed: int = 1) -> Planted:
        form = Form("one", ties=ties, size=(6, 5, 8), days=(20.0, 90.0), person=person)
        grammar = Grammar(
            (form,), (Tie("any", kind=PHONE, role=REFERENCE),),
            share=(1.0, 1.0), rows=0.25, innocent=0.0, family=0.0, stray=0.0, slow=0.0, bound=0.0, local=0.0,
            digest="test",
        )  # fmt: skip
        quiet = np.ones(len(self.columns["event_at"]), bool)
        return plant(self.columns, self.links, grammar, seed=seed, quiet=quiet)


def given(links: LinkTable, role: int) -> dict[tuple[int, int], int]:
    """(application, phone) -> mark."""
    chosen = (links.kind == PHONE) & (links.role == role)
    columns = links.application[chosen], links.value[chosen], links.mark[chosen]
    return {(a, v): m for a, v, m in zip(*(c.tolist() for c in columns), strict=True)}


def new_links(ground: Ground, planted: Planted) -> dict[tuple[int, int], int]:
    """Marks of the references that were planted."""
    before = given(ground.links, REFERENCE)
    return {key: mark for key, mark in given(planted.links, REFERENCE).items() if key not in before}


@pytest.fixture(scope="module")
def ground(toolbox: Toolbox) -> Ground:
    return Ground(toolbox, everybody_named(toolbox, 900))


def everybody_named(toolbox: Toolbox, size: int, blank: int = 7) -> list[Any]:
    """Every reference has a name, but in each `blank`th application none has."""
    facts = []
    for n, fact in enumerate(toolbox["people"](size, 5)):
        phones = [value for kind, role, value in fact.uses if (kind, role) == ("phone", "reference")]
        facts.append(replace(fact, names={} if n % blank == 0 else {phone: f"friend {phone}" for phone in phones}))
    return facts


def test_a_planted_organiser_has_one_name_or_each_members_own(ground: Ground) -> None:
    planted = ground.planted(Tie("pool", PHONE, REFERENCE))
    before = given(ground.links, REFERENCE)
    marks = defaultdict(list)
    for (row, value), mark in new_links(ground, planted).items():
        marks[value].append((row, mark))
    many = 0
    for members in marks.values():
        named = [mark for _, mark in members if mark != NO_MARK]
        old = [any(before[a, v] == mark for a, v in before if a == row) for row, mark in members if mark != NO_MARK]
        many += len(set(named)) > 1
        assert len(set(named)) == 1 or all(old)
    assert 0.5 < many / len(marks) < 0.9


@pytest.mark.parametrize("how", ["next", "any", "member"])
def test_a_planted_member_as_reference_is_named_truly_for_most(ground: Ground, how: str) -> None:
    planted = ground.planted(Tie(how, PHONE, REFERENCE))
    holder = {value: row for row, value in given(ground.links, OWN)}
    name = name_mark(planted.columns["name"]).tolist()
    found = new_links(ground, planted)
    named = [mark == name[holder[value]] for (_, value), mark in found.items() if mark != NO_MARK]
    assert len(named) > 50
    assert 0.45 < sum(named) / len(named) < 0.75


def test_who_gives_no_names_gives_none_in_a_ring(toolbox: Toolbox, ground: Ground) -> None:
    """Neither that a name is there nor that it is not may tell a planted row from the lender's."""
    for tie in (Tie("pool", PHONE, REFERENCE), Tie("next", PHONE, REFERENCE)):
        for (row, _), mark in new_links(ground, ground.planted(tie)).items():
            assert (mark == NO_MARK) == (row % 7 == 0)
    silent = Ground(toolbox, [replace(f, names={}) for f in everybody_named(toolbox, 400)])
    for tie in (Tie("pool", PHONE, REFERENCE), Tie("any", PHONE, REFERENCE)):
        assert set(new_links(silent, silent.planted(tie)).values()) == {NO_MARK}


@pytest.mark.parametrize("tie", [Tie("pool", PHONE, OWN), Tie("run", PHONE, OWN), Tie("member", PHONE, OWN)])
@pytest.mark.parametrize("person", [False, True])
def test_own_phones_bear_the_applicants_name_whatever_is_planted(ground: Ground, tie: Tie, person: bool) -> None:
    planted = ground.planted(tie, person=person)
    name = name_mark(planted.columns["name"]).tolist()
    assert {mark == name[row] for (row, _), mark in given(planted.links, OWN).items()} == {True}
    if person:
        assert (planted.columns["name"] != ground.columns["name"]).any()


def test_other_homes_plant_the_same_names(toolbox: Toolbox, ground: Ground) -> None:
    """Which links bear one name, told without the marks themselves."""
    other = Ground(toolbox, everybody_named(toolbox, 900), key="another home", shuffle=4)
    for tie in (Tie("pool", PHONE, REFERENCE), Tie("any", PHONE, REFERENCE)):
        patterns = []
        for book in (ground, other):
            alike = defaultdict(list)
            for (row, _), mark in new_links(book, book.planted(tie)).items():
                alike[mark].append(row)
            patterns.append((sorted(alike[NO_MARK]), sorted(sorted(rows) for rows in alike.values())))
        assert patterns[0] == patterns[1]


def test_names_without_marks_add_nothing(toolbox: Toolbox, policy: Policy, tmp_path: Path) -> None:
    """A book from before the marks is swept as ever."""
    bare = asked(toolbox, [replace(f, names={}, attributes={}) for f in toolbox["people"](60, 2)])
    assert bare.links.links["mark"].null_count() == bare.links.links.height
    result = toolbox["sweep"](bare.links, policy)
    publish.write(tmp_path / "S", result, sweep_id="S")
    opened = Published.open(tmp_path / "S")
    assert not opened.rows["f_reference_names"].any()
    assert set(opened.links["mark"].tolist()) == {NO_MARK}
