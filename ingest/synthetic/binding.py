"""Ties for the pieces of a group that no value joins to the rest: a ring's members share something with somebody."""

from collections.abc import Callable
from typing import Final

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from ingest.synthetic.loom import Loom
from ingest.synthetic.plan import Groups
from ingest.synthetic.pools import Ints, Mask

MEANS: Final[dict[str, tuple[str, ...]]] = {
    "synthetic_identity": ("address", "phone", "third"),
    "straw_buyer": ("third", "third", "names"),
    "dealer_officer": ("work", "device", "names"),
    "fake_employer": ("work", "work", "names"),
    "device_farm": ("device", "names", "third"),
    "loan_stacking": ("phone",),
    "address_mill": ("address", "third"),
    "bust_out": ("work", "names", "named"),
    "double_pledge": ("third", "names"),
    "account_funnel": ("account", "account", "third"),
    "reference_web": ("names", "named"),
    "family": ("address", "names", "named"),
    "reapplication": ("phone",),
    "rate_shopper": ("phone",),
    "couple_account": ("account", "address", "names"),
    "relatives_account": ("account", "third"),
    "friends_references": ("names", "named"),
    "recommendation_chain": ("names", "named"),
    "salesman_reference": ("third",),
    "immigrant_family": ("address", "names", "third"),
    "cosigning_parent": ("third", "address"),
    "busy_officer": ("work", "work", "names"),
    "new_small_firm": ("work", "work", "names"),
    "shared_office": ("line", "line", "names"),
    "company_block": ("work", "work", "names"),
    "dormitory": ("address", "address", "names"),
    "plant_closure": ("work", "work", "names"),
    "payroll_agent": ("account", "work"),
    "village_plant": ("work", "work", "names"),
}
"""How a loose member is tied, each as often as it stands here. A cohort shares nothing; a refinanced car is a tie."""

_FIELDS: Final = {
    "phone": "phone.1",
    "ref0": "reference.1.phone",
    "ref1": "reference.2.phone",
    "work_phone": "employer.phone",
    "address": "address",
    "account": "bank_account",
    "device": "device_id",
}
_PHONES: Final = ("phone", "ref0", "ref1", "work_phone", "phone2", "ref2", "co_phone")
_WITH: Final = {
    "work": ("work_phone", "employer"),
    "line": ("work_phone",),
    "account": ("account", "holder"),
    "address": ("address",),
    "phone": ("phone",),
    "device": ("device",),
}
"""Means that copy a column of the other's; what else comes along stands after it."""


def bind(loom: Loom, g: Groups, chance: float) -> None:
    """Tie each piece of a group to an earlier one with this chance, by a value that both show; changes the draft."""
    means = MEANS.get(g.kind.name)
    if means is None or chance == 0 or len(g) == 0:
        return
    knot = _Knot(loom, g)
    for member, target in knot.loose(chance):
        done = np.zeros(len(member), bool)
        order = np.argsort(loom.rng.random((len(member), len(means))), axis=1)
        for turn in range(len(means)):
            for number, name in enumerate(means):
                at = np.flatnonzero(~done & (order[:, turn] == number))
                done[at] = knot.tie(name, member[at], target[at])


