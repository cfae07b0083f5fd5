"""Compare mixed models of the same data by their likelihoods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import polars as pl

from salutogen.errors import ModelError
from salutogen.models.mixed.fit import MixedFit
from salutogen.models.mixed.result import MixedModelResult
from salutogen.models.moments.moments import Moments

LOWER = 1e-6  # difference of −2 log-likelihoods that is rounding
SAME_DATA = 1e-9  # relative difference of sums of the outcome that is rounding

COLUMNS = {
    "formula": pl.String,
    "n_parameters": pl.Int64,
    "aic": pl.Float64,
    "bic": pl.Float64,
    "log_likelihood": pl.Float64,
    "deviance": pl.Float64,
    "chi_square": pl.Float64,
    "df": pl.Int64,
    "p_value": pl.Float64,
    "mixture_p_value": pl.Float64,
    "note": pl.String,
}


@dataclass(frozen=True, kw_only=True)
class FitComparison:
    """Fits from few to many parameters, each tested against the one before.

    Attributes
    ----------
    fits : tuple of MixedModelResult or StructuredResult
        In that order; refitted by maximum likelihood where that was asked for.
    table : polars.DataFrame
        As R's ``anova(fit0, fit1)``: `formula, n_parameters, aic, bic, log_likelihood, deviance,
        chi_square, df, p_value`; `mixture_p_value` where one variance is added, and a `note`.
    """

    fits: tuple[MixedFit, ...]
    table: pl.DataFrame

    def __repr__(self) -> str:
        return str(self.table)

    def _repr_html_(self) -> str:
        return str(self.table._repr_html_())


def compare_fits(*fits: MixedFit, refit: bool = False) -> FitComparison:
    """Compare two or more mixed models of the same rows by likelihood-ratio tests.

    Parameters
    ----------
    *fits : MixedModelResult or StructuredResult
        In any order.
    refit : bool
        Whether to refit by maximum likelihood first; needed where the fixed terms of REML fits
        differ, since their restricted likelihoods are not of the same data.

    Returns
    -------
    FitComparison

    Raises
    ------
    ModelError
        Fewer than two fits, fits of different data, REML beside maximum likelihood, or REML fits
        with different fixed terms.

    Notes
    -----
    A variance is tested at the end of its range, so chi-square gives too large a p. Where one
    random term is added, with d parameters, the right reference is an equal mixture of
    chi-square with d − 1 and d degrees of freedom (Self & Liang 1987; Stram & Lee 1994): the
    column `mixture_p_value`. Models that are not nested by their terms are shown without a test.

    Examples
    --------
    >>> frame = {"id": [1, 1, 1, 2, 2, 2, 3, 3, 3], "t": [0, 1, 2] * 3,
    ...          "y": [1, 2, 4, 3, 5, 6, 0, 2, 2]}
    >>> from salutogen.models import MixedModel
    >>> small, large = (MixedModel(f"y ~ {x} + (1 | id)").fit(frame, reml=False) for x in "1t")
    >>> compare_fits(small, large).table["df"].to_list()
    [None, 1]
    """
    if len(fits) < 2:
        raise ModelError(f"compare_fits: expected at least two fits, got {len(fits)}.")
    _refuse_other_data(fits)
    chosen = [_by_likelihood(fit) if refit and fit.reml else fit for fit in fits]
    _refuse_restricted(chosen)
    chosen.sort(key=lambda fit: (fit.n_parameters, fit.log_likelihood))
    rows = [_row(chosen[0]), *(_row(b) | _test(a, b) for a, b in pairwise(chosen))]
    return FitComparison(fits=tuple(chosen), table=pl.DataFrame(rows, schema=COLUMNS))


def _by_likelihood(fit: MixedFit) -> MixedFit:
    from salutogen.models.mixed.model import fit_moments

    if not isinstance(fit, MixedModelResult):
        raise ModelError(f"{fit.formula}: refit it with reml=False; its rows are not kept.")
    return fit_moments(fit.moments, fit.terms, fit.random_blocks, formula=fit.formula, reml=False)


def _refuse_other_data(fits: Sequence[MixedFit]) -> None:
    first = fits[0]
    for fit in fits:
        if not isinstance(fit, MixedFit):
            raise ModelError(f"compare_fits: expected fitted models, got {type(fit).__name__}.")
    for fit in fits[1:]:
        sizes = [
            f"{each.n_obs} rows of {each.n_persons} persons with outcome {each.outcome}"
            for each in (first, fit)
        ]
        same_labels = first.persons.name != fit.persons.name or first.persons.equals(fit.persons)
        if sizes[0] != sizes[1] or not same_labels:
            raise ModelError(
                f"compare_fits: the fits are of different data: {sizes[0]}, and {sizes[1]}. Leave "
                "out rows with missing values in any of the models' columns first."
            )
        if not (isinstance(first, MixedModelResult) and isinstance(fit, MixedModelResult)):
            continue
        sums = [each.reduction.centre[-1] for each in (first.moments, fit.moments)]
        spreads = [_outcome_spread(each) for each in (first.moments, fit.moments)]
        near = SAME_DATA * (1 + np.sqrt(spreads[0] / first.n_obs))
        if abs(sums[0] - sums[1]) > near or abs(spreads[0] / spreads[1] - 1) > SAME_DATA:
            raise ModelError(
                f"compare_fits: the fits have other values of {first.outcome}; they are of "
                "different rows."
            )


def _outcome_spread(moments: Moments) -> float:
    """Sum of squares of the outcome about its centre."""
    reduction = moments.reduction
    return float(reduction.total[-1, -1] * reduction.basis[-1, -1] ** 2)


def _refuse_restricted(fits: Sequence[MixedFit]) -> None:
    kinds = {fit.reml for fit in fits}
    if len(kinds) == 2:
        raise ModelError(
            "compare_fits: some fits are by REML and some by maximum likelihood. Fit all with "
            "reml=False, or pass refit=True."
        )
    if kinds == {True} and len({frozenset(fit.terms) for fit in fits}) > 1:
        raise ModelError(
            "compare_fits: REML fits with different fixed terms cannot be compared, since their "
            "restricted likelihoods are of different contrasts of the data. Fit with reml=False, "
            "or pass refit=True."
        )


def _row(fit: MixedFit) -> dict[str, Any]:
    return dict.fromkeys(COLUMNS) | {
        "formula": fit.formula,
        "n_parameters": fit.n_parameters,
        "aic": fit.aic,
        "bic": fit.bic,
        "log_likelihood": fit.log_likelihood,
        "deviance": -2 * fit.log_likelihood,
    }


def _test(small: MixedFit, large: MixedFit) -> dict[str, Any]:
    """The larger model against the smaller one."""
    from scipy.special import chdtrc

    df = large.n_parameters - small.n_parameters
    missing = _not_nested(small, large)
    if missing or df == 0:
        return {"note": f"not nested: {missing}" if missing else "as many parameters as before"}
    statistic = 2 * (large.log_likelihood - small.log_likelihood)
    found: dict[str, Any] = {"chi_square": max(0.0, statistic), "df": df}
    found["p_value"] = float(chdtrc(df, found["chi_square"]))
    added = _bounded(large) - _bounded(small)
    if statistic < -LOWER:
        found["note"] = "the larger model's likelihood is lower: it did not converge"
    elif added == 1:
        below = float(chdtrc(df - 1, found["chi_square"])) if df > 1 else 0.0
        at_zero = statistic < LOWER
        found["mixture_p_value"] = 1.0 if at_zero else (below + found["p_value"]) / 2
        found["note"] = "tested at the end of a parameter's range: p_value is too large"
    elif added > 1:
        found["note"] = f"tested at the ends of {added} parameters' ranges: p_value is too large"
    return found


def _blocks(fit: MixedFit) -> dict[str, list[frozenset[str]]]:
    """Blocks of random terms by level; the persons' is named alike whatever its column."""
    return {
        "person" if i == 0 else level.group: [frozenset(block) for block in level.blocks]
        for i, level in enumerate(fit.levels)
    }


def _bounded(fit: MixedFit) -> int:
    """Number of parameters whose null value is the end of their range: variances, an AR(1)'s ρ."""
    variances = sum(len(block) for blocks in _blocks(fit).values() for block in blocks)
    return variances + ("correlation" in fit.residual_parameters)


def _not_nested(small: MixedFit, large: MixedFit) -> str:
    """Terms of the smaller model that the larger one lacks, in words; empty if nested."""
    lost = [name for name in small.terms if name not in large.terms]
    there = _blocks(large)
    for level, blocks in _blocks(small).items():
        for block in blocks:
            if not any(block <= other for other in there.get(level, [])):
                lost.append(f"({' + '.join(sorted(block))} | {level})")
    lost += sorted(small.residual_parameters.keys() - large.residual_parameters.keys())
    return f"the larger model lacks {', '.join(lost)}" if lost else ""
