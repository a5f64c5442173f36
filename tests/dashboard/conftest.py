"""A fake API on loopback, and what the dashboard's tests build from it."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
import uvicorn

from dashboard.client import Client, connect
from dashboard.settings import Settings
from tests.dashboard.fake_api import KEY, Book, create_app


@dataclass(frozen=True)
class Served:
    """A running fake API."""

    url: str
    book: Book


@pytest.fixture(scope="session")
def running() -> Iterator[Served]:
    """One server for the run; `served` puts its switches back for each test."""
    book = Book()
    server = uvicorn.Server(uvicorn.Config(create_app(book), host="127.0.0.1", port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield Served(f"http://127.0.0.1:{port}", book)
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def served(running: Served) -> Iterator[Served]:
    rings = running.book.rings
    running.book.calls.clear()
    yield running
    running.book.rings, running.book.down, running.book.denied = rings, False, False


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    with connect(Settings(served.url, KEY)) as connected:
        yield connected


@pytest.fixture
def english(http: httpx.Client) -> Client:
    return Client(http, "en")


@pytest.fixture
def chinese(http: httpx.Client) -> Client:
    return Client(http, "zh")
