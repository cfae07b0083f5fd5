"""Models of momentary data beside nlme and lme4, on the same data.

    python benchmarks/bench_momentary_peers.py [quick]

Reactivity: 100 persons of 140 prompts, a fifth missed, own levels and slopes, residuals that
correlate within the day: `MixedModel` beside nlme's `lme` with `corCAR1`. Network: six variables
of 100 persons of 210 prompts: `MultilevelVAR`, from the frame of prompts, beside the twelve
regressions of its two steps by lme4's `lmer`, from rows already paired. Each in its own clock,
frame in memory to fitted models; medians. `quick` takes a fifth of the persons.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from bench_reactivity import diaries, split
from measuring import HERE, save

from salutogen.models import ContinuousAR1, MixedModel, MultilevelVAR

REPEATS, PEER_REPEATS = 5, 3
NAMES = ("sad", "anxious", "angry", "happy", "calm", "stress")


def reactions(persons: int) -> pl.DataFrame:
    rng = np.random.default_rng(21)
    planned = diaries(rng, persons, 20, 7)
    return split(planned.filter(pl.Series(rng.random(planned.height) >= 0.2)))


def prompts(persons: int) -> pl.DataFrame:
    """Thirty days of seven prompts, own levels and effects, a tenth missed."""
    rng = np.random.default_rng(22)
    k, beeps = len(NAMES), 7
    shared = np.where(rng.random((k, k)) < 0.3, 0.12, 0.0)
    shared[np.diag_indices(k)] = 0.3
    own = shared + 0.08 * rng.normal(size=(persons, k, k))
    level = rng.normal(size=(persons, k))
    parts = []
    for day in range(30):
        x = rng.normal(size=(persons, k))
        for beep in range(1, beeps + 1):
            x = np.einsum("pij,pj->pi", own, x) + rng.normal(size=(persons, k))
            values = dict(zip(NAMES, (x + level).T, strict=True))
            parts.append(pl.DataFrame({"person": np.arange(persons), "day": day, "beep": beep,
                                       **values}))  # fmt: skip
    frame = pl.concat(parts).sort("person", "day", "beep")
    return frame.filter(pl.Series(rng.random(frame.height) >= 0.1))


def paired(fit: Any) -> pl.DataFrame:
    """The rows that the regressions rest on, for the other program."""
    pairs = fit.pairs
    blocks = {"now": pairs.current, "lag": pairs.lagged, "mean": pairs.means}
    columns = {
        f"{kind}_{name}": values[:, place]
        for kind, values in blocks.items()
        for place, name in enumerate(NAMES)
    }
    return pl.DataFrame({"person": pairs.code, **columns})


def seconds_of(work: Callable[[], Any]) -> tuple[float, Any]:
    work()
    found = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        result = work()
        found.append(time.perf_counter() - begun)
    return statistics.median(found), result


def peer(folder: Path) -> dict[str, Any] | None:
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None
    done = subprocess.run(
        [rscript, str(HERE / "peer_momentary.R"), str(folder), str(PEER_REPEATS)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        return None
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    persons = 20 if "quick" in sys.argv[1:] else 100
    first, second = reactions(persons), prompts(persons)
    mixed = MixedModel(
        "affect ~ within + between + (1 + within | person)",
        residual=ContinuousAR1(time="hours", within="day"),
    )
    network = MultilevelVAR(variables=NAMES, person="person", day="day", beep="beep")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours = {
            "reactivity": seconds_of(lambda: mixed.fit(first)),
            "network": seconds_of(lambda: network.fit(second)),
        }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first.write_csv(folder / "reactions.csv")
        paired(ours["network"][1]).write_csv(folder / "pairs.csv")
        other = peer(folder)
    fixed = {
        "reactivity": ours["reactivity"][1].coefficients,
        "network": ours["network"][1].steps.temporal.ravel(),
    }
    said = {
        "reactivity": (f"own slopes and CAR(1) within days, {first.height:,} prompts", "20 ×"),
        "network": (f"twelve regressions of a network of {second.height:,} prompts", "100 ×"),
    }
    table = []
    for name, (what, limit) in said.items():
        own = ours[name][0]
        row = {"what": what, "measured": f"{own:.3f} s", "limit": limit}
        if other is not None:
            its = other[name]["seconds"]
            away = float(np.max(np.abs(np.array(other[name]["fixed"]) - fixed[name])))
            row["measured"] = (
                f"{own:.3f} s, {other['version']} {its:.2f} s ({its / own:.0f} ×), coefficients"
                f" within {away:.1e}"
            )
        table.append(row)
        print(*row.values(), sep=" | ")
    if persons == 100:
        save("momentary_peers", table)


if __name__ == "__main__":
    main()
