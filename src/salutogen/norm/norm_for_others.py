"""`norm.json` where persons are hidden: what another study needs of a line, and no person's value.

The level of a line is told in steps, its other coefficients with five digits: scores are those of
the study but for what one or two of its persons move their mean. With all digits the sums behind a
line of whole numbers could be worked out. What could be set against another line, or another
study's, to find a person has few; the lowest and highest exposure are those that several persons
reach; and a line of few persons, or with a term that few tell, is not given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from salutogen.findings import Finding, finding
from salutogen.norm.design_matrix import with_exposure
from salutogen.norm.lines import Level, Line, LineKey
from salutogen.norm.nearly_same import nearly_same
from salutogen.norm.norm import Norm
from salutogen.norm.norm_file import line_to_dict, norm_to_dict
from salutogen.norm.terms_of_few import units_of
from salutogen.norm.told_lines import told_norm
from salutogen.page.audience import Audience, told_value
from salutogen.scores import Scores

FEWEST_OF_SPLINE = 100  # so that five persons lie beyond the outer knots, the 5 and 95 % quantiles
COEFFICIENT_DIGITS = 5
_FEWER_DIGITS = ("covariance", "r_squared", "claims")
_EXACT = ("possible", "n", "n_persons", "range_E", "window")


def untold_covariates(norm: Norm, scores: Scores, audience: Audience) -> tuple[str, ...]:
    """Covariates whose coefficients would tell of few persons.

    A category that few have, or a number that all but few have the same of: its coefficient is the
    residual of these few.
    """
    found = {name: scores.of_persons(name) for name in norm.lines.occasion.covariates}
    return tuple(
        name for name, values in found.items() if values is not None and _of_few(values, audience)
    )


def _of_few(values: pl.Series, audience: Audience) -> bool:
    counts = values.drop_nulls().unique_counts().to_list()
    if values.dtype.is_numeric():
        return bool(counts) and audience.is_small(sum(counts) - max(counts))
    return any(map(audience.hides, counts))


def norm_for(norm: Norm, audience: Audience) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Return the content of `norm.json` as an audience may have it, and what was left out.

    Parameters
    ----------
    norm : Norm
    audience : Audience

    Returns
    -------
    content : dict
        As `norm_to_dict` gives it. Where persons are hidden a line may be null.
    findings : tuple of Finding
        One that names the lines that were left out, if any were.
    """
    content = norm_to_dict(norm)
    if audience.individuals:
        return content, ()
    untold = untold_covariates(norm, norm.scores, audience)
    left_out: list[str] = []

    def told(line: Line | None, level: Level, name: str) -> dict[str, Any] | None:
        if line is None:
            return None
        if (level, line.period) in beside:
            left_out.append(name)
            return None
        units = units_of(norm, LineKey(level, line.period))
        told_whole = not untold and not line.untold_types
        told_whole &= bool(np.isfinite(line.coefficients).all())
        found = _told(line, units, audience) if told_whole else None
        if found is None:
            left_out.append(name)
        return found

    lines = told_norm(norm, audience).lines
    few = windows_without_few(norm, audience)
    beside = {(key.level, key.period) for key in nearly_same(norm, audience)}
    own = lines.by_period("window")
    windows = [
        told(line, "window", str(period))
        for period, line in own.items()
        if period.number not in few
    ]
    left_out += [str(period) for period in own if period.number in few]
    frozen = lines.reference("window")
    content["lines"] = {
        "occasion": told(lines.occasion, "occasion", "occasions"),
        "window": [line for line in windows if line is not None],
        "window_frozen": told(frozen, "window", "windows (frozen)"),
        "phase": {
            period.label: line
            for period, own in lines.by_period("phase").items()
            if (line := told(own, "phase", str(period))) is not None
        },
        "person": told(lines.person, "person", "persons"),
    }
    if not left_out:
        return content, ()
    return content, (finding("norm-withheld", lines=left_out),)


def windows_without_few(norm: Norm, audience: Audience) -> frozenset[int]:
    """Return the windows of all but a few of the persons who are in any.

    Beside what a model tells of everyone, the level of such a window tells what these few have.
    """
    table = norm.period_tables.get("window")
    if table is None or not table.height:
        return frozenset()
    everyone = table["person"].n_unique()
    present = table.group_by("window").len().iter_rows()
    return frozenset(number for number, n in present if audience.is_small(everyone - n))


