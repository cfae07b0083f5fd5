"""Columns that belong together: items under one name and running numbers, and ready-made scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from salutogen.drafting.answer_codes import AnswerCodes, answer_codes
from salutogen.drafting.cells import DataColumn, DataTable
from salutogen.drafting.known_scales import KnownScale, known_scale
from salutogen.drafting.layout import Layout
from salutogen.drafting.numbered_names import Run, is_writable, patterns, runs
from salutogen.drafting.words_of_names import (
    names_arm,
    names_background,
    names_count,
    names_recoded,
    names_row,
    names_time,
    names_total,
    occasion_rank,
    person_rank,
    tokens,
    without_totals,
)
from salutogen.study.answers_in_words import MOST_WORDS
from salutogen.study.format import OCCASION_PLACEHOLDER
from salutogen.study.instruments.registry import RegisteredInstrument

FEWEST_ITEMS = 2
MUCH_EMPTIER = 0.5
LONGEST_NAME = 200
FEWEST_COUNTED = 2  # different values: more than yes and no


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Columns of one instrument.

    Attributes
    ----------
    stem : str
        What the names have in common.
    patterns : tuple of str
        The columns as a study file names them.
    columns : tuple of str
        Every column in the file, of all occasions.
    n_items : int
        Number of items; 1 for a ready-made score.
    codes : AnswerCodes or None
        What was answered; None where the answers are words.
    words : tuple of str
        Answers that are no numbers.
    odd_cells : int
        Cells that hold a word or a stray code.
    in_words : bool
        Whether the answers are words, not numbers with a stray word.
    repeated : bool
    total : bool
        Whether it is a ready-made score.
    scale : KnownScale or None
        The scale that the name speaks of.
    entry : RegisteredInstrument or None
        The instrument of the registry that name and number of items tell.
    absent : mapping of label to patterns
        Occasions where not all items were asked, and those that were.
    left_out : tuple of str
        Columns under the same name that hold something else.
    """

    stem: str
    patterns: tuple[str, ...]
    columns: tuple[str, ...]
    n_items: int
    codes: AnswerCodes | None
    words: tuple[str, ...] = ()
    odd_cells: int = 0
    in_words: bool = False
    repeated: bool = True
    total: bool = False
    scale: KnownScale | None = None
    entry: RegisteredInstrument | None = None
    absent: Mapping[str, tuple[str, ...]]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Names:
    """Names of items, with `{occasion}` where names hold it, and the columns of each."""

    columns: Mapping[str, Mapping[str, str]]
    layout: Layout

    def of(self, name: str) -> tuple[str, ...]:
        return tuple(self.columns[name].values())


def find_blocks(table: DataTable, layout: Layout) -> list[Block]:
    """Find the item blocks and the ready-made scores of a file."""
    names = _item_names(table, layout)
    usable = [name for name in names.columns if _holds_answers(table, names.of(name))]
    blocks: list[Block] = []
    used: set[str] = set()
    for run in runs(usable):
        for part in _alike(run, table, names):
            block = _block(part, table, names)
            if block is not None:
                blocks.append(block)
                used.update(part.names)
    blocks = _without_copies(blocks)
    blocks += _totals([name for name in usable if name not in used], table, names, blocks)
    order = {name: place for place, name in enumerate(table.columns)}
    return sorted(blocks, key=lambda block: order[block.columns[0]])


def _item_names(table: DataTable, layout: Layout) -> _Names:
    """Every name that may be an item: columns, or patterns over the occasions."""
    found: dict[str, dict[str, str]] = {}
    waves = layout.waves
    inside = {}
    unclear = set(waves.unclear) if waves is not None else set()
    if waves is not None:
        for pattern, columns in waves.patterns.items():
            inside.update(dict.fromkeys(columns.values(), pattern))
            found[pattern] = dict(columns)
    for name in table.columns:
        if name not in inside and name not in unclear:
            found[name] = {"": name}
    return _Names(
        {
            name: columns
            for name, columns in found.items()
            if not layout.taken & set(columns.values())
            and all(is_writable(one) and len(one) <= LONGEST_NAME for one in columns.values())
        },
        layout,
    )


