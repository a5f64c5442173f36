"""What an evaluation found, as one JSON-ready object and as a page of text."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from typing import Any, Final

from detectors.measures import Intervals, Level, Weekly

WEEKLY_HEADLINE: Final = 50
"""Applications a week: the capacity whose mean recall is told."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What `k` opened applications would find."""

    k: int
    precision: float
    recall: float


@dataclass(frozen=True, slots=True)
class ApplicantLevel:
    """Measures of the ranking of applications; recall and exposure within the top 2 %."""

    roc_auc: float
    average_precision: float
    recall_top2: float
    exposure_top2: float
    capacity: tuple[Capacity, ...]
    weekly: tuple[Weekly, ...]  # empty where the time of the applications is not known


@dataclass(frozen=True, slots=True)
class Calibration:
    """How far stated probabilities are from what came true: expected calibration errors over ten bins of equal count.

    late: of the last 20 % by time. by_level: over the levels of the reliability table instead, where the few high
    probabilities do not share a bin with the many low ones.
    """

    error: float
    late: float
    by_level: float
    reliability: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class RingLevel:
    """Measures of the reported groups, as defined in detectors.measures.Overlap."""

    reported: int
    usable: float
    matched: float
    precision: float
    purity: float
    fragments: float


@dataclass(frozen=True, slots=True)
class Typology:
    """One kind of ring: counted applications and rings of at least three, and how much was found.

    judged: whether what tells of it was loaded at all.
    """

    name: str
    applications: int
    rings: int
    recall_top2: float
    usable: float
    judged: bool = True


@dataclass(frozen=True, slots=True)
class Innocent:
    """One class of honest applications: how many in 10,000 stand in the top 2 %, and its share of the top 100."""

    name: str
    applications: int
    per_10000: float
    share_of_top100: float


@dataclass(frozen=True, slots=True)
class Method:
    """All measures of one way to score the book."""

    name: str
    about: str
    applicant: ApplicantLevel
    ring: RingLevel
    intervals: Intervals
    typologies: tuple[Typology, ...]
    innocents: tuple[Innocent, ...]
    calibration: Calibration | None = None  # None: no probabilities

    @property
    def worst(self) -> Typology | None:
        """The judged typology of the least recall in the top 2 %, the first by name among equals."""
        return min((t for t in self.typologies if t.judged), key=lambda t: t.recall_top2, default=None)


