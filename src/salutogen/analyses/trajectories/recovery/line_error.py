"""How far the error of the line moves a mean jump: exposure is raised at the event."""

from __future__ import annotations

import numpy as np

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock
from salutogen.norm.lines import Line
from salutogen.norm.mixed import MixedLine

POWERS = {"E": 1, "E^2": 2}


def jump_line_errors(inputs: AnalysisInputs, anchors: Anchors, lock: Lock) -> dict[str, float]:
    """Standard error that the line adds to the mean jump, under each way of scoring SR.

    Where types of exposure enter the line separately, or as a spline, none is added.
    """
    place = lock.occasion[:, :2]
    E = inputs.views.wide("E").values[anchors.person[:, None], np.maximum(place, 0)]
    E = E[(place >= 0).all(axis=1) & np.isfinite(lock.SR[:, :2]).all(axis=1)]
    found = {"SR": line_error(E, inputs.norm.lines.occasion)}
    if inputs.norm.mixed is not None:
        found["SR_within"] = within_line_error(E, inputs.norm.mixed)
    return found


def line_error(E: FloatArray, line: Line) -> float:
    """Standard error of what the line expects of the change from pre to peri, on average.

    Parameters
    ----------
    E : ndarray, shape (n, 2)
        At pre and peri.
    line : Line
    """
    if not E.size or not set(line.terms) & set(POWERS):
        return 0.0
    moved = np.asarray(
        [
            float(np.nanmean(E[:, 1] ** POWERS[term] - E[:, 0] ** POWERS[term]))
            if term in POWERS
            else 0.0
            for term in line.terms
        ]
    )
    return float(np.sqrt(max(float(moved @ line.covariance @ moved), 0.0)))


def within_line_error(E: FloatArray, line: MixedLine) -> float:
    """The same with the slope within persons."""
    if not E.size:
        return 0.0
    return abs(float(np.nanmean(E[:, 1] - E[:, 0]))) * line.within_se * line.sd_P / line.sd_E
