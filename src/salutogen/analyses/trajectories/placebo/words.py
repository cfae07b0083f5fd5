"""Words for what is seen around events beside what the same persons show without one."""

from __future__ import annotations

from collections.abc import Iterable

from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.contrast import Contrast
from salutogen.findings import Persons
from salutogen.page.audience import Audience
from salutogen.page.section import Text
from salutogen.page.words import enumeration, say, signed

WITHOUT = "Nothing stands beside these figures: too few anchors have an occasion without an event."
SELECTED = (
    "Events count from a burden rating, so persons are anchored where they felt bad: a difference "
    "at the event may be that selection."
)
TWO_WAYS = "scored by the line of this study and with the slope within persons alike"


def placebo_words(placebo: Placebo, anchored: int, audience: Audience) -> Text:
    """Say what the comparator is, and how many anchors have one."""
    if placebo.SR is None:
        return WITHOUT
    few = audience.is_small(placebo.n_without)
    return say(
        "The comparator: {n} of the anchors have occasions without any listed event, with a "
        "complete course around them that shares no occasion with an anchor or the two after it. "
        "One of these is drawn for each, {draws} times.{rest}",
        n=Persons(placebo.n, of=anchored),
        draws=placebo.draws,
        rest=""
        if few or not placebo.n_without
        else " The others have none and stand in no comparison.",
    )


def percentage_points(difference: float | None) -> str:
    """Write a difference of shares with its sign."""
    return "–" if difference is None else f"{signed(100.0 * difference, 1)} percentage points"


def excess_words(found: Contrast, *, share: bool) -> str:
    """Write an excess with its interval."""
    write = percentage_points if share else signed
    if found.excess_low is None:
        return write(found.excess)
    return f"{write(found.excess)} ({write(found.excess_low)} to {write(found.excess_high)})"


def beyond_words(
    placebo: Placebo, table: str, named: Iterable[str], what: str, otherwise: str
) -> str:
    """Say which figures go beyond their placebo, or that none does.

    Parameters
    ----------
    placebo : Placebo
    table : {"labels", "response"}
    named : iterable of str
        Figures that may be named.
    what : str
        What they are, in the plural.
    otherwise : str
        Sentence where none goes beyond.
    """
    SR = placebo.SR
    if SR is None:
        return ""
    figures = getattr(SR, table)
    names = [name for name in named if placebo.beyond(table, name)]
    one_way = [name for name in named if figures[name].beyond and name not in names]
    told = [
        f"{name.replace('_', ' ')} by {excess_words(figures[name], share=table == 'labels')}"
        for name in names
    ]
    parts = (
        [f"Beyond ordinary fluctuation, {TWO_WAYS}, differ: {enumeration(told)}."]
        if told
        else [otherwise]
    )
    if one_way:
        parts.append(
            f"By the line of this study alone differ {enumeration(one_way).replace('_', ' ')}; "
            "with the slope within persons that is not told, so it may be arithmetic of exposure."
        )
    if names and placebo.rated:
        parts.append(SELECTED)
    return " ".join([*parts, f"(95 % intervals over persons; {what} adjusted for their number.)"])