def _holds_answers(table: DataTable, names: Sequence[str]) -> bool:
    """Whether columns hold numbers, words of few kinds, or nothing."""
    for name in names:
        column = table.columns[name]
        words = column.n_words > 0 and column.distinct > MOST_WORDS
        if words and not column.mostly_numeric:
            return False
    return True


def _alike(run: Run, table: DataTable, names: _Names) -> Iterator[Run]:
    """Part a run of names where the answers change their kind: numbers from words."""
    kinds = [_kind([table.columns[one] for one in names.of(name)]) for name in run.names]
    start = 0
    for place in range(1, len(run.names) + 1):
        before = next((kind for kind in reversed(kinds[start:place]) if kind), "")
        if place == len(run.names) or (kinds[place] and before and kinds[place] != before):
            if place - start >= FEWEST_ITEMS:
                yield Run(run.before, run.after, run.names[start:place], run.digits[start:place])
            start = place


def _kind(columns: Sequence[DataColumn]) -> str:
    filled = [one for one in columns if one.filled > 0]
    if not filled:
        return ""
    return "numbers" if all(one.mostly_numeric for one in filled) else "words"


def _block(run: Run, table: DataTable, names: _Names) -> Block | None:
    """Make the block of a run; columns at its end that hold something else go."""
    left_out: list[str] = []
    scale = known_scale(run.stem)
    if scale is not None and scale.entry_for(len(run.names)) is None:
        entry = scale.entry_with_question(len(run.names))
        if entry is not None:
            left_out += names.of(run.names[-1])
            run = _shorter(run)
    while len(run.names) > FEWEST_ITEMS and _differs(run, table, names):
        left_out += names.of(run.names[-1])
        run = _shorter(run)
    entry = scale.entry_for(len(run.names)) if scale else None
    made = _made(run.stem, run.names, patterns(run), table, names, scale, entry)
    if made is None or (made.codes is not None and not made.codes.whole and entry is None):
        return None
    return replace(made, left_out=tuple(left_out))


def _shorter(run: Run) -> Run:
    return Run(run.before, run.after, run.names[:-1], run.digits[:-1])


def _made(
    stem: str,
    items: Sequence[str],
    written: tuple[str, ...],
    table: DataTable,
    names: _Names,
    scale: KnownScale | None,
    entry: RegisteredInstrument | None,
    *,
    total: bool = False,
) -> Block | None:
    columns = [table.columns[one] for name in items for one in names.of(name)]
    words = tuple(dict.fromkeys(word for one in columns for word in one.words))
    in_words = _kind(columns) == "words"
    likely = entry.answers if entry and not total else None
    codes = None if in_words else answer_codes(columns, likely, items=len(items) > 1)
    if codes is None and not (in_words and len(words) <= MOST_WORDS):
        return None
    layout = names.layout
    marked = any(OCCASION_PLACEHOLDER in name for name in items)
    within = any(table.varies_within(one.name, layout.person) for one in columns)
    repeated = marked if layout.kind == "row-per-person" else within or layout.single
    return Block(
        stem=stem,
        patterns=written,
        columns=tuple(one.name for one in columns),
        n_items=len(items),
        codes=codes,
        words=words,
        odd_cells=sum(one.n_words for one in columns) + (codes.stray_cells if codes else 0),
        in_words=in_words,
        repeated=repeated,
        total=total,
        scale=scale,
        entry=entry,
        absent=_absent(items, names) if marked else {},
    )


def _absent(items: Sequence[str], names: _Names) -> dict[str, tuple[str, ...]]:
    """Occasions where some items have no column, and the items that have one."""
    absent = {}
    for label in names.layout.labels:
        there = tuple(name for name in items if label in names.columns[name])
        if len(there) < len(items):
            absent[label] = there
    return absent


