"""Whether intervals of indirect effects hold the truth, and what fools them.

    python benchmarks/bench_mediation.py [studies]

First the time of 5,000 draws. Then studies of 100 or 300 persons, with even normal or skewed
scatter that grows with the factor, with and without an effect on either path; diaries of 60 persons
on 6 occasions; factors and mechanisms that go with exposure, in one step and in two. Asked: how
often 95 % limits (percentile, bias-corrected and accelerated) hold the true indirect effect, and
how often an effect is told where there is none (both limits on one side of 0; both paths below
5 %). With paths of 0 on both sides products of paths scatter little, so that far fewer than 5 in
100 are told. Last, two worlds without any mechanism, in which one is found all the same: an
unmeasured cause of mechanism and outcome, and an outcome that acts on the mechanism.
Prints a table and keeps `results/mediation.json`; fewer than 500 studies keep nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from measuring import save

from salutogen.models import mediate

STUDIES, DRAWS, SEED = 500, 1000, 76
TARGET = "coverage 93 to 97 %, at most 7 % told without an effect"
Data = dict[str, np.ndarray]


def scatter(rng: np.random.Generator, x: np.ndarray, skewed: bool) -> np.ndarray:
    """Errors with SD about 1: normal, or of a gamma distribution and larger where x is large."""
    if not skewed:
        return rng.normal(size=x.shape)
    return (rng.gamma(1.5, 1.0, x.shape) - 1.5) * np.exp(0.25 * x)


def persons(rng: np.random.Generator, n: int, a: float, b: float, skewed: bool) -> Data:
    """Persons in whom x acts on m, and m and x on y."""
    x = rng.normal(size=n)
    m = a * x + scatter(rng, x, skewed)
    return {"x": x, "m": m, "y": b * m + 0.2 * x + scatter(rng, x, skewed)}


def diaries(rng: np.random.Generator, n: int, a: float, b: float, steady: bool) -> Data:
    """Six occasions of persons; paths within persons a and b, other ones between persons."""
    id_ = np.repeat(np.arange(n), 6)
    u = rng.normal(size=(3, n))[:, id_]
    x = u[0] + (0.0 if steady else rng.normal(size=id_.size))
    m = a * x + 0.3 * u[0] + u[1] + rng.normal(size=id_.size)
    y = b * m + 0.1 * x + 0.3 * u[1] + u[2] + rng.normal(size=id_.size)
    return {"id": id_, "x": x, "m": m, "y": y}


def between_truth(a: float, b: float, steady: bool) -> float:
    """Indirect effect of the regressions of persons' means over six occasions, exactly.

    Means of x, m and y are sums of independent parts with known variances.
    """
    free = 1 / 6
    parts = np.diag([1.0, 0.0 if steady else free, 1.0, free])  # u0, x within, u1, m within
    x = np.array([1.0, 1.0, 0.0, 0.0])
    m = a * x + np.array([0.3, 0.0, 1.0, 1.0])
    y = b * m + 0.1 * x + np.array([0.0, 0.0, 0.3, 0.0])
    S = np.array([[p @ parts @ q for q in (x, m, y)] for p in (x, m, y)])
    return float(S[0, 1] / S[0, 0] * np.linalg.solve(S[:2, :2], S[:2, 2])[1])


def world(rng: np.random.Generator, n: int, kind: str) -> Data:
    """Persons in whom m does not act on y."""
    x, u = rng.normal(size=(2, n))
    if kind == "confounded":
        m = 0.4 * x + 0.5 * u + rng.normal(size=n)
        return {"x": x, "m": m, "y": 0.2 * x + 0.5 * u + rng.normal(size=n)}
    y = 0.4 * x + rng.normal(size=n)
    return {"x": x, "y": y, "m": 0.4 * y + rng.normal(size=n)}


def exposed(rng: np.random.Generator, n: int, b: float, direct: float) -> Data:
    """Persons in whom factor and mechanism go with fewer stressors, which make problems."""
    x = rng.normal(size=n)
    m = 0.4 * x + rng.normal(size=n)
    E = -0.3 * x - 0.3 * m + rng.normal(size=n)
    return {"x": x, "m": m, "E": E, "P": 0.5 * E + b * m + direct * x + rng.normal(size=n)}


def two_step_truth(b: float, direct: float) -> float:
    """Indirect effect on what exposure leaves of problems, in all persons there could be."""
    x = np.array([1.0, 0.0, 0.0, 0.0])  # parts with variance 1: x, rest of m, of E, of P
    m = 0.4 * x + np.array([0.0, 1.0, 0.0, 0.0])
    E = -0.3 * x - 0.3 * m + np.array([0.0, 0.0, 1.0, 0.0])
    P = 0.5 * E + b * m + direct * x + np.array([0.0, 0.0, 0.0, 1.0])
    SR = P - (P @ E) / (E @ E) * E
    S = np.array([[x @ x, x @ m], [x @ m, m @ m]])
    return float(0.4 * np.linalg.solve(S, [x @ SR, m @ SR])[1])


def told(
    make: Callable[[np.random.Generator], Data],
    truths: dict[str, float],
    studies: int,
    seed: int,
    **settings: Any,
) -> dict[str, float]:
    """Shares of studies whose limits hold the truth, and in which an effect is told."""
    rng = np.random.default_rng([SEED, seed])
    found: dict[str, list[bool]] = {}
    for study in range(studies):
        data = make(rng)
        person = "id" if "id" in data else None
        given = {"outcome": "y", "person": person, **settings}
        one = mediate(
            factor="x", mechanism="m", data=data, bootstrap=DRAWS, seed=study, **given
        )  # fmt: skip
        for name, truth in truths.items():
            effect, level = one.effects[name], name.removesuffix("indirect").rstrip(":")
            begin = f"{level} " if level else ""
            for kind in ("percentile", "bca"):
                low, high = getattr(effect, kind)
                found.setdefault(f"{begin}{kind} holds", []).append(low <= truth <= high)
                found.setdefault(f"{begin}{kind} told", []).append(low > 0 or high < 0)
            found.setdefault(f"{begin}both paths", []).append(
                one.joint_p(level=level or None) < 0.05
            )
    return {name: float(np.mean(values)) for name, values in found.items()}


def row(what: str, shares: dict[str, float], limit: str) -> dict[str, Any]:
    words = ", ".join(f"{name} {100 * share:.1f} %" for name, share in shares.items())
    print(f"{what}: {words}", flush=True)
    return {"what": what, "measured": words, "limit": limit, **shares}


def rows_of_persons(studies: int) -> list[dict[str, Any]]:
    rows = []
    for skewed in (False, True):
        for n in (100, 300):
            for a, b in ((0.0, 0.0), (0.4, 0.0), (0.0, 0.4), (0.4, 0.4), (0.15, 0.15)):
                shares = told(
                    lambda rng, n=n, a=a, b=b, skewed=skewed: persons(rng, n, a, b, skewed),
                    {"indirect": a * b}, studies, len(rows),
                )  # fmt: skip
                words = "skewed, growing scatter" if skewed else "even scatter"
                what = f"indirect effect, {n} persons, a = {a:g}, b = {b:g}, {words}"
                rows.append(row(what, shares, TARGET))
    return rows


def rows_of_diaries(studies: int) -> list[dict[str, Any]]:
    rows = []
    for steady in (False, True):
        for a, b in ((0.0, 0.0), (0.3, 0.3)):
            truths = {"between:indirect": between_truth(a, b, steady)}
            if not steady:
                truths["within:indirect"] = a * b
            shares = told(
                lambda rng, a=a, b=b, steady=steady: diaries(rng, 60, a, b, steady),
                truths, studies, 100 + len(rows),
            )  # fmt: skip
            design = "2-1-1" if steady else "1-1-1"
            what = f"indirect effect, 60 persons on 6 occasions, {design}, a = {a:g}, b = {b:g}"
            rows.append(row(what, shares, TARGET))
    return rows


def rows_of_exposure(studies: int) -> list[dict[str, Any]]:
    """Problems given exposure in one step, and what exposure leaves of them in two."""
    rows = []
    for b, direct in ((0.0, 0.0), (0.0, -0.4), (-0.3, 0.0)):
        for steps, truth in ((1, 0.4 * b), (2, two_step_truth(b, direct))):
            shares = told(
                lambda rng, b=b, direct=direct: exposed(rng, 200, b, direct),
                {"indirect": truth}, studies, 300 + len(rows),
                outcome="P", exposure=["E"], steps=steps,
            )  # fmt: skip
            words = "one step" if steps == 1 else f"two steps, true value {truth:.3f}"
            what = (
                f"indirect effect, 200 persons, exposure, b = {b:g}, direct = {direct:g}, {words}"
            )
            rows.append(row(what, shares, TARGET))
    return rows


def rows_of_false_worlds(studies: int) -> list[dict[str, Any]]:
    rows = []
    for kind, words in (
        ("confounded", "an unmeasured cause of mechanism and outcome"),
        ("reversed", "the outcome acts on the mechanism"),
    ):
        shares = told(
            lambda rng, kind=kind: world(rng, 300, kind),
            {"indirect": 0.0},
            studies,
            200 + len(rows),
        )
        rows.append(row(f"no mechanism, 300 persons: {words}", shares, "fooled, and said so"))
    return rows


def seconds() -> dict[str, Any]:
    rng = np.random.default_rng(SEED)
    data = persons(rng, 1000, 0.4, 0.4, False)
    data |= {f"c{i}": rng.normal(size=1000) for i in range(3)}
    took = []
    for _ in range(4):
        begun = time.perf_counter()
        mediate(
            factor="x", mechanism="m", outcome="y", data=data, covariates=["c0", "c1", "c2"],
            bootstrap=5000,
        )  # fmt: skip
        took.append(time.perf_counter() - begun)
    measured = float(np.median(took[1:]))
    what = "mediation, 1,000 persons, three covariates, 5,000 draws, both kinds of limits"
    print(f"{what}: {measured:.2f} s", flush=True)
    return {"what": what, "measured": f"{measured:.2f} s", "limit": "2 s", "seconds": took}


def main(studies: int) -> None:
    rows = [
        seconds(),
        *rows_of_persons(studies),
        *rows_of_diaries(studies),
        *rows_of_exposure(studies),
        *rows_of_false_worlds(studies),
    ]
    if studies >= STUDIES:
        save("mediation", rows, studies=studies, draws=DRAWS, seed=SEED)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else STUDIES)
