"""Whether persons with more of something react more to a stressor: both in one model."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.answer_times import AnswerTimes, Moments
from salutogen.analyses.contract import AnalysisInputs
from salutogen.analyses.momentary import (
    DAY,
    affects_of,
    fit_within_days,
    moments_of,
    some_bursts,
)
from salutogen.analyses.reactivity.models import effect_of, trends_of
from salutogen.analyses.reactivity.rows import (
    AFFECT,
    BETWEEN,
    FEWEST_PERSONS,
    PERSON,
    WITHIN,
    Reactions,
    read_reactions,
)
from salutogen.analyses.reactivity.settings import ReactivitySettings
from salutogen.analyses.repeated_variables import SR, repeated_variables, variable_column
from salutogen.analyses.scales import numbers_of
from salutogen.analyses.titles import titles_of
from salutogen.columns import LESS_RESILIENT
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings, Persons, listed
from salutogen.models.descriptive import group_means
from salutogen.models.false_discovery import adjusted_p
from salutogen.names import did_you_mean
from salutogen.page.words import without_counts
from salutogen.panel.momentary import Momentary
from salutogen.scores.of_few import tell_few

Float = NDArray[np.float64]
MODERATOR = "by_person"
ONCE = "asked once"


@dataclass(frozen=True, kw_only=True, eq=False)
class Moderator:
    """Something that persons have more or less of, from before their first prompt.

    Attributes
    ----------
    name, title : str
    values : array (persons,)
        NaN where missing.
    visits : int
        Visits over which it is averaged, of the person with most; 0 where it is asked once.
    """

    name: str
    title: str
    values: Float
    visits: int

    @property
    def over(self) -> str:
        """Words for the visits."""
        return str(self.visits) if self.visits else ONCE


def moderated(
    inputs: AnalysisInputs, stream: Momentary, settings: ReactivitySettings, found: Findings
) -> list[dict[str, Any]]:
    """Fit the product of stressor and each moderator, persons' own slopes beside it.

    Returns rows of the table; a moderator that cannot be fitted is told and left out.

    Raises
    ------
    AnalysisError
        A name is unknown, or holds words; a burst is not in the study.
    """
    if not settings.by:
        return []
    repeated = frozenset(repeated_variables(inputs))
    _refuse_unknown(inputs, settings.by, repeated, found)
    bursts = settings.by_bursts
    if bursts is None and stream.bursts and not repeated.isdisjoint(settings.by):
        bursts = stream.bursts[len(stream.bursts) // 2 :]
    later = some_bursts(stream, bursts, inputs, found)
    moderators = _moderators(inputs, later, settings.by, repeated, found)
    rows = []
    for role in affects_of(later, settings.affect, found):
        try:
            reactions = read_reactions(later, role, Findings())
        except AnalysisError as error:
            names = listed([one.title for one in moderators])
            found.tell("moderator-not-fitted", name=names, reason=without_counts(error))
            return []
        fitted = (_row(reactions, one, settings.trends, found) for one in moderators)
        kept = [row for row in fitted if row is not None]
        p = adjusted_p([row["p"] for row in kept])
        rows += [{"affect": role, "p_adjusted": float(q)} | row
                 for row, q in zip(kept, p, strict=True)]  # fmt: skip
    return rows


def _moderators(
    inputs: AnalysisInputs,
    stream: Momentary,
    names: Sequence[str],
    repeated: Collection[str],
    found: Findings,
) -> tuple[Moderator, ...]:
    """Take what the study file names, as it was before the prompts."""
    wanted = tuple(dict.fromkeys(names))
    titles = titles_of(inputs, wanted) | {SR: f"SR ({LESS_RESILIENT})"}
    first = _first_prompts(stream, inputs.scores.persons.height)
    made = []
    for name in wanted:
        column = None if name in repeated else _of_persons(inputs, name)
        if column is None:
            one = _over_visits(inputs, name, titles[name], first)
        else:
            one = Moderator(name=name, title=titles[name], values=numbers_of(column), visits=0)
        if one.visits == 1:
            found.tell("moderator-of-one-visit", name=one.title)
        made.append(one)
    return tuple(made)


def _refuse_unknown(
    inputs: AnalysisInputs, wanted: Sequence[str], repeated: Collection[str], found: Findings
) -> None:
    """Refuse names that stand for nothing, or for words."""
    persons = [name for name in inputs.scores.persons.columns if name not in (PERSON, "subject")]
    known = [*repeated, *inputs.scores.factors_baseline, *persons]
    for name in wanted:
        if name in repeated:
            continue
        column = _of_persons(inputs, name)
        if column is None:
            near = did_you_mean(name, known)
            found.tell("moderator-unknown", name=name, near=near, known=known)
        elif not (column.dtype.is_numeric() or column.dtype == pl.Boolean):
            found.tell("moderator-unknown", variant="words", name=name)
    found.raise_refusals(AnalysisError)


def _of_persons(inputs: AnalysisInputs, name: str) -> pl.Series | None:
    if name in inputs.scores.factors_baseline:
        return inputs.scores.factor(name)
    return inputs.scores.of_persons(name)


def _first_prompts(stream: Momentary, n: int) -> Moments:
    """When the first prompt of each person was answered, or was due."""
    prompts = stream.prompts.drop_nulls("time")
    person = prompts["person"].to_numpy().astype(np.int64)
    return moments_of(prompts).nth(person, n)


def _over_visits(inputs: AnalysisInputs, name: str, title: str, first: Moments) -> Moderator:
    """Mean of a score over the visits that came before the person's first prompt, by the clock."""
    table = inputs.scores.table
    person = table[PERSON].to_numpy().astype(np.int64)
    place = table["occasion_index"].to_numpy().astype(np.int64)
    values = inputs.views.wide(variable_column(inputs, name)).values[person, place]
    forms, prompt = AnswerTimes(inputs).forms, first.at(person)
    before = forms.known & prompt.known & ~prompt.not_after(forms)
    use = before & np.isfinite(values)
    n = inputs.scores.persons.height
    return Moderator(
        name=name,
        title=title,
        values=group_means(values[use], person[use], n),
        visits=int(np.bincount(person[use], minlength=n).max(initial=0)),
    )


