"""Rings planted into a copy: what ties name is rewired and nothing else, the same from every home."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations, pairwise
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from networkx import Graph, connected_components

from detectors.grammar import Form, Grammar, Tie, read_grammar
from detectors.ground import DERIVED
from detectors.planting import Planted, plant
from detectors.sweep import read_book
from detectors.ties import RUN_GAP
from graph.book import DAY, PERSON, SINGLE, LinkTable, link_table, single_values, token_number
from graph.network import BUILDING, EMPLOYER_CORE, PHONE_BLOCK
from graph.persons import CONFIRMING, PERSONAL
from graph.schema import KIND, ROLE
from graph.store import Batch
from tests.detectors import lessons

Toolbox = dict[str, Callable[..., Any]]
Links = Mapping[tuple[int, int], frozenset[tuple[int, int]]]
OWN, WORK, REFERENCE = (ROLE[name].code for name in ("own", "work", "reference"))
PHONE, ADDRESS, EMPLOYER, OFFICER, VEHICLE = (
    KIND[name].code for name in ("phone", "address", "employer", "officer", "vehicle")
)
IDLE: Final = Tie("any", kind=PHONE, role=REFERENCE)
DRAWN: Final = (Phase.explicit, Phase.reuse, Phase.generate)
"""A seed is as simple as any other: nothing is won by shrinking one, and each try plants a book."""


@dataclass(frozen=True)
class Ground:
    """A book as `plant` wants it."""

    columns: dict[str, np.ndarray] = field(repr=False)
    links: LinkTable = field(repr=False)
    place: dict[int, int] = field(repr=False)
    """Of each value in canonical order: who it is without its token."""

    @property
    def size(self) -> int:
        return len(self.columns["event_at"])

    def planted(self, grammar: Grammar, seed: int = 1, quiet: np.ndarray | None = None) -> Planted:
        quiet = np.ones(self.size, bool) if quiet is None else quiet
        return plant(self.columns, self.links, grammar, seed=seed, quiet=quiet)


def ground(toolbox: Toolbox, facts: list[Any], key: str = "k", shuffle: int | None = None) -> Ground:
    batch = toolbox["batch_of"](facts, key) if facts else Batch.empty()
    net, book, _ = read_book(lessons.inputs(toolbox["links_of"](batch, shuffle), toolbox["no_outcomes"]()))
    columns = {name: np.asarray(column) for name, column in book.columns.items() if name not in DERIVED}
    tokens = token_number(net.known["token"])[net.value_row].tolist()
    table = link_table(net, book.columns["person"].astype(np.int32))
    return Ground(columns, table, {value: place for place, value in enumerate(tokens)})


@pytest.fixture(scope="module")
def book(toolbox: Toolbox) -> Ground:
    return ground(toolbox, lessons.people(toolbox))


def only(*ties: Tie, **form: Any) -> Grammar:
    """A grammar of one form whose members carry every tie."""
    shape: dict[str, Any] = {"size": (6, 4, 9), "days": (20.0, 90.0), **form}
    return Grammar(
        (Form("one", ties=ties, **shape),), (IDLE,),
        share=(1.0, 1.0), rows=0.06, innocent=0.0, family=0.0, stray=0.0, slow=0.0, bound=0.0, local=0.0, digest="test",
    )  # fmt: skip


def by_row(links: LinkTable) -> dict[int, Links]:
    """(kind, role) -> {(value, offset)} of each application, its person apart."""
    found: dict[int, dict[tuple[int, int], set[tuple[int, int]]]] = defaultdict(lambda: defaultdict(set))
    columns = (links.application, links.kind, links.role, links.value, links.offset)
    for row, kind, role, value, offset in zip(*(column.tolist() for column in columns), strict=True):
        if kind != PERSON:
            found[row][kind, role].add((value, offset))
    return {row: {key: frozenset(uses) for key, uses in some.items()} for row, some in found.items()}


def rings(planted: Planted, columns: Mapping[str, np.ndarray]) -> Iterator[list[int]]:
    """Members of each ring in time order."""
    for number in range(int(planted.ring.max()) + 1):
        rows = np.flatnonzero(planted.ring == number)
        yield rows[np.lexsort((rows, columns["event_at"][rows]))].tolist()


def held(links: dict[int, Links], row: int, kind: int, role: int = OWN) -> set[int]:
    return {value for value, _ in links[row].get((kind, role), frozenset())}


@dataclass(frozen=True)
class Scene:
    """A book before and after one kind of tie was planted."""

    before: dict[int, Links]
    after: dict[int, Links]
    old: Mapping[str, np.ndarray]
    new: Mapping[str, np.ndarray]
    known: set[int]

    def changed(self, row: int) -> set[tuple[int, int]]:
        """(kind, role) whose values are not what they were."""
        keys = self.before[row].keys() | self.after[row].keys()
        return {key for key in keys if self.before[row].get(key) != self.after[row].get(key)}


Says = Callable[[Scene, list[int]], None]


def pool(kind: int, role: int, coarse: int, most: int, scene: Scene, ring: list[int]) -> None:
    used = [held(scene.after, row, kind, role) - scene.known for row in ring]
    assert all(len(values) == 1 for values in used)
    assert 1 <= len(set.union(*used)) <= most
    assert len(used[0] | used[-1]) == len(set.union(*used[:1], *used[-1:]))
    runs = [next(iter(values)) for values in used]
    assert len({n for n in range(1, len(runs)) if runs[n] != runs[n - 1]}) == len(set(runs)) - 1, "one after another"
    stood = scene.known if coarse != BUILDING else frozenset()  # a new address may be a room of a house that stands
    groups = [held(scene.after, row, coarse, role) - stood for row in ring]
    assert all(len(values) == 1 for values in groups)
    for mine, fine in zip(groups, runs, strict=True):
        assert [g for g, f in zip(groups, runs, strict=True) if f == fine and g != mine] == []


def plain_pool(kind: int, most: int, scene: Scene, ring: list[int]) -> None:
    used = set.union(*(held(scene.after, row, kind) for row in ring))
    assert 1 <= len(used) <= most
    assert not used & scene.known


def standing(scene: Scene, ring: list[int]) -> None:
    firms = {row: held(scene.after, row, EMPLOYER) for row in ring}
    assert all(len(values) == 1 for values in firms.values())
    assert len(set.union(*firms.values())) <= 2
    core_of = {
        next(iter(held(scene.before, row, EMPLOYER))): held(scene.before, row, EMPLOYER_CORE) for row in scene.before
    }
    for row, values in firms.items():
        assert held(scene.after, row, EMPLOYER_CORE) == core_of[next(iter(values))]


def member(kind: int, scene: Scene, ring: list[int]) -> None:
    first = held(scene.before, ring[0], kind)
    assert all(held(scene.after, row, kind) == first for row in ring)


def names_the_first(scene: Scene, ring: list[int]) -> None:
    first = held(scene.before, ring[0], PHONE)
    for row in ring[1:]:
        assert len(held(scene.after, row, PHONE, REFERENCE) & first) == 1
    assert not scene.changed(ring[0])


def names_the_next(scene: Scene, ring: list[int]) -> None:
    for row, other in zip(ring, ring[1:] + ring[:1], strict=True):
        assert held(scene.after, row, PHONE, REFERENCE) & held(scene.before, other, PHONE)


def names_the_one_before(scene: Scene, ring: list[int]) -> None:
    assert not scene.changed(ring[0])
    for before, row in pairwise(ring):
        assert held(scene.after, row, PHONE, REFERENCE) & held(scene.before, before, PHONE)


def lies_where_it_does(scene: Scene, ring: list[int]) -> None:
    """A named phone stands in its owner's block, or planted references would be told by blocks they lack."""
    names_the_next(scene, ring)
    for row, other in zip(ring, ring[1:] + ring[:1], strict=True):
        owned = scene.before[other].get((PHONE_BLOCK, OWN), frozenset())
        assert not owned or owned & scene.after[row].get((PHONE_BLOCK, REFERENCE), frozenset())


