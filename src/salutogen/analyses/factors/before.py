"""Whether a factor came before later SR, by the clock and for each person."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.answer_times import AnswerTimes, Moments
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.measured import Factor, TimeOrder
from salutogen.findings import Findings, Persons

Bool = NDArray[np.bool_]
MOST_LATE = 0.5  # share of persons from which on a factor was not measured before


@dataclass(frozen=True, kw_only=True, eq=False)
class Window:
    """Person-occasions with SR that are planned after the factors.

    Attributes
    ----------
    rows : DataFrame
    forms : Moments
        Of these rows.
    person : array (n,)
    n_persons : int
        Of the study.
    """

    rows: pl.DataFrame
    forms: Moments
    person: NDArray[np.int64]
    n_persons: int

    def late(self, factor: Factor) -> Bool:
        """Rows (n,) of persons with the factor that do not come after it."""
        own = np.isfinite(factor.values)[self.person]
        return own & self.forms.not_after(factor.measured.at(self.person))

    def without(self, gone: Bool) -> Window:
        """Leave out rows."""
        kept = ~gone
        return replace(
            self, rows=self.rows.filter(pl.Series(kept)), forms=self.forms.at(kept),
            person=self.person[kept],
        )  # fmt: skip


def planned_window(inputs: AnalysisInputs, order: TimeOrder, times: AnswerTimes) -> Window:
    """Rows of the planned occasions of later SR."""
    rows = inputs.scores.table.with_columns(inputs.resilience.occasions["SR"])
    place = pl.col("occasion_index").cast(pl.Int64)
    within = place.is_between(order.first, order.last)
    kept = rows.select(pl.col("valid") & pl.col("SR").is_not_null() & within).to_series()
    rows = rows.filter(kept)
    return Window(
        rows=rows,
        forms=times.forms.at(kept.fill_null(value=False).to_numpy()),
        person=rows["person"].to_numpy().astype(np.int64),
        n_persons=inputs.scores.persons.height,
    )


def before_by_the_clock(
    factors: tuple[Factor, ...], window: Window, found: Findings
) -> tuple[tuple[Factor, ...], tuple[str, ...], Window]:
    """Factors that came before, names of those that did not, and the rows that come after them.

    A factor that came in or after the time of later SR for most persons is no predictor. Of the
    others, persons lose the forms that came before it; who has no later one loses its value.
    """
    kept: list[Factor] = []
    beside: list[str] = []
    gone = np.zeros(window.person.size, dtype=bool)
    for factor in factors:
        late = window.late(factor)
        if not late.any():
            kept.append(factor)
            continue
        seen, some, left = (
            np.bincount(window.person[rows], minlength=window.n_persons) > 0
            for rows in (np.isfinite(factor.values)[window.person], late, ~late)
        )
        n, of = int(some.sum()), int(seen.sum())
        if n > MOST_LATE * of:
            found.tell(
                "factor-not-before", variant="clock", name=factor.name, n=Persons(n, of=of),
                of=Persons(of),
            )  # fmt: skip
            beside.append(factor.name)
            continue
        without = some & ~left
        if without.any():
            found.tell(
                "factor-after-all-scores", name=factor.name, n=Persons(int(without.sum()), of=of)
            )
        kept.append(replace(factor, values=np.where(without, np.nan, factor.values)))
        gone |= late & ~without[window.person]
    if gone.any():
        persons = Persons(int(np.unique(window.person[gone]).size))
        found.tell("scores-not-after-factors", n=int(gone.sum()), persons=persons)
    return tuple(kept), tuple(beside), window.without(gone)
