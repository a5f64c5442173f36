"""demo: a sample book from raw files to a running dashboard, in one command."""

import shutil
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from api.commands.book import Kind, load_into, told_load, write_book
from api.commands.running import told_model, told_sweep
from api.commands.setting_up import make_home
from api.console import Json, say, show, words
from graph.errors import Conflict

if TYPE_CHECKING:
    from api.wiring import House

MARK: Final = ".made-by-ringsight-demo"
MADE: Final = ("home", "book", "book.toml", "employers.toml", "outcomes.toml", MARK)
TOP: Final = 5


def demo(
    folder: Annotated[
        Path, typer.Option("--dir", help="Folder of the demo; an earlier demo there starts afresh.")
    ] = Path("demo"),
    applications: Annotated[int, typer.Option(min=500)] = 20_000,
    seed: Annotated[int, typer.Option(min=0)] = 7,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Stop after the sweep.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    dashboard_port: Annotated[int, typer.Option(min=0, max=65535)] = 8501,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Write a sample book, map, load, train and sweep it, print the top rings, and serve API and dashboard."""
    from api.commands.serving import LOOPBACK, run
    from api.settings import read_settings
    from api.wiring import open_house

    started = time.perf_counter()
    clear(folder)
    # the demo never touches the reader's own store, ledger or policy
    settings = read_settings(
        home=folder / "home", store="", ledger="", policy=None, country="CN", currency="", timezone=""
    )
    make_home(settings)
    with closing(open_house(settings)) as opened:
        report = _filled(opened, folder, applications, seed)
        report["seconds_in_all"] = round(time.perf_counter() - started, 1)
        rings = _top(opened)
        show({**report, "top_rings": rings}, as_json, _told(rings, report["seconds_in_all"]))
        if not no_serve:
            run(opened, host=LOOPBACK, port=port, dashboard_port=dashboard_port)


def clear(folder: Path) -> None:
    """Make the folder, or empty it of what an earlier demo made. Raises Conflict for a folder that is somebody's."""
    if folder.exists() and not (folder / MARK).is_file() and any(folder.iterdir()):
        raise Conflict(f"{folder} is not empty and no demo made it", remedy="give another folder with --dir")
    for name in MADE:
        path = folder / name
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).touch()


def _filled(opened: "House", folder: Path, applications: int, seed: int) -> dict[str, Any]:
    """From nothing to a published sweep; each step is told as the command that does it."""
    from api.modelling import current_model, train_model
    from api.sweeping import Bounds, sweep

    book = folder / "book"
    _step(f"synth {book} --applications {applications} --seed {seed}")
    files = write_book(book, applications=applications, seed=seed, locale="zh")
    loads = {
        "applications": _loaded(opened, Path(files["applications"]), folder / "book.toml", "applications"),
        "employers": _loaded(opened, Path(files["employers"]), folder / "employers.toml", "employers"),
        "outcomes": _loaded(opened, Path(files["outcomes"]), folder / "outcomes.toml", "outcomes"),
    }
    with closing(opened.open_store()) as store:
        _step("train")
        card = train_model(opened, store, seed=seed, without=(), bounds=Bounds(), say=_say)
        say(told_model(card))
        _step("sweep")
        swept = sweep(opened, store, Bounds(), say=_say, model=current_model(opened, _say))
    say(told_sweep(swept))
    return {"files": files, "loads": loads, "model": card, "sweep": swept}


def _say(step: str) -> None:
    say(f"  {step}")


def _loaded(opened: "House", file: Path, mapping: Path, kind: Kind) -> dict[str, int]:
    from ingest.mapping import propose, read_mapping

    flag = "" if kind == "applications" else f" --kind {kind}"
    _step(f"map {file}{flag} > {mapping}")
    mapping.write_text(propose(file, kind).toml(), encoding="utf-8")
    _step(f"load {file}{flag} --mapping {mapping}")
    report = load_into(opened, file, read_mapping(mapping, kind), kind=kind)
    say(told_load(report))
    return {
        "read": report.read,
        "loaded": report.loaded,
        "duplicate": report.duplicate,
        "quarantined": report.quarantined,
    }


def _step(line: str) -> None:
    words.print(f"$ ringsight {line}", style="bold", markup=False)


def _top(opened: "House") -> list[dict[str, Any]]:
    """The first rings of the queue with their reasons in words."""
    from api.published import Shelf
    from api.rings import Reader, detail

    current = Shelf(opened.settings.sweeps_folder, opened.sweeps.current, opened.policy).current()
    if current is None:
        return []
    reader = Reader(current, "en", opened.settings.source.currency)
    ids = current.published.rings.sort("rank")["ring_id"].head(TOP).to_list()
    found = [detail(reader, ring_id) for ring_id in ids]
    return [
        {
            "ring_id": ring.summary.ring_id,
            "score": ring.summary.score,
            "band": ring.summary.band,
            "applications": ring.summary.applications,
            "applicants": ring.summary.applicants,
            "exposure": f"{ring.summary.exposure:,} {ring.summary.currency}",
            "typology": ring.summary.typology_text,
            "reasons": [reason.text for reason in ring.reasons[:3]],
            "innocent": ring.reasons[0].innocent if ring.reasons else "",
        }
        for ring in found
    ]


def _told(rings: list[dict[str, Any]], seconds: float) -> str:
    lines = [f"The first {len(rings)} rings of the queue ({seconds:.0f} s from nothing):", ""]
    for place, ring in enumerate(rings, 1):
        lines.append(
            f"{place}. {ring['ring_id']}  {ring['band']} {ring['score']}  {ring['typology']}: {ring['applications']}"
            f" applications of {ring['applicants']} people, {ring['exposure']}"
        )
        lines += [f"     - {reason}" for reason in ring["reasons"]]
        if ring["innocent"]:
            lines.append(f"     but first rule out: {ring['innocent']}")
    return "\n".join(lines)
