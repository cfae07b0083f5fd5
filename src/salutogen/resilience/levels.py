"""SR of occasions, windows, phases and persons: each level with a line of its own.

SR = observed - expected problems. Positive = over-reactive = less resilient.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from salutogen.columns import LESS_RESILIENT, POINTS, Column, Kind, declared
from salutogen.models.quantiles import NORMAL_95
from salutogen.norm import Line, LineKey, Norm
from salutogen.norm.design_matrix import with_exposure
from salutogen.norm.lines import Level
from salutogen.scores import Scores
from salutogen.scores.scores import SCORE_COLUMNS

TYPE = "<type>"
BLOCK = "<block>"


def _score(name: str, meaning: str, unit: str = POINTS, sign: str = LESS_RESILIENT) -> Column:
    return Column(name=name, meaning=meaning, unit=unit, sign=sign, kind=Kind.PERSON)


def _label(name: str, meaning: str, unit: str = "label") -> Column:
    return Column(name=name, meaning=meaning, unit=unit, kind=Kind.LABEL)


def _scored(*names: str) -> tuple[Column, ...]:
    """Columns that come from the scores, as they are declared there."""
    return tuple(one for name in names if (one := declared(name, SCORE_COLUMNS)) is not None)


_SUBJECT = _scored("subject")
_N_VALID = _score(
    "n_valid", "Valid occasions (both E and P present) averaged here", "occasions", ""
)
_E_P = _scored("E", "P")
_BY_TYPE = (
    *_scored("E_<type>"),
    _score("SR_<type>", "SR given one exposure type alone, from a line of its own"),
)
_EXTRAPOLATED = _score(
    "extrapolated", "E lies outside the range the line was fitted on", "true/false", ""
)
_SR = (
    _score("P_expected", "Problems that the line expects at this exposure", sign=""),
    _score("SR", "Stressor reactivity: observed minus expected problems"),
    _score("SR_z", "SR divided by the residual SD of its line", "residual SDs"),
)
_CROSS_FIT = _score(
    "SR_cross_fit", "SR by a line that was fitted to other persons (`norm.cross_fit`)"
)
_OF_OCCASION = (
    _score(
        "SR_se", "Standard error of SR on this occasion: of the line and of the answers", sign=""
    ),
    _score("SR_low", "Lower end of the 95 % interval of SR on this occasion"),
    _score("SR_high", "Upper end of the 95 % interval of SR on this occasion"),
)
_OF_PERSON = (
    _score(
        "SR_se",
        "Standard error of SR as the person's level over the period: of the line, and of how SR "
        "varies from occasion to occasion",
        sign="",
    ),
    _score("SR_low", "Lower end of the 95 % interval of the person's level"),
    _score("SR_high", "Upper end of the 95 % interval of the person's level"),
    _score(
        "clear",
        "Level clearly below or above the line at a false-discovery rate of 5 % over persons; "
        "empty: not settled",
        "below/above",
        "",
    ),
    _score(
        "SR_se_days",
        "Standard error of SR on these very days: of the line and of the answers",
        sign="",
    ),
    _score("SR_low_days", "Lower end of the 95 % interval of SR on these very days"),
    _score("SR_high_days", "Upper end of the 95 % interval of SR on these very days"),
    _score(
        "SR_shrunken",
        "Level of SR drawn to the mean as far as it is unreliable: posterior mean of the "
        "random-intercept model",
    ),
    _score("SR_shrunken_low", "Lower end of the 95 % interval of SR_shrunken"),
    _score("SR_shrunken_high", "Upper end of the 95 % interval of SR_shrunken"),
    _score(
        "reliability",
        "Reliability of SR as a measure of the person's level, at this person's occasions",
        "0 to 1",
        "",
    ),
)
_SR_OF_PERIOD = (
    _score("SR_frozen", "SR from the reference line, the same for every period"),
    _score("SR_refit", "SR from this period's own line"),
)
_Z_OF_PERIOD = (
    _score("SR_frozen_z", "SR_frozen divided by its line's residual SD", "residual SDs"),
    _score("SR_refit_z", "SR_refit divided by its line's residual SD", "residual SDs"),
)
_CENTRE = _score("time", "Centre of the period", "days", "")
_ENDS = (
    _label("first_occasion", "First occasion of the period"),
    _label("last_occasion", "Last occasion of the period"),
)

COLUMNS: Mapping[Level, tuple[Column, ...]] = {
    "occasion": (
        *_SUBJECT,
        *_scored("occasion", "time"),
        *_E_P,
        *_SR,
        *_OF_OCCASION,
        *_BY_TYPE,
        *_scored("E_<type>_<block>"),
        *_scored("P_prorated", "E_skipped", "E_low", "E_high", "P_low", "P_high"),
        _EXTRAPOLATED,
        *_scored("valid"),
    ),
    "window": (
        *_SUBJECT,
        _label("window", "Window, counted from 1", "number"),
        *_ENDS,
        _N_VALID,
        *_E_P,
        *_SR_OF_PERIOD,
        _CENTRE,
        *_Z_OF_PERIOD,
        *_BY_TYPE,
        _EXTRAPOLATED,
    ),
    "phase": (
        *_SUBJECT,
        _label("phase", "Named phase of the study file"),
        _N_VALID,
        *_E_P,
        *_SR_OF_PERIOD,
        _score("SR_common", "SR from the person line, the same for all phases"),
        _CENTRE,
        *_ENDS,
        *_Z_OF_PERIOD,
        _BY_TYPE[0],
        _EXTRAPOLATED,
    ),
    "person": (*_SUBJECT, _N_VALID, *_E_P, *_SR, _CROSS_FIT, *_OF_PERSON, *_BY_TYPE, _EXTRAPOLATED),
}
POSITIONS = ("person", "occasion_index")  # places in the panel: never written to a file
BOUNDS = ("E_low", "E_high", "P_low", "P_high")


def score_level(scores: Scores, norm: Norm, level: Level) -> pl.DataFrame:
    """Score one level: occasions in the order of `Scores.table`, means of persons by person.

    Occasions and persons have `SR` from the level's line. Windows and phases, where a person
    stands several times, have `SR_frozen` from the reference line (the first period's unless the
    study names another) and `SR_refit` from each period's own. Phases have `SR_common` as well,
    from the person line, so that a person's mean of phases weighted by `n_valid` is the long-term
    SR where the phases cover the follow-up.

    Returns
    -------
    DataFrame
        The columns declared in `COLUMNS`, without errors and, but for persons, without what
        `completed` adds, then `person` and, for occasions, `occasion_index`.
    """
    table = scores.table if level == "occasion" else norm.period_tables[level]
    table = norm.with_covariates(table)
    if level in ("occasion", "person"):
        table = with_line(norm.lines[LineKey(level)], table, level)
        table = table.with_columns(type_scores(norm, table, level))
        if level == "person":
            table = table.with_columns(_subjects(table, scores))
        else:
            table = table.drop("SR_z")
        return arranged(table, level, scores)
    refitted = _by_own_lines(norm, table, level)
    line = norm.lines.reference(level)
    if line is not None:
        table = with_line(line, table, level).drop("SR_z").rename({"SR": "SR_frozen"})
    else:
        table = _without_line(table)
    table = table.with_columns(refitted, *type_scores(norm, table, level))
    if level == "phase":
        table = table.with_columns(score_column(norm.lines.person, table, "person", "SR_common"))
    return arranged(table, level, scores).sort("person", maintain_order=True)


def arranged(table: pl.DataFrame, level: Level, scores: Scores) -> pl.DataFrame:
    """Return the columns that a level's table may have, in the order they are declared in."""
    names: list[str] = []
    declared_names = [item.name for item in COLUMNS[level]]
    by_type = [name for name in declared_names if TYPE in name and BLOCK not in name]
    types = scores.exposure_types
    for name in declared_names:
        if BLOCK in name:
            names += scores.block_columns
        elif name not in by_type:
            names.append(name)
        elif name == by_type[0]:
            names += [
                scores.type_column(kind, one.removesuffix(f"_{TYPE}"))
                for kind in types
                for one in by_type
            ]
    return table.select([name for name in (*names, *POSITIONS) if name in table.columns])


