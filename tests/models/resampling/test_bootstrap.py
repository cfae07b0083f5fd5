"""The bootstrap over persons: moments by hand, spread, threads, degenerate samples."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models import (
    bootstrap_least_squares,
    fit_least_squares,
    percentile_interval,
    person_moments,
)
from salutogen.models.parallel.threads import share_work
from salutogen.models.resampling.bootstrap import bootstrap_sums, studentised_bootstrap


def cohort(persons=60, rows=5, seed=1):
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(persons), rows)
    e = rng.gamma(4, 5, persons * rows)
    y = 2 + 0.3 * e + rng.normal(size=persons)[person] * 2 + rng.normal(size=persons * rows)
    return np.column_stack([np.ones(len(e)), e]), y, person


def test_moments_are_the_sums_by_person():
    X, y, person = cohort(7, 3)
    order = np.random.default_rng(0).permutation(len(y))
    moments = person_moments(X[order], y[order], person[order])
    W = np.column_stack([X, y])
    for code in range(7):
        full = W[person == code].T @ W[person == code]
        np.testing.assert_allclose(moments[code], full[np.triu_indices(3)], rtol=1e-13)


def test_each_draw_is_a_fit_to_resampled_persons():
    """Draw by draw in plain Python: SplitMix64 (Steele et al. 2014) and least squares on rows."""
    X, y, person = cohort(6, 4)
    draws = bootstrap_least_squares(person_moments(X, y, person), 2, draws=5, seed=9)
    mask = 2**64 - 1
    for state, coefficients in zip(
        np.random.SeedSequence(9).generate_state(5, np.uint64), draws, strict=True
    ):
        value, rows = int(state), []
        for _ in range(6):
            value = (value + 0x9E3779B97F4A7C15) & mask
            z = value
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
            z ^= z >> 31
            rows.append(np.flatnonzero(person == ((z >> 32) * 6 >> 32)))
        rows = np.concatenate(rows)
        expected = np.linalg.lstsq(X[rows], y[rows], rcond=None)[0]
        np.testing.assert_allclose(coefficients, expected, rtol=1e-9)


def test_spread_is_near_the_clustered_error():
    X, y, person = cohort(400)
    draws = bootstrap_least_squares(person_moments(X, y, person), 2, draws=2000)
    fit = fit_least_squares(y, X, names=["intercept", "E"], cluster=person)
    np.testing.assert_allclose(draws.std(axis=0), fit.standard_errors, rtol=0.08)
    np.testing.assert_allclose(draws.mean(axis=0), fit.coefficients, atol=0.02)
    low, high = percentile_interval(draws)
    assert (low < fit.coefficients).all()
    assert (high > fit.coefficients).all()


def test_draws_do_not_depend_on_threads_or_on_later_draws(monkeypatch):
    X, y, person = cohort(500)
    moments = person_moments(X, y, person)
    results = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
        results.append(bootstrap_least_squares(moments, 2, draws=300, seed=2))
    assert results[0].tobytes() == results[1].tobytes() == results[2].tobytes()
    assert not np.array_equal(results[0], bootstrap_least_squares(moments, 2, draws=300, seed=3))


def test_work_covers_every_part_once(monkeypatch):
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    seen = np.zeros(10, dtype=int)

    def task(first, last):
        seen[first:last] += 1

    share_work(task, 10, cost=1e9)
    assert (seen == 1).all()


def test_degenerate_samples_are_drawn_again():
    X = np.column_stack([np.ones(3), [0.0, 1.0, 2.0]])
    moments = person_moments(X, np.array([1.0, 3.0, 4.0]), np.arange(3))
    assert np.isfinite(bootstrap_least_squares(moments, 2, draws=500)).all()


def test_bad_input_is_refused():
    X, y, person = cohort(5)
    moments = person_moments(X, y, person)
    with pytest.raises(ModelError, match="3 predictors need 10 columns"):
        bootstrap_least_squares(moments, 3)
    with pytest.raises(ModelError, match="at least 2 persons"):
        bootstrap_least_squares(moments[:1], 2)
    with pytest.raises(ModelError, match="collinear in"):
        bootstrap_least_squares(person_moments(np.ones_like(X), y, person), 2, draws=3)
    with pytest.raises(ModelError, match="codes start at 0"):
        person_moments(X, y, person - 1)
    with pytest.raises(ModelError, match="1 rows hold missing"):
        person_moments(X, np.where(np.arange(len(y)) == 2, np.nan, y), person)
    with pytest.raises(ModelError, match="level"):
        percentile_interval(moments, 95)


def test_errors_are_those_of_the_jackknife_and_of_the_clustered_sandwich():
    X, y, person = cohort(30, 4)
    maps = np.array([[1.0, 0.0], [0.0, 2.0], [1.0, 5.0]])
    moments = person_moments(X, y, person)
    found = studentised_bootstrap(moments, 2, draws=40, seed=5, maps=maps)
    plain = bootstrap_least_squares(moments, 2, draws=40, seed=5)
    np.testing.assert_allclose(found.draws, plain @ maps.T, rtol=1e-12)
    b = np.linalg.lstsq(X, y, rcond=None)[0]
    np.testing.assert_allclose(found.estimates, maps @ b, rtol=1e-9)
    rest = [np.linalg.lstsq(X[person != one], y[person != one], rcond=None)[0] for one in range(30)]
    moved = (np.array(rest) - b) @ maps.T
    np.testing.assert_allclose(
        found.standard_errors, np.sqrt((moved**2).sum(axis=0) * 29 / 30), rtol=1e-8
    )


def test_error_of_a_draw_is_the_clustered_sandwich_of_the_persons_drawn():
    from salutogen.models.resampling._kernels_bootstrap import sandwich_errors, solve_and_invert

    X, y, person = cohort(20, 3)
    moments = person_moments(X, y, person)
    counts = np.random.default_rng(3).multinomial(20, np.full(20, 1 / 20)).astype(np.int32)
    b, inverse, errors = np.empty(2), np.empty((2, 2)), np.empty(2)
    assert solve_and_invert(
        (counts[:, None] * moments).sum(axis=0), 3, np.empty((3, 3)), b, inverse
    )
    sandwich_errors(moments, counts, b, inverse, np.eye(2), np.empty((2, 2)), errors)
    weight = counts[person]
    bread = np.linalg.inv(X.T @ (weight[:, None] * X))
    expected = bread @ (X.T @ (weight * y))
    scores = np.array([X[person == one].T @ (y - X @ expected)[person == one] for one in range(20)])
    V = bread @ (scores.T @ (counts[:, None] * scores)) @ bread
    np.testing.assert_allclose(b, expected, rtol=1e-9)
    np.testing.assert_allclose(inverse, bread, rtol=1e-9)
    np.testing.assert_allclose(errors, np.sqrt(np.diag(V)), rtol=1e-8)


def test_an_estimate_that_rests_on_one_person_has_no_interval():
    X, y, person = cohort(25, 1)
    site = (person == 4).astype(float)
    moments = person_moments(np.column_stack([X, site]), y, person)
    found = studentised_bootstrap(moments, 3, draws=50, seed=1)
    assert np.isnan(found.standard_errors).tolist() == [False, False, True]
    low, high = found.interval()
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, False, True]


def test_only_what_rests_on_one_person_loses_its_interval_in_raw_units():
    X, y, person = cohort(60, 4)
    alone, B = (person == 0).astype(float), (person % 2 == 1).astype(float)
    columns = np.column_stack([X[:, 0], 100 * X[:, 1] + 40, B, alone])
    centre = np.r_[0.0, columns[:, 1:].mean(axis=0)]
    scale = np.r_[1.0, np.abs(columns - centre).max(axis=0)[1:]]
    maps = np.diag(1 / scale)
    maps[0] = np.r_[1.0, (-centre / scale)[1:]]
    moments = person_moments((columns - centre) / scale, y, person)
    found = studentised_bootstrap(moments, 4, draws=50, seed=1, maps=maps)
    np.testing.assert_allclose(found.estimates, np.linalg.lstsq(columns, y)[0], rtol=1e-8)
    larger = studentised_bootstrap(moments, 4, draws=50, seed=1, maps=1e6 * maps)
    for one in (found, larger):
        assert np.isnan(one.standard_errors).tolist() == [False, False, False, True]


def test_bootstrap_t_holds_the_truth_where_scatter_grows():
    rng = np.random.default_rng(31)
    held = []
    for simulation in range(200):
        E = rng.gamma(2, 1.5, 80)
        y = 2 + 0.5 * E + rng.normal(0, 1, 80) * (1 + 0.3 * E)
        moments = person_moments(np.column_stack([np.ones(80), E - 3]), y, np.arange(80))
        low, high = studentised_bootstrap(moments, 2, draws=400, seed=simulation).interval()[:, 1]
        held.append(low <= 0.5 <= high)
    assert 0.91 <= np.mean(held) <= 0.99  # 200 cohorts: chance moves it by 3 points


def test_studentised_draws_are_the_same_on_any_number_of_threads(monkeypatch):
    X, y, person = cohort(300)
    moments = person_moments(X, y, person)
    found = []
    for threads in ("1", "3"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
        found.append(studentised_bootstrap(moments, 2, draws=200, seed=2))
    assert found[0].errors.tobytes() == found[1].errors.tobytes()
    with pytest.raises(ModelError, match="maps"):
        studentised_bootstrap(moments, 2, maps=np.ones((2, 3)))


def test_sums_of_resampled_units_are_those_the_line_is_fitted_to():
    X, y, person = cohort(30, 4)
    moments = person_moments(X, y, person)
    totals = bootstrap_sums(moments, draws=20, seed=3)
    lines = bootstrap_least_squares(moments, 2, draws=20, seed=3)
    for total, line in zip(totals, lines, strict=True):
        full = np.zeros((3, 3))
        full[np.triu_indices(3)] = total
        full += np.triu(full, 1).T
        np.testing.assert_allclose(np.linalg.solve(full[:2, :2], full[:2, 2]), line, rtol=1e-8)


@pytest.mark.parametrize(
    ("sums", "draws"), [(np.ones((1, 2)), 5), (np.ones((4, 2)), 0), (np.full((4, 2), np.nan), 5)]
)
def test_sums_that_cannot_be_drawn_are_refused(sums, draws):
    with pytest.raises(ModelError, match="at least 2 units"):
        bootstrap_sums(sums, draws=draws)


@pytest.mark.parametrize("draws", [3, 200])
def test_sums_are_the_same_on_an_executor(draws):
    table = np.random.default_rng(3).normal(size=(40, 3))
    here = bootstrap_sums(table, draws=draws, seed=4)
    with ThreadPoolExecutor(3) as executor:
        there = bootstrap_sums(table, draws=draws, seed=4, executor=executor)
    assert here.tobytes() == there.tobytes()
