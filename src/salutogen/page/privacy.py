"""The one place that decides what of a section the audience sees.

Nothing here trusts who made the section. Identifiers are refused on every page. Where persons are
hidden, tables and figures of single persons are left out, and small counts with them: those of
fewer than five, those that leave fewer than five of a whole, and, where the cells of a column add
up to a number that is told, the next smallest as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from salutogen.columns import Kind
from salutogen.findings import Finding, finding
from salutogen.page.audience import LABEL_PATTERN, Audience
from salutogen.page.hidden_findings import told_without_persons
from salutogen.page.identifiers import Identifiers
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.small_counts import (
    SMALL_NOTE,
    figure_rounded,
    hide_small,
    rounded,
)
from salutogen.page.words import Sentence, number

_LABEL = re.compile(LABEL_PATTERN)
_NO_FILE_NAME = re.compile(r"[^\w.-]+")
# A safety net under plain sentences; those of this package carry their counts as `Persons`.
_PERSONS = re.compile(
    r"(?<![\d.,])\d+(?:,\d{3})*(?= (?:of [\d,]+ )?(?:persons?|participants?|subjects?|people|"
    r"anchors?|courses?|forms?|rows?)\b)"
)
# Numbers with decimals: no parts of versions, dates or addresses of publications.
_DECIMALS = re.compile(r"(?<![\w.,/])(?:\d{1,3}(?:,\d{3})+|\d+)\.\d+(?![\w/]|\.\d)")


@dataclass(frozen=True)
class Guard:
    """Shows sections to an audience, and says what it left out."""

    audience: Audience
    identifiers: Identifiers

    def sections(
        self, sections: Iterable[Section]
    ) -> tuple[tuple[Section, ...], tuple[Finding, ...]]:
        """Return what may be shown of some sections, and findings about what may not."""
        told: list[Finding] = []
        return tuple(self._section(item, told) for item in sections), tuple(told)

    def text(self, text: Text) -> str:
        """Return a text with small counts hidden, and with no more digits than tables have."""
        if isinstance(text, Sentence):
            return self._with_few_digits(text.worded(self.audience.in_a_sentence))
        if self.audience.individuals:
            return text
        return self._with_few_digits(_PERSONS.sub(self._counted, text))

    def _with_few_digits(self, text: str) -> str:
        digits = self.audience.digits
        if digits is None:
            return text

        def rounded(found: re.Match[str]) -> str:
            told = found[0].replace(",", "")
            few = len(told.replace(".", "").lstrip("0")) <= digits
            return found[0] if few else number(float(f"{float(told):.{digits}g}"), digits)

        return _DECIMALS.sub(rounded, text)

    def _counted(self, found: re.Match[str]) -> str:
        return self.audience.in_a_sentence(int(found[0].replace(",", "")))

    def words(self, text: Text) -> str:
        """Return a text that may be read, or nothing if it names a person."""
        told = self.text(text)
        return "" if self.forbids(told) else told

    def findings(self, found: Iterable[Finding]) -> tuple[Finding, ...]:
        """Return findings without those that hold an identifier, and one that says so."""
        kept: list[Finding] = []
        for item in found:
            named = any(self.identifiers.stand_in(text) for text in quoted(_json(item.to_dict())))
            kept.append(
                finding("identifier-withheld", what="A finding", where=f"the code {item.code}")
                if named
                else item
            )
        return tuple(kept)

    def finding(self, item: Finding) -> Finding:
        """Return a finding as the audience may read it.

        Where persons are hidden, its sentence hides small counts and quotes no cell, and its
        evidence points at no row and has no numbers but those of the study file.
        """
        if not self.audience.individuals:
            item = told_without_persons(item, self.audience)
        if item.template:
            text = self._with_few_digits(item.worded(self.audience.in_a_sentence))
        else:
            text = self.text(item.text)
        if self.forbids(text):
            text = item.untold()
        return replace(item, text=text, mend=self.words(item.mend))

    def forbids(self, text: str) -> bool:
        """Whether a text names a person it must not name."""
        named = not self.audience.individuals and _LABEL.search(text) is not None
        return named or self.identifiers.stand_in(text)

    def _section(self, section: Section, told: list[Finding]) -> Section:
        return replace(
            section,
            title=self._or_nothing(self.text(section.title), section.title, told),
            paragraphs=tuple(
                self._or_nothing(self.text(item), section.title, told)
                for item in section.paragraphs
            ),
            tables=tuple(item for one in section.tables if (item := self.table(one, told))),
            figures=tuple(one for item in section.figures if (one := self.figure(item, told))),
        )

    def _or_nothing(self, text: str, where: str, told: list[Finding]) -> str:
        if not self.forbids(text):
            return text
        told.append(finding("identifier-withheld", what="A text", where=self._nameless(where)))
        return "A text is left out here: it names a person."

    def _nameless(self, title: str) -> str:
        return "an analysis" if self.forbids(title) else f"“{title}”"

    def table(self, table: Table, told: list[Finding]) -> Table | None:
        """Return what may be shown of a table; None, and a finding, where nothing may."""
        if file_name(table.name) != table.name:
            table = replace(table, name=file_name(table.name))
        words = [table.name, table.title, self.text(table.note), *texts_of(table.frame)]
        if any(self.forbids(text) for text in words):
            told.append(
                finding("identifier-withheld", what="A table", where=self._nameless(table.title))
            )
            return None
        if self.audience.individuals:
            return table
        if _of_persons(table):
            told.append(finding("person-values-withheld", what="table", title=table.title))
            return None
        hidden = hide_small(table, self.audience)
        blanked = not hidden.frame.equals(table.frame)
        hidden = rounded(hidden, self.audience)
        note = self.text(table.note)
        if SMALL_NOTE not in note and blanked:
            note = f"{note} {SMALL_NOTE}".strip()
        return replace(hidden, title=self.text(table.title), note=note)

    def figure(self, figure: Figure, told: list[Finding]) -> Figure | None:
        """Return a figure with its words; None, and a finding, where it may not be shown.

        A drawing cannot be blanked in part: one whose data hold a small count or a person's value
        is left out as a whole.
        """
        description = self.text(figure.description)
        try:
            drawn = json.dumps(figure.specification(), ensure_ascii=False, allow_nan=False)
        except Exception:  # a chart of any making
            title = "" if self.forbids(figure.title) else figure.title
            told.append(finding("figure-not-drawn", title=title))
            return None
        figure = replace(figure, name=file_name(figure.name), chart=json.loads(drawn))
        words = [figure.name, figure.title, description, *texts_of(figure.data), *quoted(drawn)]
        if any(self.forbids(text) for text in words):
            told.append(
                finding("identifier-withheld", what="A figure", where=self._nameless(figure.title))
            )
            return None
        if not self.audience.individuals:
            table = figure.table()
            hidden = not hide_small(table, self.audience).frame.equals(table.frame)
            if _of_persons(table) or hidden:
                told.append(finding("person-values-withheld", what="figure", title=figure.title))
                return None
            figure = figure_rounded(figure, self.audience)
        return replace(figure, title=self.text(figure.title), description=description)


def _of_persons(table: Table) -> bool:
    kinds = {table.column(name).kind for name in table.frame.columns}
    return bool(kinds & {Kind.IDENTIFIER, Kind.PERSON})


def file_name(name: str) -> str:
    """Turn a name of a table or figure into one of a file and of an anchor on the page."""
    return _NO_FILE_NAME.sub("-", name).strip("-.") or "unnamed"


def texts_of(frame: pl.DataFrame) -> list[str]:
    """Every text and whole number of a frame, headings included."""
    cells: set[str] = set()
    for name, kind in frame.schema.items():
        if kind.is_integer() or kind in (pl.String, pl.Categorical) or isinstance(kind, pl.Enum):
            cells.update(frame[name].cast(pl.String).drop_nulls().unique().to_list())
        elif kind == pl.List(pl.String):
            cells.update(frame[name].explode().drop_nulls().unique().to_list())
    return [*frame.columns, *sorted(cells)]


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, default=str)


def quoted(content: str) -> set[str]:
    """Every text between quotes of a JSON document."""
    return set(re.findall(r'"((?:[^"\\]|\\.)*)"', content))
