"""A small book, loaded and swept once for all API tests, and an API over it."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
import uvicorn

from api.app import create_app
from api.cli import main
from api.commands.serving import listen
from api.wiring import House, Services, open_house, services
from casework.access import Scope
from tests.api.book import fresh, load, rows, run_sweep, write_csv
from tests.api.shell import Ran, Shell


@dataclass(frozen=True)
class World:
    """A swept book and an API over it. `key` holds every scope."""

    house: House
    services: Services
    client: httpx.Client
    key: str
    book: list[dict[str, str]]

    def get(self, path: str, **kwargs: object) -> httpx.Response:
        """GET with the key of every scope."""
        headers = {"Authorization": f"Bearer {self.key}", **kwargs.pop("headers", {})}  # type: ignore[dict-item]
        return self.client.get(path, headers=headers, **kwargs)  # type: ignore[arg-type]

    def post(self, body: bytes, **headers: str) -> httpx.Response:
        """POST bytes to /v1/scores."""
        said = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json", **headers}
        return self.client.post("/v1/scores", content=body, headers=said)


@contextmanager
def serving(served: Services) -> Iterator[httpx.Client]:
    """A real server over `served` on a free port of loopback, and a client of it."""
    bound = listen("127.0.0.1", 0)
    bound.listen()  # a client that comes before the server's thread waits instead of being refused
    config = uvicorn.Config(create_app(served), log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{bound.getsockname()[1]}", timeout=30) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join()
        bound.close()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A book of 1,048 applications, swept, behind the API."""
    home = tmp_path_factory.mktemp("world") / "home"
    book = rows(1000)
    house = open_house(fresh(home))
    load(house, write_csv(home.parent / "book.csv", book))
    run_sweep(house)
    key = house.clients.add("tests", frozenset(Scope)).key
    served = services(house)
    with serving(served) as client:
        yield World(house, served, client, key, book)
    house.close()


@pytest.fixture
def ringsight(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Runs `ringsight` in this process, with no setting but those that a test makes."""
    for name in [name for name in os.environ if name.startswith("RINGSIGHT_")]:
        monkeypatch.delenv(name)

    def run(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["ringsight", *map(str, words)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return Ran(code, said.out, said.err)

    return run
