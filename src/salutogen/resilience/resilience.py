"""`Resilience`: SR per occasion, window, phase and person, with errors and checks.

SR = observed - expected problems. Positive = over-reactive = less resilient.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from salutogen.columns import Record, beside, figure, record, rows
from salutogen.display import SIGN, card
from salutogen.findings import Finding
from salutogen.norm import Norm
from salutogen.resilience.claims import PersonClaims
from salutogen.resilience.cross_fit import CrossFit
from salutogen.resilience.levels import COLUMNS
from salutogen.resilience.summary import ScoreDescriptives, ScoreSummary
from salutogen.resilience.uncertainty import BootstrapSummary
from salutogen.scores import Scores


@record
class Resilience(Record):
    """Resilience scores at every level. SR in points of P; SR_z = SR / residual SD of the line.

    Attributes
    ----------
    occasions, windows, phases, persons : DataFrame
        Scores of each level; their columns are declared in `levels.COLUMNS`. `person` (and
        `occasion_index`) are places in the panel.
    descriptives : ScoreDescriptives
        Mean, SD, ICC and SD within persons of P, E and SR in raw points.
    summary : ScoreSummary
        Stability and reliability of scores, exposure left in them, slopes within and between.
    claims : PersonClaims
        Persons' levels over the period: how far they differ, who is clearly off the line.
    cross_fit : CrossFit or None
        Persons scored by lines of other persons, where the study file asks.
    bootstrap : BootstrapSummary
        Symmetric bootstrap-t intervals of line coefficients, draws and seed.
    """

    scores: Scores = beside()
    norm: Norm = beside()
    occasions: pl.DataFrame = rows("SR of occasions", COLUMNS["occasion"])
    windows: pl.DataFrame = rows("SR of sliding windows", COLUMNS["window"])
    persons: pl.DataFrame = rows("SR of persons", COLUMNS["person"])
    phases: pl.DataFrame = rows("SR of phases", COLUMNS["phase"])
    descriptives: ScoreDescriptives = figure("P, E and SR over occasions")
    summary: ScoreSummary = figure("What the scores come to")
    claims: PersonClaims = figure("Persons' levels over the period")
    bootstrap: BootstrapSummary = figure("Bootstraps of the reference lines over persons")
    cross_fit: CrossFit | None = figure(
        "Persons scored by lines of other persons; only where the study file asks", default=None
    )
    findings: tuple[Finding, ...] = beside(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return plain data as in `results.json`: the figures, no scores of single persons."""
        told = {
            **self.summary.to_dict(),
            "persons": self.claims.to_dict(),
            "bootstrap": self.bootstrap.to_dict(),
        }
        return told if self.cross_fit is None else {**told, "cross_fit": self.cross_fit.to_dict()}

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of `to_dict`."""
        found = ScoreSummary.schema()
        parts = {"persons": PersonClaims.schema(), "bootstrap": BootstrapSummary.schema()}
        more = {"cross_fit": CrossFit.schema()}
        return {
            **found,
            "properties": {**found["properties"], **parts, **more},
            "required": [*found["required"], *parts],
        }

    def __repr__(self) -> str:
        return (
            f"Resilience(persons={self.persons.height}, occasions={self.occasions.height}, "
            f"windows={self.windows.height}, reliability={self.summary.reliability})"
        )

    def _repr_html_(self) -> str:
        facts = {
            "Persons scored": self.persons.height,
            "Occasions scored": self.occasions["SR"].count(),
            "ICC of single SR": self.summary.icc_single,
            "Reliability of single SR": self.summary.reliability,
            "r(SR, E)": self.summary.sr_exposure_correlation.primary,
        }
        return card("Resilience", facts, self.findings, note=SIGN)
