"""The peers find a plain ring, ignore hubs and trade, bear empty books, and stand beside ours in one report."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from detectors import boosting, measures, peers
from detectors.evaluate import evaluate
from detectors.peers import folds, groups, sharing
from graph.network import NO_MARK, NO_OFFSET, Network
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
            "kind": np.array([KIND[kind].code for kind, _ in values], dtype=np.uint8),
            "token": [f"t1:{value}" for _, value in values],
        }
    )
    return Network(
        applications.with_columns(rest),
        identifiers,
        pl.Series("label", [None] * len(values), dtype=pl.String),
        np.arange(len(values), dtype=np.int32),
        np.arange(len(values), dtype=np.int32),
        identifiers["kind"].to_numpy(),
        np.array([a for _, a in rows], dtype=np.int32),
        np.array([v for v, _ in rows], dtype=np.int32),
        np.ones(len(rows), np.uint8),
        np.full(len(rows), NO_OFFSET, np.int32),
        np.full(len(rows), NO_MARK, np.int32),
    )


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads wait for each other a hundred times longer than such small fits take, where cores are shared."""
    monkeypatch.setattr(boosting, "THREADS", 1)


def ring_book() -> Network:
    """300 applications, 5 dealers, pairs of spouses, a hub employer of 60, and one ring 10-15 over two phones."""
    links: list[Link] = [(a, "dealer", f"D{a % 5}") for a in range(300)]
    links += [(a, "address", f"home{a // 2}") for a in range(100, 200)]
    links += [(a, "employer", "plant") for a in range(200, 260)]
    links += [(a, "phone", "p1") for a in range(10, 16)] + [(a, "account", "x") for a in range(10, 16)]
    return network(300, links)


def outcomes(*frauds: int) -> pl.DataFrame:
    """Each of the applications confirmed as fraud, at once."""
    said = [(f"A{n:04d}", "confirmed_fraud", n, n) for n in frauds]
    return pl.DataFrame(
        said,
        schema={"application_id": pl.String, "event": pl.String, "event_at": pl.Int64, "known_at": pl.Int64},
        orient="row",
    )


@pytest.mark.parametrize("name", ["components", "louvain", "leiden_cpm", "fraudar"])
def test_graph_peers_find_the_plain_ring_and_nothing_else(name: str) -> None:
    result = peers.PEERS[name](ring_book(), outcomes())
    assert result.score.shape == result.ring.shape == (300,)
    assert np.flatnonzero(result.ring >= 0).tolist() == list(range(10, 16))
    assert len(set(result.ring[10:16])) == 1
    assert result.score[10:16].min() > 0
    assert np.delete(result.score, range(10, 16)).max() == 0


def test_birank_reaches_who_shares_with_a_known_fraud() -> None:
    score = peers.PEERS["birank"](ring_book(), outcomes(10)).score
    assert score[10] == 1
    assert 0 < score[11:16].min() <= score[11:16].max() < 1
    assert np.delete(score, range(10, 16)).max() == 0


def test_boosting_on_neighbours_learns_from_other_rings_only() -> None:
    """Thirty rings of five on a phone, two known in each; dear cars. The rest of a ring is told by the known two."""
    links = [(a, "phone", f"p{a // 5}") for a in range(150)] + [(a, "address", f"h{a // 2}") for a in range(200, 600)]
    known = outcomes(*(a for a in range(150) if a % 5 < 2))
    book = network(600, links)
    near, own = (peers.PEERS[name](book, known).score for name in ("boost_near", "boost_own"))
    unknown = np.array([a % 5 >= 2 or a >= 150 for a in range(600)])
    hidden = np.arange(600) < 150
    told = measures.average_precision(near[unknown], hidden[unknown])
    assert told > 0.9 > 0.5 > measures.average_precision(own[unknown], hidden[unknown])


def test_no_component_lies_in_two_folds_and_every_fold_gets_frauds() -> None:
    component = np.repeat(np.arange(40) * 5, 5).astype(np.int64)
    fraud = (np.arange(200) % 20 == 0).astype(np.int64)
    fold = folds.folds(component, fraud)
    assert all(len(set(fold[component == c])) == 1 for c in set(component.tolist()))
    assert np.bincount(fold, fraud).tolist() == [2] * 5
    assert np.bincount(fold).tolist() == [40] * 5