def repeats(kind: int, role: int, scene: Scene, ring: list[int]) -> None:
    for row in ring:
        assert scene.after[row].get((kind, role)) == scene.before[ring[0]].get((kind, role))


def alone(scene: Scene, ring: list[int]) -> None:
    for kind in (EMPLOYER, EMPLOYER_CORE):
        own = [held(scene.after, row, kind) for row in ring]
        assert all(len(values) == 1 for values in own)
        assert len(set.union(*own)) == len(ring)
        assert not set.union(*own) & scene.known


def names_any(scene: Scene, ring: list[int]) -> None:
    for row in ring:
        others = set.union(*(held(scene.before, other, PHONE) for other in ring if other != row))
        assert len(held(scene.after, row, PHONE, REFERENCE) & others) == 1


def run(scene: Scene, ring: list[int]) -> None:
    numbers = set.union(*(held(scene.after, row, PHONE) for row in ring))
    assert len(numbers) == len(ring)
    assert not numbers & scene.known
    blocks = [next(iter(scene.after[row][PHONE_BLOCK, OWN])) for row in ring]
    assert len({block for block, _ in blocks}) == 1
    offsets = [offset for _, offset in blocks]
    assert offsets[0] >= 0
    assert offsets[-1] < 100
    assert all(1 <= after - before <= RUN_GAP for before, after in pairwise(offsets))


