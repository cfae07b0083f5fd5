"""The analysis of windows: what each says of the group, frozen and refitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult
from salutogen.analyses.windows.findings import tell_windows, windows_beyond
from salutogen.analyses.windows.settings import WindowsSettings
from salutogen.analyses.windows.summary import WINDOW_COLUMNS, summarise_windows
from salutogen.columns import beside, record, rows
from salutogen.findings import Findings
from salutogen.norm import Line
from salutogen.page.audience import SMALL_CELL
from salutogen.page.words import plural, signed
from salutogen.study.format import Windows

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

GRID = 30
MIDDLE = (0.05, 0.95)  # lines are drawn over these quantiles of exposure


@record
class WindowsResult(AnalysisResult):
    """A row per window, in order; none where the study has no windows.

    Attributes
    ----------
    plan : Windows or None
        Width, step and valid occasions, as the study file says.
    lines : DataFrame
        `window, E, expected` on a grid of exposure; empty where exposure is not one score.
    """

    windows: pl.DataFrame = rows("One sliding window: its line and its mean SR", WINDOW_COLUMNS)
    plan: Windows | None = beside()
    lines: pl.DataFrame = beside()

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Means of the windows and their lines; nothing without windows."""
        from salutogen.analyses.windows.section import windows_section

        section = windows_section(self, audience)
        return () if section is None else (section,)

    def answer(self) -> Text:
        """Say where mean SR went. Means of fewer than five persons are told to nobody."""
        if self.windows.height < 2:
            return ""
        first, last = self.windows.row(0, named=True), self.windows.row(-1, named=True)
        if min(first["n"], last["n"]) < SMALL_CELL:
            return ""
        if None in (first["mean_SR_frozen"], last["mean_SR_frozen"]):
            return ""
        told = (
            f"Against the line of the first window, mean SR went from "
            f"{signed(first['mean_SR_frozen'])} to {signed(last['mean_SR_frozen'])} points over "
            f"{plural(self.windows.height, 'window')}"
        )
        if min(first["n_complete"], last["n_complete"]) >= SMALL_CELL:
            told += (
                f"; among those with a score in every window, whose mean dropout cannot move, from "
                f"{signed(first['mean_SR_frozen_complete'])} to "
                f"{signed(last['mean_SR_frozen_complete'])}"
            )
        return f"{told}."

    def methods(self) -> Text:
        """Say how the windows were laid and scored."""
        if self.plan is None or not self.windows.height:
            return "No sliding windows were scored."
        return (
            f"Sliding windows of {_length(self.plan.width)} moved on by {_length(self.plan.step)}; "
            f"persons with at least {plural(self.plan.valid, 'valid occasion')} in a window were "
            f"scored ({plural(self.windows.height, 'window')}). Scores were computed with the line "
            "of the reference window frozen and, beside it, refitted in each window."
        )


def _length(value: object) -> str:
    return plural(value, "occasion") if isinstance(value, int) else str(value)


def compute(inputs: AnalysisInputs, settings: WindowsSettings) -> WindowsResult:
    """Sum up each window, and say what moves the means other than change of the persons."""
    norm, resilience = inputs.norm, inputs.resilience
    plan = inputs.study.plan.resilience.windows
    own = {period.number: line for period, line in norm.lines.by_period("window").items()}
    found, frozen = Findings(), norm.lines.reference("window")
    reference = norm.reference_units.get("window")
    beyond = windows_beyond(resilience.windows, frozen, reference, found)
    summary = summarise_windows(resilience.windows, own, beyond)
    if plan is not None:
        tell_windows(
            summary,
            resilience.windows,
            frozen,
            n_persons=resilience.persons.height,
            slopes=(resilience.summary.within_slope, resilience.summary.between_slope),
            found=found,
        )
    return WindowsResult(
        windows=summary,
        plan=plan,
        lines=_drawn(own, resilience.windows["E"]),
        findings=tuple(found),
    )


def _drawn(lines: Mapping[int, Line], exposure: pl.Series) -> pl.DataFrame:
    """Expected problems of each window's line over the middle of exposure."""
    empty = pl.DataFrame(schema={"window": pl.UInt16, "E": pl.Float64, "expected": pl.Float64})
    known = exposure.drop_nulls().to_numpy()
    if not known.size or not all(_of_one_score(line) for line in lines.values()):
        return empty
    low, high = (float(value) for value in np.quantile(known, MIDDLE))
    grid = pl.DataFrame({"E": np.linspace(low, high, GRID)})
    parts = [
        pl.DataFrame(
            {
                "window": pl.Series([number] * GRID, dtype=pl.UInt16),
                "E": grid["E"],
                "expected": line.expected(grid, level="window"),
            }
        )
        for number, line in lines.items()
    ]
    return pl.concat([empty, *parts])


def _of_one_score(line: Line) -> bool:
    """Whether expected problems depend on one exposure score alone, in its raw points."""
    return line.predictors == ("E",) and not line.covariates and line.standardiser is None
