"""Mixed models beside lme4: same data, same machine, frame in memory to finished result.

    python benchmarks/bench_mixed_model.py [quick]

Random intercept and slope, 8 rows per person. lme4 is timed inside R with the data in memory;
without R its rows are left out and say so. Compilation is not timed: kernels are cached. Cohorts
of 1,000,000 and 10,000,000 persons (frames, and a Parquet file read by DuckDB and by Polars
streaming) are fitted in processes of their own, whose peak memory is measured. `quick` stops at
10,000 persons beside lme4 and at 200,000 in the file.
"""

from __future__ import annotations

import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measuring import HERE, call, python, save

FORMULA = "y ~ t + (1 + t | id)"
ROWS = 8
CHUNK = 250_000  # persons generated at a time
WANTED = {1_000: 25, 10_000: 150, 100_000: 300}  # times faster than lme4
REPEATS = {1_000: 41, 10_000: 41, 100_000: 9}


def cohort(first: int, last: int, seed: int = 1) -> pl.DataFrame:
    """Persons first … last − 1: intercepts and slopes of SD 1.4 and .5, residuals of SD 1.5."""
    rng = np.random.default_rng((seed, first))
    n = last - first
    effects = rng.normal(size=(n, 2)) @ np.linalg.cholesky([[2.0, 0.3], [0.3, 0.25]]).T
    t = np.tile(np.arange(ROWS, dtype=float), n)
    y = 5 + 0.5 * t + np.repeat(effects[:, 0], ROWS) + np.repeat(effects[:, 1], ROWS) * t
    y += 1.5 * rng.normal(size=n * ROWS)
    return pl.DataFrame({"id": np.repeat(np.arange(first, last), ROWS), "t": t, "y": y})


def write_parquet(path: Path, persons: int) -> None:
    """Write a cohort chunk by chunk."""
    import pyarrow.parquet as pq

    writer = None
    for first in range(0, persons, CHUNK):
        table = cohort(first, min(persons, first + CHUNK)).to_arrow()
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer is not None:
        writer.close()


def fit_seconds(frame: pl.DataFrame, repeats: int) -> tuple[list[float], Any]:
    """Seconds of repeated fits, and the last result."""
    from salutogen.models import MixedModel

    model = MixedModel(FORMULA)
    model.fit(frame)
    seconds = []
    for _ in range(repeats):
        begun = time.perf_counter()
        result = model.fit(frame)
        seconds.append(time.perf_counter() - begun)
    return seconds, result


