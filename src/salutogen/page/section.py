"""What a section of the page is made of: paragraphs, tables and figures as plain data.

Columns carry their declarations (`salutogen.columns`): heading, unit and, for the audience, what a
value may tell of persons. A column without one counts as a person's value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from salutogen.columns import Column, Kind, declared
from salutogen.findings import Finding
from salutogen.page.words import Sentence, heading

if TYPE_CHECKING:
    import polars as pl

Text = str | Sentence
NEXT_PARAGRAPH = "\n\n"  # parts what the page opens with


@dataclass(frozen=True, kw_only=True, repr=False)
class Table:
    """A table with a caption; headings and units come from the columns' declarations."""

    name: str
    title: str
    frame: pl.DataFrame
    columns: Sequence[Column] = ()
    note: str = ""

    def __repr__(self) -> str:
        """Name the table and its size."""
        return f"Table({self.name!r}: {self.frame.height} rows, {self.frame.width} columns)"

    def column(self, name: str) -> Column:
        """Return the declaration of a column; one without is taken for a person's value."""
        found = declared(name, self.columns)
        return found or Column(name=name, meaning="", kind=Kind.PERSON)

    def heading(self, name: str) -> str:
        """Words above a column."""
        found = self.column(name)
        return found.heading if found.heading and found.name == name else heading(name)


@dataclass(frozen=True, kw_only=True, repr=False)
class Figure:
    """A picture with its words and the data it shows.

    Attributes
    ----------
    name : str
        Kebab-case, unique in the report: file name in `figures/` and id on the page.
    title : str
        What the picture shows, as one would say it.
    description : str or Sentence
        The picture in words, with its numbers: what a reader who cannot see it needs.
    chart : Altair chart or Vega-Lite specification
        Anything with `to_dict`, or the dictionary itself.
    data : DataFrame
        What is drawn; shown in a folded table.
    columns : sequence of Column
        Declarations of the data's columns.
    interactive : bool
        Whether the page also offers the picture with hover cards and zoom.
    """

    name: str
    title: str
    description: Text
    chart: Any
    data: pl.DataFrame
    columns: Sequence[Column] = ()
    interactive: bool = False

    def __repr__(self) -> str:
        """Name the figure and the size of its data."""
        return f"Figure({self.name!r}: {self.data.height} rows)"

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

    def table(self) -> Table:
        """Return the data as a table."""
        return Table(name=self.name, title=self.title, frame=self.data, columns=self.columns)


@dataclass(frozen=True, kw_only=True, repr=False)
class Section:
    """One section of the page. Text is plain; everything is escaped."""

    title: str
    paragraphs: tuple[Text, ...] = ()
    tables: tuple[Table, ...] = ()
    figures: tuple[Figure, ...] = ()
    findings: tuple[Finding, ...] = field(default=())

    def __repr__(self) -> str:
        """Name the section and count what stands in it."""
        return (
            f"Section({self.title!r}: {len(self.paragraphs)} paragraphs, {len(self.tables)} "
            f"tables, {len(self.figures)} figures, {len(self.findings)} findings)"
        )
