"""Small values a study file is written in: durations, answer ranges, numbered patterns."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

DAYS_IN = {
    "minute": 1 / 1440,
    "hour": 1 / 24,
    "day": 1.0,
    "week": 7.0,
    "month": 365.25 / 12,
    "year": 365.25,
}
_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(minute|hour|day|week|month|year)s?\s*$")
_RANGE = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s*\.\.\s*(-?\d+(?:\.\d+)?)\s*$")
_NUMBERS = re.compile(r"\{(\d+)\.\.(\d+)\}")
_OCCASION = re.compile(
    r"^(?:wave|[a-z])?\{occasion\}[_.\-]?|[_.\-](?:wave|[a-z])?\{occasion\}|\{occasion\}",
    re.IGNORECASE,
)
OCCASION_PLACEHOLDER = "{occasion}"
MOST_EXPANDED = 2000


class _FromText:
    """Shared pydantic plumbing: a value written as one piece of text."""

    pattern = ""

    @classmethod
    @abstractmethod
    def parse(cls, value: Any) -> Any:
        """Read the text; raise ValueError for anything that cannot be read."""

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: Any, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.to_string_ser_schema()
        )

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": cls.pattern}


@dataclass(frozen=True, slots=True)
class Duration(_FromText):
    """A length of time such as `7 days` or `9 months` (a month is 365.25 / 12 days)."""

    text: str
    days: float

    pattern = r"^\s*\d+(\.\d+)?\s*(minute|hour|day|week|month|year)s?\s*$"

    @classmethod
    def parse(cls, value: Any) -> Duration:
        """Read `7 days`; raise ValueError for anything else."""
        if isinstance(value, Duration):
            return value
        match = _DURATION.match(value) if isinstance(value, str) else None
        if match is None:
            raise ValueError(
                f"a length of time such as '7 days', '2 weeks' or '3 months' is expected, "
                f"not {value!r}"
            )
        days = float(match[1]) * DAYS_IN[match[2]]
        if days <= 0:
            raise ValueError(f"a length of time must be longer than zero, not {value!r}")
        return cls(value.strip(), days)

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class AnswerRange(_FromText):
    """The lowest and highest code an item may have, written `0..5`."""

    minimum: float
    maximum: float

    pattern = r"^\s*-?\d+(\.\d+)?\s*\.\.\s*-?\d+(\.\d+)?\s*$"

    @classmethod
    def parse(cls, value: Any) -> AnswerRange:
        """Read `0..5`; raise ValueError for anything else."""
        if isinstance(value, AnswerRange):
            return value
        match = _RANGE.match(value) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"a range of answer codes such as '0..5' is expected, not {value!r}")
        low, high = float(match[1]), float(match[2])
        if low >= high:
            raise ValueError(f"the first code must be lower than the last, not {value!r}")
        return cls(low, high)

    @property
    def is_whole(self) -> bool:
        """Whether both ends are whole numbers, so that answers must be whole too."""
        return self.minimum.is_integer() and self.maximum.is_integer()

    def __str__(self) -> str:
        return f"{self.minimum:g}..{self.maximum:g}"


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

    `GE_01_w{occasion}` and `w{occasion}_GE_01` give `GE_01`.
    """
    return _OCCASION.sub("", column) or column
