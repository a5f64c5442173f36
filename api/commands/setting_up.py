"""init, status, openapi."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.console import FAILED, Json, say, show

if TYPE_CHECKING:
    from api.settings import Settings
    from api.wiring import House


def settings() -> "Settings":
    """Settings of this command, from the environment."""
    from api.settings import read_settings

    return read_settings()


def house() -> "House":
    """The open house of this command."""
    from api.wiring import open_house

    return open_house(settings())


def init(as_json: Annotated[bool, Json] = False) -> None:
    """Make the home: keys, ledger, folders. Once; it never overwrites keys."""
    made = make_home(settings())
    say("Back up the keys folder now: without it no stored value can be read and no new record meets an old one.")
    show({"home": str(made.home), "ledger": made.ledger_url}, as_json, f"ready: {made.home}")


def make_home(given: "Settings") -> "Settings":
    """Create keys and ledger for `given`. Raises Conflict when there are keys already."""
    from casework.keys import create_keys
    from casework.ledger import Ledger

    create_keys(given.home)
    Ledger.open(given.ledger_url).close()
    given.sweeps_folder.mkdir(mode=0o700, exist_ok=True)
    return given


def status(as_json: Annotated[bool, Json] = False) -> None:
    """Age of the sweep, what waits, and which stores answer; exit code 1 when one is down."""
    from api.routes.house import status as read_status
    from api.wiring import services

    opened = house()
    served = services(opened)
    found = read_status(served)
    served.close()
    opened.close()
    lines = [f"{name}: {value}" for name, value in found.model_dump().items()]
    show(found.model_dump(mode="json"), as_json, "\n".join(lines))
    if "down" in (found.store, found.ledger):
        raise typer.Exit(FAILED)


def openapi(
    out: Annotated[Path | None, typer.Argument(help="File to write; default: standard output.")] = None,
) -> None:
    """Write the HTTP contract (OpenAPI)."""
    text = contract_text()
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


def contract_text() -> str:
    """The HTTP contract as it is committed under docs/."""
    import json

    from api.app import create_app

    return json.dumps(create_app(None).openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"
