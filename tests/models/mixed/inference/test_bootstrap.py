"""Bootstraps of mixed models: draws against rows, spread against theory, who draws, refusals."""

from __future__ import annotations

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import MixedModel
from salutogen.models.mixed.inference.bootstrap import OutcomeDraw
from salutogen.models.parallel.executors import Interrupted, executor_for

REFERENCE = Path(__file__).parents[3] / "reference"
_spec = importlib.util.spec_from_file_location(
    "mixed_cases", REFERENCE / "mixed_model" / "cases.py"
)
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)
FORMULA = "y ~ t + x + (1 + t | id)"


def case(name="unbalanced"):
    return pl.DataFrame(cases.CASES[name])


def test_drawn_outcomes_have_the_products_of_rows_of_the_model():
    """Means and covariances of Z'y, X'y and y'y against those of the rows' covariance."""
    frame = case().filter(pl.col("id") <= 6)
    result = MixedModel("y ~ t + (1 + t | id)").fit(frame)
    problem = result.problem
    criterion = problem.criterion
    L = criterion.factor(result.relative_factor)
    at = criterion.profile(L)
    draw = OutcomeDraw.of(result.moments, problem, L, at)
    rng = np.random.default_rng(2)
    drawn = [draw.criterion(rng) for _ in range(6000)]
    with_z = np.array([each.products_of(slice(None))[1][:, :, -1].ravel() for each in drawn])
    totals = np.array([each.total[-1] for each in drawn])

    t, person = frame["t"].to_numpy(), frame["id"].to_numpy()
    raw = np.column_stack([np.ones(len(t)), t])
    X, Z = raw @ problem.fixed_map, raw @ problem.random_map
    variance = at.rss / criterion.df
    V = variance * (np.eye(len(t)) + Z @ L @ L.T @ Z.T * (person[:, None] == person))
    mean = X @ at.coefficients
    wide = np.hstack([Z * (person == label)[:, None] for label in result.persons])
    error = np.sqrt(np.diag(wide.T @ V @ wide) / 6000)
    assert np.max(np.abs(with_z.mean(axis=0) - wide.T @ mean) / error) < 4
    np.testing.assert_allclose(
        np.cov(with_z.T), wide.T @ V @ wide, atol=0.08 * np.max(np.diag(wide.T @ V @ wide))
    )
    spread = X.T @ V @ X
    np.testing.assert_allclose(np.cov(totals[:, :2].T), spread, atol=0.08 * np.max(spread))
    assert totals[:, 2].mean() == pytest.approx(mean @ mean + np.trace(V), rel=0.02)
    spread = 2 * np.trace(V @ V) + 4 * mean @ V @ mean
    assert totals[:, 2].var() == pytest.approx(spread, rel=0.1)


def test_each_person_draw_is_the_fit_to_those_persons_rows():
    frame = case()
    result = MixedModel(FORMULA).fit(frame)
    found = result.bootstrap("person", draws=3, seed=5)
    assert found.n_failed == 0
    labels = result.persons.to_numpy()
    for seed, values in zip(np.random.SeedSequence(5).spawn(3), found.draws, strict=True):
        n = len(labels)
        places = np.sort(np.random.default_rng(seed).integers(0, n, n))
        parts = [
            frame.filter(pl.col("id") == labels[place]).with_columns(id=pl.lit(k))
            for k, place in enumerate(places)
        ]
        own = MixedModel(FORMULA).fit(pl.concat(parts)).tidy()["estimate"]
        np.testing.assert_allclose(values, own, rtol=1e-4, atol=1e-6)


def test_parametric_spread_is_the_standard_error():
    result = MixedModel(FORMULA).fit(case())
    found = result.bootstrap(draws=300, seed=3)
    table = found.intervals(0.9)
    assert table["term"].to_list() == result.tidy()["term"].to_list()
    errors = list(result.standard_errors.values())
    np.testing.assert_allclose(table["std_error"][:3], errors, rtol=0.15)
    assert np.all(np.abs(table["bias"][:3].to_numpy() / errors) < 0.2)
    profile = result.profile_intervals(level=0.9)
    for column in ("conf_low", "conf_high"):
        apart = (table[column] - profile[column]) / table["std_error"]
        assert apart.abs().max() < 0.6
    low = np.quantile(found.draws[:, 0], 0.05)
    assert table["conf_low"][0] == pytest.approx(low)


def test_draws_at_the_boundary_are_kept_and_correlations_without_a_variance_are_not():
    result = MixedModel("y ~ t + (1 + t | id)").fit(case("zero"))
    found = result.bootstrap(draws=40)
    assert len(found.draws) + found.n_failed == 40
    sd = found.draws[:, 2]
    assert np.any(sd < 1e-3)
    assert found.intervals()["conf_low"][2] < 0.05


def test_samples_without_an_arm_are_counted_as_failures():
    """One of six persons is in arm b: about (5/6)^6 = 33 % of samples have none."""
    rng = np.random.default_rng(9)
    person, t = np.divmod(np.arange(48), 8)
    arm = np.where(person == 4, "b", "a")
    frame = {
        "id": person,
        "t": t,
        "arm": arm,
        "y": rng.normal(size=6)[person] + rng.normal(size=48),
    }
    result = MixedModel("y ~ t + C(arm) + (1 | id)").fit(frame)
    found = result.bootstrap("person", draws=150)
    lost = sum(
        4 not in np.random.default_rng(seed).integers(0, 6, 6)
        for seed in np.random.SeedSequence(1).spawn(150)
    )
    assert lost > 30
    assert lost <= found.n_failed <= lost + 5
    assert np.all(np.abs(found.draws[:, 2]) < 10)


def test_draws_do_not_depend_on_who_makes_them():
    result = MixedModel("y ~ t + (1 | id)").fit(case("singular"))
    told = []
    alone = result.bootstrap(draws=8, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 8) for done in range(9)]
    with ThreadPoolExecutor(2) as threads:
        assert np.array_equal(result.bootstrap(draws=8, executor=threads).draws, alone.draws)
    with executor_for(workers=1) as processes:
        assert np.array_equal(result.bootstrap(draws=8, executor=processes).draws, alone.draws)
    other = result.bootstrap(draws=8, seed=2)
    assert not np.array_equal(other.draws, alone.draws)


def test_an_interrupted_bootstrap_says_what_was_finished():
    result = MixedModel("y ~ t + (1 | id)").fit(case("singular"))

    def stop(done, total):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match="3 of 20") as caught:
        result.bootstrap(draws=20, progress=stop)
    assert len(caught.value.finished) == 3


def test_bad_requests_are_named():
    result = MixedModel("y ~ t + (1 | id)").fit(case("singular"))
    with pytest.raises(ModelError, match="expected one of parametric, person, got 'rows'"):
        result.bootstrap("rows")
    with pytest.raises(ModelError, match="expected a whole number from 1, got 0"):
        result.bootstrap(draws=0)
