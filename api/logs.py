"""One JSON line an event, with fields from an allow-list: no personal data, no query string, no exception text."""

import logging
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final, TextIO

import structlog

ALLOWED: Final = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "request_id",
        "method",
        "route",
        "status",
        "milliseconds",
        "client",
        "code",
        "mode",
        "sweep_id",
        "load_id",
        "error",
        "at",
        "step",
        "count",
        "seconds",
        "version",
    }
)
"""Fields that a log line may have. Ids of applications are not among them: they may name a person at the lender."""

LIBRARY_LINE: Final = '{"event":"library","error":"%(name)s","level":"%(levelname)s"}'

Event = MutableMapping[str, Any]


def allow_listed(_logger: Any, _method: str, event: Event) -> Event:
    """Drop every field that nobody has allowed."""
    return {key: value for key, value in event.items() if key in ALLOWED}


def start_logs(stream: TextIO | None = None) -> None:
    """Send our events as JSON to `stream` (default: standard error); libraries only from warnings up."""
    target = stream or sys.stderr
    logging.basicConfig(level=logging.WARNING, stream=target, format=LIBRARY_LINE)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            allow_listed,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=False,
    )


def where(problem: BaseException) -> str:
    """The frames of a defect as file:line, innermost last; without its message, which may hold data."""
    frames = traceback.extract_tb(problem.__traceback__)[-6:]
    return " > ".join(f"{Path(f.filename).parent.name}/{Path(f.filename).name}:{f.lineno}" for f in frames)
