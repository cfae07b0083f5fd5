"""The analysis of windows: what each says of the group, frozen and refitted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult
from salutogen.analyses.kept_back import kept_back
from salutogen.analyses.windows.change import change_over_windows
from salutogen.analyses.windows.change_result import WindowChange
from salutogen.analyses.windows.change_words import change_in_words, leaving_in_words
from salutogen.analyses.windows.findings import (
    tell_occasions_outside,
    tell_windows,
    windows_beyond,
)
from salutogen.analyses.windows.nearly_everyone import (
    told_lines,
    told_means,
    without_terms_of_few,
    without_windows,
)
from salutogen.analyses.windows.settings import WindowsSettings
from salutogen.analyses.windows.summary import WINDOW_COLUMNS, summarise_windows, with_levels
from salutogen.columns import beside, figure, record, rows
from salutogen.findings import Findings
from salutogen.norm import Line
from salutogen.norm.nearly_same import nearly_same
from salutogen.page.audience import SMALL_CELL, inner_share
from salutogen.page.words import plural, say
from salutogen.study.format import Windows

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

GRID = 30
BEYOND = 0.05  # share of exposure beyond each end of the drawn lines, or that of five persons


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
    change: WindowChange | None = figure(
        "Change from the first window to the last; null where it cannot be estimated", default=None
    )
    plan: Windows | None = beside()
    lines: pl.DataFrame = beside()

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Means of the windows and their lines; nothing without windows."""
        from salutogen.analyses.windows.section import windows_section

        section = windows_section(self, audience)
        return () if section is None else (section,)

    def answer(self) -> Text:
        """Say whether the group changed, with its interval; nothing of windows of few persons."""
        if self.windows.height < 2:
            return ""
        fewest = self.windows.select(pl.min_horizontal(pl.col("n").first(), pl.col("n").last()))
        if fewest.item() < SMALL_CELL:
            return ""
        if self.change is None:
            return "Change over the windows could not be estimated."
        told = change_in_words(self.change, turns=self._tells_turns)
        left, whole = self.change.n_left, self.change.n_persons
        untold = self.change.interval is None or self.change.depends_on_slope
        if untold or min(left, whole - left) < SMALL_CELL:
            return told
        return say("{told} {leaving}", told=told, leaving=leaving_in_words(self.change))

    @property
    def _tells_turns(self) -> bool:
        """Whether no window between is of few persons."""
        fewest: Any = self.windows["n"].min()
        return bool(fewest >= SMALL_CELL)

    def in_short(self) -> Text:
        """Say in a clause whether the group changed, where the opening speaks of it."""
        from salutogen.analyses.windows.change_words import change_in_short

        if self.change is None or self.windows.height < 2 or not self.answer():
            return ""
        return change_in_short(self.change, turns=self._tells_turns)

    def methods(self) -> Text:
        """Say how the windows were laid and scored."""
        if self.plan is None or not self.windows.height:
            return "No sliding windows were scored."
        return (
            f"Sliding windows of {_length(self.plan.width)} moved on by {_length(self.plan.step)}; "
            f"persons with at least {plural(self.plan.valid, 'valid occasion')} in a window were "
            f"scored ({plural(self.windows.height, 'window')}). Scores were computed with the line "
            "of the reference window frozen and, beside it, refitted in each window."
            f"{self._methods_of_change()}"
        )

    def _methods_of_turns(self) -> str:
        """How a turn between the first window and the last was looked for, where there may be."""
        if self.change is None or self.windows.height < 3:
            return ""
        return (
            " Whether SR changed against that, or at all, between any two windows was judged over "
            "all pairs of them (Bonferroni)."
        )

    def _methods_of_change(self) -> str:
        if self.change is None:
            return ""
        error = "the standard error of the model"
        if self.change.draws:
            error = (
                f"the standard error over {self.change.draws:,} resamples of persons, the model's "
                "coefficients refitted in each"
            )
        return (
            " Change from the first window to the last is the difference of the mean occasion "
            f"effects of the two in {self.change.model}, fitted by restricted maximum likelihood "
            f"over single occasions; its interval is the t quantile times {error}, to which the "
            "error of the variances is added (Kackar & Harville 1984)."
            f"{self._methods_of_turns()}{self._methods_of_shifts()}"
        )

    def _methods_of_shifts(self) -> str:
        """How those who were not seen to the end were shifted, where there were any."""
        if self.change is None or not self.change.sensitivity.height:
            return ""
        return (
            " Assumed shifts of those last seen before the last occasion of the last window are "
            "pattern-mixture models (Little 1993)."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data as in `results.json`; without change where no windows are asked for."""
        found = super().to_dict()
        if self.plan is None:
            del found["change"]
        return found


def _length(value: object) -> str:
    return plural(value, "occasion") if isinstance(value, int) else str(value)


def compute(inputs: AnalysisInputs, settings: WindowsSettings) -> WindowsResult:
    """Sum up each window, and say what moves the means other than change of the persons."""
    norm, resilience = inputs.norm, inputs.resilience
    plan = inputs.study.plan.resilience.windows
    own = {period.number: line for period, line in norm.lines.by_period("window").items()}
    change = None if plan is None else change_over_windows(inputs)
    of_change = () if change is None else [f"change.{name}" for name in change.kept_back]
    found, frozen = Findings(), norm.lines.reference("window")
    reference = norm.units("window")
    beyond = windows_beyond(resilience.windows, frozen, reference, found)
    audience = inputs.run.audience
    exact = summarise_windows(resilience.windows, own, beyond, audience.told_size)
    period = None if frozen is None else frozen.period
    summary = told_means(
        exact, resilience.windows, beyond, audience, None if period is None else period.number
    )
    own = told_lines(own, exact, summary, audience)
    summary = with_levels(summary, own)
    if plan is not None:
        tell_occasions_outside(inputs, found)
        tell_windows(
            summary,
            resilience.windows,
            frozen,
            n_persons=resilience.persons.height,
            change=change,
            slopes=(resilience.summary.within_slope, resilience.summary.between_slope),
            found=found,
        )
    untold = [one.period.number for one in nearly_same(norm, audience) if one.level == "window"
              and one.period is not None]  # fmt: skip
    summary = without_terms_of_few(without_windows(summary, untold), norm, audience)
    own = {number: line for number, line in own.items() if number not in untold}
    return WindowsResult(
        windows=summary,
        change=change,
        plan=plan,
        lines=_drawn(own, resilience.windows["E"], resilience.persons.height),
        findings=tuple(found),
        kept_back=(*kept_back(exact, summary, "windows"), *of_change),
    )


def _drawn(lines: Mapping[int, Line], exposure: pl.Series, n_persons: int) -> pl.DataFrame:
    """Expected problems of each window's line over what several persons' exposure reaches."""
    empty = pl.DataFrame(schema={"window": pl.UInt16, "E": pl.Float64, "expected": pl.Float64})
    known = exposure.drop_nulls().to_numpy()
    if not known.size or not all(_of_one_score(line) for line in lines.values()):
        return empty
    share = inner_share(BEYOND, n_persons)
    ends = np.quantile(known, (share, 1 - share), method="inverted_cdf")  # no fraction tells n
    low, high = map(float, ends)
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
