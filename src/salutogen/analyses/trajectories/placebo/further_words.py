"""Words for courses that met a further listed event before they end.

A course around an event goes on to post2, and a further event may come on the way. What is then
seen at post1 and post2 may be of that one. So each difference there is told without such courses
too, and counts as more than fluctuation only if it holds both ways.
"""

from __future__ import annotations

from collections.abc import Iterable

from salutogen.analyses.trajectories.placebo.comparison import BEFORE_FURTHER, Placebo
from salutogen.analyses.trajectories.placebo.contrast import Contrast
from salutogen.analyses.trajectories.placebo.differences import excess_words, shown_name
from salutogen.findings import Persons
from salutogen.page.section import Text
from salutogen.page.words import MeanCount, enumeration, say

TOO_FEW = "too few courses met none for a comparison without them"


def further_event(placebo: Placebo) -> str:
    """What a further event is called: as those that no comparator occasion has."""
    return f"a further {placebo.without.removeprefix('without a ')} at post1 or post2"


def further_left(placebo: Placebo) -> str:
    """What later occasions may hold as well, where some courses met a further event."""
    if not placebo.n_further:
        return ""
    return f" Some courses met {further_event(placebo)}, which may hold them above or raise them."


def further_words(placebo: Placebo, table: str, names: Iterable[str]) -> Text:
    """How many courses met a further event, and how the differences are without these.

    Parameters
    ----------
    placebo : Placebo
    table : {"labels", "response"}
    names : iterable of str
        Figures told with and without them.
    """
    later = [name for name in names if name not in BEFORE_FURTHER]
    if not placebo.n_further or not later:
        return ""
    return say(
        "{count}{without}", count=met_words(placebo), without=_without(placebo, table, later)
    )


def met_words(placebo: Placebo) -> Text:
    """How many of the courses compared met a further event, and of those around others."""
    found = placebo.further_event
    if found is None or not placebo.n_further:
        return ""
    return say(
        f" Of the {{whole}} complete courses compared {{n}} met {further_event(placebo)}, the same "
        "or another one; around comparator occasions {beside} did on average. What is seen at "
        "these positions may be of it.",
        whole=Persons(found.n, of=placebo.n),
        n=Persons(placebo.n_further, of=found.n),
        beside=MeanCount(found.placebo * found.n, of=found.n),
    )


def _without(placebo: Placebo, table: str, names: Iterable[str]) -> Text:
    """The differences by the line without these courses; those that hold both ways."""
    SR = placebo.SR
    if SR is None or SR.judged_without is None:
        return f" How the differences are without it is not known: {TOO_FEW}."
    part = SR.without_further
    steady = [name for name in names if placebo.without_further(table, name)]
    if part is None or not steady:
        return ""
    figures: dict[str, Contrast] = getattr(part, table)
    told = [
        f"{excess_words(figures[name], share=table == 'labels')} for {shown_name(name)}"
        for name in steady
    ]
    return say(
        " Without such events, around the anchors and elsewhere (in {n:# complete course|# "
        "complete courses}), the difference by the line over single occasions is {told}.",
        n=Persons(part.n, of=SR.response["jump"].n),
        told=enumeration(told),
    )


def hanging_words(placebo: Placebo, table: str, names: Iterable[str]) -> str:
    """Differences that go beyond the comparator only with courses that met a further event."""
    told = [_with_and_without(placebo, table, name) for name in names]
    if not told:
        return ""
    return (
        "Beyond what comparator occasions show, but not told without the courses that met "
        f"{further_event(placebo)}, differ: {'; '.join(told)}. So that may be of these events."
    )


def _with_and_without(placebo: Placebo, table: str, name: str) -> str:
    """One figure with such courses and without them, the latter under every way of scoring."""
    share, SR = table == "labels", placebo.SR
    if SR is None:
        return ""
    own = f"{shown_name(name)} by {excess_words(getattr(SR, table)[name], share=share)}"
    each = [
        f"{excess_words(getattr(part, table)[name], share=share)} {words}"
        for words, found in placebo.ways.items()
        if (part := found.without_further) is not None
    ]
    if each:
        return f"{own}, without them by {enumeration(each)}"
    return f"{own} ({TOO_FEW})" if SR.judged_without is None else own
