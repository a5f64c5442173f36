"""RingBench's self-test: whoever sees one row at a time, or only the order of rows, must know nothing of fraud.

For each column of the raw file the *shapes* of its values are scored (missing or not, length, characters, first and
last letters, range of the number, hour, weekday, place in the file), and so is what two fields of one row say together
(address and city, holder and applicant, days to the lien), by the fraud rate that the same shape had in other books;
the area under the ROC curve on this book must lie within .45-.55. Two more figures take everything at once: all of it
as naive Bayes, and `joint`, trees that were grown on the other books and may combine what they like. Values
themselves are no shapes: that two rows share one is the ring's signature, and no value comes again in a book of
another seed. What carries documented evidence of a typology is measured too, reported apart and left out of both.

Run: python -m benchmarks.selftest_book [--applications N] [--books K] [--locale zh en] [--level standard ...] [--save]
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path
from typing import Final, TypeAlias

import lightgbm
import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks._book_shapes import numeric, read_book, relations, shapes
from benchmarks._machine import machine, save
from ingest.synthetic import LEVELS, write_book

EVIDENCE: Final = {
    "monthly_income": "forged incomes lie just above a policy line (dealer_officer)",
    "vehicle_price": "cars too dear for the income (straw_buyer)",
    "loan_amount": "follows the price",
    "down_payment": "follows the price",
    "vehicle_appraisal": "inflated appraisals (dealer_officer)",
    "vehicle_make": "dear cars (straw_buyer), one model (cohort)",
    "vehicle_model": "dear cars (straw_buyer), one model (cohort)",
    "price to income": "cars too dear for the income (straw_buyer)",
    "appraisal to price": "inflated appraisals (dealer_officer)",
    "holder is the applicant": "repayment from somebody else's account (account_funnel)",
}
"""What may differ by itself, because a typology's signature in docs/ringbench.md says so."""
BOUNDS: Final = (0.45, 0.55)
TOGETHER: Final = "everything without evidence"
JOINT: Final = "joint (trees, without evidence)"
_PRIOR: Final = 20.0  # rows at the base rate that every shape starts with
_TREES: Final = {
    "objective": "binary", "num_leaves": 15, "learning_rate": 0.05, "min_data_in_leaf": 40,
    "seed": 0, "deterministic": True, "num_threads": 1, "verbosity": -1,
}  # fmt: skip
_ROUNDS: Final = 80


Books: TypeAlias = list[tuple[dict[str, pl.DataFrame], NDArray[np.bool_]]]
"""For each book: column or relation -> shapes, and which applications are fraud."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How well one column's shapes tell fraud: mean area under the ROC curve over the books."""

    column: str
    auc: float
    evidence: str

    @property
    def holds(self) -> bool:
        """Whether the column is within bounds, or documented evidence."""
        return bool(self.evidence) or BOUNDS[0] <= self.auc <= BOUNDS[1]


def area(score: NDArray[np.float64], fraud: NDArray[np.bool_]) -> float:
    """Area under the ROC curve with ties at half."""
    rank = pl.Series(score).rank("average").to_numpy()
    positive = int(fraud.sum())
    negative = len(fraud) - positive
    return float((rank[fraud].sum() - positive * (positive + 1) / 2) / (positive * negative))


def log_odds(train: Sequence[tuple[pl.DataFrame, NDArray[np.bool_]]], test: pl.DataFrame) -> NDArray[np.float64]:
    """Naive Bayes over the shapes of one column: how much likelier each shape was under fraud in the other books."""
    total = np.zeros(len(test))
    for shape in test.columns:
        seen = pl.concat([pl.DataFrame({"s": frame[shape], "f": fraud}) for frame, fraud in train])
        base = float(np.mean(np.concatenate([fraud for _, fraud in train])))
        rate = seen.group_by("s").agg(
            ((pl.col("f").sum() + _PRIOR * base) / (pl.len() + _PRIOR) / base).log().alias("w")
        )
        weight = test.select(pl.col(shape).alias("s")).join(rate, on="s", how="left", maintain_order="left")["w"]
        total += weight.fill_null(0.0).to_numpy()
    return total


