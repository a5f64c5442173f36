from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import read_settings
from graph.errors import SettingsError


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "STORE", "LEDGER", "COUNTRY", "NEO4J_PASSWORD", "NEO4J_PASSWORD_FILE", "POLICY"):
        monkeypatch.delenv(f"RINGSIGHT_{name}", raising=False)


def test_defaults_lie_under_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGSIGHT_HOME", "/x/y")
    settings = read_settings()
    assert settings.store_url == "sqlite:////x/y/graph.db"
    assert settings.ledger_url == "sqlite:////x/y/ledger.db"
    assert (settings.source.currency, settings.source.timezone) == ("CNY", "Asia/Shanghai")


def test_country_brings_currency_and_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGSIGHT_COUNTRY", "US")
    assert (read_settings().source.currency, read_settings().source.date_order) == ("USD", "MDY")


def test_frozen() -> None:
    with pytest.raises(ValidationError):
        read_settings().home = Path("elsewhere")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("STORE", "neo4j://user:hunter22222@host", "RINGSIGHT_STORE"),
        ("STORE", "mysql://host", "RINGSIGHT_STORE"),
        ("STORE", "neo4j://host:7687", "RINGSIGHT_NEO4J_PASSWORD_FILE"),
        ("COUNTRY", "XX", "RINGSIGHT_COUNTRY"),
        ("COUNTRY", "BR", "RINGSIGHT_TIMEZONE"),
        ("CURRENCY", "XYZ", "RINGSIGHT_CURRENCY"),
        ("TIMEZONE", "Mars/Olympus", "RINGSIGHT_TIMEZONE"),
    ],
)
def test_unusable_settings_are_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(f"RINGSIGHT_{name}", value)
    with pytest.raises(SettingsError, match=said) as caught:
        read_settings()
    assert "hunter22222" not in str(caught.value)


@pytest.mark.parametrize("password", ["neo4j", "password", "ChangeMe", " "])
def test_passwords_that_everybody_tries_refuse_to_start(monkeypatch: pytest.MonkeyPatch, password: str) -> None:
    monkeypatch.setenv("RINGSIGHT_STORE", "neo4j://host:7687")
    monkeypatch.setenv("RINGSIGHT_NEO4J_PASSWORD", password)
    if not password.strip():
        monkeypatch.setenv("RINGSIGHT_NEO4J_PASSWORD_FILE", "/nowhere")
    with pytest.raises(SettingsError):
        read_settings()


def test_password_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("a-long-one-of-its-own\n")
    monkeypatch.setenv("RINGSIGHT_STORE", "neo4j://host:7687")
    monkeypatch.setenv("RINGSIGHT_NEO4J_PASSWORD_FILE", str(secret))
    assert read_settings().store_password() == "a-long-one-of-its-own"
    assert "a-long-one" not in repr(read_settings())
