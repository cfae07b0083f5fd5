"""Weights of still being observed, for this analysis and for others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.attrition.observed import Observed, observe, persons_at_end
from salutogen.analyses.attrition.predictors import (
    PER_TERM,
    Candidates,
    Predictor,
    candidates,
    matrix,
    term_names,
)
from salutogen.analyses.attrition.records import (
    BALANCE_COLUMNS,
    BALANCE_STEP,
    HAZARD_COLUMNS,
    Weighing,
)
from salutogen.analyses.attrition.settings import AttritionSettings
from salutogen.analyses.contract import AnalysisInputs
from salutogen.errors import ModelError
from salutogen.findings import Findings, Persons, listed
from salutogen.models.dropout.weights import DropoutWeights, dropout_weights
from salutogen.models.false_discovery import adjusted_p
from salutogen.page.audience import SMALL_CELL, Audience

Float = NDArray[np.float64]
NUMERATORS = {
    "occasions": "the hazard by occasion",
    "baseline": "the hazard by occasion, factors and background",
}
UNBALANCED = 0.1  # SDs
LARGE = 20.0
WORTH = 0.5
HARDLY = 0.05  # share lost, below which even lost persons one SD off hardly move a mean


@dataclass(frozen=True, kw_only=True, eq=False)
class Fitted:
    """Weights, the predictors behind them, and those that stand beside."""

    weights: DropoutWeights
    used: tuple[Predictor, ...]


def weights(
    inputs: AnalysisInputs, settings: AttritionSettings | None = None
) -> DropoutWeights | None:
    """Weights of still being observed, one for each person's valid occasion.

    Rows are those of `norm.periods.valid_rows`, in their order.

    Parameters
    ----------
    inputs : AnalysisInputs
    settings : AttritionSettings, optional

    Returns
    -------
    DropoutWeights or None
        None where nobody is lost, or too few to tell what loss goes with.

    Raises
    ------
    AnalysisError
        One occasion alone, or a predictor that is unknown.
    """
    asked, found = settings or AttritionSettings(), Findings()
    observed = observe(inputs, asked, found)
    made = fit_weights(observed, candidates(inputs, asked, observed, found), asked, found)
    return None if made is None else made.weights


def fit_weights(
    observed: Observed, offered: Candidates, settings: AttritionSettings, found: Findings
) -> Fitted | None:
    """Fit hazards and weights; predictors that cannot stand with the others are left out."""
    n_lost = observed.n_lost
    if n_lost == 0:
        found.tell("attrition-nobody-lost", label=observed.labels[observed.end])
        return None
    if n_lost < PER_TERM:
        n = Persons(n_lost, of=observed.n)
        # A few count as the most that they may be on a page that tells no small count: what is
        # advised is then the same on every page, and tells none.
        most = max(n_lost, SMALL_CELL - 1)
        variant = "" if most < HARDLY * observed.n else "share"
        found.tell("attrition-few-lost", variant=variant, n=n, least=PER_TERM)
        return None
    if not offered.used:
        return None  # what was left out, and why, is told
    try:
        return Fitted(weights=_fit(observed, offered.used, settings), used=offered.used)
    except ModelError:
        return _one_by_one(observed, offered.used, settings, found)


def _one_by_one(
    observed: Observed, used: Sequence[Predictor], settings: AttritionSettings, found: Findings
) -> Fitted | None:
    """Add predictor after predictor; those with which the hazard cannot be fitted are told."""
    kept: tuple[Predictor, ...] = ()
    made: DropoutWeights | None = None
    left = []
    for one in used:
        try:
            made = _fit(observed, (*kept, one), settings)
        except ModelError:
            left.append(one.name)
            continue
        kept = (*kept, one)
    if left:
        found.tell("attrition-predictor-not-used", variant="separates", name=listed(left))
    return None if made is None else Fitted(weights=made, used=kept)


def _fit(
    observed: Observed, used: Sequence[Predictor], settings: AttritionSettings
) -> DropoutWeights:
    rows = observed.rows
    baseline = None
    if settings.numerator == "baseline":
        baseline = matrix((one for one in used if one.baseline), rows.n)
    return dropout_weights(
        person=rows.person,
        occasion=rows.occasion,
        end=observed.end,
        predictors=matrix(used, rows.n),
        names=term_names(used),
        baseline=baseline,
        truncate=settings.truncate,
        n_persons=rows.n_persons,
    )


def hazard_table(fitted: Fitted | None) -> pl.DataFrame:
    """Odds ratios of every term but the occasions'."""
    schema = {item.name: pl.String if item.name in ("term", "per") else pl.Float64
              for item in HAZARD_COLUMNS}  # fmt: skip
    made = []
    if fitted is not None:
        hazard = fitted.weights.hazard
        per = [words for one in fitted.used for words in one.per]
        first = len(hazard.names) - len(per)
        low, high = np.exp(hazard.interval())
        odds, p = np.exp(hazard.coefficients), hazard.p_values()
        adjusted = np.full(p.size, np.nan)
        adjusted[first:] = adjusted_p(p[first:])
        for place, words in enumerate(per, start=first):
            numbers = (float(part[place]) for part in (odds, low, high, p, adjusted))
            made.append((hazard.names[place], words, *numbers))
    return pl.DataFrame(made, schema=schema, orient="row")


