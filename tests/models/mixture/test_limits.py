"""Growth mixtures at their limits: bad input, degenerate solutions, comparison, bootstrap."""

from __future__ import annotations

import re

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models.convergence import ConvergenceWarning
from salutogen.models.mixture.comparison import compare_classes
from salutogen.models.mixture.likelihood import maximisation, search
from salutogen.models.mixture.likelihood.maximisation import Maximum, quasi_newton
from salutogen.models.mixture.likelihood.parameters import ClassParameters, Layout
from salutogen.models.mixture.likelihood.problem import mixture_problem
from salutogen.models.mixture.likelihood.search import in_order, verdict
from salutogen.models.mixture.model import GrowthMixture
from salutogen.models.moments.moments import Moments


def two_groups(n=60, occasions=4, seed=1, apart=4.0):
    generator = np.random.default_rng(seed)
    person, t = np.repeat(np.arange(n), occasions), np.tile(np.arange(float(occasions)), n)
    y = np.where(person < n // 3, apart, 0.0) + generator.normal(size=n)[person]
    return {"id": person, "t": t, "y": y + generator.normal(size=len(t))}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"classes": 0}, "classes: expected a whole number from 1, got 0"),
        ({"classes": 2.5}, "got 2.5"),
        ({"starts": 0}, "starts"),
        ({"random_covariance": "diagonal"}, "expected one of equal, proportional, free"),
        ({"variance_bound": 0}, "variance_bound"),
        ({"order": "size"}, "order: expected one of share, level, got 'size'"),
        ({"likelihood_tolerance": 0.0}, "likelihood_tolerance: expected a number between 0 and 1"),
        ({"parameter_tolerance": -1}, "parameter_tolerance"),
    ],
)
def test_impossible_settings_are_refused(change, words):
    with pytest.raises(ModelError, match=words):
        GrowthMixture("y ~ t + (1 | id)", **change)


@pytest.mark.parametrize(
    ("formula", "change", "words"),
    [
        ("y ~ t + (1 | idd)", {}, r"Unknown column 'idd' \(did you mean 'id'"),
        ("y ~ t + I(2 * t) + (1 | id)", {}, "Collinear fixed terms"),
        ("y ~ t", {}, "names no person column"),
        ("y ~ t + (1 | id)", {"y": np.inf}, "infinite"),
        ("y ~ t + (1 | id)", {"y": np.nan}, "No row of"),
        ("y ~ t + (1 | id)", {"t": "early"}, "expected numbers"),
        ("y ~ t + (1 | id)", {"y": 3.0}, "constant"),
    ],
)
def test_bad_data_are_refused(formula, change, words):
    frame = pl.DataFrame(two_groups(10)).with_columns(**{k: pl.lit(v) for k, v in change.items()})
    with pytest.raises(ModelError, match=words):
        GrowthMixture(formula, classes=2).fit(frame)


def test_more_classes_than_persons_and_bad_weights_are_refused():
    data = two_groups(6)
    with pytest.raises(ModelError, match="7 classes cannot be told apart among 6 persons"):
        GrowthMixture("y ~ t + (0 | id)", classes=7).fit(data)
    with pytest.raises(ModelError, match="shared: sex is no fixed term; there are Intercept, t"):
        GrowthMixture("y ~ t + (0 | id)", shared=("sex",)).fit(data)
    with pytest.raises(ModelError, match=r"positive numbers, got 1 that are not \(persons 2 "):
        GrowthMixture("y ~ t + (0 | id)").fit(data, weights=[1, 0, 1, 1, 1, 1])
    with pytest.raises(ModelError, match="expected one for each of 6 persons"):
        GrowthMixture("y ~ t + (0 | id)").fit(data, weights=[1.0])


def test_person_column_may_stand_beside_the_formula():
    data = two_groups()
    a = GrowthMixture("y ~ t", classes=2, person="id").fit(data)
    b = GrowthMixture("y ~ t + (0 | id)", classes=2).fit(data)
    assert a.log_likelihood == b.log_likelihood
    assert a.random_covariance.shape == (2, 0, 0)
    np.testing.assert_allclose(a.shares, [2 / 3, 1 / 3], atol=0.05)


def prepared(K=2, lowest=0.01, n=60):
    moments = Moments.from_frame("y ~ t + (1 | id)", two_groups(n))
    layout = Layout(
        classes=K,
        shared=(False, False),
        blocks=(1,),
        random_covariance="equal",
        residual_variance="free",
        lowest=lowest,
    )
    return mixture_problem(moments, moments.fixed, moments.random), layout


