"""Means and regressions over persons' occasions, with weights of still being observed.

Every estimate comes with what each person adds to its error: by leaving the person out, and by
the person's pull on the hazards behind the weights and on the line behind the score. Sums of
squares of these over persons are variances (stacked estimating equations; Newey and McFadden
1994), and estimates of the same persons can be added, shifted and compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salutogen.errors import ModelError
from salutogen.models.dropout.weights import DropoutWeights
from salutogen.models.linear_algebra import orthonormalise
from salutogen.models.regression.stacked import EstimatedLine
from salutogen.models.short_repr import short_repr

Float = NDArray[np.float64]
Int = NDArray[np.int64]
ALONE = 1e-8  # what is left of the terms without a person on whom one of them rests alone


@short_repr("value", "df")
@dataclass(frozen=True, kw_only=True)
class Pulled:
    """An estimate, and what each person adds to its error.

    Attributes
    ----------
    value : float
    pulls : array (persons,)
    df : float
        Degrees of freedom of t.
    """

    value: float
    pulls: Float
    df: float

    @property
    def se(self) -> float:
        """Standard error."""
        return float(np.sqrt(np.sum(self.pulls**2)))

    @property
    def quantile(self) -> float:
        """Student's quantile of a 95 % interval."""
        from scipy.special import stdtrit

        return float(stdtrit(self.df, 0.975))

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval."""
        half = self.quantile * self.se
        return self.value - half, self.value + half

    @property
    def told(self) -> bool:
        """Whether the interval leaves out 0; not where nothing tells an error."""
        low, high = self.interval
        return self.se > 0 and low * high > 0

    def plus(self, other: Pulled, times: float = 1.0) -> Pulled:
        """Add another estimate of the same persons, so many times."""
        return Pulled(
            value=self.value + times * other.value,
            pulls=self.pulls + times * other.pulls,
            df=min(self.df, other.df),
        )

    def roots(self, shift: Pulled) -> tuple[float, ...]:
        """How many times `shift` is added where an end of the interval is 0, ascending."""
        z = self.quantile**2
        own, both, other = (
            float(np.sum(a * b))
            for a, b in (
                (self.pulls, self.pulls), (self.pulls, shift.pulls), (shift.pulls, shift.pulls),
            )
        )  # fmt: skip
        found = np.roots(
            [
                shift.value**2 - z * other,
                2 * (self.value * shift.value - z * both),
                self.value**2 - z * own,
            ]
        )
        return tuple(sorted(float(root.real) for root in found if abs(root.imag) < 1e-12))


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Persons' occasions that an estimate is made of.

    Attributes
    ----------
    person, occasion : array of int (n,)
    n_persons : int
    weights : DropoutWeights or None
        None counts every row once.
    line : EstimatedLine or None
        How persons pulled on the line of a score.
    through : array (n, t) or None
        Terms of that line as they stand in the score, `P - through @ coefficients`.
    """

    person: Int
    occasion: Int
    n_persons: int
    weights: DropoutWeights | None = None
    line: EstimatedLine | None = None
    through: Float | None = None

    def of_weights(self) -> tuple[Float, Float]:
        """Weights (n,) of the rows and their slopes (n, g)."""
        if self.weights is None:
            return np.ones(self.person.size), np.zeros((self.person.size, 0))
        places = self.weights.places(self.person, self.occasion)
        return self.weights.values[places], self.weights.slopes[places]

    def by_person(self, values: Float) -> Float:
        """Sums (persons, k) of values (n, k)."""
        return np.stack(
            [np.bincount(self.person, one, minlength=self.n_persons) for one in values.T], axis=1
        )


