"""RingBench's self-test: a model that sees one column at a time, or only the order of rows, must know nothing of fraud.

For each column of the raw file the *shapes* of its values are scored (missing or not, length, characters, first and
last letters, size of the number, hour, weekday, place in the file) by the fraud rate that the same shape had in other
books; the area under the ROC curve on this book must lie within .45-.55. Values themselves are no shapes: that two
rows share one is the ring's signature, and no value comes again in a book of another seed. Columns that carry
documented evidence of a typology are measured too, and reported apart.

Run: python -m benchmarks.selftest_book [--applications N] [--books K] [--locale zh|en|mixed] [--json OUT]
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ingest.synthetic import write_book
from ingest.synthetic.headings import HEADINGS, heading

EVIDENCE: Final = {
    "monthly_income": "forged incomes lie just above a policy line (dealer_officer)",
    "vehicle_price": "cars too dear for the income (straw_buyer)",
    "loan_amount": "follows the price",
    "down_payment": "follows the price",
    "vehicle_appraisal": "inflated appraisals (dealer_officer)",
    "vehicle_make": "dear cars (straw_buyer), one model (cohort)",
    "vehicle_model": "dear cars (straw_buyer), one model (cohort)",
}
"""Columns whose marginal may differ, because a typology's signature in benchmarks.md says so."""
BOUNDS: Final = (0.45, 0.55)
_MONEY: Final = ("monthly_income", "vehicle_price", "vehicle_appraisal", "loan_amount", "down_payment")
_TIMES: Final = ("submitted_at", "updated_at", "lien_at")
_BINS: Final = 20
_PRIOR: Final = 20.0  # rows at the base rate that every shape starts with


Books: TypeAlias = list[tuple[dict[str, pl.DataFrame], NDArray[np.bool_]]]
"""For each book: column -> shapes, and which applications are fraud."""


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


def read_book(folder: Path, encoding: str, locale: str) -> tuple[pl.DataFrame, NDArray[np.bool_]]:
    """The file's rows as text under canonical names, first version of each application, and whether it is fraud."""
    text = (folder / "applications.csv").read_bytes().decode(encoding, errors="replace")
    frame = pl.read_csv(text.encode(), infer_schema=False, truncate_ragged_lines=True)
    frame = frame.rename({heading(name, locale).strip(): name for name in HEADINGS}, strict=False)
    frame = frame.with_row_index("place").unique("application_id", keep="first", maintain_order=True)
    truth = pl.read_csv(folder / "truth" / "truth.csv", infer_schema=False)
    frame = frame.with_columns(pl.exclude("place").fill_null(""))
    joined = frame.join(truth, on="application_id", how="inner", maintain_order="left")
    return joined.drop("ring_id", "typology"), joined["ring_id"].is_not_null().to_numpy()


