"""How far SR falls after such values without an event: what ordinary fluctuation does, by placebo.

A course that stands high at one occasion stands lower at the next, whatever happened. How much
lower is read from the placebo courses of the same persons: the mean of post1 and post2 minus peri
is regressed on pre, peri and the person's mean elsewhere over all of them, those of a course
together as one, and expected at the values that were seen around events. Where events are chosen
because a person felt bad, the fall so expected is regression to the mean; where they are facts, it
is what a rise of that size would have done had it been fluctuation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.intervals import side_of_zero
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.placebo.occasions import own_means
from salutogen.columns import POINTS, Kind, Record, beside, figure, record

LEVEL = 0.05
FEWEST = 50  # courses, below which three slopes are no comparator


@record
class RegressionToMean(Record):
    """The change after the event beside what ordinary fluctuation gives after such values.

    Attributes
    ----------
    persons : int
        Whose courses they are.
    """

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
    p: float | None = figure("p of no excess, by the same t as its interval")
    farther: float = figure(
        "Share of the rises that are larger than 97.5 % of those at comparator occasions: what is "
        "expected after them is drawn out beyond what was seen without the event",
        kind=Kind.SHARE,
        default=0.0,
    )
    p_adjusted: float | None = figure(
        "p adjusted for the responses beside it as well (false-discovery rate)", default=None
    )
    persons: int = beside(default=0)

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
    around: FloatArray,
    of: NDArray[np.int64],
    person: NDArray[np.int64],
    *,
    elsewhere: tuple[FloatArray, FloatArray],
) -> RegressionToMean | None:
    """Expect the change after the event from placebo courses; t intervals by the jackknife.

    Parameters
    ----------
    observed : ndarray, shape (m, 4)
        SR at pre, peri, post1, post2.
    around : ndarray, shape (rows, 4)
        The same around placebo occasions.
    of : ndarray of int, shape (rows,)
        Place in `observed` of the course that each stands beside.
    person : ndarray of int, shape (m,)
    elsewhere : tuple of ndarray, shapes (m,) and (rows,)
        Mean SR of the person outside the course: its level, as far as it is seen.
    """
    from scipy.special import stdtr, stdtrit

    own, theirs = elsewhere
    complete = with_level(observed, of, elsewhere)
    if complete.sum() < FEWEST:
        return None
    mine = _columns(observed[complete], own[complete])
    centre = mine.mean(axis=0)
    used = complete[of]
    rows, of = around[used], (np.cumsum(complete) - 1)[of[used]]
    others = _columns(rows, theirs[used]) - centre
    products = (others[:, :, None] * others[:, None, :]).reshape(len(others), -1)
    n_courses = mine.shape[0]
    means = [own_means(column, of, n_courses) for column in (*others.T, *products.T)]
    sums = np.column_stack([np.ones(n_courses), mine - centre, *means])
    _, index = np.unique(person[complete], return_inverse=True)
    by_person = np.stack([np.bincount(index, column) for column in sums.T], axis=1)
    total = by_person.sum(axis=0)
    excess, expected = _expected(total[None])[0].tolist()
    n = by_person.shape[0]
    left_out = _expected(total - by_person)
    spread = ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0)
    se, se_expected = np.sqrt((n - 1) / n * spread).tolist()
    t = float(stdtrit(n - 1, 0.975))
    return RegressionToMean(
        n=n_courses,
        rise=float(centre[1] - centre[0]),
        change=float(centre[-1]),
        expected=float(expected + centre[-1]),
        expected_low=float(expected + centre[-1] - t * se_expected),
        expected_high=float(expected + centre[-1] + t * se_expected),
        excess=excess,
        excess_low=excess - t * se,
        excess_high=excess + t * se,
        p=float(2.0 * stdtr(n - 1, -abs(excess) / se)) if se > 0.0 else None,
        farther=float(np.mean(mine[:, 1] - mine[:, 0] > _high_rise(rows, of))),
        persons=n,
    )


def _high_rise(courses: FloatArray, of: NDArray[np.int64]) -> float:
    """The rise that 97.5 % of those at placebo occasions do not exceed, each course once."""
    rise = courses[:, 1] - courses[:, 0]
    order = np.argsort(rise, kind="stable")
    share = np.cumsum(1.0 / np.bincount(of)[of[order]])
    return float(rise[order][np.searchsorted(share, 0.975 * share[-1])])


def with_level(
    observed: FloatArray, of: NDArray[np.int64], elsewhere: tuple[FloatArray, FloatArray]
) -> NDArray[np.bool_]:
    """Complete courses whose person's level is seen outside them and outside each placebo course.

    Parameters
    ----------
    observed, of, elsewhere
        As in `regression_to_mean`.
    """
    own, theirs = elsewhere
    there = np.isfinite(observed).all(axis=1) & np.isfinite(own)
    unseen = np.bincount(of[~np.isfinite(theirs)], minlength=own.size)
    return np.asarray(there & (unseen == 0))


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
