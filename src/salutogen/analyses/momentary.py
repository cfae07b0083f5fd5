"""What analyses of momentary answers share: the prompts of the study, and models within days."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from salutogen.analyses.answer_times import Moments
from salutogen.analyses.occasions import refuse_unplanned
from salutogen.analyses.scales import numbers_of
from salutogen.errors import AnalysisError
from salutogen.models import ContinuousAR1, ConvergenceWarning, MixedModel
from salutogen.panel.momentary import NEGATIVE, POSITIVE
from salutogen.panel.places import since_1970
from salutogen.panel.times import Clock

if TYPE_CHECKING:
    from salutogen.analyses.contract import AnalysisInputs
    from salutogen.findings import Findings
    from salutogen.models.mixed.result import MixedModelResult
    from salutogen.models.mixed.structured.result import StructuredResult
    from salutogen.panel.momentary import Momentary

BURST, DAY = "burst", "day_of_burst"


def stream_of(inputs: AnalysisInputs, step: str, found: Findings) -> Momentary:
    """Return the study's prompts.

    Raises
    ------
    AnalysisError
        It has none.
    """
    stream = inputs.panel.momentary
    if stream is None:
        found.tell("no-momentary-data", step=step)
        raise AnalysisError(tuple(found))
    return stream


def some_bursts(
    stream: Momentary, labels: Sequence[str] | None, inputs: AnalysisInputs, found: Findings
) -> Momentary:
    """Take the prompts of some bursts; of all where None are asked for.

    Raises
    ------
    AnalysisError
        A label is not in the plan, or its occasion has no prompts.
    """
    if labels is None:
        return stream
    refuse_unplanned(inputs, labels, found, unknown="burst-unknown")
    kept = stream.of_bursts(labels)
    for label in dict.fromkeys(labels):
        if not kept.prompts.select((pl.col("occasion") == label).any()).item():
            found.tell("burst-unknown", variant="empty", label=label)
    found.raise_refusals(AnalysisError)
    return kept


def moments_of(prompts: pl.DataFrame) -> Moments:
    """When each prompt was answered, or was due."""
    time, local = (numbers_of(since_1970(prompts[name])) for name in ("time", "local"))
    zoned = prompts["zone"].is_not_null().to_numpy()
    clock = np.where(zoned, float(Clock.ZONED), float(Clock.LOCAL))
    return Moments(time=time, local=np.where(np.isfinite(local), local, time), clock=clock)


def fit_within_days(
    formula: str, frame: pl.DataFrame, day: str
) -> MixedModelResult | StructuredResult:
    """Fit a mixed model whose residuals correlate by the `hours` between two answers of a day.

    Whether the search came to its end is for the caller to tell (`converged`).
    """
    model = MixedModel(formula, residual=ContinuousAR1(time="hours", within=day))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(frame)


def affects_of(stream: Momentary, asked: Sequence[str] | None, found: Findings) -> list[str]:
    """Return the affects to look at: those asked for, or all that the study has.

    Raises
    ------
    AnalysisError
        One that was asked for is not there, or none is.
    """
    roles = tuple(filter(stream.has, (NEGATIVE, POSITIVE))) if asked is None else asked
    lacking = [role for role in roles if not stream.has(role)] or ([] if roles else [NEGATIVE])
    if lacking:
        found.tell("no-momentary-data", variant="role", role=f"{lacking[0]} affect")
        raise AnalysisError(tuple(found))
    return list(dict.fromkeys(roles))


def with_days(frame: pl.DataFrame) -> pl.DataFrame:
    """Number each person's days over all bursts, and the bursts; prompts become whole numbers.

    Takes prompts with `occasion`, `local` and `prompt`; adds `day_of_burst` and `burst` (-1 where
    the stream runs through).
    """
    day = pl.struct("occasion", pl.col("local").dt.date()).rank("dense").over("person")
    burst = pl.col("occasion").to_physical().cast(pl.Int64).fill_null(-1)
    return frame.with_columns(
        day.cast(pl.Int64).alias(DAY), burst.alias(BURST), pl.col("prompt").cast(pl.Int64)
    )
