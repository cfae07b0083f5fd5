"""The page's section on sensitivity: what error in exposure, mood and far points would do to SR."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from salutogen.analyses.sensitivity.bands import (
    EXPOSURE_ERROR_COLUMNS,
    LEVEL,
    MOOD_COLUMNS,
    MOOD_FACTOR_COLUMNS,
    STRENGTH,
)
from salutogen.analyses.sensitivity.person_bands import BAND_COLUMNS as EXPOSURE_BAND_COLUMNS
from salutogen.analyses.sensitivity.person_bands import SIDES_COLUMNS, PersonBands
from salutogen.analyses.sensitivity.refits import MISSING_COLUMNS, OUTLIER_COLUMNS
from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.charting import layered, palette_scale, quantity, values, zero_rule
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import Sentence, number, points, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from salutogen.analyses.sensitivity.analysis import SensitivityResult
    from salutogen.analyses.sensitivity.exposure_bands import Band
    from salutogen.page.audience import Audience

EXPOSURE_ERROR = "If exposure is measured with error"
BANDS = "Slope and factors over plausible errors of exposure"
PERSONS = "Where persons stand if exposure is measured with error"
MOOD = "If mood colours the report of exposure"
IMPOSSIBLE = (
    "Rows marked impossible: exposure that unreliable could not correlate as it does. The negative "
    "correlation of corrected SR with observed exposure follows from the correction and is no "
    "finding."
)
LEVEL_COLOURS = {"occasion": "two", "person": "one"}
MEASURES = {"r_SR_true_E": "SR with true exposure", "r_with_corrected": "SR with corrected SR"}
BAND_COLUMNS = (
    LEVEL,
    STRENGTH,
    Column(name="reliability_E", meaning="Assumed reliability of E"),
    Column(name="what", meaning="What SR is correlated with", kind=Kind.LABEL),
    Column(name="r", meaning="Correlation of SR", unit="correlation"),
)


def sensitivity_section(result: SensitivityResult, audience: Audience) -> Section | None:
    """Bands over assumptions, or None where none were computed."""
    tables = _tables(result, audience)
    if not tables:
        return None
    figures = (
        _band(
            result.exposure_error,
            "reliability_E",
            "Assumed reliability of exposure",
            name="sensitivity-exposure-error",
            title=EXPOSURE_ERROR,
        ),
        _band(
            result.mood_reporting,
            "g",
            "Assumed strength of mood-congruent reporting g",
            name="sensitivity-mood-reporting",
            title=MOOD,
        ),
    )
    return Section(
        title="Sensitivity bands",
        paragraphs=(
            "Each figure asks: if this assumption held, how far would SR be off? A score that is "
            "free of observed exposure is not free of true exposure when exposure is measured with "
            "error: persons who truly met little then look more resilient than they are.",
            *words_of_bands(result.exposure_bands),
        ),
        figures=tuple(figure for figure in figures if figure is not None),
        tables=tables,
    )


def words_of_bands(bands: PersonBands) -> tuple[Text, ...]:
    """Say over what was followed through, and what is left of slope and factors."""
    slope = bands.slope
    if slope.value is None:
        return ()
    low, high = number(bands.reliability_low, 2), number(bands.reliability_high, 2)
    why = (
        "from the reliabilities given for the exposure instruments, whether a person's errors last "
        "or are independent between occasions"
        if bands.reliability_given
        else "assumed"
    )
    told: list[Text] = [
        f"Bands over errors of exposure take the reliability of persons' exposure as {low} to "
        f"{high} ({why}) and mood-congruent reporting as {number(bands.mood_low, 2)} to "
        f"{number(bands.mood_high, 2)}; their ends hold the sampling error of persons (95 %). They "
        "stand on the straight line over these persons' means, without covariates. The slope is "
        f"{interval(slope.value, slope.low, slope.high)} as scored, "
        f"{ends(slope.error_low, slope.error_high)} with error in exposure, "
        f"{ends(slope.joint_low, slope.joint_high)} with mood-congruent reporting as well.",
        *_words_of_places(bands),
    ]
    before = len(told)
    told += [
        words_of_factor(name, band)
        for name, band in bands.factors.items()
        if band.claimed and band.error_low is not None
    ]
    if bands.factors and len(told) == before:
        told.append("No factor's correlation with SR is told from 0 as scored.")
    return tuple(told)


def _words_of_places(bands: PersonBands) -> tuple[Sentence, ...]:
    """Say how many persons change sides at the lowest reliability that is possible."""
    known = bands.persons.filter((pl.col("g") == 0) & pl.col("rank_r").is_not_null())
    if not known.height:
        return ()
    worst = known.sort("reliability_E").row(0, named=True)
    return (
        say(
            "At a reliability of {reliability}, SR with the corrected slope puts "
            "{n:# person|# persons} on the other side of 0 than SR as scored (rank correlation "
            "{r}).",
            reliability=number(worst["reliability_E"], 2),
            n=Persons(worst["n_other_side"], of=worst["n"]),
            r=points(worst["rank_r"]),
        ),
    )


def words_of_factor(name: str, band: Band) -> str:
    """Say what is left of a factor's correlation with SR where exposure has error."""
    if band.holds_jointly:
        judged = "it differs from 0 throughout, with mood-congruent reporting as well"
    elif band.holds_with_error:
        judged = (
            "it differs from 0 throughout, but not at every strength of mood-congruent reporting "
            f"({ends(band.joint_low, band.joint_high)})"
        )
    else:
        judged = (
            "it is not told from 0 throughout; the factor may merely go with fewer or more "
            "stressors"
        )
    return (
        f"{name}: r with SR {interval(band.value, band.low, band.high)} as scored; with error in "
        f"exposure {ends(band.error_low, band.error_high)}: {judged}."
    )