def twice(scene: Scene, ring: list[int]) -> None:
    for place, row in enumerate(ring):
        before = ring[place - 1] if place % 2 else row
        assert held(scene.after, row, VEHICLE) == held(scene.before, before, VEHICLE)


def same_region(scene: Scene, ring: list[int]) -> None:
    assert {scene.new["home_region"][row] for row in ring} == {scene.old["home_region"][ring[0]]}


def dearer(scene: Scene, ring: list[int]) -> None:
    for row in ring:
        before, after = int(scene.old["price_to_income"][row]), int(scene.new["price_to_income"][row])
        assert int(before * 1.5) <= after <= before * 2.0


def all_used(scene: Scene, ring: list[int]) -> None:
    assert {int(scene.new["used"][row]) for row in ring} == {1}


DEVICE, IP, ACCOUNT = (KIND[name].code for name in ("device", "ip", "account"))
HOWS: Final[list[tuple[str, Tie, Says, set[Any]]]] = [
    ("pool", Tie("pool", ADDRESS, OWN, values=(2, 2)), partial(pool, ADDRESS, OWN, BUILDING, 2),
     {(ADDRESS, OWN), (BUILDING, OWN), "address", "building"}),
    ("pool of references", Tie("pool", PHONE, REFERENCE), partial(pool, PHONE, REFERENCE, PHONE_BLOCK, 1),
     {(PHONE, REFERENCE), (PHONE_BLOCK, REFERENCE)}),
    ("pool of devices", Tie("pool", DEVICE, OWN, values=(1, 3)), partial(plain_pool, DEVICE, 3),
     {(DEVICE, OWN), "device"}),
    ("standing", Tie("standing", EMPLOYER, OWN, values=(2, 2)), standing,
     {(EMPLOYER, OWN), (EMPLOYER_CORE, OWN), "employer", "employer_core"}),
    ("member", Tie("member", OFFICER, OWN), partial(member, OFFICER), {(OFFICER, OWN), "officer"}),
    ("member's account", Tie("member", ACCOUNT, OWN), partial(member, ACCOUNT), {(ACCOUNT, OWN), "account"}),
    ("member's phone", Tie("member", PHONE, REFERENCE), names_the_first,
     {(PHONE, REFERENCE), (PHONE_BLOCK, REFERENCE)}),
    ("next", Tie("next", PHONE, REFERENCE), lies_where_it_does, {(PHONE, REFERENCE), (PHONE_BLOCK, REFERENCE)}),
    ("before", Tie("before", PHONE, REFERENCE), names_the_one_before,
     {(PHONE, REFERENCE), (PHONE_BLOCK, REFERENCE)}),
    ("any", Tie("any", PHONE, REFERENCE), names_any, {(PHONE, REFERENCE), (PHONE_BLOCK, REFERENCE)}),
    ("repeat", Tie("repeat", EMPLOYER, OWN), partial(repeats, EMPLOYER, OWN),
     {(EMPLOYER, OWN), (EMPLOYER_CORE, OWN), "employer", "employer_core"}),
    ("repeated references", Tie("repeat", PHONE, REFERENCE), partial(repeats, PHONE, REFERENCE),
     {(PHONE, REFERENCE), (PHONE_BLOCK, REFERENCE)}),
    ("alone", Tie("alone", EMPLOYER, OWN), alone,
     {(EMPLOYER, OWN), (EMPLOYER_CORE, OWN), "employer", "employer_core"}),
    ("run", Tie("run", PHONE, OWN), run, {(PHONE, OWN), (PHONE_BLOCK, OWN)}),
    ("twice", Tie("twice", VEHICLE, OWN), twice, {(VEHICLE, OWN)}),
    ("same", Tie("same", column="home_region"), same_region, {"home_region"}),
    ("raise", Tie("raise", column="price_to_income", by=(1.5, 2.0)), dearer, {"price_to_income"}),
    ("set", Tie("set", column="used", to=1), all_used, {"used"}),
]  # fmt: skip


