"""Measures against hand-computed cases and scikit-learn, and evaluations of tiny books worked out on paper."""

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from detectors import measures
from detectors.evaluate import evaluate
from detectors.measures import Overlap
from detectors.report import Report
from detectors.truth import read_truth
from graph.errors import InputRefused

DAY = 86_400_000_000
MONDAY_5_JANUARY_2026 = 20_458 * DAY
LEVELS = st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=60)


def _truth(rings: dict[str, list[str]], kinds: dict[str, str], honest: dict[str, str]) -> pl.DataFrame:
    rows = [(a, ring, kinds[ring]) for ring, held in rings.items() for a in held]
    rows += [(a, None, kind or None) for a, kind in honest.items()]
    return pl.DataFrame(rows, schema=dict.fromkeys(("application_id", "ring_id", "typology"), pl.String), orient="row")


def _scores(order: list[str], probability: float = 0.5) -> pl.DataFrame:
    ranked = pl.DataFrame({"application_id": order, "rank": range(1, len(order) + 1)})
    return ranked.with_columns(probability=pl.lit(probability)).sort("application_id")


def _groups(groups: list[list[str]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    names = [f"RG-{n}" for n in range(len(groups))]
    rings = pl.DataFrame({"ring_id": names, "rank": range(1, len(groups) + 1)}, schema={"ring_id": str, "rank": int})
    rows = [(name, a) for name, held in zip(names, groups, strict=True) for a in held]
    return pl.DataFrame(rows, schema={"ring_id": str, "application_id": str}, orient="row"), rings


class TestMeasures:
    def test_average_precision_and_auc_by_hand(self) -> None:
        score = np.array([9.0, 8.0, 7.0, 6.0, 5.0])
        positive = np.array([True, False, True, False, False])
        assert measures.average_precision(score, positive) == pytest.approx((1 / 1 + 2 / 3) / 2)
        assert measures.roc_auc(score, positive) == pytest.approx(5 / 6)

    def test_ties_are_one_threshold_and_half_a_win(self) -> None:
        score = np.array([3.0, 3.0, 1.0, 1.0])
        positive = np.array([True, False, True, False])
        assert measures.average_precision(score, positive) == pytest.approx(0.5 * 0.5 + 0.5 * 0.5)
        assert measures.roc_auc(score, positive) == pytest.approx((0.75 + 0.25) / 2)

    @given(LEVELS)
    def test_as_scikit_learn(self, rows: list[tuple[int, bool]]) -> None:
        score = np.array([float(s) for s, _ in rows])
        positive = np.array([p for _, p in rows])
        if positive.any():
            expected = average_precision_score(positive, score)
            assert measures.average_precision(score, positive) == pytest.approx(expected)
        if positive.any() and not positive.all():
            assert measures.roc_auc(score, positive) == pytest.approx(roc_auc_score(positive, score))

    def test_nothing_to_measure_is_nan(self) -> None:
        score, none = np.array([1.0, 2.0]), np.array([False, False])
        assert math.isnan(measures.average_precision(score, none))
        assert math.isnan(measures.roc_auc(score, none))
        assert math.isnan(measures.roc_auc(score, ~none))
        assert math.isnan(measures.roc_auc(np.zeros(0), np.zeros(0, bool)))

    @given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.integers(0, 50))
    def test_top_share_adds_up_and_respects_order(self, levels: list[int], k: int) -> None:
        score = np.array(levels, dtype=float)
        share = measures.top_share(score, k)
        assert share.sum() == pytest.approx(min(k, len(score)))
        order = np.argsort(-score, kind="stable")
        assert (np.diff(share[order]) <= 1e-12).all()
        assert len({(s, x) for s, x in zip(score, share, strict=True)}) == len(set(levels))

    def test_top_share_by_hand(self) -> None:
        assert measures.top_share(np.array([5.0, 4.0, 4.0, 4.0, 1.0]), 2).tolist() == pytest.approx(
            [1, 1 / 3, 1 / 3, 1 / 3, 0]
        )

    @pytest.mark.parametrize(("n", "top"), [(0, 0), (1, 1), (50, 1), (51, 2), (100, 2), (20_000, 400)])
    def test_two_percent_rounds_up(self, n: int, top: int) -> None:
        assert measures.flagged(n) == top

    def test_calibration_error_by_hand(self) -> None:
        probability = np.array([0.1, 0.1, 0.8, 0.8])
        positive = np.array([False, False, True, False])
        assert measures.calibration_error(probability, positive, bins=2) == pytest.approx((0.1 * 2 + 0.3 * 2) / 4)

    def test_reliability_levels_by_hand(self) -> None:
        said = np.array([0.0, 0.004, 0.02, 0.9, 0.9])
        levels = measures.reliability(said, np.array([False, False, True, True, False]))
        assert [(x.low, x.high, x.applications) for x in levels] == [(0.0, 0.005, 2), (0.01, 0.02, 1), (0.8, 1.0, 2)]
        assert [x.predicted for x in levels] == pytest.approx([0.002, 0.02, 0.9])
        assert [x.observed for x in levels] == [0.0, 1.0, 0.5]
        assert measures.reliability(np.zeros(0), np.zeros(0, bool)) == ()

    def test_the_last_fifth_in_time(self) -> None:
        event_at = np.array([50, 10, 30, 20, 40]) * DAY
        assert measures.late(event_at).tolist() == [True, False, False, False, False]
        assert measures.late(np.zeros(0, np.int64)).tolist() == []

    def test_a_week_begins_on_monday_utc(self) -> None:
        monday = MONDAY_5_JANUARY_2026
        event_at = np.array([monday - 1, monday, monday + 6 * DAY, monday + 7 * DAY - 1, monday + 7 * DAY])
        score, fraud = np.array([1.0, 3, 2, 1, 1]), np.array([True, False, True, True, False])
        one = measures.weekly(score, fraud, event_at, 1)
        assert (one.precision, one.recall) == (pytest.approx(1 / 3), pytest.approx(1 / 3))
        assert one.mean_recall == pytest.approx((1 + 0) / 2)
        two = measures.weekly(score, fraud, event_at, 2)
        assert (two.precision, two.recall) == (pytest.approx(2 / 4), pytest.approx(2 / 3))
        assert two.mean_recall == pytest.approx((1 + 1 / 2) / 2)

    def test_a_week_shares_its_ties_and_may_hold_no_fraud(self) -> None:
        event_at = np.full(4, MONDAY_5_JANUARY_2026)
        tied = measures.weekly(np.ones(4), np.array([True, False, False, False]), event_at, 2)
        assert (tied.precision, tied.recall, tied.mean_recall) == (0.25, 0.5, 0.5)
        honest = measures.weekly(np.ones(4), np.zeros(4, bool), event_at, 2)
        assert honest.precision == 0
        assert math.isnan(honest.recall)
        assert math.isnan(honest.mean_recall)


class TestOverlap:
    # Rings: 0 = applications 0-4, 1 = 5-7, 2 = 8-9 (too small to look for); 10-19 honest.
    RING = np.array([0] * 5 + [1] * 3 + [2] * 2 + [-1] * 10)

    def _overlap(self, *groups: list[int]) -> Overlap:
        number = np.concatenate([np.full(len(g), n) for n, g in enumerate(groups)] or [np.zeros(0, int)])
        return Overlap.of(
            self.RING, number.astype(np.int64), np.array([a for held in groups for a in held], dtype=np.int64)
        )

    def test_usable_needs_80_percent_cover_and_half_purity(self) -> None:
        assert self._overlap([0, 1, 2, 3, 10, 11, 12, 13]).usable().tolist() == [True, False]
        assert self._overlap([0, 1, 2, 3, 10, 11, 12, 13, 14]).usable().tolist() == [False, False]
        assert self._overlap([0, 1, 2], [3, 4]).usable().tolist() == [False, False]
        assert self._overlap([5, 6]).usable().tolist() == [False, False]

    def test_matched_looks_at_the_top_two_for_each_ring(self) -> None:
        honest = [[10, 11], [12, 13], [14, 15], [16, 17]]
        assert self._overlap([0, 1, 2, 10], *honest).matched().tolist() == [True, False]
        assert self._overlap(*honest, [0, 1, 2, 3, 4]).matched().tolist() == [False, False]
        assert self._overlap([0, 1, 10]).matched().tolist() == [False, False]

    def test_precision_counts_any_fraud_and_needs_more_than_half(self) -> None:
        overlap = self._overlap([8, 9, 10], [0, 10], [11, 12])
        assert overlap.precision() == pytest.approx(1 / 3)
        assert overlap.purity() == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)

    def test_groups_of_one_are_no_groups(self) -> None:
        overlap = self._overlap([0], [1, 2, 3, 4])
        assert overlap.size.tolist() == [4]
        assert overlap.usable().tolist() == [True, False]

    def test_fragments_over_touched_rings(self) -> None:
        assert self._overlap([0, 1], [2, 3], [4, 5]).fragments() == pytest.approx((3 + 1) / 2)

    def test_nothing_reported_and_nothing_true(self) -> None:
        nothing = self._overlap()
        assert nothing.usable().tolist() == [False, False]
        assert math.isnan(nothing.precision())
        assert math.isnan(nothing.fragments())
        empty = Overlap.of(np.full(4, -1), np.zeros(2, np.int64), np.array([0, 1]))
        assert empty.rings == 0
        assert math.isnan(empty.precision())


