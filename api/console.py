"""How commands talk: results on standard output, words and progress on standard error, errors by one table."""

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from graph.errors import InputRefused, RingsightError, UsageError

DONE: Final = 0
FAILED: Final = 1
WRONG_USE: Final = 2
REFUSED: Final = 3
QUARANTINED: Final = 4
EXIT_CODES: Final[tuple[tuple[type[RingsightError], int], ...]] = (
    (UsageError, WRONG_USE),
    (InputRefused, REFUSED),
    (RingsightError, FAILED),
)
"""First match wins. QUARANTINED is no error: `load --strict` ends so when rows were set aside."""

WIDE: Final = 200
"""Columns of a table that goes into a pipe or a file, so that ids are not broken."""

words: Final = Console(stderr=True, highlight=False, soft_wrap=True)
results: Final = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDE)
Json: Final = typer.Option("--json", help="One JSON object on standard output; words on standard error.")


def say(text: str) -> None:
    """A word to the reader, on standard error. Never interpreted as markup: it may hold a file's name."""
    words.print(text, markup=False)


def show(payload: Mapping[str, Any], as_json: bool, text: str | Table) -> None:
    """The result of a command: one JSON object, or the text."""
    if as_json:
        sys.stdout.write(json.dumps(payload, ensure_ascii=False, default=str) + "\n")
    else:
        results.print(text, markup=False) if isinstance(text, str) else results.print(text)


def table(heads: Mapping[str, str], rows: list[list[str]]) -> Table:
    """A plain table; heads maps a heading to left or right."""
    drawn = Table(box=None, pad_edge=False, header_style="bold")
    for head, side in heads.items():
        drawn.add_column(head, justify="right" if side == "right" else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(cell.replace("[", r"\[") for cell in row))
    return drawn


@contextmanager
def bar(title: str) -> Iterator[Callable[[int, int, int], None]]:
    """A progress bar by bytes, for a terminal: call it with (records so far, bytes so far, bytes in all)."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TextColumn("{task.fields[records]}"))
    with Progress(
        *columns, TimeRemainingColumn(), console=words, disable=not words.is_terminal, transient=True
    ) as progress:
        task = progress.add_task(title, total=None, records="")

        def moved(records: int, done: int, total: int) -> None:
            progress.update(task, completed=done, total=total, records=f"{records:,} records")

        yield moved


def told(error: RingsightError, *, as_json: bool) -> int:
    """Say what went wrong, where, and what to do; returns the exit code."""
    where = error.where if isinstance(error, InputRefused) else ""
    code = next(code for kind, code in EXIT_CODES if isinstance(error, kind))
    message = f"{where}: {error}" if where and where not in str(error) else str(error)
    say(f"error: {message}")
    if error.remedy:
        say(f"  do: {error.remedy}")
    if as_json:
        body = {"kind": type(error).__name__, "message": str(error), "where": where, "remedy": error.remedy}
        sys.stdout.write(json.dumps({"error": body}, ensure_ascii=False) + "\n")
    return code


def told_os(error: OSError) -> int:
    """The operating system's refusal in one line."""
    name = f"{error.filename}: " if error.filename else ""
    say(f"error: {name}{error.strerror or type(error).__name__}")
    say("  do: check that the file exists, that you may use it, and that the disk has room")
    return FAILED


def told_defect(error: Exception, log_file: Path) -> int:
    """A defect of ours: one line here, the traceback in the log file."""
    lines = "".join(traceback.format_exception(error))
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        log_file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with log_file.open("a", encoding="utf-8") as sink:
            sink.write(f"--- {stamp}\n{lines}")
        say(f"error: a defect of ours ({type(error).__name__}); the traceback lies in {log_file}")
    except OSError:
        say(f"error: a defect of ours ({type(error).__name__}); {log_file} cannot be written")
    return FAILED
