import json
import re
from pathlib import Path

import pytest

from api.app import create_app
from api.commands.setting_up import contract_text
from api.guard import PUBLIC, routes_with_scope
from casework.access import Scope, holds
from graph.errors import SettingsError

COMMITTED = Path(__file__).parents[2] / "docs" / "openapi.json"
APP = create_app(None)
ROUTES = [(route.path, sorted(route.methods), scope) for route, scope in routes_with_scope(APP)]
FILLING = {"ring_id": "RG-1", "application_id": "A-1", "node": "phone:t1:0", "score_id": "s", "sweep_id": "w"}
PARAMETERS = {"/v1/search": "?q=abc", "/v1/paths": "?from=a&to=b"}


def url(path: str) -> str:
    return re.sub(r"\{(\w+)(:path)?\}", lambda m: FILLING[m[1]], path) + PARAMETERS.get(path, "")


def test_the_contract_is_the_committed_one() -> None:
    assert contract_text() == COMMITTED.read_text(encoding="utf-8"), "run: ringsight openapi docs/openapi.json"


def test_all_routes_are_seen() -> None:
    assert len(ROUTES) == len(json.loads(contract_text())["paths"]) >= 16


def test_every_route_but_the_public_ones_has_a_scope_in_the_contract() -> None:
    document = json.loads(contract_text())
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert ("security" in operation) == (path not in PUBLIC)


def test_a_route_without_scope_stops_the_start() -> None:
    app = create_app(None)

    @app.get("/v1/open")
    async def leak() -> None:
        """A route that somebody forgot to guard."""

    with pytest.raises(SettingsError, match="/v1/open"):
        list(routes_with_scope(app))


@pytest.mark.parametrize(("path", "methods", "scope"), ROUTES, ids=lambda value: str(value))
def test_no_key_no_answer(world, path: str, methods: list[str], scope: str | None) -> None:
    for method in methods:
        found = world.client.request(method, url(path))
        assert found.status_code == (200 if scope is None else 401)


@pytest.mark.parametrize("key", ["x", "rs_live_" + "A" * 43, "rs_live_é", "A" * 100_000])
def test_a_wrong_key_is_told_nothing(world, key: str) -> None:
    found = world.client.get("/v1/rings", headers={"Authorization": f"Bearer {key}".encode()})
    assert found.status_code in (400, 401, 431)
    if found.status_code == 401:
        assert found.headers["www-authenticate"] == "Bearer"


def test_every_scope_opens_its_routes_and_no_other(world) -> None:
    """The whole matrix: a key with one scope, every route."""
    for scope in Scope:
        key = world.house.clients.add(f"only-{scope.name}", frozenset({scope})).key
        headers = {"Authorization": f"Bearer {key}"}
        for path, methods, wanted in ROUTES:
            status = world.client.request(methods[0], url(path), headers=headers).status_code
            if wanted is not None:
                assert (status == 403) == (not holds({scope}, Scope(wanted))), (path, scope, status)


def test_a_revoked_key_is_out(world) -> None:
    key = world.house.clients.add("short-lived", frozenset({Scope.OPS})).key
    headers = {"Authorization": f"Bearer {key}"}
    assert world.client.get("/v1/status", headers=headers).status_code == 200
    world.services.clients.revoke("short-lived")
    assert world.client.get("/v1/status", headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nope", 404),
        ("GET", "/docs", 404),
        ("GET", "/openapi.json", 404),
        ("DELETE", "/v1/rings", 405),
        ("PUT", "/v1/scores", 405),
        ("GET", "/v1/rings?limit=0", 422),
        ("GET", "/v1/rings?limit=abc", 422),
        ("GET", "/v1/rings?band=blue", 422),
        ("GET", "/v1/rings?cursor=zzz", 400),
        ("GET", "/v1/rings/RG-NONE", 404),
        ("GET", "/v1/rings/RG-NONE/network", 404),
        ("GET", "/v1/rings/RG-NONE/history", 404),
        ("GET", "/v1/scores/none", 404),
        ("GET", "/v1/sweeps/none", 404),
        ("GET", "/v1/applications/none", 404),
        ("GET", "/v1/entities/phone:t1:none/network", 404),
        ("GET", "/v1/entities/nothing/network", 404),
        ("GET", "/v1/paths?from=a&to=a", 400),
        ("GET", "/v1/paths?from=a&to=b", 404),
        ("GET", "/v1/search", 422),
        ("GET", "/v1/applications/" + "x" * 3000, 404),
    ],
)
def test_errors_are_problems(world, method: str, path: str, status: int) -> None:
    headers = {"Authorization": f"Bearer {world.key}"}
    found = world.client.request(method, path, headers=headers)
    assert found.status_code == status
    assert found.headers["content-type"] == "application/problem+json"
    body = found.json()
    assert body["status"] == status
    assert body["request_id"] == found.headers["x-request-id"]
    assert "Traceback" not in found.text


def test_head_of_an_unknown_route(world) -> None:
    assert world.client.head("/nope").status_code == 404


def test_a_request_id_of_ours_or_a_harmless_one_of_theirs(world) -> None:
    assert world.client.get("/healthz", headers={"X-Request-Id": "abcdefgh-1"}).headers["x-request-id"] == "abcdefgh-1"
    assert world.client.get("/healthz", headers={"X-Request-Id": "<script>"}).headers["x-request-id"] != "<script>"


def test_answers_are_not_to_be_kept_or_guessed(world) -> None:
    headers = world.client.get("/healthz").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
