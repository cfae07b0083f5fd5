"""Factor, mechanism, covariates and later problems of each person, with their places in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.answer_times import AnswerTimes, Moments
from salutogen.analyses.covariates import CovariateNumbers, covariate_numbers
from salutogen.analyses.mechanism.settings import MechanismSettings
from salutogen.analyses.occasions import refuse_unplanned
from salutogen.analyses.scales import at_occasion, known_scales, named_scale, numbers_of
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons
from salutogen.models.descriptive import group_means
from salutogen.models.regression.stacked import shared_with
from salutogen.names import did_you_mean
from salutogen.namespaces import covariate_of, told_term
from salutogen.norm.design_matrix import INTERCEPT, line_matrix, with_exposure
from salutogen.scores.of_few import tell_few

if TYPE_CHECKING:
    from salutogen.analyses.contract import AnalysisInputs

Float = NDArray[np.float64]
FEWEST = 20
BASELINE = "baseline"


@dataclass(frozen=True, kw_only=True, eq=False)
class Variable:
    """One number of each person.

    Attributes
    ----------
    name : str
    at : str
        Label of the occasion, or `baseline`.
    place : int
        Of the occasion in the plan; what was measured at baseline counts as of the first one.
    values : array (persons,)
        NaN where missing.
    days : Moments
        Of the answers, by person.
    difference : str
        What a difference of two categories is, `active against control`; empty for quantities.
    """

    name: str
    at: str
    place: int
    values: Float
    days: Moments
    difference: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Everyone:
    """What is known of all persons of the study, NaN where missing.

    Attributes
    ----------
    P : array (persons,)
        Mean of later problems.
    X : array (persons, k)
        Terms of the line over means, the constant left out.
    terms : tuple of str
    earlier : dict from name to array (persons,)
    out_of_order : array of bool (persons,)
        Whose answers came in another order than planned.
    """

    P: Float
    X: Float
    terms: tuple[str, ...]
    earlier: dict[str, Float]
    out_of_order: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, eq=False)
class Measured:
    """Complete persons.

    Attributes
    ----------
    data : dict from name to array (n,)
        Factor, mechanism, covariates, terms of exposure, problems: `outcome`.
    factor, mechanism : Variable
    covariates, exposure : tuple of str
        Keys of `data`; those of exposure are the terms of the line over means.
    asked : tuple of str
        Covariates of the study file that are among them.
    repeated_terms : tuple of str
        Of `exposure`: those that stand among the covariates, too.
    of_line : tuple of str
        Covariates that the line over means holds, by the study's names.
    outcome : str
        Key of problems.
    places : dict from key to int
        Places in the plan of factor, mechanism and problems.
    occasions : tuple of str
        Labels of the occasions of problems and exposure.
    earlier : dict from name to array (n,)
        Mechanism and SR at the occasion of the factor, NaN where missing; empty where the mechanism
        was not measured before.
    before : str
        Label of that occasion.
    everyone : Everyone
        The same of all persons of the study.
    """

    data: dict[str, Float]
    factor: Variable
    mechanism: Variable
    covariates: tuple[str, ...]
    asked: tuple[str, ...]
    exposure: tuple[str, ...]
    repeated_terms: tuple[str, ...]
    of_line: tuple[str, ...]
    outcome: str
    places: dict[str, int]
    occasions: tuple[str, ...]
    earlier: dict[str, Float]
    before: str
    everyone: Everyone


def measure(inputs: AnalysisInputs, settings: MechanismSettings, found: Findings) -> Measured:
    """Collect what the model needs.

    Raises
    ------
    AnalysisError
        A name or an occasion is not known, nothing lies after the mechanism, or too few persons
        have everything.
    """
    labels = inputs.study.labels
    factor, mechanism, last = _measured(inputs, settings, found)
    P, first, X, terms = _later(inputs, last)
    people = np.flatnonzero(np.isfinite(P))
    covariates = _covariates(inputs, settings, people, found)
    asked = covariates.of(settings.covariates)
    keys = _Keys()
    x, m = keys.of(settings.factor), keys.of(settings.mechanism)
    given = tuple(keys.of(told_term(term)) for term in covariates.terms)
    exposure = tuple(keys.of(told_term(term)) for term in terms)
    outcome = keys.of("P")
    columns = [factor.values[people], mechanism.values[people]]
    columns += list(covariates.values[people].T)
    columns += [*X[people].T, P[people]]
    complete = np.isfinite(np.column_stack(columns)).all(axis=1)
    odd = _out_of_order(
        [factor.place, mechanism.place, last + 1], [factor.days, mechanism.days, first]
    )
    late = odd[people] & complete
    if late.any():
        found.tell("mechanism-times-disagree", n=Persons(int(late.sum())))
    kept = complete & ~late
    if int(kept.sum()) < FEWEST:
        found.tell("too-few-for-mechanism", n=Persons(int(kept.sum())), least=FEWEST)
        raise AnalysisError(tuple(found))
    few = [tell_few(one.name, one.values[people][kept], found) for one in (factor, mechanism)]
    if any(few):
        raise AnalysisError(tuple(found))
    order = [x, m, *given, *exposure, outcome]
    before = _earlier(inputs, factor, mechanism)
    return Measured(
        data={key: column[kept] for key, column in zip(order, columns, strict=True)},
        factor=factor,
        mechanism=mechanism,
        covariates=given,
        asked=asked,
        exposure=exposure,
        repeated_terms=tuple(
            key for key, term in zip(exposure, terms, strict=True) if covariate_of(term) in asked
        ),
        of_line=tuple(dict.fromkeys(filter(None, map(covariate_of, terms)))),
        outcome=outcome,
        places={x: factor.place, m: mechanism.place, outcome: last + 1},
        occasions=tuple(labels[last + 1 :]),
        earlier={
            keys.of(f"{name} at {labels[factor.place]}"): values[people][kept]
            for name, values in before.items()
        },
        before=labels[factor.place],
        everyone=Everyone(P=P, X=X, terms=terms, earlier=before, out_of_order=odd),
    )


def _measured(
    inputs: AnalysisInputs, settings: MechanismSettings, found: Findings
) -> tuple[Variable, Variable, int]:
    """Factor and mechanism, and the place of the occasion after which SR is taken."""
    labels = inputs.study.labels
    if settings.factor == settings.mechanism:
        found.tell("mechanism-is-the-factor", name=settings.factor)
        found.raise_refusals(AnalysisError)
    named = [settings.factor_at, settings.mechanism_at, settings.after]
    refuse_unplanned(inputs, named, found, unknown="mechanism-occasion-unknown")
    factor = _variable(inputs, settings.factor, settings.factor_at, 0, found)
    between = max(min(factor.place + 1, len(labels) - 2), 0)
    mechanism = _variable(inputs, settings.mechanism, settings.mechanism_at, between, found)
    last = mechanism.place
    if settings.after is not None:
        last = labels.index(settings.after)
    if last + 1 >= len(labels):
        found.tell("nothing-after-the-mechanism", label=labels[last])
    found.raise_refusals(AnalysisError)
    return factor, mechanism, last


def shared_with_exposure(measured: Measured) -> dict[str, float | None]:
    """Share of where a path to problems begins, given all else, that goes with exposure, by path.

    By a line that also holds this "all else" the ratio of two steps to one is 1 less the share.
    """
    factor, mechanism, _ = measured.places
    X = np.column_stack([measured.data[key] for key in measured.exposure])
    covariates = [measured.data[key] for key in measured.covariates]
    shares: list[float | None] = []
    for own, other in ((mechanism, factor), (factor, mechanism)):
        values = measured.data[own]
        given = np.column_stack([np.ones(values.size), measured.data[other], *covariates])
        share = shared_with(values, given, X)
        shares.append(share if np.isfinite(share) else None)
    return {"b": shares[0], "indirect": shares[0], "direct": shares[1]}


class _Keys:
    """Names of columns of the model: those of the study, told apart where two are the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        while name in self._taken:
            name = f"{name} again"
        self._taken.add(name)
        return name


