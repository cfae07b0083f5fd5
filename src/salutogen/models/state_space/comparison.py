"""Test what a continuous-time model leaves out against the one that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ModelError
from salutogen.models.sem.comparison import StructuralComparison, difference_tested
from salutogen.models.sem.inference import score_trace
from salutogen.models.state_space.fitting import (
    RIDGE,
    bound_places,
    information,
    person_scores,
    roots_of,
)

if TYPE_CHECKING:
    from salutogen.models.state_space.result import ContinuousTimeFit

Float = NDArray[np.float64]

SAME_VALUE = 1e-9  # difference in SDs that is rounding
KEYS = ("person", "time")
BOUNDED = ("var(", "error(")  # parameters that are 0, the end of their range, where left out


def compare(one: ContinuousTimeFit, other: ContinuousTimeFit) -> StructuralComparison:
    """See `ContinuousTimeFit.compare`."""
    smaller, larger = sorted((one, other), key=lambda fit: fit.n_parameters)
    _refuse_other_data(smaller, larger)
    _refuse_not_nested(smaller, larger)
    robust = larger.spec.standard_errors == "robust"
    return difference_tested(
        smaller,
        larger,
        factor=(lambda df: _difference_factor(smaller, larger, df)) if robust else None,
        note=lambda factor: _note(smaller, larger, factor),
        worse="The model with more parameters fits worse: a search ended too early. Do not use it.",
    )


def _refuse_other_data(smaller: ContinuousTimeFit, larger: ContinuousTimeFit) -> None:
    """Refuse fits of other values: those of processes, by person and time."""
    if smaller.spec.standard_errors != larger.spec.standard_errors:
        raise ModelError(
            f"The fits have {smaller.spec.standard_errors} and {larger.spec.standard_errors} "
            "standard errors. Fit both alike."
        )
    if smaller.spec.processes != larger.spec.processes or not _same_values(smaller, larger):
        raise ModelError(
            "The fits are of different persons, rows or processes; they cannot be compared. Leave "
            "out rows with missing inputs, and persons with missing factors, in both first."
        )


def _same_values(one: ContinuousTimeFit, other: ContinuousTimeFit) -> bool:
    """Whether the rows that have values of processes are the same."""
    ours, theirs = _told(one), _told(other)
    if ours.columns != theirs.columns or ours.height != theirs.height:
        return False
    same = [np.array_equal(ours[name].to_numpy(), theirs[name].to_numpy()) for name in KEYS]
    for name, sd in zip(ours.columns[len(KEYS) :], one.seen.scale.sd.tolist(), strict=True):
        both = ours[name].to_numpy(), theirs[name].to_numpy()
        same.append(np.allclose(*both, rtol=0, atol=SAME_VALUE * sd, equal_nan=True))
    return all(same)


def _told(fit: ContinuousTimeFit) -> pl.DataFrame:
    """Person, time and values in units of the data, of rows that have any."""
    rows, scale = fit.problem.rows, fit.seen.scale
    counts = np.diff(rows.starts)
    columns = {
        "person": fit.seen.persons.gather(np.repeat(np.arange(len(counts)), counts)),
        "time": pl.Series(fit.seen.time),
    }
    values = scale.mean + scale.sd * rows.values
    columns |= {f"of {name}": pl.Series(column)
                for name, column in zip(fit.spec.processes, values.T, strict=True)}  # fmt: skip
    return pl.DataFrame(columns).filter(pl.Series(np.isfinite(rows.values).any(axis=1)))


def _refuse_not_nested(smaller: ContinuousTimeFit, larger: ContinuousTimeFit) -> None:
    lost = [name for name in smaller.parameters if name not in larger.parameters]
    if lost:
        raise ModelError(
            f"The model with more parameters lacks {', '.join(lost)}: the other is no special case "
            "of it."
        )
    if smaller.n_parameters == larger.n_parameters:
        raise ModelError(f"Both models have {larger.n_parameters} parameters: nothing is tested.")
    other = [
        name for name in smaller.spec.inputs
        if (name in smaller.spec.pulses) != (name in larger.spec.pulses)
    ]  # fmt: skip
    if other:
        raise ModelError(f"{', '.join(other)}: a pulse in one of the fits, and held in the other.")


def _difference_factor(smaller: ContinuousTimeFit, larger: ContinuousTimeFit, df: int) -> float:
    """Scaling factor of a difference where errors are robust (Satorra & Bentler 2001)."""
    above, below = _trace(larger), _trace(smaller)
    if above is None or below is None or not above > below:
        return float("nan")
    return (above - below) / df


def _trace(fit: ContinuousTimeFit) -> float | None:
    """What scores are beside information: about the number of parameters."""
    problem = fit.problem
    roots = roots_of(problem.layout, fit.natural, ridge=RIDGE)
    free = ~bound_places(problem.layout, roots)
    whole, scores = information(problem, roots), person_scores(problem, roots)
    return score_trace(whole[np.ix_(free, free)], scores[:, free])


def _note(smaller: ContinuousTimeFit, larger: ContinuousTimeFit, factor: float) -> str:
    if not np.isfinite(factor):
        return "Scores and information contradict each other: there is no robust test."
    gone = [name for name in larger.parameters if name not in smaller.parameters]
    bounded = [name for name in gone if name.startswith(BOUNDED)]
    if bounded:
        return (
            f"Without {', '.join(bounded)} the model is at the edge of what is possible: p is too "
            "large."
        )
    return ""
