"""Whether returns after an event are found, and differences of speed only where there are some.

    python benchmarks/bench_returns.py [quick]

Simulated studies of 150 persons, seven visits after the event and a tenth of them missed; jump 6
(SD 2), end 1 (SD 1), moods of SD 1 at each visit and before, median half-life 1.5 visits. Half of
the studies have one speed, half a log-normal one (SD of logs .6). Asked: coverage of the
half-life's interval and of persons' jumps and half-lives; how often a difference of speed is told
where there is none (5 in 100 wanted; chance alone moves a share of 120 studies by 4) and where
there is one. `quick` makes 12 studies and keeps nothing.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from measuring import save

from salutogen.analyses.trajectories.recovery.curve import fit_recovery, vary_rates
from salutogen.models import executor_for
from salutogen.models.parallel.executors import run_each

STUDIES, PERSONS, VISITS = 240, 150, 8
HALF_LIFE, SPREAD = 1.5, 0.6


def study(given: tuple[np.random.SeedSequence, float]) -> dict[str, float]:
    """One study, from its seed and the spread of speeds: what was held and told."""
    seed, spread = given
    generator = np.random.default_rng(seed)
    log_half = np.log(HALF_LIFE) + spread * generator.standard_normal(PERSONS)
    jumps = generator.normal(6.0, 2.0, PERSONS)
    ends = generator.normal(1.0, 1.0, PERSONS)
    decay = 0.5 ** (np.arange(VISITS) / np.exp(log_half)[:, None])
    change = ends[:, None] + (jumps - ends)[:, None] * decay
    moods = generator.standard_normal((PERSONS, VISITS + 1))
    change += moods[:, 1:] - moods[:, :1]
    change[generator.random(change.shape) < 0.1] = np.nan
    curve = fit_recovery(change)
    varying = vary_rates(change, curve)
    if varying is None:
        raise RuntimeError("a model with varying rates was not fitted")
    found = {
        "half_life": float(curve.interval[0] < HALF_LIFE < curve.interval[1]),
        "told": float(varying.told),
    }
    courses = varying.courses if varying.told else curve.courses
    away = np.abs(courses.jump - jumps[curve.persons]) / courses.jump_se
    found["jumps"] = float((away < 1.96).mean())
    if varying.told:
        _, low, high = varying.half_lives
        truth = np.exp(log_half[curve.persons])
        found["half_lives"] = float(((low < truth) & (truth < high)).mean())
        found["median"] = float(np.log(2.0) / np.exp(varying.parameters.log_rate))
        found["spread"] = float(np.exp(varying.parameters.log_rate_sd))
    return found


def row(what: str, share: float, low: float, high: float) -> dict[str, Any]:
    """One line of the table."""
    return {
        "what": what,
        "measured": f"{100 * share:.1f} %",
        "limit": f"{100 * low:g} to {100 * high:g} %",
        "share": share,
        "within": bool(low <= share <= high),
    }


def main() -> None:
    quick = "quick" in sys.argv[1:]
    each = (12 if quick else STUDIES) // 2
    seeds = np.random.SeedSequence(63).spawn(2 * each)
    begun = time.perf_counter()
    with executor_for() as executor:
        one = run_each(study, [(seed, 0.0) for seed in seeds[:each]], executor=executor)
        many = run_each(study, [(seed, SPREAD) for seed in seeds[each:]], executor=executor)
    told = [found for found in many if found["told"]]
    mean = {
        name: float(np.mean([found[name] for found in told]))
        for name in ("half_lives", "median", "spread")
    }
    rows = [
        row(
            "returns: coverage, common half-life",
            float(np.mean([f["half_life"] for f in one])),
            0.91,
            0.99,
        ),
        row(
            "returns: coverage, persons' jumps",
            float(np.mean([f["jumps"] for f in one])),
            0.93,
            0.97,
        ),
        row(
            "returns: speeds told apart, none differ",
            float(np.mean([f["told"] for f in one])),
            0.0,
            0.09,
        ),
        row(
            "returns: speeds told apart, they differ",
            float(np.mean([f["told"] for f in many])),
            0.9,
            1.0,
        ),
        row("returns: coverage, persons' half-lives", mean["half_lives"], 0.92, 0.97),
    ]
    if quick:
        for line in rows:
            print(line["what"], line["measured"])
        return
    save("returns", rows, studies=2 * each, persons=PERSONS, **mean,
         seconds=round(time.perf_counter() - begun, 1))  # fmt: skip


if __name__ == "__main__":
    main()
