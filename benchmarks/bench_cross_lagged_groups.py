"""How often cross-lagged effects are said to differ between groups in which they are the same.

    python benchmarks/bench_cross_lagged_groups.py [quick]

Simulated studies of two groups × 4 occasions in which x moves y alike, while levels, their spread
and the means of the groups differ; beside them studies in which x moves y in one group only.
Persons stay away from a tenth of the occasions. Effects are tested together by the scaled
likelihood ratio, and each lag of one variable on the other by Wald's test, adjusted for two (Holm).
With 400 studies, chance alone moves a share of 5 % by ±2 points. `quick` makes 20 and keeps
nothing.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np
from measuring import save

from salutogen.models import CrossLaggedPanel, compare_structural_fits, executor_for
from salutogen.models.parallel.executors import run_each

STUDIES = 400
OCCASIONS, BURN_IN = 4, 10
LAG = 0.2
KINDS = (("alike", 100), ("alike", 200), ("alike", 500), ("one group only", 200))
MODEL = CrossLaggedPanel(
    outcomes=("x", "y"), person="id", occasion="wave", group="arm", standard_errors="robust"
)


def study(rng: np.random.Generator, kind: str, persons: int) -> dict[str, Any]:
    """One study's rows, `persons` in each group."""
    n = 2 * persons
    arm = np.arange(n) % 2
    effect = np.where((kind == "alike") | (arm == 0), LAG, 0.0)
    level = rng.normal(size=(n, 2)) @ np.array([[1, 0.6], [0, 0.8]])
    level *= np.where(arm == 0, 1.0, 1.4)[:, None]
    level += 0.5 * arm[:, None]
    deviation, values = np.zeros((n, 2)), []
    for t in range(BURN_IN + OCCASIONS):
        x, y = 0.25 * deviation[:, 0], 0.25 * deviation[:, 1] + effect * deviation[:, 0]
        deviation = np.column_stack([x, y]) + rng.normal(size=(n, 2))
        if t >= BURN_IN:
            values.append(level + deviation)
    table = np.stack(values, axis=1)
    table[rng.random((n, OCCASIONS)) < 0.1] = np.nan
    return {
        "id": np.repeat(np.arange(n), OCCASIONS),
        "wave": np.tile(np.arange(OCCASIONS), n),
        "arm": np.repeat(np.array(["a", "b"])[arm], OCCASIONS),
        "x": table[:, :, 0].ravel(),
        "y": table[:, :, 1].ravel(),
    }


def answers(work: tuple[str, int, np.random.SeedSequence]) -> dict[str, bool]:
    """What is said of one study."""
    kind, persons, seed = work
    rows = study(np.random.default_rng(seed), kind, persons)
    apart = MODEL.fit(rows)
    together = compare_structural_fits(replace(MODEL, equal_groups=("lags",)).fit(rows), apart)
    p = {name: apart.test({f"{name} [a]": 1.0, f"{name} [b]": -1.0}).p_value
         for name in ("y<-x", "x<-y")}  # fmt: skip
    return {
        "together": together.p_value < 0.05,
        "y<-x": p["y<-x"] < 0.05,
        "x<-y": p["x<-y"] < 0.05,
        "any, adjusted": 2 * min(p.values()) < 0.05,
    }


def rows(kind: str, persons: int, found: list[dict[str, bool]]) -> list[dict[str, Any]]:
    """Lines of the table for one kind of study."""
    where = f"two groups of {persons}"
    share = {name: float(np.mean([one[name] for one in found])) for name in found[0]}
    if kind != "alike":
        return [
            {"what": f"a lag of .20 in one of {where}: all effects together are said to differ",
             "measured": f"{100 * share['together']:.1f} %"},
            {"what": f"a lag of .20 in one of {where}: that lag is said to differ, unadjusted",
             "measured": f"{100 * share['y<-x']:.1f} %"},
        ]  # fmt: skip
    lines = []
    for name, told in (("together", "all effects together"), ("y<-x", "a lag that is there"),
                       ("any, adjusted", "any of two lags, adjusted")):  # fmt: skip
        line = {"what": f"said to differ though alike in {where}: {told}",
                "measured": f"{100 * share[name]:.1f} %"}  # fmt: skip
        if persons >= 200:
            line |= {"limit": "at most 7.5 %", "within": share[name] <= 0.075}
        lines.append(line)
    return lines


def main() -> None:
    studies = 20 if "quick" in sys.argv[1:] else STUDIES
    begun, table = time.perf_counter(), []
    with executor_for() as executor:
        for number, (kind, persons) in enumerate(KINDS):
            seeds = np.random.SeedSequence([2027, number]).spawn(studies)
            works = [(kind, persons, seed) for seed in seeds]
            table += rows(kind, persons, run_each(answers, works, executor=executor))
    if studies < STUDIES:
        for row in table:
            print(row["what"], row["measured"])
        return
    save("cross_lagged_groups", table, studies=studies,
         seconds=round(time.perf_counter() - begun, 1))  # fmt: skip


if __name__ == "__main__":
    main()
