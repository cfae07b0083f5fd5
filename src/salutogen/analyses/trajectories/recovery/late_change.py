"""How far SR comes down after the event, in the courses that are seen at both ends.

Whether SR falls is one question, how fast another: this asks the first, without any curve.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.clustered_means import Mean, mean_of
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.exposure_bands import ErrorBand
from salutogen.columns import LESS_RESILIENT, POINTS, Kind, Record, beside, figure, record
from salutogen.page.audience import Audience
from salutogen.page.words import signed

SEEN = 1.0 / 3.0  # of the courses seen at the event, which the last occasion looked at holds
FEWEST = 20
ENDS = ("mean", "low", "high")


@record
class LateChange(Record):
    """Mean SR late after the event minus SR at the event, over the courses seen at both.

    Attributes
    ----------
    raised : float
        How far means are told above their own.
    """

    occasions: int = figure("Occasions from the event to the later one", unit="occasions")
    n_at_event: int = figure("Courses seen at the event", kind=Kind.COUNT)
    n: int = figure("Courses seen at both", kind=Kind.COUNT)
    mean: float = figure("Later minus at the event, mean", unit=POINTS, sign=LESS_RESILIENT)
    low: float = figure("Lower end of its 95 % interval over persons", unit=POINTS)
    high: float = figure("Upper end of its 95 % interval over persons", unit=POINTS)
    other_mean: float | None = figure(
        "The same with SR judged with the other background; null where it cannot be given",
        unit=POINTS,
        sign=LESS_RESILIENT,
    )
    other_low: float | None = figure("Lower end of its 95 % interval", unit=POINTS)
    other_high: float | None = figure("Upper end of its 95 % interval", unit=POINTS)
    within_mean: float | None = figure(
        "The same with the slope of exposure within persons; null without a mixed-model line",
        unit=POINTS,
        sign=LESS_RESILIENT,
        default=None,
    )
    within_low: float | None = figure("Lower end of its 95 % interval", unit=POINTS, default=None)
    within_high: float | None = figure("Upper end of its 95 % interval", unit=POINTS, default=None)
    error_band: ErrorBand | None = figure(
        "The same over errors of exposure and mood at once; null without a straight line over "
        "everyone's occasions, or with the event out of exposure",
        default=None,
    )

    raised: float = beside(default=0.0)

    @property
    def holds_with_error(self) -> bool:
        """Whether it differs from 0, on the same side, with error in exposure as well."""
        return self.error_band is not None and self.error_band.holds_with_error

    @property
    def way(self) -> int:
        """-1 for a fall, 1 for a rise, 0 where 0 is not left out under every way of scoring."""
        if all(high < 0.0 for _, high in self._ends):
            return -1
        return int(all(low > 0.0 for low, _ in self._ends))

    @property
    def told_by_some(self) -> bool:
        """Whether 0 is left out under some way of scoring, though not under every one."""
        return self.way == 0 and any(low > 0.0 or high < 0.0 for low, high in self._ends)

    @property
    def _ends(self) -> list[tuple[float, float]]:
        """Its interval under every way of scoring that there is."""
        each = (
            (self.low, self.high),
            (self.other_low, self.other_high),
            (self.within_low, self.within_high),
        )
        return [(low, high) for low, high in each if low is not None and high is not None]

    @property
    def within_words(self) -> str:
        """The same with the slope within persons, in a sentence; empty without one."""
        if self.within_mean is None:
            return ""
        return (
            f" With the slope within persons it is {signed(self.within_mean)} "
            f"({signed(self.within_low)} to {signed(self.within_high)})."
        )


def late_change(
    change: FloatArray,
    person: NDArray[np.int64],
    other: FloatArray | None = None,
    within: FloatArray | None = None,
    audience: Audience | None = None,
) -> LateChange | None:
    """Hold the last occasion that enough courses reach against the event.

    Parameters
    ----------
    change : ndarray, shape (n, k)
        SR minus the own pre-level from the event on; column 0 is the event itself.
    person : ndarray of int, shape (n,)
        Whose course it is; errors are clustered by person.
    other : ndarray, shape (n, k), optional
        The same judged with the other background.
    within : ndarray, shape (n, k), optional
        SR by the slope within persons, from the event on.
    audience : Audience, optional
        Where persons are hidden means are told in steps, those of all ways of scoring raised alike.

    Returns
    -------
    LateChange or None
        None where fewer than 20 courses are seen at the event and later.
    """
    seen = np.isfinite(change)
    at_event = int(seen[:, 0].sum())
    both = (seen & seen[:, :1]).sum(axis=0)
    reached = np.flatnonzero(both >= max(SEEN * at_event, FEWEST))
    if not reached.size or reached[-1] == 0:
        return None
    last = int(reached[-1])
    own, exact = (mean_of(change[:, last] - change[:, 0], person, one) for one in (audience, None))
    if own.mean is None or own.low is None or own.high is None or exact.mean is None:
        return None
    raised = own.mean - exact.mean
    again = None if other is None else mean_of(other[:, last] - other[:, 0], person)
    kept = seen[:, last] & seen[:, 0]
    third = (
        None
        if within is None
        else mean_of(np.where(kept, within[:, last] - within[:, 0], np.nan), person)
    )
    return LateChange(
        occasions=last,
        n_at_event=at_event,
        n=own.n,
        mean=own.mean,
        low=own.low,
        high=own.high,
        **_raised("other", again, raised),
        **_raised("within", third, raised),
        raised=raised,
    )


def _raised(way: str, found: Mean | None, by: float) -> dict[str, Any]:
    ends = {name: None if found is None else getattr(found, name) for name in ENDS}
    return {f"{way}_{name}": None if end is None else end + by for name, end in ends.items()}


def late_error_words(late: LateChange) -> str:
    """Where the late change by the line lies with error in exposure; nothing without a band."""
    band = late.error_band
    if band is None or band.error_low is None or band.error_high is None:
        return ""
    held = "stays on its side of 0" if late.holds_with_error else "may lie on either side of 0"
    return (
        f" With error in exposure the change {held}: from {signed(band.error_low)} to "
        f"{signed(band.error_high)} over reliabilities of {band.reliabilities}, with the event in "
        "exposure."
    )
