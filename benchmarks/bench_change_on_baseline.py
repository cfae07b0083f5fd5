"""Whether slopes of change on baseline hold the truth where persons leave, with and without sets.

    python benchmarks/bench_change_on_baseline.py [studies]

A cohort of 200 persons with problems before and after, which correlate .5 with SDs of 3 and 3.6,
and an occasion in between. In such a population the slope, corrected by k, is .5 x (3.6 / 3 - k).
Nobody leaves; or about 40 % leave before the last occasion, more of those with many problems: on
average at both occasions before (missing at random), or as they would have been at the last one and
nobody saw (missing not at random). Asked: how often 95 % limits hold the truth in persons with both
measurements (1,000 draws of persons) and over 20 completed sets of all persons.
Prints a table and keeps `results/change_on_baseline.json`; fewer than 500 studies keep nothing.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from measuring import save

from salutogen.models import ChainedImputation, change_on_baseline, executor_for
from salutogen.models.parallel.executors import run_each
from salutogen.models.regression.change_on_baseline_pooled import pool_change_on_baseline

STUDIES, SEED = 500, 52
PERSONS, SETS, DRAWS = 200, 20, 1000
RHO, SDS, KS = 0.5, (3.0, 3.6), (1.0, 1.3)
TRUTH = [RHO * (SDS[1] / SDS[0] - k) for k in KS]
WORLDS = {
    "nobody leaves": "nobody leaves",
    "missing at random": "people leave as last seen",
    "missing not at random": "people leave as not seen",
}


def cohort(rng: np.random.Generator, world: str) -> np.ndarray:
    """Problems before, in between and after (n, 3); NaN after leaving."""
    z = rng.normal(size=(PERSONS, 3))
    between = 0.7 * z[:, 0] + np.sqrt(1 - 0.49) * z[:, 1]
    after = RHO * z[:, 0] + 0.5 * z[:, 1] + np.sqrt(1 - RHO**2 - 0.25) * z[:, 2]
    shown = np.column_stack([SDS[0] * z[:, 0], SDS[0] * between, SDS[1] * after])
    if world != "nobody leaves":
        cause = after if world == "missing not at random" else (z[:, 0] + between) / 3.4**0.5
        shown[rng.random(PERSONS) < 1 / (1 + np.exp(0.5 - 2 * cause)), 2] = np.nan
    return 10 + shown


def answers(work: tuple[str, int]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Distance from the truth and whether limits hold it, by k, of both ways."""
    world, study = work
    data = cohort(np.random.default_rng([SEED, study]), world)
    both = data[np.isfinite(data[:, 2])]
    plain = change_on_baseline(both[:, 0], both[:, 2], k=KS, draws=DRAWS, seed=study)
    found = {"persons with both": (plain.corrected[:, 0], plain.interval[:, :, 0].T)}
    if world != "nobody leaves":
        sets = ChainedImputation(imputations=SETS, seed=study).fit(data)
        nothing = np.empty((PERSONS, 0))
        pooled = pool_change_on_baseline(
            ((one[:, 0], one[:, 2], nothing) for one in sets.arrays()), k=KS
        )
        found[f"{SETS} completed sets"] = (pooled.slopes[1:, 0], pooled.intervals[:, 1:, 0])
    return {
        way: (slopes - TRUTH, (ends[0] <= TRUTH) & (ends[1] >= TRUTH))
        for way, (slopes, ends) in found.items()
    }


def world_rows(world: str, studies: int, executor: Any) -> list[dict[str, Any]]:
    found = run_each(answers, [(world, study) for study in range(studies)], executor=executor)
    rows = []
    for way in found[0]:
        away = np.array([one[way][0] for one in found])
        held = np.array([one[way][1] for one in found]).mean(axis=0)
        parts = [
            f"k = {k:g} held in {100 * share:.1f} %, off by {bias:+.3f}"
            for k, share, bias in zip(KS, held, away.mean(axis=0), strict=True)
        ]
        row: dict[str, Any] = {
            "what": f"{WORLDS[world]}, {PERSONS} persons, {way}",
            "measured": "; ".join(parts),
            "holds": held.tolist(),
            "bias": away.mean(axis=0).tolist(),
        }
        if world == "nobody leaves" or (world == "missing at random" and "sets" in way):
            row["limit"] = "93 % or more"
        print(f"{row['what']}: {row['measured']}", flush=True)
        rows.append(row)
    return rows


def main(studies: int) -> None:
    with executor_for() as executor:
        rows = [row for world in WORLDS for row in world_rows(world, studies, executor)]
    if studies >= STUDIES:
        save("change_on_baseline", rows, studies=studies, seed=SEED)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STUDIES)
