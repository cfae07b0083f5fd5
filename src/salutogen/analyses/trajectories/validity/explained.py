"""How much groups tell of an outcome, beside what labels around placebo occasions tell of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.intervals import settled_side, side_of_zero
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.columns import Kind, Record, figure, record
from salutogen.models.resampling.bootstrap import percentile_interval

RESAMPLES = 1000
FEWEST = 20


@dataclass(frozen=True, kw_only=True, repr=False)
class DrawnLabels:
    """Labels around placebo occasions with the outcome that followed each.

    Attributes
    ----------
    anchor : ndarray of int, shape (m,)
        Places of the anchors that have placebo occasions.
    codes : ndarray of int, shape (draws, m)
    values : ndarray, shape (draws, m)
        Outcome after the occasion drawn; NaN where unknown.
    """

    anchor: NDArray[np.int64]
    codes: NDArray[np.int8]
    values: FloatArray

    def __repr__(self) -> str:
        """Say how many anchors there are."""
        return f"DrawnLabels({self.anchor.size} anchors)"


@record
class ExplainedByChance(Record):
    """Share of the outcome's variance that labels tell, around events and without an event."""

    n: int = figure("Courses with a placebo occasion and an outcome", kind=Kind.COUNT)
    observed: float = figure("Around the event, of these courses")
    placebo: float = figure("Around placebo occasions, mean over draws")
    low: float = figure("Lower end of the draws' 95 % range")
    high: float = figure("Upper end of the draws' 95 % range")
    excess: float = figure("Observed minus placebo")
    excess_low: float = figure("Lower end of its 95 % interval, persons resampled")
    excess_high: float = figure("Upper end of its 95 % interval, persons resampled")

    @property
    def way(self) -> int:
        """1 where labels around events tell more than those around any occasion, -1 where less."""
        return settled_side(self.excess_low, self.excess_high, self.excess, RESAMPLES)

    @property
    def at_border(self) -> bool:
        """Whether the interval leaves out 0, but by so little that other draws could decide."""
        return self.way == 0 and side_of_zero(self.excess_low, self.excess_high) != 0


def explained_share(
    codes: NDArray[np.integer], values: FloatArray, weight: FloatArray | None = None
) -> float:
    """Share of variance between groups, adjusted for their number (epsilon squared).

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        From 0 on; -1 where unknown.
    values : ndarray, shape (n,)
        NaN where unknown.
    weight : ndarray, shape (n,), optional
        How often each row counts.

    Returns
    -------
    float
        NaN where one group is left, or the values do not vary.
    """
    there = np.isfinite(values) & (codes >= 0)
    y, group = values[there], codes[there]
    w = np.ones(y.size) if weight is None else weight[there]
    n = float(w.sum())
    if n <= 2.0:
        return float("nan")
    y = y - float((w * y).sum()) / n
    size = np.bincount(group, w)
    sums = np.bincount(group, w * y)
    k = int((size > 0.0).sum())
    total = float((w * y * y).sum())
    if k < 2 or n <= k or total <= 0.0:
        return float("nan")
    within = total - float((sums[size > 0.0] ** 2 / size[size > 0.0]).sum())
    return 1.0 - within / (n - k) / (total / (n - 1.0))


def explained_by_chance(
    codes: NDArray[np.integer],
    values: FloatArray,
    drawn: DrawnLabels,
    person: NDArray[np.int64],
    *,
    seed: int | np.random.SeedSequence,
) -> ExplainedByChance | None:
    """Hold what labels tell of the outcome beside what labels around placebo occasions tell.

    The interval comes from resampled persons, each sample with another draw of placebos.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Label of each anchor; -1 where unknown.
    values : ndarray, shape (n,)
        Outcome after each anchor.
    drawn : DrawnLabels
    person : ndarray of int, shape (n,)
    seed : int

    Returns
    -------
    ExplainedByChance or None
        None where fewer than 20 courses can be compared.
    """
    own, after, who = codes[drawn.anchor], values[drawn.anchor], person[drawn.anchor]
    usable = (own >= 0) & np.isfinite(after)
    n_usable = int(usable.sum())
    chance = np.asarray(
        [explained_share(row, later) for row, later in zip(drawn.codes, drawn.values, strict=True)]
    )
    told = np.isfinite(chance)
    observed = explained_share(own, after)
    if n_usable < FEWEST or not np.isfinite(observed) or told.mean() < 0.5:
        return None
    _, index = np.unique(who, return_inverse=True)
    generator = np.random.default_rng(seed)
    n = int(index.max()) + 1
    differences = np.empty(RESAMPLES)
    for sample in range(RESAMPLES):
        weight = np.bincount(generator.integers(0, n, n), minlength=n).astype(float)[index]
        draw = sample % drawn.codes.shape[0]
        differences[sample] = explained_share(own, after, weight) - explained_share(
            drawn.codes[draw], drawn.values[draw], weight
        )
    low, high = percentile_interval(differences[np.isfinite(differences)])
    range_low, range_high = np.quantile(chance[told], [0.025, 0.975])
    middle = float(chance[told].mean())
    return ExplainedByChance(
        n=n_usable,
        observed=observed,
        placebo=middle,
        low=float(range_low),
        high=float(range_high),
        excess=observed - middle,
        excess_low=float(low),
        excess_high=float(high),
    )
