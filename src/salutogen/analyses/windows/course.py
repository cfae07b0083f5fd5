"""The course over windows: every window against the first, and where it turns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from salutogen.analyses.windows.change_error import ENOUGH, FEWEST_DRAWS, quantile
from salutogen.analyses.windows.change_result import COURSE_COLUMNS, Course, Turn

Float = np.ndarray


def course_of(
    windows: Sequence[int],
    estimates: Float,
    drawn: Float,
    persons: int,
    more: Float,
    by_model: Float,
) -> Course:
    """Compare every two windows by the model of single occasions.

    A turn is a change between two windows against that from the first to the last; where the latter
    is not told, the clearest of any, which is a turn if one the other way is told as well. Its
    interval holds for all pairs at once, since the clearest is chosen.

    Parameters
    ----------
    windows : sequence of int
        Numbers, in order.
    estimates : ndarray, shape (windows,)
        Each less the first.
    drawn : ndarray, shape (draws, windows)
        The same in resamples of persons; without a row where nothing was drawn.
    persons : int
    more : ndarray, shape (pairs,)
        Variance that each pair has because the variances are estimated.
    by_model : ndarray, shape (windows, windows)
        Covariance by the model, taken where nothing was drawn.
    """
    earlier, later = np.triu_indices(len(windows), 1)
    covariance = _covariance(drawn, persons) if len(drawn) else by_model
    own = np.diag(covariance)
    variance = own[later] + own[earlier] - 2 * covariance[earlier, later] + more
    se = np.sqrt(np.clip(variance, 0.0, None))
    difference = estimates[later] - estimates[earlier]
    first = earlier == 0
    half = quantile(persons) * se[first]
    table = pl.DataFrame(
        {
            "window": [int(number) for number in windows],
            "estimate": estimates,
            "low": [None, *_known(difference[first] - half)],
            "high": [None, *_known(difference[first] + half)],
        },
        schema={
            column.name: pl.UInt16 if column.name == "window" else pl.Float64
            for column in COURSE_COLUMNS
        },
    )
    told = abs(difference[len(windows) - 2]) > half[-1]
    against = difference * difference[len(windows) - 2] < 0 if told else np.ones(se.size, bool)
    wide = quantile(persons, se.size) * se
    turns = np.flatnonzero(against & (np.abs(difference) > wide))
    turn = None
    if turns.size:
        place = turns[np.argmax(np.abs(difference[turns]) / se[turns])]
        turn = Turn(
            from_window=int(windows[earlier[place]]),
            to_window=int(windows[later[place]]),
            estimate=float(difference[place]),
            against=bool(told or np.any(difference[turns] * difference[place] < 0)),
            interval=(
                float(difference[place] - wide[place]),
                float(difference[place] + wide[place]),
            ),
        )
    return Course(windows=table, n_pairs=int(se.size), turn=turn)


def _covariance(drawn: Float, persons: int) -> Float:
    """Covariance of the windows over resamples; NaN where too few of them were possible."""
    known = drawn[np.isfinite(drawn).all(axis=1)]
    k = drawn.shape[1]
    if len(known) < FEWEST_DRAWS or len(known) < ENOUGH * len(drawn):
        return np.full((k, k), np.nan)
    found: Float = np.atleast_2d(np.cov(known, rowvar=False)) * persons / (persons - 1)
    return found


def _known(values: Float) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
