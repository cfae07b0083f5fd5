"""Factors and later SR: false claims and coverage in two steps and in one.

    python benchmarks/bench_factors.py [studies]      (default 1000)

Persons of six occasions, the first of them with the factor; SR by the line of all occasions,
averaged over the other five. The factor goes with exposure by `r`; its effect on problems at equal
exposure is 0 or -0.3. Problems scatter more at high exposure, and exposure may be skewed. Beside
the errors that carry the line stand those that take SR as measured. What is true of two steps is
taken from 100,000 persons. Then the time of Romano and Wolf's p for 5,000 persons, 30 factors,
2,000 draws.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
from measuring import save
from numpy.typing import NDArray

from salutogen.models.regression.stacked import EstimatedLine, StackedFit, stacked_regression
from salutogen.models.resampling.stepdown import romano_wolf

Float = NDArray[np.float64]
OCCASIONS = 6
CASES = [
    (n, r, skewed)
    for n in (60, 150, 400)
    for r, skewed in ((0.0, False), (0.6, False), (0.6, True))
]


def study(n: int, r: float, skewed: bool, effect: float, rng: Any) -> tuple[Float, ...]:
    """Factor (n,), exposure and problems (n, occasions)."""
    F = rng.normal(size=n)
    level = r * F + np.sqrt(1 - r**2) * rng.normal(size=n)
    E = level[:, None] + 0.7 * rng.normal(size=(n, OCCASIONS))
    if skewed:
        E = np.exp(0.6 * E)
    lasting = rng.normal(size=n) * np.exp(0.2 * level)
    P = 0.5 * E + effect * F[:, None] + lasting[:, None] + rng.normal(size=E.shape)
    return F, E, P


def fits(F: Float, E: Float, P: Float) -> tuple[StackedFit, StackedFit]:
    """Two steps and one."""
    n = F.size
    X = np.column_stack([np.ones(E.size), E.ravel()])
    line = np.linalg.lstsq(X, P.ravel(), rcond=None)[0]
    rest = (P.ravel() - X @ line).reshape(P.shape)
    person = np.repeat(np.arange(n), OCCASIONS)
    one = np.ones(n)
    through = np.column_stack([one, E[:, 1:].mean(axis=1)])
    two_step = stacked_regression(
        rest[:, 1:].mean(axis=1),
        np.column_stack([one, F]),
        names=("constant", "factor"),
        through=through,
        line=EstimatedLine.of(X, rest.ravel(), person, n),
    )
    one_step = stacked_regression(
        P[:, 1:].mean(axis=1),
        np.column_stack([through, F]),
        names=("constant", "E", "factor"),
    )
    return two_step, one_step


def of_a_case(n: int, r: float, skewed: bool, effect: float, studies: int) -> dict[str, Any]:
    """Share of intervals that hold the truth, and of claims."""
    truth = [
        float(fit.coefficients[-1])
        for fit in fits(*study(100_000, r, skewed, effect, np.random.default_rng(99)))
    ]
    held, claimed, plain = np.zeros(2), np.zeros(2), 0
    for number in range(studies):
        both = fits(*study(n, r, skewed, effect, np.random.default_rng([number, n])))
        for place, fit in enumerate(both):
            low, high = fit.interval()[:, -1]
            held[place] += low <= truth[place] <= high
            claimed[place] += low * high > 0
        half = (both[0].interval()[1, -1] - both[0].coefficients[-1]) / both[0].errors[-1]
        plain += abs(both[0].coefficients[-1] - truth[0]) <= half * both[0].own[-1]
    return {
        "persons": n, "r_exposure": r, "skewed": skewed, "effect": effect, "studies": studies,
        "two_step_truth": truth[0],
        "two_step_coverage": held[0] / studies, "one_step_coverage": held[1] / studies,
        "two_step_line_as_known": plain / studies,
        "two_step_claims": claimed[0] / studies, "one_step_claims": claimed[1] / studies,
    }  # fmt: skip


def seconds_of_stepdown() -> float:
    """Romano and Wolf for 5,000 persons, 30 factors, 2,000 draws."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(5000, 30))
    begun = time.perf_counter()
    romano_wolf(values.mean(axis=0), (values - values.mean(axis=0)) / 5000, draws=2000)
    return time.perf_counter() - begun


def main() -> None:
    """Simulate, print a table and keep it."""
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    romano_wolf([1.0], np.ones((20, 1)) * np.linspace(-1, 1, 20)[:, None], draws=10)  # compiles
    seconds = seconds_of_stepdown()
    rows = [of_a_case(*case, effect, studies) for case in CASES for effect in (0.0, -0.3)]
    print("persons  r(F,E)  skewed  effect   coverage two/one   line as known   claims two/one")
    for row in rows:
        print(
            f"{row['persons']:7d}  {row['r_exposure']:6.1f}  {row['skewed']!s:6}  "
            f"{row['effect']:6.1f}   {row['two_step_coverage']:.3f} / "
            f"{row['one_step_coverage']:.3f}      {row['two_step_line_as_known']:.3f}        "
            f"{row['two_step_claims']:.3f} / {row['one_step_claims']:.3f}"
        )
    print(f"Romano-Wolf, 5,000 persons x 30 factors x 2,000 draws: {seconds:.1f} s")
    save("factors", _told(rows, seconds), cases=rows, romano_wolf_seconds=seconds)


def _told(rows: list[dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
    """Lowest and highest over the cases, as the table of all benchmarks has them."""
    told = []
    for step, words in (("two_step", "two steps"), ("one_step", "one step")):
        held = [row[f"{step}_coverage"] for row in rows]
        none = [row for row in rows if not row["effect"]]
        false = [row[f"{step}_claims"] for row in none]
        told += [
            {
                "what": f"factor and SR, {words}: coverage of 95 % intervals",
                "measured": f"{min(held):.3f} to {max(held):.3f}",
                "limit": "0.93 to 0.97",
            },
            {
                "what": f"factor and SR, {words}: false claims at 5 %",
                "measured": f"{min(false):.3f} to {max(false):.3f}",
                "limit": "0.04 to 0.06",
            },
        ]
    words = "Romano-Wolf, 5,000 persons x 30 factors x 2,000 draws"
    return [*told, {"what": words, "measured": f"{seconds:.1f} s", "limit": "20 s"}]


if __name__ == "__main__":
    main()
