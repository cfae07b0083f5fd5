"""Standard errors and intervals of SR, each of something that is named.

*These days*: SR on the very occasions that were answered. Its error holds the line's and that of
the answers. *Level*: what a person's SR would come to over many such occasions. Its error holds the
line's and what the person's SR varies from occasion to occasion, which includes the answers' error.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.models.quantiles import NORMAL_95
from salutogen.resilience.levels import interval
from salutogen.resilience.person_levels import LevelsOfPersons

DAYS = {"SR_se": "SR_se_days", "SR_low": "SR_low_days", "SR_high": "SR_high_days"}


def with_errors_of_days(
    table: pl.DataFrame, line_error: np.ndarray, sem: float | None
) -> pl.DataFrame:
    """Add `SR_se` of the occasions that were answered.

    Parameters
    ----------
    table : DataFrame
        Scored rows; with `n_valid` where a row is the mean of several occasions.
    line_error : ndarray, shape (rows,)
        Standard error of the line at each row.
    sem : float or None
        Error of measurement of one occasion. Where none is known, the error is of the line alone.
    """
    occasions = table["n_valid"].to_numpy() if "n_valid" in table.columns else 1.0
    answers = 0.0 if sem is None else sem**2 / occasions
    return table.with_columns(_error(table["SR"], np.sqrt(line_error**2 + answers)))


def with_errors_of_persons(
    table: pl.DataFrame, line_error: np.ndarray, sem: float | None, levels: LevelsOfPersons | None
) -> pl.DataFrame:
    """Add the errors of these days under `SR_…_days`, and those of persons' levels.

    Levels have `SR_se, SR_low, SR_high, reliability`, and `SR_shrunken` with its interval; null
    where levels are not known. Quantiles are Student's, whose degrees of freedom say how well the
    variance over occasions is known.
    """
    table = with_errors_of_days(table, line_error, sem)
    ends = interval(table["SR"], table["SR_se"], NORMAL_95)
    table = table.with_columns(ends).rename(DAYS)
    if levels is None:
        names = ("SR_se", "SR_low", "SR_high", "reliability")
        shrunken = ("SR_shrunken", "SR_shrunken_low", "SR_shrunken_high")
        return table.with_columns(
            pl.lit(None, dtype=pl.Float64).alias(name) for name in (*names, *shrunken)
        )
    se, df = level_error(line_error, levels)
    error = _error(table["SR"], se)
    table = table.with_columns(error, *interval(table["SR"], error, pl.Series(_quantile(df))))
    reach = NORMAL_95 * np.sqrt(line_error**2 + levels.shrunken_variance)
    columns = {
        "reliability": levels.reliability,
        "SR_shrunken": levels.shrunken,
        "SR_shrunken_low": levels.shrunken - reach,
        "SR_shrunken_high": levels.shrunken + reach,
    }
    return table.with_columns(
        pl.Series(name, values, dtype=pl.Float64).fill_nan(None) for name, values in columns.items()
    )


def level_error(line_error: np.ndarray, levels: LevelsOfPersons) -> tuple[np.ndarray, np.ndarray]:
    """Standard error of each person's level and its degrees of freedom (Satterthwaite 1946)."""
    variance = line_error**2 + levels.mean_variance
    share = levels.mean_variance / np.maximum(variance, 1e-300)
    return np.sqrt(variance), levels.mean_df / np.maximum(share, 1e-6) ** 2


def _quantile(df: np.ndarray) -> np.ndarray:
    from scipy.special import stdtrit

    result: np.ndarray = stdtrit(df, 0.975)
    return result


def _error(SR: pl.Series, se: np.ndarray) -> pl.Series:
    """Standard error of each SR; null where there is no SR, or no error of it."""
    known = SR.is_not_null().to_numpy() & np.isfinite(se)
    return pl.Series("SR_se", np.where(known, se, np.nan)).fill_nan(None)
