"""A person's answers to the gaps of a draft, so that it can be checked with its data."""

from __future__ import annotations

import json
from typing import Any

from salutogen.study.format import GAP
from salutogen.study.format.plain_yaml import load_yaml

ANSWERS = {
    "title": "Filled",
    "every": "1 month",
    "recall": "1 month",
    "invalid": "missing",
    "combine": "sum",
}


def filled(text: str, **told: Any) -> str:
    """Fill the gaps of a draft by their key, and return it as a study file."""
    return json.dumps(_filled(load_yaml(text, "draft").values, "", ANSWERS | told))


def _filled(value: Any, key: str, told: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(inner, name, told) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, key, told) for inner in value]
    return told[key] if value == GAP else value
