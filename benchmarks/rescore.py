"""Ask the running API for 1,000 applications of the sweep again, whole, and compare with what the sweep published.

Each application is sent as the raw file has it (texts as they stand, amounts as plain numbers) to a server process of
its own; the endpoint scores it by the online code, stored scores unread. Equal means score, band and probability.

Run: python -m benchmarks.rescore [HOME APPLICATIONS.csv BOOK.toml] [--count N] [--seed N]
Without a home it makes one, of a sample book of 5,000 applications with outcomes, trained and swept.
"""

import argparse
import csv
import os
import random
import socket
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

import httpx
import polars as pl

from benchmarks._arms import Book, loaded, locale_of
from benchmarks._machine import CLI, machine, ringsight, save
from ingest.clean import KIND_OF_COLUMN, clean_columns
from ingest.mapping import Mapping, read_mapping

APPLICATIONS: Final = 5_000
PLACES: Final[dict[str, tuple[str, ...]]] = {
    "name": ("applicant", "name"),
    "national_id": ("applicant", "national_id"),
    "birth_date": ("applicant", "birth_date"),
    "address": ("applicant", "address"),
    "email": ("applicant", "email"),
    "region": ("applicant", "region"),
    "employer.name": ("employer", "name"),
    "employer.phone": ("employer", "phone"),
    "employer.registration": ("employer", "registration"),
    "vin": ("vehicle", "vin"),
    "vehicle_price": ("vehicle", "price"),
    "vehicle_appraisal": ("vehicle", "appraisal"),
    "vehicle_condition": ("vehicle", "condition"),
    "vehicle_make": ("vehicle", "make"),
    "vehicle_model": ("vehicle", "model"),
}
"""Canonical column -> place in the payload, where it is not the column's own name."""
AMOUNTS: Final = ("monthly_income", "vehicle_price", "vehicle_appraisal", "loan_amount", "down_payment")
GROUPS: Final = {"co_applicant": "co_applicants", "reference": "references"}


