"""Words for how two steps (a predictor of SR) differ from one (the same beside exposure)."""

from __future__ import annotations

from salutogen.page.words import percent, points

DIGITS = 2  # of the ratios that are told
CLOSE = 0.03  # a ratio that differs from what exposure accounts for by less is not told further


def ratio_of(two: float, one: float) -> float | None:
    """Two-step divided by one-step estimate; None where the latter is 0."""
    return two / one if one else None


def told_ratio(
    ratio: float, share: float, *, of: str, line: str, effect: str, exposure: str = "exposure"
) -> str:
    """Say by how much both differ, and what that would be if only exposure made the difference.

    Parameters
    ----------
    ratio, share : float
        Of both steps; of the predictor's variance that goes with exposure, given covariates.
    of, line, effect : str
        The predictor; the line by which the ratio would be 1 - share; what is estimated.
    exposure : str
        What SR leaves out: exposure, and covariates of the line that are not given.
    """
    return (
        f"two steps give {points(ratio)} times the {effect} of one. Of {of}, {percent(share)} goes "
        f"with {exposure}, and by {line} the ratio would be {points(1 - share)}, as SR leaves out "
        f"whatever goes with {exposure}."
    )


def accounted_for(ratio: float, share: float) -> bool:
    """Whether nothing of a ratio, as it is told, is left to account for beside exposure."""
    return round(abs(round(ratio, DIGITS) - round(1 - share, DIGITS)), DIGITS) < CLOSE