class _Knot:
    """What of the members' values can be seen, and what is nobody else's in the group and may be overwritten."""

    def __init__(self, loom: Loom, g: Groups) -> None:
        self._loom, self._g = loom, g
        self._start = int(g.rows[0])
        self._seen = {name: ~loom.absence.empty(g.rows, field) for name, field in _FIELDS.items()}
        self._free = {name: np.ones(len(g.rows), bool) for name in _FIELDS}
        self._piece = self._pieces()
        self._tie: dict[str, Callable[[Ints, Ints], Mask]] = {
            "names": self._names,
            "named": lambda member, target: self._names(target, member),
            "third": self._third,
        }

    def tie(self, name: str, member: Ints, target: Ints) -> Mask:
        """Tie pairs of members (positions in the group rows) by one of the means; returns where it could be done."""
        if name in self._tie:
            return self._tie[name](member, target)
        return self._copy(_WITH[name], member, target)

    def loose(self, chance: float) -> list[tuple[Ints, Ints]]:
        """Pairs (member, target) of the pieces that get a tie, one list entry for each turn.

        The greatest piece of a group is its first; the members tied in a later turn may lean on those of an earlier.
        """
        rng, g = self._loom.rng, self._g
        size = np.bincount(self._piece)[self._piece]
        group = g.of[np.unique(self._piece, return_index=True)[1]]
        rank = rng.random(len(group)) - np.bincount(self._piece) * 2.0  # greatest first, else by chance
        by_rank = np.lexsort((rank, group))
        turn = np.empty(len(group), np.int64)
        turn[by_rank] = np.arange(len(group)) - np.searchsorted(group[by_rank], group[by_rank])
        order = np.lexsort((rng.random(len(size)), turn[self._piece], g.of))
        place = np.searchsorted(g.of[order], np.arange(len(g)))
        ahead = np.searchsorted(
            g.of[order] * (len(group) + 1) + turn[self._piece[order]], group * (len(group) + 1) + turn
        )
        tied = np.flatnonzero((turn > 0) & (rng.random(len(group)) < chance))
        member = order[ahead[tied]]
        known = ahead[tied] - place[group[tied]]
        target = order[place[group[tied]] + (rng.random(len(tied)) * known).astype(np.int64)]
        return [(member[turn[tied] == k], target[turn[tied] == k]) for k in range(1, int(turn.max(initial=0)) + 1)]

    def _pieces(self) -> Ints:
        """[rows] number of the connected piece; marks the values that two members show as not free."""
        g, n = self._g, len(self._g.rows)
        ends, keys, offset = [], [], n
        for names in (_PHONES, ("address",), ("account",), ("device",), ("person",), ("vin",)):
            shown = [np.flatnonzero(self._shows(name)) for name in names]
            row = np.concatenate(shown)
            value = np.concatenate([self._values(name)[at] for name, at in zip(names, shown, strict=True)])
            code = np.unique(value, return_inverse=True)[1] * len(g) + g.of[row]
            _, first, key = np.unique(code, return_index=True, return_inverse=True)
            users = np.bincount(key, weights=row != row[first][key])
            shared = np.split(users[key] > 0, np.cumsum([len(at) for at in shown])[:-1])
            for name, at, more in zip(names, shown, shared, strict=True):
                if name in self._free:
                    self._free[name][at] = ~more
            ends.append(row)
            keys.append(key + offset)
            offset += len(first)
        row, key = np.concatenate(ends), np.concatenate(keys)
        graph = sparse.coo_array((np.ones(len(row), np.int8), (row, key)), shape=(offset, offset))
        return np.asarray(np.unique(csgraph.connected_components(graph, directed=False)[1][:n], return_inverse=True)[1])

    def _shows(self, name: str) -> Mask:
        if name in self._seen:
            return self._seen[name]
        if name in ("phone2", "co_phone"):
            return self._values(name) > 0
        field = {"ref2": "reference.3.phone", "person": "national_id", "vin": "vin"}[name]
        return ~self._loom.absence.empty(self._g.rows, field)

    def _values(self, name: str) -> Ints:
        draft, rows = self._loom.draft, self._g.rows
        if name == "vin":
            return self._loom.world.cars.get("serial", draft.car[rows])
        if name.startswith("ref"):
            return np.asarray(draft.ref_phone[rows, int(name[3])], np.int64)
        return np.asarray(getattr(draft, name)[rows], np.int64)

    def _copy(self, columns: tuple[str, ...], member: Ints, target: Ints) -> Mask:
        name, draft = columns[0], self._loom.draft
        possible = self._seen[name][member] & self._seen[name][target] & self._free[name][member]
        at, source = member[possible], target[possible]
        for column in columns:
            values = getattr(draft, column)
            values[self._start + at] = values[self._start + source]
        self._free[name][at] = self._free[name][source] = False
        return np.asarray(possible)

    def _names(self, member: Ints, target: Ints) -> Mask:
        """The member names the target as a reference."""
        slot = self._open_slot(member)
        possible = (slot >= 0) & self._seen["phone"][target]
        at, source = self._start + member[possible], self._start + target[possible]
        draft = self._loom.draft
        draft.ref_phone[at, slot[possible]] = draft.phone[source]
        draft.ref_person[at, slot[possible]] = draft.person[source]
        self._free["phone"][target[possible]] = False
        self._close(member[possible], slot[possible])
        return np.asarray(possible)

    def _third(self, member: Ints, target: Ints) -> Mask:
        """Both name the same third person: one whom others of the group name already, if there is one."""
        slot, theirs = self._open_slot(member), self._known_slot(target)
        possible = (slot >= 0) & (theirs >= 0)
        at, source = self._start + member[possible], self._start + target[possible]
        draft = self._loom.draft
        for values in (draft.ref_phone, draft.ref_person):
            values[at, slot[possible]] = values[source, theirs[possible]]
        self._close(member[possible], slot[possible])
        self._close(target[possible], theirs[possible])
        return np.asarray(possible)

    def _open_slot(self, member: Ints) -> Ints:
        """Number of a shown reference that nobody else of the group has, else -1."""
        free = [self._seen[name][member] & self._free[name][member] for name in ("ref0", "ref1")]
        return np.where(free[1], 1, np.where(free[0], 0, -1))

    def _known_slot(self, member: Ints) -> Ints:
        seen = [self._seen[name][member] for name in ("ref0", "ref1")]
        shared = [s & ~self._free[name][member] for s, name in zip(seen, ("ref0", "ref1"), strict=True)]
        return np.where(shared[0], 0, np.where(shared[1] | (seen[1] & ~seen[0]), 1, np.where(seen[0], 0, -1)))

    def _close(self, member: Ints, slot: Ints) -> None:
        for number, name in enumerate(("ref0", "ref1")):
            self._free[name][member[slot == number]] = False
