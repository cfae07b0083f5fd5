"""The restricted likelihood of levels and where it is highest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.lowest_point import lowest_point
from salutogen.models.person_levels.rows import PersonRows

Float = NDArray[np.float64]

MOST_BETWEEN = 0.9999  # share of tau² in the variance of a score
HIGHEST_RHO = 0.95
SETTLED = 1e-6  # width at which a search in one direction ends


@dataclass(frozen=True, kw_only=True)
class Variances:
    """Estimates of a model of levels.

    Attributes
    ----------
    mean, between, within, rho : float
        Mean over persons, tau², sigma², and correlation at adjacent occasions.
    rho_estimated : bool
        False where it was given or taken as 0.
    criterion : float
        −2 restricted log-likelihood, up to a constant.
    """

    mean: float
    between: float
    within: float
    rho: float
    rho_estimated: bool
    criterion: float


def fit_variances(rows: PersonRows, rho: float | None) -> Variances:
    """Find the highest restricted likelihood; with a given rho, of the other two.

    rho is kept from 0 to .95: a fluctuation that swings from one occasion to the next would only
    make means more precise than they look.
    """
    from salutogen.models.person_levels._kernels_levels import totals

    if float(np.ptp(rows.y)) == 0:
        raise ModelError("Scores do not vary.")
    sought = rho is None
    if rho is None:
        rho = lowest(lambda value: _best_share(rows, value)[0], 0.0, HIGHEST_RHO)
    value, share = _best_share(rows, rho)
    ratio = share / (1.0 - share)
    _, mean, rest, _ = totals(rows.sums(rho), ratio)
    within = rest / (rows.n_obs - 1)
    return Variances(
        mean=mean,
        between=ratio * within,
        within=within,
        rho=rho,
        rho_estimated=sought,
        criterion=value,
    )


def _best_share(rows: PersonRows, rho: float) -> tuple[float, float]:
    """Lowest criterion at a rho, and tau² as a share of tau² + sigma² there."""
    from salutogen.models.person_levels._kernels_levels import criterion, lowest_criterion

    sums, free = rows.sums(rho), rows.n_obs - 1
    share = lowest_criterion(sums, free, -1.0, 0.0, MOST_BETWEEN, SETTLED)
    return criterion(sums, free, -1.0, share), share


def criterion_at(rows: PersonRows, between: float, rho: float | None) -> float:
    """Lowest criterion with a given tau²: over sigma², and over rho where none is given."""
    return best_at(rows, between, rho)[0]


def best_at(rows: PersonRows, between: float, rho: float | None) -> tuple[float, float, float]:
    """Lowest criterion with a given tau², and sigma² and rho there; rho is sought where None."""
    from salutogen.models.person_levels._kernels_levels import criterion, lowest_criterion

    if rho is None:
        rho = lowest(lambda value: best_at(rows, between, value)[0], 0.0, HIGHEST_RHO, 1e-4)
    sums, free = rows.sums(rho), rows.n_obs - 1
    top = float(np.log(np.var(rows.y) * 4.0))
    log_within = lowest_criterion(sums, free, between, top - 12.0, top, SETTLED)
    return criterion(sums, free, between, log_within), float(np.exp(log_within)), rho


def lowest(
    function: Callable[[float], float], low: float, high: float, settled: float = SETTLED
) -> float:
    """Return where a function of one number is lowest between two ends, either of which it may be.

    Brent's search (1973), then the lower end where that is no worse: variances and correlations
    are often 0.
    """
    found, value = lowest_point(function, low, high, settled=settled)
    return low if function(low) <= value else found
