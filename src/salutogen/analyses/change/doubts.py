"""What should be doubted of cross-lagged effects: fit, disagreement, overlapping answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from salutogen.analyses.change.agreement import apart
from salutogen.analyses.change.alike import paths_in_titles
from salutogen.analyses.change.fitted import LAGS
from salutogen.analyses.change.groups import ALL, Grouped
from salutogen.analyses.change.panel_models import PanelModel
from salutogen.analyses.change.paths import LEVEL, ONE_STEP, RANDOM, REGRESSION
from salutogen.analyses.change.variables import ChangeData, occasions_needed
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.repeated_variables import SR, E, P
from salutogen.findings import Findings
from salutogen.namespaces import FACTOR

LEAST_CFI, MOST_RMSEA = 0.95, 0.06  # Hu & Bentler 1999
OFF_TIME, OFTEN = 0.25, 0.1  # of the gap between occasions; of all gaps of persons
LONGER = 1.1  # times another span: rounding of months is no difference


def tell_doubts(
    inputs: AnalysisInputs,
    data: ChangeData,
    found: Findings,
    *,
    messages: Mapping[str, Sequence[str]],
    fit: Mapping[str, Any],
    tests: pl.DataFrame,
    paths: pl.DataFrame,
    agreement: pl.DataFrame,
    lag: int,
    lags: str,
) -> None:
    """Add a finding for each doubt.

    Parameters
    ----------
    inputs, data, found
    messages : mapping of sequence of str
        Of each panel model.
    fit : mapping
        Row of the model with random intercepts in the table of models.
    tests, paths, agreement : DataFrame
    lag : int
        How far back variables reach.
    lags : str
        Whether effects are held equal.
    """
    for model, told in messages.items():
        for message in told:
            found.tell("change-model-doubtful", model=model, message=message)
    if _fits_poorly(fit):
        found.tell("change-fit-poor", cfi=fit["cfi"], rmsea=fit["rmsea"],
                   mend=_other_models(data, lag, lags))  # fmt: skip
    if fits_inexactly(fit):
        found.tell("change-fit-inexact", p=fit["p"], cfi=fit["cfi"], rmsea=fit["rmsea"],
                   back=back_in_words(lag))  # fmt: skip
    for row in tests.filter(claim=LAGS).iter_rows(named=True):
        if lags == "equal" and row["p"] is not None and row["p"] < LEVEL:
            found.tell("change-effects-differ", p=row["p"])
    titled = paths_in_titles(paths, data.title)
    for code, other in (("change-models-disagree", REGRESSION), ("change-one-way-only", ONE_STEP)):
        disputed = apart(agreement, (RANDOM, other))
        if disputed:
            found.tell(code, paths=[titled[path] for path in disputed])
    _tell_overlap(inputs, data, found)
    _tell_times(inputs, data, found)


def _other_models(data: ChangeData, lag: int, lags: str) -> str:
    """Say which settings may fit better: those that are not set already and can be fitted."""
    ways = {
        "`lag: 2`": (2, lags == "free", lag == 1 and len(data.occasions) >= occasions_needed(2)),
        "`lags: free`": (lag, True, lags == "equal"),
    }
    told = [
        words
        for words, (back, free, other) in ways.items()
        if other and len(data.persons) > _plan(data, back).n_parameters(
            random_intercepts=True, free=free)
    ]  # fmt: skip
    first = (
        f"Try {' or '.join(told)}; where" if told else "Name other occasions or variables; where"
    )
    return f"{first} persons drift, do not read the effects."


def _plan(data: ChangeData, lag: int) -> PanelModel:
    return PanelModel(
        values=data.values, occasions=data.occasions, lag=lag, covariates=data.covariates
    )


def doubts_of(fit: Mapping[str, Any], messages: Sequence[str]) -> tuple[str, ...]:
    """Say what is doubtful of a model, as what follows "a model that"."""
    poor = ("does not fit",) if _fits_poorly(fit) else ()
    return (*poor, "has doubtful estimates") if messages else poor


def fits_inexactly(fit: Mapping[str, Any]) -> bool:
    """Whether the test speaks against a model and its indices do not."""
    return _is_rejected(fit) and not _has_poor_indices(fit)


def back_in_words(lag: int) -> str:
    """Words for how far back a model's effects reach."""
    return "one occasion" if lag == 1 else "two occasions"


def _fits_poorly(fit: Mapping[str, Any]) -> bool:
    """Whether indices and the test both speak against a model."""
    return _is_rejected(fit) and _has_poor_indices(fit)


def _is_rejected(fit: Mapping[str, Any]) -> bool:
    return fit["p"] is not None and fit["p"] < LEVEL


def _has_poor_indices(fit: Mapping[str, Any]) -> bool:
    return (fit["cfi"] is not None and fit["cfi"] < LEAST_CFI) or (
        fit["rmsea"] is not None and fit["rmsea"] > MOST_RMSEA
    )


def tell_group_differences(grouped: Grouped, found: Findings) -> None:
    """Add a finding where effects of all persons are a mean of effects that differ by group."""
    together = grouped.tests.filter(effect=ALL)
    if together.height and together["p"].item() is not None and together["p"].item() < LEVEL:
        found.tell("change-groups-differ", name=grouped.by, p=together["p"].item())


def _tell_times(inputs: AnalysisInputs, data: ChangeData, found: Findings) -> None:
    """Gaps of persons that are not those of the occasions."""
    times = inputs.views.wide(P).times[np.ix_(data.persons, data.places)]
    gaps = np.diff(times, axis=1)
    gaps = gaps[np.isfinite(gaps)]
    if data.gap is None or not gaps.size:
        return
    share = float(np.mean(np.abs(gaps - data.gap) > OFF_TIME * data.gap))
    if share > OFTEN:
        found.tell("change-times-apart", share=share, gap=data.gap)


def _tell_overlap(inputs: AnalysisInputs, data: ChangeData, found: Findings) -> None:
    """Answers about a longer time than the gap, or than answers to another variable."""
    spans = {name: days for name in data.names if (days := _recall(inputs, name)) is not None}
    if data.gap is not None:
        longer = [name for name, days in spans.items() if days > LONGER * data.gap]
        if longer:
            found.tell("change-answers-overlap", names=list(map(data.title, longer)), gap=data.gap)
            return
    if spans and max(spans.values()) > LONGER * min(spans.values()):
        told = [f"{data.title(name)}: {days:.4g} days" for name, days in spans.items()]
        found.tell("change-answers-of-unequal-spans", spans=told)


def _recall(inputs: AnalysisInputs, name: str) -> float | None:
    """Days that answers to a variable are about, the longest of its instruments; None unknown."""
    study, scores = inputs.study, inputs.scores
    types = {scores.type_column(one): one for one in scores.exposure_types}
    if name in (P, SR):
        asked: Sequence[str] = study.problems.instruments
    elif name == E:
        asked = scores.exposure_types
    else:
        asked = (types.get(name, name).removeprefix(FACTOR),)
    known = [study.instruments[one].recall for one in asked if one in study.instruments]
    days = [recall.days for recall in known if recall is not None]
    return max(days) if days else None
