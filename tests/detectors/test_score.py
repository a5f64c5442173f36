"""One application re-scored by the online code gets the sweep's own digits; a new one sees its neighbours."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import publish
from detectors.artifact import Published
from detectors.columns import application_columns, record_columns, with_values
from detectors.fresh import fresh_rows
from detectors.local import local_book
from detectors.nearby import REACH
from detectors.policy import Policy
from detectors.ringview import ring_signals
from detectors.score import assess, explain, recomputed, recomputed_together, tokens_of
from detectors.sweep import SweepResult
from detectors.words import reason
from graph.book import LinkTable, link_table
from graph.errors import ArtifactError, NotFound
from graph.network import network
from graph.schema import APPLICATION_SCHEMA
from graph.store import Batch

Toolbox = dict[str, Callable[..., Any]]


@pytest.fixture(scope="module")
def published(swept: SweepResult, tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("sweeps") / "S-1"
    summary = publish.write(folder, swept, sweep_id="S-1")
    assert summary["applications"] == 1200
    return Published.open(folder, verify=True)


def test_rescored_applications_equal_the_sweep(
    facts: list[Any], published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    picks = [*np.random.default_rng(3).choice(len(facts), 60, replace=False).tolist(), *range(100, 107)]
    for fact in (facts[i] for i in picks):
        answer = assess(published, toolbox["batch_of"]([fact], key="k"), Batch.empty(), policy)
        row = published.row(fact.application_id)
        assert row is not None
        assert answer.view == "book"
        assert answer.raw == published.rows["raw"][published.index_of(fact.application_id)]
        assert (answer.score, answer.probability, answer.band) == (row["score"], row["probability"], row["band"])
        assert answer.ring_id == row["ring_id"]
        assert explain(published, fact.application_id, policy) == replace(answer, missing=answer.missing)


def test_without_reasons_the_score_and_band_are_the_same(
    facts: list[Any], published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    """Of swept ones and of new ones, with company that came after the sweep or none."""
    picks = [*np.random.default_rng(4).choice(len(facts), 20, replace=False).tolist(), *range(100, 107)]
    company = toolbox["batch_of"]([replace(facts[103], application_id="B-0", day=401.0)])
    for fact in (facts[i] for i in picks):
        for batch, recent in (
            (toolbox["batch_of"]([fact]), Batch.empty()),
            (toolbox["batch_of"]([replace(fact, application_id="B-9", day=402.0)]), company),
        ):
            answer = assess(published, batch, recent, policy)
            assert recomputed(published, batch, recent, policy) == (answer.score, answer.band)


def test_many_at_once_score_as_each_alone(
    facts: list[Any], published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    batches = [toolbox["batch_of"]([fact]) for fact in reversed(facts)]
    rows = published.scores.select("application_id", "score", "band").iter_rows()
    assert recomputed_together(published, batches, policy) == {name: (score, band) for name, score, band in rows}


def test_what_was_not_swept_is_not_scored_among_the_swept(
    facts: list[Any], published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    for other in (replace(facts[3], application_id="B-9"), replace(facts[3], day=facts[3].day + 1)):
        with pytest.raises(ArtifactError, match="does not hold 1 rows"):
            recomputed_together(published, [toolbox["batch_of"]([fact]) for fact in (facts[4], other)], policy)


def test_online_features_equal_the_published_ones(
    facts: list[Any], published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    for index in range(95, 110):
        answer = assess(published, toolbox["batch_of"]([facts[index]]), Batch.empty(), policy)
        mine = np.frombuffer(answer.features, "<i8")
        stored = [published.rows[f"f_{f.name}"][index] for f in policy.features]
        assert mine.tolist() == stored


def test_a_new_member_of_a_ring_is_seen(
    facts: list[Any], published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    ringed, honest = facts[103], facts[7]
    stranger = replace(facts[900], application_id="B-1", day=115.0, uses=(*facts[900].uses[3:5], *ringed.uses[-2:]))
    answer = assess(published, toolbox["batch_of"]([stranger]), Batch.empty(), policy)
    plain = replace(honest, application_id="B-2", uses=(("phone", "own", "13012345678"),), attributes={})
    assert (answer.view, answer.band) == ("decision", "red")
    assert answer.score > 660
    assert answer.score > assess(published, toolbox["batch_of"]([plain]), Batch.empty(), policy).score + 200


def test_the_second_of_two_minutes_apart_sees_the_first(published: Published, policy: Policy, toolbox: Toolbox) -> None:
    fact = toolbox["Fact"]
    shared = (("phone", "own", "13199998888"), ("account", "own", "62-shared"))
    first = fact("N-1", 399.0, (*shared, ("national_id", "own", "new-1")))
    second = fact("N-2", 399.001, (*shared, ("national_id", "own", "new-2")))
    alone = assess(published, toolbox["batch_of"]([second]), Batch.empty(), policy)
    told = assess(published, toolbox["batch_of"]([second]), toolbox["batch_of"]([first]), policy)
    assert alone.raw < told.raw
    assert any("N-1" in e.applications for s in told.signals for e in s.evidence)


def test_signals_are_in_range_and_have_words(published: Published, policy: Policy) -> None:
    for index in range(90, 120):
        answer = explain(published, f"A-{index:05d}", policy)
        for signal in answer.signals:
            assert 0 <= signal.strength <= 1
            assert 0 < signal.weight <= 1
            assert reason(signal.reason).family
        assert sum(s.weight for s in answer.signals) <= 1.0001


def test_ring_signals_name_the_shared_values(published: Published, policy: Policy) -> None:
    ring = published.row("A-00103")
    assert ring is not None
    assert ring["ring_id"] is not None
    found = ring_signals(published, ring["ring_id"], policy)
    assert {"SHARED_REFERENCE", "SHARED_DEVICE"} <= {s.reason for s in found}
    shared = next(s for s in found if s.reason == "SHARED_DEVICE")
    assert shared.evidence[0].total >= 7
    with pytest.raises(NotFound):
        ring_signals(published, "RG-NONE", policy)


def test_unknown_application_and_altered_files_are_refused(
    published: Published, policy: Policy, swept: SweepResult, tmp_path: Path
) -> None:
    with pytest.raises(NotFound):
        explain(published, "nobody", policy)
    folder = tmp_path / "S-2"
    publish.write(folder, swept, sweep_id="S-2")
    (folder / "tails.arrow").write_bytes(b"other")
    with pytest.raises(ArtifactError):
        Published.open(folder, verify=True)
    (folder / "tails.arrow").unlink()
    with pytest.raises(ArtifactError):
        Published.open(folder)


def test_another_policy_than_the_sweeps_is_refused(
    facts: list[Any], published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    other = replace(policy, features=policy.features[:-1])
    with pytest.raises(ArtifactError):
        assess(published, toolbox["batch_of"]([facts[0]]), Batch.empty(), other)
    with pytest.raises(ArtifactError):
        recomputed(published, toolbox["batch_of"]([facts[0]]), Batch.empty(), other)


def test_tokens_of_names_every_value_once(facts: list[Any], toolbox: Toolbox) -> None:
    batch = toolbox["batch_of"]([facts[0]])
    assert len(tokens_of(batch)) == batch.links.select("kind", "token").unique().height


def tokens() -> st.SearchStrategy[str]:
    return st.text("0123456789abcdef", min_size=24, max_size=24).map("t1:{}".format)


def money() -> st.SearchStrategy[int]:
    return st.integers(-5, 10**12) | st.integers(0, 60).map(lambda n: 10 ** (n // 4))


RECORD = st.fixed_dictionaries(
    {"event_at": st.integers(0, 2**53)},
    optional={
        **dict.fromkeys(("surname_token", "name_token", "name_birth_token"), st.none() | tokens()),
        **dict.fromkeys(("monthly_income", "vehicle_price", "vehicle_appraisal", "loan_amount"), st.none() | money()),
        "status": st.none()
        | st.sampled_from(["REJECTED", "re\u017feiected", "dec\u0131ined", "\u62d2\u7edd", "open", "Withdrawn"])
        | st.text(max_size=12),
        "home_region": st.none() | st.text(max_size=8),
        "vehicle_condition": st.none() | st.sampled_from(["new", "used"]),
        "holder_is_applicant": st.none() | st.booleans(),
        "id_check": st.none() | st.sampled_from(["ok", "bad"]),
    },
)


@settings(max_examples=150, deadline=None)
@given(st.lists(RECORD, min_size=1, max_size=6))
def test_few_rows_get_the_columns_of_the_whole_book(records: list[dict[str, Any]]) -> None:
    frame = pl.DataFrame([{n: r.get(n) for n in APPLICATION_SCHEMA} for r in records], schema=APPLICATION_SCHEMA)
    whole, few = application_columns(frame), record_columns(frame.rows(named=True))
    assert list(whole) == list(few)
    for name, column in whole.items():
        assert (column.dtype, column.tolist()) == (few[name].dtype, few[name].tolist()), name


def flat(links: LinkTable) -> list[tuple[int, ...]]:
    columns = (links.application, links.value, links.kind, links.role, links.offset, links.mark)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


@settings(max_examples=25, deadline=None)
@given(draw=st.lists(st.integers(90, 130), min_size=1, max_size=6, unique=True), twice=st.booleans())
def test_few_rows_get_the_links_of_the_whole_book(
    facts: list[Any], published: Published, toolbox: Toolbox, draw: list[int], twice: bool
) -> None:
    batch_of, chosen = toolbox["batch_of"], [facts[i] for i in draw]
    older = [replace(f, day=f.day - 1, uses=f.uses[:4]) for f in chosen[1:]] if twice else []
    fresh = fresh_rows(published, batch_of(chosen[:1]), batch_of([*older, *chosen]))
    net = network(toolbox["links_of"](batch_of(chosen)))
    assert list(fresh.ids) == net.applications["application_id"].to_list()
    assert fresh.ids[int(fresh.own[0])] == chosen[0].application_id
    table = link_table(net, fresh.columns["person"].astype(np.int32))
    assert flat(fresh.links) == flat(table)
    columns = with_values(application_columns(net.applications), table, published.watched)
    for name, column in columns.items():
        assert fresh.columns[name].tolist() == column.tolist(), name
    assert sorted(fresh.texts.values()) == sorted(net.texts(np.arange(len(net.value_row))).iter_rows())


def test_a_value_on_the_watch_list_counts(facts: list[Any], published: Published, toolbox: Toolbox) -> None:
    batch = toolbox["batch_of"]([facts[5]])
    plain = fresh_rows(published, batch, Batch.empty())
    watching = Published(published.folder, published.manifest)
    watching.__dict__["watched"] = np.sort(plain.links.value[plain.links.kind == 1])  # a cached property, replaced
    assert plain.columns["watched"].tolist() == [0]
    assert fresh_rows(watching, batch, Batch.empty()).columns["watched"].tolist() == [3]


@pytest.mark.parametrize(
    ("uses", "name", "same"),
    [
        ([("national_id", "own")], "other", True),
        ([("national_id", "reference")], "other", False),
        ([("device", "own")], "name-and-birth", True),
        ([("device", "own")], "name", False),
        ([("account", "own")], "name", True),
        ([("account", "own")], "other", False),
    ],
)
def test_a_new_application_of_a_known_person(
    facts: list[Any], published: Published, toolbox: Toolbox, uses: list[tuple[str, str]], name: str, same: bool
) -> None:
    known = facts[7]
    clear = {kind: text for kind, _, text in known.uses}
    names = {"name": ("name_token",), "name-and-birth": ("name_token", "name_birth_token"), "other": ()}[name]
    fact = replace(
        known,
        application_id="P-1",
        uses=tuple((kind, role, clear[kind]) for kind, role in uses),
        attributes={n: known.attributes[n] for n in names},
    )
    local = local_book(published, toolbox["batch_of"]([fact]), Batch.empty())
    assert local.known is None
    assert local.ids[local.target] == "P-1"
    person = published.rows["person"][published.index_of(known.application_id)]
    assert (local.book.columns["person"][local.target] == person) == same


def test_a_small_book_is_in_the_order_of_ids_and_bounded(
    facts: list[Any], published: Published, toolbox: Toolbox
) -> None:
    dealers = [next(text for kind, _, text in f.uses if kind == "dealer") for f in facts]
    commonest = max(set(dealers), key=dealers.count)
    busy = sorted((f for f, d in zip(facts, dealers, strict=True) if d == commonest), key=lambda f: f.day)
    assert len(busy) > 2 * REACH + 2
    first, middle = busy[0], busy[len(busy) // 2]
    fact = replace(middle, application_id=f"{middle.application_id}b")
    local = local_book(published, toolbox["batch_of"]([fact]), toolbox["batch_of"]([first]))
    names = [local.ids[i] for i in range(len(local.ids))]
    assert names == sorted(set(names))
    assert {first.application_id, middle.application_id, fact.application_id} <= set(names)
    assert np.diff(local.book.slots.start).max() == 2 * REACH + 2


def test_the_first_application_of_an_empty_book(
    facts: list[Any], policy: Policy, toolbox: Toolbox, tmp_path: Path
) -> None:
    nothing = toolbox["sweep"](toolbox["links_of"](Batch.empty()), policy)
    publish.write(tmp_path / "S-0", nothing, sweep_id="S-0")
    empty = Published.open(tmp_path / "S-0")
    answer = assess(empty, toolbox["batch_of"]([facts[0]]), toolbox["batch_of"]([facts[1]]), policy)
    assert (answer.view, answer.ring_id, answer.raw) == ("decision", None, 0)
