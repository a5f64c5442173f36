"""The command line: puts the commands of api/commands together and turns errors into exit codes."""

import os
import sys
from pathlib import Path

import typer

from api.commands import book, demo, people, results, running, serving, setting_up
from api.console import told, told_defect, told_os
from graph.errors import RingsightError

HELP = """Finds fraud rings in auto lending.

A first run: init, map FILE > book.toml, load FILE --mapping book.toml, train, sweep, serve. Or: demo.

Exit codes: 0 done, 1 failed, 2 wrong use, 3 input refused (nothing was changed), 4 done but rows were quarantined
(load --strict). State lives in RINGSIGHT_HOME (default .ringsight/).
"""

app = typer.Typer(
    help=HELP, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, rich_markup_mode=None
)
app.command("init")(setting_up.init)
app.command("synth")(book.synth)
app.command("map")(book.propose)
app.command("load")(book.load)
app.command("train")(running.train)
app.add_typer(running.models, name="models")
app.command("sweep")(running.sweep)
app.add_typer(results.export, name="export")
app.command("score")(results.score)
app.command("serve")(serving.serve)
app.command("evaluate")(results.evaluate)
app.command("status")(setting_up.status)
app.add_typer(people.client, name="client")
app.add_typer(book.quarantine, name="quarantine")
app.add_typer(running.sweeps, name="sweeps")
app.command("openapi")(setting_up.openapi)
app.command("demo")(demo.demo)


def main() -> None:
    """Entry point of the console script: runs a command and turns errors into exit codes."""
    as_json = "--json" in sys.argv
    try:
        app()
    except RingsightError as error:
        sys.exit(told(error, as_json=as_json))
    except BrokenPipeError:
        # the reader of our output went away; point stdout elsewhere so that its flush at exit does not fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except OSError as error:
        sys.exit(told_os(error))
    except Exception as error:  # noqa: BLE001 - the outermost frame: a defect becomes one line and a log entry
        sys.exit(told_defect(error, _log_file()))


def _log_file() -> Path:
    """Where the traceback goes, found without settings: they may be what failed."""
    return Path(os.environ.get("RINGSIGHT_HOME", ".ringsight")) / "logs" / "ringsight.log"
