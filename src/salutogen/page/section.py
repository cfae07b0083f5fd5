"""What a section of the report is made of: paragraphs, tables and figures as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from salutogen.findings import Finding


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A picture with its words and the data it shows.

    Attributes
    ----------
    name : str
        Kebab-case, unique in the report: file name in `figures/` and id on the page.
    title : str
        What the picture shows, as one would say it.
    description : str
        The picture in words, with its numbers: what a reader who cannot see it needs.
    chart : Altair chart or Vega-Lite specification
        Anything with `to_dict`, or the dictionary itself.
    data : DataFrame
        What is drawn; shown in a folded table. Must hold no subject ids.
    units : mapping of column name to unit
    interactive : bool
        Whether the page also offers the picture with hover cards and zoom.
    """

    name: str
    title: str
    description: str
    chart: Any
    data: pl.DataFrame
    units: Mapping[str, str] = field(default_factory=dict)
    interactive: bool = False

    def specification(self) -> dict[str, Any]:
        """Return the Vega-Lite specification."""
        if isinstance(self.chart, Mapping):
            return dict(self.chart)
        made: dict[str, Any] = self.chart.to_dict(validate=False)
        return made

    def altair(self) -> Any:
        """Return an Altair chart, for notebooks and further work."""
        import altair

        return altair.Chart.from_dict(self.specification())


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table with a caption; `units` by column name stand under the headings.

    `labels` gives headings for people; columns without one show their name.
    """

    name: str
    title: str
    frame: pl.DataFrame
    units: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section of the page. `paragraphs` are plain text; everything is escaped."""

    title: str
    paragraphs: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    findings: tuple[Finding, ...] = ()
