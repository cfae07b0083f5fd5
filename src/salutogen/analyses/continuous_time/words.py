"""What a model in continuous time says, in words made from what was fitted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from salutogen.analyses.continuous_time.stress_test import AVERAGE, HALF, PEAK, TO_PEAK
from salutogen.analyses.continuous_time.tables import CROSS, ONE_SD, OWN
from salutogen.analyses.times_of_occasions import COUNTED
from salutogen.findings import Persons
from salutogen.page.words import enumeration, p_value, points, say, signed, span, time_unit

if TYPE_CHECKING:
    from salutogen.analyses.continuous_time.analysis import ContinuousTimeResult
    from salutogen.page.section import Text

Row = Mapping[str, Any]
LEVEL = 0.05
LONG_GAP = 2.0  # half-lives between visits: a quarter is left of what returns evenly
SHARED = 0.1  # correlation of shocks that is told beside the response
FIRST = {
    "rest": "At their first visit persons were taken to be as after a long time.",
    "free": "The first visit had means and covariances of its own.",
}
CAUTION = (
    "All of this is what a model makes of visits, not an experiment: something that was left out "
    "and moves both may look like one moving the other, and whoever feels bad may report more of "
    "what happened. What is reported at a visit is of the time before it. Error of measurement "
    "that the model does not know looks like a fast return."
)


def time_told(time: float, unit: str) -> str:
    """Write a time."""
    if unit == COUNTED:
        return f"{time:.2g} occasions"
    return span(time)


def between(row: Row, unit: str, *, longest: float | None = None, time: str = "value") -> str:
    """Write a time with its interval, in the unit of the longest of those that it stands beside."""
    value, low, high = row[time], row["low"], row["high"]
    if value is None:
        return "an unknown time"
    units = time_unit(value if longest is None else longest)
    name, length = ("occasions", 1.0) if unit == COUNTED else units
    told = f"{points(value / length, 1)} {name}"
    if low is None or high is None or not math.isfinite(high):
        return f"{told} (no interval)"
    return f"{told} (95 % interval {points(low / length, 1)} to {points(high / length, 1)})"


def answer_of(result: ContinuousTimeResult) -> Text:
    """Say how fast shocks are gone, what moves what, and what a standard stressor does."""
    parts = [
        half_life_in_words(result),
        crossing_in_words(result),
        response_in_words(result),
        shared_in_words(result),
        far_apart_in_words(result),
    ]
    if result.doubtful:
        parts.append("Estimates of this model are doubtful: do not build on them.")
    return " ".join(part for part in parts if part)


def in_short_of(result: ContinuousTimeResult) -> str:
    """Say in a clause how fast a shock in what the stressor moves is gone."""
    if result.doubtful:
        return "how fast shocks are gone hangs on a model with doubtful estimates"
    row = result.half_lives.filter(process=result.stressor.effect).row(0, named=True)
    if row["half_life"] is None:
        return "how fast shocks are gone is not told"
    gone = between(row, result.time_unit, time="half_life")
    title = effect_title(result)
    far = ", which visits so far apart hardly tell" if far_apart_in_words(result) else ""
    return f"by a model in continuous time half of a shock in {title} is gone after {gone}{far}"


def half_life_in_words(result: ContinuousTimeResult) -> str:
    """Say how fast a shock in each process is gone."""
    rows = list(result.half_lives.iter_rows(named=True))
    longest = max(row["half_life"] or 0.0 for row in rows)
    told = [
        f"in {result.title(row['process'])} after "
        f"{between(row, result.time_unit, longest=longest, time='half_life')}"
        for row in rows
    ]
    return f"Half of a shock is gone {enumeration(told)}."


def crossing_in_words(result: ContinuousTimeResult) -> str:
    """Say which process or input moves which; empty for a single process."""
    rows = list(result.effects.filter(result.effects["kind"] != OWN).iter_rows(named=True))
    shown = [row for row in rows if is_shown(row)]
    rest = [row for row in rows if not is_shown(row)]
    parts = [
        f"{result.title(row['source'])} above a person's level moves "
        f"{result.title(row['outcome'])} {'up' if row['estimate'] > 0 else 'down'} "
        f"({_size(result, row)})."
        for row in shown
    ]
    if rest:
        told = "; ".join(f"{_path(result, row)}, {_size(result, row)}" for row in rest)
        parts.append(f"Not shown: {told}.")
    return " ".join(parts)


def is_shown(row: Row) -> bool:
    """Whether an effect of one variable on another is told from none."""
    return row["p_adjusted"] is not None and row["p_adjusted"] < LEVEL


def _size(result: ContinuousTimeResult, row: Row) -> str:
    """Size of a rate at the median gap's length, so that it has digits one can read."""
    gap = result.gap
    value, low, high = (
        None if row[key] is None else row[key] * gap
        for key in ("standardised", "standardised_low", "standardised_high")
    )
    return (
        f"at a rate of {signed(value)} SD per SD in {time_told(gap, result.time_unit)}, 95 % "
        f"interval {signed(low)} to {signed(high)}, {p_value(row['p_adjusted'])}"
    )


