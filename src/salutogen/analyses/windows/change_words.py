"""Sentences on change over windows, made from what was fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salutogen.analyses.windows.change_result import Contrast, WindowChange
from salutogen.findings import Persons
from salutogen.page.words import number, points, say, signed

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Text

UNMOVED = (
    "as long as leaving depends on what was seen before (problems, exposure), not on what was not"
)
SHIFTS_IN_WORDS = (  # of how many residual SDs
    (0.5, "a shift that cannot be ruled out"),
    (2.0, "a large shift"),
    (float("inf"), "a very large shift"),
)


def change_in_words(change: WindowChange) -> str:
    """Say what is told of change, with its interval; nothing is called change that holds 0."""
    span = f"from window {change.first_window} to window {change.last_window}"
    if change.interval is None:
        return (
            f"Change {span} is {signed(change.estimate)} points by a model of single occasions; "
            "its error is not known, so that nothing is claimed."
        )
    if change.depends_on_slope and change.within is not None:
        return (
            f"Whether SR changed {span} depends on the slope of exposure that is taken: "
            f"{_with_interval(change.contrast)} points with one slope between and within persons, "
            f"{_with_interval(change.within)} with the slope within persons. No change is claimed."
        )
    if not change.told:
        return (
            f"No change of SR {span} is told: {_with_interval(change.contrast)} points beyond what "
            "exposure lets expect, by a model of single occasions that uses everyone."
        )
    verb = "rose" if change.estimate > 0 else "fell"
    size = f"{points(abs(change.estimate))} points"
    ends = sorted(abs(end) for end in change.interval)
    return (
        f"SR {verb} {span} by {size} (95 % interval {points(ends[0])} to {points(ends[1])}"
        f"{_in_sds(change)}): problems {verb} by so much beyond what exposure lets expect, by a "
        "model of single occasions that uses everyone."
    )


def change_paragraphs(change: WindowChange, audience: Audience) -> tuple[Text, ...]:
    """Say what the model is, how the slope matters, and what leaving for unseen reasons would do.

    What would tell how many left, where they are few, is kept back.
    """
    lag = ""
    if change.autocorrelation:
        lag = (
            f" Residuals of adjacent occasions correlate by {points(change.autocorrelation)}, "
            "which the model allows for."
        )
    told: list[Text] = [
        say(
            "{change} The model is {model}, over {rows:# occasion|# occasions} of "
            "{persons:# person|# persons}; the interval comes from {draws} resamples of persons in "
            "each of which all coefficients are refitted. It is not moved by persons who leave "
            "{unmoved}.{lag}",
            change=change_in_words(change),
            model=change.model,
            rows=change.n_rows,
            persons=Persons(change.n_persons),
            draws=change.draws,
            unmoved=UNMOVED,
            lag=lag,
        )
    ]
    if change.frozen is not None and change.within is not None:
        told.append(_on_slopes(change, change.frozen, change.within))
    if change.sensitivity.height and not audience.hides(change.n_left, change.n_persons):
        told.append(_on_leaving(change))
    return tuple(told)


def _on_slopes(change: WindowChange, frozen: Contrast, within: Contrast) -> str:
    """Where the frozen line, which holds between persons, says something else."""
    told = (
        f"The frozen line alone, which holds between persons, would give {_with_interval(frozen)}; "
        f"the slope within persons {_with_interval(within)}."
    )
    if frozen.told != within.told or (frozen.told and frozen.estimate * within.estimate < 0):
        told += (
            " They disagree: what the frozen line calls change is the difference between the two "
            "slopes, put to a change of exposure that everyone had."
        )
    return told


def _on_leaving(change: WindowChange) -> Text:
    """At which shift of those who left the claim turns."""
    begun = (
        "{left:# person was|# persons were} not seen to the end. The model takes it that their "
        "unseen problems are what their own earlier ones let expect. "
    )
    if change.tipping_delta is None:
        return say(
            begun + "No shift of them would make the interval {turn} 0.",
            left=Persons(change.n_left, of=change.n_persons),
            turn="hold" if change.told else "leave out",
        )
    size = abs(change.tipping_delta)
    share = size / change.residual_sd
    much = next(words for most, words in SHIFTS_IN_WORDS if share <= most)
    return say(
        begun + "Were they on average {size} points ({share} residual SDs) {way} than that, the "
        "interval would {turn} 0: {much}.",
        left=Persons(change.n_left, of=change.n_persons),
        size=points(size),
        share=number(share, 2),
        way="higher" if change.tipping_delta > 0 else "lower",
        turn="hold" if change.told else "leave out",
        much=much,
    )


def _with_interval(one: Contrast) -> str:
    if one.interval is None:
        return signed(one.estimate)
    low, high = one.interval
    return f"{signed(one.estimate)} (95 % interval {signed(low)} to {signed(high)})"


def _in_sds(change: WindowChange) -> str:
    if change.standardised is None:
        return ""
    return f"; {points(abs(change.standardised))} SDs of SR in the line's reference set"
