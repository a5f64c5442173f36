"""Batches and rings written in Cypher, a transaction a piece; knows no driver, only a way to run a statement."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from graph import arrival, cypher
from graph.arrival import LinkPlan, VersionPlan
from graph.cypher_read import Run, packed
from graph.schema import KIND_OF_CODE, ROLE_OF_CODE
from graph.store import OPEN, Batch, RingCopy, Verdict

VERSIONS_A_TRANSACTION: Final = (
    500  # about 5,000 links: a second, and on a crowded machine still below the server's limit
)
ROWS_AN_UNWIND: Final = 5_000
RINGS_AN_UNWIND: Final = 500


def pieces(batch: Batch) -> Iterator[Batch]:
    """The batch in pieces that each fill one transaction, rows counted anew in each."""
    for first in range(0, batch.applications.height, VERSIONS_A_TRANSACTION):
        inside = pl.col("row").is_between(first, first + VERSIONS_A_TRANSACTION - 1)
        yield Batch(
            batch.applications.slice(first, VERSIONS_A_TRANSACTION),
            batch.identifiers,
            batch.links.filter(inside).with_columns(pl.col("row") - first),
        )


def write_piece(run: Run, piece: Batch) -> NDArray[np.uint8]:
    """Writes one piece in an open transaction; returns a Verdict for each of its rows.

    Every version comes with its links and closings, and the allocator moves on with them: a reader that starts from
    the allocator sees whole versions, and a piece that was broken off was never there.
    """
    ((applications, versions, identifiers),) = run(cypher.LOCK_ALLOCATOR, {})
    ids = piece.applications["application_id"].unique(maintain_order=True).to_list()
    held = packed(run, cypher.HELD_VERSIONS, arrival.HELD_VERSION, ids=ids).with_columns(
        pl.col("closed_seq").fill_null(OPEN)
    )
    plan, link_plan = arrival.plan(
        piece, held, partial(_held_identifiers, run), first_version=versions, first_identifier=identifiers
    )
    if link_plan is None:
        return plan.verdicts
    new = plan.fresh.filter(pl.Series(plan.verdicts[plan.fresh["row"]]) == int(Verdict.NEW))["row"]
    _write_identifiers(run, link_plan)
    _write_versions(run, plan, dict(zip(new, range(applications, applications + len(new)), strict=True)))
    _write_links(run, plan, link_plan)
    _close_versions(run, plan)
    end = {
        "application": applications + len(new),
        "version": versions + plan.fresh.height,
        "identifier": identifiers + link_plan.fresh.height,
    }
    run(cypher.ADVANCE_ALLOCATOR, {"next": end})
    return plan.verdicts


def _held_identifiers(run: Run, used: pl.DataFrame) -> pl.DataFrame:
    schema = {name: dtype for name, dtype in arrival.HELD_IDENTIFIER.items() if name != "kind"}
    parts = [pl.DataFrame(schema=arrival.HELD_IDENTIFIER)]
    for (code,), some in used.group_by("kind", maintain_order=True):
        kind = KIND_OF_CODE[cast(int, code)]
        for page in some.iter_slices(ROWS_AN_UNWIND):
            held = packed(run, cypher.held_identifiers(kind), schema, tokens=page["token"].to_list())
            parts.append(held.select("nid", pl.lit(kind.code, pl.UInt8).alias("kind"), pl.exclude("nid")))
    return pl.concat(parts)


def _unwind(run: Run, text: str, rows: Sequence[object], name: str = "rows") -> None:
    for first in range(0, len(rows), ROWS_AN_UNWIND):
        run(text, {name: rows[first : first + ROWS_AN_UNWIND]})


def _write_identifiers(run: Run, plan: LinkPlan) -> None:
    search = pl.coalesce("label", "token").str.to_lowercase().alias("search")
    for (code,), some in plan.fresh.sort("kind", "token").group_by("kind", maintain_order=True):
        rows = some.with_columns(search).to_dicts()
        _unwind(run, cypher.create_identifiers(KIND_OF_CODE[cast(int, code)]), rows)
    _unwind(run, cypher.UPDATE_IDENTIFIERS, plan.changed.with_columns(search).to_dicts())


def _write_versions(run: Run, plan: VersionPlan, nids: Mapping[int, int]) -> None:
    """`nids`: of the applications that are new, by row."""
    search = pl.coalesce("name_label", "application_id").str.to_lowercase().alias("search")
    properties = plan.fresh.select("nid", *arrival.VERSION_COLUMNS, _open_as_null(), search).to_dicts()
    rows = [
        {"application_id": p["application_id"], "application_nid": nids.get(row), "properties": p}
        for row, p in zip(plan.fresh["row"], properties, strict=True)
    ]
    _unwind(run, cypher.CREATE_VERSIONS, rows)


def _write_links(run: Run, plan: VersionPlan, links: LinkPlan) -> None:
    versions = plan.fresh.select("application_id", "seq", _open_as_null(), version="nid")
    every = links.links.join(versions, on="version").with_columns(
        role=pl.col("role").replace_strict({code: role.name for code, role in ROLE_OF_CODE.items()})
    )
    for (code,), some in every.sort("kind", "token", "version", "role").group_by("kind", maintain_order=True):
        rows = some.select("application_id", "token", "role", "version", "seq", "closed_seq", "mark").to_dicts()
        _unwind(run, cypher.create_links(KIND_OF_CODE[cast(int, code)]), rows)


def _close_versions(run: Run, plan: VersionPlan) -> None:
    _unwind(run, cypher.CLOSE_VERSIONS, plan.closed.select("nid", "closed_seq").to_dicts())
    ids = plan.fresh["application_id"].unique(maintain_order=True).to_list()
    _unwind(run, cypher.SHOW_LATEST, ids, name="ids")


def _open_as_null() -> pl.Expr:
    return pl.when(pl.col("closed_seq") != OPEN).then("closed_seq").alias("closed_seq")


def publish(run: Run, rings: Sequence[RingCopy]) -> None:
    """Replaces all ring nodes in an open transaction; a member that is not in the book is left out."""
    rows = [
        {
            "properties": {
                "ring_id": ring.ring_id,
                "score": ring.score,
                "band": ring.band,
                "typology": ring.typology,
                "sweep_id": ring.sweep_id,
                "size": len(ring.members),
            },
            "members": sorted(ring.members),
        }
        for ring in rings
    ]
    run(cypher.REMOVE_RINGS, {})
    for first in range(0, len(rows), RINGS_AN_UNWIND):
        run(cypher.CREATE_RINGS, {"rows": rows[first : first + RINGS_AN_UNWIND]})
