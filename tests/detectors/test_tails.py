"""A figure's tail is measured among the rows that know it: what is unknown is no low value."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from detectors.columns import MISSING, application_columns, record_columns
from detectors.policy import Policy
from detectors.tails import tails

Toolbox = dict[str, Callable[..., Any]]


def test_the_unknown_make_no_decade() -> None:
    """A hundred rows, of which ten know it: the least of them is common, the greatest one in ten."""
    column = np.zeros((100, 1), np.int64)
    column[:10, 0] = np.arange(1, 11)
    assert tails(column, np.array([10])).of(np.array([[1], [10], [0]]))[:, 0].tolist() == [0, 1000, 0]
    assert tails(column).of(np.array([[1], [10]]))[:, 0].tolist() == [1000, 2000]


def test_nobody_knows_it() -> None:
    assert not tails(np.zeros((5, 1), np.int64), np.array([0])).of(np.array([[3]])).any()


@pytest.mark.parametrize("feature", ["price_to_income", "appraisal", "holder_mismatch", "id_check"])
def test_the_same_figures_among_strangers_who_state_none_are_as_usual_as_before(
    feature: str, toolbox: Toolbox, policy: Policy
) -> None:
    """Half of a book forgets its figures: what the other half's are worth must not rise by that."""
    facts = list(toolbox["people"](400, 5))
    number = [f.name for f in policy.features].index(feature)
    for n, fact in enumerate(facts):
        stated = {"holder_is_applicant": n % 8 > 0, "id_check": "bad" if n % 8 == 2 else "ok"}
        facts[n] = replace(fact, attributes={**fact.attributes, **stated})
    few = [fact if n % 2 == 0 else forgetful(fact) for n, fact in enumerate(facts)]
    of_all, of_few = (
        toolbox["sweep"](toolbox["links_of"](toolbox["batch_of"](rows)), policy).seen for rows in (facts[::2], few)
    )
    ranks = [seen.tails.of(seen.features)[:, number] for seen in (of_all, of_few)]
    assert ranks[0].max() > 0
    assert np.abs(ranks[1][::2] - ranks[0]).max() <= 2, "thousandths of a decade, by rounding of the norms"
    assert not ranks[1][1::2].any()


def forgetful(fact: Any) -> Any:
    absent = ("monthly_income", "vehicle_appraisal", "holder_is_applicant", "id_check")
    return replace(fact, attributes={**fact.attributes, **dict.fromkeys(absent)})


def test_a_flag_that_nobody_states_is_missing(toolbox: Toolbox) -> None:
    plain = {"holder_is_applicant": None, "id_check": None}
    told = [plain, {"holder_is_applicant": True, "id_check": "ok"}, {"holder_is_applicant": False, "id_check": "bad"}]
    people = toolbox["people"](3, 5)
    facts = [replace(f, attributes={**f.attributes, **said}) for f, said in zip(people, told, strict=True)]
    frame = toolbox["batch_of"](facts).applications
    for columns in (application_columns(frame), record_columns(frame.to_dicts())):
        for name in ("holder_mismatch", "id_bad"):
            assert columns[name].tolist() == [MISSING, 0, 1]
            assert columns[name].dtype == np.int8
