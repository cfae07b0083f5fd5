"""The shape is tested on independent persons, and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from salutogen.errors import NormError
from salutogen.models import f_test, fit_least_squares
from salutogen.norm import fit_norm
from salutogen.norm.line_fit import fit_line
from salutogen.norm.line_spec import LineSpec
from salutogen.norm.shape import bend_of, refusal_of_shape, shape_test, turning_point
from tests.norm.cohorts import dynacore, simulated, windows_of


def test_shape_of_the_real_cohort(shared_data: Path) -> None:
    test = fit_norm(dynacore(shared_data, norm={"shape": "test"})).shape_test
    assert test is not None
    assert (test.unit, test.n, test.df1, test.df2) == ("person", 200, 1, 197)
    assert test.f == pytest.approx(2.23, abs=5e-3)
    assert test.p == pytest.approx(0.137, abs=5e-4)
    assert test.bic_linear == pytest.approx(1170.17, abs=5e-3)
    assert test.bic_quadratic == pytest.approx(1173.22, abs=5e-3)
    assert test.chosen == "linear"


def test_quadratic_of_the_real_cohort(shared_data: Path) -> None:
    line = fit_norm(dynacore(shared_data, norm={"shape": "quadratic"})).lines.person
    assert line.coefficients == pytest.approx((5.007, 0.2733, -0.00114), abs=5e-4)
    assert line.r_squared == pytest.approx(0.3142, abs=5e-5)


def test_repeated_persons_are_refused_although_they_would_be_significant(
    shared_data: Path,
) -> None:
    norm = fit_norm(dynacore(shared_data))
    repeated = norm.scores.table.select("person").join(
        norm.period_tables["person"], on="person", how="left", maintain_order="left"
    )
    E, P = repeated["E"].to_numpy(), repeated["P"].to_numpy()
    straight = np.column_stack([np.ones(E.size), E])
    curved = np.column_stack([straight, E**2])
    wrong = f_test(
        fit_least_squares(P, straight, names=["intercept", "E"]),
        fit_least_squares(P, curved, names=["intercept", "E", "E^2"]),
    )
    assert wrong.p == pytest.approx(0.00078, abs=5e-6)
    with pytest.raises(NormError) as caught:
        shape_test(repeated)
    finding = caught.value.findings[0]
    assert finding.code == "repeated-persons"
    numbers = finding.evidence.numbers
    assert (numbers["units"], numbers["persons"], numbers["repeated"]) == (1045, 200, 845)


def test_real_curvature_is_found_and_applied_at_every_level() -> None:
    scores = simulated(400, 4, seed=3)
    E = scores.table["E"]
    bent = scores.table.with_columns(P=(2 + 0.006 * E**2 + scores.table["P"] * 0.3).clip(0, 36))
    scores = type(scores)(**{**vars(scores), "table": bent})
    settings = scores.study.plan.norm.model_copy(update={"shape": "test"})
    norm = fit_norm(scores, settings=settings)
    assert norm.shape_test is not None
    assert norm.shape_test.chosen == "quadratic"
    assert norm.shape_test.p < 0.05
    assert norm.shape_test.bic_quadratic < norm.shape_test.bic_linear
    lines = [norm.lines.person, norm.lines.occasion, *windows_of(norm)]
    assert {line.shape for line in lines} == {"quadratic"}
    assert all("E^2" in line.terms for line in lines)


def test_a_curve_that_turns_down_is_warned_of() -> None:
    scores = simulated(300, 4, seed=5)
    E = scores.table["E"]
    bent = scores.table.with_columns(P=(0.9 * E - 0.011 * E**2 + 2).clip(0, 36))
    scores = type(scores)(**{**vars(scores), "table": bent})
    settings = scores.study.plan.norm.model_copy(update={"shape": "quadratic"})
    norm = fit_norm(scores, settings=settings)
    at = turning_point(norm.lines.person)
    b, c = norm.lines.person.coefficient("E"), norm.lines.person.coefficient("E^2")
    low, high = norm.lines.person.exposure_range
    assert at is not None
    assert at == pytest.approx(-b / (2 * c), abs=(high - low) / 400)
    assert "line-turns-down" in [finding.code for finding in norm.findings]


def test_a_straight_line_never_turns() -> None:
    assert turning_point(fit_norm(simulated()).lines.person) is None


def test_splines_are_straight_beyond_the_outer_knots() -> None:
    norm = fit_norm(simulated(norm={"shape": "spline"}))
    line = norm.lines.person
    assert line.terms == ("intercept", "E", "E:spline1", "E:spline2")
    beyond = pl.DataFrame({"E": line.knots[-1] + np.array([0.0, 5.0, 10.0, 20.0])})
    expected = line.expected(beyond, level="person")
    steps = np.diff(expected) / np.array([5.0, 5.0, 10.0])
    np.testing.assert_allclose(steps, steps[0], rtol=1e-8)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_straight_data_seldom_choose_a_curve_and_never_by_p_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    E = rng.normal(40, 10, 80)
    units = pl.DataFrame({"person": np.arange(80), "E": E, "P": 5 + 0.2 * E + rng.normal(0, 3, 80)})
    test = shape_test(units, seed=seed)
    curved = test.p < 0.05 and test.bic_quadratic < test.bic_linear
    assert test.chosen == ("quadratic" if curved else "linear")
    assert set(test.cv_error) == {"linear", "quadratic", "spline"}
    assert test.cv_error["linear"] > 0


@pytest.mark.lengthy
def test_unequal_means_are_judged_with_errors_for_unequal_scatter() -> None:
    """Means of one occasion at the ends of exposure look like a curve to the plain F test."""
    import statsmodels.api as sm

    rng = np.random.default_rng(4)
    plain, robust = [], []
    for _ in range(150):
        n = 150
        occasions = np.where(rng.random(n) < 0.15, 1, 6)
        E = rng.normal(0, 1, n) + rng.normal(0, 2, n) / np.sqrt(occasions)
        P = 5 + 0.5 * E + rng.normal(0, 1, n) + rng.normal(0, 4, n) / np.sqrt(occasions)
        table = pl.DataFrame({"person": range(n), "E": E, "P": P, "n_valid": occasions})
        test = shape_test(table)
        assert test.decided_by == "HC3"
        assert test.p_robust is not None
        plain.append(test.p < 0.05)
        robust.append(test.p_robust < 0.05)
    X = np.column_stack([np.ones(n), E, E**2])
    told = sm.OLS(P, X).fit(cov_type="HC3", use_t=True)
    assert test.f_robust == pytest.approx(told.tvalues[2] ** 2, rel=1e-8)
    assert test.df2_robust is not None
    assert test.df2_robust < test.df2  # what is printed with F gives the p beside it
    assert stats.f.sf(test.f_robust, 1, test.df2_robust) == pytest.approx(test.p_robust, rel=1e-9)
    assert np.mean(robust) <= 0.10  # 150 cohorts at 5 %: chance moves it by 3.5 points
    assert np.mean(robust) < np.mean(plain)
    assert shape_test(table.with_columns(n_valid=pl.lit(4))).decided_by == "classical"


def curved(kind: str, seed: int, n: int = 150) -> pl.DataFrame:
    """Persons whose problems rise to a plateau, or fall and rise again, along exposure."""
    rng = np.random.default_rng(seed)
    E = rng.uniform(0, 20, n)
    along = {"plateau": 8 * (1 - np.exp(-E / 3)), "u": 0.12 * (E - 10) ** 2}[kind]
    P = 6 + along + rng.normal(0, 2, n)
    return pl.DataFrame({"person": np.arange(n, dtype=np.uint32), "E": E, "P": P})


def test_a_turn_is_told_only_where_it_stands_out_of_its_error() -> None:
    """A plateau is seldom called a peak, a valley nearly always one."""
    found: dict[str, list[str]] = {"plateau": [], "u": []}
    for kind, bends in found.items():
        for seed in range(40):
            spec = replace(LineSpec(), shape="spline" if kind == "plateau" else "quadratic")
            line = fit_line(curved(kind, seed), spec, level="person", reference="all")
            bend = bend_of(line)
            assert bend is not None
            bends.append(bend.kind)
    assert sum(kind in ("highest", "several") for kind in found["plateau"]) <= 4
    assert found["u"].count("lowest") >= 38


def test_a_straight_line_through_a_curve_is_said() -> None:
    scores = simulated(norm={"shape": "linear"})
    E = scores.table["E"].to_numpy()
    bent = 4 + 24 * ((E - np.mean(E)) / np.ptp(E)) ** 2
    P = np.clip(bent + np.random.default_rng(1).normal(0, 1, E.size), 0, 36)
    norm = fit_norm(replace(scores, table=scores.table.with_columns(P=P)))
    told = [item for item in norm.findings if item.code == "curve-left-out"]
    assert norm.shape_test is not None
    assert (norm.shape_test.chosen == "quadratic") == bool(told)
    assert told
    straight = fit_norm(simulated(norm={"shape": "linear"}))
    assert "curve-left-out" not in [item.code for item in straight.findings]


def test_the_shape_of_a_composite_of_nobody_is_not_tested() -> None:
    nobody = pl.DataFrame(schema={"person": pl.Int64, "P": pl.Float64, "E_a": pl.Float64,
                                  "E_b": pl.Float64})  # fmt: skip
    spec = LineSpec(composite=("E_a", "E_b"))
    with pytest.raises(NormError) as caught:
        shape_test(nobody, spec)
    assert [one.code for one in caught.value.findings] == ["shape-not-tested"]
    refused = refusal_of_shape(nobody, replace(spec, shape="quadratic"))
    assert refused is not None
    assert refused.code == "too-few-persons"