def completed(table: pl.DataFrame, level: Level, norm: Norm) -> pl.DataFrame:
    """Add what rows of a level are told with, but do not keep: it follows from what they keep.

    Persons' names take twice the room of a score, and there are millions of rows.

    Returns
    -------
    DataFrame
        With `subject`, SR in residual SDs, both ends of the interval of an occasion's SR, and
        bounds as Float64.
    """
    if level == "person":
        return table
    more = [table[name].cast(pl.Float64) for name in BOUNDS if name in table.columns]
    if "subject" not in table.columns:
        more.append(_subjects(table, norm.scores))
    if level == "occasion":
        more.append((table["SR"] / norm.lines.occasion.residual_sd).alias("SR_z"))
        more += interval(table["SR"], table["SR_se"], NORMAL_95)
    else:
        more += _standardised(table, level, norm)
    return arranged(table.with_columns(more), level, norm.scores)


def interval(SR: pl.Series, se: pl.Series, times: float | pl.Series) -> list[pl.Series]:
    """Ends of the interval of each SR, so many standard errors away: `SR_low, SR_high`."""
    reach = se * times
    return [(SR - reach).alias("SR_low"), (SR + reach).alias("SR_high")]


def _subjects(table: pl.DataFrame, scores: Scores) -> pl.Series:
    return scores.persons["subject"].gather(table["person"]).alias("subject")


