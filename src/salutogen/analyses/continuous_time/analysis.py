"""The analysis of continuous time: what problems and exposure do to each other between visits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.continuous_time.beside import BESIDE_COLUMNS, beside_lagged
from salutogen.analyses.continuous_time.doubts import tell_doubts
from salutogen.analyses.continuous_time.fitted import fit_flow, moderated_parameters
from salutogen.analyses.continuous_time.persons import (
    PERSON_COLUMNS,
    PERSONS_FILE,
    person_responses,
)
from salutogen.analyses.continuous_time.settings import ContinuousTimeSettings
from salutogen.analyses.continuous_time.stress_test import (
    MEASURE_COLUMNS,
    RESPONSE_COLUMNS,
    Stressor,
    horizon_of,
    stress_test,
    times_until,
)
from salutogen.analyses.continuous_time.tables import (
    EFFECT_COLUMNS,
    FACTOR_COLUMNS,
    HALF_LIFE_COLUMNS,
    LAG_COLUMNS,
    RESIDUAL_COLUMNS,
    TIME_UNIT,
    effect_table,
    factor_table,
    half_life_table,
    lag_table,
    residual_table,
    responses_of,
)
from salutogen.analyses.continuous_time.variables import FlowData, read_flow
from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.frames import frame_of
from salutogen.columns import Column, Kind, figure, record, rows
from salutogen.columns import beside as not_in_json
from salutogen.findings import Findings
from salutogen.models import ContinuousTimeFit

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

TOGETHER_COLUMNS = (
    Column(name="one", meaning="Process", heading="Process", kind=Kind.LABEL),
    Column(name="two", meaning="Process", heading="And", kind=Kind.LABEL),
    Column(name="shocks", meaning="Correlation of what moves both at once, from elsewhere",
           heading="Correlation of shocks"),
    Column(name="levels", meaning="Correlation of persons' lasting levels",
           heading="Correlation of levels"),
)  # fmt: skip


@record
class ContinuousTimeResult(AnalysisResult):
    """What processes do to themselves and each other while time flows, and after a stressor."""

    n: int = figure("Persons seen at two visits or more", unit="persons", kind=Kind.COUNT)
    processes: tuple[str, ...] = figure("Processes", kind=Kind.LABEL)
    inputs: tuple[str, ...] = figure("Inputs", kind=Kind.LABEL)
    factors: tuple[str, ...] = figure("Factors that rates may depend on", kind=Kind.LABEL)
    titles: tuple[str, ...] = figure("What all of these are called", kind=Kind.LABEL)
    with_error: tuple[str, ...] = figure(
        "Processes that hold error of measurement", kind=Kind.LABEL
    )
    occasions: tuple[str, ...] = figure("Occasions that were used", kind=Kind.LABEL)
    time_unit: str = figure("Unit of time", kind=Kind.LABEL)
    gap: float = figure("Median time between visits of a person", unit=TIME_UNIT)
    first: str = figure("What holds at the first visit", kind=Kind.LABEL)
    doubtful: bool = figure("Whether estimates of the model are doubtful", kind=Kind.LABEL)
    half_lives: pl.DataFrame = rows("How fast shocks are gone", HALF_LIFE_COLUMNS)
    effects: pl.DataFrame = rows("Rates: who moves whom, and how fast", EFFECT_COLUMNS)
    lags: pl.DataFrame = rows("Effects at each interval", LAG_COLUMNS)
    at_gap: pl.DataFrame = rows("Effects at the median time between visits", LAG_COLUMNS)
    together: pl.DataFrame = rows("What moves or lasts together", TOGETHER_COLUMNS)
    stressor: Stressor = figure("The standard stressor")
    measures: pl.DataFrame = rows("The response to it in figures", MEASURE_COLUMNS)
    response: pl.DataFrame = rows("The course of the response", RESPONSE_COLUMNS)
    by_factor: pl.DataFrame = rows("How rates depend on factors", FACTOR_COLUMNS)
    residuals: pl.DataFrame = rows("One-step residuals", RESIDUAL_COLUMNS)
    beside: pl.DataFrame = rows("Beside a cross-lagged panel model", BESIDE_COLUMNS)
    persons: pl.DataFrame | None = not_in_json(default=None)

    def title(self, name: str) -> str:
        """What a variable or factor is called."""
        names = (*self.processes, *self.inputs, *self.factors)
        return dict(zip(names, self.titles, strict=True)).get(name, name)

    def sections(self, audience: Audience) -> Sequence[Section]:
        """What flows on between visits, and the response to a standard stressor."""
        from salutogen.analyses.continuous_time.section import continuous_time_section

        return (continuous_time_section(self),)

    def files(self) -> Mapping[str, ResultFile]:
        """The response of each person, where rates depend on factors."""
        if self.persons is None:
            return {}
        return {PERSONS_FILE: ResultFile(table=self.persons, columns=PERSON_COLUMNS)}

    def answer(self) -> Text:
        """Say how fast shocks are gone, what moves what, and what a standard stressor does."""
        from salutogen.analyses.continuous_time.words import answer_of

        return answer_of(self)

    def in_short(self) -> Text:
        """Say in a clause how fast a shock is gone."""
        from salutogen.analyses.continuous_time.words import in_short_of

        return in_short_of(self)

    def methods(self) -> Text:
        """Say which model was fitted."""
        from salutogen.analyses.continuous_time.words import methods_of

        return methods_of(self)


def compute(inputs: AnalysisInputs, settings: ContinuousTimeSettings) -> ContinuousTimeResult:
    """Fit the model, and tell what follows from it."""
    found = Findings()
    data = read_flow(inputs, settings, found)
    fit = fit_flow(data, settings, found)
    times = times_until(horizon_of(fit, settings, data.unit, found))
    gap = fit.seen.scale.unit
    responses = responses_of(fit, data, np.append(times, gap))  # the last one at the gap itself
    test = stress_test(fit, data, settings, times, found)
    half_lives, residuals = half_life_table(responses), residual_table(fit, data)
    at_gap = lag_table(responses, data, slice(len(times), None))
    tell_doubts(
        data, gap=gap, half_lives=half_lives, at_gap=at_gap, residuals=residuals,
        stressor=test.stressor, found=found,
    )  # fmt: skip
    return ContinuousTimeResult(
        n=data.n,
        processes=data.processes,
        inputs=data.inputs,
        factors=data.factors,
        titles=tuple(map(data.title, (*data.processes, *data.inputs, *data.factors))),
        with_error=settings.measurement_error,
        occasions=data.occasions,
        time_unit=data.unit,
        gap=gap,
        first=settings.first,
        doubtful=bool(fit.messages),
        half_lives=half_lives,
        effects=effect_table(fit, data),
        lags=lag_table(responses, data, slice(len(times))),
        at_gap=at_gap,
        together=_together(fit, data),
        stressor=test.stressor,
        measures=test.measures,
        response=test.course,
        by_factor=factor_table(fit, data, moderated_parameters(settings, data)),
        residuals=residuals,
        persons=person_responses(fit, data, test.stressor, inputs.scores.persons["subject"]),
        beside=beside_lagged(fit, data, inputs.before.values()),
        findings=tuple(found),
    )


def _together(fit: ContinuousTimeFit, data: FlowData) -> pl.DataFrame:
    """Correlations of shocks and of levels; none where a variance is at 0."""
    made = []
    for j, two in enumerate(data.processes):
        for i, one in enumerate(data.processes[:j]):
            row: dict[str, object] = {"one": one, "two": two}
            for key, whole in (("shocks", fit.diffusion), ("levels", fit.mean_covariance)):
                size = np.sqrt(whole[i, i] * whole[j, j])
                row[key] = float(whole[i, j] / size) if size > 0 else None
            made.append(row)
    return frame_of(made, TOGETHER_COLUMNS)
