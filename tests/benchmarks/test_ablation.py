"""The ablation benchmark: each part goes by command or policy alone, and differences are taken within a book."""

import json
from pathlib import Path

import pytest

from benchmarks import ablation
from benchmarks.ablation import NAMES, PARTS, SHOWN, WHOLE, Part, chosen, differences, summary, tables, without
from detectors.grammar import read_grammar
from detectors.model import unread
from detectors.policy import DEFAULT, Policy, read_policy
from tests.benchmarks.house import House

SHIPPED = DEFAULT.read_text(encoding="utf-8")


def policy_of(part: Part, folder: Path) -> Policy:
    path = folder / "policy.toml"
    path.write_text(part.policy or SHIPPED, encoding="utf-8")
    return read_policy(path)


@pytest.mark.parametrize("name", PARTS)
def test_every_part_takes_something_away_and_leaves_a_policy_that_is_read(name: str, tmp_path: Path) -> None:
    part, whole = PARTS[name], PARTS[WHOLE]
    policy = policy_of(part, tmp_path)
    assert bool(unread(policy)) == bool(part.unread)
    assert (part.run("full") == whole.run("full")) == (name == WHOLE)
    assert part.said not in {other.said for title, other in PARTS.items() if title != name}


def test_a_policy_loses_the_part_and_nothing_else(tmp_path: Path) -> None:
    shipped = read_policy()
    alone = policy_of(PARTS["unsupervised"], tmp_path)
    assert (alone.learnt_share, alone.taught_share, alone.learnt_slope) == (1.0, 1.0, shipped.learnt_slope)
    undiscounted = policy_of(PARTS["cause_multipliers"], tmp_path)
    assert set(undiscounted.causes.values()) == {1.0}
    assert undiscounted.channels == shipped.channels
    unexcused = policy_of(PARTS["causes"], tmp_path)
    assert not any(channel.causes or channel.declared for channel in unexcused.channels)
    assert [c.name for c in unexcused.channels] == [c.name for c in shipped.channels]
    assert unexcused.features == shipped.features
    unnamed = policy_of(PARTS["names"], tmp_path)
    assert [f for f in shipped.features if f not in unnamed.features] == [
        f for f in shipped.features if f.name in NAMES
    ]
    assert unnamed.typology == shipped.typology


@pytest.mark.parametrize(
    "part",
    [
        Part("", features=("shoe_size",)),
        Part("", values={"learning": {"shape": 1.0}}),
        Part("", values={"learn": {"share": 1.0}}),
    ],
)
def test_what_the_policy_has_not_is_not_taken_away(part: Part) -> None:
    with pytest.raises(ValueError, match="the policy has no"):
        without(SHIPPED, part)


def test_forms_that_are_not_planted() -> None:
    every = {form.name for form in read_grammar().forms}
    assert PARTS["mixed"].forms == ("mixed",)
    assert set(PARTS["named_forms"].forms) == every - {"mixed"}


def test_a_cold_start_has_no_outcomes_to_take_away() -> None:
    assert set(chosen((), "full")) == set(PARTS)
    assert set(PARTS) - set(chosen((), "cold")) == {"outcomes", "outcome_columns", "known_column", "known", "defaults"}
    assert list(chosen(("learning",), "cold")) == [WHOLE, "learning"]
    with pytest.raises(ValueError, match="no such part: magic"):
        chosen(("learning", "magic"), "full")


def test_a_difference_is_taken_within_each_book() -> None:
    """The books are far apart, the part takes the same of each: the interval of the difference is narrow."""
    whole = [dict.fromkeys(SHOWN, value) for value in (0.2, 0.9)]
    part = [dict.fromkeys(SHOWN, value) for value in (0.1, 0.81)]
    found = differences(part, whole)["AP"]
    assert found["mean"] == -0.095
    assert found["half"] == pytest.approx(12.706 * 0.00707 / 2**0.5, abs=1e-3)
    assert differences([dict.fromkeys(SHOWN, None)], whole[:1])["AP"]["mean"] is None
    kept = summary({WHOLE: whole, "learning": part})
    assert kept["learning"]["figures"]["AP"]["mean"] == 0.455
    assert kept[WHOLE]["difference"]["AP"] == {"mean": 0.0, "sd": 0.0, "half": 0.0}
    text = tables(kept)
    row = "| learning (the unsupervised score alone) |"
    assert [line.split(" | ")[2] for line in text.splitlines() if line.startswith(row)] == [
        ".455 ± 4.511",
        "**-.095 ± .064**",
    ]
    assert len({line.count("|") for line in text.splitlines() if line}) == 1


def test_a_whole_ablation(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a.json"
    words = [
        "--seeds",
        "11",
        "12",
        "--parts",
        "learning,outcomes",
        "register",
        "--cache",
        str(tmp_path),
        "--out",
        str(out),
    ]
    assert ablation.main(words) == 0
    kept = json.loads(out.read_text(encoding="utf-8"))
    assert list(kept["parts"]) == [WHOLE, "learning", "outcomes", "register"]
    assert kept["parts"]["register"]["difference"]["AP"]["mean"] == 0.0
    assert house.told("home") == ["init", "synth", "map", "load"] * 2, "each book once"
    assert house.told("own").count("sweep") == 2 * 4
    assert house.told("own").count("train") == 2 * 3
    said = capsys.readouterr()
    assert json.loads(said.out)["learning"]["AP"]["mean"] == 0.5
    assert "| taken away | AUC |" in said.err


def test_an_unknown_part_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        ablation.main(["--parts", "magic"])
    assert "no such part: magic" in capsys.readouterr().err