def test_a_row_never_scores_itself() -> None:
    """The same book with one ring's label changed: the ring's own score stays, because its fold never saw it."""
    links = [(a, "phone", f"p{a // 4}") for a in range(400)]
    book = network(400, links)
    base = [*range(0, 200, 8)]
    known = folds.Known.of(book, outcomes(*base))
    columns = np.column_stack([np.arange(400) % 7, np.arange(400) < 200]).astype(float)
    turned = known.fraud.copy()
    turned[0] = 0
    mine = known.fold == known.fold[0]
    first = folds.cross_fitted(known, columns)
    second = folds.cross_fitted(folds.Known(turned, known.fold, known.shared), columns)
    assert (first[mine] == second[mine]).all()
    assert (first[~mine] != second[~mine]).any()


def test_shared_values_by_hand() -> None:
    links = [(0, "phone", "p"), (1, "phone", "p"), (2, "phone", "p"), (1, "device", "d"), (2, "device", "d")]
    links += [(a, kind, "o") for a in range(4) for kind in ("officer", "employer", "ip")] + [(3, "email", "alone")]
    shared = sharing.shared_values(network(4, links))
    three, two = round(1000 * np.log(4 / 3) / np.log(4)), round(1000 * np.log(4 / 2) / np.log(4))
    pairs = zip(shared.source.tolist(), shared.target.tolist(), shared.weight.tolist(), strict=True)
    assert sorted(pairs) == [(0, 1, three), (0, 2, three), (1, 2, three + two)]


def test_a_value_at_the_hub_cut_joins_and_beyond_it_not() -> None:
    cut = sharing.HUB_CUT
    for users, pairs in ((cut, len(list(combinations(range(cut), 2)))), (cut + 1, 0)):
        assert len(sharing.shared_values(network(60, [(a, "phone", "p") for a in range(users)])).source) == pairs


def test_a_group_too_large_is_not_a_ring() -> None:
    chain = [(a + step, "phone", f"p{a}") for a in range(groups.LARGEST) for step in (0, 1)]
    result = groups.by_components(network(300, chain))
    assert (result.ring == -1).all()
    assert (result.score == 0).all()
    shorter = groups.by_components(network(300, chain[:-2]))
    assert (shorter.ring >= 0).sum() == groups.LARGEST


@pytest.mark.parametrize("name", list(peers.PEERS))
@pytest.mark.parametrize("size", [0, 1, 30])
def test_empty_and_linkless_books(name: str, size: int) -> None:
    result = peers.PEERS[name](network(size, []), outcomes(*range(0, size, 3)))
    assert result.score.shape == (size,)
    assert (result.ring == -1).all()
    assert np.isfinite(result.score).all()


@pytest.mark.parametrize("name", list(peers.PEERS))
def test_repeatable_and_input_untouched(name: str) -> None:
    book = ring_book()
    before = book.link_value.copy()
    known = outcomes(11, 12, 150)
    first, second = peers.PEERS[name](book, known), peers.PEERS[name](book, known)
    assert np.array_equal(first.score, second.score)
    assert np.array_equal(first.ring, second.ring)
    assert np.array_equal(book.link_value, before)


@pytest.mark.parametrize("name", ["ecod", "iforest", "birank", "boost_own", "boost_near"])
def test_scores_without_groups(name: str) -> None:
    result = peers.PEERS[name](ring_book(), outcomes(10, 11, 200))
    assert (result.ring == -1).all()
    assert result.score.min() < result.score.max()


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
    assert [m.name for m in report.methods] == [
        *("ringsight", "components", "louvain", "leiden_cpm", "fraudar", "ecod", "iforest")
    ]
    assert report.unlearnt == ("birank", "boost_own", "boost_near")
    ours, *graph, ecod, iforest = report.methods
    for method in (ours, ecod, iforest):
        assert method.ring.usable == method.ring.reported == 0
    for method in graph:
        assert method.applicant.roc_auc == method.applicant.average_precision == method.applicant.recall_top2 == 1
        assert (method.ring.usable, method.ring.precision, method.ring.reported) == (1, 1, 1)
        assert method.applicant.exposure_top2 == 1
    text = report.text()
    assert "left out, because no confirmed fraud is known to learn from: birank, boost_own, boost_near" in text
    assert peers.PEERS["louvain"].about in text
    learnt = evaluate(scores, nobody, nobody, truth, network=book, outcomes=outcomes(10))
    assert [m.name for m in learnt.methods] == ["ringsight", *peers.PEERS]
    assert learnt.unlearnt == ()
    assert learnt.ignored_confirmed == 1
    assert learnt.methods[5].applicant.average_precision == 1
    assert "left out, because" not in learnt.text()
