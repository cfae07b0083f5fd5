"""Whether factors and mechanisms hold the truth over completed sets where persons leave.

    python benchmarks/bench_completed_sets.py [studies]

A cohort of 200 persons with a factor, problems and exposure at first, and both later; 20 % lack the
factor (or the mechanism, measured in between). About 40 % leave before the later occasion, more of
those with many problems at first (missing at random), or, for factors, of those who would have had
many later (missing not at random). Asked: how often 95 % limits hold the true coefficient of the
factor, in two steps with a line that is fitted to all occasions and in one, and the true indirect
effect, in persons who lack nothing and over 20 completed sets of everyone; and how often something
is told that is not there. Prints a table and keeps `results/completed_sets.json`; fewer than 500
studies keep nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np
from measuring import save

from salutogen.models import ChainedImputation, executor_for, mediate, pool_estimates
from salutogen.models.mediation.pooled import mediate_sets
from salutogen.models.parallel.executors import run_each
from salutogen.models.regression.stacked import EstimatedLine, StackedFit, stacked_regression

STUDIES, SEED = 500, 1124
PERSONS, SETS, DRAWS = 200, 20, 1000
EFFECTS = (-1.0, 0.0)  # points of later problems per SD of the factor; SD of problems about 3
PATHS = ((0.5, -0.8), (0.5, 0.0))  # a, b
SLOPE = 0.3
RANDOM, UNSEEN = "people leave as first seen", "people leave as not seen"
Answer = tuple[float, bool, bool]  # away from the truth, held, told


def leaving(rng: np.random.Generator, cause: np.ndarray) -> np.ndarray:
    z = (cause - cause.mean()) / cause.std()
    return np.asarray(rng.random(z.size) < 1 / (1 + np.exp(0.5 - 1.5 * z)))


def columns_of(rng: np.random.Generator, world: str, given: np.ndarray, between: np.ndarray):
    """Problems and exposure at first and later; NaN after leaving, and in 20 % of `between`."""
    E = rng.normal(30, 5, size=(PERSONS, 2)) + rng.normal(0, 5, PERSONS)[:, None]
    lasting = rng.normal(0, 2, PERSONS) + given
    P = 5 + SLOPE * E + lasting[:, None] + rng.normal(0, 1.5, size=(PERSONS, 2))
    gone = leaving(rng, P[:, 0] if world == RANDOM else P[:, 1])
    shown = between.copy()
    shown[leaving(rng, P[:, 0]) & (rng.random(PERSONS) < 0.45)] = np.nan
    later = np.where(gone[:, None], np.nan, np.column_stack([P[:, 1], E[:, 1]]))
    return shown, P[:, 0], E[:, 0], later[:, 0], later[:, 1]


def limits(estimate: float, low: float, high: float, truth: float) -> Answer:
    return estimate - truth, bool(low <= truth <= high), bool(low > 0 or high < 0)


def factor_answers(work: tuple[str, float, int]) -> dict[str, Answer]:
    world, effect, study = work
    rng = np.random.default_rng([SEED, study, 1])
    factor = rng.normal(size=PERSONS)
    x, P0, E0, P1, E1 = columns_of(rng, world, effect * factor, factor)
    rows = np.column_stack([np.append(P0, P1), np.append(E0, E1), np.tile(np.arange(PERSONS), 2)])
    rows = rows[np.isfinite(rows).all(axis=1)]
    X = np.column_stack([np.ones(len(rows)), rows[:, 1]])
    b = np.linalg.lstsq(X, rows[:, 0], rcond=None)[0]
    person = rows[:, 2].astype(int)
    line = EstimatedLine.of(X, rows[:, 0] - X @ b, person, PERSONS)

    def fits(data: Mapping[str, np.ndarray]) -> dict[str, StackedFit]:
        one = np.ones(PERSONS)
        along = np.column_stack([one, data["E1"]])
        return {
            "two steps": stacked_regression(
                data["P1"] - along @ b, np.column_stack([one, data["x"]]), names=("1", "x"),
                through=along, line=line,
            ),
            "one step": stacked_regression(
                data["P1"], np.column_stack([along, data["x"]]), names=("1", "E", "x")
            ),
        }  # fmt: skip

    seen = {"x": x, "P1": P1, "E1": E1, "P0": P0, "E0": E0}
    found = {
        f"{step}, persons who lack nothing": limits(
            fit.coefficients[-1], *fit.interval()[:, -1], effect
        )
        for step, fit in fits(seen).items()
    }
    sets = ChainedImputation(imputations=SETS, seed=study).fit(np.column_stack(list(seen.values())))
    each = [fits(dict(zip(seen, one.T, strict=True))) for one in sets.arrays()]
    for step in each[0]:
        pooled = pool_estimates(
            [one[step].coefficients[-1] for one in each], [one[step].errors[-1] for one in each],
            df_complete=min(one[step].df[-1] for one in each),
        )  # fmt: skip
        found[f"{step}, {SETS} completed sets"] = limits(
            float(pooled.estimate), *map(float, pooled.interval), effect
        )
    return found


def mechanism_answers(work: tuple[str, tuple[float, float], int]) -> dict[str, Answer]:
    world, (a, b), study = work
    rng = np.random.default_rng([SEED, study, 2])
    factor = rng.normal(size=PERSONS)
    between = a * factor + rng.normal(size=PERSONS)
    m, P0, E0, P1, E1 = columns_of(rng, world, b * between - 0.3 * factor, between)
    seen = {"x": factor, "m": m, "P1": P1, "E1": E1, "P0": P0, "E0": E0}
    names: dict[str, Any] = {"factor": "x", "mechanism": "m", "outcome": "P1", "exposure": ["E1"]}
    sets = ChainedImputation(imputations=SETS, seed=study).fit(np.column_stack(list(seen.values())))
    data = [dict(zip(seen, one.T, strict=True)) for one in sets.arrays()]
    found = {}
    for word, steps in (("two steps", 2), ("one step", 1)):
        whole = mediate(data=seen, steps=steps, bootstrap=DRAWS, seed=study, **names)
        pooled = mediate_sets(data, steps=steps, bootstrap=DRAWS, seed=study, **names)
        for way, effect in (
            ("persons who lack nothing", whole.effect("indirect")),
            (f"{SETS} completed sets", pooled.effects["indirect"]),
        ):
            found[f"{word}, {way}"] = limits(effect.estimate, *effect.percentile, a * b)
    return found


def world_rows(task: Any, what: str, work: list[Any], executor: Any) -> list[Any]:
    found, rows = run_each(task, work, executor=executor), []
    for way in found[0]:
        away, held, told = (
            np.array(part) for part in zip(*(one[way] for one in found), strict=True)
        )
        row: dict[str, Any] = {
            "what": f"{what}, {way}",
            "measured": f"held in {100 * held.mean():.1f} %, off by {away.mean():+.3f}, told in "
            f"{100 * told.mean():.1f} %",
            "holds": held.mean(), "bias": away.mean(), "told": told.mean(),
        }  # fmt: skip
        if RANDOM in what and "sets" in way:
            row["limit"] = "93 % or more"
        print(f"{row['what']}: {row['measured']}", flush=True)
        rows.append(row)
    return rows


def main(studies: int) -> None:
    rows = []
    with executor_for() as executor:
        for world in (RANDOM, UNSEEN):
            for effect in EFFECTS:
                work = [(world, effect, study) for study in range(studies)]
                what = f"factor, true {effect:+g}, {world}"
                rows += world_rows(factor_answers, what, work, executor)
        for paths in PATHS:
            own = [(RANDOM, paths, study) for study in range(studies)]
            what = f"indirect effect, true {paths[0] * paths[1]:+g}, {RANDOM}"
            rows += world_rows(mechanism_answers, what, own, executor)
    if studies >= STUDIES:
        save("completed_sets", rows, studies=studies, seed=SEED)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STUDIES)
