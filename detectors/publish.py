"""Writing the artifact of a sweep: a folder of immutable Arrow files, and a manifest of their digests at the end."""

import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
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
from detectors.sweep import SIDE_BY_SIDE, UNSUPERVISED, SweepResult
from graph.book import Book, token_number
from graph.network import Network
from graph.ordering import places

I64 = NDArray[np.int64]


def write(folder: Path, result: SweepResult, *, sweep_id: str) -> dict[str, Any]:
    """Write the artifact into a new folder; returns its summary. The manifest comes last: without it there is none."""
    folder.mkdir(parents=True, exist_ok=False)
    digests = _written(folder, _tables(result))
    if result.model is not None:
        result.model.save(folder / MODEL)
    manifest = _manifest(digests, result, sweep_id)
    target = folder / MANIFEST
    with target.open("x", encoding="utf-8") as sink:
        json.dump(manifest, sink, indent=1, sort_keys=True, ensure_ascii=False)
        sink.flush()
        os.fsync(sink.fileno())
    return dict(manifest["summary"])


def _written(folder: Path, tables: Mapping[str, Callable[[], pa.Table]]) -> dict[str, str]:
    """Make each table and write it as a file, two at a time; returns the digests of the files."""

    def one(name: str) -> str:
        path, table = folder / f"{name}.arrow", tables[name]()
        with pa.OSFile(str(path), "wb") as sink, ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        return digest_of(path)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return dict(zip((f"{name}.arrow" for name in tables), pool.map(one, tables), strict=True))


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


def _tables(result: SweepResult) -> dict[str, Callable[[], pa.Table]]:
    """How each table is made; the longest first."""
    book, net, seen = result.book, result.network, result.seen
    frames = {
        "tails": seen.tails.frame(),
        "community_tails": seen.community_tails.frame(),
        "scores": result.scores,
        "rings": result.rings,
        "ring_members": result.members,
        "gone": result.gone,
    }
    columns: dict[str, dict[str, NDArray[np.generic]]] = {
        "links": {"slot": book.link_slot, "offset": book.link_offset, "mark": book.link_mark},
        "members": {"member": book.member, "offset": book.member_offset, "mark": book.member_mark},
        **{f"count_{name}": {"value": v, "count": n} for name, (v, n) in result.norms.counted.items()},
        "watched": {"value": result.watched},
        "registry": {"core": result.registry.core, "heads": result.registry.heads},
    }
    return {
        "values": lambda: _values(net, book, {flag: known.value for flag, known in seen.flags.items()}),
        "rows": lambda: _rows(result),
        "slots": lambda: _slots(book),
        **{name: partial(pa.table, table) for name, table in columns.items()},
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
