"""From a store's address to the store."""

from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from graph.embedded_store import EmbeddedStore
from graph.errors import SettingsError
from graph.store import GraphStore

_SQLITE: Final = "sqlite:///"
_NEO4J: Final = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
_FORMS: Final = "set RINGSIGHT_STORE to sqlite:///file or neo4j://host:7687"


def connect(url: str, *, user: str | None = None, password: str | None = None) -> GraphStore:
    """Open the store at `url`: `sqlite:///relative`, `sqlite:////absolute`, `neo4j://host:port` or `bolt://host:port`.

    Raises SettingsError for an address that is none of these or lacks the user or password it needs, and
    StoreUnavailable or StoreRefused when the store cannot be used.
    """
    if url.startswith(_SQLITE):
        return EmbeddedStore(_path(url))
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError as error:
        raise SettingsError("the graph store's address cannot be read", _FORMS) from error
    if parts.scheme not in _NEO4J or not host:
        raise SettingsError(f"no graph store is known by the scheme {parts.scheme!r}", _FORMS)
    if parts.username or parts.password:
        raise SettingsError(
            "the graph store's address holds a user or password",
            "use RINGSIGHT_NEO4J_USER and RINGSIGHT_NEO4J_PASSWORD_FILE; addresses end up in logs",
        )
    return _neo4j(url, user, password)


def _path(url: str) -> Path:
    name = unquote(url.removeprefix(_SQLITE))
    if not name or name == ":memory:":
        raise SettingsError("the graph store's address names no file", "write sqlite:///path/to/graph.db")
    return Path(name)


def _neo4j(url: str, user: str | None, password: str | None) -> GraphStore:
    if not user or not password:
        missing = "RINGSIGHT_NEO4J_PASSWORD (or RINGSIGHT_NEO4J_PASSWORD_FILE)" if user else "RINGSIGHT_NEO4J_USER"
        raise SettingsError(f"{missing} is not set, and the graph store is a Neo4j", f"set {missing}")
    try:
        from graph.neo4j_store import Neo4jStore  # the driver is an extra: only those who need it have it
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "neo4j":
            raise
        raise SettingsError(
            "the Neo4j driver is not installed", "install it: pip install 'ringsight[neo4j]', or use sqlite:///file"
        ) from error
    return Neo4jStore(url, user, password)
