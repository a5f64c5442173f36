"""Training: repeatable by seed in every home, taught by outcomes from thirty on, useful on rings it never saw."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import around, ground, publish
from detectors import train as training
from detectors.artifact import Published
from detectors.boosting import MILLI
from detectors.columns import norms, text_digest
from detectors.grammar import read_grammar
from detectors.ground import FOLDS, LARGEST_DEALER
from detectors.model import Model, blind_names, learner_names, unread
from detectors.policy import Policy
from detectors.propagation import Communities
from detectors.score import explain
from detectors.survey import blind_columns, outcome_columns, survey
from detectors.sweep import Inputs, learnt, read_book, run
from detectors.train import FEWEST, LEAST_CONFIRMED, train
from graph.errors import UsageError
from tests.detectors import lessons
from tests.detectors.lessons import Lesson, hush

Toolbox = dict[str, Callable[..., Any]]


@pytest.fixture(scope="module")
def lesson(toolbox: Toolbox, policy: Policy) -> Lesson:
    return lessons.lesson(toolbox, policy, taught=True)


def inputs(toolbox: Toolbox, facts: list[Any], rows: list[int], key: str = "k", shuffle: int | None = None) -> Inputs:
    return lessons.inputs(toolbox["links_of"](toolbox["batch_of"](facts, key), shuffle), lessons.outcomes(facts, rows))


def trained(given: Inputs, policy: Policy, seed: int = 3) -> Model:
    return train(given, policy, read_grammar(), seed=seed, model_id="M-1", say=hush)


def texts(model: Model) -> list[str]:
    assert model.judge is not None
    return [booster.text for booster in (*model.blind, *model.taught, model.judge)]


def test_the_same_book_and_seed_give_the_same_boosters_in_every_home(
    lesson: Lesson, policy: Policy, toolbox: Toolbox
) -> None:
    elsewhere = inputs(toolbox, lesson.facts, lessons.confirmed_rows(), key="another home", shuffle=4)
    again = trained(elsewhere, policy)
    assert texts(again) == texts(lesson.model)
    assert again.known.tolist() == lesson.model.known.tolist()
    assert again.fold.tolist() == lesson.model.fold.tolist()
    assert {**again.card, "model_id": ""} == {**lesson.model.card, "model_id": ""}


def test_another_seed_gives_another_model(lesson: Lesson, policy: Policy) -> None:
    assert texts(trained(lesson.inputs, policy, seed=4)) != texts(lesson.model)


def test_its_shape(lesson: Lesson, policy: Policy) -> None:
    model = lesson.model
    assert len(model.blind) == len(model.taught) == FOLDS
    assert all(booster.names == blind_names(policy) for booster in model.blind)
    assert all(booster.names == around.OUTCOME for booster in model.taught)
    assert (np.diff(model.known) > 0).all()
    assert set(model.known.tolist()) == {text_digest(fact.application_id) for fact in lesson.facts}


def test_a_community_lies_in_one_fold(lesson: Lesson) -> None:
    fold = lesson.model.folds_of([fact.application_id for fact in lesson.facts])
    assert set(fold.tolist()) == set(range(FOLDS))
    label = lesson.seen.community.label
    assert len(set(zip(label.tolist(), fold.tolist(), strict=True))) == len(set(label.tolist()))


def test_nor_is_a_person_split_over_folds(lesson: Lesson) -> None:
    fold = lesson.model.folds_of([fact.application_id for fact in lesson.facts])
    person = lesson.book.columns["person"].tolist()
    assert len(set(zip(person, fold.tolist(), strict=True))) == len(set(person))


@dataclass(frozen=True)
class Drawn:
    """As much of a book and its survey as decides what must not be split; its own survey, as it were."""

    persons: list[int]
    dealers: list[int]
    communities: list[int]

    @property
    def applications(self) -> int:
        return len(self.persons)

    @property
    def columns(self) -> dict[str, np.ndarray]:
        return {"person": np.array(self.persons, np.int32), "dealer": np.array(self.dealers, np.int64)}

    @property
    def community(self) -> Communities:
        return Communities(np.array(self.communities, np.int64), np.zeros(self.applications, np.int64))

    def pieces(self) -> set[frozenset[int]]:
        label = ground._inseparable(self, self).tolist()  # type: ignore[arg-type]
        assert all(label[n] == n for n in set(label)), "a label is one of the piece's own"
        return {frozenset(n for n, one in enumerate(label) if one == piece) for piece in set(label)}


def test_communities_are_joined_by_a_person_who_is_in_two() -> None:
    """0-1 and 2-3 are communities, 1 and 3 one person; 4 and 5 are one who stands in no community."""
    book = Drawn([0, 1, 2, 1, 4, 4, 6], [7] * 7, [0, 0, 2, 2, 4, 5, 6])
    assert book.pieces() == {frozenset({0, 1, 2, 3}), frozenset({4, 5}), frozenset({6})}


def drawn_alone(dealers: list[int]) -> Drawn:
    """Each application a person and a community of its own."""
    return Drawn(list(range(len(dealers))), dealers, list(range(len(dealers))))


def test_a_dealers_lone_applications_go_together() -> None:
    """But not with those of its customers that stand in a community."""
    dealers = [8, 9, 8, 9, *range(100, 140)]
    assert drawn_alone(dealers).pieces() == {
        frozenset({0, 2}), frozenset({1, 3}), *(frozenset({n}) for n in range(4, 44))
    }  # fmt: skip
    tied = replace(drawn_alone([*dealers, 8, 8]), communities=[*range(44), 44, 44])
    assert tied.pieces() >= {frozenset({0, 2}), frozenset({44, 45})}


def test_nobodys_and_a_large_dealers_lone_applications_go_one_by_one() -> None:
    """Or a book without dealers, and that of a single one, would have its lone innocents in one fold only."""
    for dealer in (0, 5):
        assert drawn_alone([dealer] * 40).pieces() == {frozenset({n}) for n in range(40)}
    share = round(LARGEST_DEALER * 40)
    mixed = drawn_alone([6] * share + [7] * (share + 1) + [0] * (39 - 2 * share))
    assert {len(piece) for piece in mixed.pieces()} == {1, share}


def test_the_card_tells_what_it_was_made_of(lesson: Lesson, policy: Policy) -> None:
    card = lesson.model.card
    assert (card["applications"], card["confirmed"], card["outcomes"]) == (
        len(lesson.facts), len(lessons.confirmed_rows()), True
    )  # fmt: skip
    assert (card["seed"], card["folds"], card["policy_digest"]) == (3, FOLDS, policy.digest)
    assert card["grammar_digest"] == read_grammar().digest
    assert card["planted"] > 0
    times = lesson.book.columns["event_at"]
    assert card["window"] == [times.min(), times.max()]
    figures = card["planted_figures"]
    for name in ("average_precision", "roc_auc"):
        low, high = figures[f"{name}_interval"]
        assert 0 <= low <= figures[name] <= high <= 1
    assert set(card["strongest"]) <= set(blind_names(policy))
    assert card["trees"] == sum(booster.trees for booster in (*lesson.model.blind, *lesson.model.taught))


@pytest.mark.parametrize("size", [0, 1, FEWEST - 1])
def test_too_few_applications_are_wrong_use(size: int, policy: Policy, toolbox: Toolbox) -> None:
    few = inputs(toolbox, lessons.people(toolbox, size), []) if size else None
    from graph.store import Batch

    given = few or lessons.inputs(toolbox["links_of"](Batch.empty()), toolbox["no_outcomes"]())
    with pytest.raises(UsageError, match=f"^{size} applications are too few") as caught:
        trained(given, policy)
    assert str(FEWEST) in caught.value.remedy


def test_a_handful_of_outcomes_teaches_nothing(lesson: Lesson, policy: Policy, toolbox: Toolbox) -> None:
    rows = lessons.confirmed_rows()
    fewer = trained(inputs(toolbox, lesson.facts, rows[: LEAST_CONFIRMED - 1]), policy)
    assert fewer.taught == ()
    assert (fewer.card["outcomes"], fewer.card["confirmed"]) == (False, LEAST_CONFIRMED - 1)
    enough = trained(inputs(toolbox, lesson.facts, rows[:LEAST_CONFIRMED]), policy)
    assert len(enough.taught) == FOLDS
    assert enough.card["outcomes"] is True


def test_outcomes_of_one_fold_teach_nothing(lesson: Lesson, policy: Policy, toolbox: Toolbox) -> None:
    """A lender's first case may be one large ring: nothing could be learnt of it for its own fold."""
    size = LEAST_CONFIRMED + 5
    facts = toolbox["plant"](lessons.people(toolbox), 100, size, 100.0)
    model = trained(inputs(toolbox, facts, list(range(100, 100 + size))), policy)
    fold = model.folds_of([facts[n].application_id for n in range(100, 100 + size)])
    assert len(set(fold.tolist())) == 1, "or this is no test of that"
    assert model.taught == ()
    assert (model.card["outcomes"], model.card["confirmed"]) == (False, size)


