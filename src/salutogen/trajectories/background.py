"""SR at the locked occasions with the anchor's own item taken out of the exposure of everyone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from salutogen.findings import Finding, finding
from salutogen.norm import Norm
from salutogen.norm.line_fit import fit_line, line_problems
from salutogen.norm.recipe import recipe_of
from salutogen.panel import Panel
from salutogen.resilience.levels import with_line
from salutogen.scores import Scores, score
from salutogen.scores.checklist import absence_code
from salutogen.trajectories.anchors import Anchors
from salutogen.trajectories.events import EventGrid
from salutogen.trajectories.locks import Lock, lock_courses


def lock_without_event(
    anchors: Anchors, grid: EventGrid, panel: Panel, norm: Norm, lock: Lock
) -> tuple[Lock | None, tuple[Finding, ...]]:
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
    Lock or None
        None where no line can be fitted again; the findings say why.
    """
    if norm.external is not None:
        text = f"The line comes from {norm.external} and cannot be fitted again without an event."
        return None, (finding("background-not-recomputed", text),)
    shape = (grid.observed.shape[0], grid.observed.shape[1])
    SR, z = lock.SR.copy(), lock.SR_z.copy()
    for place in np.unique(anchors.item):
        scored, problems = _scored_without(grid, int(place), panel, norm)
        if scored is None:
            reasons = " ".join(problem.text for problem in problems)
            text = f"Without {grid.items[place]!r} there is no line over occasions: {reasons}"
            return None, (finding("background-not-recomputed", text),)
        again = lock_courses(anchors, scored, shape)
        mine = anchors.item == place
        SR[mine], z[mine] = again.SR[mine], again.SR_z[mine]
    return replace(lock, SR=SR, SR_z=z), ()


def _scored_without(
    grid: EventGrid, place: int, panel: Panel, norm: Norm
) -> tuple[pl.DataFrame | None, list[Finding]]:
    """Score all rows by the occasions' line of exposure without one item."""
    scores = score(_panel_without(grid, place, panel))
    recipe = replace(
        recipe_of(scores, panel.study.plan.norm, norm.occasion.covariates),
        shape=norm.occasion.shape,
    )
    keys = norm.reference_units["occasion"].select("person", "occasion_index")
    units = _with_covariates(norm, scores).join(
        keys, on=["person", "occasion_index"], how="semi", maintain_order="left"
    )
    units = units.filter(pl.col("valid"))
    problems = line_problems(units, recipe, "occasion")
    if problems:
        return None, problems
    line = fit_line(units, recipe, level="occasion", reference=norm.occasion.reference)
    return with_line(line, _with_covariates(norm, scores), "occasion"), []


def _with_covariates(norm: Norm, scores: Scores) -> pl.DataFrame:
    return norm.with_covariates(scores.table)


def _panel_without(grid: EventGrid, place: int, panel: Panel) -> Panel:
    """Answer one item as "did not happen" wherever it was answered."""
    name, item = grid.instruments[place], grid.items[place]
    answers = panel.answers[name]
    kind = answers.schema[item]
    absence = pl.lit(absence_code(panel.study.instruments[name])).cast(kind)
    changed = answers.with_columns(pl.when(pl.col(item).is_not_null()).then(absence).alias(item))
    return replace(panel, answers={**panel.answers, name: changed})
