"""RingBench: a seeded sample book, written as the raw messy files that a lender would export."""

from pathlib import Path

import numpy as np

from graph.errors import UsageError
from ingest.synthetic import rings, twins
from ingest.synthetic.absence import Absence
from ingest.synthetic.background import background
from ingest.synthetic.binding import bind
from ingest.synthetic.draft import Draft, ordinary
from ingest.synthetic.files import (
    ENCODINGS,
    GROUPS,
    BookFiles,
    application_ids,
    lay_out,
    write_applications,
    write_outcomes,
    write_truth,
)
from ingest.synthetic.knobs import INNOCENTS, LEVELS, RINGS, Knobs
from ingest.synthetic.loom import Loom
from ingest.synthetic.outcomes import outcomes
from ingest.synthetic.plan import Plan, make_plan
from ingest.synthetic.registry import write_registry
from ingest.synthetic.render import Renderer
from ingest.synthetic.world import World

__all__ = ["INNOCENTS", "LEVELS", "RINGS", "BookFiles", "Knobs", "write_book"]


def write_book(
    folder: Path,
    *,
    applications: int,
    seed: int,
    locale: str = "zh",
    fraud_rate: float = 0.018,
    level: str = "standard",
    label_share: float = 0.5,
    finding_error: float = 0.2,
    missing: float = 1.0,
    mess: float = 1.0,
    drift: float = 0.0,
    headings: str = "plain",
) -> BookFiles:
    """Write a book into `folder`; the same arguments, the same bytes. Typologies and twins: docs/ringbench.md.

    Written are `applications.csv`, `outcomes.csv`, `employers.csv` (the public register's answer) and, apart,
    `truth/truth.csv` (rings, innocent classes) and `truth/groups.csv` (innocent groups too).

    locale: "zh" (GB18030, Chinese headings), "en" (UTF-8, US headings) or "mixed" (UTF-8 with BOM, both, a Chinese
    book with one applicant in seven under a Latin name). level: "easy", "standard", "hard", "adversarial" (sharing
    probability, rotation, ties, slow drip, posed households, camouflage: see LEVELS). label_share: part of the rings
    investigated; finding_error: part of the findings that are lone or mistaken. missing and mess multiply the usual
    rates; drift weakens what later rings share. headings: "plain", or "varied" synonyms drawn by the seed.
    Raises UsageError for arguments out of range.
    """
    knobs = Knobs(
        applications, seed, locale, fraud_rate, level, label_share, finding_error, missing, mess, drift, headings
    )
    world = World(np.random.default_rng(seed), applications, locale)
    plan = make_plan(world, knobs)
    draft = ordinary(world, plan)
    _weave(world, plan, draft, knobs)
    return _write(folder, world, plan, draft, knobs)


def _weave(world: World, plan: Plan, draft: Draft, knobs: Knobs) -> None:
    loom = Loom(world, draft, Absence(knobs.seed, knobs.missing))
    for name, weave in {**rings.WEAVES, **twins.WEAVES}.items():
        if len(plan.groups[name]):
            weave(loom, plan.groups[name])
            rings.pose_as_household(loom, plan.groups[name])
            bind(loom, plan.groups[name], knobs.hardness.bound)
    background(loom, plan, knobs)


def _write(folder: Path, world: World, plan: Plan, draft: Draft, knobs: Knobs) -> BookFiles:
    hidden = folder / "truth"
    try:
        hidden.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot write into {folder}: {error.strerror}", "name a folder that can be made") from error
    ids = application_ids(world, draft)
    facts = outcomes(world, draft, plan, knobs)
    fraudulent = write_truth(hidden / "truth.csv", world, draft, plan, ids)
    write_outcomes(folder / "outcomes.csv", facts, ids, knobs)
    write_registry(folder / "employers.csv", world, draft, knobs, ENCODINGS[knobs.locale])
    sheet = lay_out(world, draft, knobs.mess)
    path = folder / "applications.csv"
    broken = write_applications(path, sheet, Renderer(world, knobs, ids), knobs, world.rng)
    return BookFiles(
        applications=path,
        outcomes=folder / "outcomes.csv",
        employers=folder / "employers.csv",
        truth=hidden / "truth.csv",
        groups=hidden / GROUPS,
        encoding=ENCODINGS[knobs.locale],
        count=knobs.applications,
        records=len(sheet.order) + broken,
        repeated=sheet.repeated,
        resubmitted=sheet.resubmitted,
        broken=broken,
        fraudulent=fraudulent,
        rings=sum(len(g) for g in plan.groups.values() if g.ring),
        findings=len(facts.row),
    )
