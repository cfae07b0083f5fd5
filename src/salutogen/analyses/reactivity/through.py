"""The part of reactivity that goes with appraisal, where all prompts ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from salutogen.analyses.reactivity.rows import AFFECT, FEWEST_PERSONS, PERSON
from salutogen.models.mediation.model import mediate
from salutogen.panel.momentary import APPRAISAL, STRESSOR

if TYPE_CHECKING:
    from salutogen.context import RunContext

ASKED_ALWAYS = (
    0.5  # share of prompts without a stressor at which appraisal was answered all the same
)


def through_appraisal(frame: pl.DataFrame, run: RunContext, *, samples: int) -> dict[str, Any]:
    """Split what goes with a stressor within persons into what appraisal goes along with, and not.

    Empty where appraisal is asked only after a stressor: then it cannot be compared with prompts
    without one.
    """
    calm = frame.filter(pl.col(STRESSOR) == 0)
    asked = frame.drop_nulls(APPRAISAL)
    if not calm.height or calm[APPRAISAL].null_count() > (1 - ASKED_ALWAYS) * calm.height:
        return {}
    if asked[PERSON].n_unique() < FEWEST_PERSONS or _still(asked):
        return {}
    with run.executor() as executor:
        found = mediate(
            factor=STRESSOR, mechanism=APPRAISAL, outcome=AFFECT, person=PERSON,
            data=asked.select(PERSON, STRESSOR, APPRAISAL, AFFECT), bootstrap=samples,
            seed=run.seed, executor=executor,
        )  # fmt: skip
    total, indirect = found.effects["within:total"], found.effects["within:indirect"]
    return {
        "n": found.n_persons,
        "total": total.estimate,
        "indirect": indirect.estimate,
        "low": indirect.percentile.low,
        "high": indirect.percentile.high,
    }


def _still(frame: pl.DataFrame) -> bool:
    """Whether stressor or appraisal change in nobody."""
    spread = frame.group_by(PERSON).agg(
        pl.col(name).n_unique() > 1 for name in (STRESSOR, APPRAISAL, AFFECT)
    )
    return not all(spread[name].any() for name in (STRESSOR, APPRAISAL, AFFECT))
