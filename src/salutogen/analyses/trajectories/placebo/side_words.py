"""Words for comparator occasions before the first anchor, and for those after one.

Those before it hold nothing of the event. Those after it may still hold its reaction: what they
show is not fluctuation alone, and what differs from them may be too small or too large.
"""

from __future__ import annotations

from collections.abc import Iterable

from salutogen.analyses.trajectories.labels.rule import HIGH, LABELS
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.contrast import Contrast
from salutogen.analyses.trajectories.placebo.differences import (
    ONCE_COUNTED,
    excess_words,
    shown_name,
)
from salutogen.analyses.trajectories.placebo.scored import PartCompared
from salutogen.findings import Persons
from salutogen.page.audience import Audience
from salutogen.page.section import Text
from salutogen.page.words import enumeration, percent, say, signed

FLUCTUATION, ELSEWHERE = "fluctuation without such an event", "what comparator occasions show"
LEFT = "those after the event may still hold what it left, and later events"


def bar_words(placebo: Placebo, table: str, names: Iterable[str]) -> str:
    """What figures go beyond: fluctuation only where the comparator holds no event."""
    plain = all(placebo.beyond_fluctuation(table, name) for name in names)
    return FLUCTUATION if plain else ELSEWHERE


def given_words(placebo: Placebo) -> str:
    """What gives a change without the event: fluctuation, where the comparator holds no event."""
    plain = placebo.n_before == placebo.n
    return f"{FLUCTUATION} gives" if plain else "comparator occasions give"


def other_jump_words(placebo: Placebo | None) -> str:
    """Whether the jump, judged the other way about the event in exposure, is beyond the comparator.

    It follows a clause that says that SR is higher at the event than before.
    """
    found = None if placebo is None or placebo.SR_other is None else placebo.SR_other.response
    if found is None:
        return "; nothing stands beside it"
    jump = found["jump"]
    told = jump.beyond and jump.excess > 0.0
    apart = "beyond" if told else "not shown to be so beyond"
    counted = f"; it is not told {ONCE_COUNTED}" if jump.leaves_out_0 and not jump.beyond else ""
    difference = f"{excess_words(jump, share=False)}{counted}"
    return f", but {apart} what comparator occasions show ({difference})"


def balance_words(placebo: Placebo) -> Text:
    """Mean SR before the event and before the comparator occasions, and why they differ."""
    SR = placebo.SR
    if SR is None:
        return ""
    pre = SR.course["pre"]
    own = (
        f" At pre the mean SR is {signed(pre.observed)} before the event and "
        f"{signed(pre.placebo)} before the comparator occasions"
    )
    if placebo.n_before == placebo.n:
        return (
            f"{own}: the two differ, so part of any difference may be where persons started from."
            if _apart(pre)
            else f"{own}: the two are not distinguished."
        )
    if SR.before is None or SR.after is None:
        return (
            f"{own}: part of any difference may be where persons started from, or what the event "
            "left at comparator occasions after it."
        )
    own = f"{own} ({_distinguished(pre)})"
    early, late = SR.before.course["pre"], SR.after.course["pre"]
    started = (
        "the two differ before any event, so part of any difference may be where persons started "
        "from"
        if _apart(early)
        else "the two are not distinguished"
    )
    left = (
        "that of the latter may be what the event left"
        if _apart(late)
        else "the two are not distinguished, though the latter may still hold what the event left"
    )
    return (
        f"{own}. Where these lie before the first anchor it is {signed(early.observed)} and "
        f"{signed(early.placebo)}: {started}. Where they lie after it, it is "
        f"{signed(late.observed)} and {signed(late.placebo)}: {left}."
    )


def _distinguished(found: Contrast) -> str:
    if not _apart(found):
        return "not distinguished"
    return f"a difference of {excess_words(found, share=False)}"


def _apart(found: Contrast) -> bool:
    return found.p is not None and found.p < 0.05


def sides_words(placebo: Placebo, table: str, names: Iterable[str]) -> Text:
    """The differences by the line from comparator occasions on either side of the event.

    Parameters
    ----------
    placebo : Placebo
    table : {"labels", "response"}
    names : iterable of str
        Figures that may be named.
    """
    SR = placebo.SR
    if SR is None or placebo.n_before == placebo.n:
        return ""
    if SR.before is None:
        return (
            " Too few courses have comparator occasions on one side of the event to give the sides "
            f"by themselves; {LEFT}, so that this is no comparison with ordinary "
            "fluctuation."
        )
    whole = SR.response["jump"].n
    early = _differences(SR.before, table, names)
    if not early:
        return ""
    after: Text = ""
    if SR.after is not None:
        after = say(
            ", with those after it (in {n}) {late}",
            n=Persons(SR.after.n, of=whole),
            late=_differences(SR.after, table, names),
        )
    return say(
        " By the line over single occasions, with the comparator occasions before the first anchor "
        "alone (in {n:# complete course|# complete courses}) the difference is {early}{after}; "
        "{left}.",
        n=Persons(SR.before.n, of=whole),
        early=early,
        after=after,
        left=LEFT,
    )


def _differences(side: PartCompared, table: str, names: Iterable[str]) -> str:
    figures: dict[str, Contrast] = getattr(side, table)
    parts = []
    for name in names:
        found = figures[name]
        if found.excess_low is not None:
            told = excess_words(found, share=table == "labels")
            parts.append(f"{told} for {shown_name(name)}")
    return enumeration(parts)


def _known_before(placebo: Placebo) -> str:
    """What may have been there of the event at the occasion before it."""
    lower = "been reported there with a lower rating, or " if placebo.rated else ""
    return f", where it may have {lower}been foreseen"


def high_words(placebo: Placebo, audience: Audience) -> str:
    """Who was high at the occasion before the event, which is not contrasted."""
    SR = placebo.SR
    if SR is None:
        return ""
    found = SR.labels[LABELS[HIGH]]
    own = (
        f" High before were {percent(found.observed)} of the courses around the event that have a "
        f"comparator and {percent(found.placebo)} of the comparator's"
    )
    out = "It is left out of the shares compared."
    if placebo.n_before == placebo.n:
        return f"{own}: that is of the occasion before the event{_known_before(placebo)}. {out}"
    sides = ""
    if SR.before is not None and SR.after is not None:
        early, late = (side.labels[LABELS[HIGH]] for side in (SR.before, SR.after))
        counts = [(round(one.observed * one.n), one.n) for one in (early, late)]
        sides = (
            ""
            if any(audience.hides(n, whole) for n, whole in counts)
            else (
                f" ({percent(early.observed)} and {percent(early.placebo)} where the comparator "
                f"lies before the first anchor, {percent(late.observed)} and "
                f"{percent(late.placebo)} where it lies after it)"
            )
        )
    return (
        f"{own}{sides}: that is of the occasion before the event{_known_before(placebo)}, but "
        f"{LEFT}, so that some may be high before them for that. {out}"
    )
