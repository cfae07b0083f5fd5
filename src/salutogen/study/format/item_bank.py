"""What is known of single items, and how a list or scale was adapted from the one published."""

import re
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from salutogen.study.format.part import GAP, Name, Part

_WHEN = re.compile(r"^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$")
ItemNames = str | int | tuple[str | int, ...]
Size = Literal["micro", "macro"]
Objectivity = Literal["verifiable", "reported", "appraised"]
Change = Literal["added", "left-out", "reworded", "format"]


def _when(value: Any) -> Any:
    """Take a year that stands as a number, and refuse what is no year, month or day."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not (text == GAP or _WHEN.match(text)):
        raise ValueError(
            f"a year, month or day such as 2024, 2024-03 or 2024-03-01 is expected, not {value!r}"
        )
    return text


When = Annotated[
    str,
    BeforeValidator(_when),
    WithJsonSchema({"type": ["string", "integer"], "pattern": _WHEN.pattern}),
]


def not_written(value: Any) -> bool:
    """Whether a key that came later is left out; then the plan and its hash are as before it."""
    return not value


class ItemMetadata(Part):
    """What is known of some items of a list. A later entry goes before an earlier one."""

    items: ItemNames | None = Field(
        None, description="Items by number (1-based), column or pattern; all if left out."
    )
    domain: Name | None = Field(None, description="Domain of life, e.g. work, family, health.")
    size: Size | None = Field(
        None, description="micro: a daily hassle (microstressor); macro: a life event."
    )
    population: Name | None = Field(None, description="Population the items were made for.")
    objectivity: Objectivity | None = Field(
        None,
        description="verifiable: others or records could confirm that it happened; reported: an "
        "event that only the person can tell of; appraised: names an evaluation or a reaction.",
    )
    source: Name | None = Field(None, description="Where the items come from.")


class Adaptation(Part):
    """One change of a published list or scale: what, why, when and from where."""

    change: Change = Field(
        description="What was done: items added, left-out or reworded, or the format changed "
        "(answers, recall, instruction)."
    )
    items: ItemNames | None = Field(
        None,
        description="Items by column or pattern, or by number of the published list (1-based); "
        "left-out items by number, added ones by column.",
    )
    block: Name | None = Field(
        None,
        description="added: name of the block these items make, with a score of its own; otherwise "
        "the block or subscale that was changed. Default for added items: added.",
    )
    what: Name | None = Field(None, description="The change in words, for the report.")
    reason: Name = Field(description="Why it was changed.")
    when: When | None = Field(None, description="When: 2024, 2024-03 or 2024-03-01.")
    source: Name | None = Field(
        None, description="Where it comes from: interviews, another list, a translation."
    )
