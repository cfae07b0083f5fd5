"""Exact fit that is rejected although indices are good."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from salutogen.analyses.change.analysis import ChangeResult, compute
from salutogen.analyses.change.paths import RANDOM
from salutogen.analyses.change.settings import ChangeSettings
from tests.analyses.change.studies import change_inputs

ASKED = ChangeSettings(variables=("SR", "support"))


@pytest.fixture(scope="module")
def result() -> ChangeResult:
    return compute(change_inputs(), ASKED)


def codes(result: ChangeResult) -> set[str]:
    return {item.code for item in result.findings}


def with_fit(result: ChangeResult, **figures: float) -> ChangeResult:
    main = result.models["model"] == RANDOM
    told = [pl.when(main).then(pl.lit(value)).otherwise(pl.col(name)).alias(name)
            for name, value in figures.items()]  # fmt: skip
    return replace(result, models=result.models.with_columns(told))


def test_inexact_fit_is_told_beside_the_claim_and_is_no_doubt(result: ChangeResult) -> None:
    """A test rejects exact fit while indices are good: nothing is taken back, and it is said."""
    good = {"cfi": 0.984, "rmsea": 0.033}
    told = str(with_fit(result, p=0.003, **good).answer())
    assert "(CFI 0.984, RMSEA 0.033); that it fits exactly is rejected (p = .003)" in told
    assert "reach back further than one occasion" in told
    assert "do not build on it" not in told
    assert "Within persons, support above the usual level was followed by a lower SR" in told
    two = replace(with_fit(result, p=0.003, **good), lag=2)
    assert "further than two occasions" in str(two.answer())
    assert "exactly" not in str(with_fit(result, p=0.3, **good).answer())
    assert "exactly" not in str(with_fit(result, p=0.003, cfi=0.9, rmsea=0.033).answer())
    assert "exactly" not in str(with_fit(result, p=0.003, cfi=0.984, rmsea=0.08).answer())


def test_levels_that_are_not_constant_are_told_although_indices_are_good() -> None:
    """Support that follows lasting problems from the second occasion on, as if they began there."""
    inputs = change_inputs(((0.25, 0.0), (0.0, 0.25)), n=600, occasions=6, missing=0.0, seed=5)
    frame = inputs.scores.table
    first = frame["occasion"] == frame["occasion"].min()
    lasting = frame.with_columns(P_mean=pl.col("P").mean().over("person"))["P_mean"]
    moved = frame["factor:support"] - 0.6 * (lasting - lasting.mean()) * (~first)
    table = frame.with_columns(moved.alias("factor:support"))
    broken = compute(replace(inputs, scores=replace(inputs.scores, table=table)), ASKED)
    fit = broken.models.row(0, named=True)
    assert fit["p"] < 0.001
    assert fit["cfi"] > 0.95
    assert fit["rmsea"] < 0.06
    assert "change-fit-inexact" in codes(broken)
    assert "change-fit-poor" not in codes(broken)
    assert broken.doubts == ()
    assert "change-fit-inexact" not in codes(compute(inputs, ASKED))