def lme4(frame: pl.DataFrame, folder: Path, repeats: int) -> tuple[float, float, str] | None:
    """lme4's median seconds, criterion and version; None without R and lme4."""
    if shutil.which("Rscript") is None:
        return None
    path = folder / "cohort.csv"
    frame.write_csv(path, float_precision=17)
    command = ["Rscript", str(HERE / "peer_mixed_model.R"), str(path), str(repeats)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None
    seconds, criterion, version = done.stdout.strip().splitlines()
    return statistics.median(map(float, seconds.split())), float(criterion), version.strip()


def beside_lme4(sizes: list[int], folder: Path) -> tuple[list[dict[str, Any]], dict[int, float]]:
    rows, medians = [], {}
    for n in sizes:
        frame = cohort(0, n)
        seconds, result = fit_seconds(frame, REPEATS[n])
        medians[n] = statistics.median(seconds)
        peer = lme4(frame, folder, 3)
        what = f"mixed model, random intercept and slope, {n:,} persons × {ROWS}"
        row: dict[str, Any] = {"what": what, "limit": f"{WANTED[n]} times"}
        if peer is None:
            row["measured"] = f"{medians[n] * 1e3:.1f} ms (no lme4 on this machine)"
        else:
            ratio = peer[0] / medians[n]
            row["measured"] = (
                f"{medians[n] * 1e3:.1f} ms against lme4 {peer[2]}'s {peer[0]:.2f} s "
                f"({ratio:.0f} times), criterion − lme4's {result.reml_criterion - peer[1]:.1e}"
            )
            row |= {
                "short": f"mixed model, slope, {n:,} persons",
                "peer": "lme4",
                "times": round(ratio, 1),
                "asked": WANTED[n],
            }
        rows.append(row)
    return rows, medians


IN_MEMORY = """
import sys, json
sys.path.insert(0, sys.argv[1])
from bench_mixed_model import cohort, fit_seconds
import polars as pl
n = int(sys.argv[2])
frame = pl.concat([cohort(a, min(n, a + 250_000)) for a in range(0, n, 250_000)])
seconds, result = fit_seconds(frame, 3)
print(json.dumps({"seconds": seconds, "converged": result.converged}))
"""

FROM_FILE = """
import sys, json, time
from salutogen.models import MixedModel, Moments
path, engine = sys.argv[1], sys.argv[2]
if engine == "DuckDB":
    import duckdb
    duckdb.execute("SET memory_limit = '4GB'")
    frame = duckdb.read_parquet(path)
else:
    import polars as pl
    frame = pl.scan_parquet(path)
begun = time.perf_counter()
moments = Moments.from_frame("y ~ t + (1 + t | id)", frame)
reduced = time.perf_counter() - begun
result = MixedModel("y ~ t + (1 + t | id)").fit(moments)
seconds = time.perf_counter() - begun
print(json.dumps({"seconds": seconds, "reduced": reduced, "path": moments.path,
                  "converged": result.converged, "n": result.n_obs}))
"""


def alone(n: int) -> tuple[dict[str, Any], float]:
    _, memory, out = call(python(IN_MEMORY, HERE, str(n)))
    found = json.loads(out.splitlines()[-1])
    median = statistics.median(found["seconds"])
    row = {
        "what": f"mixed model, {n:,} persons × {ROWS} from a frame in memory",
        "measured": f"{median:.2f} s, peak {memory / 1024:.1f} GiB, generating it included",
    }
    if n == 1_000_000:
        row["limit"] = "2 s"
    return row, median


def from_file(n: int, folder: Path) -> list[dict[str, Any]]:
    path = folder / "cohort.parquet"
    write_parquet(path, n)
    rows = []
    for engine in ("DuckDB", "Polars"):
        _, memory, out = call(python(FROM_FILE, path, engine))
        found = json.loads(out.splitlines()[-1])
        rows.append(
            {
                "what": f"mixed model, {n:,} persons × {ROWS} from a Parquet file, {engine}",
                "measured": f"{found['seconds']:.1f} s ({found['reduced']:.1f} s of them to reduce "
                f"the rows, {found['path']}), peak {memory / 1024:.1f} GiB",
                "limit": "40 s, 8 GB at 10,000,000",
            }
        )
    path.unlink()
    return rows


def steps(medians: dict[int, float]) -> list[tuple[int, int, float]]:
    """Slope of log seconds by log persons between neighbouring sizes."""
    return [
        (small, large, math.log(medians[large] / medians[small]) / math.log(large / small))
        for small, large in pairwise(sorted(medians))
    ]


def main() -> None:
    quick = sys.argv[1:] == ["quick"]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows, medians = beside_lme4([1_000, 10_000] if quick else list(WANTED), folder)
        for n in [100_000] if quick else [1_000_000, 10_000_000]:
            row, medians[n] = alone(n)
            rows.append(row)
        rows.append(
            {
                "what": "mixed model, seconds against persons, exponents by tenfold step in memory",
                "measured": ", ".join(
                    f"{small:,} to {large:,}: {power:.2f}" for small, large, power in steps(medians)
                ),
                "limit": "1.05",
            }
        )
        rows += from_file(200_000 if quick else 10_000_000, folder)
    save("mixed_model", rows)


if __name__ == "__main__":
    main()
