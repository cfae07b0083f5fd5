"""The rule that labels a course: resilient, recovery, delayed, chronic, improving, high before.

After the taxonomy of Bonanno (2004), with courses that improve and those that were high before the
event.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salutogen.analyses.trajectories.courses.locks import FloatArray

LABELS = (
    "resilient",
    "recovery",
    "delayed",
    "chronic",
    "improving",
    "pre-existing high",
)
# What the page says in their place: where a course was seen. Two occasions after an event show
# nobody chronic, and a rise within the band shows nobody resilient.
SHOWN = {
    "resilient": "not seen above",
    "recovery": "above and back at post2",
    "delayed": "above later only",
    "chronic": "still above at post2",
    "improving": "below at post2",
    "pre-existing high": "high before",
}
RESILIENT, RECOVERY, DELAYED, CHRONIC, IMPROVING, HIGH = range(len(LABELS))
Codes = NDArray[np.int8]


def classify(
    SR: FloatArray,
    *,
    half_width: float,
    tolerance: float = 1.0,
    high: NDArray[np.bool_] | None = None,
) -> Codes:
    """Label complete courses by rule.

    Within the band means at or below the own pre-level plus `half_width`. Resilient: within at
    peri, post1 and post2. Improving: so too, and at post2 more than a half width below the
    pre-level. Recovery: above at peri, back at post2. Chronic: above at peri and still at post2.
    Delayed: within at peri, above later. Pre-existing high goes before all of them.

    Parameters
    ----------
    SR : ndarray, shape (..., 4)
        At pre, peri, post1, post2; points of P; positive = over-reactive = less resilient.
    half_width : float
        Half width of the band.
    tolerance : float
        Back at post2 means within this many half widths of the pre-level.
    high : ndarray of bool, optional
        Who was high before the event.

    Returns
    -------
    ndarray of int8
        Places in `LABELS`.
    """
    change = SR[..., 1:] - SR[..., :1]
    above = change > half_width
    last = change[..., 2]
    codes = np.full(change.shape[:-1], RESILIENT, dtype=np.int8)
    codes[last < -half_width] = IMPROVING
    codes[above[..., 1] | above[..., 2]] = DELAYED
    codes[above[..., 0]] = RECOVERY
    codes[above[..., 0] & (last > tolerance * half_width)] = CHRONIC
    if high is not None:
        codes[high] = HIGH
    return codes
