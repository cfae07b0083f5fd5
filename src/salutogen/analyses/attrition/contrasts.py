"""Mean SR and P at the end, and against the beginning: over those present, and weighted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.attrition.observed import Observed
from salutogen.analyses.attrition.records import Told, WeightedContrast, told
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.line_of_occasions import line_of_occasions
from salutogen.analyses.windows.analysis import WindowsResult
from salutogen.analyses.windows.change_result import Contrast
from salutogen.analyses.windows.change_rows import occasion_weights
from salutogen.findings import Findings
from salutogen.models.dropout.weighted import Pulled, Rows, contrast_of_means
from salutogen.models.dropout.weights import DropoutWeights
from salutogen.norm.design_matrix import line_matrix
from salutogen.norm.periods import rows_of_windows

Float = NDArray[np.float64]
SR, P = "SR", "P"
END, CHANGE = "end", "change"


@dataclass(frozen=True, kw_only=True, eq=False)
class Ends:
    """The beginning and the end of a study: its first and last window, or occasion.

    Attributes
    ----------
    first, last : array (occasions,)
        Weights of occasions in their means.
    begins, ends : str
        What they are called.
    by_windows : bool
        Whether they are the first and the last of all windows.
    """

    first: Float
    last: Float
    begins: str
    ends: str
    by_windows: bool

    @property
    def change(self) -> Float:
        """Weights of occasions in the change."""
        return np.asarray(self.last - self.first)


@dataclass(frozen=True, kw_only=True, eq=False)
class Contrasts:
    """What is told of them, and the best estimate of the change of SR, with its pulls."""

    told: tuple[WeightedContrast, ...]
    ends: Ends
    change: Pulled | None


def ends_of(inputs: AnalysisInputs, observed: Observed) -> Ends:
    """Find the beginning and the end: windows where the study has them, else occasions.

    Nothing after the end counts: weights know of no loss there.
    """
    rows, labels = observed.rows, observed.labels
    size, known = len(labels), np.ones(rows.n, dtype=bool)
    if inputs.study.plan.resilience.windows is not None:
        numbers = set(inputs.resilience.windows["window"].to_list())
        placed = [
            occasion_weights(one, rows.occasion, known)
            for one in rows_of_windows(inputs.study.schedule, rows, Findings())
            if one.period.number in numbers and one.rows.size
        ]
        ended = [one for one in placed if not np.any(one[observed.end + 1 :])]
        if len(ended) > 1:
            first, last = (np.pad(one, (0, size - one.size)) for one in (ended[0], ended[-1]))
            return Ends(first=first, last=last, begins=_span(first, labels),
                        ends=_span(last, labels),
                        by_windows=len(ended) == len(placed))  # fmt: skip
    first, last = np.zeros(size), np.zeros(size)
    first[rows.occasion.min()], last[observed.end] = 1.0, 1.0
    return Ends(first=first, last=last, begins=_span(first, labels), ends=_span(last, labels),
                by_windows=False)  # fmt: skip


def _span(many: Float, labels: tuple[str, ...]) -> str:
    places = np.flatnonzero(many)
    first, last = labels[places[0]], labels[places[-1]]
    return first if first == last else f"{first} to {last}"


def contrasts(
    inputs: AnalysisInputs, observed: Observed, weights: DropoutWeights | None
) -> Contrasts:
    """Compare weighted means with those over everyone present."""
    ends = ends_of(inputs, observed)
    made: list[WeightedContrast] = []
    change: Pulled | None = None
    for score in () if _tells_of_few(inputs, observed, ends) else (SR, P):
        rows, values = _rows(inputs, observed, score)
        for what, many in ((END, ends.last), (CHANGE, ends.change)):
            plain = contrast_of_means(values, rows(None), many)
            if plain is None:
                continue
            weighted = None if weights is None else contrast_of_means(values, rows(weights), many)
            if (score, what) == (SR, CHANGE):
                change = plain if weighted is None else weighted
            level = 0.0
            if what == END:
                level = _level_in_steps(plain.value, values, rows(None), ends.last, inputs)
            made.append(
                WeightedContrast(
                    score=score,
                    what=what,
                    begins=ends.begins,
                    ends=ends.ends,
                    unweighted=_raised(told(plain), level),
                    weighted=None if weighted is None else _raised(told(weighted), level),
                    moved=None if weighted is None else told(weighted.plus(plain, -1.0)),
                    by_model=_by_model(inputs, ends) if (score, what) == (SR, CHANGE) else None,
                )
            )
    return Contrasts(told=tuple(made), ends=ends, change=change)


def _level_in_steps(
    mean: float, values: Float, rows: Rows, many: Float, inputs: AnalysisInputs
) -> float:
    """How far a mean at the end as it is told lies above the exact one, by the persons there.

    A weighted mean goes with it: what weighting moves is told.
    """
    own = np.flatnonzero(many[rows.occasion])
    n = np.unique(rows.person[own]).size
    return inputs.run.audience.told_mean(mean, float(np.std(values[own])), n) - mean


def _raised(found: Told, by: float) -> Told:
    """Raise an estimate, and its interval with it."""
    if not by:
        return found
    interval = found.interval
    return replace(
        found,
        estimate=found.estimate + by,
        interval=None if interval is None else (interval[0] + by, interval[1] + by),
    )


class _Taken:
    """Rows of a score, with whatever weights."""

    def __init__(self, **given: object) -> None:
        self._given = given

    def __call__(self, weights: DropoutWeights | None) -> Rows:
        return Rows(weights=weights, **self._given)  # type: ignore[arg-type]


def _rows(inputs: AnalysisInputs, observed: Observed, score: str) -> tuple[_Taken, Float]:
    """Rows at which a score is known, with the line behind it, and its values."""
    rows = observed.rows
    values = observed.values(score)
    known = np.isfinite(values)
    line, through = None, None
    if score == SR:
        line = line_of_occasions(inputs)
        table = inputs.norm.with_covariates(inputs.scores.valid_rows())
        through = line_matrix(inputs.norm.lines.occasion, table, level="occasion")
        known &= np.isfinite(through).all(axis=1)
        through = through[known]
    taken = _Taken(
        person=rows.person[known], occasion=rows.occasion[known], n_persons=rows.n_persons,
        line=line, through=through,
    )  # fmt: skip
    return taken, values[known]


def _tells_of_few(inputs: AnalysisInputs, observed: Observed, ends: Ends) -> bool:
    """Whether means of those present and the model's of everyone tell of few who were not.

    Change by the model is told with the windows; so the means are not, where persons are hidden.
    """
    if _change_of_windows(inputs) is None:
        return False
    used = np.flatnonzero((ends.first != 0) | (ends.last != 0))
    rows = observed.rows
    inside = np.isin(rows.occasion, used)
    throughout = np.bincount(rows.person[inside]) == used.size
    return inputs.run.audience.is_small(observed.n - int(np.count_nonzero(throughout)))


def _change_of_windows(inputs: AnalysisInputs) -> Contrast | None:
    found = next((one for one in inputs.before.values() if isinstance(one, WindowsResult)), None)
    return None if found is None or found.change is None else found.change.contrast


def _by_model(inputs: AnalysisInputs, ends: Ends) -> Told | None:
    """Change by the model of single occasions that the windows report."""
    one = _change_of_windows(inputs)
    if one is None or not ends.by_windows:
        return None
    return Told(estimate=one.estimate, se=one.se, interval=one.interval)
