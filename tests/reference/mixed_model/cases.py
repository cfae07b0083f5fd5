"""Make the seeded data of the reference values: `python cases.py FOLDER` (NumPy only)."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np


def panel(n, rows, seed, *, covariance, fixed=(2.0, 0.5, -0.3), residual=1.0, offset=0.0):
    """Persons with a random intercept and slope on t, unequal numbers of rows."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(rows[0], rows[1] + 1, n)
    person = np.repeat(np.arange(n), counts)
    t = np.concatenate([np.sort(rng.uniform(0, 8, count)) for count in counts])
    x = rng.normal(size=n)[person] * 0.7 + rng.normal(size=len(person))
    values, vectors = np.linalg.eigh(np.asarray(covariance, dtype=float))
    root = vectors * np.sqrt(np.clip(values, 0, None))
    b = rng.normal(size=(n, 2)) @ root.T
    y = fixed[0] + fixed[1] * t + fixed[2] * x + b[person, 0] + b[person, 1] * t
    y += rng.normal(size=len(person)) * residual
    return {"id": person + 1, "t": t + offset, "x": x, "y": y}


def zigzag(n, rows, seed):
    """Persons less alike than chance: the intercept's variance is estimated as zero."""
    rng = np.random.default_rng(seed)
    e = rng.normal(size=(n, rows))
    e -= e.mean(axis=1, keepdims=True) * 0.9
    person = np.repeat(np.arange(n), rows)
    t = np.tile(np.arange(rows, dtype=float), n)
    return {"id": person + 1, "t": t, "x": rng.normal(size=n * rows), "y": e.ravel() + 0.2 * t}


FULL = ((2.0, 0.3), (0.3, 0.25))
CASES = {
    "unbalanced": panel(80, (1, 9), 1, covariance=FULL),
    "singular": panel(60, (2, 6), 2, covariance=((0.5, 0.15), (0.15, 0.045))),
    "no_slope": panel(60, (2, 6), 7, covariance=((0.8, 0.0), (0.0, 0.0))),
    "zero": zigzag(40, 5, 4),
    "far": panel(70, (3, 7), 5, covariance=FULL, offset=2020.0),
}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in CASES.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(
                [repr(v.item()) for v in row] for row in zip(*columns.values(), strict=True)
            )
