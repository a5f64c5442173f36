"""The server's jars: fetched by Maven at the pinned version, kept between runs, and asked for the class to start."""

import fcntl
import os
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

POM: Final = Path(__file__).parent / "neo4j" / "pom.xml"
ENTRY_POINT: Final = "META-INF/services/org.neo4j.server.startup.EntryPoint"


class LocalServerError(Exception):
    """The server cannot be fetched, started or stopped; the message says what is missing."""


class ToolMissing(LocalServerError):
    """Java or Maven is not installed on this machine."""


def cache_folder() -> Path:
    """Where fetched jars are kept between runs: $RINGSIGHT_CACHE, else ~/.cache/ringsight."""
    given = os.environ.get("RINGSIGHT_CACHE")
    return Path(given) if given else Path.home() / ".cache" / "ringsight"


def pinned_version() -> str:
    """The version the pom pins; $RINGSIGHT_NEO4J_VERSION chooses the other supported leg."""
    given = os.environ.get("RINGSIGHT_NEO4J_VERSION")
    root = ElementTree.parse(POM).getroot()  # noqa: S314 - our own file, not somebody's input
    pinned = root.findtext("{*}properties/{*}neo4j.version")
    if not given and not pinned:
        raise LocalServerError(f"{POM} names no neo4j.version")
    return given or str(pinned)


def fetch_jars(version: str | None = None) -> Path:
    """Folder with the server's jars, fetched by Maven at the first call; safe for several processes at once."""
    wanted = version or pinned_version()
    target = cache_folder() / f"neo4j-{wanted}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with _locked(target.parent / f"{target.name}.lock"):
        if not target.is_dir():
            with tempfile.TemporaryDirectory(dir=target.parent) as aside:
                jars = Path(aside) / "lib"
                run(
                    [
                        tool("mvn"), "-q", "-B", "-f", str(POM), "dependency:copy-dependencies",
                        "-DincludeScope=runtime", f"-Dneo4j.version={wanted}", f"-DoutputDirectory={jars}",
                    ],
                    "Maven could not fetch the jars",
                )  # fmt: skip
                jars.rename(target)  # whole or not at all: an interrupted fetch is never taken for a server
    return target


def main_class(jars: Path) -> str:
    """The class to run, as the server's own jar declares it (it differs between versions)."""
    for jar in sorted(jars.glob("neo4j-[0-9]*.jar")):
        with zipfile.ZipFile(jar) as archive:
            if ENTRY_POINT in archive.namelist():
                lines = archive.read(ENTRY_POINT).decode("utf-8").splitlines()
                names = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
                if names:
                    return names[0]
    raise LocalServerError(f"{jars} holds no Neo4j server; remove the folder to fetch it again")


def tool(name: str) -> str:
    """Path of `java` ($JAVA_HOME first) or `mvn`. Raises ToolMissing, naming the package."""
    home = os.environ.get("JAVA_HOME")
    if name == "java" and home and (Path(home) / "bin" / "java").exists():
        return str(Path(home) / "bin" / "java")
    found = shutil.which(name)
    if not found:
        package = {"java": "openjdk-17-jre-headless", "mvn": "maven"}[name]
        raise ToolMissing(f"{name} is not installed (Debian: apt-get install {package})")
    return found


def run(command: Sequence[str], failure: str, environment: Mapping[str, str] | None = None) -> None:
    """Run to the end. Raises LocalServerError with `failure` and what the command said."""
    done = subprocess.run(
        command, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        said = (done.stdout + done.stderr).decode("utf-8", errors="replace").strip()
        raise LocalServerError(f"{failure}:\n{said}")


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
