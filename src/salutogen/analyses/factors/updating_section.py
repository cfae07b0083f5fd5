"""The page's section on factors that are worth measuring again."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from salutogen.analyses.factors.tables import table
from salutogen.analyses.factors.updating import Gain, MeasuredAgain, Updating
from salutogen.columns import Column, Kind
from salutogen.findings import Persons, listed
from salutogen.page.forest import forest_chart
from salutogen.page.section import Figure, Section, Text
from salutogen.page.words import percent, points, say

TWO = "two steps: SR"
MOOD = "two steps, at equal problems and exposure on that day"
ONE = "one step: P at equal exposure"
WAYS = {TWO: "one", MOOD: "three", ONE: "two"}
SHOWN, ROW = 40, 48
X_AXIS = "Gain in R² in persons who had no part in the fit"
ASSUMES = (
    "A gain near 0 says that the first measurement, and how a person fared since, tell as much: "
    "the factor lasts, or does not matter. A gain says what is foretold, not what protects. The "
    "second measurement lies nearer to later SR and shares the mood of its day; at equal problems "
    "and exposure on that day this is taken out, with any true part of the factor that problems "
    "carry. SR is scored by one line over all persons, in both parts of a split."
)
_FACTOR = Column(name="factor", meaning="Factor", kind=Kind.LABEL, heading="Factor")


def _gain_columns(key: str, heading: str) -> tuple[Column, ...]:
    return (
        Column(name=f"{key}_gain", meaning=f"Gain in held-out R², {heading}", heading=heading),
        Column(name=f"{key}_low", meaning="Lower end of its 95 % interval", heading="from"),
        Column(name=f"{key}_high", meaning="Upper end of its 95 % interval", heading="to"),
    )


GAIN_COLUMNS = (
    _FACTOR,
    Column(name="n", meaning="Persons", unit="persons", kind=Kind.COUNT, heading="Persons",
           nested="counts"),
    Column(name="stability", meaning="Correlation of the two measurements",
           heading="r of both measurements"),
    Column(name="without", meaning="R² from SR before and the first measurement",
           heading="R² without"),
    *_gain_columns("two", "Gain, two steps"),
    Column(name="p_adjusted", meaning="p of no gain in two steps (false-discovery rate)",
           heading="p, false-discovery rate"),
    *_gain_columns("mood", "Gain at equal problems and exposure on that day"),
    *_gain_columns("one", "Gain, one step"),
)  # fmt: skip
FIGURE_COLUMNS = (
    _FACTOR,
    Column(name="way", meaning="What is foretold, and given what", kind=Kind.LABEL,
           heading="What is foretold"),
    Column(name="gain", meaning="Gain in held-out R²", heading="Gain"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
)  # fmt: skip


def updating_section(result: Updating | None) -> Section | None:
    """Gains, the largest first; None where nothing was measured twice."""
    if result is None:
        return None
    return Section(
        title="Which factors to measure again",
        paragraphs=(_what(result), *gain_words(result), ASSUMES),
        figures=(_figure(result.factors),),
        tables=(
            table(
                "factors-updating",
                "What a second measurement adds",
                [_row(item) for item in result.factors],
                GAIN_COLUMNS,
                f"{result.folds} parts of the persons, {result.repeats} random splits; intervals "
                "are over persons.",
            ),
        ),
    )


def _what(result: Updating) -> Text:
    return say(
        "SR of {after} was foretold from SR of {before} and the first measurement of a factor, and "
        "from these and its second measurement at {again}, in persons who had no part in the fit "
        "({n:# person|# persons} at most). What R² gains is what the second measurement is worth.",
        after=_range(result.after), before=_range(result.before), again=result.again,
        n=Persons(max(item.n for item in result.factors)),
    )  # fmt: skip


def _range(labels: tuple[str, ...]) -> str:
    return labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}"


def gain_words(result: Updating) -> list[Text]:
    """Say of which factors a second measurement adds something, and whether it may be mood."""
    said: list[Text] = [_told(item) for item in result.factors if item.told]
    rest = [item.title for item in result.factors if not item.told]
    if rest:
        said.append(
            "No gain is shown, both ways of asking and over all factors, by measuring again: "
            f"{listed(rest, most=8)}."
        )
    return said


def _told(item: MeasuredAgain) -> str:
    two, mood = item.two_step, item.given_mood
    low, high = two.interval
    at_equal = (
        f"at equal problems and exposure on that day no gain is shown ({_share(mood.gain)}, 95 % "
        f"interval {_share(mood.interval[0])} to {_share(mood.interval[1])}): it may be mood, or "
        "what the factor had done by then"
        if item.may_be_mood
        else f"at equal problems and exposure on that day {_share(mood.gain)}"
    )
    return (
        f"{item.title}: measured again, it foretells {_share(two.gain)} more of the variance of "
        f"later SR (95 % interval {_share(low)} to {_share(high)}; {_share(two.without)} without "
        f"it); {at_equal}. Both measurements correlate {points(item.stability)}."
    )


def _share(value: float) -> str:
    return f"−{percent(-value)}" if value < 0 else percent(value)


def _row(item: MeasuredAgain) -> dict[str, object]:
    row: dict[str, object] = {
        "factor": item.title, "n": item.n, "stability": item.stability,
        "without": item.two_step.without, "p_adjusted": item.p_adjusted,
    }  # fmt: skip
    gains: Sequence[tuple[str, Gain]] = (
        ("two", item.two_step), ("mood", item.given_mood), ("one", item.one_step),
    )  # fmt: skip
    for key, gain in gains:
        row |= {
            f"{key}_gain": gain.gain,
            f"{key}_low": gain.interval[0],
            f"{key}_high": gain.interval[1],
        }
    return row


def _figure(factors: Sequence[MeasuredAgain]) -> Figure:
    shown = factors[:SHOWN]
    data = pl.DataFrame(
        [
            {"factor": item.title, "way": way, "gain": gain.gain, "low": gain.interval[0],
             "high": gain.interval[1]}
            for item in shown
            for way, gain in (
                (TWO, item.two_step), (MOOD, item.given_mood), (ONE, item.one_step),
            )
        ]
    )  # fmt: skip
    order = list(dict.fromkeys(item.title for item in shown))
    told = "; ".join(f"{item.title} {_share(item.two_step.gain)}" for item in shown[:8])
    return Figure(
        name="factors-updating",
        title="What measuring a factor again adds",
        description=(
            "Gain in R² in persons who had no part in the fit, with 95 % intervals, the largest "
            f"first: {told}."
        ),
        chart=forest_chart(
            data,
            "factor",
            order,
            "gain",
            X_AXIS,
            by="way",
            hues=WAYS,
            most=SHOWN,
            height=max(ROW * len(order), 120),
        ),
        data=data,
        columns=FIGURE_COLUMNS,
    )  # fmt: skip
