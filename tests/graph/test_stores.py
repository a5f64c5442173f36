"""One suite for every graph store: what goes in comes out, in any order, in any batches, whatever the text."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.errors import NotFound, StoreError
from graph.schema import (
    APPLICATION_SCHEMA,
    ATTRIBUTES,
    IDENTIFIER_SCHEMA,
    KIND,
    KIND_OF_CODE,
    LINK_SCHEMA,
    NETWORK_SCHEMA,
    ROLE_OF_CODE,
)
from graph.store import OPEN, Batch, Caps, GraphStore, Links, Verdict

Build = Callable[[Sequence[Any]], Batch]
NEW, UPDATED, DUPLICATE = (int(v) for v in Verdict)
INJECTIONS = (
    "A-1' OR '1'='1",
    "x'; DROP TABLE version; --",
    'x" }) DETACH DELETE n //',
    "`) MATCH (n) DETACH DELETE n WITH 1 AS x //",
    "\\' RETURN 1 //",
    "$ids {ids} ${ids} %s %(x)s {0} ?1",
    "100%_done*[a-z]",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "行 \u202e绕 😀 e\u0301 ﬀ",
    "two\nlines\tand a tab",
    " leading and trailing ",
    "null",
    "A" * 3_000,
)


def links_of(found: Links) -> set[tuple[str, str, str, str]]:
    """The link table as (application_id, kind, role, token)."""
    joined = found.links.join(found.applications, left_on="application", right_on="nid").join(
        found.identifiers.select("nid", "token"), left_on="identifier", right_on="nid"
    )
    assert joined.height == found.links.height, "a link names a node that is not there"
    rows = joined.select("application_id", "kind", "role", "token").rows()
    assert len(set(rows)) == len(rows)
    return {(a, KIND_OF_CODE[k].name, ROLE_OF_CODE[r].name, t) for a, k, r, t in rows}


def content(
    store: GraphStore, **bounds: int
) -> tuple[list[tuple[Any, ...]], set[tuple[str, ...]], list[tuple[Any, ...]]]:
    """All that a store says of the book, without its private numbers and without seq."""
    found = store.links(**bounds)
    applications = found.applications.drop("nid", "seq").rows()
    identifiers = found.identifiers.drop("nid").sort("kind", "token").rows()
    return applications, links_of(found), identifiers


def test_a_batch_comes_back_in_the_declared_columns(
    store: GraphStore, row: Any, batch_of: Build, token_of: Any
) -> None:
    values: dict[str, Any] = {name: 7 if dtype.is_integer() else "词 x" for name, dtype in ATTRIBUTES.items()}
    values["holder_is_applicant"] = False
    rows = [
        row("B", ("phone/own/1", "phone/reference/1", "vehicle/own/V"), 2, 5_000, attributes=values),
        row("A", ("phone/own/1",), 3, 4_000, version_at=9_000),
    ]
    assert store.write(batch_of(rows)).tolist() == [NEW, NEW]
    found = store.links()
    assert dict(found.applications.schema) == {"nid": pl.Int64(), **APPLICATION_SCHEMA, "closed_seq": pl.Int64()}
    assert dict(found.identifiers.schema) == {"nid": pl.Int64(), **NETWORK_SCHEMA}
    assert dict(found.links.schema) == {
        "application": pl.Int64(), "identifier": pl.Int64(), "kind": pl.UInt8(), "role": pl.UInt8(), "mark": pl.Int32(),
    }  # fmt: skip
    first, second = found.applications.to_dicts()
    assert (first["application_id"], first["event_at"], first["version_at"], first["seq"]) == ("A", 4_000, 9_000, 3)
    assert {name: second[name] for name in ATTRIBUTES} == values
    assert all(first[name] is None for name in ATTRIBUTES)
    assert found.applications["closed_seq"].to_list() == [OPEN, OPEN]
    phone = token_of("phone", "1")
    assert links_of(found) == {
        ("A", "phone", "own", phone), ("B", "phone", "own", phone), ("B", "phone", "reference", phone),
        ("B", "vehicle", "own", token_of("vehicle", "V")),
    }  # fmt: skip


def test_an_empty_store_and_an_empty_batch(store: GraphStore) -> None:
    assert store.write(Batch.empty()).tolist() == []
    assert store.count() == {"applications": 0, "versions": 0, "identifiers": 0, "links": 0}
    assert content(store) == ([], set(), [])
    assert store.recent([(1, "t1:0")], after=0).applications.is_empty()
    assert store.recent([], after=0).applications.is_empty()
    assert store.find("a") == store.find("") == store.find("a", limit=0) == ()
    with pytest.raises(NotFound):
        store.neighbourhood("application:A")


def test_verdicts_and_a_repeated_batch_changes_nothing(store: GraphStore, row: Any, batch_of: Build) -> None:
    batch = batch_of(
        [
            row("A", ("phone/own/1",), 1),
            row("B", (), 2),
            row("A", ("phone/own/1",), 3),
            row("A", ("phone/own/2",), 4, version_at=500),
        ]
    )
    assert store.write(batch).tolist() == [NEW, NEW, DUPLICATE, UPDATED]
    before, counts = content(store), store.count()
    assert counts == {"applications": 2, "versions": 3, "identifiers": 2, "links": 1}
    assert store.write(batch).tolist() == [DUPLICATE] * 4
    assert (content(store), store.count()) == (before, counts)
    assert store.links().applications["seq"].to_list() == [1, 2]
    again = batch_of([row("B", ("phone/own/9",), 9), row("C", (), 10)])
    assert store.write(again).tolist() == [UPDATED, NEW]


def test_a_late_older_version_is_never_live_after_a_newer_one(store: GraphStore, row: Any, batch_of: Build) -> None:
    store.write(batch_of([row("A", ("phone/own/new",), 10, version_at=900)]))
    store.write(batch_of([row("A", ("phone/own/old",), 20, version_at=100)]))
    store.write(batch_of([row("A", ("phone/own/newest",), 30, version_at=950)]))
    assert [live_value(store, at) for at in (9, 10, 19, 20, 29, 30, 99)] == [
        None, "new", "new", "new", "new", "newest", "newest",
    ]  # fmt: skip


def test_an_older_version_with_a_lower_seq_may_come_late(store: GraphStore, row: Any, batch_of: Build) -> None:
    """The drainer writes a pending row after a load that reserved later numbers."""
    store.write(batch_of([row("A", ("phone/own/new",), 10, version_at=900)]))
    store.write(batch_of([row("A", ("phone/own/old",), 5, version_at=100)]))
    assert [live_value(store, at) for at in (4, 5, 9, 10)] == [None, "old", "old", "new"]


def live_value(store: GraphStore, known_at: int) -> str | None:
    labels = store.links(known_at=known_at).identifiers["label"].to_list()
    assert len(labels) <= 1
    return labels[0] if labels else None


VERSIONS = st.lists(
    st.tuples(
        st.sampled_from("ABC"),
        st.integers(1, 3),  # version_at
        st.lists(st.sampled_from(["phone/own/1", "phone/reference/1", "phone/own/2", "dealer/own/D"]), max_size=3),
        st.integers(1, 3),  # event_at
        st.sampled_from(["x", "Y", "z"]),  # what people see of the dealer: it differs between files
    ),
    min_size=1,
    max_size=7,
)


def test_neither_order_nor_batches_matter(shelf: Any, row: Any, batch_of: Build) -> None:
    @settings(max_examples=4 if shelf.on_server else 20, deadline=None, derandomize=True)
    @given(versions=VERSIONS, data=st.data())
    def check(versions: list[Any], data: st.DataObject) -> None:
        rows = [
            row(name, tuple(dict.fromkeys(uses)), seq, event_at, version_at, {}, {"D": label})
            for seq, (name, version_at, uses, event_at, label) in enumerate(versions, 1)
        ]
        store = shelf.fresh()
        store.write(batch_of(rows))
        in_order = content(store)
        for known_at in range(len(rows) + 1):
            found = store.links(known_at=known_at, as_of=2)
            assert dict(found.applications.select("application_id", "digest").rows()) == live_by_hand(rows, known_at, 2)
        arrival = data.draw(st.permutations(rows))
        cuts = sorted(data.draw(st.sets(st.integers(1, len(rows)))))
        other = shelf.fresh()
        for first, last in zip([0, *cuts], [*cuts, len(rows)], strict=True):
            other.write(batch_of([with_seq(r, n) for n, r in enumerate(arrival[first:last], first + 1)]))
            other.write(batch_of([with_seq(r, n + 100) for n, r in enumerate(arrival[first:last])]))
        assert content(other) == in_order

    check()


def with_seq(version: Any, seq: int) -> Any:
    fields = {name: getattr(version, name) for name in version.__dataclass_fields__}
    return type(version)(**{**fields, "seq": seq})


def live_by_hand(rows: Iterable[Any], known_at: int, as_of: int) -> dict[str, str]:
    """The definition in GraphStore, word by word."""
    latest: dict[str, Any] = {}
    for version in sorted(rows, key=lambda r: (r.version_at, r.digest)):
        if version.seq <= known_at:
            latest[version.application_id] = version
    return {name: version.digest for name, version in latest.items() if version.event_at <= as_of}


def test_what_people_see_of_an_identifier_does_not_depend_on_order(shelf: Any, row: Any, batch_of: Build) -> None:
    seen = []
    for labels in (("Sun Motors", "Sun"), ("Sun", "Sun Motors")):
        store = shelf.fresh()
        for seq, label in enumerate(labels, 1):
            store.write(batch_of([row(f"A{seq}", ("dealer/own/D",), seq, labels={"D": label})]))
        seen.append(store.links().identifiers["label"].to_list())
        assert [node.label for node in store.find("sun")] == ["Sun"]
    assert seen == [["Sun"], ["Sun"]]


def test_recent_gives_whole_live_rows_of_users(store: GraphStore, row: Any, batch_of: Build, token_of: Any) -> None:
    store.write(batch_of([row("old", ("phone/own/1",), 1), row("gone", ("phone/own/1",), 6, version_at=10)]))
    store.write(
        batch_of(
            [
                row("gone", ("phone/own/2",), 7, version_at=20),
                row("late", ("phone/own/1", "phone/reference/1", "dealer/own/D"), 8, attributes={"region": "北京"}),
                row("other", ("phone/own/3",), 9),
                row("last", ("dealer/own/D",), 10),
            ]
        )
    )
    phone, dealer = (KIND["phone"].code, token_of("phone", "1")), (KIND["dealer"].code, token_of("dealer", "D"))
    found = store.recent([phone, dealer, (KIND["ip"].code, phone[1])], after=5)
    assert found.applications["application_id"].to_list() == ["late", "last"]
    assert found.applications["region"].to_list() == ["北京", None]
    assert dict(found.applications.schema) == APPLICATION_SCHEMA
    assert dict(found.identifiers.schema) == IDENTIFIER_SCHEMA
    assert dict(found.links.schema) == LINK_SCHEMA
    assert set(found.identifiers.select("kind", "token").rows()) == {phone, dealer}
    assert found.links.rows() == [
        (0, 1, 1, phone[1], None),
        (0, 1, 3, phone[1], None),
        (0, *dealer_role(dealer), None),
        (1, *dealer_role(dealer), None),
    ]
    assert store.recent([phone], after=8).applications.is_empty()


def test_marks_stand_on_their_links_and_on_no_others(
    store: GraphStore, row: Any, batch_of: Build, token_of: Any
) -> None:
    """A mark may be 0 or the greatest of 31 bits; a newer version brings its own; a link without one stays so."""
    own, named, work = "phone/own/1", "phone/reference/1", "phone/work/1"
    marks = {own: 0, named: 2**31 - 1}
    store.write(batch_of([row("A", (own, named, work, "dealer/own/D"), 1, version_at=1, marks=marks)]))
    store.write(batch_of([row("B", (named,), 2), row("C", (named, "phone/reference/2"), 3, marks={named: 7})]))
    store.write(batch_of([row("A", (own, named, work), 4, version_at=2, marks={own: 5})]))
    second = (KIND["phone"].code, token_of("phone", "2"))
    first = (KIND["phone"].code, token_of("phone", "1"))
    assert marks_of(store.links(known_at=3)) == {
        ("A", 1, first[1]): 0, ("A", 3, first[1]): 2**31 - 1, ("A", 2, first[1]): None,
        ("A", 1, token_of("dealer", "D")): None, ("B", 3, first[1]): None, ("C", 3, first[1]): 7,
        ("C", 3, second[1]): None,
    }  # fmt: skip
    now = {key: mark for key, mark in marks_of(store.links()).items() if key[0] == "A"}
    assert now == {("A", 1, first[1]): 5, ("A", 2, first[1]): None, ("A", 3, first[1]): None}
    found = store.recent([first], after=2)
    assert found.applications["application_id"].to_list() == ["C", "A"]
    assert found.links.filter(pl.col("row") == 0).select("role", "token", "mark").rows() == sorted(
        [(3, first[1], 7), (3, second[1], None)]
    )
    assert dict(found.links.filter(pl.col("row") == 1).select("role", "mark").rows()) == {1: 5, 2: None, 3: None}


def marks_of(found: Links) -> dict[tuple[str, int, str], int | None]:
    """(application_id, role, token) -> mark."""
    joined = found.links.join(found.applications, left_on="application", right_on="nid").join(
        found.identifiers.select("nid", "token"), left_on="identifier", right_on="nid"
    )
    return {(a, r, t): m for a, r, t, m in joined.select("application_id", "role", "token", "mark").rows()}


def dealer_role(dealer: tuple[int, str]) -> tuple[int, int, str]:
    return (dealer[0], 1, dealer[1])


def test_recent_finds_a_row_that_was_written_before_but_numbered_after(
    store: GraphStore, row: Any, batch_of: Build, token_of: Any
) -> None:
    for name, seq in (("A", 50), ("B", 10), ("C", 60)):
        store.write(batch_of([row(name, ("phone/own/1",), seq)]))
    key = (KIND["phone"].code, token_of("phone", "1"))
    for after, names in ((0, ["B", "A", "C"]), (10, ["A", "C"]), (49, ["A", "C"]), (50, ["C"]), (60, [])):
        assert store.recent([key], after=after).applications["application_id"].to_list() == names


def test_a_neighbourhood_nearest_first_with_all_links_inside(
    store: GraphStore, row: Any, batch_of: Build, token_of: Any
) -> None:
    store.write(
        batch_of(
            [
                row("A", ("phone/own/1", "address/own/x"), 1, 100),
                row(
                    "B", ("phone/own/1", "phone/reference/1", "email/own/m"), 2, 300, attributes={"name_label": "王**"}
                ),
                row("C", ("phone/own/1", "email/own/m"), 3, 200),
                row("D", ("email/own/m",), 4, 50),
            ]
        )
    )
    phone, address = f"phone:{token_of('phone', '1')}", f"address:{token_of('address', 'x')}"
    mail = f"email:{token_of('email', 'm')}"
    two = store.neighbourhood("application:A")
    first = sorted([phone, address])
    assert [n.id for n in two.nodes] == ["application:A", *first, "application:C", "application:B"]
    assert {n.id: n.degree for n in two.nodes} == {
        "application:A": 2, phone: 3, address: 1, "application:C": 2, "application:B": 2,
    }  # fmt: skip
    assert [n.label for n in two.nodes if n.id.endswith((":A", ":B"))] == ["A", "王**"]
    assert [n.event_at for n in two.nodes] == [100, None, None, 200, 300]
    assert [(e.application, e.identifier, e.role) for e in two.edges if e.identifier == phone] == [
        ("application:A", phone, "own"), ("application:C", phone, "own"),
        ("application:B", phone, "own"), ("application:B", phone, "reference"),
    ]  # fmt: skip
    assert two.truncated == ()
    assert [n.id for n in store.neighbourhood("application:A", hops=0).nodes] == ["application:A"]
    assert mail in [n.id for n in store.neighbourhood("application:A", hops=3).nodes]
    assert [n.id for n in store.neighbourhood("application:A", hops=9).nodes][-1] == "application:D"
    assert [n.id for n in store.neighbourhood(mail, hops=1).nodes] == [
        mail, "application:D", "application:C", "application:B",
    ]  # fmt: skip
    early = store.neighbourhood("application:A", as_of=250)
    assert [n.id for n in early.nodes][-1] == "application:C"
    assert {n.degree for n in early.nodes if n.id == phone} == {2}
    for unknown in ("application:Z", "phone:t1:0", "planet:X", "A", "", f"email:{phone}"):
        with pytest.raises(NotFound):
            store.neighbourhood(unknown)
    with pytest.raises(NotFound):
        store.neighbourhood("application:B", as_of=250)


def test_a_neighbourhood_keeps_its_bounds_and_says_so(
    store: GraphStore, row: Any, batch_of: Build, token_of: Any
) -> None:
    rows = [
        row(f"A{n:02}", ("dealer/own/D",) + (("phone/own/p",) if n < 4 else ()), n + 1, 1_000 - n) for n in range(12)
    ]
    store.write(batch_of(rows))
    dealer, phone = f"dealer:{token_of('dealer', 'D')}", f"phone:{token_of('phone', 'p')}"

    hub = store.neighbourhood("application:A00", caps=Caps(hub=11, per_value=25, nodes=150))
    assert {n.id: (n.hub, n.degree) for n in hub.nodes if n.kind != "application"} == {
        dealer: (True, 12), phone: (False, 4),
    }  # fmt: skip
    assert [n.id for n in hub.nodes if n.kind == "application"] == [f"application:A0{n}" for n in (0, 3, 2, 1)]
    assert sum(e.identifier == dealer for e in hub.edges) == 4, "the hub is shown with the links of what else is shown"
    assert hub.truncated == ()

    few = store.neighbourhood("application:A00", caps=Caps(hub=50, per_value=2, nodes=150))
    assert [n.id for n in few.nodes if n.kind == "application"] == [
        "application:A00", "application:A11", "application:A10", "application:A03", "application:A02",
    ]  # fmt: skip
    assert few.truncated == tuple(sorted((dealer, phone)))

    small = store.neighbourhood("application:A00", hops=4, caps=Caps(hub=50, per_value=25, nodes=5))
    assert [n.id for n in small.nodes] == [
        "application:A00",
        *sorted((dealer, phone)),
        "application:A11",
        "application:A10",
    ]
    assert set(small.truncated) == {dealer, phone}

    start = store.neighbourhood(dealer, hops=1, caps=Caps(hub=3, per_value=5, nodes=150))
    assert len(start.nodes) == 6
    assert start.nodes[0].hub
    assert start.truncated == (dealer,)

    one = store.neighbourhood("application:A00", caps=Caps(nodes=1))
    assert (len(one.nodes), one.edges, one.truncated) == (1, (), ("application:A00",))


def test_superseded_links_are_gone_from_the_neighbourhood(
    store: GraphStore, row: Any, batch_of: Build, token_of: Any
) -> None:
    store.write(batch_of([row("A", ("phone/own/1",), 1, version_at=1), row("B", ("phone/own/1",), 2)]))
    store.write(batch_of([row("A", ("phone/own/2",), 3, version_at=2, attributes={"status": "approved"})]))
    phone = f"phone:{token_of('phone', '1')}"
    assert [n.id for n in store.neighbourhood("application:B").nodes] == ["application:B", phone]
    store.write(batch_of([row("B", (), 4, version_at=9_000)]))
    (alone,) = store.neighbourhood(phone).nodes
    assert alone.degree == 0
    assert store.count() == {"applications": 2, "versions": 4, "identifiers": 2, "links": 1}


def test_find_gives_exact_ones_first(store: GraphStore, row: Any, batch_of: Build, token_of: Any) -> None:
    labels = {"1": "138****1234", "2": "139****1234", "D": "Sunrise Motors 车行", "E": "A-1"}
    store.write(
        batch_of(
            [
                row("A-10", ("phone/own/1", "dealer/own/D"), 1, labels=labels, attributes={"name_label": "Li ***"}),
                row("A-1", ("phone/own/2", "employer/own/E"), 2, labels=labels),
                row("B-A-1", (), 3),
            ]
        )
    )
    employer = f"employer:{token_of('employer', 'E')}"
    assert [n.id for n in store.find("A-1")] == ["application:A-1", employer, "application:A-10", "application:B-A-1"]
    assert [n.id for n in store.find("A-1", limit=2)] == ["application:A-1", employer]
    assert {n.label for n in store.find("1234")} == {"138****1234", "139****1234"}
    assert [n.label for n in store.find("MOTORS 车")] == ["Sunrise Motors 车行"]
    assert [n.id for n in store.find("li *")] == ["application:A-10"]
    token = token_of("phone", "1")
    (exact, *_) = store.find(token)
    assert (exact.id, exact.degree, exact.kind, exact.hub) == (f"phone:{token}", 1, "phone", False)
    assert len(store.find("t1:")) == 4
    assert store.find("nothing like it") == ()


@pytest.mark.parametrize("text", INJECTIONS)
def test_hostile_text_is_only_text(store: GraphStore, row: Any, batch_of: Build, token_of: Any, text: str) -> None:
    batch = batch_of(
        [
            row(
                text,
                ("phone/own/1", "employer/own/x"),
                1,
                attributes={"name_label": text, "region": text},
                labels={"x": text},
            ),
            row("bystander", ("phone/own/1",), 2),
        ]
    )
    spiked = Batch(
        batch.applications,
        pl.concat([batch.identifiers, batch.identifiers.head(1).with_columns(token=pl.lit(text), label=pl.lit(text))]),
        pl.concat([batch.links, batch.links.head(1).with_columns(token=pl.lit(text))]),
    )
    assert store.write(spiked).tolist() == [NEW, NEW]
    assert store.write(spiked).tolist() == [DUPLICATE, DUPLICATE]
    found = store.links()
    assert set(found.applications["application_id"]) == {text, "bystander"}
    assert text in found.applications["region"].to_list()
    assert text in found.identifiers["token"].to_list()
    assert {f"application:{text}", f"phone:{text}"} <= {n.id for n in store.find(text)}
    assert f"phone:{text}" in [n.id for n in store.neighbourhood(f"application:{text}").nodes]
    assert [n.id for n in store.neighbourhood(f"phone:{text}", hops=1).nodes][1:] == [f"application:{text}"]
    code = KIND["phone"].code
    assert store.recent([(code, text)], after=0).applications["application_id"].to_list() == [text]
    assert store.count() == {"applications": 2, "versions": 2, "identifiers": 3, "links": 4}


def test_a_reader_beside_a_writer_sees_whole_versions(store: GraphStore, row: Any, batch_of: Build) -> None:
    uses = ("phone/own/{0}", "email/own/{0}", "dealer/own/D")
    batches = [
        batch_of(
            [row(f"A{n}", tuple(u.format(turn) for u in uses), turn * 100 + n, version_at=turn) for n in range(40)]
        )
        for turn in range(1, 7)
    ]
    store.write(batches[0])
    failures: list[BaseException] = []

    def load() -> None:
        try:
            for batch in batches[1:]:
                store.write(batch)
        except BaseException as error:  # noqa: BLE001 - carried to the test's own thread
            failures.append(error)

    loader = threading.Thread(target=load)
    loader.start()
    looks = 0
    while loader.is_alive() or not looks:
        found = store.links()
        assert found.applications.height == 40
        assert len(links_of(found)) == 120
        looks += 1
    loader.join()
    assert failures == []
    assert store.count() == {"applications": 40, "versions": 240, "identifiers": 13, "links": 120}


def test_two_writers_at_once_lose_nothing(store: GraphStore, row: Any, batch_of: Build) -> None:
    def rows(writer: int) -> list[Any]:
        return [row(f"A{n}", (f"phone/own/{n % 5}",), writer * 1_000 + n, version_at=writer + n % 2) for n in range(60)]

    failures: list[BaseException] = []

    def load(writer: int) -> None:
        try:
            for first in range(0, 60, 20):
                store.write(batch_of(rows(writer)[first : first + 20]))
        except BaseException as error:  # noqa: BLE001 - carried to the test's own thread
            failures.append(error)

    writers = [threading.Thread(target=load, args=(n,)) for n in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert failures == []
    assert store.count() == {"applications": 60, "versions": 120, "identifiers": 5, "links": 60}
    assert set(store.links().applications["version_at"]) == {2, 3}


def test_a_closed_store_refuses(shelf: Any, row: Any, batch_of: Build) -> None:
    store = shelf.another()
    store.close()
    store.close()
    with pytest.raises(StoreError):
        store.count()
    with pytest.raises(StoreError):
        store.write(batch_of([row("A", (), 1)]))
