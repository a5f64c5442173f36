"""sweep, sweeps."""

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.setting_up import house
from api.console import Json, say, show, table
from graph.errors import NotFound

if TYPE_CHECKING:
    from api.schemas import SweepRow


def sweep(
    as_of: Annotated[str | None, typer.Option(help="Only applications submitted by then.")] = None,
    known_at: Annotated[str | None, typer.Option(help="Only what had been learned by then.")] = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Sweep the whole book and publish the result; readers see the old sweep until the new one is whole."""
    from api.sweeping import Bounds
    from api.sweeping import sweep as run_sweep
    from api.times import microseconds_of

    bounds = Bounds(
        as_of=None if as_of is None else microseconds_of(as_of),
        known_at=None if known_at is None else microseconds_of(known_at),
    )
    opened = house()
    with closing(opened), closing(opened.open_store()) as store:
        report = run_sweep(opened, store, bounds, say=lambda step: say(f"  {step}"))
    show(report, as_json, told_sweep(report))


def told_sweep(report: dict[str, Any]) -> str:
    """A sweep in words."""
    bands = ", ".join(f"{band} {count:,}" for band, count in report["bands"].items())
    events = ", ".join(f"{event} {count:,}" for event, count in report["events"].items()) or "none"
    return (
        f"published {report['sweep_id']}: {report['applications']:,} applications ({bands}), {report['rings']:,} rings"
        f" ({events})\n{report['recomputed']:,} scores recomputed by the online code: equal;"
        f" {report['seconds']:.1f} s, peak {report['peak_mib']:,.0f} MiB"
    )


sweeps = typer.Typer(help="Sweeps so far, and the way back.", no_args_is_help=True)


@sweeps.command("list")
def sweeps_list(as_json: Annotated[bool, Json] = False) -> None:
    """Every sweep, newest first."""
    from api.routes.house import sweep_row

    opened = house()
    with closing(opened):
        current = opened.sweeps.current()
        current_id = None if current is None else current.sweep_id
        rows = [sweep_row(record, current_id) for record in opened.sweeps.list()]
    heads = {"sweep": "left", "state": "left", "started": "left", "applications": "right", "rings": "right", "": "left"}
    cells = [
        [
            r.sweep_id,
            r.state,
            r.started_at,
            f"{r.applications:,}",
            f"{r.rings:,}",
            "shown" if r.current else r.reason or "",
        ]
        for r in rows
    ]
    show({"items": [row.model_dump(mode="json") for row in rows]}, as_json, table(heads, cells))


def _remark(row: "SweepRow") -> str:
    return "shown" if row.current else row.reason or ""


@sweeps.command("rollback")
def sweeps_rollback(sweep_id: str, as_json: Annotated[bool, Json] = False) -> None:
    """Show an earlier published sweep again."""
    from casework.access import OPERATOR
    from detectors.artifact import Published

    opened = house()
    with closing(opened):
        if sweep_id not in {record.sweep_id for record in opened.sweeps.list()}:
            raise NotFound(f"there is no sweep {sweep_id}", remedy="see ringsight sweeps list")
        Published.open(opened.settings.sweeps_folder / sweep_id, verify=True)
        record = opened.sweeps.rollback(sweep_id, OPERATOR)
    show({"sweep_id": record.sweep_id, "state": record.state.value}, as_json, f"{record.sweep_id} is shown again")
