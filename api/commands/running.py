"""train, models, sweep, sweeps."""

from contextlib import closing
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.commands.acting import ActorName, acting
from api.commands.setting_up import house
from api.console import Json, say, show, table
from graph.errors import NotFound

if TYPE_CHECKING:
    from api.schemas import SweepRow
    from api.sweeping import Bounds


def sweep(
    as_of: Annotated[str | None, typer.Option(help="Only applications submitted by then.")] = None,
    known_at: Annotated[str | None, typer.Option(help="Only what had been learned by then.")] = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Sweep the whole book and publish the result; readers see the old sweep until the new one is whole."""
    from api.modelling import current_model
    from api.sweeping import sweep as run_sweep

    bounds = _bounds(as_of, known_at)
    opened = house()
    with closing(opened), closing(opened.open_store()) as store:
        model = current_model(opened, _step)
        report = run_sweep(opened, store, bounds, say=_step, model=model)
    show(report, as_json, told_sweep(report))


def train(
    seed: Annotated[int, typer.Option(min=0, help="The same book, policy and seed give the same model.")] = 0,
    without_forms: Annotated[str, typer.Option(help="Forms that are not planted, by name, with commas.")] = "",
    as_of: Annotated[str | None, typer.Option(help="Only applications submitted by then.")] = None,
    known_at: Annotated[str | None, typer.Option(help="Only what had been learned by then.")] = None,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Learn from rings planted into copies of the book, and from its outcomes; every later sweep asks the model."""
    from api.modelling import train_model

    without = tuple(name for name in without_forms.split(",") if name)
    opened = house()
    with closing(opened), closing(opened.open_store()) as store:
        card = train_model(opened, store, seed=seed, without=without, bounds=_bounds(as_of, known_at), say=_step)
    show(card, as_json, told_model(card))


def told_model(card: dict[str, Any]) -> str:
    """A model in words."""
    figures = card["planted_figures"]
    low, high = figures["average_precision_interval"]
    taught = f", {card['confirmed']:,} confirmed" if card["outcomes"] else ", no outcomes"
    return (
        f"trained {card['model_id']}: {card['applications']:,} applications, {card['planted']:,} planted{taught};"
        f" planted rows that it had not seen: average precision {figures['average_precision']:.2f}"
        f" ({low:.2f} to {high:.2f}); {card['seconds']:.0f} s"
    )


models = typer.Typer(help="Models so far, and which one sweeps ask.", no_args_is_help=True)


@models.command("list")
def models_list(as_json: Annotated[bool, Json] = False) -> None:
    """Every model, oldest first."""
    from api.modelling import cards

    opened = house()
    with closing(opened):
        found = cards(opened)
    heads = {"model": "left", "applications": "right", "planted": "right", "confirmed": "right", "": "left"}
    cells = [
        [
            card["model_id"],
            f"{card['applications']:,}",
            f"{card['planted']:,}",
            f"{card['confirmed']:,}",
            "asked" if card["current"] else "",
        ]
        for card in found
    ]
    show({"items": found}, as_json, table(heads, cells))


@models.command("use")
def models_use(model_id: str, as_json: Annotated[bool, Json] = False) -> None:
    """Let sweeps ask this model from now on, or none of them (`none`)."""
    from api.modelling import use

    chosen = None if model_id == "none" else model_id
    opened = house()
    with closing(opened):
        use(opened, chosen)
    show({"model_id": chosen}, as_json, f"the next sweep asks {chosen or 'no model'}")


def _step(line: str) -> None:
    say(f"  {line}")


def _bounds(as_of: str | None, known_at: str | None) -> "Bounds":
    from api.sweeping import Bounds
    from api.times import microseconds_of

    return Bounds(
        as_of=None if as_of is None else microseconds_of(as_of),
        known_at=None if known_at is None else microseconds_of(known_at),
    )


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
            _remark(r),
        ]
        for r in rows
    ]
    show({"items": [row.model_dump(mode="json") for row in rows]}, as_json, table(heads, cells))


def _remark(row: "SweepRow") -> str:
    return "shown" if row.current else row.reason or ""


@sweeps.command("rollback")
def sweeps_rollback(sweep_id: str, actor: ActorName = None, as_json: Annotated[bool, Json] = False) -> None:
    """Show an earlier published sweep again."""
    from detectors.artifact import Published

    by = acting(actor)
    opened = house()
    with closing(opened):
        if sweep_id not in {record.sweep_id for record in opened.sweeps.list()}:
            raise NotFound(f"there is no sweep {sweep_id}", remedy="see ringsight sweeps list")
        Published.open(opened.settings.sweeps_folder / sweep_id, verify=True)
        record = opened.sweeps.rollback(sweep_id, by)
    show({"sweep_id": record.sweep_id, "state": record.state.value}, as_json, f"{record.sweep_id} is shown again")
