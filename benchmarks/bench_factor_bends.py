"""Whether a bend in an association over time is told where there is one, and only there.

    python benchmarks/bench_factor_bends.py [studies]      (default 500)

Persons of eight occasions, the first of them with the factor; SR by the line of all occasions. The
association of the factor with problems at equal exposure is the same at the seven later occasions
(-0.3), weakens along a straight line (-0.5 to -0.1), or halves from each occasion to the next (from
-0.6). Persons may leave after occasions with many problems, and the factor may be skewed. Asked:
how often a bend is told in both ways of asking, and whether intervals of how far the association
lies off a straight line halfway hold the truth.
Prints a table and keeps `results/factor_bends.json`; fewer than 500 studies keep nothing.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import polars as pl
from measuring import save

from salutogen.analyses.factors.bends import Bend, bend_of
from salutogen.analyses.factors.distance_rows import DAYS, Model, Rows
from salutogen.models.regression.stacked import EstimatedLine

STUDIES, OCCASIONS = 500, 8
TIMES = 30.0 * np.arange(OCCASIONS)
COURSES = {
    "constant": np.full(OCCASIONS - 1, -0.3),
    "straight": np.linspace(-0.5, -0.1, OCCASIONS - 1),
    "halving": -0.6 * 0.5 ** np.arange(OCCASIONS - 1),
}
KINDS = ("complete", "leaving", "skewed factor")
SIZES = (100, 300)


def study(n: int, course: str, kind: str, rng: np.random.Generator) -> Bend | None:
    """Simulate a study and fit the bend."""
    F = np.exp(rng.normal(size=n)) if kind == "skewed factor" else rng.normal(size=n)
    F = (F - F.mean()) / F.std()
    E = (0.4 * F + rng.normal(size=n))[:, None] + 0.7 * rng.normal(size=(n, OCCASIONS))
    effect = np.append(0.0, COURSES[course])
    P = 0.5 * E + effect * F[:, None] + rng.normal(size=(n, 1)) + rng.normal(size=E.shape)
    seen = np.ones(P.shape, dtype=bool)
    if kind == "leaving":
        for place in range(1, OCCASIONS):
            many = P[:, place - 1] > np.quantile(P[:, place - 1], 0.75)
            seen[:, place] = seen[:, place - 1] & ~(many & (rng.random(n) < 0.3))
    person, place = np.nonzero(seen)
    X = np.column_stack([np.ones(person.size), E[seen]])
    left = P[seen] - X @ np.linalg.lstsq(X, P[seen], rcond=None)[0]
    later = place > 0
    line = EstimatedLine.of(X, left, person, n)
    person, place = person[later], place[later]
    since = TIMES[place]
    rows = Rows(
        table=pl.DataFrame(), person=person, place=place, since=since, unit=DAYS,
        labels={one: str(one) for one in range(OCCASIONS)},
    )  # fmt: skip
    model = Model(
        rows=rows, SR=left[later], P=P[seen][later], centred=F[person] - F[person].mean(),
        along=X[later], exposure=np.array([False, True]), names=("constant", "E"),
        columns=(place[:, None] == np.arange(2, OCCASIONS)).astype(float),
        given=tuple(f"occasion {one}" for one in range(2, OCCASIONS)), n=n, line=line,
    )  # fmt: skip
    along = (since - TIMES[1]) / (TIMES[-1] - TIMES[1])
    return bend_of(model, along, "factor", (1.0, 1.0))


def off_the_line(course: str) -> float:
    """True distance halfway, of the least-squares course that the model fits."""
    t = TIMES[1:]
    root = np.sqrt(t)
    along = (t - t[0]) / (t[-1] - t[0])
    off = root - root[0] - along * (root[-1] - root[0])
    off /= np.sqrt((t[0] + t[-1]) / 2) - (root[0] + root[-1]) / 2
    X = np.column_stack([np.ones(t.size), along, off])
    return float(np.linalg.lstsq(X, COURSES[course], rcond=None)[0][2])


def case(n: int, course: str, kind: str, studies: int) -> dict[str, Any]:
    """Shares of studies that tell a bend, and of intervals that hold the truth."""
    truth = off_the_line(course)
    clear, held, both = np.zeros(2), np.zeros(2), 0
    for number in range(studies):
        rng = np.random.default_rng([number, n, KINDS.index(kind), list(COURSES).index(course)])
        bend = study(n, course, kind, rng)
        assert bend is not None
        steps = (bend.two_step, bend.one_step)
        told = [step.clear for step in steps]
        both += all(told) and steps[0].b * steps[1].b > 0
        clear += told
        held += [step.interval is not None and step.interval[0] <= truth <= step.interval[1]
                 for step in steps]  # fmt: skip
    shares = {"two": clear[0], "one": clear[1], "both": both, "held_two": held[0],
              "held_one": held[1]}  # fmt: skip
    found = {name: float(value / studies) for name, value in shares.items()}
    row = {
        "what": f"association {course}, {n} persons, {kind}: a bend is told (two steps, one, both)",
        "measured": f"{found['two']:.1%}, {found['one']:.1%}, {found['both']:.1%}; intervals hold "
        f"the truth in {found['held_two']:.1%}, {found['held_one']:.1%}",
        **found,
    }  # fmt: skip
    if course != "halving":
        row["limit"] = "7 % or less"
    print(f"{row['what']}: {row['measured']}", flush=True)
    return row


def main(studies: int) -> None:
    rows = [
        case(n, course, kind, studies)
        for course in COURSES for kind in KINDS for n in SIZES
        if course != "halving" or kind == "complete"
    ]  # fmt: skip
    if studies >= STUDIES:
        save("factor_bends", rows, studies=studies)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STUDIES)
