"""From contributions to signals: which shared value, which other applications, how many and over how long."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors import contexts
from detectors.attribution import DENSE_GROUP, NEAR_RISK, OFFICER_REASONS
from detectors.columns import MISSING, RATIO
from detectors.features import NAMED, Layer0, named_otherwise
from detectors.local import Local
from detectors.policy import Policy
from detectors.signal import Evidence, Signal
from detectors.tails import DECADE
from detectors.words import direct
from graph.book import DAY
from graph.network import VALUE_NAMES
from graph.projection import COUNT_REACH, CROWD, WINDOW

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]

FULL_STRENGTH: Final = 3 * DECADE
"""A contribution of three weighted decades above the floor is as strong as a signal gets."""
SHOWN: Final = 10
LEAST_OF_OFFICER: Final = 3
"""Fewer other applications of an officer are no habit that could be told, whatever a score loses without them."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One scored row with all that its score was made of.

    contribution: [F]; layers: own, neighbours, community; lost: what a learnt score loses without each reason.
    """

    local: Local
    bottom: Layer0
    contribution: I64
    layers: tuple[int, int, int]
    policy: Policy
    lost: Mapping[str, int] | None = None

    def share(self, code: str, amount: int) -> float:
        """What part of the score a reason carries, 0..1."""
        if self.lost is None:
            return amount / max(sum(self.layers), 1)
        return self.lost.get(code, 0) / max(sum(self.lost.values()), 1)

    def names(self, applications: NDArray[np.integer]) -> tuple[str, ...]:
        """Ids of at most SHOWN applications, nearest in time first, each once."""
        event_at = self.local.book.columns["event_at"].astype(np.int64)
        gap = np.abs(event_at[applications] - event_at[self.local.target])
        ordered = applications[np.lexsort((applications, gap))]
        return tuple(dict.fromkeys(self.local.ids[i] for i in ordered[: 4 * SHOWN].tolist()))[:SHOWN]

    def days(self, applications: NDArray[np.integer]) -> int:
        """Days from the first to the last of the applications and the row itself."""
        event_at = self.local.book.columns["event_at"].astype(np.int64)
        times = np.append(event_at[applications], event_at[self.local.target])
        return int((times.max() - times.min()) // DAY)

    def persons(self, applications: NDArray[np.integer]) -> int:
        """How many different persons stand behind the applications."""
        return len(np.unique(self.local.book.columns["person"][applications]))


def signals(scene: Scene) -> tuple[Signal, ...]:
    """The row's signals in the order of `telling`.

    Weights are shares of everything that added to the raw score, or of what a learnt score loses without each reason.
    """
    subject = scene.local.ids[scene.local.target]
    found = []
    by_reason: dict[str, dict[int, int]] = defaultdict(dict)
    for i, (feature, part) in enumerate(zip(scene.policy.features, scene.contribution.tolist(), strict=True)):
        by_reason[feature.reason][i] = part
    for code, amounts in by_reason.items():
        amount = sum(amounts.values()) + (scene.layers[2] if code == DENSE_GROUP else 0)
        if amount > 0:
            best = max(amounts, key=lambda i: (amounts[i], -i))
            n, days, evidence = _evidence(scene, scene.policy.features[best].name)
            found.append(Signal(subject, code, _strength(amount), scene.share(code, amount), n, days, evidence))
    if scene.layers[1] > 0:
        others, part = _riskiest(scene), scene.layers[1]
        found.append(
            Signal(subject, NEAR_RISK, _strength(part), scene.share(NEAR_RISK, part), scene.persons(others),
                   scene.days(others), _others(scene, others))
        )  # fmt: skip
    return telling(worth_saying(found))


def worth_saying(found: list[Signal]) -> list[Signal]:
    """Without an officer's habits of too few applications, unless there is nothing else to say."""
    return [s for s in found if s.n >= LEAST_OF_OFFICER or s.reason not in OFFICER_REASONS] or found


def telling(found: Iterable[Signal]) -> tuple[Signal, ...]:
    """Direct evidence before mere nearness, whatever either weighs; among themselves the heaviest first."""
    return tuple(sorted(found, key=lambda s: (not direct(s.reason), -s.weight, s.reason)))


def _strength(amount: int) -> float:
    return round(min(1.0, amount / FULL_STRENGTH), 4)


