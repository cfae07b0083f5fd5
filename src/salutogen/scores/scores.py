"""`Scores`: one row per person and occasion with P, E by type, and what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from salutogen.columns import POINTS, Column, Kind, Record, figure, record
from salutogen.display import card
from salutogen.findings import Finding, shortened
from salutogen.namespaces import column_of_persons, factor_column, part_columns, type_column
from salutogen.scores.between_within import BetweenWithinReliability
from salutogen.scores.components import FirstComponent
from salutogen.study import Study

LONGEST = 120  # characters of a method in a short representation


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Measure:
    """How P, or one type of E, was scored: enough to refuse data scored otherwise.

    Two lines may share data only if `scoring` is equal: it names the instruments (as the registry
    calls them, where it knows them), the number of items, method, range and unit, and, where the
    instrument is not as published, which items were added, left out or reworded.
    """

    name: str
    instruments: tuple[str, ...]
    method: str
    items: tuple[str, ...]
    minimum: float | None
    maximum: float | None
    unit: str
    higher: Literal["worse", "better"] = "worse"
    adapted: tuple[str, ...] = ()
    reworded: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Name the score, its method and its size, in a line."""
        method = shortened(self.method, LONGEST)
        return f"Measure({self.name!r}: {method}, {len(self.items)} items, {self.unit})"

    def scoring(self) -> dict[str, object]:
        """Plain data that must be equal wherever a line is shared; `reworded` should be."""
        adaptations = {"adapted": list(self.adapted), "reworded": list(self.reworded)}
        return {
            "instruments": list(self.instruments),
            "method": self.method,
            "n_items": len(self.items),
            "minimum": self.minimum,
            "maximum": self.maximum,
            "unit": self.unit,
            **{key: said for key, said in adaptations.items() if said},
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


@record
class ScaleReliability(Record):
    """Reliability and ends of a scale at the level of one answer form.

    `level` says which forms: "first form" takes each person's first complete one, so that persons
    are independent; "all forms" takes every one.
    """

    scale: str = figure("Scale", kind=Kind.LABEL, heading="Scale")
    level: str = figure(
        "Forms used: each person's first complete one, or all",
        kind=Kind.LABEL,
        heading="Forms used",
        default="first form",
    )
    n: int = figure("Forms", unit="forms", kind=Kind.COUNT, heading="Forms")
    n_items: int = figure("Items", heading="Items")
    omega: float | None = figure("McDonald's omega", heading="Omega")
    alpha: float | None = figure("Cronbach's alpha", heading="Alpha")
    floor_share: float = figure(
        "Share at the lowest possible score", kind=Kind.SHARE, n="n", heading="Share at the floor"
    )
    ceiling_share: float = figure(
        "Share at the highest possible score",
        kind=Kind.SHARE,
        n="n",
        heading="Share at the ceiling",
    )
    note: str = figure("Note", kind=Kind.LABEL, heading="Note", default="")


def _own(name: str, meaning: str, unit: str = "", sign: str = "") -> Column:
    """Declare a column that holds one person's values."""
    return Column(name=name, meaning=meaning, unit=unit, sign=sign, kind=Kind.PERSON)


_MORE_E, _MORE_P = "higher = more exposed", "higher = more problems"
BLOCK_COLUMN = _own(
    "E_<type>_<block>",
    "Exposure from part of one list: a subscale, its standard items, or added items",
    "points of its list",
    _MORE_E,
)
SCORE_COLUMNS = (
    Column(name="person", meaning="Place of the person in `persons`", kind=Kind.IDENTIFIER),
    Column(
        name="subject", meaning="Person, as written in the data", unit="text", kind=Kind.IDENTIFIER
    ),
    Column(name="occasion_index", meaning="Place of the occasion in the plan", kind=Kind.LABEL),
    Column(
        name="occasion", meaning="Occasion, as labelled in the plan", unit="label", kind=Kind.LABEL
    ),
    _own("time", "Time of the answers (dates: since 1970-01-01)", "days"),
    _own("E", "Stressor exposure at this level", "units of E", _MORE_E),
    _own("P", "Mental-health problems at this level", POINTS, _MORE_P),
    _own("E_<type>", "Exposure of one type", "points of its list", _MORE_E),
    BLOCK_COLUMN,
    _own("valid", "Both E and P are present", "true/false"),
    _own("P_prorated", "P was prorated from valid items", "true/false"),
    _own("E_skipped", "A skipped checklist item was counted as 0", "true/false"),
    _own("E_low", "E with every skipped item at 0", "units of E"),
    _own("E_high", "E with every skipped item at maximum", "units of E"),
    _own("P_low", "P with every skipped item at its minimum", POINTS),
    _own("P_high", "P with every skipped item at its maximum", POINTS),
    _own("P_<instrument>", "One of several problem scales", "points of its scale", _MORE_P),
    _own("factor:<name>", "Factor of the study file, measured repeatedly", "as in the data"),
)
_NOT_IN_A_LINE = (
    "subject", "occasion", "time", "P_prorated", "E_skipped", "E_low", "E_high", "P_low", "P_high",
)  # fmt: skip
ALTERNATIVE_COLUMNS = (
    _own("E_<type>_count", "Events of one type that happened", "events", _MORE_E),
    _own("E_<type>_severity", "Sum of the codes of one type", "sum of burden codes", _MORE_E),
    _own("E_<type>_low", "Exposure of one type with skipped items at 0", "points", _MORE_E),
    _own("E_<type>_high", "Exposure of one type with skipped items at maximum", "points", _MORE_E),
    _own("E_<type>_skipped", "Items of one type that were skipped", "items"),
    _own("P_<scoring>", "P by another scoring of its instrument", POINTS, _MORE_P),
    _own("<instrument>_<subscale>", "One subscale of a problem instrument", "points"),
)


@dataclass(frozen=True, kw_only=True, repr=False)
class Scores:
    """Scored panel.

    Attributes
    ----------
    table : DataFrame
        Sorted by person, then occasion; a row is a person-occasion with at least one answered
        item: `person` (UInt32), `occasion_index` (UInt16), `occasion` (label as
        planned, an Enum), `time` (days), `E`, `P`, `E_<type>` for each exposure type (raw points),
        `valid` (both E and P present), then flags: `P_prorated`, `E_skipped` (a checklist item was
        skipped and counted as 0), `E_low`, `E_high` (bounds of E with skipped items at 0 / maximum;
        equal to E where nothing was skipped), `P_low`, `P_high` (bounds of P with missing items at
        their lowest / highest value, also where too few were answered for a P; bounds that are
        whole numbers are small integers), then further
        problem scales as `P_<instrument>` where several are combined, repeated factors as
        `factor:<name>`, and parts of event lists as `E_<type>_<block>` (subscales, standard items,
        blocks of added items).
    exposure_types : tuple of str
        Names of the types; columns are `E_<type>`.
    combine : {"sum", "composite", "separate"}
        How the types make E. With "composite" the `E` column of `table` is standardised over all
        valid rows; the norm re-derives it for its own reference set and level (definitions).
        With "separate" `E` is the sum, used for description and pictures only.
    measures : mapping of str to Measure
        `P`, `E` and `E_<type>`.
    persons : DataFrame
        `person`, `subject`, background, `arm`, baseline factors; one row per person. Look
        them up by the study's name with `of_persons` and `factor`.
    reliability : tuple of ScaleReliability
        For P and each exposure type (alpha is None where items are formative).
    between_within : tuple of BetweenWithinReliability
        For each problem scale, where persons answered it more than once.
    reliability_p : float or None
        The reliability of P over valid occasions that later rooms use: the study file's, else
        from omega, else from alpha, whose error of answers is that of persons' first forms.
    exposure_quality : DataFrame
        Type by occasion, columns `EXPOSURE_QUALITY_COLUMNS`.
    item_quality : DataFrame
        Items of the types, columns `ITEM_QUALITY_COLUMNS`.
    first_component : FirstComponent or None
        Where several problem scales make P by their first component.
    exposure_standardiser : Standardiser or None
        Over all valid rows, where the types make a composite.
    alternatives : DataFrame
        Same rows as `table`, other ways to score (whole numbers as small integers):
        `E_<type>_count`, `E_<type>_severity` (sum of codes, where the answers have more than two),
        `E_<type>_low`, `E_<type>_high` (bounds with
        skipped items), `E_<type>_skipped` (how many), `P_<scoring>` for further scorings of a
        single problem instrument, and `<instrument>_<subscale>`.
    flow : DataFrame
        Persons by planned occasion, columns `FLOW_COLUMNS`.
    """

    study: Study
    table: pl.DataFrame
    exposure_types: tuple[str, ...]
    combine: Literal["sum", "composite", "separate"]
    measures: Mapping[str, Measure]
    persons: pl.DataFrame
    reliability: tuple[ScaleReliability, ...] = ()
    between_within: tuple[BetweenWithinReliability, ...] = ()
    reliability_p: float | None = None
    exposure_quality: pl.DataFrame = field(default_factory=pl.DataFrame)
    item_quality: pl.DataFrame = field(default_factory=pl.DataFrame)
    first_component: FirstComponent | None = None
    exposure_standardiser: Standardiser | None = None
    factors_baseline: tuple[str, ...] = ()
    factors_repeated: tuple[str, ...] = ()
    alternatives: pl.DataFrame = field(default_factory=pl.DataFrame)
    flow: pl.DataFrame = field(default_factory=pl.DataFrame)
    findings: tuple[Finding, ...] = ()

    @property
    def type_columns(self) -> tuple[str, ...]:
        """Columns of the exposure types."""
        return tuple(self.type_column(name) for name in self.exposure_types)

    @property
    def block_columns(self) -> tuple[str, ...]:
        """Columns of parts of event lists, `E_<type>_<block>`."""
        known = [name for name in self.exposure_types if name in self.study.instruments]
        parts = [(name, block) for name in known for block in self.study.instruments[name].blocks]
        columns = part_columns(parts, self.exposure_types).values()
        return tuple(column for column in columns if column in self.table.columns)

    def type_column(self, name: str, measure: str = "E") -> str:
        """Column of an exposure type, or of another measure by type (`SR`)."""
        return type_column(name, self.exposure_types, measure)

    def of_persons(self, name: str) -> pl.Series | None:
        """Background, baseline factor or arm by the study's name; None where there is none.

        One value per person, in the order of `persons`.
        """
        column = column_of_persons(name, self.persons.columns)
        return None if column is None else self.persons[column]

    def factor(self, name: str) -> pl.Series:
        """Factor by the study's name: a value per person, or per row where it is repeated."""
        if name in self.factors_repeated:
            return self.table[factor_column(name)]
        apart = factor_column(name)
        return self.persons[apart if apart in self.persons.columns else name]

    @property
    def valid(self) -> pl.DataFrame:
        """Rows with both E and P."""
        return self.table.filter(pl.col("valid"))

    def valid_rows(self, *columns: str) -> pl.DataFrame:
        """Rows with both E and P, of some columns: of a large study all are a lot.

        By default those that a line may need: places, scores, problem scales and factors, without
        bounds, flags and labels.
        """
        kept = columns or [name for name in self.table.columns if name not in _NOT_IN_A_LINE]
        return self.table.select(kept).filter(self.table["valid"])

    @property
    def n_valid(self) -> int:
        """Number of rows with both E and P."""
        return int(self.table["valid"].sum())

    def __repr__(self) -> str:
        """Say how much was scored and how, in a line or two."""
        methods = "; ".join(
            f"{name}: {self.measures[name].method}" for name in ("P", "E") if name in self.measures
        )
        return (
            f"Scores({self.study.title!r}: {self.table.height:,} rows, "
            f"{self.n_valid:,} with P and E; {methods}; {len(self.findings)} findings)"
        )

    def _repr_html_(self) -> str:
        facts = {
            "Rows": self.table.height,
            "Rows with P and E": self.n_valid,
            "P": self.measures["P"].method,
            "E": self.measures["E"].method,
            "Reliability of P": self.reliability_p,
        }
        return card(f"Scores: {self.study.title}", facts, self.findings)
