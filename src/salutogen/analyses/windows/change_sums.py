"""What each person adds to the estimates of change, so that a resample of persons is a sum."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from salutogen.analyses.windows.change_rows import ChangeRows, FrozenLine
from salutogen.models.mixed.random_intercept_ar1 import (
    Persistence,
    fit_persistence,
    person_products,
    person_rows,
    unpacked,
)
from salutogen.models.resampling.bootstrap import person_moments

Float = np.ndarray

MOST_NUMBERS = 400_000  # that one resample adds up; persons are put to random groups beyond
FEWEST_UNITS = 1000
PERSONS_AT_ONCE = 10_000
FLAT = 1e-9  # of the range of exposure, within which it is the same


@dataclass(frozen=True, kw_only=True)
class ChangeSums:
    """What each unit of the bootstrap adds, and where in it things stand.

    `products` are the places of the cross-products of `[dummies, E, covariates, mean E, terms of
    the frozen line, score, P]`.
    """

    units: Float
    products: slice
    present: slice
    scores: slice
    absent: int
    reference: slice
    sizes: tuple[int, int, int, int, int]
    coefficients: Float
    residual_sd: float | None


def change_sums(rows: ChangeRows, persistence: Persistence, seed: int) -> ChangeSums:
    """Add up, for each unit of the bootstrap, all that the estimates need."""
    frozen, means = rows.frozen, _person_means(rows)
    slopes = np.zeros(0)
    if frozen is not None and frozen.columns is not None:
        slopes = np.asarray(frozen.line.coefficients)[1:]
    sizes = (
        rows.contrast.size,
        rows.exposure.shape[1],
        rows.covariates.shape[1],
        means.shape[1],
        slopes.size,
    )
    width, blocks = sum(sizes) + 2, rows.contrast.size
    packed = width * (width + 1) // 2
    unit, n_units = _units(rows, packed + 2 * blocks + _reference_width(frozen), seed)
    place = unit[rows.rows.person] * blocks + rows.block
    parts = [
        _products(rows, means, persistence, unit, np.zeros((n_units, packed))),
        np.bincount(place, minlength=n_units * blocks).reshape(n_units, blocks),
        np.bincount(place, rows.score, minlength=n_units * blocks).reshape(n_units, blocks),
        np.bincount(unit, rows.absent, minlength=n_units)[:, None],
        np.bincount(unit, minlength=n_units)[:, None],
        _reference_sums(frozen, unit, n_units),
    ]
    edges = np.cumsum([0, *(part.shape[1] for part in parts)])
    return ChangeSums(
        units=np.column_stack(parts),
        products=slice(edges[0], edges[1]),
        present=slice(edges[1], edges[2]),
        scores=slice(edges[2], edges[3]),
        absent=int(edges[3]),
        reference=slice(edges[5], edges[6]),
        sizes=sizes,
        coefficients=slopes,
        residual_sd=None if frozen is None else frozen.line.residual_sd,
    )


def _products(
    rows: ChangeRows, means: Float, persistence: Persistence, unit: np.ndarray, found: Float
) -> Float:
    """Cross-products by unit, added up over parts of the persons so that memory does not grow."""
    person = rows.rows.person
    terms = np.empty((rows.P.size, 0))
    if rows.frozen is not None and rows.frozen.columns is not None:
        terms = rows.frozen.columns - rows.frozen.columns.mean(axis=0)
    for first in range(0, rows.rows.n_persons, PERSONS_AT_ONCE):
        own = slice(*np.searchsorted(person, [first, first + PERSONS_AT_ONCE]))
        columns = np.column_stack(
            [rows.design(own), means[own], terms[own], rows.score[own], rows.P[own]]
        )
        part = person_rows(person[own], rows.occasion[own])
        units = unit[first : first + PERSONS_AT_ONCE]
        found += person_products(columns, part, persistence, units, len(found))
    return found


def _person_means(rows: ChangeRows) -> Float:
    """Persons' expected levels of exposure at each row; empty where it is the same within persons.

    A level is what random intercepts beside effects of the occasions let expect. A plain mean would
    be higher for persons who left early where exposure falls for everyone, and is the less reliable
    the fewer occasions it is made from.
    """
    person = rows.rows.person
    count = np.bincount(person)
    found = []
    for column in rows.exposure.T:
        own = column - (np.bincount(person, column) / count)[person]
        if np.ptp(own) <= FLAT * max(float(np.ptp(column)), 1e-300):
            return np.empty((rows.P.size, 0))
        found.append(_level(column, rows, count)[person])
    return np.column_stack(found) if found else np.empty((rows.P.size, 0))


def _level(values: Float, rows: ChangeRows, count: np.ndarray) -> Float:
    """Expected level of each person; variances and effects from up to 5,000 persons."""
    kept, person = rows.some, rows.rows.person
    columns = np.column_stack([rows.design(kept)[:, : rows.contrast.size], values[kept]])
    own = person_rows(person[kept], rows.occasion[kept])
    how = fit_persistence(columns, own, rows.occasion[kept], lag=False) or Persistence(ratio=0.0)
    everyone = np.zeros(own.n_persons, dtype=np.int64)
    total = unpacked(person_products(columns, own, how, everyone, 1)[0])
    effects = np.linalg.solve(total[:-1, :-1], total[:-1, -1])
    beside = np.bincount(person, values - effects[rows.block])
    if not how.ratio:
        mean: Float = beside / count
        return mean
    found: Float = beside * how.ratio / (1 + how.ratio * count)
    return found


def _units(rows: ChangeRows, width: int, seed: int) -> tuple[np.ndarray, int]:
    """Unit of each person: the person, or one of as many random groups of equal size."""
    persons = rows.rows.n_persons
    most = max(FEWEST_UNITS, MOST_NUMBERS // width)
    if persons <= most:
        return np.arange(persons), persons
    groups = np.arange(persons) % most
    np.random.default_rng(seed).shuffle(groups)
    return groups, most


def _reference_width(frozen: FrozenLine | None) -> int:
    if frozen is None or frozen.units is None:
        return 0
    k: int = frozen.units.shape[1]
    return k * (k + 1) // 2


def _reference_sums(frozen: FrozenLine | None, unit: np.ndarray, n_units: int) -> Float:
    """Cross-products of the units of the frozen line, by unit of the bootstrap."""
    if frozen is None or frozen.units is None:
        return np.empty((n_units, 0))
    own = unit[frozen.unit_person]
    found = np.zeros((n_units, _reference_width(frozen)))
    moments = person_moments(frozen.units[:, :-1], frozen.units[:, -1], own)
    found[: len(moments)] = moments
    return found
