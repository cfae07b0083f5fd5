"""`build_report(results)`: the page, its figures as files and its tables as frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from salutogen.findings import finding
from salutogen.page.audience import Audience
from salutogen.page.drawing import FigureFiles, draw
from salutogen.page.drawing_processes import Artists, artists
from salutogen.page.rendering import render_page
from salutogen.page.section import Section
from salutogen.report.context import Context
from salutogen.report.opening import summarise
from salutogen.report.sections.backbone import closing_sections, opening_sections

if TYPE_CHECKING:
    from salutogen.pipeline.pipeline import Results


@dataclass(frozen=True, kw_only=True)
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
    """

    html: str
    figures: dict[str, FigureFiles]
    tables: dict[str, pl.DataFrame]

    def _repr_html_(self) -> str:
        return self.html


def build_report(results: Results, drawing: Artists | None = None) -> Report:
    """Build the report of a run. Same results, same bytes.

    Parameters
    ----------
    results : Results
        What `salutogen.run` gave. SR = observed - expected problems; positive = less resilient.
    drawing : Artists, optional
        Drawing processes that are started already.

    Returns
    -------
    Report
    """
    audience = Audience(
        individuals=results.study.plan.report.individuals == "show",
        n_persons=results.panel.n_persons,
        seed=results.seed,
    )
    context = Context(results, audience)
    sections = _with_own_names(
        [*opening_sections(context), *_step_sections(results), *closing_sections(context)]
    )
    figures = [figure for section in sections for figure in section.figures]
    if drawing is None:
        with artists() as own:
            drawn = draw(figures, own)
    else:
        drawn = draw(figures, drawing)
    tables = {
        table.name: table.frame
        for section in sections
        for table in section.tables
        if table.frame.width and table.frame.height
    }
    tables |= {f"figure-{figure.name}": figure.data for figure in figures}
    return Report(
        html=render_page(summarise(context), sections, drawn, audience),
        figures={name: figure.files for name, figure in drawn.items()},
        tables=tables,
    )


def _step_sections(results: Results) -> list[Section]:
    """Sections of the analyses after the backbone; refused ones say why.

    Where a step was done more than once, headings carry the analysis's name, and figures and
    tables that an earlier one already has get the later one's place behind their name.
    """
    sections: list[Section] = []
    steps = [outcome.step.name for outcome in results.steps if outcome.result is not None]
    used: set[str] = set()
    for place, outcome in enumerate(results.steps, start=1):
        if outcome.result is None:
            sections.append(
                Section(
                    title=f"{outcome.step.title}: refused",
                    paragraphs=(f"The analysis “{outcome.label}” could not be done.",),
                    findings=tuple(outcome.findings),
                )
            )
        else:
            own = outcome.result.sections()
            if steps.count(outcome.step.name) > 1:
                own = [_as_one_of_several(part, outcome.label, place, used) for part in own]
                used.update(figure.name for part in own for figure in part.figures)
                used.update(table.name for part in own for table in part.tables)
            sections.extend(own)
    return sections


def _as_one_of_several(section: Section, label: str, place: int, used: set[str]) -> Section:
    return replace(
        section,
        title=f"{section.title} [{label}]",
        figures=tuple(
            replace(item, name=f"{item.name}-{place}") if item.name in used else item
            for item in section.figures
        ),
        tables=tuple(
            replace(item, name=f"{item.name}-{place}") if item.name in used else item
            for item in section.tables
        ),
    )


def _with_own_names(sections: Sequence[Section]) -> list[Section]:
    """Keep names of figures unique; a name used twice would overwrite a file."""
    used: set[str] = set()
    kept: list[Section] = []
    for section in sections:
        doubled = [figure.name for figure in section.figures if figure.name in used]
        used.update(figure.name for figure in section.figures)
        if doubled:
            told = finding(
                "figure-name-twice",
                f"Two figures are called {doubled[0]!r}; the later one is left out.",
            )
            section = Section(
                title=section.title,
                paragraphs=section.paragraphs,
                tables=section.tables,
                figures=tuple(item for item in section.figures if item.name not in doubled),
                findings=(*section.findings, told),
            )
        kept.append(section)
    return kept
