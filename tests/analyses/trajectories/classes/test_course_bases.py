"""Columns of random effects that are learned: the truth comes back, and no covariance is lost."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.analyses.trajectories import ClassSettings
from salutogen.analyses.trajectories.classes.course_bases import (
    covariance_of,
    jump_course,
    main_directions,
    proper_correlation,
)
from salutogen.analyses.trajectories.classes.mixtures import (
    Courses,
    enumerate_classes,
    enumerate_sets,
)
from salutogen.analyses.trajectories.courses.locks import POSITIONS
from tests.analyses.trajectories.classes.matrices import one_kind, skewed_jumps

RETURN = np.array([0.0, 1.0, 0.6, 0.36])
QUICK = ClassSettings(max=2, starts=4)


def test_the_covariance_is_numpys_where_nothing_is_missing() -> None:
    values = one_kind(60, 1)
    np.testing.assert_allclose(covariance_of(values), np.cov(values.T), atol=1e-12)
    values[0, 1] = np.nan
    pair = values[1:, 1:3]
    means = np.nanmean(values, axis=0)[1:3]
    by_hand = np.sum((pair[:, 0] - means[0]) * (pair[:, 1] - means[1])) / 58
    assert covariance_of(values)[1, 2] == pytest.approx(by_hand)


def test_the_course_of_the_jump_comes_back_whatever_its_size_and_the_level() -> None:
    np.testing.assert_allclose(jump_course(skewed_jumps(20_000, 2)), RETURN, atol=0.05)
    away = 40 - 3 * skewed_jumps(20_000, 2)
    np.testing.assert_allclose(jump_course(away), RETURN, atol=0.05)


def test_without_any_variation_the_jump_is_a_step() -> None:
    np.testing.assert_array_equal(jump_course(np.ones((5, 4))), [0, 1, 1, 1])


def test_one_unstructured_class_has_the_likelihood_of_the_full_normal_model() -> None:
    values = skewed_jumps(150, 3)
    found = enumerate_classes(
        Courses(values=values, positions=POSITIONS, shape="positions"),
        "unstructured", "equal", QUICK, 1,
    )  # fmt: skip
    left = values - values.mean(axis=0)
    spread = left.T @ left / 150
    log_det = np.linalg.slogdet(spread)[1]
    full = -150 / 2 * (4 * np.log(2 * np.pi) + log_det + 4)
    fit = found.fits[1]
    assert fit.log_likelihood == pytest.approx(full, abs=1e-4)
    assert fit.n_parameters + found.n_learned == 4 + 10
    assert found.bic(1) == pytest.approx(-2 * full + 14 * np.log(150), abs=1e-3)


def test_a_jump_of_each_persons_own_is_better_than_classes() -> None:
    """By BIC with what was learned counted; intercepts alone ask for a second class."""
    generator = np.random.default_rng(4)
    jumps = 1.5 * generator.normal(size=(300, 1)) * RETURN
    values = generator.normal(size=(300, 1)) + jumps + 0.8 * generator.normal(size=(300, 4))
    courses = Courses(values=values, positions=POSITIONS, shape="positions")
    intercept, jump = (
        enumerate_classes(courses, model, "equal", QUICK, 1)
        for model in ("random-intercept", "random-intercept-and-jump")
    )
    assert intercept.number(10.0) == 2
    assert jump.number(10.0) == 1
    assert jump.n_learned == 2
    assert jump.bic(1) < intercept.lowest - 10


def test_an_unstructured_covariance_is_one_for_all_classes() -> None:
    courses = Courses(values=one_kind(80, 5), positions=POSITIONS, shape="positions")
    sets = enumerate_sets(courses, QUICK.models, QUICK, 1)
    assert [(found.model, found.variances) for found in sets] == [
        ("random-intercept", "equal"),
        ("random-intercept", "free"),
        ("random-intercept-and-slope", "equal"),
        ("random-intercept-and-slope", "free"),
        ("random-intercept-and-jump", "equal"),
        ("random-intercept-and-jump", "free"),
        ("unstructured", "equal"),
    ]


def test_directions_and_correlations_are_proper() -> None:
    directions = main_directions(skewed_jumps(200, 6))
    assert directions.shape == (4, 3)
    np.testing.assert_allclose(directions.T @ directions, np.eye(3), atol=1e-12)
    broken = np.array([[1.0, 0.9, -0.9], [0.9, 1.0, 0.9], [-0.9, 0.9, 1.0]])
    proper = proper_correlation(broken)
    np.testing.assert_allclose(np.diag(proper), 1)
    assert np.linalg.eigvalsh(proper).min() > 0
    fine = np.array([[1.0, 0.3], [0.3, 1.0]])
    np.testing.assert_allclose(proper_correlation(fine), fine)
