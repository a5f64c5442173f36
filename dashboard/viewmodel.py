"""What the pages show, worked out from the API's answers without Streamlit: rows, facts, shares and lists."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import polars as pl

from api.schemas import GraphNode, HistoryEvent, Member, Network, Reason, RingSummary, SweepRow
from dashboard.bands import BANDS, MARKS
from dashboard.format import ABSENT, WAN, clean, day, minute, moment, money, short
from dashboard.words import Words
from graph.errors import Forbidden, NotFound, RingsightError, StoreUnavailable, UsageError

CHANGES: Final = ("new", "grown", "merged", "split", "shrunk", "same")
BURST: Final = timedelta(hours=72)
BURST_LEAST: Final = 3
DERIVED: Final = frozenset({"phone_block", "building", "employer_core"})
"""Coarser values, made from identifiers: a ring's network shows them, but they have no page of their own."""
THOUSAND: Final = 1_000
WHY_COLUMNS: Final = 45
TYPOLOGY_COLUMNS: Final = 17
"""What the queue's columns can show: cells are drawn on a canvas that cuts without a mark."""


class State(StrEnum):
    """Why a page cannot show what was asked; the words are `state.<value>` and `state.<value>.do`."""

    DOWN = "down"
    FORBIDDEN = "forbidden"
    MISSING = "missing"
    REFUSED = "refused"
    FAILED = "failed"


STATES: Final[tuple[tuple[type[RingsightError], State], ...]] = (
    (StoreUnavailable, State.DOWN),
    (Forbidden, State.FORBIDDEN),
    (NotFound, State.MISSING),
    (UsageError, State.REFUSED),
)


def state_of(error: RingsightError) -> State:
    """The state that an error of the client puts a page in."""
    return next((state for kind, state in STATES if isinstance(error, kind)), State.FAILED)


def band_text(band: str, t: Words) -> str:
    """`▲ Red`: the mark and the word."""
    return f"{MARKS.get(band, '○')} {t.known(f'band.{band}', band)}"


def legend(t: Words) -> str:
    """`▲ Red  ◆ Amber  ● Green`, for charts."""
    return "  ".join(band_text(band, t) for band in BANDS)


def change_text(event: str, t: Words) -> str:
    """What happened to a ring since the sweep before."""
    return t.known(f"change.{event}", event)


def span_text(first: str, last: str, t: Words) -> str:
    """`2026-09-12 – 09-15 · 4 d`: first to last application and the days between, both counted."""
    start, end = moment(first), moment(last)
    if not start or not end:
        return ABSENT
    days = (end.date() - start.date()).days + 1
    last = f"{end:%m-%d}" if end.year == start.year else f"{end:%Y-%m-%d}"
    return f"{start:%Y-%m-%d} – {last} · {t('span.days', n=days)}"


def queue_frame(items: Sequence[RingSummary], t: Words) -> pl.DataFrame:
    """One row a ring, in the order given; exposure in thousands (English) or in 万 (Chinese) so that it sorts."""
    unit = WAN if t.language == "zh" else THOUSAND
    return pl.DataFrame(
        {
            "rank": [row.rank for row in items],
            "band": [[band_text(row.band, t)] for row in items],
            "score": [row.score for row in items],
            "ring": [clean(row.ring_id) for row in items],
            "why": [short(row.top_reason_text, WHY_COLUMNS) for row in items],
            "typology": [short(row.typology_text, TYPOLOGY_COLUMNS) for row in items],
            "applications": [row.applications for row in items],
            "exposure": [float(row.exposure / unit) for row in items],
            "change": [change_text(row.event, t) for row in items],
            "applicants": [row.applicants for row in items],
            "dealers": [row.dealers for row in items],
            "span": [span_text(row.first_event_at, row.last_event_at, t) for row in items],
            "seen": [day(row.first_seen) for row in items],
        },
        schema_overrides={"band": pl.List(pl.String)},
    )


def kept(items: Iterable[RingSummary], change: str | None) -> list[RingSummary]:
    """The rings that had that change in the last sweep; all of them for None."""
    return [row for row in items if change is None or row.event == change]


def opened(cells: Sequence[tuple[int, str]], first_column: str) -> int | None:
    """The row to open for the cells picked in a table, or None.

    A table that gets the focus, or is sorted, picks a cell of its first column by itself: those open nothing, so
    that the arrow keys walk down the first column and the right arrow opens.
    """
    return next((row for row, column in cells if column != first_column), None)


@dataclass(frozen=True, slots=True)
class Contribution:
    """A reason with its share of the evidence (0..1) and its points; all points of a ring add up to its score."""

    points: int
    share: float
    reason: Reason | None  # None: the rest, too small to name


def contributions(reasons: Sequence[Reason], score: int) -> list[Contribution]:
    """The reasons, in the API's order, with whole points by largest remainder; what they leave is one last row."""
    shares = [max(0.0, reason.weight) for reason in reasons]
    whole = max(1.0, sum(shares))
    shares = [share / whole for share in shares]
    shares.append(max(0.0, 1.0 - sum(shares)))
    exact = [share * score for share in shares]
    points = [int(value) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda n: points[n] - exact[n])
    for number in by_remainder[: score - sum(points)]:
        points[number] += 1
    rows = [Contribution(p, s, r) for p, s, r in zip(points, shares, [*reasons, None], strict=True)]
    return rows if rows[-1].points else rows[:-1]


@dataclass(frozen=True, slots=True)
class Burst:
    """The 72 hours with the most applications."""

    start: datetime
    end: datetime
    applications: int


