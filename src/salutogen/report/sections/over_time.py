"""Exposure and problems over the occasions, with individual courses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl

from salutogen.columns import Column, Kind
from salutogen.page.audience import Audience
from salutogen.page.charting import MANY_LABELS, band, line, ordered, quantity, values
from salutogen.page.colours import colour
from salutogen.page.section import Figure, Section, Table
from salutogen.page.small_counts import as_told
from salutogen.page.words import points
from salutogen.report.context import Context, mean_interval, quantiles
from salutogen.report.sections.flow import told_flow
from salutogen.resilience.means_of_everyone import means_of_everyone
from salutogen.scores.of_few import FEWEST_OTHERS, MOST_ALIKE, alike, few_differ

COURSES_DRAWN = 80
_SAMPLE_STREAM = 0xC0
QUARTILES = (0.25, 0.5, 0.75)
BY_MODEL = (
    "Where nearly everyone was there, or nearly as many as at another occasion, mean problems are "
    "those of everyone by a model with a random intercept per person: without those few, the mean "
    "would tell of them."
)
COLUMNS = (
    Column(name="measure", meaning="Exposure E or problems P", kind=Kind.LABEL),
    Column(name="occasion", meaning="Planned occasion", kind=Kind.LABEL),
    Column(name="n", meaning="Persons", unit="persons", kind=Kind.COUNT, nested="counts"),
    *(
        Column(name=name, meaning=meaning, unit="units of the measure")
        for name, meaning in (
            ("mean", "Mean"),
            ("low", "Lower end of the 95 % interval of the mean"),
            ("high", "Upper end of the 95 % interval of the mean"),
            ("quartile_1", "Lower quartile"),
            ("median", "Median"),
            ("quartile_3", "Upper quartile"),
        )
    ),
)


def over_time_section(context: Context) -> Section:
    """Means, quartiles and single courses of E and P."""
    summary = _told(over_time_table(context), context)
    told = with_means_of_everyone(summary, context)
    by_model = not told.equals(summary)
    drawn = courses(context)
    words = [
        "Dark lines are means with their 95 % interval; the shaded band holds the middle half of "
        "the persons at each occasion."
    ]
    if drawn is not None:
        words.append(_courses_words(drawn["person"].n_unique(), context.audience))
    if by_model:
        words.append(BY_MODEL)
    return Section(
        title="Exposure and problems over time",
        paragraphs=(" ".join(words),),
        figures=(_figure(told, drawn, context),),
    )


def _told(summary: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Blank counts that may not be told, here or in the flow of participants."""
    table = Table(name="over-time", title="By occasion", frame=summary, columns=COLUMNS)
    flow = told_flow(context)
    told = pl.concat([flow["with_E"], flow["with_P"]]).is_not_null()
    return as_told(table, context.audience).frame.with_columns(pl.when(told).then(pl.col("n")))


