"""Make the seeded data of the reference values: `python cases.py FOLDER` (NumPy only)."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np


def chain(n=250, k=6, seed=11, *, link=0.45):
    """Variables in a row, each linked with the next; one that is linked with nothing."""
    rng = np.random.default_rng(seed)
    precision = np.eye(k)
    for j in range(k - 2):
        precision[j, j + 1] = precision[j + 1, j] = -link
    root = np.linalg.cholesky(np.linalg.inv(precision))
    values = 3 + rng.normal(size=(n, k)) @ root.T
    return {f"v{j + 1}": column for j, column in enumerate(values.T)}


def factor(n=120, k=9, seed=12):
    """One thing behind all variables: a dense network; answers in steps."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=n)
    values = 0.8 * common[:, None] + rng.normal(size=(n, k))
    return {f"v{j + 1}": np.round(2 * column) / 2 for j, column in enumerate(values.T)}


def prompts(n=45, days=6, beeps=7, seed=21, *, missed=0.15, spread=0.12):
    """Three moods of persons who answer several times a day; prompts are missed at random."""
    rng = np.random.default_rng(seed)
    temporal = np.array([[0.35, 0.15, 0.0], [0.0, 0.25, -0.2], [0.0, 0.0, 0.3]])
    noise = np.linalg.cholesky(np.array([[1.0, 0.4, 0.0], [0.4, 1.0, -0.3], [0.0, -0.3, 1.0]]))
    levels = np.linalg.cholesky(np.array([[1.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 1.0]]))
    rows = []
    for person in range(n):
        own = temporal + spread * rng.normal(size=(3, 3))
        mean = 4 + levels @ rng.normal(size=3)
        for day in range(days):
            state = noise @ rng.normal(size=3)
            for beep in range(beeps):
                state = own @ state + noise @ rng.normal(size=3)
                if rng.uniform() >= missed:
                    rows.append([person + 1, day + 1, beep + 1, *(mean + state)])
    columns = np.array(rows).T
    found = {name: columns[j].astype(int) for j, name in enumerate(("id", "day", "beep"))}
    return {**found, **{name: columns[3 + j] for j, name in enumerate(("calm", "tired", "tense"))}}


CASES = {"chain": chain(), "factor": factor(), "prompts": prompts()}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in CASES.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(
                [repr(value.item()) for value in row] for row in zip(*columns.values(), strict=True)
            )
