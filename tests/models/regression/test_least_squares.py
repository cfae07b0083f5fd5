"""Least squares against statsmodels, closed forms and the published person line."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.diagnostic import het_breuschpagan

from salutogen.errors import ModelError
from salutogen.models import (
    breusch_pagan,
    cross_validated_error,
    f_test,
    fit_huber,
    fit_least_squares,
)

NAMES = ["intercept", "E"]


def line(n=120, seed=3, offset=0.0):
    rng = np.random.default_rng(seed)
    e = rng.gamma(4, 5, n) + offset
    y = 3 + 0.4 * (e - offset) + rng.standard_t(4, n) * (1 + 0.05 * (e - offset))
    return y, np.column_stack([np.ones(n), e])


@pytest.mark.parametrize("weighted", [False, True])
def test_agrees_with_statsmodels(weighted):
    y, X = line()
    w = np.random.default_rng(0).uniform(0.5, 2, len(y)) if weighted else None
    fit = fit_least_squares(y, X, names=NAMES, weights=w)
    other = sm.WLS(y, X, weights=w if weighted else 1.0).fit()
    np.testing.assert_allclose(fit.coefficients, other.params, rtol=1e-11)
    np.testing.assert_allclose(fit.covariance, other.cov_params(), rtol=1e-9)
    np.testing.assert_allclose(fit.r_squared, other.rsquared, rtol=1e-11)
    np.testing.assert_allclose(fit.adjusted_r_squared, other.rsquared_adj, rtol=1e-11)
    np.testing.assert_allclose(fit.log_likelihood, other.llf, rtol=1e-11)
    np.testing.assert_allclose(fit.bic, other.bic + np.log(len(y)), rtol=1e-11)
    np.testing.assert_allclose(fit.aic, other.aic + 2, rtol=1e-11)
    np.testing.assert_allclose(fit.interval(), other.conf_int().T, rtol=1e-9)
    expected = other.get_prediction(X[:5])
    np.testing.assert_allclose(fit.predict(X[:5]), expected.predicted_mean, rtol=1e-11)
    np.testing.assert_allclose(fit.standard_error_of_line(X[:5]), expected.se_mean, rtol=1e-9)


def test_clustered_errors_are_cr1():
    y, X = line()
    person = np.arange(len(y)) // 5 + 7
    fit = fit_least_squares(y, X, names=NAMES, cluster=person)
    other = sm.OLS(y, X).fit(
        cov_type="cluster", cov_kwds={"groups": person, "use_correction": False}
    )
    G = len(np.unique(person))
    np.testing.assert_allclose(fit.covariance, other.cov_params() * G / (G - 1), rtol=1e-9)
    assert fit.df_inference == G - 1 == 23
    assert fit.df == len(y) - 2
    half = stats.t.ppf(0.975, G - 1) * fit.standard_errors
    np.testing.assert_allclose(fit.interval()[1], fit.coefficients + half)


def test_a_huge_offset_loses_no_digits():
    y, X = line()
    far = X + np.array([0, 1e8])
    fit, moved = (fit_least_squares(y, x, names=NAMES) for x in (X, far))
    np.testing.assert_allclose(moved.coefficients[1], fit.coefficients[1], rtol=1e-7)
    np.testing.assert_allclose(moved.rss, fit.rss, rtol=1e-9)


def test_row_order_and_units_do_not_matter():
    y, X = line()
    fit = fit_least_squares(y, X, names=NAMES)
    order = np.random.default_rng(1).permutation(len(y))
    shuffled = fit_least_squares(y[order], X[order], names=NAMES)
    np.testing.assert_allclose(shuffled.coefficients, fit.coefficients, rtol=1e-12)
    scaled = fit_least_squares(y * 10, X * [1, 100], names=NAMES)
    np.testing.assert_allclose(scaled.coefficients, fit.coefficients * [10, 0.1], rtol=1e-12)


def test_scatter_that_is_not_there_is_not_tested():
    E = np.arange(6.0)
    X = np.column_stack([np.ones(6), E])
    fit = fit_least_squares(2.0 * E, X, names=("Intercept", "E"))
    with pytest.raises(ModelError, match="passes through every unit"):
        breusch_pagan(replace(fit, residuals=np.zeros(6)), X)


def test_a_line_without_scatter_is_no_measure_of_another():
    E = np.arange(8.0)
    straight, bent = np.column_stack([np.ones(8), E]), np.column_stack([np.ones(8), E, E**2])
    nested = fit_least_squares(E**2, straight, names=("Intercept", "E"))
    full = fit_least_squares(E**2, bent, names=("Intercept", "E", "E^2"))
    with pytest.raises(ModelError, match="leaves no scatter"):
        f_test(nested, replace(full, rss=0.0))


def test_f_test_equals_statsmodels():
    y, X = line()
    full_X = np.column_stack([X, X[:, 1] ** 2])
    full = fit_least_squares(y, full_X, names=[*NAMES, "E2"])
    result = f_test(fit_least_squares(y, X, names=NAMES), full)
    F, p, df = sm.OLS(y, full_X).fit().compare_f_test(sm.OLS(y, X).fit())
    assert (result.df1, result.df2) == (df, 117)
    np.testing.assert_allclose([result.F, result.p], [F, p], rtol=1e-8)
    with pytest.raises(ModelError, match="not nested"):
        f_test(full, full)


def test_huber_agrees_with_statsmodels():
    y, X = line()
    y[:6] += 40
    fit = fit_huber(y, X, names=NAMES)
    other = sm.RLM(y, X, M=sm.robust.norms.HuberT(1.345)).fit(maxiter=500, tol=1e-12)
    assert fit.converged
    np.testing.assert_allclose(fit.coefficients, other.params, rtol=1e-7)
    np.testing.assert_allclose(fit.residual_sd, other.scale, rtol=1e-7)
    np.testing.assert_allclose(fit.covariance, other.cov_params(), rtol=1e-6)
    assert (fit.weights[:6] < 0.5).all()


def test_breusch_pagan_is_koenkers():
    y, X = line()
    fit = fit_least_squares(y, X, names=NAMES)
    test = breusch_pagan(fit, X)
    statistic, p, _, _ = het_breuschpagan(fit.residuals, X)
    np.testing.assert_allclose([test.statistic, test.p], [statistic, p], rtol=1e-9)
    assert test.df2 is None


def test_clustered_breusch_pagan_is_a_wald_test():
    y, X = line()
    person = np.arange(len(y)) // 4
    fit = fit_least_squares(y, X, names=NAMES)
    test = breusch_pagan(fit, X, cluster=person)
    assert test.n_r_squared == breusch_pagan(fit, X).statistic
    e2 = fit.residuals**2
    slope = fit_least_squares(e2, X, names=NAMES, cluster=person)
    np.testing.assert_allclose(
        test.statistic, (slope.coefficients[1] / slope.standard_errors[1]) ** 2, rtol=1e-9
    )
    np.testing.assert_allclose(test.p, stats.f.sf(test.statistic, 1, 29), rtol=1e-9)


def test_leave_one_out_error_is_the_closed_form():
    y, X = line(n=30)
    hat = X @ np.linalg.inv(X.T @ X) @ X.T
    left_out = (y - hat @ y) / (1 - np.diag(hat))
    error = cross_validated_error(y, X, folds=30)
    np.testing.assert_allclose(error, np.sqrt(np.mean(left_out**2)), rtol=1e-10)
    assert cross_validated_error(y, X, seed=4) == cross_validated_error(y, X, seed=4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y, X: (y, np.column_stack([X, 2 * X[:, 1] + 3])), "Collinear terms: 'twice'"),
        (lambda y, X: (y, np.column_stack([X, np.full(len(y), 5.0)])), "Collinear"),
        (lambda y, X: (y[:2], np.column_stack([X, X[:, 1] ** 2])[:2]), "2 units cannot carry 3"),
        (lambda y, X: (np.where(y > 5, np.nan, y), np.column_stack([X, y])), "the outcome: "),
        (lambda y, X: (np.ones(len(y)), np.column_stack([X, y])), "outcome is constant"),
        (lambda y, X: (y[1:], np.column_stack([X, y])), "shapes"),
    ],
)
def test_bad_input_is_refused(change, message):
    y, X = change(*line())
    with pytest.raises(ModelError, match=message):
        fit_least_squares(y, X, names=[*NAMES, "twice"])


def test_bad_codes_and_weights_are_refused():
    y, X = line()
    with pytest.raises(ModelError, match="at least 2 clusters"):
        fit_least_squares(y, X, names=NAMES, cluster=np.zeros(len(y), dtype=int))
    with pytest.raises(ModelError, match="weights"):
        fit_least_squares(y, X, names=NAMES, weights=-np.ones(len(y)))
    with pytest.raises(ModelError, match="2 terms"):
        fit_least_squares(y, X, names=NAMES).predict(np.ones((3, 3)))


def test_published_person_line_of_dynacore(shared_data):
    """P = 7.229 + .16477 E, R2 .3064 (adjusted .303), BIC 1170.17 and 1173.22, F 2.23, p .137."""
    rows = pl.read_csv(shared_data / "dynacore-l" / "dynacore_l.csv", infer_schema_length=None)
    items = [f"GE_{i:02d}" for i in range(1, 12)] + [f"CE_{i:02d}" for i in range(1, 30)]
    ghq = [f"CM_{i:02d}" for i in range(1, 13)]
    means = (
        rows.select(
            "subject.ID",
            P=pl.sum_horizontal(pl.col(ghq).cast(pl.Float64)),
            E=pl.sum_horizontal(pl.col(items).cast(pl.Float64)),
        )
        .group_by("subject.ID")
        .mean()
        .sort("subject.ID")
    )
    y, e = means["P"].to_numpy(), means["E"].to_numpy()
    X = np.column_stack([np.ones(200), e, e**2])
    linear = fit_least_squares(y, X[:, :2], names=NAMES)
    quadratic = fit_least_squares(y, X, names=[*NAMES, "E2"])
    assert linear.coefficients.round(5).tolist() == pytest.approx([7.229, 0.16477], abs=6e-4)
    assert linear.coefficients[1] == pytest.approx(0.16477, abs=5e-6)
    assert linear.r_squared == pytest.approx(0.3064, abs=5e-5)
    assert linear.adjusted_r_squared == pytest.approx(0.303, abs=5e-4)
    assert (linear.bic, quadratic.bic) == pytest.approx((1170.17, 1173.22), abs=0.005)
    assert quadratic.coefficients == pytest.approx([5.007, 0.2733, -0.00114], rel=2e-3)
    test = f_test(linear, quadratic)
    assert (test.F, test.p) == pytest.approx((2.23, 0.137), abs=0.005)
    scatter = breusch_pagan(linear, X[:, :2])
    assert (scatter.statistic, scatter.p) == pytest.approx((3.2, 0.07), abs=0.05)


def unequal_means(n, rng, growth=0.0):
    """Means of six occasions, of one for 15 %; skewed exposure, the same slope within persons."""
    k = np.where(rng.random(n) < 0.15, 1, 6)
    person = np.repeat(np.arange(n), k)
    e = np.bincount(person, rng.gamma(2, 1.5, n)[person] + rng.gamma(1, 2, person.size)) / k
    own = rng.normal(0, 1, n) * np.clip(1 + growth * (e - e.mean()) / e.std(), 0.1, None)
    p = 5 + 0.6 * e + own + rng.normal(0, 2.5, n) / np.sqrt(k)
    return p, np.column_stack([np.ones(n), e]), k


def test_scatter_of_means_of_few_answers_is_no_scatter_along_exposure():
    rng = np.random.default_rng(12)
    below = {0.0: [], 0.5: []}
    for growth, found in below.items():
        for _ in range(200):
            y, X, k = unequal_means(150, rng, growth)
            fit = fit_least_squares(y, X, names=NAMES)
            found.append(
                [breusch_pagan(fit, X, averaged=k).p < 0.05, breusch_pagan(fit, X).p < 0.05]
            )
    (false, _), (power, plain) = (np.mean(found, axis=0) for found in below.values())
    assert false <= 0.08  # 200 cohorts at 5 %: chance moves it by 3 points
    assert power >= plain


def test_expected_scatter_is_a_part_of_its_own_and_one_of_the_answers():
    y, X, k = unequal_means(300, np.random.default_rng(2))
    fit = fit_least_squares(y, X, names=NAMES)
    squared = fit.residuals**2
    expected = sm.OLS(squared, sm.add_constant(1 / k)).fit().fittedvalues
    known = sm.OLS(squared / expected, X).fit()
    test = breusch_pagan(fit, X, averaged=k)
    assert test.statistic == pytest.approx(300 * known.rsquared, rel=1e-9)
    assert breusch_pagan(fit, X, averaged=np.full(300, 4)) == breusch_pagan(fit, X)
    with pytest.raises(ModelError, match="averaged"):
        breusch_pagan(fit, X, averaged=np.zeros(300))
