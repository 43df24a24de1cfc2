"""Ratios of this run beside the stored ones: what became slower by more than noise is named.

A machine's seconds say little elsewhere, so only ratios are stored: beside what was measured in the same run, and, for
what grows, what one thing costs at the largest count beside the smallest. `stored.json` has the middle, the lowest and
the highest of several runs; a ratio is a regression where it falls below the lowest by more than half of that spread,
or by a tenth of the middle where the runs were closer together than that.
"""

import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.bench.rows import Row

STORED = Path(__file__).parent / "stored.json"
LEAST_NOISE = 0.1


def ratios(rows: Iterable[Row]) -> dict[str, float]:
    """Every ratio of a run by its name. Greater is better for all of them."""
    found: dict[str, float] = {}
    curves: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        if row.count is not None:
            curves[row.name].append(row)
        if row.ratio is not None:
            found[f"{row.name}, beside {row.beside}"] = row.ratio
    for name, points in curves.items():
        first, last = min(points, key=_count), max(points, key=_count)
        if len(points) > 1 and first.ours and last.ours:
            if first.more_is_better:
                found[f"{name}, at {last.count:,} beside {first.count:,}"] = last.ours / first.ours
            elif first.unit == "MB":  # memory: that it stays
                found[f"{name}, at {last.count:,} beside {first.count:,}"] = first.ours / last.ours
            else:
                each = [point.ours / _count(point) for point in (first, last)]
                found[f"{name}, each at {last.count:,} beside {first.count:,}"] = each[0] / each[1]
    return found


def _count(row: Row) -> int:
    return row.count or 1


def spread_of(runs: Sequence[dict[str, float]]) -> dict[str, dict[str, float]]:
    """What is stored of several runs."""
    names = sorted(set().union(*runs))
    seen = {name: [run[name] for run in runs if name in run] for name in names}
    return {
        name: {"middle": statistics.median(each), "lowest": min(each), "highest": max(each), "runs": len(each)}
        for name, each in seen.items()
    }


def store(runs: Sequence[dict[str, float]], path: Path = STORED) -> None:
    rounded = {
        name: {key: float(f"{value:.3g}") for key, value in each.items()} for name, each in spread_of(runs).items()
    }
    path.write_text(json.dumps(rounded, indent=2, ensure_ascii=False) + "\n", "utf-8")


def regressions(run: dict[str, float], path: Path = STORED) -> list[str]:
    """A sentence for each ratio that fell below what is noise. What was not measured this time is passed over."""
    found = []
    for name, stored in json.loads(path.read_text("utf-8")).items():
        noise = max((stored["highest"] - stored["lowest"]) / 2, stored["middle"] * LEAST_NOISE)
        least = stored["lowest"] - noise
        if name in run and run[name] < least:
            found.append(f"{name}: {run[name]:.3g}, was {stored['middle']:.3g}; from {least:.3g} on it would be noise")
    return found
