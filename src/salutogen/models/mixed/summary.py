"""A mixed model as text that lme4 users can read, and as tidy frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.models.formula.design import plain_design
from salutogen.models.mixed.inference.fixed_effects import t_quantile
from salutogen.models.mixed.inference.term_contrasts import term_contrasts
from salutogen.models.mixed.likelihood.parameters import MixedParameter, random_parameters

if TYPE_CHECKING:
    from salutogen.models.mixed.fit import Limits, MixedFit, Tester
    from salutogen.models.mixed.inference.fixed_effects import ContrastTest

Float = NDArray[np.float64]

TIDY = {
    "term": pl.String,
    "effect": pl.String,
    "group": pl.String,
    "estimate": pl.Float64,
    "std_error": pl.Float64,
    "df": pl.Float64,
    "statistic": pl.Float64,
    "p_value": pl.Float64,
    "conf_low": pl.Float64,
    "conf_high": pl.Float64,
}
STARS = ((0.001, "***"), (0.01, "**"), (0.05, "*"), (0.1, "."))


def tidy(result: MixedFit, tester: Tester, limits: Limits, level: float) -> pl.DataFrame:
    """Return one row per parameter; see `MixedFit.tidy`."""
    first, *others = result.levels
    rows = [_parameter_row(parameter, result, first.covariance) for parameter in result.parameters]
    for other in others:
        for parameter in random_parameters(other.blocks, other.group):
            rows.insert(-1, _parameter_row(parameter, result, other.covariance))
    for name, value in result.residual_parameters.items():
        rows.append({"term": name, "effect": "residual", "group": "Residual", "estimate": value})
    for row, test in zip(rows, _each_test(result, tester), strict=False):
        half = float(t_quantile(test.df, level)) * test.std_errors[0]
        row.update(
            std_error=test.std_errors[0],
            df=test.df,
            statistic=test.statistic,
            p_value=test.p_value,
            conf_low=row["estimate"] - half,
            conf_high=row["estimate"] + half,
        )
    for row in rows:
        if row["term"] in limits:
            row["conf_low"], row["conf_high"] = limits[row["term"]]
    return pl.DataFrame(rows, schema=TIDY).with_columns(pl.col(pl.Float64).fill_nan(None))


def _parameter_row(
    parameter: MixedParameter, result: MixedFit, random_covariance: Float
) -> dict[str, Any]:
    """A row of `tidy` with the estimate alone."""
    row: dict[str, Any] = dict.fromkeys(TIDY)
    row.update(term=parameter.term, effect=parameter.effect, group=parameter.group)
    row["estimate"] = parameter.value(
        result.coefficients, random_covariance, result.residual_variance
    )
    return row


def _each_test(result: MixedFit, tester: Tester) -> Iterator[ContrastTest]:
    """Each fixed effect against zero."""
    return (tester(row[None, :], np.zeros(1)) for row in np.eye(len(result.terms)))


def glance(result: MixedFit) -> pl.DataFrame:
    """Return the fit in one row."""
    return pl.DataFrame(
        {
            "n_obs": [result.n_obs],
            "n_persons": [result.n_persons],
            "n_parameters": [result.n_parameters],
            "sigma": [result.residual_sd],
            "log_likelihood": [result.log_likelihood],
            "aic": [result.aic],
            "bic": [result.bic],
            "reml_criterion": pl.Series([result.reml_criterion], dtype=pl.Float64),
            "is_singular": [result.is_singular],
            "converged": [result.converged],
        }
    )


def term_tests(result: MixedFit, errors: str) -> pl.DataFrame:
    """Test each term of the formula by its marginal contrasts."""
    rows = []
    design = result.designs[1] if len(result.designs) > 1 else plain_design(result.terms)
    for name, contrasts in term_contrasts(design).items():
        test = result.test(contrasts, errors=errors)
        squared = test.statistic**2 if len(contrasts) == 1 else test.statistic
        rows.append(
            {
                "term": name,
                "numerator_df": test.numerator_df,
                "denominator_df": test.df,
                "f": squared,
                "p_value": test.p_value,
            }
        )
    schema = {"term": pl.String, "numerator_df": pl.Int64, "denominator_df": pl.Float64,
              "f": pl.Float64, "p_value": pl.Float64}  # fmt: skip
    return pl.DataFrame(rows, schema=schema).with_columns(pl.col(pl.Float64).fill_nan(None))


def summary(result: MixedFit, errors: str, tester: Tester) -> str:
    """Return the text of `MixedFit.summary`."""
    how = "REML" if result.reml else "maximum likelihood"
    lines = [f"Linear mixed model fit by {how}", f"Formula: {result.formula}", ""]
    if result.reml:
        lines.append(f"REML criterion at convergence: {-2 * result.log_likelihood:.4f}")
    lines.append(
        f"AIC {result.aic:.1f}   BIC {result.bic:.1f}   logLik {result.log_likelihood:.1f}"
    )
    lines += ["", "Random effects:", *_random_lines(result)]
    groups = "; ".join(f"{level.group}, {level.n}" for level in result.levels)
    lines += [
        *_residual_lines(result),
        f"Number of obs: {result.n_obs}, groups: {groups}",
        "",
        *_fixed_lines(result, errors, tester),
    ]
    if result.messages:
        lines += ["", *result.messages]
    return "\n".join(lines)


def _fixed_lines(result: MixedFit, errors: str, tester: Tester) -> list[str]:
    """Fixed effects with degrees of freedom and p."""
    how = {
        "model": "degrees of freedom by Satterthwaite",
        "CR2": "standard errors by persons as clusters (CR2), degrees of freedom by Bell–McCaffrey",
    }.get(errors, f"standard errors by persons as clusters ({errors}), G − 1 degrees of freedom")
    width = max(len(name) for name in (*result.terms, "")) + 1
    head = f"{'':{width}} {'Estimate':>12} {'Std. Error':>12}"
    lines = [f"Fixed effects ({how}):", f"{head} {'df':>9} {'t value':>9} {'Pr(>|t|)':>9}"]
    notes = []
    for name, test in zip(result.terms, _each_test(result, tester), strict=True):
        if test.note:
            lines.append(f"{name:{width}} {test.estimates[0]:12.6g} {'none':>12}")
            notes.append(f"{name} {test.note}.")
            continue
        star = next((mark for limit, mark in STARS if test.p_value < limit), "")
        p = "<2e-16" if test.p_value < 2e-16 else f"{test.p_value:.3g}"
        lines.append(
            f"{name:{width}} {test.estimates[0]:12.6g} {test.std_errors[0]:12.6g} "
            f"{test.df:9.2f} {test.statistic:9.3f} {p:>9} {star}".rstrip()
        )
    return [*lines, *notes]


def _residual_lines(result: MixedFit) -> list[str]:
    """The residual structure; nothing where residuals are independent and alike."""
    values = "   ".join(f"{name} {v:.5g}" for name, v in result.residual_parameters.items())
    return [f"Residuals: {values}"] if values else []


def _random_lines(result: MixedFit) -> list[str]:
    levels = result.levels
    wide = max(8, *(len(level.group) for level in levels)) + 1
    names = [name for level in levels for block in level.blocks for name in block]
    name_width = max(len(name) for name in names) + 1
    lines = [f" {'Groups':{wide}} {'Name':{name_width}} {'Variance':>11} {'Std.Dev.':>11}  Corr"]
    for level in levels:
        covariance, start = level.covariance, 0
        for block in level.blocks:
            for i, name in enumerate(block):
                variance = covariance[start + i, start + i]
                correlations = ""
                for j in range(i):
                    both = np.sqrt(variance * covariance[start + j, start + j])
                    value = covariance[start + i, start + j] / both if both > 0 else np.nan
                    correlations += f" {value:5.2f}"
                label = level.group if i == 0 else ""
                lines.append(
                    f" {label:{wide}} {name:{name_width}} {variance:11.5g} "
                    f"{np.sqrt(variance):11.5g} {correlations}".rstrip()
                )
            start += len(block)
    lines.append(
        f" {'Residual':{wide}} {'':{name_width}} {result.residual_variance:11.5g} "
        f"{result.residual_sd:11.5g}"
    )
    return lines


def modes_with_errors(result: MixedFit, covariances: Float) -> pl.DataFrame:
    """One row per person and random term, from the covariances (n_persons, q, q) of their modes."""
    q = len(result.random_terms)
    spread = np.sqrt(np.einsum("iqq->iq", covariances))
    persons = result.persons
    return pl.DataFrame(
        [
            pl.Series(persons.name, persons.gather(np.repeat(range(len(spread)), q))),
            pl.Series("term", list(result.random_terms) * len(spread)),
            pl.Series("estimate", result.modes.ravel()),
            pl.Series("std_error", spread.ravel()),
        ]
    )
