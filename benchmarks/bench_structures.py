"""Persons in sites beside lme4, correlated and unequal residuals beside nlme.

    python benchmarks/bench_structures.py [quick]

Same data, frame in memory to finished result, each in its own program's clock; medians. Where R
or one of its packages is missing, only our seconds are shown. `quick` takes a tenth of the data.
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

from salutogen.models import ContinuousAR1, HeterogeneousVariance, MixedModel

REPEATS = 5
PEER_REPEATS = 3
OCCASIONS = 8
GROWING = (10_000, 30_000, 100_000)
WORKS: dict[str, tuple[str, str, Any, str]] = {
    "intercepts": ("nested", "y ~ t + (1 | site) + (1 | id)", "independent", "lme4"),
    "slopes": ("nested", "y ~ t + (1 + t | site) + (1 + t | id)", "independent", "lme4"),
    "ar1": ("serial", "y ~ t + (1 | id)", ContinuousAR1("t"), "nlme"),
    "occasions": ("serial", "y ~ t + (1 | id)", HeterogeneousVariance("occasion"), "nlme"),
}
SAID = {
    "intercepts": "persons in sites, random intercepts of both",
    "slopes": "persons in sites, random intercepts and slopes of both",
    "ar1": "random intercept, residuals correlated over irregular times",
    "occasions": "random intercept, residual variance by occasion",
}


def nested(sites: int, persons: int) -> pl.DataFrame:
    """Sites × persons × 8 rows, intercepts and slopes vary at both levels."""
    rng = np.random.default_rng(61)
    person = np.repeat(np.arange(sites * persons), OCCASIONS)
    site = person // persons
    t = np.tile(np.arange(OCCASIONS, dtype=float), sites * persons)
    u = rng.normal(size=(sites, 2)) * [0.8, 0.2]
    b = rng.normal(size=(sites * persons, 2)) * [1.0, 0.3]
    y = 2 + 0.3 * t + (u[site, 0] + b[person, 0]) + (u[site, 1] + b[person, 1]) * t
    return pl.DataFrame({"site": site, "id": person, "t": t, "y": y + rng.normal(size=len(t))})


def serial(persons: int) -> pl.DataFrame:
    """Persons × 8 rows at irregular times, ρ = .6, variance growing with the occasion."""
    rng = np.random.default_rng(62)
    t = np.cumsum(rng.uniform(0.5, 1.5, (persons, OCCASIONS)), axis=1)
    e = rng.normal(size=(persons, OCCASIONS))
    for j in range(1, OCCASIONS):
        share = 0.6 ** (t[:, j] - t[:, j - 1])
        e[:, j] = share * e[:, j - 1] + np.sqrt(1 - share**2) * e[:, j]
    occasion = np.tile(np.arange(1, OCCASIONS + 1), persons)
    y = 1 + 0.2 * t + rng.normal(size=(persons, 1)) + e * np.linspace(0.8, 1.5, OCCASIONS)
    person = np.repeat(np.arange(persons), OCCASIONS)
    return pl.DataFrame({"id": person, "occasion": occasion, "t": t.ravel(), "y": y.ravel()})


def ours(frames: dict[str, pl.DataFrame]) -> dict[str, dict[str, Any]]:
    """Median seconds, log-likelihood and fixed effects of each work; kernels are compiled first."""
    found = {}
    for name, (data, formula, residual, _) in WORKS.items():
        model = MixedModel(formula, residual=residual)
        model.fit(frames[data][: 40 * OCCASIONS * 40])
        seconds = []
        for _ in range(REPEATS):
            begun = time.perf_counter()
            result = model.fit(frames[data])
            seconds.append(time.perf_counter() - begun)
        found[name] = {
            "seconds": statistics.median(seconds),
            "loglik": result.log_likelihood,
            "fixed": result.coefficients.tolist(),
        }
    return found


def theirs(frames: dict[str, pl.DataFrame]) -> dict[str, Any] | None:
    """The same of R, or None where it or a package is missing."""
    if shutil.which("Rscript") is None:
        return None
    test = ["Rscript", "-e", "library(lme4); library(nlme)"]
    if subprocess.run(test, capture_output=True, check=False, timeout=120).returncode != 0:
        return None
    with tempfile.TemporaryDirectory() as folder:
        for name, frame in frames.items():
            frame.write_csv(Path(folder) / f"{name}.csv")
        script = ["Rscript", str(HERE / "peer_structures.R"), folder, str(PEER_REPEATS)]
        answer: dict[str, Any] = json.loads(call(script)[2].strip().splitlines()[-1])
    return answer


def row(name: str, size: str, mine: dict[str, Any], peer: dict[str, Any] | None) -> dict[str, Any]:
    """One line of the table."""
    program = WORKS[name][3]
    what = f"{SAID[name]}, {size}"
    if peer is None:
        return {"what": what, "measured": f"{mine['seconds']:.3f} s ({program} is not here)"}
    times = peer["seconds"] / mine["seconds"]
    apart = float(np.max(np.abs(np.subtract(mine["fixed"], peer["fixed"]))))
    return {
        "what": f"{what}, beside {program}",
        "measured": f"{mine['seconds']:.3f} s against {peer['seconds']:.2f} s ({times:.0f} times), "
        f"log-likelihood higher by {mine['loglik'] - peer['loglik']:.1e}, fixed effects apart by "
        f"{apart:.0e} at most",
        "short": f"{name}, {size}",
        "peer": program,
        "times": round(times, 1),
    }


def growth() -> list[dict[str, Any]]:
    """Exponent of the cost against the number of persons."""
    rows = []
    for name in ("slopes", "ar1"):
        data, formula, residual, _ = WORKS[name]
        model, seconds = MixedModel(formula, residual=residual), []
        for persons in GROWING:
            frame = nested(persons // 40, 40) if data == "nested" else serial(persons)
            took = []
            for _ in range(3):
                begun = time.perf_counter()
                model.fit(frame)
                took.append(time.perf_counter() - begun)
            seconds.append(min(took))
        exponent = np.polyfit(np.log(GROWING), np.log(seconds), 1)[0]
        said = ", ".join(f"{n:,}: {s:.2f} s" for n, s in zip(GROWING, seconds, strict=True))
        rows.append(
            {
                "what": f"cost against persons × {OCCASIONS}: {SAID[name]}",
                "measured": f"exponent {exponent:.2f} ({said}; best of 3)",
                "limit": "1.05",
            }
        )
    return rows


def main() -> None:
    quick = sys.argv[1:] == ["quick"]
    sites, persons, alone = (5, 40, 200) if quick else (50, 40, 2_000)
    frames = {"nested": nested(sites, persons), "serial": serial(alone)}
    mine, peer = ours(frames), theirs(frames)
    sizes = {
        "nested": f"{sites} sites × {persons} persons × {OCCASIONS}",
        "serial": f"{alone:,} persons × {OCCASIONS}",
    }
    rows = [
        row(name, sizes[WORKS[name][0]], mine[name], None if peer is None else peer[name])
        for name in WORKS
    ]
    if quick:
        for one in rows:
            print(f"{one['what']}: {one['measured']}")
    else:
        save("structures", rows + growth(), versions=None if peer is None else peer["version"])


if __name__ == "__main__":
    main()
