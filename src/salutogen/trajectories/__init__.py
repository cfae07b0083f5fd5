"""Resilience trajectories locked to events: anchors, lock matrix, labels, responses.

SR = observed - expected problems. Positive = over-reactive = less resilient.
"""

from salutogen.trajectories.anchors import Anchors, find_anchors
from salutogen.trajectories.events import EventGrid, event_grid
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
    "EventGrid",
    "Labels",
    "Lock",
    "RecoveryCurve",
    "ReturnTimes",
    "Trajectories",
    "TrajectorySettings",
    "classify",
    "event_grid",
    "find_anchors",
    "fit_recovery",
    "label_courses",
    "lock_courses",
    "return_times",
    "run",
]
