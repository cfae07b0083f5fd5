"""Between and within: person means, deviations and what is left of exposure in a score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from salutogen.counts import Forms
from salutogen.models.descriptive import group_means, pearson, present_means

ROUNDING = 1e-10  # of the range of the values


@dataclass(frozen=True, kw_only=True)
class OccasionArrays:
    """Valid person-occasions as arrays, in the order of person and occasion.

    Attributes
    ----------
    person, occasion : ndarray of int64, shape (n,)
    P, E, SR : ndarray, shape (n,)
        SR in points of P; positive = less resilient.
    n_persons : int
        Persons in the study.
    """

    person: np.ndarray
    occasion: np.ndarray
    P: np.ndarray
    E: np.ndarray
    SR: np.ndarray
    n_persons: int

    def person_means(self, values: np.ndarray) -> np.ndarray:
        """Mean of each person with valid rows, in person order."""
        return present_means(values, self.person, self.n_persons)

    def deviations(self, values: np.ndarray) -> np.ndarray:
        """Deviation of each row from its person's mean; 0 where there is nothing but rounding."""
        means = group_means(values, self.person, self.n_persons)
        result: np.ndarray = values - means[self.person]
        if result.size and np.max(np.abs(result)) <= ROUNDING * np.ptp(values):
            return np.zeros_like(result)
        return result


def scored_arrays(occasions: pl.DataFrame, n_persons: int) -> OccasionArrays:
    """Valid scored rows as arrays."""
    columns = occasions.select("person", "occasion_index", "P", "E", "SR")
    known = columns.filter(pl.col("SR").is_not_null())
    return OccasionArrays(
        person=known["person"].to_numpy().astype(np.int64),
        occasion=known["occasion_index"].to_numpy().astype(np.int64),
        P=known["P"].to_numpy(),
        E=known["E"].to_numpy(),
        SR=known["SR"].to_numpy(),
        n_persons=n_persons,
    )


@dataclass(frozen=True, kw_only=True)
class ExposureLeft:
    """Correlation of a score with exposure: over rows, of person means, of deviations from them."""

    total: float | None
    between: float | None
    within: float | None


def exposure_left(SR: np.ndarray, arrays: OccasionArrays) -> ExposureLeft:
    """Correlation of a score with exposure: over rows, between persons and within persons.

    Parameters
    ----------
    SR : ndarray, shape (n,)
        A score of each valid row.
    arrays : OccasionArrays
    """
    return ExposureLeft(
        total=pearson(SR, arrays.E),
        between=pearson(arrays.person_means(SR), arrays.person_means(arrays.E)),
        within=pearson(arrays.deviations(SR), arrays.deviations(arrays.E)),
    )


def lag_one(arrays: OccasionArrays) -> tuple[float | None, float | None, Forms]:
    """Lag-1 correlation of SR over adjacent scheduled occasions.

    Returns
    -------
    pooled : float or None
        Pearson r over all pairs, not centred: mostly stable differences between persons.
    within : float or None
        The same of deviations from the person's mean. Biased downwards, by roughly 1 / (number of
        occasions), because the mean holds the deviations it is taken from (Nickell 1981).
    pairs : Forms
        With how many persons lack one that others have.
    """
    follows = (np.diff(arrays.person) == 0) & (np.diff(arrays.occasion) == 1)
    now = np.flatnonzero(follows)
    deviation = arrays.deviations(arrays.SR)
    pooled = pearson(arrays.SR[now], arrays.SR[now + 1])
    return pooled, pearson(deviation[now], deviation[now + 1]), _pairs(arrays, follows)


def _pairs(arrays: OccasionArrays, follows: np.ndarray) -> Forms:
    each = np.bincount(arrays.person[:-1][follows], minlength=arrays.n_persons)
    return Forms(
        np.count_nonzero(follows),
        persons=int(np.count_nonzero(each)),
        others=int(np.count_nonzero(each < each.max(initial=0))),
    )
