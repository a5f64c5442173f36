"""Writing the artifact of a sweep: a folder of immutable Arrow files, and a manifest of their digests at the end."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import ipc

from detectors.artifact import FORMAT, MANIFEST, digest_of
from detectors.sweep import MODEL_VERSION, SweepResult
from graph.book import token_number
from graph.network import Network

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]


def write(folder: Path, result: SweepResult, *, sweep_id: str) -> dict[str, Any]:
    """Write the artifact into a new folder; returns its summary. The manifest comes last: without it there is none."""
    folder.mkdir(parents=True, exist_ok=False)
    tables = _tables(result)
    for name, table in tables.items():
        with pa.OSFile(str(folder / f"{name}.arrow"), "wb") as sink, ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    manifest = _manifest(folder, list(tables), result, sweep_id)
    target = folder / MANIFEST
    with target.open("x", encoding="utf-8") as sink:
        json.dump(manifest, sink, indent=1, sort_keys=True, ensure_ascii=False)
        sink.flush()
        os.fsync(sink.fileno())
    return dict(manifest["summary"])


def _tables(result: SweepResult) -> dict[str, pa.Table]:
    book, net = result.book, result.network
    rows: dict[str, Any] = {"application_id": net.applications["application_id"].to_arrow()}
    rows |= {name: np.asarray(column) for name, column in book.columns.items()}
    rows |= {
        "layer0": result.layer0,
        "layer1": result.layer1,
        "community": result.community.label,
        "community_strength": result.community.strength,
        "raw": result.raw,
        "outlier": result.outlier,
        "digest": net.applications["digest"].to_arrow(),
        "name_label": net.applications["name_label"].to_arrow(),
        "status": net.applications["status"].to_arrow(),
        "link_start": book.link_start[:-1],
    }
    rows |= {f"f_{f.name}": result.features[:, i].astype(np.int32) for i, f in enumerate(result.policy.features)}
    return {
        "rows": pa.table(rows),
        "links": pa.table({"slot": book.link_slot, "offset": book.link_offset}),
        "values": _values(net, book.values, book.value_kind, book.value_persons),
        "slots": pa.table(
            {
                "key": book.slots.key,
                "start": book.slots.start[:-1],
                "persons": book.slots.persons,
                "total": book.slots.total,
                "firm": book.slots.firm,
                "surname": book.slots.surname,
                "dealer": book.slots.dealer,
            }
        ),
        "members": pa.table({"member": book.member, "offset": book.member_offset}),
        "tails": result.tails.frame().to_arrow(),
        "community_tails": result.community_tails.frame().to_arrow(),
        "bands": pa.table({"band": result.norms.bands, "count": result.norms.band_count}),
        "regions": pa.table({"region": result.norms.regions, "count": result.norms.region_count}),
        "watched": pa.table({"value": result.watched}),
        "scores": result.scores.to_arrow(),
        "rings": result.rings.to_arrow(),
        "ring_members": result.members.to_arrow(),
        "gone": result.gone.to_arrow(),
    }


def _values(net: Network, values: I64, kind: NDArray[np.uint8], persons: I32) -> pa.Table:
    """Values by token number, with the token and the masked label; persons have neither."""
    known = net.identifiers.select("token", "label").with_columns(
        pl.Series("value", token_number(net.identifiers["token"]))
    )
    frame = pl.DataFrame({"value": values, "kind": kind, "persons": persons})
    return frame.join(known.unique("value"), on="value", how="left", maintain_order="left").to_arrow()


def _manifest(folder: Path, names: list[str], result: SweepResult, sweep_id: str) -> dict[str, Any]:
    rings = result.rings
    bands = result.scores["band"].value_counts()
    return {
        "format": FORMAT,
        "sweep_id": sweep_id,
        "policy_version": result.policy.version,
        "policy_digest": result.policy.digest,
        "model_version": MODEL_VERSION,
        "watermark": result.watermark,
        "as_of": result.as_of,
        "calibration": result.calibration.as_dict(),
        "size": result.book.size,
        "span": list(result.book.span),
        "kind_rate": result.book.kind_rate.tolist(),
        "appraisal_middle": result.norms.appraisal_middle.tolist(),
        "appraisal_spread": result.norms.appraisal_spread.tolist(),
        "files": {f"{name}.arrow": digest_of(folder / f"{name}.arrow") for name in names},
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
