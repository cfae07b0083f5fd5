"""Lines beside the primary ones: by type, by occasion, winsorised, robust and curved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any

import numpy as np
import polars as pl

from salutogen.errors import ModelError, NormError
from salutogen.findings import Finding, finding
from salutogen.models.descriptive import centre_and_spread
from salutogen.models.parallel.threads import at_once
from salutogen.models.regression.robust import fit_huber
from salutogen.norm.clustered_support import clustered_claims, clustered_errors
from salutogen.norm.design_matrix import line_matrix, terms_of, with_composite
from salutogen.norm.findings import LeftOut
from salutogen.norm.line_claims import OTHER, line_claims, without_interval
from salutogen.norm.line_fit import fit_line, learn_standardiser, line_problems
from salutogen.norm.line_spec import LineSpec
from salutogen.norm.lines import Level, Line, LineKey
from salutogen.study import Period

WINSOR_SD = 3.0
FAR = 1 / 3  # of the weight of units near the line: that of one four SDs away
ROBUST_TOLERANCE = 1e-8  # of the scale: settled long before the tenth digit of a slope


type Fitted = Line | Sequence[Finding]  # a line, or what keeps it from being fitted


@dataclass(frozen=True)
class _Wanted:
    """A line to be fitted, and how it is called where it cannot be."""

    what: str
    fit: Callable[[], Fitted]


def _fitted(
    wanted: Mapping[LineKey, _Wanted], n_units: int, left_out: LeftOut
) -> dict[LineKey, Line]:
    """Fit lines of up to so many units at once; those that cannot be are left out with reasons."""
    lines: dict[LineKey, Line] = {}
    found = at_once([one.fit for one in wanted.values()], cost=n_units)
    for (key, one), line in zip(wanted.items(), found, strict=True):
        if isinstance(line, Line):
            lines[key] = line
        else:
            left_out.add(one.what, line)
    return lines


def _plain_line(
    table: pl.DataFrame,
    spec: LineSpec,
    *,
    level: Level,
    reference: str,
    period: Period | None = None,
) -> Fitted:
    """Fit a line by least squares, if the units are sound."""
    problems = line_problems(table, spec, level)
    if problems:
        return problems
    try:
        return fit_line(table, spec, level=level, reference=reference, period=period)
    except NormError as error:
        return error.findings


def lines_by_type(
    units: Mapping[Level, pl.DataFrame],
    spec: LineSpec,
    types: Mapping[str, str],
    reference: str,
    left_out: LeftOut,
) -> dict[LineKey, Line]:
    """Fit the line of each exposure type alone at each level, on the type's raw points.

    `types` has the column of each type.
    """
    wanted: dict[LineKey, _Wanted] = {}
    for kind, column in types.items():
        own = replace(spec, predictors=(column,), composite=())
        for level, table in units.items():
            wanted[LineKey(level, exposure=kind)] = _Wanted(
                f"{level} line of {kind} alone",
                partial(_plain_line, table, own, level=level, reference=reference),
            )
    return _fitted(wanted, _most(units), left_out)


def _most(units: Mapping[Level, pl.DataFrame]) -> int:
    return max(table.height for table in units.values())


def lines_by_occasion(
    table: pl.DataFrame, spec: LineSpec, occasions: tuple[Period, ...], left_out: LeftOut
) -> dict[LineKey, Line]:
    """Refit the line at each planned occasion, where every person stands once."""
    known = set(table["occasion_index"].unique().to_list())

    def fit(period: Period) -> Fitted:
        part = table.filter(pl.col("occasion_index") == period.occasions.start)
        return _plain_line(part, spec, level="occasion", reference=str(period), period=period)

    wanted = {
        LineKey("occasion", period): _Wanted(f"line of {period}", partial(fit, period))
        for period in occasions
        if period.occasions.start in known
    }
    return _fitted(wanted, table.height // max(len(wanted), 1), left_out)


def winsor_limits(values: np.ndarray, sds: float = WINSOR_SD) -> tuple[float, float]:
    """Mean plus and minus `sds` SDs (n - 1), computed once on the units that are fitted."""
    centre, spread = centre_and_spread(values)
    return centre - sds * spread, centre + sds * spread


def winsorised_line(table: pl.DataFrame, spec: LineSpec, *, level: Level, reference: str) -> Line:
    """Fit on P and E pulled in to mean +- 3 SD; the line is then applied to raw values.

    Intercept and slope come from the same fit: there is no way to mix one with the other of an
    unwinsorised fit.
    """
    standardiser = None
    if spec.composite:
        standardiser = learn_standardiser(table, spec.composite, reference)
        table = with_composite(table, standardiser)
    columns = ("P", *spec.predictors)
    limits = {name: winsor_limits(table[name].to_numpy()) for name in columns}
    pulled = table.with_columns(
        *(pl.col(name).clip(low, high) for name, (low, high) in limits.items())
    )
    line = fit_line(
        pulled, replace(spec, composite=()), level=level, reference=f"{reference}, winsorised"
    )
    exposure = table[spec.predictors[0] if len(spec.predictors) == 1 else "E"].to_numpy()
    return replace(
        line,
        standardiser=standardiser,
        exposure_range=(float(exposure.min()), float(exposure.max())),
        n_changed=_persons_changed(table, pulled, columns),
    )


def _persons_changed(table: pl.DataFrame, pulled: pl.DataFrame, columns: Sequence[str]) -> int:
    """How many persons have a value that was pulled in."""
    moved = pl.DataFrame({name: table[name] != pulled[name] for name in columns})
    rows = moved.select(pl.any_horizontal(pl.all()).fill_null(False)).to_series()
    return _persons_of(table, rows.to_numpy())


def _persons_of(table: pl.DataFrame, rows: np.ndarray) -> int:
    """How many persons some units are of."""
    if "person" not in table.columns:
        return int(rows.sum())
    return table["person"].filter(pl.Series(rows)).n_unique()


def robust_line(
    table: pl.DataFrame,
    spec: LineSpec,
    *,
    level: Level,
    reference: str,
    plain: Line | None = None,
) -> Line:
    """Fit by Huber's M-estimation: far points pull less. R squared is of the raw residuals.

    Standard errors of the occasions' line are clustered by person. `plain` is the least-squares
    line of the same units, where there is one already.
    """
    plain = plain or fit_line(table, spec, level=level, reference=reference)
    plain = replace(plain, reference=f"{reference}, robust")
    if plain.standardiser is not None:
        table = with_composite(table, plain.standardiser)
    matrix = line_matrix(plain, table, level=level)
    outcome = table["P"].to_numpy()
    fit = fit_huber(
        outcome,
        matrix,
        names=plain.names,
        cluster=_person(table) if level == "occasion" else None,
        tolerance=ROBUST_TOLERANCE,
        warn=False,
    )
    if not fit.converged:
        raise ModelError(f"its weights had not settled after {fit.iterations} rounds.")
    residuals, covariance = np.asarray(fit.residuals), np.asarray(fit.covariance)
    total = float(np.sum((outcome - np.mean(outcome)) ** 2))
    r_squared = 1.0 - float(np.sum(residuals**2)) / total
    assert plain.claims is not None
    share = plain.claims.share
    own = without_interval(share, share.share + r_squared - plain.r_squared)
    parts: dict[str, Any] = {
        "terms": plain.terms,
        "coefficients": fit.coefficients,
        "share": (own, {}),
        "predictors": plain.predictors,
        "shape": plain.shape,
        "knots": plain.knots,
        "matrix": matrix,
        "table": table,
        "smallest": spec.smallest,
    }
    if level == "occasion":
        errors = clustered_errors(
            matrix,
            plain.terms,
            _person(table),
            covariance,
            exposure=terms_of(plain.predictors, plain.shape)[1:],
            most=plain.n_persons - 1,
        )
        claims = clustered_claims(errors, **parts)
    else:
        claims = line_claims(
            covariance=covariance,
            fallback=covariance,
            term_df=plain.claims.term_df,
            interval=OTHER,
            **parts,
        )
    return replace(
        plain,
        coefficients=tuple(float(value) for value in fit.coefficients),
        covariance=covariance,
        residual_sd=float(np.std(residuals, ddof=1)),
        r_squared=r_squared,
        claims=claims,
        n_far=_persons_of(table, np.asarray(fit.weights) < FAR),
    )


def _person(table: pl.DataFrame) -> np.ndarray:
    return table["person"].to_numpy().astype(np.int64)


def variant_lines(
    units: Mapping[Level, pl.DataFrame],
    spec: LineSpec,
    reference: str,
    left_out: LeftOut,
    plain: Mapping[Level, Line] = MappingProxyType({}),
) -> dict[LineKey, Line]:
    """Winsorised, robust and curved lines over occasions and persons.

    `plain` are the least-squares lines of the same units, where there are some already.
    """
    wanted: dict[LineKey, _Wanted] = {}
    levels: tuple[Level, ...] = ("occasion", "person")
    curved = replace(spec, shape="quadratic" if spec.shape == "linear" else "linear")
    for level in levels:
        robust = partial(robust_line, plain=plain.get(level))
        for name, fit in (("winsorised", winsorised_line), ("robust", robust)):
            wanted[LineKey(level, variant=name)] = _Wanted(
                f"{name} {level} line",
                partial(_variant, fit, units[level], spec, level=level, reference=reference),
            )
        wanted[LineKey(level, variant=curved.shape)] = _Wanted(
            f"{curved.shape} {level} line",
            partial(_plain_line, units[level], curved, level=level, reference=reference),
        )
    lines = _fitted(wanted, _most(units), left_out)
    return {
        key: line
        for key, line in lines.items()
        if key.variant != curved.shape or line.curve_refused is None
    }


def _variant(
    fit: Callable[..., Line], table: pl.DataFrame, spec: LineSpec, *, level: Level, reference: str
) -> Fitted:
    """Fit a winsorised or robust line, if the units are sound."""
    problems = line_problems(table, spec, level)
    if problems:
        return problems
    try:
        return fit(table, spec, level=level, reference=reference)
    except (ModelError, NormError) as error:
        return [finding("variant-not-fitted", variant="failed", reason=str(error))]
