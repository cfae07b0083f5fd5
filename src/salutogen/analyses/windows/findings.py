"""What moves the means of windows other than change of the persons."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.windows.change_result import WindowChange
from salutogen.analyses.windows.nearly_everyone import by_model_where_alone, stood_for
from salutogen.findings import Findings, Persons, listed
from salutogen.norm import Line
from salutogen.norm.design_matrix import with_exposure
from salutogen.norm.periods import rows_of_windows, valid_rows
from salutogen.norm.shape import change_along, share_beyond
from salutogen.page.audience import SMALL_CELL

NOTABLE_SR = 0.1  # of a residual SD
NOTABLE_E = 0.1  # of an SD
NOTABLE_BEYOND = 0.05  # of the persons of a window
SDS_IN_RANGE = 6.0  # a range of exposure is about so many SDs


def tell_windows(
    summary: pl.DataFrame,
    windows: pl.DataFrame,
    frozen: Line | None,
    *,
    n_persons: int,
    change: WindowChange | None,
    slopes: tuple[float | None, float | None],
    found: Findings,
) -> None:
    """Say what a reader of the windows' means must know.

    Parameters
    ----------
    summary, windows : DataFrame
        A row per window; a row per person and window.
    frozen : Line or None
        The line of SR_frozen.
    n_persons : int
        Persons with a person score.
    change : WindowChange or None
        Of the model of single occasions.
    slopes : tuple of float or None
        Of P on E within and between persons, in raw points.
    found : Findings
        Where it is told.
    """
    told, summary = summary, by_model_where_alone(summary)
    means = summary["mean_SR_frozen"].drop_nulls()
    if means.len() == 0:
        found.tell("no-window-scores")
        return
    absent = n_persons - windows["person"].n_unique()
    if absent > 0:
        found.tell(
            "few-valid-occasions", absent=Persons(absent, of=n_persons), persons=Persons(n_persons)
        )
    alone = stood_for(told)
    if alone:
        found.tell("window-means-by-model-alone", windows=alone)
    summary = summary.filter(pl.col("mean_SR_frozen").is_not_null())
    if summary.height < 2:
        return
    # A mean of few persons is nobody else's to read.
    of_several = summary.filter(pl.col("n") >= SMALL_CELL)["mean_SR_frozen"]
    between = [means[0], means[-1], *of_several]
    found.tell(
        "windows-refitted",
        windows=summary.height,
        first=means[0],
        last=means[-1],
        lowest=min(between),
        highest=max(between),
    )
    if change is None:
        found.tell("no-change-over-windows")
    if frozen is not None:
        ends = {summary["window"][0], summary["window"][-1]}
        if change is not None and ends.isdisjoint(alone):
            _tell_leaving(summary, frozen, change, found)
        _tell_shift_of_exposure(summary, windows, frozen, slopes, found)


def tell_occasions_outside(inputs: AnalysisInputs, found: Findings) -> None:
    """Name the planned occasions of which no valid row is in any window."""
    valid = valid_rows(inputs.scores)
    inside = np.zeros(valid.n, dtype=bool)
    for one in rows_of_windows(inputs.study.schedule, valid, Findings()):
        inside[one.rows] = True
    outside = np.setdiff1d(valid.occasion, valid.occasion[inside])
    if outside.size and inside.any():
        labels = [inputs.study.labels[int(place)] for place in outside]
        found.tell(
            "occasions-in-no-window",
            labels=listed(labels),
            n=len(labels),
            numbers={"occasions": labels},
        )


def windows_beyond(
    windows: pl.DataFrame, frozen: Line | None, reference: pl.DataFrame | None, found: Findings
) -> list[int]:
    """Find and tell the windows of which a frozen curve says nothing.

    A window counts where more of its persons lie beyond the curve's range or turning point than in
    the reference set itself, by a twentieth of the persons or more.

    Parameters
    ----------
    windows : DataFrame
        A row per person and window, with the exposure that the line takes.
    frozen : Line or None
        The line of SR_frozen.
    reference : DataFrame or None
        Units it was fitted on, where they are of this study.
    """
    if frozen is None or frozen.shape == "linear":
        return []
    own = 0.0
    if reference is not None:
        own = share_beyond(frozen, with_exposure(frozen, reference)["E"].to_numpy())
    shares = {
        int(number): share_beyond(frozen, part["E"].cast(pl.Float64).fill_null(np.nan).to_numpy())
        for (number,), part in windows.group_by("window", maintain_order=True)
    }
    beyond = sorted(number for number, share in shares.items() if share > own + NOTABLE_BEYOND)
    if beyond:
        found.tell(
            "frozen-curve-beyond",
            windows=beyond,
            shape=frozen.shape,
            low=frozen.exposure_range[0],
            high=frozen.exposure_range[1],
            numbers={"share_beyond": {str(number): shares[number] for number in beyond}},
        )
    return beyond


def _tell_leaving(
    summary: pl.DataFrame, frozen: Line, change: WindowChange, found: Findings
) -> None:
    """Say where the mean over those present moves because of who left, beyond its error."""
    moved = change.moved_by_leaving
    if moved is None or not moved.told or moved.interval is None:
        return
    if abs(moved.estimate) <= NOTABLE_SR * frozen.residual_sd / 2:
        return
    plain, complete = summary["mean_SR_frozen"], summary["mean_SR_frozen_complete"]
    change_complete = _change(complete)
    found.tell(
        "dropout-moves-windows",
        variant="no-complete" if change_complete is None else "complete",
        persons_first=Persons(summary["n"][0]),
        persons_last=Persons(summary["n"][-1]),
        persons_complete=Persons(summary["n_complete"][0], of=min(summary["n"].to_list())),
        change=_change(plain),
        change_complete=change_complete,
        moved=moved.estimate,
        low=moved.interval[0],
        high=moved.interval[1],
        numbers={
            "n": summary["n"].to_list(),
            "plain": plain.to_list(),
            "complete": complete.to_list(),
            "model": summary["mean_SR_frozen_model"].to_list(),
        },
    )


def _change(values: pl.Series) -> float | None:
    """From the first to the last window; None where one is unknown."""
    return None if values.null_count() else float(values[-1] - values[0])


def _tell_shift_of_exposure(
    summary: pl.DataFrame,
    windows: pl.DataFrame,
    frozen: Line,
    slopes: tuple[float | None, float | None],
    found: Findings,
) -> None:
    """Say where a between-person slope is applied to a change of exposure within persons."""
    within, between = slopes
    if within is None or between is None:
        return
    first, last = (_mean_exposure(windows, summary["window"][place]) for place in (0, -1))
    spread = (frozen.exposure_range[1] - frozen.exposure_range[0]) / SDS_IN_RANGE
    expected = change_along(frozen, first, last)
    if expected is None:
        return
    moved = within * (last - first) - expected
    if abs(last - first) < NOTABLE_E * spread or abs(moved) < NOTABLE_SR * frozen.residual_sd:
        return
    SR = summary["mean_SR_frozen"]
    found.tell(
        "between-slope-on-within-change",
        variant="line" if frozen.slope is not None else "curve",
        E_first=first,
        E_last=last,
        SR_first=SR[0],
        SR_last=SR[-1],
        frozen_slope=frozen.slope,
        expected_change=expected,
        within_slope=within,
        moved_SR=moved,
        numbers={"between_slope": between},
    )


def _mean_exposure(windows: pl.DataFrame, number: int) -> float:
    return float(np.mean(windows.filter(pl.col("window") == number)["E"].to_numpy()))
