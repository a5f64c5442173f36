"""What can be turned on a sample book, and the kinds of groups (rings and innocents) that are planted in it."""

from dataclasses import dataclass
from typing import Final

from graph.errors import UsageError


@dataclass(frozen=True, slots=True)
class Level:
    """How hard a book is: how much a ring shares, how it changes what it shares, how long it takes, how it hides."""

    share: tuple[float, float]  # probability that a member carries the ring's value, drawn per ring
    values: tuple[int, int]  # rotation: how many values of one kind a ring goes through
    bound: float  # chance that a piece of a group, ring or innocent, which no value joins to the rest gets a tie
    drip: float  # part of the rings that add about one member a month
    posed: float  # part of the rings of up to eight people that pose as one household
    camouflage: float  # part of ALL applications, honest or not, that carry somebody else's value
    twins: float | None  # applications of each class of twins for one of its typology; None: Kind.share of the book


LEVELS: Final[dict[str, Level]] = {
    "easy": Level((0.7, 0.95), (1, 1), 0.98, 0.05, 0.05, 0.01, 1.2),
    "standard": Level((0.5, 0.9), (1, 3), 0.86, 0.15, 0.10, 0.03, 1.2),
    "hard": Level((0.4, 0.9), (1, 3), 0.0, 0.15, 0.10, 0.03, None),
    "adversarial": Level((0.3, 0.6), (2, 5), 0.86, 0.40, 0.30, 0.10, 1.2),
}
"""What the oracle reaches on each (benchmarks/oracle.py: one piece of shared values covers 80 % of a ring; members
with a tie; pairs with a tie; rings that work by ties, 50,000 applications, zh and en): easy .99, .995, .62; standard
.90, .98, .51; hard .40, .82, .38; adversarial .81, .96, .46. Twins of the same books: .98, .99, .92 at standard.
"""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of group. Sizes are lognormal around `size`, bounded; `days` bounds the time it takes.

    dealers: "one", "few" (two to four of the city) or "any". `local`: part of the members in the group's city.
    share: part of the book's applications that such innocents make up (rings share the fraud rate equally).
    poses: whether a small one may pose as one household.
    """

    name: str
    size: float
    bounds: tuple[int, int]
    days: tuple[float, float]
    dealers: str = "any"
    local: float = 0.97
    share: float = 0.0
    poses: bool = False
    ordinary: bool = False


RINGS: Final[tuple[Kind, ...]] = (
    Kind("synthetic_identity", 8, (4, 40), (20, 200), poses=True),
    Kind("straw_buyer", 7, (3, 30), (10, 90), "few", 0.9, poses=True),
    Kind("dealer_officer", 9, (4, 40), (10, 120), "one", 1.0),
    Kind("fake_employer", 8, (4, 30), (10, 150), "few"),
    Kind("device_farm", 9, (4, 40), (5, 90), "any", 0.7),
    Kind("loan_stacking", 5, (3, 9), (2, 25), "any", 0.9),
    Kind("address_mill", 8, (4, 30), (15, 180), "few", poses=True),
    Kind("bust_out", 8, (4, 25), (20, 120), "few"),
    Kind("double_pledge", 6, (4, 12), (5, 90), "few"),
    Kind("account_funnel", 8, (4, 30), (10, 150), "any", 0.85, poses=True),
    Kind("reference_web", 8, (4, 20), (10, 120), "few", poses=True),
    Kind("cohort", 9, (5, 40), (7, 60), "one", 1.0),
)
"""The twelve planted typologies (benchmarks.md). Sizes 3-40, mostly 4-15."""

INNOCENTS: Final[tuple[Kind, ...]] = (
    Kind("family", 2.3, (2, 5), (30, 700), share=0.075, ordinary=True),
    Kind("reapplication", 2.2, (2, 4), (15, 300), local=0.93, share=0.045, ordinary=True),
    Kind("rate_shopper", 2.6, (2, 5), (1, 14), local=0.92, share=0.018, ordinary=True),
    Kind("couple_account", 2.1, (2, 3), (5, 400), share=0.014, ordinary=True),
    Kind("relatives_account", 2.2, (2, 4), (10, 500), share=0.007),
    Kind("friends_references", 3.5, (2, 8), (5, 150), "few", share=0.018),
    Kind("recommendation_chain", 4.5, (3, 12), (10, 150), "one", share=0.010),
    Kind("salesman_reference", 9, (4, 30), (30, 400), "one", 1.0, share=0.006),
    Kind("immigrant_family", 5, (3, 12), (20, 300), share=0.010),
    Kind("cosigning_parent", 2.3, (2, 4), (5, 250), share=0.008),
    Kind("busy_officer", 14, (6, 60), (3, 45), "one", 1.0, share=0.014),
    Kind("new_small_firm", 6, (3, 20), (30, 250), share=0.010),
    Kind("shared_office", 6, (3, 16), (60, 500), share=0.006),
    Kind("company_block", 8, (3, 30), (20, 400), share=0.010),
    Kind("dormitory", 8, (4, 40), (30, 500), share=0.012),
    Kind("plant_closure", 9, (4, 40), (40, 400), share=0.008),
    Kind("refinance", 2.1, (2, 3), (60, 500), share=0.010),
    Kind("payroll_agent", 8, (4, 30), (30, 400), share=0.008),
    Kind("village_plant", 11, (5, 40), (15, 150), "few", 1.0, share=0.010),
)
"""The innocent twins and the ordinary reasons to share something. `dealer_tablet` comes from dealers, not groups."""

HOUSEHOLD: Final = 8  # a larger ring cannot pose as one family
MOST_DAYS_OF_A_RUSH: Final = 60  # kinds that are over sooner never drip
USUAL_RATE: Final = 0.018  # of fraud
TWINS_AT_LEAST: Final = 1.2  # innocents of a class are at least this many times one typology's fraud


@dataclass(frozen=True, slots=True)
class Knobs:
    """Everything `write_book` can be told (see there)."""

    applications: int
    seed: int
    locale: str = "zh"
    fraud_rate: float = USUAL_RATE
    level: str = "standard"
    label_share: float = 0.5
    finding_error: float = 0.2
    missing: float = 1.0
    mess: float = 1.0
    drift: float = 0.0
    headings: str = "plain"

    def __post_init__(self) -> None:
        _require(self.applications >= 1, "a book needs at least one application")
        _require(self.seed >= 0, "the seed must not be negative")
        _require(self.locale in ("zh", "en", "mixed"), f"unknown locale {self.locale!r}: zh, en or mixed")
        _require(self.level in LEVELS, f"unknown level {self.level!r}: {', '.join(LEVELS)}")
        _require(self.headings in ("plain", "varied"), f"unknown headings {self.headings!r}: plain or varied")
        _require(0 <= self.fraud_rate <= 0.1, "the fraud rate lies between 0 and 0.1")
        for name in ("finding_error", "drift"):
            _require(0 <= getattr(self, name) < 1, f"{name} lies between 0 and 1, 1 excluded")
        _require(0 <= self.label_share <= 1, "label_share lies between 0 and 1")
        _require(0 <= self.missing <= 3 and 0 <= self.mess <= 3, "missing and mess lie between 0 and 3")

    @property
    def hardness(self) -> Level:
        """The named level's figures."""
        return LEVELS[self.level]


def _require(holds: bool, message: str) -> None:
    if not holds:
        raise UsageError(message, "see the options of `ringsight synth`")
