"""How rows stand for persons and occasions: guessed by names, tested by the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

from salutogen.drafting.cells import DataColumn, DataTable
from salutogen.drafting.times import (
    TimeOfAnswers,
    always_rises,
    find_time,
    find_time_per_occasion,
    is_date,
)
from salutogen.drafting.waves import Waves, find_waves
from salutogen.drafting.words_of_names import (
    names_event,
    names_group,
    names_row,
    occasion_rank,
    person_rank,
)

ROWS_PER_PERSON = 1.2  # fewer, and the rows are persons
FEW_REPEATS = 0.02  # share of doubled rows that a file may hold by mistake
NEARLY_FILLED = 0.95
MOST_OCCASIONS = 400
LONGEST_LABEL = 60
FEWEST_IDS = 10
_MOST_TRIED = 12
_BETWEEN_PARTS = " /_.,:;|-\\"  # signs that may stand between the parts of a joined label


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How rows stand for persons and occasions.

    Attributes
    ----------
    kind : {"row-per-occasion", "row-per-person"}
    person, occasion : tuple of str
        Columns that together name the person and the occasion; empty where that cannot be told.
    labels : tuple of str
        Labels of the occasions; empty where they cannot be told.
    time : TimeOfAnswers, optional
    waves : Waves, optional
        Occasions inside the names, with one row per person.
    doubts : tuple of str
        What was seen and cannot be decided, in words.
    ruled_out : tuple of str
        Columns that number rows or name groups: neither persons nor answers.
    item, value : str
        Columns with the item and its answer, where each row holds one answer.
    """

    kind: str
    person: tuple[str, ...]
    occasion: tuple[str, ...]
    labels: tuple[str, ...]
    time: TimeOfAnswers | None = None
    waves: Waves | None = None
    doubts: tuple[str, ...] = ()
    ruled_out: tuple[str, ...] = field(default=())
    item: str = ""
    value: str = ""

    @property
    def taken(self) -> frozenset[str]:
        """Columns that say who and when."""
        times = self.time.columns if self.time else ()
        return frozenset((*self.person, *self.occasion, *times, *self.ruled_out))

    @property
    def single(self) -> bool:
        """Whether there is one occasion only."""
        return len(self.labels) == 1


@dataclass(frozen=True, slots=True)
class _Keys:
    """Columns tried as person and occasion, and how they fit the rows."""

    person: tuple[str, ...]
    occasion: tuple[str, ...]
    repeats: float
    rows_per_person: float


def find_layout(table: DataTable) -> Layout:
    """Find the columns of person, occasion and time, and whether rows are persons."""
    numbering = tuple(name for name, one in table.columns.items() if _numbers_rows(name, one))
    persons = person_candidates(table, numbering)
    occasions = occasion_candidates(table)
    best = _best_keys(table, persons, occasions)
    if best is not None:
        return _row_per_occasion(table, best, persons, numbering)
    alone = [name for name in persons if _names_each_row(table, name)]
    several = any(table.columns[name].distinct > 1 for name in occasions)
    waves = find_waves(table, (*alone[:1], *occasions))
    if alone or waves is not None:
        if waves is not None and (not several or len(waves.patterns) > 1):
            of_groups = [name for name in table.columns if names_group(name)]
            rows = [name for name in (*of_groups, *numbering) if _names_each_row(table, name)]
            return _row_per_person(table, alone, rows, waves)
        if not several and len(persons) > 0:
            return _one_occasion(table, alone[0], occasions, numbering)
    counting = _counting_within(table, persons)
    if counting is not None:
        doubt = f"No name tells the occasion; {counting.occasion[0]!r} counts the rows of a person."
        return _row_per_occasion(table, counting, persons, numbering, doubt)
    return _undecided(table, persons, occasions, numbering)


def _counting_within(table: DataTable, persons: Sequence[str]) -> _Keys | None:
    """A column of whole numbers from 0 or 1 that grows from row to row of each person."""
    for person in persons[:_MOST_TRIED]:
        if table.per_group([person]) < ROWS_PER_PERSON:
            continue
        for name, column in table.columns.items():
            counts = name != person and column.numeric and column.whole and column.filled >= 1
            if not counts or not column.distinct <= MOST_OCCASIONS:
                continue
            if column.numbers.min() in (0, 1) and always_rises(table, column, (person,)):
                return _tried(table, (person,), (name,))
    return None


def _numbers_rows(name: str, column: DataColumn) -> bool:
    """Whether a column counts the rows one by one, under a name that says no more."""
    numbers = column.numbers
    if not column.numeric or numbers.null_count() or numbers.len() < 2:
        return False
    counts = bool((numbers.diff().drop_nulls() == 1).all()) and numbers[0] in (0, 1)
    return counts and names_row(name)


