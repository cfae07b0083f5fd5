"""Lines beside the primary ones: by type, by occasion, winsorised, robust and curved."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from salutogen.errors import ModelError, NormError
from salutogen.findings import Finding, finding
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.descriptive import centre_and_spread
from salutogen.models.regression.robust import fit_huber
from salutogen.norm.design_matrix import line_matrix, with_composite
from salutogen.norm.line_fit import LineRecipe, fit_line, learn_standardiser, line_problems
from salutogen.norm.norm import Level, Line

WINSOR_SD = 3.0
ROBUST_TOLERANCE = 1e-8  # of the scale: settled long before the tenth digit of a slope


def lines_by_type(
    units: Mapping[Level, pl.DataFrame],
    recipe: LineRecipe,
    types: tuple[str, ...],
    reference: str,
) -> tuple[dict[str, dict[Level, Line]], list[Finding]]:
    """Fit the line of each exposure type alone at each level, on the type's raw points."""
    lines: dict[str, dict[Level, Line]] = {}
    findings: list[Finding] = []
    for kind in types:
        own = replace(recipe, predictors=(f"E_{kind}",), composite=())
        lines[kind] = {}
        for level, table in units.items():
            problems = line_problems(table, own, level)
            if problems:
                findings.append(_left_out(f"{level} line of {kind} alone", problems))
                continue
            try:
                lines[kind][level] = fit_line(table, own, level=level, reference=reference)
            except NormError as error:
                findings.append(_left_out(f"{level} line of {kind} alone", error.findings))
    return lines, findings


def lines_by_occasion(
    table: pl.DataFrame, recipe: LineRecipe, labels: tuple[str, ...]
) -> tuple[dict[str, Line], list[Finding]]:
    """Refit the line at each planned occasion, where every person stands once."""
    lines: dict[str, Line] = {}
    findings: list[Finding] = []
    for index, label in enumerate(labels):
        part = table.filter(pl.col("occasion_index") == index)
        if part.height == 0:
            continue
        problems = line_problems(part, recipe, "occasion")
        if problems:
            findings.append(_left_out(f"line of occasion {label}", problems))
            continue
        try:
            lines[label] = fit_line(part, recipe, level="occasion", reference=f"occasion {label}")
        except NormError as error:
            findings.append(_left_out(f"line of occasion {label}", error.findings))
    return lines, findings


def winsor_limits(values: np.ndarray, sds: float = WINSOR_SD) -> tuple[float, float]:
    """Mean plus and minus `sds` SDs (n - 1), computed once on the units that are fitted."""
    centre, spread = centre_and_spread(values)
    return centre - sds * spread, centre + sds * spread


def winsorised_line(
    table: pl.DataFrame, recipe: LineRecipe, *, level: Level, reference: str
) -> Line:
    """Fit on P and E pulled in to mean +- 3 SD; the line is then applied to raw values.

    Intercept and slope come from the same fit: there is no way to mix one with the other of an
    unwinsorised fit.
    """
    standardiser = None
    if recipe.composite:
        standardiser = learn_standardiser(table, recipe.composite, reference)
        table = with_composite(table, standardiser)
    columns = ("P", *recipe.predictors)
    limits = {name: winsor_limits(table[name].to_numpy()) for name in columns}
    pulled = table.with_columns(
        *(pl.col(name).clip(low, high) for name, (low, high) in limits.items())
    )
    line = fit_line(
        pulled, replace(recipe, composite=()), level=level, reference=f"{reference}, winsorised"
    )
    exposure = table[recipe.predictors[0] if len(recipe.predictors) == 1 else "E"].to_numpy()
    return replace(
        line,
        standardiser=standardiser,
        exposure_range=(float(exposure.min()), float(exposure.max())),
    )


def robust_line(table: pl.DataFrame, recipe: LineRecipe, *, level: Level, reference: str) -> Line:
    """Fit by Huber's M-estimation: far points pull less. R squared is of the raw residuals.

    Standard errors of the occasions' line are clustered by person.
    """
    plain = fit_line(table, recipe, level=level, reference=f"{reference}, robust")
    if plain.standardiser is not None:
        table = with_composite(table, plain.standardiser)
    matrix = line_matrix(plain, table, level=level)
    outcome = table["P"].to_numpy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = fit_huber(
            outcome,
            matrix,
            names=plain.terms,
            cluster=table["person"].to_numpy().astype(np.int64) if level == "occasion" else None,
            tolerance=ROBUST_TOLERANCE,
        )
    if not fit.converged:
        raise ModelError(f"its weights had not settled after {fit.iterations} rounds.")
    residuals = np.asarray(fit.residuals)
    total = float(np.sum((outcome - np.mean(outcome)) ** 2))
    return replace(
        plain,
        coefficients=tuple(float(value) for value in fit.coefficients),
        covariance=np.asarray(fit.covariance),
        residual_sd=float(np.std(residuals, ddof=1)),
        r_squared=1.0 - float(np.sum(residuals**2)) / total,
    )


def variant_lines(
    units: Mapping[Level, pl.DataFrame], recipe: LineRecipe, reference: str
) -> tuple[dict[str, Line], list[Finding]]:
    """Winsorised, robust and curved lines over occasions and persons, by name."""
    lines: dict[str, Line] = {}
    findings: list[Finding] = []
    for level in ("occasion", "person"):
        table = units[level]
        for name, fit in (("winsorised", winsorised_line), ("robust", robust_line)):
            try:
                lines[f"{name}_{level}"] = fit(table, recipe, level=level, reference=reference)
            except (ModelError, NormError) as error:
                text = f"The {name} {level} line is left out: {error}"
                findings.append(finding("variant-not-fitted", text))
        curved = replace(recipe, shape="quadratic" if recipe.shape == "linear" else "linear")
        problems = line_problems(table, curved, level)
        if problems:
            findings.append(_left_out(f"{curved.shape} {level} line", problems))
            continue
        try:
            lines[f"{curved.shape}_{level}"] = fit_line(
                table, curved, level=level, reference=reference
            )
        except (ModelError, NormError) as error:
            text = f"The {curved.shape} {level} line is left out: {error}"
            findings.append(finding("variant-not-fitted", text))
    return lines, findings


def _left_out(what: str, problems: Sequence[Finding]) -> Finding:
    reasons = " ".join(problem.text for problem in problems)
    return finding("variant-not-fitted", f"The {what} is left out: {reasons}")
