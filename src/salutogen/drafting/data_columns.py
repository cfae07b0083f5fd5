"""What the columns of a data file hold: who, when, item blocks, ready-made scores."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

LOOKED_AT = 20_000
_PERSON = re.compile(
    r"(subject|person|participant|patient|proband|respondent|case|record|vp|pid|id)", re.I
)
_OCCASION = re.compile(
    r"^(beep|wave|occasion|visit|session|week|month|time_?point|t|tp|measurement|assessment|"
    r"redcap_event_name|welle|zeitpunkt|occ|round)s?([_.]?(nr|no|number|id))?$",
    re.I,
)
_TIME = re.compile(r"(date|datum|time|day|start|ended|submitted)", re.I)
_BACKGROUND = re.compile(
    r"(^|[_.])(age|alter|sex|gender|geschlecht|education|site|country|language|ethnicity|"
    r"income|diagnos\w*)([_.]|$)",
    re.I,
)
_WAVE = re.compile(r"^(?P<item>.+?)(?P<mark>[_.]?(?:wave|w|t|m|occ|v)?)(?P<label>\d+)$", re.I)
_NUMBERED = re.compile(r"^(?P<stem>.*?)(?P<number>\d+)$")
_BASELINE = re.compile(r"[_.](t0|baseline|bl|b0|pre)$", re.I)
FEWEST_ITEMS = 2
EMPTY_FLAG = 0.5


@dataclass(frozen=True, slots=True)
class DataColumn:
    """One column, as far as its values tell: numbers are read with a point or a comma."""

    name: str
    filled: float
    numbers: tuple[float, ...] | None
    distinct: int
    texts: tuple[str | None, ...]

    @property
    def whole(self) -> bool:
        """Whether all values are whole numbers."""
        return self.numbers is not None and all(number.is_integer() for number in self.numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Item columns that belong together: a common stem and running numbers."""

    stem: str
    pattern: str
    columns: tuple[str, ...]
    minimum: float
    maximum: float
    zeros: float
    repeated: bool
    left_out: tuple[str, ...] = ()

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How rows stand for persons and occasions."""

    kind: str
    person: str | None
    occasion: str | None
    labels: tuple[str, ...]
    time: str | None
    unit: str | None
    interval: float | None
    mark: str = ""


def read_columns(frame: Any) -> dict[str, DataColumn]:
    """Read each column of a Polars frame as text and, where possible, as numbers."""
    found = {}
    for name in frame.columns:
        values = [_text(value) for value in frame[name].head(LOOKED_AT).to_list()]
        filled = [value for value in values if value is not None]
        numbers = _numbers(filled)
        found[name] = DataColumn(
            name,
            len(filled) / len(values) if values else 0.0,
            numbers,
            len(set(filled)),
            tuple(values),
        )
    return found


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value).strip() or None


def _numbers(values: Sequence[str]) -> tuple[float, ...] | None:
    try:
        numbers = tuple(float(value.replace(",", ".")) for value in values)
    except ValueError:
        return None
    return numbers if numbers and all(abs(number) < 1e300 for number in numbers) else None


def find_layout(columns: Mapping[str, DataColumn]) -> Layout:
    """Find the columns of person, occasion and time, and whether rows are persons."""
    occasion = _find_occasion(columns)
    person = _find_person(columns, occasion)
    time = _find_time(columns, occasion)
    unit = _unit(columns[time]) if time else None
    if occasion is None and person is not None and _is_unique(columns[person]):
        waves = find_waves(list(columns))
        if waves is not None:
            mark, labels = waves
            return Layout(
                kind="row-per-person",
                person=person,
                occasion=None,
                labels=labels,
                time=None,
                unit=None,
                interval=None,
                mark=mark,
            )
    labels = _labels(columns[occasion]) if occasion else ()
    interval = _interval(columns, person, time, unit)
    return Layout(
        kind="row-per-occasion",
        person=person,
        occasion=occasion,
        labels=labels,
        time=time,
        unit=unit,
        interval=interval,
    )


def find_waves(names: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """Find what marks the wave at the end of names, such as `_w1`: the mark and the labels."""
    items: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for name in names:
        match = _WAVE.match(name)
        if match and match["mark"] and _NUMBERED.match(match["item"]):
            items[match["mark"]][match["label"]].add(match["item"])
    best: tuple[int, str, tuple[str, ...]] | None = None
    for mark, waves in items.items():
        most = max(len(found) for found in waves.values())
        labels = tuple(sorted((label for label in waves if len(waves[label]) * 2 >= most), key=int))
        if most >= FEWEST_ITEMS and len(labels) >= 2 and (best is None or most > best[0]):
            best = (most, mark, labels)
    return None if best is None else (best[1], best[2])


def _is_unique(column: DataColumn) -> bool:
    return column.distinct == len(column.texts)


def _find_person(columns: Mapping[str, DataColumn], occasion: str | None) -> str | None:
    candidates = []
    for place, (name, column) in enumerate(columns.items()):
        match = _PERSON.search(name)
        if not match or name == occasion or column.filled < 1 or column.distinct < 2:
            continue
        named = bool(re.search(r"(subject|person|participant|patient|proband)", name, re.I))
        is_id = bool(re.search(r"(^|[_.\-])(id|pid|code|nr)$|id$", name, re.I))
        if named or is_id:
            candidates.append((-column.distinct * (1 + named + is_id), place, name))
    return min(candidates)[2] if candidates else None


def _find_occasion(columns: Mapping[str, DataColumn]) -> str | None:
    for name, column in columns.items():
        if _OCCASION.match(name) and column.filled == 1 and 2 <= column.distinct <= 200:
            return name
    return None


def _find_time(columns: Mapping[str, DataColumn], occasion: str | None) -> str | None:
    for name, column in columns.items():
        if not _TIME.search(name) or name == occasion or column.filled <= 0.5:
            continue
        numbers = column.numbers is not None and column.distinct > 5
        if numbers or (column.numbers is None and _unit(column) is not None):
            return name
    return None


def _unit(column: DataColumn) -> str | None:
    """Guess what a column of times counts; None if that cannot be seen."""
    values = [value for value in column.texts if value is not None][:200]
    if column.numbers is None:
        try:
            moments = [datetime.fromisoformat(value) for value in values]
        except ValueError:
            return None
        has_clock = any(len(value) > 10 for value in values)
        if not moments:
            return None
        return "datetime" if has_clock else "date"
    low, high = min(column.numbers), max(column.numbers)
    if low > 3_650 and high < 40_000 and column.whole:
        return "days since 1970-01-01"
    return "seconds since 1970-01-01" if low > 3e8 and high < 4e9 else None


def _labels(column: DataColumn) -> tuple[str, ...]:
    labels = {value for value in column.texts if value is not None}
    if column.numbers is not None:
        return tuple(sorted(labels, key=lambda label: (float(label.replace(",", ".")), label)))
    return tuple(dict.fromkeys(value for value in column.texts if value is not None))


def _interval(
    columns: Mapping[str, DataColumn], person: str | None, time: str | None, unit: str | None
) -> float | None:
    """Median days between a person's rows."""
    if person is None or time is None or unit is None:
        return None
    days: dict[str, list[float]] = defaultdict(list)
    for who, when in zip(columns[person].texts, columns[time].texts, strict=True):
        if who is None or when is None:
            continue
        if unit in ("date", "datetime"):
            try:
                days[who].append(datetime.fromisoformat(when).timestamp() / 86400)
            except (ValueError, OverflowError, OSError):
                return None
        else:
            scale = 86400 if unit.startswith("seconds") else 1
            days[who].append(float(when.replace(",", ".")) / scale)
    gaps = sorted(
        later - earlier
        for moments in map(sorted, days.values())
        for earlier, later in pairwise(moments)
        if later > earlier
    )
    return gaps[len(gaps) // 2] if gaps else None


def find_blocks(columns: Mapping[str, DataColumn], layout: Layout) -> list[Block]:
    """Find item blocks: at least two number columns with a common stem and running numbers."""
    taken = {layout.person, layout.occasion, layout.time}
    first = layout.labels[0] if layout.labels else ""
    groups: dict[tuple[str, bool], list[tuple[int, str, str]]] = defaultdict(list)
    for name, column in columns.items():
        wide = layout.kind == "row-per-person" and name.endswith(layout.mark + first)
        item = name.removesuffix(layout.mark + first) if wide else name
        match = _NUMBERED.match(item)
        if name in taken or match is None or (column.numbers is None and column.filled > 0):
            continue
        if not wide and _has_mark(name, layout):
            continue
        groups[match["stem"], wide].append((int(match["number"]), match["number"], name))
    return [
        block
        for (stem, wide), found in groups.items()
        if (block := _block(stem, wide, sorted(found), columns, layout)) is not None
    ]


def _has_mark(name: str, layout: Layout) -> bool:
    """Whether a column of a wide file belongs to one of the waves."""
    return layout.kind == "row-per-person" and any(
        name.endswith(layout.mark + label) for label in layout.labels
    )


def _block(
    stem: str,
    wide: bool,
    found: list[tuple[int, str, str]],
    columns: Mapping[str, DataColumn],
    layout: Layout,
) -> Block | None:
    """Keep the run of consecutive numbers; columns at its end that hold something else go."""
    run = found[:1]
    for before, after in pairwise(found):
        if after[0] != before[0] + 1:
            break
        run.append(after)
    left_out: list[str] = []
    while len(run) > FEWEST_ITEMS and _differs(columns, run):
        left_out.append(run.pop()[2])
    names = [name for _, _, name in run]
    values = [number for name in names for number in columns[name].numbers or ()]
    if len(names) < FEWEST_ITEMS or not values:
        return None
    suffix = f"{layout.mark}{{occasion}}" if wide else ""
    repeated = wide or (
        layout.kind == "row-per-occasion"
        and any(varies_within(columns[name], columns, layout.person) for name in names)
    )
    return Block(
        stem=stem,
        pattern=f"{stem}{{{run[0][1]}..{run[-1][1]}}}{suffix}",
        columns=tuple(names),
        minimum=min(values),
        maximum=max(values),
        zeros=sum(value == 0 for value in values) / len(values),
        repeated=repeated,
        left_out=tuple(left_out),
    )


def _differs(columns: Mapping[str, DataColumn], run: list[tuple[int, str, str]]) -> bool:
    """Whether the last column of a run is much emptier than the others, as free-text flags are."""
    others = [columns[name].filled for _, _, name in run[:-1]]
    return columns[run[-1][2]].filled < EMPTY_FLAG * sorted(others)[len(others) // 2]


def varies_within(
    column: DataColumn, columns: Mapping[str, DataColumn], person: str | None
) -> bool:
    """Whether a column takes several values within one person."""
    if person is None:
        return True
    seen: dict[str | None, str] = {}
    for who, value in zip(columns[person].texts, column.texts, strict=True):
        if value is not None and seen.setdefault(who, value) != value:
            return True
    return False


def find_single_columns(
    columns: Mapping[str, DataColumn], layout: Layout, blocks: Sequence[Block]
) -> tuple[list[str], list[tuple[str, bool]], list[str]]:
    """Sort what is left into background, scores (with whether they repeat) and the rest."""
    taken = {layout.person, layout.occasion, layout.time}
    taken |= {name for block in blocks for name in block.columns}
    stems = {block.stem for block in blocks if layout.mark}
    background, scores, rest = [], [], []
    for name, column in columns.items():
        if name in taken or any(name.startswith(stem) for stem in stems if stem):
            continue
        if _BACKGROUND.search(name):
            background.append(name)
        elif column.numbers is None or column.distinct < 3 or _is_item_left(name, blocks):
            rest.append(name)
        else:
            repeated = varies_within(column, columns, layout.person)
            if _BASELINE.search(name) and not repeated:
                scores.append((name, False))
            elif repeated and layout.kind == "row-per-occasion":
                scores.append((name, True))
            else:
                rest.append(name)
    return background, scores, rest


def _is_item_left(name: str, blocks: Sequence[Block]) -> bool:
    return any(name in block.left_out for block in blocks)