def burst(members: Sequence[Member]) -> Burst | None:
    """The densest 72 hours; None below three applications, or when every application lies inside them anyway."""
    times = sorted(time for member in members if (time := moment(member.submitted_at)))
    runs = [[time for time in times if start <= time <= start + BURST] for start in times]
    best = max(runs, key=len, default=[])
    return Burst(best[0], best[-1], len(best)) if BURST_LEAST <= len(best) < len(times) else None


def person(member: Member) -> str:
    """`P3 王**`: the number of the person inside the ring, and the masked name."""
    return f"P{member.applicant} {clean(member.name or '')}".rstrip()


def timeline(members: Sequence[Member], currency: str, t: Words) -> list[dict[str, object]]:
    """One row a member: lane of its person, UTC time, band, and what the tooltip says."""
    return [
        {
            "lane": person(member),
            "at": member.submitted_at,
            "band": band_text(member.band, t),
            "application": clean(member.application_id),
            "score": member.score,
            "loan": money(member.loan_amount, currency, t.language),
            "dealer": clean(member.dealer or ABSENT),
            "when": minute(member.submitted_at),
        }
        for member in sorted(members, key=lambda member: (member.applicant, member.submitted_at))
        if moment(member.submitted_at)
    ]


def members_frame(members: Sequence[Member], t: Words) -> pl.DataFrame:
    """One row a member, highest score first; loan in thousands (English) or 万 (Chinese)."""
    rows = sorted(members, key=lambda member: (-member.score, member.application_id))
    unit = WAN if t.language == "zh" else THOUSAND
    return pl.DataFrame(
        {
            "rank": list(range(1, len(rows) + 1)),
            "band": [[band_text(row.band, t)] for row in rows],
            "score": [row.score for row in rows],
            "application": [clean(row.application_id) for row in rows],
            "person": [person(row) for row in rows],
            "submitted": [minute(row.submitted_at) for row in rows],
            "membership": [100 * row.membership for row in rows],
            "core": [t("member.core") if row.core else t("member.edge") for row in rows],
            "loan": [None if row.loan_amount is None else float(row.loan_amount / unit) for row in rows],
            "dealer": [clean(row.dealer or ABSENT) for row in rows],
            "officer": [clean(row.officer or ABSENT) for row in rows],
            "employer": [clean(row.employer or ABSENT) for row in rows],
            "status": [clean(row.status or ABSENT) for row in rows],
        },
        schema_overrides={"band": pl.List(pl.String), "loan": pl.Float64()},
    )


def history_frame(events: Sequence[HistoryEvent], t: Words) -> pl.DataFrame:
    """One row an event of the ring's lineage, newest first."""
    rows = sorted(events, key=lambda event: event.published_at, reverse=True)
    return pl.DataFrame(
        {
            "published": [minute(row.published_at) for row in rows],
            "event": [change_text(row.event, t) for row in rows],
            "size": [row.size for row in rows],
            "score": [row.score for row in rows],
            "sources": [clean(", ".join(row.sources)) or ABSENT for row in rows],
        }
    )


def sweeps_frame(rows: Sequence[SweepRow], t: Words) -> pl.DataFrame:
    """One row a sweep, in the order given."""
    return pl.DataFrame(
        {
            "published": [minute(row.published_at or row.started_at) for row in rows],
            "state": [t.known(f"sweep.{row.state}", row.state) + (" ✓" if row.current else "") for row in rows],
            "applications": [row.applications for row in rows],
            "rings": [row.rings for row in rows],
            **{band: [row.bands.get(band, 0) for row in rows] for band in BANDS},
            "events": [events_text(row.events, t) for row in rows],
            "seconds": [row.seconds for row in rows],
            "policy": [clean(row.policy_version) for row in rows],
        },
        schema_overrides={"seconds": pl.Float64()},
    )


def events_text(events: dict[str, int], t: Words) -> str:
    """`new 12 · grown 3`, in a fixed order, what did not happen left out."""
    known = [code for code in (*CHANGES, "gone") if events.get(code)]
    rest = sorted(code for code in events if code not in known and events[code])
    return " · ".join(f"{change_text(code, t)} {events[code]}" for code in [*known, *rest]) or ABSENT


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A node beside another, and how they are linked."""

    node: GraphNode
    role: str


def neighbours(network: Network, node_id: str) -> list[Neighbour]:
    """What touches a node: applications by time, identifiers by how few share them."""
    nodes = {node.id: node for node in network.nodes}
    roles: dict[str, list[str]] = {}
    for edge in network.edges:
        if node_id in (edge.source, edge.target):
            other = edge.target if edge.source == node_id else edge.source
            roles.setdefault(other, []).append(edge.role_text)
    found = [Neighbour(nodes[name], ", ".join(sorted(set(texts)))) for name, texts in roles.items() if name in nodes]
    return sorted(found, key=lambda each: (each.node.event_at or "", each.node.degree, each.node.id))


def named(node: GraphNode) -> str:
    """What a node is called in lists: an application carries its id, because masked names repeat."""
    label = clean(node.label or node.id)
    own = application_id(node.id)
    return f"{label} {own}" if own and own != label else label


def kind_counts(network: Network) -> list[tuple[str, str, int]]:
    """(kind, its word, nodes) with applications first, then the most frequent."""
    counts = Counter((node.kind, node.kind_text) for node in network.nodes)
    rows = [(kind, text, count) for (kind, text), count in counts.items()]
    return sorted(rows, key=lambda row: (row[0] != "application", -row[2], row[0]))


def application_id(node_id: str) -> str | None:
    """`A-7` of `application:A-7`; None for other kinds of node."""
    kind, _, rest = node_id.partition(":")
    return rest if kind == "application" and rest else None
