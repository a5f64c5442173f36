"""Links that befall anybody: colleagues as references, recycled numbers, typing slips, brokers, camouflage."""

import numpy as np

from ingest.synthetic.knobs import Knobs
from ingest.synthetic.loom import Loom
from ingest.synthetic.plan import Plan
from ingest.synthetic.pools import Ints

_COLLEAGUES = 0.04
_RECYCLED = 0.004
_SLIPS = 0.004
BROKERED = 0.12
"""Parts of all applications (the last: of all rings) that a chance link falls on."""


def background(loom: Loom, plan: Plan, knobs: Knobs) -> None:
    """Weave what is nobody's doing over the whole book, rings and innocents at one rate."""
    _colleagues(loom)
    brokers(loom, plan)
    _recycled_numbers(loom)
    everyone = np.arange(knobs.applications)
    loom.slip(everyone[loom.rng.random(knobs.applications) < _SLIPS])
    camouflage(loom, plan, knobs.hardness.camouflage)


def _picked(loom: Loom, rate: float) -> Ints:
    return np.flatnonzero(loom.rng.random(len(loom.draft.row)) < rate)


def _colleagues(loom: Loom) -> None:
    """Some name a colleague who has borrowed too: the next row, by employer."""
    order = np.lexsort((loom.draft.row, loom.draft.employer))
    same = np.flatnonzero(loom.draft.employer[order[:-1]] == loom.draft.employer[order[1:]])
    plain = loom.world.employers.get("plain", loom.draft.employer[order[same]]) == 0
    same = same[plain & (loom.rng.random(len(same)) < _COLLEAGUES)]
    rows, other = order[same], order[same + 1]
    loom.draft.ref_phone[rows, 1] = loom.draft.phone[other]
    loom.draft.ref_person[rows, 1] = loom.draft.person[other]


def brokers(loom: Loom, plan: Plan) -> None:
    """Two rings behind one broker: one or two members of each name the broker's phone."""
    rings = [g for g in plan.groups.values() if g.ring and len(g)]
    if not rings:
        return
    first = np.concatenate([g.first for g in rings])
    size = np.concatenate([g.size for g in rings])
    chosen = loom.rng.permutation(len(first))[: int(len(first) * BROKERED) // 2 * 2]
    behind = np.zeros(len(first), bool)
    behind[chosen] = True
    for g, flags in zip(rings, np.split(behind, np.cumsum([len(g) for g in rings])[:-1]), strict=True):
        g.broker[:] = flags
    city = np.concatenate([g.city for g in rings])[chosen[::2]]
    phones = np.repeat(loom.world.new_phones(city), 2)
    for _ in range(2):
        member = first[chosen] + (loom.rng.random(len(chosen)) * size[chosen]).astype(np.int64)
        hidden = loom.absence.empty(member, "reference.2.phone")
        loom.draft.ref_phone[member, np.where(hidden, 0, 1)] = phones


def _recycled_numbers(loom: Loom) -> None:
    """Numbers given to somebody new after a while."""
    rows = _picked(loom, _RECYCLED)
    other = loom.rng.integers(0, len(loom.draft.row), len(rows))
    loom.draft.phone[rows] = loom.draft.phone[other]


def camouflage(loom: Loom, plan: Plan, rate: float) -> None:
    """A value of somebody else of the same city, on honest and fraudulent rows at the same rate."""
    draft, rng = loom.draft, loom.rng
    rows = _picked(loom, rate)
    by_city = np.argsort(plan.city, kind="stable")
    bounds = np.searchsorted(plan.city[by_city], np.arange(loom.world.cities + 1))
    low, high = bounds[plan.city[rows]], bounds[plan.city[rows] + 1]
    other = by_city[low + (rng.random(len(rows)) * (high - low)).astype(np.int64)]
    kind = rng.integers(0, 7, len(rows))
    for place in range(3):
        draft.ref_phone[rows[kind == place], place] = draft.phone[other[kind == place]]
    for number, column in enumerate(("address", "device", "employer", "work_phone"), start=3):
        values = getattr(draft, column)
        values[rows[kind == number]] = values[other[kind == number]]
