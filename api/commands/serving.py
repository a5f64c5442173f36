"""serve: the API in this process, the dashboard as its child, both on loopback."""

import os
import secrets
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING, Annotated, Final

import typer

from api.commands.setting_up import house
from api.console import say
from graph.errors import RingsightError, UsageError

if TYPE_CHECKING:
    from api.wiring import House

LOOPBACK: Final = "127.0.0.1"
STOP_SECONDS: Final = 10
START_DASHBOARD: Final = (
    "import os, sys; from dashboard.launch import command; line = command(int(sys.argv[1])); os.execv(line[0], line)"
)
"""Run by the child: api/ never imports dashboard/, it only starts it."""


def serve(
    host: Annotated[str, typer.Option(help="Address of the API.")] = LOOPBACK,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the API; 0 takes a free one.")] = 8000,
    dashboard_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the dashboard.")] = 8501,
    dashboard: Annotated[bool, typer.Option("--dashboard/--no-dashboard")] = True,
) -> None:
    """Serve the API and the dashboard until Ctrl-C or SIGTERM."""
    opened = house()
    with closing(opened):
        run(opened, host=host, port=port, dashboard_port=dashboard_port if dashboard else None)


def run(opened: "House", *, host: str, port: int, dashboard_port: int | None) -> None:
    """Serve an open house; returns after a signal. Raises UsageError for a port that is taken."""
    import uvicorn

    from api.app import create_app
    from api.logs import start_logs
    from api.wiring import services

    start_logs()
    bound = listen(host, port)
    real_port = bound.getsockname()[1]
    config = uvicorn.Config(create_app(services(opened)), log_config=None, access_log=False, server_header=False)
    url = f"http://{LOOPBACK if host == '0.0.0.0' else host}:{real_port}"  # noqa: S104 - told as where to look, not bound
    say(f"API        {url}/v1  (keys: ringsight client add NAME --scopes ...)")
    # uvicorn repeats a signal once it has shut down: as an exception it lets the dashboard and its key end too
    signal.signal(signal.SIGTERM, _end_quietly)
    with (
        suppress(KeyboardInterrupt),
        nullcontext() if dashboard_port is None else _dashboard(opened, url, dashboard_port),
    ):
        uvicorn.Server(config).run(sockets=[bound])


def _end_quietly(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to host and port. Raises UsageError when that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise UsageError(f"{host}:{port} cannot be used: {error.strerror}", remedy="choose another --port") from None
    return bound


def _free(port: int) -> int:
    """The port itself, or a free one for 0; refuses one that is taken, before a child fails over it."""
    with closing(listen(LOOPBACK, port)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def _dashboard(opened: "House", api_url: str, port: int) -> Iterator[None]:
    """The dashboard as a child with a key of its own, which ends with it."""
    from casework.access import READING, Scope

    chosen = _free(port)
    name = f"dashboard-{secrets.token_hex(4)}"
    issued = opened.clients.add(name, READING | {Scope.OPS})
    environment = {**os.environ, "RINGSIGHT_API_URL": api_url, "RINGSIGHT_API_KEY": issued.key}
    child = subprocess.Popen([sys.executable, "-c", START_DASHBOARD, str(chosen)], env=environment)
    say(f"Dashboard  http://{LOOPBACK}:{chosen}")
    say("Ctrl-C ends both")
    try:
        yield
    finally:
        _end(child)
        try:
            opened.clients.revoke(name)
        except RingsightError as problem:
            say(f"the dashboard's key could not be revoked: {problem}; do: ringsight client revoke {name}")


def _end(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
