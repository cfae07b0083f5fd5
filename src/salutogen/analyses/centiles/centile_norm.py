"""The centile norm: what another study needs to place its persons, and how sure it is.

It stands in `results.json` under the analysis. No value of it belongs to one
person: standardised residuals are given as means of at least five neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.columns import Kind, Record, figure, record
from salutogen.errors import AnalysisError
from salutogen.findings import finding
from salutogen.models.linear_algebra import cross_products
from salutogen.models.regression.location_scale import LocationScale
from salutogen.norm import Line
from salutogen.norm.norm_file import line_from_dict, line_to_dict
from salutogen.norm.plain_json import read_json
from salutogen.norm.told_lines import told_line
from salutogen.page.audience import Audience

Float = NDArray[np.float64]
FORMAT = 1
NEIGHBOURS = 5
MOST_POINTS = 99
LARGEST = 1e30
KEYS = ("line", "scale", "covariance", "probability", "z", "scoring")


@record
class CentileNorm(Record):
    """Centiles of persons for use by another study."""

    format: int = figure("Version of this format", default=FORMAT, kind=Kind.LABEL)
    n: int = figure("Persons it rests on", unit="persons", kind=Kind.COUNT)
    line: Mapping[str, Any] = figure("Line of expected problems, as in norm.json")
    scale: Mapping[str, float] = figure("Coefficients of the log SD, by term")
    covariance: list[list[float]] = figure(
        "Covariance of the coefficients, line first, from persons drawn with replacement"
    )
    probability: list[float] = figure("Share of persons below `z`", step=0.01)
    z: list[float] = figure("Standardised residuals: means of at least five neighbours")
    scoring: Mapping[str, Any] = figure("How P and E were scored; must be equal where it is used")


def make_norm(
    line: Line,
    fit: LocationScale,
    z: Float,
    draws: Float,
    scoring: Mapping[str, Any],
    audience: Audience,
) -> CentileNorm:
    """Make the norm of a fit, residuals `z` (n,) of its persons and `draws` (draws, p + q)."""
    p = len(fit.location)
    centred = draws - draws.mean(axis=0)
    covariance = cross_products(list(centred.T)) / (len(draws) - 1)
    own = replace(
        line,
        coefficients=tuple(float(value) for value in fit.location),
        covariance=covariance[:p, :p],
    )
    probability, levels = smoothed(z)
    return CentileNorm(
        n=fit.n,
        line=line_to_dict(told_line(own, audience)),
        scale=dict(zip(fit.scale_names, fit.scale.tolist(), strict=True)),
        covariance=covariance.tolist(),
        probability=probability.tolist(),
        z=levels.tolist(),
        scoring=dict(scoring),
    )


def without_types(norm: CentileNorm, few: Sequence[str]) -> CentileNorm:
    """Return a norm without mean and SD of types of a composite that few persons met.

    They tell what these few met; another study cannot use the norm then.
    """
    own = norm.line.get("standardiser")
    if not few or own is None:
        return norm
    kept = [name not in few for name in own["columns"]]
    told = {
        name: [value if one else float("nan") for value, one in zip(own[name], kept, strict=True)]
        for name in ("means", "sds")
    }
    return replace(norm, line={**norm.line, "standardiser": {**own, **told}})


def smoothed(z: Float) -> tuple[Float, Float]:
    """Mean shares and means of at least five neighbours among sorted residuals."""
    blocks = max(1, min(MOST_POINTS, len(z) // NEIGHBOURS))
    rank = (np.arange(len(z)) + 0.5) / len(z)
    parts = np.array_split(np.arange(len(z)), blocks)
    ordered = np.sort(z)
    return (
        np.array([rank[part].mean() for part in parts]),
        np.array([ordered[part].mean() for part in parts]),
    )


def centile_by_norm(z: Float, probability: Float, levels: Float) -> Float:
    """Centiles (0 to 100) by a norm: straight between its points, half the last one beyond."""
    inside = np.interp(z, levels, probability)
    low, high = probability[0] / 2, 1 - (1 - probability[-1]) / 2
    found = np.where(z < levels[0], low, np.where(z > levels[-1], high, inside))
    return np.asarray(100 * np.where(np.isfinite(z), found, np.nan))


def read_centile_norm(path: Path) -> tuple[CentileNorm, Line]:
    """Read the norm from the `results.json` of a study that has this analysis.

    Raises
    ------
    AnalysisError
        The file cannot be read, or holds no centile norm of this format.
    """
    code = "centile-norm-unreadable"
    try:
        content = read_json(path)
    except (OSError, ValueError) as error:
        told = str(error) if type(error) is ValueError else "it is no JSON"
        reason = getattr(error, "strerror", None) or told
        unread = finding(code, variant="unread", file=path.name, reason=reason)
        raise AnalysisError([unread]) from error
    try:
        steps = content["steps"].values()
        stored = next(step["norm"] for step in steps if "norm" in step and "curves" in step)
        if stored["format"] != FORMAT:
            raise ValueError(f"format {stored['format']}")
        line = line_from_dict(stored["line"])
        if type(stored["n"]) is not int or stored["n"] < 1:
            raise ValueError("no number of persons")
        norm = CentileNorm(n=stored["n"], **{key: stored[key] for key in KEYS})
        _require_whole(norm, line)
    except (StopIteration, KeyError, TypeError, ValueError, AttributeError) as error:
        raise AnalysisError([finding(code, variant="none", file=path.name)]) from error
    return norm, line


def _require_whole(norm: CentileNorm, line: Line) -> None:
    size = len(line.terms) + len(norm.scale)
    parts = (*norm.covariance, norm.probability, norm.z, list(norm.scale.values()))
    numbers = [value for part in parts for value in part]
    if any(type(value) not in (int, float) or not abs(value) <= LARGEST for value in numbers):
        raise ValueError("something else than numbers of a size that scores can have")
    if np.shape(norm.covariance) != (size, size) or len(norm.z) != len(norm.probability):
        raise ValueError("parts that do not fit together")
    if tuple(norm.scale) != ("intercept", *line.predictors):
        raise ValueError("an SD of other exposures")
