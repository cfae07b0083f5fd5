"""Words for what a reaction to the event does to the line that it is judged by.

The line is fitted to the occasions of events as well. A reaction raises problems where exposure is
raised, and so raises the slope: it makes a rising line steeper and a falling one flatter.
"""

from __future__ import annotations

from salutogen.analyses.trajectories.courses.calm_line import CalmJump
from salutogen.analyses.trajectories.courses.locks import OFFSETS
from salutogen.analyses.trajectories.placebo.occasions import MARGIN
from salutogen.analyses.trajectories.recovery.response import Response
from salutogen.page.words import number, signed

FITTED_AS_WELL = (
    " The line is fitted to these occasions as well, so that a reaction to the event would raise "
    "its slope, and with it what is expected at the event"
)


def calm_words(response: Response) -> str:
    """What the jump is by slopes that the reaction to the event has no part in."""
    calm = response.jump_calm or {}
    plain = calm.get("SR")
    if plain is None:
        return ""
    others = "; events that are no anchor stay in, and may still raise it" if _raised(plain) else ""
    words = (
        f"{FITTED_AS_WELL}. Without the occasions from an anchor to two after post2 its slope is "
        f"{number(plain.slope_calm)} in place of {number(plain.slope)} points for each unit of "
        f"exposure on single occasions, by which SR would change by {_jump(plain)}{others}"
    )
    if (within := calm.get("SR_within")) is not None:
        words += (
            f"; within persons it is {number(within.slope_calm)} in place of "
            f"{number(within.slope)}, by which SR would change by {_jump(within)}"
        )
    return f"{words}."


def calm_in_short(response: Response) -> str:
    """The same for the opening, where the slope is higher with the occasions of events."""
    plain = (response.jump_calm or {}).get("SR")
    if plain is None or not _raised(plain):
        return ""
    return (
        f"{FITTED_AS_WELL}; by a slope without the occasions from an anchor to "
        f"{max(OFFSETS) + MARGIN} after it, which other events may still raise, SR changed by "
        f"{_jump(plain)}."
    )


def falling_words(response: Response) -> str:
    """What a falling line makes of exposure at the event; nothing where it rises."""
    plain = (response.jump_calm or {}).get("SR")
    if plain is None or plain.slope >= 0.0:
        return ""
    return (
        " As fitted, the line over single occasions falls: it expects fewer problems at more "
        "exposure, so that a rise of exposure at the event raises SR whatever problems do."
    )


def corrected_words(response: Response) -> str:
    """What the correction for error does to a rising line that a reaction has made steeper."""
    plain = (response.jump_calm or {}).get("SR")
    if plain is None or response.jump_error_band is None:
        return ""
    if not _raised(plain) or plain.slope <= 0.0:
        return ""
    return (
        " The correction makes a line steeper that a reaction to the event may have steepened "
        "already, so that the lower ends may lie too low."
    )


def _raised(found: CalmJump) -> bool:
    """Whether the slope is higher with the occasions at and after events than without them."""
    return found.slope_calm < found.slope


def _jump(found: CalmJump) -> str:
    return f"{signed(found.mean)} ({signed(found.low)} to {signed(found.high)})"
