"""`results.json`: its published schema, and how results become it. null instead of NaN."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from salutogen.analyses.registry import available
from salutogen.findings import finding

if TYPE_CHECKING:
    from salutogen.analyses.running import Outcome
    from salutogen.pipeline.results import Results

RESULTS_FORMAT = 1
DIGITS = 10
Number = float | None


class _Open(BaseModel):
    """Closed where the contract names a figure, open to further figures."""

    model_config = ConfigDict(extra="allow", frozen=True)


class PanelCounts(_Open):
    """How much was read."""

    persons: int
    rows: int = Field(description="Person-occasions in the data.")
    occasions: int = Field(description="Planned occasions.")


class Descriptive(_Open):
    """Raw points; ICC and within-person SD from a random-intercept REML model."""

    mean: Number
    sd: Number
    icc: Number
    within_sd: Number


class ScoreDescriptives(_Open):
    """P, E and SR over occasions."""

    P: Descriptive
    E: Descriptive
    SR: Descriptive


class LineSummary(_Open):
    """An E-P line in raw points."""

    unit: str
    shape: str
    n: int
    coefficients: dict[str, Number]
    r_squared: Number


class MixedSummary(_Open):
    """Mixed-model line; P and E standardised over all rows."""

    intercept: Number
    slope: Number
    slope_se: Number
    within_slope: Number
    between_slope: Number
    residual_sd: Number
    singular: bool


class ShapeTestSummary(_Open):
    """Linear against quadratic on independent units."""

    unit: str
    n: int
    F: Number
    df1: int
    df2: int
    p: Number
    bic_linear: Number
    bic_quadratic: Number
    chosen: str


class NormSummary(_Open):
    """The lines."""

    primary: LineSummary
    pooled: LineSummary
    mixed: MixedSummary | None
    shape_test: ShapeTestSummary | None


class WindowSummary(_Open):
    """One sliding window: its own line, and mean SR from the frozen and its own line."""

    window: int
    n: int
    intercept: Number
    slope: Number
    r_squared: Number
    mean_SR_frozen: Number
    mean_SR_refit: Number


class WindowICC(_Open):
    """ICC of window scores; inflated by overlap, never a reliability."""

    frozen: Number
    refit: Number


class ExposureLeft(_Open):
    """Correlation of SR with exposure."""

    primary: Number
    mixed: Number


class Variants(_Open):
    """Concordance of the variants, person level."""

    names: list[str]
    correlation: list[list[Number]]


class ResilienceSummary(_Open):
    """SR over occasions and windows."""

    windows: list[WindowSummary] | None = Field(description="null where switched off or refused.")
    icc_single: Number
    icc_windows: WindowICC
    lag1: Number
    sr_exposure_correlation: ExposureLeft
    variants: Variants | None = Field(description="null where switched off or refused.")


class GateSummary(_Open):
    """One condition for a claim of classes; null where it was not reached."""

    name: str
    value: Number
    threshold: float
    passed: bool


class ClassesSummary(_Open):
    """Classes that passed every gate."""

    n: int = Field(description="Number of classes.")
    shares: list[float] = Field(description="Largest first.")
    model: str


class TrajectoriesSummary(_Open):
    """Courses locked to events."""

    anchors: dict[str, Any]
    lock: dict[str, Any]
    classes: ClassesSummary | None = Field(description="null unless every gate passed.")
    gates: list[GateSummary]
    gates_passed: bool


class ResultsFile(_Open):
    """The whole of `results.json`."""

    format: int
    title: str
    sign: str
    seed: int
    panel: PanelCounts
    scores: ScoreDescriptives
    norm: NormSummary
    resilience: ResilienceSummary
    steps: dict[str, Any]
    trajectories: TrajectoriesSummary | None = Field(
        default=None, description="The first analysis of this kind; null where it was refused."
    )
    findings: dict[str, int] = Field(description="Number of findings by severity.")


def results_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `results.json`."""
    schema = ResultsFile.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return schema


