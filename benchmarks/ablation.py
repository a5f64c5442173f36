"""What each part of the detection is worth: the figures of the same books with the part taken away, by command alone.

A part goes by the command line (no training, outcomes not loaded, forms not planted) or by a policy file (columns that
the learner may not read, shares, innocent causes, features). A book is made and loaded once, every part starts from a
copy. Differences to the whole are taken within each book, so their interval is over seeds of pairs; what holds zero in
its interval did not help, as far as so many books tell. The two tables, in Markdown for docs/detection.md, go to
standard error, the figures to standard output and benchmarks/results/ablation.json. Runs are kept as in
benchmarks.detection, so an interrupted benchmark goes on.

Run: python -m benchmarks.ablation [--applications N] [--seeds 11 12 13] [--arm full|cold] [--level standard]
     [--parts learning,register ...] [--cache DIR] [--out FILE]
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks import _seeds
from benchmarks._arms import ARMS, CACHE, Book, Run, Way, code_digest, each_measured, locale_of, names
from benchmarks._machine import RESULTS, keep, machine
from benchmarks._seeds import Spread, spread
from benchmarks.detection import SEEDS
from benchmarks.heldout import MIXED
from detectors.grammar import read_grammar
from detectors.policy import DEFAULT
from graph.projection import CAUSES
from ingest.synthetic import LEVELS

APPLICATIONS: Final = 20_000
WHOLE: Final = "whole"
SHOWN: Final = ("AUC", "AP", "r2", "usable", "ring prec.")
"""Figures of benchmarks._seeds.FIGURES."""
Figures = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is taken away. said: in the table.

    unread: patterns of the learner's columns; features: of the policy; values: of its sections; uncaused: channels
    know no innocent cause; without, only: forms not planted, or alone planted; told: it goes by what outcomes tell, so
    there is nothing to take from a cold start.
    """

    said: str
    unread: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    uncaused: bool = False
    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    train: bool = True
    register: bool = True
    outcomes: bool = True
    told: bool = False

    @property
    def policy(self) -> str:
        """The policy file without the part, empty where the shipped one will do."""
        if not (self.unread or self.features or self.values or self.uncaused):
            return ""
        return without(DEFAULT.read_text(encoding="utf-8"), self)

    @property
    def forms(self) -> tuple[str, ...]:
        """Forms of the grammar that are not planted."""
        every = dict.fromkeys(form.name for form in read_grammar().forms)
        return tuple(name for name in every if name in self.without or (self.only and name not in self.only))

    def run(self, arm: str) -> Run:
        """How the part is taken away in an arm."""
        way = Way(self.train, peers=False, without_forms=self.forms, register=self.register, policy=self.policy)
        return Run(arm if self.outcomes else "cold", way)


