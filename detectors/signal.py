"""What a detector says of one subject: how strongly, why, and on what evidence."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Evidence:
    """A shared value or a figure. `applications`: at most ten others, nearest in time first; `total`: how many."""

    kind: str
    label: str
    token: str | None = None
    applications: tuple[str, ...] = ()
    total: int = 0


@dataclass(frozen=True, slots=True)
class Signal:
    """One reason for a score.

    strength: 0..1, how far the detector's finding lies in its own tail. weight: 0..1, share of the score's evidence.
    n and days fill the sentence: other people (or applications) concerned, and the span in days.
    """

    subject: str
    reason: str
    strength: float
    weight: float
    n: int = 0
    days: int = 0
    evidence: tuple[Evidence, ...] = ()
