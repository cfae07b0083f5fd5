"""What a mixed model found: estimates, predictions and a summary lme4 users can read."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.design import Design, read_columns
from salutogen.models.formula import INTERCEPT

Float = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, repr=False)
class MixedModelResult:
    """A fitted mixed model.

    Attributes
    ----------
    formula : str
        As given.
    reml : bool
        Whether the restricted likelihood was maximised.
    terms : tuple of str
        Fixed terms, `Intercept` for the constant.
    coefficients, covariance : array (p,), (p, p)
        Fixed effects in that order, and their covariance.
    random_blocks : tuple of tuple of str
        Random terms by block of correlated terms.
    random_covariance : array (q, q)
        Covariance of the random effects, in the order of `random_terms`.
    residual_variance : float
        σ².
    log_likelihood : float
        Of the criterion fitted: restricted under REML.
    is_singular : bool
        Whether a variance is zero or a correlation ±1 (within 1e-4 of the residual SD, on the
        scale of the term's column).
    converged : bool
        Whether the optimiser settled.
    n_obs : int
        Rows used.
    persons : polars.Series
        Persons in the order of `modes`.
    modes : array (n_persons, q)
        Conditional modes of the random effects.
    n_parameters : int
        Fixed effects, variances and covariances, residual variance.
    iterations : tuple of float
        Criterion (−2 log-likelihood) after each iteration.
    evaluations : int
        Evaluations of the criterion.
    messages : tuple of str
        What is doubtful.
    designs : tuple of Design
        Outcome, fixed part and random blocks as learned, for predictions.
    outcome : str
        Name of the outcome.
    version : str
        Version of this package.
    path : str
        `moments`, or `rows` where the residual structure needs every row at each evaluation.
    """

    formula: str
    reml: bool
    terms: tuple[str, ...]
    coefficients: Float
    covariance: Float
    random_blocks: tuple[tuple[str, ...], ...]
    random_covariance: Float
    residual_variance: float
    log_likelihood: float
    is_singular: bool
    converged: bool
    n_obs: int
    persons: pl.Series
    modes: Float
    n_parameters: int
    iterations: tuple[float, ...]
    evaluations: int
    messages: tuple[str, ...]
    designs: tuple[Design, ...]
    outcome: str
    version: str
    path: str = "moments"

    @property
    def n_persons(self) -> int:
        """Number of persons."""
        return len(self.persons)

    @property
    def fixed_effects(self) -> dict[str, float]:
        """Fixed effect of each term, in units of the outcome per unit of the term."""
        return dict(zip(self.terms, self.coefficients.tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard error of each fixed effect."""
        return dict(zip(self.terms, np.sqrt(np.diag(self.covariance)).tolist(), strict=True))

    @property
    def random_terms(self) -> tuple[str, ...]:
        """Names of the random terms, in the order of `random_covariance`."""
        return tuple(name for block in self.random_blocks for name in block)

    @property
    def residual_sd(self) -> float:
        """Residual standard deviation σ."""
        return float(np.sqrt(self.residual_variance))

    @property
    def random_sd(self) -> dict[str, float]:
        """Standard deviation of each random effect."""
        return dict(
            zip(self.random_terms, np.sqrt(np.diag(self.random_covariance)).tolist(), strict=True)
        )

    @property
    def reml_criterion(self) -> float | None:
        """−2 restricted log-likelihood; None under maximum likelihood."""
        return -2 * self.log_likelihood if self.reml else None

    @property
    def aic(self) -> float:
        """Akaike's criterion of the likelihood fitted; the residual variance counts."""
        return -2 * self.log_likelihood + 2 * self.n_parameters

    @property
    def bic(self) -> float:
        """Schwarz's criterion with n = rows, as in lme4."""
        return -2 * self.log_likelihood + float(np.log(self.n_obs)) * self.n_parameters

    def random_effects(self) -> pl.DataFrame:
        """Return the conditional modes of the random effects, one row per person.

        The grouping column comes first, sorted; then one column per random term.
        """
        columns = dict(zip(self.random_terms, self.modes.T, strict=True))
        return pl.DataFrame([self.persons, *(pl.Series(n, v) for n, v in columns.items())])

    def predict(self, frame: Any, *, random_effects: bool = False) -> Float:
        """Return the expected outcome of each row of a frame, in row order.

        Parameters
        ----------
        frame : data frame or mapping of arrays
            Needs the predictors (and the person column with `random_effects`).
        random_effects : bool
            False (default): the fixed part alone, the expectation for a new person. True: plus
            the person's own random effects, zero for a person who was not in the fit.

        Returns
        -------
        array (n,)
            NaN where a predictor is missing.
        """
        designs = self.designs[1:] or (_plain(self.terms), *map(_plain, self.random_blocks))
        used = designs if random_effects else designs[:1]
        group = self.persons.name
        names = [name for design in used for name in design.variables]
        rows = read_columns(frame, [*names, group] if random_effects else names)
        if not names:
            rows = pl.DataFrame({group: np.zeros(_height(frame))}) if not rows.width else rows
        total = _sum(_columns(designs[0], rows), self.coefficients[None, :])
        if random_effects:
            effects = self._effects_of(rows[group])
            start = 0
            for design in designs[1:]:
                width = len(design.names)
                total = total + _sum(_columns(design, rows), effects[:, start : start + width])
                start += width
        return total

    def _effects_of(self, labels: pl.Series) -> Float:
        """Random effects (n, q) of the persons of each row, zero for new ones."""
        group = self.persons.name
        try:
            places = pl.DataFrame({group: labels}).join(
                pl.DataFrame({group: self.persons}).with_row_index("place"),
                on=group,
                how="left",
                maintain_order="left",
            )["place"]
        except pl.exceptions.PolarsError as error:
            raise ModelError(
                f"{group}: persons were {self.persons.dtype} in the fit, got {labels.dtype}."
            ) from error
        known = places.is_not_null().to_numpy()
        index = places.fill_null(0).to_numpy()
        return np.where(known[:, None], self.modes[index], 0.0)

    def summary(self) -> str:
        """Return a text in the layout of lme4's `summary`."""
        return _summary(self)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self.summary())}</pre>"