def shapes(frame: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Column -> its shapes, all text, one row an application; `row_order` and `id_order` stand beside the columns."""
    found = {name: _text_shapes(frame[name]) for name in HEADINGS if name in frame.columns}
    for name in _MONEY:
        found[name] = found[name].with_columns(_binned(_amount(frame[name])).alias("amount"))
    for name in _TIMES:
        found[name] = found[name].with_columns(_clock(frame[name]))
    place, identity = frame["place"].cast(pl.Float64), frame["application_id"].rank("ordinal").cast(pl.Float64)
    found["row_order"] = pl.DataFrame({"at": _binned(place), "early": _binned(place - identity)})
    number = frame["application_id"].str.slice(-7).cast(pl.Int64)
    found["id_order"] = pl.DataFrame({"at": _binned(identity), "digits": (number % 100).cast(pl.String)})
    return found


def _text_shapes(column: pl.Series) -> pl.DataFrame:
    text = column.fill_null("")
    plain = text.str.slice(0, 16).str.replace_all("[0-9]", "9").str.replace_all("[A-Za-z]", "a")
    plain = plain.str.replace_all(r"[^\x00-\x7F]", "H")
    return pl.DataFrame(
        {
            "length": text.str.len_chars().cast(pl.String),
            "plain": plain,
            "first": text.str.slice(0, 1),
            "prefix": text.str.slice(0, 3),
            "last": text.str.slice(-1),
            "missing": (text == "").cast(pl.String),
        }
    )


def _amount(column: pl.Series) -> pl.Series:
    wan = column.str.contains("万").fill_null(False)
    folded = column.str.normalize("NFKC").str.replace_all(r"[^0-9.]", "")
    value = folded.cast(pl.Float64, strict=False)
    return (
        pl.DataFrame({"v": value, "w": wan}).select(pl.when("w").then(pl.col("v") * 10_000).otherwise("v")).to_series()
    )


def _clock(column: pl.Series) -> list[pl.Series]:
    text = column.fill_null("")
    hour = text.str.extract(r"[ T](\d{1,2}):").fill_null("")
    minute = text.str.extract(r":(\d{2})").fill_null("")
    month = text.str.extract(r"^\d{4}\D?(\d{1,2})").fill_null("")
    return [hour.alias("hour"), minute.alias("minute"), month.alias("month")]


def _binned(values: pl.Series) -> pl.Series:
    rank = values.rank("average") / max(1, values.count())
    return (rank * _BINS).floor().cast(pl.Int64).cast(pl.String).fill_null("none")


def log_odds(train: Sequence[tuple[pl.DataFrame, NDArray[np.bool_]]], test: pl.DataFrame) -> NDArray[np.float64]:
    """Naive Bayes over the shapes of one column: how much likelier each shape was under fraud in the other books."""
    total = np.zeros(len(test))
    for shape in test.columns:
        seen = pl.concat([pl.DataFrame({"s": frame[shape], "f": fraud}) for frame, fraud in train])
        base = float(seen["f"].cast(pl.Float64).mean() or 0.0)  # type: ignore[arg-type]
        rate = seen.group_by("s").agg(
            ((pl.col("f").sum() + _PRIOR * base) / (pl.len() + _PRIOR) / base).log().alias("w")
        )
        weight = test.select(pl.col(shape).alias("s")).join(rate, on="s", how="left", maintain_order="left")["w"]
        total += weight.fill_null(0.0).to_numpy()
    return total


def examine(books: Books) -> list[Finding]:
    """Each column, and all columns without evidence together, scored on every book by the others."""
    scores: dict[str, list[float]] = {}
    for held, (shape, fraud) in enumerate(books):
        others = [book for at, book in enumerate(books) if at != held]
        everything = np.zeros(len(fraud))
        for name, frame in shape.items():
            weight = log_odds([(other[name], known) for other, known in others], frame)
            scores.setdefault(name, []).append(area(weight, fraud))
            everything += weight if name not in EVIDENCE else 0.0
        scores.setdefault("all columns without evidence", []).append(area(everything, fraud))
    return [Finding(name, float(np.mean(values)), EVIDENCE.get(name, "")) for name, values in scores.items()]


def make_books(
    folder: Path, seeds: Sequence[int], applications: int, locale: str, fraud_rate: float, level: str = "standard"
) -> Books:
    """Write a book for each seed and read its shapes."""
    books: Books = []
    for seed in seeds:
        made = write_book(
            folder / str(seed), applications=applications, seed=seed, locale=locale, fraud_rate=fraud_rate, level=level
        )
        frame, fraud = read_book(folder / str(seed), made.encoding, locale)
        books.append((shapes(frame), fraud))
    return books


def main() -> int:
    """Print the table, write JSON if asked; exit 1 when a column tells more than it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=20_000)
    parser.add_argument("--books", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=101)
    parser.add_argument("--fraud-rate", type=float, default=0.05, help="higher than life: more rings, finer measure")
    parser.add_argument("--locale", default="zh")
    parser.add_argument("--level", default="standard")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        seeds = range(asked.first_seed, asked.first_seed + asked.books)
        books = make_books(Path(folder), seeds, asked.applications, asked.locale, asked.fraud_rate, asked.level)
        findings = sorted(examine(books), key=lambda f: abs(f.auc - 0.5), reverse=True)
    for finding in findings:
        mark = "evidence" if finding.evidence else "ok" if finding.holds else "LEAK"
        sys.stdout.write(f"{finding.auc:.3f}  {mark:8}  {finding.column}\n")
    if asked.json:
        setting = {k: v for k, v in vars(asked).items() if k != "json"}
        machine = {
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "polars": pl.__version__,
            "numpy": np.__version__,
        }
        result = {"setting": setting, "machine": machine, "findings": [asdict(f) for f in findings]}
        asked.json.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0 if all(f.holds for f in findings) else 1


if __name__ == "__main__":
    sys.exit(main())
