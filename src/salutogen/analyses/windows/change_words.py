"""Sentences on change over windows, made from what was fitted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from salutogen.analyses.intervals import side_of_zero
from salutogen.analyses.windows.change_result import Contrast, WindowChange
from salutogen.counts import Forms, Persons
from salutogen.page.words import Coarse, in_halves, number, points, say, signed

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Text

UNMOVED = (
    "as long as that depends on what was seen before (problems, exposure), not on what was not"
)

UNSHIFTED = "Forms that these or others missed before are not shifted."


def change_in_words(change: WindowChange, *, turns: bool = True) -> str:
    """Say what is told of change, with its interval; nothing is called change that holds 0.

    Where the course turns is left out without `turns`: a window between may be of few persons.
    """
    if not turns:
        change = replace(change, course=replace(change.course, turn=None))
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
            f"Whether SR changed {span} is not settled: {_with_interval(change.contrast)} points "
            "beyond what exposure lets expect, by a model of single occasions that uses what was "
            f"seen of everyone.{_course_words(change)}"
        )
    higher = change.estimate > 0
    size = f"{points(abs(change.estimate))} points"
    ends = sorted(abs(end) for end in change.interval)
    begun, verb = f"SR {'rose' if higher else 'fell'} {span} by", "rose" if higher else "fell"
    if change.course.turn is not None:
        way = "higher" if higher else "lower"
        begun = (
            f"SR is {way} in window {change.last_window} than in window {change.first_window} by"
        )
        verb = f"are {way}"
    return (
        f"{begun} {size} (95 % interval {points(ends[0])} to {points(ends[1])}"
        f"{_in_sds(change)}): problems {verb} by so much beyond what the exposure of the same time "
        "lets expect (lasting reactions to earlier stressors are in it), by a model of single "
        f"occasions that uses what was seen of everyone.{_course_words(change)}"
    )


def change_in_short(change: WindowChange, *, turns: bool = True) -> str:
    """Say in a clause whether the group changed, as far as `change_in_words` says it."""
    if change.interval is None:
        return ""
    if change.depends_on_slope and change.within is not None:
        return "whether SR changed depends on the slope of exposure that is taken"
    between = (
        " (though it turned in between, if exposure is free of error)"
        if turns and change.course.turn is not None and change.course.turn.against
        else ""
    )
    if not change.told:
        return f"whether SR changed from the first window to the last is not settled{between}"
    way = "higher" if change.estimate > 0 else "lower"
    return f"SR is {way} in the last window than in the first{between}"


def _course_words(change: WindowChange) -> str:
    """Say where the course turns, and which window is the highest or lowest of all."""
    turn = change.course.turn
    if turn is None:
        return ""
    ends = sorted(abs(end) for end in turn.interval)
    if not turn.against:
        way = "higher" if turn.estimate > 0 else "lower"
        return (
            f" If exposure is free of error, SR is {way} in window {turn.to_window} than in window "
            f"{turn.from_window} by {points(abs(turn.estimate))} points (95 % interval "
            f"{_least(ends[0])} to {points(ends[1])}, for all {change.course.n_pairs} pairs of "
            "windows at once, of which this is the clearest; no change the other way is told)."
        )
    way = "rises" if turn.estimate > 0 else "falls"
    return (
        f" If exposure is free of error, it is not a steady course: {_extreme_words(change)}SR "
        f"{way} by "
        f"{points(abs(turn.estimate))} points from window {turn.from_window} to window "
        f"{turn.to_window} (95 % interval {_least(ends[0])} to {points(ends[1])}, for all "
        f"{change.course.n_pairs} pairs of windows at once)."
    )


def _least(end: float) -> str:
    """The end of an interval that leaves out 0, also where it would be written as 0."""
    return points(end) if float(f"{end:.2f}") else "just above 0"


def _extreme_words(change: WindowChange) -> str:
    """Name the highest or the lowest window where it lies between the first and the last."""
    rows = change.course.windows.rows(named=True)
    most, least = (choose(rows, key=lambda row: row["estimate"]) for choose in (max, min))
    between = [
        (name, row)
        for name, row in (("highest", most), ("lowest", least))
        if row["window"] not in (change.first_window, change.last_window)
        and side_of_zero(row["low"], row["high"])
    ]
    if not between:
        return ""
    name, row = max(between, key=lambda pair: abs(pair[1]["estimate"]))
    return (
        f"{name} in window {row['window']} ({signed(row['estimate'])} against window "
        f"{change.first_window}, 95 % interval {signed(row['low'])} to {signed(row['high'])}), "
    )


def change_paragraphs(
    change: WindowChange, audience: Audience, *, turns: bool = True
) -> tuple[Text, ...]:
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
            "{persons:# person|# persons}; {error}. It is not moved by who is no longer "
            "seen {unmoved}.{lag}",
            change=change_in_words(change, turns=turns),
            model=change.model,
            rows=Forms(
                change.n_rows,
                persons=change.n_persons,
                others=audience.n_persons - change.n_persons,
            ),
            persons=Persons(change.n_persons),
            error=_error_words(change),
            unmoved=UNMOVED,
            lag=lag,
        )
    ]
    if change.frozen is not None and change.within is not None:
        told.append(_on_slopes(change, change.frozen, change.within))
    if (
        change.sensitivity.height
        and change.draws
        and not audience.hides(change.n_left, change.n_persons)
    ):
        told.append(_on_leaving(change))
    return tuple(told)


def _error_words(change: WindowChange) -> str:
    if not change.draws:
        return "the interval is by the model's own standard error, since nothing was resampled"
    return (
        f"the interval comes from {change.draws:,} resamples of persons, in each of which the "
        "model's coefficients are refitted"
    )


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


def leaving_in_words(change: WindowChange) -> Text:
    """Say in the opening how many left and at which shift of theirs the claim turns."""
    return _on_leaving(change) if change.sensitivity.height and change.draws else ""


def _on_leaving(change: WindowChange) -> Text:
    """At which shift of those who left the claim turns."""
    begun = (
        "{left:# person was|# persons were} last seen before the last occasion of window {last}. "
        "The model takes it that their "
        "unseen problems are what their own earlier ones let expect. "
    )
    if change.tipping_delta is None or not change.tips:
        return say(
            begun + f"No shift of them{{possible}} would make the interval {{turn}} 0. {UNSHIFTED}",
            left=Persons(change.n_left, of=change.n_persons),
            last=change.last_window,
            possible="" if change.tipping_delta is None else " that is possible on this scale",
            turn="hold" if change.told else "leave out",
        )
    size = abs(change.tipping_delta)
    share = size / change.residual_sd
    return say(
        begun + "Were they on average {size} {way} than that, the interval would {turn} "
        f"0; whether they were, these data do not tell. {UNSHIFTED}",
        left=Persons(change.n_left, of=change.n_persons),
        last=change.last_window,
        size=Coarse(
            shown=f"{points(size)} points ({number(share, 2)} residual SDs)",
            hidden=in_halves(share, "residual SDs"),
        ),
        way="higher" if change.tipping_delta > 0 else "lower",
        turn="hold" if change.told else "leave out",
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
