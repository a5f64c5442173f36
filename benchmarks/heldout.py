"""What is found of typologies that nobody told us of: six pairs, each held out of the outcomes and of the grammar.

For each pair the outcomes of its rings are not loaded, and the forms of the grammar made after it are not planted; the
figure is their recall among the top 2 %. The form `mixed` draws ties of every kind and is no typology's; --strict
leaves it out as well, so that only forms named after *other* typologies are planted.

Run: python -m benchmarks.heldout [--applications N] [--seeds 11 12 13] [--level standard] [--strict] [--no-train]
     [--cache DIR] [--out FILE]
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks._arms import CACHE, Book, Way, code_digest, locale_of, measured
from benchmarks._machine import RESULTS, keep, machine
from benchmarks._seeds import Spread, spread, told
from benchmarks.detection import SEEDS
from ingest.synthetic import LEVELS

FORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "synthetic_identity": ("loose_pieces",),
    "straw_buyer": ("organiser", "organiser_member"),
    "dealer_officer": ("officer_firms", "officer_standing_firms"),
    "fake_employer": ("employer", "work_phone"),
    "device_farm": ("device", "number_run"),
    "loan_stacking": ("one_person",),
    "address_mill": ("address",),
    "bust_out": ("defaulters",),
    "double_pledge": ("car_twice",),
    "account_funnel": ("account",),
    "reference_web": ("references", "chain"),
    "cohort": ("cohort",),
}
"""The forms of detectors/grammar.toml that are made after each typology."""
MIXED: Final = "mixed"
PAIRS: Final = (
    ("synthetic_identity", "cohort"),
    ("straw_buyer", "account_funnel"),
    ("dealer_officer", "reference_web"),
    ("fake_employer", "device_farm"),
    ("loan_stacking", "address_mill"),
    ("bust_out", "double_pledge"),
)
"""Each typology once, alike ones apart."""
ARM: Final = "full"
APPLICATIONS: Final = 20_000


def held_out(run: Mapping[str, Any], pair: Sequence[str]) -> dict[str, float]:
    """Recall of each of the pair's typologies in the top 2 %, where the book has any."""
    ours = run["report"]["methods"][0]
    return {t["name"]: t["recall_top2"] for t in ours["typologies"] if t["name"] in pair}


def measure(pair: tuple[str, str], books: Sequence[Book], way: Way, cache: Path | None) -> list[dict[str, float]]:
    """The pair's recalls in every book. Raises RuntimeError when a command fails."""
    found = []
    for book in books:
        found.append(held_out(measured(book, (ARM,), way, cache)[ARM], pair))
        print(f"without {' and '.join(pair)}: seed {book.seed} {found[-1]}", file=sys.stderr)
    return found


def way_without(pair: Sequence[str], *, train: bool, strict: bool) -> Way:
    """How a pair is held out."""
    forms = (*(form for name in pair for form in FORMS[name]), *((MIXED,) if strict else ()))
    return Way(train, peers=False, held_out=tuple(pair), without_forms=forms if train else ())


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=APPLICATIONS)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--level", choices=list(LEVELS), default="standard")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--train", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--out", type=Path, default=RESULTS / "heldout.json")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """Measure, keep and print."""
    asked = _arguments(words)
    books = [Book(asked.applications, seed, locale_of(seed), asked.level) for seed in asked.seeds]
    pairs: dict[str, dict[str, Spread]] = {}
    means: list[float] = []
    try:
        for pair in PAIRS:
            way = way_without(pair, train=asked.train, strict=asked.strict)
            found = measure(pair, books, way, asked.cache)
            pairs[" + ".join(pair)] = {name: spread(run.get(name) for run in found) for name in pair}
            means += [sum(run.values()) / len(run) for run in found if run]
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    result = {
        "applications": asked.applications,
        "level": asked.level,
        "trained": asked.train,
        "strict": asked.strict,
        "seeds": asked.seeds,
        "code": code_digest(),
        "machine": machine(),
        "mean_r2": spread(means),
        "pairs": pairs,
    }
    lines = [f"  {name:<22}{told(figure):>14}" for held in pairs.values() for name, figure in held.items()]
    lines.append(f"  {'mean of the pairs':<22}{told(spread(means)):>14}")
    print("\n".join(["r2 of what is held out", *lines]), file=sys.stderr)
    keep(asked.out, result)
    print(json.dumps({"mean_r2": result["mean_r2"], "pairs": pairs}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