def main() -> None:
    """Serve, ask, compare, print, save; exit code 1 when one answer differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("given", type=Path, nargs="*", metavar="HOME APPLICATIONS.csv BOOK.toml")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if len(asked.given) not in (0, 3):
        parser.error("give a home, the file that was loaded and its mapping, or none of them")
    with tempfile.TemporaryDirectory(prefix="ringsight-rescore-") as folder:
        home, file, mapping = asked.given or swept(Path(folder), asked.seed)
        payloads = random.Random(asked.seed).sample(whole_rows(file, read_mapping(mapping)), asked.count)
        found = compare(home, payloads, published(home))
    path = save("rescore", {**found, "machine": machine()})
    print(found, f"saved {path.name}")
    raise SystemExit(found["differing"] > 0)


def swept(folder: Path, seed: int) -> tuple[Path, Path, Path]:
    """A home with a book that a model has swept, the file it was loaded from, and its mapping."""
    book = Book(APPLICATIONS, seed, locale_of(seed), "standard")
    home, files, _ = loaded(book, folder, ("applications", "employers", "outcomes"))
    home.run("train", "train", "--json")
    home.run("sweep", "sweep", "--json")
    return home.folder, files / "applications.csv", files / "applications.toml"


def whole_rows(file: Path, mapping: Mapping) -> list[dict[str, Any]]:
    """Payloads of the applications that stand in the file exactly once and that a payload can say as the file does."""
    headings = {heading: name for name, heading in mapping.columns.items()}
    with file.open(encoding=mapping.encoding or "utf-8", errors="replace", newline="") as source:
        rows = [row for row in csv.DictReader(source) if None not in row and None not in row.values()]
    ids = mapping.columns["application_id"]
    once = Counter(row[ids] for row in rows)
    kept = [
        {_full(headings[head]): text.strip() or None for head, text in row.items() if head in headings}
        for row in rows
        if once[row[ids]] == 1 and "\ufffd" not in "".join(row.values())
    ]
    kept = [row for row in kept if row.get("phone.1") or not row.get("phone.2")]  # a list of phones has no empty place
    raw = pl.DataFrame(kept, schema=dict.fromkeys(kept[0], pl.String))
    cleaned = clean_columns(raw, KIND_OF_COLUMN, mapping.context()).fields
    return [_payload(row, clean) for row, clean in zip(kept, cleaned.iter_rows(named=True), strict=True)]


def _full(name: str) -> str:
    return "phone.1" if name == "phone" else name


def _payload(row: dict[str, str | None], clean: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"applicant": {"phones": [row[p] for p in sorted(row) if p.startswith("phone.") and row[p]]}}
    for name, text in row.items():
        if text is None or name.startswith("phone."):
            continue
        head, _, rest = name.partition(".")
        if head in GROUPS:
            number, _, field = rest.partition(".")
            group = made.setdefault(GROUPS[head], [])
            group.extend({} for _ in range(int(number) - len(group)))
            group[int(number) - 1][field] = text
            continue
        _put(made, PLACES.get(name, (name,)), _value(name, text, clean[name]))
    return {**made, "options": {"ingest": False, "explain": False, "deadline_ms": 5000}}


def _put(made: dict[str, Any], place: tuple[str, ...], value: Any) -> None:
    for step in place[:-1]:
        made = made.setdefault(step, {})
    made[place[-1]] = value


def _value(name: str, text: str, clean: Any) -> Any:
    if name in AMOUNTS:
        return None if clean is None else f"{clean // 100}.{clean % 100:02d}"
    return clean if name in ("term_months", "vehicle_condition") else text


def published(home: Path) -> dict[str, tuple[int, str, float]]:
    """Score, band and probability of every application, by the command line's own export."""
    out = home.parent / "rescore.csv"
    ringsight(home, "export", "scores", str(out), log=home.parent / "rescore.log")
    frame = pl.read_csv(out, infer_schema=False)
    return {
        i: (int(s), b, float(p)) for i, s, p, b in frame.select([*frame.columns[:2], "probability", "band"]).iter_rows()
    }


def compare(home: Path, payloads: list[dict[str, Any]], stored: dict[str, tuple[int, str, float]]) -> dict[str, Any]:
    """Post each payload to a server process and count what differs."""
    log = home.parent / "rescore.log"
    key = str(
        ringsight(home, "client", "add", f"rescore-{time.time_ns()}", "--scopes", "score:write", log=log).said["text"]
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [*CLI, "serve", "--no-dashboard", "--port", str(port)]
    with log.open("ab") as noise, subprocess.Popen(words, env=_environment(home), stdout=noise, stderr=noise) as server:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                _wait(client, server)
                client.headers["Authorization"] = f"Bearer {key.split()[-1]}"
                return _asked(client, payloads, stored)
        finally:
            server.terminate()


def _environment(home: Path) -> dict[str, str]:
    return {**os.environ, "RINGSIGHT_HOME": str(home)}


def _wait(client: httpx.Client, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        try:
            client.get("/healthz")
        except httpx.TransportError:
            if server.poll() is not None:
                raise RuntimeError("the server did not start; see rescore.log beside the home") from None
            time.sleep(0.2)
        else:
            return


def _asked(
    client: httpx.Client, payloads: list[dict[str, Any]], stored: dict[str, tuple[int, str, float]]
) -> dict[str, Any]:
    seen: Counter[str] = Counter()
    started = time.perf_counter()
    for payload in payloads:
        answer = client.post("/v1/scores", json=payload).raise_for_status().json()
        told = (answer["score"], answer["band"], answer["probability"])
        seen[answer["mode"]] += 1
        seen["equal" if told == stored[payload["application_id"]] else "differing"] += 1
    return {
        "asked": len(payloads),
        "equal": seen.pop("equal", 0),
        "differing": seen.pop("differing", 0),
        "modes": dict(seen),
        "seconds": round(time.perf_counter() - started, 1),
    }


if __name__ == "__main__":
    main()
