"""Layer 0: what can be said of a row from its own columns and the users of its values."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors import contexts
from detectors.columns import MISSING, Norms
from detectors.policy import Policy
from detectors.tally import add, most
from graph.book import Book
from graph.projection import (
    OTHER_NAME,
    WINDOW,
    Entries,
    Pairs,
    Touches,
    distinct_persons,
    entries,
    entry_surprise,
    join_pairs,
    touch_weights,
    touches,
)

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]


Bool = NDArray[np.bool_]

NAMED: Final = {
    "reference_names": ("phone_reference",),
    "reference_stranger": ("phone_reference_own", "phone_own_reference"),
}
"""Feature -> channels on which two give one phone different names: of one reference, of a reference and its owner."""
HISTORY: Final = ("same_person", "same_person_dealers", "identity_conflict")
"""Features of a person's other applications."""


@dataclass(frozen=True, slots=True)
class Layer0:
    """features: [R, F] non-negative integers in the order of policy.features, greater = more suspicious.

    The rest is what they were made of, kept for the next layers and for evidence.
    """

    features: I64
    pairs: Pairs
    entries: Entries
    surprise: I64
    persons: I64
    touches: Touches
    crowds: I64
    officers: contexts.Officers
    history: tuple[I64, ...]  # of contexts.own_history
    known: I64  # [F] rows that know the feature: figures may be absent, nothing shared is known to be nothing


def layer0(book: Book, rows: I32, policy: Policy, norms: Norms) -> Layer0:
    """Compute layer 0 for the given application indices."""
    found = entries(book, rows, policy.channels)
    met = touches(book, rows, found, policy.channels)
    surprised, persons = entry_surprise(book, rows, found, met, policy.channels)
    pairs = _pairs(book, rows, found, met, policy)
    crowded = crowds(book, found, met, len(rows), len(policy.channels))
    officers, history = contexts.officer_company(book, rows), contexts.own_history(book, rows)
    columns = {
        **_channel_columns(found, surprised, len(rows), policy),
        **_pair_columns(book, pairs, len(rows), policy),
        **_context_columns(book, rows, officers, norms),
        **dict(zip(HISTORY, (history[0], history[1], history[4]), strict=True)),
        "employer_variants": _variants(book, rows, found, met, policy),
        **{name: _other_names(book, found, met, name, len(rows), policy) for name in NAMED},
        **{f"crowd_{c.name}": column for c, column in zip(policy.channels, crowded.T, strict=True)},
        "watchlist": book.columns["watched"].astype(np.int64)[rows],
    }
    matrix = np.stack([columns[f.name] for f in policy.features], axis=1)
    known = np.count_nonzero(matrix != MISSING, axis=0).astype(np.int64)
    return Layer0(np.maximum(matrix, 0), pairs, found, surprised, persons, met, crowded, officers, history, known)


def _pairs(book: Book, rows: I32, found: Entries, met: Touches, policy: Policy) -> Pairs:
    weight, raw, explained = touch_weights(book, found, met, policy.channels, policy.causes)
    return join_pairs(
        found.row[met.entry],
        met.other,
        met.gap,
        found.channel[met.entry],
        weight,
        raw,
        explained,
        book.applications,
    )


def _channel_columns(found: Entries, surprised: I64, size: int, policy: Policy) -> dict[str, I64]:
    """The greatest surprise of each row on each channel."""
    cell = found.channel.astype(np.int64) * size + found.row
    greatest = most(cell, surprised, len(policy.channels) * size, 0).reshape(len(policy.channels), size)
    return {f"s_{channel.name}": column for channel, column in zip(policy.channels, greatest, strict=True)}


def crowds(book: Book, found: Entries, met: Touches, size: int, channels: int) -> I64:
    """[R, C] by channel other persons, however long ago, who have one of the row's values and whom nothing excuses.

    A ring that adds a member a month to one flat never bursts; it is a crowd all the same.
    """
    free = met.cause == 0
    cell = found.row[met.entry].astype(np.int64) * channels + found.channel[met.entry]
    return distinct_persons(book, cell[free], met.other[free], size * channels).reshape(size, channels)


def _pair_columns(book: Book, pairs: Pairs, size: int, policy: Policy) -> dict[str, I64]:
    firm = sum(1 << number for number, channel in enumerate(policy.channels) if not channel.soft)
    free = ~pairs.explained & (pairs.channels & firm > 0)
    near = free & (np.abs(pairs.gap) <= WINDOW)
    known = book.columns["confirmed"].astype(np.int64)[pairs.other]
    return {
        "pair_weight": add(pairs.row, pairs.weight // 1000, size),
        "unexplained_weight": add(pairs.row[free], pairs.weight[free] // 1000, size),
        "unexplained_near": np.bincount(pairs.row[near], minlength=size).astype(np.int64),
        "known_weight": add(pairs.row, pairs.weight * known // 1000, size),
    }


def _context_columns(book: Book, rows: I32, met: contexts.Officers, norms: Norms) -> dict[str, I64]:
    band = book.columns["income_band"].astype(np.int64)[rows]
    region = book.columns["home_region"].astype(np.int64)[rows]
    band_share = contexts.share_of(band, *norms.counted["income_band"], book.size)
    region_share = contexts.share_of(region, *norms.counted["home_region"], book.size)
    appraisal, officer_appraisal = contexts.appraisals(book, rows, met, norms)
    return {
        "officer_employer": contexts.cell_surprise(book, met, "employer_core", contexts.employer_share(book, rows)),
        "officer_income": contexts.cell_surprise(book, met, "income_band", band_share),
        "officer_region": contexts.cell_surprise(book, met, "home_region", region_share),
        "appraisal": appraisal,
        "officer_appraisal": officer_appraisal,
        "id_check": book.columns["id_bad"].astype(np.int64)[rows],
        "holder_mismatch": book.columns["holder_mismatch"].astype(np.int64)[rows],
        "price_to_income": book.columns["price_to_income"].astype(np.int64)[rows],
    }


def named_otherwise(found: Entries, met: Touches, feature: str, policy: Policy) -> Bool:
    """[T] touches near in time that one of the NAMED features counts: those that no innocent cause explains.

    A salesman who writes his own number on his customers' forms has as many names as an organiser.
    """
    channels = [number for number, channel in enumerate(policy.channels) if channel.name in NAMED[feature]]
    here: Bool = np.isin(found.channel[met.entry], channels)
    renamed: Bool = here & (met.named == OTHER_NAME) & (np.abs(met.gap) <= WINDOW) & (met.cause == 0)
    return renamed


def _other_names(book: Book, found: Entries, met: Touches, feature: str, size: int, policy: Policy) -> I64:
    """[R] other persons near in time who have the same phone under another name; see NAMED."""
    chosen = named_otherwise(found, met, feature, policy)
    return distinct_persons(book, found.row[met.entry[chosen]], met.other[chosen], size)


def _variants(book: Book, rows: I32, found: Entries, met: Touches, policy: Policy) -> I64:
    """[R] other persons near in time on the same work phone whose employer is spelled otherwise."""
    work = next(number for number, channel in enumerate(policy.channels) if channel.name == "phone_work")
    employer = book.columns["employer"].astype(np.int64)
    mine = rows[found.row[met.entry]]
    other_name = (employer[met.other] != employer[mine]) & (employer[met.other] != 0) & (employer[mine] != 0)
    chosen = other_name & (found.channel[met.entry] == work) & (np.abs(met.gap) <= 2 * WINDOW)
    return np.bincount(found.row[met.entry[chosen]], minlength=len(rows)).astype(np.int64)
