"""Random-intercept cross-lagged panel models beside lavaan, with values missing.

    python benchmarks/bench_cross_lagged.py [quick]

Same data, frame in memory to finished result with observed standard errors and indices of fit, each
in processor seconds by its own program's clock (ours the median of five fits). Where R or lavaan is
missing, only our seconds are shown. `quick` takes a quarter of the persons and the smaller model.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measuring import HERE, call, save

from salutogen.models import CrossLaggedPanel

REPEATS = 5
PERSONS = 1_189
WORKS = {"two": (5, 2), "three": (8, 3)}  # occasions, outcomes
MISSING = 0.12  # of the occasions; one in twenty persons also leaves for good at each
ASKED = 50


def panel(persons: int, occasions: int, outcomes: int) -> np.ndarray:
    """Values (persons, occasions, outcomes) with levels and lags, NaN where missing."""
    rng = np.random.default_rng(91)
    mixing = np.linalg.cholesky(np.full((outcomes, outcomes), 0.3) + 0.7 * np.eye(outcomes))
    lags = np.full((outcomes, outcomes), 0.08) + 0.2 * np.eye(outcomes)
    level = rng.normal(size=(persons, outcomes)) @ mixing.T
    deviation = rng.normal(size=(persons, outcomes)) @ mixing.T
    values = np.empty((persons, occasions, outcomes))
    for t in range(occasions):
        if t:
            deviation = deviation @ lags.T + rng.normal(size=(persons, outcomes)) @ mixing.T
        values[:, t] = 5 + 0.1 * t + level + deviation
    values[rng.random((persons, occasions)) < MISSING] = np.nan
    last = rng.geometric(0.05, size=persons)
    values[np.arange(occasions) > last[:, None]] = np.nan
    return values[np.isfinite(values).any(axis=(1, 2))]


def long(values: np.ndarray) -> pl.DataFrame:
    """A row per person and occasion that is there."""
    persons, occasions, outcomes = values.shape
    columns = {
        "id": np.repeat(np.arange(persons), occasions),
        "wave": np.tile(np.arange(1, occasions + 1), persons),
    } | {"xyz"[k]: values[:, :, k].ravel() for k in range(outcomes)}
    return pl.DataFrame(columns).filter(pl.col("x").is_not_nan())


def wide(values: np.ndarray) -> pl.DataFrame:
    """A row per person."""
    _, occasions, outcomes = values.shape
    columns = {
        f"{'xyz'[k]}{t + 1}": values[:, t, k] for t in range(occasions) for k in range(outcomes)
    }
    return pl.DataFrame(columns).fill_nan(None)


def ours(values: np.ndarray) -> dict[str, Any]:
    """Median seconds, log-likelihood and lags."""
    frame, names = long(values), tuple("xyz"[: values.shape[2]])
    model = CrossLaggedPanel(outcomes=names, person="id", occasion="wave")
    model.fit(frame)
    seconds = []
    for _ in range(REPEATS):
        begun = time.process_time()
        result = model.fit(frame)
        seconds.append(time.process_time() - begun)
    lags = [result.estimates[f"{to}<-{source}"] for to in names for source in names]
    return {
        "seconds": statistics.median(seconds),
        "loglik": result.log_likelihood,
        "lags": lags,
        "patterns": result.n_patterns,
    }


def theirs(panels: dict[str, np.ndarray], repeats: int) -> dict[str, Any] | None:
    """The same of lavaan, or None where it is missing."""
    if shutil.which("Rscript") is None:
        return None
    test = ["Rscript", "-e", "library(lavaan)"]
    if subprocess.run(test, capture_output=True, check=False, timeout=120).returncode != 0:
        return None
    with tempfile.TemporaryDirectory() as folder:
        for name, values in panels.items():
            wide(values).write_csv(Path(folder) / f"{name}.csv", null_value="NA")
        script = ["Rscript", str(HERE / "peer_cross_lagged.R"), folder, str(repeats), *panels]
        answer: dict[str, Any] = json.loads(call(script)[2].strip().splitlines()[-1])
    return answer


def row(values: np.ndarray, mine: dict[str, Any], peer: dict[str, Any] | None) -> dict[str, Any]:
    """One line of the table."""
    persons, occasions, outcomes = values.shape
    size = f"{persons:,} persons × {occasions} occasions × {outcomes}"
    what = f"random-intercept cross-lagged panel, {size}, {mine['patterns']} missing patterns"
    if peer is None:
        return {"what": what, "measured": f"{mine['seconds']:.3f} processor seconds, no lavaan"}
    times = peer["seconds"] / mine["seconds"]
    apart = float(np.max(np.abs(np.subtract(mine["lags"], peer["lags"]))))
    return {
        "what": f"{what}, beside lavaan",
        "measured": f"{mine['seconds']:.3f} processor seconds against {peer['seconds']:.2f} "
        f"({times:.0f} times), "
        f"log-likelihood higher by {mine['loglik'] - peer['loglik']:.1e}, lags apart by "
        f"{apart:.0e} at most",
        "limit": f"{ASKED} times",
        "short": f"cross-lagged panel, {occasions} × {outcomes}",
        "peer": "lavaan",
        "times": round(times, 1),
        "asked": ASKED,
    }


def main() -> None:
    quick = sys.argv[1:] == ["quick"]
    works = {"two": WORKS["two"]} if quick else WORKS
    panels = {
        name: panel(PERSONS // 4 if quick else PERSONS, *size) for name, size in works.items()
    }
    mine = {name: ours(values) for name, values in panels.items()}
    peer = theirs(panels, 1)
    rows = [
        row(values, mine[name], None if peer is None else peer[name])
        for name, values in panels.items()
    ]
    if quick:
        for one in rows:
            print(f"{one['what']}: {one['measured']}")
    else:
        save("cross_lagged", rows, version=None if peer is None else peer["version"])


if __name__ == "__main__":
    main()
