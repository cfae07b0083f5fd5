"""The comparison with comparator occasions, as an audience may have its shares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.contrast import ShareContrast
from salutogen.analyses.trajectories.placebo.returns import ComparedShare
from salutogen.analyses.trajectories.placebo.scored import PartCompared, ScoredComparison
from salutogen.columns import Kind, columns_of
from salutogen.page.audience import Audience


def as_told(placebo: Placebo | None, audience: Audience) -> Placebo | None:
    """Return the comparison with shares in steps of five courses, where persons are hidden.

    What goes beyond fluctuation is judged as before.
    """
    if placebo is None or audience.individuals:
        return placebo

    def scored(found: ScoredComparison | None) -> ScoredComparison | None:
        if found is None:
            return None
        labels = {name: _coarse(item, audience) for name, item in found.labels.items()}
        return replace(
            found,
            labels=labels,
            before=side(found.before),
            after=side(found.after),
            without_further=side(found.without_further),
        )

    def side(found: PartCompared | None) -> PartCompared | None:
        if found is None:
            return None
        labels = {name: _coarse(item, audience) for name, item in found.labels.items()}
        return replace(found, labels=labels)

    return replace(
        placebo,
        SR=scored(placebo.SR),
        SR_within=scored(placebo.SR_within),
        SR_other=scored(placebo.SR_other),
        back_after={visit: _coarse(one, audience) for visit, one in placebo.back_after.items()},
        above=None if placebo.above is None else _coarse(placebo.above, audience),
        further_event=None
        if placebo.further_event is None
        else _coarse(placebo.further_event, audience),
    )


def _coarse[R: (ShareContrast, ComparedShare)](found: R, audience: Audience) -> R:
    shares = [column.name for column in columns_of(type(found)) if column.kind is Kind.SHARE]
    told: dict[str, Any] = {
        name: audience.told_share(value, found.n)
        for name in shares
        if (value := getattr(found, name)) is not None
    }
    return replace(found, **told)
