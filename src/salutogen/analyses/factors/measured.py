"""Factors and the SR after them: who was measured when, and what comes strictly later."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.factors.settings import FactorsSettings
from salutogen.analyses.scales import numbers_of
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons, listed
from salutogen.models.descriptive import group_means
from salutogen.models.regression.stacked import EstimatedLine
from salutogen.names import did_you_mean
from salutogen.namespaces import covariate_of, factor_column
from salutogen.norm.covariates import covariates_by_person
from salutogen.norm.design_matrix import covariate_terms, line_matrix, term_matrix, with_exposure

Float = NDArray[np.float64]
Bool = NDArray[np.bool_]
FEWEST = 20
INTERCEPT = "intercept"
# What asks for problems under another name: by what an instrument measures, and by its words.
DISGUISES = {"problems": "symptoms", "perceived-stress": "perceived stress"}
WORDS = {
    "neuroticism": re.compile(r"neurotic|emotional (in)?stability", re.IGNORECASE),
    "perceived stress": re.compile(r"perceived[ -]stress|stress perception", re.IGNORECASE),
    "symptoms": re.compile(
        r"depress|anxi|distress|symptom|negative[ -]affect|psychopatholog", re.IGNORECASE
    ),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Factor:
    """A factor with a value per person.

    Attributes
    ----------
    name, title : str
    values : array (persons,)
        NaN where missing.
    before : array (persons,)
        Mean problems up to the occasion of the factor, that one included.
    disguise : str
        What of problems it asks for under another name; empty where nothing speaks for that.
    """

    name: str
    title: str
    values: Float
    before: Float
    disguise: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Later:
    """What comes after the factors, a row per person of the study; NaN for who has none of it.

    Attributes
    ----------
    labels : tuple of str
        Occasions that count.
    rows : DataFrame
        The person-occasions behind the means, with SR.
    SR, P, E : array (persons,)
        Means over a person's valid occasions there.
    along : array (persons, p)
        Means of the terms of the occasions' line.
    terms : array (persons, q)
        Terms of the persons' line at the means: constant, exposure, the line's covariates.
    names : tuple of str
        Names of `terms`.
    exposure : array of bool (q,)
        Which of `terms` are of exposure.
    covariates : array (persons, c)
        Further covariates that the study file names here.
    covariate_names : tuple of str
    """

    labels: tuple[str, ...]
    rows: pl.DataFrame
    SR: Float
    P: Float
    E: Float
    along: Float
    terms: Float
    names: tuple[str, ...]
    exposure: Bool
    covariates: Float
    covariate_names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Related:
    """What was related to what, for analyses that ask the same in another way.

    Attributes
    ----------
    factors : tuple of Factor
        Those that were fitted.
    later : Later
    line : EstimatedLine or None
        How persons pulled on the line of occasions; None for a line of another study.
    """

    factors: tuple[Factor, ...]
    later: Later
    line: EstimatedLine | None


@dataclass(frozen=True, kw_only=True)
class TimeOrder:
    """Where factors and later SR stand in the plan.

    Attributes
    ----------
    first, last : int
        Places of the first and the last occasion of later SR.
    measured : mapping of str to int
        Place of the occasion of each factor.
    """

    first: int
    last: int
    measured: Mapping[str, int]

    def comes_before(self, name: str) -> bool:
        """Whether a factor was measured before the first occasion of later SR."""
        return self.measured[name] < self.first


def asked_factors(
    inputs: AnalysisInputs, settings: FactorsSettings, found: Findings
) -> tuple[str, ...]:
    """Names of the factors to relate; all of them refused where one is unknown."""
    scores = inputs.scores
    known = [*scores.factors_baseline, *scores.factors_repeated]
    names = tuple(dict.fromkeys(known if settings.factors is None else settings.factors))
    named = settings.measured if isinstance(settings.measured, dict) else {}
    for name in dict.fromkeys([*names, *named, *settings.turning]):
        if name not in known:
            found.tell("factor-unknown", name=name, near=did_you_mean(name, known), known=known)
    if not names:
        found.tell("no-factors-to-relate")
    found.raise_refusals(AnalysisError)
    return names


def time_order(
    inputs: AnalysisInputs, settings: FactorsSettings, names: tuple[str, ...], found: Findings
) -> TimeOrder:
    """Find when factors were measured and which occasions come after them."""
    labels = inputs.study.labels
    asked = settings.measured
    of_all = asked if isinstance(asked, str) else labels[0]
    by_name = asked if isinstance(asked, dict) else {}
    wanted = {name: by_name.get(name, of_all) for name in names}
    ends = [item for item in (settings.first, settings.last) if item is not None]
    for label in dict.fromkeys([*wanted.values(), *ends]):
        if label not in labels:
            near = did_you_mean(label, labels)
            found.tell("factor-occasion-unknown", label=label, near=near)
    found.raise_refusals(AnalysisError)
    measured = {name: labels.index(label) for name, label in wanted.items()}
    first = labels.index(of_all) + 1 if settings.first is None else labels.index(settings.first)
    last = len(labels) - 1 if settings.last is None else labels.index(settings.last)
    if first > last:
        found.tell("nothing-after-the-factors", label=of_all)
        found.raise_refusals(AnalysisError)
    return TimeOrder(first=first, last=last, measured=measured)


def factors_before(
    inputs: AnalysisInputs, order: TimeOrder, found: Findings
) -> tuple[tuple[Factor, ...], tuple[str, ...]]:
    """Factors that were measured before, and names of those that can only be correlates."""
    labels = inputs.study.labels
    factors: list[Factor] = []
    beside: list[str] = []
    for name, place in order.measured.items():
        values = _numbers(inputs, name, place, found)
        if values is None:
            continue
        if not order.comes_before(name):
            where, first = labels[place], labels[order.first]
            found.tell("factor-not-before", name=name, where=where, first=first)
            beside.append(name)
            continue
        known = values[np.isfinite(values)]
        repeated = name in inputs.scores.factors_repeated
        if known.size < FEWEST and repeated:
            at, n = labels[place], Persons(known.size)
            found.tell("factor-not-before", variant="unanswered", name=name, where=at, n=n)
            beside.append(name)
        elif known.size < FEWEST:
            found.tell("factor-of-few", name=name, n=Persons(known.size), least=FEWEST)
        elif np.ptp(known) == 0:
            found.tell("factor-without-variance", name=name)
        else:
            title, disguise = _told(inputs, name)
            before = _mean_up_to(inputs.views.wide("P").values, place)
            factors.append(
                Factor(name=name, title=title, values=values, before=before, disguise=disguise)
            )
    return tuple(factors), tuple(beside)


def _mean_up_to(values: Float, place: int) -> Float:
    """Mean of a person's known values (persons, occasions) up to an occasion, NaN for none."""
    own = values[:, : place + 1]
    known = np.isfinite(own)
    count = known.sum(axis=1)
    total = np.where(known, own, 0.0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(own), np.nan), where=count > 0))


