"""The product over books by another hand, by its command line alone, and a table of what it finds."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from benchmarks._arms import ARMS, Home
from benchmarks._seeds import innocents, spread, told, typologies
from benchmarks.otherhand.book import Plan, write

Run = dict[str, Any]

MAPPINGS: Final[Mapping[str, str]] = {"applications": "book", "employers": "employers", "outcomes": "outcomes"}
"""Stem of the mapping that reads a kind of file."""
NOT_HONEST: Final = "lone_fraud"
"""A class of the truth that is in no ring and yet no innocent."""
TITLES: Final = ("AUC", "AP", "AP interval", "r2", "usable", "ring prec.", "best peer (AP)")


def measured(plan: Plan, arms: Sequence[str]) -> Iterator[Run]:
    """Write the book, load it once, then train, sweep and evaluate a copy for each arm. Raises RuntimeError.

    As in the house's own measurement the register of employers is loaded in every arm, outcomes only in `full`.
    """
    with tempfile.TemporaryDirectory(prefix="ringsight-otherhand-") as folder:
        files = Path(folder) / "files"
        write(plan, files)
        home = Home(Path(folder) / "home", Path(folder) / "log")
        home.folder.mkdir()
        home.run("init", "init")
        counts = {kind: load(home, files, kind) for kind in ("applications", "employers")}
        for arm in arms:
            with home.copy(arm) as own:
                known = {**counts, "outcomes": load(own, files, "outcomes")} if ARMS[arm] else counts
                own.run("train", "train", "--json")
                own.run("sweep", "sweep", "--json")
                report = own.run("evaluate", "evaluate", "--truth", str(files / "truth.csv"), "--peers", "--json").said
                yield {"book": asdict(plan), "arm": arm, "loaded": known, "report": report, "steps": own.steps}


def load(home: Home, files: Path, kind: str) -> dict[str, Any]:
    """Load one of the files with the book's own mapping; how many rows were read, loaded and set aside, and why."""
    said = home.run(
        *(f"load {kind}", "load", str(files / f"{kind}.csv"), "--kind", kind),
        *("--mapping", str(files / f"{MAPPINGS[kind]}.toml"), "--json"),
    ).said
    return {name: said[name] for name in ("read", "loaded", "duplicate", "quarantined", "reasons")}


def title(run: Run) -> str:
    """`de:rich cold 1`."""
    book = run["book"]
    return f"{book['locale']}:{book['columns']} {run['arm']} {book['seed']}"


def figures(run: Run) -> dict[str, Any]:
    """Ours and the best peer's, by average precision."""
    ours, *peers = run["report"]["methods"]
    best = max(peers, key=lambda peer: peer["applicant"]["average_precision"] or 0.0, default=None)
    return {
        "AUC": ours["applicant"]["roc_auc"],
        "AP": ours["applicant"]["average_precision"],
        "AP interval": ours["intervals"]["average_precision"],
        "r2": ours["applicant"]["recall_top2"],
        "usable": ours["ring"]["usable"],
        "ring prec.": ours["ring"]["precision"],
        "best peer": best and best["name"],
        "best peer AP": best and best["applicant"]["average_precision"],
    }


def summary(runs: Sequence[Run]) -> dict[str, Any]:
    """Figures by run, then by book and arm: spread over the seeds, r2 by typology, flags by class."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(title(run).rsplit(" ", 1)[0], []).append(run)
    return {
        "runs": {title(run): {**figures(run), "loaded": run["loaded"], "steps": run["steps"]} for run in runs},
        "books": {
            name: {
                "over seeds": {one: spread(figures(run)[one] for run in held) for one in ("AUC", "AP", "r2", "usable")},
                "typologies": typologies(held),
                "classes": innocents(held),
            }
            for name, held in groups.items()
        },
    }


def table(found: Mapping[str, Any]) -> str:
    """A row a run, a row a book and arm over its seeds, then typologies and classes."""
    lines = [f"{'':<18}" + "".join(f"{name:>18}" for name in TITLES)]
    lines += [f"{name:<18}" + "".join(f"{cell:>18}" for cell in _cells(row)) for name, row in found["runs"].items()]
    for name, book in found["books"].items():
        over = "  ".join(f"{one} {told(value)}" for one, value in book["over seeds"].items())
        lines += ["", f"{name}, over its seeds: {over}", "  r2 by typology", *_typologies(book["typologies"])]
        lines += ["  flags in 10,000 by class", *_classes(book["classes"])]
    return "\n".join(lines)


def _cells(row: Mapping[str, Any]) -> list[str]:
    interval = "-".join(f"{end:.3f}" for end in row["AP interval"]) if row["AP interval"] else "-"
    peer = f"{row['best peer']} {row['best peer AP']:.3f}" if row["best peer"] else "-"
    first, second, *rest = (_number(row[name]) for name in ("AUC", "AP", "r2", "usable", "ring prec."))
    return [first, second, interval, *rest, peer]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _typologies(kinds: Mapping[str, Mapping[str, Any]]) -> list[str]:
    worst = sorted(kinds.items(), key=lambda kind: kind[1]["r2"])
    return [f"    {name:<20}{kept['r2']:>8.3f}  of {kept['applications']:,}" for name, kept in worst]


def _classes(classes: Mapping[str, Mapping[str, float]]) -> list[str]:
    most = sorted(classes.items(), key=lambda kind: -kind[1]["per_10000"])
    note = {NOT_HONEST: "  (frauds that no ring ties)"}
    return [
        f"    {name:<20}{kept['per_10000']:>8.0f}  of {kept['applications']:,}{note.get(name, '')}"
        for name, kept in most
    ]
