"""Predictions of a mixed model for rows of a frame, with their standard errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.formula.columns import n_rows_of, read_columns
from salutogen.models.formula.design import columns_of, plain_design
from salutogen.models.mixed.inference.fixed_effects import t_quantile

if TYPE_CHECKING:
    from salutogen.models.mixed.fit import MixedFit
    from salutogen.models.mixed.result import MixedModelResult

Float = NDArray[np.float64]
Int = NDArray[np.int64]

INTERVALS = ("confidence", "prediction")
STEP = 1e-4  # of the differences that give a variance's slope by the random effects' covariance


@dataclass(frozen=True, kw_only=True)
class PredictionRows:
    """Rows to predict.

    Attributes
    ----------
    X, Z : array (n, p), (n, q)
        Fixed and random columns, NaN where a predictor is missing; Z is None where no random
        effects are asked for.
    places : array (n,)
        Place of each row's person in the fit, -1 for a new person.
    """

    X: Float
    Z: Float | None
    places: Int


def prediction_rows(result: MixedModelResult, frame: Any, *, random: bool, own: bool) -> (
    PredictionRows
):  # fmt: skip
    """Read the columns a prediction needs.

    Parameters
    ----------
    result : MixedModelResult
        The fit.
    frame : data frame or mapping of arrays
        Needs the predictors, and the person column if `own`.
    random : bool
        Whether the random columns are needed.
    own : bool
        Whether the persons of the rows are those of the fit.
    """
    designs = result.designs[1:] or tuple(
        plain_design(names) for names in (result.terms, *result.random_blocks)
    )
    used = designs if random else designs[:1]
    group = result.persons.name
    names = [name for design in used for name in design.variables]
    rows = read_columns(frame, [*names, group] if own else names, labels=(group,))
    if not rows.width:
        rows = pl.DataFrame({group: np.zeros(n_rows_of(frame))})
    places = np.full(rows.height, -1)
    if own:
        places = places_in(result.persons, rows[group])
    return PredictionRows(
        X=columns_of(designs[0], rows),
        Z=np.hstack([columns_of(design, rows) for design in designs[1:]]) if random else None,
        places=places,
    )


def places_in(known: pl.Series, labels: pl.Series) -> Int:
    """Return the place of each label among the known ones, -1 for new ones."""
    group = known.name
    try:
        places = pl.DataFrame({"label": labels}).join(
            pl.DataFrame({"label": known}).with_row_index("place"),
            on="label",
            how="left",
            maintain_order="left",
        )["place"]
    except pl.exceptions.PolarsError as error:
        raise ModelError(
            f"{group}: persons were {known.dtype} in the fit, got {labels.dtype}."
        ) from error
    return places.cast(pl.Int64).fill_null(-1).to_numpy()


def expected(result: MixedModelResult, rows: PredictionRows) -> Float:
    """Return the fixed part, plus the random part of known persons if Z is there."""
    total = sum_of(rows.X, result.coefficients[None, :])
    if rows.Z is not None:
        known = rows.places >= 0
        modes = result.modes[np.where(known, rows.places, 0)]
        total = total + sum_of(rows.Z, np.where(known[:, None], modes, 0.0))
    return total


def sum_of(columns: Float, weights: Float) -> Float:
    """Row sums of columns times weights, column by column."""
    total: Float = np.zeros(len(columns))
    for column, weight in zip(columns.T, weights.T, strict=True):
        total = total + column * weight
    return total


def prediction_table(
    result: MixedModelResult, frame: Any, *, own: bool, interval: str, level: float
) -> pl.DataFrame:
    """Return expectation, standard error, degrees of freedom and limits of each row."""
    if interval not in INTERVALS:
        raise ModelError(f"interval: expected one of {', '.join(INTERVALS)}, got {interval!r}.")
    observation = interval == "prediction"
    rows = prediction_rows(result, frame, random=own or observation, own=own)
    middle = expected(result, rows)
    variance = _variance(result, rows, own=own, observation=observation)
    theta = result.relative_factor
    best = variance(theta)
    slopes = np.empty((len(theta) + 1, len(middle)))
    for j in range(len(theta)):
        step = np.zeros(len(theta))
        step[j] = STEP
        slopes[j] = (variance(theta + step) - variance(theta - step)) / (2 * STEP)
    slopes[-1] = best
    spread = np.einsum("jn,jk,kn->n", slopes, result.inference.parameter_covariance, slopes)
    df = 2 * best**2 / spread
    error = np.sqrt(best)
    half = t_quantile(df, level) * error
    columns = [middle, error, df, middle - half, middle + half]
    names = ["expected", "std_error", "df", "low", "high"]
    return pl.DataFrame(dict(zip(names, columns, strict=True)))


def _variance(
    result: MixedModelResult, rows: PredictionRows, *, own: bool, observation: bool
) -> Callable[[Float], Float]:
    """Return the variance of each row's prediction error as a function of the relative factor.

    Random effects of known persons are predicted with the error b̂ − b, whose variance is that of
    b given the outcomes, plus what comes from the error of the fixed effects (Henderson 1975).
    """
    problem = result.problem
    criterion = problem.criterion
    at = criterion.profile(criterion.factor(result.relative_factor))
    if at is None:
        raise ModelError("The likelihood has no value at its maximum.")
    variance = result.residual_variance
    X = rows.X @ problem.fixed_map
    Z = np.zeros((len(X), criterion.q)) if rows.Z is None else rows.Z @ problem.random_map
    known = (rows.places >= 0) & own
    seen, inverse = np.unique(rows.places[known], return_inverse=True)
    crossed, with_fixed = criterion.products_of(seen)

    def of(theta: Float) -> Float:
        L = criterion.factor(theta)
        point = criterion.profile(L)
        if point is None:
            raise ModelError("The likelihood has no value beside its maximum.")
        columns, spread = X, np.sum((Z @ L) ** 2, axis=1)
        if known.any():
            shrunk = given_outcomes(crossed, L)
            pull = shrunk @ with_fixed[:, :, :-1]
            columns = X.copy()
            columns[known] -= np.einsum("nq,nqp->np", Z[known], pull[inverse])
            spread[known] = np.einsum("nq,nqr,nr->n", Z[known], shrunk[inverse], Z[known])
        fixed = np.sum(np.linalg.solve(point.precision, columns.T).T * columns, axis=1)
        total: Float = variance * (fixed + spread + observation)
        return total

    return of


def given_outcomes(crossed: Float, L: Float) -> Float:
    """Relative covariance of random effects given the outcomes, L (I + L'Z'ZL)⁻¹ L', (n, q, q)."""
    M = np.eye(len(L)) + L.T @ crossed @ L
    return L @ np.linalg.solve(M, np.broadcast_to(L.T, crossed.shape))


def residuals(result: MixedFit, frame: Any, kind: str) -> Float:
    """Return observed minus expected outcomes; see `MixedFit.residuals`."""
    kinds = ("conditional", "marginal", "standardised")
    if kind not in kinds:
        raise ModelError(f"kind: expected one of {', '.join(kinds)}, got {kind!r}.")
    design = result.designs[0] if result.designs else plain_design((result.outcome,))
    observed = columns_of(design, read_columns(frame, design.variables))[:, 0]
    left = observed - result.predict(frame, random_effects=kind != "marginal")
    return left / result.residual_sd if kind == "standardised" else left
