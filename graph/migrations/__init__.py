"""Ordered, recorded changes of a store's layout; each store keeps the ids of those it has had."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from graph.errors import StoreRefused


@dataclass(frozen=True, slots=True)
class Migration:
    """Statements that run once, in order. The id is recorded in the store and never changes."""

    id: str
    statements: tuple[str, ...]


def pending(known: Sequence[Migration], applied: Collection[str]) -> list[Migration]:
    """Those of `known` that a store with `applied` still lacks, in order.

    Raises StoreRefused when the store holds one we do not know: a newer Ringsight wrote it.
    """
    newer = sorted(set(applied) - {m.id for m in known})
    if newer:
        raise StoreRefused(
            f"the graph store was written by a newer Ringsight (migration {newer[0]})",
            "use that version, or load the book into a fresh store",
        )
    return [m for m in known if m.id not in applied]
