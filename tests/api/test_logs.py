import io
import json

import structlog

from api.logs import start_logs
from tests.api.test_scores import body

CANARIES = ("13987650123", "330106198803021238", "欧阳金丝雀", "6217000099990000", "A-CANARY")


def test_no_personal_data_reaches_a_log(world) -> None:
    """Canaries go through payloads, paths, queries and errors; the lines hold routes and codes only."""
    sink = io.StringIO()
    start_logs(sink)
    try:
        person = {"name": CANARIES[2], "national_id": CANARIES[1], "phones": [CANARIES[0]]}
        world.post(body("A-CANARY", applicant=person, bank_account=CANARIES[3]))
        world.post(body("A-CANARY", term_months=CANARIES[0]))
        world.post(body("A-CANARY", submitted_at=CANARIES[1]))
        for path in ("/v1/search?q=", "/v1/applications/", "/v1/entities/", "/v1/paths?from=a&to="):
            for canary in CANARIES:
                world.get(path + canary)
    finally:
        structlog.reset_defaults()
    lines = sink.getvalue()
    assert len(lines.splitlines()) >= 23
    assert not [canary for canary in CANARIES if canary in lines]
    for line in lines.splitlines():
        assert json.loads(line)["event"]


def test_fields_that_nobody_allowed_are_dropped() -> None:
    sink = io.StringIO()
    start_logs(sink)
    try:
        structlog.get_logger().info("request", phone="13987650123", status=200)
    finally:
        structlog.reset_defaults()
    assert "phone" not in sink.getvalue()
    assert json.loads(sink.getvalue())["status"] == 200
