"""`score`: from a panel of answers to P, E and what is known of how well they are measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ScoreError
from salutogen.findings import Findings
from salutogen.models.parallel.threads import at_once
from salutogen.namespaces import factor_column, factor_column_of_persons, scale_column
from salutogen.panel import Panel
from salutogen.scores.answers import (
    BoolArray,
    FloatArray,
    Form,
    answered_rows,
    baseline_form,
    repeated_form,
    to_series,
    to_small_series,
)
from salutogen.scores.checks import check_roles, check_rows, check_variation, tell_renamed
from salutogen.scores.exposure import (
    ExposureScores,
    check_exposure,
    combine_types,
    exposure_measure,
    fit_standardiser,
    score_exposure,
)
from salutogen.scores.exposure_quality import check_items, exposure_quality, item_quality
from salutogen.scores.factors import check_factor, score_factor
from salutogen.scores.flow import participant_flow
from salutogen.scores.of_few import with_few_told
from salutogen.scores.problems import ProblemScores, check_problems, score_problems
from salutogen.scores.ready_made import check_single_columns
from salutogen.scores.scale_reliability import between_and_within, measured_reliability
from salutogen.scores.scores import Scores, Standardiser
from salutogen.study import Study

COLUMNS = 10  # about as many are gone through by each of what is done side by side


@dataclass(frozen=True, kw_only=True)
class _Forms:
    """The answer forms of a study by their role."""

    problems: dict[str, Form]
    exposure: dict[str, Form]
    repeated: dict[str, Form]
    baseline: dict[str, Form]


@dataclass(frozen=True, kw_only=True)
class _Combined:
    """E of all types together."""

    score: FloatArray
    low: FloatArray
    high: FloatArray
    valid: BoolArray
    standardiser: Standardiser | None


def score(panel: Panel) -> Scores:
    """Score problems and exposure at every person-occasion with at least one answered item.

    P follows the instrument's rule, prorated from 80 % answered items by default; E is scored by
    type and never prorated. An absent form gives no score, never 0. Higher P = worse, higher E =
    more exposure. Defaults and their mends are described with the findings.

    Parameters
    ----------
    panel : Panel
        Answers by person, occasion and item.

    Returns
    -------
    Scores
        One row per person and occasion, in raw points; see `Scores`.

    Raises
    ------
    ScoreError
        A scale cannot be scored as asked, no row has both P and E, or P or E never varies. Carries
        every reason at once.
    """
    study, findings = panel.study, Findings()
    check_roles(study, panel.answers, findings)
    findings.raise_refusals(ScoreError)
    keep = answered_rows(panel)
    forms = _forms(panel, keep)
    _check_before_scoring(study, forms, findings)
    findings.raise_refusals(ScoreError)
    rows = panel.rows if keep is None else panel.rows.filter(keep)
    rules, exposure_plan = study.plan.missing, study.plan.exposure
    problems: ProblemScores
    exposure: ExposureScores
    problems, exposure = _side_by_side(
        lambda: score_problems(
            list(forms.problems.values()),
            study.problems,
            findings,
            prorate=rules.prorate,
            subscales=study.subscale_names,
        ),
        lambda: score_exposure(
            forms.exposure,
            {name: study.exposure_score(name) for name in forms.exposure},
            threshold=exposure_plan.threshold,
            most_skipped=rules.checklist,
        ),
        n_rows=rows.height,
    )
    combined = _combine(exposure, problems, exposure_plan.combine)
    check_variation(exposure_plan.combine, exposure, problems, combined.valid, findings)
    findings.raise_refusals(ScoreError)
    factors = {
        name: score_factor(form, prorate=rules.prorate, most_skipped=rules.checklist)
        for name, form in forms.repeated.items()
    }
    return with_few_told(
        _assemble(panel, rows, forms, problems, exposure, combined, factors, findings)
    )


def _side_by_side(*tasks: Callable[[], Any], n_rows: int) -> list[Any]:
    """Do what touches nothing of each other, two at a time where there are many rows."""
    return at_once(tasks, cost=COLUMNS * n_rows)


def _forms(panel: Panel, keep: pl.Series | None) -> _Forms:
    study = panel.study
    return _Forms(
        problems={name: repeated_form(panel, name, keep) for name in study.problems.instruments},
        exposure={name: repeated_form(panel, name, keep) for name in study.exposure_types},
        repeated={
            name: repeated_form(panel, name, keep)
            for name in study.plan.factors
            if name in panel.answers
        },
        baseline={
            name: baseline_form(panel, name)
            for name in study.plan.factors
            if name in panel.baseline
        },
    )


def _check_before_scoring(study: Study, forms: _Forms, findings: Findings) -> None:
    """Say everything that makes scoring impossible before a single value is looked at."""
    check_problems([form.instrument for form in forms.problems.values()], study.problems, findings)
    check_exposure(
        [form.instrument for form in forms.exposure.values()],
        {name: study.exposure_score(name) for name in forms.exposure},
        findings,
    )
    check_single_columns(study, forms.exposure, findings)
    for form in (*forms.repeated.values(), *forms.baseline.values()):
        check_factor(form, findings)
    tell_renamed(
        [form.instrument for form in forms.exposure.values()],
        tuple(forms.problems),
        study.subscale_names,
        findings,
    )


def _combine(exposure: ExposureScores, problems: ProblemScores, combine: str) -> _Combined:
    """Join the types; composites are standardised over all rows that have every type and P."""
    raw = {column: one.score for column, one in exposure.columns.items()}
    present = np.isfinite(problems.score)
    for values in raw.values():
        present = present & np.isfinite(values)
    standardiser = None
    if combine == "composite" and int(present.sum()) > 1:
        standardiser = fit_standardiser(raw, present)
        if not all(sd > 0 for sd in standardiser.sds):
            standardiser = None
    parts = (
        raw,
        {column: one.low for column, one in exposure.columns.items()},
        {column: one.high for column, one in exposure.columns.items()},
    )
    total, low, high = (combine_types(part, combine, standardiser) for part in parts)
    return _Combined(score=total, low=low, high=high, valid=present, standardiser=standardiser)


def _table(
    panel: Panel,
    rows: pl.DataFrame,
    problems: ProblemScores,
    exposure: ExposureScores,
    combined: _Combined,
    factors: dict[str, FloatArray],
) -> pl.DataFrame:
    """Put the columns of `Scores.table` side by side."""
    study = panel.study
    skipped = np.logical_or.reduce([one.skipped for one in exposure.types.values()])
    labels = pl.Series("occasion", study.labels, dtype=pl.Enum(list(study.labels)))
    columns = [
        rows["person"],
        rows["occasion"].alias("occasion_index"),
        labels.gather(rows["occasion"].cast(pl.UInt32)).alias("occasion"),
        rows["time"],
        to_series("E", combined.score),
        to_series("P", problems.score),
        *(to_series(column, one.score) for column, one in exposure.columns.items()),
        pl.Series("valid", combined.valid),
        pl.Series("P_prorated", problems.prorated),
        pl.Series("E_skipped", skipped),
        to_small_series("E_low", combined.low),
        to_small_series("E_high", combined.high),
        to_small_series("P_low", problems.low),
        to_small_series("P_high", problems.high),
    ]
    if len(problems.scales) > 1:
        scales = problems.scales
        columns += [
            to_series(scale_column(name, scales), one.score) for name, one in scales.items()
        ]
    columns += [to_series(factor_column(name), values) for name, values in factors.items()]
    columns += [to_series(name, values) for name, values in exposure.blocks.items()]
    return pl.DataFrame(columns)


def _assemble(
    panel: Panel,
    rows: pl.DataFrame,
    forms: _Forms,
    problems: ProblemScores,
    exposure: ExposureScores,
    combined: _Combined,
    factors: dict[str, FloatArray],
    findings: Findings,
) -> Scores:
    study = panel.study
    plan = study.plan.exposure
    person, occasion = rows["person"].to_numpy(), rows["occasion"].to_numpy()
    time = rows["time"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    shown = {name: one.score for name, one in exposure.types.items()}
    of_rows, of_scales = Findings(), Findings()
    items, (reliability, reliability_p), between, by_occasion, table, _ = _side_by_side(
        lambda: item_quality(forms.exposure, problems.score, person),
        lambda: measured_reliability(
            forms.problems, problems, exposure, person, combined.valid, of_scales
        ),
        lambda: between_and_within(forms.problems, problems, person),
        lambda: exposure_quality(
            study, shown, combined.score, problems.score, person, occasion, time
        ),
        lambda: _table(panel, rows, problems, exposure, combined, factors),
        lambda: check_rows(study, rows, problems, exposure, panel.n_rows, of_rows),
        n_rows=rows.height,
    )
    findings.extend(of_rows)
    check_items(items, findings)
    findings.extend(of_scales)
    return Scores(
        study=study,
        table=table,
        exposure_types=tuple(exposure.types),
        combine=plan.combine,
        measures={
            "P": problems.measure,
            "E": exposure_measure(exposure.measures, plan.combine),
            **exposure.measures,
        },
        persons=_persons(panel, forms.baseline),
        reliability=reliability,
        between_within=between,
        reliability_p=reliability_p,
        exposure_quality=by_occasion,
        item_quality=items,
        first_component=problems.component,
        exposure_standardiser=combined.standardiser,
        factors_baseline=tuple(forms.baseline),
        factors_repeated=tuple(forms.repeated),
        alternatives=pl.DataFrame(
            [*exposure.alternatives.values(), *problems.alternatives.values()]
        ),
        flow=_flow(panel, occasion, problems, combined),
        findings=tuple(findings),
    )


def _flow(
    panel: Panel, occasion: NDArray[Any], problems: ProblemScores, combined: _Combined
) -> pl.DataFrame:
    return participant_flow(
        panel.study.labels,
        panel.n_persons,
        occasion,
        with_p=np.isfinite(problems.score),
        with_e=np.isfinite(combined.score),
        valid=combined.valid,
    )


def _persons(panel: Panel, baseline: dict[str, Form]) -> pl.DataFrame:
    """Persons with their background and scored baseline factors."""
    rules = panel.study.plan.missing
    taken = panel.persons.columns
    return panel.persons.with_columns(
        to_series(
            factor_column_of_persons(name, taken),
            score_factor(form, prorate=rules.prorate, most_skipped=rules.checklist),
        )
        for name, form in baseline.items()
    )
