"""Facts are kept once, numbered as they arrive, and read back as they were known at a moment."""

import secrets

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from casework import facts as module
from casework.facts import EMPLOYER_SCHEMA, OUTCOME_SCHEMA, WATCHLIST_SCHEMA, LedgerFacts
from casework.ledger import Ledger

OUTCOMES = pl.DataFrame(
    {
        "application_id": ["A-2", "A-1", "A-1", "A-1"],
        "event": ["paid", "confirmed_fraud", "first_payment_default", "confirmed_fraud"],
        "event_at": [50, 40, 20, 40],
        "known_at": [60, 90, 30, 90],
    }
)
WATCHLIST = pl.DataFrame(
    {
        "kind": ["phone", "device", "phone"],
        "token": ["t1:a", "t1:d", "t1:b"],
        "reason": ["fraud", None, "fraud"],
        "added_at": [10, 20, 30],
        "expires_at": [None, 40, None],
    },
    schema_overrides={"expires_at": pl.Int64},
)
EMPLOYERS = pl.DataFrame(
    {
        "token": ["t1:e", "t1:f"],
        "core_token": ["t1:c", None],
        "registration": ["91310000", None],
        "phone_token": [None, None],
        "address_token": ["t1:x", None],
        "insured_heads": [12, None],
    },
    schema_overrides={"phone_token": pl.String},
)


@pytest.fixture
def facts(ledger: Ledger) -> LedgerFacts:
    return LedgerFacts(ledger)


def test_outcomes_count_once(facts: LedgerFacts) -> None:
    assert facts.put_outcomes(OUTCOMES) == 3
    assert facts.put_outcomes(OUTCOMES) == 0
    assert facts.put_outcomes(OUTCOMES.with_columns(known_at=pl.col("known_at") + 1)) == 3


def test_outcomes_are_read_as_they_were_known(facts: LedgerFacts) -> None:
    facts.put_outcomes(OUTCOMES)
    everything = facts.outcomes()
    assert dict(everything.schema) == OUTCOME_SCHEMA
    assert everything.select("application_id", "event").rows() == [
        ("A-1", "first_payment_default"),
        ("A-1", "confirmed_fraud"),
        ("A-2", "paid"),
    ]
    assert facts.outcomes(60)["event"].to_list() == ["first_payment_default", "paid"]
    assert facts.outcomes(29).is_empty()


def test_a_fact_that_arrived_later_is_not_in_an_earlier_view(facts: LedgerFacts) -> None:
    facts.put_outcomes(OUTCOMES.head(1))
    seen = facts.outcomes()["seq"].item()
    facts.put_outcomes(OUTCOMES)
    assert facts.outcomes(seq=seen).height == 1
    assert facts.outcomes(60, seq=seen).height == 1
    assert facts.outcomes()["seq"].n_unique() == 3


def test_watchlist_entries_count_once_also_without_expiry(facts: LedgerFacts) -> None:
    assert facts.put_watchlist(WATCHLIST) == 3
    assert facts.put_watchlist(WATCHLIST) == 0


def test_the_watchlist_in_force_at_a_moment(facts: LedgerFacts) -> None:
    facts.put_watchlist(WATCHLIST)
    assert dict(facts.watchlist().schema) == WATCHLIST_SCHEMA
    assert facts.watchlist().select("token", "reason", "expires_at").rows() == [
        ("t1:d", "", 40),
        ("t1:a", "fraud", None),
        ("t1:b", "fraud", None),
    ]
    in_force = {at: set(facts.watchlist(at)["token"]) for at in (9, 10, 20, 39, 40)}
    assert in_force == {
        9: set(),
        10: {"t1:a"},
        20: {"t1:a", "t1:d"},
        39: {"t1:a", "t1:b", "t1:d"},
        40: {"t1:a", "t1:b"},
    }


def test_an_employer_is_its_last_entry(facts: LedgerFacts) -> None:
    assert facts.put_employers(EMPLOYERS) == 2
    assert facts.put_employers(EMPLOYERS) == 0
    before = facts.employers()
    assert_frame_equal(before.drop("seq"), EMPLOYERS)
    assert dict(before.schema) == EMPLOYER_SCHEMA
    assert facts.put_employers(EMPLOYERS.with_columns(insured_heads=pl.lit(99, pl.Int64))) == 2
    assert facts.employers()["insured_heads"].to_list() == [99, 99]
    assert facts.employers(seq=max(before["seq"].to_list())).equals(before)


def test_empty_frames_are_fine(facts: LedgerFacts) -> None:
    assert facts.put_outcomes(OUTCOMES.clear()) == facts.put_watchlist(WATCHLIST.clear()) == 0
    assert facts.put_employers(EMPLOYERS.clear()) == 0
    assert facts.outcomes().height + facts.watchlist().height + facts.employers().height == 0
    assert dict(facts.employers().schema) == EMPLOYER_SCHEMA


# each example tags its rows, so that one ledger serves them all
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_cut_shuffled_and_repeated_rows_give_the_same_facts(ledger: Ledger, data: st.DataObject) -> None:
    facts = LedgerFacts(ledger)
    tag = secrets.token_hex(8)
    rows = OUTCOMES.with_columns(application_id=pl.col("application_id") + tag)
    order = data.draw(st.permutations(list(range(rows.height)) * 2))
    new = 0
    for part in rows[order].iter_slices(data.draw(st.integers(1, 8))):
        new += facts.put_outcomes(part)
    stored = facts.outcomes().filter(pl.col("application_id").str.ends_with(tag))
    assert new == stored.height == 3
    assert_frame_equal(stored.drop("seq").sort(pl.all()), rows.unique().sort(pl.all()), check_column_order=False)


def test_more_rows_than_one_transaction_holds(facts: LedgerFacts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROWS", 2)
    assert facts.put_outcomes(OUTCOMES) == 3
    assert facts.put_employers(EMPLOYERS) == 2
