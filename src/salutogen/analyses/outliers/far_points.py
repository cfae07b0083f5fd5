"""Far points: z values, Cook's distance and Mahalanobis distance, at occasions and persons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from salutogen.analyses.outliers.settings import OutliersSettings
from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind
from salutogen.counts import Forms, forms_of
from salutogen.models.linear_algebra import combine, cross_products
from salutogen.norm import Line
from salutogen.norm.design_matrix import line_matrix, with_exposure
from salutogen.norm.lines import Level

MOST_INFLUENTIAL = 10
FAR = ("far_P", "far_E", "far_jointly")
FLAGS = (*FAR, "influential")
FAR_POINT_COLUMNS = (
    Column(name="subject", meaning="Label of the person", kind=Kind.IDENTIFIER, heading="Who"),
    *(
        Column(name=name, meaning=meaning, unit=unit, sign=sign, kind=Kind.PERSON, heading=heading)
        for name, heading, meaning, unit, sign in (
            ("level", "Level", "Occasion or person", "", ""),
            ("occasion", "Occasion", "Label of the occasion", "", ""),
            ("P", "P", "Problems", POINTS, "higher = more problems"),
            ("E", "E", "Exposure", "units of E", "higher = more exposed"),
            ("SR", "SR", "Observed minus expected problems", POINTS, LESS_RESILIENT),
            ("z_P", "z of P", "P in SDs from the mean of its level", "SDs", ""),
            ("z_E", "z of E", "E in SDs from the mean of its level", "SDs", ""),
            ("cooks_distance", "Cook's distance", "How far the line moves without it", "", ""),
            ("mahalanobis_p", "Mahalanobis p", "p of the distance from the mean of both", "", ""),
            ("far_P", "", "Whether P is far", "", ""),
            ("far_E", "", "Whether E is far", "", ""),
            ("influential", "", "Whether it is among those that move the line most", "", ""),
            ("far_jointly", "", "Whether P and E are far jointly", "", ""),
        )
    ),
)


def cooks_distance(matrix: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """Cook's distance of each row of a least-squares fit, shape (n,) (Cook 1977)."""
    n, p = matrix.shape
    products = cross_products(list(matrix.T))
    inverse = np.linalg.pinv(products)
    leverage = np.zeros(n)
    for i in range(p):
        for j in range(p):
            leverage += inverse[i, j] * matrix[:, i] * matrix[:, j]
    variance = float(np.sum(residuals**2)) / max(n - p, 1)
    room = np.maximum(1.0 - leverage, 1e-12)
    result: np.ndarray = residuals**2 / (p * max(variance, 1e-300)) * leverage / room**2
    return result


def mahalanobis_p(*variables: np.ndarray) -> np.ndarray:
    """Chi-squared p value of each row's Mahalanobis distance, df = the number of variables.

    NaN where the variables are collinear.
    """
    from scipy.special import chdtrc

    n = variables[0].size
    if n < 2:
        return np.full(n, np.nan)
    columns = [values - np.mean(values) for values in variables]
    covariance = cross_products(columns) / (n - 1)
    scale = np.sqrt(np.diag(covariance))
    if (scale <= 0).any() or np.linalg.cond(covariance / np.outer(scale, scale)) > 1e12:
        return np.full(n, np.nan)
    inverse = np.linalg.inv(covariance)
    distance = np.zeros(n)
    for i, left in enumerate(columns):
        for j, right in enumerate(columns):
            distance += inverse[i, j] * left * right
    result: np.ndarray = chdtrc(len(variables), distance)
    return result


@dataclass(frozen=True)
class Names:
    """Labels of persons and of planned occasions, which only the few units flagged are given."""

    subjects: pl.Series
    occasions: Sequence[str]

    def of_occasions(self, units: pl.DataFrame) -> pl.Series:
        """Label of each unit's occasion; null for persons."""
        if "occasion_index" not in units.columns:
            return pl.repeat(None, units.height, dtype=pl.String, eager=True)
        labels = pl.Series(list(self.occasions), dtype=pl.String)
        return labels.gather(units["occasion_index"].cast(pl.UInt32))


def far_points(
    line: Line, table: pl.DataFrame, level: Level, settings: OutliersSettings, names: Names
) -> tuple[pl.DataFrame, Forms]:
    """Flag the units of a line that lie far out.

    Parameters
    ----------
    line : Line
    table : DataFrame
        Units with `person, P, E`, for occasions also `occasion_index`.
    level : {"occasion", "person"}
    settings : OutliersSettings
    names : Names

    Returns
    -------
    flagged : DataFrame
        `subject, level, occasion, person, P, E, SR, z_P, z_E, cooks_distance, mahalanobis_p,
        far_P, far_E, influential, far_jointly`; only rows flagged for a far z (3 SDs by default)
        or a small p of the Mahalanobis distance (.001), and the ten with the largest Cook's
        distance above 4/n (`influential`). Nothing is removed because of it.
    n_moving : Forms
        Units whose Cook's distance is above 4/n, of which ten at most are in `flagged`.
    """
    table = with_exposure(line, table)
    matrix = line_matrix(line, table, level=level)
    known = np.isfinite(matrix).all(axis=1) & table["P"].is_not_null().to_numpy()
    table, matrix = table.filter(pl.Series(known)), matrix[known]
    P, E = table["P"].to_numpy(), table["E"].to_numpy()
    residuals = P - combine(matrix, np.asarray(line.coefficients))
    z_P, z_E = _standardised(P), _standardised(E)
    cooks = cooks_distance(matrix, residuals)
    moving = cooks > 4.0 / max(cooks.size, 1)
    joint = mahalanobis_p(P, E)
    flags = {
        "far_P": np.abs(z_P) > settings.beyond_sd,
        "far_E": np.abs(z_E) > settings.beyond_sd,
        "influential": _most_influential(moving, cooks),
        "far_jointly": np.nan_to_num(joint, nan=1.0) < settings.mahalanobis_p,
    }
    found = np.flatnonzero(np.any(list(flags.values()), axis=0))
    few = table[found]
    flagged = pl.DataFrame(
        {
            "subject": names.subjects.gather(few["person"]),
            "level": pl.repeat(level, few.height, dtype=pl.String, eager=True),
            "occasion": names.of_occasions(few),
            "person": few["person"],
            "P": P[found],
            "E": E[found],
            "SR": residuals[found],
            "z_P": z_P[found],
            "z_E": z_E[found],
            "cooks_distance": cooks[found],
            "mahalanobis_p": pl.Series(joint[found], dtype=pl.Float64).fill_nan(None),
            **{name: flag[found] for name, flag in flags.items()},
        }
    )
    return flagged, forms_of(moving, table["person"].to_numpy())


def _standardised(values: np.ndarray) -> np.ndarray:
    """Values in SDs from their mean; 0 for one alone, which lies far from nobody."""
    if values.size < 2:
        return np.zeros(values.size)
    result: np.ndarray = (values - np.mean(values)) / max(float(np.std(values, ddof=1)), 1e-300)
    return result


def _most_influential(moving: np.ndarray, cooks: np.ndarray) -> np.ndarray:
    """Whether Cook's distance is above 4/n and among the ten largest."""
    result = np.zeros(cooks.size, dtype=bool)
    if not cooks.size:
        return result
    falling, last = -cooks, min(MOST_INFLUENTIAL, cooks.size) - 1
    # The ten largest and their equals are put in order, not a million units.
    among = np.flatnonzero(~(falling > np.partition(falling, last)[last]))
    result[among[np.argsort(falling[among], kind="stable")[:MOST_INFLUENTIAL]]] = True
    result &= moving
    return result
