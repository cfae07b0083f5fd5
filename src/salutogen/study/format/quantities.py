"""Values a study file writes as one piece of text: lengths of time and ranges of answers."""

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
FARTHEST_CODE = 1e9
LONGEST = 1000 * DAYS_IN["year"]
_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(minute|hour|day|week|month|year)s?\s*$")
_RANGE = re.compile(r"^\s*(-?\d+(?:\.\d+)?)\s*\.\.\s*(-?\d+(?:\.\d+)?)\s*$")


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
        if days > LONGEST:
            raise ValueError("a length of time of at most 1000 years is expected")
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
        if max(abs(low), abs(high)) > FARTHEST_CODE:
            raise ValueError(
                f"answer codes from -{FARTHEST_CODE:,.0f} to {FARTHEST_CODE:,.0f} are expected"
            )
        if low >= high:
            raise ValueError(f"the first code must be lower than the last, not {value!r}")
        return cls(low, high)

    @property
    def is_whole(self) -> bool:
        """Whether both ends are whole numbers, so that answers must be whole too."""
        return self.minimum.is_integer() and self.maximum.is_integer()

    def __str__(self) -> str:
        return f"{self.minimum:g}..{self.maximum:g}"
