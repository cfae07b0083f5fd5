"""The analysis of adherence: who answered which prompts, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.adherence.prompts_file import (
    PERSON_FILE_COLUMNS,
    PROMPT_FILE_COLUMNS,
    persons_table,
    prompts_table,
)
from salutogen.analyses.adherence.quality import (
    CONTEXT_COLUMNS,
    QUALITY_COLUMNS,
    QUARTILES,
    SPEED_COLUMNS,
    context_table,
    quality_table,
    speed_table,
)
from salutogen.analyses.adherence.rates import (
    ARM_COLUMNS,
    BEEP_COLUMNS,
    BURST_COLUMNS,
    COUNTS,
    DAY_COLUMNS,
    FEWEST,
    HOUR_COLUMNS,
    RATE,
    RUN_COLUMNS,
    SPREAD_COLUMNS,
    by_person,
    missed_in_a_row,
    planned_with_arms,
    rates_by,
    runs_of_missed,
    spread_of,
)
from salutogen.analyses.adherence.related import RELATION_COLUMNS, relations
from salutogen.analyses.adherence.settings import AdherenceSettings
from salutogen.analyses.adherence.told import (
    forms_factor,
    told_rates,
    told_rates_of_arms,
    told_rates_of_bursts,
)
from salutogen.analyses.adherence.words import answer_of, in_short_of, methods_of, tell_doubts
from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.momentary import stream_of
from salutogen.columns import Kind, beside, figure, record, rows
from salutogen.errors import AnalysisError
from salutogen.findings import Findings
from salutogen.namespaces import ARM
from salutogen.page.audience import told_quantiles

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text


@record
class AdherenceResult(AnalysisResult):
    """Answered of planned prompts, by person, day, hour, burst and arm; how they were answered."""

    n: int = figure("Persons with planned prompts", unit="persons", kind=Kind.COUNT)
    planned: int = figure("Planned prompts", unit="prompts", kind=Kind.COUNT, by="n")
    answered: int = figure("Answered prompts", unit="prompts", kind=Kind.COUNT, by="n")
    share: float = figure("Answered of planned prompts", n="n")
    rebuilt: int = figure(
        "Planned prompts without a row in the data", unit="prompts", kind=Kind.COUNT, by="n"
    )
    states: pl.DataFrame = rows("Prompts by state", (*COUNTS, RATE))
    spread: pl.DataFrame = rows("Persons' shares of answered prompts", SPREAD_COLUMNS)
    bursts: pl.DataFrame = rows("By burst", BURST_COLUMNS)
    days: pl.DataFrame = rows("By day of the burst", DAY_COLUMNS)
    hours: pl.DataFrame = rows("By hour of the day", HOUR_COLUMNS)
    beeps: pl.DataFrame = rows("By place in the day", BEEP_COLUMNS)
    arms: pl.DataFrame = rows("By arm", ARM_COLUMNS)
    runs: pl.DataFrame = rows("Prompts missed in a row", RUN_COLUMNS)
    speed: pl.DataFrame = rows("Delay and time taken", SPEED_COLUMNS)
    quality: pl.DataFrame = rows("Odd answers", QUALITY_COLUMNS)
    context: pl.DataFrame = rows("What devices measured at prompts", CONTEXT_COLUMNS)
    related: pl.DataFrame = rows("What persons' adherence goes with", RELATION_COLUMNS)
    prompts: pl.DataFrame = beside()
    persons: pl.DataFrame = beside()
    labels: pl.Series = beside()
    file: pl.DataFrame = beside()
    person_file: pl.DataFrame = beside()

    def sections(self, audience: Audience) -> Sequence[Section]:
        """How many prompts were answered, when, and how."""
        from salutogen.analyses.adherence.section import adherence_section

        return (adherence_section(self, audience),)

    def files(self) -> Mapping[str, ResultFile]:
        """One row per prompt, and one per person: personal data."""
        return {
            "prompts.csv": ResultFile(table=self.file, columns=PROMPT_FILE_COLUMNS),
            "adherence.csv": ResultFile(table=self.person_file, columns=PERSON_FILE_COLUMNS),
        }

    def answer(self) -> Text:
        """Say how many of the planned prompts were answered."""
        return answer_of(self)

    def in_short(self) -> Text:
        """Say in a clause how many were answered."""
        return in_short_of(self)

    def methods(self) -> Text:
        """Say what counts as answered, and that nobody was left out."""
        return methods_of(self)


def compute(inputs: AnalysisInputs, settings: AdherenceSettings) -> AdherenceResult:
    """Count prompts by their state, and look at how they were answered.

    Raises
    ------
    AnalysisError
        The study has no prompts, or none that were planned.
    """
    found = Findings()
    stream = stream_of(inputs, "adherence", found)
    prompts, audience = stream.prompts, inputs.run.audience
    planned = planned_with_arms(prompts, inputs.panel.persons, ARM)
    if not planned.height:
        found.tell("no-planned-prompts")
        raise AnalysisError(tuple(found))
    each, runs = by_person(planned), runs_of_missed(planned)
    shares = each.filter(pl.col("planned") >= FEWEST)["share"].to_numpy()
    if not shares.size:
        shares = each["share"].to_numpy()
    quartiles = told_quantiles(shares, QUARTILES, audience.smallest)
    devices = {
        name: one.title
        for name, one in inputs.study.prompted.items()
        if one.measures == "physiology"
    }
    states = rates_by(planned.with_columns(every=pl.lit(1)), "every", "every").drop("every")
    total = states.row(0, named=True)
    burst = planned.with_columns(pl.col("occasion").cast(pl.String))
    result = AdherenceResult(
        n=total["n"],
        planned=total["planned"],
        answered=total["answered"],
        share=total["share"],
        rebuilt=int(planned["rebuilt"].sum()),
        states=states,
        spread=spread_of(shares, quartiles),
        bursts=_in_plan(rates_by(burst, "occasion", "burst"), inputs.study.labels),
        days=rates_by(planned, "day", "day"),
        hours=rates_by(planned, "hour", "hour"),
        beeps=rates_by(planned, "beep", "beep"),
        arms=rates_by(planned, "arm", "arm"),
        runs=missed_in_a_row(runs),
        speed=speed_table(prompts, audience),
        quality=quality_table(stream, settings, devices),
        context=context_table(stream, devices),
        related=relations(each, inputs.resilience.persons, inputs.panel.persons),
        prompts=planned,
        persons=each,
        labels=inputs.panel.persons["subject"],
        file=prompts_table(prompts, inputs.panel.persons),
        person_file=persons_table(each, runs, prompts, inputs.panel.persons),
    )
    if not audience.individuals:
        result = _hidden(result)
    tell_doubts(result, settings, found)
    return replace(result, findings=tuple(found))


def _hidden(result: AdherenceResult) -> AdherenceResult:
    """Rates as they may be told: of a number of bursts in fives."""
    factor = forms_factor(result.prompts)
    states = told_rates(result.states, factor)
    total = states.row(0, named=True)
    return replace(
        result,
        planned=total["planned"],
        answered=total["answered"],
        share=total["share"],
        states=states,
        bursts=told_rates_of_bursts(result.bursts, result.n),
        arms=told_rates_of_arms(result.arms, result.prompts),
        days=told_rates(result.days, factor),
        hours=told_rates(result.hours, factor),
        beeps=told_rates(result.beeps, factor),
    )


def _in_plan(table: pl.DataFrame, labels: Sequence[str]) -> pl.DataFrame:
    """Bursts in the order of the plan."""
    order = {label: place for place, label in enumerate(labels)}
    return table.sort(pl.col("burst").replace_strict(order, return_dtype=pl.Int64))