def _numbers(inputs: AnalysisInputs, name: str, place: int, found: Findings) -> Float | None:
    """Values of a factor, one per person; of a repeated one those of its occasion."""
    column = inputs.scores.factor(name)
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        found.tell("factor-not-a-number", name=name)
        return None
    if name in inputs.scores.factors_repeated:
        return inputs.views.wide(factor_column(name)).values[:, place]
    return numbers_of(column)


def _told(inputs: AnalysisInputs, name: str) -> tuple[str, str]:
    """What people call a factor, and what of problems it asks for under another name."""
    instrument = inputs.study.instruments.get(name)
    title = name if instrument is None else instrument.title or name
    words = [name, title]
    if instrument is not None:
        words.append(instrument.registered or "")
        if instrument.measures in DISGUISES:
            return title, DISGUISES[instrument.measures]
    text = " ".join(words).replace("_", " ")
    return title, next((what for what, form in WORDS.items() if form.search(text)), "")


def later_scores(
    inputs: AnalysisInputs, settings: FactorsSettings, order: TimeOrder, found: Findings
) -> Later:
    """Means of SR, P and exposure over occasions strictly after the factors, by person."""
    scores, norm = inputs.scores, inputs.norm
    n = scores.persons.height
    rows = scores.table.with_columns(inputs.resilience.occasions["SR"])
    place = pl.col("occasion_index").cast(pl.Int64)
    rows = rows.filter(
        pl.col("valid") & pl.col("SR").is_not_null() & place.is_between(order.first, order.last)
    )
    rows = _strictly_after(inputs, order, rows, found)
    rows = norm.with_covariates(rows)
    person = rows["person"].to_numpy().astype(np.int64)
    if np.unique(person).size < FEWEST:
        n_seen = Persons(np.unique(person).size)
        found.tell("too-few-with-later-scores", n=n_seen, least=FEWEST)
        found.raise_refusals(AnalysisError)
    columns = ("SR", "P", "E", *scores.type_columns)
    means = {
        name: group_means(rows[name].cast(pl.Float64).to_numpy(), person, n) for name in columns
    }
    along = line_matrix(norm.lines.occasion, rows, level="occasion")
    line = norm.lines.person
    table = scores.persons.select("person").with_columns(
        pl.Series(name, means[name]).fill_nan(None) for name in columns if name != "SR"
    )
    table = with_exposure(line, norm.with_covariates(table))
    names = tuple(line.names)
    exposure = np.array([term != INTERCEPT and covariate_of(term) is None for term in line.terms])
    covariates, covariate_names = _covariates(inputs, settings, line.covariates, found)
    return Later(
        labels=inputs.study.labels[order.first : order.last + 1],
        rows=rows,
        SR=means["SR"],
        P=means["P"],
        E=numbers_of(table["E"]),
        along=np.stack([group_means(column, person, n) for column in along.T], axis=1),
        terms=line_matrix(line, table, level="person"),
        names=names,
        exposure=exposure,
        covariates=covariates,
        covariate_names=covariate_names,
    )


