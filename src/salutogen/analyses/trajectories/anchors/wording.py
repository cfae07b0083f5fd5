"""Words for occasions at which no event counts."""

from __future__ import annotations

from salutogen.analyses.trajectories.anchors.events import EventGrid

WITHOUT_LISTED = "without a listed event"


def without_event(grid: EventGrid) -> str:
    """Say what an occasion is without: events below the threshold may have happened there.

    Parameters
    ----------
    grid : EventGrid
    """
    if grid.threshold is None or not grid.rated:
        return WITHOUT_LISTED
    return f"{WITHOUT_LISTED} rated {grid.threshold:g} or more"
