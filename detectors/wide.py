"""What the learner reads of a row besides the policy's features: counts, causes, ages and likeness, unweighed."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors import contexts
from detectors.columns import MISSING, Norms
from detectors.features import Layer0
from detectors.policy import Policy
from detectors.tally import add, count, distinct, least, most
from graph.book import DAY, Book
from graph.projection import CAUSES, CROWD, OTHER_NAME, WINDOW, Pairs
from graph.schema import KIND, LINK_KINDS, ROLE

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
Bool = NDArray[np.bool_]

OWN_COLUMNS: Final = (
    "income_band", "appraisal_ratio", "loan_ratio", "term", "age", "used", "home_persons", "registered", "heads",
)  # fmt: skip
LIKE: Final = ("dealer", "officer", "surname", "employer_core", "home_region", "income_band", "model", "channel")
"""What two applications may be alike in."""
VALUE_FACTS: Final = ("firm", "surname", "dealer", "age")
PAIR_FACTS: Final = (
    "pairs", "pairs_near", "pairs_free", "pairs_free_near", "pairs_many", "pairs_many_free", "raw_sum", "raw_most",
    "raw_free", "raw_free_near", "raw_free_most", "persons_free", "gap_least", "gap_least_free", "money_apart",
    "near_unregistered", "near_appraisal_ratio", "near_price_to_income",
)  # fmt: skip
OWN_HISTORY: Final = ("own_near", "own_near_dealers")
OFFICER: Final = (
    "officer_near", "officer_two", "officer_rare", "officer_far_two", "officer_unregistered",
    "officer_unregistered_far",
)  # fmt: skip
NAMED: Final = ("names_later", "names_earlier", "named_later", "named_earlier")
PHONE: Final = KIND["phone"].code
NAMED_ROLES: Final = {ROLE[link.role].code for link in LINK_KINDS if link.kind == "phone" and link.named}
SHARE: Final = 1000
"""Shares are told in thousandths."""
NOWHERE: Final = 9_999
"""Days to the nearest neighbour of a row that has none; age of a value that a crowd uses."""


OF_CHANNEL: Final = ("free", "excused", "othername", "ever", "users", *VALUE_FACTS)
"""Beginnings of the columns that are told of each channel (othername: of phones)."""


def names(policy: Policy) -> tuple[str, ...]:
    """The columns of `wide`, in order."""
    channels = policy.channels
    phones = tuple(channels[number].name for number in _phones(policy))
    return _names(tuple(f.name for f in policy.features), tuple(c.name for c in channels), phones)


def _phones(policy: Policy) -> list[int]:
    """Channels of phones that a name may stand beside, on both sides."""
    return [n for n, c in enumerate(policy.channels) if c.kind == PHONE and {c.mine, c.theirs} <= NAMED_ROLES]


@lru_cache(maxsize=8)
def _names(features: tuple[str, ...], channels: tuple[str, ...], phones: tuple[str, ...]) -> tuple[str, ...]:
    return (
        *features,
        *(f"free_{c}" for c in channels),
        *(f"excused_{c}" for c in channels),
        *(f"othername_{c}" for c in phones),
        *(f"ever_{c}" for c in channels),
        *(f"users_{c}" for c in channels),
        *(f"{fact}_{c}" for fact in VALUE_FACTS for c in channels),
        *PAIR_FACTS,
        *(f"cause_{c}" for c in CAUSES),
        *(f"like_{c}" for c in LIKE),
        *(f"free_like_{c}" for c in LIKE),
        *NAMED,
        *OFFICER,
        *OWN_HISTORY,
        *OWN_COLUMNS,
    )


def wide(book: Book, rows: I32, bottom: Layer0, policy: Policy, norms: Norms) -> I32:
    """[R, W] integers in the order of `names`, from the rows' layer 0 and their own columns."""
    size = len(rows)
    parts = [
        bottom.features,
        _touched(bottom, size, policy),
        np.minimum(bottom.crowds, CROWD),
        _values(book, rows, bottom, size, policy),
        _pairs(book, rows, bottom.pairs, size, policy),
        _causes(bottom, size),
        _likeness(book, rows, bottom.pairs, size),
        _named(bottom, size, policy),
        _officer(book, rows, bottom.officers, norms),
        np.stack(bottom.history[2:4], axis=1),
        np.stack([book.columns[name].astype(np.int64)[rows] for name in OWN_COLUMNS], axis=1),
    ]
    return np.concatenate(parts, axis=1, dtype=np.int32, casting="same_kind")


def _touched(bottom: Layer0, size: int, policy: Policy) -> I64:
    """[R, 2 C + N] by channel: others met inside the window that nothing excuses, and that an innocent cause does; by
    channel of phones: those who have the phone under another name."""
    many = len(policy.channels)
    met, found = bottom.touches, bottom.entries
    near = np.abs(met.gap) <= WINDOW
    cell = found.row[met.entry].astype(np.int64) * many + found.channel[met.entry]
    kinds = near & (met.cause == 0), near & (met.cause != 0), near & (met.named == OTHER_NAME)
    free, excused, renamed = (np.bincount(cell[k], minlength=size * many).reshape(size, many) for k in kinds)
    return np.concatenate([free, excused, renamed[:, _phones(policy)]], axis=1).astype(np.int64)


