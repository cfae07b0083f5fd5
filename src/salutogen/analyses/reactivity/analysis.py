"""The analysis of reactivity: affect at a stressor, beside the same person's other prompts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from salutogen.analyses.contract import AnalysisInputs, AnalysisResult, ResultFile
from salutogen.analyses.frames import frame_of
from salutogen.analyses.makes_spread import tell_who_makes_the_spread
from salutogen.analyses.momentary import affects_of, stream_of
from salutogen.analyses.reactivity.doubts import tell_doubts
from salutogen.analyses.reactivity.models import Fitted, fit_reactivity, person_rows
from salutogen.analyses.reactivity.moderators import moderated
from salutogen.analyses.reactivity.rows import AFFECT, PERSON, Reactions, read_reactions
from salutogen.analyses.reactivity.settings import ReactivitySettings
from salutogen.analyses.reactivity.tables import (
    ABOVE,
    BY_COLUMNS,
    EFFECT_COLUMNS,
    LASTING_COLUMNS,
    NO,
    PERSON_COLUMNS,
    SLOPES,
    SPREAD_COLUMNS,
    THROUGH_COLUMNS,
    YES,
)
from salutogen.analyses.reactivity.through import through_appraisal
from salutogen.analyses.titles import title_of
from salutogen.columns import Kind, beside, figure, record, rows
from salutogen.errors import AnalysisError, ModelError
from salutogen.findings import Findings
from salutogen.page.words import without_counts
from salutogen.panel.momentary import STRESSOR, Momentary

if TYPE_CHECKING:
    from salutogen.page.audience import Audience
    from salutogen.page.section import Section, Text


@record
class ReactivityResult(AnalysisResult):
    """Affect at prompts with a stressor beside the same person's others, and persons' reactivity.

    Of negative affect a positive difference, and a positive momentary SR, = over-reactive = less
    resilient; of positive affect a negative one.
    """

    n: int = figure("Persons with answered prompts", unit="persons", kind=Kind.COUNT)
    prompts: int = figure("Answered prompts", unit="prompts", kind=Kind.COUNT, by="n")
    with_stressor: int = figure(
        "Answered prompts with a stressor", unit="prompts", kind=Kind.COUNT, by="n"
    )
    never: int = figure(
        "Persons who never reported a stressor", unit="persons", kind=Kind.COUNT, of="n"
    )
    affects: tuple[str, ...] = figure("Affects that were looked at", kind=Kind.LABEL)
    titles: tuple[str, ...] = figure("What they are called", kind=Kind.LABEL)
    stressor: str = figure("What the stressor is called", kind=Kind.LABEL)
    yes_or_no: bool = figure("Whether a stressor is there or not", kind=Kind.LABEL)
    trends: bool = figure("Whether trends were held constant", kind=Kind.LABEL)
    reliable: float = figure("Reliability asked of persons", kind=Kind.LABEL)
    doubtful: bool = figure("Whether estimates of a model are doubtful", kind=Kind.LABEL)
    effects: pl.DataFrame = rows("What goes with stressors", EFFECT_COLUMNS)
    spread: pl.DataFrame = rows("How persons differ, and how reliably", SPREAD_COLUMNS)
    lasting: pl.DataFrame = rows("How long affect lasts within a day", LASTING_COLUMNS)
    through: pl.DataFrame = rows("What goes with appraisal", THROUGH_COLUMNS)
    by: pl.DataFrame = rows("Whether persons with more of something react more", BY_COLUMNS)
    persons: pl.DataFrame = beside()

    def title(self, affect: str) -> str:
        """What an affect is called."""
        return dict(zip(self.affects, self.titles, strict=True))[affect]

    def sections(self, audience: Audience) -> Sequence[Section]:
        """What goes with stressors, and how reliably persons differ in it."""
        from salutogen.analyses.reactivity.section import reactivity_section

        return (reactivity_section(self, audience),)

    def files(self) -> Mapping[str, ResultFile]:
        """One row per person and affect: personal data."""
        return {"reactivity.csv": ResultFile(table=self.persons, columns=PERSON_COLUMNS)}

    def answer(self) -> Text:
        """Say how much affect differs at a stressor, and whether persons may be ranked by it."""
        from salutogen.analyses.reactivity.words import answer_of

        return answer_of(self)

    def in_short(self) -> Text:
        """Say in a clause how much affect differs at a stressor."""
        from salutogen.analyses.reactivity.words import in_short_of

        return in_short_of(self)

    def methods(self) -> Text:
        """Say which model was fitted."""
        from salutogen.analyses.reactivity.words import methods_of

        return methods_of(self)


@dataclass(frozen=True, kw_only=True)
class _Affect:
    """One affect: its rows and what was fitted."""

    role: str
    reactions: Reactions
    fitted: Fitted


def compute(inputs: AnalysisInputs, settings: ReactivitySettings) -> ReactivityResult:
    """Fit each affect on momentary stressors.

    Raises
    ------
    AnalysisError
        The study has no momentary answers, no stressor or affect among them, or too few.
    """
    found = Findings()
    stream = stream_of(inputs, "reactivity", found)
    if not stream.has(STRESSOR):
        found.tell("no-momentary-data", variant="role", role=STRESSOR)
        raise AnalysisError(tuple(found))
    done = [
        _fit(stream, role, settings, found) for role in affects_of(stream, settings.affect, found)
    ]
    first = done[0].reactions.frame
    own = first.group_by(PERSON).agg(pl.col(STRESSOR).max().alias("most"))
    for one in done:
        tell_doubts(one.fitted, one.reactions, _title(inputs, stream, one.role), settings, found)
    tell_who_makes_the_spread(inputs, _of_persons(done, inputs, stream), found)
    through = (
        {"affect": one.role}
        | through_appraisal(one.reactions.frame, inputs.run, samples=settings.samples)
        for one in done
    )
    return ReactivityResult(
        n=done[0].reactions.n_persons,
        prompts=first.height,
        with_stressor=first.filter(pl.col(STRESSOR) > 0).height,
        never=own.filter(pl.col("most") <= 0).height,
        affects=tuple(one.role for one in done),
        titles=tuple(_title(inputs, stream, one.role) for one in done),
        stressor=_title(inputs, stream, STRESSOR),
        yes_or_no=set(first[STRESSOR].unique()) <= {0.0, 1.0},
        trends=settings.trends,
        reliable=settings.reliable,
        doubtful=not all(one.fitted.converged for one in done),
        effects=frame_of(
            ({"affect": one.role} | row for one in done for row in one.fitted.effects),
            EFFECT_COLUMNS,
        ),
        spread=frame_of((row for one in done for row in _spread(one, settings)), SPREAD_COLUMNS),
        lasting=frame_of((_lasting(one) for one in done), LASTING_COLUMNS),
        through=frame_of((row for row in through if len(row) > 1), THROUGH_COLUMNS),
        by=frame_of(moderated(inputs, stream, settings, found), BY_COLUMNS),
        persons=_persons(done, inputs.panel.persons),
        findings=tuple(found),
    )


def _fit(stream: Momentary, role: str, settings: ReactivitySettings, found: Findings) -> _Affect:
    reactions = read_reactions(stream, role, found)
    if reactions.doubled:
        found.tell("answers-at-one-moment", prompts=reactions.doubled)
    try:
        fitted = fit_reactivity(reactions, trends=settings.trends, found=found)
    except ModelError as error:
        found.tell("reactivity-not-fitted", affect=f"{role} affect", reason=without_counts(error))
        raise AnalysisError(tuple(found)) from error
    return _Affect(role=role, reactions=reactions, fitted=fitted)


def _of_persons(
    done: Sequence[_Affect], inputs: AnalysisInputs, stream: Momentary
) -> dict[str, pl.Series]:
    """Values of persons behind what is told of spread, by what they are called."""
    named: dict[str, pl.Series] = {}
    for one in done:
        title = _title(inputs, stream, one.role)
        means = one.reactions.frame.group_by(PERSON).agg(pl.col(AFFECT).mean())[AFFECT]
        named |= {f"reactivity ({title})": pl.Series(one.fitted.slopes), f"mean of {title}": means}
    return named


def _title(inputs: AnalysisInputs, stream: Momentary, role: str) -> str:
    """What a role's instrument is called."""
    return title_of(inputs, stream.roles.named[role])


