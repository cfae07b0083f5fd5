"""`Line`, one E-P line, and `Lines`, every line of a study by level, period, exposure, variant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import polars as pl

from salutogen.columns import POINTS, Kind, Record, beside, figure, record
from salutogen.findings import Finding, Persons
from salutogen.namespaces import told_term
from salutogen.norm.line_claims import CLUSTERED, Change, Expected, ExposureTest, LineClaims
from salutogen.scores import Standardiser
from salutogen.study import Period

Level = Literal["occasion", "window", "phase", "person"]
Shape = Literal["linear", "quadratic", "spline"]

MIXED = "mixed"


def counted(level: str, units: int) -> int:
    """Units of a level as a count: of persons, but for occasions."""
    return units if level == "occasion" else Persons(units)


@record
class LineSummary(Record):
    """An E-P line in raw points, as `results.json` has it."""

    unit: str = figure("Units of the line: occasion, window, phase, person", kind=Kind.LABEL)
    shape: Shape = figure("Shape of the line", kind=Kind.LABEL)
    reference: str = figure("Persons and occasions it was fitted on", kind=Kind.LABEL)
    n: int = figure("Units it was fitted on", kind=Kind.COUNT, by="n_persons")
    n_persons: int = figure("Persons among the units", kind=Kind.COUNT)
    n_changed: int | None = figure(
        "Persons whose values were pulled in before the fit", kind=Kind.COUNT, default=None
    )
    coefficients: Mapping[str, float] = figure("Coefficient of each term", unit=POINTS)
    standard_errors: Mapping[str, float | None] = figure(
        "Standard error of each term; over occasions null for a term that rests on too few persons",
        unit=POINTS,
    )
    standard_errors_robust: Mapping[str, float | None] = figure(
        "The same for unequal scatter (HC3; occasions: clustered by person); null for a term that "
        "rests on one person, over occasions on fewer than about three",
        unit=POINTS,
    )
    intervals: Mapping[str, tuple[float, float] | None] = figure(
        "95 % interval of each term", unit=POINTS
    )
    interval: str | None = figure("Kind of the intervals", kind=Kind.LABEL)
    r_squared: float = figure(
        "Share of the variance of P that the line, covariates included, explains"
    )
    exposure_r_squared: float | None = figure(
        "Share of the variance of P that exposure explains beside the covariates"
    )
    exposure_r_squared_adjusted: float | None = figure(
        "The same, adjusted for its terms", step=0.01
    )
    exposure_r_squared_interval: tuple[float, float] | None = figure(
        "Its 95 % interval (jackknife over persons); not there for fits that are not least squares",
        default=None,
    )
    exposure_r_squared_by_type: Mapping[str, float] = figure(
        "Share of each type beside the others, where types enter separately"
    )
    exposure_test: ExposureTest | None = figure("Whether the terms of exposure are 0")
    expected_at: Mapping[str, Expected] = figure(
        "Expected problems at the 10th, 50th and 90th percentile of exposure"
    )
    expected_change: Change | None = figure("From low to high exposure")
    residual_sd: float = figure("SD (n - 1) of the residuals: the divisor of SR_z", unit=POINTS)
    exposure_range: tuple[float, float] = figure(
        "Lowest and highest E", unit="units of E", kind=Kind.PERSON
    )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data as in `results.json`; without an interval where none is defined."""
        found = super().to_dict()
        if self.exposure_r_squared_interval is None:
            del found["exposure_r_squared_interval"]
        if self.n_changed is None:
            del found["n_changed"]
        return found


