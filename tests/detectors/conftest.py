"""Small made books for the detectors: rows of plain facts, turned into what a store returns under any token key."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
import pytest

from detectors.policy import Policy, read_policy
from detectors.sweep import Inputs, SweepResult, run
from graph.schema import APPLICATION_SCHEMA, ATTRIBUTES, IDENTIFIER_SCHEMA, KIND, LINK_SCHEMA, ROLE
from graph.store import OPEN, Batch, Links

DAY = 86_400_000_000
NOW = 1_700_000_000_000_000


@dataclass(frozen=True)
class Fact:
    """One application in plain words: uses is a tuple of (kind, role, clear value); names stand beside references."""

    application_id: str
    day: float
    uses: tuple[tuple[str, str, str], ...]
    attributes: dict[str, object] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)  # a reference's phone -> the name given for it


def mark(key: str, kind: str, role: str, clear: str, fact: Fact) -> int | None:
    """31 bits of the name's token, as ingest makes them."""
    name = {"own": fact.attributes.get("name_token"), "reference": fact.names.get(clear)}.get(role)
    return int(token(key, "name_token", str(name))[3:11], 16) >> 1 if kind == "phone" and name is not None else None


def token(key: str, kind: str, clear: str) -> str:
    return "t1:" + hashlib.blake2b(f"{key}|{kind}|{clear}".encode(), digest_size=12).hexdigest()


def batch_of(facts: list[Fact], key: str = "k") -> Batch:
    applications, identifiers, links = [], {}, []
    for row, fact in enumerate(facts):
        event_at = NOW + int(fact.day * DAY)
        attributes = {name: fact.attributes.get(name) for name in ATTRIBUTES}
        for name in ("surname_token", "name_token", "name_birth_token"):
            if attributes[name] is not None:
                attributes[name] = token(key, name, str(attributes[name]))
        applications.append(
            {
                "application_id": fact.application_id,
                "event_at": event_at,
                "version_at": event_at,
                "digest": hashlib.blake2b(repr(fact).encode(), digest_size=16).hexdigest(),
                "seq": row + 1,
                **attributes,
            }
        )
        for kind, role, clear in fact.uses:
            text = token(key, kind, clear)
            group = token(key, f"{kind}-group", clear[:-2]) if kind in ("phone", "address", "employer") else None
            identifiers[KIND[kind].code, text] = {
                "kind": KIND[kind].code,
                "token": text,
                "label": f"{clear[:3]}*{clear[-4:]}",
                "group": group,
                "offset": int(clear[-2:]) if kind == "phone" else None,
                "region": None,
                "sort": None,
                "check": None,
            }
            named = mark(key, kind, role, clear, fact)
            links.append({"row": row, "kind": KIND[kind].code, "role": ROLE[role].code, "token": text, "mark": named})
    return Batch(
        pl.DataFrame(applications, schema=APPLICATION_SCHEMA),
        pl.DataFrame(list(identifiers.values()), schema=IDENTIFIER_SCHEMA),
        pl.DataFrame(links, schema=LINK_SCHEMA).unique(maintain_order=True),
    )


def links_of(batch: Batch, shuffle: int | None = None) -> Links:
    """As a store would answer, with private numbers that mean nothing."""
    order = np.arange(batch.applications.height)
    if shuffle is not None:
        np.random.default_rng(shuffle).shuffle(order)
    nid = pl.Series("nid", (order + 17) * 3, dtype=pl.Int64)
    applications = batch.applications.with_columns(nid, pl.lit(OPEN).alias("closed_seq")).with_row_index("row")
    identifiers = batch.identifiers.with_row_index("n").with_columns((pl.col("n").cast(pl.Int64) * 5 + 1).alias("nid"))
    links = (
        batch.links.join(applications.select("row", pl.col("nid").alias("application")), on="row")
        .join(identifiers.select("kind", "token", pl.col("nid").alias("identifier")), on=["kind", "token"])
        .select("application", "identifier", "kind", "role", "mark")
    )
    if shuffle is not None:
        applications = applications.sample(fraction=1, shuffle=True, seed=shuffle)
        identifiers = identifiers.sample(fraction=1, shuffle=True, seed=shuffle)
        links = links.sample(fraction=1, shuffle=True, seed=shuffle)
    return Links(applications.drop("row"), identifiers.drop("n"), links)


