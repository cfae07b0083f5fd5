"""Whether weights for loss give back what everyone would have had, and what fools them.

    python benchmarks/bench_attrition.py [studies]

First the time of weights and a weighted mean of 5,000 persons on 12 occasions. Then studies of 150,
300 and 1,000 persons on six occasions. Persons are lost by chance, by the problems and exposure
that were last seen and a factor, or by the problems of the next occasion, which are not seen any
more; some occasions are missed in between. Asked of mean SR at the end, of its change, and of the
factor in two steps and in one: the bias with weights and without, and how often 95 % intervals hold
what would be found in everyone; the same with weights that are truncated. Where loss goes with what
was not seen, also: how far off the lost were in truth, and whether the estimate that is shifted by
this holds.
Prints a table and keeps `results/attrition.json`; fewer than 500 studies keep nothing.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from measuring import save

from salutogen.models.dropout.weighted import (
    Pulled,
    Rows,
    contrast_of_means,
    regression_over_rows,
)
from salutogen.models.dropout.weights import DropoutWeights, dropout_weights
from salutogen.models.regression.stacked import EstimatedLine

STUDIES, SEED, OCCASIONS, MANY = 500, 913, 6, 200_000
TARGET = "weighted: 93 to 97 % hold"
FOOLED = "biased, and said so"
END = np.eye(OCCASIONS)[-1]
CHANGE = END - np.eye(OCCASIONS)[0]
WORLDS = {
    "by chance": (0.0, 0.0, 0.0),
    "by what was seen": (0.6, 0.2, 0.0),
    "by problems not seen any more": (0.0, 0.0, 0.6),
}


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Everyone's scores, and when they were seen."""

    factor: np.ndarray
    E: np.ndarray
    P: np.ndarray
    seen: np.ndarray

    @property
    def gone(self) -> np.ndarray:
        """Whether each occasion comes after the person was last seen."""
        later = np.cumsum(self.seen[:, ::-1], axis=1)[:, ::-1]
        return np.asarray(later == 0)


def cohort(rng: np.random.Generator, n: int, world: str, occasions: int = OCCASIONS) -> Cohort:
    """Persons whose problems follow exposure, a factor, a level and what lasts for a while."""
    by_problems, by_exposure, by_unseen = WORLDS[world]
    factor = rng.normal(size=n)
    level = rng.normal(20, 6, n)
    own = rng.normal(0, 3, n) - factor
    E = level[:, None] + rng.normal(0, 5, (n, occasions))
    lasts = np.empty((n, occasions))
    lasts[:, 0] = rng.normal(0, 2.5, n)
    for at in range(1, occasions):
        lasts[:, at] = 0.4 * lasts[:, at - 1] + rng.normal(0, 2.5 * np.sqrt(1 - 0.16), n)
    P = 8 + 0.2 * E + own[:, None] + lasts + 0.3 * np.arange(occasions)
    seen, there = np.ones((n, occasions), dtype=bool), np.ones(n, dtype=bool)
    for at in range(occasions - 1):
        odds = (
            -2.2
            + by_problems * (P[:, at] - 13) / 4.5
            + by_exposure * ((E[:, at] - 20) / 8 - factor)
            + by_unseen * (P[:, at + 1] - 13) / 4.5
        )
        there &= rng.random(n) >= 1 / (1 + np.exp(-odds))
        seen[:, at + 1] = there
    seen[:, 1:-1] &= rng.random((n, occasions - 2)) >= 0.05
    return Cohort(factor=factor, E=E, P=P, seen=seen)


def truth_of(world: str) -> dict[str, float]:
    """What would be found in everyone, by the line of those who are seen."""
    one = cohort(np.random.default_rng([SEED, 1]), MANY, world)
    X = np.column_stack([np.ones(int(one.seen.sum())), one.E[one.seen]])
    b = np.linalg.lstsq(X, one.P[one.seen], rcond=None)[0]
    SR = one.P - b[0] - b[1] * one.E
    factor = np.repeat(one.factor, OCCASIONS - 1)
    later = np.column_stack([np.ones(factor.size), one.E[:, 1:].ravel(), factor])
    return {
        "end": float(SR[:, -1].mean()),
        "change": float(SR[:, -1].mean() - SR[:, 0].mean()),
        "factor, two steps": float(np.polyfit(factor, SR[:, 1:].ravel(), 1)[0]),
        "factor, one step": float(
            np.linalg.lstsq(later, one.P[:, 1:].ravel(), rcond=None)[0][2]
        ),
    }  # fmt: skip


def weights_of(
    one: Cohort, person: np.ndarray, occasion: np.ndarray, truncate: float = 0.0
) -> DropoutWeights:
    last = one.seen.shape[1] - 1
    columns = [one.P[one.seen], one.E[one.seen], one.factor[person]]
    scaled = [(column - column.mean()) / column.std() for column in columns]
    return dropout_weights(
        person=person, occasion=occasion, end=last, predictors=np.column_stack(scaled),
        names=["P", "E", "factor"], n_persons=len(one.P), truncate=truncate,
    )  # fmt: skip


