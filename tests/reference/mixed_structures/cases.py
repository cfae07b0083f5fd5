"""Make the seeded data of the reference values: `python cases.py FOLDER` (NumPy only)."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np


def arms(n=50, rows=14, seed=21):
    """Three arms, an irregular clock, two predictors and many rows per person."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(n), rows)
    t = np.sort(rng.uniform(0, 4, (n, rows)), axis=1).ravel()
    x, z = rng.normal(size=(2, n * rows))
    arm = np.array(["control", "sport", "training"])[rng.integers(0, 3, n * rows)]
    b = rng.normal(size=(n, 5)) * [1.0, 0.5, 0.4, 0.5, 0.3]
    y = 1 + 0.5 * t - 0.1 * t**2 + 0.3 * x + 0.4 * (arm == "sport") * t
    y += np.sum(b[person] * np.column_stack([np.ones(n * rows), t, x, z, x * z]), axis=1)
    y += rng.normal(size=n * rows)
    return {"id": person + 1, "t": t, "x": x, "z": z, "arm": arm, "y": y}


def sites(n_sites=14, persons=(4, 14), rows=(1, 6), seed=31, *, site=0.9, slope=0.25):
    """Persons in sites, effects of both; `id` counts within a site, `person` over all."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(persons[0], persons[1] + 1, n_sites)
    site_of = np.repeat(np.arange(n_sites), sizes)
    local = np.concatenate([np.arange(size) for size in sizes])
    counts = rng.integers(rows[0], rows[1] + 1, len(site_of))
    person = np.repeat(np.arange(len(site_of)), counts)
    t = np.concatenate([np.sort(rng.uniform(0, 5, count)) for count in counts])
    x = rng.normal(size=len(person))
    u = rng.normal(size=(n_sites, 2)) * [site, slope]
    b = rng.normal(size=(len(site_of), 2)) @ [[1.1, 0.2], [0.0, 0.4]]
    here = site_of[person]
    y = 3 + 0.4 * t - 0.2 * x + u[here, 0] + u[here, 1] * t + b[person, 0] + b[person, 1] * t
    y += rng.normal(size=len(person)) * 0.8
    return {
        "site": np.array([f"s{code:02d}" for code in here]),
        "id": local[person] + 1,
        "person": person + 1,
        "t": t,
        "x": x,
        "y": y,
    }


def serial(n=70, rows=(3, 9), seed=41, *, rho=0.6, spread=0.8, slope=0.0):
    """Residuals with correlation rho to the power of the time between, at irregular times."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(rows[0], rows[1] + 1, n)
    person, clock, noise = [], [], []
    for who, count in enumerate(counts):
        times = np.cumsum(rng.integers(1, 4, count) * 0.5)
        e = rng.normal(size=count)
        for j in range(1, count):
            share = rho ** (times[j] - times[j - 1])
            e[j] = share * e[j - 1] + np.sqrt(1 - share**2) * e[j]
        person += [who + 1] * count
        clock += times.tolist()
        noise += e.tolist()
    person, t = np.array(person), np.array(clock)
    x = rng.normal(size=len(t))
    y = 2 + 0.3 * t + 0.5 * x + spread * rng.normal(size=n)[person - 1] + np.array(noise)
    y += slope * rng.normal(size=n)[person - 1] * t
    return {"id": person, "t": t, "x": x, "y": y}


def occasions(n=60, seed=51, *, spreads=(1.0, 1.6, 0.7, 2.2), rho=0.0):
    """Four occasions, residuals of unequal spread, some forms missing."""
    rng = np.random.default_rng(seed)
    count = len(spreads)
    person = np.repeat(np.arange(n), count)
    t = np.tile(np.arange(count, dtype=float), n)
    e = rng.normal(size=(n, count))
    for j in range(1, count):
        e[:, j] = rho * e[:, j - 1] + np.sqrt(1 - rho**2) * e[:, j]
    y = 1 + 0.4 * t + rng.normal(size=n)[person] + (e * spreads).ravel()
    arm = np.where(person % 2 == 0, "control", "training")
    kept = rng.uniform(size=n * count) > 0.15
    columns = {"id": person + 1, "t": t, "occasion": t.astype(int) + 1, "arm": arm, "y": y}
    return {name: values[kept] for name, values in columns.items()}


def nights(n=40, days=4, beeps=6, seed=61, *, rho=0.8):
    """Several prompts a day at irregular hours; residuals begin anew each day."""
    rng = np.random.default_rng(seed)
    rows = []
    level = rng.normal(size=n)
    for who in range(n):
        for day in range(days):
            hours = np.sort(
                rng.choice(np.arange(8.0, 22.0, 0.5), rng.integers(2, beeps + 1), False)
            )
            e = rng.normal(size=len(hours))
            for j in range(1, len(hours)):
                share = rho ** (hours[j] - hours[j - 1])
                e[j] = share * e[j - 1] + np.sqrt(1 - share**2) * e[j]
            x = rng.normal(size=len(hours))
            y = 2 + 0.5 * x + 0.8 * level[who] + e
            rows += [[who + 1, day + 1, *values] for values in zip(hours, x, y, strict=True)]
    columns = dict(zip(("id", "day", "hours", "x", "y"), np.array(rows).T, strict=True))
    return {**columns, "id": columns["id"].astype(int), "day": columns["day"].astype(int)}


CASES = {
    "arms": arms(),
    "sites": sites(),
    "level": sites(seed=32, site=0.0, slope=0.0),
    "serial": serial(),
    "sloped": serial(90, (5, 9), 42, slope=0.3),
    "occasions": occasions(),
    "both": occasions(seed=52, rho=0.5),
    "nights": nights(),
}

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in CASES.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            writer.writerows(
                [v.item() if v.dtype.kind == "U" else repr(v.item()) for v in row]
                for row in zip(*columns.values(), strict=True)
            )
