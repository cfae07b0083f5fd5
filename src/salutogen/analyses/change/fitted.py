"""All models of one question, fitted to the same persons, and what is doubtful of each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.change.groups import Grouped, compare_groups
from salutogen.analyses.change.lagged_regression import LaggedRegression, lagged_regression
from salutogen.analyses.change.panel_models import PanelModel, ToldFit, test_of
from salutogen.analyses.change.paths import (
    ONE_STEP,
    PLAIN,
    RANDOM,
    REGRESSION,
    WITHOUT_ERROR,
    Path,
)
from salutogen.analyses.change.settings import ChangeSettings
from salutogen.analyses.change.variables import ChangeData
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.repeated_variables import SR, E, P
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings, Persons
from salutogen.models import StructuralComparison
from salutogen.norm.design_matrix import term_matrix, terms_of
from salutogen.page.words import without_counts

Float = NDArray[np.float64]

PARTS = 6  # of the work, for progress: models of effects, and what comes after
LEVELS, LAGS = "persons have lasting levels", "effects differ over occasions"


@dataclass(frozen=True, kw_only=True)
class Models:
    """What was fitted.

    Attributes
    ----------
    main : ToldFit
        With random intercepts.
    panels : dict of ToldFit
        Cross-lagged models by name, the main one first.
    regression : LaggedRegression or None
    paths : dict of list of Path
        By model, in the order of the page.
    tests : dict of StructuralComparison
        By what is tested.
    grouped : Grouped
        Effects in groups of persons, where these are named.
    """

    main: ToldFit
    panels: dict[str, ToldFit]
    regression: LaggedRegression | None
    paths: dict[str, list[Path]]
    tests: dict[str, StructuralComparison]
    grouped: Grouped


def fit_models(
    inputs: AnalysisInputs, data: ChangeData, settings: ChangeSettings, found: Findings
) -> Models:
    """Fit the model with random intercepts, and what stands beside it.

    Raises
    ------
    AnalysisError
        The model with random intercepts cannot be fitted. Others are left out with a finding.
    """
    free = settings.lags == "free"
    plan = PanelModel(
        values=data.values, occasions=data.occasions, lag=settings.lag,
        covariates=data.covariates, titles=data.titles,
    )  # fmt: skip
    _refuse_few_persons(plan, data, free, found)
    try:
        main = plan.fit(random_intercepts=True, free=free)
    except ModelError as error:
        found.tell("change-not-fitted", reason=without_counts(error))
        raise AnalysisError(tuple(found)) from error
    panels = {RANDOM: main}
    paths = {RANDOM: main.paths()}
    inputs.run.tell(len(paths), PARTS)
    plain = _beside(PLAIN, plan, found, random_intercepts=False, free=free)
    if plain is not None:
        panels[PLAIN], paths[PLAIN] = plain, plain.paths()
    other = _beside("", plan, found, random_intercepts=True, free=not free)
    inputs.run.tell(len(paths), PARTS)
    regression = _regression(data, settings, found)
    if regression is not None:
        paths[REGRESSION] = regression.paths
    if SR in data.names:
        twin = _beside(ONE_STEP, _one_step(inputs, data, plan), found,
                       random_intercepts=True, free=free)  # fmt: skip
        if twin is not None:
            panels[ONE_STEP], paths[ONE_STEP] = twin, twin.paths({P: SR})
    inputs.run.tell(len(paths), PARTS)
    if settings.reliability:
        reliable = PanelModel(**(vars(plan) | {"reliability": settings.reliability}))
        better = _beside(WITHOUT_ERROR, reliable, found, random_intercepts=True, free=free)
        if better is not None:
            panels[WITHOUT_ERROR], paths[WITHOUT_ERROR] = better, better.paths()
    equal_lags, free_lags = (other, main) if free else (main, other)
    tests = {LEVELS: test_of(plain, main), LAGS: test_of(equal_lags, free_lags)}
    return Models(
        main=main,
        panels=panels,
        regression=regression,
        paths=paths,
        tests={what: test for what, test in tests.items() if test is not None},
        grouped=compare_groups(inputs, data, plan, settings, found),
    )


_HOLD_EQUAL = (
    "Hold effects equal (`lags: equal`), or name fewer variables, occasions or covariates."
)


def _refuse_few_persons(plan: PanelModel, data: ChangeData, free: bool, found: Findings) -> None:
    needed = plan.n_parameters(random_intercepts=True, free=free)
    if len(data.persons) <= needed:
        found.tell("change-too-few-persons", n=Persons(len(data.persons)), parameters=needed,
                   mend=_HOLD_EQUAL if free else None)  # fmt: skip
    found.raise_refusals(AnalysisError)


def _beside(
    name: str, plan: PanelModel, found: Findings, *, random_intercepts: bool, free: bool
) -> ToldFit | None:
    """A model beside the main one; None, with a finding if it has a name, where there is none."""
    persons = len(next(iter(plan.values.values())))
    needed = plan.n_parameters(random_intercepts=random_intercepts, free=free)
    if persons <= needed:
        if name:
            found.tell("change-model-left-out", variant="persons", model=name, n=Persons(persons),
                       parameters=needed)  # fmt: skip
        return None

    def fit() -> ToldFit:
        return plan.fit(random_intercepts=random_intercepts, free=free)

    return _or_finding(fit, name, found)


def _or_finding[T](fit: Callable[[], T], name: str, found: Findings) -> T | None:
    try:
        return fit()
    except ModelError as error:
        if name:
            found.tell(
                "change-model-left-out", variant="reason", model=name, reason=without_counts(error)
            )
        return None


def _regression(
    data: ChangeData, settings: ChangeSettings, found: Findings
) -> LaggedRegression | None:
    def fit() -> LaggedRegression:
        return lagged_regression(
            data.values,
            data.occasions,
            lag=settings.lag,
            free=settings.lags == "free",
            covariates=data.covariates,
            title=data.title,
        )

    return _or_finding(fit, REGRESSION, found)


def _one_step(inputs: AnalysisInputs, data: ChangeData, plan: PanelModel) -> PanelModel:
    """P in the place of SR, at the same rows, with the terms of exposure that SR's line has."""
    place = np.ix_(data.persons, data.places)
    known = np.isfinite(data.values[SR])
    values: dict[str, Float] = {}
    for name, array in data.values.items():
        if name == SR:
            values[P] = np.where(known, inputs.views.wide(P).values[place], np.nan)
        else:
            values[name] = array
    terms: Mapping[str, Float] = {}
    if not {E, *inputs.scores.type_columns} & set(values):
        terms = _exposure(inputs, place, known)
    return PanelModel(**(vars(plan) | {"values": values, "time_varying": terms}))


def _exposure(
    inputs: AnalysisInputs, place: tuple[NDArray[np.intp], ...], known: NDArray[np.bool_]
) -> dict[str, Float]:
    """Terms of exposure (n_persons, n_occasions) of the line that scores occasions."""
    line = inputs.norm.lines.occasion
    wide = {name: inputs.views.wide(name).values[place].ravel() for name in line.predictors}
    own = terms_of(line.predictors, line.shape)[1:]
    columns = term_matrix(
        pl.DataFrame(wide), own, predictors=line.predictors, knots=line.knots or ()
    )
    return {
        name: np.where(known, columns[:, at].reshape(known.shape), np.nan)
        for at, name in enumerate(own)
    }
