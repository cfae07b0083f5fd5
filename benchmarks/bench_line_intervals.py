"""Whether intervals and tests of lines hold what they say on small, skewed data.

`python benchmarks/bench_line_intervals.py [simulations]`: cohorts of 60 to 300 persons with skewed
exposure, equal or unequal scatter, straight and quadratic lines; and cohorts in which 15 % of the
persons have one of six occasions. Prints a table and keeps `results/line_intervals.json`.
"""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import polars as pl
from measuring import save

from salutogen.findings import Findings
from salutogen.models.resampling.bootstrap import percentile_interval
from salutogen.norm.heteroscedasticity import residual_spread
from salutogen.norm.line_fit import fit_line
from salutogen.norm.line_spec import LineSpec
from salutogen.norm.lines import Line
from salutogen.norm.shape import shape_test
from salutogen.resilience.uncertainty import bootstrap_line

SEED = 90_913
DRAWS = 1000
LARGE = 400_000
PERSONS = (60, 100, 150, 300)
TARGET = "93 to 97 %"
Cohort = tuple[pl.DataFrame, np.ndarray]


def cohort(n: int, curve: float, unequal: bool, rng: np.random.Generator) -> pl.DataFrame:
    """Persons with skewed exposure (gamma, skewness 1.4); scatter grows with it or does not."""
    E = rng.gamma(2.0, 1.5, n)
    scatter = 1.0 + 0.3 * E if unequal else np.full(n, 1.5)
    P = 5.0 + 0.5 * E + curve * E**2 + scatter * rng.normal(0.0, 1.0, n)
    return pl.DataFrame({"person": np.arange(n, dtype=np.uint32), "E": E, "P": P})


def fitted(table: pl.DataFrame, curve: float) -> Line:
    """The person line of the shape that the cohort has."""
    spec = replace(LineSpec(), shape="quadratic" if curve else "linear")
    return fit_line(table, spec, level="person", reference="all")


def coverage(n: int, curve: float, unequal: bool, simulations: int, seed: int) -> dict[str, float]:
    """Share of simulated cohorts whose 95 % intervals hold the truth."""
    truth = fitted(cohort(LARGE, curve, unequal, np.random.default_rng(seed)), curve)
    assert truth.claims is not None
    share = truth.claims.share.share
    rng = np.random.default_rng([seed, n])
    held: dict[str, list[bool]] = {}
    for simulation in range(simulations):
        table = cohort(n, curve, unequal, rng)
        line = fitted(table, curve)
        draws = bootstrap_line(line, table, level="person", draws=DRAWS, seed=simulation)
        assert draws is not None
        assert line.claims is not None
        true = dict(zip(line.terms, (5.0, 0.5, curve), strict=False))
        percentiles = percentile_interval(draws.draws)
        halves = line.claims.half_widths()
        for place, term in enumerate(line.terms[1:], start=1):
            value, half = line.coefficients[place], halves[place]
            found = draws.intervals()[term]
            held.setdefault("bootstrap-t", []).append(_in(found.low, true[term], found.high))
            held.setdefault("HC3", []).append(_in(value - half, true[term], value + half))
            low, high = percentiles[:, place]
            held.setdefault("percentile", []).append(_in(low, true[term], high))
        for at in line.claims.at.values():
            assert at.E is not None
            expected = 5.0 + 0.5 * at.E + curve * at.E**2
            held.setdefault("expected P", []).append(_in(at.low, expected, at.high))
        own = line.claims.share
        held.setdefault("share", []).append(_in(own.low, share, own.high))
    return {name: float(np.mean(found)) for name, found in held.items()}


def _in(low: float | None, value: float, high: float | None) -> bool:
    return low is not None and high is not None and low <= value <= high


def unequal_means(n: int, growth: float, rng: np.random.Generator) -> pl.DataFrame:
    """Means of six occasions, of one for 15 % of the persons; a smaller slope within persons."""
    occasions = np.where(rng.random(n) < 0.15, 1, 6)
    person = np.repeat(np.arange(n), occasions)
    level = rng.gamma(2.0, 0.7, n)
    change = rng.normal(0.0, 2.0, person.size)
    E = level[person] + change
    mean_E = np.bincount(person, E) / occasions
    own = rng.normal(0.0, 2.0, n)
    own *= np.clip(1.0 + growth * (mean_E - mean_E.mean()) / mean_E.std(), 0.1, None)
    noise = rng.normal(0.0, 4.0, person.size)
    P = 15.0 + 0.6 * level[person] + 0.2 * change + own[person] + noise
    mean_P = np.bincount(person, P) / occasions
    return pl.DataFrame(
        {
            "person": np.arange(n, dtype=np.uint32),
            "E": mean_E,
            "P": mean_P,
            "n_valid": occasions.astype(np.uint16),
        }
    )


def tests(n: int, growth: float, simulations: int, seed: int) -> dict[str, float]:
    """Share of cohorts in which a test of scatter or of the shape has p < .05."""
    rng = np.random.default_rng([seed, n, int(10 * growth)])
    below: dict[str, list[bool]] = {}
    for _ in range(simulations):
        table = unequal_means(n, growth, rng)
        line = fit_line(table, LineSpec(), level="person", reference="all")
        units = {"person": table, "occasion": table}
        lines = {"person": line, "occasion": replace(line, level="occasion")}
        spread = residual_spread(lines, units, Findings()).person  # type: ignore[arg-type]
        shape = shape_test(table, seed=1)
        ps = {
            "scatter": spread.p_standardised,
            "scatter, plain": spread.p,
            "shape, HC3": shape.p_robust,
            "shape, plain": shape.p,
        }
        for name, p in ps.items():
            below.setdefault(name, []).append(p is not None and p < 0.05)
    return {name: float(np.mean(found)) for name, found in below.items()}


def main(simulations: int) -> None:
    """Run all cells and keep them."""
    rows = [*_coverages(simulations), *_tests(simulations)]
    save("line_intervals", rows, simulations=simulations, draws=DRAWS, seed=SEED)


def _coverages(simulations: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for curve in (0.0, 0.1):
        for unequal in (False, True):
            for n in PERSONS:
                found = coverage(n, curve, unequal, simulations, SEED)
                words = f"{'quadratic' if curve else 'straight'} line, {n} persons, skewed E, "
                rows.append(
                    {
                        "what": f"{words}{'unequal' if unequal else 'equal'} scatter",
                        "measured": _percents(found),
                        "limit": TARGET,
                        **found,
                    }
                )
                print(rows[-1]["what"], rows[-1]["measured"], flush=True)
    return rows


def _tests(simulations: int) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for growth in (0.0, 0.6):
        for n in (100, 300):
            found = tests(n, growth, simulations, SEED)
            scatter = "scatter grows with E" if growth else "equal scatter of persons"
            rows.append(
                {
                    "what": f"p < .05, {n} persons, 15 % with one of six occasions, {scatter}",
                    "measured": _percents(found),
                    "limit": "scatter at least as often as plain" if growth else "at most 7 %",
                    **found,
                }
            )
            print(rows[-1]["what"], rows[-1]["measured"], flush=True)
    return rows


def _percents(found: dict[str, float]) -> str:
    return ", ".join(f"{name} {100 * share:.1f} %" for name, share in found.items())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
