"""`norm.json` where persons are hidden: usable by another study, and without a person's value."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from salutogen import Results
from salutogen.norm.norm_file import norm_to_dict, read_norm
from salutogen.norm.norm_for_others import (
    COEFFICIENT_DIGITS,
    counts_of_line,
    norm_for,
    untold_covariates,
)
from salutogen.norm.told_lines import told_shift
from salutogen.page.audience import Audience
from tests.report.cohorts import make_results


@pytest.fixture(scope="module")
def results() -> Results:
    return make_results(n_persons=60, n_occasions=3, individuals="hide", bare=True)


def audience(results: Results, *, individuals: bool = False) -> Audience:
    return Audience(individuals=individuals, n_persons=results.panel.n_persons, seed=1)


def test_shown_it_is_the_whole_norm(results: Results) -> None:
    shown = audience(results, individuals=True)
    assert norm_for(results.norm, shown) == (norm_to_dict(results.norm), ())


def test_hidden_it_gives_the_same_scores_but_for_a_step_of_the_level(
    results: Results, tmp_path: Path
) -> None:
    content, told = norm_for(results.norm, audience(results))
    assert told == ()
    (tmp_path / "norm.json").write_text(json.dumps(content), "utf-8")
    line = read_norm(tmp_path / "norm.json").lines.person
    own = results.norm.lines.person
    units = results.norm.reference_units["person"]
    apart = line.expected(units, level="person") - own.expected(units, level="person")
    shift = told_shift(own, audience(results))
    assert abs(shift) < 2.5 * own.residual_sd / own.n_persons / np.sqrt(1 - own.r_squared)
    np.testing.assert_allclose(apart, shift, atol=2e-5 * own.expected(units, level="person").max())
    assert line.residual_sd == pytest.approx(own.residual_sd, rel=1e-3)
    np.testing.assert_allclose(line.covariance, own.covariance, rtol=6e-3)


def test_hidden_its_coefficients_do_not_give_the_sums_back(results: Results) -> None:
    """Answers are whole numbers: of the sums that are possible only one would fit all digits."""
    content, _ = norm_for(results.norm, audience(results))
    units = results.norm.units("occasion")
    n, total = units.height, int(units["E"].sum())
    around = np.arange(int(total * 0.995), int(total * 1.005) + 1)

    def fitting(intercept: float, slope: float, digits: int) -> int:
        half = 0.5 * 10.0 ** (1 - digits)  # of a unit in the last place, at most
        sums = intercept * np.arange(n - 4, n + 5)[:, None] + slope * around
        error = half * (abs(intercept) * n + abs(slope) * total)
        return int((np.abs(sums - np.rint(sums)) <= error).sum())

    told = content["lines"]["occasion"]["coefficients"]
    exact = norm_to_dict(results.norm)["lines"]["occasion"]["coefficients"]
    assert fitting(exact["intercept"], exact["E"], 14) < 5
    assert fitting(told["intercept"], told["E"], COEFFICIENT_DIGITS) >= 20


@pytest.mark.parametrize(("n", "told"), [(96, 96), (95, 90), (93, 90), (92, 90), (87, 85)])
def test_counts_of_lines_leave_no_few(n: int, told: int) -> None:
    hidden = Audience(individuals=False, n_persons=96, seed=1)
    assert counts_of_line({"n": n}, hidden)["n"] == told


def test_hidden_its_range_is_that_of_several(results: Results) -> None:
    content, _ = norm_for(results.norm, audience(results))
    E = np.sort(results.norm.reference_units["person"]["E"].to_numpy())
    low, high = content["lines"]["person"]["range_E"]
    assert low == float(f"{(E[4] + E[5]) / 2:.3g}"), "no more digits than other figures"
    assert high == float(f"{(E[-5] + E[-6]) / 2:.3g}")


def test_hidden_its_errors_do_not_give_the_sums_back(results: Results) -> None:
    content, _ = norm_for(results.norm, audience(results))
    line = content["lines"]["person"]
    cross = line["residual_sd"] ** 2 * np.linalg.inv(np.array(line["covariance"]))
    own = results.norm.lines.person
    exact = own.residual_sd**2 * np.linalg.inv(own.covariance)
    error = abs(cross[0, 1] - exact[0, 1])
    E = results.norm.reference_units["person"]["E"].to_numpy()
    assert error > 0.1 * np.std(E), "the sum of E is not known to a person"


def test_lines_of_few_are_left_out() -> None:
    few = make_results(n_persons=11, n_occasions=3, individuals="hide", bare=True)
    content, told = norm_for(few.norm, audience(few))
    assert content["lines"]["person"] is None
    assert content["lines"]["occasion"] is None
    assert [item.code for item in told] == ["norm-withheld"]


@pytest.mark.parametrize(
    ("values", "untold"),
    [
        ([1] + [0] * 59, True),
        ([1, 2, 3, 4] + [0] * 56, True),
        ([1] * 5 + [0] * 55, False),
        (list(range(60)), False),
        (["a"] * 57 + ["b"] * 3, True),
        (["a"] * 30 + ["b"] * 30, False),
    ],
)
def test_covariates_that_few_have_otherwise_are_not_told(
    values: list[object], untold: bool
) -> None:
    norm: Any = SimpleNamespace(
        lines=SimpleNamespace(occasion=SimpleNamespace(covariates=("num",)))
    )
    scores: Any = SimpleNamespace(of_persons=lambda name: pl.Series(name, values))
    hidden = Audience(individuals=False, n_persons=60, seed=1)
    assert untold_covariates(norm, scores, hidden) == (("num",) if untold else ())
