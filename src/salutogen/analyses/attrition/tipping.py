"""How much worse the lost must be before a claim turns: pattern mixtures (Little 1993)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from salutogen.analyses.attrition.contrasts import Contrasts
from salutogen.analyses.attrition.observed import Observed
from salutogen.analyses.attrition.records import CURVE_COLUMNS, Tipping, told
from salutogen.analyses.attrition.weighted_factors import FactorWays
from salutogen.findings import Findings, listed
from salutogen.models.dropout.weighted import Pulled

Float = NDArray[np.float64]
FARTHEST = 3.0  # SDs of SR
STEPS = 25
FEWEST_SHIFTED = 5  # persons, on each side
EARLY = 0.5  # SDs of SR
CHANGE_OF_SR, LATER = "change of mean SR", " and later SR"
BY_WEIGHTS = "persons who were like them, by the weights"
BY_PRESENT = "those present"


def share_lost(observed: Observed, contrast: Float) -> tuple[Pulled, int]:
    """Weight of those lost in a contrast of occasions, and how many they are.

    A missing occasion of a lost person is given what is expected of it; a shift of it moves the
    mean of the occasion by the share of the persons who were lost before.
    """
    entered, since = observed.entered, observed.lost_since
    total, pulls = 0.0, np.zeros(entered.size)
    anybody, fewest = np.zeros(entered.size, dtype=bool), entered.size
    for at in np.flatnonzero(contrast):
        here = entered <= at
        lost = here & (since <= at)
        n = int(np.count_nonzero(here))
        share = float(np.count_nonzero(lost)) / n
        total += float(contrast[at]) * share
        pulls[here] += contrast[at] * (lost[here] - share) / max(n - 1, 1)
        anybody |= lost
        fewest = min(fewest, n)
    return Pulled(value=float(total), pulls=pulls, df=fewest - 1), int(np.count_nonzero(anybody))


def tippings(
    observed: Observed,
    compared: Contrasts,
    factors: Sequence[FactorWays],
    *,
    weighted: bool,
    found: Findings,
) -> tuple[Tipping, ...]:
    """Follow each claim over shifts of the lost."""
    sd = float(np.nanstd(observed.SR, ddof=1))
    if not sd > 0:
        return ()
    by = BY_WEIGHTS if weighted else BY_PRESENT
    made = []
    if compared.change is not None:
        lost, n_lost = share_lost(observed, compared.ends.change)
        if _enough(n_lost, observed.n):
            made.append(_tipping(CHANGE_OF_SR, None, by, compared.change, lost, sd))
    for one in factors:
        if one.lost is not None and _enough(one.n_lost, observed.n):
            claim = f"{one.title}{LATER}"
            made.append(_tipping(claim, one, by, one.two_step, one.lost, sd))
    early = [
        one.claim
        for one in made
        if one.is_claim
        and one.at_zero.sign
        and one.tips_at_sd is not None
        and abs(one.tips_at_sd) <= EARLY
    ]
    if early:
        found.tell("attrition-claim-turns-early", names=listed(early, most=8), limit=EARLY)
    return tuple(made)


def _enough(n_lost: int, n: int) -> bool:
    return FEWEST_SHIFTED <= n_lost <= n - FEWEST_SHIFTED


def _tipping(
    claim: str, factor: FactorWays | None, by: str, estimate: Pulled, lost: Pulled, sd: float
) -> Tipping:
    near = [root for root in estimate.roots(lost) if abs(root) <= FARTHEST * sd]
    near = near if estimate.se > 0 else []
    tips = min(near, key=abs, default=None)
    made = []
    for size in np.linspace(-FARTHEST, FARTHEST, STEPS).tolist():
        one = told(estimate.plus(lost, size * sd))
        made.append((size, size * sd, one.estimate, *(one.interval or (None, None))))
    schema = {item.name: pl.Float64 for item in CURVE_COLUMNS}
    return Tipping(
        claim=claim,
        factor=None if factor is None else factor.name,
        claimed=None if factor is None else factor.claimed,
        expected_by=by,
        weight_of_lost=lost.value,
        at_zero=told(estimate),
        tips_at=tips,
        tips_at_sd=None if tips is None else tips / sd,
        turns_at_sd=tuple(root / sd for root in near),
        curve=pl.DataFrame(made, schema=schema, orient="row"),
    )