def response_in_words(result: ContinuousTimeResult) -> str:
    """Say what follows a standard stressor in the average person."""
    told, test, unit = _measures_of(result, AVERAGE), result.stressor, result.time_unit
    peak, when = told[PEAK], told[TO_PEAK]
    longest = _longest(told)
    falls = (peak["value"] or 0.0) < 0
    low, high = peak["low"], peak["high"]
    if falls and low is not None and high is not None:
        low, high = -high, -low
    held = f", held for {time_told(test.held, unit)}" if test.held else ""
    return (
        f"After a standard stressor ({result.title(test.cause)} {points(test.size, 1)} points, "
        f"{points(test.size_in_sds, 1)} SDs, above the own level{held}, all else at rest) "
        f"{effect_title(result)} is by this model at most {points(abs(peak['value'] or 0.0))} "
        f"points {'lower' if falls else 'higher'} (95 % interval {signed(low)} to {signed(high)}), "
        f"{_when(when, unit, longest)}; half of that is gone "
        f"{between(told[HALF], unit, longest=longest)} later."
    )


def shared_in_words(result: ContinuousTimeResult) -> str:
    """Say what the response leaves out, where cause and effect are moved at once; else nothing."""
    pair = {result.stressor.cause, result.stressor.effect}
    for row in result.together.iter_rows(named=True):
        shocks = row["shocks"]
        if {row["one"], row["two"]} == pair and shocks is not None and abs(shocks) >= SHARED:
            cause, effect = result.title(result.stressor.cause), effect_title(result)
            return (
                "That leaves out what moves both at once (correlation of shocks "
                f"{signed(shocks)}): how much of it is {cause} acting on {effect} within the time "
                "that a visit asks about, visits cannot tell."
            )
    return ""


def far_apart_in_words(result: ContinuousTimeResult) -> str:
    """Say that visits are far apart beside the half-life; empty where they are not."""
    row = result.half_lives.filter(process=result.stressor.effect).row(0, named=True)
    if row["half_life"] is None or result.gap <= LONG_GAP * row["half_life"]:
        return ""
    return (
        f"Visits are {time_told(result.gap, result.time_unit)} apart, so that what happens between "
        "them is told by the model and not by data."
    )


def peak_in_words(result: ContinuousTimeResult, who: str) -> str:
    """Say how far, and how long, somebody responds to the stressor."""
    told, unit = _measures_of(result, who), result.time_unit
    peak, longest = told[PEAK], _longest(told)
    if peak["value"] is None:
        return f"{who}: no response, since deviations would grow without end"
    return (
        f"{who}: farthest {signed(peak['value'])} points ({signed(peak['low'])} to "
        f"{signed(peak['high'])}) {_when(told[TO_PEAK], unit, longest)}, half of that gone "
        f"{between(told[HALF], unit, longest=longest)} later"
    )


def _when(row: Row, unit: str, longest: float) -> str:
    """Say when the farthest point is reached."""
    return f"after {between(row, unit, longest=longest)}" if row["value"] else "at once"


def _measures_of(result: ContinuousTimeResult, who: str) -> dict[str, Row]:
    rows = result.measures.filter(who=who).iter_rows(named=True)
    return {row["measure"]: row for row in rows}


