"""`score`: from a panel of answers to P, E and what is known of how well they are measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.errors import ScoreError
from salutogen.findings import Finding
from salutogen.panel import Panel
from salutogen.scores.answers import (
    BoolArray,
    FloatArray,
    Form,
    answered_rows,
    baseline_form,
    repeated_form,
    to_series,
)
from salutogen.scores.checks import constant_findings, naming_faults, role_faults, row_findings
from salutogen.scores.exposure import (
    ExposureScores,
    combine_types,
    exposure_faults,
    exposure_measure,
    fit_standardiser,
    score_exposure,
)
from salutogen.scores.factors import factor_faults, score_factor
from salutogen.scores.problems import ProblemScores, problem_faults, score_problems
from salutogen.scores.quality import (
    COMBINED,
    exposure_quality,
    item_findings,
    item_quality,
    quality_findings,
)
from salutogen.scores.scale_reliability import measured_reliability
from salutogen.scores.scores import Scores, Standardiser
from salutogen.study import Study


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
    study = panel.study
    absent = role_faults(study, panel.answers)
    if absent:
        raise ScoreError(absent)
    keep = answered_rows(panel)
    forms = _forms(panel, keep)
    faults = _faults(study, forms, panel)
    if faults:
        raise ScoreError(faults)
    rows = panel.rows if keep is None else panel.rows.filter(keep)
    rules, exposure_plan = study.plan.missing, study.plan.exposure
    problems = score_problems(list(forms.problems.values()), study.problems, prorate=rules.prorate)
    exposure = score_exposure(
        forms.exposure,
        {name: study.exposure_score(name) for name in forms.exposure},
        threshold=exposure_plan.threshold,
        most_skipped=rules.checklist,
    )
    combined = _combine(exposure, problems, exposure_plan.combine)
    refused = constant_findings(exposure_plan.combine, exposure, problems, combined.valid)
    if refused:
        raise ScoreError(refused)
    factors = {
        name: score_factor(form, prorate=rules.prorate, most_skipped=rules.checklist)
        for name, form in forms.repeated.items()
    }
    return _assemble(panel, rows, forms, problems, exposure, combined, factors, keep)


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


def _faults(study: Study, forms: _Forms, panel: Panel) -> list[Finding]:
    """Everything that makes scoring impossible before a single value is looked at."""
    faults = problem_faults([form.instrument for form in forms.problems.values()], study.problems)
    faults += exposure_faults(
        [form.instrument for form in forms.exposure.values()],
        {name: study.exposure_score(name) for name in forms.exposure},
    )
    for form in (*forms.repeated.values(), *forms.baseline.values()):
        faults += factor_faults(form)
    faults += naming_faults(
        tuple(forms.exposure), tuple(forms.problems), tuple(forms.repeated), tuple(forms.baseline),
        tuple(panel.persons.columns),
    )  # fmt: skip
    return faults


def _combine(exposure: ExposureScores, problems: ProblemScores, combine: str) -> _Combined:
    """Join the types; composites are standardised over all rows that have every type and P."""
    raw = {f"E_{name}": one.score for name, one in exposure.types.items()}
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
        {f"E_{name}": one.low for name, one in exposure.types.items()},
        {f"E_{name}": one.high for name, one in exposure.types.items()},
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
    labels = pl.Series("occasion", study.labels, dtype=pl.String)
    columns = [
        rows["person"],
        panel.persons["subject"].gather(rows["person"]).alias("subject"),
        rows["occasion"].alias("occasion_index"),
        labels.gather(rows["occasion"].cast(pl.UInt32)).alias("occasion"),
        rows["time"],
        to_series("E", combined.score),
        to_series("P", problems.score),
        *(to_series(f"E_{name}", one.score) for name, one in exposure.types.items()),
        pl.Series("valid", combined.valid),
        pl.Series("P_prorated", problems.prorated),
        pl.Series("E_skipped", skipped),
        to_series("E_low", combined.low),
        to_series("E_high", combined.high),
        to_series("P_low", problems.low),
        to_series("P_high", problems.high),
    ]
    if len(problems.scales) > 1:
        columns += [to_series(f"P_{name}", one.score) for name, one in problems.scales.items()]
    columns += [to_series(name, values) for name, values in factors.items()]
    return pl.DataFrame(columns)


def _assemble(
    panel: Panel,
    rows: pl.DataFrame,
    forms: _Forms,
    problems: ProblemScores,
    exposure: ExposureScores,
    combined: _Combined,
    factors: dict[str, FloatArray],
    keep: pl.Series | None,
) -> Scores:
    study = panel.study
    plan = study.plan.exposure
    person, occasion = rows["person"].to_numpy(), rows["occasion"].to_numpy()
    time = rows["time"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    shown = {name: one.score for name, one in exposure.types.items()}
    if len(shown) > 1:
        shown[COMBINED] = combined.score
    reliability, reliability_p, said = measured_reliability(
        forms.problems, problems, exposure, person
    )
    scales: dict[str, object] = {}
    if problems.component is not None:
        scales["first_component"] = problems.component
    if combined.standardiser is not None:
        scales["exposure_standardiser"] = combined.standardiser
    items = item_quality(forms.exposure, problems.score)
    alternatives = {**exposure.alternatives, **problems.alternatives}
    return Scores(
        study=study,
        table=_table(panel, rows, problems, exposure, combined, factors),
        exposure_types=tuple(exposure.types),
        combine=plan.combine,
        measures={
            "P": problems.measure,
            "E": exposure_measure(exposure.measures, plan.combine),
            **exposure.measures,
        },
        persons=_persons(panel, forms.baseline),
        reliability=reliability,
        reliability_p=reliability_p,
        exposure_quality=exposure_quality(study, shown, problems.score, person, occasion, time),
        item_quality=items,
        scales=scales,
        factors_baseline=tuple(forms.baseline),
        factors_repeated=tuple(forms.repeated),
        alternatives=pl.DataFrame([to_series(k, v) for k, v in alternatives.items()]),
        flow=_flow(panel, occasion, problems.score, combined),
        findings=(
            *problems.findings,
            *row_findings(study, rows, problems, exposure, panel.n_rows),
            *quality_findings(shown, problems.score),
            *item_findings(items),
            *said,
        ),
    )


def _persons(panel: Panel, baseline: dict[str, Form]) -> pl.DataFrame:
    """Persons with their background and scored baseline factors."""
    rules = panel.study.plan.missing
    return panel.persons.with_columns(
        to_series(name, score_factor(form, prorate=rules.prorate, most_skipped=rules.checklist))
        for name, form in baseline.items()
    )


def _flow(
    panel: Panel, occasion: NDArray[Any], problems: FloatArray, combined: _Combined
) -> pl.DataFrame:
    """Persons by planned occasion: planned, with an answer, with P, with E, with both."""
    n = len(panel.study.occasions)

    def at(mask: BoolArray) -> NDArray[np.int64]:
        return np.bincount(occasion[mask], minlength=n).astype(np.int64)

    return pl.DataFrame(
        {
            "occasion_index": np.arange(n, dtype=np.uint16),
            "occasion": list(panel.study.labels),
            "planned": np.full(n, panel.n_persons, dtype=np.int64),
            "answered": at(np.ones(len(occasion), dtype=bool)),
            "with_P": at(np.isfinite(problems)),
            "with_E": at(np.isfinite(combined.score)),
            "valid": at(combined.valid),
        }
    )
