"""`score_resilience`: SR at every level, with errors, checks and variants."""

from __future__ import annotations

import numpy as np
import polars as pl

import salutogen.resilience.variant_scores  # noqa: F401  registers the variants
from salutogen.findings import Findings
from salutogen.norm import LineKey, Norm
from salutogen.norm.lines import Level
from salutogen.norm.periods import ValidRows, valid_rows
from salutogen.resilience.between_within import pearson, scored_arrays
from salutogen.resilience.concordance import compare_variants
from salutogen.resilience.findings import (
    tell_bootstrap,
    tell_exposure_left,
    tell_extrapolated,
    tell_far_points,
    tell_measurement,
    tell_sensitivity,
    tell_windows,
)
from salutogen.resilience.levels import arranged, score_level
from salutogen.resilience.outliers import far_points
from salutogen.resilience.reliability import measure
from salutogen.resilience.resilience import Resilience
from salutogen.resilience.sensitivity_run import run_sensitivity
from salutogen.resilience.summary import describe, summarise
from salutogen.resilience.uncertainty import (
    LineDraws,
    bootstrap_line,
    bootstrap_summary,
    with_errors,
)
from salutogen.resilience.variants import VariantContext
from salutogen.resilience.window_summary import summarise_windows
from salutogen.scores import Scores


def score_resilience(
    scores: Scores, norm: Norm, *, seed: int = 1, bootstrap: int | None = None
) -> Resilience:
    """Score resilience: SR = observed - expected problems, positive = less resilient.

    Parameters
    ----------
    scores : Scores
    norm : Norm
        Lines of every level, from `fit_norm`.
    seed : int
        Of the bootstrap over persons.
    bootstrap : int, optional
        Draws; the study file's `resilience.bootstrap` (1,000) by default, 0 for none.

    Returns
    -------
    Resilience
        SR in points of P at every level. `SR_se` joins the line's error (bootstrap over persons)
        with the error of the answers (`sem / sqrt(occasions averaged)`).
    """
    draws = scores.study.plan.resilience.bootstrap if bootstrap is None else bootstrap
    levels: tuple[Level, ...] = ("occasion", "person", "window", "phase")
    occasions, persons, windows, phases = (score_level(scores, norm, one) for one in levels)
    rows = valid_rows(scores)
    arrays = scored_arrays(occasions, scores.persons.height)
    r = pearson(arrays.E, arrays.P)
    measurement = measure(scores, rows, arrays.SR, r)
    lines = _bootstrap(scores, norm, draws, seed)
    occasions = _with_errors(occasions, norm, lines, "occasion", measurement.sem)
    persons = _with_errors(persons, norm, lines, "person", measurement.sem)
    context = _variant_context(scores, norm, rows, occasions, persons, windows)
    variants = compare_variants(context, "pooled" if norm.primary == "occasion" else "person")
    mixed_scores = _mixed_scores(context)
    descriptives = describe(arrays)
    summary = summarise(arrays, windows, norm, descriptives, measurement, mixed_scores)
    window_summary = summarise_windows(windows, norm)
    far = _far_points(scores, norm)
    sensitivity = run_sensitivity(scores, norm, rows, arrays, persons, far)
    boot = bootstrap_summary(lines, draws=draws, seed=seed)
    findings = Findings()
    tell_exposure_left(summary, findings)
    tell_windows(windows, window_summary, norm, summary, findings)
    tell_measurement(measurement, findings)
    tell_extrapolated(occasions, windows, persons, findings)
    tell_far_points(far, findings)
    tell_sensitivity(sensitivity, findings)
    tell_bootstrap(boot, findings)
    return Resilience(
        scores=scores,
        norm=norm,
        occasions=occasions,
        windows=windows,
        persons=persons,
        phases=phases,
        window_summary=window_summary,
        descriptives=descriptives,
        summary=summary,
        variants=variants,
        sensitivity=sensitivity,
        bootstrap=boot,
        outliers=far,
        findings=tuple(findings),
    )


def _bootstrap(scores: Scores, norm: Norm, draws: int, seed: int) -> dict[str, LineDraws | None]:
    """Bootstrap the reference line of each level; an external line keeps its own errors."""
    if norm.external is not None or draws < 1:
        return {}
    lines: dict[str, LineDraws | None] = {}
    for line in (norm.lines.occasion, norm.lines.person):
        units = norm.reference_units[line.level]
        lines[line.level] = bootstrap_line(line, units, level=line.level, draws=draws, seed=seed)
    frozen = norm.lines.reference("window")
    if frozen is not None and "window" in norm.reference_units:
        lines["window_frozen"] = bootstrap_line(
            frozen, norm.reference_units["window"], level="window", draws=draws, seed=seed
        )
    return lines


def _with_errors(
    table: pl.DataFrame,
    norm: Norm,
    lines: dict[str, LineDraws | None],
    level: Level,
    sem: float | None,
) -> pl.DataFrame:
    scored = with_errors(
        table,
        norm.lines[LineKey(level)],
        lines.get(level),
        level=level,
        sem=sem,
        covariates=norm.with_covariates(table),
    )
    return arranged(scored, level, norm.scores.exposure_types)


def _variant_context(
    scores: Scores,
    norm: Norm,
    rows: ValidRows,
    occasions: pl.DataFrame,
    persons: pl.DataFrame,
    windows: pl.DataFrame,
) -> VariantContext:
    valid = scores.table["valid"]
    alternatives = scores.alternatives
    return VariantContext(
        scores=scores,
        norm=norm,
        rows=rows,
        occasions=norm.with_covariates(scores.table.filter(valid)),
        alternatives=alternatives.filter(valid) if alternatives.width else alternatives,
        persons=persons,
        windows=windows,
        SR=occasions.filter(valid)["SR"].fill_null(float("nan")).to_numpy(),
        SR_person=persons["SR"].fill_null(float("nan")).to_numpy(),
    )


def _mixed_scores(context: VariantContext) -> dict[str, np.ndarray]:
    from salutogen.resilience.variant_scores import mixed, mixed_split

    known = np.isfinite(context.SR)
    scores = {"mixed": mixed(context), "mixed_split": mixed_split(context)}
    return {name: values[known] for name, values in scores.items() if values is not None}


def _far_points(scores: Scores, norm: Norm) -> pl.DataFrame:
    valid = norm.with_covariates(scores.table.filter(pl.col("valid")))
    persons = norm.with_covariates(norm.period_tables["person"])
    return pl.concat(
        [
            far_points(norm.lines.occasion, valid, "occasion"),
            far_points(norm.lines.person, persons, "person"),
        ]
    )
