"""Writing the raw files: shuffled order, repeated rows, older versions, a few broken records, the truth apart."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from ingest.synthetic.draft import PENDING, Draft, round_money
from ingest.synthetic.headings import HEADINGS, heading
from ingest.synthetic.knobs import Knobs
from ingest.synthetic.outcomes import Facts
from ingest.synthetic.plan import Plan
from ingest.synthetic.pools import Ints
from ingest.synthetic.render import Renderer
from ingest.synthetic.spelling import stamp
from ingest.synthetic.world import DAY, World

CHUNK: Final = 50_000
_REPEATED, _RESUBMITTED, _BROKEN = 0.005, 0.02, 0.0005
"""Parts of the file: exact repeats, applications with an older version too, damaged copies."""
ENCODINGS: Final = {"zh": "gb18030", "en": "utf-8", "mixed": "utf-8-sig"}
GROUPS: Final = "groups.csv"
_BAD_BYTE: Final = b"\xff"  # begins no character, neither in GB18030 nor in UTF-8


@dataclass(frozen=True, slots=True)
class BookFiles:
    """The files of a sample book and what is in them. `truth` and `groups` lie in a folder of their own."""

    applications: Path
    outcomes: Path
    employers: Path
    truth: Path
    groups: Path
    encoding: str
    count: int  # distinct applications
    records: int  # physical records in the applications file, heading apart
    repeated: int  # exact copies among them
    resubmitted: int  # older versions among them
    broken: int  # damaged copies among them; each of these applications is there whole as well
    fraudulent: int
    rings: int
    findings: int  # rows of the outcomes file


@dataclass(frozen=True, slots=True)
class Sheet:
    """The applications file before it is text: versions (draft rows) and the order in which they are written."""

    draft: Draft
    order: Ints
    repeated: int
    resubmitted: int


def lay_out(world: World, draft: Draft, mess: float) -> Sheet:
    """Add older versions and repeats, and shuffle: roughly by time, some rows anywhere."""
    rng, n = world.rng, len(draft.row)
    again = np.flatnonzero(rng.random(n) < _RESUBMITTED * mess)
    older = draft.take(again)
    older.updated = older.time + rng.integers(60, 3_600, len(again))
    older.status = np.full(len(again), PENDING)
    changed = rng.random(len(again)) < 0.5
    older.income[changed] = round_money(rng, older.income[changed] * rng.uniform(0.8, 1.2, int(changed.sum())))
    moved = rng.random(len(again)) < 0.2
    older.phone[moved] = world.new_phones(rng.integers(0, world.cities, int(moved.sum())))
    whole = draft.append(older)
    copies = np.flatnonzero(rng.random(len(whole.row)) < _REPEATED * mess)
    records = np.concatenate([np.arange(len(whole.row)), copies])
    place = whole.time[records] + rng.normal(0, 3 * DAY, len(records))
    astray = rng.random(len(records)) < 0.02
    place[astray] = rng.uniform(whole.time.min(), whole.time.max() + 1, int(astray.sum()))
    return Sheet(whole, records[np.argsort(place, kind="stable")], len(copies), len(again))


def application_ids(world: World, draft: Draft) -> pl.Series:
    """Numbers in order of submission with the day in front, as a lender's system gives them."""
    order = np.lexsort((world.rng.random(len(draft.row)), draft.time))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    running = pl.Series(rank % 10**6 + 1).cast(pl.String).str.zfill(7)
    prefix = "A" if world.words.country == "US" else "SQ"
    return (
        pl.DataFrame({"d": stamp(draft.time, "%Y%m%d"), "n": running})
        .select(prefix + pl.col("d") + pl.col("n"))
        .to_series()
    )


def write_applications(path: Path, sheet: Sheet, renderer: Renderer, knobs: Knobs, rng: np.random.Generator) -> int:
    """Write the file in chunks; returns the number of damaged copies strewn in."""
    names = _headings(knobs, rng)
    encoding = ENCODINGS[knobs.locale]
    broken = np.flatnonzero(rng.random(len(sheet.order)) < _BROKEN * knobs.mess)
    with path.open("wb") as out:
        for start in range(0, len(sheet.order), CHUNK):
            records = sheet.order[start : start + CHUNK]
            text = renderer.columns(sheet.draft.take(records), records)
            frame = pl.DataFrame({names[name]: column for name, column in text.items()})
            if start == 0:
                out.write(frame.clear().write_csv().encode(encoding))
            cuts = broken[(broken >= start) & (broken < start + len(records))] - start
            for index, (low, high) in enumerate(zip([0, *cuts], [*cuts, len(frame)], strict=True)):
                if index:
                    out.write(_damaged(frame[int(low)], encoding, int(rng.integers(0, 3))))
                out.write(_lines(frame[int(low) : int(high)], encoding))
    return len(broken)


