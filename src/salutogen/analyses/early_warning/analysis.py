"""The analysis of early-warning indicators: whether they rise, and whether that could be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.early_warning.rows import FEWEST_WINDOWS, Course, courses, windows_by
from salutogen.analyses.early_warning.settings import EarlyWarningSettings
from salutogen.analyses.early_warning.tables import (
    INDICATOR_COLUMNS,
    PERSON_COLUMNS,
    WINDOW_COLUMNS,
)
from salutogen.analyses.early_warning.words import answer_of, in_short_of, methods_of, tell_doubts
from salutogen.analyses.frames import frame_of
from salutogen.analyses.momentary import affects_of, stream_of
from salutogen.analyses.titles import title_of
from salutogen.columns import Kind, beside, figure, record, rows
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings, Persons
from salutogen.models import EarlyWarning, early_warning
from salutogen.models.false_discovery import adjusted_p
from salutogen.models.parallel.executors import run_each

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

LEVEL = 0.05
FEWEST_HIDDEN = 10  # persons, where they are hidden: means over fewer would tell of them
MANY = 50  # series from which on it is worth it to start processes


@record
class EarlyWarningResult(AnalysisResult):
    """In how many persons indicators rise, beside what chance does and what could be seen."""

    n: int = figure("Persons with enough windows", unit="persons", kind=Kind.COUNT)
    n_without: int = figure("Persons with answers and too few windows", unit="persons",
                            kind=Kind.COUNT)  # fmt: skip
    windows: str = figure("Whether windows are bursts or days", kind=Kind.LABEL)
    affects: tuple[str, ...] = figure("Affects that were looked at", kind=Kind.LABEL)
    titles: tuple[str, ...] = figure("What they are called", kind=Kind.LABEL)
    autocorrelation: tuple[float, ...] = figure(
        "Autocorrelation of answers a median gap apart, mean of persons, by affect"
    )
    gap: tuple[float, ...] = figure("Median gap, mean of persons, by affect", unit="hours")
    indicators: pl.DataFrame = rows("Indicators over persons", INDICATOR_COLUMNS)
    settings: EarlyWarningSettings = beside()
    persons: pl.DataFrame = beside()
    by_window: pl.DataFrame = beside()

    def title(self, affect: str) -> str:
        """What an affect is called."""
        return dict(zip(self.affects, self.titles, strict=True))[affect]

    def sections(self, audience: Audience) -> Sequence[Section]:
        """What rose, what chance does, and what could be seen."""
        from salutogen.analyses.early_warning.section import early_warning_section

        return (early_warning_section(self, audience),)

    def files(self) -> Mapping[str, ResultFile]:
        """One row per person and indicator, and one per person and window: personal data."""
        return {
            "early_warning.csv": ResultFile(table=self.persons, columns=PERSON_COLUMNS),
            "early_warning_windows.csv": ResultFile(table=self.by_window, columns=WINDOW_COLUMNS),
        }

    def answer(self) -> Text:
        """Say in how many it rose, what chance does, and how many could have shown it."""
        return answer_of(self)

    def in_short(self) -> Text:
        """Say in a clause that nothing rises beyond chance, or in how many something does."""
        return in_short_of(self)

    def methods(self) -> Text:
        """Say what the indicators are, and against what they were held."""
        return methods_of(self)


@dataclass(frozen=True, kw_only=True)
class _Task:
    """One person's series, to be followed anywhere."""

    course: Course
    settings: EarlyWarningSettings
    seed: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class _Followed:
    affect: str
    course: Course
    fit: EarlyWarning


def compute(inputs: AnalysisInputs, settings: EarlyWarningSettings) -> EarlyWarningResult:
    """Follow each person's indicators from window to window.

    Raises
    ------
    AnalysisError
        No momentary answers, one answer a day, or nobody has three windows with enough answers.
    """
    found = Findings()
    stream = stream_of(inputs, "early-warning", found)
    affects = affects_of(stream, settings.affect, found)
    asked = [
        (affect, course)
        for affect, beside in zip(affects, [*affects[1:], None], strict=True)
        for course in courses(stream, affect, beside, settings, found)
    ]
    done = _followed(inputs, settings, affects, asked)
    with_some = {one.course.person for one in done}
    without = {course.person for _, course in asked} - with_some
    least = 1 if inputs.run.audience.individuals else FEWEST_HIDDEN
    if len(with_some) < least:
        found.tell(
            "early-warning-few-windows", variant="hidden" if with_some else "",
            windows=FEWEST_WINDOWS, least=settings.least, persons=least,
        )  # fmt: skip
        raise AnalysisError(tuple(found))
    seen = [affect for affect in affects if any(one.affect == affect for one in done)]
    by_affect = [[one.fit for one in done if one.affect == affect] for affect in seen]
    persons = _person_table(done, inputs.panel.persons["subject"])
    result = EarlyWarningResult(
        n=len(with_some),
        n_without=len(without),
        windows=windows_by(stream, settings),
        affects=tuple(seen),
        titles=tuple(title_of(inputs, stream.roles.named[affect]) for affect in seen),
        autocorrelation=tuple(float(np.mean([f.correlation for f in fs])) for fs in by_affect),
        gap=tuple(float(np.mean([fit.gap for fit in fits])) for fits in by_affect),
        indicators=_over_persons(persons, settings),
        settings=settings,
        persons=persons,
        by_window=_window_table(done, inputs.panel.persons["subject"]),
    )
    flat = {one.course.person for one in done if one.course.commonest >= LEVEL * 10}
    tell_doubts(result, Persons(len(flat)), found)
    return replace(result, findings=tuple(found))


