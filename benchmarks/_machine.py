"""What a saved figure must say of where it was measured, and how a step of the command line is timed."""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

RESULTS: Final = Path(__file__).with_name("results")
PACKAGES: Final = ("fastapi", "igraph", "numpy", "orjson", "polars", "pydantic", "sqlalchemy", "uvicorn")
CLI: Final = (sys.executable, "-c", "from api.cli import main; main()")
KIB_PER_MIB: Final = 1024


@dataclass(frozen=True, slots=True)
class Step:
    """One command in a process of its own: wall and processor seconds, greatest resident memory, its JSON."""

    words: tuple[str, ...]
    seconds: float
    processor_seconds: float
    peak_mib: float
    said: dict[str, Any]


def machine() -> dict[str, Any]:
    """Cores, load when asked, Python and package versions."""
    return {
        "cores": os.cpu_count(),
        "load_average": [round(value, 2) for value in os.getloadavg()],
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "packages": {name: version(name) for name in PACKAGES},
    }


def ringsight(home: Path, *words: str, log: Path, policy: Path | None = None) -> Step:
    """Run one `ringsight` command and measure its process. Raises RuntimeError when it fails."""
    environment = {**os.environ, "RINGSIGHT_HOME": str(home), "RINGSIGHT_POLICY": str(policy or "")}
    started = time.perf_counter()
    with log.open("ab") as noise, (log.parent / "out").open("wb") as out:
        child = subprocess.Popen([*CLI, *words], env=environment, stdout=out, stderr=noise)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    text = (log.parent / "out").read_text(encoding="utf-8")
    if child.returncode != 0:
        raise RuntimeError(f"ringsight {words[0]}: exit code {child.returncode}\n{log.read_text()[-2000:]}")
    said = json.loads(text) if "--json" in words else {"text": text}
    return Step(
        words,
        round(seconds, 2),
        round(usage.ru_utime + usage.ru_stime, 2),
        round(usage.ru_maxrss / KIB_PER_MIB, 1),
        said,
    )


def save(name: str, result: dict[str, Any]) -> Path:
    """Write a result beside the code."""
    return keep(RESULTS / f"{name}.json", result)


def keep(path: Path, result: Mapping[str, Any]) -> Path:
    """Write a result where it is wanted, with the folders that lead there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