def _row(
    reactions: Reactions, one: Moderator, trends: bool, found: Findings
) -> dict[str, Any] | None:
    frame = reactions.frame
    own = one.values[frame[PERSON].to_numpy().astype(np.int64)]
    frame = frame.with_columns(pl.Series(MODERATOR, own)).filter(pl.Series(np.isfinite(own)))
    persons = np.unique(frame[PERSON].to_numpy().astype(np.int64))
    values = one.values[persons]
    if persons.size < 2 * FEWEST_PERSONS:
        found.tell(
            "moderator-of-few", name=one.title, n=Persons(persons.size), least=2 * FEWEST_PERSONS
        )
        return None
    if np.ptp(values) == 0:
        found.tell("moderator-of-few", variant="same", name=one.title)
        return None
    if tell_few(one.title, values, found):
        return None
    sd = float(values.std(ddof=1))
    frame = frame.with_columns((pl.col(MODERATOR) - float(values.mean())) / sd)
    also = trends_of(frame) if trends else []
    terms = " + ".join([f"{WITHIN} * {MODERATOR}", BETWEEN, *also])
    if frame[BETWEEN].n_unique() < 2:
        terms = terms.replace(f" + {BETWEEN}", "")
    try:
        fitted = fit_within_days(f"{AFFECT} ~ {terms} + (1 + {WITHIN} | {PERSON})", frame, DAY)
    except ModelError as error:
        found.tell("moderator-not-fitted", name=one.title, reason=without_counts(error))
        return None
    if not fitted.converged:
        found.tell("moderator-not-fitted", variant="doubtful", name=one.title)
        return None
    row = effect_of(fitted, f"{WITHIN}:{MODERATOR}", frame)
    mean = fitted.fixed_effects[WITHIN]
    return row | {
        "by": one.title,
        "visits": one.over,
        "at_less": mean - row["estimate"],
        "at_more": mean + row["estimate"],
    }
