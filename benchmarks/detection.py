"""Detection figures by the command line alone: sample books -> synth, map, load, train, sweep, evaluate.

Arms: `full` loads the outcomes known so far, `cold` none; a book is loaded once for both. Half of the seeds are books
in English, half in Chinese. The tables (ours beside the peers, mean over seeds and half the 95 % interval) go to
standard error; the figures, without the single reports, to standard output and benchmarks/results/detection.json.
A run is kept under --cache while no file that decides its figures changes, so an interrupted benchmark goes on.

Run: python -m benchmarks.detection [--applications N] [--seeds 11 12 13] [--arms full cold] [--level standard]
     [--locale zh|en|mixed] [--no-train] [--no-peers] [--hold-out A,B [--without-forms F,G]] [--cache DIR] [--out FILE]
Headline: --applications 50000 --seeds 11 12 13 14 15 16 17 18 19 20
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import _seeds
from benchmarks._arms import ARMS, CACHE, Book, Way, code_digest, locale_of, measured, names
from benchmarks._machine import RESULTS, keep, machine
from ingest.synthetic import LEVELS, RINGS

SEEDS: Final = (11, 12, 13)
"""Not the seeds that weights and thresholds were set on."""
APPLICATIONS: Final = 50_000


def measure(
    books: Sequence[Book], arms: Sequence[str], way: Way, cache: Path | None
) -> dict[str, list[dict[str, Any]]]:
    """Every book in every arm; says on standard error which is done. Raises RuntimeError when a command fails."""
    runs: dict[str, list[dict[str, Any]]] = {arm: [] for arm in arms}
    for book in books:
        for arm, run in measured(book, arms, way, cache).items():
            runs[arm].append(run)
            ours = run["report"]["methods"][0]["applicant"]
            figures = f"AP {ours['average_precision'] or 0:.3f} r2 {ours['recall_top2'] or 0:.3f}"
            seconds = " ".join(f"{name} {step['seconds']:.0f} s" for name, step in run["steps"].items())
            print(f"{arm} seed {book.seed} {book.locale} {book.level}: {figures}   {seconds}", file=sys.stderr)
    return runs


def summary(runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """One arm's figures over its runs: by method, ours by typology and innocent class, and by seed."""
    by_seed = [
        {
            "seed": run["book"]["seed"],
            "locale": run["book"]["locale"],
            "steps": run["steps"],
            **{title: figure(run["report"]["methods"][0]) for title, figure in _seeds.FIGURES.items()},
        }
        for run in runs
    ]
    return {
        "methods": _seeds.by_method(runs),
        "typologies": _seeds.typologies(runs),
        "innocents": _seeds.innocents(runs),
        "seeds": by_seed,
    }


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=APPLICATIONS)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--level", choices=list(LEVELS), default="standard")
    parser.add_argument("--locale", choices=("zh", "en", "mixed"), help="for every seed, instead of in turn")
    parser.add_argument("--train", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--hold-out", nargs="+", default=[], help="typologies whose outcomes are not loaded")
    parser.add_argument("--without-forms", nargs="+", default=[], help="forms of the grammar that are not planted")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--out", type=Path, default=RESULTS / "detection.json")
    asked = parser.parse_args(words)
    unknown = set(names(asked.hold_out)) - {kind.name for kind in RINGS}
    if unknown:
        parser.error(f"no such typology: {', '.join(sorted(unknown))}")
    return asked


def main(words: Sequence[str] | None = None) -> int:
    """Measure, keep and print."""
    asked = _arguments(words)
    books = [Book(asked.applications, seed, asked.locale or locale_of(seed), asked.level) for seed in asked.seeds]
    way = Way(asked.train, asked.peers, names(asked.hold_out), names(asked.without_forms))
    try:
        runs = measure(books, asked.arms, way, asked.cache)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    result: dict[str, Any] = {
        "applications": asked.applications,
        "level": asked.level,
        "trained": way.train,
        "held_out": way.held_out,
        "without_forms": way.without_forms,
        "code": code_digest(),
        "machine": machine(),
        "arms": {arm: summary(held) for arm, held in runs.items()},
    }
    for arm, held in runs.items():
        print(f"\n{_seeds.table(arm, result['arms'][arm]['methods'])}\n\n{_seeds.parts(arm, held)}", file=sys.stderr)
    keep(asked.out, result)
    print(json.dumps({arm: kept["methods"] for arm, kept in result["arms"].items()}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
