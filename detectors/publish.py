"""Writing the artifact of a sweep: a folder of immutable Arrow files, and a manifest of their digests at the end."""

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import ipc

from detectors.around import group_names
from detectors.artifact import FORMAT, MANIFEST, MODEL, digest_of
from detectors.survey import Survey
from detectors.sweep import SIDE_BY_SIDE, UNSUPERVISED, Laid, SweepResult
from graph.book import Book, token_number
from graph.network import Network
from graph.ordering import places

I64 = NDArray[np.int64]
Tables = Mapping[str, Callable[[], pa.Table]]


class Writer:
    """Writes one artifact, in two parts: what tells of the book can be on its way while rings are drawn."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._begun: dict[str, Future[str]] = {}

    def begin(self, laid: Laid | SweepResult, seen: Survey) -> None:
        """Start to write what is settled before any ring is drawn, more than half of all, into the new folder."""
        self._folder.mkdir(parents=True, exist_ok=False)
        aside = ThreadPoolExecutor(1)
        for name, make in _book_tables(laid, seen).items():
            self._begun[_file(name)] = aside.submit(_written, self._folder, name, make)
        aside.shutdown(wait=False)

    def finish(self, result: SweepResult, *, sweep_id: str) -> dict[str, Any]:
        """Write the rest; returns the summary. The manifest comes last: without it there is no artifact."""
        tables = _result_tables(result)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            rest = pool.map(partial(_written, self._folder), tables, tables.values())
            digests = dict(zip(map(_file, tables), rest, strict=True))
        digests |= {name: digest.result() for name, digest in self._begun.items()}
        return _sealed(self._folder, result, digests, sweep_id)


def write(folder: Path, result: SweepResult, *, sweep_id: str) -> dict[str, Any]:
    """Write the artifact into a new folder; returns its summary."""
    writer = Writer(folder)
    writer.begin(result, result.seen)
    return writer.finish(result, sweep_id=sweep_id)


def _sealed(folder: Path, result: SweepResult, digests: dict[str, str], sweep_id: str) -> dict[str, Any]:
    if result.model is not None:
        result.model.save(folder / MODEL)
    manifest = _manifest(digests, result, sweep_id)
    target = folder / MANIFEST
    with target.open("x", encoding="utf-8") as sink:
        json.dump(manifest, sink, indent=1, sort_keys=True, ensure_ascii=False)
        sink.flush()
        os.fsync(sink.fileno())
    return dict(manifest["summary"])


def _file(name: str) -> str:
    return f"{name}.arrow"


def _written(folder: Path, name: str, make: Callable[[], pa.Table]) -> str:
    """Make a table and write it as a file; returns the file's digest."""
    path, table = folder / _file(name), make()
    with pa.OSFile(str(path), "wb") as sink, ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)
    return digest_of(path)


def _rows(result: SweepResult) -> pa.Table:
    book, net, seen = result.book, result.network, result.seen
    rows: dict[str, Any] = {"application_id": net.applications["application_id"].to_arrow()}
    rows |= {name: np.asarray(column) for name, column in book.columns.items()}
    rows |= {
        "layer0": seen.own,
        "layer1": seen.first,
        "community": seen.community.label,
        "community_strength": seen.community.strength,
        "unsupervised": seen.raw,
        "raw": result.raw,
        "outlier": result.outlier,
        "digest": net.applications["digest"].to_arrow(),
        "name_label": net.applications["name_label"].to_arrow(),
        "status": net.applications["status"].to_arrow(),
        "link_start": book.link_start[:-1],
    }
    if result.model is not None:
        rows |= {"fold": result.fold.astype(np.int8), "overlap": result.overlap.astype(np.int32)}
        rows |= {
            name: seen.groups.facts[:, i].astype(np.int32)
            for i, name in enumerate(group_names([c.name for c in result.policy.channels]))
        }
        for flag, known in seen.flags.items():
            rows |= {f"{flag}_around": known.weight, f"{flag}_group": known.group.astype(np.int32)}
    rows |= {f"f_{f.name}": seen.features[:, i].astype(np.int32) for i, f in enumerate(result.policy.features)}
    return pa.table(rows)


