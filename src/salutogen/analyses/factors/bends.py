"""Whether an association goes along a straight line over time, and how it goes by bands of time.

A quick fall that levels off is a slower one along a straight line, and one that comes back is none.
Beside the line stands one that bends as the root of time does, a change that slows down or turns:
the test is whether, halfway in time, it lies off the straight line between its ends. How the
association goes stands in three bands of occasions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.factors.distance_rows import Model
from salutogen.analyses.factors.steps import BY_FACTOR, LEVEL, Step
from salutogen.columns import LESS_RESILIENT, Kind, Record, figure, record
from salutogen.errors import ModelError
from salutogen.models.false_discovery import adjusted_p
from salutogen.models.regression.stacked import StackedFit

Float = NDArray[np.float64]
BANDS = 3
LEAST_OCCASIONS = 5  # later occasions below which a bend cannot be told from one odd occasion


@record
class TimeBand(Record):
    """A factor's association with SR of some later occasions."""

    first: str = figure("First occasion", kind=Kind.LABEL)
    last: str = figure("Last occasion", kind=Kind.LABEL)
    since: tuple[float, float] = figure(
        "Mean time to the first and to the last of them", unit="as `time_unit` says"
    )
    middle: float = figure("Mean time since the factor", unit="as `time_unit` says")
    two_step: Step = figure("SR on the factor")
    one_step: Step = figure("P on exposure and the factor")


@record
class Bend(Record):
    """How far an association lies off a straight line over time."""

    two_step: Step = figure(
        "By how much the coefficient halfway in time lies off a straight line between the first "
        "and the last occasion, SR on the factor",
        unit=BY_FACTOR, sign=LESS_RESILIENT,
    )  # fmt: skip
    one_step: Step = figure("The same, P on exposure and the factor", unit=BY_FACTOR)
    straight: float = figure(
        "Coefficient halfway along that line, SR on the factor",
        unit=BY_FACTOR, sign=LESS_RESILIENT,
    )  # fmt: skip
    bands: tuple[TimeBand, ...] = figure("Association by bands of later occasions")

    @property
    def told(self) -> bool:
        """Whether a bend is told, both ways of asking and over all factors."""
        two, one = self.two_step, self.one_step
        known = two.p_adjusted is not None and two.p_adjusted < LEVEL
        return known and two.clear and one.clear and two.b * one.b > 0


def bend_of(
    model: Model, along: Float, name: str, scales: tuple[float | None, float | None]
) -> Bend | None:
    """Fit the bend and the bands; None with few occasions, or where they cannot be fitted.

    Parameters
    ----------
    model : Model
    along : array (rows,)
        Time since the factor, from 0 at the first later occasion to 1 at the last.
    name : str
        Of the factor.
    scales : tuple of float or None
        What turns coefficients of both ways of asking into SDs per SD.
    """
    rows = model.rows
    places, times = rows.places, rows.times
    if places.size < LEAST_OCCASIONS:
        return None
    # What is left over goes to later bands: a quick fall is seen in the first.
    ends = [number * places.size // BANDS for number in range(BANDS + 1)]
    parts = [np.arange(start, stop) for start, stop in pairwise(ends)]
    band = np.array([np.isin(rows.place, places[part]) for part in parts]).T.astype(float)
    root, line = np.sqrt(rows.since), np.sqrt(times[[0, -1]])
    halfway = np.sqrt(times[[0, -1]].mean()) - line.mean()
    off_line = (root - line[0] - along * (line[1] - line[0])) / halfway
    bent = np.column_stack([np.ones(along.size), along, off_line])
    terms = [name, f"{name} by time", f"{name} off the line halfway"]
    try:
        off = model.fit(bent, terms)
        each = model.fit(band, [f"{name} in band {place + 1}" for place in range(BANDS)])
    except ModelError:
        return None
    two, one = (_step(fit, -1, scale) for fit, scale in zip(off, scales, strict=True))
    bands = []
    for number, part in enumerate(parts):
        at = number - BANDS
        own = [_step(fit, at, scale) for fit, scale in zip(each, scales, strict=True)]
        bands.append(
            TimeBand(
                first=rows.labels[int(places[part[0]])],
                last=rows.labels[int(places[part[-1]])],
                since=(float(times[part[0]]), float(times[part[-1]])),
                middle=float(rows.since[band[:, number] > 0].mean()),
                two_step=own[0],
                one_step=own[1],
            )
        )
    first, change = off[0].coefficients[-3:-1]
    straight = float(first + change / 2)
    return Bend(two_step=two, one_step=one, straight=straight, bands=tuple(bands))


def _step(fit: StackedFit, place: int, scale: float | None) -> Step:
    b, se, p = (float(part[place]) for part in (fit.coefficients, fit.errors, fit.p_values()))
    low, high = fit.interval()[:, place]
    known = se > 0 and np.isfinite(p)
    return Step(
        b=b,
        se=se if known else None,
        interval=(float(low), float(high)) if known else None,
        p=p if known else None,
        standardised=None if scale is None else b * scale,
    )


def adjusted_bends(bends: Mapping[str, Bend]) -> dict[str, Bend]:
    """Adjust p of bends over the factors, each way of asking for itself."""
    two, one = (
        _adjusted([getattr(bend, which) for bend in bends.values()])
        for which in ("two_step", "one_step")
    )
    return {
        name: replace(bend, two_step=first, one_step=second)
        for (name, bend), first, second in zip(bends.items(), two, one, strict=True)
    }


def _adjusted(steps: Sequence[Step]) -> list[Step]:
    p = adjusted_p([np.nan if step.p is None else step.p for step in steps])
    return [
        replace(step, p_adjusted=float(value) if np.isfinite(value) else None)
        for step, value in zip(steps, p, strict=True)
    ]
