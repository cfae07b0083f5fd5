"""Structural models of any kind on the core: a line, a factor, what cannot be told apart."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.errors import ModelError
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.sem.fitting import Units, fit_structure
from salutogen.models.sem.inference import inverse_information
from salutogen.models.sem.patterns import patterns_of
from salutogen.models.sem.saturated import saturated
from salutogen.models.sem.scoring import climb
from salutogen.models.sem.structure import Entry, structure


def fitted(rows, made, errors="observed"):
    patterns = patterns_of(rows)
    q = len(made.parameters)
    units = Units(factor=np.ones(q), shift=np.zeros(q), log_scale=0.0)
    return fit_structure([(patterns, made)], [saturated(patterns)], units, errors)


def line(*more):
    """y = a + b x + e."""
    return structure(
        ("x", "y"),
        (),
        [
            Entry("mean", "x", "", "mean x"),
            Entry("mean", "y", "", "intercept"),
            Entry("path", "y", "x", "slope"),
            Entry("covariance", "x", "x", "variance x", 1.0),
            Entry("covariance", "y", "y", "variance", 1.0),
            *more,
        ],
    )


@pytest.fixture
def rows():
    rng = np.random.default_rng(1)
    x = rng.normal(size=150) + 2
    return np.column_stack([x, 1 + 0.5 * x + rng.normal(size=150) * (0.5 + np.abs(x - 2))])


def test_a_line_is_least_squares(rows):
    found = fitted(rows, line(), "robust")
    X = sm.add_constant(rows[:, 0])
    reference = sm.OLS(rows[:, 1], X).fit()
    np.testing.assert_allclose(found.estimates[1:3], reference.params, rtol=1e-9)
    # The sandwich of a line whose residuals scatter unevenly is White's.
    errors = np.sqrt(np.diag(found.covariance))[1:3]
    np.testing.assert_allclose(errors, reference.get_robustcov_results("HC0").bse, rtol=1e-8)
    x_likelihood = -0.5 * len(rows) * (np.log(2 * np.pi * np.var(rows[:, 0])) + 1)
    assert found.log_likelihood == pytest.approx(reference.llf + x_likelihood)


def test_a_line_whose_outcome_is_partly_missing_is_that_of_the_others(rows):
    """Who lacks the outcome tells nothing of the line; the predictor's mean is everyone's."""
    some = rows.copy()
    some[100:, 1] = np.nan
    found = fitted(some, line(), "expected")
    reference = sm.OLS(rows[:100, 1], sm.add_constant(rows[:100, 0])).fit()
    np.testing.assert_allclose(found.estimates[1:3], reference.params, rtol=1e-8)
    assert found.estimates[0] == pytest.approx(rows[:, 0].mean())
    # Expected information takes the predictor's spread over everyone.
    error = np.sqrt(reference.ssr / 100 / (100 * np.var(rows[:, 0])))
    assert np.sqrt(found.covariance[2, 2]) == pytest.approx(error, rel=1e-8)


def test_one_factor_of_three_indicators_has_a_closed_form():
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(400, 1)) * [1, 0.8, 1.2] + rng.normal(size=(400, 3))
    names = ("a", "b", "c")
    made = structure(
        names,
        ("f",),
        [
            Entry("path", "a", "f", value=1.0),
            Entry("path", "b", "f", "b", 1.0),
            Entry("path", "c", "f", "c", 1.0),
            Entry("covariance", "f", "f", "f", 0.5),
            *(Entry("covariance", name, name, f"error {name}", 0.5) for name in names),
            *(Entry("mean", name, "", f"mean {name}") for name in names),
        ],
    )
    found = fitted(rows, made)
    S = np.cov(rows.T, ddof=0)
    expected = [S[1, 2] / S[0, 2], S[1, 2] / S[0, 1], S[0, 1] * S[0, 2] / S[1, 2]]
    np.testing.assert_allclose(found.estimates[:3], expected, rtol=1e-6)
    assert found.fit_indices["df"] == 0
    assert found.fit_indices["rmsea"] == 0


def test_what_data_cannot_tell_apart_is_refused(rows):
    made = line(Entry("covariance", "x", "y", "together", 0.1))
    with pytest.raises(ModelError, match=r"cannot tell (slope|together|variance)"):
        fitted(rows, made)


def test_a_search_that_stops_early_is_said(rows, monkeypatch):
    from salutogen.models.sem import fitting

    monkeypatch.setattr(fitting, "climb", lambda *given: climb(*given, most_steps=1))
    with pytest.warns(ConvergenceWarning, match="did not settle"):
        found = fitted(rows, line())
    assert not found.converged
    assert "no maximum" in found.messages[0]


def test_information_that_is_not_definite_has_no_inverse():
    assert inverse_information(np.diag([1.0, -1.0])) is None
    assert inverse_information(np.ones((2, 2))) is None
    # A parameter that nothing is known of overflows nowhere (warnings are errors in tests).
    assert inverse_information(np.array([[0.0, 1e190], [1e190, 1e190]])) is None
    A = np.array([[1e6, 10.0], [10.0, 1e-2]])
    np.testing.assert_allclose(inverse_information(A), np.linalg.inv(A))
