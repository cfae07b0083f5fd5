"""How often the bootstrap likelihood-ratio test claims one class too many, and one that is there.

Simulated cohorts of 200 persons and five visits, a tenth of them missed. One class: normal, skewed
(exponential person effects) or with a floor (a quarter of the values). Two and three classes: apart
by so many SD of the person effects. Draws stop when the verdict is clear.

    python benchmarks/bench_class_test.py [quick]

`quick` takes a tenth of the cohorts and keeps nothing.
"""

from __future__ import annotations

import sys

import numpy as np
from measuring import save

from salutogen.models import Moments, bootstrap_likelihood_ratio, executor_for
from salutogen.models.parallel.executors import run_each

FORMULA = "y ~ t + (1 | id)"
PERSONS, VISITS, DRAWS = 200, 5, 200
SAID = {
    "normal": "one normal class",
    "skewed": "one skewed class",
    "floored": "one class at a floor",
    "two 4": "two classes 4 SD apart",
    "two 5": "two classes 5 SD apart",
    "three 5": "three classes 5 SD apart",
}


def cohort(kind: str, seed: int) -> dict[str, np.ndarray]:
    """A cohort whose persons' effects have variance 1, and residuals .8²."""
    generator = np.random.default_rng(seed)
    person, t = np.divmod(np.arange(PERSONS * VISITS), VISITS)
    effect = generator.normal(size=PERSONS)
    slope = np.zeros(PERSONS)
    if kind == "skewed":
        effect = generator.exponential(size=PERSONS) - 1
    elif kind.startswith("two"):
        effect += float(kind.split()[1]) * (np.arange(PERSONS) < PERSONS // 3)
    elif kind.startswith("three"):
        apart, k = float(kind.split()[1]), np.arange(PERSONS) % 3
        effect += apart * (k == 1)
        slope = apart / 3 * (k == 2)
    y = effect[person] + (0.1 + slope[person]) * t + 0.8 * generator.normal(size=len(t))
    if kind == "floored":
        y = np.maximum(y, np.quantile(y, 0.25))
    kept = (generator.random(len(t)) > 0.1) | (t == 0)
    return {"id": person[kept], "t": t[kept].astype(float), "y": y[kept]}


def rejects(case: tuple[str, int, str, int]) -> bool:
    """Whether the test of k against k − 1 classes claims the k-th in one cohort."""
    kind, classes, null, seed = case
    found = bootstrap_likelihood_ratio(
        FORMULA,
        Moments.from_frame(FORMULA, cohort(kind, seed)),
        classes,
        draws=DRAWS,
        null=null,
        stop_early=True,
        seed=seed,
    )
    return found.p_value < 0.05


def main() -> None:
    quick = sys.argv[1:] == ["quick"]
    many, few = (10, 3) if quick else (100, 20)
    plan = [
        ("normal", 2, "parametric", many, "about 5 of 100"),
        ("normal", 2, "semiparametric", many, "at most 10 of 100"),
        ("skewed", 2, "parametric", few, None),
        ("skewed", 2, "semiparametric", many, "at most 10 of 100"),
        ("floored", 2, "parametric", few, None),
        ("floored", 2, "semiparametric", many, "at most 10 of 100"),
        ("two 4", 2, "parametric", few, "at least 80 of 100"),
        ("two 4", 2, "semiparametric", few, None),
        ("two 5", 2, "semiparametric", few, "at least 80 of 100"),
        ("three 5", 3, "semiparametric", few, "at least 80 of 100"),
    ]
    rows = []
    with executor_for() as executor:
        for kind, classes, null, cohorts, limit in plan:
            cases = [(kind, classes, null, seed) for seed in range(cohorts)]
            found = sum(run_each(rejects, cases, executor=executor))
            row = {
                "what": f"{PERSONS} persons, {SAID.get(kind, kind)}: {null} test of {classes} "
                f"against {classes - 1} classes",
                "measured": f"claims the further class in {found} of {cohorts}",
            }
            rows.append(row if limit is None else row | {"limit": limit})
            print(rows[-1], flush=True)
    if not quick:
        save("class_test", rows)


if __name__ == "__main__":
    main()
