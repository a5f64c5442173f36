"""What the pages show, without a browser."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.schemas import GraphEdge, GraphNode, HistoryEvent, Member, Network, Reason
from dashboard import viewmodel as v
from dashboard.client import Client
from dashboard.words import words
from graph.errors import ArtifactError, Forbidden, InputRefused, NotFound, RingsightError, StoreError, StoreUnavailable

EN, ZH = words("en"), words("zh")
START = datetime(2026, 11, 1, tzinfo=UTC)


def reason(code: str, weight: float) -> Reason:
    return Reason(code=code, family="x", weight=weight, strength=1, text=code, innocent="")


def member(name: str, hours: float, applicant: int = 1, score: int = 500) -> Member:
    return Member(
        application_id=name,
        applicant=applicant,
        name="王**",
        submitted_at=(START + timedelta(hours=hours)).isoformat(),
        score=score,
        band="amber",
        probability=0.5,
        membership=0.9,
        core=True,
        dealer=None,
        officer=None,
        employer=None,
        loan_amount=None,
        status=None,
        reasons=[],
    )


@given(st.lists(st.floats(0, 1), max_size=12), st.integers(0, 1000))
def test_points_always_add_up_to_the_score(weights: list[float], score: int) -> None:
    rows = v.contributions([reason(str(n), weight) for n, weight in enumerate(weights)], score)
    assert sum(row.points for row in rows) == score
    assert all(row.points >= 0 and 0 <= row.share <= 1 for row in rows)


def test_contributions_stand_in_the_order_of_the_api_and_the_rest_is_last() -> None:
    rows = v.contributions([reason("B", 0.1), reason("A", 0.6)], 900)
    assert [(row.reason.code if row.reason else None, row.points) for row in rows] == [
        ("B", 90),
        ("A", 540),
        (None, 270),
    ]


def test_no_rest_is_shown_when_nothing_is_left() -> None:
    assert [row.points for row in v.contributions([reason("A", 1.0)], 700)] == [700]


def test_burst_is_the_densest_three_days() -> None:
    found = v.burst([member("a", 0), member("b", 200), member("c", 210), member("d", 240), member("e", 400)])
    assert found is not None
    assert (found.applications, found.start) == (3, START + timedelta(hours=200))


@pytest.mark.parametrize("hours", [[], [0], [0, 100, 200], [0, 1, 2]])
def test_no_burst_when_there_is_none_or_all_is_one(hours: list[int]) -> None:
    assert v.burst([member(str(hour), hour) for hour in hours]) is None


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (StoreUnavailable("x"), v.State.DOWN),
        (Forbidden("x"), v.State.FORBIDDEN),
        (NotFound("x"), v.State.MISSING),
        (StoreError("x"), v.State.FAILED),
        (ArtifactError("x"), v.State.FAILED),
        (InputRefused("x"), v.State.FAILED),
    ],
)
def test_errors_become_states_with_words(error: RingsightError, state: v.State) -> None:
    assert v.state_of(error) is state
    assert EN(f"state.{state}")
    assert ZH(f"state.{state}.do", api="x")


def test_queue_rows_keep_the_order_and_the_unit_of_the_language(english: Client) -> None:
    items = english.rings().items
    en, zh = v.queue_frame(items, EN), v.queue_frame(items, ZH)
    assert en["ring"].to_list() == [row.ring_id for row in items]
    assert en["band"][0].to_list() == ["▲ Red"]
    assert zh["band"][0].to_list() == ["▲ 红"]
    assert en["exposure"][0] == pytest.approx(float(items[0].exposure) / 1000)
    assert zh["exposure"][0] == pytest.approx(float(items[0].exposure) / 10_000)


def test_an_empty_queue_has_the_same_columns(english: Client) -> None:
    assert v.queue_frame([], EN).columns == v.queue_frame(english.rings(limit=1).items, EN).columns


def test_unknown_codes_of_the_api_are_shown_as_they_are() -> None:
    assert v.change_text("reborn", EN) == "reborn"
    assert v.band_text("violet", ZH) == "○ violet"


def test_focus_alone_opens_no_row() -> None:
    assert v.opened([], "rank") is None
    assert v.opened([(0, "rank")], "rank") is None
    assert v.opened([(3, "why")], "rank") == 3


def test_kept_filters_by_change(english: Client) -> None:
    items = english.rings().items
    assert v.kept(items, None) == items
    assert {row.event for row in v.kept(items, "grown")} == {"grown"}


def test_members_are_sorted_by_score_and_absent_loans_stay_absent() -> None:
    frame = v.members_frame([member("a", 0, score=10), member("b", 1, score=20)], EN)
    assert frame["application"].to_list() == ["b", "a"]
    assert frame["loan"].to_list() == [None, None]


def test_timeline_lanes_are_people_and_unreadable_times_are_left_out() -> None:
    broken = member("z", 0).model_copy(update={"submitted_at": "soon"})
    rows = v.timeline([member("b", 5, applicant=2), member("a", 9), broken], "CNY", EN)
    assert [(row["lane"], row["application"]) for row in rows] == [("P1 王**", "a"), ("P2 王**", "b")]


def test_history_is_newest_first() -> None:
    events = [
        HistoryEvent(sweep_id=str(n), published_at=f"2026-11-0{n}T00:00:00Z", event="same", size=n, score=n)
        for n in (1, 3, 2)
    ]
    assert v.history_frame(events, EN)["size"].to_list() == [3, 2, 1]


def test_events_read_in_a_fixed_order() -> None:
    assert v.events_text({"same": 5, "odd": 1, "new": 2, "grown": 0}, EN) == "New 2 · Unchanged 5 · odd 1"
    assert v.events_text({}, EN) == "–"


def test_neighbours_join_roles_and_sort_by_time() -> None:
    def node(name: str, at: str | None = None) -> GraphNode:
        kind = name.split(":")[0]
        return GraphNode(id=name, kind=kind, kind_text=kind, label=name, degree=2, hub=False, event_at=at)

    edges = [
        GraphEdge(source="application:b", target="phone:1", role="own", role_text="own"),
        GraphEdge(source="application:b", target="phone:1", role="reference", role_text="reference"),
        GraphEdge(source="application:a", target="phone:1", role="own", role_text="own"),
    ]
    nodes = [node("phone:1"), node("application:b", "2026-11-01"), node("application:a", "2026-11-02")]
    network = Network(nodes=nodes, edges=edges, truncated=[], omitted=0, sweep_id=None)
    found = [(each.node.id, each.role) for each in v.neighbours(network, "phone:1")]
    assert found == [("application:b", "own, reference"), ("application:a", "own")]
    assert v.kind_counts(network)[0] == ("application", "application", 2)


def test_an_application_is_named_with_its_id_because_masked_names_repeat() -> None:
    node = GraphNode(id="application:a", kind="application", kind_text="application", label="王**", degree=1, hub=False)
    assert v.named(node) == "王** a"


def test_spans_name_the_year() -> None:
    assert v.span_text("2025-03-20T00:00:00Z", "2025-04-05T00:00:00Z", EN) == "2025-03-20 – 04-05 · 17 d"
    assert v.span_text("2025-12-31T00:00:00Z", "2026-01-01T00:00:00Z", ZH) == "2025-12-31 – 2026-01-01 · 2 天"
    assert v.span_text("soon", "later", EN) == "–"


@pytest.mark.parametrize(
    ("node", "expected"), [("application:A:7", "A:7"), ("application:", None), ("phone:t1:00", None)]
)
def test_application_ids_may_hold_colons(node: str, expected: str | None) -> None:
    assert v.application_id(node) == expected