@pytest.mark.parametrize("rate", [0.001, 0.02, 0.6])
def test_the_start_has_the_rate_of_the_book(rate: float) -> None:
    """Shifted, so that who stands above whom does not change."""
    draw = np.random.default_rng(3)
    margin, weight = draw.normal(-1, 3, 500), draw.random(500)
    start = training._at_rate(margin, weight, rate)
    assert np.average(1 / (1 + np.exp(-start)), weights=weight) == pytest.approx(rate, rel=1e-6)
    assert np.ptp(start - margin) < 1e-9


def test_taught_boosters_start_from_the_blind_ones_and_read_outcomes_alone(
    lesson: Lesson, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row stands twice, once with nothing known around it; the second half of the rows is the first again."""
    asked: list[dict[str, Any]] = []
    fit = training.fit

    def fitting(matrix: np.ndarray, label: np.ndarray, names: Any, **named: Any) -> Any:
        asked.append({"matrix": matrix, "label": label, "names": tuple(names), **named})
        return fit(matrix, label, names, **named)

    monkeypatch.setattr(training, "fit", fitting)
    trained(lesson.inputs, policy)
    taught = [one for one in asked if one.get("start") is not None]
    assert len(taught) == FOLDS < len(asked)
    for one in taught:
        half = len(one["label"]) // 2
        assert one["names"] == around.OUTCOME
        assert one["matrix"][:half].any()
        assert not one["matrix"][half:].any()
        for name in ("label", "start", "weight"):
            assert one[name][:half].tolist() == one[name][half:].tolist()
        odds = 1 / (1 + np.exp(-one["start"][:half]))
        rate = np.average(one["label"][:half], weights=one["weight"][:half])
        assert np.average(odds, weights=one["weight"][:half]) == pytest.approx(rate, rel=1e-6)
        assert odds[one["label"][:half]].mean() > odds.mean()


def test_around_whom_nothing_is_known_outcomes_add_next_to_nothing(lesson: Lesson) -> None:
    nothing = np.zeros((1, len(around.OUTCOME)), np.int64)
    known = outcome_columns(lesson.book, lesson.seen)
    for booster in lesson.model.taught:
        (silent,) = booster.margin(nothing).tolist()
        assert abs(silent) < 0.2 * MILLI
        assert silent < booster.margin(known).max()


def test_outcomes_raise_those_next_to_them(lesson: Lesson, policy: Policy, toolbox: Toolbox) -> None:
    """Two of each ring were never confirmed: with outcomes their margin is above what it is without them."""
    blank = lessons.lesson(toolbox, policy, taught=False)
    hidden = [start + n for start in lessons.RINGS for n in (5, 6)]

    def lead(one: Lesson) -> float:
        fold = one.model.folds_of([fact.application_id for fact in one.facts])
        margin = learnt(one.book, one.seen, one.model, fold)
        return float(np.median(margin[hidden]) - np.median(margin))

    assert lead(lesson) > lead(blank)


def test_an_unseen_ring_stands_above_families(policy: Policy, toolbox: Toolbox) -> None:
    """Trained on a book without the ring, asked of a book that has it; nobody was ever confirmed."""
    honest = lessons.people(toolbox)
    model = trained(inputs(toolbox, honest, []), policy)
    rows = list(range(200, 207))
    _, book, _ = read_book(inputs(toolbox, toolbox["plant"](honest, rows[0], len(rows), 150.0), []))
    seen = survey(book, policy, norms(dict(book.columns)), learns=True)
    margin = learnt(book, seen, model, np.full(book.applications, -1))
    home, surname = book.columns["address"], book.columns["surname"]
    families = [
        n for n in range(1, book.applications)
        if home[n] == home[n - 1] and surname[n] == surname[n - 1] and not {n, n - 1} & set(rows)
    ]  # fmt: skip
    assert len(families) > 50
    assert np.median(margin[rows]) > np.median(margin[families])
    assert np.median(margin[rows]) > np.quantile(margin, 0.95)


def test_of_a_larger_book_the_latest_are_learnt_from(
    lesson: Lesson, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ground, "LARGEST", 505)
    model = trained(lesson.inputs, policy)
    assert model.card["applications"] == 505
    latest = sorted(lesson.facts, key=lambda fact: (fact.day, fact.application_id))[-505:]
    assert set(model.known.tolist()) == {text_digest(fact.application_id) for fact in latest}


def test_what_the_policy_forbids_is_not_read(lesson: Lesson, policy: Policy, toolbox: Toolbox, tmp_path: Path) -> None:
    """Neither by any tree nor, therefore, in any answer; the endpoint still gives the sweep's digits."""
    forbids = replace(policy, unread=("pairs*", "age", "confirmed_near*"))
    model = trained(lesson.inputs, forbids)
    hidden = unread(forbids)
    assert model.card["unread"] == list(hidden)
    assert model.suits(forbids)
    assert not model.suits(policy)
    gains = [booster.gains() for booster in (*model.blind, *model.taught)]
    assert all(found.get(name, 0) == 0 for found in gains for name in hidden)
    assert any(booster.gains()[name] > 0 for booster in lesson.model.blind for name in hidden), "it would tell"
    names = learner_names(policy)
    columns = np.concatenate([blind_columns(lesson.book, lesson.seen), outcome_columns(lesson.book, lesson.seen)], 1)
    changed = columns.copy()
    changed[:, [names.index(name) for name in hidden]] = 999
    fold = model.folds_of([fact.application_id for fact in lesson.facts])
    assert model.margin(changed, fold).tolist() == model.margin(columns, fold).tolist()
    result = run(lesson.inputs, forbids, previous=None, progress=hush, now=lessons.NOW, model=model)
    publish.write(tmp_path / "S-1", result, sweep_id="S-1")
    published = Published.open(tmp_path / "S-1")
    for index in range(lessons.RINGS[0], lessons.RINGS[0] + lessons.RING_SIZE):
        assert explain(published, lesson.facts[index].application_id, forbids).raw == result.raw[index]


def test_a_form_that_is_left_out_is_not_in_the_card(lesson: Lesson, policy: Policy) -> None:
    fewer = read_grammar().without(["one_person", "chain"])
    model = train(lesson.inputs, policy, fewer, seed=3, model_id="M-1", say=hush)
    assert not {"one_person", "chain"} & set(model.card["forms"])
    assert texts(model) != texts(lesson.model)


def test_a_book_that_no_ring_fits_is_wrong_use(lesson: Lesson, policy: Policy) -> None:
    shipped = read_grammar()
    huge = replace(shipped, forms=(replace(shipped.forms[0], size=(900, 900, 900)),))
    with pytest.raises(UsageError, match="no ring of the grammar fits"):
        train(lesson.inputs, policy, huge, seed=1, model_id="M-1", say=hush)


def test_communities_are_drawn_again_as_many_as_there_are() -> None:
    label = np.array([0, 0, 2, 3, 3, 3, 6, 7])
    assert ground._drawn(label, None).tolist() == [1] * len(label)
    draws = [ground._drawn(label, seed) for seed in range(40)]
    for drawn in draws:
        first = drawn[[0, 2, 3, 6, 7]]
        assert first.sum() == len(first)
        assert drawn.tolist() == np.repeat(first, [2, 1, 3, 1, 1]).tolist()
    assert len({tuple(drawn) for drawn in draws}) > 20
    assert draws[3].tolist() == ground._drawn(label, 3).tolist()


def test_whom_nobody_drew_is_neither_planted_into_nor_learnt_from(
    lesson: Lesson, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = ground._drawn(lesson.seen.community.label, 5)
    planted: list[np.ndarray] = []
    learnt_from: list[np.ndarray] = []
    plant, fitted = ground.plant, training._fitted

    def planting(*given: Any, **named: Any) -> Any:
        planted.append(named["quiet"])
        return plant(*given, **named)

    def fitting(*given: Any) -> Any:
        learnt_from.append(given[2])
        return fitted(*given)

    monkeypatch.setattr(ground, "plant", planting)
    monkeypatch.setattr(training, "_fitted", fitting)
    model = train(lesson.inputs, policy, read_grammar(), seed=3, model_id="M-1", say=hush, resample=5)
    assert planted
    assert not any(quiet[drawn == 0].any() for quiet in planted)
    assert all((weight > 0).all() for weight in learnt_from)
    assert max(weight.max() for weight in learnt_from) > 2
    assert texts(model) != texts(lesson.model)
    assert (model.card["resample"], lesson.model.card["resample"]) == (5, None)
    confirmed = lesson.book.columns["confirmed"].astype(bool)
    assert model.card["confirmed"] == int((confirmed & (drawn > 0)).sum()) < lesson.model.card["confirmed"]


@pytest.mark.parametrize(("most", "least_rows", "most_rows"), [(10**6, 500, 1_000), (200, 150, 450)])
def test_many_copies_bring_so_many_innocents_and_no_more(
    lesson: Lesson, policy: Policy, monkeypatch: pytest.MonkeyPatch, most: int, least_rows: int, most_rows: int
) -> None:
    """Four copies of some 500 hold 600 others by their share; planted innocent groups are counted besides."""
    monkeypatch.setattr(ground, "MOST_COPIES", 4)
    monkeypatch.setattr(ground, "MOST_OTHERS", most)
    book = ground.ground_of(lesson.inputs, policy, 3)
    rows = ground.planted_rows(book, policy, read_grammar(), 3, hush)
    assert rows.label.sum() >= 30
    assert least_rows <= (~rows.label).sum() <= most_rows
