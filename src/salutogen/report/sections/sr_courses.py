"""SR over the occasions: bands of everyone, a few persons picked by a rule, the distribution."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind
from salutogen.page.audience import inner_share, told_quantiles
from salutogen.page.charting import (
    MANY_LABELS,
    band,
    layered,
    line,
    ordered,
    palette_scale,
    quantity,
    values,
    zero_rule,
)
from salutogen.page.colours import colour
from salutogen.page.section import Figure, Section, Table
from salutogen.page.small_counts import as_told
from salutogen.page.words import SR_AXIS, enumeration, signed
from salutogen.report.context import Context, quantiles
from salutogen.report.sections.person_intervals import errors_in_words, intervals_figure

PICKED_AT = (0.05, 0.25, 0.5, 0.75, 0.95)
PICKED_COLOURS = ("one", "six", "three", "five", "two")
BANDS = (0.1, 0.25, 0.5, 0.75, 0.9)

PHASE_COLUMNS = (
    Column(name="phase", meaning="Phase", heading="Phase", kind=Kind.LABEL),
    Column(name="n", meaning="Persons", heading="Persons", unit="persons", kind=Kind.COUNT),
    Column(
        name="SR_frozen",
        meaning="Mean SR from the reference line",
        heading="Mean SR, frozen",
        unit=POINTS,
        sign=LESS_RESILIENT,
    ),
    Column(
        name="SR_refit",
        meaning="Mean SR from the phase's own line",
        heading="Mean SR, refitted",
        unit=POINTS,
        sign=LESS_RESILIENT,
    ),
)
COURSE_COLUMNS = (
    Column(name="occasion", meaning="Planned occasion", kind=Kind.LABEL),
    *(
        Column(name=name, meaning=f"{words} of SR", unit=POINTS, sign=LESS_RESILIENT)
        for name, words in (
            ("p10", "10 % quantile"),
            ("p25", "Lower quartile"),
            ("median", "Median"),
            ("p75", "Upper quartile"),
            ("p90", "90 % quantile"),
        )
    ),
    Column(name="who", meaning="Label of a picked person", kind=Kind.PERSON),
    Column(name="SR_of_person", meaning="SR of the picked person", unit=POINTS, kind=Kind.PERSON),
)
ROUND_WIDTHS = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
HISTOGRAM_COLUMNS = (
    Column(name="from", meaning="SR from", unit=POINTS, sign=LESS_RESILIENT, kind=Kind.LABEL),
    Column(name="to", meaning="SR to", unit=POINTS, sign=LESS_RESILIENT, kind=Kind.LABEL),
    Column(name="persons", meaning="Persons", unit="persons", kind=Kind.COUNT, adds_up=1),
)


def sr_section(context: Context) -> Section:
    """Courses and distribution of SR."""
    bands = sr_bands(context)
    picked = pick_persons(context)
    figures = [_courses_figure(context, bands, picked), _distribution_figure(context)]
    ranked = intervals_figure(context)
    return Section(
        title="Resilience scores: courses and distribution",
        paragraphs=(
            "Scores by occasion use the line over occasions, scores by person the line over "
            "person means; each score is judged against a line of its own level.",
            errors_in_words(context),
            _rule_in_words(context, len(picked)),
        ),
        figures=(*figures, *([ranked] if ranked is not None else [])),
        tables=(phases_table(context),),
    )


def phases_table(context: Context) -> Table:
    """Mean SR by phase, for phases with enough persons; empty without phases."""
    phases = context.resilience.phases
    rows = []
    names = phases["phase"].unique(maintain_order=True).to_list() if phases.height else []
    for name in names:
        part = phases.filter(pl.col("phase") == name)
        means = {
            column: _told_mean(part[column], context)
            for column in ("SR_frozen", "SR_refit")
            if part[column].null_count() < part.height
        }
        rows.append({"phase": name, "n": part.height, **means})
    return Table(
        name="phases-summary",
        title="Mean SR by phase",
        frame=pl.DataFrame(
            rows,
            schema={
                "phase": pl.String,
                "n": pl.Int64,
                "SR_frozen": pl.Float64,
                "SR_refit": pl.Float64,
            },
        ),
        columns=PHASE_COLUMNS,
        note="SR = observed − expected problems; positive = less resilient.",
    )


def _told_mean(values: pl.Series, context: Context) -> float:
    """Mean of the persons of a phase, in steps where persons are hidden."""
    known = values.drop_nulls().to_numpy()
    return context.audience.told_mean(float(np.mean(known)), float(np.std(known)), known.size)


def sr_bands(context: Context) -> pl.DataFrame:
    """Quantiles of SR by occasion."""
    names = ("p10", "p25", "median", "p75", "p90")
    rows = [
        {"occasion": label}
        | dict(zip(names, quantiles(found, BANDS, context.audience.smallest), strict=True))
        for label, found in zip(context.labels, context.by_occasion("SR"), strict=True)
    ]
    return pl.DataFrame(rows, schema={"occasion": pl.String, **dict.fromkeys(names, pl.Float64)})


def pick_persons(context: Context) -> dict[float, int]:
    """Pick persons whose SR is nearest to fixed quantiles, among those with most occasions.

    Ties go to the label that comes first. Nobody is picked where persons are hidden.
    """
    if not context.audience.individuals:
        return {}
    persons = context.persons.filter(pl.col("SR").is_not_null())
    if not persons.height:
        return {}
    most = int(persons["n_valid"].max())  # type: ignore[arg-type]
    full = persons.filter(pl.col("n_valid") == most)
    if full.height < len(PICKED_AT):
        full = persons
    SR, person = full["SR"].to_numpy(), full["person"].to_numpy()
    order = context.audience.places[person]
    picked: dict[float, int] = {}
    for share in PICKED_AT:
        distance = np.abs(SR - np.quantile(persons["SR"].to_numpy(), share))
        for place in np.lexsort((order, distance)):
            if int(person[place]) not in picked.values():
                picked[share] = int(person[place])
                break
    return picked


def _rule_in_words(context: Context, n: int) -> str:
    if not context.audience.individuals:
        return "Single courses are not drawn: persons are hidden."
    shares = enumeration([f"{100 * share:.0f} %" for share in PICKED_AT])
    return (
        f"{n} persons are picked by a rule, not by eye: those whose SR over the whole follow-up is "
        f"nearest to the {shares} quantiles, among the persons with the most valid occasions."
    )


def _courses_figure(context: Context, bands: pl.DataFrame, picked: dict[float, int]) -> Figure:
    x = ordered("occasion", "Planned occasion", context.labels, scale={"padding": 0.3})
    data = values(bands)
    layers: list[dict[str, Any]] = [
        zero_rule(),
        {"data": data, **band("p10", "p90", x, SR_AXIS, shade="person", opacity=0.22)},
        {"data": data, **band("p25", "p75", x, SR_AXIS, shade="person", opacity=0.35)},
        {
            "data": data,
            **line("median", x, SR_AXIS, shade="ink", strokeDash=[6, 3], strokeWidth=1.6),
        },
    ]
    table = bands
    if picked:
        drawn, names = _picked_courses(context, picked)
        mark: dict[str, Any] = {"strokeWidth": 2.2, "point": {"filled": True, "size": 45}}
        if len(context.labels) > MANY_LABELS:
            mark = {"strokeWidth": 1.2}
        hue = {
            "field": "who",
            "type": "nominal",
            "title": None,
            "sort": list(names),
            "scale": palette_scale(names),
            "legend": {"columns": 2},
        }
        layers.append(
            {
                "data": values(drawn),
                "mark": {"type": "line", "strokeJoin": "round", **mark},
                "encoding": {"x": x, "y": quantity("SR", SR_AXIS), "color": hue},
            }
        )
        table = pl.concat([bands, drawn.rename({"SR": "SR_of_person"})], how="diagonal")
    ends = bands.drop_nulls("median")
    middle = (
        f" Its median is {signed(ends['median'][0])} at {ends['occasion'][0]} and "
        f"{signed(ends['median'][-1])} at {ends['occasion'][-1]}."
        if ends.height
        else ""
    )
    return Figure(
        name="sr-courses",
        title="SR over the occasions",
        description=(
            "The shaded bands hold the middle half and the middle 80 % of the persons at each "
            f"occasion, the dashed line is the median.{middle}"
            + (" Coloured lines are the picked persons." if picked else "")
        ),
        chart=layered(*layers, height=340),
        data=table,
        columns=COURSE_COLUMNS,
        interactive=False,
    )


def _picked_courses(
    context: Context, picked: dict[float, int]
) -> tuple[pl.DataFrame, dict[str, str]]:
    words = {
        person: f"{context.label(person)} ({100 * share:.0f} % quantile)"
        for share, person in picked.items()
    }
    names = dict(zip(words.values(), PICKED_COLOURS, strict=False))
    rows = context.occasions.select("person", "occasion", "occasion_index", "SR").filter(
        pl.col("person").is_in(list(picked.values())) & pl.col("SR").is_not_null()
    )
    who = [words[person] for person in rows["person"].to_list()]
    order = {name: place for place, name in enumerate(names)}
    drawn = rows.with_columns(
        pl.col("occasion").cast(pl.String),
        pl.Series("who", who),
        pl.Series("at", [order[name] for name in who]),
    )
    return drawn.sort("at", "occasion_index").select("occasion", "who", "SR"), names


def histogram(values_found: np.ndarray, smallest: int) -> pl.DataFrame:
    """Count values in equal bins with an edge at 0.

    Where persons are hidden, bins span the inner 98 %, or less where few would lie beyond.
    """
    hidden = smallest > 1
    share = inner_share(0.01, values_found.size, smallest) if hidden else 0.0
    low, high = told_quantiles(values_found, (share, 1 - share), smallest)
    n_bins = int(np.clip(np.ceil(2 * values_found.size ** (1 / 3)), 5, 40))
    width = float(high - low) / n_bins or 1.0
    if hidden:  # so that edges, multiples of it, have no more digits than may be told
        size = 10.0 ** np.floor(np.log10(width))
        width = float(size * min(ROUND_WIDTHS, key=lambda one: abs(one - width / size)))
    edges = (
        np.arange(np.floor(low / width), max(np.ceil(high / width), low / width + 1) + 1) * width
    )
    counts, edges = np.histogram(values_found, bins=edges)
    return pl.DataFrame({"from": edges[:-1], "to": edges[1:], "persons": counts.astype(np.int64)})


def _distribution_figure(context: Context) -> Figure:
    SR = context.persons["SR"].drop_nulls().to_numpy()
    counted = Table(
        name="sr-distribution",
        title="Distribution of SR over persons",
        frame=histogram(SR, context.audience.smallest),
        columns=HISTOGRAM_COLUMNS,
    )
    table = as_told(counted, context.audience).frame
    below = context.audience.share(int(np.sum(SR < 0)), SR.size)
    quarter, middle, three = quantiles(SR, (0.25, 0.5, 0.75), context.audience.smallest)
    about_half = ""
    if context.norm.external is None and context.norm.lines.person.reference == "all":
        about_half = (
            "; the line through these persons makes their mean 0, so that about half of them lie "
            "below it wherever SR is spread evenly, which is no finding"
        )
    bars = {
        "mark": {"type": "rect", "stroke": colour("paper"), "strokeWidth": 0.7},
        "encoding": {
            "x": quantity("from", "SR of persons (points of P; above 0: more than expected)"),
            "x2": {"field": "to"},
            "y": quantity("persons", "Persons", zero=True),
            "y2": {"datum": 0},
            "color": {
                "condition": {
                    "test": "datum.to + datum.from < 0",
                    "value": colour("sr-1"),
                },
                "value": colour("sr-5"),
            },
        },
    }
    return Figure(
        name=counted.name,
        title=counted.title,
        description=(
            f"{below} of the persons lie below 0 (blue: fewer problems than exposure lets "
            f"expect over the occasions they answered), the others above (orange){about_half}. "
            f"Median {signed(middle)}, middle half {signed(quarter)} to {signed(three)} points."
        ),
        chart=layered(bars, zero_rule("x"), height=260, data=values(table)),
        data=table,
        columns=HISTOGRAM_COLUMNS,
    )
