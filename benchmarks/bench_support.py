"""Coverage of 95 % intervals where an effect rests on few persons.

    python benchmarks/bench_support.py [quick | REPLICATES]

40 persons × 4 occasions, y = 2 u + e; k of them are a site of their own, beside two of the others.
Counted is how often the interval of that site's effect (truth 0) holds the truth, of those given;
and how many are given at all.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
from measuring import save

from salutogen.models import MixedModel, SupportWarning

PERSONS, OCCASIONS = 40, 4
SIZES = (1, 2, 3, 5, 10)
ERRORS = ("model", "CR1", "CR2")
SEED = 90_411


def study(rng: np.random.Generator, k: int) -> dict[str, Any]:
    """Persons with lasting differences; the last k are site c."""
    person = np.repeat(np.arange(PERSONS), OCCASIONS)
    site = np.where(person % 2 == 0, "a", "b")
    site = np.where(person >= PERSONS - k, "c", site)
    y = 2 * rng.normal(size=PERSONS)[person] + rng.normal(size=person.size)
    return {"id": person, "t": np.tile(np.arange(OCCASIONS), PERSONS), "site": site, "y": y}


def held(k: int, replicates: int) -> dict[str, list[bool]]:
    """Whether each interval given holds 0, by kind of error."""
    found: dict[str, list[bool]] = {errors: [] for errors in ERRORS}
    for number in range(replicates):
        rng = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(k, number)))
        result = MixedModel("y ~ t + C(site) + (1 | id)").fit(study(rng, k))
        for errors in ERRORS:
            row = result.tidy(errors=errors).row(result.terms.index("C(site)[T.c]"), named=True)
            if row["std_error"] is not None:
                found[errors].append(row["conf_low"] <= 0 <= row["conf_high"])
    return found


def main(arguments: list[str]) -> None:
    quick = arguments[:1] == ["quick"]
    replicates = 20 if quick else int(arguments[0]) if arguments else 300
    warnings.simplefilter("ignore", SupportWarning)
    rows = []
    for k in SIZES:
        found = held(k, replicates)
        words = {
            errors: f"{errors} {np.mean(kept):.1%}" if kept else f"{errors} none given"
            for errors, kept in found.items()
        }
        rows.append(
            {
                "what": f"95 % intervals of a site of {k} of {PERSONS} persons hold the truth",
                "measured": ", ".join(words.values()),
                "given": {errors: len(kept) / replicates for errors, kept in found.items()},
                "held": {
                    errors: float(np.mean(kept)) if kept else None for errors, kept in found.items()
                },
            }
        )
        print(rows[-1]["what"], rows[-1]["measured"], flush=True)
    if not quick:
        save("support", rows, replicates=replicates, seed=SEED)


if __name__ == "__main__":
    main(sys.argv[1:])
