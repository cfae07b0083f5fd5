"""What the schema of `results.json` declares of a figure, and what nobody declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from salutogen.columns import Column, Kind

# Counts that the other figures of a record rest on.
BASE = ("n", "n_persons", "persons", "n_changed")
OPEN = {"x-kind": Kind.STATISTIC.value}


def of_several(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Join the alternatives of a schema; a figure has at most one record among them."""
    made = dict(schema)
    for part in made.pop("anyOf", ()):
        known = of_several(part)
        properties = {**made.get("properties", {}), **known.get("properties", {})}
        made = {**known, **made}
        if properties:
            made["properties"] = properties
    return made


def inherited(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """Parts of a list or mapping are of its kind, unless they say otherwise."""
    kept = ("x-kind", "x-nested", "x-n", "x-step")
    passed_on = {key: value for key, value in outer.items() if key in kept}
    return {**passed_on, **inner}


def is_whole(value: Any) -> bool:
    """Whether a value is a whole number."""
    return (isinstance(value, int) and not isinstance(value, bool)) or hasattr(value, "__index__")


def is_count(name: str, value: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a figure is declared as a count, or called like one."""
    kind = schema.get("x-kind") or named(name, value)["x-kind"]
    return bool(kind == Kind.COUNT.value and value is not None and is_whole(value))


def base_of(content: Any) -> int | None:
    """The count that a record, not yet hidden, rests on."""
    if not isinstance(content, Mapping):
        return None
    return next((int(content[name]) for name in BASE if is_whole(content.get(name))), None)


def named(name: str, value: Any) -> Mapping[str, Any]:
    """Kind of a figure that nobody declared: a whole number called n is a count."""
    counted = is_whole(value) and (name in BASE or name.startswith("n_"))
    return {"x-kind": Kind.COUNT.value} if counted else OPEN


def names_of(of: str | Sequence[str]) -> Sequence[str]:
    """Names of the counts whose part a count is."""
    return (of,) if isinstance(of, str) else of


def column_of(name: str, schema: Mapping[str, Any]) -> Column:
    """Return the column of a table that a schema declares."""
    of = schema.get("x-of", "persons")
    return Column(
        name=name,
        meaning="",
        unit=schema.get("x-unit", ""),
        kind=Kind(schema.get("x-kind", Kind.STATISTIC.value)),
        of=tuple(of) if isinstance(of, list) else of,
        adds_up=schema.get("x-adds-up", 0),
        nested=schema.get("x-nested", ""),
        n=schema.get("x-n", ""),
        by=schema.get("x-by", ""),
        step=schema.get("x-step", 0.0),
        sd=schema.get("x-sd", ""),
    )
