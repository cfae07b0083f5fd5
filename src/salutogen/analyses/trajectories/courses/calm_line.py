"""The mean jump by a line that the reaction to the event has no part in.

The line over occasions is fitted to those at and after the events too. A reaction to events raises
problems where exposure is raised: it raises the slope of the line, which then expects some of the
reaction. Fitted again without these occasions, the slope holds no reaction to an anchor.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.sensitivity.assumptions import Assumptions
from salutogen.analyses.sensitivity.exposure_bands import jump_band
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.locks import Lock
from salutogen.analyses.trajectories.exposure_bands import Rows, fitted_rows, locked_scores
from salutogen.analyses.trajectories.placebo.occasions import MARGIN, acting
from salutogen.columns import LESS_RESILIENT, POINTS, Record, figure, record
from salutogen.models.descriptive import least_squares_slope

DRAWS = 1000


@record
class CalmJump(Record):
    """A slope with and without the occasions at which an anchor acts, and the jump by the latter.

    The interval holds the error of persons and of that slope.
    """

    slope: float = figure("Slope of P on E over all occasions, points of P per unit of E")
    slope_calm: float = figure("Slope without the occasions from an anchor to two after post2")
    mean: float = figure("Mean jump of SR by the latter", unit=POINTS, sign=LESS_RESILIENT)
    low: float = figure("Lower end of its 95 % interval, persons resampled", unit=POINTS)
    high: float = figure("Upper end of its 95 % interval", unit=POINTS)

    def raised(self, by: float) -> CalmJump:
        """Return it told so much higher."""
        return replace(self, mean=self.mean + by, low=self.low + by, high=self.high + by)


def calm_jumps(inputs: AnalysisInputs, anchors: Anchors, lock: Lock) -> dict[str, CalmJump]:
    """Jump by slopes without the reaction: of the line (`SR`) and within persons (`SR_within`).

    Parameters
    ----------
    inputs : AnalysisInputs
    anchors : Anchors
    lock : Lock
        Judged with the event in exposure.

    Returns
    -------
    dict of str to CalmJump
        Empty where there is no straight line over everyone's occasions, or nothing is left.
    """
    rows = fitted_rows(inputs)
    if rows is None:
        return {}
    shape = inputs.views.wide("E").values.shape
    # `fitted_rows` are the places where P and E are known, in their order.
    known = np.isfinite(inputs.views.wide("P").values) & np.isfinite(inputs.views.wide("E").values)
    calm = ~acting(anchors, shape, MARGIN)[known]
    left: Rows = (rows[0][calm], rows[1][calm], rows[2][calm])
    P, E = locked_scores(inputs, anchors, lock)
    jumps = (anchors.person, P[:, 1] - P[:, 0], E[:, 1] - E[:, 0])
    plain = Assumptions(reliability=(1.0, 1.0), mood=(0.0, 0.0), draws=DRAWS, seed=inputs.run.seed)
    pairs = {"SR": (rows, left)}
    if lock.SR_within is not None:
        pairs["SR_within"] = (_within(rows), _within(left))
    found = {}
    for name, (own, without) in pairs.items():
        slope, slope_calm = (least_squares_slope(one[1], one[2]) for one in (own, without))
        band = jump_band(without, jumps, plain)
        if slope is None or slope_calm is None or band.value is None:
            continue
        if band.low is not None and band.high is not None:
            found[name] = CalmJump(
                slope=slope,
                slope_calm=slope_calm,
                mean=band.value,
                low=band.low,
                high=band.high,
            )
    return found


def _within(rows: Rows) -> Rows:
    """P and E less the person's mean."""
    person, P, E = rows
    n = np.maximum(np.bincount(person), 1)
    P, E = (values - (np.bincount(person, values) / n)[person] for values in (P, E))
    return person, P, E
