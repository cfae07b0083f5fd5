"""Thresholds and correlations: closed forms, lavaan's variances, simulation, refusals."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import ndtri

from salutogen.errors import ModelError
from salutogen.models.ordered.binormal import binormal_probability
from salutogen.models.ordered.polychoric import polychoric

REFERENCE = Path(__file__).parents[2] / "reference" / "ordered"
VALUES = json.loads((REFERENCE / "ordered.json").read_text(encoding="utf-8"))

_spec = importlib.util.spec_from_file_location("ordered_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


def codes_of(table):
    """Codes (n, 2) of a table of counts."""
    table = np.asarray(table)
    rows, columns = np.indices(table.shape)
    return np.stack([np.repeat(rows, table.ravel()), np.repeat(columns, table.ravel())], axis=1)


def test_thresholds_are_normal_quantiles_of_shares():
    found = polychoric(codes_of([[10, 20, 5], [15, 25, 25]]), [2, 3], "ab")
    np.testing.assert_allclose(found.thresholds[0], [ndtri(0.35)], rtol=1e-12)
    np.testing.assert_allclose(found.thresholds[1], ndtri([0.25, 0.70]), rtol=1e-12)


@pytest.mark.parametrize("share", [0.05, 0.25, 0.31, 0.48])
def test_the_tetrachoric_correlation_of_halves_is_a_sine(share):
    """Both variables split in the middle: the share of low-low is 1/4 + asin(ρ)/(2π)."""
    low = round(400 * share)
    found = polychoric(codes_of([[low, 200 - low], [200 - low, low]]), [2, 2], "ab")
    truth = np.sin(2 * np.pi * (low / 400 - 0.25))
    assert found.correlations[0, 1] == pytest.approx(truth, abs=1e-10)


def test_a_table_of_two_by_two_is_fitted_exactly():
    found = polychoric(codes_of([[30, 10], [25, 60]]), [2, 2], "ab")
    cell = binormal_probability(found.thresholds[0][0], found.thresholds[1][0],
                                found.correlations[0, 1])  # fmt: skip
    assert float(cell) == pytest.approx(30 / 125, abs=1e-12)


def test_a_correlation_has_the_greatest_likelihood():
    table = np.array([[30, 12, 3, 0], [14, 25, 16, 4], [2, 9, 20, 31]])
    found = polychoric(codes_of(table), [3, 4], "ab")
    edges = [np.r_[-9, one, 9] for one in found.thresholds]

    def height(r):
        below = binormal_probability(edges[0][:, None], edges[1][None, :], r)
        cells = np.diff(np.diff(below, axis=0), axis=1)
        return -np.sum(table * np.log(np.maximum(cells, 1e-300)))

    best = minimize_scalar(height, bounds=(-0.99, 0.99), method="bounded", options={"xatol": 1e-9})
    assert found.correlations[0, 1] == pytest.approx(best.x, abs=1e-6)


@pytest.mark.parametrize("case", cases.CASES)
def test_variances_agree_with_lavaan(case):
    """Of the first group, missing values or not; lavaan 0.6-14, `Rscript ordered.R`."""
    values, group = cases.answers(case)
    sizes, groups = cases.CASES[case][1], cases.CASES[case][3]
    here = values[group == groups[0]].reshape(np.sum(group == groups[0]), -1)
    codes = np.where(np.isfinite(here), here, -1).astype(np.intp)
    names = [f"v{number}" for number in range(codes.shape[1])]
    found = polychoric(codes, sizes * cases.CASES[case][2], names)
    theirs = np.array(VALUES[case]["configural"]["variances"])
    np.testing.assert_allclose(np.diag(found.covariance), theirs, rtol=1e-5)


def test_the_covariance_is_that_of_repeated_samples():
    rng = np.random.default_rng(3)
    n, studies = 400, 300
    made = []
    for _ in range(studies):
        level = rng.normal(size=(n, 1))
        response = 0.7 * level + np.sqrt(0.51) * rng.normal(size=(n, 3))
        codes = np.stack([np.digitize(response[:, 0], [-0.5, 0.8]),
                          np.digitize(response[:, 1], [0.3]),
                          np.digitize(response[:, 2], [-1, 0, 1])], axis=1)  # fmt: skip
        codes[rng.random(codes.shape) < 0.1] = -1
        one = polychoric(codes, [3, 2, 4], "abc")
        made.append((one.statistics, one.covariance / n))
    seen = np.cov(np.array([one for one, _ in made]).T)
    told = np.mean([covariance for _, covariance in made], axis=0)
    sd = np.sqrt(np.diag(told))
    np.testing.assert_allclose(np.sqrt(np.diag(seen)) / sd, 1, atol=0.13)
    np.testing.assert_allclose(seen / np.outer(sd, sd), told / np.outer(sd, sd), atol=0.2)
    mean = np.mean([one for one, _ in made], axis=0)
    np.testing.assert_allclose(mean[-3:], 0.49, atol=0.02)


def test_half_a_person_is_given_to_an_empty_cell_of_two_by_two():
    found = polychoric(codes_of([[40, 20], [0, 60]]), [2, 2], ["one", "two"])
    assert found.corrected == ("one and two",)
    cell = binormal_probability(found.thresholds[0][0], found.thresholds[1][0],
                                found.correlations[0, 1])  # fmt: skip
    assert float(cell) == pytest.approx(39.5 / 120, abs=1e-9)
    larger = polychoric(codes_of([[40, 20, 5], [0, 60, 9], [1, 3, 30]]), [3, 3], "ab")
    assert larger.corrected == ()


@pytest.mark.parametrize(
    "codes, sizes, words",
    [
        (codes_of([[40, 0], [0, 40]]), [2, 2], "a and b go together perfectly"),
        (codes_of([[40, 0, 0], [0, 40, 0], [0, 0, 9]]), [3, 3], "a and b go together perfectly"),
        (codes_of([[40, 30], [20, 40]]), [2, 3], "b: a category is used by nobody"),
        (np.array([[0, -1], [1, -1], [-1, 0], [-1, 1]]), [2, 2], "Nobody has both a and b"),
    ],
)
def test_what_has_no_correlation_is_refused(codes, sizes, words):
    with pytest.raises(ModelError, match=words):
        polychoric(codes, sizes, "ab")
