"""Columns with times: of answers and events, and of prompts, whose zone may stand in a column."""

from typing import Any, Literal

from pydantic import Field, field_validator

from salutogen.study.format.item_bank import not_written
from salutogen.study.format.part import Name, Part


class TimeColumn(Part):
    """Where the time of an answer stands. Times become days (since 1970-01-01 for dates)."""

    column: Name = Field(description="Name of the column.")
    unit: Literal[
        "minutes",
        "hours",
        "days",
        "weeks",
        "months",
        "years",
        "days since 1970-01-01",
        "seconds since 1970-01-01",
        "date",
        "datetime",
    ] = Field("days", description="What the numbers count, or that they are dates.")
    format: str | None = Field(
        None, description="How dates are written, e.g. %d.%m.%Y; ISO 8601 if left out."
    )
    zone: Name | None = Field(
        None,
        exclude_if=not_written,
        description="Where the persons are, e.g. Europe/Berlin, for times in UTC or without offset "
        "from it; times with an offset of their own keep it.",
    )

    @field_validator("zone", mode="before")
    @classmethod
    def _one_zone(cls, value: Any) -> Any:
        if isinstance(value, dict | list | tuple):
            raise ValueError(
                "one zone is expected, such as Europe/Berlin; a zone for each person is not read "
                "from a column. Where persons are in several zones, write each time with its "
                "offset (2024-03-18T09:00+02:00) and leave `zone` out"
            )
        return value


class PromptTime(Part):
    """Where a time of a prompt stands: a moment, with its time of day."""

    column: Name = Field(description="Name of the column.")
    unit: Literal[
        "datetime",
        "seconds since 1970-01-01",
        "milliseconds since 1970-01-01",
        "local seconds since 1970-01-01",
    ] = Field(
        "datetime",
        description="Whether it is written as a date-time, or what its numbers count. `local` "
        "numbers are those of the clock on the wall, as if it showed UTC (m-Path); 0 is never.",
    )
    format: str | None = Field(
        None,
        description="How date-times are written, e.g. %d.%m.%Y %H:%M; ISO 8601 if left out.",
    )
    zone: Name | None = Field(
        None, description="Where the persons were, if it differs from `zone` of the source."
    )


class ZoneColumn(Part):
    """The column that says where the person was: a zone by name, or how far it is from UTC."""

    column: Name = Field(description="Name of the column.")
    unit: Literal["name", "seconds", "minutes", "hours"] = Field(
        "name",
        description="name: zones such as Europe/Berlin; otherwise by how much the clock on the "
        "wall is ahead of UTC.",
    )
