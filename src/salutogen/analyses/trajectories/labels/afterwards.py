"""What is seen after post2 of the courses with each label: who is back, and who is above at last.

Labels end at post2. Who is above there may be back at the next occasion, so that no label tells of
what lasts: what was seen later stands beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

import numpy as np

from salutogen.analyses.trajectories.anchors.rules import Anchors
from salutogen.analyses.trajectories.courses.locks import OFFSETS, FloatArray
from salutogen.analyses.trajectories.labels.rule import LABELS, Codes
from salutogen.columns import Kind, Record, figure, record

POST2 = max(OFFSETS)


@record
class Afterwards(Record):
    """What is seen of the courses with a label after post2, up to the person's next anchor."""

    n: int = figure("Courses with the label", kind=Kind.COUNT)
    n_seen: int = figure("Courses seen after post2", kind=Kind.COUNT)
    n_within: int = figure(
        "Of these, seen at some time after post2 not above the own band", kind=Kind.COUNT
    )
    n_above: int = figure("Of these, seen above it at some time after post2", kind=Kind.COUNT)
    n_above_last: int = figure("Of these, above it when last seen", kind=Kind.COUNT)


def seen_afterwards(codes: Codes, change: FloatArray, half_width: float) -> dict[str, Afterwards]:
    """Count what is seen of labelled courses after post2.

    Parameters
    ----------
    codes : ndarray of int, shape (m,)
        Places in `LABELS`.
    change : ndarray, shape (m, k)
        SR minus the own pre-level by occasions since the event; column 0 is the event itself.
    half_width : float
        Of the band.

    Returns
    -------
    dict of str to Afterwards
        By label.
    """
    later = change[:, POST2 + 1 :]
    seen = np.isfinite(later)
    above = np.where(seen, later, -np.inf) > half_width
    any_seen = seen.any(axis=1)
    last = np.zeros(len(codes), dtype=bool)
    if later.shape[1]:
        at = later.shape[1] - 1 - seen[:, ::-1].argmax(axis=1)
        last = above[np.arange(len(codes)), at] & any_seen
    found = {}
    for code, name in enumerate(LABELS):
        own = codes == code
        found[name] = Afterwards(
            n=int(own.sum()),
            n_seen=int((own & any_seen).sum()),
            n_within=int((own & (seen & ~above).any(axis=1)).sum()),
            n_above=int((own & above.any(axis=1)).sum()),
            n_above_last=int((own & last).sum()),
        )
    return found


def planned_days_to_post2(anchors: Anchors, days: Sequence[float | None]) -> float | None:
    """Planned days from the event to post2, median over anchors; None where days are not planned.

    Parameters
    ----------
    anchors : Anchors
    days : sequence of float or None
        Planned day of each occasion.
    """
    spans = []
    for place in anchors.occasion.tolist():
        if place + POST2 < len(days):
            start, end = days[place], days[place + POST2]
            if start is None or end is None:
                return None
            spans.append(end - start)
    return float(median(spans)) if spans else None
