"""What became of a ring from sweep to sweep, read from the sweeps that are still kept."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import polars as pl

from api.schemas import HistoryEvent
from api.times import iso
from api.wiring import Services
from casework.sweeps import State, SweepRecord
from detectors.artifact import Published
from graph.errors import ArtifactError, NotFound

SHOWN = frozenset({State.PUBLISHED, State.SUPERSEDED})


@lru_cache(maxsize=16)
def _tables(folder: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rings and vanished rings of one immutable sweep."""
    published = Published.open(folder)
    return published.rings, published.gone


def history(services: Services, ring_id: str) -> list[HistoryEvent]:
    """Events of a ring, newest first. Raises NotFound when no kept sweep knows it."""
    found: list[HistoryEvent] = []
    for record in services.sweeps.list():
        if record.state in SHOWN and record.published_at is not None:
            found += _events(services.settings.sweeps_folder, record, record.published_at, ring_id)
    if not found:
        raise NotFound("no kept sweep knows such a ring", remedy="see /v1/rings")
    return found


def _events(folder: Path, record: SweepRecord, published_at: int, ring_id: str) -> list[HistoryEvent]:
    try:
        rings, gone = _tables(folder / record.sweep_id)
    except ArtifactError:
        return []  # its files were tidied away; the ledger still lists it
    rows: list[dict[str, Any]] = rings.filter(pl.col("ring_id") == ring_id).to_dicts()
    rows += gone.filter(pl.col("ring_id") == ring_id).to_dicts()
    return [
        HistoryEvent(
            sweep_id=record.sweep_id,
            published_at=iso(published_at),
            event=row["event"],
            size=row.get("applications", 0),
            score=row.get("score", 0),
            sources=list(row.get("sources") or ([row["into"]] if row.get("into") else [])),
        )
        for row in rows
    ]
