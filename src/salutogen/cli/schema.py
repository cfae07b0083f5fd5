"""What `salutogen schema` prints."""

from __future__ import annotations

from typing import Any


def published_schema(of: str) -> dict[str, Any]:
    """Return the schema of the study file, with every step's settings, or of results.json."""
    if of == "results":
        from salutogen.pipeline.results_json import results_schema

        return results_schema()
    from salutogen.analyses.registry import available
    from salutogen.study.schema import study_schema

    return study_schema(
        {
            name: analysis.settings_model().model_json_schema()
            for name, analysis in available().items()
        }
    )
