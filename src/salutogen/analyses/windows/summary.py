"""What each window says of the group: its line, and mean SR three ways."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind
from salutogen.norm import Line
from salutogen.resilience.variance_components import random_intercept

WINDOW_COLUMNS = (
    Column(name="window", meaning="Number, from 1", heading="Window", kind=Kind.LABEL),
    *(
        Column(name=name, meaning=heading, heading=heading, kind=Kind.LABEL)
        for name, heading in (
            ("first_occasion", "First occasion"),
            ("last_occasion", "Last occasion"),
        )
    ),
    Column(
        name="n",
        meaning="Persons with enough valid occasions",
        unit="persons",
        heading="Persons",
        kind=Kind.COUNT,
    ),
    Column(name="intercept", meaning="Of its own line", unit=POINTS, heading="Intercept"),
    Column(
        name="slope", meaning="Of its own line", unit="points of P per point of E", heading="Slope"
    ),
    Column(name="r_squared", meaning="Variance that its own line explains", heading="R²"),
    *(
        Column(name=name, meaning=meaning, unit=POINTS, sign=LESS_RESILIENT, heading=heading)
        for name, heading, meaning in (
            ("mean_SR_frozen", "Mean SR, frozen", "Mean SR from the frozen line"),
            ("mean_SR_refit", "Mean SR, refitted", "Mean SR from its own line: 0"),
            (
                "mean_SR_frozen_complete",
                "Mean SR, frozen, in every window",
                "Mean SR from the frozen line over persons with a score in every window",
            ),
            (
                "mean_SR_frozen_model",
                "Mean SR, frozen, model",
                "The same by a model of everyone with a random intercept per person",
            ),
        )
    ),
    Column(
        name="n_complete",
        meaning="Persons with a score in every window",
        unit="persons",
        heading="Persons in every window",
        kind=Kind.COUNT,
        of="n",
    ),
    Column(
        name="se_SR_frozen",
        meaning="Standard error of mean_SR_frozen",
        unit=POINTS,
        heading="SE, frozen",
    ),
    Column(
        name="se_SR_frozen_model",
        meaning="Standard error of mean_SR_frozen_model",
        unit=POINTS,
        heading="SE, frozen, model",
    ),
)


def summarise_windows(windows: pl.DataFrame, lines: Mapping[int, Line]) -> pl.DataFrame:
    """Return one row per window, in order.

    Parameters
    ----------
    windows : DataFrame
        `Resilience.windows`: a row per person and window.
    lines : mapping of int to Line
        Each window's own line, by the number of the window.

    Returns
    -------
    DataFrame
        `window, first_occasion, last_occasion, n, intercept, slope, r_squared, mean_SR_frozen,
        mean_SR_refit, mean_SR_frozen_complete, n_complete, mean_SR_frozen_model, se_SR_frozen,
        se_SR_frozen_model`. `complete` are the persons valid in every window; `model` is a
        random-intercept REML estimate with the window as factor over everyone with a window. Both
        may move by who leaves; `change` tells of change. Sign: positive = less resilient.
    """
    present = sorted(set(windows["window"].to_list()))
    window = windows["window"].to_numpy()
    person = windows["person"].to_numpy().astype(np.int64)
    frozen = windows["SR_frozen"].fill_null(float("nan")).to_numpy()
    refit = windows["SR_refit"].fill_null(float("nan")).to_numpy()
    known = np.isfinite(frozen)
    complete = _complete(person, known, present)
    model = _model_means(frozen, window, person, known, present)
    rows = []
    for position, number in enumerate(present):
        here = window == number
        line = lines.get(number)
        part = frozen[here & known]
        whole = frozen[here & known & complete[person]]
        rows.append(
            {
                "window": number,
                "first_occasion": _end(windows, here, "first_occasion"),
                "last_occasion": _end(windows, here, "last_occasion"),
                "n": int(here.sum()),
                "intercept": None if line is None else line.intercept,
                "slope": None if line is None else line.slope,
                "r_squared": None if line is None else line.r_squared,
                "mean_SR_frozen": _mean(part),
                "mean_SR_refit": _mean(refit[here & np.isfinite(refit)]),
                "mean_SR_frozen_complete": _mean(whole),
                "n_complete": int(whole.size),
                "mean_SR_frozen_model": None if model is None else float(model[0][position]),
                "se_SR_frozen": _standard_error(part),
                "se_SR_frozen_model": None if model is None else float(model[1][position]),
            }
        )
    return pl.DataFrame(rows, schema=_SCHEMA)


_SCHEMA = {
    "window": pl.UInt16,
    "first_occasion": pl.String,
    "last_occasion": pl.String,
    "n": pl.UInt32,
    "intercept": pl.Float64,
    "slope": pl.Float64,
    "r_squared": pl.Float64,
    "mean_SR_frozen": pl.Float64,
    "mean_SR_refit": pl.Float64,
    "mean_SR_frozen_complete": pl.Float64,
    "n_complete": pl.UInt32,
    "mean_SR_frozen_model": pl.Float64,
    "se_SR_frozen": pl.Float64,
    "se_SR_frozen_model": pl.Float64,
}


def _complete(person: np.ndarray, known: np.ndarray, present: list[int]) -> np.ndarray:
    """Whether each person has a frozen score in every window, by person index."""
    if not person.size:
        return np.zeros(0, dtype=bool)
    counts = np.bincount(person[known], minlength=int(person.max()) + 1)
    full: np.ndarray = counts == len(present)
    return full


def _model_means(
    frozen: np.ndarray,
    window: np.ndarray,
    person: np.ndarray,
    known: np.ndarray,
    present: list[int],
) -> tuple[np.ndarray, np.ndarray] | None:
    """Means by window from a random-intercept model, and their standard errors."""
    if not known.any() or not present:
        return None
    matrix = np.column_stack([(window == number).astype(float) for number in present])
    if (matrix[known].sum(axis=0) == 0).any():
        return None
    fit = random_intercept(frozen, matrix, person)
    if fit is None:
        return None
    return np.asarray(fit.coefficients), np.asarray(fit.standard_errors)


def _mean(values: np.ndarray) -> float | None:
    return float(np.mean(values)) if values.size else None


def _standard_error(values: np.ndarray) -> float | None:
    if values.size < 2:
        return None
    return float(np.std(values, ddof=1) / np.sqrt(values.size))


def _end(windows: pl.DataFrame, here: np.ndarray, column: str) -> str | None:
    labels = windows[column].filter(pl.Series(here)).unique(maintain_order=True).to_list()
    return labels[0] if len(labels) == 1 else None
