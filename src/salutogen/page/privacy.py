"""The one place that decides what of a section the audience sees.

Nothing here trusts who made the section. Identifiers are refused on every page. Where persons are
hidden, tables and figures of single persons are left out, and small counts with them: those of
fewer than five, those that leave fewer than five of a whole, and, where the cells of a column add
up to a number that is told, the next smallest as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import polars as pl

from salutogen.columns import Column, Kind
from salutogen.findings import Finding, finding
from salutogen.page.audience import LABEL_PATTERN, Audience
from salutogen.page.section import Figure, Section, Table, Text
from salutogen.page.words import Sentence

SMALL_NOTE = "Counts of fewer than 5 persons, and those that would give them away, are blank."
_TOKEN = re.compile(r"[^\s,;:()\[\]{}\"'“”‘’<>]+")
_LABEL = re.compile(LABEL_PATTERN)
# Sentences that tell what stands in a single row.
_OF_ONE_ROW = re.compile(r"\brows? \{first|\{examples\b")
_NO_FILE_NAME = re.compile(r"[^\w.-]+")
# A safety net under plain sentences; those of this package carry their counts as `Persons`.
_PERSONS = re.compile(
    r"(?<![\d.,])\d+(?:,\d{3})*(?= (?:of [\d,]+ )?(?:persons?|participants?|subjects?|people)\b)"
)
_DIGIT = r"[\d¹²³⁰⁴-⁹₀-₉]"
_LETTERED, _DIGITS = 4, 6  # from how many characters on an identifier is like no other word


@dataclass(frozen=True)
class Identifiers:
    """The identifiers of a study, as far as they can be told from other words and numbers."""

    subjects: pl.Series

    @cached_property
    def distinctive(self) -> frozenset[str]:
        """Identifiers that are like no other word: four characters with a letter, or six digits."""
        text = pl.col("text")
        digits, length = text.str.contains(rf"^{_DIGIT}+$"), text.str.len_chars()
        lettered = text.str.contains(_DIGIT) & (length >= _LETTERED)
        alike_no_other = pl.when(digits).then(length >= _DIGITS).otherwise(lettered)
        # In one query: a large study has a million of them.
        texts = pl.DataFrame({"text": self.subjects}).filter(alike_no_other)
        return frozenset(texts["text"].to_list())

    def stand_in(self, text: str) -> bool:
        """Whether a text holds an identifier."""
        if not self.distinctive:
            return False
        return text in self.distinctive or any(
            token in self.distinctive or token.rstrip(".!?") in self.distinctive
            for token in _TOKEN.findall(text)
        )


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
        """Return a text with small counts hidden."""
        if isinstance(text, Sentence):
            return text.worded(self.audience.in_a_sentence)
        if self.audience.individuals:
            return text
        return _PERSONS.sub(self._counted, text)

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
        """Return a finding whose sentence hides small counts."""
        told = self.text(item.text)
        if item.template:
            told = item.worded(self.audience.in_a_sentence)
        if self.forbids(told) or (
            not self.audience.individuals and _OF_ONE_ROW.search(item.template)
        ):
            told = item.untold()
        if (
            not self.audience.individuals
            and 0 < (item.evidence.n_rows or 0) < self.audience.smallest
        ):
            # Rows are few, and so are the persons behind them.
            told = item.untold(f"fewer than {self.audience.smallest} rows")
        return replace(item, text=told, mend=self.words(item.mend))

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
        note = self.text(table.note)
        if SMALL_NOTE not in note and not hidden.frame.equals(table.frame):
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
        return replace(figure, title=self.text(figure.title), description=description)


def hide_small(table: Table, audience: Audience) -> Table:
    """Blank counts that may not be told, and what is computed from few persons.

    Shares go with the counts of their row; other statistics only where a count of their row is
    itself small.
    """
    counts = [name for name in table.frame.columns if table.column(name).kind is Kind.COUNT]
    if not counts:
        return table
    frame = table.frame
    blank = {name: _hidden(table, name, audience) for name in counts}
    _hide_rows_that_add_up(table, blank)
    few = [
        any(_is_few(frame[name][row], audience) for name in counts) for row in range(frame.height)
    ]
    touched = [any(blank[name][row] for name in counts) for row in range(frame.height)]
    for name in frame.columns:
        kind = table.column(name).kind
        if kind is Kind.STATISTIC:
            blank[name] = few
        elif kind is Kind.SHARE:
            blank[name] = touched
    return replace(
        table,
        frame=frame.with_columns(
            pl.when(~pl.Series(hidden, dtype=pl.Boolean)).then(pl.col(name)).alias(name)
            for name, hidden in blank.items()
            if any(hidden)
        ),
    )


def hide_small_beside(table: Table, beside: Sequence[Column], audience: Audience) -> Table:
    """Hide with the help of counts that the table does not show; these columns are dropped."""
    hidden = hide_small(replace(table, columns=(*table.columns, *beside)), audience)
    names = [column.name for column in beside]
    changed = not hidden.frame.equals(table.frame)
    return replace(
        table,
        frame=hidden.frame.drop(names),
        note=f"{table.note} {SMALL_NOTE}".strip() if changed else table.note,
    )


def _hidden(table: Table, name: str, audience: Audience) -> list[bool]:
    """Which cells of a column of counts may not be told."""
    wholes = [table.frame[whole].to_list() for whole in _wholes(table, name)]
    if table.column(name).of == name:  # of no count of persons, but few are of few persons
        return [_is_few(cell, audience) for cell in table.frame[name].to_list()]
    return [
        cell is not None
        and any(
            audience.hides(int(cell), None if whole is None else int(whole))
            for whole in (None, *(column[row] for column in wholes))
        )
        for row, cell in enumerate(table.frame[name].to_list())
    ]


def _wholes(table: Table, name: str) -> list[str]:
    """Columns whose part a column of counts is, and those whose part these are."""
    found: list[str] = []
    waiting = [name]
    while waiting:
        of = table.column(waiting.pop()).of
        for whole in (of,) if isinstance(of, str) else of:
            if whole in table.frame.columns and whole not in (name, *found):
                found.append(whole)
                waiting.append(whole)
    return found


def _hide_rows_that_add_up(table: Table, blank: dict[str, list[bool]]) -> None:
    """Hide more cells of a column that adds up, so that no sum gives the hidden ones away.

    For each number that the cells add up to, the smallest cell that is told goes as well, or one of
    nobody where no other is left. Counts of its row whose part it is, or which are its part, could
    bring it back: these go with it.
    """
    before = {name: sum(hidden) for name, hidden in blank.items()}
    for name in blank:
        if not before[name]:
            continue
        more = table.column(name).adds_up - (sum(blank[name]) - before[name])
        if more <= 0:
            continue
        cells = table.frame[name].to_list()
        told = [row for row, cell in enumerate(cells) if cell is not None and not blank[name][row]]
        told.sort(key=lambda row: (cells[row] == 0, cells[row], row))
        for row in told[:more]:
            blank[name][row] = True
            for other in blank:
                related = name in _wholes(table, other) or other in _wholes(table, name)
                if related and _wholes(table, other):
                    blank[other][row] = True


def _is_few(value: Any, audience: Audience) -> bool:
    return value is not None and audience.is_small(int(value))


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
