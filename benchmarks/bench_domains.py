"""Whether shares of persons below the line in all domains, and calls of persons, hold the truth.

    python benchmarks/bench_domains.py [quick]

Simulated studies of 150 persons with three domains; problems of a domain are 5 + .1 E plus the
person's level (SD 1 in SR) plus AR(1) fluctuation over six occasions (SD 1.5, correlation .3).
Levels of the domains share nothing, or half of their variance. Asked: how often unrelated domains
are said to go together (5 in 100 wanted, either way); coverage of the share in all; the share of
false calls among persons called clearly below (5 in 100 allowed); and calls where no level differs.
`quick` makes 10 studies of each kind and keeps nothing.
"""

from __future__ import annotations

import sys
import time
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from measuring import save

from salutogen.analyses.domains.scored import (
    DomainScores,
    lines,
    product,
    variance_of_means,
)
from salutogen.analyses.domains.shares import BELOW, shares_of

STUDIES, PERSONS, OCCASIONS, DOMAINS, DRAWS = 100, 150, 6, 3, 200
SD, CORRELATION = 1.5, 0.3
NAMES = ["one", "two", "three"]


def sample(rng: np.random.Generator, n: int, common: float, level: float) -> tuple[Any, Any]:
    """Scores of persons, and their true levels (n, domains)."""
    shared = rng.normal(size=(n, 1))
    true = level * (np.sqrt(common) * shared + np.sqrt(1 - common) * rng.normal(size=(n, DOMAINS)))
    E = rng.gamma(4, 5, n)[:, None] + rng.normal(0, 3, (n, OCCASIONS))
    state = rng.normal(size=(n, OCCASIONS, DOMAINS))
    for t in range(1, OCCASIONS):
        rest = np.sqrt(1 - CORRELATION**2) * state[:, t]
        state[:, t] = CORRELATION * state[:, t - 1] + rest
    P = 5 + 0.1 * E[:, :, None] + true[:, None, :] + SD * state
    X = np.column_stack([np.ones(n), E.mean(axis=1)])
    means = P.mean(axis=1)
    b = lines(X, means, np.ones(n))
    left = P - b[0] - b[1] * E[:, :, None]
    who, when = (codes.ravel() for codes in np.indices((n, OCCASIONS)))
    variance = np.column_stack(
        [variance_of_means(left[:, :, place].ravel(), who, when, n) for place in range(DOMAINS)]
    )
    persons = pl.DataFrame({"E": X[:, 1]})
    scores = DomainScores(
        persons=persons, X=X, means=means, SR=means - product(X, b), variance=variance,
        told=(True,) * DOMAINS,
    )  # fmt: skip
    return scores, true


@cache
def share_of_many(common: float, level: float) -> float:
    """Share below the line in all domains, of very many persons."""
    large, _ = sample(np.random.default_rng(5), 100_000, common, level)
    return float((large.SR < 0).all(axis=1).mean())


def study(seed: np.random.SeedSequence, common: float, level: float) -> dict[str, float]:
    """One study: what was told and what was held."""
    rng = np.random.default_rng(seed)
    scores, true = sample(rng, PERSONS, common, level)
    made = shares_of(scores, NAMES, limit=0.0, draws=DRAWS, seed=1)
    row = made.joint.filter(criterion=BELOW).row(0, named=True)
    share = share_of_many(common, level)
    calls = int(made.clear.sum())
    return {
        "apart": float(not row["beyond_low"] <= 0 <= row["beyond_high"]),
        "all": float(row["all_low"] <= share <= row["all_high"]),
        "false": float((made.clear & (true >= 0)).sum() / max(calls, 1)),
        "calls": calls / DOMAINS,
    }


def main() -> None:
    quick = "quick" in sys.argv[1:]
    each = 10 if quick else STUDIES
    begun = time.perf_counter()
    rows: list[dict[str, Any]] = []

    def row(what: str, share: float, low: float, high: float, unit: str = "%") -> None:
        times = 100 if unit == "%" else 1
        rows.append(
            {
                "what": f"domains: {what}",
                "measured": f"{times * share:.1f} {unit}",
                "limit": f"{times * low:g} to {times * high:g} {unit}",
                "share": share,
                "within": bool(low <= share <= high),
            }
        )

    for number, (name, common, level) in enumerate(
        (("unrelated", 0.0, 1.0), ("related", 0.5, 1.0), ("no lasting levels", 0.0, 0.0))
    ):
        seeds = np.random.SeedSequence([733, number]).spawn(each)
        found = [study(seed, common, level) for seed in seeds]
        mean = {key: float(np.mean([one[key] for one in found])) for key in found[0]}
        if name == "unrelated":
            row("unrelated ones said to go together or apart", mean["apart"], 0.0, 0.09)
        if name != "no lasting levels":
            row(f"coverage, share in all, {name}", mean["all"], 0.9, 0.99)
            row(f"false among persons clearly below, {name}", mean["false"], 0.0, 0.05)
        else:
            row("persons clearly below where none differs", mean["calls"], 0.0, 0.5, "persons")
    if quick:
        for line in rows:
            print(line["what"], line["measured"])
        return
    save("domains", rows, studies=3 * each, persons=PERSONS,
         seconds=round(time.perf_counter() - begun, 1))  # fmt: skip


if __name__ == "__main__":
    main()
