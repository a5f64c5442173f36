"""A model's folder, its folds, and whom it suits."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import around
from detectors.boosting import Booster, Shape, fit
from detectors.columns import text_digest
from detectors.model import (
    CARD,
    FOLDS,
    FORMAT,
    LEAST,
    MIDDLE,
    NO_FOLD,
    PLANTED_HALF,
    SETTLED,
    SURE,
    Model,
    blind_names,
    learner_names,
    mixed,
    read_model,
    share_of,
    unread,
)
from detectors.policy import Policy
from graph.errors import ArtifactError, SettingsError
from tests.detectors import lessons

Toolbox = dict[str, Callable[..., Any]]
BLIND = ("a", "b")
TAUGHT = ("known", "told")


def booster(names: tuple[str, ...], seed: int) -> Booster:
    draw = np.random.default_rng(seed)
    matrix = draw.integers(0, 100, (200, len(names)))
    return fit(matrix, matrix[:, -1] > 60, names, seed=seed, shape=Shape(trees=5, leaves=4, least=5))


def small(*, taught: bool = True) -> Model:
    """Two folds over three known applications."""
    digest = np.array([text_digest(name) for name in ("A", "B", "C")], np.int64)
    order = np.argsort(digest)
    return Model(
        {"model_id": "M-9", "applications": 3, "planted": 30},
        (booster(BLIND, 1), booster(BLIND, 2)),
        (booster(TAUGHT, 3), booster(TAUGHT, 4)) if taught else (),
        digest[order],
        np.array([0, 1, 1], np.int8)[order],
        booster(("size", "mean"), 5) if taught else None,
    )


@pytest.fixture(scope="module")
def model() -> Model:
    return small()


@pytest.mark.parametrize("taught", [True, False])
def test_what_is_saved_is_read(tmp_path: Path, taught: bool) -> None:
    saved = small(taught=taught)
    saved.save(tmp_path / "M-9")
    read = read_model(tmp_path / "M-9")
    assert read.model_id == "M-9"
    assert [b.text for b in (*read.blind, *read.taught)] == [b.text for b in (*saved.blind, *saved.taught)]
    assert [b.names for b in read.blind] == [BLIND, BLIND]
    assert len(read.taught) == 2 * taught
    assert (read.judge is not None) == taught
    assert read.judge == saved.judge
    assert (read.known == saved.known).all()
    assert (read.fold == saved.fold).all()
    assert dict(read.card).items() >= dict(saved.card).items()
    columns = np.random.default_rng(1).integers(0, 100, (30, 4))
    fold = np.arange(30) % 3 - 1
    assert read.margin(columns, fold).tolist() == saved.margin(columns, fold).tolist()


def test_a_model_read_and_saved_again_is_the_same(tmp_path: Path, model: Model) -> None:
    model.save(tmp_path / "one")
    read_model(tmp_path / "one").save(tmp_path / "two")
    first, second = ({p.name: p.read_bytes() for p in (tmp_path / n).iterdir()} for n in ("one", "two"))
    assert first == second


def test_a_folder_is_never_written_over(tmp_path: Path, model: Model) -> None:
    model.save(tmp_path / "M-9")
    with pytest.raises(FileExistsError):
        model.save(tmp_path / "M-9")


@pytest.mark.parametrize("name", ["blind-0.txt", "blind-1.txt", "taught-0.txt", "taught-1.txt", FOLDS])
def test_an_altered_or_missing_file_is_refused(tmp_path: Path, model: Model, name: str) -> None:
    folder = tmp_path / "M-9"
    model.save(folder)
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ArtifactError, match=f"M-9.*{name}"):
        read_model(folder)
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=r"M-9 cannot be read") as caught:
        read_model(folder)
    assert caught.value.remedy


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", "null", '{"files": 3}', '{"format": 1, "files": {}}'])
def test_a_broken_card_is_refused(tmp_path: Path, model: Model, text: str) -> None:
    folder = tmp_path / "M-9"
    model.save(folder)
    (folder / CARD).write_text(text)
    with pytest.raises(ArtifactError, match="M-9"):
        read_model(folder)


def test_another_format_and_no_card_are_refused(tmp_path: Path, model: Model) -> None:
    folder = tmp_path / "M-9"
    model.save(folder)
    card = json.loads((folder / CARD).read_text())
    for other in (FORMAT - 1, FORMAT + 1):  # format 1: taught boosters that read every column, and a mean of the two
        (folder / CARD).write_text(json.dumps(card | {"format": other}))
        with pytest.raises(ArtifactError, match="another release") as caught:
            read_model(folder)
        assert caught.value.remedy == "train again"
    (folder / CARD).unlink()
    with pytest.raises(ArtifactError):
        read_model(folder)
    with pytest.raises(ArtifactError):
        read_model(tmp_path / "nothing")


def test_each_application_has_the_fold_that_did_not_see_it(model: Model) -> None:
    assert model.folds_of(["C", "nobody", "A", "B", ""]).tolist() == [1, NO_FOLD, 0, 1, NO_FOLD]
    assert model.folds_of([]).tolist() == []
    none = replace(model, known=np.zeros(0, np.int64), fold=np.zeros(0, np.int8))
    assert none.folds_of(["A", "B"]).tolist() == [NO_FOLD, NO_FOLD]


def test_known_rows_take_their_fold_and_others_the_mean(model: Model) -> None:
    """Taught boosters add to the blind ones; they read the columns that follow theirs."""
    columns = np.random.default_rng(2).integers(0, 100, (60, 4))
    fold = np.arange(60) % 3 - 1
    blind = [b.margin(columns[:, :2]) for b in model.blind]
    taught = [b.margin(columns[:, 2:]) for b in model.taught]

    def expected(parts: list[np.ndarray], row: int) -> int:
        one, two = int(parts[0][row]), int(parts[1][row])
        return (one + two) // 2 if fold[row] == NO_FOLD else (one, two)[fold[row]]

    both = [expected(blind, row) + expected(taught, row) for row in range(60)]
    assert model.margin(columns, fold).tolist() == both
    untaught = replace(model, taught=())
    assert untaught.margin(columns, fold).tolist() == [expected(blind, row) for row in range(60)]
    assert untaught.margin(columns[:, :2], fold).tolist() == untaught.margin(columns, fold).tolist()


def test_a_row_alone_gets_the_margin_that_it_has_in_company(model: Model) -> None:
    columns = np.random.default_rng(3).integers(0, 100, (40, 4))
    fold = np.arange(40) % 3 - 1
    together = model.margin(columns, fold).tolist()
    assert [int(model.margin(columns[n : n + 1], fold[n : n + 1])[0]) for n in range(40)] == together


def test_a_model_suits_the_policy_that_makes_its_columns(toolbox: Toolbox, policy: Policy) -> None:
    taught = lessons.lesson(toolbox, policy, taught=True).model
    assert taught.suits(policy)
    assert taught.blind[0].names == blind_names(policy)
    assert taught.taught[0].names == around.OUTCOME
    assert learner_names(policy) == (*taught.blind[0].names, *taught.taught[0].names)
    assert taught.suits(replace(policy, version="other", red=policy.red + 1, fraud_rate=0.5))
    assert not taught.suits(replace(policy, features=policy.features[1:]))
    assert not taught.suits(replace(policy, features=tuple(reversed(policy.features))))
    assert not taught.suits(replace(policy, channels=policy.channels[:-1]))
    assert not replace(taught, taught=(booster(TAUGHT, 1),)).suits(policy)


def test_patterns_name_the_columns_that_are_not_read(policy: Policy) -> None:
    assert unread(policy) == ()
    forbidden = unread(replace(policy, unread=("group_free_*", "age", "like_surname", "age")))
    assert {"age", "like_surname", "group_free_phone_own"} <= set(forbidden)
    assert "age_phone_own" not in forbidden, "the age of a value is not the applicant's"
    assert list(forbidden) == sorted(set(forbidden))
    assert "confirmed_near" in unread(replace(policy, unread=("confirmed_*",)))
    for wrong in ("Age", "shoe_size", ""):
        with pytest.raises(SettingsError, match=f"no column {wrong}") as caught:
            unread(replace(policy, unread=("age", wrong)))
        assert caught.value.remedy


def test_a_model_suits_no_policy_that_forbids_other_columns(toolbox: Toolbox, policy: Policy) -> None:
    model = lessons.lesson(toolbox, policy, taught=False).model
    forbids = replace(policy, unread=("age",))
    assert not model.suits(forbids)
    obeys = replace(model, card={**model.card, "unread": ["age"]})
    assert obeys.suits(forbids)
    assert obeys.suits(replace(policy, unread=("age", "a?e"))), "another spelling of the same columns"
    assert not obeys.suits(policy)


def test_the_mixture_takes_its_share_of_each_and_is_never_negative(policy: Policy) -> None:
    raw, margin = np.array([0, 3_000, 3_000, 0]), np.array([-2_500, SURE, -5_000, -90_000])
    learnt, unsupervised, half = (mixed(raw, margin, share, policy) for share in (1000, 0, 500))
    assert learnt.tolist() == [MIDDLE - 2_500, MIDDLE + SURE, MIDDLE - 5_000, 0]
    decade = round(policy.log_odds_per_decade * 1000)
    assert unsupervised.tolist() == [MIDDLE, MIDDLE + 3 * decade, MIDDLE + 3 * decade, MIDDLE]
    assert (np.abs(half[:3] - (learnt + unsupervised)[:3] // 2) <= 1).all()


@pytest.mark.parametrize("sure", [SURE, SETTLED])
@pytest.mark.parametrize(("share", "beyond"), [(850, 150), (600, 400), (300, 300), (1000, LEAST)])
def test_among_the_sure_the_learnt_part_counts_no_more_than_the_other(
    policy: Policy, share: int, beyond: int, sure: int
) -> None:
    margin = np.arange(sure - 3_000, sure + 6_000, 1_000)
    steps = np.diff(mixed(np.zeros(len(margin), np.int64), margin, share, policy, sure=sure))
    assert set(steps[margin[1:] > sure].tolist()) == {beyond}
    assert set(steps[margin[1:] <= sure].tolist()) == {share}


def test_a_score_tells_the_sure_apart_less_than_the_groups_do(toolbox: Toolbox, policy: Policy) -> None:
    model = lessons.lesson(toolbox, policy, taught=False).model
    model = replace(model, card={**model.card, "planted": 10**6})
    margin = np.array([SETTLED - 1_000, SETTLED, SURE, SURE + 1_000])
    nothing = np.zeros(len(margin), np.int64)
    groups, published = model.mixed(nothing, margin, policy), model.scored(nothing, margin, nothing, policy)
    assert (published[:2] == groups[:2]).all()
    assert (np.diff(published) > 0).all()
    assert published[2] - published[1] < groups[2] - groups[1]
    assert published[3] - published[2] == groups[3] - groups[2]


@pytest.mark.parametrize("taught", [False, True])
def test_a_model_has_the_less_to_say_the_fewer_rings_it_saw(toolbox: Toolbox, policy: Policy, taught: bool) -> None:
    model = lessons.lesson(toolbox, policy, taught=taught).model
    policy = replace(policy, learnt_share=0.8, taught_share=0.6)
    whole = 600 if taught else 800
    shares = [share_of(planted, policy, taught=taught) for planted in (0, PLANTED_HALF, 10**7)]
    assert shares == [0, whole // 2, whole]
    raw, margin = np.array([2_000, 0]), np.array([-1_000, 1_000])
    said = replace(model, card={**model.card, "planted": PLANTED_HALF}).mixed(raw, margin, policy)
    assert said.tolist() == mixed(raw, margin, whole // 2, policy).tolist()
