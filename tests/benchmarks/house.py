"""A house that answers the benchmarks' commands without doing them, and notes what it was told."""

from pathlib import Path
from typing import Any

from benchmarks._machine import Step

OUTCOMES = "编号,结果\nA1,confirmed_fraud\nA2,confirmed_fraud\nA3,cleared\n"
TRUTH = "application_id,ring_id,typology\nA1,r1,cohort\nA2,r2,address_mill\nA3,,cohort\n"


def report(recall: float) -> dict[str, Any]:
    """One method's report with the figures that a summary reads."""
    method = {
        "name": "ringsight",
        "applicant": {
            "roc_auc": 0.9, "average_precision": recall, "recall_top2": recall, "exposure_top2": None,
            "weekly": [{"k": 50, "mean_recall": 0.5}],
        },
        "ring": {"usable": 0.5, "matched": 0.5, "precision": 0.5, "fragments": 1.0},
        "calibration": {"error": 0.01, "late": 0.02, "by_level": 0.03},
        "worst": {"recall_top2": recall / 2},
        "typologies": [{"name": "cohort", "applications": 10, "recall_top2": recall, "judged": True}],
        "innocents": [
            {"name": "honest", "applications": 90, "per_10000": 10.0, "share_of_top100": 0.5},
            {"name": "family", "applications": 10, "per_10000": 100 * recall, "share_of_top100": 0.25},
        ],
    }  # fmt: skip
    return {"methods": [method]}


class House:
    """Stands in for the command line: notes every command, writes the files that synth would."""

    def __init__(self) -> None:
        self.said: list[tuple[str, ...]] = []
        self.loaded: list[str] = []
        self.policies: list[str] = []

    def __call__(self, home: Path, *words: str, log: Path, policy: Path | None = None) -> Step:
        self.said.append((home.name, *words))
        self.policies.append(policy.read_text(encoding="utf-8") if policy else "")
        found: dict[str, Any] = {"text": "[source]"}
        if words[0] == "synth":
            (Path(words[1]) / "truth").mkdir(parents=True)
            (Path(words[1]) / "outcomes.csv").write_text(OUTCOMES, encoding="gb18030")
            (Path(words[1]) / "truth" / "truth.csv").write_text(TRUTH, encoding="utf-8")
            found = {"encoding": "gb18030"}
        if words[:1] == ("load",) and "outcomes" in words:
            self.loaded.append(Path(words[1]).read_text(encoding="gb18030"))
        if words[0] == "evaluate":
            found = report(0.5)
        return Step(words, 1.0, 1.0, 100.0, found)

    def told(self, home: str) -> list[str]:
        return [words[0] for name, *words in self.said if name == home]
