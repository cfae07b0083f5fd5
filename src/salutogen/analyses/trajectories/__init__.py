"""Resilience trajectories locked to events: anchors, lock matrix, labels, responses.

SR = observed - expected problems. Positive = over-reactive = less resilient.
"""

from salutogen.analyses.trajectories.analysis import Trajectories, run
from salutogen.analyses.trajectories.anchors.anchors import Anchors, find_anchors
from salutogen.analyses.trajectories.anchors.events import EventGrid, event_grid
from salutogen.analyses.trajectories.classes.assessment import ClassAssessment, assess_classes
from salutogen.analyses.trajectories.classes.gates import Gate
from salutogen.analyses.trajectories.classes.settings import ClassSettings, GateSettings
from salutogen.analyses.trajectories.courses.locks import POSITIONS, Lock, lock_courses
from salutogen.analyses.trajectories.labels.labels import LABELS, Labels, classify, label_courses
from salutogen.analyses.trajectories.recovery.response import RecoveryCurve, fit_recovery
from salutogen.analyses.trajectories.recovery.return_time import ReturnTimes, return_times
from salutogen.analyses.trajectories.settings import TrajectorySettings

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
    "RecoveryCurve",
    "ReturnTimes",
    "Trajectories",
    "TrajectorySettings",
    "assess_classes",
    "classify",
    "event_grid",
    "find_anchors",
    "fit_recovery",
    "label_courses",
    "lock_courses",
    "return_times",
    "run",
]
