"""A decision is stored once and whole, comes back byte for byte, and gives nothing personal away."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import func, select

from casework.access import OPERATOR, ROLES, Actor, Role
from casework.audit import Audit
from casework.decisions import Decision, Decisions, Idempotency, Stored
from casework.keys import KeyRing
from casework.ledger import Ledger
from casework.pending import PendingLinks
from casework.tables import DECISIONS, IDEMPOTENCY, PENDING, PENDING_LINKS, VAULT
from casework.vault import Vault
from graph.errors import Conflict, Forbidden, IdempotencyMismatch, NotFound, UsageError
from graph.store import Batch

LEAD = Actor("person:lead", ROLES[Role.LEAD])
BODY = hashlib.sha256(b"body").digest()
OTHER = hashlib.sha256(b"other").digest()
MakeBatch = Callable[..., Batch]
MakeDecision = Callable[..., Decision]
TABLES = (DECISIONS, IDEMPOTENCY, PENDING, PENDING_LINKS, VAULT)


@pytest.fixture
def decisions(ledger: Ledger, ring: KeyRing) -> Decisions:
    return Decisions(ledger, ring.vault)


@pytest.fixture
def make_decision(make_batch: MakeBatch) -> MakeDecision:
    def make(score_id: str, *, key: str | None = None, body: bytes = BODY, client: str = "client:u") -> Decision:
        return Decision(
            score_id=score_id,
            application_id="A-1",
            client_id=client,
            answer=b'{"score_id":"' + score_id.encode() + b'","score":712 }\n',
            payload='{"applicant":{"name":"欧阳娜娜","phones":["13800001234"]}}'.encode(),
            features=b"\x00\x01\x02",
            policy_digest="aa",
            model_digest="bb",
            sweep_digest="cc",
            sweep_id=None,
            batch=make_batch("A-1"),
            clear=pl.DataFrame({"type": ["phone"], "token": ["t1:p1"], "clear": ["13800001234"]}),
            idempotency=None if key is None else Idempotency(client, key, body),
        )

    return make


def rows(ledger: Ledger) -> tuple[int, ...]:
    with ledger.reading() as connection:
        return tuple(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in TABLES)


def test_the_answer_comes_back_byte_for_byte(decisions: Decisions, make_decision: MakeDecision) -> None:
    decision = make_decision("s1")
    assert decisions.store(decision) == Stored("s1", 1, decision.answer, repeated=False)
    assert decisions.get("s1") == decision.answer


def test_everything_is_stored_in_one_go(
    decisions: Decisions, make_decision: MakeDecision, ledger: Ledger, ring: KeyRing
) -> None:
    decisions.store(make_decision("s1", key="k1"))
    assert rows(ledger) == (1, 1, 1, 2, 1)
    waiting = PendingLinks(ledger).users([(1, "t1:p1")])
    assert waiting.applications["seq"].to_list() == [1]
    assert Vault(ledger, ring.vault).reveal("phone", "t1:p1", LEAD, "case") == "13800001234"


def test_a_decision_that_ingests_nothing_leaves_no_links(
    decisions: Decisions, make_decision: MakeDecision, ledger: Ledger
) -> None:
    decisions.store(replace(make_decision("s1"), batch=None, clear=None))
    assert rows(ledger) == (1, 0, 0, 0, 0)


def test_same_key_and_body_give_the_first_decision(
    decisions: Decisions, make_decision: MakeDecision, ledger: Ledger
) -> None:
    first = decisions.store(make_decision("s1", key="k1"))
    again = decisions.store(make_decision("s2", key="k1"))
    assert again == replace(first, repeated=True)
    assert decisions.recall(Idempotency("client:u", "k1", BODY)) == again
    assert rows(ledger) == (1, 1, 1, 2, 1)
    with pytest.raises(NotFound):
        decisions.get("s2")


def test_same_key_and_another_body_are_refused(
    decisions: Decisions, make_decision: MakeDecision, ledger: Ledger
) -> None:
    decisions.store(make_decision("s1", key="k1"))
    with pytest.raises(IdempotencyMismatch):
        decisions.store(make_decision("s2", key="k1", body=OTHER))
    with pytest.raises(IdempotencyMismatch):
        decisions.recall(Idempotency("client:u", "k1", OTHER))
    assert rows(ledger)[0] == 1


def test_keys_of_other_clients_do_not_meet(decisions: Decisions, make_decision: MakeDecision) -> None:
    decisions.store(make_decision("s1", key="k1"))
    assert not decisions.store(make_decision("s2", key="k1", client="client:v")).repeated
    assert decisions.recall(Idempotency("client:w", "k1", BODY)) is None
    assert decisions.of_application("A-1") == ("s1", "s2")


@pytest.mark.parametrize(("key", "digest"), [("", BODY), ("k" * 256, BODY), ("k", b"short")])
def test_malformed_keys_are_refused(key: str, digest: bytes) -> None:
    with pytest.raises(UsageError):
        Idempotency("client:u", key, digest)


def test_a_score_id_is_used_once(decisions: Decisions, make_decision: MakeDecision, ledger: Ledger) -> None:
    decisions.store(make_decision("s1"))
    with pytest.raises(Conflict):
        decisions.store(make_decision("s1"))
    assert rows(ledger)[0] == 1


def test_an_unknown_sweep_is_refused_whole(decisions: Decisions, make_decision: MakeDecision, ledger: Ledger) -> None:
    with pytest.raises(Conflict):
        decisions.store(replace(make_decision("s1", key="k"), sweep_id="sweep-x"))
    assert rows(ledger) == (0, 0, 0, 0, 0)


def test_a_batch_of_two_is_refused(decisions: Decisions, make_decision: MakeDecision, make_batch: MakeBatch) -> None:
    one = make_batch("A-1")
    two = Batch(pl.concat([one.applications, one.applications]), one.identifiers, one.links)
    with pytest.raises(UsageError):
        decisions.store(replace(make_decision("s1"), batch=two))


def test_replay_gives_the_inputs_to_those_who_may(
    decisions: Decisions, make_decision: MakeDecision, ledger: Ledger
) -> None:
    decision = make_decision("s1")
    decisions.store(decision)
    replay = decisions.replay("s1", LEAD)
    assert (replay.payload, replay.features, replay.answer) == (decision.payload, decision.features, decision.answer)
    assert (replay.seq, replay.policy_digest, replay.model_digest, replay.sweep_digest) == (1, "aa", "bb", "cc")
    assert Audit(ledger).entries()[-1].event == "decision.replayed"
    with pytest.raises(Forbidden):
        decisions.replay("s1", OPERATOR)
    with pytest.raises(NotFound):
        decisions.replay("s2", LEAD)


def test_of_many_threads_with_one_key_one_decides(
    decisions: Decisions, make_decision: MakeDecision, ledger: Ledger
) -> None:
    start, stored = threading.Barrier(8), []
    prepared = [make_decision(f"s{n}", key="k1") for n in range(8)]

    def store(decision: Decision) -> None:
        start.wait()
        stored.append(decisions.store(decision))

    threads = [threading.Thread(target=store, args=(decision,)) for decision in prepared]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.repeated for answer in stored) == [False] + [True] * 7
    assert len({answer.answer for answer in stored}) == 1
    assert rows(ledger) == (1, 1, 1, 2, 1)


def test_killed_anywhere_it_is_stored_whole_or_not_and_a_retry_makes_one(
    ledger: Ledger,
    ledger_path: Path,
    ring: KeyRing,
    make_decision: MakeDecision,
    killed_before: Callable[[int, Callable[[], object]], bool],
) -> None:
    decision = make_decision("s1", key="k1")

    def store() -> None:
        Decisions(Ledger.open(f"sqlite:///{ledger_path}"), ring.vault).store(decision)

    ledger.close()
    point = 0
    while killed_before(point := point + 1, store):
        assert rows(ledger) == (0, 0, 0, 0, 0), "the commit was not reached"
        ledger.close()
    assert point > 8
    assert rows(ledger) == (1, 1, 1, 2, 1)
    retried = Decisions(ledger, ring.vault).store(make_decision("s2", key="k1"))
    assert (retried.repeated, retried.answer) == (True, decision.answer)


def test_nothing_personal_lies_in_the_file_or_in_words(
    decisions: Decisions, make_decision: MakeDecision, ledger: Ledger, ledger_path: Path
) -> None:
    decision = make_decision("s1", key="k1")
    decisions.store(decision)
    ledger.close()
    written = b"".join(path.read_bytes() for path in ledger_path.parent.glob("ledger.db*"))
    assert b"s1" in written
    for canary in ("13800001234", "欧阳娜娜"):
        assert canary.encode() not in written
        assert canary not in repr(decision)
