"""Independent random effects: the search in variances ends where one in deviations does."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.models import Moments
from salutogen.models.mixed.likelihood.independent_effects import (
    is_independent,
    minimise_variances,
)
from salutogen.models.mixed.likelihood.problem import mixed_problem
from salutogen.models.mixed.likelihood.zero_variances import settle_at_zero
from salutogen.models.optimise import minimise

TERMS = ("Intercept", "a", "b", "c")


def problem_of(seed: int, spreads: tuple[float, ...], *, reml: bool = False, n: int = 80):
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(n), rng.integers(8, 30, n))
    X = np.column_stack([np.ones(person.size), rng.normal(size=(person.size, 3))])
    effects = rng.normal(size=(n, 4)) * spreads
    y = X @ [1.0, 0.5, 0.0, -0.3] + np.sum(X * effects[person], axis=1)
    y += rng.normal(size=person.size)
    moments = Moments.from_arrays(y, X, X, person, fixed=TERMS, random=TERMS, correlated=False)
    return mixed_problem(moments, TERMS, tuple((name,) for name in TERMS), reml=reml)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "spreads", [(1.0, 0.4, 0.2, 0.6), (0.0, 0.3, 0.0, 0.1), (3.0, 0.0, 0.0, 0.0), (0, 0, 0, 0)]
)
def test_it_ends_where_the_search_in_deviations_does(seed: int, spreads: tuple[float, ...]) -> None:
    criterion = problem_of(seed, spreads, reml=seed % 2 == 0).criterion
    assert is_independent(criterion)
    found = minimise_variances(criterion)
    other = minimise(criterion, criterion.start())
    other = settle_at_zero(criterion, other, criterion.diagonal)
    assert found.converged
    assert found.value <= other.value + 1e-7
    if found.value > other.value - 1e-6:  # the other search may end in another valley
        np.testing.assert_allclose(found.point**2, other.point**2, atol=2e-5)


def test_no_move_of_any_variance_lowers_the_criterion() -> None:
    criterion = problem_of(11, (0.5, 0.0, 0.2, 0.0)).criterion
    found = minimise_variances(criterion)
    assert (found.point == 0).any()
    for j in range(4):
        for step in (1e-3, -1e-3):
            variances = found.point**2
            variances[j] = max(variances[j] + step, 0.0)
            assert criterion(np.sqrt(variances))[0] >= found.value - 1e-9


def test_it_begins_anywhere_and_ends_at_the_same_place() -> None:
    criterion = problem_of(3, (0.8, 0.3, 0.0, 0.5)).criterion
    points = [
        minimise_variances(criterion, np.full(4, start)).point for start in (0.0, 0.01, 0.3, 3.0)
    ]
    for point in points[1:]:
        np.testing.assert_allclose(point**2, points[0] ** 2, atol=1e-6)


def test_second_derivatives_are_those_of_deviations() -> None:
    criterion = problem_of(5, (0.9, 0.5, 0.4, 0.6), n=200).criterion
    found = minimise_variances(criterion)
    fresh = minimise(criterion, found.point).hessian
    np.testing.assert_allclose(np.diag(found.hessian), np.diag(fresh), rtol=0.1)
