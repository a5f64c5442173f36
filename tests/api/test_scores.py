import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import polars as pl
import pytest

from api.door import StoreDoor
from api.published import Shelf
from api.wiring import services
from graph.errors import StoreUnavailable
from graph.store import GraphStore


def payload(application_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "application_id": application_id,
        "submitted_at": "2026-05-20T10:00:00+08:00",
        "applicant": {"name": "王伟", "phones": ["13900001111"], "address": "杭州市西湖区文一路1号1幢101室"},
        "bank_account": "6222000011112222",
        "loan_amount": "150000.00",
        **changes,
    }


def body(application_id: str, **changes: Any) -> bytes:
    return json.dumps(payload(application_id, **changes)).encode()


def test_scored_stored_and_read_byte_for_byte(world) -> None:
    answer = world.post(body("S-1"))
    assert answer.status_code == 200
    told = answer.json()
    assert 0 <= told["score"] <= 1000
    assert told["band"] in {"green", "amber", "red"}
    assert (told["mode"], told["sweep_id"]) == ("full", world.house.sweeps.current().sweep_id)
    again = world.get(f"/v1/scores/{told['score_id']}")
    assert again.content == answer.content


def test_an_applicant_like_a_ring_scores_higher_than_a_stranger(world) -> None:
    member = next(row for row in world.book if row["application_id"] == "R5-07")
    like = payload("S-2", submitted_at=member["submitted_at"], bank_account=member["bank_account"])
    like["applicant"] = {"name": "李强", "phones": [member["phone.1"]], "address": member["address"]}
    like["references"] = [{"name": "赵静", "phone": member["reference.1.phone"]}]
    near, far = world.post(json.dumps(like).encode()).json(), world.post(body("S-3")).json()
    assert near["score"] > far["score"]
    assert near["reasons"]
    shown = [evidence for reason in near["reasons"] for evidence in reason["evidence"]]
    assert any(name.startswith("R5-") for evidence in shown for name in evidence["applications"])


def test_the_second_of_two_colluding_applications_sees_the_first(world) -> None:
    def one(name: str) -> dict[str, Any]:
        row = payload(name, device_id="dev-collusion", bank_account="6217999988887777")
        row["applicant"] = {"phones": ["13911112222"], "address": "杭州市西湖区文九路9号9幢909室"}
        return row

    first = world.post(json.dumps(one("S-4a")).encode()).json()
    second = world.post(json.dumps(one("S-4b")).encode()).json()
    assert second["score"] > first["score"]
    assert any("S-4a" in e["applications"] for reason in second["reasons"] for e in reason["evidence"])


def test_not_to_be_ingested_leaves_no_link_but_a_decision(world) -> None:
    waiting = world.house.pending.count()
    told = world.post(body("S-5", options={"ingest": False, "explain": False})).json()
    assert world.house.pending.count() == waiting
    assert told["reasons"] == told["suggested_checks"] == told["consumer_reasons"] == []
    assert world.house.decisions.of_application("S-5") == (told["score_id"],)


def test_same_key_and_body_give_the_first_decision(world) -> None:
    first = world.post(body("S-6"), **{"Idempotency-Key": "k-6"})
    second = world.post(body("S-6"), **{"Idempotency-Key": "k-6"})
    assert second.content == first.content
    assert len(world.house.decisions.of_application("S-6")) == 1


def test_same_key_and_another_body_is_422(world) -> None:
    world.post(body("S-7"), **{"Idempotency-Key": "k-7"})
    other = world.post(body("S-7", channel="x"), **{"Idempotency-Key": "k-7"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_a_key_pressed_twice_at_once_decides_once(world) -> None:
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: world.post(body("S-8"), **{"Idempotency-Key": "k-8"}), range(6)))
    assert {answer.status_code for answer in found} <= {200, 409}
    assert len({answer.content for answer in found if answer.status_code == 200}) == 1
    assert len(world.house.decisions.of_application("S-8")) == 1


def test_a_policy_that_is_not_in_force_is_refused(world) -> None:
    assert world.post(body("S-9", options={"policy": "1999-01.1"})).status_code == 400


