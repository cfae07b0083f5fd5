"""What a study's lines share: predictors, shape, units, and the way P and E were scored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from salutogen.norm.lines import Shape
from salutogen.page.audience import smallest_of
from salutogen.scores import Measure, Scores


@dataclass(frozen=True, kw_only=True)
class LineSpec:
    """What all lines of a study share.

    Attributes
    ----------
    predictors : tuple of str
        `E`, or `E_<type>` for each type where types enter separately.
    shape : {"linear", "quadratic", "spline"}
    covariates : tuple of str
        Added to every line, as the study names them; `covariate_column` gives their columns.
    composite : tuple of str
        Raw types averaged as z values into E; empty where E is a plain sum.
    units : mapping of str to str
        Units of P, E and the types.
    possible : mapping of str to (float, float)
        Lowest and highest possible value of each, where known.
    smallest : int
        Persons beyond a quantile of exposure that is told; 1 where persons are shown.
    """

    predictors: tuple[str, ...] = ("E",)
    shape: Shape = "linear"
    covariates: tuple[str, ...] = ()
    composite: tuple[str, ...] = ()
    units: Mapping[str, str] = field(default_factory=dict)
    possible: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    smallest: int = 1


def line_spec(scores: Scores, covariates: tuple[str, ...] = ()) -> LineSpec:
    """Take predictors, units and possible ranges from the scores; the shape is decided later."""
    possible = {
        name: bounds
        for name in ("P", *scores.type_columns)
        if (bounds := _bounds(scores.measures.get(name))) is not None
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
    return LineSpec(
        predictors=scores.type_columns if scores.combine == "separate" else ("E",),
        shape="linear",
        covariates=covariates,
        composite=scores.type_columns if scores.combine == "composite" else (),
        units=units,
        possible=possible,
        smallest=smallest_of(scores.study.plan.report.individuals),
    )


def scoring_of(scores: Scores) -> dict[str, object]:
    """Plain data that must be equal wherever a line is shared: `{P, E}`."""
    return {
        "P": _scoring(scores.measures.get("P")),
        "E": {
            "combine": scores.combine,
            "types": {
                kind: _scoring(scores.measures.get(scores.type_column(kind)))
                for kind in scores.exposure_types
            },
        },
    }


def _scoring(measure: Measure | None) -> Mapping[str, object] | None:
    return None if measure is None else measure.scoring()


def _bounds(measure: Measure | None) -> tuple[float, float] | None:
    if measure is None or measure.minimum is None or measure.maximum is None:
        return None
    return float(measure.minimum), float(measure.maximum)
