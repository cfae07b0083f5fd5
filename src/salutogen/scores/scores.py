"""`Scores`: one row per person and occasion with P, E by type, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from salutogen.display import card
from salutogen.findings import Finding
from salutogen.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """How P, or one type of E, was scored: enough to refuse data scored otherwise.

    Two lines may share data only if `scoring` is equal: it names the instruments (as the registry
    calls them, where it knows them), the number of items, method, range and unit.
    """

    name: str
    instruments: tuple[str, ...]
    method: str
    items: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    unit: str
    higher: Literal["worse", "better"] = "worse"

    def scoring(self) -> dict[str, object]:
        """Plain data that must be equal wherever a line is shared."""
        return {
            "instruments": list(self.instruments),
            "method": self.method,
            "n_items": len(self.items),
            "minimum": self.minimum,
            "maximum": self.maximum,
            "unit": self.unit,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Standardiser:
    """Means and SDs (n - 1) learned once on a reference set and applied unchanged to other data."""

    columns: tuple[str, ...]
    means: tuple[float, ...]
    sds: tuple[float, ...]
    n: int
    reference: str

    def composite(self, table: pl.DataFrame) -> pl.Series:
        """Mean of the z values of `columns`; null where one is missing."""
        total = pl.lit(0.0)
        for column, mean, sd in zip(self.columns, self.means, self.sds, strict=True):
            total = total + (pl.col(column) - mean) / sd
        return table.select((total / len(self.columns)).alias("E"))["E"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleReliability:
    """Reliability and ends of a scale at the level of one answer form.

    `level` says which forms: "first form" takes each person's first complete one, so that persons
    are independent; "all forms" takes every one.
    """

    scale: str
    n: int
    n_items: int
    omega: float | None
    alpha: float | None
    floor_share: float
    ceiling_share: float
    note: str = ""
    level: str = "first form"


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scored panel.

    Attributes
    ----------
    table : DataFrame
        Sorted by person, then occasion; a row is a person-occasion with at least one answered
        item: `person` (UInt32), `subject` (text), `occasion_index` (UInt16), `occasion` (label as
        planned), `time` (days), `E`, `P`, `E_<type>` for each exposure type (raw points), `valid`
        (both E and P present), then flags: `P_prorated`, `E_skipped` (a checklist item was skipped
        and counted as 0), `E_low`, `E_high` (bounds of E with skipped items at 0 / maximum; equal
        to E where nothing was skipped), `P_low`, `P_high` (bounds of P with missing items at their
        lowest / highest value, also where too few were answered for a P), then further problem
        scales as `P_<instrument>` where several are combined, and repeated factors by name.
    exposure_types : tuple of str
        Names of the types; columns are `E_<type>`.
    combine : {"sum", "composite", "separate"}
        How the types make E. With "composite" the `E` column of `table` is standardised over all
        valid rows; the norm re-derives it for its own reference set and level (definitions).
        With "separate" `E` is the sum, used for description and pictures only.
    measures : mapping of str to Measure
        `P`, `E` and `E_<type>`.
    persons : DataFrame
        `person`, `subject`, background, `arm`, baseline factors by name; one row per person.
    reliability : tuple of ScaleReliability
        For P and each exposure type (alpha is None where items are formative).
    reliability_p : float or None
        The reliability of P that later rooms use (study file, else omega, else alpha).
    exposure_quality : DataFrame
        Type by occasion: `type, occasion, n, r, r_squared, zero_share, mean, sd, coverage`.
    item_quality : DataFrame
        `type, item, n, endorsed_share, r_with_P`.
    scales : mapping of str to object
        Fitted objects: `first_component` (a `FirstComponent` with loadings and explained share)
        and `exposure_standardiser` (a `Standardiser` over all valid rows), where they were used.
    alternatives : DataFrame
        Same rows as `table`, other ways to score: `E_<type>_count`, `E_<type>_severity` (sum of
        codes, where the answers have more than two), `E_<type>_low`, `E_<type>_high` (bounds with
        skipped items), `E_<type>_skipped` (how many), `P_<scoring>` for further scorings of a
        single problem instrument, and `<instrument>_<subscale>`.
    flow : DataFrame
        `occasion_index, occasion, planned, answered, with_P, with_E, valid`: persons by planned
        occasion.
    """

    study: Study
    table: pl.DataFrame
    exposure_types: tuple[str, ...]
    combine: Literal["sum", "composite", "separate"]
    measures: Mapping[str, Measure]
    persons: pl.DataFrame
    reliability: tuple[ScaleReliability, ...] = ()
    reliability_p: float | None = None
    exposure_quality: pl.DataFrame = field(default_factory=pl.DataFrame)
    item_quality: pl.DataFrame = field(default_factory=pl.DataFrame)
    scales: Mapping[str, object] = field(default_factory=dict)
    factors_baseline: tuple[str, ...] = ()
    factors_repeated: tuple[str, ...] = ()
    alternatives: pl.DataFrame = field(default_factory=pl.DataFrame)
    flow: pl.DataFrame = field(default_factory=pl.DataFrame)
    findings: tuple[Finding, ...] = ()

    @property
    def type_columns(self) -> tuple[str, ...]:
        """Columns of the exposure types."""
        return tuple(f"E_{name}" for name in self.exposure_types)

    @property
    def valid(self) -> pl.DataFrame:
        """Rows with both E and P."""
        return self.table.filter(pl.col("valid"))

    def _repr_html_(self) -> str:
        valid = self.valid
        facts = {
            "Rows": self.table.height,
            "Rows with P and E": valid.height,
            "P": self.measures["P"].method,
            "E": self.measures["E"].method,
            "Reliability of P": self.reliability_p,
        }
        return card(f"Scores: {self.study.title}", facts, self.findings)
