"""What rings and innocents are woven with: carry a shared value, copy the first member, name one another."""

from collections.abc import Callable, Sequence

import numpy as np

from ingest.synthetic.absence import Absence
from ingest.synthetic.draft import Draft, set_prices
from ingest.synthetic.plan import Groups
from ingest.synthetic.pools import Floats, Ints, Mask
from ingest.synthetic.world import World

SELF = (
    *("person", "phone", "phone2", "email", "address", "employer", "work_phone", "occupation", "income"),
    *("account", "holder", "device", "co_person", "co_phone", "co_relation"),
    *("ref_person", "ref_phone", "ref_relation"),
)
"""Columns that come along when the same person applies again."""


class Loom:
    """Changes the draft in place. Chances are per row; `True` arguments mean the group's own sharing probability."""

    def __init__(self, world: World, draft: Draft, absence: Absence) -> None:
        self.world = world
        self.absence = absence
        self.draft = draft
        self.rng = world.rng

    def each(self, g: Groups, make: Callable[[Ints], Ints], values: int = 1) -> Ints:
        """[G, values] new things, made for the group's city."""
        return make(np.repeat(g.city, values)).reshape(len(g), values)

    def slots(self, g: Groups, values: Ints | int) -> Ints:
        """Which of the group's values a row uses: they follow one another in time, with one in five out of turn."""
        many = np.broadcast_to(np.asarray(values), len(g))[g.of]
        turn = g.pos * many // g.size[g.of]
        stray = (self.rng.random(len(g.rows)) * many).astype(np.int64)
        return np.asarray(np.where(self.rng.random(len(g.rows)) < 0.8, turn, stray), np.int64)

    def chance(self, g: Groups, p: float | Floats | None = None, but_first: bool = False) -> Mask:
        """Rows that take part: by `p`, or by the group's sharing probability."""
        threshold = g.share[g.of] if p is None else p
        return (self.rng.random(len(g.rows)) < threshold) & ((g.pos > 0) | (not but_first))

    def carry(self, g: Groups, column: str, values: Ints, slot: Ints, mask: Mask) -> None:
        """Write the group's value into a column of the rows in `mask`."""
        getattr(self.draft, column)[g.rows[mask]] = values[g.of, slot][mask]

    def refer(self, g: Groups, phones: Ints, people: Ints | None, mask: Mask, place: int | None = None) -> None:
        """Name somebody (phone, and person if known; one per row of the group) as first or second reference."""
        at = g.rows[mask]
        which = self.rng.integers(0, 2, len(at)) if place is None else np.full(len(at), place)
        self.draft.ref_phone[at, which] = phones[mask]
        if people is not None:
            self.draft.ref_person[at, which] = people[mask]

    def follow(self, g: Groups, columns: Sequence[str], mask: Mask) -> None:
        """Copy columns from the first member."""
        at, source = g.rows[mask], g.first[g.of[mask]]
        for name in columns:
            column = getattr(self.draft, name)
            column[at] = column[source]

    def next_of(self, g: Groups, step: int = 1) -> Ints:
        """The row of the member `step` places on, in a circle."""
        return g.first[g.of] + (g.pos + step) % g.size[g.of]

    def stranger_of(self, g: Groups) -> Ints:
        """The row of some other member of the group."""
        size = g.size[g.of]
        step = 1 + (self.rng.random(len(g.rows)) * (size - 1)).astype(np.int64)
        return g.first[g.of] + (g.pos + step) % size

    def change_people(self, rows: Ints, **columns: Ints) -> None:
        """Give the rows' persons other attributes, as copies: nobody else who shares the person changes."""
        own = self.draft.holder[rows] == self.draft.person[rows]
        person = self.world.people.clone(self.draft.person[rows], **columns)
        self.draft.person[rows] = person
        self.draft.holder[rows[own]] = person[own]

    def like_first(self, g: Groups, attribute: str, mask: Mask) -> None:
        """Give a person attribute (surname, region) of the first member to others."""
        at, source = g.rows[mask], g.first[g.of[mask]]
        self.change_people(at, **{attribute: self.world.people.get(attribute, self.draft.person[source])})

    def slip(self, rows: Ints) -> None:
        """One wrong digit in the ID, another given name, or another birthday: careless typing, or not."""
        people, rng, n = self.world.people, self.rng, len(rows)
        person, kind = self.draft.person[rows], rng.integers(0, 3, n)
        serial, given, birth = (people.get(name, person) for name in ("serial", "given1", "birth"))
        self.change_people(
            rows,
            serial=np.where(kind == 0, serial // 10 * 10 + rng.integers(0, 10, n), serial),
            given1=np.where(kind == 1, rng.integers(0, 60, n), given),
            birth=np.where(kind == 2, birth + rng.choice([-10, -1, 1, 10, 30], n), birth),
        )

    def dearer_cars(self, rows: Ints, factor: float) -> None:
        """Cars as people with `factor` times the income buy them."""
        self.draft.car[rows] = self.world.new_cars(self.draft.income[rows] * factor)
        set_prices(self.world, self.draft, rows)

    def same_cars(self, rows: Ints, source: Ints) -> None:
        """The very car of other rows, at about its price."""
        self.draft.car[rows] = self.draft.car[source]
        set_prices(self.world, self.draft, rows)

    def jobs_at(self, g: Groups, firms: Ints, phones: Ints, slot: Ints, mask: Mask) -> None:
        """Employer and its work phone."""
        self.carry(g, "employer", firms, slot, mask)
        self.carry(g, "work_phone", phones, slot, mask)

    def standing_firms(self, g: Groups, values: int) -> tuple[Ints, Ints]:
        """[G, values] firms that already exist in the group's city, with a work phone each."""
        city = np.repeat(g.city, values)
        firm, phone, _ = self.world.jobs(city, self.world.new_phones(city))
        return firm.reshape(len(g), values), phone.reshape(len(g), values)

    def one_officer(self, g: Groups, mask: Mask) -> None:
        """One officer of the group's first dealer handles the rows in `mask` that are at that dealer."""
        dealer = g.dealers[:, 0]
        officer = self.world.officers_of.draw(self.rng.random(len(g)), dealer)
        at = mask & (self.draft.dealer[g.rows] == dealer[g.of])
        self.draft.officer[g.rows[at]] = officer[g.of[at]]
