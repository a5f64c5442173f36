"""What a learnt score loses without each of its reasons: the row is asked again with the reason's columns neutral."""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors import around, wide
from detectors.model import Model, blind_names
from detectors.policy import Feature, Policy

I64 = NDArray[np.int64]

NEAR_RISK: Final = "NEAR_RISK"
DENSE_GROUP: Final = "DENSE_GROUP"
SAME_PERSON: Final = "SAME_PERSON_MANY"
OF_CHANNEL: Final = ("s", "crowd")
"""Beginnings of the features that are told of each channel."""
OFFICER_APPRAISAL: Final = "OFFICER_APPRAISAL"
OFFICER_REASONS: Final = ("OFFICER_EMPLOYER", "OFFICER_INCOME", "OFFICER_REGION")


def margins(model: Model, columns: I64, fold: int, reasons: tuple[str, ...], policy: Policy) -> I64:
    """[1 + reasons] what the model says of one row ([1, columns]), and of it without each reason; see Model.margin."""
    names = blind_names(policy)
    rows = np.repeat(columns, len(reasons) + 1, axis=0)
    belongs, neutral = _columns_of(policy.features, names), _neutral(names)
    for number, code in enumerate(reasons, 1):
        at = belongs[code]
        rows[number, at] = neutral[at]
    return model.margin(rows, np.full(len(rows), fold))


@lru_cache(maxsize=4)
def _columns_of(features: tuple[Feature, ...], names: tuple[str, ...]) -> dict[str, I64]:
    """The columns that speak under each reason code: its features, and what else is told of their channels."""
    place = {name: at for at, name in enumerate(names)}
    found: dict[str, set[int]] = {}
    for feature in features:
        held = found.setdefault(feature.reason, set())
        held.add(place[feature.name])
        kind, _, channel = feature.name.partition("_")
        if kind in OF_CHANNEL:
            told = (f"{prefix}_{channel}" for prefix in wide.OF_CHANNEL)
            held.update(place[name] for name in told if name in place)
    found.setdefault(SAME_PERSON, set()).update(place[name] for name in wide.OWN_HISTORY)
    for code in OFFICER_REASONS:
        found.setdefault(code, set()).update(place[name] for name in wide.OFFICER)
    found[NEAR_RISK] = {place[name] for name in around.NEIGHBOURS if name.startswith("near_")}
    found.setdefault(DENSE_GROUP, set()).update(
        at for name, at in place.items() if name.startswith(("group_", "pairs_", "raw_"))
    )
    return {code: np.array(sorted(held), np.int64) for code, held in found.items()}


@lru_cache(maxsize=4)
def _neutral(names: tuple[str, ...]) -> I64:
    """[columns] what each holds where there is nothing to tell."""
    return np.array([_nothing(name) for name in names], np.int64)


def _nothing(name: str) -> int:
    if name.startswith("gap_"):
        return wide.NOWHERE
    if name.startswith("near_m") or name.split("_")[0] in ("users", *wide.VALUE_FACTS):
        return -1
    return int(name in ("group_size", *(f"group_{kind}" for kind in around.COUNTED)))
