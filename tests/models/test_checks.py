"""Settings that are no numbers, contrasts and labels that fit nothing, residuals that vanish."""

import warnings

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models import (
    ConvergenceWarning,
    GrowthMixture,
    LongitudinalKMeans,
    MixedModel,
    adjusted_rand_index,
    bootstrap_likelihood_ratio,
    class_probabilities,
    compare_classes,
    compare_fits,
    split_half_agreement,
)

FORMULA = "y ~ t + (1 | id)"


@pytest.fixture(scope="module")
def panel():
    generator = np.random.default_rng(5)
    person, t = np.repeat(np.arange(30), 5), np.tile(np.arange(5.0), 30)
    y = 2 + 0.5 * t + generator.normal(size=30)[person] + generator.normal(size=150)
    return {"id": person, "t": t, "y": y, "noise": generator.normal(size=150)}


MIXTURES = [
    ({"seed": -1}, "seed: expected a whole number from 0, got -1"),
    ({"seed": None}, "seed: expected a whole number from 0, got None"),
    ({"starts": 1.5}, "starts: expected a whole number from 1, got 1.5"),
    ({"variance_bound": "small"}, "variance_bound: expected a share"),
    ({"likelihood_tolerance": "small"}, "likelihood_tolerance: expected a number"),
    ({"shared": "t"}, r"shared: expected several terms, as \('t',\)"),
]
K_MEANS = [
    ({"classes": 2.5}, "classes: expected whole numbers from 2 to 100, got 2.5"),
    ({"classes": "23"}, "classes: expected whole numbers from 2 to 100, got '23'"),
    ({"starts": 2.5}, "starts: expected a whole number from 1, got 2.5"),
    ({"seed": 1.5}, "seed: expected a whole number from 0, got 1.5"),
    ({"time_scale": "long"}, "time_scale: expected a number from 0, got 'long'"),
]


@pytest.mark.parametrize(("settings", "message"), MIXTURES, ids=[m for _, m in MIXTURES])
def test_settings_of_mixtures_are_checked(settings, message):
    with pytest.raises(ModelError, match=message):
        GrowthMixture(FORMULA, **settings)


@pytest.mark.parametrize(("settings", "message"), K_MEANS, ids=[m for _, m in K_MEANS])
def test_settings_of_k_means_are_checked(settings, message):
    with pytest.raises(ModelError, match=message):
        LongitudinalKMeans(**settings)


TABLES = [
    ([["1", "2"], ["3", "4"]], 2, "got text"),
    (np.eye(4) * 1e200, 2, "values beyond 1e"),
]


@pytest.mark.parametrize(("values", "classes", "message"), TABLES, ids=[t[2] for t in TABLES])
def test_trajectories_that_are_no_numbers_are_refused(values, classes, message):
    with pytest.raises(ModelError, match=message):
        LongitudinalKMeans(classes=classes, starts=2).fit(values)


def test_what_a_fit_is_asked_is_checked(panel):
    fit = MixedModel(FORMULA).fit(panel)
    questions = [
        (lambda: MixedModel(FORMULA).fit(panel, reml="no"), "reml: expected True or False"),
        (lambda: fit.test("t"), "contrast: expected numbers, got 't'"),
        (lambda: fit.test({"t": 1}, value=[1, 2]), "value: expected one finite number"),
        (lambda: fit.bootstrap(draws=3, seed=-1), "seed: expected a whole number from 0"),
        (lambda: fit.bootstrap(draws=2.5), "draws: expected a whole number from 1"),
        (lambda: compare_fits(fit, "fit"), "expected fitted models, got str"),
        (lambda: compare_classes(FORMULA, panel, classes=3), "classes: expected several numbers"),
        (lambda: bootstrap_likelihood_ratio(FORMULA, panel, 2.5), "classes: expected a whole"),
        (lambda: split_half_agreement(FORMULA, panel), "spec: expected a GrowthMixture"),
        (lambda: adjusted_rand_index([1, None], [1, 2]), "some are missing"),
        (lambda: adjusted_rand_index([1, np.nan], [1, 2]), "some are missing"),
        (
            lambda: class_probabilities(GrowthMixture(FORMULA, classes=1).fit(panel), panel),
            "moments: expected Moments, got dict",
        ),
    ]
    for question, message in questions:
        with pytest.raises(ModelError, match=message):
            question()


@pytest.mark.parametrize("share", [1e-2, 1e-3, 1e-4])
def test_small_residuals_are_estimated(panel, share):
    """Balanced data: σ² is the mean square within persons, after the slope."""
    y = 0.3 * panel["t"] + np.sqrt(panel["id"]) + share * panel["noise"]
    fit = MixedModel(FORMULA).fit({**panel, "y": y})
    within = y.reshape(30, 5)
    t = np.arange(5.0) - 2
    slope = (within @ t).mean() / (t @ t)
    rest = within - within.mean(axis=1)[:, None] - slope * t
    assert fit.converged
    assert fit.residual_variance == pytest.approx(np.sum(rest**2) / (30 * 4 - 1), rel=1e-4)


def test_an_outcome_that_never_changes_within_persons_is_named(panel):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fit = MixedModel(FORMULA).fit({**panel, "y": np.sqrt(panel["id"])})
    assert any("Is it constant within persons?" in message for message in fit.messages)
