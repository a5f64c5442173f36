"""The typed client: models out, clear errors out."""

import httpx
import pytest

from dashboard.client import Client, connect
from dashboard.settings import Settings
from graph.errors import Conflict, Forbidden, NotFound, RingsightError, StoreError, StoreUnavailable, UsageError
from tests.dashboard.conftest import Served
from tests.dashboard.fake_api import KEY, SWEEP, Book


def answering(status: int, content: bytes = b"{}") -> Client:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, content=content))
    return Client(connect(Settings("http://api.test", KEY), transport), "en")


def test_rings_are_read_to_the_end_of_the_pages_in_order(english: Client, served: Served) -> None:
    served.book.rings = Book(count=430).rings
    page = english.rings()
    assert [row.rank for row in page.items] == list(range(1, 431))
    assert page.next_cursor is None
    assert served.book.calls.count("/v1/rings") == 3


def test_rings_stop_at_the_limit(english: Client) -> None:
    page = english.rings(limit=7)
    assert len(page.items) == 7
    assert page.total == 74


def test_a_band_is_filtered_by_the_api(english: Client) -> None:
    assert {row.band for row in english.rings(band="amber").items} == {"amber"}


def test_a_sweep_published_between_two_pages_starts_the_reading_again(english: Client) -> None:
    sweeps = iter(["one", "two", "two", "two"])

    def answer(request: httpx.Request) -> httpx.Response:
        whole = english.rings(limit=2)
        after = request.url.params.get("cursor")
        part = {"items": whole.items[1:] if after else whole.items[:1], "next_cursor": None if after else "1"}
        return httpx.Response(200, text=whole.model_copy(update={**part, "sweep_id": next(sweeps)}).model_dump_json())

    client = Client(connect(Settings("http://api.test", KEY), httpx.MockTransport(answer)), "en")
    page = client.rings(limit=2)
    assert page.sweep_id == "two"
    assert [row.rank for row in page.items] == [1, 2]
    assert next(sweeps, None) is None


def test_every_route_answers_in_the_language_asked(english: Client, chinese: Client) -> None:
    ring = english.rings().items[0]
    assert english.ring(ring.ring_id).summary.typology_text.isascii()
    assert not chinese.ring(ring.ring_id).summary.typology_text.isascii()
    phone = next(node for node in chinese.ring_network(ring.ring_id).nodes if node.kind == "phone")
    assert phone.kind_text == "电话"


def test_all_other_routes_give_their_models(english: Client) -> None:
    ring = english.rings().items[0]
    member = english.ring(ring.ring_id).members[0]
    node = f"application:{member.application_id}"
    phone = next(node.id for node in english.ring_network(ring.ring_id).nodes if node.kind == "phone")
    assert english.application(member.application_id).ring is not None
    assert any(each.id == node for each in english.network(node).nodes)
    assert any(each.id == phone for each in english.network(phone).nodes)
    assert english.search(member.application_id).items[0].id == node
    assert english.paths(node, phone).through_hubs == 1
    assert [row.event for row in english.ring_history(ring.ring_id)] == ["new", "grown"]
    assert english.sweeps().items[0].current
    assert english.status().sweep_id == SWEEP


def test_odd_ids_stay_one_part_of_the_path() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path.decode())
        return httpx.Response(404)

    client = Client(connect(Settings("http://api.test", KEY), httpx.MockTransport(answer)), "en")
    with pytest.raises(NotFound):
        client.ring("../status?x=1#y")
    assert seen == ["/v1/rings/..%2Fstatus%3Fx%3D1%23y"]


def test_the_key_is_sent_and_never_shown() -> None:
    settings = Settings("http://api.test", "rs_live_secret")
    assert connect(settings).headers["authorization"] == "Bearer rs_live_secret"
    assert "rs_live_secret" not in repr(settings)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, UsageError),
        (401, Forbidden),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (422, UsageError),
        (429, StoreUnavailable),
        (500, StoreError),
        (503, StoreUnavailable),
        (302, UsageError),
    ],
)
def test_statuses_become_errors(status: int, kind: type[RingsightError]) -> None:
    with pytest.raises(RingsightError) as caught:
        answering(status).status()
    assert type(caught.value) is kind


@pytest.mark.parametrize("content", [b"", b"<html>", b"[]", b'{"items": 3}', b"\xff\xfe"])
def test_an_answer_outside_the_contract_is_an_error_of_ours(content: bytes) -> None:
    with pytest.raises(StoreError):
        answering(200, content).sweeps()


def test_no_server_is_unavailable() -> None:
    with connect(Settings("http://127.0.0.1:9", "")) as http, pytest.raises(StoreUnavailable):
        Client(http, "en").status()
