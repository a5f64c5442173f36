"""Load and sweep of a sample book, each step as a process of its own: seconds and peak memory.

Run: python -m benchmarks.pipeline [--applications N] [--seed N]
"""

import argparse
import json
import tempfile
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
        print(f"{name:9} {step['seconds']:8.1f} s  {step['peak_mib']:8.0f} MiB  {json.dumps(step['counts'])}")
    print(f"saved {path.name}")


def run(folder: Path, applications: int, seed: int) -> dict[str, dict[str, Any]]:
    """Every step of a first day on a book of `applications`."""
    home, log, book = folder / "home", folder / "log", folder / "book"
    figures = {}
    ringsight(home, "init", log=log)
    size = ("--applications", str(applications), "--seed", str(seed))
    figures["synth"] = _figures(ringsight(home, "synth", str(book), *size, "--json", log=log), ())
    for kind in ("applications", "outcomes"):
        file, mapping = str(book / f"{kind}.csv"), folder / f"{kind}.toml"
        proposed = ringsight(home, "map", file, "--kind", kind, log=log)
        mapping.write_text(str(proposed.said["text"]), encoding="utf-8")
        words = ("load", file, "--kind", kind, "--mapping", str(mapping), "--json")
        counts = ("read", "loaded", "duplicate", "quarantined")
        figures[f"load {kind}"] = _figures(ringsight(home, *words, log=log), counts)
    figures["sweep"] = _figures(ringsight(home, "sweep", "--json", log=log), ("applications", "rings", "recomputed"))
    return figures


def _figures(step: Step, counts: tuple[str, ...]) -> dict[str, Any]:
    return {
        "seconds": step.seconds,
        "processor_seconds": step.processor_seconds,
        "peak_mib": step.peak_mib,
        "counts": {name: step.said[name] for name in counts},
    }


if __name__ == "__main__":
    main()
