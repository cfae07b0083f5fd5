"""What no line can be fitted to is refused, all problems at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salutogen.errors import NormError
from salutogen.norm import fit_norm
from salutogen.scores import Scores
from tests.norm.cohorts import simulated


def changed(scores: Scores, **columns: pl.Expr) -> Scores:
    table = scores.table.with_columns(**columns).with_columns(
        valid=pl.col("E").is_not_null() & pl.col("P").is_not_null()
    )
    return type(scores)(**{**vars(scores), "table": table})


def refused(scores: Scores) -> list[str]:
    with pytest.raises(NormError) as caught:
        fit_norm(scores)
    return [finding.code for finding in caught.value.findings]


def test_constant_exposure_and_problems_are_both_named() -> None:
    scores = changed(simulated(), E=pl.lit(3.0), P=pl.lit(2.0))
    assert refused(scores) == ["constant-exposure", "constant-problems"]


def test_one_person_is_too_few() -> None:
    assert "too-few-persons" in refused(simulated(1, 5))


def test_as_many_persons_as_coefficients_are_too_few() -> None:
    assert "too-few-persons" in refused(simulated(2, 5))
    assert fit_norm(simulated(3, 5, missing=0.0)).lines.person.n == 3


def test_no_valid_row_at_all() -> None:
    scores = changed(simulated(), P=pl.lit(None, dtype=pl.Float64))
    assert refused(scores) == ["too-few-persons"]


LACK, ALONE = "lack a covariate", "have a label of a category that nobody else has"


@pytest.mark.parametrize(
    ("labels", "told", "untold"),
    [
        ([None, None, *(f"own {place}" for place in range(28))], f"2 persons {LACK}, and 28", ""),
        ([None] * 30, f"30 persons {LACK}.", ALONE),
        ([f"own {place}" for place in range(30)], f"30 persons {ALONE}", LACK),
    ],
)
def test_a_refusal_says_whom_the_covariates_left_out(
    labels: list[str | None], told: str, untold: str
) -> None:
    scores = simulated(30, 5, norm={"covariates": ["site"]})
    persons = scores.persons.with_columns(site=pl.Series(labels, dtype=pl.String))
    with pytest.raises(NormError) as caught:
        fit_norm(replace(scores, persons=persons))
    (refusal,) = [one for one in caught.value.findings if one.code == "too-few-persons"]
    assert "only 0 persons with E, P and site to fit them. " in refusal.text
    assert told in refusal.text
    assert not untold or untold not in refusal.text


def test_a_covariate_that_is_not_there_is_refused() -> None:
    assert refused(simulated(norm={"covariates": ["height"]})) == ["covariate-missing"]


def test_a_factor_in_the_line_is_warned_of() -> None:
    norm = fit_norm(simulated(norm={"covariates": ["optimism"]}))
    assert "factor-in-line" in [finding.code for finding in norm.findings]


def test_persons_without_the_covariate_are_left_out_and_named() -> None:
    scores = simulated(norm={"covariates": ["age"]})
    ages = scores.persons["age"].to_list()
    persons = scores.persons.with_columns(age=pl.Series([None, None, *ages[2:]]))
    norm = fit_norm(type(scores)(**{**vars(scores), "persons": persons}))
    found = {finding.code: finding for finding in norm.findings}
    assert found["covariate-incomplete"].evidence.numbers == {"persons": 2}
    assert norm.lines.person.n == scores.persons.height - 2
    assert norm.period_tables["person"].height == scores.persons.height


def test_a_falling_line_is_warned_of() -> None:
    scores = simulated()
    norm = fit_norm(changed(scores, P=36 - pl.col("P")))
    assert "slope-not-positive" in [finding.code for finding in norm.findings]


@pytest.mark.parametrize("shape", ["quadratic", "spline", "test"])
def test_two_values_of_exposure_cannot_carry_a_curve(shape: str) -> None:
    scores = changed(simulated(norm={"shape": shape}), E=(pl.col("person") % 2).cast(pl.Float64))
    norm = fit_norm(scores)
    assert {norm.lines.person.shape, norm.lines.occasion.shape} == {"linear"}
    told = {finding.code: finding.text for finding in norm.findings}
    code = "shape-not-tested" if shape == "test" else "straight-for-want-of-support"
    assert "E takes only 2 different values" in told[code]


def test_a_window_without_persons_has_no_line_but_the_rest_goes_on() -> None:
    scores = simulated(60, 5)
    P = pl.when(pl.col("occasion_index") >= 3).then(None).otherwise(pl.col("P"))
    norm = fit_norm(changed(scores, P=P))
    assert [period.number for period in norm.lines.by_period("window")] == [1, 2]
    assert "period-without-line" in [finding.code for finding in norm.findings]


@settings(max_examples=40)
@given(
    n_persons=st.integers(1, 12),
    n_occasions=st.integers(1, 4),
    missing=st.floats(0, 0.9),
    scale=st.sampled_from([1e-9, 1.0, 1e12]),
    seed=st.integers(0, 1000),
)
def test_small_and_odd_cohorts_give_a_norm_or_a_refusal(
    n_persons: int, n_occasions: int, missing: float, scale: float, seed: int
) -> None:
    scores = simulated(n_persons, n_occasions, missing=missing, seed=seed)
    scores = changed(scores, E=pl.col("E") * scale, E_general=pl.col("E_general") * scale)
    measures = {"P": scores.measures["P"]}
    scores = type(scores)(**{**vars(scores), "measures": measures})
    norm, problems = None, ()
    try:
        norm = fit_norm(scores)
    except NormError as error:
        problems = error.findings
    assert bool(norm) != bool(problems)
    if norm is not None:
        assert np.isfinite(norm.lines.person.coefficients).all()
        assert norm.lines.person.n_persons <= n_persons


def test_problems_computed_from_exposure_are_refused() -> None:
    assert refused(changed(simulated(), P=pl.col("E") * 0.2)) == ["nothing-left-to-explain"]
