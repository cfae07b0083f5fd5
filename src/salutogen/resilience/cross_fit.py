"""SR of each person by a line that was fitted without that person, beside the plain score."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.columns import POINTS, Kind, Record, beside, figure, record
from salutogen.models.descriptive import pearson
from salutogen.norm import Norm
from salutogen.norm.design_matrix import line_matrix

STREAM = 0xC5F


@record
class CrossFit(Record):
    """How far scores by lines of other persons differ from those by everyone's line."""

    folds: int = figure("Parts of the persons; each is scored by a line of the others")
    n: int = figure("Persons", unit="persons", kind=Kind.COUNT)
    r: float | None = figure("Correlation with the plain SR over persons")
    sd: float = figure("SD of the cross-fitted SR", unit=POINTS)
    sd_plain: float = figure("SD of the plain SR of the same persons", unit=POINTS)
    scores: pl.Series = beside()


def cross_fit(norm: Norm, persons: pl.DataFrame, *, folds: int, seed: int) -> CrossFit | None:
    """Score persons by lines over other persons; None with a line of another study.

    Persons outside the line's reference set had no part in it: theirs is the plain SR. Where the
    others cannot tell every term of the line, such as a category that only this part has, there is
    no score.

    Parameters
    ----------
    norm : Norm
    persons : DataFrame
        Scored persons, in any order.
    folds, seed : int
        Parts of the reference persons, and the seed of their draw.
    """
    units = norm.units("person")
    if norm.external is not None or units is None:
        return None
    line = norm.lines.person
    table = norm.with_covariates(persons)
    X = line_matrix(line, table, level="person")
    P, plain = (
        table[name].cast(pl.Float64).fill_null(float("nan")).to_numpy() for name in ("P", "SR")
    )
    known = np.isfinite(X).all(axis=1) & np.isfinite(P) & np.isfinite(plain)
    inside = known & table["person"].is_in(units["person"].implode()).to_numpy()
    own = np.flatnonzero(inside)
    parts = np.full(P.size, -1)
    folds = min(folds, own.size)
    rng = np.random.default_rng([seed, STREAM])
    parts[own] = rng.permutation(np.arange(own.size) % max(folds, 1))
    scores = np.where(inside, np.nan, plain)
    length = np.sqrt(np.sum(X[own] ** 2, axis=0))
    scaled = X / np.where(length > 0, length, 1.0)
    for part in range(folds):
        others, here = inside & (parts != part), parts == part
        if np.linalg.matrix_rank(scaled[others]) == X.shape[1] < others.sum():
            b = np.linalg.lstsq(scaled[others], P[others], rcond=None)[0]
            scores[here] = P[here] - np.einsum("ij,j->i", scaled[here], b)
    both = np.isfinite(scores) & np.isfinite(plain)
    if both.sum() < 3:
        return None
    return CrossFit(
        folds=folds,
        n=int(both.sum()),
        r=pearson(scores, plain),
        sd=float(np.std(scores[both], ddof=1)),
        sd_plain=float(np.std(plain[both], ddof=1)),
        scores=pl.Series("SR_cross_fit", scores).fill_nan(None),
    )
