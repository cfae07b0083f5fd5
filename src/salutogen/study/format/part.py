"""What the parts of a study file have in common."""

import types
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from salutogen.findings import shortened

GAP = "???"  # stands where a person has to fill something in
Name = Annotated[str, Field(min_length=1)]
LABEL_MARK = "x-label"
LARGEST = 1e12  # of numbers; squares and their sums stay finite
LONGEST = 160  # characters of a part in a short representation
Label = Annotated[
    str,
    BeforeValidator(lambda value: _label(value)),
    WithJsonSchema({"type": "string", LABEL_MARK: True}),
]


def _label(value: Any) -> Any:
    """Let a bare number in YAML stand for its text (an occasion called 1, an arm called 0)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return str(value)


class Part(BaseModel):
    """A part of the study file: frozen, closed to unknown keys."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, allow_inf_nan=False
    )

    @field_validator("*", mode="before")
    @classmethod
    def _numbers_are_numbers(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse, where a number is expected, true and false, which would count as 1 and 0.

        So are numbers too large to compute with.
        """
        annotation = cls.model_fields[info.field_name or ""].annotation
        for number in _given_as_numbers(value, annotation):
            if isinstance(number, bool):
                raise ValueError("a number is expected, not true or false")
            if abs(number) > LARGEST:
                raise ValueError(f"a number of at most {LARGEST:g} is expected")
        return value

    def __repr__(self) -> str:
        """Show the first settings, in a line or two."""
        return shortened(super().__repr__(), LONGEST)


def _given_as_numbers(value: Any, annotation: Any) -> Iterator[bool | int | float]:
    """Numbers, true and false among a value where its annotation allows numbers and no switch."""
    members = list(_members(annotation))
    if isinstance(value, bool | int | float):
        takes_numbers = any(one in (int, float) for one in members)
        if takes_numbers and not any(one in (bool, Any) for one in members):
            yield value
    elif isinstance(value, list | tuple):
        for kind in (get_args(one)[0] for one in members if get_origin(one) is tuple):
            for one in value:
                yield from _given_as_numbers(one, kind)
    elif isinstance(value, Mapping):
        for kind in (get_args(one)[1] for one in members if get_origin(one) is dict):
            for one in value.values():
                yield from _given_as_numbers(one, kind)


def _members(annotation: Any) -> Iterator[Any]:
    """Kinds of values that an annotation allows; numbers written out count as their kind."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    elif origin is Literal:
        yield from (type(one) for one in get_args(annotation))
    else:
        yield annotation
