"""Training from the command line: models are kept, chosen and asked; a killed training leaves all as it was."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from api.console import FAILED, WRONG_USE
from api.modelling import CURRENT, cards, current_id, current_model, train_model, use
from api.settings import read_settings
from api.sweeping import Bounds
from api.wiring import House, open_house
from detectors.artifact import Published
from detectors.model import CARD, Model
from detectors.policy import DEFAULT
from graph.errors import NotFound, SettingsError
from tests.api.book import RING_SIZE, RINGS, fresh, load, rows, write_csv
from tests.api.shell import Shell

APPLICATIONS = 500 + RINGS * RING_SIZE
SAMPLE = 30
"""Scores that a sweep computes again here: all of them are, in tests/detectors/test_learnt.py."""


def hush(_: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a book that is large enough to learn from."""
    home = tmp_path_factory.mktemp("loaded") / "home"
    with closing(open_house(fresh(home))) as house:
        load(house, write_csv(home.parent / "book.csv", rows(500)))
    return home


@pytest.fixture(scope="module")
def trained(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with one model, which is current."""
    home = Path(shutil.copytree(loaded, tmp_path_factory.mktemp("trained") / "home"))
    with closing(opened(home)) as house, closing(house.open_store()) as store:
        train_model(house, store, seed=0, without=(), bounds=Bounds(), say=hush)
    return home


def opened(home: Path) -> House:
    return open_house(read_settings(home=home, store="", ledger=""))


def test_a_policy_that_forbids_a_column_that_there_is_not_opens_no_house(loaded: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    shipped = DEFAULT.read_text(encoding="utf-8")
    policy.write_text(shipped.replace("unread = []", 'unread = ["age", "shoe_size"]'), encoding="utf-8")
    with pytest.raises(SettingsError, match="shoe_size"):
        open_house(read_settings(home=loaded, store="", ledger="", policy=policy))


@pytest.fixture
def home(trained: Path, tmp_path: Path) -> Path:
    """A copy of the trained home for one test."""
    return Path(shutil.copytree(trained, tmp_path / "home"))


@pytest.fixture
def shell(ringsight: Shell, home: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """`ringsight` on the trained home."""
    monkeypatch.setenv("RINGSIGHT_HOME", str(home))
    monkeypatch.setattr(Bounds.__init__, "__defaults__", (None, None, SAMPLE))
    return ringsight


def only_model(home: Path) -> str:
    (folder,) = (path.parent for path in (home / "models").glob(f"*/{CARD}"))
    return folder.name


def test_training_tells_its_card_and_the_sweep_asks_the_model(shell: Shell, home: Path) -> None:
    first = only_model(home)
    ran = shell("train", "--seed", 5, "--json")
    assert ran.code == 0
    card = ran.json
    assert (card["seed"], card["applications"], card["confirmed"], card["outcomes"]) == (5, APPLICATIONS, 0, False)
    assert card["model_id"] != first
    assert card["planted"] > 0
    assert card["seconds"] > 0
    assert "planting rings" in ran.err
    swept = shell("sweep", "--json")
    assert swept.code == 0
    assert "asking the model" in swept.err
    assert swept.json["recomputed"] == SAMPLE
    published = Published.open(home / "sweeps" / swept.json["sweep_id"], verify=True)
    assert published.model_version == card["model_id"]


def test_the_text_of_a_training_names_the_model(shell: Shell, home: Path) -> None:
    ran = shell("train")
    assert ran.code == 0
    assert f"{APPLICATIONS} applications" in ran.out
    assert f"trained {(home / 'models' / CURRENT).read_text().strip()}:" in ran.out


def test_of_two_trainings_the_first_may_be_used_again(shell: Shell, home: Path) -> None:
    first = only_model(home)
    second = shell("train", "--seed", 1, "--json").json["model_id"]
    assert [(c["model_id"], c["current"]) for c in shell("models", "list", "--json").json["items"]] == [
        (name, name == second) for name in sorted((first, second))
    ]
    chosen = shell("models", "use", first, "--json")
    assert (chosen.code, chosen.json) == (0, {"model_id": first})
    assert {c["model_id"]: c["current"] for c in shell("models", "list", "--json").json["items"]} == {
        first: True, second: False
    }  # fmt: skip
    listed = shell("models", "list").out
    (line,) = [line for line in listed.splitlines() if "asked" in line]
    assert first in line
    swept = shell("sweep", "--json").json
    assert Published.open(home / "sweeps" / swept["sweep_id"]).model_version == first


def test_none_of_them(shell: Shell, home: Path) -> None:
    ran = shell("models", "use", "none", "--json")
    assert (ran.code, ran.json) == (0, {"model_id": None})
    assert [card["current"] for card in shell("models", "list", "--json").json["items"]] == [False]
    swept = shell("sweep", "--json")
    assert swept.code == 0
    assert "no model: `ringsight train`" in swept.err
    assert Published.open(home / "sweeps" / swept.json["sweep_id"]).model is None


@pytest.mark.parametrize("name", ["M-none", "", "CURRENT"])
def test_an_unknown_model_is_not_found_and_changes_nothing(shell: Shell, home: Path, name: str) -> None:
    ran = shell("models", "use", name)
    assert ran.code == FAILED
    assert "there is no model" in ran.err
    assert "ringsight models list" in ran.err
    assert (home / "models" / CURRENT).read_text().strip() == only_model(home)


def test_an_unknown_form_and_a_small_book_are_wrong_use(shell: Shell, home: Path) -> None:
    before = sorted(path.name for path in (home / "models").iterdir())
    ran = shell("train", "--without-forms", "chain,nosuch")
    assert ran.code == WRONG_USE
    assert "no form 'nosuch'" in ran.err
    early = shell("train", "--as-of", "2025-09-01")
    assert early.code == WRONG_USE
    assert "too few to learn from" in early.err
    assert sorted(path.name for path in (home / "models").iterdir()) == before


def test_forms_that_are_left_out_are_not_in_the_card(shell: Shell) -> None:
    card = shell("train", "--without-forms", "chain,one_person", "--json").json
    assert not {"chain", "one_person"} & set(card["forms"])


def test_a_model_of_another_policy_is_not_asked_and_the_sweep_says_so(
    shell: Shell, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from detectors.policy import DEFAULT

    text = DEFAULT.read_text(encoding="utf-8")
    start = text.index("[[feature]]\n", text.index("[[feature]]") + 1)
    policy = tmp_path / "policy.toml"
    policy.write_text(text[: text.index("[[feature]]")] + text[start:], encoding="utf-8")  # without the first feature
    monkeypatch.setenv("RINGSIGHT_POLICY", str(policy))
    swept = shell("sweep", "--json")
    assert swept.code == 0
    assert f"{only_model(home)} was trained under another policy" in swept.err
    assert Published.open(home / "sweeps" / swept.json["sweep_id"]).model is None


def test_a_broken_model_stops_the_sweep_and_the_last_one_stays(shell: Shell, home: Path) -> None:
    shown = shell("sweep", "--json").json["sweep_id"]
    (home / "models" / only_model(home) / "blind-0.txt").write_text("tree\n")
    ran = shell("sweep")
    assert ran.code == FAILED
    assert "blind-0.txt is altered" in ran.err
    assert "train again" in ran.err
    assert shell("status", "--json").json["sweep_id"] == shown
    assert shell("models", "use", only_model(home)).code == FAILED


def test_a_published_sweep_needs_nothing_of_the_models_folder(shell: Shell, home: Path, tmp_path: Path) -> None:
    """The artifact carries its model: scores are answered alike when the model is gone."""
    shell("sweep")
    payload = tmp_path / "one.json"
    payload.write_text(
        '{"application_id":"X-1","submitted_at":"2026-05-01","device_id":"d-1","options":{"ingest":false}}'
    )
    before = shell("score", payload).json
    shutil.rmtree(home / "models")
    after = shell("score", payload).json
    assert (before["mode"], after["mode"]) == ("full", "full")
    assert (after["score"], after["band"]) == (before["score"], before["band"])


def test_the_use_case_without_any_model(loaded: Path, tmp_path: Path) -> None:
    home = Path(shutil.copytree(loaded, tmp_path / "home"))
    with closing(opened(home)) as house:
        said: list[str] = []
        assert current_id(house) is None
        assert current_model(house, said.append) is None
        assert "ringsight train" in said[0]
        assert cards(house) == []
        with pytest.raises(NotFound):
            use(house, "M-1")
        assert not (home / "models").exists()
        use(house, None)
        assert current_id(house) is None


def test_a_training_that_fails_as_it_saves_leaves_the_current_model(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = only_model(home)
    whole = json.dump

    def full(*words: Any, **named: Any) -> None:
        raise OSError("no space left")

    with closing(opened(home)) as house, closing(house.open_store()) as store:
        monkeypatch.setattr(json, "dump", full)
        with pytest.raises(OSError, match="no space"):
            train_model(house, store, seed=1, without=(), bounds=Bounds(), say=hush)
        monkeypatch.setattr(json, "dump", whole)
        assert current_id(house) == first
        half = [path for path in (home / "models").iterdir() if path.is_dir() and path.name != first]
        with pytest.raises(NotFound):
            use(house, half[0].name)
        assert current_id(house) == first
        found = current_model(house, hush)
        assert isinstance(found, Model)
        assert found.model_id == first
        assert [card["model_id"] for card in cards(house)] == [first]


@pytest.mark.parametrize("step", ["planting rings, copy 1", "learning from"])
def test_a_killed_training_leaves_the_current_model(home: Path, step: str) -> None:
    first = only_model(home)
    before = sorted(path.name for path in (home / "models").rglob("*"))
    environment = {**os.environ, "RINGSIGHT_HOME": str(home)}
    words = [sys.executable, "-c", "from api.cli import main; main()", "train", "--seed", "9"]
    started = subprocess.Popen(words, env=environment, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert started.stderr is not None
    assert any(step in line for line in started.stderr), "the training never came so far"
    started.send_signal(signal.SIGKILL)
    started.communicate()
    assert started.returncode == -signal.SIGKILL
    assert sorted(path.name for path in (home / "models").rglob("*")) == before
    with closing(opened(home)) as house:
        assert current_id(house) == first
        model = current_model(house, hush)
        assert model is not None
        assert model.model_id == first


def test_the_demo_trains_before_it_sweeps(shell: Shell, tmp_path: Path) -> None:
    ran = shell("demo", "--dir", tmp_path / "demo", "--applications", 600, "--no-serve", "--json")
    assert ran.code == 0
    report = ran.json
    assert report["model"]["applications"] == report["sweep"]["applications"] >= 500
    assert report["model"]["planted"] > 0
    home = tmp_path / "demo" / "home"
    assert (home / "models" / CURRENT).read_text().strip() == report["model"]["model_id"]
    published = Published.open(home / "sweeps" / report["sweep"]["sweep_id"])
    assert published.model_version == report["model"]["model_id"]
    steps = [line for line in ran.err.splitlines() if line.startswith("$ ringsight")]
    assert [step.split()[2] for step in steps][-2:] == ["train", "sweep"]
