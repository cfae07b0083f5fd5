"""Inverse-probability weights of still being observed (Robins, Hernán and Brumback 2000).

A person seen at an occasion stands for those who were like it and are lost. The weight is the
chance of still being observed by a plain hazard (of occasions, or of occasions and baseline)
divided by that of the hazard of everything that loss may go with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.dropout.hazard import DropoutHazard, blocks_of_occasions, fit_hazard
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
Int = NDArray[np.int64]
NOT_SORTED = "person, occasion: rows are sorted by person, then occasion, each at most once"


@short_repr("n_persons", "n_truncated")
@dataclass(frozen=True, kw_only=True)
class DropoutWeights:
    """One weight for each person and occasion at which the person was seen.

    Attributes
    ----------
    person, occasion : array of int (n,)
        Sorted by person, then occasion.
    values, untruncated : array (n,)
    slopes : array (n, g)
        Derivatives of `values` by the coefficients of both hazards; 0 where truncated.
    pulls : array (persons, g)
        What each person adds to the error of these coefficients.
    hazard, plain : DropoutHazard
        Of everything, and of the numerator.
    """

    person: Int
    occasion: Int
    values: Float
    untruncated: Float
    slopes: Float
    pulls: Float
    hazard: DropoutHazard
    plain: DropoutHazard

    @property
    def n_persons(self) -> int:
        """Persons, with or without rows."""
        return int(self.pulls.shape[0])

    @property
    def n_truncated(self) -> int:
        """Weights that were moved to the percentiles of their occasion."""
        return int(np.count_nonzero(self.values != self.untruncated))

    def wide(self, n_occasions: int) -> Float:
        """Weights (persons, occasions), NaN where the person was not seen."""
        found = np.full((self.n_persons, n_occasions), np.nan)
        found[self.person, self.occasion] = self.values
        return found

    def places(self, person: ArrayLike, occasion: ArrayLike) -> Int:
        """Places (m,) of some persons' occasions among the rows.

        Raises
        ------
        ModelError
            One of them is not among the rows.
        """
        when = np.asarray(occasion, dtype=np.int64)
        width = int(max(self.occasion.max(), when.max(initial=0))) + 1
        keys = self.person * width + self.occasion
        wanted = np.asarray(person, dtype=np.int64) * width + when
        found = np.minimum(np.searchsorted(keys, wanted), keys.size - 1)
        if not np.array_equal(keys[found], wanted):
            raise ModelError("person, occasion: a row has no weight.")
        return np.asarray(found)

    def effective_n(self, occasion: int) -> float:
        """Persons that the weighted ones of an occasion are worth (Kish 1965)."""
        own = self.values[self.occasion == occasion]
        return float(own.sum() ** 2 / np.sum(own**2)) if own.size else 0.0


def lost_after(person: ArrayLike, occasion: ArrayLike, end: int) -> Bool:
    """Whether each row (n,) is a person's last one and comes before the end.

    A person who is seen at the end or later is not lost, and a gap in between is none.
    """
    index = np.asarray(person)
    last = np.append(index[1:] != index[:-1], True) if index.size else np.zeros(0, dtype=bool)
    return np.asarray(last & (np.asarray(occasion) < end))


def dropout_weights(
    *,
    person: ArrayLike,
    occasion: ArrayLike,
    end: int,
    predictors: ArrayLike,
    names: Sequence[str],
    baseline: ArrayLike | None = None,
    truncate: float = 0.0,
    n_persons: int | None = None,
) -> DropoutWeights:
    """Estimate stabilised weights of still being observed.

    Parameters
    ----------
    person, occasion : array of int (n,)
        Rows at which persons were seen, sorted by person, then occasion; from 0.
    end : int
        Occasion from which on nobody who is seen is lost.
    predictors : array (n, p)
        What loss after the occasion may go with, as it stands at the occasion; about 1 in size.
    names : sequence of str
    baseline : array (n, b), optional
        Columns of the numerator beside the occasions. Only for models that hold them constant:
        a mean over persons stays selected on them.
    truncate : float
        Weights beyond this quantile and its opposite, of their occasion, are moved to it; that
        makes estimates steadier and pulls them towards those of persons present.
    n_persons : int, optional

    Raises
    ------
    ModelError
        Nobody is lost, or a hazard cannot be fitted.
    """
    index, when = (np.asarray(part, dtype=np.int64) for part in (person, occasion))
    follows = (np.diff(index) > 0) | ((np.diff(index) == 0) & (np.diff(when) > 0))
    if not follows.all():
        raise ModelError(f"{NOT_SORTED}.")
    n = int(index.max(initial=-1)) + 1 if n_persons is None else n_persons
    lost, risk = lost_after(index, when, end), np.flatnonzero(when < end)
    if not lost.any():
        raise ModelError("Nobody is lost before the end: there is nothing to weight.")
    block = blocks_of_occasions(when[risk], lost[risk])
    dummies = (block[:, None] == np.arange(block.max() + 1)).astype(float)
    called = [f"occasions {number + 1}" for number in range(dummies.shape[1])]
    X = np.column_stack([dummies, np.asarray(predictors, dtype=float)[risk]])
    hazard = fit_hazard(X, lost[risk], index[risk], n, names=(*called, *names))
    Z = dummies
    if baseline is not None:
        Z = np.column_stack([dummies, np.asarray(baseline, dtype=float)[risk]])
    more = [f"baseline {number + 1}" for number in range(Z.shape[1] - len(called))]
    plain = fit_hazard(Z, lost[risk], index[risk], n, names=(*called, *more))
    ratio = np.log1p(-plain.chance) - np.log1p(-hazard.chance)
    weight = np.exp(_so_far(ratio[:, None], risk, index)[:, 0])
    steps = np.column_stack([X * hazard.chance[:, None], -Z * plain.chance[:, None]])
    values = _truncated(weight, when, truncate)
    moved = values != weight
    return DropoutWeights(
        person=index,
        occasion=when,
        values=values,
        untruncated=weight,
        slopes=np.where(moved, 0.0, values)[:, None] * _so_far(steps, risk, index),
        pulls=np.column_stack([hazard.pulls, plain.pulls]),
        hazard=hazard,
        plain=plain,
    )


def _so_far(steps: Float, risk: Int, person: Int) -> Float:
    """Sums (n, k) of steps (m, k) at risk over a person's rows before each row."""
    full = np.zeros((person.size, steps.shape[1]))
    full[risk] = steps
    total = np.cumsum(full, axis=0) - full
    first = np.searchsorted(person, person)
    return np.asarray(total - total[first])


def _truncated(weight: Float, occasion: Int, share: float) -> Float:
    """Move weights beyond the outer quantiles of their occasion to these."""
    found = weight.copy()
    if share <= 0:
        return found
    for at in np.unique(occasion):
        own = occasion == at
        low, high = np.quantile(weight[own], [share, 1 - share])
        found[own] = np.clip(weight[own], low, high)
    return found
