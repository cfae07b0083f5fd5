"""Whether pooled estimates hold the truth, beside those of persons with everything.

    python benchmarks/bench_imputation_truth.py [studies]

A cohort of 200 persons on four occasions with a factor x; the outcome has a level of the person and
goes with x more from occasion to occasion. Persons leave for good, more of them where the outcome
is high: as it was last seen (missing at random), or as it would have been next and nobody saw
(missing not at random). Asked: the mean of the last occasion and its slope on x, by 20 completed
sets pooled, and by the persons who were there.
Then a trial of 120 persons in two arms, baseline and two occasions. Persons leave more often where
the outcome is high; in each world those of the other arm go on as a rule says. Asked: how often
95 % limits of the jackknife and of Rubin's rules hold the true difference, and how large errors are
as a share of how far estimates scatter.
Prints a table and keeps `results/imputation_truth.json`; fewer than 500 studies keep nothing.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from measuring import save

from salutogen.models import ChainedImputation, ReferenceBasedImputation, executor_for
from salutogen.models.parallel.executors import run_each
from salutogen.models.pooling.estimates import pool_estimates

STUDIES, SEED = 500, 24
PERSONS, SETS, ITERATIONS = 200, 20, 10
TRUTH = {"mean": 0.0, "slope": 0.4}
WORLDS = {"missing at random": "as last seen", "missing not at random": "as not seen"}
TRIAL, TRIALS_SETS = 120, 50
RULES = ("missing at random", "jump to reference", "copy increments in reference", "copy reference")
GAIN, KEPT, SCATTER = -0.5, 0.6, 0.8  # of the trial's outcome


def cohort(rng: np.random.Generator, world: str) -> np.ndarray:
    """Columns x and the outcome of four occasions, NaN after leaving."""
    x, level = rng.normal(size=(2, PERSONS))
    later = 0.7 * level[:, None] + 0.7 * rng.normal(size=(PERSONS, 4))
    y = later + 0.1 * np.arange(1, 5) * x[:, None]
    shown = y.copy()
    here = np.ones(PERSONS, dtype=bool)
    for t in range(1, 4):
        cause = y[:, t] if world == "missing not at random" else y[:, t - 1]
        here &= rng.random(PERSONS) > 1 / (1 + np.exp(1.8 - cause))
        shown[~here, t] = np.nan
    return np.column_stack([x, shown])


def figures(table: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Mean of the last column and its slope on the first, errors, rows."""
    x, y = table[:, 0] - table[:, 0].mean(), table[:, -1]
    n, slope = len(y), float(x @ y / (x @ x))
    rest = y - y.mean() - slope * x
    errors = [y.std(ddof=1) / n**0.5, (rest @ rest / (n - 2) / (x @ x)) ** 0.5]
    return np.array([y.mean(), slope]), np.array(errors), n


def held(estimates: Any, errors: Any, df: Any) -> dict[str, tuple[float, bool]]:
    """Distance from the truth, and whether 95 % limits hold it."""
    from scipy.special import stdtrit

    half = stdtrit(df, 0.975) * np.asarray(errors)
    away = np.asarray(estimates) - list(TRUTH.values())
    return {n: (float(a), bool(abs(a) <= h)) for n, a, h in zip(TRUTH, away, half, strict=True)}


def cohort_answers(work: tuple[str, int]) -> dict[str, dict[str, tuple[float, bool]]]:
    """What each way of one study says."""
    world, study = work
    data = cohort(np.random.default_rng([SEED, study]), world)
    present = data[np.isfinite(data[:, -1])]
    q, se, n = figures(present)
    found = {"persons who were there": held(q, se, n - 2)}
    for method in ("norm", "pmm"):
        sets = ChainedImputation(
            method=method, imputations=SETS, iterations=ITERATIONS, seed=study
        ).fit(data)
        each = [figures(table) for table in sets.arrays()]
        pooled = pool_estimates([one[0] for one in each], [one[1] for one in each], PERSONS - 2)
        found[method] = held(pooled.estimate, pooled.standard_error, pooled.df)
    return found


