"""The link chart: a bounded network as what linkchart.js draws, and its mounting as a component."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import streamlit as st

from api.schemas import GraphNode, Network
from dashboard.bands import AMBER_INK, BANDS, COLOURS, MARKS, Theme, kind_style
from dashboard.format import columns, short
from dashboard.layout import place
from dashboard.viewmodel import kind_counts, named
from dashboard.words import Words

CAP: Final = 150
HEIGHT: Final = 430
LABEL_COLUMNS: Final = 18
COLUMN_PIXELS: Final = 7.0
NODE_PIXELS: Final = 46.0
ASSETS: Final = Path(__file__).with_name("linkchart")
TOOL_WORDS: Final = ("closer", "farther", "fit", "labels", "hide")
INK: Final[dict[Theme, dict[str, str]]] = {
    "light": {"ink": "#39455A", "edge": "#A9B3C3", "hatch": "#D9DEE7"},
    "dark": {"ink": "#D5DCE8", "edge": "#5A667C", "hatch": "#2E384B"},
}

Payload = dict[str, object]


def bounded(network: Network, cap: int = CAP) -> tuple[Network, int]:
    """At most `cap` nodes, members and highest scores first, then the most shared; and how many are left out in all."""
    if len(network.nodes) <= cap:
        return network, network.omitted
    ranked = sorted(network.nodes, key=lambda node: (not node.member, -(node.score or 0), -node.degree, node.id))
    nodes = ranked[:cap]
    ids = {node.id for node in nodes}
    edges = [edge for edge in network.edges if edge.source in ids and edge.target in ids]
    left_out = network.omitted + len(network.nodes) - cap
    return network.model_copy(update={"nodes": nodes, "edges": edges, "omitted": left_out}), left_out


def label(node: GraphNode) -> str:
    """What stands beside the node: a hub carries its count."""
    text = short(node.label or node.id, LABEL_COLUMNS)
    return f"{text} · {node.degree}" if node.hub else text


def title(node: GraphNode, t: Words) -> str:
    """The node in one sentence, for the pointer and for screen readers."""
    parts = [f"{node.kind_text} {short(named(node), 60)}"]
    if node.band:
        score = "" if node.score is None else f" {node.score}"
        parts.append(f"{t.known(f'band.{node.band}', node.band)}{score}")
    elif node.kind != "application":
        parts.append(t("node.degree", n=node.degree))
    return " · ".join(parts)


def payload(network: Network, t: Words, theme: Theme, *, name: str, alt: str) -> Payload:
    """All that linkchart.js needs, without the selection; equal networks give equal payloads whatever their order."""
    labels = {node.id: label(node) for node in network.nodes}
    widths = {key: max(NODE_PIXELS, columns(text) * COLUMN_PIXELS + 8) for key, text in labels.items()}
    ends = [edge for edge in network.edges if edge.source in widths and edge.target in widths]
    spots = place(widths, [(edge.source, edge.target) for edge in ends])
    kinds = kind_counts(network)
    bands = [band for band in BANDS if any(node.band == band for node in network.nodes)]
    drawn: Payload = {
        "name": name,
        "height": HEIGHT,
        "nodes": [_node(node, labels[node.id], spots[node.id], t) for node in _in_order(network)],
        "edges": [
            {"source": edge.source, "target": edge.target, "own": edge.role == "own", "text": edge.role_text}
            for edge in sorted(ends, key=lambda edge: (edge.source, edge.target, edge.role))
        ],
        "kinds": {
            kind: {"shape": kind_style(kind).shape, "icon": kind_style(kind).icon, "fill": kind_style(kind).fill(theme)}
            for kind, _, _ in kinds
        },
        "legend": [{"kind": kind, "text": text, "count": count} for kind, text, count in kinds],
        "bands": [
            {
                "band": band,
                "mark": MARKS[band],
                "text": t(f"band.{band}"),
                "count": sum(node.band == band for node in network.nodes),
            }
            for band in bands
        ],
        "words": {"alt": alt, **{word: t(f"chart.{word}") for word in TOOL_WORDS}},
        "colours": {**INK[theme], **COLOURS[theme], "amber-ink": AMBER_INK[theme]},
    }
    return {**drawn, "signature": hashlib.sha256(json.dumps(drawn, sort_keys=True).encode()).hexdigest()[:16]}


def _in_order(network: Network) -> list[GraphNode]:
    return sorted(network.nodes, key=lambda node: node.id)


def _node(node: GraphNode, text: str, spot: tuple[float, float], t: Words) -> Payload:
    return {
        "id": node.id,
        "kind": node.kind,
        "label": text,
        "title": title(node, t),
        "band": node.band,
        "mark": MARKS.get(node.band, "") if node.band else "",
        "hub": node.hub,
        "weight": min(999, node.degree * (1 if node.kind == "application" else 20)),
        "x": spot[0],
        "y": spot[1],
    }


_COMPONENT = st.components.v2.component(
    "ringsight_linkchart",
    html='<div class="linkchart"></div>\n',
    css=(ASSETS / "linkchart.css").read_text(encoding="utf-8"),
    js=(ASSETS / "linkchart.js").read_text(encoding="utf-8"),
)


def mount(drawn: Payload, *, selected: str | None, key: str, on_pick: Callable[[], None]) -> None:
    """Show the chart; `on_pick` runs when a node is picked, then `picked(key)` tells which."""
    _COMPONENT(key=key, data={**drawn, "selected": selected}, on_picked_change=on_pick)


def picked(key: str) -> str | None:
    """The node that was picked in the chart mounted under `key`; None when the pick was cleared."""
    state = st.session_state.get(key)
    value = state.get("picked") if state else None
    return value.get("id") if value else None
