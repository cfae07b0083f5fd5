"""How far the error of the line moves a mean jump: exposure is raised at the event."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.locks import FloatArray, Lock
from salutogen.norm.design_matrix import term_matrix, terms_of
from salutogen.norm.lines import Line
from salutogen.norm.mixed import MixedLine


def jump_line_errors(inputs: AnalysisInputs, anchors: Anchors, lock: Lock) -> dict[str, float]:
    """Standard error that the line adds to the mean jump, under each way of scoring SR."""
    place = lock.occasion[:, :2]
    there = (place >= 0).all(axis=1) & np.isfinite(lock.SR[:, :2]).all(axis=1)
    person, place = anchors.person[there][:, None], place[there]
    line = inputs.norm.lines.occasion
    E = {name: inputs.views.wide(name).values[person, place] for name in {*line.predictors, "E"}}
    found = {"SR": line_error({name: E[name] for name in line.predictors}, line)}
    if inputs.norm.mixed is not None:
        found["SR_within"] = within_line_error(E["E"], inputs.norm.mixed)
    return found


def line_error(E: dict[str, FloatArray], line: Line) -> float:
    """Standard error of what the line expects of the change from pre to peri, on average.

    Parameters
    ----------
    E : dict of str to ndarray, shape (n, 2)
        Each predictor of the line at pre and peri.
    line : Line

    Returns
    -------
    float
        NaN where too few units tell a term that changes.
    """
    terms = tuple(terms_of(line.predictors, line.shape)[1:])
    pre, peri = (
        term_matrix(
            pl.DataFrame({name: values[:, column] for name, values in E.items()}),
            terms,
            predictors=line.predictors,
            knots=line.knots,
        )
        for column in (0, 1)
    )
    if not pre.size:
        return 0.0
    moved = np.zeros(len(line.terms))
    for column, term in enumerate(terms):
        moved[line.terms.index(term)] = float(np.nanmean(peri[:, column] - pre[:, column]))
    if any(moved[place] != 0.0 for place in line.unsupported):
        return float("nan")
    return float(np.sqrt(max(float(moved @ line.robust_covariance @ moved), 0.0)))


def within_line_error(E: FloatArray, line: MixedLine) -> float:
    """The same with the slope within persons; `E` of shape (n, 2)."""
    if not E.size:
        return 0.0
    return abs(float(np.nanmean(E[:, 1] - E[:, 0]))) * line.within_se * line.sd_P / line.sd_E
