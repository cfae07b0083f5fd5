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
    def _switches_are_no_numbers(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse true and false where a number is expected: they would count as 1 and 0."""
        annotation = cls.model_fields[info.field_name or ""].annotation
        if _is_switch_for_number(value, annotation):
            raise ValueError("a number is expected, not true or false")
        return value

    def __repr__(self) -> str:
        """Show the first settings, in a line or two."""
        return shortened(super().__repr__(), LONGEST)


def _is_switch_for_number(value: Any, annotation: Any) -> bool:
    members = list(_members(annotation))
    if isinstance(value, bool):
        takes_numbers = any(one in (int, float) for one in members)
        return takes_numbers and not any(one in (bool, Any) for one in members)
    if isinstance(value, list | tuple):
        inner = [get_args(one)[0] for one in members if get_origin(one) is tuple]
        return any(_is_switch_for_number(one, kind) for one in value for kind in inner)
    if isinstance(value, Mapping):
        inner = [get_args(one)[1] for one in members if get_origin(one) is dict]
        return any(_is_switch_for_number(one, kind) for one in value.values() for kind in inner)
    return False


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
