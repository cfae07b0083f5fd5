"""`build_report(results)`: the page, its figures as files and its tables as frames."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from itertools import chain

import polars as pl

from salutogen.findings import Finding, finding
from salutogen.page.drawing import FigureFiles, begin_to_draw, draw
from salutogen.page.drawing_processes import DrawingProcesses, Undrawn, drawing_processes
from salutogen.page.rendering import render_page
from salutogen.page.section import Figure, Section, Table
from salutogen.report.context import Context
from salutogen.report.opening import summarise
from salutogen.report.sections.backbone import closing_sections, opening_sections

_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True, kw_only=True, repr=False)
class Report:
    """A finished report.

    Attributes
    ----------
    html : str
        One self-contained page.
    figures : dict of name to FigureFiles
        Each figure as SVG and PNG.
    tables : dict of name to DataFrame
        Tables of the page, and the data of each figure as `figure-<name>`.
    findings : tuple of Finding
        Figures that could not be drawn.
    """

    html: str
    figures: dict[str, FigureFiles]
    tables: dict[str, pl.DataFrame]
    findings: tuple[Finding, ...] = ()

    def __repr__(self) -> str:
        """Say how large the page is and what belongs to it."""
        return (
            f"Report({len(self.html):,} characters, {len(self.figures)} figures, "
            f"{len(self.tables)} tables)"
        )

    def _repr_html_(self) -> str:
        return self.html


def build_report(context: Context, drawing: DrawingProcesses | None = None) -> Report:
    """Build the report of a run. Same results, same bytes.

    Parameters
    ----------
    context : Context
        Results and audience. SR = observed - expected problems; positive = less resilient.
    drawing : DrawingProcesses, optional
        Drawing processes that are started already.

    Returns
    -------
    Report
    """
    with drawing_processes() if drawing is None else nullcontext(drawing) as processes:
        sections, withheld = _sections(context, processes)
        figures = [figure for section in sections for figure in section.figures]
        drawn, undrawn = draw(figures, processes)
    missing = _missing(figures, undrawn)
    sections = _without_undrawn(sections, undrawn)
    figures = [figure for section in sections for figure in section.figures]
    tables = {
        table.name: table.frame
        for section in sections
        for table in section.tables
        if table.frame.width and table.frame.height
    }
    tables |= {f"figure-{figure.name}": figure.data for figure in figures}
    opening = summarise(replace(context, findings=(*context.findings, *withheld)))
    return Report(
        html=render_page(opening, sections, drawn, context.guard),
        figures={name: figure.files for name, figure in drawn.items()},
        tables=tables,
        findings=missing,
    )


def _sections(
    context: Context, processes: DrawingProcesses
) -> tuple[tuple[Section, ...], tuple[Finding, ...]]:
    """Make all sections as they may be shown; figures are drawn as soon as they are made."""

    def begun(sections: Sequence[Section]) -> Sequence[Section]:
        figures = [figure for section in sections for figure in section.figures]
        shown = (context.guard.figure(figure, []) for figure in figures)
        begin_to_draw([figure for figure in shown if figure is not None], processes)
        return sections

    of_analyses = begun(analysis_sections(context))
    first = [*chain.from_iterable(begun([one]) for one in opening_sections(context))]
    last = closing_sections(context)
    made = [*first, *_with_own_names(of_analyses, [*first, *last]), *last]
    return context.guard.sections(made)


def _without_undrawn(
    sections: Sequence[Section], undrawn: Mapping[str, Undrawn]
) -> tuple[Section, ...]:
    """Leave out figures that were not drawn, and say so in their section."""
    kept: list[Section] = []
    for section in sections:
        told = _missing(section.figures, undrawn)
        figures = tuple(item for item in section.figures if item.name not in undrawn)
        kept.append(replace(section, figures=figures, findings=(*section.findings, *told)))
    return tuple(kept)


def _missing(figures: Sequence[Figure], undrawn: Mapping[str, Undrawn]) -> tuple[Finding, ...]:
    """Say which figures were not drawn: each by its own fault, or together with the process."""
    why = {item.title: undrawn[item.name] for item in figures if item.name in undrawn}
    ended = [title for title, reason in why.items() if reason is Undrawn.PROCESS]
    told = [finding("figure-not-drawn", title=title) for title in why if title not in ended]
    if ended:
        told.append(finding("figure-not-drawn", variant="process", n=len(ended), titles=ended))
    return tuple(told)


def analysis_sections(context: Context) -> list[Section]:
    """Sections of the analyses after the backbone; refused ones say why.

    Where an analysis was done more than once, headings carry its name, and figures and tables that
    an earlier one already has get the later one's name behind theirs, or its place where that is no
    name for a file.
    """
    sections: list[Section] = []
    used: set[str] = set()
    for place, outcome in enumerate(context.outcomes, start=1):
        if outcome.result is None:
            sections.append(
                Section(
                    title=f"{outcome.analysis.title}: refused",
                    paragraphs=(f"The analysis “{outcome.label}” could not be done.",),
                    findings=tuple(outcome.findings),
                )
            )
            continue
        own = list(outcome.sections)
        if context.is_repeated(outcome):
            behind = outcome.label if _PLAIN.fullmatch(outcome.label) else str(place)
            own = [
                replace(
                    _with_new_names(part, behind, used), title=context.titled(part.title, outcome)
                )
                for part in own
            ]
        used.update(figure.name for part in own for figure in part.figures)
        used.update(table.name for part in own for table in part.tables)
        sections.extend(own)
    return sections


def _with_new_names(section: Section, behind: str, used: set[str]) -> Section:
    """Put what tells an analysis behind the names of figures and tables that another has."""
    return replace(
        section,
        figures=tuple(
            replace(item, name=f"{item.name}-{behind}") if item.name in used else item
            for item in section.figures
        ),
        tables=tuple(
            replace(item, name=f"{item.name}-{behind}") if item.name in used else item
            for item in section.tables
        ),
    )


def _with_own_names(sections: Sequence[Section], others: Sequence[Section]) -> list[Section]:
    """Keep names of figures and tables unique; a name used twice would overwrite a file.

    Those of the report's own sections, `others`, are taken. Data of a figure are a table as well.
    """
    used = {name for section in others for name in _file_names(section)}
    kept: list[Section] = []
    for section in sections:
        told: list[Finding] = []
        figures = [item for item in section.figures if _is_new(item, used, told)]
        tables = [item for item in section.tables if _is_new(item, used, told)]
        findings = (*section.findings, *told)
        kept.append(
            replace(section, figures=tuple(figures), tables=tuple(tables), findings=findings)
        )
    return kept


def _file_names(section: Section) -> list[str]:
    return [*map(_file_name, section.figures), *map(_file_name, section.tables)]


def _file_name(item: Figure | Table) -> str:
    """Name of its table's file; capitals do not tell files apart everywhere."""
    return (f"figure-{item.name}" if isinstance(item, Figure) else item.name).lower()


def _is_new(item: Figure | Table, used: set[str], told: list[Finding]) -> bool:
    name = _file_name(item)
    if name in used:
        what = "figure" if isinstance(item, Figure) else "table"
        told.append(finding("figure-name-twice", what=what, name=item.name))
        return False
    used.add(name)
    return True