def with_means_of_everyone(summary: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Put the model's mean problems of everyone where all but few of them were there.

    Change over windows is told of everyone by a model: mean problems of all but a few beside it
    would tell what these few have. Their number is then not told either.
    """
    table, audience = context.occasions, context.audience
    person, occasion = (table[name].to_numpy() for name in ("person", "occasion_index"))
    P = table["P"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
    known = np.isfinite(P)
    everyone = np.unique(person[known]).size
    present = np.bincount(occasion[known], minlength=len(context.labels)).tolist()
    few = [audience.is_small(everyone - n) for n in present]
    alone = (pl.col("measure") == "P") & pl.col("mean").is_not_null()
    alone &= pl.col("n").is_null() | pl.Series([False] * len(few) + few)
    if audience.individuals or not summary.select(alone.any()).item():
        return summary
    means = means_of_everyone(P, occasion, person, len(context.labels))
    sd = float(np.nanstd(P))
    told = [None if mean is None else audience.told_mean(mean, sd, everyone) for mean in means]
    of_model = pl.Series([None] * len(told) + told, dtype=pl.Float64)
    return summary.with_columns(
        pl.when(alone).then(of_model + pl.col(name) - pl.col("mean")).otherwise(name).alias(name)
        for name in ("mean", "low", "high")
    )


def over_time_table(context: Context) -> pl.DataFrame:
    """Mean with interval and quartiles of E and P by occasion.

    Where persons are hidden and all but few have the same at an occasion, its mean would tell of
    these; and with that of all occasions, those of the others would.
    """
    rows: list[dict[str, Any]] = []
    smallest = context.audience.smallest
    for measure in ("E", "P"):
        by_occasion = context.by_occasion(measure)
        untold = set() if context.audience.individuals else occasions_of_few(by_occasion)
        for place, (label, found) in enumerate(zip(context.labels, by_occasion, strict=True)):
            interval: tuple[float | None, ...] = (None, None, None)
            exact = mean_interval(found, smallest, context.audience.told_size)
            if exact is not None and place not in untold:
                interval = told_ends(found, exact, context.audience)
            quarter, middle, three = quantiles(found, QUARTILES, smallest)
            rows.append(
                {
                    "measure": measure,
                    "occasion": label,
                    "n": found.size,
                    "mean": interval[0],
                    "low": interval[1],
                    "high": interval[2],
                    "quartile_1": quarter,
                    "median": middle,
                    "quartile_3": three,
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)


def told_ends(
    values: np.ndarray, exact: tuple[float, float, float], audience: Audience
) -> tuple[float | None, float | None, float | None]:
    """Mean and interval as they are told: of values that are rare without an interval, or not.

    Of whole numbers of which most are the same, a mean and an SD have one set of small counts.
    """
    told = audience.told_interval(exact, float(np.std(values)), values.size)
    share, others = alike(values)
    if audience.individuals or share < MOST_ALIKE:
        return told
    return told[0] if others >= FEWEST_OTHERS or not others else None, None, None


def occasions_of_few(by_occasion: Sequence[np.ndarray]) -> set[int]:
    """Occasions at which few differ from everybody else; with the smallest other one, if one."""
    few = {place for place, found in enumerate(by_occasion) if few_differ(found)}
    others = [place for place, found in enumerate(by_occasion) if found.size and place not in few]
    if len(few) == 1 and others:
        few.add(min(others, key=lambda place: by_occasion[place].size))
    return few


def courses(context: Context) -> pl.DataFrame | None:
    """Courses of up to 80 persons, drawn by the seed; none where persons are not drawn.

    The more occasions, the fewer courses: all of them would be one grey field.
    """
    if not context.audience.draws_persons:
        return None
    table = context.occasions.select("person", "occasion", "E", "P")
    persons = table["person"].unique().sort().to_numpy()
    drawn = COURSES_DRAWN * MANY_LABELS // max(len(context.labels), MANY_LABELS)
    if persons.size > drawn:
        generator = np.random.default_rng([context.audience.seed, _SAMPLE_STREAM])
        persons = np.sort(generator.choice(persons, drawn, replace=False))
    chosen = table.filter(pl.col("person").is_in(persons.tolist()))
    return chosen.with_columns(pl.col("occasion").cast(pl.String))


def _courses_words(n: int, audience: Audience) -> str:
    if n < audience.n_persons:
        return f"Thin lines are the courses of {n} persons drawn at random with the run's seed."
    return "Each thin line is one person."


def _figure(summary: pl.DataFrame, drawn: pl.DataFrame | None, context: Context) -> Figure:
    panels = [
        _panel(summary, drawn, context, "E", "Exposure E", "exposure"),
        _panel(summary, drawn, context, "P", "Problems P", "problems"),
    ]
    return Figure(
        name="exposure-and-problems",
        title="Exposure and problems by occasion",
        description=" ".join(
            _ends(summary, measure, unit)
            for measure, unit in (("E", _unit_of_exposure(context)), ("P", "points"))
        ),
        chart={"hconcat": panels, "spacing": 28},
        data=summary,
        columns=COLUMNS,
    )


def _unit_of_exposure(context: Context) -> str:
    """What E of single occasions is measured in."""
    if context.scores.combine != "composite":
        return "points"
    return "SDs" if len(context.scores.exposure_types) == 1 else "mean of z scores"


def _ends(summary: pl.DataFrame, measure: str, unit: str) -> str:
    word = {"E": "Mean exposure", "P": "Mean problems"}[measure]
    rows = summary.filter((pl.col("measure") == measure) & pl.col("mean").is_not_null())
    if not rows.height:
        return f"{word} could not be shown."
    first, last = rows.row(0, named=True), rows.row(-1, named=True)
    return (
        f"{word} ({unit}): {_short(first['mean'])} at {first['occasion']}, "
        f"{_short(last['mean'])} at {last['occasion']} "
        f"(middle half at the last: {_short(last['quartile_1'])} to "
        f"{_short(last['quartile_3'])})."
    )


def _short(value: float | None) -> str:
    """One decimal, two for small numbers such as z scores."""
    return points(value, 1 if value is None or abs(value) >= 3 else 2)


def _dot(shade: str) -> dict[str, Any]:
    return {"size": 45, "filled": True, "color": colour(shade)}


def _panel(
    summary: pl.DataFrame,
    drawn: pl.DataFrame | None,
    context: Context,
    measure: str,
    title: str,
    shade: str,
) -> dict[str, Any]:
    x = ordered(
        "occasion",
        "Planned occasion",
        context.labels,
        most=MANY_LABELS // 2,
        scale={"padding": 0.3},
    )
    dots = {"point": _dot(shade)} if len(context.labels) <= MANY_LABELS else {"strokeWidth": 1.8}
    unit = _unit_of_exposure(context) if measure == "E" else "points"
    y_title = f"{title} ({unit})"
    layers: list[dict[str, Any]] = []
    if drawn is not None:
        own = drawn.select("person", "occasion", pl.col(measure).alias("value"))
        numbered = own.with_columns(pl.col("person").rank("dense").alias("course")).drop("person")
        layers.append(
            {
                "data": values(numbered),
                "mark": {
                    "type": "line",
                    "color": colour("person"),
                    "strokeOpacity": 0.28,
                    "opacity": 1,
                    "strokeWidth": 1,
                },
                "encoding": {
                    "x": x,
                    "y": quantity("value", y_title),
                    "detail": {"field": "course"},
                },
            }
        )
    own_summary = summary.filter(pl.col("measure") == measure)
    layers += [
        band("quartile_1", "quartile_3", x, y_title, shade=shade, opacity=0.2),
        band("low", "high", x, y_title, shade=shade, opacity=0.45),
        line("mean", x, y_title, shade=shade, **dots),
    ]
    return {
        "width": 290,
        "height": 300,
        "title": title,
        "data": values(own_summary),
        "layer": layers,
    }
