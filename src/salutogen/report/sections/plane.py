"""The E-P plane: persons, the line of expected problems, and how far each lies from it."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind
from salutogen.models.regression.sandwich import hc3_degrees_of_freedom
from salutogen.norm import Line
from salutogen.norm.design_matrix import line_matrix
from salutogen.norm.shape import bend_of
from salutogen.page.audience import SMALL_CELL, inner_share, occurring_quantiles, told_quantiles
from salutogen.page.charting import Spec, band, layered, line, palette_scale, quantity, values
from salutogen.page.colours import HEAT, SR_CLASSES, colour, colours
from salutogen.page.section import Figure, Section
from salutogen.page.words import points
from salutogen.report.context import FEW_VISITS_WORDS, Context
from salutogen.report.sections.lines import lines_table, shape_in_words, words_of_plane
from salutogen.report.words_of_line import exposure_in_words
from salutogen.resilience.claims import has_few_visits
from salutogen.resilience.uncertainty import line_error

GRID = 60
MOST_BINS = 28
PERSONS_PER_CELL = 5
SR_LIMITS = (-1.0, -0.5, 0.5, 1.0)
SR_WORDS = (
    "more than 1 SD below",
    "½ to 1 SD below",
    "within ½ SD of expected",
    "½ to 1 SD above",
    "more than 1 SD above",
)


PERSON_COLUMNS = (
    Column(name="label", meaning="Label of the person", kind=Kind.PERSON),
    Column(name="n_valid", meaning="Valid occasions", kind=Kind.PERSON),
    *(
        Column(name=name, meaning=meaning, unit=unit, sign=sign, kind=Kind.PERSON)
        for name, meaning, unit, sign in (
            ("E", "Exposure", "points", "higher = more exposed"),
            ("P", "Problems", "points", "higher = more problems"),
            ("P_expected", "Expected problems", "points", ""),
            ("SR", "Observed minus expected problems", POINTS, LESS_RESILIENT),
            ("SR_z", "SR in SDs of the line", "SDs", LESS_RESILIENT),
        )
    ),
    Column(name="class", meaning="Class of SR", kind=Kind.PERSON),
)
CELL_COLUMNS = (
    Column(name="E", meaning="Exposure from", unit="points"),
    Column(name="E_to", meaning="Exposure to", unit="points"),
    Column(name="P", meaning="Problems from", unit="points"),
    Column(name="P_to", meaning="Problems to", unit="points"),
    Column(name="persons", meaning="Persons in the cell", unit="persons", kind=Kind.COUNT),
)


def plane_section(context: Context) -> Section:
    """Persons in the plane of exposure and problems, with the person line."""
    norm = context.norm
    persons = context.persons.filter(pl.col("SR").is_not_null())
    drawn = _draw(context, persons, norm.lines.person)
    return Section(
        title="The E–P plane",
        paragraphs=(words_of_plane(norm.lines.person, context), shape_in_words(context)),
        figures=(drawn,),
        tables=(lines_table(context),),
    )


def simple(table_line: Line) -> bool:
    """Whether expected problems depend on the one exposure score alone."""
    return table_line.predictors == ("E",) and not table_line.covariates


def line_on_grid(
    fitted: Line, low: float, high: float, units: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Expected P with its 95 % band (of the line, not of persons) on a grid of E.

    The quantile is Student's, as in the sentences: with the degrees of freedom at each E where the
    `units` of the fit are known, else with those of the slope.
    """
    from scipy.special import stdtrit

    grid = pl.DataFrame({"E": np.linspace(low, high, GRID)})
    matrix = line_matrix(fitted, grid, level=fitted.level)
    expected = matrix @ np.asarray(fitted.coefficients)
    if units is not None:
        fitted_to = line_matrix(fitted, units, level=fitted.level)
        df = hc3_degrees_of_freedom(fitted_to, fitted.terms, matrix)
    else:
        df = np.asarray(fitted.n - 2.0 if fitted.claims is None else fitted.claims.df)
    half = stdtrit(df, 0.975) * line_error(None, fitted, grid, fitted.level)
    return grid.with_columns(
        expected=expected,
        low=expected - half,
        high=expected + half,
        person_low=expected - fitted.residual_sd,
        person_high=expected + fitted.residual_sd,
    )


def sr_class(z: np.ndarray) -> list[str]:
    """Class of SR in residual SDs, in words."""
    return [SR_WORDS[place] for place in np.digitize(z, SR_LIMITS)]


