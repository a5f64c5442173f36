"""Check digits of resident IDs (GB 11643), vehicles (ISO 3779 / GB 16735) and bank cards (Luhn), over whole columns."""

from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ingest.rules import Rule

ID_WEIGHTS: Final = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2], dtype=np.int64)
ID_CHECK: Final = np.frombuffer(b"10X98765432", dtype=np.uint8)
VIN_WEIGHTS: Final = np.array([8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2], dtype=np.int64)
VIN_CHECK: Final = np.frombuffer(b"0123456789X", dtype=np.uint8)
CARD_DIGITS: Final = 19


def _vin_table() -> NDArray[np.int64]:
    table = np.zeros(256, dtype=np.int64)
    letters = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
    for character, digit in {**letters, **{d: d for d in "0123456789"}}.items():
        table[ord(character)] = int(digit)
    return table


_VIN_TABLE: Final = _vin_table()


def resident_check(first17: Rule) -> Rule:
    """The 18th character of each text of 17 digits; null for null."""
    return first17.work_out(_resident, pl.String())


def vin_check(vins: Rule) -> Rule:
    """The character that belongs at position 9 of each 17-character VIN (no I, O, Q); null for null."""
    return vins.work_out(_vehicle, pl.String())


def luhn_ok(cards: Rule) -> Rule:
    """Whether each text of at most 19 digits passes Luhn's formula; null for null."""
    return cards.work_out(_card, pl.Boolean())


def _resident(texts: list[str]) -> list[Any]:
    digits = _matrix(texts, 17).astype(np.int64) - ord("0")
    return _letters(ID_CHECK[(digits @ ID_WEIGHTS) % 11])


def _vehicle(texts: list[str]) -> list[Any]:
    return _letters(VIN_CHECK[(_VIN_TABLE[_matrix(texts, 17)] @ VIN_WEIGHTS) % 11])


def _card(texts: list[str]) -> list[Any]:
    digits = _matrix([text.zfill(CARD_DIGITS) for text in texts], CARD_DIGITS).astype(np.int64) - ord("0")
    doubled = digits[:, CARD_DIGITS - 2 :: -2] * 2
    total = digits[:, CARD_DIGITS - 1 :: -2].sum(axis=1) + (doubled - 9 * (doubled > 9)).sum(axis=1)
    checked: list[Any] = (total % 10 == 0).tolist()
    return checked


def _matrix(texts: list[str], width: int) -> NDArray[np.uint8]:
    """ASCII texts of equal width as a matrix of bytes."""
    return np.frombuffer("".join(texts).encode("ascii"), dtype=np.uint8).reshape(len(texts), width)


def _letters(codes: NDArray[np.uint8]) -> list[Any]:
    return list(codes.tobytes().decode("ascii"))
