"""Discrete-time hazard of being lost after an occasion (Singer and Willett 1993)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.linear_algebra import cross_products, orthonormalise
from salutogen.models.regression.logistic import logistic_fit
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Int = NDArray[np.int64]

FEWEST_IN_BLOCK = 5  # who are lost, and who are not
MOST_BLOCKS = 16
NOT_SETTLED = "a term separates who was lost from who was not, or terms are redundant"


@short_repr("names", "n", "n_lost")
@dataclass(frozen=True, kw_only=True)
class DropoutHazard:
    """Logistic regression of being lost after an occasion, over occasions at risk.

    Attributes
    ----------
    names : tuple of str
        Terms; those of blocks of occasions come first.
    coefficients : array (p,)
        Log odds.
    covariance : array (p, p)
        Clustered by person (CR1).
    pulls : array (persons, p)
        What each person adds to the error of the coefficients, to first order.
    chance : array (n,)
        Fitted chance of being lost after each occasion at risk.
    n, n_lost : int
        Occasions at risk, and persons lost.
    """

    names: tuple[str, ...]
    coefficients: Float
    covariance: Float
    pulls: Float
    chance: Float
    n: int
    n_lost: int
    converged: bool = True
    messages: tuple[str, ...] = ()

    @property
    def estimates(self) -> dict[str, float]:
        """Log odds of each term."""
        return dict(zip(self.names, self.coefficients.tolist(), strict=True))

    @property
    def standard_errors(self) -> dict[str, float]:
        """Standard error of each term, clustered by person."""
        errors = np.sqrt(np.diag(self.covariance))
        return dict(zip(self.names, errors.tolist(), strict=True))

    @property
    def df(self) -> int:
        """Degrees of freedom of t: what is known rests on those who were lost."""
        return max(self.n_lost - len(self.names), 1)

    def interval(self, level: float = 0.95) -> Float:
        """Return t intervals (2, p) of log odds."""
        from scipy.special import stdtrit

        half = stdtrit(self.df, (1 + level) / 2) * np.sqrt(np.diag(self.covariance))
        return np.stack([self.coefficients - half, self.coefficients + half])

    def p_values(self) -> Float:
        """Return two-sided p (p,) of t."""
        from scipy.special import stdtr

        t = np.abs(self.coefficients) / np.sqrt(np.diag(self.covariance))
        return np.asarray(2 * stdtr(self.df, -t))


def fit_hazard(
    X: ArrayLike, lost: ArrayLike, person: ArrayLike, n_persons: int, *, names: Sequence[str]
) -> DropoutHazard:
    """Fit the hazard to occasions at risk.

    Parameters
    ----------
    X : array (n, p)
        Terms, each about 1 in size; indicators of occasions stand for the constant.
    lost : array of bool (n,)
        Whether the person was not seen again after the occasion.
    person : array of int (n,)
        From 0.
    n_persons : int
    names : sequence of str

    Raises
    ------
    ModelError
        Redundant terms, or one that separates who was lost from who was not.
    """
    columns, happened = np.asarray(X, dtype=float), np.asarray(lost, dtype=bool)
    index = np.asarray(person, dtype=np.int64)
    orthonormalise(columns, names)
    fit = logistic_fit(columns, happened, index)
    if fit is None:
        raise ModelError(f"{', '.join(names)}: {NOT_SETTLED}.")
    chance = 1.0 / (1.0 + np.exp(-np.einsum("ij,j->i", columns, fit.coefficients)))
    weighted = np.sqrt(chance * (1 - chance))
    bread = np.linalg.inv(cross_products([np.ascontiguousarray(x * weighted) for x in columns.T]))
    rest = happened - chance
    scores = [np.bincount(index, x * rest, minlength=n_persons) for x in columns.T]
    return DropoutHazard(
        names=tuple(names),
        coefficients=fit.coefficients,
        covariance=fit.covariance,
        pulls=np.einsum("ki,kj->ij", np.array(scores), bread),
        chance=chance,
        n=fit.n,
        n_lost=fit.n_happened,
    )


def blocks_of_occasions(occasion: ArrayLike, lost: ArrayLike) -> Int:
    """Number the occasions at risk so that each has a hazard of its own where the data tell one.

    Neighbours share one until at least five were lost there and five were not, and where there
    would be more than sixteen.

    Parameters
    ----------
    occasion : array of int (n,)
        Occasions at risk.
    lost : array of bool (n,)

    Returns
    -------
    array of int (n,)
        Block of each row, from 0.
    """
    present, place = np.unique(np.asarray(occasion), return_inverse=True)
    gone = np.asarray(lost, dtype=bool)
    n_lost = np.bincount(place, gone, minlength=present.size)
    n_seen = np.bincount(place, ~gone, minlength=present.size)
    fewest = max(FEWEST_IN_BLOCK, -(-int(gone.sum()) // MOST_BLOCKS))
    number = np.zeros(present.size, dtype=np.int64)
    block, so_far = 0, np.zeros(2)
    for at in range(present.size):
        number[at] = block
        so_far += (n_lost[at], n_seen[at])
        if so_far[0] >= fewest and so_far[1] >= FEWEST_IN_BLOCK:
            block, so_far = block + 1, np.zeros(2)
    if so_far.any() and block:  # what is left at the end goes with the block before
        number[number == block] = block - 1
    return np.asarray(number[place])
