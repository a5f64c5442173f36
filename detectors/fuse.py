"""From raw score to probability, score 0-1000 and band."""

import math
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.policy import Feature, Policy
from detectors.tails import DECADE
from detectors.words import NETWORK, reason

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Bool = NDArray[np.bool_]

BASE_SCORE: Final = 400
POINTS_PER_DOUBLING: Final = 40
"""detection.md step 12: 60 clips the top of the queue."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """log odds = intercept + slope * raw decades; odds at BASE_SCORE = base. `kind`: assumed or fitted.

    red and amber are the least raw scores of the bands, fixed with the sweep; blind is the least unsupervised score
    that makes an application amber whatever the model says of it (None without a model).
    """

    intercept: float
    slope: float
    base_rate: float
    red: int
    amber: int
    kind: str = "assumed"
    blind: int | None = None

    def as_dict(self) -> dict[str, float | int | str | None]:
        """For the manifest."""
        return asdict(self)


def calibrate(
    raw: I64, eligible: Bool, policy: Policy, *, unsupervised: I64 | None = None, lifted: bool = False
) -> Calibration:
    """Fix the intercept so that the mean probability is the policy's prior, and the cut-offs by its capacity.

    raw: thousandths of a weighted decade, or of log odds where a model was asked. unsupervised: [R] the score without
    it, which then has a share of the amber places to itself: a model finds what it was taught, and frauds change.
    lifted: `raw` holds what the best group of each adds, too.
    """
    learnt = policy.lifted_slope if lifted else policy.learnt_slope
    slope = policy.log_odds_per_decade if unsupervised is None else learnt
    low, high = -60.0, 20.0
    distinct, count = np.unique(raw, return_counts=True)
    for _ in range(80):
        middle = (low + high) / 2
        mean = float(np.dot(_sigmoid(middle + slope * distinct / DECADE), count)) / max(len(raw), 1)
        low, high = (middle, high) if mean < policy.fraud_rate else (low, middle)
    kept = 0 if unsupervised is None else round(policy.blind_share * policy.amber)
    amber = _cut(raw, policy.red + policy.amber - kept)
    red = max(_cut(raw[eligible], policy.red), amber)
    blind = None if unsupervised is None else _cut(unsupervised[raw < amber], kept)
    return Calibration(round((low + high) / 2, 9), slope, policy.fraud_rate, red, amber, blind=blind)


def _cut(raw: I64, places: int) -> int:
    """The least value that at most `places` rows reach; equal rows stand or fall together."""
    ordered = np.sort(raw)[::-1]
    if len(ordered) <= places:
        return 1
    return max(int(ordered[places]) + 1, 1)


def _sigmoid(x: F64) -> F64:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(x, -700, 700))), np.float64)


def probability(raw: I64, calibration: Calibration) -> F64:
    """[R] probability, rounded to nine decimals so that one row and a million get the same digits."""
    return np.round(_sigmoid(calibration.intercept + calibration.slope * raw / DECADE), 9)


def score(raw: I64, calibration: Calibration) -> I64:
    """[R] 400 + 40 log2(odds / base odds), whole points from 0 to 1000."""
    base = math.log(calibration.base_rate / (1 - calibration.base_rate))
    log_odds = calibration.intercept + calibration.slope * raw / DECADE
    return np.clip(np.rint(BASE_SCORE + POINTS_PER_DOUBLING * (log_odds - base) / math.log(2)), 0, 1000).astype(
        np.int64
    )


@dataclass(frozen=True, slots=True)
class _Reasons:
    """What a policy's features say of its reason codes: made once a policy, asked once a score."""

    codes: tuple[str, ...]
    belongs: I64  # [F, reasons] 1 where the feature speaks under the reason
    by_family: I64  # reasons of the families that count, family by family, and where each family begins
    family_start: I64
    personal: Bool  # [reasons]


@lru_cache(maxsize=8)
def _reasons(features: tuple[Feature, ...]) -> _Reasons:
    codes = tuple(dict.fromkeys(f.reason for f in features))
    words = [reason(code) for code in codes]
    counted = sorted((w.family, n) for n, w in enumerate(words) if w.family != NETWORK)
    families = [family for family, _ in counted]
    return _Reasons(
        codes,
        np.array([[f.reason == code for code in codes] for f in features]).astype(np.int64),
        np.array([n for _, n in counted], np.int64),
        np.array([families.index(family) for family in dict.fromkeys(families)], np.int64),
        np.array([w.about_applicant and w.family != NETWORK for w in words]),
    )


def reason_codes(policy: Policy) -> tuple[str, ...]:
    """The policy's reason codes in the order of their first feature."""
    return _reasons(policy.features).codes


def by_reason(contribution: I64, policy: Policy) -> I64:
    """[R, reasons] contributions summed by reason code."""
    return contribution @ _reasons(policy.features).belongs


def red_eligible(reasons: I64, policy: Policy) -> Bool:
    """[R] at least two independent families of reasons, one about the applicant (api.md: no guilt by association)."""
    known = _reasons(policy.features)
    present = reasons > 0
    families = np.logical_or.reduceat(present[:, known.by_family], known.family_start, axis=1)
    eligible: Bool = (families.sum(axis=1) >= 2) & present[:, known.personal].any(axis=1)
    return eligible


def bands(raw: I64, unsupervised: I64, eligible: Bool, calibration: Calibration) -> NDArray[np.str_]:
    """[R] red, amber or green by the sweep's cut-offs; see calibrate."""
    red = (raw >= calibration.red) & eligible
    amber = raw >= calibration.amber
    if calibration.blind is not None:
        amber |= unsupervised >= calibration.blind
    return np.where(red, "red", np.where(amber, "amber", "green"))
