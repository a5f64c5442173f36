"""The sweep: the same for every token key, row order and block size; empty and tiny books are fine."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from detectors import survey as surveying
from detectors.artifact import altered, digest_of
from detectors.policy import Policy
from detectors.sweep import SweepResult
from detectors.words import direct

Toolbox = dict[str, Callable[..., Any]]


def members_of(result: SweepResult) -> list[set[str]]:
    grouped = result.members.group_by("ring_id").agg("application_id")
    return [set(row) for row in grouped["application_id"].to_list()]


def test_other_tokens_numbers_and_orders_give_the_same_digits(
    facts: list[Any], policy: Policy, swept: SweepResult, toolbox: Toolbox
) -> None:
    links = toolbox["links_of"](toolbox["batch_of"](facts, key="another home"), shuffle=3)
    other = toolbox["sweep"](links, policy)
    assert other.scores.equals(swept.scores)
    assert other.rings.equals(swept.rings)
    assert other.members.equals(swept.members)
    assert other.calibration == swept.calibration


def test_planted_strangers_become_rings(swept: SweepResult) -> None:
    for start, size in ((100, 7), (600, 6)):
        planted = {f"A-{n:05d}" for n in range(start, start + size)}
        best = max(members_of(swept), key=lambda ring: len(ring & planted))
        assert len(best & planted) == size
        assert len(best) <= 2 * size


def test_block_size_does_not_matter(
    facts: list[Any], policy: Policy, swept: SweepResult, toolbox: Toolbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(surveying, "BLOCK", 97)
    other = toolbox["sweep"](toolbox["links_of"](toolbox["batch_of"](facts)), policy)
    assert np.array_equal(other.seen.features, swept.seen.features)
    assert other.scores.equals(swept.scores)


def test_capacity_bounds_the_bands(swept: SweepResult, policy: Policy) -> None:
    count = dict(swept.scores["band"].value_counts().iter_rows())
    assert 0 < count["red"] <= policy.red
    assert count["red"] + count["amber"] <= policy.red + policy.amber
    assert abs(swept.scores["probability"].mean() - policy.fraud_rate) < 1e-4


def test_order_of_score_rank_and_probability_agree(swept: SweepResult) -> None:
    ordered = swept.scores.sort("rank")
    assert ordered["probability"].is_sorted(descending=True)
    assert ordered["score"].is_sorted(descending=True)
    assert sorted(ordered["rank"].to_list()) == list(range(1, ordered.height + 1))


@pytest.mark.parametrize("size", [0, 1, 2])
def test_tiny_books_are_swept(size: int, policy: Policy, toolbox: Toolbox) -> None:
    result = toolbox["sweep"](toolbox["links_of"](toolbox["batch_of"](toolbox["people"](size, 1))), policy)
    assert result.scores.height == size
    assert result.rings.height == 0


def test_known_fraud_raises_its_neighbours_and_not_itself(
    facts: list[Any], policy: Policy, swept: SweepResult, toolbox: Toolbox
) -> None:
    outcome = pl.DataFrame(
        {"application_id": ["A-00100"], "event": ["confirmed_fraud"], "event_at": [1], "known_at": [1]}
    )
    links = toolbox["links_of"](toolbox["batch_of"](facts))
    told = toolbox["sweep"](links, policy, outcome)
    column = [f.name for f in policy.features].index("known_weight")
    assert told.seen.features[100, column] == 0
    assert (told.seen.features[101:107, column] > 0).all()
    assert told.seen.own[101] > swept.seen.own[101]


def test_tables_name_direct_reasons_before_nearness(swept: SweepResult) -> None:
    lists = [*swept.scores["reasons"].to_list(), *swept.rings["reasons"].to_list()]
    assert any(not direct(codes[-1]) and direct(codes[0]) for codes in lists if codes)
    for codes in lists:
        assert [direct(code) for code in codes] == sorted(map(direct, codes), reverse=True)


def test_a_file_that_is_not_as_digested_is_found(tmp_path: Path) -> None:
    for name in ("same", "changed", "unknown"):
        (tmp_path / name).write_bytes(name.encode())
    same = digest_of(tmp_path / "same")
    assert altered(tmp_path, {"same": same, "changed": same, "unknown": "00"}) == ["changed", "unknown"]