NAMES: Final = ("reference_names", "reference_stranger")
CROWDS: Final = tuple(
    f"crowd_{name}" for name in ("address", "account", "device", "phone_own", "phone_reference", "email")
)
PARTS: Final[Mapping[str, Part]] = {
    WHOLE: Part("nothing"),
    "learning": Part("learning (the unsupervised score alone)", train=False),
    "unsupervised": Part(
        "the unsupervised share of the score", values={"learning": {"share": 1.0, "share_taught": 1.0}}
    ),
    "lift": Part("what the best group adds to a score", values={"learning": {"ring_worth": 0.0}}),
    "outcomes": Part("outcomes (cold)", outcomes=False, told=True),
    "outcome_columns": Part("columns of confirmed neighbours", unread=("confirmed_*",), told=True),
    "known_column": Part("the column of known frauds next to a row", unread=("known_weight",), told=True),
    "known": Part(
        "known frauds next to a row, in the score without labels, too", features=("known_weight",), told=True
    ),
    "defaults": Part("columns of payments that stopped", unread=("defaulted*",), told=True),
    "register": Part("the register of employers", register=False),
    "neighbours": Part("columns of the neighbours' strength", unread=("near_*",)),
    "community": Part("columns of the community", unread=("group_*",)),
    "likeness": Part("columns of likeness and of the officer", unread=("like_*", "free_like_*", "officer_*")),
    "cause_flags": Part(
        "innocent causes as flags (learner)",
        unread=(
            "cause_*",
            "free_*",
            "excused_*",
            "group_free_*",
            "group_excused_*",
            "*_free",
            "*_free_*",
            "unexplained*",
        ),
    ),
    "cause_multipliers": Part(
        "innocent causes as multipliers of a pair", values={"causes": dict.fromkeys(CAUSES, 1.0)}
    ),
    "causes": Part("innocent causes altogether", uncaused=True),
    "names": Part("names beside phones", unread=("othername_*",), features=NAMES),
    "crowds": Part("crowds without a burst", unread=("ever_*",), features=CROWDS),
    "value_facts": Part(
        "what a value's users have in common, its age", unread=("firm_*", "surname_*", "dealer_*", "age_*")
    ),
    "person": Part(
        "age, surname and home region (learner)", unread=("age", "*surname*", "*home_region*", "officer_region")
    ),
    "mixed": Part("planted forms with mixed ties", without=(MIXED,)),
    "named_forms": Part("planted forms with a name (only mixed ones stay)", only=(MIXED,)),
}


def without(text: str, part: Part) -> str:
    """A policy file's text without the part. Raises ValueError for a section, key or feature that is not in it."""
    chunks = re.split(r"(?m)^(?=\[)", text)
    for name in part.features:
        kept = [c for c in chunks if not (c.startswith("[[feature]]") and f'\nname = "{name}"\n' in c)]
        if len(kept) != len(chunks) - 1:
            raise ValueError(f"the policy has no feature {name}")
        chunks = kept
    given = {section: dict[str, Any](values) for section, values in part.values.items()}
    if part.unread:
        given.setdefault("learning", {})["unread"] = list(part.unread)
    for section, values in given.items():
        at = next((n for n, c in enumerate(chunks) if c.startswith(f"[{section}]")), None)
        if at is None:
            raise ValueError(f"the policy has no section {section}")
        for key, value in values.items():
            chunks[at] = _set(chunks[at], key, value)
    if part.uncaused:
        chunks = [_uncaused(chunk) if chunk.startswith("[[channel]]") else chunk for chunk in chunks]
    return "".join(chunks)


def _uncaused(channel: str) -> str:
    """A channel that admits no innocent cause, and declares nobody: kin are told by that, whatever it admits."""
    return re.sub(r"(?m)^(causes|declared) = .*\n", "", channel)


def _set(chunk: str, key: str, value: Any) -> str:
    found, count = re.subn(rf"(?m)^{key} *=.*$", lambda _: f"{key} = {json.dumps(value)}", chunk)
    if count != 1:
        raise ValueError(f"the policy has no key {key}")
    return found


def chosen(asked: Sequence[str], arm: str) -> dict[str, Part]:
    """The whole and the asked parts (all, if none is named) that an arm has. Raises ValueError for an unknown one."""
    unknown = set(asked) - set(PARTS)
    if unknown:
        raise ValueError(f"no such part: {', '.join(sorted(unknown))} (there are {', '.join(PARTS)})")
    able = {name: part for name, part in PARTS.items() if ARMS[arm] or not part.told}
    return {name: part for name, part in able.items() if not asked or name in (WHOLE, *asked)}


def measure(books: Sequence[Book], parts: Mapping[str, Part], arm: str, cache: Path | None) -> dict[str, list[Figures]]:
    """By part, the figures of each book without it. Raises RuntimeError when a command fails."""
    runs = {part.run(arm): name for name, part in parts.items()}
    found: dict[str, list[Figures]] = {name: [] for name in parts}
    for book in books:
        for run, made in each_measured(book, list(runs), cache):
            ours = made["report"]["methods"][0]
            figures = {title: _seeds.FIGURES[title](ours) for title in SHOWN}
            found[runs[run]].append(figures)
            seconds = " ".join(f"{step} {took['seconds']:.0f} s" for step, took in made["steps"].items())
            print(f"seed {book.seed} without {runs[run]}: {_told(figures)}   {seconds}", file=sys.stderr, flush=True)
    return found