def _names_each_row(table: DataTable, name: str) -> bool:
    return table.repeated_share([name]) <= 0 and table.columns[name].filled >= 1


def person_candidates(table: DataTable, numbering: Sequence[str] = ()) -> list[str]:
    """Columns that may identify persons, the likeliest name first."""
    ranked = [
        (name in numbering, -rank, place, name)
        for place, (name, column) in enumerate(table.columns.items())
        if name and (rank := person_rank(name)) and _may_identify(column)
    ]
    if ranked:
        return [name for _, _, _, name in sorted(ranked)]
    return [name for name, column in table.columns.items() if name and _looks_like_ids(column)]


def _looks_like_ids(column: DataColumn) -> bool:
    """Whether all values are letters with a number, such as S001."""
    if column.filled < NEARLY_FILLED or column.distinct < FEWEST_IDS:
        return False
    values = column.texts.drop_nulls()
    return bool(values.str.contains(r"^[A-Za-z]{1,6}[-_ ]?\d{1,6}$").all())


def _may_identify(column: DataColumn) -> bool:
    usable = column.filled >= NEARLY_FILLED and column.distinct >= 2
    return usable and (column.n_words > 0 or column.whole) and not is_date(column)


def occasion_candidates(table: DataTable) -> list[str]:
    """Columns that may name the occasion, the plainest name first."""
    ranked = [
        (is_date(column), rank, place, name)
        for place, (name, column) in enumerate(table.columns.items())
        if (rank := occasion_rank(name)) is not None and _may_label(column)
    ]
    return [name for _, _, _, name in sorted(ranked)]


def _may_label(column: DataColumn) -> bool:
    """Whether values may be labels of occasions: few, short, and no decimals."""
    few = column.distinct == 1 or column.distinct * 2 <= column.texts.len()
    if column.filled < NEARLY_FILLED or not few or column.distinct > MOST_OCCASIONS:
        return False
    longest = column.texts.str.len_chars().max()
    short = isinstance(longest, int) and longest <= LONGEST_LABEL
    return short and not (column.numeric and not column.whole)


def _best_keys(table: DataTable, persons: Sequence[str], occasions: Sequence[str]) -> _Keys | None:
    """Try persons and occasions in the order of their names, then what two columns make.

    A few doubled rows are a mistake in the file: they neither speak for an occasion of a less
    plain name nor for two columns that happen to differ in them. Only a group that separates
    persons of the same id comes before.
    """
    occasions = occasions[:_MOST_TRIED]
    near: _Keys | None = None
    for person in persons[:_MOST_TRIED]:
        for occasion in occasions:
            keys = _tried(table, (person,), (occasion,))
            if keys.rows_per_person >= ROWS_PER_PERSON and keys.repeats <= FEW_REPEATS:
                near = near or keys
        if near is not None:
            break
    if near is not None and near.repeats <= 0:
        return near
    nested = [
        ((group, person), (occasion,))
        for person in persons[:3]
        for group in group_candidates(table)
        if group != person
        for occasion in (near.occasion if near else occasions[:3])
    ]
    paired = [
        ((person,), pair)
        for person in persons[:3]
        for pair in combinations(_by_size(table, occasions), 2)
    ]
    for person_columns, pair in (*nested, *(() if near else paired)):
        keys = _tried(table, person_columns, pair)
        if keys.rows_per_person >= ROWS_PER_PERSON and keys.repeats <= 0:
            return keys
    return near


def group_candidates(table: DataTable) -> list[str]:
    """Columns that name groups of persons, such as sites."""
    named = [
        name
        for name, column in table.columns.items()
        if names_group(name)
        and column.filled >= NEARLY_FILLED
        and 2 <= column.distinct <= table.n_rows // 2
    ]
    return named[:_MOST_TRIED]


def _by_size(table: DataTable, names: Sequence[str]) -> list[str]:
    """Occasions from the coarse to the fine: days before the prompts of a day."""
    order = {name: place for place, name in enumerate(table.columns)}
    varied = [name for name in names if table.columns[name].distinct > 1]
    coarse = {"wave": 0, "month": 1, "week": 2, "day": 3, "tag": 3}
    return sorted(varied, key=lambda name: (coarse.get(name.lower(), 4), order[name]))


def _tried(table: DataTable, person: tuple[str, ...], occasion: tuple[str, ...]) -> _Keys:
    return _Keys(
        person,
        occasion,
        table.repeated_share([*person, *occasion]),
        table.per_group(person),
    )