def _longest(told: Mapping[str, Row]) -> float:
    """The longer of the times of a response, in whose unit both are told."""
    return max(told[TO_PEAK]["value"] or 0.0, told[HALF]["value"] or 0.0)


def together_in_words(result: ContinuousTimeResult) -> str:
    """Say what moves or lasts together; empty for a single process."""
    told = [
        f"{result.title(row['one'])} with {result.title(row['two'])}: shocks "
        f"{points(row['shocks'])}, lasting levels {points(row['levels'])}"
        for row in result.together.iter_rows(named=True)
    ]
    if not told:
        return ""
    return (
        f"What moves two processes at once, and how persons' lasting levels go together, has no "
        f"direction (correlations; {'; '.join(told)}). The stressor of the test moves one process "
        "alone."
    )


def factors_in_words(result: ContinuousTimeResult) -> str:
    """Say which rates depend on factors; empty where none was asked."""
    if not result.by_factor.height:
        return ""
    rows = list(result.by_factor.iter_rows(named=True))
    shown = [row for row in rows if is_shown(row)]
    names = enumeration([result.title(name) for name in result.factors])
    if not shown:
        return (
            f"That the return of {effect_title(result)}, or what moves it, depends on {names} is "
            "not shown."
        )
    told = enumeration([_by_factor(result, row) for row in shown])
    return f"{told[:1].upper()}{told[1:]}. The table of responses says what that does."


def _by_factor(result: ContinuousTimeResult, row: Row) -> str:
    """Say how a rate depends on a factor."""
    source, outcome = row["path"].split(" → ")
    factor, up = result.title(row["factor"]), row["estimate"] > 0
    who = f"with higher {factor}" if row["step"] == ONE_SD else f"in those with {factor}"
    if source == outcome:
        does = f"{result.title(outcome)} returns {'more slowly' if up else 'faster'}"
    else:
        further = "further up" if up else "less far up, or further down"
        does = f"{result.title(source)} moves {result.title(outcome)} {further}"
    return f"{who} {does} ({p_value(row['p_adjusted'])})"


def gaps_in_words(result: ContinuousTimeResult) -> str:
    """Say what visits can tell of the time between them."""
    return (
        f"Visits of a person are {time_told(result.gap, result.time_unit)} apart (median). What "
        "happens between two of them follows from the equations; data tell only how much is left "
        "by the next."
    )


def _path(result: ContinuousTimeResult, row: Row) -> str:
    source, outcome = row["path"].split(" → ")
    return f"{result.title(source)} → {result.title(outcome)}"


def effect_title(result: ContinuousTimeResult) -> str:
    """What the process is called whose response is told."""
    return result.title(result.stressor.effect)


def methods_of(result: ContinuousTimeResult) -> Text:
    """Say which model was fitted, to whom, and how."""
    error = ""
    if result.with_error:
        names = enumeration([result.title(name) for name in result.with_error])
        error = f", with error of measurement in {names}"
    inputs = ""
    if result.inputs:
        names = enumeration([result.title(name) for name in result.inputs])
        inputs = f", moved by {names} (deviations from the person's mean, held between visits)"
    factors = ""
    if result.factors:
        names = enumeration([result.title(name) for name in result.factors])
        title, cause = effect_title(result), result.title(result.stressor.cause)
        moved = "" if cause == title else f", what {cause} does to it"
        factors = f" The return of {title}{moved} and its mean may depend on {names}."
    several = CROSS in set(result.effects["kind"]) or bool(result.inputs)
    return say(
        "{names} of {n:# person|# persons} at {occasions} occasions were modelled in continuous "
        "time: linear stochastic differential equations of deviations from the mean of the "
        "occasion and a lasting level of the person{inputs}{error}, by maximum likelihood (Kalman "
        "filter over the exact discrete form; Voelkle, Oud, Davidov and Schmidt 2012). {first}"
        "{factors} {tested}Intervals of half-lives and responses are by the delta method.",
        names=enumeration([result.title(name) for name in result.processes]),
        n=Persons(result.n),
        occasions=len(result.occasions),
        inputs=inputs,
        error=error,
        first=FIRST[result.first],
        factors=factors,
        tested="p values of effects of one variable on another are adjusted (Holm 1979). "
        if several
        else "",
    )