def _riskiest(scene: Scene) -> I32:
    """Neighbours ordered by what they add: weight times their own layer."""
    pairs = scene.bottom.pairs
    value = pairs.weight * scene.local.neighbours["layer1"][pairs.other]
    order = np.lexsort((pairs.other, -value))
    return pairs.other[order[value[order] > 0]][:SHOWN]


def _others(scene: Scene, others: NDArray[np.integer]) -> tuple[Evidence, ...]:
    if not len(others):
        return ()
    names = scene.names(others)
    return (Evidence("application", ", ".join(names[:3]), None, names, len(np.unique(others))),)


def _evidence(scene: Scene, feature: str) -> tuple[int, int, tuple[Evidence, ...]]:
    """(other persons, days, evidence) behind one feature."""
    if feature.startswith("s_"):
        return _of_channel(scene, feature[2:])
    if feature.startswith("crowd_"):
        return _of_crowd(scene, feature.removeprefix("crowd_"))
    if feature in _PAIRED:
        met = _paired(scene, feature)
        return scene.persons(met), scene.days(met), _others(scene, met)
    if feature.startswith("same_person") or feature == "identity_conflict":
        own = _own(scene)
        return len(own), scene.days(own), _others(scene, own)
    if feature.startswith("officer_"):
        return _of_officer(scene, feature)
    if feature == "employer_variants":
        return _of_channel(scene, "phone_work")
    if feature in NAMED:
        return _of_names(scene, feature)
    return _figure(scene, feature)


_PAIRED: Final = ("pair_weight", "unexplained_weight", "unexplained_near", "known_weight")


def _of_channel(scene: Scene, channel: str) -> tuple[int, int, tuple[Evidence, ...]]:
    """The most surprising value on a channel, with its users near the row; other such values after it."""
    number = [c.name for c in scene.policy.channels].index(channel)
    found = scene.bottom.entries
    chosen = np.flatnonzero((found.channel == number) & (scene.bottom.persons > 0))
    chosen = chosen[np.lexsort((chosen, -scene.bottom.surprise[chosen]))]
    evidence: list[Evidence] = []
    first = np.zeros(0, np.int32)
    for entry in chosen[:3]:
        others = _users_near(scene, int(entry))
        first = others if not evidence else first
        value = int(scene.local.book.values[found.value[entry]])
        token, label = scene.local.texts.get(value, ("", ""))
        kind = VALUE_NAMES[int(scene.local.book.value_kind[found.value[entry]])]
        evidence.append(Evidence(kind, label, token or None, scene.names(others), int(scene.bottom.persons[entry])))
    n = evidence[0].total if evidence else 0
    return n, scene.days(first), tuple(evidence)


def _users_near(scene: Scene, entry: int) -> I32:
    """Others' applications with the entry's value inside the window; a crowded value has no touches to tell them."""
    book, found, met = scene.local.book, scene.bottom.entries, scene.bottom.touches
    slot, at = int(found.slot[entry]), int(found.at[entry])
    if book.slots.persons[slot] <= CROWD:
        met_here: I32 = met.other[(met.entry == entry) & (np.abs(met.gap) <= WINDOW)]
        return met_here
    start, end = int(book.slots.start[slot]), int(book.slots.start[slot + 1])
    users = book.member[max(start, at - COUNT_REACH) : min(end, at + COUNT_REACH)]
    event_at, person = book.columns["event_at"].astype(np.int64), book.columns["person"]
    near = np.abs(event_at[users] - event_at[scene.local.target]) <= WINDOW
    others: I32 = users[near & (person[users] != person[scene.local.target])]
    return others


def _of_crowd(scene: Scene, channel: str) -> tuple[int, int, tuple[Evidence, ...]]:
    """The value of a channel that most others have had, however long ago, whom nothing excuses."""
    number = [c.name for c in scene.policy.channels].index(channel)
    found, met = scene.bottom.entries, scene.bottom.touches
    return _most_used(scene, (found.channel[met.entry] == number) & (met.cause == 0))


def _of_names(scene: Scene, feature: str) -> tuple[int, int, tuple[Evidence, ...]]:
    """The phone that most others have under another name, with them; other such phones after it."""
    return _most_used(scene, named_otherwise(scene.bottom.entries, scene.bottom.touches, feature, scene.policy))