def _differs(run: Run, table: DataTable, names: _Names) -> bool:
    """Whether the last column is much emptier than the others, as follow-up questions are."""
    filled = [max(table.columns[one].filled for one in names.of(name)) for name in run.names]
    others = sorted(filled[:-1])
    return filled[-1] < MUCH_EMPTIER * others[len(others) // 2]


def _without_copies(blocks: Sequence[Block]) -> list[Block]:
    """Leave out copies of items that were turned round, such as `PSS_4_r`."""
    kept = []
    for block in blocks:
        endings = [block.patterns[0].rpartition("}")[2]] if "}" in block.patterns[0] else []
        copies = any(
            names_recoded(ending)
            and any(
                other is not block and other.stem and block.stem.startswith(other.stem)
                for other in blocks
            )
            for ending in endings
        )
        if not copies:
            kept.append(block)
    return kept


def _totals(
    usable: Sequence[str], table: DataTable, names: _Names, blocks: Sequence[Block]
) -> list[Block]:
    """Find ready-made scores among single columns: by a word for it, or by a scale's name."""
    found = []
    has_events = any(block.scale and block.scale.measures == "exposure" for block in blocks)
    for name in usable:
        plain = name.replace(OCCASION_PLACEHOLDER, "")
        scale = known_scale(plain)
        counted = scale is not None and scale.measures == "exposure"
        told = names_total(plain) or (counted and names_count(plain))
        if not told and (scale is None or not _is_score(table, names.of(name), plain, scale)):
            continue
        if _has_items(plain, scale, blocks):
            continue
        if counted and has_events:  # a total of the list would count its events twice
            continue
        made = _made(plain, (name,), (name,), table, names, scale, None, total=True)
        if made is not None and not made.in_words:
            found.append(made)
    return found


def find_single_answers(
    table: DataTable, layout: Layout, blocks: Sequence[Block]
) -> tuple[list[Block], list[tuple[Block, str]]]:
    """Single columns of numbers that change over time, for a file whose names tell too little.

    Whether one is a score, an answer or neither is for a person to say. Those that go with items
    that are there are returned apart, each with the reason.
    """
    used = {column for one in blocks for column in (*one.columns, *one.left_out)}
    names = _item_names(table, layout)
    found: list[Block] = []
    apart: list[tuple[Block, str]] = []
    for name, columns in names.columns.items():
        plain = name.replace(OCCASION_PLACEHOLDER, "")
        if used & set(columns.values()) or not _may_be_answers(plain):
            continue
        if not all(table.columns[one].mostly_numeric for one in columns.values()):
            continue
        scale = known_scale(plain)
        made = _made(plain, (name,), (name,), table, names, scale, None)
        if made is None or not made.repeated or made.words:
            continue
        if _has_items(plain, scale, blocks):
            apart.append((made, "goes with items that are there"))
        else:
            found.append(made)
    return found, apart


def _has_items(name: str, scale: KnownScale | None, blocks: Sequence[Block]) -> bool:
    """Whether a column has the name of a scale of which the items are there too."""
    with_items = [one for one in blocks if one.n_items > 1]
    if scale is not None and any(one.scale and one.scale.word == scale.word for one in with_items):
        return True
    stems = {without_totals(one.stem) for one in with_items}
    return names_total(name) and without_totals(name) in stems


def _may_be_answers(name: str) -> bool:
    """Whether a name speaks neither of persons, times and rows nor of what describes persons."""
    other = names_time(name) or names_background(name) or names_arm(name) or names_row(name)
    return not other and not person_rank(name) and occasion_rank(name) is None


def _is_score(table: DataTable, columns: Sequence[str], name: str, scale: KnownScale) -> bool:
    """Whether a column under a scale's own name holds more than an item has.

    A number under a bare word for stressors counts them.
    """
    codes = answer_codes([table.columns[one] for one in columns])
    if codes is None:
        return False
    bare = "".join(token for token in tokens(name) if not token.isdigit()) == scale.word
    if bare and scale.measures == "exposure":
        return codes.minimum >= 0 and len(codes.shares) > FEWEST_COUNTED
    return not codes.whole or codes.maximum - codes.minimum > 7 or len(codes.shares) > 8
