"""What being lost may go with: scores at the occasion, factors and background at first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.answer_times import AnswerTimes
from salutogen.analyses.attrition.observed import Observed
from salutogen.analyses.attrition.settings import AttritionSettings
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.scales import numbers_of
from salutogen.analyses.titles import title_of
from salutogen.errors import AnalysisError
from salutogen.findings import Findings, Persons, listed
from salutogen.names import did_you_mean
from salutogen.namespaces import ARM, factor_column
from salutogen.page.words import number
from salutogen.scores.of_few import few_differ

Float = NDArray[np.float64]
PER_TERM = 10  # persons lost, for each term
KNOWN = 0.8  # share of the persons, for what is measured at first
FEWEST_WITH_LABEL = 10
MOST_LABELS = 8
SCORE_WORDS = {"P": "problems P", "E": "exposure E", "SR": "SR"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Predictor:
    """One thing that loss may go with.

    Attributes
    ----------
    name : str
    terms, per : tuple of str
        What its columns are called, and the difference that one unit of each stands for.
    values : array (n, k)
        At the rows, about 1 in size.
    baseline : bool
        Whether it is known at first and does not change.
    """

    name: str
    terms: tuple[str, ...]
    per: tuple[str, ...]
    values: Float
    baseline: bool


@dataclass(frozen=True, kw_only=True)
class Candidates:
    """What may be used, and what stands beside the weights to be balanced."""

    known: tuple[Predictor, ...]
    used: tuple[Predictor, ...]


def candidates(
    inputs: AnalysisInputs, settings: AttritionSettings, observed: Observed, found: Findings
) -> Candidates:
    """Take the predictors that are asked, as many as those who were lost can tell of.

    Raises
    ------
    AnalysisError
        A factor or background is unknown, P, E and SR are all asked, or nothing is.
    """
    scores = tuple(dict.fromkeys(settings.scores))
    if len(scores) == 3:
        found.tell("attrition-scores-collinear")
    names = _names(inputs, settings, found)
    if not scores and (not names or settings.numerator == "baseline"):
        variant = "baseline" if names else ""
        found.tell("attrition-no-predictors", variant=variant)
    found.raise_refusals(AnalysisError)
    known = [_score(observed, name) for name in scores]
    for name in names:
        one = _of_persons(inputs, observed, name, found)
        if one is not None:
            known.append(one)
    room, used, few = observed.n_lost // PER_TERM, [], []
    for one in known:
        if len(one.terms) <= room:
            used.append(one)
            room -= len(one.terms)
        else:
            few.append(one.name)
    if few and observed.n_lost >= PER_TERM:
        n = Persons(observed.n_lost, of=observed.n)
        found.tell("attrition-predictors-left-out", names=listed(few, most=8), n=n, each=PER_TERM)
    return Candidates(known=tuple(known), used=tuple(used))


def matrix(predictors: Iterable[Predictor], n: int) -> Float:
    """Columns (n, k) of several predictors."""
    return np.column_stack([np.empty((n, 0)), *(one.values for one in predictors)])


def term_names(predictors: Iterable[Predictor]) -> tuple[str, ...]:
    """Names of their columns."""
    return tuple(term for one in predictors for term in one.terms)


def _names(inputs: AnalysisInputs, settings: AttritionSettings, found: Findings) -> tuple[str, ...]:
    """Names of factors and background, those of the study file by default."""
    scores = inputs.scores
    factors = [*scores.factors_baseline, *scores.factors_repeated]
    background = [name for name in inputs.study.plan.background if name not in factors]
    if scores.of_persons(ARM) is not None and ARM not in background:
        background.insert(0, ARM)
    for name in settings.factors or ():
        if name not in factors:
            near = did_you_mean(name, factors)
            found.tell("attrition-predictor-unknown", name=name, near=near, known=factors)
    for name in settings.background or ():
        if scores.of_persons(name) is None:
            near = did_you_mean(name, background)
            found.tell("attrition-predictor-unknown", name=name, near=near, known=background)
    chosen = [
        *(factors if settings.factors is None else settings.factors),
        *(background if settings.background is None else settings.background),
    ]
    return tuple(dict.fromkeys(chosen))


def _score(observed: Observed, name: str) -> Predictor:
    values = observed.values(name)
    return _standardised(SCORE_WORDS[name], values, observed, baseline=False)


def _standardised(name: str, values: Float, observed: Observed, *, baseline: bool) -> Predictor:
    """Put values (n,) to SDs over the occasions at risk; what is missing is their mean."""
    own = values[observed.risk & np.isfinite(values)]
    mean, sd = (float(own.mean()), float(np.std(own, ddof=1))) if own.size > 1 else (0.0, 0.0)
    scaled = np.where(np.isfinite(values), values - mean, 0.0) / (sd if sd > 0 else 1.0)
    return Predictor(
        name=name,
        terms=(name,),
        per=(f"1 SD ({number(sd, 3)})",),
        values=scaled[:, None],
        baseline=baseline,
    )


def _of_persons(
    inputs: AnalysisInputs, observed: Observed, name: str, found: Findings
) -> Predictor | None:
    """A factor or background at first; None, and a finding, where it tells nothing."""
    if name in inputs.scores.factors_repeated:
        column = pl.Series(inputs.views.wide(factor_column(name)).values[:, 0]).fill_nan(None)
    else:
        of_persons = inputs.scores.of_persons(name)
        column = inputs.scores.factor(name) if of_persons is None else of_persons
    title = title_of(inputs, name)
    person = observed.rows.person
    late = _late(inputs, observed, name) & column.is_not_null().to_numpy()
    if late.sum() > (1 - KNOWN) * np.unique(person).size:
        n = Persons(int(late.sum()))
        found.tell("attrition-predictor-not-used", variant="late", name=name, n=n)
        return None
    column = column.zip_with(pl.Series(~late), pl.Series([None], dtype=column.dtype))
    here = column.gather(np.unique(person))
    missing = here.null_count()
    if here.len() - missing < KNOWN * here.len():
        found.tell("attrition-predictor-not-used", variant="unknown", name=name, share=KNOWN)
        return None
    if not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
        return _of_labels(name, title, column.cast(pl.String), here.cast(pl.String), person, found)
    values = numbers_of(column)[person]
    known = values[np.isfinite(values)]
    if not known.size or np.ptp(known) == 0 or few_differ(numbers_of(here)):
        found.tell("attrition-predictor-not-used", variant="constant", name=name)
        return None
    if missing:
        found.tell("attrition-values-filled", name=name, n=Persons(missing, of=here.len()))
    return _standardised(title, values, observed, baseline=True)


def _late(inputs: AnalysisInputs, observed: Observed, name: str) -> NDArray[np.bool_]:
    """Who (persons,) had a factor not before their second form, by its own times.

    Who was lost by then cannot have it: it would tell of staying.
    """
    times = AnswerTimes(inputs)
    seen = np.isin(np.arange(observed.rows.n_persons), observed.rows.person)
    if not times.has_own(name):
        return np.zeros_like(seen)
    person = inputs.scores.table["person"].to_numpy().astype(np.int64)
    second = times.forms.nth(person, observed.rows.n_persons, place=1)
    return np.asarray(seen & second.not_after(times.at(name, 0)))


def _of_labels(
    name: str,
    title: str,
    column: pl.Series,
    here: pl.Series,
    person: NDArray[np.int64],
    found: Findings,
) -> Predictor | None:
    """Columns of the labels of ten persons or more, against the most frequent and the rest."""
    counts = here.alias("label").drop_nulls().value_counts(name="n")
    counts = counts.sort(["n", "label"], descending=[True, False])
    labels = counts.filter(pl.col("n") >= FEWEST_WITH_LABEL)["label"].to_list()[1:]
    if not labels or len(labels) >= MOST_LABELS:
        variant = "labels" if labels else "constant"
        found.tell("attrition-predictor-not-used", variant=variant, name=name)
        return None
    rows = column.gather(person)
    columns = [(rows == label).fill_null(False).cast(pl.Float64).to_numpy() for label in labels]
    return Predictor(
        name=name,
        terms=tuple(f"{title}: {label}" for label in labels),
        per=("against the others",) * len(labels),
        values=np.column_stack(columns),
        baseline=True,
    )
