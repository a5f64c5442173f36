"""Days of arrivals: where they lie, who is seen before whom, and when two decisions are the same."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest

from benchmarks.arrivals import Day, agreement, arrivals, effects, moments
from detectors.boosting import Shape, fit
from detectors.model import Model
from graph.book import DAY
from graph.schema import APPLICATION_SCHEMA, IDENTIFIER_SCHEMA, KIND, ROLE
from graph.store import OPEN, Links


def day(online: list[int], swept: list[int], least_online: int, least_swept: int) -> Day:
    a, b = np.array(online), np.array(swept)
    asked = np.zeros((len(a), 1), np.int64)
    return Day(a, b, a >= least_online, b >= least_swept, asked, asked)


def test_blocks_of_days_are_spread_over_the_last_third() -> None:
    found = moments(0, 300 * DAY, 3, 4)
    assert [len(block) for block in found] == [5, 5, 5]
    assert found[0][0] == 200 * DAY
    assert found[-1][-1] == 300 * DAY
    assert {b - a for block in found for a, b in pairwise(block)} == {DAY}
    assert moments(0, 300 * DAY, 1, 2) == [[200 * DAY, 201 * DAY, 202 * DAY]]


def test_decisions_are_pooled_over_days() -> None:
    found = agreement([day([9, 1, 5, 2], [9, 1, 4, 2], 5, 5), day([7, 3], [8, 3], 6, 6)])
    assert found["applications"] == 6
    assert found["same"] == pytest.approx(5 / 6, abs=1e-4)
    assert (found["flagged_online"], found["flagged_swept"]) == (3, 2)
    assert found["jaccard"] == pytest.approx(2 / 3, abs=1e-4)
    assert found["equal"] == pytest.approx(4 / 6, abs=1e-4)


def test_nobody_flagged_is_no_agreement_about_the_flagged() -> None:
    found = agreement([day([1, 2, 3], [3, 1, 2], 9, 9)])
    assert found["same"] == 1
    assert (found["jaccard"], found["spearman_flagged"]) == (None, None)


def test_an_arrival_sees_those_of_its_day_before_it_that_share_a_value() -> None:
    times = {"A-1": 0, "A-2": 10, "A-3": 20, "A-4": 30, "A-5": 40}
    phones = {"A-1": ["p"], "A-2": ["p", "q"], "A-3": ["q"], "A-4": ["r"], "A-5": ["p", "q"]}
    applications = pl.DataFrame(
        [
            {**dict.fromkeys(APPLICATION_SCHEMA), "application_id": name, "event_at": at, "version_at": at,
             "digest": name, "seq": at, "nid": number, "closed_seq": OPEN}
            for number, (name, at) in enumerate(times.items())
        ],
        schema={**APPLICATION_SCHEMA, "nid": pl.Int64, "closed_seq": pl.Int64},
    )  # fmt: skip
    kind, own = KIND["phone"].code, ROLE["own"].code
    identifiers = pl.DataFrame(
        [
            {**dict.fromkeys(IDENTIFIER_SCHEMA), "kind": kind, "token": token, "nid": number}
            for number, token in enumerate("pqr")
        ],
        schema={**IDENTIFIER_SCHEMA, "nid": pl.Int64},
    )
    links = pl.DataFrame(
        [
            {"application": number, "identifier": "pqr".index(token), "kind": kind, "role": own, "mark": None}
            for number, tokens in enumerate(phones.values())
            for token in tokens
        ],
        schema={"application": pl.Int64, "identifier": pl.Int64, "kind": pl.UInt8, "role": pl.UInt8, "mark": pl.Int32},
    )
    found = {
        mine.applications["application_id"][0]: recent.applications["application_id"].to_list()
        for mine, recent in arrivals(Links(applications, identifiers, links), 0, 40)
    }
    assert found == {"A-2": [], "A-3": ["A-2"], "A-4": [], "A-5": ["A-2", "A-3"]}


def test_the_columns_that_matter_come_first() -> None:
    rng = np.random.default_rng(2)
    columns = rng.integers(0, 9, (400, 3))
    booster = fit(columns, columns[:, 1] > 4, ("dull", "telling", "same"), seed=1, shape=Shape(trees=5))
    model = Model({"model_id": "M", "planted": 100}, (booster,), (), np.zeros(0, np.int64), np.zeros(0, np.int8))
    mine, theirs = np.zeros((4, 3), np.int64), np.zeros((4, 3), np.int64)
    theirs[:2, 0], theirs[:3, 1] = 5, 9
    found = effects(mine, theirs, model)
    assert [row["column"] for row in found] == ["telling", "dull"]
    assert (found[0]["differs"], found[1]["differs"]) == (0.75, 0.5)
    assert found[0]["mean"] > 0 == found[1]["size"]
