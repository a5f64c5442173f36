"""Books by another hand: the same for a seed, whole for the product, and without a mark on what is fraud."""

import ast
import csv
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import benchmarks.otherhand
from benchmarks import _arms
from benchmarks._machine import Step
from benchmarks.otherhand import __main__ as command
from benchmarks.otherhand.book import Plan, drawn, write
from benchmarks.otherhand.fraud import LEAN, RICH
from benchmarks.otherhand.honest import CLASSES
from benchmarks.otherhand.locales import COLUMNS, LOCALES, read_locale
from benchmarks.otherhand.measure import MAPPINGS
from ingest.load import LoadReport, load_file
from ingest.mapping import read_mapping
from tests.benchmarks.house import report
from tests.ingest.fakes import FakeAccounts, FakeFacts, FakeQuarantine, FakeStore, FakeVault, keys

SIZE = 300
FRAUD = 0.15


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def truth(folder: Path) -> list[dict[str, str]]:
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as rows:
        return list(csv.DictReader(rows))


def load(folder: Path) -> dict[str, LoadReport]:
    ports = {
        "accounts": FakeAccounts(), "quarantine": FakeQuarantine(), "vault": FakeVault(), "store": FakeStore(),
        "facts": FakeFacts(), "keys": keys("a"),
    }  # fmt: skip
    return {
        kind: load_file(folder / f"{kind}.csv", read_mapping(folder / f"{stem}.toml", kind), kind=kind, **ports)
        for kind, stem in MAPPINGS.items()
    }


