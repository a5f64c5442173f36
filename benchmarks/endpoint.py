"""POST /v1/scores at a fixed rate, beside a trivial handler of the same server process.

Open loop: latency counts from the moment a request was due, whether or not the one before it was answered.

Run: python -m benchmarks.endpoint [--applications N] [--rate N] [--seconds N]
"""

import argparse
import asyncio
import csv
import json
import socket
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks._machine import machine, ringsight, save

TRIVIAL: Final = "/trivial"
SCORES: Final = "/v1/scores"
PERCENTILES: Final = (50, 90, 99, 100)
WARM_UP: Final = 30
"""Requests before the clock starts: imports, caches, prepared statements."""
SERVED: Final = "listening"
TEXTS: Final = {
    "name": ("applicant", "name"),
    "national_id": ("applicant", "national_id"),
    "address": ("applicant", "address"),
    "employer.name": ("employer", "name"),
    "employer.phone": ("employer", "phone"),
    "vin": ("vehicle", "vin"),
    "bank_account": ("bank_account",),
    "device_id": ("device_id",),
    "dealer_id": ("dealer_id",),
    "officer_id": ("officer_id",),
}
"""Canonical column -> place in the payload."""


def main() -> None:
    """Make a book, serve it, measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applications", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=20.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--serve", nargs=2, metavar=("HOME", "PORT"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        serve(Path(asked.serve[0]), int(asked.serve[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), asked)
    path = save("endpoint", {**found, "machine": machine()})
    for name in ("trivial", "scores"):
        print(f"{name:8} " + "  ".join(f"{key} {value}" for key, value in found[name].items()))
    print(f"saved {path.name}")


def measure(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Both figures, one after the other, against one server process."""
    home, log, book = folder / "home", folder / "log", folder / "book"
    ringsight(home, "init", log=log)
    ringsight(home, "synth", str(book), "--applications", str(asked.applications), "--seed", str(asked.seed), log=log)
    mapping = str(ringsight(home, "map", str(book / "applications.csv"), log=log).said["text"])
    (folder / "book.toml").write_text(mapping, encoding="utf-8")
    ringsight(home, "load", str(book / "applications.csv"), "--mapping", str(folder / "book.toml"), log=log)
    ringsight(home, "sweep", log=log)
    key = str(ringsight(home, "client", "add", "bench", "--scopes", "score:write", log=log).said["text"]).split()[-1]
    count = int(asked.rate * asked.seconds) + WARM_UP
    bodies = payloads(book / "applications.csv", tomllib.loads(mapping), count)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, "-m", "benchmarks.endpoint", "--serve", str(home), str(port)]
    with log.open("ab") as noise, subprocess.Popen(words, stdout=subprocess.PIPE, stderr=noise, text=True) as server:
        try:
            assert server.stdout is not None
            while SERVED not in server.stdout.readline():
                if server.poll() is not None:
                    raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")
            told = {path: asyncio.run(open_loop(port, path, key, bodies, asked.rate)) for path in (TRIVIAL, SCORES)}
        finally:
            server.terminate()
    return {
        "applications": asked.applications,
        "rate": asked.rate,
        "seconds": asked.seconds,
        "store": "sqlite",
        "trivial": told[TRIVIAL],
        "scores": told[SCORES],
    }


def payloads(file: Path, mapping: dict[str, Any], count: int) -> list[bytes]:
    """New applications that share values with the book: rows of the raw file under new ids, in the contract's form."""
    headings = {str(heading): name for name, heading in mapping["columns"].items()}
    with file.open(encoding=mapping["source"].get("encoding", "utf-8"), errors="replace", newline="") as source:
        rows = [row for row in csv.DictReader(source) if None not in row and None not in row.values()]
    made = []
    for number in range(count):
        row = {headings[head]: text for head, text in rows[(number * 37) % len(rows)].items() if head in headings}
        made.append(json.dumps(_payload(row, number), ensure_ascii=False).encode())
    return made


def _payload(row: dict[str, str], number: int) -> dict[str, Any]:
    payload: dict[str, Any] = {"application_id": f"BENCH-{number}", "submitted_at": "2026-11-22T08:00:00Z"}
    for name, place in TEXTS.items():
        if row.get(name):
            *outer, last = place
            part = payload
            for step in outer:
                part = part.setdefault(step, {})
            part[last] = row[name][:400]
    phones = [row[name] for name in ("phone", "phone.1") if row.get(name)]
    payload.setdefault("applicant", {})["phones"] = phones[:1]
    friends = [row.get(f"reference.{n}.phone") for n in (1, 2)]
    payload["references"] = [{"phone": phone} for phone in friends if phone]
    return payload


async def open_loop(port: int, path: str, key: str, bodies: Sequence[bytes], rate: float) -> dict[str, Any]:
    """Send every body at its due time; returns percentiles in milliseconds and the statuses."""
    client = _Client(port, path, key)
    for body in bodies[:WARM_UP]:
        await client.post(body)
    started = time.perf_counter() + 0.1
    work = [_due(client, body, started + number / rate) for number, body in enumerate(bodies[WARM_UP:])]
    answers = await asyncio.gather(*work)
    client.close()
    times = sorted(seconds for seconds, _ in answers)
    statuses = Counter(status for _, status in answers)
    figures = {f"p{p}_ms": round(1000 * times[min(len(times) - 1, len(times) * p // 100)], 2) for p in PERCENTILES}
    return {**figures, "requests": len(times), "statuses": {str(code): n for code, n in sorted(statuses.items())}}


async def _due(client: "_Client", body: bytes, due: float) -> tuple[float, int]:
    await asyncio.sleep(max(0.0, due - time.perf_counter()))
    status = await client.post(body)
    return time.perf_counter() - due, status


class _Client:
    """HTTP/1.1 over kept connections, as many as are needed at once; reads the status and nothing else."""

    def __init__(self, port: int, path: str, key: str) -> None:
        self._port = port
        self._head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def post(self, body: bytes) -> int:
        """The status of the answer, after all of it has come."""
        pair = self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = pair
        writer.write(self._head + str(len(body)).encode() + b"\r\n\r\n" + body)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        self._free.append(pair)
        return int(head.split(b" ", 2)[1])

    def close(self) -> None:
        """Close every connection."""
        for _, writer in self._free:
            writer.close()


def serve(home: Path, port: int) -> None:
    """The API over `home` with one more route that does nothing, to measure the machine by."""
    import uvicorn
    from fastapi.routing import APIRoute
    from starlette.requests import Request
    from starlette.responses import Response

    from api.app import create_app
    from api.commands.serving import listen
    from api.logs import start_logs
    from api.settings import read_settings
    from api.wiring import open_house, services

    async def trivial(request: Request) -> Response:
        """Read the body, answer two bytes."""
        await request.body()
        return Response(b"{}", media_type="application/json")

    start_logs()
    app = create_app(services(open_house(read_settings(home=home))))
    app.router.routes.append(APIRoute(TRIVIAL, trivial, methods=["POST"]))
    bound = listen("127.0.0.1", port)
    bound.listen()
    print(SERVED, flush=True)
    uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, timeout_keep_alive=120)).run(sockets=[bound])


if __name__ == "__main__":
    main()
