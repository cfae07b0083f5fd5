"""Seeded ordered answers, and each model in lavaan's syntax: ``python cases.py FOLDER``.

Models are those of Wu & Estabrook (2016) in the delta parametrisation; every parameter has a label,
and the names that this package gives to the labels are written beside it.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import numpy as np

# Persons, categories of each item, occasions, groups, share missing, seed, steps that exist.
ALL = ("configural", "thresholds", "metric", "scalar")
CASES = {
    "groups": (600, (4, 4, 5, 4, 5), 1, ("a", "b"), 0.0, 1, ALL),
    "occasions": (500, (5, 4, 3, 4), 3, ("",), 0.06, 2, ALL),
    "three": (500, (3, 3, 2, 3), 2, ("",), 0.0, 3, ("configural", "metric", "scalar")),
    "binary": (900, (2,) * 6, 1, ("a", "b"), 0.0, 4, ("configural", "scalar")),
    "both": (700, (4, 5, 4, 3), 2, ("a", "b"), 0.05, 5, ALL),
}
LOADINGS = (0.8, 0.7, 0.6, 0.75, 0.65, 0.7)
EASY = (-0.6, -0.2, 0.1, -0.4, -0.1, 0.5)


def answers(case):
    """Persons × occasions × items, NaN where missing, and each person's group."""
    n, sizes, times, groups, missing, seed, _ = CASES[case]
    rng = np.random.default_rng(seed)
    group = np.arange(n) % len(groups)
    factor = 0.8 * rng.normal(size=(n, 1)) + 0.6 * rng.normal(size=(n, times))
    factor = (1 + 0.2 * group[:, None]) * factor + 0.3 * group[:, None] + 0.2 * np.arange(times)
    k = len(sizes)
    own = 0.5 * rng.normal(size=(n, 1, k)) + 0.85 * rng.normal(size=(n, times, k))
    loading = np.array(LOADINGS[:k])
    response = loading * factor[:, :, None] + np.sqrt(1 - loading**2) * own
    values = np.empty_like(response)
    for j, size in enumerate(sizes):
        steps = EASY[j] + np.linspace(0, 1.6, size - 1) if size > 2 else [EASY[j]]
        values[:, :, j] = np.digitize(response[:, :, j], steps)
    values[rng.random(values.shape) < missing] = np.nan
    return values, np.array(groups)[group]


def long(case):
    """Columns with a row per person and occasion."""
    values, group = answers(case)
    n, times, k = values.shape
    found = {"id": np.repeat(np.arange(n), times), "wave": np.tile(np.arange(times), n)}
    found |= {f"i{j + 1}": values[:, :, j].ravel() for j in range(k)}
    return found | {"site": np.repeat(group, times)}


class Syntax:
    """Lines of lavaan's syntax; each name of ours gets a label."""

    def __init__(self, groups):
        self.lines, self.labels, self.groups = [], {}, groups

    def add(self, left, operator, right, told):
        """Add a parameter: by group, a name, or the number that it is."""
        free = ",".join("NA" if isinstance(one, str) else str(one) for one in told)
        labels = ",".join(
            self.labels.setdefault(one, f"q{len(self.labels)}q")
            if isinstance(one, str)
            else f"x{len(self.lines)}x{place}"
            for place, one in enumerate(told)
        )
        self.lines.append(f"{left} {operator} c({free})*{right} + c({labels})*{right}")


def syntax(case, step):
    """One step's model in lavaan's syntax."""
    _, sizes, times, groups, *_ = CASES[case]
    told = Syntax(groups)
    at = lambda name, t: f"{name}@{t}" if times > 1 else name  # noqa: E731
    of = lambda name, g: f"{name} [{groups[g]}]" if groups[g] else name  # noqa: E731
    level, G = ALL.index(step), range(len(groups))
    for t in range(times):
        first = [g == 0 and t == 0 for g in G]
        factor = at("factor", t)
        for j, size in enumerate(sizes):
            item, seen = f"i{j + 1}", f"i{j + 1}_{t}"
            mine = at(item, t)
            for c in range(1, size):
                told.add(seen, "|", f"t{c}", [f"threshold({item}|{c})" if level >= 1
                         else of(f"threshold({mine}|{c})", g) for g in G])  # fmt: skip
            told.add(f"f{t}", "=~", seen, [f"loading({item})" if level >= 2
                     else of(f"loading({mine})", g) for g in G])  # fmt: skip
            moves = [level in (1, 2) and not first[g] for g in G]
            told.add(seen, "~", "1", [of(f"intercept({mine})", g) if moves[g] else 0 for g in G])
            wide = [level >= (1 if size > 2 else 2) and not first[g] for g in G]
            told.add(seen, "~*~", seen, [of(f"scale({mine})", g) if wide[g] else 1 for g in G])
        means = [of(f"mean({factor})", g) if level == 3 and not first[g] else 0 for g in G]
        told.add(f"f{t}", "~", "1", means)
        spreads = [of(f"var({factor})", g) if level >= 2 and not first[g] else 1 for g in G]
        told.add(f"f{t}", "~~", f"f{t}", spreads)
    for s, t in combinations(range(times), 2):
        told.add(f"f{s}", "~~", f"f{t}", [of(f"cov(factor@{s},factor@{t})", g) for g in G])
        for j in range(len(sizes)):
            told.add(f"i{j + 1}_{s}", "~~", f"i{j + 1}_{t}",
                     [of(f"resid(i{j + 1}@{s},i{j + 1}@{t})", g) for g in G])  # fmt: skip
    return told


def main(folder):
    """Write data, syntax and names of every case and step."""
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    for case, (_, sizes, times, *_, steps) in CASES.items():
        values, group = answers(case)
        names = [f"i{j + 1}_{t}" for t in range(times) for j in range(len(sizes))]
        rows = [",".join([*names, "site"])]
        for row, label in zip(values.reshape(len(values), -1), group, strict=True):
            cells = ["NA" if v != v else str(int(v)) for v in row]
            rows.append(",".join([*cells, label or "all"]))
        (folder / f"{case}.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
        for step in steps:
            told = syntax(case, step)
            path = folder / f"{case}-{step}"
            path.with_suffix(".lav").write_text("\n".join(told.lines) + "\n", encoding="utf-8")
            text = "\n".join(f"{label}\t{name}" for name, label in told.labels.items())
            path.with_suffix(".names").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
