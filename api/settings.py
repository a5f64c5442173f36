"""Every setting of the house: read once from the environment, frozen, and passed in."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from graph.errors import SettingsError
from ingest.countries import CURRENCIES, MINOR_DIGITS, ZONES, is_country, usual_date_order
from ingest.source import SourceContext

PREFIX: Final = "RINGSIGHT_"
KNOWN_PASSWORDS: Final = frozenset({"", "neo4j", "password", "changeme", "ringsight", "test", "secret", "12345678"})
"""Passwords that everybody tries first: refused, so that no installation starts with one."""
STORE_SCHEMES: Final = ("sqlite", "neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")


class Settings(BaseSettings):
    """Settings by environment variables `RINGSIGHT_<NAME>`; unsafe values raise SettingsError."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Field(default=Path(".ringsight"), description="folder of keys, ledger, sweeps, models and logs")
    store: str = Field(default="", description="sqlite:///file (default: <home>/graph.db) or neo4j://host:7687")
    neo4j_user: str = Field(default="neo4j", description="user of the Neo4j store")
    neo4j_password: SecretStr | None = Field(default=None, description="password of the Neo4j store")
    neo4j_password_file: Path | None = Field(default=None, description="file that holds the Neo4j password")
    ledger: str = Field(default="", description="SQLAlchemy URL of the ledger (default: sqlite, <home>/ledger.db)")
    country: str = Field(default="CN", description="country of payloads (ISO 3166): phones, IDs, amounts, dates")
    currency: str = Field(default="", description="currency of money (default: country's)")
    timezone: str = Field(default="", description="IANA zone of times without one (default: the country's)")
    policy: Path | None = Field(default=None, description="policy file (default: the one shipped)")

    @field_validator("store")
    @classmethod
    def _store_is_safe(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in STORE_SCHEMES:
            raise ValueError("must start with sqlite:/// or neo4j:// or bolt://")
        if parts.password is not None:
            raise ValueError("must not hold a password: use RINGSIGHT_NEO4J_PASSWORD_FILE")
        return value

    @field_validator("country")
    @classmethod
    def _country_is_known(cls, value: str) -> str:
        if not is_country(value):
            raise ValueError("must be the two capitals of ISO 3166 such as CN, US or DE")
        return value

    @field_validator("currency")
    @classmethod
    def _currency_is_known(cls, value: str) -> str:
        if value and value not in MINOR_DIGITS:
            raise ValueError("must be the three capitals of ISO 4217 such as CNY, USD or EUR")
        return value

    @field_validator("timezone")
    @classmethod
    def _zone_is_known(cls, value: str) -> str:
        if value:
            try:
                ZoneInfo(value)
            except (ZoneInfoNotFoundError, ValueError):
                raise ValueError("must be the name of a time zone such as Asia/Shanghai") from None
        return value

    @model_validator(mode="after")
    def _country_is_complete(self) -> "Settings":
        for name, known, given in (("CURRENCY", CURRENCIES, self.currency), ("TIMEZONE", ZONES, self.timezone)):
            if not given and self.country not in known:
                raise ValueError(f"{PREFIX}COUNTRY={self.country} needs {PREFIX}{name}: none is known for it")
        return self

    @model_validator(mode="after")
    def _password_is_safe(self) -> "Settings":
        if not self.store or self.store.startswith("sqlite"):
            return self
        if self.neo4j_password is not None and self.neo4j_password_file is not None:
            raise ValueError("RINGSIGHT_NEO4J_PASSWORD and RINGSIGHT_NEO4J_PASSWORD_FILE are both set: keep one")
        if self.neo4j_password is None and self.neo4j_password_file is None:
            raise ValueError("a Neo4j store needs RINGSIGHT_NEO4J_PASSWORD_FILE (or RINGSIGHT_NEO4J_PASSWORD)")
        if self.store_password().lower() in KNOWN_PASSWORDS:
            raise ValueError("the Neo4j password is one that everybody tries first: choose another")
        return self

    def store_password(self) -> str:
        """The Neo4j password, from the setting or its file; empty for an embedded store."""
        if self.neo4j_password_file is not None:
            try:
                return self.neo4j_password_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as problem:
                raise ValueError("RINGSIGHT_NEO4J_PASSWORD_FILE cannot be read") from problem
        return "" if self.neo4j_password is None else self.neo4j_password.get_secret_value()

    @property
    def store_url(self) -> str:
        """Where the graph is."""
        return self.store or f"sqlite:///{quote(str(self.home / 'graph.db'))}"

    @property
    def ledger_url(self) -> str:
        """Where the ledger is."""
        return self.ledger or f"sqlite:///{self.home / 'ledger.db'}"

    @property
    def source(self) -> SourceContext:
        """How the text of payloads is meant, and the currency of answers."""
        currency, zone = self.currency or CURRENCIES[self.country], self.timezone or ZONES[self.country]
        # numbers of JSON have a point in every country
        return SourceContext(self.country, currency, zone, usual_date_order(self.country), decimal=".")

    @property
    def sweeps_folder(self) -> Path:
        """Where sweeps lie, one folder each."""
        return self.home / "sweeps"

    @property
    def models_folder(self) -> Path:
        """Where trained models lie, one folder each."""
        return self.home / "models"

    @property
    def log_file(self) -> Path:
        """Where tracebacks of defects go."""
        return self.home / "logs" / "ringsight.log"


def read_settings(**given: Any) -> Settings:
    """Settings from the environment; `given` overrides it. Raises SettingsError naming the variable, not its value."""
    try:
        return Settings(**given)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        name = f"{PREFIX}{str(first['loc'][0]).upper()}: " if first["loc"] else ""
        words = str(first["msg"]).removeprefix("Value error, ")
        raise SettingsError(f"{name}{words}", remedy="set it in the environment and run the command again") from None
