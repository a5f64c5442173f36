"""How far the queue hangs on what happened to be learnt from: ten models from communities drawn again, one book scored.

Each model is trained on the book's communities drawn with replacement (a community drawn twice weighs twice; one that
is never drawn is neither planted into nor learnt from) and then scores the one unchanged book by the sweep's own code.
Told are, over all pairs of models, the overlap of the 100 highest and of the top 2 %, mean and least, and Spearman's
correlation among the top 2 % by mean rank. Applications already confirmed do not count; `all` has them in.

Run: python -m benchmarks.stability [--applications N] [--seeds 501 502] [--models 10] [--arms full cold]
     [--level standard] [--out FILE]
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import combinations
from pathlib import Path
from statistics import fmean
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from benchmarks._arms import ARMS, Book, code_digest, load, loaded, locale_of
from benchmarks._inside import best, inside
from benchmarks._machine import RESULTS, keep, machine
from benchmarks._seeds import spread, told
from detectors.grammar import read_grammar
from detectors.measures import flagged
from detectors.model import Model
from detectors.policy import Policy
from detectors.sweep import Inputs, run
from detectors.train import train
from ingest.synthetic import LEVELS

I64 = NDArray[np.int64]

TOP: Final = 100
MODELS: Final = 10
APPLICATIONS: Final = 20_000
SEEDS: Final = (501, 502)


def agreement(raws: Sequence[I64]) -> dict[str, float]:
    """Overlaps and correlation of several orders of the same rows: means over pairs of them, and the least."""
    many = flagged(len(raws[0]))
    found: dict[str, float] = {}
    for name, k in (("top100", min(TOP, len(raws[0]))), ("top2", many)):
        heads = [best(raw, k) for raw in raws]
        shares = [len(np.intersect1d(a, b)) / k for a, b in combinations(heads, 2)]
        found |= {name: round(fmean(shares), 4), f"{name}_least": round(min(shares), 4)}
    place = np.argsort(np.stack([best(raw, len(raw)) for raw in raws]), axis=1)
    chosen = np.argsort(place.sum(axis=0), kind="stable")[:many]
    alike = [float(spearmanr(a[chosen], b[chosen]).statistic) for a, b in combinations(place, 2)]
    return {**found, "spearman": round(fmean(alike), 4)}


def measure(inputs: Inputs, policy: Policy, models: int) -> dict[str, Any]:
    """Train, score and compare: {counted: agreement, all: agreement, seconds}."""
    started, raws = time.perf_counter(), []
    for number in range(models):
        model = _model(inputs, policy, number)
        swept = run(inputs, policy, previous=None, progress=lambda _: None, now=0, model=model)
        raws.append(swept.raw)
        counted = swept.book.columns["confirmed"] == 0
        print(f"  model {number + 1} of {models}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return {
        "counted": agreement([raw[counted] for raw in raws]),
        "all": agreement(raws),
        "seconds": round(time.perf_counter() - started, 1),
    }


def _model(inputs: Inputs, policy: Policy, number: int) -> Model:
    return train(
        inputs, policy, read_grammar(), seed=0, model_id=f"resampled-{number}", say=lambda _: None, resample=number
    )


def run_book(book: Book, arms: Sequence[str], models: int) -> dict[str, dict[str, Any]]:
    """Each arm's figures on one book; cold is the same book without its outcomes. Raises RuntimeError."""
    with tempfile.TemporaryDirectory(prefix="ringsight-stability-") as folder:
        home, files, _ = loaded(book, Path(folder))
        load(home, files, "outcomes")
        with inside(home.folder) as opened:
            known = opened.inputs()
            blank = replace(known, outcomes=known.outcomes.clear())
            return {arm: measure(known if ARMS[arm] else blank, opened.policy, models) for arm in arms}


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=APPLICATIONS)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--models", type=int, default=MODELS)
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    parser.add_argument("--level", choices=list(LEVELS), default="standard")
    parser.add_argument("--out", type=Path, default=RESULTS / "stability.json")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Measure, keep and print."""
    asked = _arguments(words)
    books = [Book(asked.applications, seed, locale_of(seed), asked.level) for seed in asked.seeds]
    try:
        runs = {str(book.seed): run_book(book, asked.arms, asked.models) for book in books}
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    summary = {
        arm: {name: spread(one[arm]["counted"][name] for one in runs.values()) for name in _names(runs, arm)}
        for arm in asked.arms
    }
    result = {
        "books": [asdict(book) for book in books],
        "models": asked.models,
        "code": code_digest(),
        "machine": machine(),
        "summary": summary,
        "runs": runs,
    }
    for arm, figures in summary.items():
        lines = [f"  {name:<14}{told(figure):>14}" for name, figure in figures.items()]
        print("\n".join([f"{arm}, {asked.models} models", *lines]), file=sys.stderr)
    keep(asked.out, result)
    print(json.dumps(summary))
    return 0


def _names(runs: dict[str, dict[str, Any]], arm: str) -> list[str]:
    return list(next(iter(runs.values()))[arm]["counted"])


if __name__ == "__main__":
    raise SystemExit(main())
