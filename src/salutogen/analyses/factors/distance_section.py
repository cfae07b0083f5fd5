"""The page's section on how long a factor's association with SR lasts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.factors.bends_section import (
    band_lines,
    band_tables,
    bend_words,
    straight_line,
    time_range,
    time_words,
)
from salutogen.analyses.factors.distance import GRID, SCALED, Course, Distance
from salutogen.analyses.factors.distance_rows import DAYS
from salutogen.analyses.factors.figures import ONE, STEPS, TWO
from salutogen.analyses.factors.tables import table
from salutogen.columns import LESS_RESILIENT, Column, Kind
from salutogen.findings import listed
from salutogen.page.charting import (
    Spec,
    band,
    layered,
    palette_scale,
    quantity,
    values,
    zero_rule,
)
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import p_value, signed, time_unit

if TYPE_CHECKING:
    from salutogen.analyses.factors.records import FactorFound

MOST_FIGURES = 4
LINE = "fitted line"
MOVED = {TWO: -3, ONE: 3}  # pixels, so that points at the same time do not hide each other
Y_AXIS = f"{SCALED} (below 0: fewer problems)"
TOLD = {True: "; the change is told apart from 0.", False: "; the change is not told apart from 0."}
BENT = ". Broken lines go through bands of occasions: the straight line hides a bend."
WHAT = (
    "A factor that drifts goes stale. Over the later occasions SR was regressed on the factor and "
    "on its product with the time since it was measured, each occasion with a mean of its own "
    "(two steps), and problems on exposure, the factor and the product (one step). Rows of a "
    "person are weighted as by a random intercept, errors leave out one person after the other."
)
ASSUMES = (
    "What this assumes: that the association changes along a straight line, unless a bend is told "
    "(looked for with five later occasions or more); that those who left "
    "the study left for what was seen of them before, at most. That a change is not told does not "
    "say that there is none: the intervals say how large it may be. An association also weakens "
    "where SR of later occasions is measured worse, and where the later occasions ask of another "
    "time."
)
_FACTOR = Column(name="factor", meaning="Factor", kind=Kind.LABEL, heading="Factor")
COURSE_COLUMNS = (
    _FACTOR,
    Column(name="n", meaning="Persons", unit="persons", kind=Kind.COUNT, heading="Persons",
           nested="counts"),
    *(
        column
        for key, words in (("two", "Two steps"), ("one", "One step"))
        for column in (
            Column(name=f"{key}_first", meaning=f"{words}: at the first later occasion",
                   unit=SCALED, sign=LESS_RESILIENT, heading=f"{words}: at first"),
            Column(name=f"{key}_last", meaning=f"{words}: at the last", unit=SCALED,
                   sign=LESS_RESILIENT, heading="at last"),
            Column(name=f"{key}_low", meaning="Lower end of the 95 % interval of the change",
                   unit=SCALED, heading="change, from"),
            Column(name=f"{key}_high", meaning="Upper end of the 95 % interval of the change",
                   unit=SCALED, heading="to"),
            Column(name=f"{key}_p", meaning="p of the change (t)", heading="p"),
            Column(name=f"{key}_p_adjusted",
                   meaning="p adjusted over the factors (false-discovery rate)",
                   heading="p, false-discovery rate"),
        )
    ),
)  # fmt: skip
OCCASION_COLUMNS = (
    _FACTOR,
    Column(name="occasion", meaning="Occasion", kind=Kind.LABEL, heading="Occasion"),
    Column(name="since", meaning="Mean time since the factor", kind=Kind.LABEL,
           heading="Time since the factor"),
    Column(name="n", meaning="Persons", unit="persons", kind=Kind.COUNT, heading="Persons",
           nested="counts"),
    Column(name="r", meaning="Correlation with SR", sign=LESS_RESILIENT, heading="r with SR"),
    Column(name="two", meaning="SR on the factor", unit=SCALED, heading="Two steps"),
    Column(name="two_low", meaning="Lower end of its 95 % interval", heading="from"),
    Column(name="two_high", meaning="Upper end of its 95 % interval", heading="to"),
    Column(name="one", meaning="P on exposure and the factor", unit=SCALED, heading="One step"),
    Column(name="one_low", meaning="Lower end of its 95 % interval", heading="from"),
    Column(name="one_high", meaning="Upper end of its 95 % interval", heading="to"),
)  # fmt: skip
FIGURE_COLUMNS = (
    Column(name="part", meaning="Occasion by itself, or fitted line", kind=Kind.LABEL,
           heading="Part"),
    Column(name="step", meaning="Way of asking", kind=Kind.LABEL, heading="Way of asking"),
    Column(name="since", meaning="Time since the factor", heading="Time since the factor"),
    Column(name="b", meaning="Association", unit=SCALED, heading="Association"),
    Column(name="low", meaning="Lower end of its 95 % interval", heading="from"),
    Column(name="high", meaning="Upper end of its 95 % interval", heading="to"),
)  # fmt: skip


def followed(factors: Sequence[FactorFound]) -> list[tuple[FactorFound, Distance]]:
    """Factors whose association was followed over the later occasions."""
    return [(item, item.distance) for item in factors if item.distance is not None]


def distance_section(factors: Sequence[FactorFound]) -> Section | None:
    """The course of each association; None where none was followed."""
    told = followed(factors)
    if not told:
        return None
    return Section(
        title="How long the association lasts",
        paragraphs=(WHAT, *course_words(told), *bend_words(told), ASSUMES),
        figures=tuple(_figure(item, one) for item, one in _drawn(told)),
        tables=(_course_table(told), *band_tables(told), _occasion_table(told)),
    )


def course_words(told: Sequence[tuple[FactorFound, Distance]]) -> list[Text]:
    """Say of each factor whether its association changes with the time since it was measured.

    Where a straight line hides a bend, no change along it is told.
    """
    said: list[Text] = []
    for item, one in told:
        if one.bends:
            continue
        if one.changes != "not told":
            said.append(changing_words(item, one))
        elif one.one_way:
            which = "two steps" if one.two_step.clear else "one step"
            said.append(f"{item.title}: a change is told in {which} only, so that none is claimed.")
    rest = [
        item.title
        for item, one in told
        if one.changes == "not told" and not one.one_way and not one.bends
    ]
    if rest:
        said.append(f"Not told apart from constant: {listed(rest, most=8)}.")
    return said


def changing_words(item: FactorFound, one: Distance) -> str:
    """Say from where to where an association goes."""
    two = one.two_step
    start, end = time_words(one, one.since_first), time_words(one, one.since_last)
    low, high = (two.scaled(end) for end in two.interval or (float("nan"), float("nan")))
    return (
        f"{item.title}: the association with SR {one.changes} with the time since it was measured, "
        f"along a line from {signed(two.scaled(two.first))} at {start} to "
        f"{signed(two.scaled(two.last))} at {end} (SDs per SD; change "
        f"{signed(two.scaled(two.change))}, 95 % interval {signed(low)} to {signed(high)}, "
        f"{p_value(two.p)}), in one step, too."
    )


def _drawn(told: Sequence[tuple[FactorFound, Distance]]) -> list[tuple[FactorFound, Distance]]:
    """Courses that are drawn: those that change first, then the strongest."""
    return sorted(
        told,
        key=lambda pair: (
            pair[1].changes == "not told" and not pair[1].bends,
            -abs(pair[0].two_step.standardised or 0.0),
        ),
    )[:MOST_FIGURES]


def _figure(item: FactorFound, one: Distance) -> Figure:
    unit, length = ("occasions", 1.0)
    if one.time_unit == DAYS:
        unit, length = time_unit(one.since_last)
    rows = [
        row
        for name, course in ((TWO, one.two_step), (ONE, one.one_step))
        for row in (*_points(one, course, name, length), *_line(one, course, name, length))
    ]
    schema = {"part": pl.String, "step": pl.String} | dict.fromkeys(
        ("since", "b", "low", "high"), pl.Float64
    )
    data = pl.DataFrame(rows, schema=schema)
    # Room for the points of the last occasion, which are moved aside.
    end = {"domainMax": 1.04 * one.since_last / length, "nice": False}
    x = quantity("since", f"Time since the factor ({unit})", zero=True, scale=end)
    hue: Spec = {
        "field": "step", "type": "nominal", "title": None, "scale": palette_scale(STEPS),
        "legend": {"columns": 1, "labelLimit": 400},
    }  # fmt: skip
    alone = data.filter(pl.col("part") != LINE)
    dots = [
        layer
        for name, moved in MOVED.items()
        for layer in _dots(alone.filter(step=name), x, hue, moved)
    ]
    lines = [
        {"data": values(data.filter(part=LINE, step=name)), **mark}
        for name, shade in STEPS.items()
        for mark in (
            band("low", "high", x, Y_AXIS, shade=shade, opacity=0.1, edge=0.5),
            straight_line(one, x, Y_AXIS, shade),
        )
    ]
    two = one.two_step
    return Figure(
        name=f"factors-distance-{item.name}",
        title=f"{item.title} and SR, by the time since it was measured",
        description=(
            "Association of each later occasion by itself with its 95 % interval, and the fitted "
            f"line with its band, in two steps and in one. The line of two steps goes from "
            f"{signed(two.scaled(two.first))} at {time_words(one, one.since_first)} to "
            f"{signed(two.scaled(two.last))} at {time_words(one, one.since_last)}"
            f"{BENT if one.bends else TOLD[one.changes != 'not told']}"
        ),
        chart=layered(
            zero_rule(),
            *lines,
            *band_lines(one, x, Y_AXIS, length),
            *dots,
        ),
        data=data,
        columns=FIGURE_COLUMNS,
    )  # fmt: skip


def _dots(data: pl.DataFrame, x: Spec, hue: Spec, moved: int) -> tuple[Spec, Spec]:
    """Points with intervals."""
    shared: Spec = {"x": x, "color": hue}
    return (
        {
            "data": values(data),
            "mark": {"type": "rule", "strokeWidth": 1.5, "xOffset": moved, "x2Offset": moved},
            "encoding": {**shared, "y": quantity("low", Y_AXIS), "y2": {"field": "high"}},
        },
        {
            "data": values(data),
            "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1, "xOffset": moved},
            "encoding": {**shared, "y": quantity("b", Y_AXIS)},
        },
    )


def _points(one: Distance, course: Course, name: str, length: float) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for at in one.occasions:
        step = at.steps.two_step if name == TWO else at.steps.one_step
        low, high = step.interval or (None, None)
        rows.append(
            {
                "part": at.occasion, "step": name, "since": at.since / length,
                "b": course.scaled(step.b),
                "low": None if low is None else course.scaled(low),
                "high": None if high is None else course.scaled(high),
            }
        )  # fmt: skip
    return rows


def _line(one: Distance, course: Course, name: str, length: float) -> list[dict[str, object]]:
    reach = one.since_last - one.since_first
    return [
        {
            "part": LINE, "step": name,
            "since": (one.since_first + reach * place / (GRID - 1)) / length,
            "b": course.scaled(b), "low": course.scaled(low), "high": course.scaled(high),
        }
        for place, (b, low, high) in enumerate(course.curve)
    ]  # fmt: skip


def _course_table(told: Sequence[tuple[FactorFound, Distance]]) -> Table:
    rows: list[dict[str, object]] = []
    for item, one in told:
        row: dict[str, object] = {"factor": item.title, "n": one.n}
        for key, course in (("two", one.two_step), ("one", one.one_step)):
            low, high = course.interval or (None, None)
            row |= {
                f"{key}_first": course.scaled(course.first),
                f"{key}_last": course.scaled(course.last),
                f"{key}_low": None if low is None else course.scaled(low),
                f"{key}_high": None if high is None else course.scaled(high),
                f"{key}_p": course.p,
                f"{key}_p_adjusted": course.p_adjusted,
            }
        rows.append(row)
    times = dict.fromkeys(
        time_range(time_words(one, one.since_first), time_words(one, one.since_last))
        for _, one in told
    )
    return table(
        "factors-distance",
        "Associations at the first and at the last later occasion",
        rows,
        COURSE_COLUMNS,
        f"Time since the factors: {listed(list(times), most=4)}. Along a straight line, in "
        "SDs of the outcome within occasions per SD of the factor.",
    )


def _occasion_table(told: Sequence[tuple[FactorFound, Distance]]) -> Table:
    rows: list[dict[str, object]] = []
    for item, one in told:
        points_ = zip(
            one.occasions,
            _points(one, one.two_step, TWO, 1.0),
            _points(one, one.one_step, ONE, 1.0),
            strict=True,
        )
        for at, two, step in points_:
            rows.append(
                {
                    "factor": item.title, "occasion": at.occasion, "n": at.steps.n, "r": at.r_SR,
                    "since": time_words(one, at.since),
                    "two": two["b"], "two_low": two["low"], "two_high": two["high"],
                    "one": step["b"], "one_low": step["low"], "one_high": step["high"],
                }
            )  # fmt: skip
    title = "Associations of each later occasion by itself"
    return table("factors-distance-occasions", title, rows, OCCASION_COLUMNS)
