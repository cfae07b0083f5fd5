"""What is doubtful about the scores: which of the table's findings apply, with their numbers."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.counts import forms_of
from salutogen.findings import Findings, Persons, Severity
from salutogen.resilience.claims import PersonClaims
from salutogen.resilience.cross_fit import CrossFit
from salutogen.resilience.person_levels import LevelsOfPersons
from salutogen.resilience.reliability import Measurement
from salutogen.resilience.summary import ScoreSummary
from salutogen.resilience.uncertainty import BootstrapSummary
from salutogen.study.format.analysed import ResilienceSettings

NOTABLE_R = 0.1
FEW_BEYOND = 0.01  # of a level's rows


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
        findings.tell("exposure-left-in-score", numbers=numbers, **written)
    if left.mixed is not None and abs(left.mixed) > NOTABLE_R:
        numbers = {
            "mixed": left.mixed,
            "mixed_between": left.mixed_between,
            "mixed_within": left.mixed_within,
            "pooled": left.primary,
        }
        written = {name: _three_decimals(value) for name, value in numbers.items()}
        findings.tell("mixed-slope-leaves-exposure", numbers=numbers, **written)


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


def tell_cross_fit(found: CrossFit | None, asked: int | None, findings: Findings) -> None:
    """Say how far scores by lines of other persons differ, or why there are none."""
    if asked is None:
        return
    if found is None:
        findings.tell("no-cross-fit")
        return
    findings.tell(
        "cross-fitted", folds=found.folds, n=Persons(found.n), r=found.r, sd=found.sd,
        plain=found.sd_plain,
    )  # fmt: skip


def tell_levels(
    levels: LevelsOfPersons | None,
    claims: PersonClaims,
    settings: ResilienceSettings,
    findings: Findings,
) -> None:
    """Say what cannot be told of persons' levels, and what is assumed for them."""
    if levels is None:
        findings.tell("level-needs-occasions")
        return
    if levels.stability_given:
        findings.tell("stability-assumed", stability=settings.stability)
        return
    if settings.stability is not None:
        findings.tell("assumption-not-used", key="stability", given=settings.stability)
    if settings.autocorrelation is not None and levels.autocorrelation_estimated:
        findings.tell("assumption-not-used", key="autocorrelation", given=settings.autocorrelation)
    if not levels.autocorrelation_told:
        findings.tell("autocorrelation-unknown")
    elif not levels.differ:
        findings.tell(
            "levels-not-told-to-differ",
            between=claims.between_variance,
            low=claims.between_variance_low,
            high=claims.between_variance_high,
            rho=claims.autocorrelation,
            numbers={"within": claims.within_variance},
        )


def tell_carried(persons: pl.DataFrame, line_error: np.ndarray, findings: Findings) -> None:
    """Say whose SR is made by the line itself: nobody else tells the term that it rests on."""
    carried = persons["SR"].is_not_null().to_numpy() & ~np.isfinite(line_error)
    if carried.any():
        findings.tell(
            "score-made-by-line",
            persons=Persons(carried.sum(), of=persons.height),
            whole=Persons(persons.height),
        )


def tell_refit(table: pl.DataFrame, level: str, findings: Findings) -> None:
    """Say where a period's own line gives no SR although the reference line does.

    Parameters
    ----------
    table : DataFrame
        Scored windows or phases.
    level : {"window", "phase"}
    findings : Findings
    """
    if "SR_refit" not in table.columns:
        return
    has_line = pl.col("SR_refit").is_not_null().any().over(level)
    lost = table.filter(has_line & pl.col("SR_frozen").is_not_null() & pl.col("SR_refit").is_null())
    if lost.height:
        findings.tell(
            "refit-without-label",
            rows_lost=Persons(lost.height, of=table.height),
            level=level,
            periods=[str(name) for name in lost[level].unique(maintain_order=True).sort()],
        )


def tell_extrapolated(
    occasions: pl.DataFrame, windows: pl.DataFrame, persons: pl.DataFrame, findings: Findings
) -> None:
    """Point at scores of exposures beyond the range of their line; a note where they are few."""
    tables = (occasions, windows, persons)
    counts = [int(table["extrapolated"].fill_null(False).sum()) for table in tables]
    pairs = zip(counts, tables, strict=True)
    few = all(count <= FEW_BEYOND * table.height for count, table in pairs)
    if not any(counts):
        return
    of_occasions, of_windows = (
        forms_of(table["extrapolated"].fill_null(False).to_numpy(), table["person"].to_numpy())
        for table in (occasions, windows)
    )
    rows = (np.flatnonzero(occasions["extrapolated"].fill_null(False).to_numpy()) + 1).tolist()
    findings.tell(
        "extrapolated-scores",
        severity=Severity.NOTE if few else None,
        file="scores.csv",
        column="extrapolated",
        rows=rows,
        occasions=Persons(counts[0], of=occasions.height),
        windows=Persons(counts[1], of=windows.height),
        persons=Persons(counts[2], of=persons.height),
        when_hidden={"n_rows": of_occasions, "occasions": of_occasions, "windows": of_windows},
    )


def tell_bootstrap(bootstrap: BootstrapSummary, findings: Findings) -> None:
    """Say which bootstraps gave nothing."""
    missing = [name for name, present in bootstrap.done.items() if not present]
    if missing and bootstrap.draws > 0:
        findings.tell("bootstrap-not-possible", lines=missing)


def _three_decimals(value: float | None) -> str:
    return "unknown" if value is None else f"{round(value, 3) + 0.0:.3f}"
