"""`Norm`: fitted E-P lines, each with its level, units and reference set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import polars as pl

from salutogen.columns import Kind, Record, beside, figure, record
from salutogen.display import SIGN, card
from salutogen.findings import Finding
from salutogen.norm.covariates import covariates_by_person
from salutogen.norm.heteroscedasticity import Heteroscedasticity
from salutogen.norm.lines import MIXED, Level, Line, Lines, LineSummary
from salutogen.norm.mixed import MixedLine
from salutogen.norm.shape import ShapeTest
from salutogen.scores import Scores


@record
class NormSummary(Record):
    """The lines, as `results.json` has them."""

    primary: LineSummary = figure("The line that the study names as primary")
    pooled: LineSummary = figure("The line of occasions, over all rows")
    person: LineSummary = figure("The line of persons, over their means")
    mixed: MixedLine | None = figure("The mixed-model line; P and E standardised over all rows")
    shape_test: ShapeTest | None = figure("Linear against quadratic on independent units")
    heteroscedasticity: Heteroscedasticity | None = figure("Whether residuals spread unequally")
    variants: Mapping[str, LineSummary] = figure("Other ways of fitting, by name")
    external: str | None = figure("Norm file of another study, if used", kind=Kind.LABEL)


@record
class Norm(Record):
    """Every level's line, the shape test, and what they are good for.

    Attributes
    ----------
    primary : str
        Which line is reported as primary.
    lines : Lines
        Every line by level, period, exposure type and variant.
    period_tables : mapping of level to DataFrame
        Means that are scored: "person" (`person, n_valid, E, P, E_<type>`), "window"
        (`person, window, first_occasion, last_occasion, n_valid, E, P, E_<type>, time`),
        "phase" (as person plus `phase`). Only persons with enough valid occasions.
    reference_units : mapping of level to DataFrame
        Units the reference lines of persons and windows were fitted on.
    reference_rows : Series of bool or None
        Rows of `Scores.table` that the reference line of occasions was fitted on; see `units`.
    external : str or None
        Name of the norm file of another study, where one is used.
    """

    primary: Literal["occasion", "window", "phase", "person", "mixed"] = beside()
    lines: Lines = beside()
    mixed: MixedLine | None = beside(default=None)
    shape_test: ShapeTest | None = beside(default=None)
    heteroscedasticity: Heteroscedasticity | None = beside(default=None)
    period_tables: Mapping[Level, pl.DataFrame] = beside()
    reference_units: Mapping[Level, pl.DataFrame] = beside(default_factory=dict)
    reference_rows: pl.Series | None = beside(default=None)
    scores: Scores = beside()
    scoring: Mapping[str, Any] = beside(default_factory=dict)
    external: str | None = beside(default=None)
    findings: tuple[Finding, ...] = beside(default=())

    @property
    def primary_line(self) -> Line:
        """The line the study file names as primary."""
        found: Line | None = None
        if self.primary == "mixed":
            found = self.lines.of("occasion", variant=MIXED)
        elif self.primary in ("window", "occasion"):
            found = self.lines.reference(self.primary)
        return found or self.lines.person

    def with_covariates(self, table: pl.DataFrame) -> pl.DataFrame:
        """Add the lines' covariates to rows with a `person` index, where they are missing."""
        found = covariates_by_person(self.scores, self.lines.occasion.covariates)
        columns = [column for column in found if column.name not in table.columns]
        if not columns:
            return table
        person = table["person"].to_numpy()
        return table.with_columns(*(column.gather(person) for column in columns))

    def units(self, level: Level) -> pl.DataFrame | None:
        """Return the units that a level's reference line was fitted on; None where there are none.

        Those of occasions, which may be millions, are taken from the scores when they are asked
        for: `person, occasion_index, P, E, E_<type>` and the line's covariates.
        """
        if level != "occasion":
            return self.reference_units.get(level)
        if self.reference_rows is None:
            return None
        columns = ("person", "occasion_index", "P", "E", *self.scores.type_columns)
        return self.with_covariates(self.scores.table.select(columns).filter(self.reference_rows))

    def summary(self) -> NormSummary:
        """Return what `results.json` tells of the lines."""
        return NormSummary(
            primary=self.primary_line.summary(unit=self.primary),
            pooled=self.lines.occasion.summary(),
            person=self.lines.person.summary(),
            mixed=self.mixed,
            shape_test=self.shape_test,
            heteroscedasticity=self.heteroscedasticity,
            variants={name: line.summary() for name, line in self.lines.variants.items()},
            external=self.external,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return plain data as in `results.json`; `norm_to_dict` gives that of `norm.json`."""
        return self.summary().to_dict()

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """Return the JSON Schema of `to_dict`."""
        return NormSummary.schema()

    def _repr_html_(self) -> str:
        line = self.primary_line
        facts: dict[str, object] = {
            f"Line over {line.level}s": f"n = {line.n}, R² = {line.r_squared:.3f}, {line.shape}",
            **dict(zip(line.names, line.coefficients, strict=True)),
            "Reference set": line.reference,
        }
        return card("Norm", facts, self.findings, note=SIGN)
