"""RingBench: a seeded sample book, written as the raw messy files that a lender would export."""

from pathlib import Path

import numpy as np

from graph.errors import UsageError
from ingest.synthetic import rings, twins
from ingest.synthetic.background import background
from ingest.synthetic.draft import Draft, ordinary
from ingest.synthetic.files import (
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
    """Write `applications.csv`, `outcomes.csv` and `truth/truth.csv` into `folder`; the same arguments, the same bytes.

    locale: "zh" (GB18030, Chinese headings), "en" (UTF-8, US headings) or "mixed" (UTF-8 with BOM, both, a Chinese
    book with one applicant in seven under a Latin name). level: "easy", "standard", "adversarial" (sharing
    probability, rotation, slow drip, camouflage: see LEVELS). label_share: part of the rings investigated;
    finding_error: part of the findings that are lone or mistaken. missing and mess multiply the usual rates; drift
    weakens what later rings share. headings: "plain", or "varied" synonyms drawn by the seed.
    Raises UsageError for arguments out of range. Typologies, twins and rates follow benchmarks.md (RingBench).
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
    loom = Loom(world, draft)
    for name, weave in {**rings.WEAVES, **twins.WEAVES}.items():
        if len(plan.groups[name]):
            weave(loom, plan.groups[name])
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
    sheet = lay_out(world, draft, knobs.mess)
    path = folder / "applications.csv"
    broken = write_applications(path, sheet, Renderer(world, knobs, ids), knobs, world.rng)
    return BookFiles(
        applications=path,
        outcomes=folder / "outcomes.csv",
        truth=hidden / "truth.csv",
        encoding={"zh": "gb18030", "en": "utf-8", "mixed": "utf-8-sig"}[knobs.locale],
        count=knobs.applications,
        records=len(sheet.order) + broken,
        repeated=sheet.repeated,
        resubmitted=sheet.resubmitted,
        broken=broken,
        fraudulent=fraudulent,
        rings=sum(len(g) for g in plan.groups.values() if g.ring),
        findings=len(facts.row),
    )
