"""The policy: weights and thresholds as a versioned table, read from TOML and checked once."""

import hashlib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from graph.errors import SettingsError
from graph.network import VALUE_NAMES
from graph.projection import CAUSES, Channel
from graph.schema import ROLE

DEFAULT: Final = Path(__file__).with_name("policy.toml")
FLOOR: Final = 1.0


@dataclass(frozen=True, slots=True)
class Feature:
    """What one feature adds: decades of its tail above `floor`, times `weight`, under `reason`."""

    name: str
    reason: str
    weight: float
    floor: float = FLOOR

    @property
    def surprise(self) -> bool:
        """Whether the feature is itself a -log10 probability (hundredths), which then bounds its tail rank."""
        return self.name.startswith("s_") or self.name in ("officer_employer", "officer_income", "officer_region")


@dataclass(frozen=True, slots=True)
class Rings:
    """Bounds of a ring; see policy.toml."""

    candidates: float
    core_probability: float
    officer_probability: float
    smallest: int
    largest: int
    least_overlap: float
    least_overlap_learnt: float
    least_probability: float
    least_learnt: float
    same_overlap: float
    event_growth: float


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the policy; `digest` is that of its text, `unread` are patterns (see detectors.model.unread)."""

    version: str
    digest: str
    fraud_rate: float
    log_odds_per_decade: float
    learnt_share: float
    taught_share: float
    learnt_slope: float
    lifted_slope: float
    ring_worth: float
    unread: tuple[str, ...]
    red: int
    amber: int
    blind_share: float
    smoothing_share: float
    smoothing_inertia: float
    community_resolution: float
    community_minimum: int
    rings: Rings
    causes: dict[int, float]
    channels: tuple[Channel, ...]
    features: tuple[Feature, ...]
    typology: dict[str, str]


def read_policy(path: Path | None = None) -> Policy:
    """Read a policy file (the one that ships, unless told otherwise). Raises SettingsError naming file and key."""
    source = path or DEFAULT
    try:
        text = source.read_bytes()
        table = tomllib.loads(text.decode("utf-8"))
        return _policy(table, hashlib.sha256(text).hexdigest()[:16])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{source.name}: cannot read the policy: {error}", "check the file") from error
    except (KeyError, TypeError) as error:
        raise SettingsError(f"{source.name}: missing or unknown key {error}", "compare with policy.toml") from error


def _policy(table: dict[str, Any], digest: str) -> Policy:
    return Policy(
        version=table["version"],
        digest=digest,
        fraud_rate=table["prior"]["fraud_rate"],
        log_odds_per_decade=table["prior"]["log_odds_per_decade"],
        learnt_share=table["learning"]["share"],
        taught_share=table["learning"]["share_taught"],
        learnt_slope=table["learning"]["slope"],
        lifted_slope=table["learning"]["slope_lifted"],
        ring_worth=table["learning"]["ring_worth"],
        unread=_patterns(table["learning"].get("unread", [])),
        red=table["capacity"]["red"],
        amber=table["capacity"]["amber"],
        blind_share=table["capacity"].get("blind_share", 0.0),
        smoothing_share=table["smoothing"]["share"],
        smoothing_inertia=table["smoothing"]["inertia"],
        community_resolution=table["communities"]["resolution"],
        community_minimum=table["communities"]["minimum"],
        rings=Rings(**table["rings"]),
        causes={CAUSES[name]: share for name, share in table["causes"].items()},
        channels=tuple(_channel(row) for row in table["channel"]),
        features=tuple(Feature(**row) for row in table["feature"]),
        typology=table["typology"],
    )


def _patterns(given: Any) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(pattern, str) for pattern in given):
        raise SettingsError("[learning] unread is no list of column names", 'write it as ["age", "group_*"]')
    return tuple(given)


def _channel(row: dict[str, Any]) -> Channel:
    kinds = {name: code for code, name in VALUE_NAMES.items()}
    return Channel(
        name=row["name"],
        kind=kinds[row["kind"]],
        mine=ROLE[row["mine"]].code,
        theirs=ROLE[row["theirs"]].code,
        weight=row["weight"],
        soft=row.get("soft", False),
        near=row.get("near", 0),
        burst=row.get("burst", False),
        declared=row.get("declared", False),
        close=row.get("close", False),
        causes=sum(CAUSES[name] for name in row.get("causes", [])),
    )
