"""Settings and the command line that starts the dashboard."""

import sys
import tomllib
from pathlib import Path

import pytest

from dashboard.launch import APP, command
from dashboard.settings import DEFAULT_URL, read_settings
from graph.errors import SettingsError


def test_defaults_are_loopback_without_a_key() -> None:
    settings = read_settings({})
    assert (settings.api_url, settings.api_key) == (DEFAULT_URL, "")


def test_the_key_comes_from_the_variable_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("rs_live_file\n", encoding="utf-8")
    assert read_settings({"RINGSIGHT_API_KEY_FILE": str(file)}).api_key == "rs_live_file"
    both = {"RINGSIGHT_API_KEY": "rs_live_env", "RINGSIGHT_API_KEY_FILE": str(file)}
    assert read_settings(both).api_key == "rs_live_env"


def test_a_missing_key_file_says_which_setting(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="RINGSIGHT_API_KEY_FILE"):
        read_settings({"RINGSIGHT_API_KEY_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match="RINGSIGHT_API_URL"):
        read_settings({"RINGSIGHT_API_URL": url})


def test_the_command_serves_our_app_on_loopback() -> None:
    words = command(8501)
    assert words[:5] == [sys.executable, "-m", "streamlit", "run", str(APP)]
    assert "--server.address=127.0.0.1" in words
    assert "--server.port=8501" in words
    assert APP.exists()


def test_streamlit_is_told_to_keep_quiet_and_safe() -> None:
    config = tomllib.loads((APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"] | {"toolbarMode": "viewer", "showErrorDetails": "none"} == config["client"]
    assert config["server"]["enableXsrfProtection"]
    assert config["theme"]["light"].keys() == config["theme"]["dark"].keys()
