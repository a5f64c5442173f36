"""A small book made in code, and what loads and sweeps it."""

import csv
import random
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from api.commands.setting_up import make_home
from api.settings import Settings, read_settings
from api.sweeping import Bounds, sweep
from api.wiring import House
from ingest.load import load_file
from ingest.mapping import Mapping

FIELDS = (
    "application_id",
    "submitted_at",
    "name",
    "phone.1",
    "address",
    "employer.name",
    "employer.phone",
    "monthly_income",
    "dealer_id",
    "officer_id",
    "vin",
    "vehicle_price",
    "loan_amount",
    "bank_account",
    "device_id",
    "reference.1.name",
    "reference.1.phone",
    "status",
)
SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平"
RINGS = 6
RING_SIZE = 8


def rows(count: int, seed: int = 3) -> list[dict[str, str]]:
    """Honest applications over a year, with RINGS groups that share phone, account and device within weeks.

    The work phones of a group are a run of numbers.
    """
    rng = random.Random(seed)
    start = datetime(2025, 6, 1, tzinfo=UTC)
    made = []
    for n in range(count):
        moment = start + timedelta(minutes=rng.randrange(360 * 24 * 60))
        made.append(_row(rng, f"A-{n:05d}", moment))
    for ring in range(RINGS):
        first = start + timedelta(days=40 + 45 * ring)
        shared = _row(rng, "", first)
        for member in range(RING_SIZE):
            row = _row(rng, f"R{ring}-{member:02d}", first + timedelta(days=2 * member, hours=member))
            for field in ("phone.1", "bank_account", "device_id"):
                if rng.random() < 0.85:
                    row[field] = shared[field]
            row["reference.1.phone"] = shared["reference.1.phone"]
            row["employer.phone"] = f"0571-8800{ring:02d}{member:02d}"  # a run of numbers, none of them shared
            made.append(row)
    rng.shuffle(made)
    return made


def _row(rng: random.Random, application_id: str, moment: datetime) -> dict[str, str]:
    dealer = min(int(rng.paretovariate(1.1)), 20)
    price = rng.randrange(60_000, 300_000, 500)
    return {
        "application_id": application_id,
        "submitted_at": moment.strftime("%Y-%m-%d %H:%M:%S"),
        "name": rng.choice(SURNAMES) + rng.choice(GIVEN) + rng.choice(GIVEN),
        "phone.1": f"13{rng.randrange(10**9):09d}",
        "address": f"杭州市西湖区文{rng.randrange(90)}路{rng.randrange(300)}号{rng.randrange(900)}室",
        "employer.name": f"杭州{rng.choice(GIVEN)}{rng.choice(SURNAMES)}{rng.choice(GIVEN)}贸易有限公司",
        "employer.phone": f"0571-8{rng.randrange(10**7):07d}",
        "monthly_income": str(rng.randrange(4000, 30000, 100)),
        "dealer_id": f"D{dealer}",
        "officer_id": f"O{dealer}-{rng.randrange(3)}",
        "vin": "L" + "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(16)),
        "vehicle_price": str(price),
        "loan_amount": str(price * 7 // 10),
        "bank_account": f"6222{rng.randrange(10**12):012d}",
        "device_id": f"dev-{rng.randrange(10**12):012d}",
        "reference.1.name": rng.choice(SURNAMES) + rng.choice(GIVEN),
        "reference.1.phone": f"15{rng.randrange(10**9):09d}",
        "status": rng.choice(["funded", "declined", "pending"]),
    }


def write_csv(path: Path, book: list[dict[str, str]]) -> Path:
    """The rows as a UTF-8 CSV with canonical names for headings."""
    with path.open("w", encoding="utf-8", newline="") as sink:
        writer = csv.DictWriter(sink, FIELDS)
        writer.writeheader()
        writer.writerows(book)
    return path


MAPPING = Mapping(columns={name: name for name in FIELDS})


def load(house: House, path: Path) -> None:
    """Load a file of write_csv into an open house."""
    with closing(house.open_store()) as store:
        load_file(
            path,
            MAPPING,
            kind="applications",
            keys=house.keys.tokens,
            accounts=house.accounts,
            quarantine=house.quarantine,
            vault=house.vault,
            store=store,
            facts=house.facts,
        )


def run_sweep(house: House, sample: int = 40) -> dict[str, object]:
    """Sweep an open house, silently."""
    with closing(house.open_store()) as store:
        return sweep(house, store, Bounds(sample=sample), say=lambda step: None)


def fresh(home: Path) -> Settings:
    """A new home on SQLite."""
    return make_home(read_settings(home=home, store="", ledger=""))
