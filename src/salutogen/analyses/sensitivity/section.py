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
from salutogen.analyses.sensitivity.methods import source_words
from salutogen.analyses.sensitivity.person_bands import BAND_COLUMNS as EXPOSURE_BAND_COLUMNS
from salutogen.analyses.sensitivity.person_bands import SIDES_COLUMNS, PersonBands
from salutogen.analyses.sensitivity.refits import MISSING_COLUMNS, OUTLIER_COLUMNS
from salutogen.columns import Column, Kind
from salutogen.findings import Persons
from salutogen.page.charting import layered, palette_scale, quantity, values, zero_rule
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import Sentence, enumeration, number, percent, points, say
from salutogen.study.check.coverage import LOW_SHARE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from salutogen.analyses.sensitivity.analysis import SensitivityResult
    from salutogen.analyses.sensitivity.exposure_bands import Band
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
            f"error{_words_of_true_exposure(result.exposure_bands)}.",
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
            "too, which no reliability of answers holds: values below those taken here are "
            "plausible."
        )
    if result.missing.height and not _skipping_matters(result):
        told.append("No skipped answer could change a score.")
    return tuple(told)


def _skipping_matters(result: SensitivityResult) -> bool:
    """Whether any row would change at the bounds of what was skipped."""
    return bool((result.missing["n_changed"] > 0).any())


def words_of_bands(bands: PersonBands) -> tuple[Text, ...]:
    """Say over what was followed through, and what is left of slope and factors."""
    slope = bands.slope
    if slope.value is None:
        return ()
    low, high = number(bands.reliability_low, 2), number(bands.reliability_high, 2)
    why = source_words(bands)
    told: list[Text] = [
        f"Bands over errors of exposure take the reliability of persons' exposure as {low} to "
        f"{high} ({why}) and mood-congruent reporting as {number(bands.mood_low, 2)} to "
        f"{number(bands.mood_high, 2)}; their ends hold the sampling error of persons (95 %). They "
        "stand on the straight line over these persons' means, without covariates. The slope is "
        f"{interval(slope.value, slope.low, slope.high)} {bands.unit} as scored (here, unlike the "
        "line's own interval, over resamples of persons), "
        f"{ends(slope.error_low, slope.error_high)} with error in exposure, "
        f"{ends(slope.joint_low, slope.joint_high)} with mood-congruent reporting as well.",
        *_words_of_places(bands),
    ]
    before = len(told)
    told += [
        words_of_factor(name, band, bands)
        for name, band in bands.factors.items()
        if band.claimed and band.error_low is not None
    ]
    known = [name for name, band in bands.factors.items() if band.value is not None]
    if known and len(told) == before:
        told.append(
            f"No factor's correlation with SR is told from 0 as scored ({enumeration(known)})."
        )
    elif len(told) > before:
        told += _words_beside_problems(bands)
    return tuple(told)


def slope_in_words(
    bands: PersonBands, left_out: Sequence[str] = (), covered: float | None = None
) -> str:
    """Say in a sentence whether the slope outlives error and mood; nothing where it is not told.

    Covariates of the study's line, which the bands leave out, are named; and where the answers look
    back on little of the time (`covered`, a share), that exposure may be less reliable yet.
    """
    slope = bands.slope
    if not slope.claimed or slope.error_low is None:
        return ""
    more = "more" if slope.value is not None and slope.value > 0 else "fewer"
    error = (
        f"a reliability of exposure of {number(bands.reliability_low, 2)} to "
        f"{number(bands.reliability_high, 2)} ({source_words(bands)})"
    )
    by_error, both = (
        ends(*pair)
        for pair in ((slope.error_low, slope.error_high), (slope.joint_low, slope.joint_high))
    )
    mood = ""
    if _with_mood(bands):
        mood = (
            " and with reports that mood colours by "
            f"{number(bands.mood_low, 2)} to {number(bands.mood_high, 2)} SDs of exposure for each "
            "SD of problems"
        )
    without = f", {enumeration(left_out)} left out," if left_out else ""
    begun = f"That those who reported more stressors had {more} problems{without}"
    left = (
        f"(slope from {both if mood else by_error} in the same unit; the ends hold the sampling "
        "error of persons)"
    )
    less = ""
    if covered is not None and covered < LOW_SHARE:
        less = (
            f" Answers look back on {percent(covered)} of the time, so that less reliable exposure "
            "is plausible."
        )
    if _holds(bands):
        return f"{begun} would hold at {error}{mood} {left}.{less}"
    alone = ""
    if mood and slope.holds_with_error:
        alone = f" With error in exposure alone it would hold ({by_error})."
    return f"{begun} need not hold at {error}{mood} {left}.{alone}{less}"


