"""A trained model: boosters by fold, what they read, and the card that says what they are worth."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from detectors import around, groups, wide
from detectors.boosting import Booster
from detectors.columns import text_digests
from detectors.policy import Policy
from graph.errors import ArtifactError, SettingsError

I64 = NDArray[np.int64]
Columns = NDArray[np.number[Any]]

CARD: Final = "card.json"
FOLDS: Final = "folds.arrow"
NO_FOLD: Final = -1
FORMAT: Final = 4
MIDDLE: Final = 12_000
"""Added to learnt scores (thousandths of log odds), which then are positive like the unsupervised ones."""

SURE: Final = 2000
"""Log odds (thousandths) above which the boosters are sure. Beyond, they count for no more than the unsupervised score:
who of the sure is surest is mostly an accident of what was learnt from (benchmarks.stability)."""
SETTLED: Final = 0
"""The same in a published score. Groups are told better by what the sure differ in; the order of the queue's first
hundred is not (ADR 0015)."""
PLANTED_HALF: Final = 300
"""Planted applications at which a model has half of the share that the policy gives one."""
LEAST: Final = 100
"""Thousandths of what lies beyond that count in any case, so that nobody ties."""


def blind_names(policy: Policy) -> tuple[str, ...]:
    """The columns of the label-blind model."""
    return (*wide.names(policy), *around.names([c.name for c in policy.channels]))


def learner_names(policy: Policy) -> tuple[str, ...]:
    """The columns that a model is asked with: those of the blind boosters, then those of the taught ones."""
    return (*blind_names(policy), *around.OUTCOME)


def unread(policy: Policy) -> tuple[str, ...]:
    """The columns that the policy forbids the learner to read. Raises SettingsError for a pattern that names none."""
    found: set[str] = set()
    for pattern in policy.unread:
        named = [name for name in learner_names(policy) if fnmatchcase(name, pattern)]
        if not named:
            raise SettingsError(f"[learning] unread: the learner has no column {pattern}", "see docs/detection.md")
        found.update(named)
    return tuple(sorted(found))


@dataclass(frozen=True, slots=True)
class Model:
    """blind, taught: a booster a fold (taught: none, where too little was confirmed).

    A taught booster reads around.OUTCOME alone, and answers what they add to the blind one's log odds.

    known, fold: digests of the applications that were trained on, ascending, and the fold that did not see each.
    judge: tells how much of one ring a group is, of groups.NAMES (None, where too little was planted).
    card: see detectors.train.
    """

    card: Mapping[str, Any]
    blind: tuple[Booster, ...]
    taught: tuple[Booster, ...]
    known: I64
    fold: NDArray[np.int8]
    judge: Booster | None = None

    @property
    def model_id(self) -> str:
        return str(self.card["model_id"])

    def mixed(self, raw: I64, margin: I64, policy: Policy) -> I64:
        """[R] what this model's log odds and the unsupervised score make, for telling groups by; see `mixed`."""
        return mixed(raw, margin, self._share(policy), policy)

    def scored(self, raw: I64, margin: I64, overlap: I64, policy: Policy) -> I64:
        """[R] the scores: such a mixture, and what the best group of each adds."""
        return mixed(raw, margin, self._share(policy), policy, sure=SETTLED) + lift(overlap, policy)

    def _share(self, policy: Policy) -> int:
        return share_of(int(self.card["planted"]), policy, taught=bool(self.taught))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it is asked with, in order."""
        return (*self.blind[0].names, *(self.taught[0].names if self.taught else ()))

    def ready(self) -> None:
        """Load what a first question would wait for."""
        for booster in (*self.blind, *self.taught):
            booster.ready()

    def folds_of(self, application_ids: Sequence[str]) -> I64:
        """[R] the fold whose booster has not seen an application, NO_FOLD where none has."""
        if not len(self.known):
            return np.full(len(application_ids), NO_FOLD)
        digest = text_digests(application_ids)
        at = np.minimum(np.searchsorted(self.known, digest), len(self.known) - 1)
        return np.where(self.known[at] == digest, self.fold[at], NO_FOLD).astype(np.int64)

    def margin(self, columns: I64, fold: I64) -> I64:
        """[R] log odds in thousandths. columns: [R, learner_names] (or blind_names, without taught boosters)."""
        many = len(self.blind[0].names)
        return self.margin_of(columns[:, :many], columns[:, many:], fold)

    def margin_of(self, blind: Columns, outcome: Columns, fold: I64) -> I64:
        """The same from the two kinds of columns apart: blind_names, and around.OUTCOME, which taught boosters read."""
        found = _by_fold(self.blind, blind, fold)
        return found + _by_fold(self.taught, outcome, fold) if self.taught else found

    def suits(self, policy: Policy) -> bool:
        """Whether the policy makes the columns that the model reads, and forbids the same ones as then."""
        suited = self.blind[0].names == blind_names(policy) and tuple(self.card.get("unread", ())) == unread(policy)
        judges = self.judge is None or self.judge.names == groups.NAMES
        return suited and judges and (not self.taught or self.taught[0].names == around.OUTCOME)

    def save(self, folder: Path) -> None:
        """Write into a new folder, the card last: without it there is no model."""
        folder.mkdir(parents=True, exist_ok=False)
        files = {}
        judges = () if self.judge is None else (self.judge,)
        every = {"blind": self.blind, "taught": self.taught, "judge": judges}
        for name, boosters in every.items():
            for number, booster in enumerate(boosters):
                files[f"{name}-{number}.txt"] = booster.text.encode()
        for file, data in files.items():
            (folder / file).write_bytes(data)
        pl.DataFrame({"known": self.known, "fold": self.fold}).write_ipc(folder / FOLDS, compression="uncompressed")
        files[FOLDS] = (folder / FOLDS).read_bytes()
        digests = {file: hashlib.sha256(data).hexdigest() for file, data in files.items()}
        names = {name: list(boosters[0].names) if boosters else [] for name, boosters in every.items()}
        said = {**self.card, "format": FORMAT, "names": names, "files": digests}
        aside = folder / f".{CARD}"  # half a card would be a model that cannot be read
        with aside.open("x", encoding="utf-8") as sink:
            json.dump(said, sink, indent=1, ensure_ascii=False)
            sink.flush()
            os.fsync(sink.fileno())
        aside.replace(folder / CARD)


def read_model(folder: Path) -> Model:
    """Read a model. Raises ArtifactError where a file is missing, or is not the one that the card tells of."""
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        files = {name: (folder / name).read_bytes() for name in card["files"]}
        wrong = [n for n, data in files.items() if hashlib.sha256(data).hexdigest() != card["files"][n]]
        if card["format"] != FORMAT:
            raise ArtifactError(f"model {folder.name} was made by another release", "train again")
        if wrong:
            raise ArtifactError(f"model {folder.name}: {wrong[0]} is altered", "train again")
        folds = pl.read_ipc(files[FOLDS])
        return Model(
            card, _boosters(card, files, "blind"), _boosters(card, files, "taught"),
            folds["known"].to_numpy(), folds["fold"].to_numpy(), next(iter(_boosters(card, files, "judge")), None),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(f"model {folder.name} cannot be read: {error}", "train again") from error


def _boosters(card: Mapping[str, Any], files: Mapping[str, bytes], name: str) -> tuple[Booster, ...]:
    chosen = sorted(file for file in files if file.startswith(f"{name}-"))
    return tuple(Booster(tuple(card["names"][name]), files[file].decode()) for file in chosen)


def _by_fold(boosters: tuple[Booster, ...], columns: Columns, fold: I64) -> I64:
    """Each row by the booster of its fold, rows without one by the mean of all."""
    found = np.zeros(len(columns), np.int64)
    for number, booster in enumerate(boosters):
        rows = np.flatnonzero((fold == number) | (fold == NO_FOLD))
        margin = booster.margin(columns if len(rows) == len(columns) else columns[rows])
        found[rows] += np.where(fold[rows] == NO_FOLD, margin, margin * len(boosters))
    return found // len(boosters)


def share_of(planted: int, policy: Policy, *, taught: bool) -> int:
    """Thousandths of a score that are the model's, the less the fewer rings it has learnt from.

    Three hundred planted applications, some forty rings, are what the unsupervised score is worth beside them: a small
    book teaches little, and must not lose by it what stands out for everybody.
    """
    wanted = policy.taught_share if taught else policy.learnt_share
    return round(wanted * planted / (planted + PLANTED_HALF) * 1000)


def mixed(raw: I64, margin: I64, share: int, policy: Policy, *, sure: int = SURE) -> I64:
    """[R] the score's log odds in thousandths, above -MIDDLE/1000 and so shifted that none is negative.

    raw: unsupervised score in thousandths of a decade; margin: learnt log odds in thousandths; share: of `share_of`;
    sure: see SURE.
    """
    unsupervised = raw * round(policy.log_odds_per_decade * 1000) // 1000
    beyond = min(share, max(1000 - share, LEAST)) * np.maximum(margin - sure, 0)
    learnt = share * np.minimum(margin, sure) + beyond
    found: I64 = np.maximum((learnt + (1000 - share) * unsupervised) // 1000 + MIDDLE, 0)
    return found


def lift(overlap: I64, policy: Policy) -> I64:
    """[R] thousandths of log odds that the best group of an application adds to its score.

    The members of a ring that stand out least are those of whom a booster knows only their own ties; what they are part
    of tells more. overlap: [R] thousandths of one ring, of rings.Proposals.
    """
    found: I64 = overlap * round(policy.ring_worth * 1000) // 1000
    return found
