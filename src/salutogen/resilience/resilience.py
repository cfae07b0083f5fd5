"""`Resilience`: SR per occasion, window, phase and person, with errors and checks.

SR = observed - expected problems. Positive = over-reactive = less resilient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from salutogen.display import SIGN, card
from salutogen.findings import Finding
from salutogen.norm import Norm
from salutogen.scores import Scores


@dataclass(frozen=True, kw_only=True)
class Resilience:
    """Resilience scores at every level. SR in points of P; SR_z = SR / residual SD of the line.

    Attributes
    ----------
    occasions : DataFrame
        `subject, occasion, time, E, P, P_expected, SR`, then `SR_z, SR_se, SR_low, SR_high,
        SR_<type>`, E by type, flags (`E_skipped, P_prorated, extrapolated, valid`).
    windows : DataFrame
        `subject, window, first_occasion, last_occasion, n_valid, E, P, SR_frozen, SR_refit`, then
        `time` (centre date in days), `SR_frozen_z`, `SR_refit_z`, `SR_<type>`, `extrapolated`.
    persons : DataFrame
        `subject, n_valid, E, P, P_expected, SR`, then `SR_z, SR_se, SR_low, SR_high, SR_<type>`,
        SR by variant not included.
    phases : DataFrame
        `subject, phase, n_valid, E, P, SR_frozen, SR_refit`.
    descriptives : mapping
        `P, E, SR` → `mean, sd, icc, within_sd` in raw points.
    summary : mapping
        `icc_single, icc_windows {frozen, refit}, lag1, lag1_within, reliability, sem,
        sr_exposure_correlation {...}, within_slope, between_slope`.
    bootstrap : mapping
        Percentile intervals of line coefficients and derived figures, draws and seed.
    """

    scores: Scores
    norm: Norm
    occasions: pl.DataFrame
    windows: pl.DataFrame
    persons: pl.DataFrame
    phases: pl.DataFrame
    descriptives: Mapping[str, Mapping[str, float | None]]
    summary: Mapping[str, Any]
    bootstrap: Mapping[str, Any] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    def _repr_html_(self) -> str:
        facts = {
            "Persons scored": self.persons.height,
            "Occasions scored": self.occasions["SR"].count(),
            "ICC of single SR": self.summary["icc_single"],
            "Reliability of single SR": self.summary["reliability"],
            "r(SR, E)": self.summary["sr_exposure_correlation"]["primary"],
        }
        return card("Resilience", facts, self.findings, note=SIGN)