def _row_per_occasion(
    table: DataTable,
    keys: _Keys,
    persons: Sequence[str],
    numbering: tuple[str, ...],
    doubt: str = "",
) -> Layout:
    doubts = [doubt] if doubt else []
    if keys.repeats > 0:
        doubts.append(
            f"{100 * keys.repeats:.1f} % of the rows repeat a person and occasion: "
            "check names them."
        )
    others = [name for name in persons if name not in keys.person and _names_each_row(table, name)]
    time = find_time(table, keys.person, keys.occasion)
    return Layout(
        kind="row-per-occasion",
        person=keys.person,
        occasion=keys.occasion,
        labels=_joined_labels(table, keys.occasion),
        time=time,
        doubts=tuple(doubts),
        ruled_out=(*numbering, *others),
    )


def _row_per_person(
    table: DataTable, ids: Sequence[str], rows: Sequence[str], waves: Waves
) -> Layout:
    """Rows are persons, named by an id or, where there is none, by the number of the row."""
    doubts = []
    person = tuple(ids[:1]) or tuple(rows[:1])
    if waves.unclear:
        doubts.append(
            f"Names such as {waves.unclear[0]!r} hold two numbers: which one is the occasion "
            "cannot be told."
        )
    if person and not ids:
        doubts.append(f"No column holds ids: each row is a person, named by {person[0]!r}.")
    if not person:
        doubts.append("No column holds ids: if each row is a person, add one with numbers.")
    return Layout(
        kind="row-per-person",
        doubts=tuple(doubts),
        person=person,
        occasion=(),
        labels=waves.labels,
        time=find_time_per_occasion(table, waves),
        waves=waves,
        ruled_out=tuple(name for name in rows if name not in person),
    )


def _one_occasion(
    table: DataTable, person: str, occasions: Sequence[str], numbering: tuple[str, ...]
) -> Layout:
    occasion = tuple(name for name in occasions if table.columns[name].filled >= 1)[:1]
    return Layout(
        kind="row-per-occasion",
        person=(person,),
        occasion=occasion,
        labels=_labels(table.columns[occasion[0]]) if occasion else ("1",),
        time=None,
        doubts=("Each person has one row and no name tells an occasion: one occasion.",),
        ruled_out=tuple(name for name in numbering if name != person),
    )


def _undecided(
    table: DataTable,
    persons: Sequence[str],
    occasions: Sequence[str],
    numbering: tuple[str, ...],
) -> Layout:
    """What stays open where no columns make person and occasion unique."""
    repeated = [name for name in persons if table.per_group([name]) >= ROWS_PER_PERSON]
    varied = [name for name in occasions if table.columns[name].distinct > 1]
    doubts = []
    if varied and persons and not repeated:
        doubts.append(f"{persons[0]!r} is different in each row, so it names rows, not persons.")
    if varied and repeated:
        doubts.append(
            f"{repeated[0]!r} and {varied[0]!r} together occur in several rows that differ: "
            "another column must be part of the person or of the occasion."
        )
    if repeated and not varied:
        moment = next((name for name, one in table.columns.items() if is_date(one)), None)
        doubts.append(
            "No column was found that tells the occasions of a person apart: add one that numbers "
            "the rows of each person" + (f", in the order of {moment!r}." if moment else ".")
        )
        events = next((name for name in table.columns if names_event(name)), None)
        if moment and events:
            doubts.append(
                f"If each row is a dated event ({events!r}), name this file as a further source "
                "with `layout: row-per-event`, beside the file with the answers."
            )
    unique = not varied and not repeated and bool(persons)
    certain = repeated if not varied else []
    person = tuple(persons[:1] if unique else certain[:1])
    ids = {name for name in persons if _names_each_row(table, name)}
    return Layout(
        kind="row-per-occasion",
        person=person,
        occasion=(),
        labels=(),
        doubts=tuple(doubts),
        ruled_out=tuple(dict.fromkeys((*numbering, *sorted(ids - set(person))))),
    )


def _joined_labels(table: DataTable, occasion: tuple[str, ...]) -> tuple[str, ...]:
    """Labels of occasions that several columns make, such as `2/1`; none where that is unclear."""
    parts = [_labels(table.columns[name]) for name in occasion]
    if len(parts) == 1:
        return parts[0]
    if any(sign in label for part in parts for label in part for sign in _BETWEEN_PARTS):
        return ()
    seen = set(zip(*(table.columns[name].texts.to_list() for name in occasion), strict=True))
    found = ["/".join(labels) for labels in product(*parts) if labels in seen]
    return tuple(found) if len(found) <= MOST_OCCASIONS else ()


def _labels(column: DataColumn) -> tuple[str, ...]:
    """Labels of occasions: in the order of their numbers, else of the file."""
    labels = column.texts.drop_nulls().unique(maintain_order=True).to_list()
    if not column.numeric:
        return tuple(labels)
    numbers = dict(zip(column.texts.to_list(), column.numbers.to_list(), strict=True))
    return tuple(sorted(labels, key=lambda label: (numbers[label], label)))