def _draw(context: Context, persons: pl.DataFrame, fitted: Line) -> Figure:
    if not simple(fitted):
        return _figure(context, persons.with_columns(pl.col("P_expected").alias("E")), None, fitted)
    exposure = persons["E"].drop_nulls().to_numpy()
    if context.audience.individuals:
        low, high = float(exposure.min()), float(exposure.max())
    else:
        low, high = inner(exposure, 0.05, context.audience.smallest)
    units = context.norm.units("person") if context.norm.external is None else None
    return _figure(context, persons, line_on_grid(fitted, low, high, units), fitted)


def _figure(
    context: Context, persons: pl.DataFrame, grid: pl.DataFrame | None, fitted: Line
) -> Figure:
    x_title = f"Exposure E ({exposure_in_words(fitted)})"
    if grid is None:
        x_title = "Expected problems (points)"
    y_title = "Problems P (points, mean over occasions)"
    if context.audience.draws_persons:
        data, marks = _points(context, persons, x_title, y_title)
        what = f"{data.height:,} persons, coloured by SR in SDs of the line"
    else:
        data, marks = _bins(persons, x_title, y_title, context.audience.smallest)
        what = f"Shaded cells count persons; {context.audience.count(persons.height)} in all"
        if context.audience.leaves_few(persons.height):
            what = "Shaded cells count persons, nearly all of them"
        if not context.audience.individuals:
            what += f", cells with fewer than {context.audience.smallest} are left empty"
    layers = [marks] if grid is None else [*_line_layers(grid, x_title, y_title, marks)]
    if grid is None:
        hidden = not context.audience.individuals
        layers.append(_identity(persons, x_title, y_title, hidden=hidden))
    return Figure(
        name="plane",
        title="Problems against exposure, with the line of expected problems",
        description=(
            f"{what}. {_of_the_line(fitted, grid is not None)} Above the line: more problems than "
            f"the line lets expect (positive SR). A place is the mean over the occasions a person "
            "answered; whether it lasts is said with the scores."
        ),
        chart=layered(*layers, height=420),
        data=data,
        columns=PERSON_COLUMNS if context.audience.draws_persons else CELL_COLUMNS,
        interactive=True,
    )


def _of_the_line(fitted: Line, drawn: bool) -> str:
    """Say how the drawn line goes, and what stands around it."""
    if not drawn:
        return (
            "Expected problems rest on several columns, so they are the horizontal axis: on the "
            "line, problems are as expected."
        )
    bend = bend_of(fitted)
    ways = {
        "rises": "rises with exposure",
        "falls": "falls with more exposure",
        "lowest": "falls at first and rises then",
        "highest": "rises at first and falls then",
        "several": "rises and falls more than once",
        "unsettled": "bends; whether it turns is not settled",
    }
    way = "is drawn over the exposures there are" if bend is None else ways[bend.kind]
    if fitted.claims is not None and not fitted.claims.shows_exposure:
        way = "is drawn as fitted, though no direction is shown"
    return (
        f"The line {way}; the narrow band is its 95 % interval, dashed lines lie one SD "
        f"({points(fitted.residual_sd)} points) above and below."
    )


def _line_layers(grid: pl.DataFrame, x_title: str, y_title: str, marks: Spec) -> list[Spec]:
    x = quantity("E", x_title)
    data = values(grid)
    dashed = {"strokeDash": [5, 4], "strokeWidth": 1.2}
    return [
        {"data": data, **band("low", "high", x, y_title, shade="line", opacity=0.18)},
        marks,
        {"data": data, **line("person_low", x, y_title, shade="line", **dashed)},
        {"data": data, **line("person_high", x, y_title, shade="line", **dashed)},
        {"data": data, **line("expected", x, y_title, shade="paper", strokeWidth=5.5)},
        {"data": data, **line("expected", x, y_title, shade="line")},
    ]


def _identity(persons: pl.DataFrame, x_title: str, y_title: str, *, hidden: bool) -> Spec:
    found = persons["P_expected"].to_numpy()
    share = inner_share(0.05, found.size)
    at = (share, 1 - share)
    ends = (
        told_quantiles(found, at)
        if hidden
        else occurring_quantiles(found, at, SMALL_CELL, found.size)
    )
    ends = ends.tolist()
    data = values(pl.DataFrame({"E": ends, "expected": ends}))
    return {
        "data": data,
        **line("expected", quantity("E", x_title), y_title, shade="line"),
    }


