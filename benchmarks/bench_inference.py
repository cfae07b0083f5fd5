"""What follows from a mixed model's fit, beside lme4, lmerTest and clubSandwich.

    python benchmarks/bench_inference.py [persons]      (default 500)

Random intercept and slope, eight rows a person, some missing; the fit itself is not timed. Each
side takes its turn three times; medians, and whether the values agree. Where R or one of its
packages is missing, only our seconds are shown.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measuring import HERE, call, save

from salutogen.models import MixedModel, MixedModelResult

REPEATS = 3
DRAWS = 20
WORKS = {
    "df": "degrees of freedom of every fixed effect (lmerTest)",
    "CR2": "CR2 covariance and degrees of freedom (clubSandwich)",
    "profile": "profile intervals of all parameters (lme4)",
    "draw": "one draw of the parametric bootstrap (lme4)",
}


def cohort(persons: int) -> pl.DataFrame:
    """One study's rows."""
    rng = np.random.default_rng(12)
    person, t = np.divmod(np.arange(persons * 8), 8)
    b = rng.normal(size=(persons, 2)) * [1.2, 0.3]
    y = 2 + 0.4 * t + b[person, 0] + b[person, 1] * t + rng.normal(size=len(t))
    frame = pl.DataFrame({"id": person, "t": t.astype(float), "y": y})
    return frame.filter(pl.Series(rng.random(len(t)) > 0.2))


def works(fit: MixedModelResult) -> dict[str, Callable[[], list[float]]]:
    """Each work on a fit, giving the values that are compared."""

    def robust() -> list[float]:
        tests = [fit.test(row, errors="CR2") for row in np.eye(2)]
        return [float(tests[1].std_errors[0]), tests[1].df]

    def profile() -> list[float]:
        table = fit.profile_intervals()
        return table.filter(pl.col("term") == "sd__t").select("conf_low", "conf_high").row(0)

    return {
        "df": lambda: [fit.degrees_of_freedom["t"]],
        "CR2": robust,
        "profile": profile,
        "draw": lambda: [float(np.std(fit.bootstrap(draws=DRAWS).draws[:, 1], ddof=1))],
    }


def ours(frame: pl.DataFrame) -> dict[str, list[float]]:
    """Seconds and values; nothing is kept from one work to the next."""
    fit = MixedModel("y ~ t + (1 + t | id)").fit(frame)
    found = {}
    for name in WORKS:
        work = works(replace(fit))[name]
        begun = time.perf_counter()
        values = work()
        seconds = time.perf_counter() - begun
        found[name] = [seconds / (DRAWS if name == "draw" else 1), *values]
    return found


def has_peers() -> bool:
    """Whether R and the packages are here."""
    if shutil.which("Rscript") is None:
        return False
    test = "library(lme4); library(lmerTest); library(clubSandwich)"
    done = subprocess.run(["Rscript", "-e", test], capture_output=True, check=False, timeout=120)
    return done.returncode == 0


def main() -> None:
    persons = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    frame, beside = cohort(persons), has_peers()
    ours(frame)  # compiles the kernels
    runs: dict[str, list[Any]] = {"ours": [], "theirs": []}
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.csv"
        frame.write_csv(table)
        for _ in range(REPEATS):
            runs["ours"].append(ours(frame))
            if not beside:
                continue
            said = call(["Rscript", str(HERE / "peer_inference.R"), str(table)])[2]
            runs["theirs"].append(json.loads(said.strip().splitlines()[-1]))
    save("inference", [_row(name, persons, runs) for name in WORKS], persons=persons, runs=runs)


def _row(name: str, persons: int, runs: dict[str, list[Any]]) -> dict[str, Any]:
    mine = statistics.median(run[name][0] for run in runs["ours"])
    what = f"{WORKS[name]}, {persons:,} persons × 8"
    if not runs["theirs"]:
        return {"what": what, "measured": f"{1000 * mine:.2f} ms; R's packages are not here"}
    other = statistics.median(run[name][0] for run in runs["theirs"])
    values = [np.array(runs[side][0][name][1:]) for side in ("ours", "theirs")]
    apart = float(np.max(np.abs(values[0] / values[1] - 1)))
    agreement = "" if name == "draw" else f"; values within {apart:.0e}"
    return {
        "what": what,
        "measured": f"{1000 * mine:.2f} ms against {1000 * other:.0f} ms, "
        f"{other / mine:,.0f} ×{agreement}",
        "short": WORKS[name].split(" (")[0],
        "peer": WORKS[name].split("(")[1][:-1],
        "times": other / mine,
    }


if __name__ == "__main__":
    main()