def _followed(
    inputs: AnalysisInputs,
    settings: EarlyWarningSettings,
    affects: Sequence[str],
    asked: Sequence[tuple[str, Course]],
) -> list[_Followed]:
    tasks = [
        _Task(course=course, settings=settings,
              seed=(inputs.run.seed, course.person, affects.index(affect)))
        for affect, course in asked
        if len(course.windows) >= FEWEST_WINDOWS
    ]  # fmt: skip
    if len(tasks) < MANY:
        fits = run_each(_follow, tasks, progress=inputs.run.tell)
    else:
        with inputs.run.executor() as executor:
            fits = run_each(_follow, tasks, executor=executor, progress=inputs.run.tell)
    return [
        _Followed(affect=affects[task.seed[-1]], course=task.course, fit=fit)
        for task, fit in zip(tasks, fits, strict=True)
        if fit is not None
    ]


def _follow(task: _Task) -> EarlyWarning | None:
    """Follow one person; None where windows or answers are too few."""
    course, settings = task.course, task.settings
    try:
        return early_warning(
            course.values, day=course.day, hours=course.hours, windows=course.windows,
            other=course.other, trends=course.trends, fewest_pairs=settings.least,
            rise=settings.rise, surrogates=settings.surrogates,
            seed=np.random.SeedSequence(task.seed),
        )  # fmt: skip
    except ModelError:
        return None


def _person_table(done: Sequence[_Followed], labels: pl.Series) -> pl.DataFrame:
    made = [
        {
            "subject": labels[one.course.person],
            "affect": one.affect,
            "indicator": name,
            "windows": one.fit.windows.height,
            "answers": int(one.fit.windows["answers"].sum()),
            "rise": one.fit.rise[name],
            "tau": one.fit.tau[name],
            "p": one.fit.p[name],
            "specificity": one.fit.specificity[name],
            "sensitivity": one.fit.sensitivity.get(name),
        }
        for one in done
        for name in one.fit.rise
    ]
    columns = [column for column in PERSON_COLUMNS if column.name != "p_adjusted"]
    table = frame_of(made, columns).with_row_index("row")
    parts = [
        part.with_columns(pl.Series("p_adjusted", adjusted_p(part["p"].to_numpy())))
        for part in table.partition_by("affect", "indicator")
    ]
    whole = pl.concat(parts).sort("row")
    whole = whole.with_columns(pl.col("windows", "answers").cast(pl.Int64))
    return whole.select(column.name for column in PERSON_COLUMNS)


def _over_persons(persons: pl.DataFrame, settings: EarlyWarningSettings) -> pl.DataFrame:
    made = []
    for (affect, name), part in persons.group_by("affect", "indicator", maintain_order=True):
        chance = 1 - _mean(part["specificity"])
        seen = _mean(part["sensitivity"])
        hits = settings.share * seen
        made.append(
            {
                "affect": affect,
                "indicator": name,
                "n": part.height,
                "rose": part.filter(pl.col("p") < LEVEL).height,
                "kept": part.filter(pl.col("p_adjusted") < LEVEL).height,
                "false": chance,
                "sensitivity": seen,
                "predictive": hits / max(hits + (1 - settings.share) * chance, 1e-12),
            }
        )
    return frame_of(made, INDICATOR_COLUMNS)


def _mean(values: pl.Series) -> float:
    mean: Any = values.mean()
    return float("nan") if mean is None else float(mean)


def _window_table(done: Sequence[_Followed], labels: pl.Series) -> pl.DataFrame:
    made = [
        {
            **row,
            "subject": labels[one.course.person],
            "affect": one.affect,
            "window": one.course.labels[row["window"]],
            "cross_correlation": row.get("cross-correlation"),
        }
        for one in done
        for row in one.fit.windows.iter_rows(named=True)
    ]
    columns = [column.name for column in WINDOW_COLUMNS]
    table = frame_of(({name: row[name] for name in columns} for row in made), WINDOW_COLUMNS)
    return table.with_columns(pl.col("answers", "pairs").cast(pl.Int64))
