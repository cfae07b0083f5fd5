"""`results.json` and its published schema, both from the declarations of the results."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from salutogen.analyses.contract import Analysis
from salutogen.analyses.plain_data import DIGITS, to_plain
from salutogen.analyses.registry import available
from salutogen.columns import Kind, Record, figure, record
from salutogen.findings import Finding, Severity, finding
from salutogen.norm import Norm
from salutogen.norm.norm_for_others import untold_covariates
from salutogen.norm.told_lines import told_norm
from salutogen.pipeline.hidden_figures import HiddenFigures
from salutogen.resilience import Resilience
from salutogen.resilience.summary import ScoreDescriptives
from salutogen.resilience.uncertainty import told_bootstrap

if TYPE_CHECKING:
    from salutogen.analyses.running import Outcome
    from salutogen.pipeline.results import Results

RESULTS_FORMAT = 1
DIALECT = "https://json-schema.org/draft/2020-12/schema"
SHOWN = 5


@record
class PanelCounts(Record):
    """How much was read."""

    persons: int = figure("Persons", unit="persons", kind=Kind.COUNT)
    rows: int = figure("Person-occasions in the data", unit="answer forms", kind=Kind.COUNT)
    occasions: int = figure("Planned occasions", unit="occasions")
    rows_per_occasion: Mapping[str, int] = figure(
        "Person-occasions by planned occasion",
        unit="answer forms",
        kind=Kind.COUNT,
        nested="counts",
    )


@record
class FindingCounts(Record):
    """How many findings there are, by severity."""

    refusal: int = figure("What could not be given")
    warning: int = figure("What needs judgement")
    note: int = figure("What should be known")


def results_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of `results.json`.

    It is made from the declarations of the results, those of every registered analysis included;
    further figures are allowed.
    """
    known = available()
    results = {item.name: item.result_type().schema() for item in known.values()}
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "title": "results.json of salutogen",
        "type": "object",
        "properties": {
            "format": {"const": RESULTS_FORMAT, "description": "Version of this format."},
            "title": {"type": "string", "description": "Title of the study."},
            "sign": {"type": "string", "description": "Which way round SR is."},
            "seed": {"type": "integer", "description": "Seed of every random step."},
            "panel": PanelCounts.schema(),
            "scores": ScoreDescriptives.schema(),
            "norm": Norm.schema(),
            "resilience": Resilience.schema(),
            "steps": {
                "type": "object",
                "description": "Analyses of the study file, by name; null where refused.",
                "additionalProperties": {"anyOf": [*results.values(), {"type": "null"}]},
            },
            "findings": FindingCounts.schema(),
        },
    }
    for analysis in known.values():
        _describe_places(schema, analysis, results[analysis.name])
    optional = {
        path for item in known.values() if not item.default for path in item.results_at.values()
    }
    schema["required"] = [name for name in schema["properties"] if name not in optional]
    return schema


def _describe_places(schema: dict[str, Any], analysis: Analysis, result: Mapping[str, Any]) -> None:
    """Add what an analysis puts at places of its own; null where it is off or refused."""
    for name, path in analysis.results_at.items():
        found = result["properties"][name] if name else result
        *parents, last = path.split(".")
        place = schema
        for part in parents:
            place = place["properties"].setdefault(part, {"type": "object", "properties": {}})
        place["properties"][last] = {
            "description": f"The first analysis {analysis.name}; null where there is none.",
            "anyOf": [found, {"type": "null"}],
        }


def results_to_dict(results: Results) -> dict[str, Any]:
    """Turn results into the plain data of `results.json`."""
    return results_for(results)[0]


def results_for(results: Results) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """Return the content of `results.json` as its audience may have it.

    Returns
    -------
    content : dict
    findings : tuple of Finding
        What is null: because it could not be computed, and because persons are hidden.
    """
    audience = results.context.audience
    identifiers = results.panel.identifiers
    content = identifiers.plain(to_plain(_content(results, results.analyses, None)))
    off = places_switched_off(results.analyses)
    if audience.individuals:
        return content, not_computed(content, off)
    gone = figures_kept_back(results.analyses)
    told = not_computed(content, (*off, *gone))
    unknown = {*off, *missing_figures(content)} - gone
    untold = untold_covariates(results.norm, results.score_table, audience)
    hidden = HiddenFigures(audience, untold)
    outcomes = [_hidden_outcome(outcome, hidden) for outcome in results.analyses]
    content = to_plain(_content(results, outcomes, hidden), audience.digits or DIGITS)
    paths = [path for path in missing_figures(content) if path not in unknown]
    if paths:
        rest = " and others" if len(paths) > SHOWN else ""
        shown = ", ".join(paths[:SHOWN]) + rest
        numbers = {"figures": paths}
        told = (*told, finding("figures-withheld", n=len(paths), shown=shown, numbers=numbers))
    return identifiers.plain(content), told


