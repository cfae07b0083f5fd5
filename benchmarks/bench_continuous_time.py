"""Continuous-time models: seconds, beside OpenMx, and whether intervals hold the truth.

    python benchmarks/bench_continuous_time.py [speed | truth] [quick]

Two processes that act on each other, an input, error of measurement in one, persons with means of
their own, a fifth of the values missing. Speed: rows at 20,000 and 200,000 different times, frame
in memory to finished result, in processor seconds of all threads, so that what else runs on the
machine counts little. OpenMx fits a simpler model (no input, error or means of persons) to
40 persons × 25 rows; both in the same. Truth: 500 studies of 100 persons × 30 rows.
`quick` makes 20 and keeps nothing.
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
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from measuring import HERE, call, save
from scipy.linalg import solve_continuous_lyapunov

from salutogen.models import ContinuousTime, executor_for
from salutogen.models.parallel.executors import run_each

DRIFT = np.array([[-0.5, 0.25], [0.0, -0.8]])
INPUTS = np.array([0.4, 0.0])
DIFFUSION = np.array([[0.6, 0.1], [0.1, 0.5]])
LEVELS = np.array([[0.8, 0.2], [0.2, 0.5]])
ERROR = np.array([0.3, 0.0])
TRUTH = {
    "P<-P": -0.5, "P<-S": 0.25, "S<-P": 0.0, "S<-S": -0.8, "P<-E": 0.4, "S<-E": 0.0,
    "diffusion(P)": 0.6, "error(P)": 0.3, "mean(P)": 2.0, "var(P)": 0.8,
}  # fmt: skip
NOTHING = ("S<-P", "S<-E")
HALF = math.log(2) / 0.5
MODEL = ContinuousTime(
    processes=("P", "S"), inputs=("E",), measurement_error=("P",), person="id", time="hour"
)
PLAIN = ContinuousTime(
    processes=("x", "y"), person="id", time="t", random_means=False, first="free"
)
STUDIES = 500
SIZES = {200: 3.0, 2_000: 30.0}  # persons × 100 rows, and seconds asked
ASKED = 50  # times as fast as OpenMx
Z = 1.959964


def stream(rng: np.random.Generator, persons: int, occasions: int) -> pl.DataFrame:
    """Rows of persons at times that nobody shares."""
    rest = solve_continuous_lyapunov(DRIFT, -DIFFUSION)
    values, vectors = np.linalg.eig(DRIFT)
    inverse, solved = np.linalg.inv(vectors), np.linalg.inv(DRIFT)
    level = np.array([2.0, 5.0]) + rng.multivariate_normal([0, 0], LEVELS, persons)
    x, hour = rng.multivariate_normal([0, 0], rest, persons), np.zeros(persons)
    E, rows = rng.binomial(1, 0.3, size=(persons, occasions)).astype(float), []
    for t in range(occasions):
        if t:
            gap = 0.2 + 0.8 * rng.exponential(size=persons)
            phi = ((vectors * np.exp(values * gap[:, None])[:, None, :]) @ inverse).real
            noise = np.linalg.cholesky(rest - phi @ rest @ phi.transpose(0, 2, 1))
            drawn = (noise @ rng.normal(size=(persons, 2, 1)))[:, :, 0]
            held = ((solved @ (phi - np.eye(2))) @ INPUTS) * E[:, t - 1, None]
            x = (phi @ x[:, :, None])[:, :, 0] + held + drawn
            hour = hour + gap
        seen = level + x + rng.normal(size=(persons, 2)) * np.sqrt(ERROR)
        seen[rng.random((persons, 2)) < 0.2] = np.nan
        rows.append(pl.DataFrame({"id": np.arange(persons), "hour": hour, "P": seen[:, 0],
                                  "S": seen[:, 1], "E": E[:, t]}))  # fmt: skip
    return pl.concat(rows).fill_nan(None)


def speed() -> list[dict[str, Any]]:
    """Lines of the table on seconds."""
    MODEL.fit(stream(np.random.default_rng(0), 20, 20))  # loads what is compiled
    lines, taken = [], {}
    for persons, asked in SIZES.items():
        frame = stream(np.random.default_rng(1), persons, 100)
        walls, seconds = [], []
        for _ in range(3):
            wall, begun = time.perf_counter(), time.process_time()
            result = MODEL.fit(frame)
            walls.append(time.perf_counter() - wall)
            seconds.append(time.process_time() - begun)
        taken[persons] = statistics.median(seconds)
        what = (
            f"{persons:,} persons × 100 rows, {result.n_parameters} parameters, processor seconds"
        )
        measured = f"{taken[persons]:.1f} s (wall {statistics.median(walls):.1f} s)"
        lines.append({"what": what, "measured": measured, "limit": f"{asked:.0f} s"})
    small, large = SIZES
    power = math.log(taken[large] / taken[small]) / math.log(large / small)
    what = "processor seconds grow with persons to the power"
    lines.append({"what": what, "measured": f"{power:.2f}", "limit": "1.05"})
    return [*lines, *beside_openmx()]


def beside_openmx() -> list[dict[str, Any]]:
    """Lines of the table beside OpenMx, where R has it."""
    frame = stream(np.random.default_rng(2), 40, 25).select("id", t="hour", x="P", y="S")
    frame = frame.drop_nulls()
    seconds = []
    for _ in range(5):
        begun = time.process_time()
        result = PLAIN.fit(frame)
        seconds.append(time.process_time() - begun)
    ours = statistics.median(seconds)
    if shutil.which("Rscript") is None:
        return [{"what": "40 persons × 25 rows, processor seconds", "measured": f"{ours:.2f}"}]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        frame.sort("id", "t").write_csv(path)
        try:
            _, _, out = call(["Rscript", str(HERE / "peer_continuous_time.R"), str(path), "1"])
        except (RuntimeError, subprocess.SubprocessError):
            return [{"what": "40 persons × 25 rows, processor seconds", "measured": f"{ours:.2f}"}]
    peer = json.loads(out)
    apart = peer["criterion"] + 2 * result.log_likelihood
    return [
        {
            "what": f"40 persons × 25 rows: {ours:.2f} s, OpenMx {peer['seconds']:.1f} s",
            "measured": f"{peer['seconds'] / ours:.0f} ×",
            "limit": f"{ASKED} ×",
            "short": "continuous time, 40 persons × 25 rows",
            "peer": "OpenMx",
            "times": round(peer["seconds"] / ours, 1),
            "asked": ASKED,
        },
        {
            "what": "−2 log-likelihood of OpenMx above ours",
            "measured": f"{apart:.1e}",
            "limit": "not below −1e-6",
        },
    ]


def answers(seed: np.random.SeedSequence) -> dict[str, bool]:
    """Whether each interval of one study holds the truth, and what is claimed of nothing."""
    result = MODEL.fit(stream(np.random.default_rng(seed), 100, 30))
    estimates, errors = result.estimates, result.standard_errors
    found = {name: abs(estimates[name] - v) <= Z * errors[name] for name, v in TRUTH.items()}
    alone = -estimates["P<-P"]
    spread = math.exp(Z * errors["P<-P"] / alone)
    half = math.log(2) / alone
    return {**found, "half-life": half / spread <= HALF <= half * spread,
            "converged": result.converged}  # fmt: skip


def truth(studies: int) -> list[dict[str, Any]]:
    """Lines of the table on coverage."""
    with executor_for() as executor:
        found = run_each(answers, np.random.SeedSequence(77).spawn(studies), executor=executor)
    share = {name: 100 * float(np.mean([one[name] for one in found])) for name in found[0]}
    lines = [
        {
            "what": f"95 % interval of {name} holds the truth",
            "measured": f"{share[name]:.1f} %",
            "limit": "93 to 97 %",
        }
        for name in (*TRUTH, "half-life")
    ]
    lines += [
        {
            "what": f"{name} is claimed where it is not there",
            "measured": f"{100 - share[name]:.1f} %",
            "limit": "4 to 6 %",
        }
        for name in NOTHING
    ]
    lines.append({"what": "settled", "measured": f"{share['converged']:.1f} %"})
    return lines


def main() -> None:
    quick = "quick" in sys.argv[1:]
    asked = [part for part in ("speed", "truth") if part in sys.argv[1:]] or ["speed", "truth"]
    table = speed() if "speed" in asked else []
    table += truth(20 if quick else STUDIES) if "truth" in asked else []
    if quick or len(asked) < 2:
        for row in table:
            print(*row.values(), sep=" | ")
        return
    save("continuous_time", table, studies=STUDIES, truth=TRUTH)


if __name__ == "__main__":
    main()