def _headings(knobs: Knobs, rng: np.random.Generator) -> dict[str, str]:
    picks = rng.integers(0, 6, len(HEADINGS)) * (knobs.headings == "varied")
    return {name: heading(name, knobs.locale, int(pick)) for name, pick in zip(HEADINGS, picks, strict=True)}


def _lines(frame: pl.DataFrame, encoding: str) -> bytes:
    return frame.write_csv(include_header=False).encode(encoding.removesuffix("-sig"))


def _damaged(row: pl.DataFrame, encoding: str, kind: int) -> bytes:
    """A record cut short, with a field too many, or with a byte that no text has."""
    line = _lines(row.with_columns(row.to_series(len(row.columns) - 1).clear(1).alias(row.columns[-1])), encoding)
    body = line.rstrip(b"\n").replace(b"\n", b" ")
    if kind == 0:
        return body[: body.rfind(b",", 0, len(body) * 2 // 3)].replace(b'"', b"") + b"\n"
    if kind == 1:
        return body + b",0,0\n"
    half = body.find(b",", len(body) // 2)
    return body[: half + 1] + _BAD_BYTE + body[half + 1 :] + b"\n"


def write_outcomes(path: Path, facts: Facts, ids: pl.Series, knobs: Knobs) -> None:
    """application, event, when it happened, when it became known."""
    chinese = ("申请编号", "结果", "发生时间", "获知时间")
    english = ("Application ID", "Outcome", "Event Date", "Known Date")
    form = "%m/%d/%Y" if knobs.locale == "en" else "%Y-%m-%d"
    columns = (ids.gather(facts.row), facts.event, stamp(facts.event_at, form), stamp(facts.known_at, form))
    frame = pl.DataFrame(dict(zip(english if knobs.locale == "en" else chinese, columns, strict=True)))
    path.write_bytes(frame.write_csv().encode(ENCODINGS[knobs.locale]))


def write_truth(path: Path, world: World, draft: Draft, plan: Plan, ids: pl.Series) -> int:
    """application_id, ring_id, typology, by application; returns the number of fraudulent applications.

    Beside it `groups.csv`: application_id, group_id, typology, ring, drip, posed, broker of every group, innocent or
    not, for who measures how dense twins are.
    """
    made = list(plan.groups.values())
    kind = pl.Series([g.kind.name for g in made for _ in range(len(g))], dtype=pl.String)
    shuffled = world.rng.permutation(len(kind)) + 1
    groups = pl.DataFrame(
        {
            "group": np.arange(len(kind)),
            "group_id": pl.Series("R" + pl.Series(shuffled).cast(pl.String).str.zfill(6), dtype=pl.String),
            "typology": kind,
            "ring": np.repeat([g.ring for g in made], [len(g) for g in made]),
            **{name: np.concatenate([getattr(g, name) for g in made]) for name in ("drip", "posed", "broker")},
        }
    )
    tablet = world.dealer_tablet[draft.dealer]
    on_tablet = pl.Series((tablet > 0) & (draft.device == tablet))
    frame = pl.DataFrame({"application_id": ids, "group": plan.group, "tablet": on_tablet}).join(
        groups, on="group", how="left", maintain_order="left"
    )
    truth = frame.select(
        "application_id",
        pl.when("ring").then("group_id").alias("ring_id"),
        pl.when(pl.col("typology").is_null() & pl.col("tablet"))
        .then(pl.lit("dealer_tablet"))
        .otherwise("typology")
        .alias("typology"),
    ).sort("application_id")
    path.write_text(truth.write_csv(), encoding="utf-8")
    members = frame.filter(pl.col("group_id").is_not_null()).drop("group", "tablet").sort("application_id")
    path.with_name(GROUPS).write_text(members.write_csv(), encoding="utf-8")
    return int(truth["ring_id"].is_not_null().sum())
