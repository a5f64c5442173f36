"""The detection benchmark: a book is loaded once for both arms, held-out outcomes go, kept runs are not made again."""

import json
from pathlib import Path

import pytest

from benchmarks import _arms, _seeds, detection, heldout
from benchmarks._arms import Book, Way
from detectors.grammar import read_grammar
from ingest.synthetic import RINGS
from tests.benchmarks.house import OUTCOMES, House, report

BOOK = Book(2000, 11, "zh", "hard")


def test_a_book_is_loaded_once_and_the_cold_arm_sees_no_outcome(house: House, tmp_path: Path) -> None:
    runs = _arms.measured(BOOK, ("full", "cold"), Way(), None)
    assert list(runs) == ["full", "cold"]
    assert house.told("home") == ["init", "synth", "map", "load"]
    assert house.told("loaded") == ["map", "load"] * 2 + ["map", "load"], "the register twice, outcomes once"
    assert house.told("own") == ["train", "sweep", "evaluate"] * 2
    assert house.policies == [""] * len(house.said), "the one that ships"
    synth = next(words for _, *words in house.said if words[0] == "synth")
    assert synth[2:] == ["--applications", "2000", "--seed", "11", "--locale", "zh", "--level", "hard", "--json"]
    assert house.loaded == [OUTCOMES]
    assert "load outcomes" not in runs["cold"]["steps"]


def test_held_out_outcomes_and_forms_are_left_out(house: House, tmp_path: Path) -> None:
    _arms.measured(BOOK, ("full",), Way(held_out=("cohort",), without_forms=("a", "b"), peers=False), None)
    assert house.loaded == ["编号,结果\nA2,confirmed_fraud\nA3,cleared\n"]
    assert ("own", "train", "--json", "--without-forms", "a,b") in house.said
    assert next(words for words in house.said if words[1] == "evaluate")[-1] == "--no-peers"


def test_many_runs_of_one_book_each_begin_where_it_was_loaded(house: House, tmp_path: Path) -> None:
    plain, other = _arms.Run("full", Way()), _arms.Run("full", Way(policy="# of its own"))
    poor, cold = _arms.Run("full", Way(register=False)), _arms.Run("cold", Way(train=False))
    runs = dict(_arms.each_measured(BOOK, (plain, poor, other, cold), tmp_path / "kept"))
    assert set(runs) == {plain, other, poor, cold}
    assert house.told("home") == ["init", "synth", "map", "load"]
    kinds = [words[4] for words in house.said if words[:2] == ("loaded", "load")]
    assert kinds == ["employers", "outcomes", "outcomes", "employers"], "runs that know the same share one home"
    whole = ["train", "sweep", "evaluate"]
    assert house.told("own") == [*whole, *whole, *whole, "sweep", "evaluate"]
    said = zip(house.said, house.policies, strict=True)
    assert [words[1] for words, policy in said if policy == "# of its own"] == whole
    assert "load employers" not in runs[poor]["steps"]


def test_a_kept_run_is_not_made_again(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _arms.measured(BOOK, ("full",), Way(train=False), tmp_path)
    assert "train" not in house.told("own")
    made = len(house.said)
    assert _arms.measured(BOOK, ("full",), Way(train=False), tmp_path) == first
    assert len(house.said) == made
    _arms.measured(BOOK, ("full", "cold"), Way(train=False), tmp_path)
    assert house.told("own").count("sweep") == 1 + 1, "only the cold arm was missing"
    others = {"held_out": ("cohort",)}, {"register": False}, {"policy": "# another"}
    for other in (Way(), *(Way(train=False, **part) for part in others)):
        made = len(house.said)
        _arms.measured(BOOK, ("full",), other, tmp_path)
        assert len(house.said) > made
    made = len(house.said)
    monkeypatch.setattr(_arms, "code_digest", lambda: "other code")
    _arms.measured(BOOK, ("full",), Way(train=False), tmp_path)
    assert len(house.said) > made


def test_the_digest_covers_what_decides() -> None:
    files = {str(path.relative_to(_arms.ROOT)) for pattern in _arms.DECIDES for path in _arms.ROOT.glob(pattern)}
    assert {
        *("detectors/sweep.py", "detectors/peers/groups.py", "detectors/policy.toml", "graph/projection.py"),
        *("ingest/synthetic/rings.py", "ingest/names.py"),
    } <= files


def test_means_and_intervals_over_seeds() -> None:
    found = _seeds.spread([0.5, 0.7, None])
    assert found == {"mean": 0.6, "sd": 0.1414, "half": pytest.approx(12.706 * 0.1414 / 2**0.5, abs=1e-3)}
    assert _seeds.spread([0.5]) == {"mean": 0.5, "sd": None, "half": None}
    assert _seeds.spread([None])["mean"] is None
    runs = [{"report": report(0.5)}, {"report": report(1.0)}]
    assert _seeds.by_method(runs)["ringsight"]["class top100"]["mean"] == 0.25
    assert _seeds.typologies(runs)["cohort"]["r2"] == 0.75
    assert _seeds.innocents(runs)["family"] == {"applications": 20, "per_10000": 75.0, "share_of_top100": 0.25}


def test_a_whole_benchmark(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "d.json"
    words = ["--seeds", "11", "12", "--cache", str(tmp_path / "kept"), "--out", str(out)]
    assert detection.main(words) == 0
    kept = json.loads(out.read_text(encoding="utf-8"))
    assert [seed["locale"] for seed in kept["arms"]["cold"]["seeds"]] == ["zh", "en"]
    assert kept["arms"]["full"]["methods"]["ringsight"]["AP"]["mean"] == 0.5
    said = capsys.readouterr()
    assert json.loads(said.out)["full"]["ringsight"]["AUC"]["mean"] == 0.9
    assert "innocent classes" in said.err


def test_a_typology_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        detection.main(["--hold-out", "cohort,unheard_of"])
    assert "no such typology: unheard_of" in capsys.readouterr().err


def test_held_out_pairs(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "h.json"
    assert heldout.main(["--seeds", "12", "--cache", str(tmp_path / "kept"), "--out", str(out), "--strict"]) == 0
    kept = json.loads(out.read_text(encoding="utf-8"))
    assert len(kept["pairs"]) == 6
    assert kept["mean_r2"]["mean"] == 0.5
    trained = [words for words in house.said if words[1] == "train"]
    assert trained[0][-1] == "loose_pieces,cohort,mixed"


def test_pairs_hold_each_typology_once_and_forms_are_the_grammars() -> None:
    assert sorted(name for pair in heldout.PAIRS for name in pair) == sorted(kind.name for kind in RINGS)
    forms = {form.name for form in read_grammar().forms if not form.innocent}
    assert {form for named in heldout.FORMS.values() for form in named} | {heldout.MIXED} == forms
