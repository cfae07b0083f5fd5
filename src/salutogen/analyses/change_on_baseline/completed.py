"""Change on baseline of all who have one of both measurements, over completed data sets."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.change_on_baseline.settings import ChangeOnBaselineSettings
from salutogen.analyses.change_on_baseline.slopes import BASELINE, POOLED_COLUMNS, slope_table
from salutogen.analyses.completed_of_few import few_lack_something
from salutogen.analyses.completing import (
    Chains,
    Wide,
    categories_known,
    complete,
    how_made,
    tell_doubts_of_sets,
)
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.covariates import covariate_numbers
from salutogen.columns import Kind, figure, record, rows
from salutogen.errors import ModelError
from salutogen.findings import Findings
from salutogen.models.regression.change_on_baseline_pooled import pool_change_on_baseline
from salutogen.namespaces import told_term
from salutogen.page.audience import SMALL_CELL
from salutogen.page.words import without_counts

Float = NDArray[np.float64]
STREAM = 0xC0B
NAMES = ("problems before", "problems after")


@record
class Completed(Chains):
    """Change on baseline pooled over completed sets."""

    n_without_before: int = figure(
        "Persons who lack problems before", unit="persons", kind=Kind.COUNT, of="n_completed"
    )
    n_without_after: int = figure(
        "Persons who lack problems after", unit="persons", kind=Kind.COUNT, of="n_completed"
    )
    correlation: float = figure("Correlation of problems before and after")
    slopes: pl.DataFrame = rows("Coefficients as they are, and corrected by k", POOLED_COLUMNS)


def completed(
    inputs: AnalysisInputs,
    settings: ChangeOnBaselineSettings,
    places: tuple[int, int],
    before: Float,
    after: Float,
    found: Findings,
) -> tuple[int, Completed] | tuple[None, None]:
    """Complete measurements and covariates several times, and pool the slopes.

    Returns
    -------
    Persons of the sets, and what is pooled; None for both, with a finding, where it cannot be.
    """
    if settings.imputations is None:
        return None, None
    terms, wide = _wide(inputs, settings, places, before, after)
    size = 2 + len(terms)
    if not wide.gaps.any():
        found.tell("nothing-to-complete")
        return None, None
    if few_lack_something(inputs, wide, found):
        return None, None
    try:
        sets = complete(inputs, settings.imputations, wide, stream=STREAM)
        pooled = pool_change_on_baseline(
            (
                (one[:, 0], one[:, 1], one[:, 2:size])
                for one in (sets.array(place) for place in range(sets.n_sets))
            ),
            names=[told_term(term) for term in terms], k=tuple(sorted(set(settings.k))),
        )  # fmt: skip
    except ModelError as error:
        found.tell("completed-sets-not-made", reason=without_counts(error))
        return None, None
    low, high = pooled.intervals
    made = Completed(
        **how_made(
            inputs, settings.imputations, sets, wide,
            missing=float(np.nanmax(pooled.fraction_missing)), shown=NAMES,
        ),
        n_without_before=int(wide.gaps[:, 0].sum()),
        n_without_after=int(wide.gaps[:, 1].sum()),
        correlation=pooled.correlation,
        slopes=slope_table(
            POOLED_COLUMNS, (BASELINE, *pooled.names[1:]), pooled.k, pooled.correlation,
            slope=pooled.slopes, low=low, high=high, se=pooled.errors, df=pooled.df,
            missing=pooled.fraction_missing,
        ),
    )  # fmt: skip
    tell_doubts_of_sets(made, sets, found)
    return pooled.n, made


def _wide(
    inputs: AnalysisInputs,
    settings: ChangeOnBaselineSettings,
    places: tuple[int, int],
    before: Float,
    after: Float,
) -> tuple[tuple[str, ...], Wide]:
    """Terms of covariates, and who has one of both measurements.

    Without those who lack a category, which is not drawn.
    """
    # What covariates say is told of those who have everything.
    given = covariate_numbers(
        inputs, settings.covariates, Findings(), unknown="change-on-baseline-covariate-unknown",
        among=np.isfinite(before) | np.isfinite(after), fewest=SMALL_CELL, gaps=True,
    )  # fmt: skip
    members = given.persons & categories_known(given.terms, given.values)
    own = np.column_stack([before, after, given.values])[members]
    names = [*NAMES, *(told_term(term) for term in given.terms)]
    held = {("P", place) for place in places}
    return given.terms, Wide.of(inputs, members, own, names, near=places, without=held)
