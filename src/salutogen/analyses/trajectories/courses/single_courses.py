"""Courses of single persons under their labels, as figures draw them where persons are shown."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.locks import POSITIONS, FloatArray
from salutogen.columns import POINTS, Column, Kind
from salutogen.page.audience import Audience
from salutogen.page.charting import Spec, quantity, values
from salutogen.page.colours import colour

DRAWN = 300
COLUMNS = (
    Column(name="who", meaning="Person, under a label", kind=Kind.PERSON),
    Column(name="value", meaning="Value of one person", unit=POINTS, kind=Kind.PERSON),
)


def drawn_rows(anchors: Anchors, rows: NDArray[np.int64], audience: Audience) -> NDArray[np.int64]:
    """Those of some anchors that figures draw one by one, in the order of their labels."""
    places = audience.places[anchors.person[rows]]
    return rows[np.argsort(places, kind="stable")[:DRAWN]]


def course_labels(anchors: Anchors, rows: NDArray[np.int64], audience: Audience) -> list[str]:
    """Labels of anchors: the person's, with the number of a further episode."""
    labels = audience.labels(anchors.person[rows])
    return [
        label if number == 1 else f"{label}, episode {number}"
        for label, number in zip(labels, anchors.episode[rows].tolist(), strict=True)
    ]


def drawn_courses(anchors: Anchors, shown: FloatArray, audience: Audience) -> pl.DataFrame | None:
    """Values by position of single courses; None where persons are hidden.

    Parameters
    ----------
    anchors : Anchors
    shown : ndarray, shape (n, 4)
    audience : Audience
    """
    if not audience.draws_persons:
        return None
    order = drawn_rows(anchors, np.arange(anchors.n), audience)
    who = course_labels(anchors, order, audience)
    return pl.DataFrame(
        {
            "position": list(POSITIONS) * len(who),
            "who": [label for label in who for _ in POSITIONS],
            "value": shown[order].ravel(),
        }
    ).filter(pl.col("value").is_finite())


def thin_lines(single: pl.DataFrame, x: Spec, axis: str, opacity: float, **mark: object) -> Spec:
    """One thin line for each course."""
    drawn = {"type": "line", "color": colour("person"), "strokeWidth": 0.7, "opacity": opacity}
    return {
        "data": values(single),
        "mark": {**drawn, **mark},
        "encoding": {
            "x": x,
            "y": quantity("value", axis),
            "detail": {"field": "who", "type": "nominal"},
        },
    }
