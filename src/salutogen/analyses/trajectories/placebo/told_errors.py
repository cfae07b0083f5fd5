"""Intervals and p values of the comparison as an audience may have them.

An excess, its interval and its p are of one t, which gives the number of persons; that of a share
gives the share as well. Where persons are hidden all are made with numbers that are told. What is
judged stays as all the persons judge it. Where all but few complete courses have a comparator, the
excess is that of those who have; the level that it is told at is that of all complete courses, in
the steps of means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from salutogen.analyses.intervals import side_of_zero
from salutogen.analyses.trajectories.placebo.comparison import Placebo
from salutogen.analyses.trajectories.placebo.contrast import (
    LEVEL,
    Contrast,
    ShareContrast,
    at_told_level,
    told_beside,
)
from salutogen.analyses.trajectories.placebo.regression import RegressionToMean
from salutogen.analyses.trajectories.placebo.scored import PartCompared, ScoredComparison
from salutogen.page.audience import SMALL_CELL, Audience

BELOW_LEVEL = 0.049  # the largest p told of what is judged to differ, in the digits of the page


def with_told_errors(placebo: Placebo, audience: Audience) -> Placebo:
    """Return the comparison with intervals and p values that tell no number of persons.

    Unchanged where persons are shown. Shares themselves are left for who writes them.
    """
    if audience.individuals:
        return placebo

    def scored(found: ScoredComparison | None) -> ScoredComparison | None:
        if found is None:
            return None
        response, regression = _responses(found.response, found.regression, audience)
        return replace(
            found,
            labels=_table(found.labels, audience),
            course=_table(found.course, audience),
            response=response,
            regression=regression,
            before=side(found.before, found),
            after=side(found.after, found),
            without_further=side(_where_told(found, placebo), found),
        )

    def side(found: PartCompared | None, both: ScoredComparison) -> PartCompared | None:
        if found is None:
            return None
        found = _raised_alike(found, both)
        response, regression = _table(found.response, audience), found.regression
        if regression is not None:
            told = _told(regression, audience)
            regression = _at_level_of(told, found.response, response, audience)
        return replace(
            found,
            labels=_table(found.labels, audience),
            course=_table(found.course, audience),
            response=response,
            regression=regression,
        )

    def alone[C: Contrast](found: C | None) -> C | None:
        return None if found is None else _contrast(found, audience)

    return replace(
        placebo,
        SR=scored(placebo.SR),
        SR_within=scored(placebo.SR_within),
        SR_other=scored(placebo.SR_other),
        above=alone(placebo.above),
        further_event=alone(placebo.further_event),
        P_jump=alone(placebo.P_jump),
        P_jump_before=alone(placebo.P_jump_before),
    )


def _where_told(found: ScoredComparison, placebo: Placebo) -> PartCompared | None:
    """The courses without a further event, unless they leave few of those that are compared."""
    part = found.without_further
    few = part is not None and 0 < found.response["jump"].n - part.n < SMALL_CELL
    return None if few or 0 < placebo.n_further < SMALL_CELL else part


def _raised_alike(side: PartCompared, both: ScoredComparison) -> PartCompared:
    """Raise one side as far as both together: the two sides are all that have a comparator."""

    def raised(own: Mapping[str, Contrast], of: Mapping[str, Contrast]) -> dict[str, Contrast]:
        far = {
            name: 0.0 if item.of_all is None else item.of_all - item.observed
            for name, item in of.items()
        }
        return {
            name: replace(item, of_all=item.observed + far[name] if far[name] else None)
            for name, item in own.items()
        }

    return replace(
        side,
        course=raised(side.course, both.course),
        response=raised(side.response, both.response),
    )


def _table[C: Contrast](found: Mapping[str, C], audience: Audience) -> dict[str, C]:
    return _adjusted(found, None, audience)[0]


def _responses(
    found: Mapping[str, Contrast], regression: RegressionToMean | None, audience: Audience
) -> tuple[dict[str, Contrast], RegressionToMean | None]:
    """Responses and the change that follows, whose p values are adjusted together."""
    told = None if regression is None else _told(regression, audience)
    response, p = _adjusted(found, None if told is None else told.p, audience)
    if told is None or regression is None:
        return response, None
    told = _at_level_of(told, found, response, audience)
    return response, replace(told, p_adjusted=_on_side_of(p, regression.p_adjusted))


def _at_level_of(
    regression: RegressionToMean,
    exact: Mapping[str, Contrast],
    told: Mapping[str, Contrast],
    audience: Audience,
) -> RegressionToMean:
    """Tell rise and change of those of whom the jump is told, where few or none have no level."""
    lacking = abs(exact["jump"].persons - regression.persons)
    if lacking and not audience.is_small(lacking):
        return regression
    rise = told["jump"].observed
    change = told["mean_change"].observed - rise
    shift = change - regression.change
    return replace(
        regression,
        rise=rise,
        change=change,
        expected=regression.expected + shift,
        expected_low=regression.expected_low + shift,
        expected_high=regression.expected_high + shift,
    )


def _adjusted[C: Contrast](
    found: Mapping[str, C], further: float | None, audience: Audience
) -> tuple[dict[str, C], float | None]:
    """Adjust p values as they are told."""
    told = {name: _contrast(item, audience) for name, item in found.items()}
    made, last = told_beside(told, further)
    return {
        name: replace(item, p_adjusted=_on_side_of(item.p_adjusted, found[name].p_adjusted))
        for name, item in made.items()
    }, last


def _contrast[C: Contrast](found: C, audience: Audience) -> C:
    if isinstance(found, ShareContrast):
        return _share(found, audience)
    return at_told_level(_told(found, audience), audience)


def _told[F: Contrast | RegressionToMean](found: F, audience: Audience) -> F:
    """Make interval and p with the persons that are told: the five next to them.

    That on the side that judges as all do; more persons give a narrower interval.
    """
    from scipy.special import stdtr, stdtrit

    if found.excess_low is None or found.excess_high is None or found.p is None:
        return found
    exact, size = found.persons, audience.told_size(found.persons)
    side = side_of_zero(found.excess_low, found.excess_high)
    half = found.excess - found.excess_low
    scale = half / float(stdtrit(exact - 1, 0.975)) * exact**0.5
    low = high = 0.0
    for persons in (size, size + (SMALL_CELL if size < exact else -SMALL_CELL)):
        size, half = persons, float(stdtrit(persons - 1, 0.975)) * scale / persons**0.5
        low, high = found.excess - half, found.excess + half
        if persons == exact or side_of_zero(low, high) == side:
            break
    if size == exact:
        return found
    p = float(2.0 * stdtr(size - 1, -abs(found.excess) / (scale / size**0.5)))
    return replace(found, excess_low=low, excess_high=high, p=p)


def _share[C: Contrast](found: C, audience: Audience) -> C:
    """Take p of a share from its excess and interval as they are told, and from nothing else."""
    from scipy.special import stdtr, stdtrit

    if found.excess_low is None or found.excess_high is None or found.p is None:
        return found
    excess, low, high = (
        audience.told_share(value, found.n)
        for value in (found.excess, found.excess_low, found.excess_high)
    )
    size = max(audience.told_size(found.n), 2)
    se = (high - low) / 2.0 / float(stdtrit(size - 1, 0.975))
    p = 1.0 if excess == 0.0 else float(2.0 * stdtr(size - 1, -abs(excess) / se)) if se else 0.0
    return replace(found, p=_on_side_of(p, found.p))


def _on_side_of(p: float | None, exact: float | None) -> float | None:
    """Keep a p on the side of the level that the exact one is on."""
    if p is None or exact is None:
        return None
    return min(p, BELOW_LEVEL) if exact < LEVEL else max(p, LEVEL)
