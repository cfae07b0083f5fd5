"""What each window says of the group: its line, and mean SR three ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl

from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind
from salutogen.norm import Line
from salutogen.norm.design_matrix import terms_of
from salutogen.resilience.variance_components import random_intercept

EXPOSURES = {
    "low": "its 10th percentile in the window",
    "middle": "its median in the window",
    "high": "its 90th percentile in the window",
}
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
        nested="counts",
    ),
    Column(name="intercept", meaning="Of its own line", unit=POINTS, heading="Intercept"),
    Column(
        name="slope",
        meaning="Of its own line; missing where that is a curve",
        unit="points of P per unit of E",
        heading="Slope",
    ),
    Column(
        name="coefficient_<term>",
        meaning="Coefficient of a term of exposure in its own line",
        unit="points of P per unit of the term",
    ),
    *(
        Column(name=f"{name}_{place}", meaning=f"{meaning} at {words}", unit=unit)
        for place, words in EXPOSURES.items()
        for name, meaning, unit in (
            ("E", "Exposure", "units of E"),
            ("expected", "Problems that its own line expects", POINTS),
        )
    ),
    Column(
        name="exposure_r_squared",
        meaning="Variance that exposure explains beside covariates in its own line",
        heading="Exposure's own share",
    ),
    Column(name="r_squared", meaning="Variance that its own line explains", heading="R²"),
    *(
        Column(
            name=name,
            meaning=meaning,
            unit=POINTS,
            sign=LESS_RESILIENT,
            heading=heading,
            n="n_complete" if name.endswith("_complete") else "",
        )
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


def summarise_windows(
    windows: pl.DataFrame,
    lines: Mapping[int, Line],
    beyond: Sequence[int] = (),
    told_size: Callable[[int], int] = int,
) -> pl.DataFrame:
    """Return one row per window, in order.

    Parameters
    ----------
    windows : DataFrame
        `Resilience.windows`: a row per person and window.
    lines : mapping of int to Line
        Each window's own line, by the number of the window.
    beyond : sequence of int
        Windows that a frozen curve says nothing of: they have no means of SR_frozen.
    told_size : callable
        Persons that standard errors of means are made with (`Audience.told_size`); the model's
        hardly depends on how many are in a window.

    Returns
    -------
    DataFrame
        The columns `WINDOW_COLUMNS`. `complete` are the persons valid in every window; `model` is a
        random-intercept REML estimate with the window as factor over everyone with a window. Both
        may move by who leaves; `change` tells of change. Sign: positive = less resilient.
    """
    present = windows["window"].unique().sort().to_list()
    window = windows["window"].to_numpy()
    person = windows["person"].to_numpy().astype(np.int64)
    frozen = windows["SR_frozen"].fill_null(float("nan")).to_numpy()
    refit = windows["SR_refit"].fill_null(float("nan")).to_numpy()
    frozen = np.where(np.isin(window, list(beyond)), np.nan, frozen)
    known = np.isfinite(frozen)
    usable = [number for number in present if number not in beyond]
    complete = _complete(person, known, usable)
    model = _model_means(frozen, window, person, known, usable)
    terms = list(dict.fromkeys(term for line in lines.values() for term in _exposure_terms(line)))
    rows = []
    for number in present:
        here = window == number
        line = lines.get(number)
        position = usable.index(number) if model is not None and number in usable else None
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
                **_along_exposure(line, terms),
                "r_squared": None if line is None else line.r_squared,
                "mean_SR_frozen": _mean(part),
                "mean_SR_refit": _mean(refit[here & np.isfinite(refit)]),
                "mean_SR_frozen_complete": _mean(whole),
                "n_complete": int(whole.size),
                "mean_SR_frozen_model": None
                if position is None or model is None
                else float(model[0][position]),
                "se_SR_frozen": _standard_error(part, told_size),
                "se_SR_frozen_model": None
                if position is None or model is None
                else float(model[1][position]),
            }
        )
    return pl.DataFrame(rows, schema=_schema(terms))


def with_levels(summary: pl.DataFrame, lines: Mapping[int, Line]) -> pl.DataFrame:
    """Put levels of other lines, and the problems that they expect, in the place of those there."""
    own = [lines.get(number) for number in summary["window"]]
    along = [_along_exposure(line, ()) for line in own]
    names = [name for name in summary.columns if name.startswith("expected_")]
    return summary.with_columns(
        pl.Series(
            "intercept", [None if line is None else line.intercept for line in own], pl.Float64
        ),
        *(pl.Series(name, [row[name] for row in along], pl.Float64) for name in names),
    )


def _schema(terms: Sequence[str]) -> dict[str, type[pl.DataType]]:
    """Types of the columns, in their order."""
    kinds: dict[str, type[pl.DataType]] = {
        "window": pl.UInt16,
        "first_occasion": pl.String,
        "last_occasion": pl.String,
        "n": pl.UInt32,
        "n_complete": pl.UInt32,
    }
    names: list[str] = []
    for column in WINDOW_COLUMNS:
        pattern = column.name.startswith("coefficient_<")
        names += [column_of(term) for term in terms] if pattern else [column.name]
    return {name: kinds.get(name, pl.Float64) for name in names}


def _exposure_terms(line: Line) -> list[str]:
    return list(terms_of(line.predictors, line.shape)[1:])


def column_of(term: str) -> str:
    """Column of a term's coefficient: `coefficient_E`, `coefficient_E2`."""
    return f"coefficient_{term.replace('^2', '2').replace(':', '_')}"


def _along_exposure(line: Line | None, terms: Sequence[str]) -> dict[str, float | None]:
    """What a window's own line expects along exposure, and its terms."""
    own = [] if line is None else _exposure_terms(line)
    found: dict[str, float | None] = {
        column_of(term): line.coefficient(term) if line is not None and term in own else None
        for term in terms
    }
    claims = None if line is None else line.claims
    for place in EXPOSURES:
        at = None if claims is None else claims.at[place]
        found[f"E_{place}"] = None if at is None else at.E
        found[f"expected_{place}"] = None if at is None else at.P
    found["exposure_r_squared"] = None if claims is None else claims.share.share
    return found


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
    """Means by window from a random-intercept model, and their standard errors.

    The first window is the constant, the others differ from it: as many indicators would be
    collinear with the constant of the persons.
    """
    if not known.any() or not present or not np.isin(present, window[known]).all():
        return None
    differ = (window == number for number in present[1:])
    matrix = np.array([np.ones(window.size), *differ]).T  # column by column in memory
    fit = random_intercept(frozen, matrix, person)
    if fit is None:
        return None
    means = np.eye(len(present))
    means[:, 0] = 1.0
    errors = np.sqrt(np.diag(means @ fit.covariance @ means.T))
    return means @ fit.coefficients, errors


def _mean(values: np.ndarray) -> float | None:
    return float(np.mean(values)) if values.size else None


def _standard_error(values: np.ndarray, told_size: Callable[[int], int]) -> float | None:
    if values.size < 2:
        return None
    return float(np.std(values, ddof=1) / np.sqrt(told_size(values.size)))


def _end(windows: pl.DataFrame, here: np.ndarray, column: str) -> str | None:
    labels = windows[column].filter(pl.Series(here)).unique(maintain_order=True).to_list()
    return labels[0] if len(labels) == 1 else None
