"""Words for what is seen around events beside what the same persons show without one."""

from __future__ import annotations

from collections.abc import Iterable

from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.contrast import Contrast
from salutogen.analyses.trajectories.placebo.differences import (
    excess_words,
    shown_name,
    why_not_all,
)
from salutogen.analyses.trajectories.placebo.further_words import (
    further_words,
    hanging_words,
)
from salutogen.analyses.trajectories.placebo.occasions import MARGIN
from salutogen.analyses.trajectories.placebo.side_words import (
    balance_words,
    bar_words,
    sides_words,
)
from salutogen.findings import Persons
from salutogen.page.audience import Audience
from salutogen.page.section import Text
from salutogen.page.words import enumeration, say, signed

WITHOUT = (
    "Nothing stands beside what is seen around events: too few anchors have comparator occasions, "
    "which are those without an event that counts."
)
FELT = "Events count from a burden rating, so persons may be anchored where they felt bad"
SELECTED = f"{FELT}: a difference at the event may be that selection."
SELECTED_NONE = (
    f"{FELT}: a difference at the event would have been open to that selection, and what is not "
    "told here is no sign that nothing happens."
)


def placebo_words(placebo: Placebo, anchored: int, audience: Audience) -> Text:
    """Say what the comparator is, how many anchors have one, and how both stand before."""
    if placebo.SR is None:
        return WITHOUT
    few = audience.is_small(placebo.n_without)
    return say(
        "The comparator: {n} of the anchors have occasions {without} with a complete course around "
        "them.{sides} All of these count, those of an anchor together as one.{rest}{balance}",
        n=Persons(placebo.n, of=anchored),
        without=placebo.without,
        sides=_side_words(placebo, audience),
        rest=""
        if few or not placebo.n_without
        else " The others have none and stand in no comparison.",
        balance=balance_words(placebo),
    )


def _side_words(placebo: Placebo, audience: Audience) -> Text:
    after = placebo.n - placebo.n_before
    if not after:
        return (
            " All lie before the person's first anchor; events that are no anchor may come before "
            "them."
        )
    late = (
        f"who has none such has occasions whose course starts {MARGIN + 1} or more occasions after "
        "post2"
    )
    if any(audience.is_small(number) for number in (after, placebo.n_before)):
        return f" They lie before the person's first anchor; {late}."
    return say(
        f" For {{before}} they lie before the person's first anchor; {late} ({{after}}).",
        before=Persons(placebo.n_before, of=placebo.n),
        after=Persons(after, of=placebo.n),
    )


def _enumerated(names: Iterable[str]) -> str:
    return enumeration([shown_name(name) for name in names])


def reach_words(placebo: Placebo, each: Iterable[float], *, share: bool = False) -> str:
    """Say from where to where estimates lie over the ways of scoring SR, and what decides it.

    Parameters
    ----------
    placebo : Placebo
    each : iterable of float
        The figure under each way of scoring.
    share : bool
        Whether it is a difference of shares.
    """
    scale, digits, unit = (100.0, 1, " percentage points") if share else (1.0, 2, "")
    values = list(each)
    low, high = (signed(scale * end, digits) for end in (min(values), max(values)))
    return f"{low} to {high}{unit}, by {_decided_by(placebo)}"


def _decided_by(placebo: Placebo) -> str:
    if placebo.SR_other is None:
        return "which slope of exposure is taken out"
    return "what is expected at the exposure of the event"


