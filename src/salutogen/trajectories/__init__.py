"""Resilience trajectories locked to events: anchors, lock matrix, labels, responses.

SR = observed - expected problems. Positive = over-reactive = less resilient.
"""

from salutogen.trajectories.anchors import Anchors, find_anchors
from salutogen.trajectories.class_settings import ClassSettings, GateSettings
from salutogen.trajectories.classes import ClassAssessment, assess_classes
from salutogen.trajectories.events import EventGrid, event_grid
from salutogen.trajectories.gates import Gate
from salutogen.trajectories.labels import LABELS, Labels, classify, label_courses
from salutogen.trajectories.locks import POSITIONS, Lock, lock_courses
from salutogen.trajectories.response import RecoveryCurve, fit_recovery
from salutogen.trajectories.return_time import ReturnTimes, return_times
from salutogen.trajectories.settings import TrajectorySettings
from salutogen.trajectories.trajectories import Trajectories, run

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
