"""The page's section on what flows on between visits, and on a standard stressor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.continuous_time.analysis import TOGETHER_COLUMNS
from salutogen.analyses.continuous_time.beside import BESIDE_COLUMNS
from salutogen.analyses.continuous_time.charts import HUES, course_chart
from salutogen.analyses.continuous_time.stress_test import (
    AVERAGE,
    MEASURE_COLUMNS,
    RESPONSE_COLUMNS,
)
from salutogen.analyses.continuous_time.tables import (
    EFFECT_COLUMNS,
    FACTOR_COLUMNS,
    HALF_LIFE_COLUMNS,
    LAG_COLUMNS,
    RESIDUAL_COLUMNS,
)
from salutogen.analyses.continuous_time.words import (
    CAUTION,
    answer_of,
    effect_title,
    factors_in_words,
    gaps_in_words,
    half_life_in_words,
    peak_in_words,
    response_in_words,
    time_told,
    together_in_words,
)
from salutogen.analyses.repeated_variables import SR
from salutogen.analyses.times_of_occasions import COUNTED
from salutogen.columns import Column
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import SIGN, signed, time_unit

if TYPE_CHECKING:
    from salutogen.analyses.continuous_time.analysis import ContinuousTimeResult

WHAT = (
    "What would a standard stressor do? Each value is a mean of the occasion, a lasting level of "
    "the person and a deviation from it. While time flows, deviations return to the level, move "
    "each other, and are moved by shocks from elsewhere; visits may be any time apart. The test "
    "moves one variable once, from rest, and follows by the model what comes after."
)
COLUMNS_LEFT_OUT = ("source", "outcome", "se")


def continuous_time_section(result: ContinuousTimeResult) -> Section:
    """Half-lives, effects at any interval, the response to a standard stressor, and checks."""
    told: list[Text] = [WHAT, answer_of(result), gaps_in_words(result)]
    told += [words for words in (factors_in_words(result), together_in_words(result)) if words]
    told.append(CAUTION)
    if SR in result.processes:
        told.append(
            f"{SIGN}. SR comes from a line that was fitted before, whose error the intervals here "
            "do not hold."
        )
    return Section(
        title="What would a standard stressor do?",
        paragraphs=tuple(told),
        figures=(_response_figure(result), *_factor_figures(result), _lag_figure(result)),
        tables=_tables(result),
    )


def _tables(result: ContinuousTimeResult) -> tuple[Table, ...]:
    wide = [one for one in EFFECT_COLUMNS if one.name not in COLUMNS_LEFT_OUT]
    unit = f"Times are in {result.time_unit}."
    tables = (
        _table(result, "measures", "The response to a standard stressor", result.measures,
               MEASURE_COLUMNS, "Intervals of times are by logarithms. The area is over all time."),
        _table(result, "half-lives", "How fast shocks are gone", result.half_lives,
               HALF_LIFE_COLUMNS, unit),
        _table(result, "rates", "Rates: who moves whom, and how fast",
               result.effects.select(one.name for one in wide), wide,
               f"{unit} Below 0 on itself: deviations return. A rate is what would go on if all "
               "stayed as it is."),
        _table(result, "factors", "How rates depend on factors", result.by_factor, FACTOR_COLUMNS),
        _table(result, "together", "What moves or lasts together", result.together,
               TOGETHER_COLUMNS),
        _table(result, "residuals", "One-step residuals: is the model right?", result.residuals,
               RESIDUAL_COLUMNS, "What the model did not foresee from the visits before. If it "
               "holds, the mean is 0, the SD 1, and nothing goes on to the next visit."),
        _table(result, "beside", "Beside the cross-lagged panel model", result.beside,
               BESIDE_COLUMNS, "Effects an occasion later, in SDs. The panel model has each "
               "occasion's own variances and equal gaps; this one the gaps that there were."),
    )  # fmt: skip
    return tuple(one for one in tables if one.frame.height)


def _table(
    result: ContinuousTimeResult, name: str, title: str, frame: pl.DataFrame,
    columns: Sequence[Column], note: str = "",
) -> Table:  # fmt: skip
    return Table(
        name=f"continuous-time-{name}", title=title, frame=_in_titles(result, frame),
        columns=tuple(columns), note=note,
    )  # fmt: skip


def _in_titles(result: ContinuousTimeResult, frame: pl.DataFrame) -> pl.DataFrame:
    """Put what variables are called in the place of their names."""
    names = (*result.processes, *result.inputs, *result.factors)
    titles = {name: result.title(name) for name in names}
    paths = {f"{one} → {two}": f"{titles[one]} → {titles[two]}" for one in names for two in names}
    told = {"path": paths, "process": titles, "factor": titles, "one": titles, "two": titles}
    return frame.with_columns(
        pl.col(name).replace(words) for name, words in told.items() if name in frame.columns
    )


def _time_axis(result: ContinuousTimeResult, longest: float) -> tuple[str, float]:
    """Unit of a figure's times, and its length."""
    return ("occasions", 1.0) if result.time_unit == COUNTED else time_unit(longest)