@record
class Line(Record):
    """One E-P line: expected problems given exposure, at one level.

    A line knows the level, units and reference set it was fitted on. `expected(table)` refuses a
    table of another level. Terms are `intercept`, `E`, `E^2`, `E:spline1`, `E:spline2`,
    `E_<type>`, then covariates' in a namespace of theirs (`covariate:age`, `covariate:site=B`);
    `names` are the same for people and files (`age`, `site=B`).

    Attributes
    ----------
    covariance : ndarray, shape (p, p)
        Of the coefficients: clustered by person (CR1) at the occasion level, classical elsewhere.
    residual_sd : float
        SD (n - 1) of the residuals in the reference set: the divisor of SR_z.
    standardiser : Standardiser or None
        How E is made from raw types at this level, where E is a composite.
    labels : mapping of str to tuple of str
        Labels of each covariate that is a category, in the reference set: a unit with another
        label has no expectation.
    period : Period or None
        The window, phase or occasion it was fitted on, if it was one.
    possible : mapping of str to (float, float)
        Lowest and highest value a score in the line's units can have; values outside are refused
        as another unit.
    claims : LineClaims or None
        What it lets one say of exposure; None for lines of files written without it.
    curve_refused : Finding or None
        Why the line is straight although a curve was asked for.
    thin : mapping of str to int
        Over occasions, the persons that each term rests on which has no error for want of more.
    n_changed : int or None
        Persons whose values were pulled in before the fit, where that was done.
    n_far : int or None
        Of a line that outliers pull less, the persons with values that hardly pull it.
    untold_types : tuple of str
        Types of a composite that few of its persons met, where persons are hidden.
    """

    level: Level = beside()
    shape: Shape = beside()
    reference: str = beside()
    n: int = beside()
    n_persons: int = beside()
    terms: tuple[str, ...] = beside()
    coefficients: tuple[float, ...] = beside()
    covariance: np.ndarray = beside()
    residual_sd: float = beside()
    r_squared: float = beside()
    exposure_range: tuple[float, float] = beside()
    outcome: str = beside(default="P")
    predictors: tuple[str, ...] = beside(default=("E",))
    units: Mapping[str, str] = beside(default_factory=dict)
    knots: tuple[float, ...] = beside(default=())
    standardiser: Standardiser | None = beside(default=None)
    covariates: tuple[str, ...] = beside(default=())
    labels: Mapping[str, tuple[str, ...]] = beside(default_factory=dict)
    period: Period | None = beside(default=None)
    possible: Mapping[str, tuple[float, float]] = beside(default_factory=dict)
    claims: LineClaims | None = beside(default=None)
    curve_refused: Finding | None = beside(default=None)
    thin: Mapping[str, int] = beside(default_factory=dict)
    n_changed: int | None = beside(default=None)
    n_far: int | None = beside(default=None)
    untold_types: tuple[str, ...] = beside(default=())

    def coefficient(self, term: str) -> float:
        """One coefficient by name."""
        return self.coefficients[self.terms.index(term)]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the terms for people and files."""
        return tuple(told_term(term) for term in self.terms)

    @property
    def intercept(self) -> float:
        """Expected P at E = 0."""
        return self.coefficient("intercept")

    @property
    def slope(self) -> float | None:
        """Coefficient of E; None where types enter separately, and for curves.

        A curve has another slope at each exposure, so that its coefficient of E alone, which is
        the slope where E = 0, says nothing of the line.
        """
        return self.coefficient("E") if "E" in self.terms and self.shape == "linear" else None

    @property
    def exposure_is_thin(self) -> bool:
        """Whether too few persons tell exposure's terms over occasions for a claim."""
        from salutogen.norm.design_matrix import terms_of

        if self.claims is None or self.claims.interval != CLUSTERED:
            return False
        own = terms_of(self.predictors, self.shape)[1:]
        return any(self.terms[place] in own for place in self.unsupported)

    @property
    def unsupported(self) -> tuple[int, ...]:
        """Places of the terms that too few units tell for an error."""
        if self.claims is None:
            return ()
        known = np.isfinite(np.diag(self.claims.covariance))
        return tuple(np.flatnonzero(~known).tolist())

    @property
    def robust_covariance(self) -> np.ndarray:
        """Covariance of the coefficients for unequal scatter; the plain one where unknown."""
        if self.claims is None or not np.isfinite(self.claims.covariance).all():
            return self.covariance
        return self.claims.covariance

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

    def summary(self, unit: str | None = None) -> LineSummary:
        """Return what `results.json` tells of the line; `unit` is its level by default."""
        names = ["E2" if name == "E^2" else name for name in self.names]
        claims = self.claims
        robust = {} if claims is None else _robust_errors(names, claims)
        errors: Mapping[str, float | None]
        if claims is not None and claims.interval == CLUSTERED:
            errors = robust
        else:
            plain = np.sqrt(np.diag(self.covariance)).tolist()
            errors = dict(zip(names, plain, strict=True))
        return LineSummary(
            unit=unit or self.level,
            shape=self.shape,
            reference=self.reference,
            n=self.n,
            n_persons=self.n_persons,
            n_changed=self.n_changed,
            coefficients=dict(zip(names, self.coefficients, strict=True)),
            standard_errors=errors,
            standard_errors_robust=robust,
            intervals={} if claims is None else _intervals(names, self.coefficients, claims),
            interval=None if claims is None else claims.interval,
            r_squared=self.r_squared,
            exposure_r_squared=None if claims is None else claims.share.share,
            exposure_r_squared_adjusted=None if claims is None else claims.share.adjusted,
            exposure_r_squared_interval=None if claims is None else claims.share.interval,
            exposure_r_squared_by_type={} if claims is None else claims.share_by_type,
            exposure_test=None if claims is None else claims.test,
            expected_at={} if claims is None else claims.at,
            expected_change=None if claims is None else claims.change,
            residual_sd=self.residual_sd,
            exposure_range=self.exposure_range,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data as in `results.json`; `norm.json` holds all of the line."""
        return self.summary().to_dict()

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of `to_dict`."""
        return LineSummary.schema()


def _robust_errors(names: list[str], claims: LineClaims) -> dict[str, float | None]:
    errors = np.sqrt(np.diag(claims.covariance)).tolist()
    return {
        name: error if np.isfinite(error) else None
        for name, error in zip(names, errors, strict=True)
    }


def _intervals(
    names: list[str], coefficients: tuple[float, ...], claims: LineClaims
) -> dict[str, tuple[float, float] | None]:
    halves = claims.half_widths().tolist()
    return {
        name: (value - half, value + half) if np.isfinite(half) else None
        for name, value, half in zip(names, coefficients, halves, strict=True)
    }


@dataclass(frozen=True, slots=True)
class LineKey:
    """Where a line stands in the collection.

    Attributes
    ----------
    level : {"occasion", "window", "phase", "person"}
    period : Period or None
        The one window, phase or occasion it was fitted on; None for the reference set.
    exposure : str or None
        The one exposure type it takes; None for E as the study combines it.
    variant : str
        Another way of fitting, such as `robust`; empty for the primary way.
    """

    level: Level
    period: Period | None = None
    exposure: str | None = None
    variant: str = ""


def name_of(key: LineKey) -> str:
    """Name a line in words: `person line`, `line of window 2`."""
    parts = [key.variant, f"{key.level} line" if key.period is None else f"line of {key.period}"]
    if key.exposure is not None:
        parts.append(f"of {key.exposure} alone")
    return " ".join(part for part in parts if part)


@dataclass(frozen=True, eq=False, repr=False)
class Lines(Mapping[LineKey, Line]):
    """Every line of a study, in the order they were fitted in.

    The reference line of a level is the one its scores come from; windows and phases have it for
    `SR_frozen` beside each period's own line.
    """

    found: Mapping[LineKey, Line] = field(default_factory=dict)

    def __getitem__(self, key: LineKey) -> Line:
        return self.found[key]

    def __iter__(self) -> Iterator[LineKey]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def of(
        self,
        level: Level,
        *,
        period: Period | None = None,
        exposure: str | None = None,
        variant: str = "",
    ) -> Line | None:
        """One line, or None where it was not fitted."""
        return self.found.get(LineKey(level, period, exposure, variant))

    def reference(self, level: Level) -> Line | None:
        """The line a level is scored with; `SR_frozen` of windows and phases."""
        return self.of(level)

    @property
    def occasion(self) -> Line:
        """The line of occasions, which every study has."""
        return self.found[LineKey("occasion")]

    @property
    def person(self) -> Line:
        """The line of persons, which every study has."""
        return self.found[LineKey("person")]

    def by_period(self, level: Level) -> dict[Period, Line]:
        """Each period's own line at a level, in order."""
        return {
            key.period: line
            for key, line in self.found.items()
            if key.level == level and key.period is not None
        }

    def by_exposure(self, level: Level) -> dict[str, Line]:
        """The line of each exposure type alone, in the study's order."""
        return {
            key.exposure: line
            for key, line in self.found.items()
            if key.level == level and key.exposure is not None
        }

    @property
    def variants(self) -> dict[str, Line]:
        """Other ways of fitting by name: `robust_person`, `winsorised_occasion`, `mixed`."""
        return {
            key.variant if key.variant == MIXED else f"{key.variant}_{key.level}": line
            for key, line in self.found.items()
            if key.variant
        }

    def joined(self, more: Mapping[LineKey, Line]) -> Lines:
        """Return a collection with more lines."""
        return replace(self, found={**self.found, **more})

    def __repr__(self) -> str:
        levels = Counter(key.level for key in self.found)
        return f"Lines({', '.join(f'{level}: {count}' for level, count in levels.items())})"
