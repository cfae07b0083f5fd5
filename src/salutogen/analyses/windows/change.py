"""Change over windows: what a model of single occasions, which uses everyone, tells of it.

Means of those present move by who leaves, and so do means of those who stayed to the end. Where
leaving depends on what was seen before, a model of all occasions with persons as random intercepts
is not moved (Little & Rubin 2019); how far leaving for unseen reasons would move it is told beside.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.windows.change_error import Shift, contrast_of, no_shifts
from salutogen.analyses.windows.change_result import WindowChange
from salutogen.analyses.windows.change_rows import ChangeRows, change_rows
from salutogen.analyses.windows.change_sums import ChangeSums, change_sums
from salutogen.analyses.windows.course import course_of
from salutogen.analyses.windows.nearly_everyone import told_change
from salutogen.models.mixed.random_intercept_ar1 import (
    Persistence,
    PersonRows,
    error_of_persistence,
    fit_persistence,
    person_rows,
    residual_variance,
    unpacked,
)
from salutogen.models.resampling.bootstrap import bootstrap_sums

Float = np.ndarray


def change_over_windows(inputs: AnalysisInputs) -> WindowChange | None:
    """Estimate the change from the first window to the last; None where there is none to estimate.

    The model is `P ~ E + occasion + (1 | person)` over single occasions, E in the shape and with
    the covariates of the line of occasions, residuals autocorrelated where the data tell it. The
    change is the mean effect of the last window's occasions less that of the first's. Persons are
    resampled with the whole of their rows; every coefficient, that of exposure included, is
    refitted in each resample; the error of the variances is added. Without resamples the error is
    that of the model.
    """
    rows = change_rows(inputs)
    if rows is None:
        return None
    found = change_of(rows, draws=inputs.study.plan.resilience.bootstrap, seed=inputs.run.seed)
    if found is None:
        return None
    n_in_windows = inputs.resilience.windows["person"].n_unique()
    return told_change(found, rows, n_in_windows, inputs.run.audience)


def change_of(rows: ChangeRows, *, draws: int, seed: int) -> WindowChange | None:
    """Estimate the change from rows that are prepared; None where the model cannot be fitted."""
    columns, persons, occasion = _some(rows)
    persistence = fit_persistence(columns, persons, occasion)
    if persistence is None:
        return None
    sums = change_sums(rows, persistence, seed)
    whole = _estimates(sums.units.sum(axis=0)[None], sums, rows)
    if not np.isfinite(whole["model"][0]):
        return None
    drawn = {name: np.empty((0, *one.shape[1:])) for name, one in whole.items()}
    if draws > 0:
        drawn = _estimates(bootstrap_sums(sums.units, draws=draws, seed=seed), sums, rows)
    contrasts = _pairs(rows.course)
    contrasts = np.pad(contrasts, ((0, 0), (0, columns.shape[1] - 1 - rows.contrast.size)))
    more = error_of_persistence(columns, persons, occasion, persistence, contrasts)
    more *= persons.n_persons / rows.rows.n_persons
    return _told(rows, persistence, _errors(sums, rows, more), whole, drawn)


class _Errors(NamedTuple):
    """Variances beside those of resamples: residual, of the variances by pair, of the model."""

    residual: float
    pairs: Float
    effects: Float
    within: float


def _pairs(course: Float) -> Float:
    """Contrasts (pairs, blocks) of each two windows, the later less the earlier."""
    earlier, later = np.triu_indices(len(course), 1)
    found: Float = course[later] - course[earlier]
    return found


def _errors(sums: ChangeSums, rows: ChangeRows, more: Float) -> _Errors:
    residual = _residual_variance(sums, rows)
    blocks = rows.contrast.size
    total = unpacked(sums.units[:, sums.products].sum(axis=0))
    most = sum(sums.sizes[:4])

    def covariance(size: int) -> Float:
        """By the model; unknown where its terms tell the same, as those of few persons may."""
        try:
            found: Float = residual * np.linalg.inv(total[:size, :size])[:blocks, :blocks]
        except np.linalg.LinAlgError:
            return np.full((blocks, blocks), np.nan)
        return found

    within = np.nan
    if sums.sizes[3]:
        within = float(rows.contrast @ covariance(most) @ rows.contrast)
    effects = rows.course @ covariance(most - sums.sizes[3]) @ rows.course.T
    return _Errors(residual, more, effects, within)


def _some(rows: ChangeRows) -> tuple[Float, PersonRows, Float]:
    """Design and outcome of the persons who tell the variances."""
    kept = rows.some
    occasion = rows.occasion[kept]
    columns = np.column_stack([rows.design(kept), rows.P[kept]])
    return columns, person_rows(rows.rows.person[kept], occasion), occasion


def _residual_variance(sums: ChangeSums, rows: ChangeRows) -> float:
    """Variance of the residuals within persons, from everyone."""
    total = unpacked(sums.units[:, sums.products].sum(axis=0))
    places = np.append(np.arange(sum(sums.sizes[:3])), len(total) - 1)
    # Rounding may take it below 0 where the model passes through every row.
    return max(residual_variance(total[np.ix_(places, places)], rows.P.size), 0.0)


def _estimates(totals: Float, sums: ChangeSums, rows: ChangeRows) -> dict[str, Float]:
    """Every contrast from sums over persons (draws, m), each an array (draws,); NaN if unknown."""
    blocks, k, c, means, q = sums.sizes
    matrix = unpacked(totals[:, sums.products])
    time = np.arange(blocks)
    exposure = blocks + np.arange(k)
    covariates = blocks + k + np.arange(c)
    person_mean = blocks + k + c + np.arange(means)
    terms = blocks + k + c + means + np.arange(q)
    score, P = matrix.shape[1] - 2, matrix.shape[1] - 1

    def contrast(columns: list[np.ndarray], targets: np.ndarray) -> Float:
        solved = _solved(matrix, np.concatenate(columns), targets)
        found: Float = np.einsum("t,dtk->dk", rows.contrast, solved[:, :blocks])
        return found

    unknown = np.full(len(totals), np.nan)
    effects = _solved(matrix, np.concatenate([time, exposure, covariates]), np.array([P]))
    course = effects[:, :blocks, 0] @ rows.course.T
    model = course[:, -1]
    within = unknown
    if means:
        within = contrast([time, exposure, covariates, person_mean], np.array([P]))[:, 0]
    plain = contrast([time], np.array([score, P, *terms]))
    with np.errstate(invalid="ignore", divide="ignore"):
        present = totals[:, sums.scores] / totals[:, sums.present]
        used = rows.contrast != 0
        moved = np.sum(present[:, used] * rows.contrast[used], axis=1) - plain[:, 0]
    coefficients, spread = _lines(totals, sums)
    frozen = unknown
    if q:
        frozen = plain[:, 1] - np.sum(plain[:, 2:] * coefficients[:, -q:], axis=1)
    return {
        "course": course,
        "model": model,
        "within": within,
        "frozen": frozen,
        "moved": moved,
        "standardised": model / spread,
        "spread": spread,
        "absent": totals[:, sums.absent] / totals[:, sums.absent + 1],
    }


def _lines(totals: Float, sums: ChangeSums) -> tuple[Float, Float]:
    """Coefficients (draws, p) and residual SD (draws,) of the frozen line in each resample."""
    if sums.reference.stop == sums.reference.start:
        known = np.nan if sums.residual_sd is None else sums.residual_sd
        same = np.tile(sums.coefficients, (len(totals), 1))
        return same, np.full(len(totals), known)
    matrix = unpacked(totals[:, sums.reference])
    p = matrix.shape[1] - 1
    solved = _solved(matrix, np.arange(p), np.array([p]))[:, :, 0]
    rest = matrix[:, p, p] - np.sum(solved * matrix[:, :p, p], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.sqrt(np.clip(rest, 0.0, None) / (matrix[:, 0, 0] - 1))
    return solved, np.where(spread > 0, spread, np.nan)


def _solved(matrix: Float, columns: np.ndarray, targets: np.ndarray) -> Float:
    """Regress targets on columns in each of many cross-products; NaN where it is impossible."""
    design = matrix[:, columns[:, None], columns]
    outcome = matrix[:, columns[:, None], targets]
    found = np.full(outcome.shape, np.nan)
    possible = (np.diagonal(design, axis1=1, axis2=2) > 0).all(axis=1)
    try:
        found[possible] = np.linalg.solve(design[possible], outcome[possible])
    except np.linalg.LinAlgError:
        for place in np.flatnonzero(possible):
            try:
                found[place] = np.linalg.solve(design[place], outcome[place])
            except np.linalg.LinAlgError:
                continue
    return found


def _told(
    rows: ChangeRows,
    persistence: Persistence,
    errors: _Errors,
    whole: dict[str, Float],
    drawn: dict[str, Float],
) -> WindowChange:
    persons = rows.rows.n_persons
    last = len(rows.windows) - 2  # the pair of the first window and the last
    residual_sd, more = float(np.sqrt(errors.residual)), float(errors.pairs[last])
    scale = {"standardised": float(whole["spread"][0]), "absent": np.inf}
    by_model = {"model": float(errors.effects[-1, -1]), "within": errors.within}
    known = {
        name: contrast_of(
            one[0],
            drawn[name],
            persons,
            more / scale.get(name, 1.0) ** 2,
            by_model=by_model.get(name),
        )
        for name, one in whole.items()
        if name not in ("course", "spread")
    }
    model, share = known["model"], float(whole["absent"][0])
    assert model is not None
    standardised = known["standardised"]
    shift = Shift(whole["model"][0], share, drawn["model"], drawn["absent"], persons, more)
    left = bool(rows.left.any()) and abs(share) > 1e-12
    found = WindowChange(
        first_window=rows.windows[0],
        last_window=rows.windows[-1],
        model=_in_words(rows, persistence),
        estimate=model.estimate,
        se=model.se,
        interval=model.interval,
        standardised=None if standardised is None else standardised.estimate,
        standardised_interval=None if standardised is None else standardised.interval,
        autocorrelation=persistence.lag,
        between_sd=residual_sd * float(np.sqrt(persistence.ratio)),
        residual_sd=residual_sd,
        interval_by="resamples of persons" if drawn["model"].size else "the model",
        course=course_of(
            rows.windows, whole["course"][0], drawn["course"], persons, errors.pairs, errors.effects
        ),
        n_persons=persons,
        n_rows=rows.P.size,
        n_left=int(np.count_nonzero(rows.left)),
        draws=drawn["model"].size,
        within=known["within"],
        frozen=known["frozen"],
        moved_by_leaving=known["moved"],
        sensitivity=shift.table(residual_sd) if left else no_shifts(),
        share_missing=share,
        tipping_delta=shift.tipping() if left else None,
        possible_shift=_possible(rows) if left else None,
        sign_delta=-model.estimate / share if left else None,
    )
    return replace(found, claimed=found.told and not found.depends_on_slope)


def _possible(rows: ChangeRows) -> tuple[float | None, float | None] | None:
    """Farthest shifts that the scale leaves to those who left, from their mean problems."""
    own = np.bincount(rows.rows.person, rows.P) / np.bincount(rows.rows.person)
    mean = float(own[rows.left].mean())
    low, high = (None if end is None else end - mean for end in rows.scale)
    return None if low is None and high is None else (low, high)


def _in_words(rows: ChangeRows, persistence: Persistence) -> str:
    time = "occasion" if rows.single else "block of occasions"
    more = " + covariates" if rows.covariates.shape[1] else ""
    lag = ", residuals autocorrelated" if persistence.lag else ""
    return f"P ~ E{more} + {time} + (1 | person){lag}"
