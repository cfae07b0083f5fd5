"""`Norm`: fitted E-P lines, each with its level, units and reference set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import polars as pl

from salutogen.display import SIGN, card
from salutogen.findings import Finding
from salutogen.scores import Scores, Standardiser

Level = Literal["occasion", "window", "phase", "person"]
Shape = Literal["linear", "quadratic", "spline"]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One E-P line: expected problems given exposure, at one level.

    A line knows the level, units and reference set it was fitted on. `expected(table)` refuses a
    table of another level. Terms are `intercept`, `E`, `E^2`, `E:spline1`, `E:spline2`,
    `E_<type>`, then covariates by name.

    Attributes
    ----------
    covariance : ndarray, shape (p, p)
        Of the coefficients: clustered by person (CR1) at the occasion level, classical elsewhere.
    residual_sd : float
        SD (n - 1) of the residuals in the reference set: the divisor of SR_z.
    standardiser : Standardiser or None
        How E is made from raw types at this level, where E is a composite.
    window : int or None
        Number (from 1) of the window the line belongs to.
    possible : mapping of str to (float, float)
        Lowest and highest value a score in the line's units can have; values outside are refused
        as another unit.
    """

    level: Level
    terms: tuple[str, ...]
    coefficients: tuple[float, ...]
    covariance: np.ndarray
    residual_sd: float
    r_squared: float
    n: int
    n_persons: int
    shape: Shape
    reference: str
    exposure_range: tuple[float, float]
    outcome: str = "P"
    predictors: tuple[str, ...] = ("E",)
    units: Mapping[str, str] = field(default_factory=dict)
    knots: tuple[float, ...] = ()
    standardiser: Standardiser | None = None
    covariates: tuple[str, ...] = ()
    window: int | None = None
    possible: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def coefficient(self, term: str) -> float:
        """One coefficient by name."""
        return self.coefficients[self.terms.index(term)]

    @property
    def intercept(self) -> float:
        """Expected P at E = 0."""
        return self.coefficient("intercept")

    @property
    def slope(self) -> float | None:
        """Coefficient of E (None where types enter separately)."""
        return self.coefficient("E") if "E" in self.terms else None

    def expected(self, table: pl.DataFrame, *, level: Level) -> np.ndarray:
        """Expected P for each row of a table at the line's own level.

        Raises
        ------
        NormError
            The table is of another level, or a column the line needs is missing.
        """
        from salutogen.models.linear_algebra import combine
        from salutogen.norm.design_matrix import line_matrix

        matrix = line_matrix(self, table, level=level)
        expected: np.ndarray = combine(matrix, np.asarray(self.coefficients))
        return expected


@dataclass(frozen=True, kw_only=True)
class ShapeTest:
    """Linear against quadratic (F, AIC, BIC, cross-validation) on independent units."""

    unit: str
    n: int
    f: float
    df1: int
    df2: int
    p: float
    bic: Mapping[str, float]
    aic: Mapping[str, float]
    cv_error: Mapping[str, float]
    spline_p: float | None
    chosen: Shape


@dataclass(frozen=True, kw_only=True)
class MixedLine:
    """Mixed-model line on P and E standardised over all rows (REML, `(1 + zE | id)`).

    `within_slope` and `between_slope` come from the random-intercept split.
    """

    intercept: float
    slope: float
    slope_se: float
    within_slope: float
    between_slope: float
    within_se: float
    between_se: float
    split_intercept: float
    residual_sd: float
    random_sd: tuple[float, float]
    singular: bool
    mean_P: float
    sd_P: float
    mean_E: float
    sd_E: float
    simplified_slope: float


@dataclass(frozen=True, kw_only=True)
class Norm:
    """Every level's line, the shape test, and what they are good for.

    Attributes
    ----------
    person, occasion : Line
        The reference line of each level.
    windows : tuple of Line
        Each window's own line (refit), in order; window numbers start at 1.
    frozen_window : Line
        The line used for SR_frozen.
    period_tables : mapping of level to DataFrame
        Units the lines were fitted on: "person" (`person, subject, n_valid, E, P, E_<type>`),
        "window" (`person, subject, window, first_occasion, last_occasion, n_valid, E, P, E_<type>,
        time`), "phase" (as person plus `phase`). Only persons with enough valid occasions.
    external : str or None
        Name of the norm file of another study, where one is used.
    frozen_phase : Line or None
        The line used for SR_frozen of phases: the reference phase, else the first one.
    reference_units : mapping of level to DataFrame
        Units the lines `occasion`, `person` and `frozen_window` ("window") were fitted on.
    occasion_refits : mapping of str to Line
        Each planned occasion's own line, by label.
    by_type : mapping of str to mapping of level to Line
        Lines of each exposure type alone: `by_type["general"]["person"]`.
    variants : mapping of str to Line
        Other lines beside the primary ones, such as `winsorised_person`; used for variants of SR.
    """

    primary: Literal["occasion", "window", "phase", "person", "mixed"]
    person: Line
    occasion: Line
    windows: tuple[Line, ...]
    frozen_window: Line | None
    phases: Mapping[str, Line]
    mixed: MixedLine | None
    shape_test: ShapeTest | None
    period_tables: Mapping[str, pl.DataFrame]
    scores: Scores
    occasion_refits: Mapping[str, Line] = field(default_factory=dict)
    by_type: Mapping[str, Mapping[Level, Line]] = field(default_factory=dict)
    variants: Mapping[str, Line] = field(default_factory=dict)
    heteroscedasticity: Mapping[str, Any] = field(default_factory=dict)
    scoring: Mapping[str, Any] = field(default_factory=dict)
    external: str | None = None
    frozen_phase: Line | None = None
    reference_units: Mapping[Level, pl.DataFrame] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @property
    def primary_line(self) -> Line:
        """The line the study file names as primary."""
        if self.primary == "mixed" and "mixed" in self.variants:
            return self.variants["mixed"]
        if self.primary == "window" and self.frozen_window is not None:
            return self.frozen_window
        return self.occasion if self.primary == "occasion" else self.person

    def with_covariates(self, table: pl.DataFrame) -> pl.DataFrame:
        """Add the lines' covariates to rows with a `person` index, where they are missing."""
        names = [name for name in self.occasion.covariates if name not in table.columns]
        if not names:
            return table
        person = table["person"].to_numpy()
        return table.with_columns(
            *(self.scores.persons[name].gather(person).alias(name) for name in names)
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain data of `norm.json`, format 1."""
        from salutogen.norm.norm_file import norm_to_dict

        return norm_to_dict(self)

    def _repr_html_(self) -> str:
        line = self.primary_line
        facts: dict[str, object] = {
            f"Line over {line.level}s": f"n = {line.n}, R² = {line.r_squared:.3f}, {line.shape}",
            **dict(zip(line.terms, line.coefficients, strict=True)),
            "Reference set": line.reference,
        }
        return card("Norm", facts, self.findings, note=SIGN)