def test_both_languages(world) -> None:
    member = next(row for row in world.book if row["application_id"] == "R4-06")
    like = body("S-10", submitted_at=member["submitted_at"], bank_account=member["bank_account"])
    en = world.post(like).json()["reasons"]
    zh = world.post(like, **{"Accept-Language": "zh-CN"}).json()["reasons"]
    assert [reason["code"] for reason in en] == [reason["code"] for reason in zh]
    assert all(en[n]["text"] != zh[n]["text"] for n in range(len(en)))


def test_unreadable_fields_are_told_as_missing(world) -> None:
    told = world.post(body("S-11", applicant={"phones": ["1.38E+10"]})).json()
    assert any(field.startswith("phone.1:") for field in told["missing"])


@pytest.mark.parametrize("submitted", ["yesterday", "2026-02-30T10:00:00Z", "99999-01-01"])
def test_an_unreadable_time_is_422(world, submitted: str) -> None:
    found = world.post(body("S-12", submitted_at=submitted))
    assert found.status_code == 422
    assert submitted not in found.text


class Broken:
    """A store that never answers."""

    def __init__(self) -> None:
        self.asked = 0

    def recent(self, *_: object, **__: object) -> None:
        self.asked += 1
        raise StoreUnavailable("down")

    def close(self) -> None:
        """Nothing to free."""


def score(world, door: StoreDoor | None = None, shelf: Shelf | None = None, **changes: Any) -> dict[str, Any]:
    """Score through services with a part replaced."""
    import time

    from api.payload import read_request
    from api.scoring import Asked

    served = services(world.house, door=door, shelf=shelf)
    raw = body(f"L-{threading.get_ident()}-{time.monotonic_ns()}", **changes)
    asked = Asked(read_request(raw), raw, "client:tests", None, "en", time.monotonic() + 1)
    answer, _ = served.scorer.score(asked)
    served.close()
    return dict(json.loads(answer))


def test_without_the_store_the_sweep_still_answers(world) -> None:
    def connect() -> GraphStore:
        return Broken()  # type: ignore[return-value]

    told = score(world, door=StoreDoor(connect, waits=False))
    assert (told["mode"], told["score"] is None) == ("sweep_only", False)
    assert "store" in told["missing"]


def test_without_a_sweep_only_rules_speak_and_never_green(world, tmp_path) -> None:
    shelf = Shelf(tmp_path, lambda: None, world.house.policy)
    told = score(world, shelf=shelf)
    assert (told["mode"], told["score"], told["band"], told["reasons"]) == ("rules_only", None, "not_scored", [])
    assert told["sweep_id"] is None


def test_a_broken_artifact_is_no_green_either(world, tmp_path) -> None:
    shelf = Shelf(tmp_path, world.house.sweeps.current, world.house.policy)
    assert score(world, shelf=shelf)["mode"] == "rules_only"


def test_rules_only_knows_the_watch_list(world, tmp_path) -> None:
    from api.lookup import tokens_typed

    ((kind, token),) = [
        pair
        for pair in tokens_typed("13900009999", world.house.settings.source, world.house.keys.tokens)
        if pair[0] == "phone"
    ]
    entry = {"kind": kind, "token": token, "reason": "stolen", "added_at": 0, "expires_at": None}
    types = {"kind": pl.String, "token": pl.String, "reason": pl.String, "added_at": pl.Int64, "expires_at": pl.Int64}
    world.house.facts.put_watchlist(pl.DataFrame([entry], schema=types))
    shelf = Shelf(tmp_path, lambda: None, world.house.policy)
    told = score(world, shelf=shelf, applicant={"phones": ["+86 139-0000-9999"]})
    assert [reason["code"] for reason in told["reasons"]] == ["WATCHLIST_HIT"]
    assert told["reasons"][0]["evidence"][0]["label"] == "139****9999"


def test_when_the_ledger_is_away_nothing_is_answered(world, monkeypatch) -> None:
    def away(*_: object) -> None:
        raise StoreUnavailable("the ledger does not answer")

    monkeypatch.setattr(type(world.house.decisions), "store", away)
    found = world.post(body("S-13"))
    assert (found.status_code, found.headers["retry-after"]) == (503, "2")