def _response_figure(result: ContinuousTimeResult) -> Figure:
    return _response(
        result, [AVERAGE], "", f"What a standard stressor does to {effect_title(result)}",
        f"{response_in_words(result)} The shade is the 95 % band of the model.",
    )  # fmt: skip


def _factor_figures(result: ContinuousTimeResult) -> list[Figure]:
    """The responses of who has less and more of each factor."""
    who = result.measures["who"].unique(maintain_order=True).to_list()[1:]
    drawn = set(result.response["who"])
    made = []
    for at, factor in enumerate(result.factors):
        pair = who[2 * at : 2 * at + 2]
        told = "; ".join(peak_in_words(result, one) for one in pair)
        if drawn.intersection(pair):
            made.append(
                _response(
                    result, pair, f"-{factor}",
                    f"What a standard stressor does to {effect_title(result)}, by "
                    f"{result.title(factor)}",
                    f"Responses by the model with 95 % bands. {told}.",
                )
            )  # fmt: skip
    return made


def _response(
    result: ContinuousTimeResult, who: list[str], name: str, title: str, description: str
) -> Figure:
    data = result.response.filter(pl.col("who").is_in(who))
    unit, length = _time_axis(result, float(data["time"].max()))  # type: ignore[arg-type]
    hues = ["line"] if who == [AVERAGE] else HUES
    return Figure(
        name=f"continuous-time-response{name}",
        title=title,
        description=description,
        chart=course_chart(
            data.with_columns(pl.col("time") / length), "who",
            dict(zip(who, hues, strict=False)),
            ("time", f"Time since the pulse in {result.title(result.stressor.cause)} ({unit})"),
            ("response", f"{effect_title(result)} above the own level (points)"),
            marked=_marked(result, length),
        ),
        data=data,
        columns=RESPONSE_COLUMNS,
    )  # fmt: skip


def _lag_figure(result: ContinuousTimeResult) -> Figure:
    data = _in_titles(result, result.lags)
    paths = data["path"].unique(maintain_order=True).to_list()
    unit, length = _time_axis(result, float(data["interval"].max()))  # type: ignore[arg-type]
    at_gap = "; ".join(
        f"{row['path']} {signed(row['effect'])} ({signed(row['low'])} to {signed(row['high'])})"
        for row in _in_titles(result, result.at_gap).iter_rows(named=True)
    )
    return Figure(
        name="continuous-time-lags",
        title="Effects by the time between two measurements",
        description=f"{half_life_in_words(result)} {time_told(result.gap, result.time_unit)} "
        f"later, in SDs for one SD: {at_gap}.",
        chart=course_chart(
            data.with_columns(pl.col("interval") / length), "path",
            {path: HUES[at % len(HUES)] for at, path in enumerate(paths)},
            ("interval", f"Time between the two ({unit})"), ("effect", "Effect (SD per SD)"),
            marked=_marked(result, length),
        ),
        data=data,
        columns=LAG_COLUMNS,
    )  # fmt: skip


def _marked(result: ContinuousTimeResult, length: float) -> tuple[float, str]:
    return result.gap / length, "median time between visits"
