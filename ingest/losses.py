"""Columns of which much was unreadable: a sign that the mapping is wrong, not the book."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

import polars as pl

from graph.schema import FieldKind
from ingest.clean import KIND_OF_COLUMN
from ingest.codes import Problem
from ingest.mapping import Mapping
from ingest.text import FILLERS

MUCH: Final = 0.3
"""Share of a column's values from which on a load says so."""
A_FEW: Final = 3
SHAPES: Final = 3
_LOOKED_AT: Final = 200
_SHAPE_CHARACTERS: Final = 40
_STILL_READ: Final = frozenset({str(Problem.SEVERAL), str(Problem.VIN_LETTERS)})
_REMEDIES: Final[dict[FieldKind, str]] = {
    FieldKind.PHONE: "numbers are read as dialled in [source] country = {country}: is that the country of this book?",
    FieldKind.NATIONAL_ID: "IDs are read as [source] country = {country} has them: is that the country of this book?",
    FieldKind.MONEY: 'is [source] country = {country} right? Or say what stands before the cents: decimal = "," or "."',
    FieldKind.DATE: "is [source] date_order = {order} right?",
    FieldKind.TIME: "is [source] date_order = {order} right?",
}


@dataclass(frozen=True, slots=True)
class UnreadColumn:
    """A column of which more than MUCH loaded as absent. `shapes`: values with 0 for digits and x, X for letters."""

    field: str
    heading: str
    present: int
    lost: int
    share: float
    codes: dict[str, int]
    shapes: tuple[str, ...]
    remedy: str

    def told(self) -> str:
        """In one line."""
        codes = ", ".join(f"{code} {count:,}" for code, count in self.codes.items())
        return (
            f"{self.share:.0%} of {self.field} ({self.heading}) could not be read and is absent: {codes};"
            f" they look like {' | '.join(self.shapes)}. {self.remedy}"
        )


class Losses:
    """Counts, over the batches of a load, what was there and what of it was lost."""

    def __init__(self) -> None:
        self._present: Counter[str] = Counter()
        self._lost: dict[str, Counter[str]] = {}
        self._shapes: dict[str, dict[str, None]] = {}

    def add(self, fields: pl.DataFrame, problems: pl.DataFrame) -> None:
        """A batch of text columns, and its problems (row, field, code)."""
        there = fields.select(~pl.all().str.strip_chars().is_in(list(FILLERS)))
        self._present.update({name: int(there[name].sum()) for name in there.columns})
        if problems.is_empty():
            return
        lost = problems.filter(pl.col("field").is_in(fields.columns) & ~pl.col("code").is_in(sorted(_STILL_READ)))
        for (name,), part in lost.sort("row").group_by("field", maintain_order=True):
            field = str(name)
            self._lost.setdefault(field, Counter()).update(part["code"].to_list())
            shapes = self._shapes.setdefault(field, {})
            if len(shapes) < SHAPES:
                shapes.update(dict.fromkeys(_shapes(fields[field].gather(part["row"].head(_LOOKED_AT)))))

    def unread(self, mapping: Mapping) -> tuple[UnreadColumn, ...]:
        """Columns of which much was lost, the worst first."""
        found = []
        for name, codes in self._lost.items():
            lost, present = sum(codes.values()), self._present[name]
            if lost >= A_FEW and lost > MUCH * present:
                shapes = tuple(list(self._shapes[name])[:SHAPES])
                share = min(1.0, lost / max(present, lost))
                counts = dict(sorted(codes.items()))
                remedy = _remedy(name, codes, mapping)
                found.append(UnreadColumn(name, mapping.columns[name], present, lost, share, counts, shapes, remedy))
        return tuple(sorted(found, key=lambda column: (-column.share, column.field)))


def _shapes(values: pl.Series) -> list[str]:
    """Values without what identifies anybody."""
    masked = values.str.replace_all("[0-9]", "0").str.replace_all(r"\p{Lu}", "X").str.replace_all(r"\p{Ll}", "x")
    return masked.str.replace_all(r"[\p{Lo}\p{Lm}\p{Lt}\p{N}]", "0").str.head(_SHAPE_CHARACTERS).to_list()


def _remedy(name: str, codes: Counter[str], mapping: Mapping) -> str:
    if codes[Problem.MASKED] > sum(codes.values()) / 2:
        return "the export hides them: ask for one in clear"
    if codes[Problem.SCIENTIFIC] + codes[Problem.PRECISION] > sum(codes.values()) / 2:
        return "a spreadsheet has cut them short: ask for an export that never was in one"
    usual = "is this the right column? Look at [columns] of the mapping"
    asked = _REMEDIES.get(KIND_OF_COLUMN[name], usual) if name in KIND_OF_COLUMN else usual
    return asked.format(country=repr(mapping.country), order=repr(mapping.date_order))
