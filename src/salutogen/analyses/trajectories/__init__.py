"""Resilience trajectories locked to events: anchors, lock matrix, labels, responses.

SR = observed - expected problems. Positive = over-reactive = less resilient.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories, compute
    from salutogen.analyses.trajectories.anchors.events import EventGrid, event_grid
    from salutogen.analyses.trajectories.anchors.rules import Anchors, find_anchors
    from salutogen.analyses.trajectories.classes.assessment import ClassAssessment, assess_classes
    from salutogen.analyses.trajectories.classes.gates import Gate
    from salutogen.analyses.trajectories.classes.settings import ClassSettings, GateSettings
    from salutogen.analyses.trajectories.courses.locks import POSITIONS, Lock, lock_courses
    from salutogen.analyses.trajectories.labels.by_rule import Labels, label_courses
    from salutogen.analyses.trajectories.labels.rule import LABELS, classify
    from salutogen.analyses.trajectories.placebo.comparison import Placebo
    from salutogen.analyses.trajectories.recovery.curve import RecoveryCurve, fit_recovery
    from salutogen.analyses.trajectories.recovery.return_time import ReturnTimes, return_times
    from salutogen.analyses.trajectories.settings import TrajectorySettings

_HOME = {
    "LABELS": "labels.rule",
    "POSITIONS": "courses.locks",
    "Anchors": "anchors.rules",
    "ClassAssessment": "classes.assessment",
    "ClassSettings": "classes.settings",
    "EventGrid": "anchors.events",
    "Gate": "classes.gates",
    "GateSettings": "classes.settings",
    "Labels": "labels.by_rule",
    "Lock": "courses.locks",
    "Placebo": "placebo.comparison",
    "RecoveryCurve": "recovery.curve",
    "ReturnTimes": "recovery.return_time",
    "Trajectories": "analysis",
    "TrajectorySettings": "settings",
    "assess_classes": "classes.assessment",
    "classify": "labels.rule",
    "compute": "analysis",
    "event_grid": "anchors.events",
    "find_anchors": "anchors.rules",
    "fit_recovery": "recovery.curve",
    "label_courses": "labels.by_rule",
    "lock_courses": "courses.locks",
    "return_times": "recovery.return_time",
}

__all__ = [
    "LABELS",
    "POSITIONS",
    "Anchors",
    "ClassAssessment",
    "ClassSettings",
    "EventGrid",
    "Gate",
    "GateSettings",
    "Labels",
    "Lock",
    "Placebo",
    "RecoveryCurve",
    "ReturnTimes",
    "Trajectories",
    "TrajectorySettings",
    "assess_classes",
    "classify",
    "compute",
    "event_grid",
    "find_anchors",
    "fit_recovery",
    "label_courses",
    "lock_courses",
    "return_times",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"salutogen.analyses.trajectories.{_HOME[name]}"), name)
    raise AttributeError(f"module 'salutogen.analyses.trajectories' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