def _grown(
    train: Sequence[tuple[NDArray[np.float32], NDArray[np.bool_]]], test: NDArray[np.float32]
) -> NDArray[np.float64]:
    """What trees grown on other books, over all shapes at once, say of this one."""
    table, fraud = (np.concatenate(part) for part in zip(*train, strict=True))
    trees = lightgbm.train(_TREES, lightgbm.Dataset(table, fraud), _ROUNDS)
    return np.asarray(trees.predict(test), np.float64)


def examine(books: Books, *, joint: bool = True) -> list[Finding]:
    """Each column and relation, and all without evidence together, scored on every book by the others."""
    scores: dict[str, list[float]] = {}
    tables = [numeric({k: v for k, v in s.items() if k not in EVIDENCE}) for s, _ in books] if joint else []
    for held, (shape, fraud) in enumerate(books):
        others = [at for at in range(len(books)) if at != held]
        everything = np.zeros(len(fraud))
        for name, frame in shape.items():
            weight = log_odds([(books[at][0][name], books[at][1]) for at in others], frame)
            scores.setdefault(name, []).append(area(weight, fraud))
            everything += weight if name not in EVIDENCE else 0.0
        scores.setdefault(TOGETHER, []).append(area(everything, fraud))
        if tables:
            score = _grown([(tables[at], books[at][1]) for at in others], tables[held])
            scores.setdefault(JOINT, []).append(area(score, fraud))
    return [Finding(name, float(np.mean(values)), EVIDENCE.get(name, "")) for name, values in scores.items()]


def make_books(
    folder: Path, seeds: Sequence[int], applications: int, locale: str, fraud_rate: float, level: str = "standard"
) -> Books:
    """Write a book for each seed and read its shapes and relations."""
    books: Books = []
    for seed in seeds:
        made = write_book(
            folder / str(seed), applications=applications, seed=seed, locale=locale, fraud_rate=fraud_rate, level=level
        )
        frame, fraud = read_book(folder / str(seed), made.encoding, locale)
        books.append((shapes(frame) | relations(frame), fraud))
    return books


def run(asked: argparse.Namespace, locale: str, level: str) -> list[Finding]:
    """The findings of one locale and level, the farthest from chance first; prints them."""
    with tempfile.TemporaryDirectory() as folder:
        seeds = range(asked.first_seed, asked.first_seed + asked.books)
        books = make_books(Path(folder), seeds, asked.applications, locale, asked.fraud_rate, level)
        findings = sorted(examine(books), key=lambda f: abs(f.auc - 0.5), reverse=True)
    sys.stdout.write(f"{locale} {level}\n")
    for finding in findings:
        mark = "evidence" if finding.evidence else "ok" if finding.holds else "LEAK"
        sys.stdout.write(f"{finding.auc:.3f}  {mark:8}  {finding.column}\n")
    sys.stdout.flush()
    return findings


def main() -> int:
    """Print a table for each locale and level, save them if asked; exit 1 when a column tells more than it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=20_000)
    parser.add_argument("--books", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=101)
    parser.add_argument("--fraud-rate", type=float, default=0.05, help="higher than life: more rings, finer measure")
    parser.add_argument("--locale", nargs="+", default=["zh", "en"], choices=["zh", "en", "mixed"])
    parser.add_argument("--level", nargs="+", default=["standard", "adversarial"], choices=list(LEVELS))
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/selftest_book.json")
    asked = parser.parse_args()
    if asked.books < 2:
        parser.error("--books: each book is judged by the others, so at least two are needed")
    found = {pair: run(asked, *pair) for pair in product(asked.locale, asked.level)}
    if asked.save:
        runs = [
            {"locale": locale, "level": level, "findings": [asdict(f) for f in findings]}
            for (locale, level), findings in found.items()
        ]
        setting = {k: v for k, v in vars(asked).items() if k not in ("save", "locale", "level")}
        save("selftest_book", {"setting": setting, "machine": machine(), "runs": runs})
    return 0 if all(f.holds for findings in found.values() for f in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
