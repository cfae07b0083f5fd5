"""Section of the report on individual response and return."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.trajectories.courses.clustered import mean_of
from salutogen.analyses.trajectories.courses.locks import FloatArray
from salutogen.analyses.trajectories.recovery.figures import recovery_figures, return_figures
from salutogen.analyses.trajectories.recovery.individual import response_about
from salutogen.analyses.trajectories.recovery.response import (
    LATER_POINTS,
    NORMAL_95,
    VaryingRates,
    jump,
    mean_change,
)
from salutogen.analyses.trajectories.tables import shown_count
from salutogen.page.section import Section, Table
from salutogen.page.words import p_value, percent, plural, points, signed

if TYPE_CHECKING:
    from salutogen.analyses.trajectories.analysis import Trajectories

RETURN_CODES = ("recovery-", "half-life-")
METRIC_WORDS = {
    "depth": "Depth: worst point above the level before the event",
    "time_to_worst": "Time to the worst point",
    "area": "Area above that level until the return",
    "return_time": "Time of the return, where seen",
    "rapidity": "Rapidity: fall per time after the worst point",
    "end_state": "End state: last point above that level",
    "area_below": "Area below that level",
}


def response_section(result: Trajectories) -> Section:
    """How persons respond: jump, change, the way back, and when they are back."""
    return Section(
        title="Trajectories: individual response and return",
        paragraphs=(
            _in_words(result, "SR at the event minus SR before", jump(result.lock)),
            _in_words(result, "Mean SR after the event minus SR before", mean_change(result.lock)),
            *_recovery_words(result),
            *_return_words(result),
        ),
        figures=(*recovery_figures(result), *return_figures(result)),
        tables=_metric_tables(result),
        findings=tuple(item for item in result.findings if item.code.startswith(RETURN_CODES)),
    )


def _in_words(result: Trajectories, words: str, values: FloatArray) -> str:
    found = mean_of(values, result.anchors.person)
    if found.mean is None or found.low is None or found.persons < result.audience.smallest:
        return f"{words}: known for {result.audience.count(found.persons)} persons."
    spread = float(np.std(values[np.isfinite(values)], ddof=1))
    return (
        f"{words}: {signed(found.mean)} points on average (95 % interval {signed(found.low)} to "
        f"{signed(found.high)}), SD between {_courses(result)} {points(spread)}."
    )


def _courses(result: Trajectories) -> str:
    return "persons" if result.settings.episodes == "first" else "episodes"


def _recovery_words(result: Trajectories) -> tuple[str, ...]:
    curve = result.recovery.curve
    if curve is None:
        return ()
    if not curve.settled:
        return (
            "An exponential return was fitted, but the data do not tell its speed, so no "
            "half-life is quoted here.",
        )
    low, high = curve.interval
    end = "no upper end" if not np.isfinite(high) else points(high)
    return (
        f"An exponential return, partially pooled over {plural(curve.n_persons, 'person')}, has a "
        f"half-life of {points(curve.half_life)} occasions (95 % interval {points(low)} to {end}), "
        f"from {signed(curve.jump)} at the event to {signed(curve.asymptote)} points above the "
        "level before it.",
        *_speed_words(result.recovery.varying),
    )


def _speed_words(varying: VaryingRates | None) -> tuple[str, ...]:
    if varying is None or not varying.told:
        return ()
    middle = float(np.log(2.0) / np.exp(varying.parameters.log_rate))
    spread = float(np.exp(varying.parameters.log_rate_sd))
    low, high = middle * np.exp(-NORMAL_95 * spread), middle * np.exp(NORMAL_95 * spread)
    return (
        f"Persons return at different speeds (likelihood ratio "
        f"{points(varying.likelihood_ratio)}, {p_value(varying.p)}): half-lives have a median of "
        f"{points(middle)} occasions, and 95 of 100 persons lie between {points(low)} and "
        f"{points(high)}. Half-lives of single persons are pulled towards the median; "
        f"{percent(varying.shrinkage)} of the variance stays unknown in a person's own course.",
    )


def _metric_tables(result: Trajectories) -> tuple[Table, ...]:
    metrics = result.recovery.metrics
    if metrics is None:
        return ()
    unit = "occasions" if result.real_time is None else "days"
    units = {about[0]: about[1] for about in response_about(unit)}
    rows = []
    for name, words in METRIC_WORDS.items():
        values = getattr(metrics, name)
        found = mean_of(values, result.anchors.person)
        shown = found.persons >= max(2, result.audience.smallest)
        middle = float(np.median(values[np.isfinite(values)])) if shown else None
        rows.append(
            {
                "measure": f"{words} ({units[name]})",
                "n": shown_count(found.n, result.audience.smallest),
                "median": middle,
                "mean": found.mean if shown else None,
                "low": found.low if shown else None,
                "high": found.high if shown else None,
            }
        )
    kinds = {"measure": pl.String, "n": pl.Int64} | dict.fromkeys(
        ("median", "mean", "low", "high"), pl.Float64
    )
    left = result.audience.count(int(metrics.censored.sum()))
    return (
        Table(
            name=f"trajectories-{result.anchors.rule}-metrics",
            title="Depth, area and speed of the way back",
            frame=pl.DataFrame(rows, schema=kinds),
            labels={
                "measure": "Measure",
                "n": "Courses",
                "median": "Median",
                "mean": "Mean",
                "low": "95 % from",
                "high": "to",
            },
            note=f"Courses with {LATER_POINTS} or more points after the event. {left} were above "
            "their level before the event and not seen back: their areas are lower ends, and they "
            "have no time of return.",
        ),
    )


def _return_words(result: Trajectories) -> tuple[str, ...]:
    times = result.return_times
    if times is None:
        return ()
    count = result.audience.count
    never = int(np.isinf(times.right).sum())
    middle = times.median
    half = (
        "Half of them were not seen back."
        if middle is None
        else f"Half were back between {middle[0]:g} and {middle[1]:g} occasions after they were "
        "first seen above."
    )
    return (
        f"{count(times.n_left)} persons were seen above their band after the event, "
        f"{count(times.n_never_left)} never were. {half if times.n_left else ''} "
        f"{count(never)} {'was' if never == 1 else 'were'} not seen back. Returns are seen at "
        "visits only, so times are intervals (Turnbull's estimate; beside it Kaplan and Meier's, "
        "which takes the visit that sees the return as its time).",
    )
