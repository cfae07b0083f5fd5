"""SR of occasions, windows, phases and persons: each level with a line of its own.

SR = observed - expected problems. Positive = over-reactive = less resilient.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import polars as pl

from salutogen.norm import Line, Norm
from salutogen.norm.design_matrix import with_exposure
from salutogen.norm.norm import Level
from salutogen.scores import Scores

FROZEN = {"SR": "SR_frozen", "SR_z": "SR_frozen_z"}
OCCASION_FLAGS = ("P_prorated", "E_skipped", "E_low", "E_high", "P_low", "P_high")


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
        score_column(lines[level], table, level, f"SR_{kind}")
        for kind, lines in norm.by_type.items()
        if level in lines
    ]


def score_occasions(scores: Scores, norm: Norm) -> pl.DataFrame:
    """Score each person-occasion with the occasions' line, in the order of `Scores.table`."""
    table = norm.with_covariates(scores.table)
    scored = with_line(norm.occasion, table, "occasion")
    scored = scored.with_columns(type_scores(norm, scored, "occasion"))
    kinds = [name for pair in _pairs(scores, scored) for name in pair]
    flags = [name for name in OCCASION_FLAGS if name in scored.columns]
    return scored.select(
        "subject",
        "occasion",
        "time",
        "E",
        "P",
        "P_expected",
        "SR",
        "SR_z",
        *kinds,
        *flags,
        "extrapolated",
        "valid",
        "person",
        "occasion_index",
    )


def score_persons(scores: Scores, norm: Norm) -> pl.DataFrame:
    """Score each person's means over all valid occasions with the person line."""
    table = norm.with_covariates(norm.period_tables["person"])
    scored = with_line(norm.person, table, "person")
    scored = scored.with_columns(type_scores(norm, scored, "person"))
    kinds = [name for pair in _pairs(scores, scored) for name in pair]
    return scored.select(
        "subject", "n_valid", "E", "P", "P_expected", "SR", "SR_z", *kinds, "extrapolated", "person"
    )


def score_windows(scores: Scores, norm: Norm) -> pl.DataFrame:
    """Score window means with the frozen line and with each window's own line."""
    table = norm.with_covariates(norm.period_tables["window"])
    refit = _refit(norm.windows, table, "window", "window")
    frozen = norm.frozen_window
    if frozen is not None:
        table = with_line(frozen, table, "window").rename(
            {"SR": "SR_frozen", "SR_z": "SR_frozen_z"}
        )
    else:
        table = _without_line(table)
    table = table.with_columns(*refit, *type_scores(norm, table, "window"))
    kinds = [name for pair in _pairs(scores, table) for name in pair]
    return table.select(
        "subject",
        "window",
        "first_occasion",
        "last_occasion",
        "n_valid",
        "E",
        "P",
        "SR_frozen",
        "SR_refit",
        "time",
        "SR_frozen_z",
        "SR_refit_z",
        *kinds,
        "extrapolated",
        "person",
    ).sort("person", "window", maintain_order=True)


def score_phases(scores: Scores, norm: Norm) -> pl.DataFrame:
    """Score phase means: frozen line (first or reference phase), own lines, one common line.

    `SR_common` uses the person line for every phase, so that a person's mean of phases weighted
    by `n_valid` is the long-term SR where the phases cover the follow-up.
    """
    table = norm.with_covariates(norm.period_tables["phase"])
    refit = _refit(tuple(norm.phases.values()), table, "phase", "phase", tuple(norm.phases))
    frozen = norm.frozen_phase
    if frozen is not None:
        table = with_line(frozen, table, "phase").rename(FROZEN)
    else:
        table = _without_line(table)
    common = score_column(norm.person, table, "person", "SR_common")
    table = table.with_columns(*refit, common)
    kinds = [f"E_{kind}" for kind in scores.exposure_types]
    return table.select(
        "subject",
        "phase",
        "n_valid",
        "E",
        "P",
        "SR_frozen",
        "SR_refit",
        "SR_common",
        "time",
        "first_occasion",
        "last_occasion",
        "SR_frozen_z",
        "SR_refit_z",
        *kinds,
        "extrapolated",
        "person",
    ).sort("person", maintain_order=True)


def _pairs(scores: Scores, table: pl.DataFrame) -> Iterable[tuple[str, ...]]:
    for kind in scores.exposure_types:
        names = (f"E_{kind}", f"SR_{kind}")
        yield tuple(name for name in names if name in table.columns)


def _without_line(table: pl.DataFrame) -> pl.DataFrame:
    empty = pl.lit(None, dtype=pl.Float64)
    return table.with_columns(
        empty.alias("P_expected"),
        empty.alias("SR_frozen"),
        empty.alias("SR_frozen_z"),
        pl.lit(None, dtype=pl.Boolean).alias("extrapolated"),
    )


def _refit(
    lines: tuple[Line, ...],
    table: pl.DataFrame,
    level: Level,
    column: str,
    names: tuple[str, ...] = (),
) -> list[pl.Series]:
    """SR_refit and SR_refit_z: each period scored with its own line."""
    SR = np.full(table.height, np.nan)
    z = np.full(table.height, np.nan)
    periods = table[column]
    for index, line in enumerate(lines):
        own = (periods == (names[index] if names else line.window)).to_numpy()
        part = score_column(line, table.filter(own), level).fill_null(float("nan")).to_numpy()
        SR[own] = part
        z[own] = part / line.residual_sd
    return [
        pl.Series("SR_refit", SR).fill_nan(None),
        pl.Series("SR_refit_z", z).fill_nan(None),
    ]
