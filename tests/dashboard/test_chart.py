"""The link chart's payload."""

import json
from pathlib import Path

import pytest

from api.schemas import GraphNode, Network
from dashboard import chart
from dashboard.bands import BANDS, COLOURS, KINDS, MARKS, VEGA_SHAPES, kind_style
from dashboard.client import Client
from dashboard.viewmodel import DERIVED
from dashboard.words import words
from graph.schema import NODE_KINDS
from tests.dashboard.fake_api import PAYLOAD

EN = words("en")
SCRIPT = (Path(chart.__file__).parent / "linkchart" / "linkchart.js").read_text(encoding="utf-8")


@pytest.fixture
def network(english: Client) -> Network:
    return english.ring_network("RG-0003")


def draw(network: Network) -> chart.Payload:
    return chart.payload(network, EN, "light", name="n", alt="a")


def test_every_node_and_edge_is_drawn_once(network: Network) -> None:
    drawn = json.loads(json.dumps(draw(network)))
    assert sorted(node["id"] for node in drawn["nodes"]) == sorted(node.id for node in network.nodes)
    assert len(drawn["edges"]) == len(network.edges)
    assert sum(entry["count"] for entry in drawn["legend"]) == len(network.nodes)
    assert {node["kind"] for node in drawn["nodes"]} == set(drawn["kinds"])


def test_order_of_the_answer_does_not_change_the_picture(network: Network) -> None:
    turned = network.model_copy(update={"nodes": network.nodes[::-1], "edges": network.edges[::-1]})
    assert draw(turned) == draw(network)


def test_hubs_carry_their_count_and_foreign_text_stays_text(network: Network) -> None:
    drawn = {node["id"]: node for node in json.loads(json.dumps(draw(network)))["nodes"]}
    hub = next(node for node in network.nodes if node.hub)
    assert drawn[hub.id]["label"].endswith("· 312")
    employer = next(node for node in network.nodes if node.kind == "employer")
    assert drawn[employer.id]["title"].startswith(f"employer {PAYLOAD[:20]}")


def test_too_many_nodes_leave_out_the_least_risky(network: Network) -> None:
    shown, omitted = chart.bounded(network, cap=10)
    members = sorted((node.score or 0 for node in network.nodes if node.member), reverse=True)
    assert [node.score for node in shown.nodes] == members[:10]
    assert omitted == len(network.nodes) - 10
    assert all({edge.source, edge.target} <= {node.id for node in shown.nodes} for edge in shown.edges)
    assert chart.bounded(network) == (network, 0)


def test_links_to_nodes_that_are_not_there_are_dropped(network: Network) -> None:
    cut = network.model_copy(update={"nodes": network.nodes[:3]})
    assert draw(cut)["edges"] == []


def test_every_kind_of_the_graph_has_a_look_of_its_own() -> None:
    assert {kind.name for kind in NODE_KINDS} | {"application"} | DERIVED == set(KINDS)
    assert len({style.shape for style in KINDS.values()}) == len(KINDS)
    assert all(f"  {style.shape}:" in SCRIPT for style in KINDS.values())
    assert kind_style("spaceship").shape in SCRIPT


def test_bands_differ_by_more_than_colour() -> None:
    assert len({MARKS[band] for band in BANDS}) == len({VEGA_SHAPES[band] for band in BANDS}) == len(BANDS)
    assert all(set(COLOURS[theme]) >= set(BANDS) for theme in ("light", "dark"))


def test_the_script_never_writes_markup() -> None:
    assert not any(word in SCRIPT for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("))
    assert "http" not in SCRIPT.replace("http://www.w3.org/2000/svg", "")


def test_a_node_without_label_shows_its_id() -> None:
    bare = GraphNode(id="phone:t1:0", kind="phone", kind_text="phone", label="", degree=1, hub=False)
    assert chart.label(bare) == "phone:t1:0"
