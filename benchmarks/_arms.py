"""One sample book by the command line alone: from raw files to its evaluation, in as many runs as are asked for."""

import csv
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks._machine import Step, ringsight

ROOT: Final = Path(__file__).parents[1]
CACHE: Final = ROOT / ".bench-cache"
ARMS: Final[Mapping[str, bool]] = {"full": True, "cold": False}
"""Name of an arm, and whether the outcomes known so far are loaded."""
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
    """How a book is swept.

    held_out: typologies whose outcomes nobody learns of; without_forms: not planted either; register: whether that of
    the employers is loaded; policy: text of a policy file, empty for the one that ships.
    """

    train: bool = True
    peers: bool = True
    held_out: tuple[str, ...] = ()
    without_forms: tuple[str, ...] = ()
    register: bool = True
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """One sweep of a book: what is known, and how it goes."""

    arm: str
    way: Way

    @property
    def facts(self) -> tuple[bool, bool, tuple[str, ...]]:
        """What is loaded besides the applications: runs that agree in it are made of one home."""
        return self.way.register, ARMS[self.arm], self.way.held_out if ARMS[self.arm] else ()


@dataclass(slots=True)
class Home:
    """A home, the policy in force, and what every command in it took."""

    folder: Path
    log: Path
    steps: dict[str, dict[str, float]] = field(default_factory=dict)
    policy: Path | None = None

    def run(self, name: str, *words: str) -> Step:
        done = ringsight(self.folder, *words, log=self.log, policy=self.policy)
        self.steps[name] = {"seconds": done.seconds, "peak_mib": done.peak_mib}
        return done

    @contextmanager
    def copy(self, name: str) -> Iterator["Home"]:
        """A copy beside it for as long as it is needed."""
        folder = self.folder.with_name(name)
        shutil.copytree(self.folder, folder)
        yield Home(folder, self.log, dict(self.steps))
        shutil.rmtree(folder)


def locale_of(seed: int) -> str:
    """Half of the seeds are books in English, half in Chinese."""
    return LOCALES[seed % len(LOCALES)]


def measured(book: Book, arms: Sequence[str], way: Way, cache_folder: Path | None) -> dict[str, dict[str, Any]]:
    """Each arm's run: {report, steps, book}; kept ones are read, the others made and kept. Raises RuntimeError."""
    found = dict(each_measured(book, [Run(arm, way) for arm in arms], cache_folder))
    return {arm: found[Run(arm, way)] for arm in arms}


def each_measured(book: Book, runs: Sequence[Run], cache_folder: Path | None) -> Iterator[tuple[Run, dict[str, Any]]]:
    """The same for any runs of one book, kept ones first; it is written and loaded once for all that are missing."""
    missing = []
    for run in runs:
        kept = _kept(cache_folder, book, run)
        if kept is None:
            missing.append(run)
        else:
            yield run, kept
    if missing:
        with tempfile.TemporaryDirectory(prefix="ringsight-detection-") as folder:
            for run, made in run_book(book, missing, Path(folder)):
                _keep(cache_folder, book, run, made)
                yield run, made


def run_book(book: Book, runs: Sequence[Run], folder: Path) -> Iterator[tuple[Run, dict[str, Any]]]:
    """Write the book, load it once, and sweep and evaluate a copy of it for each run. Raises RuntimeError."""
    home, files, encoding = loaded(book, folder, ("applications",))
    for facts in dict.fromkeys(run.facts for run in runs):
        with home.copy("loaded") as knowing:
            _load_facts(knowing, files, facts, encoding)
            for run in (run for run in runs if run.facts == facts):
                with knowing.copy("own") as own:
                    report = _judged(own, files / "truth" / "truth.csv", run.way)
                    yield run, {"book": asdict(book), "report": report, "steps": own.steps}


