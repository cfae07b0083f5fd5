"""The page: sections as plain data, put into templates that only render."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from salutogen.page.colours import PALETTE, css_variables
from salutogen.page.drawing import DrawnFigure, live_specification
from salutogen.page.opening import Opening, ShownFinding, shown_findings
from salutogen.page.privacy import Guard
from salutogen.page.section import Section, Table
from salutogen.page.words import cell
from salutogen.version import VERSION

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

ROWS_SHOWN = 200
_CODE = re.compile("`([^`<>]+)`")
PAGE_COLOURS = (
    "--page:#f2f4f8;--bad:#a3172b;--warn:#8a4b00;",
    "--page:#0e1219;--bad:#ff8b98;--warn:#ffb45e;",
)


@dataclass(frozen=True)
class ShownColumn:
    """Heading of a column."""

    heading: str
    unit: str
    number: bool


@dataclass(frozen=True)
class ShownTable:
    """A table as text."""

    title: str
    columns: tuple[ShownColumn, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str


@dataclass(frozen=True)
class ShownFigure:
    """A figure as the page shows it; `svg` and `live` are safe markup."""

    name: str
    title: str
    description: str
    svg: str
    live: str
    data: ShownTable


@dataclass(frozen=True)
class Part:
    """A section as the page shows it."""

    id: str
    title: str
    paragraphs: tuple[str, ...]
    figures: tuple[ShownFigure, ...]
    tables: tuple[ShownTable, ...]
    findings: tuple[ShownFinding, ...]


def render_page(
    opening: Opening,
    sections: Sequence[Section],
    drawn: Mapping[str, DrawnFigure],
    guard: Guard,
) -> str:
    """Put everything into one self-contained HTML page; sections as `guard` gave them."""
    from markupsafe import Markup

    parts = _parts(sections, drawn, guard)
    live = any(figure.live for part in parts for figure in part.figures)
    light = json.dumps({name: pair[0] for name, pair in PALETTE.items()})
    script, bundle = _asset("report.js"), _vega_bundle() if live else ""
    page: str = (
        _templates()
        .get_template("page.html.j2")
        .render(
            opening=opening,
            parts=parts,
            version=VERSION,
            css=Markup(_css()),
            script=Markup(script),
            bundle=Markup(bundle),
            scripts=Markup(" ".join(map(_as_source, filter(None, (bundle, script))))),
            licences=_asset("LICENSE-vega.txt"),
            palette=Markup(light),
        )
    )
    return page.lstrip()


def shown_table(table: Table) -> ShownTable:
    """Turn a table into text; beyond 200 rows it says so and stops."""
    frame = table.frame.head(ROWS_SHOWN)
    columns = tuple(
        ShownColumn(table.heading(name), table.column(name).unit, kind.is_numeric())
        for name, kind in frame.schema.items()
    )
    rows = tuple(tuple(cell(value) for value in row) for row in frame.iter_rows())
    note = table.note
    if table.frame.height > ROWS_SHOWN:
        more = f"The first {ROWS_SHOWN} of {table.frame.height:,} rows; all are in tables/."
        note = f"{note} {more}".strip()
    return ShownTable(table.title, columns, rows, note)


def anchor(title: str) -> str:
    """Make an id for a section from its title."""
    return "part-" + (re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "section")


def _parts(
    sections: Sequence[Section], drawn: Mapping[str, DrawnFigure], guard: Guard
) -> list[Part]:
    from markupsafe import Markup

    parts: list[Part] = []
    used: set[str] = set()
    for section in sections:
        name = anchor(section.title)
        while name in used:
            name += "-more"
        used.add(name)
        figures = tuple(
            ShownFigure(
                figure.name,
                figure.title,
                str(figure.description),
                Markup(drawn[figure.name].inline),
                Markup(live_specification(figure)) if figure.interactive else "",
                shown_table(figure.table()),
            )
            for figure in section.figures
        )
        tables = tuple(shown_table(table) for table in section.tables if table.frame.height)
        findings = shown_findings(section.findings, guard)
        parts.append(
            Part(
                name, section.title, tuple(map(str, section.paragraphs)), figures, tables, findings
            )
        )
    return parts


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("salutogen.page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["code_marks"] = code_marks
    return made


def code_marks(text: str) -> Markup:
    """Escape a text, then set what stands between backticks as code."""
    from markupsafe import Markup, escape

    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))


def _asset(name: str) -> str:
    return (files("salutogen.page") / "assets" / name).read_text(encoding="utf-8")


def _as_source(script: str) -> str:
    """Name a script by its content, so that the page's policy allows it and no other."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _css() -> str:
    light, dark = (css_variables(theme) + PAGE_COLOURS[theme] for theme in (0, 1))
    return (
        f":root{{color-scheme:light;{light}}}"
        f"@media(prefers-color-scheme:dark)"
        f"{{:root:not([data-theme=light]){{color-scheme:dark;{dark}}}}}"
        f":root[data-theme=dark]{{color-scheme:dark;{dark}}}"
        f"@media print{{:root:root:root{{color-scheme:light;{light}}}}}" + _asset("report.css")
    )


def _vega_bundle() -> str:
    packed = (files("salutogen.page") / "assets" / "vega-bundle.js.gz").read_bytes()
    return gzip.decompress(packed).decode()
