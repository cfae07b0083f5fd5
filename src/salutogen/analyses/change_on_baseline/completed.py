"""Change on baseline of all who have one of both measurements, over completed data sets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.change_on_baseline.settings import ChangeOnBaselineSettings
from salutogen.analyses.change_on_baseline.slopes import BASELINE, POOLED_COLUMNS, slope_table
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.covariates import covariate_numbers
from salutogen.columns import Column, Kind, Record, beside, figure, record, rows
from salutogen.errors import ModelError
from salutogen.findings import Findings, listed
from salutogen.models.imputation.chained import ChainedImputation
from salutogen.models.imputation.completed import CompletedSets, Trace
from salutogen.models.regression.change_on_baseline_pooled import pool_change_on_baseline
from salutogen.namespaces import LABEL_MARK, told_term
from salutogen.page.audience import SMALL_CELL
from salutogen.page.words import without_counts

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
STREAM = 0xC0B
PERSONS_EACH = 10  # persons with everything for each score that gaps are drawn from
MOST_BESIDE = 12  # scores of other occasions that gaps are drawn from
ITERATIONS = (10, 40)  # rounds of the chains; the second where they have not come together
NAMES = ("problems before", "problems after")
TRACE_COLUMNS = (
    Column(name="column", meaning="What is missing", kind=Kind.LABEL, heading="Measurement"),
    Column(name="persons", meaning="Persons who lack it", kind=Kind.COUNT, of="n_completed",
           heading="Persons"),
    Column(name="chain", meaning="Number of the completed set", kind=Kind.LABEL, heading="Set"),
    Column(name="iteration", meaning="Round", kind=Kind.LABEL, heading="Round"),
    Column(name="mean", meaning="Mean of the values drawn in this round", heading="Mean"),
    Column(name="sd", meaning="SD of the values drawn in this round", heading="SD"),
)  # fmt: skip


@record
class Completed(Record):
    """Change on baseline pooled over completed sets."""

    sets: int = figure("Completed sets")
    iterations: int = figure("Rounds of the chains before a set is taken")
    n_without_before: int = figure(
        "Persons who lack problems before", unit="persons", kind=Kind.COUNT, of="n_completed"
    )
    n_without_after: int = figure(
        "Persons who lack problems after", unit="persons", kind=Kind.COUNT, of="n_completed"
    )
    drawn_from: tuple[str, ...] = figure(
        "Scores of other occasions from which values were drawn, too", kind=Kind.LABEL
    )
    r_hat: float | None = figure(
        "Largest potential scale reduction of the chains; 1: they cannot be told apart"
    )
    converged: bool = figure("Whether no chain is known to be still on its way")
    missing: float = figure("Largest share of the information on a coefficient that is missing")
    correlation: float = figure("Correlation of problems before and after")
    slopes: pl.DataFrame = rows("Coefficients as they are, and corrected by k", POOLED_COLUMNS)
    trace: pl.DataFrame = beside()  # by `TRACE_COLUMNS`


@dataclass(frozen=True, kw_only=True, eq=False)
class _Wide:
    """Both measurements, covariates and other scores, a row per person."""

    values: Float
    names: tuple[str, ...]
    terms: tuple[str, ...]  # covariates
    beside: tuple[str, ...]


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
    wide = _wide(inputs, settings, places, before, after)
    gaps = np.isnan(wide.values)
    size = 2 + len(wide.terms)
    if not gaps[:, :size].any():
        found.tell("nothing-to-complete")
        return None, None
    try:
        sets = _sets(inputs, settings.imputations, wide)
        pooled = pool_change_on_baseline(
            (
                (one[:, 0], one[:, 1], one[:, 2:size])
                for one in (sets.array(place) for place in range(sets.n_sets))
            ),
            names=[told_term(term) for term in wide.terms], k=tuple(sorted(set(settings.k))),
        )  # fmt: skip
    except ModelError as error:
        found.tell("completed-sets-not-made", reason=without_counts(error))
        return None, None
    low, high = pooled.intervals
    assert sets.trace is not None
    worst = sets.trace.r_hat[np.isfinite(sets.trace.r_hat)]
    made = Completed(
        sets=sets.n_sets,
        iterations=sets.trace.n_iterations,
        n_without_before=int(gaps[:, 0].sum()),
        n_without_after=int(gaps[:, 1].sum()),
        drawn_from=wide.beside,
        r_hat=float(worst.max()) if worst.size else None,
        converged=sets.converged,
        missing=float(np.nanmax(pooled.fraction_missing)),
        correlation=pooled.correlation,
        slopes=slope_table(
            POOLED_COLUMNS, (BASELINE, *pooled.names[1:]), pooled.k, pooled.correlation,
            slope=pooled.slopes, low=low, high=high, se=pooled.errors, df=pooled.df,
            missing=pooled.fraction_missing,
        ),
        trace=_trace(sets.trace, gaps),
    )  # fmt: skip
    _tell(made, sets.trace, found)
    return pooled.n, made


def _wide(
    inputs: AnalysisInputs,
    settings: ChangeOnBaselineSettings,
    places: tuple[int, int],
    before: Float,
    after: Float,
) -> _Wide:
    """Who has one of both measurements; without those who lack a category, which is not drawn."""
    # What covariates say is told of those who have everything.
    given = covariate_numbers(
        inputs, settings.covariates, Findings(), unknown="change-on-baseline-covariate-unknown",
        among=np.isfinite(before) | np.isfinite(after), fewest=SMALL_CELL, gaps=True,
    )  # fmt: skip
    category = np.array([LABEL_MARK in term for term in given.terms], dtype=bool)
    members = given.persons & np.isfinite(given.values[:, category]).all(axis=1)
    own = np.column_stack([before, after, given.values])[members]
    names, others = _beside(inputs, places, members, own)
    return _Wide(
        values=np.column_stack([own, *others]),
        names=_different([*NAMES, *(told_term(term) for term in given.terms), *names]),
        terms=given.terms,
        beside=names,
    )


def _beside(
    inputs: AnalysisInputs, places: tuple[int, int], members: Bool, own: Float
) -> tuple[tuple[str, ...], list[Float]]:
    """Problems and exposure of the nearest occasions, as far as they tell of those with gaps."""
    labels = inputs.study.labels
    whole = np.isfinite(own).all(axis=1)
    if whole.all():
        return (), []
    room = min(MOST_BESIDE, int(whole.sum()) // PERSONS_EACH - own.shape[1])
    near = sorted(range(len(labels)), key=lambda t: (min(abs(t - place) for place in places), t))
    names: list[str] = []
    columns: list[Float] = []
    for t in near:
        for score in ("P", "E"):
            column = inputs.views.wide(score).values[members, t]
            seen = np.isfinite(column)
            told = column[seen]
            if len(names) >= room or (score == "P" and t in places):
                continue
            if seen[~whole].mean() < 0.5 or seen[whole].mean() < 0.5 or np.ptp(told) == 0:
                continue
            names.append(f"{score} at {labels[t]}")
            columns.append(column)
    return tuple(names), columns


def _different(names: list[str]) -> tuple[str, ...]:
    """Tell names apart: a covariate may be called as a score of an occasion is here."""
    made: list[str] = []
    for name in names:
        told, times = name, 1
        while told in made:
            times += 1
            told = f"{name} ({times})"
        made.append(told)
    return tuple(made)


def _sets(inputs: AnalysisInputs, imputations: int, wide: _Wide) -> CompletedSets:
    """Complete sets; with more rounds where chains have not come together."""
    with inputs.run.cluster() as executor:
        for iterations in ITERATIONS:
            sets = ChainedImputation(
                columns=wide.names, imputations=imputations, iterations=iterations,
                seed=inputs.run.seed + STREAM,
            ).fit(wide.values, executor=executor, progress=inputs.run.tell)  # fmt: skip
            if sets.converged:
                break
    return sets


def _trace(trace: Trace, gaps: NDArray[np.bool_]) -> pl.DataFrame:
    """Rounds of the chains of both measurements."""
    lacking = dict(zip(NAMES, gaps.sum(axis=0).tolist(), strict=False))
    frame = trace.frame().filter(pl.col("column").is_in(NAMES))
    persons = pl.col("column").replace_strict(lacking, return_dtype=pl.Int64).alias("persons")
    return frame.with_columns(persons).select(item.name for item in TRACE_COLUMNS)


def _tell(made: Completed, trace: Trace, found: Findings) -> None:
    """Say what is doubtful of the sets."""
    if not made.converged:
        found.tell("chains-not-together", names=listed(trace.unsettled), rounds=made.iterations)
    needed = int(np.ceil(100 * made.missing))
    if made.sets < needed:
        found.tell("completed-sets-few", sets=made.sets, needed=needed, share=made.missing)
