"""One sample book by the command line alone: from raw files to its evaluation, with and without outcomes."""

import csv
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks._machine import Step, ringsight

ROOT: Final = Path(__file__).parents[1]
CACHE: Final = ROOT / ".bench-cache"
ARMS: Final[Mapping[str, bool]] = {"full": True, "cold": False}
"""Name of an arm, and whether the outcomes known so far are loaded. Of one book, cold is done first, on a copy."""
LOCALES: Final = ("en", "zh")
"""By seed, in turn."""
DECIDES: Final = (
    *("detectors/**/*.py", "detectors/*.toml", "graph/**/*.py", "ingest/**/*.py", "ingest/data/*"),
    *("api/sweeping.py", "benchmarks/_arms.py"),
)
"""Files that decide a figure: a kept result counts only while none of them changed."""
PACKAGES: Final = ("igraph", "lightgbm", "numpy", "polars", "pyod", "scikit-learn", "scipy")


@dataclass(frozen=True, slots=True)
class Book:
    """A sample book, by the arguments of `ringsight synth`."""

    applications: int
    seed: int
    locale: str
    level: str = "standard"


@dataclass(frozen=True, slots=True)
class Way:
    """How a book is swept. held_out: typologies whose outcomes nobody learns of; without_forms: not planted either."""

    train: bool = True
    peers: bool = True
    held_out: tuple[str, ...] = ()
    without_forms: tuple[str, ...] = ()


@dataclass(slots=True)
class _Home:
    """A home, and what every command in it took."""

    folder: Path
    log: Path
    steps: dict[str, dict[str, float]] = field(default_factory=dict)

    def run(self, name: str, *words: str) -> Step:
        done = ringsight(self.folder, *words, log=self.log)
        self.steps[name] = {"seconds": done.seconds, "peak_mib": done.peak_mib}
        return done

    def copy(self, folder: Path) -> "_Home":
        shutil.copytree(self.folder, folder)
        return _Home(folder, self.log, dict(self.steps))


def locale_of(seed: int) -> str:
    """Half of the seeds are books in English, half in Chinese."""
    return LOCALES[seed % len(LOCALES)]


def measured(book: Book, arms: Sequence[str], way: Way, cache_folder: Path | None) -> dict[str, dict[str, Any]]:
    """Each arm's run: {report, steps, book}; kept ones are read, the others made and kept. Raises RuntimeError."""
    found = {arm: _kept(cache_folder, book, arm, way) for arm in arms}
    missing = [arm for arm, run in found.items() if run is None]
    if missing:
        with tempfile.TemporaryDirectory(prefix="ringsight-detection-") as folder:
            made = run_book(book, missing, way, Path(folder))
        for arm, run in made.items():
            _keep(cache_folder, book, arm, way, run)
        found |= made
    return {arm: run for arm, run in found.items() if run is not None}


def run_book(book: Book, arms: Sequence[str], way: Way, folder: Path) -> dict[str, dict[str, Any]]:
    """Write the book, load it once, and sweep and evaluate it in each arm. Raises RuntimeError."""
    files = folder / "files"
    home = _Home(folder / "home", folder / "log")
    home.folder.mkdir()
    home.run("init", "init")
    written = home.run(
        *("synth", "synth", str(files), "--applications", str(book.applications), "--seed", str(book.seed)),
        *("--locale", book.locale, "--level", book.level, "--json"),
    ).said
    for kind in ("applications", "employers"):  # a register is no outcome: both arms have it
        _load(home, files, kind)
    truth = files / "truth" / "truth.csv"
    runs = {}
    for arm in sorted(arms, key=ARMS.__getitem__):
        own = home.copy(folder / "cold") if not ARMS[arm] and len(arms) > 1 else home
        if ARMS[arm]:
            _withhold(files / "outcomes.csv", truth, way.held_out, str(written["encoding"]))
            _load(own, files, "outcomes")
        runs[arm] = {"book": asdict(book), "report": _judged(own, truth, way), "steps": own.steps}
    return runs


def _load(home: _Home, files: Path, kind: str) -> None:
    data, mapping = files / f"{kind}.csv", files / f"{kind}.toml"
    proposed = home.run(f"map {kind}", "map", str(data), "--kind", kind).said["text"]
    mapping.write_text(proposed, encoding="utf-8")
    home.run(f"load {kind}", "load", str(data), "--kind", kind, "--mapping", str(mapping), "--json")


def _judged(home: _Home, truth: Path, way: Way) -> dict[str, Any]:
    if way.train:
        _train(home, way)
    home.run("sweep", "sweep", "--json")
    peers = () if way.peers else ("--no-peers",)
    return home.run("evaluate", "evaluate", "--truth", str(truth), "--json", *peers).said


def _train(home: _Home, way: Way) -> None:
    """Make the model that the sweep then uses."""
    without = ("--without-forms", ",".join(way.without_forms)) if way.without_forms else ()
    home.run("train", "train", "--json", *without)


def _withhold(outcomes: Path, truth: Path, typologies: Sequence[str], encoding: str) -> None:
    """Take the outcomes of the named typologies' rings out of the file."""
    if not typologies:
        return
    with truth.open(encoding="utf-8", newline="") as rows:
        hidden = {
            row["application_id"] for row in csv.DictReader(rows) if row["typology"] in typologies and row["ring_id"]
        }
    with outcomes.open(encoding=encoding, newline="") as rows:
        kept = [row for row in csv.reader(rows) if not hidden.intersection(row)]
    with outcomes.open("w", encoding=encoding, newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(kept)


@cache
def code_digest() -> str:
    """Of every file that decides a figure, and of the packages it is computed with."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in DECIDES for path in ROOT.glob(pattern) if path.is_file()):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    for package in PACKAGES:
        digest.update(f"{package} {version(package)}\0".encode())
    return digest.hexdigest()[:16]


def _place(folder: Path, book: Book, arm: str, way: Way) -> Path:
    key = json.dumps([code_digest(), asdict(book), arm, asdict(way)], sort_keys=True)
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"


def _kept(folder: Path | None, book: Book, arm: str, way: Way) -> dict[str, Any] | None:
    place = _place(folder, book, arm, way) if folder else None
    if place is None or not place.exists():
        return None
    kept: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return kept


def _keep(folder: Path | None, book: Book, arm: str, way: Way, run: Mapping[str, Any]) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    place = _place(folder, book, arm, way)
    aside = place.with_suffix(".part")
    aside.write_text(json.dumps(run), encoding="utf-8")
    aside.replace(place)


def names(words: Iterable[str]) -> tuple[str, ...]:
    """`a,b c` as given on a command line: a, b, c."""
    return tuple(name for word in words for name in word.split(",") if name)