def _standardised(table: pl.DataFrame, level: Level, norm: Norm) -> list[pl.Series]:
    """SR of periods divided by the residual SD of the line that it comes from."""
    frozen = norm.lines.reference(level)
    SR = table["SR_frozen"]
    z = pl.repeat(None, table.height, dtype=pl.Float64, eager=True)
    if frozen is not None:
        z = SR / frozen.residual_sd
    spread = {
        period.number if level == "window" else period.label: line.residual_sd
        for period, line in norm.lines.by_period(level).items()
    }
    sds = table[level].replace_strict(spread, default=None, return_dtype=pl.Float64)
    return [z.alias("SR_frozen_z"), (table["SR_refit"] / sds).fill_nan(None).alias("SR_refit_z")]


def expected_of(line: Line, table: pl.DataFrame, level: Level) -> pl.Series:
    """Expected P of each row; null where E or a covariate is missing."""
    return pl.Series("P_expected", line.expected(table, level=level)).fill_nan(None)


def score_column(line: Line, table: pl.DataFrame, level: Level, name: str = "SR") -> pl.Series:
    """SR = P - expected P of each row, in points of P."""
    return (table["P"] - expected_of(line, table, level)).alias(name)


def extrapolated(line: Line, table: pl.DataFrame) -> pl.Series:
    """Whether E lies outside the range the line was fitted on."""
    low, high = line.exposure_range
    slack = 1e-9 * max(abs(low), abs(high), 1.0)
    E = with_exposure(line, table)["E"]
    return (~E.is_between(low - slack, high + slack)).alias("extrapolated")


def with_line(line: Line, table: pl.DataFrame, level: Level) -> pl.DataFrame:
    """Add `P_expected, SR, SR_z, extrapolated` by a line, with E as the line defines it."""
    table = with_exposure(line, table)
    expected = expected_of(line, table, level)
    SR = table["P"] - expected
    return table.with_columns(
        expected,
        SR.alias("SR"),
        (SR / line.residual_sd).alias("SR_z"),
        extrapolated(line, table),
    )


def type_scores(norm: Norm, table: pl.DataFrame, level: Level) -> list[pl.Series]:
    """`SR_<type>` of each exposure type by the type's own line at this level."""
    return [
        score_column(line, table, level, norm.scores.type_column(kind, "SR"))
        for kind, line in norm.lines.by_exposure(level).items()
    ]


def _without_line(table: pl.DataFrame) -> pl.DataFrame:
    empty = pl.lit(None, dtype=pl.Float64)
    return table.with_columns(
        empty.alias("P_expected"),
        empty.alias("SR_frozen"),
        pl.lit(None, dtype=pl.Boolean).alias("extrapolated"),
    )


def _by_own_lines(norm: Norm, table: pl.DataFrame, level: Level) -> pl.Series:
    """SR_refit: each period scored with its own line."""
    SR = np.full(table.height, np.nan)
    for period, line in norm.lines.by_period(level).items():
        name = period.number if level == "window" else period.label
        own = (table[level] == name).to_numpy()
        SR[own] = score_column(line, table.filter(own), level).fill_null(float("nan")).to_numpy()
    return pl.Series("SR_refit", SR).fill_nan(None)
