"""Where the API is and with which key, read once from the environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from graph.errors import SettingsError

DEFAULT_URL: Final = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Settings:
    """api_url: base address without a slash at the end (RINGSIGHT_API_URL).

    api_key: bearer key (RINGSIGHT_API_KEY, or the content of the file named by RINGSIGHT_API_KEY_FILE), never shown.
    """

    api_url: str
    api_key: str = field(repr=False)


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings; raises SettingsError when the address is none or the key file cannot be read."""
    url = environment.get("RINGSIGHT_API_URL", DEFAULT_URL).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError("RINGSIGHT_API_URL is not an http address", "Set it to, for example, http://127.0.0.1:8000")
    return Settings(url, _key(environment))


def _key(environment: Mapping[str, str]) -> str:
    if key := environment.get("RINGSIGHT_API_KEY", "").strip():
        return key
    name = environment.get("RINGSIGHT_API_KEY_FILE", "")
    if not name:
        return ""
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            "RINGSIGHT_API_KEY_FILE cannot be read", "Check that the file exists and is text"
        ) from error
