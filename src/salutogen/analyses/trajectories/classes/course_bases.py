"""Columns of random effects that are learned from the courses: a common jump, any covariance."""

from __future__ import annotations

import numpy as np

from salutogen.analyses.trajectories.courses.locks import FloatArray

EVENT = 1  # place of the event among the positions
LEAST = 1e-4  # eigenvalue of a correlation matrix


def covariance_of(values: FloatArray) -> FloatArray:
    """Covariance (T, T) of positions around their means, over persons seen at both.

    Pairs that too few persons have count as uncorrelated; negative eigenvalues, which missing
    values can bring, as zero.
    """
    seen = np.isfinite(values)
    left = np.where(seen, values - np.nanmean(values, axis=0), 0.0)
    both = seen.T.astype(float) @ seen
    found = np.where(both > 1, left.T @ left / np.maximum(both - 1, 1), 0.0)
    roots, vectors = np.linalg.eigh(found)
    proper: FloatArray = (vectors * np.maximum(roots, 0.0)) @ vectors.T
    return proper


def jump_course(values: FloatArray) -> FloatArray:
    """The course (T,) that persons' jumps have in common: 0 before the event, 1 where largest.

    Where persons differ by a level u and a jump v, their courses are u + v g(t) and independent
    residuals. Freed of its level, a course then varies most along g less its mean: the first
    eigenvector of that covariance gives g, up to its size.
    """
    T = values.shape[1]
    centred = np.eye(T) - 1 / T
    roots, vectors = np.linalg.eigh(centred @ covariance_of(values) @ centred)
    course: FloatArray = vectors[:, -1] - vectors[0, -1]
    if T <= EVENT or roots[-1] <= 0 or not np.abs(course).max() > 0:
        return (np.arange(T) >= EVENT).astype(float)
    scaled: FloatArray = course / course[np.argmax(np.abs(course))]
    return scaled


def main_directions(values: FloatArray) -> FloatArray:
    """All principal directions (T, T − 1) of the courses but the last one.

    Random effects along them and a residual have every covariance whose smallest eigenvalue lies
    along the direction left out: with one class, that of the data whatever it is.
    """
    _, vectors = np.linalg.eigh(covariance_of(values))
    largest_first = vectors[:, ::-1]
    signs = np.sign(largest_first[np.argmax(np.abs(largest_first), axis=0), range(len(vectors))])
    directions: FloatArray = (largest_first * signs)[:, :-1]
    return directions


def proper_correlation(found: FloatArray) -> FloatArray:
    """The nearest correlation matrix (by its eigenvalues) that has an inverse."""
    roots, vectors = np.linalg.eigh(found)
    proper = (vectors * np.maximum(roots, LEAST)) @ vectors.T
    size = np.sqrt(np.diag(proper))
    correlation: FloatArray = proper / np.outer(size, size)
    return correlation
