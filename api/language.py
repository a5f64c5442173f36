"""Which of our two languages a caller wants."""

from typing import Final, Literal

Language = Literal["en", "zh"]
SUPPORTED: Final[tuple[Language, ...]] = ("en", "zh")
LONGEST: Final = 400
"""Characters of Accept-Language that are read; browsers send fewer than 100."""


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0


def language(header: str | None) -> Language:
    """The language of an Accept-Language header (RFC 9110); English unless Chinese is wanted more."""
    best: Language = "en"
    best_weight = 0.0
    for part in (header or "")[:LONGEST].split(","):
        tag, _, parameters = part.partition(";")
        primary = tag.strip().lower().partition("-")[0]
        weight = _weight(parameters) if parameters else 1.0
        for candidate in SUPPORTED:
            if primary == candidate and weight > best_weight:
                best, best_weight = candidate, weight
    return best
