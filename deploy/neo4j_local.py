"""A real Neo4j server on loopback without Docker: jars by Maven, one folder for everything it writes.

A library for the tests (`LocalNeo4j`) and a command for people (`make neo4j`). Standard library only, as neo4j_jars.
"""

import argparse
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self

from deploy.neo4j_jars import LocalServerError, fetch_jars, main_class, pinned_version, run, tool

USER: Final = "neo4j"
ADMIN_TOOL: Final = "org.neo4j.cli.AdminTool"
BOLT_MAGIC: Final = bytes.fromhex("6060b017")
BOLT_OFFERS: Final = bytes.fromhex("00000405 00000404 00000004 00000003")  # 5.4, 4.4, 4.0, 3.0: any answer will do
START_SECONDS: Final = 180.0  # 8-20 s on two idle cores; recovery after a kill takes 24 s
STOP_SECONDS: Final = 120.0  # 10-14 s measured
LOG_LINES: Final = 25
JVM_FLAGS: Final = (
    "-Dfile.encoding=UTF-8",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    "-Dlog4j2.disable.jmx=true",
    "-Dio.netty.tryReflectionSetAccessible=true",
)
LONG_LIVED: Final = ("-XX:+UseG1GC",)
SHORT_LIVED: Final = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""Compile quickly rather than well: start and first queries cost half the processor time (12 s against 26 s)."""
SETTINGS: Final[Mapping[str, str]] = {
    "server.http.enabled": "false",
    "server.https.enabled": "false",
    "server.directories.data": "data",
    "server.directories.import": "import",
    "server.memory.pagecache.size": "256m",
    "db.tx_log.rotation.size": "1m",
    "dbms.usage_report.enabled": "false",
    "db.transaction.timeout": "30s",
}


class LocalNeo4j:
    """One server with its own folder, port and password; started and stopped by us, on loopback only.

    `home` may be empty (a new database) or the home of an earlier run: then its data and password are kept.
    `settings` are neo4j.conf keys that replace or add to SETTINGS. `short_lived` suits a server gone in minutes.
    Start it from a thread that lives as long as it does. Raises LocalServerError.
    """

    user = USER

    def __init__(
        self,
        home: Path,
        *,
        port: int | None = None,
        password: str | None = None,
        heap: str = "512m",
        settings: Mapping[str, str] | None = None,
        version: str | None = None,
        short_lived: bool = False,
    ) -> None:
        self.home = home.resolve()
        self.port = port or free_port()
        self.heap = heap
        self.settings = {**SETTINGS, **(settings or {})}
        self.version = version
        self.short_lived = short_lived
        self.password_file = self.home / "password"
        kept = self.password_file.read_text(encoding="utf-8").strip() if self.password_file.exists() else None
        self.password = password or kept or secrets.token_urlsafe(18)
        if kept and kept != self.password:
            raise LocalServerError(f"{self.home} was made with another password: see {self.password_file}")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """What a driver connects to."""
        return f"neo4j://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the running server, for tests that kill or freeze it."""
        if self._process is None:
            raise LocalServerError("the server is not running")
        return self._process.pid

    @property
    def log(self) -> Path:
        """What the server writes to its console."""
        return self.home / "console.log"

    def start(self) -> Self:
        """Start and wait until bolt answers."""
        if self._process is not None:
            raise LocalServerError("the server is already running")
        jars = fetch_jars(self.version)
        java = tool("java")
        self._write_conf()
        if not self.password_file.exists():
            self._set_password(java, jars)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command(java, jars),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches us alone, so that we can stop the server in order
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Ask the server to end and wait for it. Safe to call twice."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise LocalServerError(f"the server did not stop within {STOP_SECONDS:.0f} s; {self._tail()}") from None

    def wait(self) -> int:
        """Wait until the server ends by itself; returns its exit code."""
        if self._process is None:
            raise LocalServerError("the server is not running")
        return self._process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _command(self, java: str, jars: Path) -> list[str]:
        compiler = SHORT_LIVED if self.short_lived else LONG_LIVED
        memory = (f"-Xms{self.heap}", f"-Xmx{self.heap}")
        folders = (f"--home-dir={self.home}", f"--config-dir={self.home / 'conf'}")
        flags = (*memory, *compiler, *JVM_FLAGS, "-cp", f"{jars}/*")
        return [*_dies_with_us(), java, *flags, main_class(jars), *folders, "--console-mode"]

    def _write_conf(self) -> None:
        for folder in ("conf", "data", "import", "logs"):
            (self.home / folder).mkdir(parents=True, exist_ok=True)
        address = f"127.0.0.1:{self.port}"
        keys = {
            "server.bolt.listen_address": address,
            "server.bolt.advertised_address": address,
            **self.settings,
        }
        text = "".join(f"{key}={value}\n" for key, value in keys.items())
        (self.home / "conf" / "neo4j.conf").write_text(text, encoding="utf-8")

    def _set_password(self, java: str, jars: Path) -> None:
        run(
            # after "--", or a password that begins with a dash is taken for an option
            [java, *SHORT_LIVED, "-cp", f"{jars}/*", ADMIN_TOOL, "dbms", "set-initial-password", "--", self.password],
            "the initial password could not be set",
            {"NEO4J_HOME": str(self.home), "NEO4J_CONF": str(self.home / "conf")},
        )
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(self.password + "\n", encoding="utf-8")

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                raise LocalServerError(f"the server ended while starting; {self._tail()}")
            if bolt_answers(self.port):
                return
            time.sleep(0.2)
        raise LocalServerError(f"the server did not answer within {START_SECONDS:.0f} s; {self._tail()}")

    def _tail(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return f"{self.log} ends:\n" + "\n".join(lines[-LOG_LINES:])


def bolt_answers(port: int, timeout: float = 2.0) -> bool:
    """Whether something on loopback completes a bolt handshake."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as line:
            line.sendall(BOLT_MAGIC + BOLT_OFFERS)
            return len(line.recv(4)) == len(BOLT_MAGIC)
    except OSError:
        return False


def free_port() -> int:
    """A port on loopback that nobody listens at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _dies_with_us() -> Sequence[str]:
    """A killed test run leaves no server behind: where util-linux can arrange it, it ends with the starting thread."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM") if setpriv else ()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a server in the foreground until Ctrl-C; prints the settings that point Ringsight at it."""
    parser = argparse.ArgumentParser(prog="neo4j_local", description=main.__doc__)
    parser.add_argument("--home", type=Path, default=Path(".neo4j"), help="folder of the server's data (kept)")
    parser.add_argument("--port", type=int, default=7687)
    parser.add_argument("--heap", default="512m")
    parser.add_argument("--fetch-only", action="store_true", help="fetch the jars and end")
    given = parser.parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores SIGINT unless told
        signal.signal(number, _interrupt)
    try:
        if given.fetch_only:
            print(fetch_jars())
            return 0
        return _serve(LocalNeo4j(given.home, port=given.port, heap=given.heap))
    except LocalServerError as error:
        print(f"neo4j_local: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _serve(server: LocalNeo4j) -> int:
    if bolt_answers(server.port):
        raise LocalServerError(f"port {server.port} is in use; choose another with --port")
    print(f"Starting Neo4j {pinned_version()} in {server.home} (the first time fetches about 125 MB) ...", flush=True)
    with server:
        print("Ready. In another terminal:\n")
        print(f"  export RINGSIGHT_STORE={server.uri}")
        print(f"  export RINGSIGHT_NEO4J_USER={server.user}")
        print(f"  export RINGSIGHT_NEO4J_PASSWORD_FILE={shlex.quote(str(server.password_file))}\n")
        print("Ctrl-C stops the server; its data stays.", flush=True)
        return server.wait()


if __name__ == "__main__":
    sys.exit(main())