def people(count: int, seed: int) -> list[Fact]:
    """Honest applications over 400 days: own phones, two references, employers, dealers and officers by Zipf."""
    draw = np.random.default_rng(seed)
    facts = []
    for n in range(count):
        dealer = int(draw.zipf(1.6)) % 12
        home = n if draw.random() > 0.2 else max(n - 1, 0)
        name = f"name{n}" if home == n else f"name{n}s{home}"
        facts.append(
            Fact(
                f"A-{n:05d}",
                float(draw.random() * 400),
                (
                    ("phone", "own", f"139{10_000_000 + int(draw.integers(9e7)):08d}"),
                    ("phone", "reference", f"137{10_000_000 + int(draw.integers(9e7)):08d}"),
                    ("phone", "reference", f"136{10_000_000 + (home if home != n else int(draw.integers(9e7))):08d}"),
                    ("national_id", "own", f"ID{n:09d}"),
                    ("address", "own", f"street {home} no {home:04d}"),
                    ("employer", "own", f"firm {int(draw.integers(300)):04d} co"),
                    ("account", "own", f"62{n:012d}"),
                    ("device", "own", f"dev-{n if draw.random() > 0.1 else dealer}"),
                    ("dealer", "own", f"dealer-{dealer:02d}"),
                    ("officer", "own", f"officer-{dealer:02d}-{int(draw.integers(3))}"),
                ),
                {
                    "surname_token": f"surname{home % 40}",
                    "name_token": name,
                    "name_birth_token": f"{name}-1980",
                    "monthly_income": int(draw.integers(3000, 20000)) * 100,
                    "loan_amount": int(draw.integers(50, 300)) * 100_000,
                    "vehicle_price": int(draw.integers(80, 400)) * 100_000,
                    "vehicle_appraisal": int(draw.integers(80, 400)) * 100_000,
                    "home_region": f"{110000 + int(draw.integers(30))}",
                },
                {} if n % 5 == 0 else {f"136{10_000_000 + home:08d}": f"friend{home}-{n % 3}"},
            )
        )
    return facts


def plant(facts: list[Fact], start: int, size: int, day: float) -> list[Fact]:
    """Make `size` strangers share a reference's phone, a device and a work phone within three weeks."""
    changed = list(facts)
    for n in range(start, start + size):
        fact = facts[n]
        uses = tuple(u for u in fact.uses if u[0] not in ("device",))
        shared = [("phone", "reference", f"1350000{start:04d}"), ("device", "own", f"farm-{start}")]
        if n % 2:
            shared.append(("phone", "work", f"0108888{start:04d}"))
        names = fact.names | {f"1350000{start:04d}": f"organiser{n}"}
        changed[n] = Fact(fact.application_id, day + (n - start) * 2, uses + tuple(shared), fact.attributes, names)
    return changed


@pytest.fixture(scope="session")
def policy() -> Policy:
    return read_policy()


@pytest.fixture(scope="session")
def facts() -> list[Fact]:
    return plant(plant(people(1200, 5), 100, 7, 100.0), 600, 6, 300.0)


def no_outcomes() -> pl.DataFrame:
    return pl.DataFrame(
        schema={"application_id": pl.String, "event": pl.String, "event_at": pl.Int64, "known_at": pl.Int64}
    )


def sweep(links: Links, policy: Policy, outcomes: pl.DataFrame | None = None) -> SweepResult:
    watch = pl.DataFrame(schema={"kind": pl.String, "token": pl.String, "reason": pl.String})
    inputs = Inputs(links, no_outcomes() if outcomes is None else outcomes, watch, pl.DataFrame(), watermark=10**6)
    return run(inputs, policy, previous=None, progress=lambda _: None, now=NOW)


@pytest.fixture(scope="session")
def swept(facts: list[Fact], policy: Policy) -> SweepResult:
    return sweep(links_of(batch_of(facts)), policy)


@pytest.fixture(scope="session")
def toolbox() -> dict[str, Callable[..., object]]:
    """The makers above, since test modules cannot import a conftest."""
    return {
        "batch_of": batch_of, "links_of": links_of, "people": people, "plant": plant, "sweep": sweep, "Fact": Fact,
        "no_outcomes": no_outcomes,
    }  # fmt: skip