class TestIntervals:
    def test_hold_the_point_and_are_repeatable(self) -> None:
        random = np.random.default_rng(0)
        ring = np.where(np.arange(2_000) < 200, np.arange(2_000) // 5, -1)
        score = random.normal(size=2_000) + (ring >= 0) * random.normal(1.5, 1, size=401)[ring]
        overlap = Overlap.of(ring, ring[:100], np.arange(100))
        spans = measures.ring_intervals(score, ring, overlap, seed=4)
        assert spans == measures.ring_intervals(score, ring, overlap, seed=4)
        for span, point in (
            (spans.average_precision, measures.average_precision(score, ring >= 0)),
            (spans.roc_auc, measures.roc_auc(score, ring >= 0)),
            (spans.usable, 0.5),
        ):
            assert span[0] < point < span[1]
            assert span[1] - span[0] < 0.35

    def test_perfect_ranking_has_no_width(self) -> None:
        ring = np.array([0, 0, 0, 1, 1, 1, *[-1] * 294])
        spans = measures.ring_intervals(-np.arange(300.0), ring, Overlap.of(ring, ring[:6], np.arange(6)), seed=0)
        assert spans.average_precision == spans.roc_auc == spans.recall_top2 == spans.usable == (1.0, 1.0)


def _book() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """100 applications; r1 = A00-A04, r2 = A05-A07; the top two are A00 and a family member; r1 is found, r2 is not."""
    ids = [f"A{n:02d}" for n in range(100)]
    honest = {a: "family" if n < 20 else "" for n, a in enumerate(ids) if n >= 8}
    truth = _truth({"r1": ids[:5], "r2": ids[5:8]}, {"r1": "address_mill", "r2": "cohort"}, honest)
    order = [ids[0], ids[8], *ids[1:8], *ids[9:]]
    members, rings = _groups([ids[:5], [ids[8], ids[9]]])
    return _scores(order), members, rings, truth


class TestEvaluate:
    def test_a_small_book_by_hand(self) -> None:
        report = evaluate(*_book())
        ours = report.methods[0]
        assert (report.applications, report.frauds, report.rings) == (100, 8, 2)
        assert ours.applicant.recall_top2 == pytest.approx(1 / 8)
        assert ours.applicant.average_precision == pytest.approx((1 + sum(n / (n + 1) for n in range(2, 9))) / 8)
        assert ours.applicant.roc_auc == pytest.approx(1 - 7 / (8 * 92))
        assert [(c.k, c.precision, c.recall) for c in ours.applicant.capacity] == [
            (25, pytest.approx(8 / 25), 1.0),
            (50, pytest.approx(8 / 50), 1.0),
            (100, pytest.approx(8 / 100), 1.0),
            (200, pytest.approx(8 / 100), 1.0),
        ]
        assert (ours.ring.reported, ours.ring.usable, ours.ring.matched) == (2, 0.5, 0.5)
        assert (ours.ring.precision, ours.ring.fragments) == (0.5, 1.0)
        assert [(t.name, t.applications, t.rings, t.recall_top2, t.usable) for t in ours.typologies] == [
            ("address_mill", 5, 1, pytest.approx(0.2), 1.0),
            ("cohort", 3, 1, 0.0, 0.0),
        ]
        innocents = {i.name: i for i in ours.innocents}
        assert innocents["family"].per_10000 == pytest.approx(10_000 / 12)
        assert innocents["family"].share_of_top100 == pytest.approx(0.12)
        assert (innocents["honest"].applications, innocents["honest"].per_10000) == (80, 0.0)

    def test_times_give_weeks_and_late_calibration(self) -> None:
        scores, members, rings, truth = _book()
        assert evaluate(scores, members, rings, truth).methods[0].applicant.weekly == ()
        timed = scores.with_columns(event_at=MONDAY_5_JANUARY_2026 + pl.int_range(pl.len()) * DAY)
        report = evaluate(timed, members, rings, truth)
        ours = report.methods[0]
        assert [(w.k, w.recall, w.mean_recall) for w in ours.applicant.weekly] == [
            (k, 1, 1) for k in (25, 50, 100, 200)
        ]
        assert ours.calibration is not None
        assert ours.calibration.error == pytest.approx(0.5 - 0.08)
        assert ours.calibration.late == pytest.approx(0.5)
        assert [(x.low, x.applications, x.observed) for x in ours.calibration.reliability] == [(0.35, 100, 0.08)]
        text = report.text()
        assert "precision / recall of the top a week" in text
        assert "calibration error 0.4200 (last 20 % by time: 0.5000" in text

    def test_the_worst_typology_is_one_that_could_be_seen(self) -> None:
        scores, members, rings, truth = _book()
        truth = truth.with_columns(typology=pl.col("typology").replace("cohort", "bust_out"))
        report = evaluate(scores, members, rings, truth)
        assert report.methods[0].worst is not None
        assert report.methods[0].worst.name == "address_mill"
        assert "* not judged as the worst" in report.text()
        paid = pl.DataFrame({"application_id": ["A50"], "event": ["charge_off"]})
        judged = evaluate(scores, members, rings, truth, outcomes=paid)
        assert judged.json()["methods"][0]["worst"]["name"] == "bust_out"
        assert "not judged" not in judged.text()

    def test_confirmed_applications_do_not_count(self) -> None:
        scores, members, rings, truth = _book()
        outcomes = pl.DataFrame(
            {
                "application_id": ["A05", "A06", "A08", "A20", "A05"],
                "event": ["confirmed_fraud", "confirmed_fraud", "confirmed_fraud", "cleared", "charge_off"],
            }
        )
        report = evaluate(scores, members, rings, truth, outcomes=outcomes)
        assert (report.applications, report.frauds, report.rings, report.ignored_confirmed) == (97, 6, 1, 3)
        assert report.methods[0].applicant.average_precision == 1.0
        assert (report.methods[0].ring.reported, report.methods[0].ring.usable) == (1, 1.0)
        every = evaluate(scores, members, rings, truth, outcomes=outcomes, ignore_confirmed=False)
        assert every.json() == evaluate(scores, members, rings, truth).json()

    def test_row_order_does_not_matter(self) -> None:
        frames = _book()
        shuffled = [frame.sample(fraction=1.0, shuffle=True, seed=9) for frame in frames]
        assert evaluate(*shuffled).json() == evaluate(*frames).json()

    def test_json_is_plain_and_text_tells_all(self) -> None:
        report = evaluate(*_book())
        assert json.loads(json.dumps(report.json(), allow_nan=False)) == report.json()
        assert report.json()["methods"][0]["applicant"]["exposure_top2"] is None
        text = report.text()
        for word in ("ringsight", "address_mill (5 in 1 ring)", "family (12)", "8 fraud, 2 rings", "AUC"):
            assert word in text
        assert all(len(line) <= 160 for line in text.splitlines())

    def test_a_book_without_fraud_or_rings(self) -> None:
        truth = _truth({}, {}, {"A1": "", "A2": "family"})
        members, rings = _groups([])
        report = evaluate(_scores(["A1", "A2"]), members, rings, truth)
        assert report.json()["methods"][0]["applicant"]["roc_auc"] is None
        assert isinstance(report, Report)
        assert report.text()

    def test_what_is_unknown_on_either_side_is_told(self) -> None:
        scores, members, rings, truth = _book()
        later = _truth({}, {}, {"A-later": "family"})
        report = evaluate(scores, members, rings, pl.concat([truth.filter(pl.col("application_id") != "A99"), later]))
        assert (report.not_in_sweep, report.without_truth, report.applications) == (1, 1, 99)
        assert "1 in the truth but not in the sweep" in report.text()


class TestTruthFile:
    def _refused(self, path: Path, content: bytes) -> InputRefused:
        path.write_bytes(content)
        with pytest.raises(InputRefused) as caught:
            read_truth(path)
        return caught.value

    def test_reads_empty_as_honest(self, tmp_path: Path) -> None:
        path = tmp_path / "truth.csv"
        path.write_bytes("\ufefftypology,application_id,ring_id,more\nfamily, A1 ,,x\n\ncohort,A2,r1,y\n".encode())
        assert read_truth(path).rows() == [("A1", None, "family", 2), ("A2", "r1", "cohort", 4)]

    @pytest.mark.parametrize(
        ("content", "where", "said"),
        [
            (b"application_id,ring_id\nA,r\n", "truth.csv:1", "typology"),
            (b"", "truth.csv:1", "application_id"),
            (b"application_id,ring_id,typology\nA,r\n", "truth.csv:2", "2 fields where the heading has 3"),
            (b'application_id,ring_id,typology\n"A\nB",r,t\nC,r\n', "truth.csv:4", "2 fields"),
            (b"application_id,ring_id,typology\nA,r,t\n,r,t\n", "truth.csv:3", "no application id"),
            (b"application_id,ring_id,typology\nA,r,t\nB,,\nA,,\n", "truth.csv:4", "twice"),
            (b"application_id,ring_id,typology\nA,r,t\nB,\xff,\n", "truth.csv:3", "not UTF-8"),
        ],
    )
    def test_refusals_name_file_and_line(self, tmp_path: Path, content: bytes, where: str, said: str) -> None:
        error = self._refused(tmp_path / "truth.csv", content)
        assert error.where == where
        assert said in str(error)

    def test_absent_file(self, tmp_path: Path) -> None:
        with pytest.raises(InputRefused, match="cannot read the truth"):
            read_truth(tmp_path / "none.csv")

    def test_truth_of_another_book(self, tmp_path: Path) -> None:
        path = tmp_path / "truth.csv"
        path.write_text("application_id,ring_id,typology\nA00,,\nX1,,\nX2,,\n")
        scores, members, rings, _ = _book()
        with pytest.raises(InputRefused, match="2 of the 3 applications") as caught:
            evaluate(scores, members, rings, read_truth(path), source="truth.csv")
        assert caught.value.where == "truth.csv:3"