def _most_used(scene: Scene, chosen: NDArray[np.bool_]) -> tuple[int, int, tuple[Evidence, ...]]:
    """The value that most persons of the chosen touches share with the row, with them; other values after it."""
    found, met = scene.bottom.entries, scene.bottom.touches
    value, other = found.value[met.entry[chosen]], met.other[chosen]
    groups = [(int(v), other[value == v]) for v in np.unique(value).tolist()]
    groups.sort(key=lambda group: (-scene.persons(group[1]), int(group[1].min())))
    evidence = []
    for at, others in groups[:3]:
        token, label = scene.local.texts.get(int(scene.local.book.values[at]), ("", ""))
        kind = VALUE_NAMES[int(scene.local.book.value_kind[at])]
        evidence.append(Evidence(kind, label, token or None, scene.names(others), scene.persons(others)))
    return (evidence[0].total, scene.days(groups[0][1]), tuple(evidence)) if evidence else (0, 0, ())


def _paired(scene: Scene, feature: str) -> I32:
    pairs = scene.bottom.pairs
    keep = pairs.weight > 0
    if feature != "pair_weight" or (keep & ~pairs.explained).any():  # a group is told by those whom nothing excuses
        keep &= ~pairs.explained
    if feature == "unexplained_near":
        keep &= np.abs(pairs.gap) <= WINDOW
    if feature == "known_weight":
        keep = (pairs.weight > 0) & (scene.local.book.columns["confirmed"].astype(np.int8)[pairs.other] > 0)
    order = np.lexsort((pairs.other, -pairs.weight))
    kept: I32 = pairs.other[order][keep[order]]
    return kept


def _own(scene: Scene) -> I64:
    """The person's other applications."""
    person = scene.local.book.columns["person"]
    same: I64 = np.flatnonzero(person == person[scene.local.target])
    others: I64 = same[same != scene.local.target]
    return others


def _of_officer(scene: Scene, feature: str) -> tuple[int, int, tuple[Evidence, ...]]:
    """The officer's applications in the window that are like the row."""
    book, rows = scene.local.book, np.array([scene.local.target], np.int32)
    met = contexts.officer_company(book, rows)
    inside = met.users[(met.at[:, None] + np.arange(met.inside.shape[1]))[met.inside]]
    column = {"officer_employer": "employer_core", "officer_income": "income_band", "officer_region": "home_region"}
    if feature in column:
        value = book.columns[column[feature]].astype(np.int64)
        inside = inside[(value[inside] == value[scene.local.target]) & (value[inside] != 0)]
    if feature == "officer_appraisal":
        inside = inside[book.columns["appraisal_ratio"][inside] != MISSING]
    n = scene.persons(inside)
    officer = _single(scene, "officer", scene.names(inside), n)
    if feature == "officer_employer":  # the sentence names the employer
        return n, scene.days(inside), (_single(scene, "employer_core", scene.names(inside), n), officer)
    if feature == "officer_appraisal":
        return n, scene.days(inside), (_percent(known_mean(book.columns["appraisal_ratio"][inside])), officer)
    return n, scene.days(inside), (officer,)


def _single(scene: Scene, kind: str, applications: tuple[str, ...] = (), total: int = 0) -> Evidence:
    """The row's own value of a kind of graph.book.SINGLE."""
    token, label = scene.local.texts.get(int(scene.local.book.columns[kind][scene.local.target]), ("", ""))
    return Evidence(kind, label, token or None, applications, total)


_STATED: Final = {"holder_mismatch": "account", "id_check": "national_id"}
"""Features -> the value of the row's own that they speak of."""


def _figure(scene: Scene, feature: str) -> tuple[int, int, tuple[Evidence, ...]]:
    """What is said of the row alone: a value of its own, appraisal over price, or price in monthly incomes."""
    if feature in _STATED:
        return 0, 0, (_single(scene, _STATED[feature]),)
    if feature == "appraisal":
        return 0, 0, (_percent(_ratio(scene, "appraisal_ratio")),)
    if feature == "price_to_income":
        return 0, 0, (Evidence("figure", f"{_ratio(scene, 'price_to_income'):.1f} x"),)
    return 0, 0, ()


def _percent(ratio: float) -> Evidence:
    return Evidence("figure", f"{ratio * 100:.0f} %")


def known_mean(held: NDArray[np.integer]) -> float:
    """Mean of those of [N] ratios (in RATIO-ths) that are known; 0 when none is."""
    known = held[held != MISSING]
    return float(known.mean()) / RATIO if len(known) else 0.0


def _ratio(scene: Scene, column: str) -> float:
    return int(scene.local.book.columns[column][scene.local.target]) / RATIO
