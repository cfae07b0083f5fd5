"""Three lines over the same persons: without the baseline, given it, of the difference to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.columns import POINTS, Column, Kind
from salutogen.models.linear_algebra import combine, cross_products
from salutogen.models.regression.least_squares import LinearFit, fit_least_squares
from salutogen.models.regression.sandwich import hc3_covariance
from salutogen.models.resampling.bootstrap import percentile_interval

Float = NDArray[np.float64]
Int = NDArray[np.int64]
STREAM = 0xBA5E
FLAT = 1e-12  # of the squares of a column, which is then the same for everybody
COLLINEAR = 1e-10  # of a column, squared: what the others leave of one that they tell
PLAIN, ADJUSTED, CHANGE = (
    "without baseline (SR)",
    "given the baseline",
    "difference to the baseline",
)
BASELINE = "baseline P"
_EFFECT = (
    Column(
        name="effect", unit=POINTS, heading="High against low exposure",
        meaning="Expected problems at the 90th less those at the 10th percentile of exposure",
        sign="positive = more problems with more exposure",
    ),
    Column(name="low", meaning="Lower end of its 95 % interval", unit=POINTS, heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", unit=POINTS, heading="to"),
)  # fmt: skip
MODEL_COLUMNS = (
    Column(name="model", meaning="What is explained, and given what", heading="Line",
           kind=Kind.LABEL),
    Column(name="n", meaning="Persons", unit="persons", heading="Persons", kind=Kind.COUNT),
    *_EFFECT,
    Column(name="se", meaning="Its standard error, for unequal scatter (HC3)", unit=POINTS,
           heading="SE"),
    Column(name="p", meaning="p value (t)", heading="p"),
    Column(name="baseline_slope", unit="points of P per point of P", heading="Slope of baseline P",
           meaning="Points of P after exposure per point before it"),
    Column(name="r_squared", meaning="Variance that the line explains", heading="R²"),
)  # fmt: skip
RELIABILITY_COLUMNS = (
    Column(name="reliability", meaning="Assumed reliability of baseline P",
           heading="Assumed reliability of baseline P"),
    Column(name="possible", meaning="Whether exposure and baseline leave room for it",
           heading="Possible"),
    *_EFFECT,
    Column(name="baseline_slope", meaning="Slope of true baseline P",
           unit="points of P per point of P", heading="Slope of baseline P"),
    Column(name="change_on_baseline", heading="Slope of change on baseline P",
           unit="points of P per point of P",
           meaning="Slope of the change on baseline P: the slope of baseline P less 1"),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """Persons with a baseline and later occasions.

    Attributes
    ----------
    X : array (n, p)
        Terms of the study's person line at exposure after the baseline.
    P, P0 : array (n,)
        Mean problems after and before exposure.
    contrast : array (p,)
        Terms at high less terms at low exposure.
    """

    names: tuple[str, ...]
    X: Float
    P: Float
    P0: Float
    contrast: Float


@dataclass(frozen=True, kw_only=True, eq=False)
class Adjusted:
    """Residuals of the three lines (n,), in points of P, and their tables."""

    SR: Float
    adjusted: Float
    change: Float
    beyond: float
    models: pl.DataFrame
    reliabilities: pl.DataFrame


def adjust(
    persons: Measured, reliabilities: tuple[float, ...], *, draws: int, seed: int
) -> Adjusted:
    """Fit the three lines, and follow assumed reliabilities of the baseline through the second."""
    both = np.column_stack([persons.X, persons.P0])
    names = (*persons.names, BASELINE)
    fits = {
        PLAIN: fit_least_squares(persons.P, persons.X, names=persons.names),
        ADJUSTED: fit_least_squares(persons.P, both, names=names),
        CHANGE: fit_least_squares(persons.P - persons.P0, persons.X, names=persons.names),
    }
    rows = [
        _row(name, fit, both if name == ADJUSTED else persons.X, persons.contrast)
        for name, fit in fits.items()
    ]
    return Adjusted(
        SR=fits[PLAIN].residuals,
        adjusted=fits[ADJUSTED].residuals,
        change=fits[CHANGE].residuals,
        beyond=fits[ADJUSTED].r_squared - fits[PLAIN].r_squared,
        models=pl.DataFrame(rows, infer_schema_length=None),
        reliabilities=_reliabilities(persons, both, reliabilities, draws, seed),
    )


def _row(name: str, fit: LinearFit, X: Float, contrast: Float) -> dict[str, object]:
    from scipy.special import stdtr, stdtrit

    c = np.append(contrast, np.zeros(X.shape[1] - len(contrast)))
    V = hc3_covariance(fit, X)
    effect = float(np.sum(c * fit.coefficients))
    se = float(np.sqrt(sum(c[i] * V[i, j] * c[j] for i in range(len(c)) for j in range(len(c)))))
    half = float(stdtrit(fit.df, 0.975)) * se
    return {
        "model": name,
        "n": fit.n,
        "effect": effect,
        "low": effect - half,
        "high": effect + half,
        "se": se,
        "p": float(2 * stdtr(fit.df, -abs(effect / se))) if se > 0 else None,
        "baseline_slope": float(fit.coefficients[-1]) if name == ADJUSTED else None,
        "r_squared": float(fit.r_squared),
    }


def without_error(
    X: Float,
    P: Float,
    reliability: float,
    times: Float | None = None,
    needed: NDArray[np.bool_] | None = None,
) -> Float | None:
    """Least squares given a last column measured with error (Fuller 1987, section 2.2).

    Its error variance, ``(1 - reliability)`` of its variance, is taken off the normal equations.

    Parameters
    ----------
    X : array (n, p)
        A column of ones first, the one with error last.
    P : array (n,)
    reliability : float
    times : array (n,), optional
        How often each unit counts.
    needed : array (p,) of bool, optional
        Columns whose coefficients are asked for; default: all. Of the others, those that the units
        cannot tell (a rare category that nobody drawn has) get 0.

    Returns
    -------
    array (p,) or None
        None where so much error is impossible, since nothing of the column would be left beside
        the others, and where a coefficient that is asked for cannot be told.
    """
    weight = np.ones(len(P)) if times is None else times
    root = np.sqrt(weight)
    products = cross_products([*(X.T * root), P * root])
    wanted = np.ones(X.shape[1], dtype=bool) if needed is None else needed
    told = _told(products[:-2, :-2], wanted[:-1])
    if told is None:
        return None
    own = np.append(told, X.shape[1] - 1)
    left, right = products[np.ix_(own, own)], products[own, -1]
    n = float(weight.sum())
    spread = left[-1, -1] - products[0, -2] ** 2 / n
    others = np.linalg.solve(left[:-1, :-1], np.column_stack([left[:-1, -1], right[:-1]]))
    rest = left[-1, -1] - left[-1, :-1] @ others[:, 0]
    error = (1 - reliability) * spread
    if spread <= FLAT * left[-1, -1] or rest - error <= 1e-9 * spread:
        return None
    # The column with error is solved for beside the others: what is left of it is known not to be
    # nothing, however its size compares with theirs.
    last = (right[-1] - left[-1, :-1] @ others[:, 1]) / (rest - error)
    found = np.zeros(X.shape[1])
    found[own] = np.append(others[:, 1] - last * others[:, 0], last)
    return found


def _told(products: Float, needed: NDArray[np.bool_]) -> Int | None:
    """Columns that can be told from one another, by their cross-products; None if not all needed.

    Of columns that tell the same, those that are not needed come first, so that what is needed is
    told beside all others or not at all.
    """
    length = np.sqrt(np.diag(products))
    scaled = products / np.maximum(np.outer(length, length), 1e-300)
    if (length > 0).all() and np.linalg.eigvalsh(scaled)[0] > COLLINEAR:
        return np.arange(len(products))
    kept: list[int] = []
    for column in (*np.flatnonzero(~needed), *np.flatnonzero(needed)):
        own = scaled[np.ix_(kept, kept)]
        rest = 1.0 - scaled[column, kept] @ np.linalg.solve(own, scaled[kept, column])
        if length[column] > 0 and rest > COLLINEAR:
            kept.append(int(column))
        elif needed[column]:
            return None
    return np.sort(np.array(kept, dtype=np.int64))


def _reliabilities(
    persons: Measured, both: Float, reliabilities: tuple[float, ...], draws: int, seed: int
) -> pl.DataFrame:
    generator = np.random.default_rng([seed, STREAM])
    n = len(persons.P)
    # Centred, so that the normal equations stay well conditioned; contrasts do not change.
    centre = np.where(np.ptp(both, axis=0) > 0, both.mean(axis=0), 0.0)
    moved = both - centre
    samples = [
        np.bincount(generator.integers(0, n, n), minlength=n).astype(float) for _ in range(draws)
    ]
    contrast = np.append(persons.contrast, 0.0)
    needed = np.append(persons.contrast != 0, True)
    rows: list[dict[str, object]] = []
    for reliability in reliabilities:
        own = without_error(moved, persons.P, reliability, needed=needed)
        row: dict[str, object] = {"reliability": reliability, "possible": own is not None}
        if own is not None:
            found = [
                without_error(moved, persons.P, reliability, times, needed) for times in samples
            ]
            kept = np.array([one for one in found if one is not None])
            # Where many draws leave no room for so much error, there is no interval.
            ends = (
                percentile_interval(combine(kept, contrast))
                if len(kept) > 0.975 * draws
                else (None, None)
            )
            row |= {
                "effect": float(np.sum(contrast * own)),
                "low": None if ends[0] is None else float(ends[0]),
                "high": None if ends[1] is None else float(ends[1]),
                "baseline_slope": float(own[-1]),
                "change_on_baseline": float(own[-1]) - 1,
            }
        rows.append(row)
    names = ("effect", "low", "high", "baseline_slope", "change_on_baseline")
    schema = {"reliability": pl.Float64, "possible": pl.Boolean, **dict.fromkeys(names, pl.Float64)}
    return pl.DataFrame(rows, schema=schema)
