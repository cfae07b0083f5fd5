"""Whether intervals of cross-lags hold the truth, and how often a lag that is not there is claimed.

    python benchmarks/bench_cross_lagged_truth.py [quick]

Simulated studies of 300 (in one kind 1,000) persons × 4 occasions in which x moves y and y does not
move x, persons have lasting levels that go together, and who scored high on x more often stays away
from the next occasion on (missing at random). Values are normal, with heavy tails, or skewed. With
1,500 studies, chance alone moves a share by ±1.1 points. `quick` makes 40 and keeps nothing.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from measuring import save

from salutogen.models import CrossLaggedPanel, executor_for
from salutogen.models.parallel.executors import run_each

STUDIES = 1_500
OCCASIONS = 4
LAGS = np.array([[0.25, 0.0], [0.2, 0.25]])
TRUTH = {"x<-x": 0.25, "x<-y": 0.0, "y<-x": 0.2, "y<-y": 0.25}
KINDS = (("normal", 300), ("heavy tails", 300), ("skewed", 300), ("normal", 1_000))
ERRORS = ("expected", "observed", "robust")
LIKELIHOOD = "likelihood"
SAID = {
    "expected": "errors by expected information",
    "observed": "errors by observed information",
    "robust": "robust errors",
    LIKELIHOOD: "likelihood ratio, robust",
}
ASKED = (0.93, 0.97)
Z = 1.959964


def draw(rng: np.random.Generator, kind: str, *size: int) -> np.ndarray:
    """Values of mean 0 and variance 1."""
    if kind == "normal":
        return rng.normal(size=size)
    if kind == "heavy tails":
        return rng.standard_t(5, size=size) / np.sqrt(5 / 3)
    return rng.exponential(size=size) - 1


def study(rng: np.random.Generator, kind: str, persons: int) -> dict[str, Any]:
    """One study's rows."""
    level = draw(rng, kind, persons, 2) @ np.array([[1, 0.6], [0, 0.8]])
    deviation = draw(rng, kind, persons, 2)
    values = np.empty((persons, OCCASIONS, 2))
    here = np.ones(persons, dtype=bool)
    for t in range(OCCASIONS):
        if t:
            deviation = deviation @ LAGS.T + draw(rng, kind, persons, 2)
        values[:, t] = level + deviation
        values[~here, t] = np.nan
        chance = 0.12 / (1 + np.exp(-np.nan_to_num(values[:, t, 0])))
        here &= rng.random(persons) > chance
    return {
        "id": np.repeat(np.arange(persons), OCCASIONS),
        "wave": np.tile(np.arange(OCCASIONS), persons),
        "x": values[:, :, 0].ravel(),
        "y": values[:, :, 1].ravel(),
    }


def answers(work: tuple[str, int, np.random.SeedSequence]) -> dict[tuple[str, str], bool]:
    """Whether each interval of one study holds the truth, and whether fit was rejected."""
    kind, persons, seed = work
    model = CrossLaggedPanel(
        outcomes=("x", "y"), person="id", occasion="wave", standard_errors="robust"
    )
    result = model.fit(study(np.random.default_rng(seed), kind, persons))
    found = {("converged", ""): result.converged}
    for errors in ERRORS:
        size = result.with_errors(errors)
        for name, truth in TRUTH.items():
            found[errors, name] = abs(result.estimates[name] - truth) <= Z * size[name]
    for name, truth in TRUTH.items():
        found[LIKELIHOOD, name] = abs(result.likelihood_ratio(name, truth).root) <= Z
    found["fit", "chi-square"] = result.fit_indices["p"] < 0.05
    found["fit", "scaled chi-square"] = result.fit_indices["p_scaled"] < 0.05
    return found


def rows(kind: str, persons: int, found: list[dict[tuple[str, str], bool]]) -> list[dict[str, Any]]:
    """Lines of the table for one kind of values."""
    kind = f"{kind}, {persons:,} persons"
    share = {key: float(np.mean([one[key] for one in found])) for key in found[0]}
    lines = []
    for errors in (*ERRORS, LIKELIHOOD):
        held = [share[errors, name] for name in TRUTH]
        lines.append(
            {
                "what": f"coverage of 95 % intervals of four lags, {kind}, {SAID[errors]}",
                "measured": f"{100 * min(held):.1f} to {100 * max(held):.1f} %",
                "limit": "93 to 97 %",
                "within": all(ASKED[0] <= value <= ASKED[1] for value in held),
            }
        )
    for errors in ("robust", LIKELIHOOD):
        claimed = 1 - share[errors, "x<-y"]
        lines.append(
            {
                "what": f"a lag that is not there is claimed, {kind}, {SAID[errors]}",
                "measured": f"{100 * claimed:.1f} %",
                "limit": "4 to 6 %",
            }
        )
    for name in ("chi-square", "scaled chi-square"):
        lines.append(
            {
                "what": f"the right model is rejected by {name}, {kind}",
                "measured": f"{100 * share['fit', name]:.1f} %",
            }
        )
    if share["converged", ""] < 1:
        lines.append(
            {"what": f"settled, {kind}", "measured": f"{100 * share['converged', '']:.1f} %"}
        )
    return lines


def main() -> None:
    studies = 40 if "quick" in sys.argv[1:] else STUDIES
    begun = time.perf_counter()
    table = []
    with executor_for() as executor:
        for number, (kind, persons) in enumerate(KINDS):
            seeds = np.random.SeedSequence([2025, number]).spawn(studies)
            works = [(kind, persons, seed) for seed in seeds]
            table += rows(kind, persons, run_each(answers, works, executor=executor))
    if studies < STUDIES:
        for row in table:
            print(row["what"], row["measured"])
        return
    save("cross_lagged_truth", table, studies=studies, truth=TRUTH,
         seconds=round(time.perf_counter() - begun, 1))  # fmt: skip


if __name__ == "__main__":
    main()
