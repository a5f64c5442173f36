"""Detection figures by the command line alone: seeds x books -> synth, map, load, sweep, evaluate, fresh homes each.

Books: `standard` loads the investigators' outcomes, `first_day` does not. The table (mean over seeds, ours beside the
peers) goes to standard error, one JSON object to standard output and to benchmarks/results/detection.json.

Run: python -m benchmarks.detection [--applications N] [--seeds 11 12 13] [--books standard first_day] [--out FILE]
"""

import argparse
import json
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, Final

BOOKS: Final[Mapping[str, bool]] = {"standard": True, "first_day": False}
"""Name of a book, and whether the outcomes known so far are loaded."""
SEEDS: Final = (11, 12, 13)
"""Not the seeds that weights and thresholds were set on."""
APPLICATIONS: Final = 50_000
RESULTS: Final = Path(__file__).with_name("results") / "detection.json"
PACKAGES: Final = ("igraph", "numpy", "polars", "pyod", "scikit-learn")
FIGURES: Final = (
    ("AUC", "applicant", "roc_auc"),
    ("AP", "applicant", "average_precision"),
    ("r2", "applicant", "recall_top2"),
    ("exposure", "applicant", "exposure_top2"),
    ("usable", "ring", "usable"),
    ("matched", "ring", "matched"),
    ("ring prec.", "ring", "precision"),
    ("fragments", "ring", "fragments"),
)
WORST: Final = "worst r2"
LOG_TAIL: Final = 4000
"""Characters of the log that a failed step shows."""


class CommandFailed(Exception):
    """A step of the pipeline ended with another exit code than 0."""


def run_book(*, applications: int, seed: int, outcomes: bool, locale: str, folder: Path) -> dict[str, Any]:
    """One book from raw files to its evaluation, in a home of its own. Raises CommandFailed."""
    files, home = folder / "files", folder / "home"
    home.mkdir(parents=True)
    began = time.perf_counter()
    _ringsight(home, "init")
    _ringsight(home, "synth", str(files), "--applications", str(applications), "--seed", str(seed), "--locale", locale)
    load = _load(home, files, "applications")
    if outcomes:
        _load(home, files, "outcomes")
    sweep = json.loads(_ringsight(home, "sweep", "--json"))
    report = json.loads(_ringsight(home, "evaluate", "--truth", str(files / "truth" / "truth.csv"), "--json"))
    seconds = round(time.perf_counter() - began, 1)
    return {"seed": seed, "seconds": seconds, "load": load, "sweep": sweep, "report": report}


def _load(home: Path, files: Path, kind: str) -> dict[str, Any]:
    data, mapping = files / f"{kind}.csv", files / f"{kind}.toml"
    mapping.write_text(_ringsight(home, "map", str(data), "--kind", kind), encoding="utf-8")
    said = _ringsight(home, "load", str(data), "--kind", kind, "--mapping", str(mapping), "--json")
    found: dict[str, Any] = json.loads(said)
    return found


def _ringsight(home: Path, *words: str) -> str:
    command = [str(Path(sys.executable).with_name("ringsight")), *words]
    settings = {**os.environ, "RINGSIGHT_HOME": str(home)}
    done = subprocess.run(command, env=settings, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        said = f"ringsight {' '.join(words)} ended with {done.returncode}\n{done.stderr.strip()}"
        raise CommandFailed(f"{said}\n{_log_tail(home)}".strip())
    return done.stdout


def _log_tail(home: Path) -> str:
    """The end of the house's log, told now because the home goes away with the run."""
    log = home / "logs" / "ringsight.log"
    return log.read_text(encoding="utf-8")[-LOG_TAIL:] if log.exists() else ""


def summarise(runs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, dict[str, float | None]]]:
    """Mean and standard deviation over seeds of every figure, by method."""
    summary = {}
    for at, method in enumerate(runs[0]["report"]["methods"]):
        found = [run["report"]["methods"][at] for run in runs]
        figures = {title: _spread(one[level][key] for one in found) for title, level, key in FIGURES}
        summary[method["name"]] = {**figures, WORST: _spread(_worst(one) for one in found)}
    return summary


def _worst(method: Mapping[str, Any]) -> float | None:
    recalls = [t["recall_top2"] for t in method["typologies"] if t["recall_top2"] is not None]
    return min(recalls, default=None)


def _spread(values: Iterable[float | None]) -> dict[str, float | None]:
    known = [value for value in values if value is not None]
    return {
        "mean": round(fmean(known), 4) if known else None,
        "sd": round(stdev(known), 4) if len(known) > 1 else None,
    }


def table(book: str, summary: Mapping[str, Mapping[str, Mapping[str, float | None]]]) -> str:
    """One book's means, a row a method."""
    titles = [title for title, _, _ in FIGURES] + [WORST]
    lines = [f"{book:<14}" + "".join(f"{title:>11}" for title in titles)]
    for name, figures in summary.items():
        means = (figures[title]["mean"] for title in titles)
        lines.append(f"{name:<14}" + "".join(f"{'-' if mean is None else format(mean, '.3f'):>11}" for mean in means))
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else math.nan
    return {
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": round(load, 2),
        "packages": {name: version(name) for name in PACKAGES},
    }


def measure(books: Sequence[str], seeds: Sequence[int], applications: int, locale: str) -> dict[str, Any]:
    """Every book with every seed; tells each table on standard error as it is done. Raises CommandFailed."""
    result: dict[str, Any] = {"applications": applications, "locale": locale, "machine": machine(), "books": {}}
    for book in books:
        runs = []
        for seed in seeds:
            with tempfile.TemporaryDirectory(prefix="ringsight-detection-") as folder:
                where = Path(folder)
                runs.append(
                    run_book(
                        applications=applications, seed=seed, outcomes=BOOKS[book], locale=locale, folder=where / "run"
                    )
                )
        result["books"][book] = {"summary": summarise(runs), "runs": runs}
        print(table(book, result["books"][book]["summary"]), file=sys.stderr)
    return result


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=APPLICATIONS)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--books", nargs="+", choices=list(BOOKS), default=list(BOOKS))
    parser.add_argument("--locale", choices=("zh", "en", "mixed"), default="zh")
    parser.add_argument("--out", type=Path, default=RESULTS)
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Measure, keep and print."""
    asked = _arguments(words)
    try:
        result = measure(asked.books, asked.seeds, asked.applications, asked.locale)
    except CommandFailed as error:
        print(error, file=sys.stderr)
        return 1
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({book: kept["summary"] for book, kept in result["books"].items()}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
