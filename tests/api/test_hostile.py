"""200 and more hostile bodies and texts: never a 5xx, never the input back, and the server goes on."""

import json
import socket
from collections.abc import Iterator

import pytest

LEAST = {"application_id": "H-1", "submitted_at": "2026-05-20T10:00:00Z", "options": {"ingest": False}}
INJECTIONS = [
    "' OR 1=1 --",
    "'; DROP TABLE decisions; --",
    '"; MATCH (n) DETACH DELETE n; //',
    "x'}) DETACH DELETE n //",
    "`) MATCH (n) RETURN n //",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "=cmd|'/c calc'!A1",
    "@SUM(1+1)",
    "{{7*7}}",
    "${jndi:ldap://x/a}",
    "../../etc/passwd",
    "%00%0a%0d",
    "\r\nSet-Cookie: a=b",
    "\u202egnp.exe",
    "\ufeff\u200b\u2060",
    "a\u0301" * 100,
    "𝟙𝟛𝟠" * 50,
    "👨‍👩‍👧‍👦" * 40,
    "1.38E+10",
    "-0",
    "٣٣٠١٠٦",
    "\x01\x02\x1b[31m",
    "A" * 400,
    "९" * 399,
]
FIELDS = ["application_id", "dealer_id", "dealer_name", "bank_account", "device_id", "channel", "status", "ip_address"]


def texts() -> Iterator[bytes]:
    """Every injection through all plain strings at once, through the nested ones, and where no text belongs."""
    for text in INJECTIONS:
        yield json.dumps({**LEAST, **dict.fromkeys(FIELDS, text)}).encode()
        person = {"name": text, "phones": [text], "address": text, "national_id": text, "email": text}
        nested = {
            "applicant": person,
            "employer": {"name": text},
            "vehicle": {"vin": text},
            "references": [{"name": text}],
        }
        yield json.dumps({**LEAST, **nested}, ensure_ascii=False).encode()
        for misplaced in (
            {text: 1},
            {"loan_amount": text},
            {"channel": [text]},
            {"options": {"policy": text, "x": text}},
        ):
            yield json.dumps({**LEAST, **misplaced}).encode()
        yield json.dumps({**LEAST, "submitted_at": text}).encode()
        yield text.encode()


def shapes() -> Iterator[bytes]:
    """What is not the contract, or not JSON."""
    yield from (
        b"",
        b" ",
        b"null",
        b"true",
        b"[]",
        b"{}",
        b'"x"',
        b"1",
        b"\x00",
        b"\xff\xfe",
        b"{" * 1000,
        b"[" * 60000,
    )
    yield from (
        b'{"a":' * 5000,
        b'{"a":1}{"b":2}',
        b"{'a':1}",
        b'{"a":1,}',
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"1" * 60000,
    )
    least = json.dumps(LEAST)[:-1].encode()
    for tail in (
        b',"loan_amount":NaN}',
        b',"loan_amount":Infinity}',
        b',"loan_amount":1e400}',
        b',"loan_amount":-1}',
        b',"loan_amount":true}',
        b',"loan_amount":1.5}',
        b',"loan_amount":"1e5"}',
        b',"loan_amount":99999999999999999999}',
        b',"loan_amount":"\xef\xbc\x91"}',
        b',"channel":"\\ud800"}',
        b',"channel":"\\u0000"}',
        b',"channel":"\xc3\x28"}',
        b',"channel":null,"channel":"a"}',
        b',"channel":[]}',
        b',"channel":{}}',
        b',"channel":""}',
        b',"applicant":null}',
        b',"applicant":[]}',
        b',"applicant":{"phones":"1"}}',
        b',"applicant":{"phones":["1","2","3","4"]}}',
        b',"references":[null]}',
        b',"references":[{},{},{},{},{},{}]}',
        b',"term_months":1e2}',
        b',"term_months":-1}',
        b',"options":{"deadline_ms":0}}',
        b',"options":{"deadline_ms":1e9}}',
        b',"__proto__":{}}',
        b',"constructor":1}',
        b',"a":' + b"[" * 900 + b"]" * 900 + b"}",
    ):
        yield least + tail


BODIES = [*texts(), *shapes()]


def test_there_are_enough_of_them() -> None:
    assert len(BODIES) >= 200


def test_none_is_a_fault_and_none_comes_back(world) -> None:
    for raw in BODIES:
        found = world.post(raw)
        assert found.status_code in (200, 400, 409, 422), (found.status_code, raw[:80])
        if found.status_code != 200:
            assert found.headers["content-type"] == "application/problem+json"
            for text in INJECTIONS[:15]:
                assert text not in found.text
    assert world.client.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/v1/search?q=", "/v1/applications/", "/v1/entities/", "/v1/rings/", "/v1/scores/"])
def test_hostile_paths_and_queries(world, path: str) -> None:
    from urllib.parse import quote

    for text in INJECTIONS:
        found = world.get(path + quote(text[:100], safe=""))
        assert found.status_code in (200, 400, 404, 422), (path, text, found.status_code)


def test_a_body_too_large_is_turned_away_by_its_length(world) -> None:
    assert world.post(b" " * (64 * 1024 + 1)).status_code == 413


def test_a_stream_too_large_is_cut_while_it_comes(world) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b" " * 1024

    headers = {"Authorization": f"Bearer {world.key}", "Content-Type": "application/json"}
    assert world.client.post("/v1/scores", content=endless(), headers=headers).status_code == 413


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        {"Content-Encoding": "gzip"},
        {"Content-Type": "application/xml"},
    ],
)
def test_other_types_are_415(world, headers: dict[str, str]) -> None:
    assert world.post(b"{}", **headers).status_code == 415


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "k\u00e9"])
def test_hostile_idempotency_keys(world, key: str) -> None:
    said = {b"Authorization": f"Bearer {world.key}".encode(), b"Content-Type": b"application/json"}
    said[b"Idempotency-Key"] = key.encode("utf-8")
    found = world.client.post("/v1/scores", content=json.dumps(LEAST).encode(), headers=list(said.items()))
    assert found.status_code == 422


def test_a_client_that_hangs_up_halfway_harms_nobody(world) -> None:
    host, port = world.client.base_url.host, world.client.base_url.port
    head = f"POST /v1/scores HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {world.key}\r\n"
    with socket.create_connection((host, port)) as raw:
        raw.sendall((head + "Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{").encode())
    assert world.client.get("/healthz").status_code == 200
