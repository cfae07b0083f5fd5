"""What a study's lines share: predictors, units and the way P and E were scored."""

from __future__ import annotations

from collections.abc import Mapping

from salutogen.norm.line_fit import LineRecipe
from salutogen.scores import Measure, Scores
from salutogen.study.format import NormSettings


def recipe_of(
    scores: Scores, settings: NormSettings, covariates: tuple[str, ...] = ()
) -> LineRecipe:
    """Take predictors, units and possible ranges from the scores; the shape is decided later."""
    possible = {
        name: bounds
        for name, bounds in (
            ("P", _bounds(scores.measures.get("P"))),
            *((f"E_{kind}", _bounds(scores.measures.get(f"E_{kind}"))) for kind in types(scores)),
        )
        if bounds is not None
    }
    units = {name: measure.unit for name, measure in scores.measures.items()}
    if scores.combine == "sum":
        parts = [possible.get(name) for name in scores.type_columns]
        known = [part for part in parts if part is not None]
        if len(known) == len(parts) and parts:
            possible["E"] = (sum(part[0] for part in known), sum(part[1] for part in known))
        units.setdefault("E", "points, sum over types")
    elif scores.combine == "composite":
        units["E"] = "mean of z over types"
    return LineRecipe(
        predictors=scores.type_columns if scores.combine == "separate" else ("E",),
        shape="linear",
        covariates=covariates,
        composite=scores.type_columns if scores.combine == "composite" else (),
        units=units,
        possible=possible,
    )


def types(scores: Scores) -> tuple[str, ...]:
    """Exposure types of the scores."""
    return scores.exposure_types


def scoring_of(scores: Scores) -> dict[str, object]:
    """Plain data that must be equal wherever a line is shared: `{P, E}`."""
    return {
        "P": _scoring(scores.measures.get("P")),
        "E": {
            "combine": scores.combine,
            "types": {
                kind: _scoring(scores.measures.get(f"E_{kind}")) for kind in scores.exposure_types
            },
        },
    }


def _scoring(measure: Measure | None) -> Mapping[str, object] | None:
    return None if measure is None else measure.scoring()


def _bounds(measure: Measure | None) -> tuple[float, float] | None:
    if measure is None or measure.minimum is None or measure.maximum is None:
        return None
    return float(measure.minimum), float(measure.maximum)
