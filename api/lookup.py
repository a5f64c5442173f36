"""Finding people's and things' nodes from what an investigator types, and one application in full."""

from collections.abc import Iterable
from typing import Final

import polars as pl

from api.language import Language
from api.networks import APPLICATION, Drawer
from api.published import Current
from api.rings import ring_ref
from api.schemas import ApplicationDetail, GraphNode, SearchAnswer
from api.times import iso, iso_or_none, money_or_none
from api.wiring import Services
from api.wording import checks, kind_text, reasons
from detectors.score import explain
from graph.errors import NotFound
from graph.schema import KIND_OF_CODE
from graph.store import GraphStore, Node
from ingest.ports import TokenKeys
from ingest.prepare import prepare
from ingest.source import SourceContext

TYPED_AS: Final = (
    "phone.1",
    "national_id",
    "email",
    "address",
    "employer.name",
    "dealer_id",
    "dealer_name",
    "officer_id",
    "vin",
    "bank_account",
    "device_id",
    "ip_address",
)
"""Fields a typed text may be meant as: it is cleaned and tokenised as each of them, and never stored or logged."""
SHORTEST: Final = 2
RINGS_FOUND: Final = 5
ANY_TIME: Final = "2000-01-01T00:00:00Z"


def tokens_typed(text: str, source: SourceContext, keys: TokenKeys) -> list[tuple[str, str]]:
    """(kind name, token) of everything `text` could be."""
    columns = {"application_id": "typed", "submitted_at": ANY_TIME, **dict.fromkeys(TYPED_AS, text)}
    columns.pop("dealer_name")
    alone = {"application_id": "typed", "submitted_at": ANY_TIME, "dealer_name": text}
    found: dict[tuple[str, str], None] = {}
    for row in (columns, alone):
        raw = pl.DataFrame([pl.Series(name, [value], dtype=pl.String) for name, value in row.items()])
        batch = prepare(raw, source, keys, first_seq=0).batch
        pairs = batch.identifiers.select("kind", "token").iter_rows()
        found |= {(KIND_OF_CODE[kind].name, token): None for kind, token in pairs}
    return list(found)


def search(
    store: GraphStore, services: Services, current: Current | None, text: str, language: Language
) -> SearchAnswer:
    """Nodes by application id, token, masked label, clear value or ring id; exact ones first."""
    drawer = Drawer(current, language)
    typed = text.strip()
    if len(typed) < SHORTEST:
        return SearchAnswer(items=[])
    exact = [f"{kind}:{token}" for kind, token in tokens_typed(typed, services.settings.source, services.keys.tokens)]
    nodes = {node.id: node for node in _by_token(store, exact)}
    nodes |= {node.id: node for node in store.find(typed) if node.id not in nodes}
    return SearchAnswer(items=_rings(current, typed, language) + [drawer.node(node) for node in nodes.values()])


def _by_token(store: GraphStore, ids: Iterable[str]) -> Iterable[Node]:
    for one in ids:
        token = one.partition(":")[2]
        yield from (node for node in store.find(token, limit=5) if node.id == one)


def _rings(current: Current | None, text: str, language: Language) -> list[GraphNode]:
    if current is None:
        return []
    wanted = pl.col("ring_id").str.to_lowercase().str.starts_with(text.casefold())
    rows = current.published.rings.filter(wanted).sort("rank").head(RINGS_FOUND).to_dicts()
    return [
        GraphNode(
            id=f"ring:{row['ring_id']}",
            kind="ring",
            kind_text=kind_text("ring", language),
            label=row["ring_id"],
            degree=row["applications"],
            hub=False,
            score=row["score"],
            band=row["band"],
            event_at=iso(row["last_event_at"]),
        )
        for row in rows
    ]


def application(
    services: Services, current: Current | None, application_id: str, language: Language
) -> ApplicationDetail:
    """One application as the published sweep saw it; a newer one comes without score. Raises NotFound."""
    row = None if current is None else current.published.row(application_id)
    if current is None or row is None:
        return _unscored(services, application_id)
    card = current.cards.row(application_id) or {}
    signals = explain(current.published, application_id, services.policy).signals
    return ApplicationDetail(
        application_id=application_id,
        submitted_at=iso(row["event_at"]),
        name=card.get("name"),
        score=row["score"],
        band=row["band"],
        probability=row["probability"],
        rank=row["rank"],
        ring=ring_ref(current, row["ring_id"]),
        reasons=reasons(signals, language),
        suggested_checks=checks(signals, language),
        dealer=card.get("dealer"),
        officer=card.get("officer"),
        employer=card.get("employer"),
        loan_amount=money_or_none(card.get("loan_amount"), services.settings.source.currency),
        currency=services.settings.source.currency,
        vehicle=card.get("vehicle"),
        status=card.get("status"),
        sweep_id=current.sweep_id,
        published_at=iso_or_none(current.published_at),
    )


def _unscored(services: Services, application_id: str) -> ApplicationDetail:
    """An application that no sweep has seen: what the graph knows, without a score."""
    node_id = APPLICATION + application_id
    found = services.door.ask(lambda store: store.neighbourhood(node_id, hops=1), seconds=5.0)
    own = next((node for node in found.nodes if node.id == node_id), None)
    if own is None:
        raise NotFound("no such application", remedy="see /v1/search")
    labels = {node.kind: node.label for node in reversed(found.nodes)}
    return ApplicationDetail(
        application_id=application_id,
        submitted_at=iso(own.event_at or 0),
        name=None,
        score=None,
        band="not_scored",
        probability=None,
        rank=None,
        ring=None,
        reasons=[],
        suggested_checks=[],
        dealer=labels.get("dealer"),
        officer=labels.get("officer"),
        employer=labels.get("employer"),
        loan_amount=None,
        currency=services.settings.source.currency,
        vehicle=None,
        status=None,
        sweep_id=None,
        published_at=None,
    )
