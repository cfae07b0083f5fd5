"""The study's own bands at the level of persons: slope, persons' places, factors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from salutogen.analyses.sensitivity.assumptions import Assumptions
from salutogen.analyses.sensitivity.exposure_bands import (
    Band,
    Scored,
    exposure_band,
    factor_band,
    problems_band,
    slope_band,
)
from salutogen.columns import Column, Kind, Record, beside, figure, record, rows

PER_POINT = "points of P per unit of E"
LEAST = 0.01  # a reliability of 0 leaves no slope to correct
SLOPE = "slope of P on exposure"
PER_SD = "SDs of E per SD of P"
ENDS = "with the sampling error of persons (95 %)"
BAND_COLUMNS = (
    Column(name="what", meaning="What is followed through", heading="What", kind=Kind.LABEL),
    Column(name="unit", meaning="Its unit", heading="Unit", kind=Kind.LABEL),
    Column(
        name="n",
        meaning="Persons whose values are known",
        unit="persons",
        heading="Persons",
        kind=Kind.COUNT,
    ),
    Column(name="value", meaning="As scored: exposure taken as free of error", heading="As scored"),
    Column(
        name="low",
        meaning="Lower end of its 95 % interval over resamples of persons",
        heading="Low",
    ),
    Column(
        name="high",
        meaning="Upper end of its 95 % interval over resamples of persons",
        heading="High",
    ),
    Column(
        name="r_P",
        meaning="Correlation of the factor with problems themselves",
        heading="r with problems",
    ),
    Column(
        name="r_P_low",
        meaning="Lower end of its 95 % interval",
        heading="r with problems: low",
    ),
    Column(
        name="r_P_high",
        meaning="Upper end of its 95 % interval",
        heading="r with problems: high",
    ),
    Column(
        name="r_E",
        meaning="Correlation of the factor with exposure as reported",
        heading="r with exposure",
    ),
    Column(
        name="r_E_low",
        meaning="Lower end of its 95 % interval",
        heading="r with exposure: low",
    ),
    Column(
        name="r_E_high",
        meaning="Upper end of its 95 % interval",
        heading="r with exposure: high",
    ),
    Column(
        name="error_low",
        meaning=f"Lowest over plausible reliabilities of exposure, {ENDS}",
        heading="With error in E: low",
    ),
    Column(
        name="error_high",
        meaning=f"Highest over plausible reliabilities of exposure, {ENDS}",
        heading="With error in E: high",
    ),
    Column(
        name="joint_low",
        meaning=f"Lowest over these and plausible mood-congruent reporting, {ENDS}",
        heading="And mood: low",
    ),
    Column(
        name="joint_high",
        meaning=f"Highest over these and plausible mood-congruent reporting, {ENDS}",
        heading="And mood: high",
    ),
    Column(
        name="holds_with_error",
        meaning="Whether it differs from 0, on the side scored, at every plausible reliability",
        heading="Holds with error in E",
    ),
    Column(
        name="holds_jointly",
        meaning="Whether it does so at every plausible reliability and strength of mood",
        heading="Holds with both",
    ),
)
SIDES_COLUMNS = (
    Column(
        name="reliability_E",
        meaning="Assumed reliability of persons' E",
        heading="Assumed reliability of E",
    ),
    Column(
        name="g",
        meaning="Assumed strength of mood-congruent reporting",
        unit=PER_SD,
        heading="Assumed strength g",
    ),
    Column(name="n", meaning="Persons", unit="persons", heading="Persons", kind=Kind.COUNT),
    Column(
        name="rank_r",
        meaning="Rank correlation of persons' SR as scored with SR given the assumption",
        heading="Rank r with SR as scored",
    ),
    Column(
        name="n_other_side",
        meaning="Persons whom the assumption puts on the other side of 0",
        unit="persons",
        heading="Persons who change sides",
        kind=Kind.COUNT,
        of="n",
    ),
    Column(
        name="share_other_side",
        meaning="Their share of all persons",
        heading="Their share",
        kind=Kind.SHARE,
        n="n",
    ),
)


@record
class PersonBands(Record):
    """Bands at the level of persons, by the straight line over their means.

    Positive SR = less resilient. Covariates and curves of the study's own line are left out.

    Attributes
    ----------
    factors : mapping of str to Band
        By name of the factor.
    with_problems, with_exposure : mapping of str to Band
        The factor's correlation with P itself, and with E as reported, by name.
    n : int
        Persons.
    slope : Band
        Of the slope.
    """

    reliability_low: float = figure("Lowest plausible reliability of persons' E")
    reliability_high: float = figure("Highest plausible reliability of persons' E")
    reliability_given: bool = figure("Whether they follow from reliabilities in the study file")
    mood_low: float = figure("Weakest plausible mood-congruent reporting", unit=PER_SD)
    mood_high: float = figure(
        "Strongest plausible mood-congruent reporting", unit="SDs of E per SD"
    )
    unit: str = figure("Unit of the slope", kind=Kind.LABEL, default=PER_POINT)
    draws: int = figure("Resamples of persons behind the sampling error", default=0)
    reliability_P: float | None = figure("Reliability of persons' mean P over their occasions")
    results: pl.DataFrame = rows("Bands of what follows from the line", BAND_COLUMNS)
    persons: pl.DataFrame = rows("Where persons stand under each assumption", SIDES_COLUMNS)
    slope: Band = beside()
    factors: Mapping[str, Band] = beside()
    with_problems: Mapping[str, Band] = beside(default_factory=dict)
    with_exposure: Mapping[str, Band] = beside(default_factory=dict)
    n: int = beside(default=0)

    @property
    def not_holding(self) -> tuple[str, ...]:
        """Factors that relate to SR as scored, but not at every plausible reliability of E."""
        return tuple(
            name
            for name, band in self.factors.items()
            if band.claimed and not band.holds_with_error
        )


def plausible_reliability(
    one_occasion: float | None, persons: float | None, assumed: tuple[float, float]
) -> tuple[tuple[float, float], bool]:
    """Return the plausible range of the reliability of persons' mean E, and whether it was given.

    Parameters
    ----------
    one_occasion, persons : float or None
        Reliability of one occasion's E by the study file, and what it makes of persons' means where
        errors are independent between occasions. A person's errors may as well last: means are then
        no more reliable than an occasion, so the range reaches from one to the other.
    assumed : (float, float)
        The range where none is given.
    """
    if one_occasion is None or persons is None:
        return assumed, False
    low, high = sorted((one_occasion, persons))
    return (max(low, LEAST), max(high, LEAST)), True


def person_bands(
    P: np.ndarray,
    E: np.ndarray,
    factors: Mapping[str, np.ndarray],
    assumptions: Assumptions,
    *,
    given: bool,
    reliability_P: float | None,
    unit: str = PER_POINT,
) -> PersonBands:
    """Make the bands of persons.

    Parameters
    ----------
    P, E : ndarray, shape (persons,)
        Person means.
    factors : mapping of name to ndarray, shape (persons,)
        NaN where unknown.
    assumptions : Assumptions
    given : bool
        Whether the reliabilities follow from the study file.
    reliability_P : float or None
        As it is known; `assumptions` holds 1 where it is not.
    unit : str
        Of the slope.
    """
    slope = slope_band(P, E, assumptions)
    bands = {name: factor_band(P, E, values, assumptions) for name, values in factors.items()}
    beside_P = {name: problems_band(P, E, one, assumptions) for name, one in factors.items()}
    beside_E = {name: exposure_band(P, E, one, assumptions) for name, one in factors.items()}
    table = [_row(SLOPE, unit, slope)]
    table += [
        _row(f"r of {name} with SR", "correlation", band)
        | _own("r_P", beside_P[name])
        | _own("r_E", beside_E[name])
        for name, band in bands.items()
    ]
    (low, high), (calm, strong) = assumptions.reliability, assumptions.mood
    return PersonBands(
        reliability_low=low,
        reliability_high=high,
        reliability_given=given,
        mood_low=calm,
        mood_high=strong,
        reliability_P=reliability_P,
        results=pl.DataFrame(table, schema=_schema()),
        persons=_sides_table(P, E, assumptions),
        slope=slope,
        factors=bands,
        with_problems=beside_P,
        with_exposure=beside_E,
        n=P.size,
        draws=assumptions.draws,
        unit=unit,
    )


def _row(what: str, unit: str, band: Band) -> dict[str, object]:
    ends = ("n", "value", "low", "high", "error_low", "error_high", "joint_low", "joint_high")
    known = band.value is not None
    return {
        "what": what,
        "unit": unit,
        **{name: getattr(band, name) for name in ends},
        "holds_with_error": band.holds_with_error if known else None,
        "holds_jointly": band.holds_jointly if known else None,
    }


def _own(name: str, found: Band) -> dict[str, object]:
    return {name: found.value, f"{name}_low": found.low, f"{name}_high": found.high}


def _schema() -> dict[str, type[pl.DataType]]:
    kinds = {"what": pl.String, "unit": pl.String, "n": pl.UInt32}
    booleans = ("holds_with_error", "holds_jointly")
    return {
        item.name: pl.Boolean if item.name in booleans else kinds.get(item.name, pl.Float64)
        for item in BAND_COLUMNS
    }


def _sides_table(P: np.ndarray, E: np.ndarray, assumptions: Assumptions) -> pl.DataFrame:
    """Each reliability without and with the strongest mood-congruent reporting."""
    table = []
    scored = Scored(P, E)
    for g in np.unique([0.0, assumptions.mood[1]]):
        for reliability in assumptions.reliabilities:
            found = scored.sides(float(reliability), float(g), assumptions.reliability_P)
            table.append(
                {
                    "reliability_E": float(reliability),
                    "g": float(g),
                    "n": P.size,
                    "rank_r": found.rank_r,
                    "n_other_side": found.n_other_side,
                    "share_other_side": found.share_other_side,
                }
            )
    schema = {
        item.name: pl.UInt32 if item.kind is Kind.COUNT else pl.Float64 for item in SIDES_COLUMNS
    }
    return pl.DataFrame(table, schema=schema)