def _plain(names: tuple[str, ...]) -> Design:
    variables = tuple(name for name in names if name != INTERCEPT)
    return Design(expression=" + ".join(names), names=names, variables=variables)


def _height(frame: Any) -> int:
    if isinstance(frame, dict):
        return max((len(values) for values in frame.values()), default=0)
    return len(frame)


def _columns(design: Design, rows: pl.DataFrame) -> Float:
    """The design's columns, NaN in rows where one of its variables is missing."""
    missing = np.zeros(rows.height, dtype=bool)
    for name in design.variables:
        column = rows[name]
        missing |= column.is_null().to_numpy()
        if column.dtype.is_float():
            missing |= column.fill_null(0.0).is_nan().to_numpy()
    if not missing.any():
        return design.matrix(rows)
    columns = np.full((rows.height, len(design.names)), np.nan)
    columns[~missing] = design.matrix(rows.filter(pl.Series(~missing)))
    return columns


def _sum(columns: Float, weights: Float) -> Float:
    """Row sums of columns times weights, column by column."""
    total: Float = np.zeros(len(columns))
    for column, weight in zip(columns.T, weights.T, strict=True):
        total = total + column * weight
    return total


def _summary(result: MixedModelResult) -> str:
    how = "REML" if result.reml else "maximum likelihood"
    lines = [
        f"Linear mixed model fit by {how}",
        f"Formula: {result.formula}",
        "",
    ]
    if result.reml:
        lines.append(f"REML criterion at convergence: {-2 * result.log_likelihood:.4f}")
    lines.append(
        f"AIC {result.aic:.1f}   BIC {result.bic:.1f}   logLik {result.log_likelihood:.1f}"
    )
    lines += ["", "Random effects:", *_random_lines(result)]
    lines += [
        f"Number of obs: {result.n_obs}, groups: {result.persons.name}, {result.n_persons}",
        "",
        "Fixed effects:",
    ]
    width = max(len(name) for name in (*result.terms, "")) + 1
    lines.append(f"{'':{width}} {'Estimate':>12} {'Std. Error':>12} {'t value':>9}")
    for name, value in result.fixed_effects.items():
        error = result.standard_errors[name]
        lines.append(f"{name:{width}} {value:12.6g} {error:12.6g} {value / error:9.3f}")
    if result.messages:
        lines += ["", *result.messages]
    return "\n".join(lines)


def _random_lines(result: MixedModelResult) -> list[str]:
    group = result.persons.name
    wide = max(len(group), 8) + 1
    name_width = max(len(name) for name in result.random_terms) + 1
    lines = [f" {'Groups':{wide}} {'Name':{name_width}} {'Variance':>11} {'Std.Dev.':>11}  Corr"]
    covariance, start = result.random_covariance, 0
    for block in result.random_blocks:
        for i, name in enumerate(block):
            variance = covariance[start + i, start + i]
            correlations = ""
            for j in range(i):
                both = np.sqrt(variance * covariance[start + j, start + j])
                value = covariance[start + i, start + j] / both if both > 0 else np.nan
                correlations += f" {value:5.2f}"
            label = group if i == 0 else ""
            lines.append(
                f" {label:{wide}} {name:{name_width}} {variance:11.5g} {np.sqrt(variance):11.5g} "
                f"{correlations}".rstrip()
            )
        start += len(block)
    lines.append(
        f" {'Residual':{wide}} {'':{name_width}} {result.residual_variance:11.5g} "
        f"{result.residual_sd:11.5g}"
    )
    return lines
