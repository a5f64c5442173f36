"""What the whole test run shares: one real Neo4j server and one browser, found or loudly missed."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

from deploy.neo4j_jars import ToolMissing, fetch_jars
from deploy.neo4j_local import LocalNeo4j

SERVER_FIXTURES = frozenset({"neo4j_server", "neo4j_jars"})

SERVER_SECONDS = 300
"""Whichever test comes first pays for the start of the server, on a cold cache for fetching it too."""


@dataclass(frozen=True, slots=True)
class Server:
    """A Neo4j server that the tests may fill and empty."""

    uri: str
    user: str
    password: str = field(repr=False)


@pytest.fixture(scope="session", autouse=True)
def _fewer_copies() -> Iterator[None]:
    """Training in this process plants half of the copies: of a book of 500 that is most of a training's time."""
    from detectors import ground  # here, because it takes a second

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ground, "MOST_COPIES", ground.MOST_COPIES // 2)
        yield


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep every test that needs the server on one worker, so that one server is started in a run."""
    for item in items:
        wants_server = SERVER_FIXTURES.intersection(getattr(item, "fixturenames", ()))
        if wants_server or item.get_closest_marker("neo4j"):
            item.add_marker(pytest.mark.neo4j)
            item.add_marker(pytest.mark.xdist_group("neo4j"))
            if not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(SERVER_SECONDS))
        if "chromium_path" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def neo4j_jars() -> Path:
    """Folder of the pinned server's jars, fetched once into the cache; skips where Java or Maven is missing."""
    try:
        if not shutil.which("java"):
            raise ToolMissing("java is not installed (Debian: apt-get install openjdk-17-jre-headless)")
        return fetch_jars()
    except ToolMissing as missing:
        _not_here(f"no real Neo4j: {missing}")


@pytest.fixture(scope="session")
def neo4j_server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The one server of the run: $RINGSIGHT_TEST_NEO4J (and ..._USER, ..._PASSWORD), else one started from the jars."""
    given = os.environ.get("RINGSIGHT_TEST_NEO4J")
    if given:
        user = os.environ.get("RINGSIGHT_TEST_NEO4J_USER", "neo4j")
        yield Server(given, user, os.environ["RINGSIGHT_TEST_NEO4J_PASSWORD"])
        return
    request.getfixturevalue("neo4j_jars")
    with LocalNeo4j(tmp_path_factory.mktemp("neo4j"), short_lived=True) as server:
        yield Server(server.uri, server.user, server.password)


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """A Chromium to drive: $RINGSIGHT_TEST_CHROMIUM, else the one on PATH."""
    candidates = (os.environ.get("RINGSIGHT_TEST_CHROMIUM"), shutil.which("chromium"), shutil.which("chromium-browser"))
    for candidate in candidates:
        if candidate and Path(candidate).exists():
            return Path(candidate)
    _not_here("no Chromium: set RINGSIGHT_TEST_CHROMIUM (Debian: apt-get install chromium)")


def _not_here(reason: str) -> NoReturn:
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(f"{reason}; in CI this is a failure", pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was skipped for want of a tool: a quiet skip is taken for a pass."""
    for report in terminalreporter.stats.get("skipped", []):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
        terminalreporter.write_line(f"NOT TESTED {report.nodeid}: {reason}", yellow=True, bold=True)
