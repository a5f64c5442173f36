"""An address leads to its store or to a clear message."""

import builtins
from pathlib import Path
from typing import Any

import pytest

from graph.connect import connect
from graph.embedded_store import EmbeddedStore
from graph.errors import SettingsError


def test_an_absolute_and_a_relative_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for url in (f"sqlite:///{tmp_path}/one%20file.db", "sqlite:///two.db"):
        store = connect(url)
        assert isinstance(store, EmbeddedStore)
        store.close()
    assert (tmp_path / "one file.db").exists()
    assert (tmp_path / "two.db").exists()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "graph.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://file",
        "postgresql://host/x",
        "neo4j://",
        "bolt://[::1",
    ],
)
def test_an_address_of_no_store_says_what_to_write(url: str) -> None:
    with pytest.raises(SettingsError) as failure:
        connect(url, user="neo4j", password="x" * 8)
    assert "sqlite:///" in failure.value.remedy


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError) as failure:
        connect("neo4j://neo4j:hunter2hunter2@localhost:7687")
    assert "hunter2" not in str(failure.value) + failure.value.remedy


@pytest.mark.parametrize(
    ("user", "password", "missing"),
    [(None, "x", "RINGSIGHT_NEO4J_USER"), ("neo4j", None, "RINGSIGHT_NEO4J_PASSWORD"), ("neo4j", "", "PASSWORD")],
)
def test_a_missing_user_or_password_is_named(user: str | None, password: str | None, missing: str) -> None:
    with pytest.raises(SettingsError, match=missing):
        connect("neo4j://localhost:7687", user=user, password=password)


def test_a_missing_driver_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_driver(name: str, *rest: Any) -> Any:
        if name == "graph.neo4j_store":
            raise ModuleNotFoundError("No module named 'neo4j'", name="neo4j")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_driver)
    with pytest.raises(SettingsError) as failure:
        connect("neo4j://localhost:7687", user="neo4j", password="x" * 8)
    assert "ringsight[neo4j]" in failure.value.remedy
