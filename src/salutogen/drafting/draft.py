"""A draft of a study file from a data file; what cannot be seen stays open as `???`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import polars as pl

from salutogen.drafting.cells import DataTable, read_table
from salutogen.drafting.header_rows import further_header_rows
from salutogen.drafting.item_rows import find_item_rows
from salutogen.drafting.items import Block, find_blocks, find_single_answers
from salutogen.drafting.layout import Layout, find_layout
from salutogen.drafting.questions import Question, questions
from salutogen.drafting.roles import ROLES, DraftedInstrument, draft_instruments, lacks_a_side
from salutogen.drafting.same_measure import without_repeats
from salutogen.drafting.single_columns import BackgroundColumn, sort_singles
from salutogen.drafting.study_text import is_writable, study_text
from salutogen.drafting.trial import refused_instruments
from salutogen.drafting.words_of_names import names_background
from salutogen.study.format.plain_yaml import MOST_BYTES

MOST_INSTRUMENTS = 150
_TRIALS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft of a study file: what was seen in the columns, and what is open.

    Attributes
    ----------
    file : str
        Name of the data file.
    layout : Layout
        How rows stand for persons and occasions.
    header_rows : int
        Rows below the names that describe the columns.
    skip_rows : int
        Rows above the names, such as a title.
    background : tuple of BackgroundColumn
    instruments : tuple of DraftedInstrument
        Items and ready-made scores with their guessed role.
    doubtful : tuple of (column or pattern, reason)
        What was recognised and not used.
    unused : tuple of str
        Columns that went nowhere.
    files : mapping of label to file
        The file of each occasion, where there are several.
    """

    file: str
    layout: Layout
    header_rows: int
    skip_rows: int = 0
    background: tuple[BackgroundColumn, ...]
    instruments: tuple[DraftedInstrument, ...]
    doubtful: tuple[tuple[str, str], ...]
    unused: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The commented YAML file with every open question as a gap or at its guess."""
        return self.filled({})

    @property
    def questions(self) -> tuple[Question, ...]:
        """What a person may know better than the columns tell, in the order of the file."""
        return tuple(questions(self))

    def filled(self, answers: Mapping[str, str]) -> str:
        """Write the study file with the answers given; questions left out keep their guess."""
        return study_text(self, answers)

    def without(self, dropped: Mapping[str, str]) -> Draft:
        """Return the draft without some instruments, each with the reason."""
        gone = [one for one in self.instruments if one.name in dropped]
        return replace(
            self,
            instruments=tuple(one for one in self.instruments if one.name not in dropped),
            doubtful=(
                *self.doubtful,
                *((", ".join(one.block.patterns[:3]), dropped[one.name]) for one in gone),
            ),
        )


def draft_study(frame: pl.DataFrame, name: str) -> Draft:
    """Look at the columns of a data file and draft a study file.

    The guess of person and occasion is tested on the rows before it is made, and the draft is read
    as `salutogen check` reads it: an instrument that would be refused is left out and said.

    Parameters
    ----------
    frame : polars.DataFrame
        The answers, as text or typed. The first 20,000 rows are looked at.
    name : str
        Name of the file.
    """
    below = further_header_rows(frame)
    answers = frame.slice(below)
    by_item = find_item_rows(answers)
    table = read_table(answers if by_item is None else by_item.wide)
    layout = find_layout(table)
    if by_item is not None:
        layout = replace(layout, item=by_item.item, value=by_item.value)
    blocks = [
        one
        for one in find_blocks(table, layout)
        if not _describes(one.stem, one.scale) and not _labels_only(one, table)
    ]
    apart: list[tuple[Block, str]] = []
    if lacks_a_side(blocks):
        more, apart = find_single_answers(table, layout, blocks)
        blocks += more
    blocks, repeats = without_repeats(table, layout, blocks)
    apart += repeats
    used = {column for one in blocks for column in one.columns}
    left_out = {column for one in blocks for column in one.left_out}
    told = {column for one, _ in apart for column in one.columns}
    singles = sort_singles(table, layout, used | left_out | told)
    unclear = layout.waves.unclear if layout.waves else ()
    draft = Draft(
        file=name,
        layout=layout,
        header_rows=below,
        background=singles.background,
        instruments=tuple(draft_instruments(blocks)),
        doubtful=(
            *singles.doubtful,
            *((", ".join(one.patterns), why) for one, why in apart),
            *((column, "is no item of its list") for column in sorted(left_out)),
        ),
        unused=tuple(dict.fromkeys((*singles.unused, *unclear))),
    )
    return _readable(_small(draft), answers)


def _describes(stem: str, scale: object) -> bool:
    """Whether numbered columns are background (`child_age_1`), not answers."""
    return scale is None and names_background(stem)


def _labels_only(block: Block, table: DataTable) -> bool:
    """Whether each column holds one value, another one than the others: labels, no answers."""
    values = [table.columns[name].texts.drop_nulls().unique() for name in block.columns]
    return (
        all(one.len() <= 1 for one in values) and len({one[0] for one in values if one.len()}) > 1
    )


def _small(draft: Draft) -> Draft:
    """Leave out what cannot be written, or would make the file too large to be read."""
    no_way = {one.name: why for one in draft.instruments if (why := is_writable(one))}
    draft = draft.without(no_way)
    ranked = sorted(draft.instruments, key=lambda one: one.role not in ROLES)
    most = MOST_INSTRUMENTS
    while len(ranked) > most or len(draft.text.encode()) > MOST_BYTES * 0.9:
        most = min(most, len(ranked) // 2)
        draft = draft.without({one.name: "is one of too many for a draft" for one in ranked[most:]})
        ranked = ranked[:most]
        if not ranked:
            break
    return draft


def _readable(draft: Draft, answers: pl.DataFrame) -> Draft:
    """Read the draft as `check` would; leave out instruments of no role that are refused."""
    for _ in range(_TRIALS):
        refused = refused_instruments(draft.text, answers, draft.layout)
        role = {one.name: one.role for one in draft.instruments}
        dropped = {
            name: why
            for name, why in refused.items()
            if role.get(name) not in ("problems", "exposure")
        }
        if not dropped:
            break
        draft = draft.without(dropped)
    return draft
