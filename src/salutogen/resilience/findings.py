"""What is doubtful about the scores, in words with numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl

from salutogen.findings import Finding, finding
from salutogen.resilience.parts import OccasionArrays
from salutogen.resilience.reliability import Measurement

NOTABLE_R = 0.1


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
    occasions: pl.DataFrame, windows: pl.DataFrame, persons: pl.DataFrame
) -> list[Finding]:
    """Point at extrapolated scores."""
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
