"""The page's sections on reliability, on exposure left in SR, and on the quality of exposure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.quality.analysis import ANSWERS_ALONE, LEVEL_OF_SR
from salutogen.analyses.quality.exposure_told import told_exposure, without_small_shares
from salutogen.analyses.quality.intervals import INTERVAL_COLUMNS
from salutogen.analyses.quality.leftover_words import leftover_words
from salutogen.analyses.quality.time_covered import covered_words
from salutogen.columns import Column, Kind, columns_of
from salutogen.page.charting import ordered, palette_scale, quantity, values
from salutogen.page.colours import CATEGORIES
from salutogen.page.section import Figure, Section, Table
from salutogen.page.small_counts import SMALL_NOTE
from salutogen.page.words import number, points
from salutogen.scores import BetweenWithinReliability, ScaleReliability
from salutogen.scores.exposure_quality import EXPOSURE_QUALITY_COLUMNS, ITEM_QUALITY_COLUMNS

if TYPE_CHECKING:
    from salutogen.analyses.quality.analysis import QualityResult
    from salutogen.page.audience import Audience

DESCRIPTIVE_COLUMNS = (
    Column(name="score", meaning="Score", heading="Score", kind=Kind.LABEL),
    Column(name="mean", meaning="Mean", unit="points", heading="Mean", sd="sd"),
    Column(name="sd", meaning="SD", unit="points", heading="SD"),
    Column(name="icc", meaning="ICC of a random-intercept model", heading="ICC"),
    Column(
        name="within_sd", meaning="SD within persons", unit="points", heading="SD within persons"
    ),
)
FIGURE_COLUMNS = (
    Column(name="figure", meaning="Figure", heading="Figure", kind=Kind.LABEL),
    Column(name="value", meaning="Value", heading="Value"),
)
FORMATIVE = (
    "Checklists of stressors are formative: their items need not agree, so alpha and omega are "
    "left out."
)
POOR_LIST = (
    "A checklist that nobody ticks, or that hangs together with problems as closely as a symptom "
    "scale would, makes a poor measure of exposure."
)
POOR_SCORE = "An exposure score that hardly differs between persons makes a poor measure."


def reliability_section(result: QualityResult, audience: Audience) -> Section:
    """Reliability of SR, and of the scales behind it."""
    figures = [(words, number(value, 3)) for words, value in result.figures]
    scales = without_small_shares(result.scales, ("floor_share", "ceiling_share"), audience)
    return Section(
        title="Reliability and leftover exposure",
        paragraphs=(
            "SR is a difference: the more exposure takes out of problems, the less reliable is "
            "what is left. "
            "Over all rows the correlation of SR with exposure is 0 by construction; what is left "
            "between and within persons shows whether one line serves both. "
            f"{leftover_words(result.intervals)}".strip(),
        ),
        tables=(
            Table(
                name="descriptives",
                title="Problems, exposure and SR over valid occasions",
                frame=result.descriptives,
                columns=DESCRIPTIVE_COLUMNS,
                note="ICC and SD within persons are of a random-intercept model, which takes a "
                "person's occasions as independent around the level. Where neighbouring occasions "
                "go together, part of what lasts only for some occasions counts as between "
                "persons in it; the next table gives the share of SR that allows for this.",
            ),
            Table(
                name="reliability",
                title="Reliability, stability and leftover exposure of SR",
                frame=pl.DataFrame(
                    figures, schema={"figure": pl.String, "value": pl.String}, orient="row"
                ),
                columns=FIGURE_COLUMNS,
                note="SR = observed − expected problems; positive = less resilient. Without a "
                "known reliability of E, 1 is assumed, and the reliability of SR is then too high "
                "where E has error; the sensitivity bands show what follows if it has. "
                "Unless the study file gives a reliability of P, its error is that of the answers "
                "on persons' first forms, which is taken to be the same on later ones. "
                "Where SR is what a line leaves of the same rows, r(SR, P) is √(1 − R²) of that "
                "line, which is no finding.",
            ),
            *_more_tables(result),
            Table(
                name="scales",
                title="Scales",
                frame=scales,
                columns=columns_of(ScaleReliability),
                note=_with_blanks(
                    FORMATIVE if result.items.height else "",
                    scales.select("n", "floor_share", "ceiling_share"),
                    audience,
                ),
            ),
        ),
    )


def _with_blanks(note: str, cells: pl.DataFrame, audience: Audience) -> str:
    """Say with a table's note why some of its cells are blank."""
    blank = any(column.null_count() for column in cells)
    return note if audience.individuals or not blank else f"{note} {SMALL_NOTE}".strip()


def _more_tables(result: QualityResult) -> Iterator[Table]:
    """Intervals over persons, and reliability between and within them, where they are known."""
    if result.intervals.height:
        yield Table(
            name="reliability-intervals",
            title="Stability and correlations, with intervals over persons",
            frame=result.intervals,
            columns=INTERVAL_COLUMNS,
            note="Persons are resampled with all of their occasions. An ICC takes the occasions of "
            "a person as independent around the level. Over all rows r(SR, E) is 0 by "
            "construction of the line.",
        )
    if result.between_within.height:
        yield Table(
            name="reliability-between-within",
            title="Reliability of problems between persons and within them",
            frame=_of_told_levels(result.between_within),
            columns=columns_of(BetweenWithinReliability),
            note="Omega within is that of changes of one person from occasion to occasion, omega "
            f"between that of differences between persons' levels.{_empty_words(result)} "
            f"{_three_reliabilities(result)}",
        )