def loaded(book: Book, folder: Path, kinds: Sequence[str] = ("applications", "employers")) -> tuple[Home, Path, str]:
    """A home with what of the book is named, the raw files, and their encoding. Raises RuntimeError."""
    files = folder / "files"
    home = Home(folder / "home", folder / "log")
    home.folder.mkdir()
    home.run("init", "init")
    written = home.run(
        *("synth", "synth", str(files), "--applications", str(book.applications), "--seed", str(book.seed)),
        *("--locale", book.locale, "--level", book.level, "--json"),
    ).said
    for kind in kinds:
        load(home, files, kind)
    return home, files, str(written["encoding"])


def _load_facts(home: Home, files: Path, facts: tuple[bool, bool, tuple[str, ...]], encoding: str) -> None:
    """Load what a run knows besides the applications; a register is no outcome, so cold runs have it, too."""
    register, outcomes, held_out = facts
    if register:
        load(home, files, "employers")
    if outcomes:
        load(home, _withheld(files, held_out, encoding), "outcomes")


def load(home: Home, files: Path, kind: str) -> None:
    """Load one of the raw files with the mapping that is proposed for it. Raises RuntimeError."""
    data, mapping = files / f"{kind}.csv", files / f"{kind}.toml"
    proposed = home.run(f"map {kind}", "map", str(data), "--kind", kind).said["text"]
    mapping.write_text(proposed, encoding="utf-8")
    home.run(f"load {kind}", "load", str(data), "--kind", kind, "--mapping", str(mapping), "--json")


def _judged(home: Home, truth: Path, way: Way) -> dict[str, Any]:
    if way.policy:
        home.policy = home.folder.with_name("policy.toml")
        home.policy.write_text(way.policy, encoding="utf-8")
    if way.train:
        _train(home, way)
    home.run("sweep", "sweep", "--json")
    peers = () if way.peers else ("--no-peers",)
    return home.run("evaluate", "evaluate", "--truth", str(truth), "--json", *peers).said


def _train(home: Home, way: Way) -> None:
    """Make the model that the sweep then uses."""
    without = ("--without-forms", ",".join(way.without_forms)) if way.without_forms else ()
    home.run("train", "train", "--json", *without)


def _withheld(files: Path, typologies: Sequence[str], encoding: str) -> Path:
    """A folder whose outcomes are those of `files` without the named typologies' rings."""
    if not typologies:
        return files
    with (files / "truth" / "truth.csv").open(encoding="utf-8", newline="") as rows:
        hidden = {
            row["application_id"] for row in csv.DictReader(rows) if row["typology"] in typologies and row["ring_id"]
        }
    with (files / "outcomes.csv").open(encoding=encoding, newline="") as rows:
        kept = [row for row in csv.reader(rows) if not hidden.intersection(row)]
    folder = files / "-".join(typologies)
    folder.mkdir()
    with (folder / "outcomes.csv").open("w", encoding=encoding, newline="") as out:
        csv.writer(out, lineterminator="\n").writerows(kept)
    return folder


@cache
def code_digest() -> str:
    """Of every file that decides a figure, and of the packages it is computed with."""
    digest = hashlib.sha256()
    for path in sorted(path for pattern in DECIDES for path in ROOT.glob(pattern) if path.is_file()):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes() + b"\0")
    for package in PACKAGES:
        digest.update(f"{package} {version(package)}\0".encode())
    return digest.hexdigest()[:16]


def _place(folder: Path, book: Book, run: Run) -> Path:
    key = json.dumps([code_digest(), asdict(book), asdict(run)], sort_keys=True)
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"


def _kept(folder: Path | None, book: Book, run: Run) -> dict[str, Any] | None:
    place = _place(folder, book, run) if folder else None
    if place is None or not place.exists():
        return None
    kept: dict[str, Any] = json.loads(place.read_text(encoding="utf-8"))
    return kept


def _keep(folder: Path | None, book: Book, run: Run, made: Mapping[str, Any]) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    place = _place(folder, book, run)
    aside = place.with_suffix(".part")
    aside.write_text(json.dumps(made), encoding="utf-8")
    aside.replace(place)


def names(words: Iterable[str]) -> tuple[str, ...]:
    """`a,b c` as given on a command line: a, b, c."""
    return tuple(name for word in words for name in word.split(",") if name)