@pytest.mark.parametrize(
    ("share", "apart", "variance", "name"),
    [
        (0.3, 1.0, 0.2, "finished"),
        (0.3, 1e-5, 0.2, "duplicate classes"),
        (0.01, 1.0, 0.2, "empty class"),
        (0.3, 1.0, 0.01001, "residual variance on its bound"),
    ],
)
def test_degenerate_solutions_are_named(share, apart, variance, name):
    problem, layout = prepared()
    at = ClassParameters(
        log_share=np.log([1 - share, share]),
        coefficients=np.array([[0.0, 0.0], [apart, 0.0]]),
        factors=np.full((2, 1, 1), 0.5),
        variances=np.array([0.2, variance]),
    )
    end = Maximum(free=layout.pack(at), value=0.0, converged=True, path=(0.0,))
    assert verdict(problem, layout, end) == name
    turned = layout.unpack(in_order(problem, layout, end, "share").free)
    assert turned.log_share[0] > turned.log_share[1]
    rising = layout.unpack(in_order(problem, layout, end, "level").free)
    assert rising.coefficients[0] @ problem.means < rising.coefficients[1] @ problem.means


def test_a_class_without_spread_is_never_returned():
    """Persons without any residual: the likelihood is unbounded but for the bound."""
    data = two_groups(60, seed=4, apart=0.0)
    exact = data["id"] < 20
    data["y"] = np.where(exact, 7 + 0.5 * data["t"], data["y"])
    spec = GrowthMixture("y ~ t + (0 | id)", classes=2, residual_variance="free")
    found = spec.try_fit(data)
    named = found if isinstance(found, str) else " ".join(found.start_verdicts)
    assert "residual variance on its bound" in named
    if not isinstance(found, str):
        one = GrowthMixture("y ~ t + (0 | id)", classes=1).fit(data)
        assert found.residual_variance.min() > 0.0101 * one.residual_variance[0]
    assert GrowthMixture("y ~ t + (0 | id)", classes=2).fit(data).converged


def test_comparison_has_all_criteria_and_a_figure():
    found = compare_classes("y ~ t + (1 | id)", two_groups(90), classes=range(1, 4), starts=8)
    table = found.table
    assert table["classes"].to_list() == [1, 2, 3]
    for name in ("log_likelihood", "aic", "bic", "sabic", "icl", "entropy", "smallest_share"):
        assert table[name].null_count() == 0
    assert found.best().n_classes == 2
    assert found.best("icl").n_classes == 2
    assert (np.diff(table["log_likelihood"]) > 0).all()
    chart = found.figure().to_dict()
    assert len(chart["hconcat"]) == 2
    with pytest.raises(ModelError, match="expected one of aic, bic"):
        found.best("dic")
    with pytest.raises(ModelError, match="at least one number"):
        compare_classes("y ~ t + (1 | id)", two_groups(9), classes=())


def test_comparison_keeps_a_place_for_what_has_no_solution():
    data = two_groups(4)
    data["y"] = np.repeat([0.0, 0.0, 9.0, 9.0], 4) + 0.3 * np.tile([1, -1, -1, 1], 4)
    found = compare_classes("y ~ t + (0 | id)", data, classes=(1, 2, 4), starts=4)
    assert found.table["classes"].to_list() == [1, 2, 4]
    assert set(found.results) | set(found.failures) == {1, 2, 4}
    assert 4 in found.failures
    assert "degenerate" in found.table.row(2, named=True)["message"]


def test_interruption_says_what_was_finished(monkeypatch):
    monkeypatch.setenv("NUMBA_NUM_THREADS", "1")
    calls = []

    def stopped(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return quasi_newton(*arguments)

    monkeypatch.setattr(search, "quasi_newton", stopped)
    with pytest.raises(KeyboardInterrupt) as stop:  # the first climb is that of one class
        GrowthMixture("y ~ t + (1 | id)", classes=2).fit(two_groups())
    assert re.match(r"Interrupted: 1 of the \d+ starts", stop.value.__notes__[0])


def test_interruption_of_the_screening_says_so(monkeypatch):
    def stopped(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(search, "_advance", stopped)
    with pytest.raises(KeyboardInterrupt) as stop:
        GrowthMixture("y ~ t + (1 | id)", classes=2, starts=7).fit(two_groups())
    assert stop.value.__notes__ == ["Interrupted: none of 7 starts had ended; nothing is kept."]


def test_what_does_not_converge_is_said(monkeypatch):
    monkeypatch.setattr(maximisation, "NEWTON_STEPS", 0)
    with pytest.warns(ConvergenceWarning, match="has not converged"):
        result = GrowthMixture("y ~ t + (1 | id)", classes=2).fit(two_groups())
    assert not result.converged
    assert "has not converged" in result.messages[-1]