def _slots(book: Book) -> pa.Table:
    return pa.table(
        {
            "key": book.slots.key,
            "start": book.slots.start[:-1],
            "persons": book.slots.persons,
            "total": book.slots.total,
            "firm": book.slots.firm,
            "surname": book.slots.surname,
            "dealer": book.slots.dealer,
            "first": book.slots.first,
        }
    )


def _book_tables(laid: Laid | SweepResult, seen: Survey) -> Tables:
    """How each table is made that tells of the book alone."""
    book, net = laid.book, laid.network
    columns: dict[str, dict[str, NDArray[np.generic]]] = {
        "links": {"slot": book.link_slot, "offset": book.link_offset, "mark": book.link_mark},
        "members": {"member": book.member, "offset": book.member_offset, "mark": book.member_mark},
        "watched": {"value": laid.watched},
        "registry": {"core": laid.registry.core, "heads": laid.registry.heads},
    }
    return {
        "values": lambda: _values(net, book, {flag: known.value for flag, known in seen.flags.items()}),
        "slots": lambda: _slots(book),
        **{name: partial(pa.table, table) for name, table in columns.items()},
    }


def _result_tables(result: SweepResult) -> Tables:
    """How each of the others is made; the longest first."""
    seen = result.seen
    frames = {
        "tails": seen.tails.frame(),
        "community_tails": seen.community_tails.frame(),
        "scores": result.scores,
        "rings": result.rings,
        "ring_members": result.members,
        "gone": result.gone,
    }
    counted = {f"count_{name}": {"value": v, "count": n} for name, (v, n) in result.norms.counted.items()}
    return {
        "rows": lambda: _rows(result),
        **{name: partial(pa.table, table) for name, table in counted.items()},
        **{name: frame.to_arrow for name, frame in frames.items()},
    }


def _values(net: Network, book: Book, flagged: Mapping[str, I64]) -> pa.Table:
    """Values by token number, with the token and the masked label; persons have neither."""
    place = places(book.values, token_number(net.known["token"])[net.value_row])
    row = np.full(len(book.values), -1)
    row[place[::-1]] = np.arange(len(place))[::-1]
    frame = pl.DataFrame({"value": book.values, "kind": book.value_kind, "persons": book.value_persons, **flagged})
    return frame.hstack(net.texts(row)).to_arrow()


def _manifest(digests: dict[str, str], result: SweepResult, sweep_id: str) -> dict[str, Any]:
    rings = result.rings
    bands = result.scores["band"].value_counts()
    return {
        "format": FORMAT,
        "sweep_id": sweep_id,
        "policy_version": result.policy.version,
        "policy_digest": result.policy.digest,
        "model_version": UNSUPERVISED if result.model is None else result.model.model_id,
        "watermark": result.watermark,
        "as_of": result.as_of,
        "calibration": result.calibration.as_dict(),
        "size": result.book.size,
        "span": list(result.book.span),
        "kind_rate": result.book.kind_rate.tolist(),
        "appraisal_middle": result.norms.appraisal_middle.tolist(),
        "appraisal_spread": result.norms.appraisal_spread.tolist(),
        "files": digests,
        "summary": {
            "applications": result.scores.height,
            "rings": rings.height,
            "bands": dict(sorted(zip(bands["band"].to_list(), bands["count"].to_list(), strict=True))),
            "events": _events(rings, result.gone),
        },
    }


def _events(rings: pl.DataFrame, gone: pl.DataFrame) -> dict[str, int]:
    counts = pl.concat([rings.select("event"), gone.select("event")])["event"].value_counts()
    return dict(sorted(zip(counts["event"].to_list(), counts["count"].to_list(), strict=True)))