def interval(value: float | None, low: float | None, high: float | None) -> str:
    """Write an estimate with its interval."""
    return f"{points(value)} ({ends(low, high)})"


def ends(low: float | None, high: float | None) -> str:
    """Write two ends."""
    return f"{points(low)} to {points(high)}"


def _tables(result: SensitivityResult, audience: Audience) -> tuple[Table, ...]:
    """Every table that has rows; the change of the one person who changes most is not for all."""
    outliers = result.outliers
    if not audience.individuals:
        outliers = outliers.drop("largest_change")
    bands = result.exposure_bands
    tables = (
        _table("exposure-bands", BANDS, bands.results, EXPOSURE_BAND_COLUMNS),
        _table("exposure-persons", PERSONS, bands.persons, SIDES_COLUMNS),
        _table("exposure-error", EXPOSURE_ERROR, result.exposure_error, EXPOSURE_ERROR_COLUMNS),
        _table("mood-reporting", MOOD, result.mood_reporting, MOOD_COLUMNS),
        _table("mood-factors", f"{MOOD}: factors and SR", result.mood_factors, MOOD_FACTOR_COLUMNS),
        _table("outliers", "If far points are treated otherwise", outliers, OUTLIER_COLUMNS),
        _table(
            "missing",
            "If skipped answers had been at their bounds",
            result.missing,
            MISSING_COLUMNS,
        ),
    )
    return tuple(table for table in tables if table.frame.height)


def _table(name: str, title: str, frame: pl.DataFrame, columns: Sequence[Column]) -> Table:
    return Table(
        name=f"sensitivity-{name}",
        title=title,
        frame=frame,
        columns=columns,
        note=IMPOSSIBLE if title == EXPOSURE_ERROR else "",
    )


def _band(frame: pl.DataFrame, by: str, x_title: str, *, name: str, title: str) -> Figure | None:
    data = (
        frame.select("level", by, *MEASURES)
        .unpivot(index=["level", by], variable_name="what", value_name="r")
        .with_columns(pl.col("what").replace(MEASURES))
        .filter(pl.col("r").is_not_null())
    )
    if not data.height:
        return None
    levels = data["level"].unique(maintain_order=True).to_list()
    shades = palette_scale({level: LEVEL_COLOURS[level] for level in levels})
    chart = layered(
        zero_rule(),
        {
            "data": values(data),
            "mark": {"type": "line", "strokeWidth": 2.3, "point": {"filled": True, "size": 45}},
            "encoding": {
                "x": quantity(by, x_title),
                "y": quantity("r", "Correlation of SR", scale={"domain": _domain(data)}),
                "color": {"field": "level", "type": "nominal", "title": "Level", "scale": shades},
                "strokeDash": {
                    "field": "what",
                    "type": "nominal",
                    "title": "Correlation of",
                    "scale": {"domain": list(MEASURES.values()), "range": [[1, 0], [5, 4]]},
                    "legend": None,
                },
            },
        },
        height=280,
        title={
            "text": "Solid: with true exposure. Dashed: with the corrected score.",
            "fontSize": 12,
            "fontWeight": "normal",
        },
    )
    true = data.filter(pl.col("what") == MEASURES["r_SR_true_E"])
    lowest, highest = true["r"].min(), true["r"].max()
    return Figure(
        name=name,
        title=title,
        description=(
            f"Solid lines: correlation of SR with true exposure, from "
            f"{points(lowest)} to {points(highest)} over the assumed values"  # type: ignore[arg-type]
            f" (0 would be free of exposure). Dashed lines: correlation of SR with the score "
            f"corrected under the same assumption; near 1, persons keep their places."
        ),
        chart=chart,
        data=data,
        columns=BAND_COLUMNS,
    )


def _domain(data: pl.DataFrame) -> list[float]:
    lowest = min(0.0, float(data["r"].min()))  # type: ignore[arg-type]
    return [lowest - 0.05, 1.05]