@pytest.mark.parametrize(("tie", "says", "touched"), [case[1:] for case in HOWS], ids=[case[0] for case in HOWS])
def test_each_how_does_what_the_table_says(book: Ground, tie: Tie, says: Says, touched: set[Any]) -> None:
    planted = book.planted(only(tie))
    known = set(book.links.value.tolist())
    scene = Scene(by_row(book.links), by_row(planted.links), book.columns, planted.columns, known)
    found = list(rings(planted, book.columns))
    assert len(found) >= 3
    for ring in found:
        says(scene, ring)
        for row in ring:
            assert scene.changed(row) <= touched
            assert {k: len(v) for k, v in scene.before[row].items() if k[1] == REFERENCE and k[0] == PHONE} == {
                k: len(v) for k, v in scene.after[row].items() if k[1] == REFERENCE and k[0] == PHONE
            }
    other = [name for name in book.columns if (planted.columns[name] != book.columns[name]).any()]
    assert set(other) <= touched | {"person"}
    outside = np.flatnonzero(planted.ring < 0)
    for name in other:
        if name != "person":
            assert (planted.columns[name][outside] == book.columns[name][outside]).all()


def test_most_new_addresses_are_rooms_of_houses_that_stand(book: Ground) -> None:
    planted = book.planted(replace(only(Tie("pool", ADDRESS, OWN)), rows=0.5))
    after, known = by_row(planted.links), set(book.links.value.tolist())
    found = list(rings(planted, book.columns))
    stand = [bool(held(after, ring[-1], BUILDING) & known) for ring in found]
    assert 0.4 < sum(stand) / len(stand) < 1
    for ring, stood in zip(found, stand, strict=True):
        first = held(by_row(book.links), ring[0], BUILDING) if stood else set()
        assert first <= held(after, ring[-1], BUILDING)


def test_innocent_groups_are_planted_besides_and_bear_no_side_ties(book: Ground) -> None:
    ring, home = Tie("pool", ADDRESS, OWN), Tie("pool", DEVICE, OWN)
    forms = (
        Form("ring", (6, 4, 9), (20.0, 90.0), (ring,)),
        Form("kin", (6, 4, 9), (20.0, 90.0), (home,), side=1.0, innocent=True),
    )
    grammar = replace(only(ring), forms=forms, innocent=0.06, bound=1.0)
    planted, fewer = book.planted(grammar), book.planted(replace(grammar, innocent=0.0))
    assert not fewer.innocent.any()
    assert np.array_equal(planted.form == 1, planted.innocent)
    assert 0.04 <= planted.innocent.mean() <= 0.1
    assert 0.04 <= (planted.form == 0).mean() <= 0.1
    assert len(np.unique(planted.ring[planted.innocent])) >= 2
    before, after = by_row(book.links), by_row(planted.links)
    for row in np.flatnonzero(planted.innocent).tolist():
        assert before[row].get((PHONE, REFERENCE)) == after[row].get((PHONE, REFERENCE))


def test_the_book_itself_is_left_alone(book: Ground) -> None:
    columns = {name: column.copy() for name, column in book.columns.items()}
    values = book.links.value.copy()
    book.planted(read_grammar(), seed=5)
    assert all((book.columns[name] == column).all() for name, column in columns.items())
    assert (book.links.value == values).all()


def same(one: Planted, other: Planted) -> bool:
    arrays = [
        (one.ring, other.ring),
        (one.form, other.form),
        *((one.columns[n], other.columns[n]) for n in one.columns),
    ]
    names = LinkTable.__dataclass_fields__
    arrays += [(getattr(one.links, name), getattr(other.links, name)) for name in names]
    return all(np.array_equal(mine, theirs) for mine, theirs in arrays)


def test_the_same_seed_gives_the_same_copy(book: Ground) -> None:
    assert same(book.planted(read_grammar(), seed=2), book.planted(read_grammar(), seed=2))
    assert not same(book.planted(read_grammar(), seed=2), book.planted(read_grammar(), seed=3))


