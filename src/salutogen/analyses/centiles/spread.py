"""The line whose spread changes with exposure, at one level, and centiles by it.

A centile is the share of the reference persons who have fewer problems, given exposure: it is read
off the standardised residuals of the reference set, so that nothing is assumed of their shape but
that it is the same along exposure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.models.linear_algebra import combine
from salutogen.models.regression.location_scale import (
    LocationScale,
    draws_of_location_scale,
    fit_location_scale,
)
from salutogen.norm import Line, Norm
from salutogen.norm.design_matrix import line_matrix, term_matrix, with_exposure
from salutogen.norm.lines import Level

Float = NDArray[np.float64]
STREAM = 0xCE7


@dataclass(frozen=True, kw_only=True, eq=False)
class Units:
    """Persons or occasions with the terms of the line and of the log SD.

    Attributes
    ----------
    table : DataFrame
        The units, with E as the line defines it.
    line : Line
        The study's own line of the level: its terms are those of the expected problems.
    """

    table: pl.DataFrame
    line: Line

    @cached_property
    def P(self) -> Float:
        """Problems, shape (n,)."""
        return _numbers(self.table, "P")

    @cached_property
    def E(self) -> Float:
        """Exposure, shape (n,)."""
        return _numbers(self.table, "E")

    @cached_property
    def person(self) -> NDArray[np.int64]:
        """Index of the person of each unit, shape (n,)."""
        return self.table["person"].to_numpy().astype(np.int64)

    @cached_property
    def X(self) -> Float:
        """Terms of the line, shape (n, p)."""
        return line_matrix(self.line, self.table, level=self.line.level)

    @cached_property
    def Z(self) -> Float:
        """Terms of the log SD, shape (n, q): a constant and exposure."""
        return scale_matrix(self.line, self.table)

    @property
    def scale_names(self) -> tuple[str, ...]:
        """Names of the terms of the log SD."""
        return ("intercept", *self.line.predictors)

    def among(self, rows: NDArray[np.bool_]) -> Units:
        """Some of the units."""
        return Units(table=self.table.filter(pl.Series(rows)), line=self.line)

    def fitted(self) -> LocationScale:
        """Fit the line and the log SD to these units."""
        return fit_location_scale(
            self.P, self.X, self.Z, names=self.line.names, scale_names=self.scale_names
        )

    def standardised(self, fit: LocationScale) -> Float:
        """(observed - expected) / SD at the unit's exposure, by a fit to other units."""
        return fit.standardised(self.P, self.X, self.Z)


def _numbers(table: pl.DataFrame, name: str) -> Float:
    values: Float = table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return values


def scale_matrix(line: Line, table: pl.DataFrame) -> Float:
    """Terms of the log SD at the rows of a table: a constant and the line's exposures."""
    names = ("intercept", *line.predictors)
    return term_matrix(table, names, predictors=line.predictors)


def units_of(norm: Norm, table: pl.DataFrame, level: Level) -> Units:
    """Take the rows with P, E and everything that the level's line needs."""
    line = norm.lines.occasion if level == "occasion" else norm.lines.person
    table = with_exposure(line, norm.with_covariates(table))
    found = Units(table=table, line=line)
    known = np.isfinite(found.P) & np.isfinite(found.X).all(axis=1)
    return found.among(known)


def centile(z: Float, reference: Float, times: Float | None = None) -> Float:
    """Centiles (0 to 100) of standardised residuals among those of the reference set.

    ``100 (below + equal / 2 + 1 / 2) / (n + 1)``: a person of the reference set and one of another
    set are placed alike, and nobody at 0 or 100.

    Parameters
    ----------
    z : array (m,)
    reference : array (n,)
    times : array (n,), optional
        How often each of the reference set counts.
    """
    order = np.argsort(reference, kind="stable")
    weight = np.ones(len(reference)) if times is None else times
    total = np.concatenate([[0.0], np.cumsum(weight[order])])
    below = total[np.searchsorted(reference[order], z, side="left")]
    upto = total[np.searchsorted(reference[order], z, side="right")]
    return np.asarray(100 * ((below + upto) / 2 + 0.5) / (total[-1] + 1))


def folds_of(person: NDArray[np.int64], n_persons: int, folds: int, seed: int) -> Float:
    """Part of each unit: persons are dealt out, so that all of a person's rows lie in one."""
    part = np.arange(n_persons) % folds
    np.random.default_rng([seed, STREAM]).shuffle(part)
    return np.asarray(part[person])


def out_of_fold(
    reference: Units, scored: Units, *, n_persons: int, folds: int, seed: int
) -> tuple[Float, Float]:
    """Centiles of persons by lines fitted to other persons.

    Returns
    -------
    centile : array (m,)
        By the line whose SD changes with exposure.
    equal : array (m,)
        By a line with one SD for all: what plain SR amounts to.
    """
    known, own = (folds_of(u.person, n_persons, folds, seed) for u in (reference, scored))
    found, equal = np.full(len(own), np.nan), np.full(len(own), np.nan)
    for fold in range(folds):
        rows = own == fold
        if not rows.any():
            continue
        train, test = reference.among(known != fold), scored.among(rows)
        fit = train.fitted()
        found[rows] = centile(test.standardised(fit), train.standardised(fit))
        plain = _plain(train)
        found_equal = test.P - combine(test.X, plain)
        equal[rows] = centile(found_equal, train.P - combine(train.X, plain))
    return found, equal


def _plain(units: Units) -> Float:
    from salutogen.models.regression.least_squares import fit_least_squares

    return fit_least_squares(units.P, units.X, names=units.line.names).coefficients


@dataclass(frozen=True, kw_only=True, eq=False)
class Draws:
    """Fits to persons drawn with replacement, and what becomes of given points by them.

    Attributes
    ----------
    location, scale : array (draws, p), (draws, q)
    centiles : array (draws, m)
        Centiles of the points asked for.
    levels : array (draws, k)
        Standardised residuals at the centiles asked for.
    """

    location: Float
    scale: Float
    centiles: Float
    levels: Float


def drawn(
    reference: Units, points: Units, *, curves: tuple[float, ...], draws: int, seed: int
) -> Draws:
    """Draw persons of the reference set with replacement; place every point by each draw."""
    location, scale, placed, levels = [], [], [], []
    for b, g, times in _each_draw(reference, draws, seed):
        own = (reference.P - combine(reference.X, b)) / np.exp(combine(reference.Z, g))
        at = (points.P - combine(points.X, b)) / np.exp(combine(points.Z, g))
        location.append(b)
        scale.append(g)
        placed.append(centile(at, own, times))
        levels.append(np.quantile(np.repeat(own, times.astype(int)), np.array(curves) / 100))
    return Draws(
        location=np.array(location),
        scale=np.array(scale),
        centiles=np.array(placed),
        levels=np.array(levels),
    )


def _each_draw(reference: Units, draws: int, seed: int) -> Iterator[tuple[Float, Float, Float]]:
    batches = draws_of_location_scale(
        reference.P, reference.X, reference.Z, person=reference.person, draws=draws, seed=seed
    )
    for b, g, times in batches:
        yield from zip(b, g, times, strict=True)
