"""Which columns speak under which reason, and what a learnt score loses without it."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from detectors import around, wide
from detectors.attribution import _columns_of, _neutral, margins
from detectors.model import blind_names, learner_names
from detectors.policy import Policy
from detectors.survey import blind_columns, outcome_columns
from tests.detectors import lessons
from tests.detectors.lessons import Lesson

Toolbox = dict[str, Callable[..., Any]]


@pytest.fixture(scope="module")
def spoken(policy: Policy) -> dict[str, set[str]]:
    names = blind_names(policy)
    found = _columns_of(policy.features, names)
    return {code: {names[at] for at in columns.tolist()} for code, columns in found.items()}


def test_crowds_and_whoever_was_ever_there_belong_to_their_channels_reason(
    spoken: dict[str, set[str]], policy: Policy
) -> None:
    """And not to another channel's: of a reason that is left out no count of the same people stays behind."""
    reason = {f.name: f.reason for f in policy.features}
    told = [c.name for c in policy.channels if f"crowd_{c.name}" in reason]
    assert len(told) == 6
    for channel in told:
        of_surprise, of_crowd = reason[f"s_{channel}"], reason[f"crowd_{channel}"]
        assert of_surprise == of_crowd
        columns = {f"crowd_{channel}", f"s_{channel}", *(f"{prefix}_{channel}" for prefix in wide.OF_CHANNEL)}
        assert columns & set(blind_names(policy)) <= spoken[of_crowd]
    for channel in (c.name for c in policy.channels):
        holders = {code for code, columns in spoken.items() if f"ever_{channel}" in columns}
        assert holders == {reason[f"s_{channel}"]} if f"s_{channel}" in reason else not holders


def test_a_persons_closed_applications_belong_to_the_same_person(spoken: dict[str, set[str]]) -> None:
    assert {code for code, columns in spoken.items() if set(wide.OWN_HISTORY) & columns} == {"SAME_PERSON_MANY"}
    assert set(wide.OWN_HISTORY) <= spoken["SAME_PERSON_MANY"]


def test_a_neutral_row_is_one_that_met_nobody(policy: Policy) -> None:
    names = blind_names(policy)
    nothing = dict(zip(names, _neutral(names).tolist(), strict=True))
    for name in (*(f"ever_{c.name}" for c in policy.channels), *wide.OWN_HISTORY, "crowd_address"):
        assert nothing[name] == 0
    assert nothing["gap_least"] == wide.NOWHERE
    assert nothing["users_address"] == -1


def test_the_model_is_asked_again_without_each_reason(toolbox: Toolbox, policy: Policy) -> None:
    """The first answer is of the row as it is; outcomes are in every one of them, since no reason tells of them."""
    lesson: Lesson = lessons.lesson(toolbox, policy, taught=True)
    columns = np.concatenate([blind_columns(lesson.book, lesson.seen), outcome_columns(lesson.book, lesson.seen)], 1)
    row = lessons.RINGS[2] + 1
    one = columns[row : row + 1]
    fold = int(lesson.result.fold[row])
    codes = ("SHARED_REFERENCE", "SHARED_DEVICE", "SAME_PERSON_MANY")
    found = margins(lesson.model, one, fold, codes, policy)
    assert one.shape[1] == len(learner_names(policy))
    assert found[0] == lesson.model.margin(one, np.array([fold]))[0]
    names = blind_names(policy)
    belongs, neutral = _columns_of(policy.features, names), _neutral(names)
    for code, margin in zip(codes, found[1:].tolist(), strict=True):
        without = one.copy()
        without[0, belongs[code]] = neutral[belongs[code]]
        assert margin == lesson.model.margin(without, np.array([fold]))[0]
    assert one[0, -len(around.OUTCOME) :].any()
    assert found[1:3].min() < found[0], "what the ring shares speaks for it"