def figures_kept_back(outcomes: Sequence[Outcome]) -> frozenset[str]:
    """Dotted paths of what analyses kept back themselves, wherever it stands in `results.json`."""
    found: set[str] = set()
    for outcome in outcomes:
        for path in () if outcome.result is None else outcome.result.kept_back:
            if outcome.asked:
                found.add(f"steps.{outcome.label}.{path}")
            for name, place in outcome.analysis.results_at.items():
                if not name:
                    found.add(f"{place}.{path}")
                elif re.match(rf"{re.escape(name)}\b", path):
                    found.add(place + path.removeprefix(name))
    return frozenset(found)


def _hidden_outcome(outcome: Outcome, hidden: HiddenFigures) -> Outcome:
    if outcome.content is None:
        return outcome
    schema = outcome.analysis.result_type().schema()
    path = f"steps.{outcome.label}" if outcome.asked else outcome.label
    return replace(outcome, content=hidden.of(outcome.content, schema, path))


def _content(
    results: Results, outcomes: Sequence[Outcome], hidden: HiddenFigures | None
) -> dict[str, Any]:
    severities = [item.severity for item in results.findings]
    audience = results.context.audience
    parts: dict[str, Record] = {
        "panel": _panel_counts(results),
        "scores": results.resilience.descriptives,
        "norm": results.norm,
        "resilience": results.resilience,
    }
    if hidden is not None:
        told = told_bootstrap(results.resilience.bootstrap, results.norm, audience)
        parts |= {
            "norm": told_norm(results.norm, audience),
            "resilience": replace(results.resilience, bootstrap=told),
        }
    content = {
        "format": RESULTS_FORMAT,
        "title": results.study.title,
        "sign": "SR = observed - expected problems; positive = over-reactive = less resilient",
        "seed": results.seed,
        **{
            name: part.to_dict()
            if hidden is None
            else hidden.of(part.to_dict(), type(part).schema(), name)
            for name, part in parts.items()
        },
        "steps": {outcome.label: outcome.content for outcome in outcomes if outcome.asked},
        "findings": FindingCounts(
            refusal=severities.count(Severity.REFUSAL),
            warning=severities.count(Severity.WARNING),
            note=severities.count(Severity.NOTE),
        ).to_dict(),
    }
    _put_in_place(content, outcomes)
    return content


def _panel_counts(results: Results) -> PanelCounts:
    panel = results.panel
    rows = np.bincount(
        panel.rows["occasion"].to_numpy(), minlength=len(results.study.occasions)
    ).tolist()
    return PanelCounts(
        persons=panel.n_persons,
        rows=panel.n_rows,
        occasions=len(results.study.occasions),
        rows_per_occasion=dict(zip(results.study.labels, rows, strict=True)),
    )


def _put_in_place(content: dict[str, Any], outcomes: Sequence[Outcome]) -> None:
    """Put figures of the first analysis of each kind where its registration says, or null."""
    found: dict[str, Any] = dict.fromkeys(places_switched_off(outcomes))
    for outcome in outcomes:
        for name, path in outcome.analysis.results_at.items():
            inside = outcome.content
            asked = not name or inside is None or name in inside
            if asked and found.get(path) is None:
                found[path] = inside.get(name) if name and inside is not None else inside
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


def not_computed(content: Mapping[str, Any], not_asked: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Give the finding that names what is null, if anything is but what nobody asked for."""
    paths = [path for path in missing_figures(content) if path not in not_asked]
    if not paths:
        return ()
    rest = " and others" if len(paths) > SHOWN else ""
    shown = ", ".join(paths[:SHOWN]) + rest
    told = finding("not-computed", n=len(paths), shown=shown, numbers={"figures": paths})
    return (told,)
