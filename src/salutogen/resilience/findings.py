"""What is doubtful about the scores, in words with numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from salutogen.findings import Finding, finding
from salutogen.norm import Norm
from salutogen.resilience.parts import OccasionArrays
from salutogen.resilience.reliability import Measurement

NOTABLE_R = 0.1
NOTABLE_SR = 0.1  # of a residual SD
NOTABLE_E = 0.1  # of an SD
BOUNDS_R = 0.99


def exposure_findings(
    correlations: Mapping[str, float | None], slopes: Mapping[str, float | None]
) -> list[Finding]:
    """Say where exposure is left in the primary score or in the unsplit mixed score."""
    found = []
    between, within = correlations.get("between"), correlations.get("within")
    parts = [value for value in (between, within) if value is not None]
    if parts and max(abs(value) for value in parts) > NOTABLE_R:
        text = (
            f"SR and E correlate {_r(correlations.get('primary'))} over all rows, but "
            f"{_r(between)} between persons and {_r(within)} within persons (slopes in points of "
            f"P: {_r(slopes.get('between_slope'))} between, {_r(slopes.get('within_slope'))} "
            f"within)."
        )
        numbers = {
            "total": correlations.get("primary"),
            "between": between,
            "within": within,
            "between_slope": slopes.get("between_slope"),
            "within_slope": slopes.get("within_slope"),
        }
        found.append(finding("exposure-left-in-score", text, numbers=numbers))
    mixed = correlations.get("mixed")
    if mixed is not None and abs(mixed) > NOTABLE_R:
        text = (
            f"The unsplit mixed score correlates {_r(mixed)} with E over all rows "
            f"({_r(correlations.get('mixed_between'))} between persons, "
            f"{_r(correlations.get('mixed_within'))} within), the pooled score "
            f"{_r(correlations.get('primary'))}."
        )
        numbers = {
            name: correlations.get(name) for name in ("mixed", "mixed_between", "mixed_within")
        }
        found.append(finding("mixed-slope-leaves-exposure", text, numbers=numbers))
    return found


def window_findings(
    windows: pl.DataFrame, summary: pl.DataFrame, norm: Norm, slopes: Mapping[str, float | None]
) -> list[Finding]:
    """Say what moves the means of windows other than change of the persons."""
    plan = norm.scores.study.plan.resilience.windows
    if plan is None:
        return []
    frozen = summary["mean_SR_frozen"].drop_nulls()
    if frozen.len() == 0:
        return [finding("no-window-scores", "There is no window with a frozen score.")]
    found = _persons_without_window(windows, norm)
    if summary.height < 2:
        return found
    text = (
        f"Mean SR from each window's own line is 0 in all {summary.height} windows; from the "
        f"frozen line it goes from {frozen[0]:.2f} to {frozen[-1]:.2f}. Only the frozen one can "
        f"show change."
    )
    found.append(
        finding("windows-refitted", text, numbers={"first": frozen[0], "last": frozen[-1]})
    )
    found += _dropout(summary, norm)
    found += _mechanical(windows, summary, norm, slopes)
    return found


def _persons_without_window(windows: pl.DataFrame, norm: Norm) -> list[Finding]:
    persons = norm.period_tables["person"]
    absent = persons.height - windows["person"].n_unique()
    if absent <= 0:
        return []
    text = (
        f"{absent} of {persons.height} persons have too few valid occasions for any window; they "
        f"keep their occasion and person scores."
    )
    return [finding("few-valid-occasions", text, numbers={"persons": absent})]


def _dropout(summary: pl.DataFrame, norm: Norm) -> list[Finding]:
    if norm.frozen_window is None or summary["n"].min() == summary["n"].max():
        return []
    plain = summary["mean_SR_frozen"].to_numpy()
    model, complete = summary["mean_SR_frozen_model"], summary["mean_SR_frozen_complete"]
    best = complete if model.null_count() else model
    if best.null_count():
        return []
    gap = np.abs(np.diff(plain) - np.diff(best.to_numpy()))
    if float(gap.max()) <= NOTABLE_SR * norm.frozen_window.residual_sd / 2:
        return []
    text = (
        f"The number of persons goes from {summary['n'][0]} to {summary['n'][-1]} over the "
        f"windows; mean frozen SR changes by {plain[-1] - plain[0]:+.2f} over those present, by "
        f"{_change(complete)} in the {summary['n_complete'][0]} persons in every window and by "
        f"{_change(model)} in a random-intercept model of everyone."
    )
    numbers = {
        "n": summary["n"].to_list(),
        "plain": summary["mean_SR_frozen"].to_list(),
        "complete": summary["mean_SR_frozen_complete"].to_list(),
        "model": summary["mean_SR_frozen_model"].to_list(),
    }
    return [finding("dropout-moves-windows", text, numbers=numbers)]


def _mechanical(
    windows: pl.DataFrame, summary: pl.DataFrame, norm: Norm, slopes: Mapping[str, float | None]
) -> list[Finding]:
    """A between-person slope applied to a change of exposure within persons."""
    line = norm.frozen_window
    within, between = slopes.get("within_slope"), slopes.get("between_slope")
    if line is None or line.slope is None or within is None or between is None:
        return []
    E = np.array([_window_mean(windows, number, "E") for number in summary["window"]])
    change = float(E[-1] - E[0])
    spread = (line.exposure_range[1] - line.exposure_range[0]) / 6.0
    moved = (within - line.slope) * change
    if abs(change) < NOTABLE_E * spread or abs(moved) < NOTABLE_SR * line.residual_sd:
        return []
    SR = summary["mean_SR_frozen"]
    text = (
        f"Mean E goes from {E[0]:.2f} to {E[-1]:.2f} over the windows and mean frozen SR from "
        f"{SR[0]:.2f} to {SR[-1]:.2f}. The frozen slope is {line.slope:.3f}, the slope within "
        f"persons {within:.3f}: the difference alone moves SR by {moved:+.2f}."
    )
    numbers = {
        "E_first": float(E[0]),
        "E_last": float(E[-1]),
        "frozen_slope": line.slope,
        "within_slope": within,
        "between_slope": between,
        "moved_SR": moved,
    }
    return [finding("between-slope-on-within-change", text, numbers=numbers)]


def _window_mean(windows: pl.DataFrame, number: int, column: str) -> float:
    return float(np.mean(windows.filter(pl.col("window") == number)[column].to_numpy()))


def measurement_findings(measurement: Measurement) -> list[Finding]:
    """Say what is not known of the error of the answers."""
    if measurement.reliability_P is None:
        text = "No reliability of P is known, so standard errors of SR hold the line's error only."
        return [finding("reliability-unknown", text)]
    if measurement.reliability is None:
        text = (
            f"With reliability {measurement.reliability_P:.2f} of P and "
            f"{measurement.reliability_E:.2f} of E, SR would have a reliability outside 0 to 1."
        )
        return [finding("reliability-contradicts", text)]
    return []


def row_findings(
    occasions: pl.DataFrame, windows: pl.DataFrame, persons: pl.DataFrame, far: pl.DataFrame
) -> list[Finding]:
    """Point at extrapolated scores and far points."""
    found = []
    counts = {
        name: int(table["extrapolated"].fill_null(False).sum())
        for name, table in (("occasions", occasions), ("windows", windows), ("persons", persons))
    }
    if any(counts.values()):
        rows = (np.flatnonzero(occasions["extrapolated"].fill_null(False).to_numpy()) + 1).tolist()
        text = (
            f"E lies beyond the range of its line in {counts['occasions']} occasions, "
            f"{counts['windows']} windows and {counts['persons']} persons."
        )
        found.append(
            finding(
                "extrapolated-scores",
                text,
                file="scores.csv",
                column="extrapolated",
                rows=rows,
                numbers=counts,
            )
        )
    if far.height:
        numbers = {
            f"{level}_{flag}": int(far.filter(pl.col("level") == level)[flag].sum())
            for level in ("occasion", "person")
            for flag in ("far_P", "far_E", "far_jointly", "influential")
        }
        text = (
            f"At occasions {numbers['occasion_far_P']} values of P and {numbers['occasion_far_E']}"
            f" of E lie beyond 3 SD, {numbers['occasion_far_jointly']} are far jointly "
            f"(Mahalanobis p < .001, 2 degrees of freedom); at persons "
            f"{numbers['person_far_P']}, {numbers['person_far_E']} and "
            f"{numbers['person_far_jointly']}."
        )
        found.append(finding("far-points", text, numbers=numbers))
    return found


def sensitivity_findings(sensitivity: Mapping[str, pl.DataFrame]) -> list[Finding]:
    """Say which assumptions are impossible, and whether skipped answers matter."""
    found = []
    errors = sensitivity["exposure_error"]
    refused = errors.filter(pl.col("refused"))
    if refused.height:
        values = sorted(set(refused["reliability_E"].to_list()))
        text = (
            f"Reliabilities of E of {', '.join(f'{value:g}' for value in values)} are impossible "
            f"with the observed correlation of E and P and are not computed."
        )
        found.append(finding("impossible-reliability", text, numbers={"reliabilities": values}))
    missing = sensitivity["missing"]
    weak = missing.filter(pl.col("r_with_primary") < BOUNDS_R)
    if weak.height:
        worst = weak.sort("r_with_primary").row(0, named=True)
        text = (
            f"With skipped answers at their bounds ({worst['case']}, {worst['n_changed']} rows) "
            f"SR correlates {worst['r_with_primary']:.3f} with SR as it is."
        )
        found.append(finding("skipped-answers-matter", text, numbers=dict(worst)))
    return found


def bootstrap_findings(bootstrap: Mapping[str, Any], wanted: int) -> list[Finding]:
    """Say which bootstraps gave nothing."""
    missing = [name for name, present in bootstrap.get("done", {}).items() if not present]
    if not missing or wanted < 1:
        return []
    text = f"The bootstrap over persons could not be done for {', '.join(missing)}."
    return [finding("bootstrap-not-possible", text, numbers={"lines": missing})]


def score_arrays(occasions: pl.DataFrame, n_persons: int) -> OccasionArrays:
    """Valid scored rows as arrays."""
    known = occasions.filter(pl.col("SR").is_not_null())
    return OccasionArrays(
        person=known["person"].to_numpy().astype(np.int64),
        occasion=known["occasion_index"].to_numpy().astype(np.int64),
        P=known["P"].to_numpy(),
        E=known["E"].to_numpy(),
        SR=known["SR"].to_numpy(),
        n_persons=n_persons,
    )


def _r(value: float | None) -> str:
    return "unknown" if value is None else f"{round(value, 3) + 0.0:.3f}"


def _change(values: pl.Series) -> str:
    if values.null_count() or values.len() == 0:
        return "an unknown amount"
    return f"{values[-1] - values[0]:+.2f}"
