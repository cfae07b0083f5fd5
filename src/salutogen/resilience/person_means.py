"""Reliability of persons' means from the reliability of one occasion's score."""

from __future__ import annotations

import numpy as np

from salutogen.models.descriptive import present_means


def reliability_of_person_means(
    reliability: float | None, values: np.ndarray, person: np.ndarray
) -> float | None:
    """Reliability of a person's mean over the answered occasions, error independent between them.

    `1 - (1 - r) s² mean(1 / n) / S²` with the reliability r and variance s² of one occasion's
    score, n a person's occasions and S² the variance of persons' means. The mean of true scores
    over these very occasions is what is measured; that people differ from day to day is no error
    of it.

    Parameters
    ----------
    reliability : float or None
        Of one occasion's score.
    values : ndarray, shape (rows,)
        The score.
    person : ndarray of int, shape (rows,)
        Index of the person.

    Returns
    -------
    float or None
        In [0, 1]; None where the reliability is unknown or persons do not differ.
    """
    n = int(person.max(initial=-1)) + 1
    means = present_means(values, person, n)
    if reliability is None or means.size < 2:
        return None
    spread = float(np.var(means, ddof=1))
    if spread == 0:
        return None
    counts = np.bincount(person)
    error = (1.0 - reliability) * float(np.var(values, ddof=1)) * float(
        np.mean(1.0 / counts[counts > 0])
    )  # fmt: skip
    return float(np.clip(1.0 - error / spread, 0.0, 1.0))
