"""Weighted means and regressions against plain formulas, and their errors against refits."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.errors import ModelError
from salutogen.models.dropout.weighted import (
    Pulled,
    Rows,
    contrast_of_means,
    regression_over_rows,
)
from salutogen.models.dropout.weights import DropoutWeights, dropout_weights
from salutogen.models.regression.stacked import EstimatedLine
from tests.models.dropout.panels import Panel, panel

CHANGE = np.array([-1.0, 0.0, 0.0, 0.5, 0.5])


def weights_of(data: Panel, kept: np.ndarray | None = None) -> DropoutWeights:
    rows = np.ones(data.person.size, dtype=bool) if kept is None else kept
    return dropout_weights(
        person=data.person[rows], occasion=data.occasion[rows], end=data.end, truncate=0.0,
        predictors=np.column_stack([data.y, data.x])[rows], names=["y", "x"], n_persons=data.n,
    )  # fmt: skip


def rows_of(data: Panel, kept: np.ndarray | None = None, *, weighted: bool = True) -> Rows:
    """Rows with weights and, where weighted, the line of y on x behind the score."""
    rows = np.ones(data.person.size, dtype=bool) if kept is None else kept
    X, y = line_of(data, rows)
    b = np.linalg.lstsq(X, y, rcond=None)[0]
    return Rows(
        person=data.person[rows], occasion=data.occasion[rows], n_persons=data.n,
        weights=weights_of(data, rows) if weighted else None,
        line=EstimatedLine.of(X, y - X @ b, data.person[rows], data.n) if weighted else None,
        through=X if weighted else None,
    )  # fmt: skip


def line_of(data: Panel, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.column_stack([np.ones(rows.sum()), data.x[rows]]), data.y[rows]


def score(data: Panel, kept: np.ndarray | None = None) -> np.ndarray:
    rows = np.ones(data.person.size, dtype=bool) if kept is None else kept
    X, y = line_of(data, rows)
    return np.asarray(y - X @ np.linalg.lstsq(X, y, rcond=None)[0])


def by_leaving_out(data: Panel, estimate: object) -> np.ndarray:
    """Change of an estimate by each person, everything refitted without it."""
    assert callable(estimate)
    whole = estimate(np.ones(data.person.size, dtype=bool))
    return np.array([whole - estimate(data.person != one) for one in range(data.n)])


def test_a_weighted_contrast_is_one_of_weighted_means() -> None:
    data = panel(120)
    own = weights_of(data)
    found = contrast_of_means(data.y, rows_of(data), CHANGE)
    assert found is not None
    means = [
        np.average(data.y[data.occasion == at], weights=own.values[data.occasion == at])
        for at in range(5)
    ]
    assert found.value == pytest.approx(CHANGE @ means)
    assert found.df == min(np.sum(data.occasion == at) for at in (0, 3, 4)) - 1


def test_an_unweighted_mean_has_the_error_of_a_mean() -> None:
    data = panel(120)
    own = data.y[data.occasion == 0]
    found = contrast_of_means(data.y, rows_of(data, weighted=False), [1.0, 0, 0, 0, 0])
    assert found is not None
    n = own.size  # by leaving out: n / (n - 1) of the variance of a mean with n - 1
    expected = own.std(ddof=1) / np.sqrt(n) * np.sqrt(n / (n - 1))
    assert found.se == pytest.approx(expected)


def test_errors_are_those_of_refitting_weights_and_line_without_each_person() -> None:
    data = panel(400, seed=3)

    def estimate(kept: np.ndarray) -> float:
        found = contrast_of_means(score(data, kept), rows_of(data, kept), CHANGE)
        assert found is not None
        return found.value

    found = contrast_of_means(score(data), rows_of(data), CHANGE)
    assert found is not None
    changes = by_leaving_out(data, estimate)
    assert np.corrcoef(found.pulls, changes)[0, 1] > 0.99
    assert found.se == pytest.approx(float(np.sqrt(np.sum(changes**2))), rel=0.03)


def test_a_regression_has_the_estimates_of_weighted_least_squares() -> None:
    data = panel(150)
    own = weights_of(data)
    X = np.column_stack([np.ones(data.y.size), data.x, data.factor[data.person]])
    found = regression_over_rows(data.y, X, rows_of(data), names=["one", "x", "factor"])
    plain = sm.WLS(data.y, X, weights=own.values).fit()
    assert [one.value for one in found] == pytest.approx(plain.params.tolist())
    assert found[0].df == np.unique(data.person).size - 3


def test_a_regression_without_weights_has_exact_errors_of_leaving_out_persons() -> None:
    data = panel(60)
    X = np.column_stack([np.ones(data.y.size), data.x, data.factor[data.person]])
    found = regression_over_rows(data.y, X, rows_of(data, weighted=False), names=["1", "x", "f"])
    changes = by_leaving_out(
        data, lambda kept: np.linalg.lstsq(X[kept], data.y[kept], rcond=None)[0][2]
    )
    assert found[2].pulls == pytest.approx(changes)


def test_errors_of_a_weighted_two_step_regression_are_those_of_refits() -> None:
    data = panel(150, seed=5)

    def estimate(kept: np.ndarray) -> float:
        X = np.column_stack([np.ones(kept.sum()), data.factor[data.person[kept]]])
        return regression_over_rows(
            score(data, kept), X, rows_of(data, kept), names=["one", "factor"]
        )[1].value

    X = np.column_stack([np.ones(data.y.size), data.factor[data.person]])
    found = regression_over_rows(score(data), X, rows_of(data), names=["one", "factor"])[1]
    changes = by_leaving_out(data, estimate)
    assert np.corrcoef(found.pulls, changes)[0, 1] > 0.99
    assert found.se == pytest.approx(float(np.sqrt(np.sum(changes**2))), rel=0.03)


def test_a_term_that_rests_on_one_person_has_no_error_of_its_own() -> None:
    data = panel(60)
    alone = (data.person == 3).astype(float)
    X = np.column_stack([np.ones(data.y.size), alone])
    found = regression_over_rows(data.y, X, rows_of(data, weighted=False), names=["1", "alone"])
    assert found[1].pulls[3] == 0
    assert np.isfinite(found[0].se)


def test_too_few_persons_are_refused_or_not_told() -> None:
    data = panel(60)
    few = data.person < 2
    X = np.column_stack([np.ones(few.sum()), data.x[few]])
    rows = Rows(person=data.person[few], occasion=data.occasion[few], n_persons=2)
    with pytest.raises(ModelError, match="2 persons for 2 terms"):
        regression_over_rows(data.y[few], X, rows, names=["1", "x"])
    one = data.person < 1
    rows = Rows(person=data.person[one], occasion=data.occasion[one], n_persons=1)
    assert contrast_of_means(data.y[one], rows, [1.0]) is None


def test_weights_take_out_what_loss_by_what_was_seen_puts_in() -> None:
    data = panel(4000, seed=11)
    last = [0.0, 0, 0, 0, 1.0]
    truth = float(data.everyone[:, -1].mean())
    plain = contrast_of_means(data.y, rows_of(data, weighted=False), last)
    rows = Rows(person=data.person, occasion=data.occasion, n_persons=data.n,
                weights=weights_of(data))  # fmt: skip
    found = contrast_of_means(data.y, rows, last)
    assert found is not None
    assert plain is not None
    assert plain.value < truth - 0.3
    assert abs(found.value - truth) < 3 * found.se


def test_loss_by_what_is_not_seen_leaves_a_bias_that_weights_shrink() -> None:
    data = panel(4000, seed=12, strength=0.0, unseen=0.8)
    last = [0.0, 0, 0, 0, 1.0]
    truth = float(data.everyone[:, -1].mean())
    plain = contrast_of_means(data.y, rows_of(data, weighted=False), last)
    rows = Rows(person=data.person, occasion=data.occasion, n_persons=data.n,
                weights=weights_of(data))  # fmt: skip
    found = contrast_of_means(data.y, rows, last)
    assert found is not None
    assert plain is not None
    assert plain.value < found.value < truth - 3 * found.se
    assert abs(found.value - truth) < 0.75 * abs(plain.value - truth)


def test_roots_are_where_an_end_of_the_interval_is_zero() -> None:
    rng = np.random.default_rng(2)
    one = Pulled(value=0.5, pulls=rng.normal(0, 0.01, 200), df=150)
    shift = Pulled(value=-0.3, pulls=rng.normal(0, 0.001, 200), df=150)
    roots = one.roots(shift)
    assert len(roots) == 2
    for root in roots:
        assert min(map(abs, one.plus(shift, root).interval)) == pytest.approx(0, abs=1e-9)
    assert one.told
    assert not one.plus(shift, float(np.mean(roots))).told
