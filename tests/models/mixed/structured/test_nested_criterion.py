"""The criterion of persons in sites: against the dense likelihood, and its gradient."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.models.mixed.structured.nested_criterion import Layout, NestedCriterion


def problem(seed=3, *, q=(2,), s=(1, 1), p=2, reml=True):
    """Rows of persons in sites, their criterion, and the dense pieces."""
    rng = np.random.default_rng(seed)
    persons_of = np.array([3, 1, 4, 2])
    site_of = np.repeat(np.arange(4), persons_of)
    person = np.repeat(np.arange(len(site_of)), rng.integers(1, 5, len(site_of)))
    n = len(person)
    Z, S, X = (rng.normal(size=(n, k)) for k in (sum(q), sum(s), p))
    y = rng.normal(size=n)
    R = np.column_stack([S, X, y])
    products = np.array(
        [
            (Z[person == i].T @ np.column_stack([Z, R])[person == i]).ravel()
            for i in np.unique(person)
        ]
    )
    here = site_of[person]
    rest = np.array([(R[here == j].T @ R[here == j]).ravel() for j in range(4)])
    layout = Layout(
        starts=np.concatenate([[0], np.cumsum(persons_of)]),
        blocks=q,
        outer_blocks=s,
        p=p,
        n_obs=n,
        reml=reml,
    )
    criterion = NestedCriterion(layout=layout, products=products, rest=rest)
    return criterion, (person, here, Z, S, X, y)


def dense(criterion, pieces, theta):
    """-2 log-likelihood from the covariance of all rows, σ² and fixed effects at their best."""
    person, site, Z, S, X, y = pieces
    L, K = criterion.layout.factors(theta)
    V = np.eye(len(y)) + (person[:, None] == person) * (Z @ L @ L.T @ Z.T)
    V += (site[:, None] == site) * (S @ K @ K.T @ S.T)
    inverse = np.linalg.inv(V)
    precision = X.T @ inverse @ X
    beta = np.linalg.solve(precision, X.T @ inverse @ y)
    r = y - X @ beta
    df = criterion.layout.df
    variance = r @ inverse @ r / df
    value = np.linalg.slogdet(V)[1] + df * (1 + np.log(2 * np.pi * variance))
    if criterion.layout.reml:
        value += np.linalg.slogdet(precision)[1]
    modes = [L @ L.T @ Z[person == i].T @ (inverse @ r)[person == i] for i in np.unique(person)]
    site_modes = [K @ K.T @ S[site == j].T @ (inverse @ r)[site == j] for j in np.unique(site)]
    return value, beta, np.array(modes), np.array(site_modes)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(
    ("q", "s"), [((2,), (1, 1)), ((1,), (1,)), ((1, 1), (2,)), ((3,), (3,)), ((2,), ())]
)
def test_equals_the_dense_likelihood(q, s, reml):
    criterion, pieces = problem(q=q, s=s, reml=reml)
    theta = np.random.default_rng(1).normal(size=criterion.layout.n_free)
    at = criterion.at(theta)
    value, beta, modes, site_modes = dense(criterion, pieces, theta)
    np.testing.assert_allclose(at.profiled.value, value, rtol=1e-11)
    np.testing.assert_allclose(at.profiled.coefficients, beta, rtol=1e-9)
    persons, sites = criterion.modes(theta, at)
    np.testing.assert_allclose(persons, modes, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(sites, site_modes.reshape(sites.shape), rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(("q", "s"), [((2,), (1, 1)), ((1, 2), (2,)), ((2,), ())])
def test_gradient_is_that_of_the_dense_likelihood(q, s, reml):
    criterion, pieces = problem(q=q, s=s, reml=reml)
    theta = np.random.default_rng(2).normal(size=criterion.layout.n_free)
    gradient = criterion(theta)[1]
    for j in range(len(theta)):
        step = np.zeros(len(theta))
        step[j] = 1e-5
        up, down = (dense(criterion, pieces, theta + sign * step)[0] for sign in (1, -1))
        np.testing.assert_allclose(gradient[j], (up - down) / 2e-5, rtol=1e-5, atol=1e-6)


def test_threads_do_not_change_a_bit(monkeypatch):
    from salutogen.models.parallel import threads

    criterion, _ = problem()
    theta = criterion.starts()[0]
    plain = criterion(theta)
    monkeypatch.setattr(threads, "WORTH_A_THREAD", 1)
    for count in ("2", "3"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", count)
        value, gradient = criterion(theta)
        assert value == plain[0]
        assert gradient.tobytes() == plain[1].tobytes()