def estimates(one: Cohort, truncate: float = 0.0) -> dict[tuple[str, str], Pulled]:
    """Every estimate, with weights and without."""
    n, (person, occasion) = len(one.P), np.nonzero(one.seen)
    P, E, factor = one.P[one.seen], one.E[one.seen], one.factor[person]
    X = np.column_stack([np.ones(P.size), E])
    SR = P - X @ np.linalg.lstsq(X, P, rcond=None)[0]
    line = EstimatedLine.of(X, SR, person, n)
    weights, later = weights_of(one, person, occasion, truncate), occasion > 0
    found: dict[tuple[str, str], Pulled] = {}
    for how, own in (("weighted", weights), ("unweighted", None)):
        whole = Rows(person=person, occasion=occasion, n_persons=n, weights=own, line=line,
                     through=X)  # fmt: skip
        for what, many in (("end", END), ("change", CHANGE)):
            mean = contrast_of_means(SR, whole, many)
            assert mean is not None
            found[what, how] = mean
        part = {"person": person[later], "occasion": occasion[later], "n_persons": n}
        two = np.column_stack([np.ones(int(later.sum())), factor[later]])
        scored = Rows(**part, weights=own, line=line, through=X[later])
        found["factor, two steps", how] = regression_over_rows(
            SR[later], two, scored, names=["1", "factor"]
        )[1]
        found["factor, one step", how] = regression_over_rows(
            P[later], np.column_stack([X[later], factor[later]]), Rows(**part, weights=own),
            names=["1", "E", "factor"],
        )[2]  # fmt: skip
    return found


def rows_of(world: str, n: int, studies: int, truncate: float = 0.0) -> list[dict[str, Any]]:
    truth = truth_of(world)
    found: dict[tuple[str, str], list[tuple[float, float, bool]]] = {}
    for study in range(studies):
        rng = np.random.default_rng([SEED, n, study, len(world)])
        for key, one in estimates(cohort(rng, n, world), truncate).items():
            low, high = one.interval
            true = truth[key[0]]
            found.setdefault(key, []).append((one.value - true, one.se, low <= true <= high))
    rows = []
    for what in truth:
        told: dict[str, float] = {}
        for how in ("weighted", "unweighted"):
            errors, se, holds = np.array(found[what, how]).T
            told |= {
                f"{how} bias": float(errors.mean()),
                f"{how} SD": float(errors.std(ddof=1)),
                f"{how} SE": float(se.mean()),
                f"{how} holds": float(holds.mean()),
            }
        words = "; ".join(
            f"{how}: bias {told[f'{how} bias']:+.3f}, SD {told[f'{how} SD']:.3f}, mean SE "
            f"{told[f'{how} SE']:.3f}, holds {100 * told[f'{how} holds']:.1f} %"
            for how in ("weighted", "unweighted")
        )
        name = f"{what}: lost {world}, {n} persons, true value {truth[what]:+.3f}"
        name += f", truncated at {truncate:g}" if truncate else ""
        print(f"{name}: {words}", flush=True)
        limit = FOOLED if truncate or "not seen" in world else TARGET
        rows.append({"what": name, "measured": words, "limit": limit, **told})
    return rows


def row_of_shift(n: int, studies: int) -> dict[str, Any]:
    """Mean SR at the end, shifted by as much as the lost were off in truth."""
    world = "by problems not seen any more"
    truth = truth_of(world)["end"]
    large = cohort(np.random.default_rng([SEED, 2]), MANY, world)
    weighted = estimates(large)["end", "weighted"].value
    share = float(large.gone[:, -1].mean())
    shift = (truth - weighted) / share
    spread = float(np.std((large.P - 0.2 * large.E)[large.seen]))
    holds = []
    for study in range(studies):
        one = cohort(np.random.default_rng([SEED, n, study, 3]), n, world)
        gone = one.gone[:, -1].astype(float)
        lost = Pulled(value=float(gone.mean()), pulls=(gone - gone.mean()) / (n - 1), df=n - 1)
        low, high = estimates(one)["end", "weighted"].plus(lost, shift).interval
        holds.append(low <= truth <= high)
    told = {"shift": shift, "shift in SDs": shift / spread, "share lost": share,
            "holds": float(np.mean(holds))}  # fmt: skip
    words = (
        f"the {100 * share:.0f} % lost were {shift:+.2f} points ({shift / spread:+.2f} SDs of SR) "
        f"off; shifted by this, {100 * told['holds']:.1f} % hold"
    )
    what = f"end, shifted: lost {world}, {n} persons"
    print(f"{what}: {words}", flush=True)
    return {"what": what, "measured": words, "limit": "93 to 97 % hold", **told}


def seconds() -> dict[str, Any]:
    one = cohort(np.random.default_rng(SEED), 5000, "by what was seen", occasions=12)
    person, occasion = np.nonzero(one.seen)
    took = []
    for _ in range(4):
        begun = time.perf_counter()
        rows = Rows(person=person, occasion=occasion, n_persons=5000,
                    weights=weights_of(one, person, occasion))  # fmt: skip
        contrast_of_means(one.P[one.seen], rows, np.eye(12)[-1])
        took.append(time.perf_counter() - begun)
    measured = float(np.median(took[1:]))
    what = "weights and a weighted mean with its error, 5,000 persons on 12 occasions"
    print(f"{what}: {measured:.2f} s", flush=True)
    return {"what": what, "measured": f"{measured:.2f} s", "seconds": took}


def main(studies: int) -> None:
    rows = [seconds()]
    for n in (150, 300, 1000):
        rows += rows_of("by what was seen", n, studies)
    for n in (300, 1000):
        rows += rows_of("by what was seen", n, studies, truncate=0.01)
    rows += rows_of("by chance", 300, studies)
    rows += rows_of("by problems not seen any more", 300, studies)
    rows.append(row_of_shift(300, studies))
    if studies >= STUDIES:
        save("attrition", rows, studies=studies, seed=SEED)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STUDIES)
