"""Load, training and two sweeps of a sample book, each step as a process of its own: seconds and peak memory.

Run: python -m benchmarks.pipeline [--applications N] [--seed N]
"""

import argparse
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks._machine import Step, machine, ringsight, save


def main() -> None:
    """Measure, print, save."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--applications", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        steps = run(Path(folder), asked.applications, asked.seed)
    result = {"applications": asked.applications, "seed": asked.seed, "machine": machine(), "steps": steps}
    path = save("pipeline", result)
    for name, step in steps.items():
        figures = f"{step['seconds']:8.1f} s  {step['peak_mib']:8.0f} MiB  load {step['load_average']:5.2f}"
        print(f"{name:17} {figures}  {json.dumps(step['counts'])}")
    print(f"saved {path.name}")


def run(folder: Path, applications: int, seed: int) -> dict[str, dict[str, Any]]:
    """Every step of a first day on a book of `applications`; the second sweep is that of any later day."""
    home, log, book = folder / "home", folder / "log", folder / "book"
    figures = {}

    def step(name: str, *words: str, counts: tuple[str, ...] = ()) -> None:
        figures[name] = _figures(lambda: ringsight(home, *words, "--json", log=log), counts)

    ringsight(home, "init", log=log)
    step("synth", "synth", str(book), "--applications", str(applications), "--seed", str(seed))
    for kind in ("applications", "employers", "outcomes"):
        file, mapping = str(book / f"{kind}.csv"), folder / f"{kind}.toml"
        proposed = ringsight(home, "map", file, "--kind", kind, log=log)
        mapping.write_text(str(proposed.said["text"]), encoding="utf-8")
        counts = ("read", "loaded", "duplicate", "quarantined")
        step(f"load {kind}", "load", file, "--kind", kind, "--mapping", str(mapping), counts=counts)
    step("train", "train", counts=("applications", "planted", "confirmed", "trees"))
    for name in ("sweep", "sweep again"):
        step(name, "sweep", counts=("applications", "rings", "recomputed"))
    return figures


def _figures(done: Callable[[], Step], counts: tuple[str, ...]) -> dict[str, Any]:
    """What a step took. load_average: of the minute before it, since others' work is in its seconds."""
    load = round(os.getloadavg()[0], 2)
    step = done()
    return {
        "seconds": step.seconds,
        "processor_seconds": step.processor_seconds,
        "peak_mib": step.peak_mib,
        "load_average": load,
        "counts": {name: step.said[name] for name in counts},
    }


if __name__ == "__main__":
    main()
