"""Later values regressed on earlier ones and on covariates: another set of assumptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.change.paths import Path
from salutogen.models.regression.least_squares import fit_least_squares

Float = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class LaggedRegression:
    """Lines of each variable, and how many persons the smallest of them rests on."""

    paths: list[Path]
    n: int


def lagged_regression(
    values: Mapping[str, Float],
    occasions: tuple[str, ...],
    *,
    lag: int,
    free: bool,
    covariates: Mapping[str, Float],
    title: Callable[[str], str] = str,
) -> LaggedRegression:
    """Regress each variable on all variables before, occasion by occasion or over all of them.

    Occasions have intercepts of their own; covariates of persons are adjusted for. Errors are
    clustered by person.

    Parameters
    ----------
    values : mapping of array (n_persons, n_occasions)
    occasions : tuple of str
    lag : int
        All variables at so many occasions before are predictors.
    free : bool
        Whether each occasion has a line of its own.
    covariates : mapping of array (n_persons,)
    title : callable
        What a variable or covariate is called in errors.

    Raises
    ------
    ModelError
        Too few complete rows, or predictors that can be computed from each other.
    """
    names, n = tuple(values), len(next(iter(values.values())))
    earlier = [(name, back) for back in range(1, lag + 1) for name in names]
    later = list(range(lag, len(occasions)))
    found: list[Path] = []
    fewest = n
    for targets in [[t] for t in later] if free else [later]:
        X = np.concatenate([_predictors(values, earlier, t, covariates) for t in targets])
        which = np.repeat(np.arange(len(targets)), n)
        person = np.tile(np.arange(n), len(targets))
        intercepts = (which[:, None] == np.arange(len(targets))).astype(float)
        for outcome in names:
            y = np.concatenate([values[outcome][:, t] for t in targets])
            full = np.isfinite(y) & np.isfinite(X).all(axis=1)
            told = intercepts[:, intercepts[full].any(axis=0)]
            fit = fit_least_squares(
                y[full],
                np.column_stack([X, told])[full],
                names=[*(f"{title(name)} ({back} before)" for name, back in earlier),
                       *map(title, covariates),
                       *(f"occasion {t + 1}" for t in range(told.shape[1]))],
                cluster=person[full],
            )  # fmt: skip
            fewest = min(fewest, len(np.unique(person[full])))
            low, high = fit.interval()
            p = _p_values(fit.coefficients / fit.standard_errors, fit.df_inference)
            at = occasions[targets[0]] if free else ""
            for place, (source, back) in enumerate(earlier):
                found.append(
                    Path(
                        source=source, outcome=outcome, lag=back, occasion=at,
                        estimate=float(fit.coefficients[place]),
                        se=float(fit.standard_errors[place]),
                        low=float(low[place]), high=float(high[place]), p=float(p[place]),
                    )
                )  # fmt: skip
    return LaggedRegression(paths=found, n=fewest)


def _predictors(
    values: Mapping[str, Float],
    earlier: list[tuple[str, int]],
    t: int,
    covariates: Mapping[str, Float],
) -> Float:
    columns = [values[name][:, t - back] for name, back in earlier]
    return np.column_stack([*columns, *covariates.values()])


def _p_values(t: Float, df: int) -> Float:
    from scipy.special import stdtr

    found: Float = 2 * stdtr(df, -np.abs(t))
    return found
