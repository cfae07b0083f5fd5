"""How well few occasions tell a lasting level from a state that passes slowly.

    python benchmarks/bench_level_or_state.py [seed] [studies]

Made-up studies of 60 and 150 persons with 3, 4 and 6 occasions, a tenth of them missed; days have
SD 3 around levels. Looked at: how often the SD of levels is estimated as 0 although levels differ,
what correlation then stands beside it, and how often the interval holds the true variance. One
process.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from measuring import save

from salutogen.models.person_levels.model import PersonLevels, fit_person_levels

SEED, STUDIES = 5, 300
PERSONS, OCCASIONS, MISSED, DAYS = (60, 150), (3, 4, 6), 0.1, 3.0
TRUTHS = ((0.0, 0.7), (3.0, 0.0), (3.0, 0.5), (1.5, 0.3))  # SD of levels, correlation of days
EDGE = 1e-6


def study(
    persons: int, occasions: int, sd: float, rho: float, generator: np.random.Generator
) -> PersonLevels:
    """Fit one made-up study."""
    days = generator.standard_normal((persons, occasions))
    for at in range(1, occasions):
        days[:, at] = rho * days[:, at - 1] + np.sqrt(1 - rho**2) * days[:, at]
    y = sd * generator.standard_normal((persons, 1)) + DAYS * days
    kept = generator.random((persons, occasions)) >= MISSED
    person, occasion = np.nonzero(kept)
    return fit_person_levels(y[kept], person, occasion)


def cell(persons: int, occasions: int, sd: float, rho: float, seed: Any, n: int) -> dict[str, Any]:
    """Fit many studies of one kind."""
    generator = np.random.default_rng(seed)
    fits = [study(persons, occasions, sd, rho, generator) for _ in range(n)]
    edge = [fit for fit in fits if fit.between < EDGE]
    held = [fit.between_interval[0] <= sd**2 <= fit.between_interval[1] for fit in fits]
    return {
        "persons": persons,
        "occasions": occasions,
        "sd_levels": sd,
        "rho": rho,
        "at_0": len(edge) / n,
        "interval_from_0": float(np.mean([fit.between_interval[0] == 0 for fit in fits])),
        "interval_holds": float(np.mean(held)),
        "upper_end_sd": float(np.median([np.sqrt(fit.between_interval[1]) for fit in fits])),
        "rho_estimated": float(np.median([fit.autocorrelation for fit in fits])),
        "rho_where_0": float(np.median([fit.autocorrelation for fit in edge])) if edge else None,
    }


def main() -> None:
    """Print a table and write it."""
    given = [int(value) for value in sys.argv[1:]]
    seed, n = (given + [SEED, STUDIES][len(given) :])[:2]
    kinds = [(p, k, *truth) for truth in TRUTHS for p in PERSONS for k in OCCASIONS]
    seeds = np.random.SeedSequence(seed).spawn(len(kinds))
    cells = []
    for kind, own in zip(kinds, seeds, strict=True):
        cells.append(cell(*kind, own, n))
        print(cells[-1], flush=True)
    rows = [
        {
            "what": f"levels SD {sd:g}, days correlate {rho:g}: interval of the variance holds it",
            "measured": f"{100 * float(np.mean([one['interval_holds'] for one in own])):.1f} %",
            "limit": "at least 93 %",
        }
        for sd, rho in TRUTHS
        if (own := [one for one in cells if (one["sd_levels"], one["rho"]) == (sd, rho)])
    ]
    save("level_or_state", rows, seed=seed, studies=n, cells=cells)


if __name__ == "__main__":
    main()
