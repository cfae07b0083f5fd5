"""Estimates at infinity: linear programs against brute force, and what is left beside them."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from salutogen.models import ConvergenceWarning, GrowthMixture, three_step_predictors
from salutogen.models.mixture.separation import find_separation

FORMULA = "y ~ t + (1 | id)"
N, OCCASIONS = 120, 5


def cohort(seed=1, apart=6.0):
    """Two clear classes; `rare` is 1 for three persons of the smaller, age differs a little."""
    generator = np.random.default_rng(seed)
    steep = np.arange(N) < 48
    person, t = np.repeat(np.arange(N), OCCASIONS), np.tile(np.arange(float(OCCASIONS)), N)
    y = np.where(steep[person], apart + t, 0.0) + 0.5 * generator.normal(size=N)[person]
    age = generator.normal(40, 10, size=N) + 5 * steep
    return pl.DataFrame(
        {
            "id": person,
            "t": t,
            "y": y + generator.normal(size=len(t)),
            "rare": (person < 3).astype(float),
            "site": np.where(person < 3, "x", np.where(person % 2, "a", "b")),
            "age": age[person],
            "line": np.where(steep, 60 + age, age - 60)[person],
        }
    )


def persons(frame):
    return frame.unique("id", maintain_order=True)


def separated_by_search(columns, classes):
    """Whether some direction on a grid puts everybody into the own class (two classes)."""
    side = np.where(classes == 0, 1.0, -1.0)
    for raw in product(np.linspace(-1, 1, 41), repeat=columns.shape[1]):
        along = side * (columns @ np.array(raw))
        if (along >= 0).all() and (along > 0).any():
            return True
    return False


def test_separation_is_that_of_a_search_over_directions():
    """Small integers, so that a separating direction, if any, lies on the grid."""
    generator = np.random.default_rng(3)
    seen = []
    for _ in range(60):
        x = generator.integers(-2, 3, size=6)
        columns, classes = np.column_stack([np.ones(6), x]), generator.integers(2, size=6)
        if len(set(classes.tolist())) < 2 or np.ptp(x) == 0:
            continue
        member = np.eye(2)[classes]
        found = find_separation(columns, member, member, ("Intercept", "x"))
        assert found.found == separated_by_search(columns, classes)
        seen.append(found.found)
    assert 5 < sum(seen) < len(seen) - 5


def test_what_is_finite_beside_a_separation_stays_finite():
    """Three classes, one dummy only in class 2: the other dummy and the constant are estimated."""
    classes = np.arange(60) % 3
    only, other = (np.arange(60) % 6 == 1).astype(float), (np.arange(60) % 5 == 0).astype(float)
    columns, member = np.column_stack([np.ones(60), only, other]), np.eye(3)[classes]
    found = find_separation(columns, member, member, ("Intercept", "only", "other"))
    assert found.infinite.tolist() == [[False, True, False]] * 2
    assert found.words == "only (10 persons with 1, none in class 1 or 3)"
    assert found.finite.shape == (6, 4)


def test_a_reference_category_in_one_class_takes_the_constant_with_it():
    classes = np.append(np.zeros(4, dtype=int), np.arange(40) % 2)
    a = np.append(np.zeros(4), np.arange(40) % 4 < 2)
    b = np.append(np.zeros(4), np.arange(40) % 4 >= 2)
    member = np.eye(2)[classes]
    columns = np.column_stack([np.ones(44), a, b])
    found = find_separation(columns, member, member, ("Intercept", "a", "b"))
    assert found.infinite.tolist() == [[True, True, True]]
    assert found.words == "a, b (4 persons with 0 in each, none in class 2)"
    assert found.finite.shape == (3, 2)


def test_weights_below_zero_count_as_no_support():
    member = np.where(np.eye(2)[np.arange(30) % 2] > 0, 1.05, -0.05)
    x = (np.arange(30) < 1).astype(float)
    found = find_separation(np.column_stack([np.ones(30), x]), member, np.eye(2)[x.astype(int)],
                            ("Intercept", "x"), numbers=(2, 1))  # fmt: skip
    assert found.infinite.tolist() == [[False, True]]
    assert found.words == "x (1 person with 1, none in class 1)"
    calm = np.full((30, 2), 0.5)
    columns = np.column_stack([np.ones(30), x])
    assert not find_separation(columns, member, calm, ("Intercept", "x")).found


def test_membership_at_infinity_has_no_error_and_says_why():
    with pytest.warns(ConvergenceWarning, match="no finite estimate for rare"):
        result = GrowthMixture(FORMULA, classes=2, membership="rare + age").fit(cohort())
    assert not result.converged
    assert "rare (3 persons with 1, none in class 1)" in result.messages[-1]
    table = {row["term"]: row for row in result.membership.table.iter_rows(named=True)}
    assert [table["rare"][name] for name in ("standard_error", "z", "p_value")] == [None] * 3
    assert np.isnan(result.membership.standard_errors[0, 1])
    assert "rare: no finite estimate" in result.summary()
    shares = result.membership.shares({"rare": [0.0, 1.0], "age": [40.0, 60.0]})
    assert ((shares >= 0) & (shares <= 1)).all()
    np.testing.assert_allclose(shares.sum(axis=1), 1.0)
    assert np.isfinite(result.share_errors).all()
    assert np.isfinite(result.standard_errors).all()


def test_other_covariates_keep_the_errors_of_a_logit_without_the_separated_persons():
    """The classes are certain: statsmodels on those who are not `rare`."""
    frame = cohort()
    with pytest.warns(ConvergenceWarning):
        result = GrowthMixture(FORMULA, classes=2, membership="rare + age").fit(frame)
    first = persons(frame).filter(pl.col("rare") == 0)
    steep = (first["id"].to_numpy() < 48).astype(float)
    plain = sm.Logit(1 - steep, sm.add_constant(first["age"].to_numpy())).fit(disp=0)
    found = result.membership
    np.testing.assert_allclose(found.coefficients[0, [0, 2]], plain.params, rtol=2e-3)
    np.testing.assert_allclose(found.standard_errors[0, [0, 2]], plain.bse, rtol=2e-3)


def test_a_combination_of_numbers_that_parts_the_classes_is_found():
    """`line` and age overlap between the classes, one beside the other does not."""
    with pytest.warns(ConvergenceWarning, match="line"):
        result = GrowthMixture(FORMULA, classes=2, membership="line + age").fit(cohort())
    assert np.isnan(result.membership.standard_errors[0]).any()
    alone = GrowthMixture(FORMULA, classes=2, membership="age").fit(cohort())
    assert alone.converged
    assert np.isfinite(alone.membership.standard_errors).all()


@pytest.mark.parametrize("correction", ["ml", "bch", "none"])
def test_three_steps_have_no_error_at_infinity_and_keep_the_others(correction):
    frame = cohort()
    first = persons(frame)
    result = GrowthMixture(FORMULA, classes=2).fit(frame)
    with pytest.warns(ConvergenceWarning, match=r"rare \(3 persons with 1, none in class 1\)"):
        found = three_step_predictors(result, first, "rare + age", correction=correction)
    assert not found.converged
    rows = {row["term"]: row for row in found.coefficients.iter_rows(named=True)}
    for name in ("standard_error", "z", "p", "odds_ratio", "lower", "upper"):
        assert rows["rare"][name] is None
        assert np.isfinite(rows["age"][name])
    rest = first.filter(pl.col("rare") == 0)
    steep = (rest["id"].to_numpy() < 48).astype(float)
    plain = sm.Logit(steep, sm.add_constant(rest["age"].to_numpy())).fit(disp=0, cov_type="HC0")
    own = [rows[name] for name in ("Intercept", "age")]
    np.testing.assert_allclose([row["estimate"] for row in own], plain.params, rtol=1e-2)
    np.testing.assert_allclose([row["standard_error"] for row in own], plain.bse, rtol=1e-2)
    tests = {row["term"]: row for row in found.tests.iter_rows(named=True)}
    assert tests["rare"]["p"] is None
    assert 0 < tests["age"]["p"] < 1
