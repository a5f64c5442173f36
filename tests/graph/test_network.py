"""Network, persons, surprise and pairs: canonical order, exact integers, the same from both sides."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from graph.book import LinkTable, expand, lay_out, name_mark, ranks, single_values, token_number
from graph.network import BUILDING, network
from graph.persons import resolve, smallest_member
from graph.projection import (
    KIN,
    OTHER_NAME,
    SAME_NAME,
    UNNAMED,
    Channel,
    entries,
    entry_surprise,
    join_pairs,
    touch_weights,
    touches,
)
from graph.schema import ATTRIBUTES, KIND, ROLE
from graph.store import Links
from graph.surprise import expected, surprise

DAY = 86_400_000_000
PHONE, OWN, REFERENCE = KIND["phone"].code, ROLE["own"].code, ROLE["reference"].code


def links_of(rows: list[tuple[str, float, dict[str, str]]], uses: list[tuple[int, str, str, str]]) -> Links:
    """rows: (application_id, day, attributes); uses: (row, kind, role, clear value)."""
    applications = pl.DataFrame(
        [
            {"nid": 7 * n, "application_id": name, "event_at": int(day * DAY), **dict.fromkeys(ATTRIBUTES), **more}
            for n, (name, day, more) in enumerate(rows)
        ],
        schema={"nid": pl.Int64, "application_id": pl.String, "event_at": pl.Int64, **ATTRIBUTES},
    )
    values = sorted({(kind, value) for _, kind, _, value in uses})
    number = {value: n for n, value in enumerate(values)}
    identifiers = pl.DataFrame(
        [
            {
                "nid": n, "kind": KIND[kind].code, "token": f"t1:{abs(hash((kind, value))):024x}"[:27], "label": value,
                "group": f"t1:{abs(hash((kind, value[:4]))):024x}"[:27] if kind == "address" else None,
                "offset": None, "region": None, "sort": None, "check": None,
            }
            for n, (kind, value) in enumerate(values)
        ],
        schema={
            "nid": pl.Int64, "kind": pl.UInt8, "token": pl.String, "label": pl.String, "group": pl.String,
            "offset": pl.Int32, "region": pl.String, "sort": pl.String, "check": pl.String,
        },
    )  # fmt: skip
    links = pl.DataFrame(
        [(7 * row, number[kind, value], KIND[kind].code, ROLE[role].code, None) for row, kind, role, value in uses],
        schema={
            "application": pl.Int64,
            "identifier": pl.Int64,
            "kind": pl.UInt8,
            "role": pl.UInt8,
            "mark": pl.Int32,
        },
        orient="row",
    )
    return Links(applications, identifiers, links)


def test_network_is_in_canonical_order_and_adds_groups() -> None:
    links = links_of(
        [("B", 2, {}), ("A", 1, {})],
        [
            (0, "phone", "own", "p1"),
            (1, "phone", "reference", "p1"),
            (0, "address", "own", "st 1"),
            (1, "address", "own", "st 1b"),
        ],
    )
    net = network(links)
    assert net.applications["application_id"].to_list() == ["A", "B"]
    assert (net.value_kind == BUILDING).sum() == 1
    shared = np.flatnonzero(net.value_kind == PHONE)[0]
    assert set(net.link_application[net.link_value == shared].tolist()) == {0, 1}


def test_marks_stay_with_their_links_in_any_order_and_coarser_values_have_none() -> None:
    links = links_of(
        [("A", 1, {}), ("B", 2, {}), ("C", 2, {})],
        [(0, "phone", "own", "p1"), (1, "phone", "reference", "p1"), (2, "phone", "reference", "p1"),
         (2, "address", "own", "st 1")],
    )  # fmt: skip
    marked = links.links.with_columns(mark=pl.Series([5, 0, None, None], dtype=pl.Int32))
    for shown in (marked, marked.reverse()):
        net = network(replace(links, links=shown))
        found = zip(net.link_application.tolist(), net.value_kind[net.link_value].tolist(), net.link_mark, strict=True)
        assert {(a, k): int(m) for a, k, m in found} == {
            (0, PHONE): 5, (1, PHONE): 0, (2, PHONE): -1, (2, KIND["address"].code): -1, (2, BUILDING): -1,
        }  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "uses", "same"),
    [
        ({}, {}, ("national_id", "x", "x"), True),
        ({"name_token": "t1:n"}, {"name_token": "t1:n"}, ("phone", "x", "x"), True),
        ({"name_token": "t1:n"}, {"name_token": "t1:m"}, ("phone", "x", "x"), False),
        ({"name_birth_token": "t1:n"}, {"name_birth_token": "t1:n"}, ("device", "x", "x"), True),
        ({"name_birth_token": "t1:n"}, {"name_birth_token": "t1:n"}, ("device", "x", "y"), False),
        ({"name_token": "t1:n"}, {"name_token": "t1:n"}, ("device", "x", "x"), False),
    ],
)
def test_who_is_one_person(
    first: dict[str, str], second: dict[str, str], uses: tuple[str, str, str], same: bool
) -> None:
    kind, left, right = uses
    links = links_of([("A", 1, first), ("B", 2, second)], [(0, kind, "own", left), (1, kind, "own", right)])
    assert resolve(network(links)).tolist() == ([0, 0] if same else [0, 1])


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_smallest_member_is_the_component(edges: list[tuple[int, int]]) -> None:
    left, right = (
        (np.array(side, np.int32) for side in zip(*edges, strict=True)) if edges else (np.zeros(0, np.int32),) * 2
    )
    label = smallest_member(10, left, right)
    assert all(label[a] == label[b] for a, b in edges)
    assert (label <= np.arange(10)).all()
    assert (label[label] == label).all()


@settings(deadline=None)
@given(st.integers(1, 60), st.floats(0.01, 50))
def test_surprise_is_the_poisson_tail(count: int, mean: float) -> None:
    exact = min(-stats.poisson.logsf(count - 1, mean) / np.log(10), 15.0)
    assert abs(surprise(np.array([count]), np.array([mean]))[0] - 100 * exact) <= 1


def test_no_count_is_no_surprise_and_a_steady_hub_is_none() -> None:
    assert surprise(np.array([0]), np.array([0.1]))[0] == 0
    steady = expected(np.array([800.0]), np.array([640.0]), np.array([90.0]), np.array([0.1]))
    assert surprise(np.array([112]), steady)[0] < 50
    burst = expected(np.array([0.0]), np.array([640.0]), np.array([90.0]), np.array([0.001]))
    assert surprise(np.array([6]), burst)[0] > 600


def test_book_of_one_value_keeps_time_order() -> None:
    event_at = np.array([5, 1, 5, 3]) * DAY
    table = LinkTable(
        np.arange(4, dtype=np.int32),
        np.full(4, 9),
        np.full(4, PHONE, np.uint8),
        np.full(4, OWN, np.uint8),
        np.full(4, -1, np.int32),
        np.full(4, -1, np.int32),
    )
    columns = {
        "event_at": event_at,
        "person": np.arange(4, dtype=np.int32),
        **single_values(table, 4),
        "surname": np.zeros(4, np.int64),
    }
    book = lay_out(columns, table)
    assert book.member.tolist() == [1, 3, 0, 2]
    assert ranks(event_at).tolist() == [2, 0, 3, 1]
    assert book.slots.persons.tolist() == [4]


CHANNELS = (
    Channel("own", PHONE, OWN, OWN, 1.0, close=True),
    Channel("own_reference", PHONE, OWN, REFERENCE, 0.5, declared=True),
    Channel("reference_own", PHONE, REFERENCE, OWN, 0.5, declared=True),
)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 11), st.integers(1, 5), st.sampled_from([OWN, REFERENCE])),
        min_size=1,
        max_size=40,
        unique=True,
    )
)
def test_pairs_are_the_same_from_both_sides(uses: list[tuple[int, int, int]]) -> None:
    """Whatever the links: i meets j with the integers with which j meets i, one row at a time or all at once."""
    size = 12
    application, value, role = (np.array(column) for column in zip(*uses, strict=True))
    table = LinkTable(
        application.astype(np.int32), value.astype(np.int64), np.full(len(uses), PHONE, np.uint8),
        role.astype(np.uint8), np.full(len(uses), -1, np.int32), np.full(len(uses), -1, np.int32),
    )  # fmt: skip
    columns = {
        "event_at": (np.arange(size) * 7 % 12 * 9).astype(np.int64) * DAY,
        "person": np.arange(size, dtype=np.int32),
        **single_values(table, size),
        "surname": np.arange(size) % 3,
        "home_persons": np.zeros(size, np.int32),
        "established": np.ones(size, np.int8),
    }
    book = lay_out(columns, table)
    together = _pairs(book, np.arange(size, dtype=np.int32))
    assert {(b, a): w for (a, b), w in together.items()} == together
    alone = {key: w for row in range(size) for key, w in _pairs(book, np.array([row], np.int32)).items()}
    assert alone == together


def test_a_touch_says_whether_both_give_the_phone_one_name() -> None:
    """Only equality of two marks counts, 0 is a mark like others, and who gives no name is neither."""
    mark = np.array([4, 4, 0, -1, 0], np.int32)
    size = len(mark)
    table = LinkTable(
        np.arange(size, dtype=np.int32), np.full(size, 9), np.full(size, PHONE, np.uint8),
        np.array([OWN, REFERENCE, REFERENCE, REFERENCE, OWN], np.uint8), np.full(size, -1, np.int32), mark,
    )  # fmt: skip
    columns = {
        "event_at": np.arange(size) * DAY, "person": np.arange(size, dtype=np.int32), **single_values(table, size),
        "surname": np.zeros(size, np.int64), "home_persons": np.zeros(size, np.int32),
        "established": np.ones(size, np.int8),
    }  # fmt: skip
    channels = (*CHANNELS, Channel("reference", PHONE, REFERENCE, REFERENCE, 0.5))
    book = lay_out(columns, table)
    rows = np.arange(size, dtype=np.int32)
    found = entries(book, rows, channels)
    met = touches(book, rows, found, channels)
    said = {(int(found.row[e]), int(o)): int(n) for e, o, n in zip(met.entry, met.other, met.named, strict=True)}
    assert len(said) == size * (size - 1)
    for (a, b), named in said.items():
        unnamed = mark[a] < 0 or mark[b] < 0
        assert named == (UNNAMED if unnamed else SAME_NAME if mark[a] == mark[b] else OTHER_NAME), (a, b)


def test_the_mark_of_a_name_is_the_first_bits_of_its_token() -> None:
    tokens = ["t1:ffffffffffffffffffffffff", "t1:00000001ffffffffffffffff", "t1:800000000000000000000000"]
    numbers = token_number(pl.Series([*tokens, None]))
    assert name_mark(numbers).tolist() == [2**31 - 1, 0, 2**30, -1]


def _pairs(book: object, rows: np.ndarray) -> dict[tuple[int, int], tuple[int, int, bool]]:
    found = entries(book, rows, CHANNELS)
    met = touches(book, rows, found, CHANNELS)
    surprised, persons = entry_surprise(book, rows, found, met, CHANNELS)
    assert (surprised >= 0).all()
    assert (persons >= 0).all()
    weight, raw, explained = touch_weights(book, found, met, CHANNELS, {KIN: 0.25})
    pairs = join_pairs(
        found.row[met.entry], met.other, met.gap, found.channel[met.entry], weight, raw, explained, book.applications
    )
    return {
        (int(rows[a]), int(b)): (int(w), int(r), bool(x))
        for a, b, w, r, x in zip(pairs.row, pairs.other, pairs.weight, pairs.raw, pairs.explained, strict=True)
    }


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 6)), max_size=8))
def test_expand_concatenates_ranges(ranges: list[tuple[int, int]]) -> None:
    start = np.array([a for a, _ in ranges], np.int64)
    stop = start + np.array([n for _, n in ranges], np.int64)
    position, owner = expand(start, stop)
    assert position.tolist() == [i for a, n in ranges for i in range(a, a + n)]
    assert owner.tolist() == [k for k, (_, n) in enumerate(ranges) for _ in range(n)]


def test_token_number_is_equal_for_equal_tokens_only() -> None:
    numbers = token_number(pl.Series(["t1:0123456789abcdef01234567", "t1:0123456789abcde000000000", None]))
    assert numbers.tolist()[2] == 0
    assert len(set(numbers.tolist())) == 2 or numbers[0] == numbers[1]
