"""What reactivity says, in words made from what was fitted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.reactivity.tables import ABOVE, LATER, LEVELS, NOW, SEVERITY, SLOPES, YES
from salutogen.findings import Persons
from salutogen.page.words import enumeration, number, p_value, points, say, signed
from salutogen.panel.momentary import NEGATIVE

if TYPE_CHECKING:
    from salutogen.analyses.reactivity.analysis import ReactivityResult
    from salutogen.page.section import Text

Row = Mapping[str, Any]
TENTH = 0.1
FALSE = 0.05  # rate of false discoveries over what is asked of an affect
BY_CAUTION = (
    "What persons have more of was known before the prompts; that they react more or less is an "
    "association between persons, which something else may bring about. Error in it makes the "
    "difference smaller than it is."
)
CAUTION = (
    "A difference at a stressor is no proof that the stressor made it: whoever feels bad may see "
    "or report more of them, and both are told at the same prompt. Prompts that were missed may "
    "have been the worst. The stressor at the prompt before came first, but affect then did too."
)


def at_a_stressor(result: ReactivityResult) -> str:
    """Words for the step of the stressor that differences are told of."""
    if result.yes_or_no:
        return "at prompts with a stressor"
    return f"for each point more of {result.stressor} than the person's own mean"


def effect_row(result: ReactivityResult, affect: str, term: str) -> Row | None:
    """An effect of the table, or None."""
    rows = result.effects.filter(affect=affect, term=term)
    return rows.row(0, named=True) if rows.height else None


def answer_of(result: ReactivityResult) -> Text:
    """Say how much affect differs at a stressor, and whether persons may be ranked by it."""
    parts = []
    for affect in result.affects:
        parts += [now_in_words(result, affect), persons_in_words(result, affect)]
    parts.append(by_in_words(result))
    if result.doubtful:
        parts.append("Estimates of these models are doubtful: do not build on them.")
    return " ".join(part for part in parts if part)


def in_short_of(result: ReactivityResult) -> Text:
    """Say in a clause how much the first affect differs at a stressor."""
    if result.doubtful:
        return "how affect goes with momentary stressors hangs on a model with doubtful estimates"
    affect = result.affects[0]
    row = effect_row(result, affect, NOW)
    if row is None:
        return ""
    return f"{at_a_stressor(result)} {_difference(result, affect, row)}"


def now_in_words(result: ReactivityResult, affect: str) -> str:
    """Say how much an affect differs at a stressor from the same person's other prompts."""
    row = effect_row(result, affect, NOW)
    if row is None:
        return ""
    told = f"{at_a_stressor(result)} {_difference(result, affect, row)}."
    return f"{told[:1].upper()}{told[1:]}"


def _difference(result: ReactivityResult, affect: str, row: Row) -> str:
    held = " (trends over the day and the days held constant)" if result.trends else ""
    size = f"{points(abs(row['estimate']), 1)} points {_way(row)} than else in the same person"
    ends = f"95 % interval {signed(row['low'], 1)} to {signed(row['high'], 1)}"
    told = f"{result.title(affect)} was {size}{held}, {ends}"
    if row["low"] <= 0 <= row["high"]:
        return f"{told}, so that no difference is shown"
    return told


def _way(row: Row) -> str:
    return "higher" if row["estimate"] > 0 else "lower"


def persons_in_words(result: ReactivityResult, affect: str) -> str:
    """Say how much persons differ in reactivity, and whether their own may be used."""
    row = result.spread.filter(affect=affect, what=SLOPES).row(0, named=True)
    if not row["sd"]:
        return "That persons differ in it is not shown."
    halves = (
        "" if row["by_halves"] is None else f", by halves of the time {number(row['by_halves'], 2)}"
    )
    told = (
        f"Persons differ in it by an SD of {points(row['sd'], 1)}; a person's own estimate is "
        f"reliable to {number(row['reliability'], 2)}{halves}"
    )
    if row["usable"] == YES:
        return f"{told}, enough to rank persons or to use it as a factor or outcome."
    return (
        f"{told}, less than the {number(result.reliable, 2)} asked: it does not tell who is more "
        "reactive than whom."
    )


def others_in_words(result: ReactivityResult) -> str:
    """Say what goes with the prompt before, with persons' means and with appraisal."""
    words = {
        LATER: "with the stressor at the prompt before, given that of now",
        LEVELS: _between(result),
        SEVERITY: "for a point more of appraisal than the person's own mean at a stressor",
    }
    told = []
    for affect in result.affects:
        parts = []
        for term, how in words.items():
            row = effect_row(result, affect, term)
            if row is not None:
                step = TENTH if term == LEVELS and result.yes_or_no else 1.0
                size, low, high = (step * row[key] for key in ("estimate", "low", "high"))
                parts.append(
                    f"{how} {signed(size)} ({signed(low)} to {signed(high)}, {p_value(row['p'])})"
                )
        if parts:
            told.append(f"{result.title(affect)}: {enumeration(parts)}.")
    return " ".join(told)