def test_a_seed_makes_one_book(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write(Plan("de", "rich", SIZE, seed), tmp_path / name)
    assert content(tmp_path / "a") == content(tmp_path / "b")
    assert content(tmp_path / "a")["applications.csv"] != content(tmp_path / "c")["applications.csv"]


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("locale", LOCALES)
def test_every_book_is_loaded_whole_and_its_truth_is_its_own(locale: str, columns: str, tmp_path: Path) -> None:
    write(Plan(locale, columns, SIZE, 3, FRAUD), tmp_path)
    reports, rows = load(tmp_path), truth(tmp_path)
    assert {kind: (r.quarantined, r.reasons) for kind, r in reports.items()} == dict.fromkeys(MAPPINGS, (0, {}))
    applications = reports["applications"]
    assert applications.read == len(rows) + SIZE // 250
    assert applications.loaded == len(rows) == len({row["application_id"] for row in rows}) >= SIZE
    assert reports["outcomes"].loaded > 0 < reports["employers"].loaded

    known = read_locale(locale)
    with (tmp_path / "applications.csv").open(encoding=known.source["encoding"], newline="") as book:
        table = list(csv.DictReader(book, delimiter=known.source["delimiter"]))
    assert list(table[0]) == [known.columns[field] for field in known.fields(columns)]
    assert {row[known.columns["application_id"]] for row in table} == {row["application_id"] for row in rows}


@pytest.mark.parametrize("columns", COLUMNS)
def test_the_truth_names_rings_typologies_and_classes(columns: str, tmp_path: Path) -> None:
    counts = write(Plan("en", columns, 900, 1, 0.16), tmp_path)
    rows = truth(tmp_path)
    rings = Counter(row["ring_id"] for row in rows if row["ring_id"])
    typology = {row["ring_id"]: row["typology"] for row in rows if row["ring_id"]}
    assert set(typology.values()) == {make.__name__ for make in (LEAN if columns == "lean" else RICH)}
    assert len({(row["ring_id"], row["typology"]) for row in rows if row["ring_id"]}) == len(rings)
    assert min(rings.values()) >= 3
    assert 144 <= rings.total() < 169
    classes = {row["typology"] for row in rows if not row["ring_id"]}
    assert classes == {"", *(make.__name__ for make in CLASSES)}
    assert counts["single"] == sum(not row["typology"] for row in rows)


def test_neither_holes_nor_hours_nor_forms_tell_fraud(tmp_path: Path) -> None:
    write(Plan("es", "rich", 1600, 5, 0.4), tmp_path)
    locale = read_locale("es")
    ringed = {row["application_id"] for row in truth(tmp_path) if row["ring_id"]}
    with (tmp_path / "applications.csv").open(encoding="utf-8-sig", newline="") as book:
        rows = list(csv.DictReader(book, delimiter=";"))
    number = locale.columns["application_id"]
    fraud, honest = [r for r in rows if r[number] in ringed], [r for r in rows if r[number] not in ringed]

    def share(among: list[dict[str, str]], mark: Any) -> float:
        return sum(bool(mark(row)) for row in among) / len(among)

    for field, heading in locale.columns.items():
        for told in (str.__len__, str.isupper, lambda text: "€" in text, lambda text: text.startswith(("+", "00"))):
            one, other = (share(among, lambda row, h=heading, t=told: t(row[h])) for among in (fraud, honest))
            assert abs(one - other) < 0.2, field
    busy = [datetime.fromisoformat(_iso(row[locale.columns["submitted_at"]])) for row in fraud + honest]
    cut = len(fraud)
    for told in (lambda at: at.hour < 11, lambda at: at.hour >= 18, lambda at: at.weekday() >= 5):
        one, other = (sum(map(told, part)) / len(part) for part in (busy[:cut], busy[cut:]))
        assert abs(one - other) < 0.06


def _iso(text: str) -> str:
    if text[4] == "-":
        return text
    day, month, rest = text.split("/")
    return f"{rest[:4]}-{month}-{day}{rest[4:]}"


def test_most_of_a_ring_is_tied_by_something() -> None:
    world = drawn(Plan("vi", "rich", 800, 1, 0.16))
    ringed: dict[str, list[Any]] = {}
    for application in world.filed:
        if application.kind.ring:
            ringed.setdefault(application.kind.ring, []).append(application)
    for members in ringed.values():
        marks = [
            {
                a.phone,
                a.other_phone,
                a.address,
                a.employer,
                a.employer_phone,
                a.account,
                a.device,
                a.ip,
                a.email,
                a.name,
            }
            | {a.deal.vin, a.deal.officer.name, *(named.phone for named in a.references)} - {""}
            for a in members
        ]
        tied = sum(any(one & other for other in marks if other is not one) for one in marks)
        assert tied >= len(members) / 2, members[0].kind


def test_what_writes_a_book_knows_nothing_of_the_house() -> None:
    folder = Path(benchmarks.otherhand.__file__).parent
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        named |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        assert not {name for name in named if name and name.split(".")[0] in ("ingest", "detectors", "graph", "api")}
        if path.stem not in ("measure", "__main__"):
            assert all(name.startswith("benchmarks.otherhand") for name in named if name and "benchmarks" in name)


def test_measure_runs_the_command_line_and_tells_the_best_peer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said: list[tuple[str, ...]] = []

    def stand_in(home: Path, *words: str, log: Path, policy: Path | None = None) -> Step:
        said.append((home.name, *words[:1], *([words[3]] if words[0] == "load" else [])))
        found: dict[str, Any] = {"read": 1, "loaded": 1, "duplicate": 0, "quarantined": 0, "reasons": {}}
        if words[0] == "evaluate":
            assert Path(words[2]).exists()
            ours, *_ = report(0.5)["methods"]
            peers = [report(recall)["methods"][0] | {"name": f"peer{recall}"} for recall in (0.1, 0.3)]
            found = {"methods": [ours | {"intervals": {"average_precision": [0.4, 0.6]}}, *peers]}
        return Step(words, 1.0, 1.0, 100.0, found)

    monkeypatch.setattr(_arms, "ringsight", stand_in)
    out = tmp_path / "found.json"
    words = ["measure", "--books", "en:lean", "--applications", "60", "--arms", "cold", "full", "--out", str(out)]
    assert command.main(words) == 0
    judged = [("train",), ("sweep",), ("evaluate",)]
    assert said == [
        *(("home", "init"), ("home", "load", "applications"), ("home", "load", "employers")),
        *(("cold", *step) for step in judged),
        ("full", "load", "outcomes"),
        *(("full", *step) for step in judged),
    ]
    printed = capsys.readouterr().out
    assert "en:lean cold 1" in printed
    assert "0.400-0.600" in printed
    assert "peer0.3 0.300" in printed
    assert '"en:lean full"' in out.read_text(encoding="utf-8")


def test_an_unknown_book_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["measure", "--books", "fr:rich"])
    assert "en|de|es|vi:rich|lean" in capsys.readouterr().err
