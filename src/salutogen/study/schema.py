"""The published JSON Schema of the study file, for editors, documentation and tests."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from salutogen.study.format import StudyFile
from salutogen.study.format.part import LABEL_MARK
from salutogen.study.instruments.registry import registered_names

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def study_schema(step_schemas: Mapping[str, Mapping[str, Any]] | None = None) -> dict[str, Any]:
    """Build the JSON Schema (draft 2020-12) of the study file.

    Parameters
    ----------
    step_schemas : mapping of str to schema, optional
        Schema of the settings of each analysis step, by the step's name. Without it `analyses`
        takes any step.

    Returns
    -------
    dict
        The schema. Each key has a description; lengths of time and ranges are patterns.
    """
    schema = StudyFile.model_json_schema(by_alias=True)
    definitions = schema.setdefault("$defs", {})
    label = {"anyOf": [{"type": "string"}, {"type": "number"}]}
    definitions["Label"] = {
        "description": "Text, or a number that stands for its text.",
        **label,
    }
    if step_schemas:
        schema["properties"]["analyses"]["items"] = _steps(step_schemas, definitions)
    _name_labels(schema)
    _suggest_registered(schema)
    return {
        "$schema": DIALECT,
        "$id": "urn:salutogen:study:1",
        "title": "salutogen study file",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def _steps(
    step_schemas: Mapping[str, Mapping[str, Any]], definitions: dict[str, Any]
) -> dict[str, Any]:
    """One alternative per step: its name, what every step may say, and its settings."""
    choices = []
    for name, given in sorted(step_schemas.items()):
        settings = deepcopy(dict(given))
        for inner, definition in settings.pop("$defs", {}).items():
            definitions.setdefault(inner, definition)
        settings.pop("title", None)
        settings["type"] = "object"
        settings["properties"] = {
            "step": {"const": name, "description": "The analysis step."},
            "name": {"type": "string", "description": "Label of the analysis in the results."},
            "after": {
                "type": ["string", "array"],
                "items": {"type": "string"},
                "description": "Names of analyses to be done before it.",
            },
            "enabled": {
                "type": "boolean",
                "default": True,
                "description": "false switches off an analysis that is on by default.",
            },
            **settings.get("properties", {}),
        }
        settings["required"] = ["step", *settings.get("required", [])]
        definitions[f"step_{name}"] = settings
        choices.append({"$ref": f"#/$defs/step_{name}"})
    return {"oneOf": choices}


def _suggest_registered(schema: dict[str, Any]) -> None:
    """Let editors offer the registry's names as keys under `instruments`."""
    instruments = schema["properties"]["instruments"]
    use = instruments["additionalProperties"]
    instruments["properties"] = dict.fromkeys(registered_names(), use)


def _name_labels(part: Any) -> None:
    """Replace the marked schema of labels by a reference to their one definition."""
    if isinstance(part, dict):
        for value in part.values():
            _name_labels(value)
        if part.pop(LABEL_MARK, False):
            part.pop("type", None)
            part["$ref"] = "#/$defs/Label"
    elif isinstance(part, list):
        for value in part:
            _name_labels(value)
