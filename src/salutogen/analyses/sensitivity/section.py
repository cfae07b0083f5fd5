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
from salutogen.analyses.sensitivity.words import words_of_bands
from salutogen.columns import Column, Kind
from salutogen.page.charting import layered, palette_scale, quantity, values, zero_rule
from salutogen.page.section import Figure, Section, Table
from salutogen.page.words import number, percent, points
from salutogen.study.check.coverage import LOW_SHARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from salutogen.analyses.sensitivity.analysis import SensitivityResult
    from salutogen.page.audience import Audience

EXPOSURE_ERROR = "If exposure is measured with error"
BANDS = "Slope and factors over plausible errors of exposure"
PERSONS = "Where persons stand if exposure is measured with error"
MOOD = "If mood colours the report of exposure"
IMPOSSIBLE = "Rows marked impossible: exposure that unreliable could not correlate as it does."
BY_CORRECTION = (
    "The correlation of corrected SR with observed exposure follows from the correction and is no "
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
            over="reliabilities of exposure",
            name="sensitivity-exposure-error",
            title=EXPOSURE_ERROR,
        ),
        _band(
            result.mood_reporting,
            "g",
            "Assumed strength of mood-congruent reporting g",
            over="strengths of mood-congruent reporting",
            name="sensitivity-mood-reporting",
            title=MOOD,
        ),
    )
    return Section(
        title="Sensitivity bands",
        paragraphs=(
            "Each figure asks: if this assumption held, how far would SR be off? A score that is "
            "free of observed exposure is not free of true exposure when exposure is measured with "
            f"random error{_words_of_true_exposure(result.exposure_bands)}.",
            *words_of_bands(result.exposure_bands),
            *_words_of_the_rest(result),
        ),
        figures=tuple(figure for figure in figures if figure is not None),
        tables=tables,
    )


def _words_of_true_exposure(bands: PersonBands) -> str:
    """Say who looks better than they are, where the direction of the line is told."""
    if not bands.slope.claimed or bands.slope.value is None:
        return ""
    way = "more" if bands.slope.value > 0 else "less"
    return f": persons who truly met little then look {way} resilient than they are"


def _words_of_the_rest(result: SensitivityResult) -> tuple[str, ...]:
    """Say what the bands do not hold: factors without one, uncovered time, skipped answers."""
    told = [f"{name} has no band: {why}." for name, why in result.factors_left_out.items()]
    if result.covered is not None and result.covered < LOW_SHARE:
        told.append(
            f"The answers of at least one type of exposure look back on {percent(result.covered)} "
            "of the time between planned occasions. What was met in the rest is error of exposure "
            "too, and no reliability of answers holds it: a mean over occasions stands for the "
            "rest as far as exposure is steady, a single occasion for its own time only."
        )
    if result.missing.height and not _skipping_matters(result):
        told.append("No skipped answer could change a score.")
    return tuple(told)


def _skipping_matters(result: SensitivityResult) -> bool:
    """Whether any row would change at the bounds of what was skipped."""
    # Empty where persons are hidden and those of few would.
    return bool((result.missing["n_changed"].fill_null(1) > 0).any())


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
            result.missing if _skipping_matters(result) else result.missing.clear(),
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
        note=_note(frame) if title == EXPOSURE_ERROR else "",
    )


def _note(frame: pl.DataFrame) -> str:
    return f"{IMPOSSIBLE} {BY_CORRECTION}" if frame["refused"].any() else BY_CORRECTION


def _band(
    frame: pl.DataFrame, by: str, x_title: str, *, over: str, name: str, title: str
) -> Figure | None:
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
    least, most = (number(end, 2) for end in (true[by].min(), true[by].max()))
    return Figure(
        name=name,
        title=title,
        description=(
            f"Solid lines: correlation of SR with true exposure, from "
            f"{points(lowest)} to {points(highest)}"  # type: ignore[arg-type]
            f" over assumed {over} of {least} to {most}, without sampling error"
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