def woven(planted: Planted, home: Ground) -> list[Any]:
    """Which values there are, who uses each, and how: all that can be seen of links without a token."""
    users: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    links = planted.links
    columns = (links.value, links.application, links.kind, links.role, links.offset)
    for value, *use in zip(*(column.tolist() for column in columns), strict=True):
        users[value].append(tuple(use))
    return sorted((home.place.get(value, -1), sorted(some)) for value, some in users.items())


def told_apart(column: np.ndarray) -> list[int]:
    """Which rows have equal items, without what the items are."""
    first: dict[int, int] = {}
    return [first.setdefault(item, row) if item else -1 for row, item in enumerate(column.tolist())]


@settings(max_examples=5, deadline=None, phases=DRAWN)
@given(seed=st.integers(0, 2**20), key=st.text("abc", min_size=1, max_size=3), shuffle=st.integers(0, 1000))
def test_other_tokens_and_orders_get_the_same_rings(
    toolbox: Toolbox, book: Ground, seed: int, key: str, shuffle: int
) -> None:
    many = replace(read_grammar(), rows=0.3)
    mine = book.planted(many, seed=seed)
    elsewhere = ground(toolbox, lessons.people(toolbox), key=f"home {key}", shuffle=shuffle)
    theirs = elsewhere.planted(many, seed=seed)
    assert mine.ring.tolist() == theirs.ring.tolist()
    assert mine.form.tolist() == theirs.form.tolist()
    assert woven(mine, book) == woven(theirs, elsewhere)
    for name in mine.columns:
        assert told_apart(mine.columns[name]) == told_apart(theirs.columns[name]), name


@settings(max_examples=10, deadline=None, phases=DRAWN)
@given(seed=st.integers(0, 2**20), share=st.floats(0.0, 0.2), quiet=st.floats(0.0, 1.0))
def test_rows_off_the_rings_are_as_they_were(book: Ground, seed: int, share: float, quiet: float) -> None:
    free = np.random.default_rng(seed).random(book.size) < quiet
    grammar = replace(read_grammar(), rows=share)
    planted = book.planted(grammar, seed=seed, quiet=free)
    ringed = planted.ring >= 0
    most = max(form.size[2] for form in grammar.forms)
    for some, wanted in ((ringed & ~planted.innocent, share), (planted.innocent, grammar.innocent)):
        assert some.sum() < max(int(book.size * wanted), 1) + most, "no ring is begun once the share is reached"
    assert not (ringed & ~free).any()
    assert ((planted.form >= 0) == ringed).all()
    for name, column in book.columns.items():
        if name != "person":
            assert (planted.columns[name][~ringed] == column[~ringed]).all(), name
    before, after = by_row(book.links), by_row(planted.links)
    assert all(after[row] == before[row] for row in np.flatnonzero(~ringed).tolist())


def test_what_nobody_has_is_not_set(book: Ground) -> None:
    """It would give planted rows away: a lender who knows no account holder has none that differs."""
    assert not (book.columns["holder_mismatch"] == 1).any()
    planted = book.planted(only(Tie("set", column="holder_mismatch", to=1)))
    assert (planted.ring >= 0).any()
    assert not (planted.columns["holder_mismatch"] == 1).any()


@pytest.mark.parametrize("dealers", [1, 3])
def test_rings_have_the_size_time_and_dealers_of_their_form(book: Ground, dealers: int) -> None:
    form = {"size": (5, 4, 7), "days": (10.0, 60.0), "dealers": dealers}
    planted = book.planted(only(Tie("run", PHONE, OWN), **form), seed=4)
    found = list(rings(planted, book.columns))
    assert found
    officers = set(zip(book.columns["dealer"].tolist(), book.columns["officer"].tolist(), strict=True))
    for ring in found:
        assert 4 <= len(ring) <= 7
        times = book.columns["event_at"][ring]
        assert times.max() - times.min() <= 60 * DAY
        told = {(int(planted.columns["dealer"][row]), int(planted.columns["officer"][row])) for row in ring}
        assert len({dealer for dealer, _ in told} - {0}) <= dealers
        assert told <= officers, "an officer of that dealer"


