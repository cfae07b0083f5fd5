"""What the parts of a study file have in common."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

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

    def __repr__(self) -> str:
        """Show the first settings, in a line or two."""
        return shortened(super().__repr__(), LONGEST)
