"""Whether a factor's association with SR changes with the time since it was measured.

A factor that drifts goes stale: measured once, it goes with the SR of the next months and less and
less with that of later ones. Over the occasions after it, SR is regressed on the factor and its
product with time, beside it problems on exposure, the factor and the product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.bends import Bend, adjusted_bends, bend_of
from salutogen.analyses.factors.distance_rows import Model, Rows, rows_of, scale_of
from salutogen.analyses.factors.later import Later, means_of
from salutogen.analyses.factors.measured import Factor
from salutogen.analyses.factors.relations import both_steps, fit_both
from salutogen.analyses.factors.steps import BY_FACTOR, LEVEL, BothSteps
from salutogen.analyses.intervals import side_of_zero
from salutogen.columns import LESS_RESILIENT, Kind, Record, beside, figure, record
from salutogen.errors import ModelError
from salutogen.findings import Findings, listed
from salutogen.models.descriptive import pearson
from salutogen.models.false_discovery import adjusted_p
from salutogen.models.regression.stacked import EstimatedLine, StackedFit
from salutogen.page.words import without_counts

Float = NDArray[np.float64]
Changes = Literal["weakens", "strengthens", "turns", "changes", "not told"]
GRID = 25
SCALED = "SDs of the outcome per SD of the factor"


@record
class Course(Record):
    """A factor's coefficient at the first and at the last later occasion, along a straight line."""

    first: float = figure("Coefficient at the first", unit=BY_FACTOR, sign=LESS_RESILIENT)
    last: float = figure("Coefficient at the last", unit=BY_FACTOR, sign=LESS_RESILIENT)
    change: float = figure("Last less first", unit=BY_FACTOR)
    se: float | None = figure(
        "Standard error of the change, persons left out one by one; in two steps it carries the "
        "line's estimation",
        unit=BY_FACTOR,
    )
    interval: tuple[float, float] | None = figure("95 % interval of the change", unit=BY_FACTOR)
    p: float | None = figure("p of the change (t)")
    p_adjusted: float | None = figure(
        "p adjusted over the factors (false-discovery rate)", default=None
    )
    scale: float | None = figure(
        "What turns these coefficients into SDs of the outcome, within occasions, per SD of the "
        "factor"
    )
    curve: tuple[tuple[float, float, float], ...] = beside(default=())

    @property
    def clear(self) -> bool:
        """Whether the interval of the change leaves out 0."""
        return side_of_zero(*(self.interval or (None, None))) != 0

    @property
    def turns(self) -> bool:
        """Whether coefficients at both ends are told from 0, with opposite signs."""
        ends = [side_of_zero(low, high) for _, low, high in (*self.curve[:1], *self.curve[-1:])]
        return len(ends) == 2 and ends[0] * ends[1] < 0

    def scaled(self, value: float) -> float | None:
        """Turn points per point of the factor into SDs per SD."""
        return None if self.scale is None else value * self.scale


@record
class AtOccasion(Record):
    """A factor and SR of one later occasion."""

    occasion: str = figure("Occasion", kind=Kind.LABEL)
    since: float = figure("Mean time since the factor", unit="as `time_unit` says")
    r_SR: float | None = figure("Correlation with SR", sign=LESS_RESILIENT)
    steps: BothSteps = figure("SR of the occasion on the factor, and P on exposure and the factor")


@record
class Distance(Record):
    """A factor's association with later SR, by the time since it was measured."""

    n: int = figure("Persons", unit="persons", kind=Kind.COUNT)
    time_unit: str = figure("Unit of times: days, or occasions where none are known",
                            kind=Kind.LABEL)  # fmt: skip
    since_first: float = figure("Mean time to the first occasion", unit="as `time_unit` says")
    since_last: float = figure("Mean time to the last occasion", unit="as `time_unit` says")
    two_step: Course = figure("SR on the factor")
    one_step: Course = figure("P on exposure and the factor")
    bend: Bend | None = figure(
        "Off the straight line, by bands of occasions; null with fewer than five later occasions"
    )
    occasions: tuple[AtOccasion, ...] = figure("Each occasion by itself")

    @property
    def changes(self) -> Changes:
        """What is told of the association, both ways of asking and over all factors."""
        two, one = self.two_step, self.one_step
        told = two.p_adjusted is not None and two.p_adjusted < LEVEL and two.clear and one.clear
        if not told or two.change * one.change < 0:
            return "not told"
        if any(course.first * course.last < 0 for course in (two, one)):
            return "turns" if two.turns and one.turns else "changes"
        return "weakens" if abs(two.last) < abs(two.first) else "strengthens"

    @property
    def bends(self) -> bool:
        """Whether the straight line hides a bend that is told."""
        return self.bend is not None and self.bend.told

    @property
    def weakens(self) -> bool:
        """Whether a straight line says that the association weakens, and hides no bend."""
        return self.changes == "weakens" and not self.bends

    @property
    def one_way(self) -> bool:
        """Whether a change is told in one way of asking only."""
        return self.two_step.clear != self.one_step.clear