def _between(result: ReactivityResult) -> str:
    if result.yes_or_no:
        return "between persons with a stressor at 10 more of 100 prompts"
    return "between persons with a point more of the stressor on average"


def lasting_in_words(result: ReactivityResult) -> str:
    """Say how long what is left of affect lasts within a day."""
    told = []
    for row in result.lasting.iter_rows(named=True):
        if row["half_life"] is not None:
            told.append(f"{result.title(row['affect'])} after {points(row['half_life'], 1)} hours")
    if not told:
        return ""
    return (
        "Of what moves affect beside stressors and is still seen at the next prompt of the day, "
        f"half is gone in {enumeration(told)}. That is no recovery from a stressor."
    )


def through_in_words(result: ReactivityResult) -> str:
    """Say how much of the difference goes with appraisal; empty where it is not asked always."""
    told = []
    for row in result.through.iter_rows(named=True):
        shown = "" if row["low"] <= 0 <= row["high"] else ", which is more than none"
        told.append(
            f"Of the {signed(row['total'], 1)} points of {result.title(row['affect'])}, "
            f"{signed(row['indirect'], 1)} go with appraisal (95 % interval "
            f"{signed(row['low'], 1)} to {signed(row['high'], 1)}{shown}); all three were told at "
            "the same prompt, so that this is an association."
        )
    return " ".join(told)


def by_in_words(result: ReactivityResult) -> str:
    """Say whether persons with more of something react more; what is shown, and what is not."""
    told = []
    for affect in result.affects:
        rows = result.by.filter(affect=affect)
        shown = rows.filter(pl.col("p_adjusted") < FALSE)
        for row in shown.iter_rows(named=True):
            where = at_a_stressor(result)
            told.append(
                f"{where[:1].upper()}{where[1:]}, {result.title(affect)} differs by "
                f"{signed(row['estimate'], 1)} points more for an SD more of {row['by']} between "
                f"persons (95 % interval {signed(row['low'], 1)} to {signed(row['high'], 1)}): by "
                f"{signed(row['at_less'], 1)} points 1 SD below its mean, by "
                f"{signed(row['at_more'], 1)} 1 SD above."
            )
        rest = rows.filter(pl.col("p_adjusted") >= FALSE)
        if rest.height:
            ends = enumeration(
                [f"{row['by']} ({signed(row['low'], 1)} to {signed(row['high'], 1)} points for an "
                 "SD)" for row in rest.iter_rows(named=True)]
            )  # fmt: skip
            told.append(
                f"That this difference of {result.title(affect)} goes with {ends} is not shown, "
                "nor excluded within these intervals."
            )
    return " ".join(told)


def above_in_words(result: ReactivityResult) -> str:
    """Say what the momentary SR is, and how reliable."""
    rows = result.spread.filter(pl.col("what") == ABOVE)
    told = enumeration(
        [
            f"{number(row['reliability'], 2)} ({result.title(row['affect'])}"
            + ("" if row["by_halves"] is None else f"; by halves {number(row['by_halves'], 2)}")
            + ")"
            for row in rows.iter_rows(named=True)
        ]
    )
    sign = "positive = over-reactive = less resilient"
    other = "" if result.affects[0] == NEGATIVE else "; of positive affect negative ones are"
    return (
        "A momentary SR is a person's affect beside what the own stressors let expect, by the line "
        f"between persons: observed − expected, {sign}{other}. Its reliability over these prompts "
        f"is {told}; what lasts beyond them it does not tell."
    )


def methods_of(result: ReactivityResult) -> Text:
    """Say which model was fitted, to whom, and how."""
    held = "straight trends over the hours of the day and the days of the burst, " if (
        result.trends
    ) else ""  # fmt: skip
    return say(
        "Affect at {prompts} prompts of {n:# person|# persons} was modelled on {stressor}, split "
        "into the person's mean and the deviation from it, {held}and a level and slope of the "
        "deviation for each person (mixed model, restricted maximum likelihood, Satterthwaite "
        "degrees of freedom); residuals of a day correlate by the hours between two answers "
        "(continuous first-order autoregression). Persons' estimates are drawn towards the mean; "
        "reliability is 1 − conditional variance / variance of persons.{by}",
        prompts=Persons(result.prompts),
        n=Persons(result.n),
        stressor=result.stressor,
        held=held,
        by=_by_methods(result),
    )


def _by_methods(result: ReactivityResult) -> str:
    if not result.by.height:
        return ""
    names = enumeration(result.by["by"].unique(maintain_order=True).to_list())
    return (
        f" Whether persons with more of {names} react more was asked in a further model each, with "
        "it (in SDs, as known before the person's first prompt) and its product with the stressor; "
        "p values were adjusted by the false-discovery rate."
    )