def _of_told_levels(found: pl.DataFrame) -> pl.DataFrame:
    """Blank reliabilities of differences between levels that are not told to be there."""
    told = pl.col("icc_low").is_null() | (pl.col("icc_low") > 0)
    return found.with_columns(
        pl.when(told).then(pl.col(name)) for name in ("omega_between", "alpha_between")
    )


def _empty_words(result: QualityResult) -> str:
    """Say why a reliability between or within is missing, of those reasons that there are."""
    found = result.between_within
    untold = pl.col("icc_low") == 0
    several = pl.col("n_items") > 1
    no_factor = pl.col("omega_within").is_null() | (
        pl.col("omega_between").is_null() & ~untold.fill_null(value=False)
    )
    reasons = (
        (untold, "that persons' levels differ is not told (the interval of their share holds 0)"),
        (~several, "a single total stands in place of items"),
        (
            several & no_factor,
            "one common factor of the items at that level has an estimate that cannot be",
        ),
    )
    told = [words for where, words in reasons if found.filter(where).height]
    return f" One that is empty is not given: {', or '.join(told)}." if told else ""


def _three_reliabilities(result: QualityResult) -> str:
    """Keep apart the reliabilities of a mean on the page, which a reader may take for one."""
    names = [words for words, _ in result.figures]
    others = []
    if ANSWERS_ALONE in names:
        others.append(
            f"“{ANSWERS_ALONE}” counts the error of answers alone, of all forms, so that it is as "
            "a rule higher"
        )
    if LEVEL_OF_SR in names:
        others.append(
            f"“{LEVEL_OF_SR}” is of SR, at the median of the occasions, and lets neighbouring "
            "occasions go together: what is said of persons' SR rests on this one"
        )
    told = (
        "“Reliability of a person's mean P as level” is of problems, over complete forms, as many "
        "as under “Forms each” (a harmonic mean, which persons with few forms make small), "
        "occasions taken as independent"
    )
    if not others:
        return f"{told}."
    return f"{told}. It is not to be taken for others of a mean: {'; '.join(others)}."


def exposure_section(result: QualityResult, audience: Audience) -> Section:
    """How exposure behaves by type and occasion."""
    exposure = told_exposure(result.exposure.filter(pl.col("n") >= audience.smallest), audience)
    tables = [
        Table(
            name="exposure-quality",
            title="Exposure by type and occasion",
            frame=exposure,
            columns=EXPOSURE_QUALITY_COLUMNS,
        )
    ]
    if result.items.height:
        items = without_small_shares(result.items, ("endorsed_share",), audience)
        told = pl.col("endorsed_share").is_not_null()
        tables.append(
            Table(
                name="item-quality",
                title="Stressor items",
                frame=items.with_columns(pl.when(told).then(pl.col("r_with_P"))),
                note=_with_blanks("", items.select("n", "endorsed_share"), audience),
                columns=ITEM_QUALITY_COLUMNS,
            )
        )
    figure = _exposure_figure(exposure, result.occasions)
    return Section(
        title="Quality of exposure",
        paragraphs=(
            POOR_LIST if result.items.height else POOR_SCORE,
            *((covered_words(result.covered, audience),) if result.covered.height else ()),
        ),
        figures=() if figure is None else (figure,),
        tables=tuple(tables),
    )


def _extremes_words(n: int) -> str:
    if n < 3:
        return ""
    return f" These are the extremes of {n} correlations, which sampling error alone spreads too."


def _exposure_figure(exposure: pl.DataFrame, occasions: Sequence[str]) -> Figure | None:
    data = exposure.select("type", "occasion", "r").filter(pl.col("r").is_not_null())
    if not data.height:
        return None
    types = data["type"].unique(maintain_order=True).to_list()
    shades = dict(zip(types, (CATEGORIES * (len(types) // 8 + 1)), strict=False))
    hue = {"field": "type", "type": "nominal", "title": "Exposure type", "sort": types}
    least = data.sort("r", maintain_order=True).row(0, named=True)
    most = data.sort("r", descending=True, maintain_order=True).row(0, named=True)
    return Figure(
        name="exposure-quality",
        title="How closely each type of exposure goes with problems",
        description=(
            f"Correlation of exposure with problems by occasion, from {points(least['r'])} "
            f"({least['type']}, {least['occasion']}) to {points(most['r'])} ({most['type']}, "
            f"{most['occasion']}).{_extremes_words(data.height)}"
        ),
        chart={
            "width": 620,
            "height": 260,
            "data": values(data),
            "mark": {"type": "line", "point": {"filled": True, "size": 60}, "strokeWidth": 2.3},
            "encoding": {
                "x": ordered("occasion", "Planned occasion", occasions, scale={"padding": 0.3}),
                "y": quantity("r", "r(E, P)", zero=True),
                "color": {**hue, "scale": palette_scale(shades)},
                "shape": {**hue, "scale": {"domain": types}},
            },
        },
        data=data,
        columns=EXPOSURE_QUALITY_COLUMNS,
    )
