"""Growth mixtures: lcmm's values, dense densities, invariance, recovery, criteria."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.models.mixed.model import MixedModel
from salutogen.models.mixture.likelihood.maximisation import quasi_newton
from salutogen.models.mixture.likelihood.parameters import Layout
from salutogen.models.mixture.likelihood.problem import mixture_problem
from salutogen.models.mixture.model import GrowthMixture
from salutogen.models.moments.moments import Moments

REFERENCE = Path(__file__).parents[2] / "reference" / "growth_mixture"
VALUES = json.loads((REFERENCE / "values.json").read_text(encoding="utf-8"))
QUADRATIC = "y ~ t + I(t**2) + "
# lcmm keeps fewer digits of π, and prints shares with four; its optimiser stops at 1e-4.
TOLERANCE = {"log_likelihood": 1e-6, "above": 1e-3, "bic": 2e-3, "shares": 2e-4}

_spec = importlib.util.spec_from_file_location("mixture_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


def frame_of(name):
    return pl.DataFrame(cases.gmm(*cases.CASES[name]))


@pytest.fixture(scope="module")
def fitted():
    """Three classes of 200 persons with random intercepts, and the frame."""
    frame = pl.DataFrame(cases.gmm(200, 6, 5, False))
    return frame, GrowthMixture(QUADRATIC + "(1 | id)", classes=3).fit(frame)


@pytest.mark.parametrize(
    "value", VALUES["fits"], ids=lambda v: f"{v['data']}: {v['classes']} classes"
)
def test_reaches_lcmm(value):
    """lcmm 2.2.2 `hlme` through `gridsearch(rep = 20, maxiter = 15)`; see values.json."""
    formula = f"{QUADRATIC}({value['random']} | id)"
    result = GrowthMixture(formula, classes=value["classes"]).fit(frame_of(value["data"]))
    gain = result.log_likelihood - value["log_likelihood"]
    assert gain > -TOLERANCE["log_likelihood"]
    assert result.converged
    if gain > TOLERANCE["above"]:  # a better solution than lcmm's: only four classes have one
        assert value["classes"] == 4
        return
    if value["classes"] > 1:
        np.testing.assert_allclose(result.shares, value["shares"], atol=TOLERANCE["shares"])
        assert abs(result.bic - value["bic"]) < TOLERANCE["bic"]
        assert result.starts_at_best >= 2


@pytest.mark.parametrize("random", ["1", "1 + t", "0"])
def test_one_class_is_the_mixed_model(random):
    frame = pl.DataFrame(cases.gmm(80, 5, 3, True))
    one = GrowthMixture(f"{QUADRATIC}({random} | id)", classes=1).fit(frame)
    if random == "0":
        X = np.column_stack([frame["t"] ** 0, frame["t"], frame["t"] ** 2])
        b, rss = np.linalg.lstsq(X, frame["y"].to_numpy(), rcond=None)[:2]
        n = frame.height
        assert one.log_likelihood == pytest.approx(
            -n / 2 * (1 + np.log(2 * np.pi * rss[0] / n)), abs=1e-7
        )
        np.testing.assert_allclose(one.fixed_effects[0], b, rtol=1e-7)
        assert one.residual_variance[0] == pytest.approx(rss[0] / n, rel=1e-7)
        return
    mixed = MixedModel(f"{QUADRATIC}({random} | id)").fit(frame, reml=False)
    assert one.log_likelihood == pytest.approx(mixed.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(one.fixed_effects[0], mixed.coefficients, rtol=1e-5)
    np.testing.assert_allclose(one.random_covariance[0], mixed.random_covariance, rtol=1e-3)
    assert one.residual_variance[0] == pytest.approx(mixed.residual_variance, rel=1e-4)
    assert one.n_parameters == mixed.n_parameters
    assert one.entropy == 1.0


def dense_log_densities(frame, result, formula_matrix):
    """Log densities (n_persons, K) from whole covariance matrices, person by person."""
    out = []
    for _, rows in frame.group_by("id", maintain_order=True):
        X, Z = formula_matrix(rows)
        y = rows["y"].to_numpy()
        row = []
        for k in range(result.n_classes):
            V = Z @ result.random_covariance[k] @ Z.T
            V = V + result.residual_variance[k] * np.eye(len(y))
            r = y - X @ result.fixed_effects[k]
            row.append(
                -0.5
                * (len(y) * np.log(2 * np.pi) + np.linalg.slogdet(V)[1] + r @ np.linalg.solve(V, r))
            )
        out.append(row)
    return np.array(out)


@pytest.mark.parametrize("random_covariance", ["equal", "proportional", "free"])
@pytest.mark.parametrize("residual_variance", ["equal", "proportional", "free"])
def test_likelihood_is_that_of_dense_matrices(random_covariance, residual_variance):
    frame = pl.DataFrame(cases.gmm(120, 6, 9, True)).sort("id", "t")
    result = GrowthMixture(
        QUADRATIC + "(1 + t | id)",
        classes=2,
        starts=6,
        random_covariance=random_covariance,
        residual_variance=residual_variance,
    ).fit(frame)

    def matrices(rows):
        t = rows["t"].to_numpy()
        return np.column_stack([t**0, t, t**2]), np.column_stack([t**0, t])

    log = dense_log_densities(frame, result, matrices) + np.log(result.shares)
    high = log.max(axis=1, keepdims=True)
    total = high[:, 0] + np.log(np.exp(log - high).sum(axis=1))
    assert result.log_likelihood == pytest.approx(total.sum(), abs=1e-6)
    np.testing.assert_allclose(result.posterior, np.exp(log - total[:, None]), atol=1e-7)
    ratio = result.random_covariance[1] / result.random_covariance[0]
    if random_covariance == "proportional":
        np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)
    if random_covariance == residual_variance == "proportional":
        own = result.residual_variance
        assert own[1] / own[0] == pytest.approx(ratio[0, 0], rel=0.05)


def test_plain_em_ends_at_the_same_place():
    """A slow EM written from the textbook: rows, dense least squares, no moments."""
    data = cases.gmm(100, 5, 2, False)
    frame = pl.DataFrame(data)
    result = GrowthMixture("y ~ t + (0 | id)", classes=2).fit(frame)
    X = np.column_stack([np.ones(frame.height), data["t"]])
    person = data["id"] - 1
    n = person.max() + 1
    first = np.bincount(person, data["y"], n) / np.bincount(person, minlength=n)
    p = np.column_stack([first > np.median(first), first <= np.median(first)]).astype(float)
    for _ in range(3000):
        share = p.mean(axis=0)
        b, square = [], 0.0
        for k in range(2):
            w = p[person, k]
            b.append(np.linalg.solve(X.T @ (X * w[:, None]), X.T @ (w * data["y"])))
            square += np.sum(w * (data["y"] - X @ b[-1]) ** 2)
        variance = square / len(X)
        log = np.log(share) + np.column_stack(
            [
                np.bincount(
                    person,
                    -0.5 * (np.log(2 * np.pi * variance) + (data["y"] - X @ b[k]) ** 2 / variance),
                    n,
                )
                for k in range(2)
            ]
        )
        high = log.max(axis=1)
        total = high + np.log(np.exp(log - high[:, None]).sum(axis=1))
        p = np.exp(log - total[:, None])
    order = np.argsort(-share)
    assert result.log_likelihood == pytest.approx(total.sum(), abs=1e-5)
    np.testing.assert_allclose(result.fixed_effects, np.array(b)[order], rtol=1e-3)
    np.testing.assert_allclose(result.shares, share[order], atol=1e-4)


@pytest.mark.parametrize("random_covariance", ["equal", "proportional", "free"])
@pytest.mark.parametrize("residual_variance", ["equal", "proportional", "free"])
def test_gradient_is_exact(random_covariance, residual_variance):
    frame = pl.DataFrame(cases.gmm(60, 6, 4, True))
    moments = Moments.from_frame(QUADRATIC + "(1 + t | id)", frame)
    problem = mixture_problem(
        moments, moments.fixed, moments.random, np.linspace(0.5, 2, moments.n_persons)
    )
    layout = Layout(
        classes=3,
        shared=(False, True, False),
        blocks=(2,),
        random_covariance=random_covariance,
        residual_variance=residual_variance,
        lowest=0.01,
    )
    free = np.random.default_rng(1).normal(size=layout.size) * 0.3
    np.testing.assert_allclose(layout.pack(layout.unpack(free)), free, atol=1e-10)
    _, gradient = problem.score(layout, free)
    step = 1e-5
    numeric = [
        (problem.score(layout, free + h)[0] - problem.score(layout, free - h)[0]) / (2 * step)
        for h in np.eye(layout.size) * step
    ]
    np.testing.assert_allclose(gradient, numeric, atol=1e-5, rtol=1e-6)
    one_by_one = []
    for i in range(moments.n_persons):
        alone = replace(
            problem, data=problem.data[:, [i]], weight=problem.weight[[i]],
            covariates=problem.covariates[:, [i]],
        )  # fmt: skip
        one_by_one.append(alone.score(layout, free)[1] / np.sqrt(problem.weight[i]))
    np.testing.assert_allclose(
        problem.outer_products(layout, free), np.transpose(one_by_one) @ one_by_one, rtol=1e-8
    )


def test_rows_labels_origin_and_units_do_not_matter(fitted):
    frame, result = fitted
    shuffled = frame.sample(fraction=1, shuffle=True, seed=3)
    same = GrowthMixture(QUADRATIC + "(1 | id)", classes=3).fit(shuffled)
    assert same.log_likelihood == pytest.approx(result.log_likelihood, abs=1e-7)
    np.testing.assert_allclose(same.posterior, result.posterior, atol=1e-6)
    renamed = frame.with_columns(id=pl.format("p{}", (pl.col("id") * 37) % 1009))
    other = GrowthMixture(QUADRATIC + "(1 | id)", classes=3).fit(renamed)
    assert other.log_likelihood == pytest.approx(result.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(other.fixed_effects, result.fixed_effects, rtol=1e-4)
    moved = frame.with_columns(y=pl.col("y") * 10 + 1000, t=pl.col("t") + 100)
    far = GrowthMixture(QUADRATIC + "(1 | id)", classes=3).fit(moved)
    assert far.log_likelihood == pytest.approx(
        result.log_likelihood - frame.height * np.log(10), abs=1e-4
    )
    np.testing.assert_allclose(far.fixed_effects[:, 2], 10 * result.fixed_effects[:, 2], rtol=1e-3)
    np.testing.assert_allclose(far.residual_variance, 100 * result.residual_variance, rtol=1e-4)


def test_results_do_not_depend_on_threads(fitted, monkeypatch):
    frame, result = fitted
    for threads in ("1", "3"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
        monkeypatch.setattr("salutogen.models.parallel.threads.WORTH_A_THREAD", 1)
        again = GrowthMixture(QUADRATIC + "(1 | id)", classes=3).fit(frame)
        assert again.log_likelihood == result.log_likelihood
        assert (again.posterior == result.posterior).all()
        assert (again.starts == result.starts).all()


def test_recovers_classes_with_honest_errors():
    """Curves within four standard errors, labels found, bands around the means."""
    data = cases.gmm(800, 8, 77, False)
    result = GrowthMixture(QUADRATIC + "(1 | id)", classes=3).fit(data)
    truth = cases.CURVES[[0, 1, 2]]
    z = (result.fixed_effects - truth) / result.standard_errors
    assert np.abs(z).max() < 4
    np.testing.assert_allclose(result.shares, [0.65, 0.2, 0.15], atol=4 * 0.02)
    assert (np.abs(result.shares - [0.65, 0.2, 0.15]) < 4 * result.share_errors).all()
    labels = pl.DataFrame(data).unique("id").sort("id")["label"].to_numpy()
    assert np.mean(result.classes["class"].to_numpy() - 1 == labels) > 0.85
    assert result.random_covariance[0, 0, 0] == pytest.approx(2.25, rel=0.25)
    assert result.residual_variance[0] == pytest.approx(2.25, rel=0.08)


def test_criteria_follow_their_definitions(fitted):
    _, result = fitted
    n, K = result.n_persons, 3
    p = result.posterior
    entropy = -np.sum(p[p > 0] * np.log(p[p > 0]))
    m = result.n_parameters
    assert m == 2 + 9 + 1 + 1
    assert result.aic == pytest.approx(-2 * result.log_likelihood + 2 * m)
    assert result.bic == pytest.approx(-2 * result.log_likelihood + m * np.log(n))
    assert result.sabic == pytest.approx(-2 * result.log_likelihood + m * np.log((n + 2) / 24))
    assert result.icl == pytest.approx(result.bic + 2 * entropy)
    assert result.entropy == pytest.approx(1 - entropy / (n * np.log(K)))
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_allclose(p.mean(axis=0), result.shares, atol=1e-5)
    assert (np.diff(result.shares) <= 0).all()
    assert (np.diff(result.iterations) >= 0).all()
    assert len(result.starts) == 20
    assert result.starts.max() <= result.log_likelihood + 1e-6


def test_courses_and_predictions(fitted):
    _, result = fitted
    at = {"t": [0.0, 2.0]}
    mean = result.predict(at)
    np.testing.assert_allclose(mean[0], result.fixed_effects[:, 0])
    np.testing.assert_allclose(mean[1], result.fixed_effects @ [1, 2, 4])
    courses = result.courses(at, level=0.95)
    first = courses.filter(row=0)
    half = (first["upper"] - first["lower"]).to_numpy() / 2
    np.testing.assert_allclose(half, 1.959964 * result.standard_errors[:, 0], rtol=1e-5)
    assert courses.columns == ["row", "class", "mean", "lower", "upper"]
    assert np.isnan(result.predict({"t": [np.nan]})).all()
    assert "Class 3: share" in result.summary()
    assert result.coefficients.height == 9


def test_shared_terms_and_weights():
    frame = pl.DataFrame(cases.gmm(150, 6, 8, False))
    spec = GrowthMixture("y ~ t + (1 | id)", classes=2, shared=("t",))
    result = spec.fit(frame)
    assert result.fixed_effects[0, 1] == pytest.approx(result.fixed_effects[1, 1], rel=1e-12)
    assert result.n_parameters == 1 + 3 + 1 + 1
    assert (
        result.log_likelihood
        < GrowthMixture("y ~ t + (1 | id)", classes=2).fit(frame).log_likelihood
    )
    twice = pl.concat([frame, frame.with_columns(id=pl.col("id") + 1000)])
    doubled = spec.fit(twice)
    weighted = spec.fit(frame, weights=np.full(150, 2.0))
    assert weighted.log_likelihood == pytest.approx(doubled.log_likelihood, abs=1e-5)
    np.testing.assert_allclose(weighted.standard_errors, doubled.standard_errors, rtol=1e-4)
    times = np.random.default_rng(4).integers(1, 4, size=150)
    copies = [
        frame.with_columns(id=pl.col("id") + 1000 * copy).filter(
            pl.Series(times[frame["id"].to_numpy() - 1] > copy)
        )
        for copy in range(3)
    ]
    replicated = spec.fit(pl.concat(copies))
    weighted = spec.fit(frame, weights=times.astype(float))
    assert weighted.log_likelihood == pytest.approx(replicated.log_likelihood, abs=1e-5)
    np.testing.assert_allclose(weighted.fixed_effects, replicated.fixed_effects, rtol=1e-5)
    np.testing.assert_allclose(weighted.standard_errors, replicated.standard_errors, rtol=1e-4)
    np.testing.assert_allclose(weighted.share_errors, replicated.share_errors, rtol=1e-4)


def test_calendar_years_lose_nothing(fitted):
    frame, result = fitted
    years = frame.with_columns(t=2020.25 + pl.col("t"))
    late = GrowthMixture(QUADRATIC + "(1 | id)", classes=3).fit(years)
    assert late.log_likelihood == pytest.approx(result.log_likelihood, abs=1e-6)
    np.testing.assert_allclose(late.posterior, result.posterior, atol=1e-5)
    np.testing.assert_allclose(late.fixed_effects[:, 2], result.fixed_effects[:, 2], rtol=1e-6)
    at = late.courses({"t": [2021.25, 2024.25]})
    near = result.courses({"t": [1.0, 4.0]})
    for name in ("mean", "lower", "upper"):
        np.testing.assert_allclose(at[name], near[name], rtol=1e-5)


def test_every_climb_only_rises(fitted):
    """Traces of climbs from random places, under each sharing of the variances."""
    frame, result = fitted
    _, problem, terms = result.spec.prepare(frame)
    generator = np.random.default_rng(2)
    for sharing in ("equal", "proportional", "free"):
        spec = replace(result.spec, random_covariance=sharing, residual_variance=sharing)
        layout = spec.layout(terms, 3, 0.001)
        for _ in range(3):
            end = quasi_newton(problem, layout, generator.normal(size=layout.size) * 0.5)
            assert (np.diff(end.path) > 0).all()
            assert len(end.path) > 3


def test_classes_by_level(fitted):
    frame, result = fitted
    by_level = GrowthMixture(QUADRATIC + "(1 | id)", classes=3, order="level").fit(frame)
    assert by_level.log_likelihood == pytest.approx(result.log_likelihood, abs=1e-7)
    means = by_level.predict(frame).mean(axis=0)
    assert (np.diff(means) > 0).all()
    order = np.argsort(result.predict(frame).mean(axis=0))
    np.testing.assert_allclose(by_level.shares, result.shares[order], atol=1e-6)
