"""The peers find a plain ring, ignore hubs and trade, bear empty books, and stand beside ours in one report."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from detectors import peers
from detectors.evaluate import evaluate
from graph.network import NO_OFFSET, Network
from graph.schema import APPLICATION_SCHEMA, KIND

Link = tuple[int, str, str]  # application, kind, value


def network(size: int, links: Iterable[Link]) -> Network:
    """A network in canonical order from (application, kind, value)."""
    links = sorted(set(links))
    values = sorted({(kind, value) for _, kind, value in links})
    number = {value: n for n, value in enumerate(values)}
    rows = sorted((number[kind, value], application) for application, kind, value in links)
    random = np.random.default_rng(1)
    applications = pl.DataFrame(
        {
            "application_id": [f"A{n:04d}" for n in range(size)],
            "event_at": np.arange(size, dtype=np.int64) * 3_600_000_000,
            "monthly_income": random.integers(300_000, 3_000_000, size),
            "loan_amount": random.integers(5_000_000, 30_000_000, size),
        },
        schema_overrides={"application_id": pl.String},
    )
    rest = [
        pl.lit(None, kind).alias(name) for name, kind in APPLICATION_SCHEMA.items() if name not in applications.columns
    ]
    identifiers = pl.DataFrame(
        {
            "value": np.arange(len(values), dtype=np.int32),
            "kind": np.array([KIND[kind].code for kind, _ in values], dtype=np.uint8),
            "token": [f"t1:{value}" for _, value in values],
        }
    )
    return Network(
        applications.with_columns(rest),
        identifiers,
        np.array([a for _, a in rows], dtype=np.int32),
        np.array([v for v, _ in rows], dtype=np.int32),
        np.ones(len(rows), np.uint8),
        np.full(len(rows), NO_OFFSET, np.int32),
    )


def ring_book() -> Network:
    """300 applications, 5 dealers, pairs of spouses, a hub employer of 60, and one ring 10-15 over two phones."""
    links: list[Link] = [(a, "dealer", f"D{a % 5}") for a in range(300)]
    links += [(a, "address", f"home{a // 2}") for a in range(100, 200)]
    links += [(a, "employer", "plant") for a in range(200, 260)]
    links += [(a, "phone", "p1") for a in range(10, 16)] + [(a, "account", "x") for a in range(10, 16)]
    return network(300, links)


@pytest.mark.parametrize("name", ["components", "louvain", "leiden_cpm"])
def test_graph_peers_find_the_plain_ring_and_nothing_else(name: str) -> None:
    result = peers.PEERS[name](ring_book())
    assert result.score.shape == result.ring.shape == (300,)
    assert np.flatnonzero(result.ring >= 0).tolist() == list(range(10, 16))
    assert len(set(result.ring[10:16])) == 1
    assert result.score[10:16].min() > 0
    assert np.delete(result.score, range(10, 16)).max() == 0


def test_shared_values_by_hand() -> None:
    links = [(0, "phone", "p"), (1, "phone", "p"), (2, "phone", "p"), (1, "device", "d"), (2, "device", "d")]
    links += [(a, "officer", "o") for a in range(4)] + [(3, "email", "alone")]
    shared = peers.shared_values(network(4, links))
    three, two = round(1000 * np.log(4 / 3) / np.log(4)), round(1000 * np.log(4 / 2) / np.log(4))
    pairs = zip(shared.source.tolist(), shared.target.tolist(), shared.weight.tolist(), strict=True)
    assert sorted(pairs) == [(0, 1, three), (0, 2, three), (1, 2, three + two)]


def test_a_value_at_the_hub_cut_joins_and_beyond_it_not() -> None:
    cut = peers.HUB_CUT
    for users, pairs in ((cut, len(list(combinations(range(cut), 2)))), (cut + 1, 0)):
        assert len(peers.shared_values(network(60, [(a, "phone", "p") for a in range(users)])).source) == pairs


def test_a_group_too_large_is_not_a_ring() -> None:
    chain = [(a + step, "phone", f"p{a}") for a in range(peers.LARGEST) for step in (0, 1)]
    result = peers.by_components(network(300, chain))
    assert (result.ring == -1).all()
    assert (result.score == 0).all()
    shorter = peers.by_components(network(300, chain[:-2]))
    assert (shorter.ring >= 0).sum() == peers.LARGEST


@pytest.mark.parametrize("name", list(peers.PEERS))
@pytest.mark.parametrize("size", [0, 1, 30])
def test_empty_and_linkless_books(name: str, size: int) -> None:
    result = peers.PEERS[name](network(size, []))
    assert result.score.shape == (size,)
    assert (result.ring == -1).all()
    assert np.isfinite(result.score).all()


@pytest.mark.parametrize("name", list(peers.PEERS))
def test_repeatable_and_input_untouched(name: str) -> None:
    book = ring_book()
    before = book.link_value.copy()
    first, second = peers.PEERS[name](book), peers.PEERS[name](book)
    assert np.array_equal(first.score, second.score)
    assert np.array_equal(first.ring, second.ring)
    assert np.array_equal(book.link_value, before)


def test_outliers_report_no_groups() -> None:
    result = peers.by_outliers(ring_book())
    assert (result.ring == -1).all()
    assert 0 <= result.score.min() < result.score.max() <= 1


def test_every_peer_says_what_it_does() -> None:
    assert set(peers.ABOUT) == set(peers.PEERS)


def test_one_report_holds_ours_and_the_peers() -> None:
    book = ring_book()
    ids = book.applications["application_id"]
    fraud = pl.Series(range(300)).is_between(10, 15)
    truth = pl.DataFrame({"application_id": ids}).with_columns(
        ring_id=pl.when(fraud).then(pl.lit("r1")), typology=pl.when(fraud).then(pl.lit("account_funnel"))
    )
    scores = pl.DataFrame({"application_id": ids, "rank": range(300, 0, -1)})
    nobody = pl.DataFrame(schema={"ring_id": pl.String, "rank": pl.Int64, "application_id": pl.String})
    report = evaluate(scores, nobody, nobody, truth, network=book)
    assert [m.name for m in report.methods] == ["ringsight", "components", "louvain", "leiden_cpm", "pyod"]
    ours, *graph, pyod = report.methods
    assert ours.ring.usable == pyod.ring.usable == 0
    assert ours.ring.reported == pyod.ring.reported == 0
    for method in graph:
        assert method.applicant.roc_auc == method.applicant.average_precision == method.applicant.recall_top2 == 1
        assert (method.ring.usable, method.ring.precision, method.ring.reported) == (1, 1, 1)
        assert method.applicant.exposure_top2 == 1
    assert "hub" not in report.text()
    assert peers.ABOUT["louvain"] in report.text()
