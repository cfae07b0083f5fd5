"""Where a likelihood has fallen far enough on one side of its top: ends of a profile interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import polars as pl

NEAR = 1e-6  # in standard errors, to which a limit is found
MOST_TRIALS = 40
FARTHEST = 12.0  # standard errors beyond which there is no limit


def profile_limit(
    root: Callable[[float], float], estimate: float, scale: float, sign: int, z: float
) -> float:
    """Return the value below (−1) or above (1) an estimate whose root is ±z; NaN if none.

    Parameters
    ----------
    root : callable
        Signed root of the likelihood ratio of a value, about its distance from the estimate in
        standard errors; NaN where there is no likelihood.
    estimate, scale : float
        Estimate, and its standard error.
    """
    inside, outside, step = 0.0, FARTHEST, z
    for _ in range(MOST_TRIALS):
        found = abs(root(estimate + sign * step * scale))
        if abs(found - z) < NEAR:
            return float(estimate + sign * step * scale)
        if found < z:
            inside = step
        else:
            outside = step
        if outside - inside < NEAR:
            break
        # The root is nearly proportional to the distance: go where it meets z, or else halve.
        guess = step * z / found if found > 0 else float("nan")
        step = guess if inside < guess < outside else (inside + outside) / 2
    return float("nan") if outside == FARTHEST else float(estimate + sign * inside * scale)


def limits_table(rows: Sequence[tuple[str, float, float, float]]) -> pl.DataFrame:
    """Make a table `term, estimate, conf_low, conf_high`; limits that do not exist are missing."""
    columns = ("term", "estimate", "conf_low", "conf_high")
    schema = dict.fromkeys(columns, pl.Float64) | {"term": pl.String}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    return table.with_columns(pl.col(pl.Float64).fill_nan(None))