def _values(book: Book, rows: I32, bottom: Layer0, size: int, policy: Policy) -> I64:
    """[R, 5 C] by channel: most users of a value, what they have most in common, and its age in days.

    Of a value with more than CROWD users they tell only that: how many there are would tell which building, employer or
    office line it is, and a learner that knows its dealers by name judges a dealer's customers all alike.
    """
    found, many = bottom.entries, len(policy.channels)
    slots = book.slots
    age = (book.columns["event_at"].astype(np.int64)[rows[found.row]] - slots.first[found.slot]) // DAY
    shares = [column[found.slot].astype(np.int64) for column in (slots.firm, slots.surname, slots.dealer)]
    users = book.value_persons[found.value].astype(np.int64)
    hub = users > CROWD
    facts = [np.minimum(users, CROWD + 1), *(np.where(hub, MISSING, share) for share in shares)]
    facts.append(np.where(hub, NOWHERE, age))
    cell = found.row.astype(np.int64) * many + found.channel
    return np.concatenate([most(cell, fact, size * many, -1).reshape(size, many) for fact in facts], axis=1)


def _pairs(book: Book, rows: I32, pairs: Pairs, size: int, policy: Policy) -> I64:
    """[R, PAIR_FACTS]."""
    free, near = _free(pairs, policy), np.abs(pairs.gap) <= WINDOW
    several = np.bitwise_count(pairs.channels) > 1
    raw, days = pairs.raw // 1000, np.abs(pairs.gap) // DAY
    person = book.columns["person"].astype(np.int64)[pairs.other]
    loan = book.columns["loan"].astype(np.int64)
    mine, theirs = loan[rows[pairs.row]], loan[pairs.other]
    known = (mine > 0) & (theirs > 0) & free
    apart = np.abs(mine - theirs) * 100 // np.maximum(np.maximum(mine, theirs), 1)
    every = np.ones(len(pairs.row), bool)
    return np.stack(
        [
            *(count(pairs.row[c], size) for c in (every, near, free, free & near, several, several & free)),
            add(pairs.row, raw, size), most(pairs.row, raw, size, 0),
            add(pairs.row[free], raw[free], size), add(pairs.row[free & near], raw[free & near], size),
            most(pairs.row[free], raw[free], size, 0),
            distinct(pairs.row[free], person[free], size),
            least(pairs.row, days, size, NOWHERE), least(pairs.row[free], days[free], size, NOWHERE),
            least(pairs.row[known], apart[known], size, NOWHERE),
            count(pairs.row[free & (book.columns["registered"][pairs.other] == 0)], size),
            *(_mean(book, pairs, free, name, size) for name in ("appraisal_ratio", "price_to_income")),
        ],
        axis=1,
    )  # fmt: skip


def _mean(book: Book, pairs: Pairs, chosen: Bool, column: str, size: int) -> I64:
    """[R] mean of the chosen neighbours' column where it is known, MISSING without one."""
    theirs = book.columns[column].astype(np.int64)[pairs.other]
    met = chosen & (theirs > 0)
    many = count(pairs.row[met], size)
    return np.where(many > 0, add(pairs.row[met], theirs[met], size) // np.maximum(many, 1), MISSING)


def _named(bottom: Layer0, size: int, policy: Policy) -> I64:
    """[R, NAMED] whom the row's references are, and who names the row: those who applied later, and earlier ones.

    A buyer who recommends names the one before; in a web of references members name those who apply after them.
    """
    met, found = bottom.touches, bottom.entries
    row, later = found.row[met.entry], met.gap > 0
    reference, own = ROLE["reference"].code, ROLE["own"].code
    counts = []
    for mine, theirs in ((reference, own), (own, reference)):
        channels = [n for n, c in enumerate(policy.channels) if (c.kind, c.mine, c.theirs) == (PHONE, mine, theirs)]
        meets = np.isin(found.channel[met.entry], channels)
        counts += [count(row[meets & later], size), count(row[meets & ~later], size)]
    return np.stack(counts, axis=1)


def _free(pairs: Pairs, policy: Policy) -> Bool:
    """[P] pairs by a value of one's own that no innocent cause explains."""
    firm = sum(1 << number for number, channel in enumerate(policy.channels) if not channel.soft)
    free: Bool = ~pairs.explained & (pairs.channels & firm > 0)
    return free


def _causes(bottom: Layer0, size: int) -> I64:
    """[R, causes] touches that each innocent cause excuses."""
    met = bottom.touches
    row = bottom.entries.row[met.entry]
    return np.stack([count(row[met.cause & bit > 0], size) for bit in CAUSES.values()], axis=1)


def _likeness(book: Book, rows: I32, pairs: Pairs, size: int) -> I64:
    """[R, 2 LIKE] neighbours that are like the row in each column: all, and those that nothing excuses."""
    table = []
    mine = rows[pairs.row]
    for name in LIKE:
        value = book.columns[name].astype(np.int64)
        table.append((value[mine] == value[pairs.other]) & (value[mine] != 0))
    every = [count(pairs.row[alike], size) for alike in table]
    free = [count(pairs.row[alike & ~pairs.explained], size) for alike in table]
    return np.minimum(np.stack([*every, *free], axis=1), CROWD)


def _officer(book: Book, rows: I32, met: contexts.Officers, norms: Norms) -> I64:
    """[R, OFFICER] the officer's other applications near in time; those alike in two columns, and how rarely so."""
    two = contexts.several(met)
    near = two & met.inside
    rare = np.zeros(len(rows), np.int64)
    for name, rarity in contexts.rarities(book, rows, norms).items():
        rare += rarity * met.count(met.alike[name] & near)
    alike = met.count(near)
    unregistered = met.seen(book.columns["registered"] == 0)
    shares = [
        met.count(side & unregistered) * SHARE // np.maximum(met.count(side), 1)
        for side in (met.inside, met.met & ~met.inside)
    ]
    return np.stack([met.count(met.inside), alike, rare, met.count(two) - alike, *shares], axis=1)
