"""How often a factor that merely goes with fewer stressors is called a resilience factor.

    python benchmarks/bench_error_in_exposure.py [quick | REPLICATES]

A factor relates to exposure (r = -.4) and to problems through exposure alone, so it has nothing to
do with SR given true exposure. Exposure is reported with error. Counted is how often the 95 %
interval of r(factor, SR) leaves out 0: as scored; at every reliability of E within .1 of the true
one (as if a study had measured it); at every one from .5 to 1; and at every one of these and every
strength 0 to .4 of mood-congruent reporting. Beside it the same where the factor does relate to SR
(r = -.3): what the bands cost. Aim: at most 10 % false where what is plausible holds the truth.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from measuring import save
from numpy.typing import NDArray

from salutogen.analyses.sensitivity.assumptions import Assumptions
from salutogen.analyses.sensitivity.exposure_bands import factor_band

Float = NDArray[np.float64]
Persons = tuple[Float, Float, Float]  # P, observed E, factor

SIZES = (150, 500)
RELIABILITIES = (1.0, 0.9, 0.7, 0.5)
MOOD = 0.2
SEED = 47_011
DRAWS = 300
RULES = ("as scored", "reliability known to .1", "reliability .5 to 1", "and mood 0 to .4")


def normal(rng: np.random.Generator, n: int, reliability: float, effect: float) -> Persons:
    """Everything normal; r(true E, P) = .5."""
    factor = rng.normal(size=n)
    true = -0.4 * factor + np.sqrt(1 - 0.16) * rng.normal(size=n)
    P = 0.5 * true + effect * factor + 0.8 * rng.normal(size=n)
    return P, true + np.sqrt(1 / reliability - 1) * rng.normal(size=n), factor


def counts(rng: np.random.Generator, n: int, reliability: float, effect: float) -> Persons:
    """Counts of events of unequal persons, forgotten and invented ones; problems with a floor."""
    factor = rng.normal(size=n)
    rate = np.exp(2.2 - 0.25 * factor + 0.35 * rng.normal(size=n))
    true = rng.poisson(rate)
    noise = np.var(true) * (1 / reliability - 1)
    kept = rng.binomial(true, 0.8) if reliability < 1 else true
    spare = max(noise * 0.64 - 0.16 * float(np.mean(true)), 0.0) if reliability < 1 else 0.0
    invented = rng.poisson(spare, size=n)
    z = (true - np.mean(true)) / np.std(true)
    P = np.maximum(4 + 2 * z + 4 * effect * factor + rng.gamma(1.5, 2.0, size=n), 1.0)
    return P, (kept + invented).astype(float), factor


def mood(rng: np.random.Generator, n: int, reliability: float, effect: float) -> Persons:
    """As `normal`, and problems colour the report of exposure (g = .2)."""
    P, E, factor = normal(rng, n, reliability, effect)
    return P, E + MOOD * P / np.std(P), factor


GENERATORS: dict[str, Callable[[np.random.Generator, int, float, float], Persons]] = {
    "normal": normal,
    "counts, floor": counts,
    "mood-coloured": mood,
}


def claims(name: str, n: int, reliability: float, effect: float, replicates: int) -> Float:
    """Share of replicates with a claim, by the four rules of `RULES`."""
    place = (list(GENERATORS).index(name), n, int(100 * reliability), int(100 * abs(effect)))
    known = Assumptions(
        reliability=(reliability - 0.1, min(reliability + 0.1, 1.0)), mood=(0, 0), draws=DRAWS
    )
    found = np.zeros(len(RULES))
    for number in range(replicates):
        rng = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(*place, number)))
        persons = GENERATORS[name](rng, n, reliability, effect)
        wide = factor_band(*persons, Assumptions(draws=DRAWS))
        narrow = factor_band(*persons, known)
        found += (
            wide.claimed, narrow.holds_with_error, wide.holds_with_error, wide.holds_jointly
        )  # fmt: skip
    return found / replicates


def main(arguments: list[str]) -> None:
    quick = arguments[:1] == ["quick"]
    replicates = 40 if quick else int(arguments[0]) if arguments else 250
    rows: list[dict[str, Any]] = []
    print(f"{'generator':15} {'n':>4} {'rE':>4}   false, then power: {', '.join(RULES)}")
    for name in GENERATORS:
        for n in SIZES:
            for reliability in RELIABILITIES:
                false = claims(name, n, reliability, 0.0, replicates)
                power = claims(name, n, reliability, -0.3, replicates)
                print(
                    f"{name:15} {n:4} {reliability:4.1f}   "
                    + "  ".join(f"{100 * share:5.1f}" for share in (*false, *power)),
                    flush=True,
                )
                rule, over = (3, "joint band") if name == "mood-coloured" else (2, "band")
                rows.append(
                    {
                        "what": f"false claims of a factor, {name}, {n} persons, reliability of "
                        f"exposure {reliability:g}",
                        "measured": f"{100 * false[rule]:.1f} % by the {over}, "
                        f"{100 * false[0]:.1f} % as scored",
                        "limit": "10 %",
                        "false": dict(zip(RULES, false.tolist(), strict=True)),
                        "power": dict(zip(RULES, power.tolist(), strict=True)),
                    }
                )
    if not quick:
        save("error_in_exposure", rows, replicates=replicates, seed=SEED)


if __name__ == "__main__":
    main(sys.argv[1:])
