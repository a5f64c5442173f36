"""export, score, evaluate: everything that goes out."""

import sys
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.commands.acting import ActorName, acting
from api.commands.setting_up import house
from api.console import Json, say, show
from graph.errors import InputRefused, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.wiring import House
    from detectors.artifact import Published

export = typer.Typer(help="Published scores and rings as CSV.", no_args_is_help=True)
Out = Annotated[Path, typer.Argument(help="File to write; - for standard output.")]


def published_of(opened: "House") -> "Published":
    """The published artifact. Raises NotFound before the first sweep."""
    from detectors.artifact import Published

    current = opened.sweeps.current()
    if current is None:
        raise NotFound("no sweep is published yet", remedy="run ringsight sweep")
    return Published.open(opened.settings.sweeps_folder / current.sweep_id)


@export.command("scores")
def export_scores(out: Out, actor: ActorName = None, as_json: Annotated[bool, Json] = False) -> None:
    """application_id, score, probability, rank, band, ring_id, reasons; by rank."""
    from api.exports import scores_csv

    _export(out, "scores", scores_csv, actor, as_json)


@export.command("rings")
def export_rings(out: Out, actor: ActorName = None, as_json: Annotated[bool, Json] = False) -> None:
    """ring_id, application_id, membership, ring_score, typology; by rank of the ring."""
    from api.exports import rings_csv

    _export(out, "rings", rings_csv, actor, as_json)


def _export(
    out: Path, what: str, rendered: "Callable[[Published], tuple[str, int]]", actor: str | None, as_json: bool
) -> None:
    from casework.audit import Event

    by = acting(actor)
    opened = house()
    with closing(opened):
        published = published_of(opened)
        text, rows = rendered(published)
        detail: dict[str, str | int] = {"what": what, "rows": rows}
        opened.audit.record(by.id, Event.EXPORT_WRITTEN, f"sweep:{published.sweep_id}", detail)
    if str(out) == "-":
        sys.stdout.write(text)
        return
    out.write_text(text, encoding="utf-8", newline="")
    show({"file": str(out), "rows": rows, "sweep_id": published.sweep_id}, as_json, f"{rows:,} rows in {out}")


def score(
    payload: Annotated[Path, typer.Argument(help="One application as JSON; - for standard input.")],
    language: Annotated[str, typer.Option(help="en or zh.")] = "en",
) -> None:
    """Score one application as the endpoint would answer; the decision is stored."""
    from api.language import language as chosen
    from api.payload import read_request
    from api.problems import ProblemError
    from api.scoring import Asked
    from api.wiring import services

    body = sys.stdin.buffer.read() if str(payload) == "-" else payload.read_bytes()
    opened = house()
    served = services(opened)
    try:
        request = read_request(body)
        due = time.monotonic() + request.options.deadline_ms / 1000
        answer, _ = served.scorer.score(Asked(request, body, "operator", None, chosen(language), due))
    except ProblemError as problem:
        where = f"{payload}{'#' + problem.pointer if problem.pointer else ''}"
        raise InputRefused(f"{problem.title}: {problem.detail}", "see docs/openapi.json", where=where) from None
    finally:
        served.close()
        opened.close()
    sys.stdout.write(answer.decode() + "\n")


def evaluate(
    truth: Annotated[Path, typer.Option(help="CSV: application_id, ring_id, typology.")],
    peers: Annotated[bool, typer.Option(help="Measure the peers on the same book too.")] = True,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    as_json: Annotated[bool, Json] = False,
) -> None:
    """Measure the published sweep against a truth, beside simple peers on the same book."""
    from detectors.evaluate import evaluate as measure
    from detectors.truth import read_truth
    from graph.network import network

    known = read_truth(truth)
    opened = house()
    with closing(opened):
        published = published_of(opened)
        links = None
        if peers:
            say("running the peers on the same book")
            with closing(opened.open_store()) as store:
                as_of = published.manifest["as_of"]
                links = store.links(as_of=as_of, known_at=published.watermark)
        report = measure(
            published.scores,
            published.members,
            published.rings,
            known,
            network=None if links is None else network(links),
            outcomes=opened.facts.outcomes(seq=published.watermark),
            seed=seed,
            source=str(truth),
        )
    show({"sweep_id": published.sweep_id, **report.json()}, as_json, report.text())
