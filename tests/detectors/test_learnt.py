"""A sweep that asks a model: the endpoint gives its digits again, and its artifact carries the model."""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from detectors import publish
from detectors import survey as surveying
from detectors.around import SHARE
from detectors.artifact import FORMAT, MANIFEST, MODEL, Published
from detectors.model import NO_FOLD, Model, learner_names, lift
from detectors.policy import Policy
from detectors.score import assess, explain, recomputed, recomputed_together
from detectors.sweep import UNSUPERVISED, SweepResult, learnt, run
from graph.errors import ArtifactError
from graph.store import Batch
from tests.detectors import lessons
from tests.detectors.lessons import NOW, Lesson, hush

Toolbox = dict[str, Callable[..., Any]]


@pytest.fixture(scope="module", params=[False, True], ids=["blind", "taught"])
def lesson(request: pytest.FixtureRequest, toolbox: Toolbox, policy: Policy) -> Lesson:
    return lessons.lesson(toolbox, policy, taught=request.param)


@pytest.fixture(scope="module")
def published(lesson: Lesson, tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("sweeps") / "S-1"
    publish.write(folder, lesson.result, sweep_id="S-1")
    return Published.open(folder, verify=True)


SMALL = 160
"""Applications of a small book, two rings among them."""


@dataclass(frozen=True)
class Little:
    """A small book, swept by the model of the whole one."""

    facts: list[Any]
    result: SweepResult
    published: Published


@pytest.fixture(scope="module")
def little(lesson: Lesson, policy: Policy, toolbox: Toolbox, tmp_path_factory: pytest.TempPathFactory) -> Little:
    facts = lesson.facts[:SMALL]
    known = lesson.inputs.outcomes.filter(pl.col("application_id") < f"A-{SMALL:05d}")
    assert known.height == (10 if lesson.model.taught else 0)
    given = lessons.inputs(toolbox["links_of"](toolbox["batch_of"](facts)), known)
    result = run(given, policy, previous=None, progress=hush, now=NOW, model=lesson.model)
    folder = tmp_path_factory.mktemp("sweeps") / "S-2"
    publish.write(folder, result, sweep_id="S-2")
    return Little(facts, result, Published.open(folder, verify=True))


def test_every_application_is_explained_by_the_sweeps_own_digits(little: Little, policy: Policy) -> None:
    for index, row in enumerate(little.published.scores.iter_rows(named=True)):
        answer = explain(little.published, row["application_id"], policy)
        assert answer.raw == little.result.raw[index], row["application_id"]
        assert (answer.score, answer.probability, answer.band, answer.ring_id, answer.view) == (
            row["score"], row["probability"], row["band"], row["ring_id"], "book"
        )  # fmt: skip


def test_every_application_is_assessed_by_the_sweeps_own_digits(
    little: Little, policy: Policy, toolbox: Toolbox
) -> None:
    rows = {row["application_id"]: row for row in little.published.scores.iter_rows(named=True)}
    for index, fact in enumerate(little.facts):
        answer = assess(little.published, toolbox["batch_of"]([fact]), Batch.empty(), policy)
        row = rows[fact.application_id]
        assert (answer.raw, answer.score, answer.band) == (little.result.raw[index], row["score"], row["band"])
        assert answer.view == "book"


def test_without_reasons_the_model_says_the_same(little: Little, policy: Policy, toolbox: Toolbox) -> None:
    for fact in little.facts[::8]:
        for some in (fact, replace(fact, application_id="N-9", day=fact.day + 1)):
            batch = toolbox["batch_of"]([some])
            answer = assess(little.published, batch, Batch.empty(), policy)
            assert recomputed(little.published, batch, Batch.empty(), policy) == (answer.score, answer.band)


def test_many_at_once_are_told_the_same_by_the_model(
    lesson: Lesson, published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    batches = [toolbox["batch_of"]([fact]) for fact in lesson.facts]
    rows = published.scores.select("application_id", "score", "band").iter_rows()
    assert recomputed_together(published, batches, policy) == {name: (score, band) for name, score, band in rows}


def test_some_of_the_whole_book_too(lesson: Lesson, published: Published, policy: Policy) -> None:
    for index in (*range(lessons.RINGS[-1], len(lesson.facts), 3), *range(lessons.RINGS[3], lessons.RINGS[3] + 7)):
        answer = explain(published, lesson.facts[index].application_id, policy)
        assert answer.raw == lesson.result.raw[index]


def test_each_row_is_answered_by_the_fold_that_did_not_see_it(lesson: Lesson) -> None:
    fold = lesson.model.folds_of([fact.application_id for fact in lesson.facts])
    assert NO_FOLD not in fold
    assert lesson.result.fold.tolist() == fold.tolist()
    margin = learnt(lesson.book, lesson.seen, lesson.model, fold)
    other = learnt(lesson.book, lesson.seen, lesson.model, np.full(len(fold), NO_FOLD))
    assert (margin != other).any()


def test_a_new_row_next_to_a_ring_stands_above_a_lone_one(
    lesson: Lesson, published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    start = lessons.RINGS[2]
    ringed, plain = lesson.facts[start + 2], lesson.facts[5]
    shared = tuple(use for use in ringed.uses if use[2] in (f"1350000{start:04d}", f"farm-{start}"))
    assert len(shared) == 2
    unlike = {"surname_token": "surname 99", "name_token": "someone", "name_birth_token": "someone-1970"}
    alone = replace(
        plain,
        application_id="N-1",
        day=ringed.day + 1,
        uses=tuple((kind, role, f"new {text}") for kind, role, text in plain.uses if kind in ("phone", "account")),
        attributes={**plain.attributes, **unlike},
    )
    near = replace(alone, application_id="N-2", uses=(*alone.uses, *shared))
    far, close = (assess(published, toolbox["batch_of"]([fact]), Batch.empty(), policy) for fact in (alone, near))
    assert (far.view, close.view) == ("decision", "decision")
    assert close.raw > far.raw
    assert close.score > far.score
    unlifted = replace(policy, ring_worth=0.0)
    plainly = [assess(published, toolbox["batch_of"]([fact]), Batch.empty(), unlifted) for fact in (alone, near)]
    assert far.raw == plainly[0].raw, "tied to nobody, it takes part in no group"
    assert plainly[1].raw < close.raw <= plainly[1].raw + lift(published.rows["overlap"].max(), policy)


def test_a_new_row_counts_the_outcomes_of_all_it_stands_beside(
    policy: Policy, toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its own is not among them, so nothing is left out: five of seven members, not five of six."""
    lesson = lessons.lesson(toolbox, policy, taught=True)
    publish.write(tmp_path / "S-3", lesson.result, sweep_id="S-3")
    published = Published.open(tmp_path / "S-3")
    read: list[dict[str, int]] = []
    ask = Model.margin

    def asked(model: Model, columns: np.ndarray, fold: np.ndarray) -> np.ndarray:
        read.append(dict(zip(learner_names(policy), columns[0].tolist(), strict=True)))
        return ask(model, columns, fold)

    monkeypatch.setattr(Model, "margin", asked)
    start = lessons.RINGS[1]
    shared = tuple(use for use in lesson.facts[start].uses if use[2] in (f"1350000{start:04d}", f"farm-{start}"))
    near = replace(lesson.facts[5], application_id="N-4", day=lesson.facts[start].day + 1, uses=shared, attributes={})
    assess(published, toolbox["batch_of"]([near]), Batch.empty(), policy)
    (first, *_) = read
    assert first["confirmed_near"] >= 5
    assert first["confirmed_group"] >= 5
    assert first["confirmed_group_share"] == first["confirmed_group"] * SHARE // (first["group_size"] - 1) <= SHARE


def test_a_copy_of_a_swept_row_under_another_id_is_no_row_of_the_book(
    lesson: Lesson, published: Published, policy: Policy, toolbox: Toolbox
) -> None:
    fact = replace(lesson.facts[3], application_id="N-3")
    answer = assess(published, toolbox["batch_of"]([fact]), Batch.empty(), policy)
    assert (answer.view, answer.ring_id) == ("decision", None)


@pytest.mark.parametrize("block", [61])
def test_block_size_does_not_matter(
    lesson: Lesson, policy: Policy, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(surveying, "BLOCK", block)
    other = run(lesson.inputs, policy, previous=None, progress=hush, now=NOW, model=lesson.model)
    assert other.scores.equals(lesson.result.scores)
    assert other.rings.equals(lesson.result.rings)


def test_another_home_gets_the_same_digits_from_the_same_model(
    lesson: Lesson, policy: Policy, toolbox: Toolbox
) -> None:
    links = toolbox["links_of"](toolbox["batch_of"](lesson.facts, key="another home"), shuffle=8)
    given = lessons.inputs(links, lesson.inputs.outcomes)
    other = run(given, policy, previous=None, progress=hush, now=NOW, model=lesson.model)
    assert other.scores.equals(lesson.result.scores)
    assert other.members.equals(lesson.result.members)


def test_the_artifact_carries_the_model(lesson: Lesson, published: Published) -> None:
    assert published.model_version == lesson.model.model_id
    assert published.model is not None
    assert [b.text for b in published.model.blind] == [b.text for b in lesson.model.blind]
    assert [b.text for b in published.model.taught] == [b.text for b in lesson.model.taught]


def test_a_sweep_without_a_model_says_so(lesson: Lesson, policy: Policy, toolbox: Toolbox, tmp_path: Path) -> None:
    plain = run(lesson.inputs, policy, previous=None, progress=hush, now=NOW)
    publish.write(tmp_path / "S-0", plain, sweep_id="S-0")
    without = Published.open(tmp_path / "S-0", verify=True)
    assert without.model is None
    assert without.model_version == UNSUPERVISED
    assert not plain.scores["score"].equals(lesson.result.scores["score"])
    fact = lesson.facts[lessons.RINGS[0]]
    answer = assess(without, toolbox["batch_of"]([fact]), Batch.empty(), policy)
    assert answer.raw == plain.raw[lessons.RINGS[0]]


@pytest.fixture
def copied(published: Published, tmp_path: Path) -> Path:
    return Path(shutil.copytree(published.folder, tmp_path / "S-1"))


def test_an_altered_model_in_an_artifact_is_refused(lesson: Lesson, copied: Path, policy: Policy) -> None:
    (copied / MODEL / "blind-0.txt").write_text("tree\n")
    with pytest.raises(ArtifactError, match="blind-0"):
        explain(Published.open(copied), lesson.facts[0].application_id, policy)


def test_a_sweep_that_asked_a_model_is_not_read_without_it(lesson: Lesson, copied: Path, policy: Policy) -> None:
    """Unsupervised raw scores under a learnt calibration would be other scores, quietly."""
    shutil.rmtree(copied / MODEL)
    with pytest.raises(ArtifactError):
        explain(Published.open(copied), lesson.facts[0].application_id, policy)


@pytest.mark.parametrize("other", [FORMAT - 1, FORMAT + 1, None])
def test_another_format_is_refused_with_the_remedy_and_its_rings_are_still_read(
    published: Published, copied: Path, other: int | None
) -> None:
    manifest = json.loads((copied / MANIFEST).read_text())
    manifest["format"] = other
    (copied / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ArtifactError, match="another release") as caught:
        Published.open(copied)
    assert caught.value.remedy == "sweep again"
    older = Published.open(copied, older=True)
    assert older.ancestry().members.equals(published.ancestry().members)
    assert older.rings.equals(published.rings)


def test_rings_keep_their_ids_when_a_model_comes(lesson: Lesson, policy: Policy) -> None:
    rings = replace(policy.rings, least_learnt=0.0, least_overlap_learnt=0.2)  # whichever the model thinks likely
    policy = replace(policy, rings=rings)
    plain = run(lesson.inputs, policy, previous=None, progress=hush, now=NOW)
    before = plain.members.join(plain.rings.select("ring_id", "founded_at"), on="ring_id")
    from detectors.lineage import Ancestry

    later = run(lesson.inputs, policy, previous=Ancestry(before), progress=hush, now=NOW + 1, model=lesson.model)
    kept = set(plain.rings["ring_id"]) & set(later.rings["ring_id"])
    assert kept
    founded = dict(later.rings.select("ring_id", "founded_at").iter_rows())
    assert all(founded[ring] == NOW for ring in kept)
