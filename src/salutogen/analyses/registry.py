"""Every analysis that a study file can name: built in, or from other packages."""

from __future__ import annotations

from importlib.metadata import entry_points

from salutogen.analyses.contract import Analysis

GROUP = "salutogen.analyses"

BUILT_IN = (
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