def trial(rng: np.random.Generator, n: int, rule: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Arm, what is seen, and the last outcome as it came to be under a rule."""
    arm = np.arange(n) % 2
    y0 = rng.normal(size=n)
    noise = SCATTER * rng.normal(size=(2, n))
    y1 = KEPT * y0 + GAIN * arm + noise[0]
    y2 = KEPT * y1 + GAIN * arm + noise[1]
    leave = [rng.random(n) < 1 / (1 + np.exp(1.6 - y)) for y in (y0, y1)]
    gone1, gone2 = leave[0], leave[0] | leave[1]
    seen = np.column_stack([y0, np.where(gone1, np.nan, y1), np.where(gone2, np.nan, y2)])
    # What those would have had at last who left before either occasion: as in the reference, whose
    # means are all 0, by every rule but the first.
    last0 = y2 if rule == "missing at random" else KEPT * (KEPT * y0 + noise[0]) + noise[1]
    mean1 = GAIN
    last1 = {
        "missing at random": y2,
        "jump to reference": KEPT * (y1 - mean1) + noise[1],
        "copy increments in reference": mean1 + KEPT * (y1 - mean1) + noise[1],
        "copy reference": KEPT * y1 + noise[1],
    }[rule]
    last = np.where(gone1, last0, np.where(gone2, last1, y2))
    return arm, seen, np.where(arm == 1, last, y2)


def trial_truth(rule: str) -> float:
    """True difference, from two million persons."""
    arm, _, last = trial(np.random.default_rng(SEED), 2_000_000, rule)
    return float(last[arm == 1].mean() - last[arm == 0].mean())


def trial_answers(work: tuple[str, float, int]) -> dict[str, tuple[float, float, bool]]:
    """Distance from the truth, error and whether limits hold it, by both errors."""
    rule, truth, study = work
    arm, seen, _ = trial(np.random.default_rng([SEED, 7, study]), TRIAL, rule)
    data = {"arm": arm, "y0": seen[:, 0], "y1": seen[:, 1], "y2": seen[:, 2]}
    found = {}
    for errors in ("jackknife", "multiple"):
        fit = ReferenceBasedImputation(
            outcomes=["y0", "y1", "y2"], arm="arm", reference="0", rule=rule, errors=errors,
            imputations=TRIALS_SETS, seed=study,
        ).fit(data)  # fmt: skip
        low, high = fit.intervals["1"]
        away = fit.estimates["1"] - truth
        found[errors] = (away, fit.standard_errors["1"], low <= truth <= high)
    return found


def cohort_rows(studies: int, executor: Any) -> list[dict[str, Any]]:
    rows = []
    for world, words in WORLDS.items():
        work = [(world, study) for study in range(studies)]
        answers = run_each(cohort_answers, work, executor=executor)
        for way in answers[0]:
            parts, shares = [], {}
            for name in TRUTH:
                away = np.mean([one[way][name][0] for one in answers])
                share = float(np.mean([one[way][name][1] for one in answers]))
                parts.append(f"{name} held in {100 * share:.1f} %, off by {away:+.3f}")
                shares |= {f"{name} holds": share, f"{name} bias": float(away)}
            row = {
                "what": f"{world} (people leave {words}), {PERSONS} persons, {way}",
                "measured": "; ".join(parts),
                **shares,
            }
            if way != "persons who were there" and world == "missing at random":
                row["limit"] = "93 to 97 %"
            print(f"{row['what']}: {row['measured']}", flush=True)
            rows.append(row)
    return rows


def trial_rows(studies: int, executor: Any) -> list[dict[str, Any]]:
    rows = []
    for rule in RULES:
        truth = trial_truth(rule)
        work = [(rule, truth, study) for study in range(studies)]
        answers = run_each(trial_answers, work, executor=executor)
        for errors in ("jackknife", "multiple"):
            away = np.array([one[errors][0] for one in answers])
            size = np.array([one[errors][1] for one in answers])
            share = float(np.mean([one[errors][2] for one in answers]))
            ratio = float(size.mean() / away.std(ddof=1))
            words = f"held in {100 * share:.1f} %, off by {away.mean():+.3f}, error × {ratio:.2f}"
            row = {
                "what": f"trial of {TRIAL}, {rule} (true difference {truth:.3f}), {errors}",
                "measured": words, "holds": share, "bias": float(away.mean()), "ratio": ratio,
            }  # fmt: skip
            if errors == "jackknife":
                row["limit"] = "93 to 97 %"
            print(f"{row['what']}: {row['measured']}", flush=True)
            rows.append(row)
    return rows


def main(studies: int) -> None:
    with executor_for() as executor:
        rows = [*cohort_rows(studies, executor), *trial_rows(studies, executor)]
    if studies >= STUDIES:
        save("imputation_truth", rows, studies=studies, seed=SEED)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STUDIES)