def contrast_of_means(y: ArrayLike, rows: Rows, contrast: ArrayLike) -> Pulled | None:
    """Weighted means of occasions, times a contrast of them.

    Parameters
    ----------
    y : array (n,)
    rows : Rows
    contrast : array (occasions,)
        Weights of the occasions' means.

    Returns
    -------
    Pulled or None
        None where an occasion that counts has fewer than two persons.
    """
    values, many = np.asarray(y, dtype=float), np.asarray(contrast, dtype=float)
    weight, slopes = rows.of_weights()
    times, share = np.zeros(values.size), np.zeros(values.size)
    total, fewest = 0.0, rows.n_persons
    rest = np.zeros(values.size)
    for at in np.flatnonzero(many):
        own = rows.occasion == at
        fewest = min(fewest, int(np.count_nonzero(own)))
        if fewest < 2:
            return None
        whole = float(np.sum(weight[own]))
        mean = float(np.sum(weight[own] * values[own])) / whole
        total += float(many[at]) * mean
        rest[own] = values[own] - mean
        # As if the person had been left out of the mean of the occasion.
        times[own] = many[at] * weight[own] / (whole - weight[own])
        share[own] = many[at] / whole
    pulls = np.bincount(rows.person, times * rest, minlength=rows.n_persons)
    if rows.weights is not None:
        passed = np.einsum("n,ng->g", share * rest, slopes)
        pulls = pulls + np.einsum("ig,g->i", rows.weights.pulls, passed)
    if rows.line is not None and rows.through is not None:
        along = np.einsum("n,nt->t", share * weight, rows.through)
        pulls = pulls - np.einsum("it,t->i", rows.line.pulls, along)
    return Pulled(value=total, pulls=pulls, df=fewest - 1)


def regression_over_rows(
    y: ArrayLike, X: ArrayLike, rows: Rows, *, names: Sequence[str]
) -> tuple[Pulled, ...]:
    """Weighted least squares over rows; each coefficient with the pulls of the persons.

    Errors are those of leaving out one person with all its rows (clustered HC3), to which the
    pulls on weights and line are added.

    Raises
    ------
    ModelError
        Collinear terms, or not more persons than terms.
    """
    columns = np.asarray(X, dtype=float)
    weight, slopes = rows.of_weights()
    root = np.sqrt(weight)
    Q, R = orthonormalise(columns * root[:, None], names)
    n = int(np.unique(rows.person).size)
    if n <= len(names):
        raise ModelError(f"{n} persons for {len(names)} terms.")
    # In orthonormal terms: coefficients there are cross-products, and X'WX is the identity.
    outcome = np.asarray(y, dtype=float) * root
    there = np.array([float(np.sum(q * outcome)) for q in Q])
    rest = outcome - np.einsum("pn,p->n", Q, there)
    pulls = _without_each(Q, rest, rows)
    terms = Q / root  # orthonormal terms of a row, unweighted
    plain = rest / root
    if rows.weights is not None:
        passed = np.einsum("ng,pn,n->gp", slopes, terms, plain)
        pulls = pulls + np.einsum("ig,gp->ip", rows.weights.pulls, passed)
    if rows.line is not None and rows.through is not None:
        along = np.einsum("pn,n,nt->tp", terms, weight, rows.through)
        pulls = pulls - np.einsum("it,tp->ip", rows.line.pulls, along)
    inverse = np.linalg.inv(R)
    own = np.einsum("qp,ip->qi", inverse, pulls)
    found = np.einsum("qp,p->q", inverse, there)
    df = n - len(names)
    return tuple(
        Pulled(value=float(value), pulls=pull, df=df)
        for value, pull in zip(found, own, strict=True)
    )


def _without_each(Q: Float, rest: Float, rows: Rows) -> Float:
    """Change (persons, p) of orthonormal coefficients by each person: exact, by leaving it out."""
    p = len(Q)
    scores = rows.by_person((Q * rest).T)
    pairs = [(i, j) for i in range(p) for j in range(i + 1)]
    sums = rows.by_person(np.array([Q[i] * Q[j] for i, j in pairs]).T)
    left = np.tile(np.eye(p), (rows.n_persons, 1, 1))
    for place, (i, j) in enumerate(pairs):
        left[:, i, j] -= sums[:, place]
        if i != j:
            left[:, j, i] -= sums[:, place]
    alone = np.zeros(rows.n_persons, dtype=bool)
    # What is taken of all terms together bounds what is taken of any.
    taken = p - np.einsum("ijj->i", left)
    doubtful = np.flatnonzero(taken > 0.5)
    alone[doubtful] = np.linalg.eigvalsh(left[doubtful])[:, 0] < ALONE
    left[alone] = np.eye(p)
    found: Float = np.linalg.solve(left, np.where(alone[:, None], 0.0, scores)[:, :, None])[:, :, 0]
    return found
