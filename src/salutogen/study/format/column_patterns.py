"""Patterns of column names: numbered ranges such as `GE_{01..11}`, and {occasion}."""

from __future__ import annotations

import re

from salutogen.namespaces import item_column

_NUMBERS = re.compile(r"\{(\d+)\.\.(\d+)\}")
_OCCASION = re.compile(
    r"^(?:wave|[a-z])?\{occasion\}[_.\-]?|[_.\-](?:wave|[a-z])?\{occasion\}|\{occasion\}",
    re.IGNORECASE,
)
OCCASION_PLACEHOLDER = "{occasion}"
MOST_EXPANDED = 2000


def expand_numbers(pattern: str) -> tuple[str, ...]:
    """Write out a numbered pattern: `GE_{01..11}` gives GE_01 to GE_11 and nothing else.

    Zeros in front are kept as in the first number. Several ranges multiply. A pattern without a
    range is one name. `{occasion}` stays as it is.

    Raises
    ------
    ValueError
        The range runs backwards, is too long, or a brace is left over.
    """
    names = [""]
    position = 0
    for match in _NUMBERS.finditer(pattern):
        first, last = int(match[1]), int(match[2])
        if last < first:
            raise ValueError(f"the range {match[0]} in {pattern!r} runs backwards")
        width = len(match[1]) if match[1].startswith("0") and len(match[1]) > 1 else 0
        if len(names) * (last + 1 - first) > MOST_EXPANDED:
            raise ValueError(f"{pattern!r} stands for more than {MOST_EXPANDED} columns")
        numbers = [str(number).zfill(width) for number in range(first, last + 1)]
        before = pattern[position : match.start()]
        names = [name + before + number for name in names for number in numbers]
        position = match.end()
    names = [name + pattern[position:] for name in names]
    rest = pattern[position:] if position else pattern
    outside = _NUMBERS.sub("", pattern).replace(OCCASION_PLACEHOLDER, "")
    if "{" in outside or "}" in outside:
        raise ValueError(
            f"{pattern!r} has a brace that is neither a range such as {{01..11}} nor {{occasion}}"
            f" (in {rest!r})"
        )
    return tuple(names)


def item_name(column: str) -> str:
    """Name an item by its column, without the part that names the occasion.

    `GE_01_w{occasion}` and `w{occasion}_GE_01` give `GE_01`. Columns such as `*`, which tables
    take for all columns, or `subject`, which names persons there, give `item:*` and `item:subject`.
    """
    return item_column(without_occasion(column))


def without_occasion(column: str) -> str:
    """Take the part that names the occasion out of a column's name; of a column that is no more."""
    return _OCCASION.sub("", column) or column
