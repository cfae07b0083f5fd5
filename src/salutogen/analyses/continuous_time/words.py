"""What a model in continuous time says, in words made from what was fitted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from salutogen.analyses.continuous_time.stress_test import AVERAGE, HALF, PEAK, TO_PEAK
from salutogen.analyses.continuous_time.tables import CROSS, OWN
from salutogen.analyses.times_of_occasions import COUNTED
from salutogen.findings import Persons
from salutogen.page.words import enumeration, p_value, points, say, signed, span, time_unit

if TYPE_CHECKING:
    from salutogen.analyses.continuous_time.analysis import ContinuousTimeResult
    from salutogen.page.section import Text

Row = Mapping[str, Any]
LEVEL = 0.05
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


def between(value: float | None, low: float | None, high: float | None, unit: str) -> str:
    """Write a time with its interval, in one unit."""
    if value is None:
        return "an unknown time"
    name, length = ("occasions", 1.0) if unit == COUNTED else time_unit(value)
    told = f"{points(value / length, 1)} {name}"
    if low is None or high is None or not math.isfinite(high):
        return f"{told} (no interval)"
    return f"{told} (95 % interval {points(low / length, 1)} to {points(high / length, 1)})"


def answer_of(result: ContinuousTimeResult) -> Text:
    """Say how fast shocks are gone, what moves what, and what a standard stressor does."""
    parts = [half_life_in_words(result), crossing_in_words(result), response_in_words(result)]
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
    gone = between(row["half_life"], row["low"], row["high"], result.time_unit)
    return (
        f"by a model in continuous time half of a shock in {_effect(result)} is gone after {gone}"
    )


def half_life_in_words(result: ContinuousTimeResult) -> str:
    """Say how fast a shock in each process is gone."""
    told = [
        f"in {result.title(row['process'])} after "
        f"{between(row['half_life'], row['low'], row['high'], result.time_unit)}"
        for row in result.half_lives.iter_rows(named=True)
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
    """Say what follows a standard stressor."""
    told = {
        row["measure"]: row for row in result.measures.filter(who=AVERAGE).iter_rows(named=True)
    }
    peak, when, half = told[PEAK], told[TO_PEAK], told[HALF]
    test = result.stressor
    way = "higher" if (peak["value"] or 0.0) >= 0 else "lower"
    size, low, high = (
        None if peak[key] is None else abs(peak[key])
        if key == "value" else peak[key] * (1 if way == "higher" else -1)
        for key in ("value", *(("low", "high") if way == "higher" else ("high", "low")))
    )  # fmt: skip
    at = (
        "at once"
        if not when["value"]
        else f"after {between(when['value'], when['low'], when['high'], result.time_unit)}"
    )
    held = f", held for {time_told(test.held, result.time_unit)}" if test.held else ""
    gone = between(half["value"], half["low"], half["high"], result.time_unit)
    return (
        f"After a standard stressor ({result.title(test.cause)} {points(test.size, 1)} points, "
        f"{points(test.size_in_sds, 1)} SDs, above the own level{held}, all else at rest) "
        f"{_effect(result)} is by this model at most {points(size)} points {way} (95 % interval "
        f"{signed(low)} to {signed(high)}), {at}; half of that is gone {gone} later."
    )


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
            f"That the return of {_effect(result)}, or what moves it, depends on {names} is not "
            "shown."
        )
    told = [
        f"{result.title(row['factor'])} on {_path(result, row)} ({p_value(row['p_adjusted'])})"
        for row in shown
    ]
    return (
        f"Rates depend on factors: {'; '.join(told)}. The table of responses tells what that does "
        "to the response."
    )


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


def _effect(result: ContinuousTimeResult) -> str:
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
    several = CROSS in set(result.effects["kind"]) or bool(result.inputs)
    return say(
        "{names} of {n:# person|# persons} at {occasions} occasions were modelled in continuous "
        "time: linear stochastic differential equations of deviations from the mean of the "
        "occasion and a lasting level of the person{inputs}{error}, by maximum likelihood (Kalman "
        "filter over the exact discrete form; Voelkle, Oud, Davidov and Schmidt 2012). "
        "{tested}Intervals of half-lives and responses are by the delta method.",
        names=enumeration([result.title(name) for name in result.processes]),
        n=Persons(result.n),
        occasions=len(result.occasions),
        inputs=inputs,
        error=error,
        tested="p values of effects of one variable on another are adjusted (Holm 1979). "
        if several
        else "",
    )