def beyond_words(placebo: Placebo, table: str, named: Iterable[str], what: str) -> Text:
    """Say which figures go beyond their placebo, or that none does and how far that is known.

    Parameters
    ----------
    placebo : Placebo
    table : {"labels", "response"}
    named : iterable of str
        Figures that may be named.
    what : str
        What they are, in the plural.
    """
    SR = placebo.SR
    if SR is None:
        return ""
    figures: dict[str, Contrast] = getattr(SR, table)
    several = len(placebo.ways) > 1
    compared = [name for name in named if figures[name].excess_low is not None]
    names = [name for name in compared if placebo.beyond(table, name)]
    one_way = [name for name in compared if figures[name].beyond and name not in names]
    other_way = [name for name in compared if name not in names + one_way] if several else []
    other_way = [name for name in other_way if _ways_beyond(placebo, table, name)]
    hanging = [name for name in names if not placebo.without_further(table, name)]
    steady = [name for name in names if name not in hanging]
    told = [
        f"{shown_name(name)} by {excess_words(figures[name], share=table == 'labels')}"
        f"{_over_ways(placebo, table, name) if several else ''}"
        for name in steady
    ]
    if told:
        how = f" and however SR is scored ({enumeration(list(placebo.ways))})" if several else ""
        sizes = f" The ways differ by {_decided_by(placebo)}." if several else ""
        first = (
            f"Beyond {bar_words(placebo, table, steady)}, if exposure is free of error{how}, "
            f"differ: {'; '.join(told)}.{sizes}"
        )
    else:
        rest = [name for name in compared if name not in hanging + one_way + other_way]
        others = _enumerated(rest) if hanging or one_way or other_way else what
        first = _none_words(figures, rest, others, share=table == "labels")
    parts = [part for part in (first, hanging_words(placebo, table, hanging)) if part]
    if one_way:
        parts.append(
            "By the line over single occasions, but not however SR is scored, differ "
            f"{'; '.join(_not_all_ways(placebo, table, name, what) for name in one_way)}. That may "
            "be made by how exposure is taken out."
        )
    if other_way:
        parts.append(
            "By the line over single occasions no difference is told of "
            f"{_enumerated(other_way)}, but scored otherwise there is one: "
            f"{'; '.join(_otherwise(placebo, table, name) for name in other_way)}. That hangs on "
            f"{_decided_by(placebo)}."
        )
    if (names or other_way) and placebo.rated:
        parts.append(SELECTED)
    return say(
        "{told}{sides}{further} (95 % intervals over persons, the line taken as known, of one "
        "figure at a time; what is told is judged by p adjusted for {what} together.)",
        told=" ".join(parts),
        sides=sides_words(placebo, table, names or one_way or other_way or compared[:1]),
        further=further_words(placebo, table, names or one_way or other_way or compared),
        what=what,
    )


def _ways_beyond(placebo: Placebo, table: str, name: str) -> dict[str, Contrast]:
    """The figure under each way of scoring in which it goes beyond the comparator."""
    each = {words: getattr(found, table)[name] for words, found in placebo.ways.items()}
    return {words: found for words, found in each.items() if found.beyond}


def _otherwise(placebo: Placebo, table: str, name: str) -> str:
    parts = [
        f"{excess_words(found, share=table == 'labels')} {words}"
        for words, found in _ways_beyond(placebo, table, name).items()
    ]
    return f"{shown_name(name)} by {enumeration(parts)}"


def _not_all_ways(placebo: Placebo, table: str, name: str, what: str) -> str:
    """A figure under every way of scoring, and why it is not told by all of them."""
    each = {words: getattr(found, table)[name] for words, found in placebo.ways.items()}
    parts = [
        f"{excess_words(found, share=table == 'labels')} {words}" for words, found in each.items()
    ]
    why = why_not_all(each, f"once {what} are counted together")
    return f"{shown_name(name)}, by {enumeration(parts)}: {why}"


def _over_ways(placebo: Placebo, table: str, name: str) -> str:
    """From where to where an excess lies over the ways of scoring, in brackets."""
    scale, digits = (100.0, 1) if table == "labels" else (1.0, 2)
    each = [getattr(found, table)[name].excess for found in placebo.scored]
    low, high = (signed(scale * end, digits) for end in (min(each), max(each)))
    return f", over the ways of scoring {low} to {high}"


def _none_words(
    figures: dict[str, Contrast], compared: list[str], what: str, *, share: bool
) -> str:
    """Say that nothing is distinguished, with the widest interval: no null is accepted."""
    if not compared:
        return ""

    def width(name: str) -> float:
        found = figures[name]
        return (found.excess_high or 0.0) - (found.excess_low or 0.0)

    widest = max(compared, key=width)
    low, high = figures[widest].excess_low, figures[widest].excess_high
    scale, unit = (100.0, "percentage points") if share else (1.0, "points")
    ends = [signed(scale * (end or 0.0), 1 if share else 2) for end in (low, high)]
    way = "" if share else ", by the line over single occasions"
    return (
        f"No difference is told between {what} around the event and at comparator occasions, which "
        f"leaves differences open: the widest interval is that of {shown_name(widest)}, "
        f"{ends[0]} to {ends[1]} {unit}{way}{_alone_words(figures, compared)}."
    )


def _alone_words(figures: dict[str, Contrast], compared: list[str]) -> str:
    """Name intervals that leave out 0 by themselves, though not once all figures are counted."""
    alone = [
        shown_name(name)
        for name in compared
        if (figures[name].excess_low or 0.0) > 0.0 or (figures[name].excess_high or 0.0) < 0.0
    ]
    if not alone:
        return ""
    once = "which is not told once all figures are counted"
    if len(alone) == 1:
        return f"; that of {alone[0]} by itself leaves out 0, {once}"
    return f"; those of {enumeration(alone)} by themselves leave out 0, {once}"
