"""The way back as this analysis gives it: fitted where the data allow, otherwise refused."""

from __future__ import annotations

import numpy as np

from salutogen.errors import ModelError
from salutogen.findings import Finding, finding
from salutogen.trajectories.locks import FloatArray
from salutogen.trajectories.response import (
    LATER_POINTS,
    SHARE_NEEDED,
    RecoveryCurve,
    enough_later,
    fit_recovery,
)


def recovery_of(change: FloatArray) -> tuple[RecoveryCurve | None, list[Finding]]:
    """Fit the return where enough occasions follow, or say why there is none."""
    enough, n = enough_later(change)
    if enough < SHARE_NEEDED * n:
        text = (
            f"Only {enough} of {n} anchored persons have {LATER_POINTS} or more occasions after "
            "the event, so no half-life, asymptote or area is given: jump and mean change only."
        )
        return None, [
            finding("recovery-not-identified", text, numbers={"enough": enough, "persons": n})
        ]
    try:
        curve = fit_recovery(change)
    except ModelError as error:
        return None, [finding("recovery-not-fitted", f"The return cannot be fitted: {error}")]
    low, high = curve.interval
    fall = curve.jump - curve.asymptote
    if low > 0 and np.isfinite(high) and fall > 0:
        return curve, []
    text = (
        f"SR goes from {curve.jump:.2f} points above the level before the event to "
        f"{curve.asymptote:.2f}; a half-life of {curve.half_life:.2f} occasions (95 % interval "
        f"{low:.2f} to {high:.2f}) is not one of a return that these data show."
    )
    numbers = {"half_life": curve.half_life, "low": low, "high": high, "fall": fall}
    return curve, [finding("half-life-not-settled", text, numbers=numbers)]