def _spread(one: _Affect, settings: ReactivitySettings) -> list[dict[str, Any]]:
    """SDs of persons, and reliability of what is told of each."""
    fitted = one.fitted
    made = []
    for what, sd, errors, shares, halves in (
        (SLOPES, fitted.slope_sd, fitted.slope_errors, fitted.slope_reliability,
         fitted.slope_by_halves),
        (ABOVE, fitted.level_sd, fitted.level_errors, fitted.level_reliability,
         fitted.level_by_halves),
    ):  # fmt: skip
        mean = float(np.mean(shares))
        least = mean if halves is None else min(mean, halves)
        made.append(
            {
                "affect": one.role,
                "what": what,
                "sd": sd,
                "error": float(np.sqrt(np.mean(errors**2))),
                "reliability": mean,
                "by_halves": halves,
                "usable": YES if least >= settings.reliable else NO,
            }
        )
    return made


def _lasting(one: _Affect) -> dict[str, Any]:
    share = one.fitted.correlation
    half_life = float(np.log(0.5) / np.log(share)) if 0 < share < 1 else None
    return {
        "affect": one.role,
        "correlation": share,
        "half_life": half_life,
        "sd": one.fitted.residual_sd,
    }


def _persons(done: Sequence[_Affect], persons: pl.DataFrame) -> pl.DataFrame:
    """Persons' reactivity; `subject` holds what `persons` has."""
    subjects = persons.sort(PERSON)["subject"]
    tables = [person_rows(one.fitted, one.reactions, one.role) for one in done]
    table = pl.concat(tables)
    named = table.with_columns(subject=subjects.gather(table[PERSON]))
    return named.select(column.name for column in PERSON_COLUMNS)
