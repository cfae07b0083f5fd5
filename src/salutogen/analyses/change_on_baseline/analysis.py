"""The analysis of change on baseline: a slope that is not made by regression to the mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.change_on_baseline.completed import Completed, completed
from salutogen.analyses.change_on_baseline.settings import ChangeOnBaselineSettings
from salutogen.analyses.change_on_baseline.slopes import (
    BASELINE,
    SLOPE_COLUMNS,
    directions,
    slope_table,
    told_otherwise,
)
from salutogen.analyses.change_on_baseline.words import answer_of, methods_of
from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.covariates import covariate_numbers
from salutogen.analyses.occasions import refuse_unplanned
from salutogen.columns import POINTS, Kind, figure, record, rows
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings, Persons
from salutogen.models.regression.change_on_baseline import ChangeOnBaseline, change_on_baseline
from salutogen.namespaces import told_term
from salutogen.page.audience import SMALL_CELL
from salutogen.page.words import without_counts

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text

Float = NDArray[np.float64]
FEWEST = 20


@record
class ChangeOnBaselineResult(AnalysisResult):
    """Change of problems on problems before; positive = rises more in those who had more."""

    n: int = figure(
        "Persons with both measurements", unit="persons", kind=Kind.COUNT,
        of=("persons", "n_completed"),
    )  # fmt: skip
    n_completed: int | None = figure(
        "Persons of the completed sets: with one of both measurements", unit="persons",
        kind=Kind.COUNT,
    )  # fmt: skip
    baseline: str = figure("Occasion before", kind=Kind.LABEL)
    after: str = figure("Occasion after", kind=Kind.LABEL)
    covariates: tuple[str, ...] = figure("Covariates", kind=Kind.LABEL)
    sd_before: float = figure("SD of problems before", unit=POINTS)
    sd_after: float = figure("SD of problems after", unit=POINTS)
    correlation: float = figure("Correlation of problems before and after")
    explained_by_covariates: float = figure("Share of problems before that covariates explain")
    slopes: pl.DataFrame = rows("Coefficients as they are, and corrected by k", SLOPE_COLUMNS)
    completed: Completed | None = figure(
        "The same pooled over completed sets; null where none were asked for or could be made"
    )

    def sections(self, audience: Audience) -> Sequence[Section]:
        """Slopes by k."""
        from salutogen.analyses.change_on_baseline.section import change_section

        return (change_section(self),)

    def files(self) -> Mapping[str, ResultFile]:
        """What was completed, with its gaps: to be completed elsewhere."""
        if self.completed is None:
            return {}
        return {"change_on_baseline_to_complete.csv": self.completed.file_to_complete()}

    def answer(self) -> Text:
        """Say what of the slope is left without regression to the mean."""
        return answer_of(self)

    def methods(self) -> Text:
        """Say how it was corrected."""
        return methods_of(self)


def compute(inputs: AnalysisInputs, settings: ChangeOnBaselineSettings) -> ChangeOnBaselineResult:
    """Regress change of P on P before and covariates, and correct it for several k."""
    found = Findings()
    place, later = _places(inputs, settings, found)
    before, after = _measurements(inputs, place, later, found)
    given = covariate_numbers(
        inputs, settings.covariates, found, unknown="change-on-baseline-covariate-unknown",
        among=np.isfinite(before) & np.isfinite(after), fewest=SMALL_CELL,
    )  # fmt: skip
    covariates = given.values
    known = np.isfinite(np.column_stack([before, after, covariates])).all(axis=1)
    least = FEWEST + covariates.shape[1]
    if known.sum() < least:
        found.tell("too-few-with-two-measurements", n=Persons(int(known.sum())), least=least)
        raise AnalysisError(tuple(found))
    try:
        with inputs.run.cluster() as executor:
            made = change_on_baseline(
                before[known], after[known], covariates[known],
                names=[told_term(term) for term in given.terms], k=tuple(sorted(set(settings.k))),
                draws=settings.bootstrap, seed=inputs.run.seed, executor=executor,
            )  # fmt: skip
    except ModelError as error:
        found.tell("change-on-baseline-not-fitted", reason=without_counts(error))
        raise AnalysisError(tuple(found)) from error
    labels, k = inputs.study.labels, made.k
    slopes = slope_table(
        SLOPE_COLUMNS, (BASELINE, *made.names[1:]), k, made.correlation,
        slope=np.vstack([made.naive, made.corrected]),
        low=np.vstack([made.naive_interval[0], made.interval[:, 0]]),
        high=np.vstack([made.naive_interval[1], made.interval[:, 1]]),
    )  # fmt: skip
    _tell(made, slopes, found)
    n_completed, pooled = completed(inputs, settings, (place, later), before, after, found)
    if pooled is not None and told_otherwise(slopes, pooled.slopes):
        found.tell("completed-sets-tell-otherwise")
    return ChangeOnBaselineResult(
        n=made.n,
        baseline=labels[place],
        after=labels[later],
        covariates=given.of(settings.covariates),
        sd_before=float(np.std(before[known], ddof=1)),
        sd_after=float(np.std(after[known], ddof=1)),
        correlation=made.correlation,
        explained_by_covariates=made.share,
        slopes=slopes,
        n_completed=n_completed,
        completed=pooled,
        findings=tuple(found),
    )


def _places(
    inputs: AnalysisInputs, settings: ChangeOnBaselineSettings, found: Findings
) -> tuple[int, int]:
    """Places of the occasions before and after."""
    labels = inputs.study.labels
    named = [settings.baseline, settings.after]
    refuse_unplanned(inputs, named, found, unknown="baseline-unknown")
    place = 0 if settings.baseline is None else labels.index(settings.baseline)
    later = place + 1 if settings.after is None else labels.index(settings.after)
    if not place < later < len(labels):
        found.tell("nothing-after-baseline")
        found.raise_refusals(AnalysisError)
    return place, later


def _measurements(
    inputs: AnalysisInputs, place: int, later: int, found: Findings
) -> tuple[Float, Float]:
    """P of both occasions (persons,); what the clock does not put after is left out."""
    wide = inputs.views.wide("P")
    before, after = wide.values[:, place], wide.values[:, later]
    early = wide.times[:, later] <= wide.times[:, place]
    odd = early & np.isfinite(before) & np.isfinite(after)
    if odd.any():
        found.tell("answers-not-after-baseline", persons=Persons(int(odd.sum())))
    return before, np.where(early, np.nan, after)


def _tell(made: ChangeOnBaseline, slopes: pl.DataFrame, found: Findings) -> None:
    """Say that change is coupled with the baseline, and whether what is left depends on k."""
    found.tell("slope-coupled-with-baseline", slope=float(made.naive[0]), r=made.correlation)
    ways = set(directions(slopes).values())
    if len(ways) > 1:
        found.tell("slope-depends-on-k", variant="opposite" if {-1, 1} <= ways else "")
    if not made.possible.any():
        found.tell("no-k-is-possible", r=made.correlation)