def distances(
    inputs: AnalysisInputs,
    factors: Sequence[Factor],
    later: Later,
    line: EstimatedLine | None,
    found: Findings,
) -> dict[str, Distance]:
    """Follow each factor over the later occasions; p adjusted over the factors."""
    made: dict[str, Distance] = {}
    failed: dict[str, list[str]] = {}
    for factor in factors:
        try:
            one = distance(inputs, factor, later, line)
        except ModelError as error:
            failed.setdefault(str(error), []).append(factor.name)
            continue
        if one is not None:
            made[factor.name] = one
    for reason, names in failed.items():
        found.tell("distance-not-fitted", names=listed(names), reason=without_counts(reason))
    twos, ones = (
        _adjusted([getattr(one, which) for one in made.values()])
        for which in ("two_step", "one_step")
    )
    bends = adjusted_bends({name: one.bend for name, one in made.items() if one.bend is not None})
    return {
        name: replace(one, two_step=two_step, one_step=one_step, bend=bends.get(name))
        for (name, one), two_step, one_step in zip(made.items(), twos, ones, strict=True)
    }


def _adjusted(courses: Sequence[Course]) -> list[Course]:
    p = adjusted_p([np.nan if one.p is None else one.p for one in courses])
    return [
        replace(one, p_adjusted=float(value) if np.isfinite(value) else None)
        for one, value in zip(courses, p, strict=True)
    ]


def distance(
    inputs: AnalysisInputs, factor: Factor, later: Later, line: EstimatedLine | None
) -> Distance | None:
    """Fit a factor over the occasions after it; None without two of enough persons.

    Raises
    ------
    ModelError
        Terms are collinear, or persons too few for them.
    """
    rows = rows_of(inputs, factor, later)
    if rows is None:
        return None
    since = rows.times
    if not since[-1] > since[0]:
        return None
    model = Model.of(inputs, factor, later, line, rows)
    along = (rows.since - since[0]) / (since[-1] - since[0])
    fits = model.fit(
        np.column_stack([np.ones(along.size), along]), [factor.name, f"{factor.name} by time"]
    )
    spread = float(np.std(factor.values[np.unique(rows.person)], ddof=1))
    two, one = (
        _course(fit, scale_of(outcome, rows.place, spread))
        for fit, outcome in zip(fits, (model.SR, model.P), strict=True)
    )
    return Distance(
        n=int(np.unique(rows.person).size),
        time_unit=rows.unit,
        since_first=float(since[0]),
        since_last=float(since[-1]),
        two_step=two,
        one_step=one,
        bend=bend_of(model, along, factor.name, (two.scale, one.scale)),
        occasions=_by_occasion(inputs, factor, later, line, rows, since),
    )


def _course(fit: StackedFit, scale: float | None) -> Course:
    from scipy.special import stdtrit

    first, change = (float(value) for value in fit.coefficients[-2:])
    se, p = float(fit.errors[-1]), float(fit.p_values()[-1])
    low, high = fit.interval()[:, -1]
    known = se > 0 and np.isfinite(p)
    at = np.linspace(0.0, 1.0, GRID)
    pulls = fit.pulls[:, -2:, None] * np.stack([np.ones(GRID), at])
    errors = np.sqrt(np.sum(pulls.sum(axis=1) ** 2, axis=0))
    half = stdtrit(float(min(fit.df[-2:])), 0.975) * errors
    middle = first + change * at
    return Course(
        first=first,
        last=first + change,
        change=change,
        se=se if known else None,
        interval=(float(low), float(high)) if known else None,
        p=p if known else None,
        scale=scale,
        curve=tuple(zip(middle.tolist(), (middle - half).tolist(), (middle + half).tolist(),
                        strict=True)),
    )  # fmt: skip


def _by_occasion(
    inputs: AnalysisInputs,
    factor: Factor,
    later: Later,
    line: EstimatedLine | None,
    rows: Rows,
    since: Float,
) -> tuple[AtOccasion, ...]:
    """Each occasion by itself; those at which a model has no answer are left out."""
    made = []
    for place, time in zip(rows.places.tolist(), since.tolist(), strict=True):
        label = rows.labels[place]
        own = rows.table.filter(pl.Series(rows.place == place))
        here = means_of(inputs, own, (label,), later.asked)
        try:
            fits = fit_both([factor], here, line)
        except ModelError:
            continue
        made.append(
            AtOccasion(
                occasion=label,
                since=time,
                r_SR=pearson(factor.values[fits.persons], here.SR[fits.persons]),
                steps=both_steps(fits, factor, here),
            )
        )
    return tuple(made)
