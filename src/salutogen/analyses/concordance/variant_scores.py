"""The variants themselves. Every one is turned so that positive = less resilient."""

from __future__ import annotations

import numpy as np

from salutogen.analyses.concordance.variants import (
    Values,
    VariantContext,
    variant,
)
from salutogen.models.descriptive import first_component, line_residual, mean_of_z, present_means
from salutogen.norm.lines import MIXED
from salutogen.resilience.mixed_scores import mixed_split_score


@variant("pooled", "occasion", "P minus the least-squares line over all occasions: the SR column.")
def pooled(context: VariantContext) -> np.ndarray | None:
    """Primary occasion score."""
    return context.SR


@variant("person", "person", "Mean P minus the least-squares line over person means.")
def person(context: VariantContext) -> np.ndarray | None:
    """Primary person score."""
    return context.SR_person


@variant(
    "mixed",
    "occasion",
    "P minus the fixed part of the mixed model (1 + E | person); leaves exposure in the score "
    "where within and between slopes differ.",
)
def mixed(context: VariantContext) -> Values | None:
    """Unsplit mixed score."""
    return context.by_line(MIXED)


@variant(
    "mixed_split",
    "occasion",
    "P minus a line with separate slopes of the person's mean exposure and the deviation from it; "
    "free of exposure between and within, but it uses the person's later occasions.",
)
def mixed_split(context: VariantContext) -> np.ndarray | None:
    """Score by the within/between split."""
    return mixed_split_score(context.norm, context.rows)


@variant("winsorised", "occasion", "Line fitted on P and E pulled in to mean +- 3 SD, scored raw.")
def winsorised(context: VariantContext) -> Values | None:
    """Score by the winsorised line."""
    return context.by_line("winsorised")


@variant("robust", "occasion", "Line fitted by Huber's M-estimation.")
def robust(context: VariantContext) -> Values | None:
    """Score by the robust line."""
    return context.by_line("robust")


@variant("quadratic", "occasion", "Least-squares line with a squared term.")
def quadratic(context: VariantContext) -> Values | None:
    """Score by the curved line."""
    return context.by_line("quadratic")


@variant("frozen", "window", "Window means minus the line of the first (or reference) window.")
def frozen(context: VariantContext) -> np.ndarray | None:
    """Window score, frozen line."""
    values: np.ndarray = context.windows["SR_frozen"].fill_null(float("nan")).to_numpy()
    return values if np.isfinite(values).any() else None


@variant("refit", "window", "Window means minus each window's own line; hides change of the group.")
def refit(context: VariantContext) -> np.ndarray | None:
    """Window score, own lines."""
    values: np.ndarray = context.windows["SR_refit"].fill_null(float("nan")).to_numpy()
    return values if np.isfinite(values).any() else None


def _other_exposure(context: VariantContext, kind: str) -> np.ndarray | None:
    """Exposure by another scoring, combined as the study combines its types."""
    found = [context.alternative(f"{column}_{kind}") for column in context.scores.type_columns]
    parts = [part for part in found if part is not None]
    if not parts or len(parts) < len(found):
        return None
    if context.scores.combine != "composite":
        return np.sum(parts, axis=0)
    return mean_of_z(parts)


@variant("count", "occasion", "Exposure scored as the number of events, least-squares line.")
def count(context: VariantContext) -> Values | None:
    """Score given the number of events."""
    E = _other_exposure(context, "count")
    return None if E is None else context.residual(E)


@variant("severity", "occasion", "Exposure scored as the sum of burden, least-squares line.")
def severity(context: VariantContext) -> Values | None:
    """Score given the sum of codes; appraisal is part of the exposure then."""
    E = _other_exposure(context, "severity")
    return None if E is None else context.residual(E)


@variant("composite", "occasion", "Exposure as the mean of z values per type.")
def composite(context: VariantContext) -> Values | None:
    """Score given the equal-weight composite; only where there are several types."""
    names = context.scores.type_columns
    if len(names) < 2 or context.scores.combine == "composite":
        return None
    E = mean_of_z([context.rows.values[name] for name in names])
    return None if E is None else context.residual(E)


