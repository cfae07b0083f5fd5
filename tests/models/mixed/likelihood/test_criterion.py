"""The profiled criterion: dense values, differenced gradients; rows by person however they lie."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.models.mixed.likelihood._kernels_sums import sum_of_logs
from salutogen.models.mixed.likelihood.criterion import ProfiledCriterion
from salutogen.models.moments.grouping import group_by_person
from salutogen.models.optimise import minimise


def criterion(q, *, reml=True, persons=300, rows=5):
    rng = np.random.default_rng(q)
    n = persons * rows
    X = np.column_stack([np.ones(n), rng.normal(size=(n, 2))])
    Z = np.column_stack([np.ones(n), rng.normal(size=(n, q - 1))])
    id_ = np.repeat(np.arange(persons), rows)
    y = X @ [1, 2, -1] + rng.normal(size=persons)[id_] + rng.normal(size=n)
    B = np.column_stack([X, y])
    own = [slice(i * rows, (i + 1) * rows) for i in range(persons)]
    upper = np.triu_indices(q)
    products = [np.append((Z[s].T @ Z[s])[upper], (Z[s].T @ B[s]).ravel()) for s in own]
    found = ProfiledCriterion(
        products=np.ascontiguousarray(np.transpose(products)),
        total=B.T @ B,
        blocks=(q,),
        n_obs=n,
        reml=reml,
    )
    return found, X, Z, y, own


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("q", [1, 2, 3, 4])
def test_value_gradient_and_modes_equal_the_dense_ones(q, reml):
    f, X, Z, y, own = criterion(q, reml=reml)
    rng = np.random.default_rng(9)
    theta = f.start() + 0.3 * rng.normal(size=len(f.start()))
    L = f.factor(theta)
    value, gradient = f(theta)
    determinant, precision, cross = 0.0, np.zeros((3, 3)), np.zeros(3)
    for s in own:
        V = np.eye(len(y[s])) + Z[s] @ L @ L.T @ Z[s].T
        determinant += np.linalg.slogdet(V)[1]
        precision += X[s].T @ np.linalg.solve(V, X[s])
        cross += X[s].T @ np.linalg.solve(V, y[s])
    beta = np.linalg.solve(precision, cross)
    rss, modes = 0.0, []
    for s in own:
        V = np.eye(len(y[s])) + Z[s] @ L @ L.T @ Z[s].T
        r = y[s] - X[s] @ beta
        rss += r @ np.linalg.solve(V, r)
        modes.append(L @ L.T @ Z[s].T @ np.linalg.solve(V, r))
    expected = determinant + f.df * (1 + np.log(2 * np.pi * rss / f.df))
    expected += np.linalg.slogdet(precision)[1] if reml else 0.0
    np.testing.assert_allclose(value, expected, rtol=1e-12)
    np.testing.assert_allclose(f.profile(L).coefficients, beta, rtol=1e-10)
    np.testing.assert_allclose(f.profile(L).precision, precision, rtol=1e-10)
    np.testing.assert_allclose(f.modes(L, beta, np.eye(q)), modes, rtol=1e-8, atol=1e-10)
    for j in range(len(theta)):
        step = np.zeros(len(theta))
        step[j] = 1e-5
        slope = (f(theta + step)[0] - f(theta - step)[0]) / 2e-5
        np.testing.assert_allclose(gradient[j], slope, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("largest", [1e3, 1e36, 1e300])
def test_logarithms_of_determinants_do_not_overflow(largest):
    values = np.linspace(1, largest, 117)
    np.testing.assert_allclose(sum_of_logs(values, 117), np.log(values).sum(), rtol=1e-13)


def test_a_guess_of_the_curvature_saves_evaluations_and_moves_nothing():
    f, *_ = criterion(3)
    plain = minimise(f, f.start())
    guided = minimise(f, plain.point + 0.01, hessian=plain.hessian)
    assert guided.converged
    assert guided.evaluations < plain.evaluations
    np.testing.assert_allclose(np.abs(guided.point), np.abs(plain.point), atol=1e-6)
    poor = minimise(f, f.start(), hessian=1e4 * np.eye(len(f.start())))
    np.testing.assert_allclose(poor.value, plain.value, rtol=1e-12)


LABELS = {
    "ascending": [2, 2, 5, 9, 9],
    "mixed": [9, 2, 5, 2, 9],
    "far apart": [10**12, -5, 7, -5, 10**12],
    "descending": [9, 9, 5, 2, 2],
    "fractions": [2.5, 2.5, 1.5, 9.0, 1.5],
    "text": ["b", "b", "ö", "a", "b"],
    "sorted text": ["a", "a", "b", "ö", "ö"],
    "truth": [True, False, True, False, True],
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_rows_are_found_by_person_in_any_order(labels):
    series = pl.Series("id", labels)
    found = group_by_person(series)
    assert found.persons.to_list() == sorted(set(labels))
    order = np.arange(len(labels)) if found.order is None else found.order
    for i, person in enumerate(found.persons):
        rows = order[found.edges[i] : found.edges[i + 1]]
        assert rows.tolist() == [row for row, label in enumerate(labels) if label == person]
    assert (found.order is None) == (labels == sorted(labels))


def test_categories_are_persons_too():
    series = pl.Series("id", ["b", "a", "b", "c"], dtype=pl.Categorical)
    found = group_by_person(series)
    assert sorted(found.persons.cast(pl.String).to_list()) == ["a", "b", "c"]
    rows = found.order[found.edges[0] : found.edges[1]]
    assert {series[int(row)] for row in rows} == {found.persons[0]}
