"""What is doubtful about the scores: which of the table's findings apply, with their numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from salutogen.findings import Findings, Persons
from salutogen.norm import Norm
from salutogen.resilience.reliability import Measurement
from salutogen.resilience.summary import ScoreSummary
from salutogen.resilience.uncertainty import BootstrapSummary

NOTABLE_R = 0.1
NOTABLE_SR = 0.1  # of a residual SD
NOTABLE_E = 0.1  # of an SD
BOUNDS_R = 0.99
FAR = ("far_P", "far_E", "far_jointly", "influential")


def tell_exposure_left(summary: ScoreSummary, findings: Findings) -> None:
    """Say where exposure is left in the primary score or in the unsplit mixed score."""
    left = summary.sr_exposure_correlation
    parts = [value for value in (left.between, left.within) if value is not None]
    if parts and max(abs(value) for value in parts) > NOTABLE_R:
        numbers = {
            "total": left.primary,
            "between": left.between,
            "within": left.within,
            "between_slope": summary.between_slope,
            "within_slope": summary.within_slope,
        }
        written = {name: _three_decimals(value) for name, value in numbers.items()}
        findings.tell("exposure-left-in-score", None, numbers=numbers, **written)
    if left.mixed is not None and abs(left.mixed) > NOTABLE_R:
        numbers = {
            "mixed": left.mixed,
            "mixed_between": left.mixed_between,
            "mixed_within": left.mixed_within,
            "pooled": left.primary,
        }
        written = {name: _three_decimals(value) for name, value in numbers.items()}
        findings.tell("mixed-slope-leaves-exposure", None, numbers=numbers, **written)


def tell_windows(
    windows: pl.DataFrame,
    means: pl.DataFrame,
    norm: Norm,
    summary: ScoreSummary,
    findings: Findings,
) -> None:
    """Say what moves the means of windows other than change of the persons."""
    if norm.scores.study.plan.resilience.windows is None:
        return
    frozen = means["mean_SR_frozen"].drop_nulls()
    if frozen.len() == 0:
        findings.tell("no-window-scores")
        return
    persons = norm.period_tables["person"].height
    absent = persons - windows["person"].n_unique()
    if absent > 0:
        findings.tell("few-valid-occasions", absent=Persons(absent), persons=Persons(persons))
    if means.height < 2:
        return
    findings.tell("windows-refitted", windows=means.height, first=frozen[0], last=frozen[-1])
    _tell_dropout(means, norm, findings)
    _tell_mechanical(windows, means, norm, summary, findings)


def _tell_dropout(means: pl.DataFrame, norm: Norm, findings: Findings) -> None:
    line = norm.lines.reference("window")
    if line is None or means["n"].min() == means["n"].max():
        return
    plain = means["mean_SR_frozen"].to_numpy()
    model, complete = means["mean_SR_frozen_model"], means["mean_SR_frozen_complete"]
    best = complete if model.null_count() else model
    if best.null_count():
        return
    gap = np.abs(np.diff(plain) - np.diff(best.to_numpy()))
    if float(gap.max()) <= NOTABLE_SR * line.residual_sd / 2:
        return
    findings.tell(
        "dropout-moves-windows",
        first=Persons(means["n"][0]),
        last=Persons(means["n"][-1]),
        in_every=Persons(means["n_complete"][0]),
        change=float(plain[-1] - plain[0]),
        change_complete=_change(complete),
        change_model=_change(model),
        numbers={
            "n": [Persons(count) for count in means["n"]],
            "plain": means["mean_SR_frozen"].to_list(),
            "complete": complete.to_list(),
            "model": model.to_list(),
        },
    )


def _tell_mechanical(
    windows: pl.DataFrame,
    means: pl.DataFrame,
    norm: Norm,
    summary: ScoreSummary,
    findings: Findings,
) -> None:
    """A between-person slope applied to a change of exposure within persons."""
    line = norm.lines.reference("window")
    within, between = summary.within_slope, summary.between_slope
    if line is None or line.slope is None or within is None or between is None:
        return
    E = np.array([_window_mean(windows, number, "E") for number in means["window"]])
    change = float(E[-1] - E[0])
    spread = (line.exposure_range[1] - line.exposure_range[0]) / 6.0
    moved = (within - line.slope) * change
    if abs(change) < NOTABLE_E * spread or abs(moved) < NOTABLE_SR * line.residual_sd:
        return
    findings.tell(
        "between-slope-on-within-change",
        E_first=float(E[0]),
        E_last=float(E[-1]),
        SR_first=means["mean_SR_frozen"][0],
        SR_last=means["mean_SR_frozen"][-1],
        frozen_slope=line.slope,
        within_slope=within,
        moved_SR=moved,
        numbers={"between_slope": between},
    )


def _window_mean(windows: pl.DataFrame, number: int, column: str) -> float:
    return float(np.mean(windows.filter(pl.col("window") == number)[column].to_numpy()))


def tell_measurement(measurement: Measurement, findings: Findings) -> None:
    """Say what is not known of the error of the answers."""
    if measurement.reliability_P is None:
        findings.tell("reliability-unknown")
    elif measurement.reliability is None:
        findings.tell(
            "reliability-contradicts",
            reliability_P=measurement.reliability_P,
            reliability_E=measurement.reliability_E,
        )


def tell_extrapolated(
    occasions: pl.DataFrame, windows: pl.DataFrame, persons: pl.DataFrame, findings: Findings
) -> None:
    """Point at scores of exposures beyond the range of their line."""
    counts = [
        int(table["extrapolated"].fill_null(False).sum()) for table in (occasions, windows, persons)
    ]
    if not any(counts):
        return
    rows = (np.flatnonzero(occasions["extrapolated"].fill_null(False).to_numpy()) + 1).tolist()
    findings.tell(
        "extrapolated-scores",
        file="scores.csv",
        column="extrapolated",
        rows=rows,
        occasions=counts[0],
        windows=counts[1],
        persons=Persons(counts[2]),
    )


def tell_far_points(far: pl.DataFrame, findings: Findings) -> None:
    """Point at units that lie far out."""
    if not far.height:
        return
    occasions, persons = (
        {f"{level}_{flag}": int(far.filter(pl.col("level") == level)[flag].sum()) for flag in FAR}
        for level in ("occasion", "person")
    )
    counted = {name: Persons(count) for name, count in persons.items()}
    findings.tell("far-points", None, **occasions, **counted)


def tell_sensitivity(sensitivity: Mapping[str, pl.DataFrame], findings: Findings) -> None:
    """Say which assumptions are impossible, and whether skipped answers matter."""
    refused = sensitivity["exposure_error"].filter(pl.col("refused"))
    if refused.height:
        values = sorted(set(refused["reliability_E"].to_list()))
        written = [f"{value:g}" for value in values]
        numbers = {"reliabilities": values}
        findings.tell("impossible-reliability", reliabilities=written, numbers=numbers)
    missing = sensitivity["missing"]
    weak = missing.filter(pl.col("r_with_primary") < BOUNDS_R)
    if weak.height:
        worst = weak.sort("r_with_primary").row(0, named=True)
        findings.tell("skipped-answers-matter", None, **worst)


def tell_bootstrap(bootstrap: BootstrapSummary, findings: Findings) -> None:
    """Say which bootstraps gave nothing."""
    missing = [name for name, present in bootstrap.done.items() if not present]
    if missing and bootstrap.draws > 0:
        findings.tell("bootstrap-not-possible", lines=missing)


def _three_decimals(value: float | None) -> str:
    return "unknown" if value is None else f"{round(value, 3) + 0.0:.3f}"


def _change(values: pl.Series) -> str:
    if values.null_count() or values.len() == 0:
        return "an unknown amount"
    return f"{values[-1] - values[0]:+.2f}"
