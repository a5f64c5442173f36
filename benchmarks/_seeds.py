"""Many runs of one arm as one summary: mean, spread and interval over the seeds, typologies and innocents pooled."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any, Final

from scipy.stats import t as student

Run = Mapping[str, Any]
Spread = dict[str, float | None]

CONFIDENCE: Final = 0.95
HEADLINE: Final = 50  # applications opened a week
NO_CLASS: Final = "honest"


def spread(values: Iterable[float | None]) -> Spread:
    """Mean, standard deviation and half the 95 % interval of the mean (Student's t); None where seeds do not tell."""
    known = [value for value in values if value is not None]
    several = len(known) > 1
    sd = stdev(known) if several else None
    reach = student.ppf((1 + CONFIDENCE) / 2, len(known) - 1) if several else 0.0
    return {
        "mean": round(fmean(known), 4) if known else None,
        "sd": None if sd is None else round(sd, 4),
        "half": None if sd is None else round(float(reach) * sd / len(known) ** 0.5, 4),
    }


def _weekly(method: Run, key: str) -> float | None:
    return next((w[key] for w in method["applicant"]["weekly"] if w["k"] == HEADLINE), None)


def _classes(method: Run, key: str) -> float | None:
    return max((i[key] for i in method["innocents"] if i["name"] != NO_CLASS), default=None)


def _calibration(key: str) -> Callable[[Run], float | None]:
    return lambda method: method["calibration"][key] if method["calibration"] else None


FIGURES: Final[Mapping[str, Callable[[Run], float | None]]] = {
    "AUC": lambda m: m["applicant"]["roc_auc"],
    "AP": lambda m: m["applicant"]["average_precision"],
    "r2": lambda m: m["applicant"]["recall_top2"],
    "exposure": lambda m: m["applicant"]["exposure_top2"],
    "worst r2": lambda m: m["worst"]["recall_top2"] if m["worst"] else None,
    "usable": lambda m: m["ring"]["usable"],
    "matched": lambda m: m["ring"]["matched"],
    "ring prec.": lambda m: m["ring"]["precision"],
    "fragments": lambda m: m["ring"]["fragments"],
    "50 a week": lambda m: _weekly(m, "mean_recall"),
    "class top100": lambda m: _classes(m, "share_of_top100"),
    "ECE": _calibration("error"),
    "ECE late": _calibration("late"),
    "ECE levels": _calibration("by_level"),
}
"""By title: a method's figure in one run. worst r2: the worst typology of each seed's book, so below the pooled one.
50 a week: mean recall of a calendar week's 50 highest scores. class top100: the largest share of an innocent class."""


def by_method(runs: Sequence[Run]) -> dict[str, dict[str, Spread]]:
    """Every figure over the runs, by method."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        for method in run["report"]["methods"]:
            found.setdefault(method["name"], []).append(method)
    return {
        name: {title: spread(figure(one) for one in held) for title, figure in FIGURES.items()}
        for name, held in found.items()
    }


def typologies(runs: Sequence[Run]) -> dict[str, dict[str, Any]]:
    """Ours by typology: members of all runs together, found among the top 2 %, and each run's recall."""
    pooled: dict[str, dict[str, Any]] = {}
    for found in (t for run in runs for t in _ours(run)["typologies"]):
        kept = pooled.setdefault(found["name"], {"applications": 0, "found": 0.0, "judged": True, "by_seed": []})
        kept["applications"] += found["applications"]
        kept["found"] += found["applications"] * found["recall_top2"]
        kept["judged"] &= found["judged"]
        kept["by_seed"].append(found["recall_top2"])
    for kept in pooled.values():
        kept["r2"] = round(kept.pop("found") / kept["applications"], 4)
        kept["seeds"] = spread(kept.pop("by_seed"))
    return dict(sorted(pooled.items()))


def innocents(runs: Sequence[Run]) -> dict[str, dict[str, float]]:
    """Ours by innocent class: flags in 10,000 members of all runs together, and mean share of the top 100."""
    pooled: dict[str, dict[str, float]] = {}
    for found in (i for run in runs for i in _ours(run)["innocents"]):
        kept = pooled.setdefault(found["name"], {"applications": 0, "per_10000": 0.0, "share_of_top100": 0.0})
        kept["applications"] += found["applications"]
        kept["per_10000"] += found["applications"] * found["per_10000"]
        kept["share_of_top100"] += found["share_of_top100"] / len(runs)
    for kept in pooled.values():
        kept["per_10000"] = round(kept["per_10000"] / kept["applications"], 1)
        kept["share_of_top100"] = round(kept["share_of_top100"], 4)
    return dict(sorted(pooled.items()))


def _ours(run: Run) -> Run:
    ours: Run = run["report"]["methods"][0]
    return ours


def told(found: Spread) -> str:
    """A mean and half its interval."""
    if found["mean"] is None:
        return "-"
    return f"{found['mean']:.3f}" + ("" if found["half"] is None else f"±{found['half']:.3f}")


def table(title: str, summary: Mapping[str, Mapping[str, Spread]]) -> str:
    """A row a method, a column a figure."""
    lines = [f"{title:<12}" + "".join(f"{name:>13}" for name in FIGURES)]
    for name, figures in summary.items():
        lines.append(f"{name:<12}" + "".join(f"{told(figures[figure]):>13}" for figure in FIGURES))
    return "\n".join(lines)


def parts(title: str, runs: Sequence[Run]) -> str:
    """Ours by typology and by innocent class, the worst first."""
    kinds = sorted(typologies(runs).items(), key=lambda kind: kind[1]["r2"])
    classes = sorted(innocents(runs).items(), key=lambda kind: -kind[1]["share_of_top100"])
    lines = [f"{title}: r2 by typology (all seeds together; over seeds)"]
    for name, kept in kinds:
        mark = "" if kept["judged"] else "  (not judged: no payment event is loaded)"
        lines.append(f"  {name:<22}{kept['r2']:>7.3f}{told(kept['seeds']):>14}  of {kept['applications']:,}{mark}")
    lines.append(f"{title}: innocent classes (flags in 10,000; share of the top 100)")
    lines += [
        f"  {name:<22}{kept['per_10000']:>7.0f}{kept['share_of_top100']:>14.3f}  of {kept['applications']:,}"
        for name, kept in classes
    ]
    return "\n".join(lines)