def _strictly_after(
    inputs: AnalysisInputs, order: TimeOrder, rows: pl.DataFrame, found: Findings
) -> pl.DataFrame:
    """Leave out answers that the clock puts before the factors, whatever the plan says."""
    before = [place for name, place in order.measured.items() if order.comes_before(name)]
    if not before or not rows.height:
        return rows
    own = inputs.views.wide("P").times[:, max(before)]
    time = numbers_of(rows["time"])
    late = ~(time <= own[rows["person"].to_numpy()])
    if not late.all():
        gone = rows.filter(~pl.Series(late))
        persons = Persons(gone["person"].n_unique())
        found.tell("scores-not-after-factors", n=gone.height, persons=persons)
    return rows.filter(pl.Series(late))


def _covariates(
    inputs: AnalysisInputs, settings: FactorsSettings, in_line: tuple[str, ...], found: Findings
) -> tuple[Float, tuple[str, ...]]:
    """Terms of the covariates that the study file names here and that are not in the line."""
    names = [name for name in dict.fromkeys(settings.covariates) if name not in in_line]
    known = [name for name in inputs.scores.persons.columns if name not in ("person", "subject")]
    for name in names:
        if inputs.scores.of_persons(name) is None:
            near = did_you_mean(name, known)
            found.tell("factor-covariate-unknown", name=name, near=near, known=listed(known))
    found.raise_refusals(AnalysisError)
    table = covariates_by_person(inputs.scores, names)
    terms = covariate_terms(table, tuple(names)) if names else ()
    if not terms:
        return np.empty((inputs.scores.persons.height, 0)), ()
    return term_matrix(table, terms, predictors=()), terms


def over_the_same_time(
    inputs: AnalysisInputs, name: str, later: Later
) -> tuple[Float, Float] | None:
    """Means of a repeated factor and of SR over the occasions at which both are known."""
    if name not in inputs.scores.factors_repeated:
        return numbers_of(inputs.scores.factor(name)), later.SR
    values = numbers_of(later.rows[factor_column(name)])
    known = np.isfinite(values)
    person = later.rows["person"].to_numpy().astype(np.int64)[known]
    n = inputs.scores.persons.height
    if not known.any():
        return None
    SR = later.rows["SR"].to_numpy()[known]
    return group_means(values[known], person, n), group_means(SR, person, n)


def complete(factors: Sequence[Factor], later: Later) -> Bool:
    """Persons (persons,) who have later scores, all covariates and all of these factors."""
    columns = [factor.values for factor in factors]
    known = np.isfinite(later.SR) & np.isfinite(later.terms).all(axis=1)
    known &= np.isfinite(later.covariates).all(axis=1)
    for column in columns:
        known &= np.isfinite(column)
    return np.asarray(known)
