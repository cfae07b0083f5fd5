"""SR at the locked occasions with the anchor's own item taken out of the exposure of everyone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.anchors.events import EventGrid
from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.locks import LOCKED, FloatArray, Lock, lock_courses
from salutogen.errors import NormError
from salutogen.findings import Finding, finding
from salutogen.norm import Norm
from salutogen.norm.line_fit import fit_line, line_problems
from salutogen.norm.line_spec import line_spec
from salutogen.panel import Panel
from salutogen.resilience.levels import with_line
from salutogen.scores import Scores
from salutogen.scores.answers import answered_rows, repeated_form, to_series
from salutogen.scores.checklist import absence_code, checklist_totals, score_checklist
from salutogen.scores.exposure import combine_types


def lock_without_event(
    anchors: Anchors, grid: EventGrid, panel: Panel, norm: Norm, lock: Lock
) -> tuple[Lock | None, FloatArray | None, tuple[Finding, ...]]:
    """Lock SR that is judged without the anchor event.

    For each item that anchors somebody, the item counts as not having happened in all rows, E and
    the occasions' line are computed again, and the persons anchored by it get that SR.

    Parameters
    ----------
    anchors, grid, panel, norm
    lock : Lock
        With the event in the background; gives what does not change.

    Returns
    -------
    lock : Lock or None
        None where no line can be fitted again; the findings say why.
    rows : ndarray or None, shape (n, occasions)
        That SR of the person of each anchor at every planned occasion.
    findings : tuple of Finding
    """
    if norm.external is not None:
        told = finding("background-not-recomputed", variant="external", external=norm.external)
        return None, None, (told,)
    if not set(grid.instruments) & set(norm.scores.exposure_types):
        return None, None, (finding("event-outside-exposure"),)
    SR, z = lock.SR.copy(), lock.SR_z.copy()
    rows = np.full((anchors.n, grid.observed.shape[1]), np.nan)
    for place in np.unique(anchors.item):
        scored, problems = _scored_without(grid, int(place), panel, norm)
        if scored is None:
            reasons = " ".join(problem.text for problem in problems)
            told = finding(
                "background-not-recomputed",
                variant="no-line",
                item=grid.items[place],
                reasons=reasons,
            )
            return None, None, (told,)
        wide = _by_occasion(scored, grid.observed.shape)
        again = lock_courses(anchors, wide)
        mine = anchors.item == place
        SR[mine], z[mine] = again.SR[mine], again.SR_z[mine]
        rows[mine] = wide["SR"][anchors.person[mine]]
    return replace(lock, SR=SR, SR_z=z), rows, ()


def _by_occasion(table: pl.DataFrame, shape: tuple[int, ...]) -> dict[str, FloatArray]:
    """Spread rows that were scored anew over persons and planned occasions."""
    person, occasion = table["person"].to_numpy(), table["occasion_index"].to_numpy()
    found = {}
    for name in LOCKED:
        if name in table.columns:
            found[name] = np.full(shape, np.nan)
            found[name][person, occasion] = table[name].cast(pl.Float64).to_numpy()
    return found


def _scored_without(
    grid: EventGrid, place: int, panel: Panel, norm: Norm
) -> tuple[pl.DataFrame | None, Sequence[Finding]]:
    """Score all rows by the occasions' line of exposure without one item."""
    scores = norm.scores
    table = norm.with_covariates(_exposure_without(grid, place, panel, scores))
    own = norm.lines.occasion
    spec = replace(line_spec(scores, own.covariates), shape=own.shape)
    units = table if norm.reference_rows is None else table.filter(norm.reference_rows)
    problems: Sequence[Finding] = line_problems(units, spec, "occasion")
    if not problems:
        try:
            line = fit_line(units, spec, level="occasion", reference=own.reference)
        except NormError as error:
            problems = error.findings
        else:
            return with_line(line, table, "occasion"), ()
    return None, problems


def _exposure_without(grid: EventGrid, place: int, panel: Panel, scores: Scores) -> pl.DataFrame:
    """`Scores.table` with one item counted as "did not happen" wherever it was answered.

    Where types are averaged as z values, the line standardises them again by itself.
    """
    name, item = grid.instruments[place], grid.items[place]
    if name not in scores.exposure_types:
        return scores.table
    instrument = panel.study.instruments[name]
    answers = panel.answers[name]
    absence = pl.lit(absence_code(instrument)).cast(answers.schema[item])
    answered = pl.when(answers[item].is_not_null())
    changed = answers.with_columns(answered.then(absence).alias(item))
    form = repeated_form(
        replace(panel, answers={**panel.answers, name: changed}), name, answered_rows(panel)
    )
    plan = panel.study.plan
    score = score_checklist(
        checklist_totals(form, threshold=plan.exposure.threshold),
        panel.study.exposure_score(name),
        most_skipped=plan.missing.checklist,
    )
    table = scores.table.with_columns(to_series(scores.type_column(name), score.score))
    if scores.combine == "composite":
        return table
    total = combine_types(
        {column: table[column].to_numpy() for column in scores.type_columns}, "sum", None
    )
    return table.with_columns(to_series("E", total))
