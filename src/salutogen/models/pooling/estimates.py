"""Rubin's rules: one estimate from those of several completed data sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.checks import as_numbers
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Figures = float | Float


@short_repr("estimate", "standard_error", "df", "fraction_missing", "n_sets")
@dataclass(frozen=True, kw_only=True)
class PooledEstimates:
    """Estimates pooled over completed data sets.

    Each is a number where one estimate per set was given, an array (k,) where k were.

    Attributes
    ----------
    estimate : float or array (k,)
        Mean over the sets.
    standard_error : float or array (k,)
        Root of the mean variance within sets plus (1 + 1/m) times the variance between them.
    df : float or array (k,)
        Degrees of freedom of t (Barnard & Rubin 1999); infinite without scatter between sets where
        the complete data set none.
    interval : tuple of float, or array (2, k)
        95 % limits.
    fraction_missing : float or array (k,)
        Share of the information on the estimate that is missing, from 0 to 1, with the degrees of
        freedom taken in (Rubin 1987, 3.3.17).
    variance_share : float or array (k,)
        Share of the total variance that is due to what is missing, from 0 to 1.
    n_sets : int
        m.
    """

    estimate: Figures
    standard_error: Figures
    df: Figures
    interval: tuple[float, float] | Float
    fraction_missing: Figures
    variance_share: Figures
    n_sets: int

    @property
    def p(self) -> Figures:
        """Two-sided p of t."""
        from scipy.special import ndtr, stdtr

        df = np.asarray(self.df)
        t = -np.abs(np.asarray(self.estimate) / np.asarray(self.standard_error))
        known = np.isfinite(df)
        found = 2 * np.where(known, stdtr(np.where(known, df, 1.0), t), ndtr(t))
        return float(found) if found.ndim == 0 else found

    @property
    def widening(self) -> Figures:
        """By how much limits of a bootstrap have to be wider, as few sets tell how sets scatter.

        The quantile of t with the degrees of freedom of Rubin (1987) over that of the normal
        distribution: 1 where sets do not scatter, or are many.
        """
        from salutogen.models.quantiles import NORMAL_95

        df = _degrees_of_freedom(np.asarray(self.variance_share), self.n_sets, None)
        found = _t_quantile(df) / NORMAL_95
        return float(found) if found.ndim == 0 else found


def pool_estimates(
    estimates: ArrayLike, standard_errors: ArrayLike, df_complete: float | None = None
) -> PooledEstimates:
    """Pool estimates of completed data sets by Rubin's rules (Rubin 1987).

    Parameters
    ----------
    estimates, standard_errors : array (m,) or (m, k)
        Of each completed data set; estimates should be about normal (pool a log odds ratio or a
        Fisher z, not an odds ratio or a correlation).
    df_complete : float, optional
        Degrees of freedom that the estimate would have if nothing were missing, such as persons
        minus coefficients. Without it they count as infinite.

    Raises
    ------
    ModelError
        Fewer than two sets, shapes that differ, values that are missing, errors that are not above
        0, degrees of freedom that are not above 0.

    Examples
    --------
    >>> found = pool_estimates([1.0, 1.2, 0.8], [0.5, 0.5, 0.5], df_complete=50)
    >>> round(found.estimate, 3), round(found.standard_error, 3), round(found.df, 1)
    (1.0, 0.551, 24.6)
    """
    q, se = _checked(estimates, standard_errors)
    if df_complete is not None and not df_complete > 0:
        raise ModelError(f"df_complete: expected a number above 0, got {df_complete}.")
    m = len(q)
    within, between = np.mean(se**2, axis=0), np.var(q, axis=0, ddof=1)
    extra = (1 + 1 / m) * between
    total = within + extra
    share, increase = extra / total, extra / within
    df = _degrees_of_freedom(share, m, df_complete)
    missing = (increase + 2 / (df + 3)) / (1 + increase)
    missing = np.where(between > 0, missing, 0.0)
    estimate, error = np.mean(q, axis=0), np.sqrt(total)
    half = _t_quantile(df) * error
    limits = np.stack([estimate - half, estimate + half])
    alone = q.ndim == 1
    figures = [float(value) if alone else value for value in (estimate, error, df, missing, share)]
    return PooledEstimates(
        estimate=figures[0],
        standard_error=figures[1],
        df=figures[2],
        interval=(float(limits[0]), float(limits[1])) if alone else limits,
        fraction_missing=figures[3],
        variance_share=figures[4],
        n_sets=m,
    )


def _checked(estimates: ArrayLike, standard_errors: ArrayLike) -> tuple[Float, Float]:
    q = as_numbers(estimates, "estimates")
    se = as_numbers(standard_errors, "standard_errors")
    if q.shape != se.shape or q.ndim not in (1, 2) or len(q) < 2:
        raise ModelError(
            "Expected estimates and standard_errors of at least 2 data sets, in the same shape, "
            f"got {q.shape} and {se.shape}."
        )
    if not np.isfinite(q).all() or not np.isfinite(se).all() or not (se > 0).all():
        raise ModelError("Every data set needs a finite estimate and a standard error above 0.")
    return q, se


def _degrees_of_freedom(share: Float, m: int, complete: float | None) -> Float:
    """Degrees of freedom of Rubin (1987), shrunk for small complete data (Barnard & Rubin 1999)."""
    with np.errstate(divide="ignore"):
        old = np.where(share > 0, (m - 1) / np.asarray(share) ** 2, np.inf)
    if complete is None or not np.isfinite(complete):
        return old
    observed = (complete + 1) / (complete + 3) * complete * (1 - share)
    found: Float = 1 / (1 / old + 1 / observed)
    return found


def _t_quantile(df: Float) -> Float:
    from scipy.special import stdtrit

    from salutogen.models.quantiles import NORMAL_95

    known = np.isfinite(df)
    found: Float = np.where(known, stdtrit(np.where(known, df, 1.0), 0.975), NORMAL_95)
    return found
