"""How far SR falls after such values without an event: what ordinary fluctuation does, by placebo.

A course that stands high at one occasion stands lower at the next, whatever happened. How much
lower is read from the placebo courses of the same persons: the mean of post1 and post2 minus peri
is regressed on pre, peri and the person's mean elsewhere over all draws, and expected at the values
that were seen around events. Where events are chosen because a person felt bad, the fall so
expected is regression to the mean; where they are facts, it is what a rise of that size would have
done had it been fluctuation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.intervals import side_of_zero
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.columns import POINTS, Kind, Record, figure, record
from salutogen.models.resampling.bootstrap import percentile_interval

RESAMPLES = 1000
LEVEL = 0.05
FEWEST = 50  # courses, below which three slopes and their resamples are no comparator


@record
class RegressionToMean(Record):
    """The change after the event beside what ordinary fluctuation gives after such values."""

    n: int = figure("Courses with a comparator and a level elsewhere", kind=Kind.COUNT)
    rise: float = figure("SR at the event minus SR before, mean", unit=POINTS)
    change: float = figure("Mean SR at post1 and post2 minus SR at the event", unit=POINTS)
    expected: float = figure(
        "The change expected after such values at pre and peri, from comparator courses",
        unit=POINTS,
    )
    expected_low: float = figure("Lower end of its 95 % interval", unit=POINTS)
    expected_high: float = figure("Upper end of its 95 % interval", unit=POINTS)
    excess: float = figure("Change after the event minus the expected one", unit=POINTS)
    excess_low: float = figure("Lower end of its 95 % interval over persons", unit=POINTS)
    excess_high: float = figure("Upper end of its 95 % interval over persons", unit=POINTS)
    p: float | None = figure("p of no excess, by t with the error over resampled persons")
    farther: float = figure(
        "Share of the rises that are larger than 97.5 % of those at comparator occasions: what is "
        "expected after them is drawn out beyond what was seen without the event",
        kind=Kind.SHARE,
        default=0.0,
    )
    p_adjusted: float | None = figure(
        "p adjusted for the responses beside it as well (false-discovery rate)", default=None
    )

    @property
    def leaves_out_0(self) -> bool:
        """Whether the interval of the excess leaves out 0, by itself."""
        return side_of_zero(self.excess_low, self.excess_high) != 0

    @property
    def beyond(self) -> bool:
        """Whether SR changes otherwise than after such values without an event, all told."""
        p = self.p if self.p_adjusted is None else self.p_adjusted
        return self.leaves_out_0 and p is not None and p < LEVEL


def regression_to_mean(
    observed: FloatArray,
    drawn: FloatArray,
    person: NDArray[np.int64],
    *,
    elsewhere: tuple[FloatArray, FloatArray],
    seed: int | np.random.SeedSequence,
) -> RegressionToMean | None:
    """Expect the change after the event from placebo courses; intervals by resampled persons.

    Parameters
    ----------
    observed : ndarray, shape (m, 4)
        SR at pre, peri, post1, post2.
    drawn : ndarray, shape (draws, m, 4)
    person : ndarray of int, shape (m,)
    elsewhere : tuple of ndarray, shapes (m,) and (draws, m)
        Mean SR of the person outside the course: its level, as far as it is seen.
    seed : int
    """
    from scipy.special import stdtr

    own, theirs = elsewhere
    complete = with_level(observed, elsewhere)
    if complete.sum() < FEWEST:
        return None
    mine = _columns(observed[complete], own[complete])
    centre = mine.mean(axis=0)
    others = _columns(drawn[:, complete], theirs[:, complete]) - centre
    expected = np.einsum("dia,dib->iab", others, others) / others.shape[0]
    sums = np.concatenate(
        [
            np.ones((mine.shape[0], 1)),
            mine - centre,
            others.mean(axis=0),
            expected.reshape(mine.shape[0], -1),
        ],
        axis=1,
    )
    _, index = np.unique(person[complete], return_inverse=True)
    by_person = np.stack([np.bincount(index, column) for column in sums.T], axis=1)
    found = _expected(by_person.sum(axis=0)[None])
    n = by_person.shape[0]
    weight = np.random.default_rng(seed).multinomial(n, np.full(n, 1.0 / n), RESAMPLES)
    again = _expected(weight.astype(float) @ by_person)
    low, high = percentile_interval(again[:, 0])
    expected_low, expected_high = percentile_interval(again[:, 1]) + centre[-1]
    se = float(np.std(again[:, 0], ddof=1))
    around = drawn[:, complete]
    most = np.quantile(around[..., 1] - around[..., 0], 0.975)
    return RegressionToMean(
        n=int(complete.sum()),
        rise=float(centre[1] - centre[0]),
        change=float(centre[-1]),
        expected=float(found[0, 1] + centre[-1]),
        expected_low=float(expected_low),
        expected_high=float(expected_high),
        excess=float(found[0, 0]),
        excess_low=float(low),
        excess_high=float(high),
        p=float(2.0 * stdtr(n - 1, -abs(found[0, 0]) / se)) if se > 0.0 else None,
        farther=float(np.mean(mine[:, 1] - mine[:, 0] > most)),
    )


def with_level(observed: FloatArray, elsewhere: tuple[FloatArray, FloatArray]) -> NDArray[np.bool_]:
    """Complete courses whose person's level is seen outside them and outside each drawn one.

    Parameters
    ----------
    observed, elsewhere
        As in `regression_to_mean`.
    """
    own, theirs = elsewhere
    there = np.isfinite(observed).all(axis=1) & np.isfinite(own)
    return np.asarray(there & np.isfinite(theirs).all(axis=0))


def _columns(courses: FloatArray, elsewhere: FloatArray) -> FloatArray:
    """Pre, peri and the level elsewhere, then the change that follows peri."""
    change = 0.5 * (courses[..., 2] + courses[..., 3]) - courses[..., 1]
    return np.stack([courses[..., 0], courses[..., 1], elsewhere, change], axis=-1)


def _expected(total: FloatArray) -> FloatArray:
    """Excess, and the expected change about the centre, from sums; shape (samples, 2)."""
    k = 4
    mean = total[:, 1:] / total[:, :1]
    mine, others = mean[:, :k], mean[:, k : 2 * k]
    squares = mean[:, 2 * k :].reshape(-1, k, k) - others[:, :, None] * others[:, None, :]
    inverse = np.linalg.pinv(squares[:, :-1, :-1], hermitian=True)
    slopes = np.einsum("sab,sb->sa", inverse, squares[:, :-1, -1])
    expected = others[:, -1] + (slopes * (mine[:, :-1] - others[:, :-1])).sum(axis=1)
    return np.column_stack([mine[:, -1] - expected, expected])
