"""Which keys the study file's format has: a draft writes none that it does not know."""

from __future__ import annotations

from functools import cache
from typing import Any

from salutogen.study.format import InstrumentUse, Source


@cache
def source_takes(key: str) -> bool:
    """Whether a source has this key."""
    return key in Source.model_fields


@cache
def instrument_takes(key: str) -> bool:
    """Whether an instrument has this key."""
    return key in InstrumentUse.model_fields


@cache
def source_takes_list(key: str) -> bool:
    """Whether a source takes several columns under this key."""
    return _takes_list(Source.model_json_schema()["properties"].get(key, {}))


def _takes_list(part: Any) -> bool:
    if part.get("type") == "array":
        return True
    return any(_takes_list(one) for one in part.get("anyOf", ()))
