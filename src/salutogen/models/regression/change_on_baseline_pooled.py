"""Change on baseline over completed data sets, pooled by Rubin's rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.pooling.estimates import pool_estimates
from salutogen.models.regression.change_on_baseline import KS, PersonSums
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
SAME = 1e-12  # of what a correlation falls short of 1: rounding


@short_repr("names", "correlation", "k", "n_sets")
@dataclass(frozen=True, kw_only=True)
class PooledChangeOnBaseline:
    """Coefficients of the baseline and of covariates, as they are and corrected, pooled.

    Attributes
    ----------
    names : tuple of str
        `baseline`, then the covariates.
    k : tuple of float
    slopes, errors, df, fraction_missing : array (1 + len(k), q)
        Coefficients, standard errors with what is unknown of the missing values, degrees of freedom
        (Barnard and Rubin 1999), and the share of information that is missing. The first row is not
        corrected, then a row for each `k`; NaN where `k` times the correlation is above 1.
    intervals : array (2, 1 + len(k), q)
        95 % limits.
    correlation : float
        Of both measurements, pooled as Fisher z.
    n : int
        Persons of each set.
    n_sets : int
    """

    names: tuple[str, ...]
    k: tuple[float, ...]
    slopes: Float
    errors: Float
    df: Float
    intervals: Float
    fraction_missing: Float
    correlation: float
    n: int
    n_sets: int

    @property
    def possible(self) -> NDArray[np.bool_]:
        """For which rows there are slopes (1 + len(k),)."""
        return np.array([True, *(one * self.correlation <= 1.0 for one in self.k)])


def pool_change_on_baseline(
    sets: Iterable[tuple[Float, Float, Float]],
    *,
    names: Sequence[str] = (),
    k: Sequence[float] = KS,
    m: float = 1.0,
    change: bool = True,
) -> PooledChangeOnBaseline:
    """Fit `change_on_baseline` to completed sets and pool it (Rubin 1987).

    The variance within a set is that of leaving out one person after the other.

    Parameters
    ----------
    sets : iterable of (before (n,), after (n,), covariates (n, c))
        The same persons in each, without gaps.
    names, k, m, change
        As in `change_on_baseline`.

    Raises
    ------
    ModelError
        As in `change_on_baseline`; fewer than two sets; measurements that correlate perfectly; a
        coefficient that rests on one person.
    """
    ks = np.asarray(k, dtype=float)
    rows: list[Float] = []
    scatter: list[Float] = []
    for before, after, covariates in sets:
        sums = PersonSums.of(before, after, covariates, names)
        whole = sums.whole(ks, m, change)
        errors = sums.errors(whole, ks, m, change)
        rho = float(whole.correlation[0])
        if 1.0 - abs(rho) < SAME:
            raise ModelError("Both measurements tell the same in a completed set.")
        for kept, one in ((rows, whole), (scatter, errors)):
            kept.append(np.concatenate([one.naive, one.corrected[0]]).ravel())
        rows[-1] = np.append(rows[-1], np.arctanh(rho))
        scatter[-1] = np.append(scatter[-1], float(errors.correlation[0]) / (1 - rho**2))
    if not rows:
        raise ModelError("No completed set was given.")
    pooled = pool_estimates(rows, scatter, df_complete=sums.n - 1 - len(sums.names))
    shape = (1 + ks.size, len(sums.names))
    correlation = float(np.tanh(np.asarray(pooled.estimate)[-1]))
    possible = np.append(True, ks * correlation <= 1.0)

    def told(figures: ArrayLike) -> Float:
        values = np.asarray(figures, dtype=float)
        own = values[..., :-1].reshape(*values.shape[:-1], *shape)
        return np.where(possible[:, None], own, np.nan)

    return PooledChangeOnBaseline(
        names=sums.names,
        k=tuple(float(one) for one in ks),
        slopes=told(pooled.estimate),
        errors=told(pooled.standard_error),
        df=told(pooled.df),
        intervals=told(pooled.interval),
        fraction_missing=told(pooled.fraction_missing),
        correlation=correlation,
        n=sums.n,
        n_sets=pooled.n_sets,
    )
