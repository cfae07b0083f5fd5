"""Whether centiles at equal exposure are right, and how sure a norm at another site is.

    python benchmarks/bench_centiles.py [quick]

Simulated studies of 200 persons with skewed exposure; P = 10 + .1 E + exp(.4 + .012 E) e, e normal
or exponential. A site of 40 persons takes the norm over and lies 1.5 points higher. Asked: how
often centiles are called uneven though they are right (5 in 100 wanted); coverage of 95 %
intervals of the ratio of the SDs at high and low exposure, of a person's centile (error of the
norm), and of the site's offset. `quick` makes 12 studies of each kind and keeps nothing.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import numpy as np
import polars as pl
from measuring import save
from scipy.stats import norm as normal

from salutogen.analyses.centiles.centile_norm import make_norm
from salutogen.analyses.centiles.curves import spread_change
from salutogen.analyses.centiles.spread import Units, drawn, out_of_fold
from salutogen.analyses.centiles.transfer import transfer
from salutogen.analyses.centiles.uniformity import even_spread
from salutogen.findings import Findings
from salutogen.models.resampling.bootstrap import percentile_interval
from salutogen.norm import Line

STUDIES, PERSONS, SITE, DRAWS = 300, 200, 40, 300
SLOPE, LOG_SD, OFFSET = 0.1, (0.4, 0.012), 1.5


def sample(rng: np.random.Generator, n: int, *, skewed: bool, offset: float) -> tuple[Units, Any]:
    """Persons of one site, and the true share below each of them."""
    E = rng.gamma(4, 10, n)
    e = rng.exponential(size=n) - 1 if skewed else rng.normal(size=n)
    P = 10 + offset + SLOPE * E + np.exp(LOG_SD[0] + LOG_SD[1] * E) * e
    line = Line(
        level="person", shape="linear", reference="all", n=n, n_persons=n,
        terms=("intercept", "E"), coefficients=(0.0, 0.0), covariance=np.eye(2),
        residual_sd=1.0, r_squared=0.1, exposure_range=(float(E.min()), float(E.max())),
    )  # fmt: skip
    table = pl.DataFrame({"person": np.arange(n), "P": P, "E": E}).with_columns(
        subject=pl.col("person").cast(pl.String)
    )
    below = 1 - np.exp(-(e + 1)) if skewed else normal.cdf(e)
    return Units(table=table, line=line), 100 * below


def study(seed: np.random.SeedSequence, *, skewed: bool) -> dict[str, float]:
    """One study and one site: what was told and what was held."""
    rng = np.random.default_rng(seed)
    units, below = sample(rng, PERSONS, skewed=skewed, offset=0.0)
    placed, plain = out_of_fold(units, units, n_persons=PERSONS, folds=10, seed=1)
    fit = units.fitted()
    draws = drawn(units, units, curves=(50.0,), draws=DRAWS, seed=1)
    spread = spread_change(units, fit, draws)
    truth = np.exp(LOG_SD[1] * (spread.E_high - spread.E_low))
    low, high = percentile_interval(draws.centiles)
    both = np.column_stack([draws.location, draws.scale])
    made = make_norm(units.line, fit, units.standardised(fit), both, {})
    site, _ = sample(rng, SITE, skewed=skewed, offset=OFFSET)
    line = Line(**{**vars(units.line), "coefficients": tuple(fit.location)})
    there = transfer(
        made, line, site.table, scoring={}, file="", draws=DRAWS, seed=1, found=Findings()
    )
    return {
        "uneven": float(even_spread(placed, units.E, "centile")["p"] < 0.05),  # type: ignore[operator]
        "plain": float(even_spread(plain, units.E, "equal")["p"] < 0.05),  # type: ignore[operator]
        "ratio": float(spread.ratio_low < truth < spread.ratio_high),
        "centile": float(np.mean((low <= below) & (below <= high))),
        "offset": float(there.low < OFFSET < there.high),
    }


def main() -> None:
    quick = "quick" in sys.argv[1:]
    each = 12 if quick else STUDIES // 2
    seeds = np.random.SeedSequence(412).spawn(2 * each)
    begun = time.perf_counter()
    rows: list[dict[str, Any]] = []
    for kind, own in (("normal", seeds[:each]), ("exponential", seeds[each:])):
        found = [study(seed, skewed=kind == "exponential") for seed in own]
        share = {name: float(np.mean([one[name] for one in found])) for name in found[0]}
        for name, what, limits in (
            ("uneven", "right centiles called uneven", (0.0, 0.09)),
            ("ratio", "coverage, ratio of SDs", (0.91, 0.98)),
            ("centile", "coverage, centile of a person (error of the norm)", (0.92, 0.98)),
            ("offset", "coverage, offset of a site of 40", (0.91, 0.98)),
        ):
            rows.append(
                {
                    "what": f"centiles, {kind}: {what}",
                    "measured": f"{100 * share[name]:.1f} %",
                    "limit": f"{100 * limits[0]:g} to {100 * limits[1]:g} %",
                    "share": share[name],
                    "within": bool(limits[0] <= share[name] <= limits[1]),
                }
            )
        print(kind, "plain scores called uneven:", f"{100 * share['plain']:.1f} %")
    if quick:
        for line in rows:
            print(line["what"], line["measured"])
        return
    save("centiles", rows, studies=2 * each, persons=PERSONS, site=SITE,
         seconds=round(time.perf_counter() - begun, 1))  # fmt: skip


if __name__ == "__main__":
    main()