def weighing(
    observed: Observed,
    fitted: Fitted,
    offered: Candidates,
    settings: AttritionSettings,
    found: Findings,
    audience: Audience,
) -> Weighing:
    """Sum up weights, and say where they do not do what they are for."""
    own = fitted.weights
    later = own.occasion > observed.entered[own.person]
    at_end = own.values[own.occasion == observed.end]
    values = own.values[later]
    balance = _balance(observed, own, offered.known)
    made = Weighing(
        n_rows=int(own.values.size),
        numerator=NUMERATORS[settings.numerator],
        truncate=settings.truncate,
        mean=float(values.mean()),
        sd=float(np.std(values, ddof=1)) if values.size > 1 else 0.0,
        largest=float(own.values.max()),
        largest_untruncated=float(own.untruncated.max()),
        mean_at_end=float(at_end.mean()),
        sd_at_end=float(np.std(at_end, ddof=1)) if at_end.size > 1 else 0.0,
        n_end=int(at_end.size),
        effective_n=own.effective_n(observed.end),
        balance=_in_steps(balance, at_end.size, audience),
    )
    if made.effective_n < WORTH * made.n_end or made.largest > LARGE:
        found.tell(
            "attrition-weights-extreme", variant="cut" if settings.truncate > 0 else "",
            n=persons_at_end(made.n_end, observed.n_left, observed.n),
            worth=Persons(round(made.effective_n)),
        )  # fmt: skip
    apart = balance.filter(pl.col("after").abs() > UNBALANCED)["variable"].to_list()
    if apart:
        variant = "cut" if settings.truncate > 0 else ""
        variant = "baseline" if settings.numerator == "baseline" else variant
        found.tell("attrition-not-balanced", variant=variant, names=listed(apart),
                   limit=UNBALANCED)  # fmt: skip
    return made


def _in_steps(balance: pl.DataFrame, n: int, audience: Audience) -> pl.DataFrame:
    """Tell balance of few in coarser steps, where persons are hidden.

    One person more or less moves the mean of something that a person has or has not by about
    2 / n SDs. In steps of as much, three or more numbers of persons fit in nearly all cases, even
    for somebody who knows how many of everyone have it.
    """
    if audience.individuals:
        return balance
    step = BALANCE_STEP * math.ceil(2 / (BALANCE_STEP * audience.told_size(n)))
    return balance.with_columns((pl.col("before", "after") / step).round() * step)


def _balance(observed: Observed, own: DropoutWeights, known: Sequence[Predictor]) -> pl.DataFrame:
    """Those seen at the end beside everyone at first, before and after weighting."""
    first = observed.first
    here = np.flatnonzero(own.occasion == observed.end)
    starts = first[np.searchsorted(own.person[first], own.person[here])]
    columns = [(name, observed.values(name)) for name in ("P", "E", "SR")]
    for one in known:
        if one.baseline:
            columns += zip(one.terms, one.values.T, strict=True)
    made = []
    for name, values in columns:
        everyone, kept = values[first], values[starts]
        some = np.isfinite(kept)
        everyone = everyone[np.isfinite(everyone)]
        sd = float(np.std(everyone, ddof=1)) if everyone.size > 1 else 0.0
        if not sd > 0 or not some.any():
            continue
        before, after = (
            (float(np.average(kept[some], weights=weight[some])) - float(everyone.mean())) / sd
            for weight in (np.ones(here.size), own.values[here])
        )
        made.append((name, before, after))
    schema = {item.name: pl.String if item.name == "variable" else pl.Float64
              for item in BALANCE_COLUMNS}  # fmt: skip
    return pl.DataFrame(made, schema=schema, orient="row")