@pytest.mark.parametrize("seed", range(8))
def test_long_runs_stay_in_one_block_of_a_hundred(book: Ground, seed: int) -> None:
    planted = book.planted(only(Tie("run", PHONE, OWN), size=(40, 40, 60), days=(300.0, 400.0)), seed=seed)
    after, known = by_row(planted.links), set(book.links.value.tolist())
    for ring in rings(planted, book.columns):
        blocks = [use for row in ring for use in after[row][PHONE_BLOCK, OWN] if use[0] not in known]
        offsets = [offset for _, offset in blocks]
        assert len({block for block, _ in blocks}) == 1
        assert len(offsets) == len(set(offsets)) >= 100 // RUN_GAP - 5
        assert all(0 <= offset < 100 for offset in offsets)


@pytest.mark.parametrize("size", [0, 1, 2, 5, 20])
def test_a_book_too_small_gets_no_ring(toolbox: Toolbox, size: int) -> None:
    small = ground(toolbox, lessons.people(toolbox, size))
    started = time.monotonic()
    planted = small.planted(replace(only(Tie("run", PHONE, OWN), size=(30, 25, 40)), rows=1.0))
    assert time.monotonic() - started < 5
    assert planted.ring.tolist() == [-1] * size
    assert by_row(planted.links) == by_row(small.links)
    assert small.planted(replace(read_grammar(), rows=1.0)).ring.shape == (size,)


def test_a_book_where_nobody_is_quiet_gets_no_ring(book: Ground) -> None:
    planted = book.planted(read_grammar(), quiet=np.zeros(book.size, bool))
    assert (planted.ring == -1).all()


def test_a_book_without_dealers_gets_no_dealers(toolbox: Toolbox) -> None:
    facts = [
        replace(fact, uses=tuple(use for use in fact.uses if use[0] not in ("dealer", "officer")))
        for fact in lessons.people(toolbox)
    ]
    bare = ground(toolbox, facts)
    planted = bare.planted(only(Tie("run", PHONE, OWN), Tie("member", OFFICER, OWN), dealers=3))
    for name in ("dealer", "officer"):
        assert not planted.columns[name].any()
    assert not np.isin(planted.links.kind, (OFFICER, KIND["dealer"].code)).any()
    assert bare.planted(read_grammar()).ring.max() >= 0


def one_person(planted: Planted, kind: int, a: int, b: int) -> bool:
    """Whether two rows that share a value of a kind are one person by the rules of graph.persons."""
    names, births = planted.columns["name"], planted.columns["name_birth"]
    by_birth = kind in CONFIRMING and births[a] == births[b] != 0
    by_name = kind in PERSONAL and names[a] == names[b] != 0
    return bool(kind == KIND["national_id"].code or by_birth or by_name)


def persons_by_hand(planted: Planted) -> list[int]:
    """Smallest member of each row's person, pair by pair."""
    users: dict[tuple[int, int], list[int]] = defaultdict(list)
    links = planted.links
    for row, kind, role, value in zip(
        links.application.tolist(), links.kind.tolist(), links.role.tolist(), links.value.tolist(), strict=True
    ):
        if role == OWN and kind != PERSON:
            users[kind, value].append(row)
    same = Graph()
    same.add_nodes_from(range(len(planted.ring)))
    for (kind, _), rows in users.items():
        same.add_edges_from((a, b) for a, b in combinations(rows, 2) if one_person(planted, kind, a, b))
    person = {row: min(some) for some in connected_components(same) for row in some}
    return [person[row] for row in range(len(planted.ring))]


def test_persons_are_resolved_again(book: Ground) -> None:
    shipped = read_grammar()
    alone = shipped.without([form.name for form in shipped.forms if form.name != "one_person"])
    planted = book.planted(replace(alone, rows=0.05), seed=6)
    person = planted.columns["person"]
    assert person.tolist() == persons_by_hand(planted)
    assert len(set(person.tolist())) < len(set(book.columns["person"].tolist())) - 5
    mine = planted.links.kind == PERSON
    assert (planted.links.value[mine] == -1 - person[planted.links.application[mine]].astype(np.int64)).all()


def test_single_columns_say_what_the_links_say(book: Ground) -> None:
    planted = book.planted(read_grammar(), seed=9)
    for name, column in single_values(planted.links, book.size).items():
        assert name in SINGLE
        assert (planted.columns[name] == column).all(), name