def _points(
    context: Context, persons: pl.DataFrame, x_title: str, y_title: str
) -> tuple[pl.DataFrame, Spec]:
    z = persons["SR_z"].fill_null(0.0).to_numpy()
    few = has_few_visits(persons)
    hues = dict(zip(SR_WORDS, SR_CLASSES, strict=True))
    if few.any():
        hues[FEW_VISITS_WORDS] = "five"
    shown = persons.select(
        pl.Series("label", context.audience.labels(persons["person"].to_numpy())),
        "n_valid",
        "E",
        "P",
        "P_expected",
        "SR",
        "SR_z",
        pl.Series("class", np.where(few, FEW_VISITS_WORDS, sr_class(z))),
    )
    place = context.audience.places[persons["person"].to_numpy()]
    shown = shown[np.argsort(place).tolist()]
    tip: list[dict[str, Any]] = [
        {"field": "label", "title": "Who"},
        *(
            {"field": field, "title": title, "format": ".2f"}
            for field, title in (
                ("E", "Exposure E"),
                ("P", "Problems P"),
                ("P_expected", "Expected P"),
                ("SR", "SR (points)"),
                ("SR_z", "SR (SDs)"),
            )
        ),
        {"field": "n_valid", "title": "Valid occasions"},
    ]
    marks = {
        "data": values(shown),
        "params": [{"name": "zoom", "select": "interval", "bind": "scales"}],
        "mark": {
            "type": "circle",
            "size": 52 if shown.height < 500 else 22,
            "opacity": 1,
            "fillOpacity": 1 if shown.height < 500 else 0.6,
            "stroke": colour("paper"),
            "strokeWidth": 0.5,
        },
        "encoding": {
            "x": quantity("E", x_title),
            "y": quantity("P", y_title),
            "color": {
                "field": "class",
                "type": "ordinal",
                "title": None,
                "sort": list(hues),
                "scale": palette_scale(hues),
                "legend": {"columns": 3},
            },
            "tooltip": tip,
        },
    }
    return shown, marks


def count_cells(x: np.ndarray, y: np.ndarray, smallest: int) -> pl.DataFrame:
    """Count persons in cells of the plane; cells with fewer than `smallest` are left out.

    Cells span the inner 98 % of both axes, or less where few would lie beyond, so that no edge is
    a single person's value. Where only few are in no cell, the emptiest cell is left out too.
    """
    bins = int(np.clip(np.sqrt(x.size / PERSONS_PER_CELL), 4, MOST_BINS))
    edges = []
    for found in (x, y):
        low, high = inner(found, 0.01, smallest)
        edges.append(np.linspace(low, high if high > low else low + 1.0, bins + 1))
    counts, _, _ = np.histogram2d(x, y, bins=edges)
    told = np.where(counts >= max(smallest, 1), counts, 0)
    while told.any() and 0 < x.size - told.sum() < smallest:
        told[told == told[told > 0].min()] = 0
    across, up = np.nonzero(told)
    return pl.DataFrame(
        {
            "E": edges[0][across],
            "E_to": edges[0][across + 1],
            "P": edges[1][up],
            "P_to": edges[1][up + 1],
            "persons": counts[across, up].astype(np.int64),
        }
    )


def inner(values: np.ndarray, beyond: float, smallest: int) -> tuple[float, float]:
    """Two quantiles beyond each of which lies a share, and for a hidden audience not too few."""
    share = beyond if smallest == 1 else inner_share(beyond, values.size, smallest)
    low, high = told_quantiles(values, (share, 1 - share), smallest)
    return float(low), float(high)


def _bins(
    persons: pl.DataFrame, x_title: str, y_title: str, smallest: int
) -> tuple[pl.DataFrame, Spec]:
    cells = count_cells(persons["E"].to_numpy(), persons["P"].to_numpy(), smallest)
    marks = {
        "data": values(cells),
        "mark": {"type": "rect"},
        "encoding": {
            "x": quantity("E", x_title),
            "x2": {"field": "E_to"},
            "y": quantity("P", y_title),
            "y2": {"field": "P_to"},
            "color": {
                "field": "persons",
                "type": "quantitative",
                "title": "Persons in the cell",
                "legend": {"format": ",.0f", "gradientLength": 260},
                "scale": {"type": "quantize", "range": colours(HEAT)},
            },
            "tooltip": [{"field": "persons", "title": "Persons"}],
        },
    }
    return cells, marks