def slope_in_short(bands: PersonBands, covered: float | None = None) -> str:
    """Say the same in a clause; where little of the time was asked about, that more may be off."""
    mood = " and reports coloured by mood" if _with_mood(bands) else ""
    little = covered is not None and covered < LOW_SHARE
    return (
        f"that relation of problems with exposure {'would' if _holds(bands) else 'need not'} hold "
        f"with the error of exposure{mood} assumed below"
        f"{', which does not hold the time that was not asked about' if little else ''}"
    )


def _with_mood(bands: PersonBands) -> bool:
    return max(abs(bands.mood_low), abs(bands.mood_high)) > 0 and bands.slope.joint_low is not None


def _holds(bands: PersonBands) -> bool:
    slope = bands.slope
    return slope.holds_jointly if _with_mood(bands) else slope.holds_with_error


def _words_beside_problems(bands: PersonBands) -> tuple[str, ...]:
    """Say which factors are not told, and what the two correlations of the others mean."""
    untold = [
        name for name, one in bands.factors.items() if one.value is not None and not one.claimed
    ]
    told = (
        "By arithmetic a factor's correlation with SR is that with problems, less that with "
        "exposure times that of exposure with problems, on the smaller scale of SR. So the two "
        "differ by the scale alone where the factor does not go with exposure, and not at all "
        "where exposure does not go with problems. Whether a factor changes how problems follow "
        "exposure was not asked."
    )
    if untold:
        told += f" Not told from 0 as scored: {enumeration(untold)}."
    return (told,)


def _words_of_places(bands: PersonBands) -> tuple[Sentence, ...]:
    """Say how many persons change sides: by error in exposure, by mood, and at most by both."""
    known = bands.persons.filter(pl.col("rank_r").is_not_null()).sort("reliability_E")
    error, mood = known.filter(pl.col("g") == 0), known.filter(pl.col("g") != 0)
    if not error.height:
        return ()
    worst = error.row(0, named=True)
    told = say(
        "At a reliability of {reliability}, SR with the corrected slope puts "
        "{n:# person|# persons} on the other side of 0, away from where SR as scored puts "
        "them (rank correlation {r}).",
        reliability=number(worst["reliability_E"], 2),
        n=Persons(worst["n_other_side"], of=worst["n"]),
        r=points(worst["rank_r"]),
    )
    return (told + _by_mood(mood) if mood.height else told,)


def _by_mood(places: pl.DataFrame) -> Sentence:
    """How many change sides by mood-congruent reporting: where E is most reliable, and at most."""
    alone = places.row(-1, named=True)
    most = places.sort("n_other_side", descending=True, maintain_order=True).row(0, named=True)
    told = say(
        " Reports that mood colours by {g} SDs of exposure for each SD of problems put {n} there "
        "at a reliability of {reliability} (rank correlation {r})",
        g=number(alone["g"], 2),
        n=Persons(alone["n_other_side"], of=alone["n"]),
        reliability=number(alone["reliability_E"], 2),
        r=points(alone["rank_r"]),
    )
    if most["n_other_side"] == alone["n_other_side"]:
        return told + "."
    return told + say(
        ", and {n} at one of {reliability} (rank correlation {r}).",
        n=Persons(most["n_other_side"], of=most["n"]),
        reliability=number(most["reliability_E"], 2),
        r=points(most["rank_r"]),
    )


def words_of_factor(name: str, band: Band, bands: PersonBands) -> Sentence:
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
    beside = "".join(
        f", with {what} {interval(one.value, one.low, one.high)}"
        for what, found in (
            ("problems themselves", bands.with_problems),
            ("exposure as reported", bands.with_exposure),
        )
        if (one := found.get(name)) is not None and one.value is not None
    )
    return say(
        "{name} ({n:# person|# persons}): r with SR {r} as scored{beside}; with error in exposure "
        "{error}: {judged}.",
        name=name,
        n=Persons(band.n, of=max(bands.n, band.n)),
        r=interval(band.value, band.low, band.high),
        beside=beside,
        error=ends(band.error_low, band.error_high),
        judged=judged,
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