def _variable(
    inputs: AnalysisInputs, name: str, at: str | None, place: int, found: Findings
) -> Variable:
    """Read a variable: of the person, or of one occasion."""
    labels, times = inputs.study.labels, AnswerTimes(inputs)
    once = inputs.scores.of_persons(name)
    if once is not None and name not in inputs.scores.factors_repeated:
        if at is not None:
            found.tell("mechanism-asked-once", name=name, label=at)
            found.raise_refusals(AnalysisError)
        values, difference = _numbers_or_two(once, name, found)
        return Variable(
            name=name, at=BASELINE, place=0, values=values, days=times.own(name),
            difference=difference,
        )  # fmt: skip
    known = [*known_scales(inputs), *inputs.scores.factors_baseline]
    if name not in known_scales(inputs):
        near = did_you_mean(name, known)
        found.tell("mechanism-name-unknown", name=name, near=near, known=known)
        found.raise_refusals(AnalysisError)
    scale = named_scale(inputs, name)
    where = place if at is None else labels.index(at)
    return Variable(
        name=name, at=labels[where], place=where, values=at_occasion(inputs, scale.values, where),
        days=times.at(name, where),
    )  # fmt: skip


def _numbers_or_two(column: pl.Series, name: str, found: Findings) -> tuple[Float, str]:
    """Return numbers as they are, and two categories as 0 and 1 with words for the difference."""
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return numbers_of(column), ""
    text = column.cast(pl.String)
    labels = sorted(text.drop_nulls().unique().to_list())
    if len(labels) != 2:
        found.tell("mechanism-of-many-categories", name=name, count=len(labels))
        found.raise_refusals(AnalysisError)
    return numbers_of(text == labels[1]), f"{labels[1]} against {labels[0]}"


