"""Every analysis that a study file can name: built in, or from other packages."""

from __future__ import annotations

from importlib.metadata import entry_points

from salutogen.analyses.contract import Analysis

GROUP = "salutogen.analyses"

# In the order of the page. Those on by default come before what the study file asks for.
BUILT_IN = (
    Analysis(
        name="windows",
        title="Windows: frozen against refitted",
        settings="salutogen.analyses.windows.settings:WindowsSettings",
        compute="salutogen.analyses.windows.analysis:compute",
        result="salutogen.analyses.windows.analysis:WindowsResult",
        default=True,
        results_at={"windows": "resilience.windows"},
    ),
    Analysis(
        name="concordance",
        title="Concordance of variants",
        settings="salutogen.analyses.concordance.settings:ConcordanceSettings",
        compute="salutogen.analyses.concordance.analysis:compute",
        result="salutogen.analyses.concordance.analysis:ConcordanceResult",
        default=True,
        results_at={"": "resilience.variants"},
    ),
    Analysis(
        name="sensitivity",
        title="Sensitivity bands",
        settings="salutogen.analyses.sensitivity.settings:SensitivitySettings",
        compute="salutogen.analyses.sensitivity.analysis:compute",
        result="salutogen.analyses.sensitivity.analysis:SensitivityResult",
        needs=("outliers",),
        default=True,
        results_at={"": "resilience.sensitivity"},
    ),
    Analysis(
        name="quality",
        title="Reliability and quality of exposure",
        settings="salutogen.analyses.quality.settings:QualitySettings",
        compute="salutogen.analyses.quality.analysis:compute",
        result="salutogen.analyses.quality.analysis:QualityResult",
        default=True,
    ),
    Analysis(
        name="outliers",
        title="Outliers",
        settings="salutogen.analyses.outliers.settings:OutliersSettings",
        compute="salutogen.analyses.outliers.analysis:compute",
        result="salutogen.analyses.outliers.analysis:OutliersResult",
        default=True,
    ),
    Analysis(
        name="trajectories",
        title="Trajectories locked to events",
        settings="salutogen.analyses.trajectories.settings:TrajectorySettings",
        compute="salutogen.analyses.trajectories.analysis:compute",
        result="salutogen.analyses.trajectories.analysis:Trajectories",
        results_at={"": "trajectories"},
        fits_classes=True,
    ),
)


def available() -> dict[str, Analysis]:
    """Return every analysis by name, built-in ones first."""
    found = {item.name: item for item in BUILT_IN}
    for entry in sorted(entry_points(group=GROUP), key=lambda item: item.name):
        found.setdefault(entry.name, entry.load())
    return found
