"""Lines at every level against published figures, other programs and brute force."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from salutogen.errors import NormError
from salutogen.findings import Findings
from salutogen.models.parallel import threads
from salutogen.norm import Norm, fit_norm, secondary_lines
from salutogen.norm.design_matrix import covariate_terms, term_matrix
from salutogen.norm.findings import LeftOut
from salutogen.norm.line_spec import line_spec
from salutogen.norm.lines import Level
from salutogen.norm.secondary_lines import variant_lines, winsor_limits
from salutogen.study import Period
from tests.norm.cohorts import dynacore, simulated, windows_of

TOLERANCE = 1e-9


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Norm:
    return fit_norm(dynacore(shared_data))


@pytest.fixture(scope="module")
def norm() -> Norm:
    return fit_norm(simulated())


# numbers.md, DynaCORE-L items, recomputed with R 4.2


def test_person_line_of_the_real_cohort(real: Norm) -> None:
    assert real.lines.person.n == 200
    assert real.lines.person.intercept == pytest.approx(7.229, abs=5e-4)
    assert real.lines.person.slope == pytest.approx(0.16477, abs=5e-6)
    assert real.lines.person.r_squared == pytest.approx(0.3064, abs=5e-5)


def test_lines_of_single_occasions(real: Norm) -> None:
    lines = {period.label: line for period, line in real.lines.by_period("occasion").items()}
    slopes = [lines[label].slope for label in ("1", "2", "3")]
    shares = [lines[label].r_squared for label in ("1", "2", "3")]
    assert slopes == pytest.approx([0.139, 0.148, 0.174], abs=5e-4)
    assert shares == pytest.approx([0.229, 0.236, 0.290], abs=5e-4)


def test_pooled_line_is_the_correlation_in_standard_units(real: Norm) -> None:
    E = real.scores.table["E"].to_numpy()
    P = real.scores.table["P"].to_numpy()
    slope = real.lines.occasion.slope
    assert slope is not None
    assert slope * E.std(ddof=1) / P.std(ddof=1) == pytest.approx(0.4923, abs=5e-5)
    assert real.lines.occasion.r_squared == pytest.approx(0.2424, abs=5e-5)


def test_first_window_takes_persons_with_two_valid_occasions(real: Norm) -> None:
    line = real.lines.reference("window")
    assert line is not None
    assert line is windows_of(real)[0]
    assert (line.n, line.level, line.period) == (199, "window", Period(kind="window", number=1))
    assert line.intercept == pytest.approx(7.0652, abs=5e-5)
    assert line.slope == pytest.approx(0.1563, abs=5e-5)
    assert line.r_squared == pytest.approx(0.2759, abs=5e-5)
    assert [window.n for window in windows_of(real)] == [199, 197, 195, 163]


def test_first_window_of_everyone_with_any_occasion(shared_data: Path) -> None:
    windows = {"windows": {"width": 3, "step": 1, "valid": 1}}
    line = fit_norm(dynacore(shared_data, resilience=windows)).lines.reference("window")
    assert line is not None
    figures = (line.n, line.intercept, line.slope, line.r_squared)
    assert figures == pytest.approx((200, 7.1182, 0.1550, 0.2786), abs=5e-5)


def test_winsorised_person_line(real: Norm) -> None:
    line = real.lines.variants["winsorised_person"]
    assert line.intercept == pytest.approx(7.240, abs=5e-4)
    assert line.slope == pytest.approx(0.16432, abs=5e-6)


def test_winsor_limits_at_occasions(real: Norm) -> None:
    table = real.scores.table
    assert winsor_limits(table["P"].to_numpy())[1] == pytest.approx(32.05575, abs=5e-6)
    assert winsor_limits(table["E"].to_numpy())[1] == pytest.approx(105.4345, abs=5e-5)


def test_spread_is_judged_on_persons(real: Norm) -> None:
    assert real.heteroscedasticity is not None
    person, occasion = real.heteroscedasticity.person, real.heteroscedasticity.occasion
    assert person.n_r_squared == pytest.approx(3.2, abs=0.05)
    assert person.p == pytest.approx(0.07, abs=5e-3)
    assert occasion.n_r_squared_rows == pytest.approx(20.9, abs=0.06)
    assert occasion.df2 == 199
    keys = {"n_r_squared", "df", "p", "n_r_squared_standardised", "p_standardised"}
    assert set(person.to_dict()) == keys
    assert "unequal-spread" not in [finding.code for finding in real.findings]


def test_composite_correlates_with_problems_as_published(shared_data: Path) -> None:
    norm = fit_norm(dynacore(shared_data, combine="composite"))
    assert np.sqrt(norm.lines.occasion.r_squared) == pytest.approx(0.5194, abs=5e-5)
    general = norm.lines.by_exposure("occasion")["general"]
    pandemic = norm.lines.by_exposure("occasion")["pandemic"]
    assert np.sqrt(general.r_squared) == pytest.approx(0.4958, abs=5e-5)
    assert np.sqrt(pandemic.r_squared) == pytest.approx(0.4069, abs=5e-5)


# brute force


def person_means(norm: Norm) -> pl.DataFrame:
    rows = norm.scores.table.filter("valid")
    columns = ("E", "P", "E_general", "E_pandemic")
    return rows.group_by("person", maintain_order=True).agg(pl.col(columns).mean())


def test_occasion_errors_are_clustered_by_person(norm: Norm) -> None:
    rows = norm.scores.table.filter("valid")
    X, y = sm.add_constant(rows["E"].to_numpy()), rows["P"].to_numpy()
    person = rows["person"].to_numpy()
    fit = sm.OLS(y, X).fit()
    meat = np.zeros((2, 2))
    for one in np.unique(person):
        score = X[person == one].T @ fit.resid[person == one]
        meat += np.outer(score, score)
    bread = np.linalg.inv(X.T @ X)
    groups = np.unique(person).size
    expected = bread @ meat @ bread * groups / (groups - 1)
    assert norm.lines.occasion.coefficients == pytest.approx(tuple(fit.params), rel=TOLERANCE)
    np.testing.assert_allclose(norm.lines.occasion.covariance, expected, rtol=1e-8)


def test_person_line_is_unweighted_over_means(norm: Norm) -> None:
    means = person_means(norm)
    fit = sm.OLS(means["P"].to_numpy(), sm.add_constant(means["E"].to_numpy())).fit()
    assert norm.lines.person.coefficients == pytest.approx(tuple(fit.params), rel=TOLERANCE)
    np.testing.assert_allclose(norm.lines.person.covariance, fit.cov_params(), rtol=1e-8)
    assert norm.lines.person.residual_sd == pytest.approx(np.std(fit.resid, ddof=1), rel=TOLERANCE)


def test_composites_are_standardised_after_averaging() -> None:
    norm = fit_norm(simulated(combine="composite"))
    means = person_means(norm)
    z = [
        (means[name].to_numpy() - means[name].mean()) / means[name].std()
        for name in ("E_general", "E_pandemic")
    ]
    fit = sm.OLS(means["P"].to_numpy(), sm.add_constant((z[0] + z[1]) / 2)).fit()
    assert norm.lines.person.coefficients == pytest.approx(tuple(fit.params), rel=TOLERANCE)
    assert norm.lines.person.standardiser is not None
    assert norm.lines.person.standardiser.means[0] == pytest.approx(means["E_general"].mean())
    assert norm.lines.occasion.standardiser != norm.lines.person.standardiser


def test_types_can_enter_separately() -> None:
    norm = fit_norm(simulated(combine="separate"))
    means = person_means(norm)
    X = sm.add_constant(means.select("E_general", "E_pandemic").to_numpy())
    fit = sm.OLS(means["P"].to_numpy(), X).fit()
    assert norm.lines.person.terms == ("intercept", "E_general", "E_pandemic")
    assert norm.lines.person.coefficients == pytest.approx(tuple(fit.params), rel=TOLERANCE)
    assert norm.lines.person.slope is None


def test_covariates_enter_as_numbers_and_categories() -> None:
    plan = {"covariates": ["age", "site"]}
    norm = fit_norm(simulated(norm=plan))
    assert norm.lines.person.names == ("intercept", "E", "age", "site=B", "site=C")
    means = person_means(norm)
    persons = norm.scores.persons
    X = np.column_stack(
        [
            np.ones(means.height),
            means["E"],
            persons["age"],
            (persons["site"] == "B").cast(float),
            (persons["site"] == "C").cast(float),
        ]
    )
    fit = sm.OLS(means["P"].to_numpy(), X).fit()
    assert norm.lines.person.coefficients == pytest.approx(tuple(fit.params), rel=TOLERANCE)


def test_a_line_is_refused_at_another_level(norm: Norm) -> None:
    with pytest.raises(NormError) as caught:
        norm.lines.person.expected(norm.scores.table, level="occasion")
    assert [finding.code for finding in caught.value.findings] == ["level-differs"]


def test_a_line_names_the_columns_it_misses(norm: Norm) -> None:
    with pytest.raises(NormError) as caught:
        norm.lines.person.expected(pl.DataFrame({"P": [1.0]}), level="person")
    assert [finding.code for finding in caught.value.findings] == ["norm-column-missing"]


def test_winsorised_line_takes_intercept_and_slope_from_one_fit(norm: Norm) -> None:
    means = person_means(norm)
    pulled = [
        np.clip(means[name].to_numpy(), *winsor_limits(means[name].to_numpy()))
        for name in ("P", "E")
    ]
    fit = sm.OLS(pulled[0], sm.add_constant(pulled[1])).fit()
    line = norm.lines.variants["winsorised_person"]
    assert line.coefficients == pytest.approx(tuple(fit.params), rel=TOLERANCE)


def test_variants_of_nobody_are_left_out_with_the_reason(norm: Norm) -> None:
    levels: tuple[Level, ...] = ("occasion", "person")
    nobody = {level: norm.units(level).clear() for level in levels}
    left_out, findings = LeftOut(), Findings()
    assert variant_lines(nobody, line_spec(norm.scores), "all", left_out) == {}
    left_out.tell("variant-not-fitted", findings)
    (told,) = findings
    reasons = told.evidence.numbers["reasons"]
    assert reasons["winsorised person line"] == reasons["robust person line"]
    assert "too-few-persons" in reasons["winsorised person line"]


def test_lines_are_the_same_on_any_number_of_threads(
    norm: Norm, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []

    def counted(tasks: Sequence[Callable[[], object]], *, cost: float) -> list[object]:
        begun.append(threads.worthwhile(len(tasks), cost))
        return threads.at_once(tasks, cost=cost)

    monkeypatch.setattr(threads, "WORTH_A_THREAD", 1)
    monkeypatch.setenv("NUMBA_NUM_THREADS", "2")
    monkeypatch.setattr(secondary_lines, "at_once", counted)
    again = fit_norm(norm.scores)
    assert begun == [2, 2, 2]
    assert list(again.lines) == list(norm.lines)
    for key, line in norm.lines.items():
        assert again.lines[key].coefficients == line.coefficients
        assert (again.lines[key].covariance == line.covariance).all()
        assert repr(again.lines[key].claims) == repr(line.claims)


def test_robust_line_agrees_with_statsmodels(norm: Norm) -> None:
    means = person_means(norm)
    X = sm.add_constant(means["E"].to_numpy())
    fit = sm.RLM(means["P"].to_numpy(), X, M=sm.robust.norms.HuberT()).fit(maxiter=200, tol=1e-12)
    line = norm.lines.variants["robust_person"]
    assert line.coefficients == pytest.approx(tuple(fit.params), rel=1e-3)


def test_primary_names_the_line_that_is_reported() -> None:
    assert fit_norm(simulated(norm={"unit": "occasion"})).primary_line.level == "occasion"
    assert fit_norm(simulated(norm={"unit": "window"})).primary_line.level == "window"
    assert fit_norm(simulated()).primary_line.level == "person"


def test_covariates_and_labels_may_be_called_like_terms_of_a_curve() -> None:
    table = pl.DataFrame(
        {"E": [1.0, 2.0, 3.0], "covariate:spline_p": ["a", "b^2", "b^2"]},
        schema_overrides={"covariate:spline_p": pl.String},
    )
    terms = ("E", *covariate_terms(table, ("spline_p",)))
    assert terms == ("E", "covariate:spline_p=b^2")
    found = term_matrix(table, terms, predictors=("E",))
    np.testing.assert_array_equal(found, [[1, 0], [2, 1], [3, 1]])
