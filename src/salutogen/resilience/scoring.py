"""`score_resilience`: SR at every level, with errors and checks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from salutogen.findings import Findings
from salutogen.models.descriptive import pearson
from salutogen.models.parallel.threads import at_once
from salutogen.norm import LineKey, Norm
from salutogen.norm.lines import Level, Line
from salutogen.norm.periods import valid_rows
from salutogen.page.audience import smallest_of
from salutogen.resilience.between_within import scored_arrays
from salutogen.resilience.claims import claims
from salutogen.resilience.cross_fit import CrossFit, cross_fit
from salutogen.resilience.errors import with_errors_of_days, with_errors_of_persons
from salutogen.resilience.findings import (
    tell_bootstrap,
    tell_carried,
    tell_cross_fit,
    tell_exposure_left,
    tell_extrapolated,
    tell_levels,
    tell_measurement,
    tell_refit,
)
from salutogen.resilience.levels import arranged, score_level
from salutogen.resilience.mixed_scores import mixed_score, mixed_split_score
from salutogen.resilience.person_levels import levels_of_persons
from salutogen.resilience.reliability import measure
from salutogen.resilience.resilience import Resilience
from salutogen.resilience.summary import describe, summarise
from salutogen.resilience.uncertainty import (
    LineDraws,
    bootstrap_line,
    bootstrap_summary,
    line_error,
)
from salutogen.scores import Scores

COLUMNS = 10  # about as many are gone through by each of what is done side by side


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
        SR in points of P at every level. `SR_se` of an occasion joins the line's error (bootstrap
        over persons) with that of the answers; `SR_se` of a person is of the person's level over
        the period, `SR_se_days` of the answered occasions alone.
    """
    draws = scores.study.plan.resilience.bootstrap if bootstrap is None else bootstrap
    kinds: tuple[Level, ...] = ("occasion", "person", "window", "phase")
    n_rows = scores.table.height
    occasions, persons, windows, phases = at_once(
        [partial(score_level, scores, norm, one) for one in kinds], cost=COLUMNS * n_rows
    )
    arrays = scored_arrays(occasions, scores.persons.height)
    measurement = measure(scores, arrays.P, pearson(arrays.E, arrays.P))
    side_by_side: list[Callable[[], Any]] = [
        partial(levels_of_persons, persons, arrays, norm, scores.study.plan.resilience),
        partial(_bootstrap, norm, draws, seed),
        partial(_mixed_scores, scores, norm, occasions["SR"]),
        partial(describe, arrays),
    ]
    levels, lines, mixed_scores, descriptives = at_once(side_by_side, cost=COLUMNS * n_rows)
    sem = measurement.sem
    occasions = with_errors_of_days(occasions, _line_error(occasions, norm, lines, "occasion"), sem)
    of_line = _line_error(persons, norm, lines, "person")
    called = claims(persons, of_line, levels, smallest_of(scores.study.plan.report.individuals))
    persons = with_errors_of_persons(persons, of_line, sem, levels).with_columns(called.clear)
    crossed = _cross_fit(scores, norm, persons, seed)
    if crossed is not None:
        persons = persons.with_columns(crossed.scores)
    summary = summarise(arrays, persons, windows, norm, descriptives, measurement, mixed_scores)
    boot = bootstrap_summary(lines, draws=draws, seed=seed)
    findings = Findings()
    tell_exposure_left(summary, findings)
    tell_measurement(measurement, findings)
    tell_carried(persons, of_line, findings)
    for table, level in ((windows, "window"), (phases, "phase")):
        tell_refit(table, level, findings)
    tell_levels(levels, called.summary, scores.study.plan.resilience, findings)
    tell_extrapolated(occasions, windows, persons, findings)
    tell_bootstrap(boot, findings)
    tell_cross_fit(crossed, scores.study.plan.norm.cross_fit, findings)
    return Resilience(
        scores=scores,
        norm=norm,
        occasions=arranged(occasions, "occasion", scores),
        windows=windows,
        persons=arranged(persons, "person", scores),
        phases=phases,
        descriptives=descriptives,
        summary=summary,
        claims=called.summary,
        bootstrap=boot,
        cross_fit=crossed,
        findings=tuple(findings),
    )


def _bootstrap(norm: Norm, draws: int, seed: int) -> dict[str, LineDraws | None]:
    """Bootstrap the reference line of each level; an external line keeps its own errors."""
    if norm.external is not None or draws < 1:
        return {}

    def drawn(line: Line, level: Level) -> LineDraws | None:
        # Units of occasions are made when they are asked for, and not kept here beside the draws.
        return bootstrap_line(line, norm.units(level), level=level, draws=draws, seed=seed)

    primary = (norm.lines.occasion, norm.lines.person)
    lines: dict[str, LineDraws | None] = {line.level: drawn(line, line.level) for line in primary}
    frozen = norm.lines.reference("window")
    if frozen is not None and norm.units("window") is not None:
        lines["window_frozen"] = drawn(frozen, "window")
    return lines


def _cross_fit(scores: Scores, norm: Norm, persons: pl.DataFrame, seed: int) -> CrossFit | None:
    folds = scores.study.plan.norm.cross_fit
    return None if folds is None else cross_fit(norm, persons, folds=folds, seed=seed)


def _line_error(
    table: pl.DataFrame, norm: Norm, lines: dict[str, LineDraws | None], level: Level
) -> np.ndarray:
    """Standard error of a level's line at each of its rows."""
    line = norm.lines[LineKey(level)]
    return line_error(lines.get(level), line, norm.with_covariates(table), level)


def _mixed_scores(scores: Scores, norm: Norm, SR: pl.Series) -> dict[str, np.ndarray]:
    """Scores by the mixed model of the valid occasions that have an SR, where they exist."""
    known = SR.filter(scores.table["valid"]).is_not_null().to_numpy()
    found = {
        "mixed": mixed_score(norm, scores.valid_rows()),
        "mixed_split": mixed_split_score(norm, valid_rows(scores)),
    }
    return {name: values[known] for name, values in found.items() if values is not None}
