"""Reliability of a scale between persons and within them, from forms that persons repeat.

What items have in common between persons is not what they have in common from day to day within
one (Geldhof, Preacher & Zyphur 2014). Omega over all forms mixes the two, and says neither how well
a person's mean tells the person's level nor how well a change within a person is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.columns import Kind, Record, figure, record
from salutogen.models.descriptive import group_means
from salutogen.scores.answers import FloatArray
from salutogen.scores.internal_consistency import cronbach_alpha, one_factor

FEWEST = 10  # persons, and forms beyond each person's first
MOST = 20_000  # persons, of whom evenly many are taken where there are more
NO_SPREAD = 1e-12  # of the whole variance


@record
class BetweenWithinReliability(Record):
    """Reliability of one scale between persons and within them, from complete forms."""

    scale: str = figure("Scale", kind=Kind.LABEL, heading="Scale")
    n: int = figure("Persons", unit="persons", kind=Kind.COUNT, heading="Persons")
    n_forms: int = figure(
        "Complete forms of these persons", kind=Kind.COUNT, heading="Forms", by="n"
    )
    n_items: int = figure("Items", heading="Items")
    occasions: float = figure(
        "Harmonic mean of a person's complete forms",
        heading="Forms each",
        kind=Kind.TELLING,
        step=1,
    )
    omega_between: float | None = figure(
        "McDonald's omega of differences between persons' levels", heading="Omega between"
    )
    omega_within: float | None = figure(
        "McDonald's omega of changes within persons", heading="Omega within"
    )
    alpha_between: float | None = figure(
        "Cronbach's alpha of differences between persons' levels", heading="Alpha between"
    )
    alpha_within: float | None = figure(
        "Cronbach's alpha of changes within persons", heading="Alpha within"
    )
    icc: float | None = figure(
        "Share of the variance of one form's score that lies between persons",
        heading="Share between persons",
    )
    icc_low: float | None = figure(
        "Lower end of its 95 % interval, occasions of a person taken as independent; at 0 persons' "
        "levels are not told to differ",
        heading="Share, 95 %: from",
        default=None,
    )
    icc_high: float | None = figure("Upper end of it", heading="to", default=None)
    person_mean: float | None = figure(
        "Reliability of a person's mean over so many forms as a measure of the person's level",
        heading="Reliability of a person's mean P as level",
    )


@dataclass(frozen=True, kw_only=True)
class _Parts:
    """Item covariance between persons and within them, and the forms behind them."""

    between: FloatArray
    within: FloatArray
    n: int
    n_forms: int
    occasions: float
    each: float

    @property
    def icc_interval(self) -> tuple[float, float] | None:
        """95 % interval of the share between persons, by the F of the analysis of variance.

        Exact for normal scores and equally many forms each (Searle, Casella & McCulloch 1992);
        forms of unequal numbers stand for their mean number, less what it varies by. Below 0 there
        is no share.
        """
        from scipy.special import fdtri

        within = float(self.within.sum())
        if not within > 0:
            return None
        ratio = 1.0 + self.each * float(self.between.sum()) / within
        df = self.n - 1, self.n_forms - self.n
        ends = (ratio / float(fdtri(*df, share)) for share in (0.975, 0.025))
        low, high = ((one - 1.0) / (one - 1.0 + self.each) for one in ends)
        return max(low, 0.0), max(high, 0.0)


def reliability_between_within(
    items: Sequence[NDArray[Any]], person: NDArray[np.int64], *, scale: str = "P"
) -> BetweenWithinReliability | None:
    """Part the reliability of a scale into that between persons and that within them.

    The item covariance within persons is that of deviations from person means; that between
    persons is what the means vary by beyond it, both by the moments of a one-way analysis of
    variance (Muthén 1994). Omega is of one factor on each. A person's level is the mean over
    endless occasions; the reliability of a mean over n is `between / (between + within / n)`.

    Parameters
    ----------
    items : sequence of ndarray, shape (n,)
        Keyed answers to each item, whole numbers or not; a row with a NaN in any of them is left
        out. One column, such as a ready-made total, has no omega.
    person : ndarray of int64, shape (n,)
        Person of each row.
    scale : str
        What the result calls it.

    Returns
    -------
    BetweenWithinReliability or None
        None with fewer than ten persons or fewer than ten forms beyond the persons' first. A part
        without variance has no omega and no alpha. Above 20,000 persons every second, third, … is
        taken, so that no more are.
    """
    person = np.asarray(person, dtype=np.int64)
    step = 1 + int(person.max(initial=0)) // MOST
    if step > 1:
        taken = person % step == 0
        items, person = [column[taken] for column in items], person[taken]
    rows = np.column_stack([np.asarray(column, dtype=np.float64) for column in items])
    known = np.isfinite(rows).all(axis=1)
    parts = _parts(rows[known], person[known])
    if parts is None:
        return None
    between, within = float(parts.between.sum()), float(parts.within.sum())
    level = max(between, 0.0)
    whole = level + within
    varies = between > NO_SPREAD * whole
    low, high = parts.icc_interval or (None, None)
    return BetweenWithinReliability(
        scale=scale,
        n=parts.n,
        n_forms=parts.n_forms,
        n_items=rows.shape[1],
        occasions=parts.occasions,
        omega_between=_omega(parts.between) if varies else None,
        omega_within=_omega(parts.within),
        alpha_between=_within_bounds(cronbach_alpha(parts.between)) if varies else None,
        alpha_within=cronbach_alpha(parts.within),
        icc=level / whole if whole > 0 else None,
        icc_low=low,
        icc_high=high,
        person_mean=level / (level + within / parts.occasions) if whole > 0 else None,
    )


def _parts(rows: FloatArray, person: NDArray[np.int64]) -> _Parts | None:
    """Covariance between and within, by the moments of a one-way analysis of variance."""
    if not person.size:
        return None
    groups = int(person.max()) + 1
    count = np.bincount(person, minlength=groups)
    sizes = count[count > 0].astype(np.float64)
    n, forms = sizes.size, int(sizes.sum())
    if n < FEWEST or forms - n < FEWEST:
        return None
    means = np.column_stack([group_means(column, person, groups) for column in rows.T])
    deviations = rows - means[person]
    level = means[count > 0]
    grand = np.array([float(np.mean(column)) for column in rows.T])
    within = _products(deviations) / (forms - n)
    spread = _products((level - grand) * np.sqrt(sizes)[:, None]) / (n - 1)
    each = (forms - float(np.sum(sizes**2)) / forms) / (n - 1)
    return _Parts(
        between=(spread - within) / each,
        within=within,
        n=n,
        n_forms=forms,
        occasions=n / float(np.sum(1 / sizes)),
        each=each,
    )


def _products(columns: FloatArray) -> FloatArray:
    """Sums of products of columns (n, k), each a sum of NumPy's own."""
    k = columns.shape[1]
    own = [np.ascontiguousarray(column) for column in columns.T]
    found = np.empty((k, k))
    for i in range(k):
        for j in range(i + 1):
            found[i, j] = found[j, i] = float(np.sum(own[i] * own[j]))
    return found


def _omega(matrix: FloatArray) -> float | None:
    factor = one_factor(matrix)
    known = factor is not None and factor.converged and factor.loadings.any()
    return factor.omega if known and factor is not None else None


def _within_bounds(value: float | None) -> float | None:
    """Leave out what is no reliability: differences of moments may exceed 1."""
    return None if value is None or value > 1 else value
