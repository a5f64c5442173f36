"""Write one book by another hand, or measure the product over several.

Run: python -m benchmarks.otherhand write FOLDER [--locale de] [--columns rich] [--applications N] [--fraud F]
     [--seed S]
     python -m benchmarks.otherhand measure [--seeds 1] [--books en:rich es:lean] [--arms cold full] [--applications N]
     [--out FILE]
Without a word it measures, with the defaults; the figures go to benchmarks/results/otherhand.json.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks._arms import ARMS, code_digest
from benchmarks._machine import RESULTS, keep, machine
from benchmarks.otherhand.book import USUAL_FRAUD, Plan, write
from benchmarks.otherhand.locales import COLUMNS, LOCALES
from benchmarks.otherhand.measure import Run, measured, summary, table, title

BOOKS: Final = ("en:rich", "de:rich", "es:lean", "vi:rich")
APPLICATIONS: Final = 20_000


def _book(text: str) -> tuple[str, str]:
    locale, _, columns = text.partition(":")
    if locale in LOCALES and columns in COLUMNS:
        return locale, columns
    raise argparse.ArgumentTypeError(f"{text}: give {'|'.join(LOCALES)}:{'|'.join(COLUMNS)}")


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.otherhand", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    actions = parser.add_subparsers(dest="action", required=True)
    writing = actions.add_parser("write", help="write one book and its mappings")
    writing.add_argument("folder", type=Path)
    writing.add_argument("--locale", choices=LOCALES, default="en")
    writing.add_argument("--columns", choices=COLUMNS, default="rich")
    writing.add_argument("--seed", type=int, default=1)
    measuring = actions.add_parser("measure", help="run the product over books and print what it finds")
    measuring.add_argument("--seeds", type=int, nargs="+", default=[1])
    measuring.add_argument("--books", type=_book, nargs="+", default=[_book(book) for book in BOOKS])
    measuring.add_argument("--arms", choices=list(ARMS), nargs="+", default=["cold", "full"])
    measuring.add_argument("--out", type=Path, default=RESULTS / "otherhand.json")
    for action in (writing, measuring):
        action.add_argument("--applications", type=int, default=APPLICATIONS)
        action.add_argument("--fraud", type=float, default=USUAL_FRAUD, help="part of the book that is in rings")
    return parser.parse_args((sys.argv[1:] if words is None else words) or ["measure"])


def _written(asked: argparse.Namespace) -> None:
    plan = Plan(asked.locale, asked.columns, asked.applications, asked.seed, asked.fraud)
    print(json.dumps(dict(write(plan, asked.folder).most_common()), ensure_ascii=False))


def _measured(asked: argparse.Namespace) -> None:
    runs: list[Run] = []
    for locale, columns in asked.books:
        for seed in asked.seeds:
            for run in measured(Plan(locale, columns, asked.applications, seed, asked.fraud), asked.arms):
                print(f"{title(run)}: done", file=sys.stderr)
                runs.append(run)
    found: dict[str, Any] = summary(runs)
    print(table(found))
    said = {"applications": asked.applications, "fraud": asked.fraud, "seeds": asked.seeds}
    keep(asked.out, {**said, "code": code_digest(), "machine": machine(), **found})


def main(words: Sequence[str] | None = None) -> int:
    """Write or measure; 1 where a command of the product fails."""
    asked = _arguments(words)
    try:
        (_written if asked.action == "write" else _measured)(asked)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