@variant("sum", "occasion", "Exposure as the plain sum of the types.")
def plain_sum(context: VariantContext) -> Values | None:
    """Score given the plain sum; only where the study combines otherwise."""
    if len(context.scores.type_columns) < 2 or context.scores.combine != "composite":
        return None
    return context.residual(context.summed_exposure)


@variant(
    "van_harmelen",
    "person",
    "Residual of the first component of mental health on the first component of adversity "
    "(van Harmelen et al. 2017: there higher = better; the sign is turned here).",
)
def van_harmelen(context: VariantContext) -> np.ndarray | None:
    """Residual of person-level first components, both keyed so that higher = worse."""
    rows, table = context.rows, context.scores.table
    problems = [name for name in table.columns if name.startswith("P_")]
    scales = [
        name
        for name in problems
        if table[name].dtype.is_numeric() and name not in ("P_low", "P_high")
    ]
    health = [
        context.occasions[name].cast(float).fill_null(float("nan")).to_numpy()
        for name in scales
        if name in context.occasions.columns
    ] or [rows.values["P"]]
    adversity = [rows.values[name] for name in context.scores.type_columns]
    y = first_component([present_means(part, rows.person, rows.n_persons) for part in health])
    x = first_component([present_means(part, rows.person, rows.n_persons) for part in adversity])
    return None if x is None or y is None else line_residual(y, x)


@variant(
    "veer",
    "person",
    "Residual of a single occasion, each person's first (Veer et al. 2021 use its inverse as "
    "resilience; the sign is turned here).",
)
def veer(context: VariantContext) -> np.ndarray | None:
    """Single-time residual over persons."""
    rows = context.rows
    first = context.first_rows
    return line_residual(rows.values["P"][first], rows.values["E"][first])


@variant(
    "amstadter",
    "occasion",
    "Residual of problems on the exposure added up since the person's first occasion "
    "(Amstadter et al. 2014).",
)
def amstadter(context: VariantContext) -> Values | None:
    """Residual given cumulative exposure, in the raw points of the types."""
    rows = context.rows
    E = context.summed_exposure
    running = np.cumsum(E)
    first = context.first_rows
    before = np.zeros(rows.n_persons)
    before[rows.person[first]] = running[first] - E[first]
    return context.residual(running - before[rows.person])


@variant(
    "ratio",
    "person",
    "Problems gained since the first occasion per point of exposure since then.",
)
def ratio(context: VariantContext) -> np.ndarray | None:
    """Change in P over later exposure; unknown where there is none."""
    rows = context.rows
    first = context.first_rows
    later = np.ones(rows.n, dtype=bool)
    later[first] = False
    E = context.summed_exposure
    present = rows.person[first]
    count = np.bincount(rows.person[later], minlength=rows.n_persons)[present]
    exposure = np.bincount(rows.person[later], E[later], minlength=rows.n_persons)[present]
    problems = np.bincount(rows.person[later], rows.values["P"][later], minlength=rows.n_persons)[
        present
    ]
    usable = (count > 0) & (exposure > 0)
    if not usable.any():
        return None
    result = np.full(present.size, np.nan)
    gained = problems[usable] / count[usable] - rows.values["P"][first][usable]
    result[usable] = gained / (exposure[usable] / count[usable])
    return result


@variant(
    "low_distress",
    "person",
    "0 for persons of the upper half of exposure with P in the lower half, 1 for the others of "
    "that half; unknown for the less exposed, in whom resilience cannot show.",
)
def low_distress(context: VariantContext) -> np.ndarray | None:
    """Binary: low problems despite high exposure."""
    P, E = context.persons["P"].to_numpy(), context.persons["E"].to_numpy()
    exposed = np.median(E) <= E
    result = np.where(np.median(P) >= P, 0.0, 1.0)
    result[~exposed] = np.nan
    return result if np.unique(result[exposed]).size > 1 else None
