"""Factors over completed sets where who leaves is known: sets hold the truth."""

from __future__ import annotations

import numpy as np
import polars as pl

from salutogen.analyses.factors.analysis import compute
from salutogen.analyses.factors.settings import FactorsSettings
from tests.analyses.inputs import inputs_of
from tests.norm.cohorts import scores_of, study


def test_where_people_leave_as_last_seen_sets_hold_the_truth_and_who_stayed_do_not() -> None:
    """True slope of later problems on the factor at equal exposure: -1; the factor has gaps, too.

    Of those with many problems, who has more of the factor stays longer, which takes the factor's
    part out of those who are left.
    """
    n, rng = 4000, np.random.default_rng(12)
    person, occasion = np.repeat(np.arange(n), 2), np.tile(np.arange(2), n)
    factor, E = rng.normal(size=n), rng.normal(40, 8, 2 * n)
    level = rng.normal(0, 3, n) - factor
    P = 10 + 0.2 * E + level[person] + rng.normal(0, 1, 2 * n)
    high = P[occasion == 0] > np.quantile(P[occasion == 0], 0.5)
    gone = high & (rng.random(n) < 0.8)
    kept = (occasion == 0) | ~gone[person]
    seen = np.where(rng.random(n) < 0.2, np.nan, factor)
    people = pl.DataFrame(
        {
            "person": np.arange(n, dtype=np.uint32),
            "subject": [f"S{place}" for place in range(n)],
            "optimism": pl.Series(seen, nan_to_null=True),
        }
    )
    scores = scores_of(
        study(["T0", "T1"]), person[kept], occasion[kept], P[kept],
        0.4 * E[kept], 0.6 * E[kept], persons=people, factors=("optimism",),
    )  # fmt: skip
    found = compute(
        inputs_of(scores), FactorsSettings.model_validate({"draws": 200, "imputations": 20})
    ).factors[0]
    assert found.completed is not None
    assert found.completed.alone is not None
    pooled, stayed = found.completed.alone.one_step, found.one_step
    assert stayed.interval is not None
    assert stayed.interval[0] > -1.0, "of who stayed the slope is too flat"
    low, high_end = pooled.interval
    assert low < -1.0 < high_end
    assert abs(pooled.b + 1.0) < 0.5 * abs(stayed.b + 1.0)
    assert pooled.missing > 0.1
