"""Fixed companions of the made-up results: tests, checks and findings a run would give."""

from __future__ import annotations

from typing import Any

import polars as pl

from salutogen.findings import Evidence, Finding, Severity
from salutogen.norm import MixedLine, ShapeTest
from salutogen.resilience.summary import (
    ExposureCorrelations,
    ResidualSD,
    ScoreSummary,
    WindowICC,
)
from salutogen.resilience.uncertainty import BootstrapSummary

MIXED = MixedLine(
    intercept=0.0033,
    slope=0.358,
    slope_se=0.0286,
    within_slope=0.303,
    between_slope=0.572,
    within_se=0.03,
    between_se=0.05,
    split_intercept=0.0,
    residual_sd=0.529,
    random_sd=(0.6, 0.1),
    singular=True,
    mean_P=14.35,
    sd_P=5.9,
    mean_E=43.9,
    sd_E=20.5,
    simplified_slope=0.3549,
)
SHAPE = ShapeTest(
    unit="person",
    n=200,
    f=2.23,
    df1=1,
    df2=197,
    p=0.137,
    bic_linear=1170.17,
    bic_quadratic=1173.22,
    aic={"linear": 1160.27, "quadratic": 1160.03},
    cv_error={"linear": 20.2, "quadratic": 20.4},
    spline_p=0.31,
    chosen="linear",
)


BARE_SUMMARY = ScoreSummary(
    icc_single=None,
    icc_windows=WindowICC(frozen=None, refit=None),
    lag1=None,
    lag1_within=None,
    lag1_pairs=0,
    reliability=None,
    reliability_P=None,
    reliability_E=1.0,
    reliability_E_assumed=True,
    sem=None,
    r_E_P=None,
    sr_exposure_correlation=ExposureCorrelations(primary=None, between=None, within=None),
    within_slope=None,
    between_slope=None,
    within_slope_least_squares=None,
    between_slope_least_squares=None,
    residual_sd=ResidualSD(occasion=4.9, person=4.4),
)


def bootstrap(draws: int) -> BootstrapSummary:
    return BootstrapSummary(
        draws=draws, seed=1, over="persons", interval="percentile, 95 %", done={}, lines={}
    )


def make_checks(persons: pl.DataFrame) -> dict[str, Any]:
    names = ["person_line", "pooled", "mixed", "mixed_split", "count", "robust", "winsorised", "z"]
    size = len(names)
    matrix = [
        [1.0 if i == j else 0.98 - 0.03 * abs(i - j) for j in range(size)] for i in range(size)
    ]
    error = [
        {
            "level": level,
            "reliability_E": rel,
            "r_observed": 0.55,
            "refused": rel < 0.4,
            "r_SR_true_E": None if rel < 0.4 else 0.3 * (1 - rel),
            "slope": 0.165,
            "corrected_slope": 0.165 / rel,
            "r_with_corrected": 1 - 0.2 * (1 - rel),
            "r_corrected_observed_E": -(1 - rel),
        }
        for level in ("occasion", "person")
        for rel in (0.4, 0.6, 0.8, 1.0)
    ]
    mood = [
        {
            "level": level,
            "g": g,
            "r_observed": 0.5,
            "r_true": 0.5 - g,
            "slope": 0.165,
            "corrected_slope": 0.165 - g / 10,
            "r_SR_true_E": -g / 2,
            "r_with_corrected": 1 - g / 9,
        }
        for level in ("occasion", "person")
        for g in (0.0, 0.1, 0.2, 0.3)
    ]
    return {
        "summary": ScoreSummary(
            icc_single=0.62,
            icc_windows=WindowICC(frozen=0.87, refit=0.88),
            lag1=0.63,
            lag1_within=-0.12,
            lag1_pairs=845,
            reliability=0.83,
            reliability_P=0.87,
            reliability_E=1.0,
            reliability_E_assumed=True,
            sem=2.1,
            r_E_P=0.492,
            sr_exposure_correlation=ExposureCorrelations(
                primary=1e-17,
                between=0.093,
                within=-0.208,
                mixed=0.152,
                mixed_between=0.241,
                mixed_within=-0.062,
            ),
            within_slope=0.087,
            between_slope=0.165,
            within_slope_least_squares=0.087,
            between_slope_least_squares=0.165,
            residual_sd=ResidualSD(occasion=4.9, person=4.4),
        ),
        "variants": {
            "names": names,
            "primary": names[0],
            "correlation": matrix,
            "rank_agreement": {"spearman": matrix},
            "changed_quarter": {
                name: {"n": 200, "changed": 20, "share": 0.1} for name in names[1:]
            },
            "descriptions": {name: f"SR by {name}" for name in names},
            "occasion_names": names[1:4],
            "occasion_correlation": [row[:3] for row in matrix[:3]],
            "table": pl.DataFrame(
                {"subject": persons["subject"], **dict.fromkeys(names, persons["SR"])}
            ),
        },
        "sensitivity": {
            "exposure_error": pl.DataFrame(error, infer_schema_length=None),
            "mood_reporting": pl.DataFrame(mood),
            "outliers": pl.DataFrame(
                {
                    "policy": ["as they are", "drop"],
                    "n": [200, 198],
                    "slope": [0.165, 0.17],
                    "largest_change": [0.0, 0.8],
                }
            ),
            "missing": pl.DataFrame(
                {"case": ["lowest", "highest"], "n_changed": [12, 12], "mean_SR_change": [0.1, 0.2]}
            ),
        },
        "bootstrap": bootstrap(1000),
        "outliers": pl.DataFrame(
            {
                "level": ["person"],
                "subject": [persons["subject"][3]],
                "z_P": [3.4],
                "cook": [0.2],
                "mahalanobis_p": [0.0004],
            }
        ),
    }


FINDINGS = (
    Finding(
        code="outside-range",
        severity=Severity.NOTE,
        text="Three scores are extrapolated.",
        mend="Read them with care.",
        evidence=Evidence(numbers={"n": 3}, rows=(7, 9, 11), n_rows=3),
    ),
    Finding(
        code="study-design",
        severity=Severity.WARNING,
        text="Recall covers 80 % of the time.",
        mend="Ask about the whole interval.",
        evidence=Evidence(numbers={"coverage": 0.8}),
    ),
)