def _told(line: Line, units: pl.DataFrame | None, audience: Audience) -> dict[str, Any] | None:
    reach = None if units is None else _reach(with_exposure(line, units), audience)
    curved = line.shape == "spline" and line.n_persons < FEWEST_OF_SPLINE
    if reach is None or curved or audience.digits is None:
        return None
    content = line_to_dict(line)
    for name, value in content.items():
        if name not in _EXACT:
            digits = audience.digits + (0 if name in _FEWER_DIGITS else 1)
            if name == "coefficients":
                digits = COEFFICIENT_DIGITS
            content[name] = _rounded(value, digits)
    content |= counts_of_line(content, audience)
    content["knots"] = _rounded(_told_knots(line, units), audience.digits + 1)
    content["range_E"] = _rounded(list(reach), audience.digits)
    return content


def _told_knots(line: Line, units: pl.DataFrame | None) -> list[float]:
    """Give each knot as the nearest exposure that occurs: its fraction would tell the number.

    Where exposures are no whole numbers it is told in steps, as quantiles of them are.
    """
    if units is None or not line.knots:
        return []
    table = with_exposure(line, units)
    each = np.reshape(line.knots, (len(line.predictors), -1))
    told: list[float] = []
    for name, knots in zip(line.predictors, each, strict=True):
        values = table[name].drop_nulls().to_numpy()
        told += [told_value(float(values[np.abs(values - one).argmin()]), values) for one in knots]
    return told


def counts_of_line(line: Mapping[str, Any], audience: Audience) -> dict[str, Any]:
    """Give the parts of a line in the form of `norm.json` that tell counts, rounded to five."""
    told: dict[str, Any] = {
        name: audience.told_below(line[name]) for name in ("n", "n_persons") if name in line
    }
    if line.get("standardiser") is not None:
        told["standardiser"] = {**_standardiser_in_steps(line, audience), "n": told["n"]}
    if line.get("claims") is not None:
        told["claims"] = _degrees(line["claims"], audience)
    return told


def _standardiser_in_steps(line: Mapping[str, Any], audience: Audience) -> dict[str, Any]:
    """Means and SDs of types of exposure as others are told: means of persons, SDs of units."""
    standardiser = dict(line["standardiser"])
    pairs = zip(standardiser.get("means", ()), standardiser.get("sds", ()), strict=True)
    told = [
        (audience.told_mean(mean, sd, line["n_persons"]), audience.told_sd(sd, line["n"]))
        for mean, sd in pairs
    ]
    return {**standardiser, "means": [mean for mean, _ in told], "sds": [sd for _, sd in told]}


def _degrees(claims: Mapping[str, Any], audience: Audience) -> dict[str, Any]:
    """Round degrees of freedom of errors; of the fewest, which tell no number of units, not."""

    def told(df: float | None) -> float | None:
        return df if df is None else audience.told(df) or df

    found = {**claims, "df": told(claims.get("df"))}
    found["df_by_term"] = [told(df) for df in claims.get("df_by_term") or ()]
    adjusted = claims.get("exposure_r_squared_adjusted")  # beside the plain one it tells n
    found["exposure_r_squared_adjusted"] = None if adjusted is None else round(adjusted, 2)
    test = claims.get("exposure_test")
    found["exposure_test"] = None if test is None else {**test, "df2": told(test["df2"])}
    return found


def _reach(units: pl.DataFrame, audience: Audience) -> tuple[float, float] | None:
    """Lowest and highest exposure with five persons beyond each; None for fewer than 12 persons."""
    few = audience.smallest
    ends = units.group_by("person").agg(low=pl.col("E").min(), high=pl.col("E").max())
    if ends.height < 2 * (few + 1):
        return None
    low, high = np.sort(ends["low"].to_numpy()), np.sort(ends["high"].to_numpy())
    return float(low[few - 1 : few + 1].mean()), float(high[-few - 1 : len(high) - few + 1].mean())


def _rounded(value: Any, digits: int) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, Mapping):
        return {key: _rounded(item, digits) for key, item in value.items()}
    return [_rounded(item, digits) for item in value] if isinstance(value, list) else value
