"""Multiple imputation by chained equations beside mice.

    python benchmarks/bench_imputation.py [quick]

1,000 persons on 12 occasions with 6 scores, a column each: 15 in 100 values are missing one by one,
and one person in fifty leaves for good at each occasion. 50 completed sets after 10 rounds, every
column drawn from all 71 others. Processor seconds of this process against those of mice by R's own
clock, which makes 5 of the 50 sets (chains do not know of each other; its seconds are times ten).
Means and slopes of both, pooled, stand side by side with what another seed would change. `quick`
takes a quarter of the persons and of the occasions.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measuring import HERE, call, save

from salutogen.models import ChainedImputation, fit_least_squares

PERSONS, OCCASIONS, SCORES = 1_000, 12, 6
SETS, PEERS_SETS, ITERATIONS = 50, 5, 10
MISSING, LEAVE = 0.15, 0.02
ASKED = 20
METHODS = ("norm", "pmm")


def wide(persons: int, occasions: int) -> pl.DataFrame:
    """Scores with levels of persons and some memory, a column per occasion and score."""
    rng = np.random.default_rng(24)
    mixing = np.linalg.cholesky(np.full((SCORES, SCORES), 0.3) + 0.7 * np.eye(SCORES))
    level = rng.normal(size=(persons, SCORES)) @ mixing.T
    state = rng.normal(size=(persons, SCORES)) @ mixing.T
    values = np.empty((persons, occasions, SCORES))
    for t in range(occasions):
        state = 0.4 * state + rng.normal(size=(persons, SCORES)) @ mixing.T if t else state
        values[:, t] = 10 + level + state
    values[rng.random(values.shape) < MISSING] = np.nan
    last = rng.geometric(LEAVE, size=persons)
    values[np.arange(occasions) > last[:, None]] = np.nan
    names = [f"{'abcdef'[k]}{t + 1}" for t in range(occasions) for k in range(SCORES)]
    table = values.reshape(persons, -1)
    return pl.DataFrame({name: table[:, j] for j, name in enumerate(names)}).fill_nan(None)


def pooled_line(frame: pl.DataFrame) -> tuple[list[float], list[float]]:
    """Mean of the last column and its slope on the first, with errors."""
    first, last = frame[frame.columns[0]].to_numpy(), frame[frame.columns[-1]].to_numpy()
    X = np.column_stack([np.ones(len(first)), first])
    line = fit_least_squares(last, X, names=("constant", "slope"))
    error = float(np.std(last, ddof=1)) / len(last) ** 0.5
    return [float(np.mean(last)), line.coefficients[1]], [error, line.standard_errors[1]]


def ours(data: pl.DataFrame, method: str) -> dict[str, Any]:
    """Processor seconds, and pooled figures with what another seed changes."""
    model = ChainedImputation(
        columns=data.columns, method=method, imputations=SETS, iterations=ITERATIONS
    )
    ChainedImputation(columns=data.columns, method=method, imputations=1, iterations=1).fit(data)
    begun = time.process_time()
    sets = model.fit(data)
    seconds = time.process_time() - begun
    found = sets.analyse(pooled_line).pooled
    estimate, error = np.asarray(found.estimate), np.asarray(found.standard_error)
    between = np.asarray(found.variance_share) * error**2 / (1 + 1 / SETS)
    figures = np.column_stack([estimate, error, np.sqrt(between / SETS)]).tolist()
    return {"seconds": seconds, "mean": figures[0], "slope": figures[1]}


def theirs(data: pl.DataFrame) -> dict[str, Any] | None:
    """The same of mice, or None where it is missing."""
    if shutil.which("Rscript") is None:
        return None
    test = ["Rscript", "-e", "library(mice)"]
    if subprocess.run(test, capture_output=True, check=False, timeout=120).returncode != 0:
        return None
    with tempfile.TemporaryDirectory() as folder:
        data.write_csv(Path(folder) / "data.csv", null_value="NA")
        settings = [str(PEERS_SETS), str(ITERATIONS), *METHODS]
        out = call(["Rscript", str(HERE / "peer_mice.R"), folder, *settings])[2]
    answer: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
    return answer


def row(data: pl.DataFrame, method: str, peer: dict[str, Any] | None) -> dict[str, Any]:
    """One line of the table."""
    mine = ours(data, method)
    columns = f"{data.height:,} persons × {data.width} columns"
    what = f"chained equations ({method}), {SETS} completed sets of {columns}"
    if peer is None:
        return {"what": what, "measured": f"{mine['seconds']:.1f} processor seconds, no mice"}
    other = peer[method]
    seconds = other["seconds"] * SETS / PEERS_SETS
    times = seconds / mine["seconds"]
    words = [
        f"{name} {mine[name][0]:.3f} ± {mine[name][1]:.3f} against {other[name][0]:.3f} ± "
        f"{other[name][1]:.3f} (a seed: ± {mine[name][2]:.3f}, {other[name][2]:.3f})"
        for name in ("mean", "slope")
    ]
    return {
        "what": f"{what}, beside mice",
        "measured": f"{mine['seconds']:.1f} processor seconds against {seconds:.0f} "
        f"({times:.0f} times); {'; '.join(words)}",
        "limit": f"{ASKED} times",
        "short": f"chained equations, {method}",
        "peer": "mice",
        "times": round(times, 1),
        "asked": ASKED,
    }


def main() -> None:
    quick = sys.argv[1:] == ["quick"]
    data = wide(PERSONS // 4, OCCASIONS // 4) if quick else wide(PERSONS, OCCASIONS)
    peer = theirs(data)
    rows = [row(data, method, peer) for method in METHODS]
    if quick:
        for one in rows:
            print(f"{one['what']}: {one['measured']}")
    else:
        save("imputation", rows, version=None if peer is None else peer["version"])


if __name__ == "__main__":
    main()