def _told(figures: Figures) -> str:
    return " ".join(f"{title} {figure or 0:.3f}" for title, figure in figures.items())


def differences(part: Sequence[Figures], whole: Sequence[Figures]) -> dict[str, Spread]:
    """Of each figure, without the part less with it, over books."""
    return {title: spread(_less(a[title], b[title]) for a, b in zip(part, whole, strict=True)) for title in SHOWN}


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def summary(found: Mapping[str, Sequence[Figures]]) -> dict[str, Any]:
    """By part: mean and interval of each figure and of its difference to the whole, and the figures by seed."""
    return {
        name: {
            "said": PARTS[name].said,
            "figures": {title: spread(figures[title] for figures in by_book) for title in SHOWN},
            "difference": differences(by_book, found[WHOLE]),
            "books": list(by_book),
        }
        for name, by_book in found.items()
    }


def tables(parts: Mapping[str, Any]) -> str:
    """Two Markdown tables: figures without each part, and the differences; **bold**: the interval is clear of zero."""
    head = f"| {{}} | {' | '.join(SHOWN)} |\n|{'---|' * (len(SHOWN) + 1)}"
    figures = [_row(kept["said"], [_cell(kept["figures"][title]) for title in SHOWN]) for kept in parts.values()]
    apart = [
        _row(kept["said"], [_cell(kept["difference"][title], signed=True) for title in SHOWN])
        for name, kept in parts.items() if name != WHOLE
    ]  # fmt: skip
    return "\n".join([head.format("taken away"), *figures, "", head.format("difference to the whole"), *apart])


def _row(said: str, cells: Sequence[str]) -> str:
    return f"| {said} | {' | '.join(cells)} |"


def _cell(found: Spread, *, signed: bool = False) -> str:
    mean, half = found["mean"], found["half"]
    if mean is None:
        return "-"
    text = _short(mean, "+.3f" if signed else ".3f") + ("" if half is None else f" ± {_short(half, '.3f')}")
    return f"**{text}**" if signed and half is not None and abs(mean) > half else text


def _short(value: float, form: str) -> str:
    return format(value, form).replace("0.", ".", 1) if abs(value) < 1 else format(value, form)


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=APPLICATIONS)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument("--arm", choices=list(ARMS), default="full")
    parser.add_argument("--level", choices=list(LEVELS), default="standard")
    parser.add_argument("--parts", nargs="+", default=[], help=f"of {', '.join(PARTS)}")
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--out", type=Path, default=RESULTS / "ablation.json")
    asked = parser.parse_args(words)
    try:
        asked.parts = chosen(names(asked.parts), asked.arm)
    except ValueError as error:
        parser.error(str(error))
    return asked


def main(words: Sequence[str] | None = None) -> int:
    """Measure, keep and print."""
    asked = _arguments(words)
    books = [Book(asked.applications, seed, locale_of(seed), asked.level) for seed in asked.seeds]
    try:
        parts = summary(measure(books, asked.parts, asked.arm, asked.cache))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    result = {
        "applications": asked.applications,
        "level": asked.level,
        "seeds": asked.seeds,
        "arm": asked.arm,
        "code": code_digest(),
        "machine": machine(),
        "parts": parts,
    }
    print(f"\n{tables(parts)}", file=sys.stderr)
    keep(asked.out, result)
    print(
        json.dumps(
            {name: {"AP": kept["figures"]["AP"], "less": kept["difference"]["AP"]} for name, kept in parts.items()}
        )
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
