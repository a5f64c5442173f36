"""Published rings as the answers of the API: pages of the queue, one ring, its history."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
import polars as pl

from api.language import Language
from api.published import Current
from api.schemas import Member, Page, RingDetail, RingRef, RingSummary
from api.times import iso, money, money_or_none
from api.wording import checks, reason, reasons
from detectors import words
from graph.errors import NotFound, UsageError

BANDS: Final = ("red", "amber", "green")
MEMBERS_SHOWN: Final = 200
TOP_REASONS: Final = 3
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reader:
    """What turns a row into an answer: whose sweep, in which language and money."""

    current: Current
    language: Language
    currency: str


def page(reader: Reader, *, cursor: str | None, limit: int, band: Sequence[str] = (), text: str = "") -> Page:
    """One page of the queue by rank; `text` is looked for in ring ids and typologies. Raises UsageError (cursor)."""
    frame = reader.current.published.rings
    bands = {b: int((frame["band"] == b).sum()) for b in BANDS}
    found = frame.filter(pl.col("band").is_in(list(band))) if band else frame
    found = _matching(found, text, reader.language)
    after = _place(cursor, reader.current.sweep_id)
    rest = found.filter(pl.col("rank") > after).sort("rank")
    rows = rest.head(limit).to_dicts()
    more = rest.height > len(rows)
    return Page(
        items=[summary(reader, row) for row in rows],
        next_cursor=_cursor(reader.current.sweep_id, rows[-1]["rank"]) if more and rows else None,
        total=found.height,
        bands=bands,
        sweep_id=reader.current.sweep_id,
        published_at=iso(reader.current.published_at),
    )


def _matching(frame: pl.DataFrame, text: str, language: Language) -> pl.DataFrame:
    if not text:
        return frame
    wanted = text.casefold()
    names = {t: words.typology_text(t, language).casefold() for t in frame["typology"].unique()}
    typologies = [t for t, said in names.items() if wanted in said or wanted in t]
    by_id = pl.col("ring_id").str.to_lowercase().str.contains(wanted, literal=True)
    return frame.filter(by_id | pl.col("typology").is_in(typologies))


def _cursor(sweep_id: str, rank: int) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([sweep_id, rank])).decode().rstrip("=")


def _place(cursor: str | None, sweep_id: str) -> int:
    """The rank after which to go on. Raises UsageError when the cursor is not ours or of another sweep."""
    if not cursor:
        return 0
    try:
        owner, rank = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError):
        raise UsageError("the cursor is not one of ours", remedy="start again without a cursor") from None
    if owner != sweep_id or not isinstance(rank, int):
        raise UsageError("a new sweep was published since this cursor", remedy="start again without a cursor")
    return rank


def summary(reader: Reader, row: Row) -> RingSummary:
    """A row of the queue."""
    headline = reader.current.headline(row["ring_id"])
    return RingSummary(
        ring_id=row["ring_id"],
        score=row["score"],
        band=row["band"],
        rank=row["rank"],
        applications=row["applications"],
        applicants=row["applicants"],
        exposure=money(row["exposure"], reader.currency),
        currency=reader.currency,
        typology=row["typology"],
        typology_text=words.typology_text(row["typology"], reader.language),
        top_reasons=list(row["reasons"])[:TOP_REASONS],
        top_reason_text="" if headline is None else reason(headline, reader.language, evidence=False).text,
        dealers=row["dealers"],
        first_event_at=iso(row["first_event_at"]),
        last_event_at=iso(row["last_event_at"]),
        first_seen=iso(row["founded_at"]),
        event=row["event"],
        expected_loss=money(row["expected_loss"], reader.currency),
    )


def ring_row(current: Current, ring_id: str) -> Row:
    """The published row of a ring. Raises NotFound."""
    rows = current.published.rings.filter(pl.col("ring_id") == ring_id).to_dicts()
    if not rows:
        raise NotFound("no such ring in the published sweep", remedy="see /v1/rings")
    return rows[0]


def ring_ref(current: Current, ring_id: str | None) -> RingRef | None:
    """The short form of a ring inside another answer."""
    if ring_id is None:
        return None
    row = ring_row(current, ring_id)
    return RingRef(id=ring_id, size=row["applications"], first_seen=iso(row["founded_at"]))


def member_ids(current: Current, ring_id: str) -> list[str]:
    """Applications of a ring, those that belong most first."""
    frame = current.published.members.filter(pl.col("ring_id") == ring_id)
    ordered = frame.sort(["membership", "application_id"], descending=[True, False])
    return cast(list[str], ordered["application_id"].to_list())


def named_values(current: Current, ring_id: str) -> frozenset[str]:
    """Node ids of the values that the ring's reasons rest on. Raises NotFound."""
    evidence = (item for signal in current.ring_signals(ring_id) for item in signal.evidence)
    return frozenset(f"{item.kind}:{item.token}" for item in evidence if item.token)


def detail(reader: Reader, ring_id: str) -> RingDetail:
    """One ring with its reasons and at most MEMBERS_SHOWN members. Raises NotFound."""
    current = reader.current
    row = ring_row(current, ring_id)
    signals = current.ring_signals(ring_id)
    rings = current.published.rings
    lower = int((rings["score"] < row["score"]).sum())
    members = _members(reader, ring_id)
    return RingDetail(
        summary=summary(reader, row),
        reasons=reasons(signals, reader.language),
        members=members,
        members_omitted=max(0, row["applications"] - len(members)),
        suggested_checks=checks(signals, reader.language),
        sweep_id=current.sweep_id,
        published_at=iso(current.published_at),
        higher_than=round(lower / max(1, rings.height - 1), 4),
    )


def _members(reader: Reader, ring_id: str) -> list[Member]:
    published = reader.current.published
    mine = published.members.filter(pl.col("ring_id") == ring_id)
    scored = mine.join(published.scores.drop("ring_id"), on="application_id", how="inner")
    shown = scored.sort(["probability", "application_id"], descending=[True, False]).head(MEMBERS_SHOWN)
    cards = reader.current.cards.rows(shown["application_id"].to_list())
    numbers = {person: n for n, person in enumerate(dict.fromkeys(shown["applicant"].to_list()), 1)}
    return [
        _member(row, cards.get(row["application_id"], {}), numbers[row["applicant"]], reader.currency)
        for row in shown.iter_rows(named=True)
    ]


def _member(row: Row, card: Row, applicant: int, currency: str) -> Member:
    return Member(
        application_id=row["application_id"],
        applicant=applicant,
        name=card.get("name"),
        submitted_at=iso(row["event_at"]),
        score=row["score"],
        band=row["band"],
        probability=row["probability"],
        membership=row["membership"],
        core=row["core"],
        dealer=card.get("dealer"),
        officer=card.get("officer"),
        employer=card.get("employer"),
        loan_amount=money_or_none(card.get("loan_amount"), currency),
        status=card.get("status"),
        reasons=list(row["reasons"]),
    )