def _covariates(
    inputs: AnalysisInputs, settings: MechanismSettings, people: NDArray[np.int64], found: Findings
) -> CovariateNumbers:
    """Numbers of each covariate, of the persons who have later scores."""
    for name in settings.covariates:
        known = inputs.scores.of_persons(name) is not None
        if not known or name in (settings.factor, settings.mechanism):
            found.tell("mechanism-covariate", variant="taken" if known else "unknown", name=name)
    found.raise_refusals(AnalysisError)
    among = np.isin(np.arange(inputs.scores.persons.height), people)
    return covariate_numbers(
        inputs, settings.covariates, found, unknown="mechanism-covariate", among=among
    )


def _later(inputs: AnalysisInputs, last: int) -> tuple[Float, Moments, Float, tuple[str, ...]]:
    """Mean problems over valid occasions after a place, the first form, terms of the line."""
    scores, norm = inputs.scores, inputs.norm
    line = norm.lines.person
    after = pl.col("valid") & (pl.col("occasion_index").cast(pl.Int64) > last)
    kept = scores.table.select(after).to_series()
    rows = scores.table.filter(kept)
    n, person = scores.persons.height, rows["person"].to_numpy().astype(np.int64)
    columns = {
        name: group_means(rows[name].cast(pl.Float64).to_numpy(), person, n)
        for name in ("P", "E", *scores.type_columns)
    }
    first = AnswerTimes(inputs).forms.at(kept.to_numpy()).nth(person, n)
    table = scores.persons.select("person").with_columns(
        pl.Series(name, values).fill_nan(None) for name, values in columns.items()
    )
    table = with_exposure(line, norm.with_covariates(table))
    own = [place for place, term in enumerate(line.terms) if term != INTERCEPT]
    X = line_matrix(line, table, level="person")
    return columns["P"], first, X[:, own], tuple(line.terms[place] for place in own)


def _earlier(inputs: AnalysisInputs, factor: Variable, mechanism: Variable) -> dict[str, Float]:
    """Mechanism and SR of all persons at the occasion of the factor, before the mechanism's."""
    if mechanism.at == BASELINE or factor.place >= mechanism.place:
        return {}
    before = at_occasion(inputs, named_scale(inputs, mechanism.name).values, factor.place)
    return {mechanism.name: before, "SR": inputs.views.wide("SR").values[:, factor.place]}


def _out_of_order(places: list[int], days: list[Moments]) -> NDArray[np.bool_]:
    """Whose answers came at another order than that of the plan, as far as days are known."""
    late = np.zeros(days[0].time.size, dtype=bool)
    for i in range(len(places)):
        for j in range(i + 1, len(places)):
            if places[i] < places[j]:
                late |= days[j].not_after(days[i])
    return late
