"""Regression over several rows of each person, of scores that may come from an estimated line.

As `stacked`, with persons who have a row per occasion. Rows of a person go together: they are
weighted as a random-intercept model weighs them, so that those who leave early because of how they
fared so far do not bend the course of the others. The errors do not rest on that model: each person
pulls as a whole, as if the line had been fitted without that person.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.descriptive import group_means, numbered
from salutogen.models.linear_algebra import PIECE, Factored
from salutogen.models.mixed.random_intercept import fit_random_intercept
from salutogen.models.regression.least_squares import checked, fit_least_squares
from salutogen.models.regression.stacked import EstimatedLine, StackedFit

Float = NDArray[np.float64]
Places = NDArray[np.intp]
ALONE = 1e-8  # what is left of a direction when one person carries it alone
SAME = 1e-8  # of the variance between persons: rows of a person that differ by rounding
LEAST_LEFT = 1e-4  # of a person's mean: no person may vanish


def stacked_rows(
    y: ArrayLike,
    X: ArrayLike,
    person: ArrayLike,
    n_persons: int,
    *,
    names: Sequence[str],
    through: ArrayLike | None = None,
    line: EstimatedLine | None = None,
) -> StackedFit:
    """Regress an outcome by occasion that may be scored by an estimated line.

    Parameters
    ----------
    y : array (rows,)
        Outcome; rows with a missing value here or in X have no part.
    X : array (rows, q)
        Terms, the constant included.
    person : array of int (rows,)
        From 0 to `n_persons` − 1.
    n_persons : int
        Of the study: pulls have a row for each.
    names : sequence of str
        Names of the terms.
    through : array (rows, p), optional
        Terms of the line as they stand in the outcome: `y = P - through @ coefficients`.
    line : EstimatedLine, optional
        How the persons pulled on that line.

    Returns
    -------
    StackedFit
        `n` counts persons. Errors are those of leaving out one person after the other (CR3; Bell
        and McCaffrey 2002), degrees of freedom Satterthwaite's for them if the random-intercept
        model holds. The share of persons in the variance is taken as known.

    Raises
    ------
    ModelError
        Collinear terms, or not more persons than terms.
    """
    outcome, columns = np.asarray(y, dtype=float), np.asarray(X, dtype=float)
    codes = np.asarray(person, dtype=np.int64)
    known = np.isfinite(outcome) & np.isfinite(columns).all(axis=1)
    own_y, own_X = checked(outcome[known], columns[known], names)
    index, n = numbered(codes[known])
    if n <= len(names):
        raise ModelError(f"{n} persons cannot carry {len(names)} coefficients.")
    share, converged, messages = _share_taken_out(own_y, own_X, index, n)
    moved_y = _without_share(own_y[:, None], index, n, share)[:, 0]
    design = Factored.of(_without_share(own_X, index, n, share), names)
    fit = fit_least_squares(moved_y, design, names=names)
    pulls_of, df = _left_out(design, fit.residuals, index, n)
    pulls = np.zeros((n_persons, len(names)))
    pulls[np.unique(codes[known])] = pulls_of
    own = np.sqrt(np.sum(pulls_of**2, axis=0))
    terms = 0
    if line is not None and through is not None:
        along = np.asarray(through, dtype=float)[known]
        along = _without_share(along, index, n, share)
        of_step = np.einsum("pk,qp->kq", design.Q, design.inverse)
        pulls -= np.einsum("ip,qp->iq", line.pulls, np.einsum("kq,kp->qp", of_step, along))
        terms = line.n_terms - 1
    return StackedFit(
        names=tuple(names),
        coefficients=fit.coefficients,
        pulls=pulls,
        own=own,
        df=np.minimum(df, max(n - len(names) - terms, 1)),
        n=n,
        converged=converged,
        messages=messages,
    )


def _share_taken_out(
    y: Float, X: Float, index: Places, n: int
) -> tuple[Float, bool, tuple[str, ...]]:
    """Share of their mean (n,) that a random-intercept model takes off the rows of each person."""
    size = np.bincount(index, minlength=n)
    if int(size.max()) < 2:
        return np.zeros(n), True, ()
    with warnings.catch_warnings():
        # Errors hold for any share: one that is not settled costs precision, and is a message.
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = fit_random_intercept(y, X, index)
    if not fit.var_within > SAME * fit.var_between:
        raise ModelError("The rows of a person do not differ: nothing tells occasions apart.")
    share = 1.0 - np.sqrt(fit.var_within / (fit.var_within + size * fit.var_between))
    return np.minimum(share, 1.0 - LEAST_LEFT), fit.converged, fit.messages


def _without_share(columns: Float, index: Places, n: int, share: Float) -> Float:
    """Take a share of each person's mean off the person's rows (rows, q)."""
    means = np.stack([group_means(column, index, n) for column in columns.T], axis=1)
    return np.asarray(columns - (share[:, None] * means)[index])


def _left_out(design: Factored, rest: Float, index: Places, n: int) -> tuple[Float, Float]:
    """Pulls (n, q) of persons as wholes, and degrees of freedom (q,) of their squares' sum.

    With the orthonormal rows Q of a person, G = QQ' and a row w of the inverse, leaving that person
    out moves the coefficient by w'(I − G)⁻¹Q e. The sum of squares is a quadratic form of the rows'
    errors whose first two moments under equal scatter give the degrees of freedom.
    """
    Q, inverse = design.Q, design.inverse
    q = len(Q)
    order = np.argsort(index, kind="stable")
    ends = np.searchsorted(index[order], np.arange(n + 1))
    pulls = np.empty((n, q))
    whole, fourth = np.zeros(q), np.zeros(q)
    around = np.zeros((q, q, q))
    size = max(PIECE // q**2, 1)
    for start in range(0, n, size):
        stop = min(start + size, n)
        rows = order[ends[start] : ends[stop]]
        own, place = Q[:, rows], index[rows] - start
        count = stop - start
        G = np.stack(
            [
                np.stack([np.bincount(place, a * b, minlength=count) for b in own], axis=1)
                for a in own
            ],
            axis=1,
        )
        scores = np.stack(
            [np.bincount(place, a * rest[rows], minlength=count) for a in own], axis=1
        )
        # What one person carries alone has no error of its own: nobody pulls on it.
        values, vectors = np.linalg.eigh(np.eye(q) - G)
        inverted = np.where(values > ALONE, 1.0 / np.where(values > ALONE, values, 1.0), 0.0)
        left = np.einsum("kia,ka,kja->kij", vectors, inverted, vectors)
        v = np.einsum("kij,rj->kri", left, inverse)
        pulls[start:stop] = np.einsum("kri,ki->kr", v, scores)
        u = np.einsum("kij,krj->kri", G, v)
        length, within = np.einsum("kri,kri->kr", v, u), np.einsum("kri,kri->kr", u, u)
        whole += np.sum(length - within, axis=0)
        fourth += np.sum(length**2 - 2 * length * within, axis=0)
        around += np.einsum("kri,krj->rij", u, u)
    squared = fourth + np.sum(around**2, axis=(1, 2))
    df = np.divide(whole**2, squared, out=np.ones(q), where=squared > 0)
    return pulls, np.clip(df, 1.0, max(n - 1, 1))
