"""How long associations last, and gains by measuring again: false claims and coverage.

    python benchmarks/bench_factor_distance.py [studies]      (default 500)

Persons of six occasions, the first of them with the factor; SR by the line of all occasions. The
association of the factor with problems at equal exposure is the same at the five later occasions
(-0.3), or weakens from -0.5 to -0.1. Persons may leave after occasions with many problems, what
is left of a day may go on to the next, and the factor may be skewed. Beside the errors told stand
those of rows as if each were a person of its own. Then held-out gains: a second measurement that
adds nothing, and one that does.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from measuring import save
from numpy.typing import NDArray

from salutogen.models.regression.held_out import held_out
from salutogen.models.regression.least_squares import fit_least_squares
from salutogen.models.regression.stacked import EstimatedLine, StackedFit
from salutogen.models.regression.stacked_rows import stacked_rows

Float = NDArray[np.float64]
Int = NDArray[np.int64]
OCCASIONS = 6
KINDS = ("complete", "leaving", "lasting days", "skewed factor")
SIZES = (60, 150, 400)
FIRST, LAST = -0.5, -0.1
STEADY = -0.3
SMALLEST = 0.005


def study(
    n: int, kind: str, change: bool, rng: np.random.Generator
) -> tuple[Float, Float, Float, NDArray[np.bool_]]:
    """Factor (n,), exposure, problems and who is seen (n, occasions)."""
    F = np.exp(rng.normal(size=n)) if kind == "skewed factor" else rng.normal(size=n)
    F = (F - F.mean()) / F.std()
    level = 0.4 * F + rng.normal(size=n)
    E = level[:, None] + 0.7 * rng.normal(size=(n, OCCASIONS))
    effect = np.full(OCCASIONS, STEADY)
    if change:
        effect = np.concatenate([[FIRST], np.linspace(FIRST, LAST, OCCASIONS - 1)])
    left = rng.normal(size=E.shape)
    if kind == "lasting days":
        for place in range(1, OCCASIONS):
            left[:, place] = 0.6 * left[:, place - 1] + 0.8 * left[:, place]
    P = 0.5 * E + effect * F[:, None] + rng.normal(size=n)[:, None] + left
    seen = np.ones(P.shape, dtype=bool)
    if kind == "leaving":
        for place in range(1, OCCASIONS):
            many = P[:, place - 1] > np.quantile(P[:, place - 1], 0.75)
            seen[:, place] = seen[:, place - 1] & ~(many & (rng.random(n) < 0.5))
    return F, E, P, seen


def fits(
    F: Float, E: Float, P: Float, seen: NDArray[np.bool_]
) -> tuple[StackedFit, StackedFit, float]:
    """Two steps and one, and the error of the change in two steps of rows as units."""
    n = F.size
    person, place = np.nonzero(seen)
    line_X = np.column_stack([np.ones(person.size), E[seen]])
    b = np.linalg.lstsq(line_X, P[seen], rcond=None)[0]
    rest = P[seen] - line_X @ b
    line = EstimatedLine.of(line_X, rest, person, n)
    later = place > 0
    person, place, along = person[later], place[later], line_X[later]
    each = (place[:, None] == np.arange(2, OCCASIONS)).astype(float)
    own = F[person]
    columns = [each, own[:, None], (own * (place - 1) / (OCCASIONS - 2))[:, None]]
    names = ["one", *(f"t{t}" for t in range(2, OCCASIONS)), "F", "change"]
    X = np.column_stack([along[:, :1], *columns])
    two = stacked_rows(rest[later], X, person, n, names=names, through=along, line=line)
    one = stacked_rows(
        P[seen][later], np.column_stack([along, *columns]), person, n,
        names=["one", "E", *names[1:]],
    )  # fmt: skip
    plain = fit_least_squares(rest[later], X, names=names)
    return two, one, float(plain.coefficients[-1] / plain.standard_errors[-1])


def of_a_case(n: int, kind: str, change: bool, studies: int) -> dict[str, Any]:
    """Share of intervals that hold the truth, and of claims of a change."""
    truth = LAST - FIRST if change else 0.0
    held, claimed, plain = np.zeros(2), np.zeros(2), 0
    middle = np.zeros(2)
    for number in range(studies):
        rng = np.random.default_rng([number, n, KINDS.index(kind), int(change)])
        *both, t = fits(*study(n, kind, change, rng))
        for place, fit in enumerate(both):
            low, high = fit.interval()[:, -1]
            held[place] += low <= truth <= high
            claimed[place] += low * high > 0
            middle[place] += fit.coefficients[-1] / studies
        plain += abs(t) > 1.96
    return {
        "persons": n, "kind": kind, "true_change": truth, "studies": studies,
        "two_step_mean": middle[0], "one_step_mean": middle[1],
        "two_step_coverage": held[0] / studies, "one_step_coverage": held[1] / studies,
        "two_step_claims": claimed[0] / studies, "one_step_claims": claimed[1] / studies,
        "rows_as_units_claims": plain / studies,
    }  # fmt: skip


def gains(n: int, effect: float, studies: int) -> dict[str, Any]:
    """Gains by a second measurement of a factor of stability .5, beyond the outcome before."""
    found = []
    for number in range(studies):
        rng = np.random.default_rng([number, n, int(-100 * effect), 7])
        first = rng.normal(size=n)
        second = 0.5 * first + np.sqrt(0.75) * rng.normal(size=n)
        before = rng.normal(size=n) - 0.3 * first
        later = 0.6 * before - 0.2 * first + effect * second + 0.7 * rng.normal(size=n)
        X = np.column_stack([before, first])
        made = held_out(
            later, {"without": X, "within": np.column_stack([X, second])}, seed=number, repeats=5
        )
        found.append(made.gain("without", "within"))
    mean = float(np.mean([one.gain for one in found]))
    holds = [one.interval[0] <= mean <= one.interval[1] for one in found]
    return {
        "persons": n, "effect": effect, "studies": studies, "mean_gain": mean,
        "coverage": float(np.mean(holds)),
        "shown": float(np.mean([one.interval[0] > 0 for one in found])),
    }  # fmt: skip


def main() -> None:
    """Simulate, print tables and keep them."""
    studies = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    rows = [
        of_a_case(n, kind, change, studies)
        for kind in KINDS for n in SIZES for change in (False, True)
    ]  # fmt: skip
    print("persons  kind           change   mean two/one   coverage two/one  claims two/one  rows")
    for row in rows:
        print(
            f"{row['persons']:7d}  {row['kind']:13}  {row['true_change']:6.1f}   "
            f"{row['two_step_mean']:.3f} / {row['one_step_mean']:.3f}   "
            f"{row['two_step_coverage']:.3f} / {row['one_step_coverage']:.3f}   "
            f"{row['two_step_claims']:.3f} / {row['one_step_claims']:.3f}   "
            f"{row['rows_as_units_claims']:.3f}"
        )
    again = [gains(n, effect, studies) for n in (100, 400) for effect in (0.0, -0.15, -0.3)]
    print("persons  effect  mean gain  coverage  shown")
    for row in again:
        print(
            f"{row['persons']:7d}  {row['effect']:6.2f}  {row['mean_gain']:9.4f}  "
            f"{row['coverage']:8.3f}  {row['shown']:5.3f}"
        )
    save("factor_distance", _told(rows, again), cases=rows, gains=again)


def _told(rows: list[dict[str, Any]], again: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lowest and highest over the cases, as the table of all benchmarks has them."""
    told = []
    for step, words in (("two_step", "two steps"), ("one_step", "one step")):
        held = [row[f"{step}_coverage"] for row in rows]
        false = [row[f"{step}_claims"] for row in rows if not row["true_change"]]
        told += [
            {
                "what": f"change of an association, {words}: coverage of 95 % intervals",
                "measured": f"{min(held):.3f} to {max(held):.3f}",
                "limit": "0.93 to 0.97",
            },
            {
                "what": f"change of an association, {words}: false claims at 5 %",
                "measured": f"{min(false):.3f} to {max(false):.3f}",
                "limit": "0.04 to 0.06",
            },
        ]
    none = [row["shown"] for row in again if not row["effect"]]
    some = [row["coverage"] for row in again if row["mean_gain"] > SMALLEST]
    return [
        *told,
        {
            "what": "held-out gain by measuring again, where there is none: shown",
            "measured": f"{min(none):.3f} to {max(none):.3f}",
            "limit": "0.05",
        },
        {
            "what": f"held-out gain above {SMALLEST:.1%}: coverage of 95 % intervals",
            "measured": f"{min(some):.3f} to {max(some):.3f}",
            "limit": "0.93 to 0.97",
        },
    ]


if __name__ == "__main__":
    main()
