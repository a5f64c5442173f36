"""What an evaluation found, as one JSON-ready object and as a page of text."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from math import isnan
from typing import Any

from detectors.measures import Intervals


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
    calibration_error: float
    capacity: tuple[Capacity, ...]


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
    """One kind of ring: counted applications and rings of at least three, and how much was found."""

    name: str
    applications: int
    rings: int
    recall_top2: float
    usable: float


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

    def json(self) -> dict[str, Any]:
        """One object of plain numbers, text and null (null: nothing was there to measure)."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    def text(self) -> str:
        """A page for people."""
        parts = (
            self._heading(),
            self._overview(),
            self._capacity(),
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
        head = ("", "AUC", "AP", "r2", "exposure", "usable", "matched", "ring prec.", "purity", "fragments", "groups")
        rows: list[Sequence[str]] = [head]
        for method in self.methods:
            applicant, ring, span = method.applicant, method.ring, method.intervals
            first = (applicant.roc_auc, applicant.average_precision, applicant.recall_top2, applicant.exposure_top2)
            second = (ring.usable, ring.matched, ring.precision, ring.purity)
            rows.append(
                (method.name, *map(_share, (*first, *second)), _number(ring.fragments, 1), f"{ring.reported:,}")
            )
            spans = (span.roc_auc, span.average_precision, span.recall_top2, None, span.usable, span.matched)
            rows.append(("  95 %", *map(_span, spans), "", "", "", ""))
        note = (
            "r2, exposure: recall of fraud and of its money in the top 2 %. usable: rings that one group covers to 80 %"
            " at purity 50 %.\nmatched: Jaccard >= .5 among the top 2 x rings; ring prec.: share of those groups that"
            " are mostly fraud."
        )
        peers = [f"{method.name}: {method.about}" for method in self.methods if method.about]
        return "\n".join([_table(rows), note, *peers])

    def _capacity(self) -> str:
        rows: list[Sequence[str]] = [
            ("precision / recall of the top", *(f"{c.k}" for c in self._first.applicant.capacity))
        ]
        for method in self.methods:
            cells = (f"{_share(c.precision)} / {_share(c.recall)}" for c in method.applicant.capacity)
            rows.append((method.name, *cells))
        return _table(rows)

    def _typologies(self) -> str:
        def cell(method: Method, at: int) -> str:
            found = method.typologies[at]
            return f"{_share(found.recall_top2)} / {_share(found.usable)}"

        names = [
            f"{t.name} ({t.applications:,} in {t.rings:,} ring{'' if t.rings == 1 else 's'})"
            for t in self._first.typologies
        ]
        return self._side_by_side("r2 / usable by typology", names, cell)

    def _innocents(self) -> str:
        def cell(method: Method, at: int) -> str:
            found = method.innocents[at]
            return f"{_number(found.per_10000, 0)} / {_share(found.share_of_top100)}"

        names = [f"{i.name} ({i.applications:,})" for i in self._first.innocents]
        return self._side_by_side("false alarms per 10,000 / share of top 100", names, cell)

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
