"""One application re-scored by the online code gets the sweep's own digits; a new one sees its neighbours."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import publish
from detectors.artifact import Published
from detectors.policy import Policy
from detectors.ringview import ring_signals
from detectors.score import assess, explain, tokens_of
from detectors.sweep import SweepResult
from detectors.words import reason
from graph.errors import ArtifactError, NotFound
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
    assert answer.view == "decision"
    assert answer.score > 800
    assert answer.score > assess(published, toolbox["batch_of"]([plain]), Batch.empty(), policy).score + 300


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


def test_tokens_of_names_every_value_once(facts: list[Any], toolbox: Toolbox) -> None:
    batch = toolbox["batch_of"]([facts[0]])
    assert len(tokens_of(batch)) == batch.links.select("kind", "token").unique().height