def results_to_dict(results: Results) -> dict[str, Any]:
    """Turn results into the plain data of `results.json`."""
    resilience = results.resilience
    severities = [item.severity.value for item in results.findings]
    content = {
        "format": RESULTS_FORMAT,
        "title": results.study.title,
        "sign": "SR = observed - expected problems; positive = over-reactive = less resilient",
        "seed": results.seed,
        "panel": {
            "persons": results.panel.n_persons,
            "rows": results.panel.n_rows,
            "occasions": len(results.study.occasions),
            "rows_per_occasion": _rows_per_occasion(results),
        },
        "scores": resilience.descriptives.to_dict(),
        "norm": results.norm.to_dict(),
        "resilience": _resilience(results),
        "steps": {outcome.label: outcome.content for outcome in results.analyses if outcome.asked},
        "findings": {name: severities.count(name) for name in ("refusal", "warning", "note")},
    }
    _put_in_place(content, results.analyses)
    plain: dict[str, Any] = to_plain(content)
    return plain


def _put_in_place(content: dict[str, Any], outcomes: Sequence[Outcome]) -> None:
    """Put figures of the first analysis of each kind where its registration says, or null."""
    found: dict[str, Any] = dict.fromkeys(places_switched_off(outcomes))
    for outcome in outcomes:
        for figure, path in outcome.analysis.results_at.items():
            if found.get(path) is None:
                inside = outcome.content
                found[path] = inside[figure] if figure and inside is not None else inside
    for path, value in found.items():
        *parents, last = path.split(".")
        place = content
        for part in parents:
            place = place.setdefault(part, {})
        place[last] = value


def places_switched_off(outcomes: Sequence[Outcome]) -> tuple[str, ...]:
    """Dotted places of analyses that are on by default and that the study file switches off."""
    done = {item.analysis.name for item in outcomes}
    off = (item for name, item in available().items() if item.default and name not in done)
    return tuple(path for item in off for path in item.results_at.values())


def missing_figures(content: Any, path: str = "") -> list[str]:
    """Dotted paths of every null in `results.json`, each of which a finding explains."""
    if content is None:
        return [path]
    if isinstance(content, Mapping):
        return [
            found
            for key, value in content.items()
            for found in missing_figures(value, f"{path}.{key}" if path else str(key))
        ]
    if isinstance(content, list):
        return [
            found
            for index, value in enumerate(content)
            for found in missing_figures(value, f"{path}[{index}]")
        ]
    return []


def not_computed(content: Mapping[str, Any], not_asked: Sequence[str] = ()) -> tuple[Any, ...]:
    """Give the finding that names what is null, if anything is but what nobody asked for."""
    paths = [path for path in missing_figures(content) if path not in not_asked]
    if not paths:
        return ()
    shown = ", ".join(paths[:5]) + (" and others" if len(paths) > 5 else "")
    text = f"{len(paths)} figures of results.json could not be computed and are null: {shown}."
    return (finding("not-computed", text, numbers={"figures": paths}),)


def to_plain(value: Any, digits: int = DIGITS) -> Any:
    """Turn frames, arrays and NumPy scalars into JSON types.

    Floats keep `digits` significant digits; NaN and infinity become None.
    """
    if isinstance(value, Mapping):
        return {str(key): to_plain(item, digits) for key, item in value.items()}
    if isinstance(value, pl.DataFrame):
        return [to_plain(row, digits) for row in value.iter_rows(named=True)]
    if isinstance(value, np.ndarray | list | tuple):
        return [to_plain(item, digits) for item in value]
    if isinstance(value, np.bool_ | bool):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.floating | float):
        number = float(value)
        return float(f"{number:.{digits}g}") if math.isfinite(number) else None
    return value


def _rows_per_occasion(results: Results) -> dict[str, int]:
    rows = results.panel.rows
    indices = rows["occasion"].to_numpy()
    counts = np.bincount(indices, minlength=len(results.study.occasions))
    return dict(zip(results.study.labels, counts.tolist(), strict=True))


def _resilience(results: Results) -> dict[str, Any]:
    resilience = results.resilience
    return {**resilience.to_dict()}
