"""Whether the endpoint decides about a new application as the next sweep does: the same top 2 %, day by day.

The book is loaded whole and swept as of a moment, with a model trained as of the first one. The next day's arrivals are
scored one by one by the endpoint's own code, each seeing what came before it and nothing later (applications by their
time, outcomes by the day they became known); then the book is swept again as of a day later, by the same model. An
application is flagged online when its score reaches the least of the earlier sweep's top 2 %, and by the sweep when it
is in that sweep's own. Days follow one another in blocks that are spread over the last third of the book.

Where the two disagree, what the model was asked by both is put side by side: each column is given the sweep's value
alone, and the mean change of the log odds (thousandths) tells which columns differ in a way that matters.

Run: python -m benchmarks.arrivals [--applications N] [--seeds 502] [--blocks 6] [--days 4] [--arms full]
     [--level standard] [--out FILE]
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import spearmanr

from api.batches import NOTHING, merge
from api.gates import singles
from benchmarks._arms import ARMS, Book, code_digest, load, loaded, locale_of
from benchmarks._inside import Inside, inside, top
from benchmarks._machine import RESULTS, keep, machine
from detectors import publish
from detectors.artifact import Published
from detectors.grammar import read_grammar
from detectors.measures import ratio
from detectors.model import NO_FOLD, Model
from detectors.score import assess, model_columns, tokens_of
from detectors.survey import blind_columns, outcome_columns, survey
from detectors.sweep import Inputs, SweepResult, run
from detectors.train import train
from graph.book import DAY
from graph.store import Batch, Links
from ingest.synthetic import LEVELS

I64 = NDArray[np.int64]
Bool = NDArray[np.bool_]

APPLICATIONS: Final = 20_000
SEEDS: Final = (502,)
LAST_PART: Final = 3
SHOWN: Final = 12
"""Columns that are told as reasons of a difference."""


@dataclass(frozen=True, slots=True)
class Day:
    """[R] arrivals of one day: raw score and flag, online and in the sweep after it; asked: [R, columns] of both."""

    online: I64
    swept: I64
    flagged_online: Bool
    flagged_swept: Bool
    asked_online: I64
    asked_swept: I64


def moments(first: int, last: int, blocks: int, days: int) -> list[list[int]]:
    """For each block `days` + 1 moments a day apart (microseconds), spread over the last third of a book's span."""
    start = last - (last - first) // LAST_PART
    room = max(last - days * DAY - start, 0)
    begins = [start + room * number // max(blocks - 1, 1) for number in range(blocks)]
    return [[begin + day * DAY for day in range(days + 1)] for begin in begins]


def agreement(days: Sequence[Day]) -> dict[str, Any]:
    """How often both decide alike, and how well they agree on whom either flags."""
    online, swept = (np.concatenate([getattr(day, name) for day in days]) for name in ("online", "swept"))
    by_online, by_sweep = (
        np.concatenate([getattr(day, f"flagged_{name}") for day in days]) for name in ("online", "swept")
    )
    either = by_online | by_sweep
    figures = {
        "same": ratio(int((by_online == by_sweep).sum()), len(online)),
        "jaccard": ratio(int((by_online & by_sweep).sum()), int(either.sum())),
        "spearman": float(spearmanr(online, swept).statistic),
        "spearman_flagged": float(spearmanr(online[either], swept[either]).statistic),
        "equal": ratio(int((online == swept).sum()), len(online)),
        "bias": float(np.mean(online - swept)),
    }
    counts = {
        "applications": len(online),
        "flagged_online": int(by_online.sum()),
        "flagged_swept": int(by_sweep.sum()),
    }
    return counts | {name: round(value, 4) if np.isfinite(value) else None for name, value in figures.items()}


def reasons(days: Sequence[Day], model: Model) -> dict[str, list[dict[str, Any]]]:
    """Columns that differ most in effect, among all arrivals and among those whose decision differs."""
    mine, theirs = (np.concatenate([getattr(day, name) for day in days]) for name in ("asked_online", "asked_swept"))
    differing = np.concatenate([day.flagged_online != day.flagged_swept for day in days])
    everyone = np.ones(len(mine), bool)
    return {
        name: effects(mine[chosen], theirs[chosen], model) if chosen.any() else []
        for name, chosen in (("all", everyone), ("decided otherwise", differing))
    }


def effects(mine: I64, theirs: I64, model: Model) -> list[dict[str, Any]]:
    """By column: share of rows that differ, and what the sweep's value alone changes; the greatest SHOWN."""
    names = model.names
    fold = np.full(len(mine), NO_FOLD)
    before = model.margin(mine, fold)
    found: list[tuple[float, float, float, str]] = []
    for at, name in enumerate(names):
        other = mine[:, at] != theirs[:, at]
        if not other.any():
            continue
        changed = mine[other].copy()
        changed[:, at] = theirs[other, at]
        moved = model.margin(changed, fold[other]) - before[other]
        mean, size = float(moved.sum()) / len(mine), float(np.abs(moved).sum()) / len(mine)
        found.append((size, mean, float(other.mean()), name))
    return [
        {"column": name, "differs": round(share, 4), "mean": round(mean, 1), "size": round(size, 1)}
        for size, mean, share, name in sorted(found, reverse=True)[:SHOWN]
    ]


@dataclass(frozen=True, slots=True)
class Swept:
    """A sweep as of a moment, and its artifact."""

    result: SweepResult
    published: Published

    @staticmethod
    def of(inputs: Inputs, opened: Inside, model: Model, folder: Path) -> "Swept":
        """Sweep and write aside."""
        now = opened.house.clock()
        result = run(inputs, opened.policy, previous=None, progress=lambda _: None, now=now, model=model)
        publish.write(folder, result, sweep_id=folder.name)
        return Swept(result, Published.open(folder))

    @property
    def least(self) -> int:
        """The least raw score of the top 2 %."""
        return int(self.result.raw[top(self.result.raw)].min())

    def asked(self, rows: I64, model: Model) -> I64:
        """[R, columns] what the model was asked of some rows: made again, since a sweep lets its widest table go."""
        book = self.result.book
        seen = survey(book, self.result.policy, self.result.norms, learns=True)
        columns = blind_columns(book, seen)[rows]
        return np.concatenate([columns, outcome_columns(book, seen)[rows]], axis=1) if model.taught else columns


def arrivals(links: Links, after: int, until: int) -> Iterator[tuple[Batch, Batch]]:
    """Each application submitted in (after, until], by time, and those of them before it that share a value."""
    came = links.applications.filter((pl.col("event_at") > after) & (pl.col("event_at") <= until))
    came = came.sort("event_at", "application_id")
    alone = {str(b.applications["application_id"][0]): b for b in singles(links, came["application_id"].to_list())}
    users: dict[tuple[int, str], list[str]] = {}
    for name in came["application_id"].to_list():
        tokens = tokens_of(alone[name])
        before = dict.fromkeys(other for token in tokens for other in users.get(token, ()))
        yield alone[name], merge([alone[other] for other in before]) if before else NOTHING
        for token in tokens:
            users.setdefault(token, []).append(name)


def one_day(before: Swept, after: Swept, links: Links, opened: Inside, model: Model) -> Day:
    """Score a day's arrivals against the sweep before them, and look them up in the sweep after them."""
    since, until = before.result.as_of or 0, after.result.as_of or 0
    place = {name: row for row, name in enumerate(after.result.network.applications["application_id"].to_list())}
    rows, online, asked = [], [], []
    for batch, recent in arrivals(links, since, until):
        found = assess(before.published, batch, recent, opened.policy)
        rows.append(place[found.application_id])
        online.append(found.raw)
        asked.append(model_columns(before.published, batch, recent, opened.policy))
    at, raw = np.array(rows, np.int64), np.array(online, np.int64)
    chosen = top(after.result.raw)[at]
    width = len(model.names)
    mine = np.concatenate([np.zeros((0, width), np.int64), *asked])
    return Day(raw, after.result.raw[at], raw >= before.least, chosen, mine, after.asked(at, model))


def measure(opened: Inside, folder: Path, blocks: int, days: int, *, taught: bool) -> dict[str, Any]:
    """All days of one home: agreement and reasons."""
    links = opened.links()
    times = links.applications["event_at"].to_numpy()
    chain = moments(int(times.min()), int(times.max()), blocks, days)

    def known(moment: int) -> Inputs:
        inputs = opened.inputs(moment)
        return inputs if taught else replace(inputs, outcomes=inputs.outcomes.clear())

    model = train(known(chain[0][0]), opened.policy, read_grammar(), seed=0, model_id="M", say=lambda _: None)
    found: list[Day] = []
    for number, block in enumerate(chain):
        before = Swept.of(known(block[0]), opened, model, folder / f"{number}-0")
        for day, moment in enumerate(block[1:], 1):
            after = Swept.of(known(moment), opened, model, folder / f"{number}-{day}")
            found.append(one_day(before, after, links, opened, model))
            before = after
        print(f"  block {number + 1} of {blocks}: {agreement(found)}", file=sys.stderr)
    return {**agreement(found), "reasons": reasons(found, model)}


def run_book(book: Book, arms: Sequence[str], blocks: int, days: int) -> dict[str, dict[str, Any]]:
    """Each arm's figures on one book; cold is the same book without its outcomes. Raises RuntimeError."""
    with tempfile.TemporaryDirectory(prefix="ringsight-arrivals-") as folder:
        home, files, _ = loaded(book, Path(folder))
        load(home, files, "outcomes")
        with inside(home.folder) as opened:
            return {arm: measure(opened, Path(folder) / arm, blocks, days, taught=ARMS[arm]) for arm in arms}


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=APPLICATIONS)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--days", type=int, default=4)
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=["full"])
    parser.add_argument("--level", choices=list(LEVELS), default="standard")
    parser.add_argument("--out", type=Path, default=RESULTS / "arrivals.json")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Measure, keep and print."""
    asked = _arguments(words)
    books = [Book(asked.applications, seed, locale_of(seed), asked.level) for seed in asked.seeds]
    try:
        runs = {str(book.seed): run_book(book, asked.arms, asked.blocks, asked.days) for book in books}
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    result = {"books": [asdict(book) for book in books], "code": code_digest(), "machine": machine(), "runs": runs}
    keep(asked.out, result)
    print(json.dumps(runs))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