@dataclass(frozen=True, slots=True)
class Report:
    """Ours first, then the peers, over the same counted applications."""

    applications: int
    frauds: int
    rings: int
    ignored_confirmed: int
    not_in_sweep: int
    without_truth: int
    seed: int
    methods: tuple[Method, ...]
    unlearnt: tuple[str, ...] = ()  # peers left out, because no confirmed fraud is known to learn from

    def json(self) -> dict[str, Any]:
        """One object of plain numbers, text and null (null: nothing was there to measure)."""
        plain: dict[str, Any] = _plain(asdict(self))
        for method, told in zip(self.methods, plain["methods"], strict=True):
            told["worst"] = _plain(asdict(method.worst)) if method.worst else None
        return plain

    def text(self) -> str:
        """A page for people."""
        parts = (
            self._heading(),
            self._overview(),
            self._capacity(),
            self._weekly(),
            self._calibration(),
            self._typologies(),
            self._innocents(),
        )
        return "\n\n".join(part for part in parts if part) + "\n"

    def _heading(self) -> str:
        said = [f"{self.applications:,} applications counted: {self.frauds:,} fraud, {self.rings:,} rings to find"]
        for count, what in (
            (self.ignored_confirmed, "already confirmed, left out"),
            (self.not_in_sweep, "in the truth but not in the sweep"),
            (self.without_truth, "in the sweep but not in the truth, left out"),
        ):
            if count:
                said.append(f"{count:,} {what}")
        return "\n".join(said)

    def _overview(self) -> str:
        head = (
            *("", "AUC", "AP", "r2", "exposure", "worst r2"),
            *("usable", "matched", "ring prec.", "purity", "fragments", "groups"),
        )
        rows: list[Sequence[str]] = [head]
        for method in self.methods:
            applicant, ring, span = method.applicant, method.ring, method.intervals
            worst = method.worst.recall_top2 if method.worst else float("nan")
            first = (
                applicant.roc_auc,
                applicant.average_precision,
                applicant.recall_top2,
                applicant.exposure_top2,
                worst,
            )
            second = (ring.usable, ring.matched, ring.precision, ring.purity)
            rows.append(
                (method.name, *map(_share, (*first, *second)), _number(ring.fragments, 1), f"{ring.reported:,}")
            )
            spans = (span.roc_auc, span.average_precision, span.recall_top2, None, None, span.usable, span.matched)
            rows.append(("  95 %", *map(_span, spans), "", "", "", ""))
        note = (
            "r2, exposure: recall of fraud and of its money in the top 2 %. worst r2: of the worst typology. usable:"
            " rings that one\ngroup covers to 80 % at purity 50 %. matched: Jaccard >= .5 among the top 2 x rings;"
            " ring prec.: share of those groups\nthat are mostly fraud."
        )
        peers = [f"{method.name}: {method.about}" for method in self.methods if method.about]
        if self.unlearnt:
            peers.append(f"left out, because no confirmed fraud is known to learn from: {', '.join(self.unlearnt)}")
        return "\n".join([_table(rows), note, *peers])

    def _capacity(self) -> str:
        rows: list[Sequence[str]] = [
            ("precision / recall of the top", *(f"{c.k}" for c in self._first.applicant.capacity))
        ]
        for method in self.methods:
            cells = (f"{_share(c.precision)} / {_share(c.recall)}" for c in method.applicant.capacity)
            rows.append((method.name, *cells))
        return _table(rows)

    def _weekly(self) -> str:
        if not self._first.applicant.weekly:
            return ""
        rows: list[Sequence[str]] = [
            (
                "precision / recall of the top a week",
                *(f"{w.k}" for w in self._first.applicant.weekly),
                "mean recall at 50",
            )
        ]
        for method in self.methods:
            cells = [f"{_share(w.precision)} / {_share(w.recall)}" for w in method.applicant.weekly]
            fifty = [_share(w.mean_recall) for w in method.applicant.weekly if w.k == WEEKLY_HEADLINE]
            rows.append((method.name, *cells, *fifty))
        note = (
            "The highest scores of each calendar week (Monday to Sunday, UTC); all weeks together. mean recall: of the"
            " weeks that hold fraud."
        )
        return f"{_table(rows)}\n{note}"

    def _calibration(self) -> str:
        found = self._first.calibration
        if found is None:
            return ""
        rows: list[Sequence[str]] = [("probability", "applications", "mean said", "came true")]
        for level in found.reliability:
            said = (f"{level.applications:,}", _number(level.predicted, 4), _number(level.observed, 4))
            rows.append((f"{level.low:g} - {level.high:g}", *said))
        errors = (found.error, found.late, found.by_level)
        told = "calibration error {} (last 20 % by time: {}; over the levels below: {})".format(
            *(_number(error, 4) for error in errors)
        )
        return f"{told}\n{_table(rows)}"

    def _typologies(self) -> str:
        def cell(method: Method, at: int) -> str:
            found = method.typologies[at]
            told = _share(found.recall_top2)
            return f"{told} / {_share(found.usable)}" if method is self._first else told

        names = [
            f"{t.name} ({t.applications:,} in {t.rings:,} ring{'' if t.rings == 1 else 's'}){'' if t.judged else ' *'}"
            for t in self._first.typologies
        ]
        table = self._side_by_side("r2 (ours / usable)", names, cell)
        if all(t.judged for t in self._first.typologies):
            return table
        return f"{table}\n* not judged as the worst: no payment event is known"

    def _innocents(self) -> str:
        def cell(method: Method, at: int) -> str:
            found = method.innocents[at]
            told = _number(found.per_10000, 0)
            return f"{told} / {_share(found.share_of_top100)}" if method is self._first else told

        names = [f"{i.name} ({i.applications:,})" for i in self._first.innocents]
        return self._side_by_side("false alarms per 10,000 (ours / share of top 100)", names, cell)

    def _side_by_side(self, title: str, names: Sequence[str], cell: Callable[[Method, int], str]) -> str:
        if not names:
            return ""
        rows: list[Sequence[str]] = [(title, *(method.name for method in self.methods))]
        rows += [(name, *(cell(method, at) for method in self.methods)) for at, name in enumerate(names)]
        return _table(rows)

    @property
    def _first(self) -> Method:
        return self.methods[0]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    if isinstance(value, float) and isnan(value):
        return None
    return value


def _share(value: float) -> str:
    """0.512 as .512, the way shares are told."""
    return _number(value, 3).removeprefix("0") if value < 1 else _number(value, 3)


def _number(value: float, digits: int) -> str:
    return "-" if isnan(value) else f"{value:.{digits}f}"


def _span(span: tuple[float, float] | None) -> str:
    return "" if span is None or isnan(span[0]) else f"{_number(span[0], 2)}-{_number(span[1], 2)}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )
