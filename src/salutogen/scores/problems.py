"""Mental-health problems P from one or several scales, all turned so that higher = worse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import polars as pl

from salutogen.errors import ScoreError
from salutogen.findings import Findings, finding
from salutogen.namespaces import scale_column, subscale_column
from salutogen.scores.answers import BoolArray, FloatArray, Form, to_small_series
from salutogen.scores.components import FirstComponent, fit_first_component
from salutogen.scores.scale import ScaleScore, method_name, scale_faults, score_scale
from salutogen.scores.scores import Measure
from salutogen.study import Instrument, ScoringRule
from salutogen.study.format import Problems


@dataclass(frozen=True, kw_only=True)
class ProblemScores:
    """P at every scored row, the scales it was made of and other ways to score it."""

    score: FloatArray
    low: FloatArray
    high: FloatArray
    prorated: BoolArray
    answered: BoolArray
    measure: Measure
    rules: Mapping[str, ScoringRule]
    scales: Mapping[str, ScaleScore]
    measures: Mapping[str, Measure]
    component: FirstComponent | None = None
    alternatives: Mapping[str, pl.Series] = field(default_factory=dict)


def problem_rule(instrument: Instrument, problems: Problems) -> ScoringRule:
    """Scoring rule of an instrument, as the study file's `problems.scoring` names it."""
    asked = problems.scoring
    if asked is None or asked == instrument.scoring.name:
        return instrument.scoring
    return instrument.scorings.get(asked, instrument.scoring)


def check_problems(
    instruments: Sequence[Instrument], problems: Problems, findings: Findings
) -> None:
    """Say everything that keeps P from being scored."""
    asked = problems.scoring
    known = {name for one in instruments for name in (*one.scorings, one.scoring.name)}
    if asked is not None and asked not in known:
        findings.tell(
            "scoring-unknown",
            scoring=asked,
            known=", ".join(sorted(known)),
            column="problems.scoring",
        )
    if problems.combine == "single" and len(instruments) > 1:
        findings.tell(
            "problems-not-combined",
            variant="in-scoring",
            n=len(instruments),
            numbers={"instruments": [one.name for one in instruments]},
            column="problems.combine",
        )
    for one in instruments:
        findings.extend(scale_faults(one, problem_rule(one, problems)))
        if one.higher == "better" and one.answers is None:
            findings.tell(
                "range-needed", variant="turned-round", instrument=one.name, column=one.name
            )


def score_problems(
    forms: Sequence[Form],
    problems: Problems,
    findings: Findings,
    *,
    prorate: float,
    subscales: Mapping[tuple[str, str], str],
) -> ProblemScores:
    """Score P at every row.

    Parameters
    ----------
    forms : sequence of Form
        One per problem instrument.
    problems : Problems
        How several scales combine: `single`, `sum`, or `first-component` of their z values, fitted
        once over all rows.
    findings : Findings
        Takes what has to be said of a first component.
    prorate : float
        Smallest share of answered items of each scale.
    subscales : mapping of (instrument, subscale) to str
        Name of each subscale among all scales.

    Raises
    ------
    ScoreError
        The first component cannot be fitted.
    """
    scales: dict[str, ScaleScore] = {}
    measures: dict[str, Measure] = {}
    rules: dict[str, ScoringRule] = {}
    alternatives: dict[str, pl.Series] = {}
    names = [form.instrument.name for form in forms]
    for form in forms:
        instrument = form.instrument
        rule = problem_rule(instrument, problems)
        scale, measure = _one_scale(form, rule, prorate)
        scales[instrument.name] = scale
        measures[instrument.name] = replace(measure, name=scale_column(instrument.name, names))
        rules[instrument.name] = rule
        for name, subscale in instrument.subscales.items():
            column = subscale_column(subscales[instrument.name, name])
            values = _subscale(form, rule, subscale, prorate)
            alternatives[column] = to_small_series(column, values)
    if len(forms) == 1:
        (name,) = scales
        for other in _other_rules(forms[0].instrument, rules[name]):
            column, values = f"P_{other.name}", _one_scale(forms[0], other, prorate)[0].score
            alternatives[column] = to_small_series(column, values)
        measure = replace(measures[name], name="P")
        return _joined(measure, scales[name], scales, measures, rules, alternatives)
    joined, measure, component = _combine(problems, scales, measures)
    if component is not None:
        _describe_component(component, findings)
    return _joined(measure, joined, scales, measures, rules, alternatives, component)


def _one_scale(form: Form, rule: ScoringRule, prorate: float) -> tuple[ScaleScore, Measure]:
    instrument = form.instrument
    scale = score_scale(form, rule, prorate=prorate)
    turned = instrument.higher == "better"
    if turned:
        scale = scale.turned()
    measure = Measure(
        name=f"P_{instrument.name}",
        instruments=(instrument.registered or instrument.name,),
        method=method_name(rule, turned=turned),
        items=instrument.items,
        minimum=scale.minimum,
        maximum=scale.maximum,
        unit=f"points of {instrument.registered or instrument.name}",
        adapted=tuple(instrument.log.composition()),
        reworded=tuple(instrument.log.rewordings()),
    )
    return scale, measure


def _other_rules(instrument: Instrument, used: ScoringRule) -> list[ScoringRule]:
    """Further scorings of the instrument that can be computed."""
    rules = [instrument.scoring, *instrument.scorings.values()]
    seen = {used.name}
    others: list[ScoringRule] = []
    for rule in rules:
        if rule.name not in seen and not scale_faults(instrument, rule):
            seen.add(rule.name)
            others.append(rule)
    return others


def _subscale(form: Form, rule: ScoringRule, items: tuple[str, ...], prorate: float) -> FloatArray:
    return score_scale(form.of(items), rule, prorate=prorate).score


def _combine(
    problems: Problems, scales: Mapping[str, ScaleScore], measures: Mapping[str, Measure]
) -> tuple[ScaleScore, Measure, FirstComponent | None]:
    """Join several scales: their plain sum, or the first component of their z values."""
    parts = list(scales.values())
    component: FirstComponent | None = None
    if problems.combine == "first-component":
        try:
            component = fit_first_component(
                tuple(scale_column(name, scales) for name in scales), [part.score for part in parts]
            )
        except ValueError as reason:
            refused = finding(
                "first-component-impossible", scales=", ".join(scales), reason=str(reason)
            )
            raise ScoreError([refused]) from reason
        score = component.apply([part.score for part in parts])
        pairs = list(zip(parts, component.weights, strict=True))
        low = component.apply([_end(part, weight, low=True) for part, weight in pairs])
        high = component.apply([_end(part, weight, low=False) for part, weight in pairs])
    else:
        score = _added([part.score for part in parts])
        low, high = _added([part.low for part in parts]), _added([part.high for part in parts])
    minimum = maximum = None
    if component is None:
        ends = [(part.minimum, part.maximum) for part in parts]
        if all(low_end is not None for low_end, _ in ends):
            minimum = sum(low_end for low_end, _ in ends if low_end is not None)
            maximum = sum(high_end for _, high_end in ends if high_end is not None)
    methods = ", ".join(f"{one.instruments[0]} ({one.method})" for one in measures.values())
    measure = Measure(
        name="P",
        instruments=tuple(one.instruments[0] for one in measures.values()),
        method=f"{problems.combine} of {methods}",
        items=tuple(item for one in measures.values() for item in one.items),
        minimum=minimum,
        maximum=maximum,
        unit="first component" if component else "points",
        adapted=_named(measures, lambda one: one.adapted),
        reworded=_named(measures, lambda one: one.reworded),
    )
    joined = ScaleScore(
        score=score,
        prorated=np.logical_or.reduce([part.prorated for part in parts]) & np.isfinite(score),
        answered=np.logical_or.reduce([part.answered for part in parts]),
        low=low,
        high=high,
        minimum=minimum,
        maximum=maximum,
    )
    return joined, measure, component


def _named(
    measures: Mapping[str, Measure], said: Callable[[Measure], tuple[str, ...]]
) -> tuple[str, ...]:
    """What is said of several scales, each with its instrument's name."""
    return tuple(f"{one.instruments[0]}: {item}" for one in measures.values() for item in said(one))


def _end(part: ScaleScore, weight: float, *, low: bool) -> FloatArray:
    """Bound of a scale that gives the component's low (or high) end: a negative weight swaps."""
    return part.low if low == (weight >= 0) else part.high


def _added(parts: Sequence[FloatArray]) -> FloatArray:
    total = np.zeros(len(parts[0]))
    for part in parts:
        total += part
    return total


def _joined(
    measure: Measure,
    joined: ScaleScore,
    scales: Mapping[str, ScaleScore],
    measures: Mapping[str, Measure],
    rules: Mapping[str, ScoringRule],
    alternatives: Mapping[str, pl.Series],
    component: FirstComponent | None = None,
) -> ProblemScores:
    return ProblemScores(
        score=joined.score,
        low=joined.low,
        high=joined.high,
        prorated=joined.prorated,
        answered=joined.answered,
        measure=measure,
        rules=rules,
        scales=scales,
        measures=measures,
        component=component,
        alternatives=alternatives,
    )


def _describe_component(component: FirstComponent, findings: Findings) -> None:
    loadings = dict(zip(component.columns, component.loadings, strict=True))
    given: dict[str, Any] = {
        "named": ", ".join(f"{name} {value:.2f}" for name, value in loadings.items()),
        "n": component.n,
        "explained": component.explained,
        "numbers": {"loadings": loadings},
    }
    findings.tell("first-component-used", scales=len(loadings), **given)
    if min(component.loadings) <= 0:
        findings.tell("first-component-mixed-signs", **given)
