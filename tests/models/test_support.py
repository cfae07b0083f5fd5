"""Support of coefficients: against rank after deletion, closed forms, dense CR2."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from salutogen.models import MixedModel
from salutogen.models.support import SupportWarning, least_squares_support


def groups_design(k, n=40):
    """A constant and a group of k among n."""
    return np.column_stack([np.ones(n), np.r_[np.ones(k), np.zeros(n - k)]])


def random_design(seed):
    """Sites of which some have one person, and a slope by site."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(14), 3)
    site = rng.permutation([0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 4, 4, 4, 4])[person]
    t = np.tile([-1.0, 0.0, 1.0], 14) + 0.1 * rng.normal(size=len(person))
    dummies = [(site == s).astype(float) for s in (1, 2, 3, 4)]
    X = np.column_stack([np.ones(len(person)), t, *dummies, *(t * d for d in dummies)])
    return X, person, rng


@pytest.mark.parametrize("seed", range(8))
def test_a_contrast_rests_on_one_person_where_it_cannot_be_estimated_without_them(seed):
    X, person, rng = random_design(seed)
    p = X.shape[1]
    support = least_squares_support(X, [f"x{j}" for j in range(p)], cluster=person)
    mixed = np.zeros((6, p))
    for row in mixed:
        row[rng.choice(p, 2, replace=False)] = rng.uniform(1, 2, size=2)
    found, expected = [], []
    for contrast in np.vstack([np.eye(p), mixed]):
        without = [X[person != i] for i in range(14)]
        lost = [
            np.linalg.matrix_rank(np.vstack([left, contrast])) > np.linalg.matrix_rank(left)
            for left in without
        ]
        expected.append(sum(lost))
        found.append(support.alone(contrast)[1])
    assert found == expected
    assert max(expected) == 1


@pytest.mark.parametrize("k", [1, 2, 3, 8, 20])
def test_effective_number_of_a_group_has_a_closed_form(k):
    n = 40
    support = least_squares_support(groups_design(k, n), ["one", "group"])
    w = np.r_[np.full(k, k**-2.0), np.full(n - k, (n - k) ** -2.0)]
    assert support.effective([0, 1]) == pytest.approx(np.sum(w) ** 2 / np.sum(w**2))
    assert support.alone([0, 1])[1] == (1 if k == 1 else 0)
    assert support.alone([1, 1])[1] == (1 if k == 1 else 0)
    assert support.alone([1, 0])[1] == 0
    assert bool(support.lack([0, 1], small_sample=True)) == (k == 1)
    assert bool(support.lack([0, 1], small_sample=False)) == (k < 3)
    assert bool(support.doubt([0, 1])) == (k < 6)


def test_a_predictor_that_one_person_nearly_makes_alone_rests_on_them():
    """With x = 40 for one of 40 and about ±1 for the others, 98 % of what is known is theirs."""
    x = np.r_[40.0, np.tile([-1.0, 1.0], 20)[:39]]
    X = np.column_stack([np.ones(40), x])
    support = least_squares_support(X, ["one", "x"])
    away = X - X.mean(axis=0)
    share = away[0, 1] ** 2 / np.sum(away[:, 1] ** 2)
    assert share > 0.95
    assert support.alone([0, 1])[1] == 1
    assert support.effective([0, 1]) < 1.2
    milder = least_squares_support(np.column_stack([X[:, 0], np.r_[8.0, x[1:]]]), ["one", "x"])
    assert milder.alone([0, 1])[1] == 0


def test_weights_count_as_repeated_rows():
    X, person, _ = random_design(3)
    names = [f"x{j}" for j in range(X.shape[1])]
    times = np.where(person % 2 == 0, 3, 1)
    weighted = least_squares_support(X, names, cluster=person, weights=times)
    repeated = least_squares_support(
        np.repeat(X, times, axis=0), names, cluster=np.repeat(person, times)
    )
    for row in np.eye(len(names)):
        assert weighted.effective(row) == pytest.approx(repeated.effective(row))


def test_several_contrasts_lack_an_error_where_a_combination_of_them_does():
    X = np.column_stack([groups_design(1), np.arange(40) * 1000.0])
    support = least_squares_support(X, ["one", "group", "x"])
    x = np.array([0.0, 0.0, 1.0])
    nearly = np.array([0.0, 1e-7, 1.0])
    assert support.alone(x)[1] == support.alone(nearly)[1] == 0
    assert support.alone(np.stack([x, nearly]))[1] == 1


def sites(seed, persons=24):
    """Persons with lasting differences; site c is person 7 alone."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(persons), 4)
    site = np.where(person == 7, "c", np.where(person % 2 == 0, "a", "b"))
    e = rng.normal(size=len(person))
    y = 2 * rng.normal(size=persons)[person] + rng.normal(size=len(person))
    return {"id": person, "t": np.tile(np.arange(4.0), persons), "site": site, "E": e, "y": y}


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR2"])
@pytest.mark.parametrize(
    ("formula", "resting"),
    [
        ("y ~ t + C(site) + (1 | id)", {"C(site)[T.c]"}),
        ("y ~ E * C(site) + (1 + E | id)", {"C(site)[T.c]", "E:C(site)[T.c]"}),
        ("y ~ E : C(site) + (1 | id)", {"E:C(site)[c]"}),
    ],
)
def test_a_site_of_one_person_has_no_robust_error(kind, formula, resting):
    frame = sites(1)
    result = MixedModel(formula).fit(frame)
    with pytest.warns(SupportWarning, match="rests on 1 of 24 persons"):
        robust = result.robust_inference(kind)
    assert {message.split(": rests")[0] for message in robust.messages} == resting
    lacking = np.array([name in resting for name in result.terms])
    np.testing.assert_array_equal(np.isnan(np.diag(robust.covariance)), lacking)
    with pytest.warns(SupportWarning):
        table = result.tidy(errors=kind).head(len(result.terms))
    for name in ("std_error", "df", "statistic", "p_value", "conf_low"):
        assert table[name].is_null().to_list() == lacking.tolist()
    assert table["estimate"].null_count() == 0
    with pytest.warns(SupportWarning):
        test = result.test({min(resting): 1.0, result.terms[0]: -2.0}, errors=kind)
    assert np.isnan([test.p_value, test.df, test.statistic, *test.std_errors]).all()
    assert "not tested: it rests on 1 of 24 persons" in repr(test)
    with pytest.warns(SupportWarning):
        text = result.summary(errors=kind)
    assert f"{min(resting)} rests on 1 of 24 persons" in text
    assert not np.isnan(list(result.p_values.values())).any()  # the model's own errors serve


def test_errors_of_the_other_coefficients_equal_cr2_by_dense_matrices():
    """Pustejovsky & Tipton 2018, with the generalised inverse where a residual is none."""
    frame = sites(2)
    result = MixedModel("y ~ t + C(site) + (1 | id)").fit(frame)
    with pytest.warns(SupportWarning):
        robust = result.robust_inference("CR2")
    person, n = frame["id"], len(frame["y"])
    dummies = [frame["site"] == s for s in ("b", "c")]
    X = np.column_stack([np.ones(n), frame["t"], *dummies]).astype(float)
    same = person[:, None] == person
    V = result.random_covariance[0, 0] * same + result.residual_variance * np.eye(n)
    inverse = np.linalg.inv(V)
    M = np.linalg.inv(X.T @ inverse @ X)
    residual = frame["y"] - X @ result.coefficients
    hat = np.eye(n) - X @ M @ X.T @ inverse
    meat, pulls = np.zeros((4, 4)), []
    for i in range(24):
        own = person == i
        D = np.linalg.cholesky(V[np.ix_(own, own)]).T
        values, vectors = np.linalg.eigh(D @ (V[np.ix_(own, own)] - X[own] @ M @ X[own].T) @ D.T)
        kept = values > 1e-9
        A = D.T @ (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T @ D
        weighted = X[own].T @ inverse[np.ix_(own, own)] @ A
        meat += np.outer(weighted @ residual[own], weighted @ residual[own])
        pulls.append(hat[own].T @ weighted.T @ M)
    covariance = M @ meat @ M
    supported = np.ix_([0, 1, 2], [0, 1, 2])
    np.testing.assert_allclose(robust.covariance[supported], covariance[supported], rtol=1e-6)
    for contrast in (np.array([0.0, 1, 0, 0]), np.array([0.0, 0, 1, 0])):
        pulled = np.array([pull @ contrast for pull in pulls])
        product = pulled @ V @ pulled.T
        df = np.trace(product) ** 2 / np.sum(product**2)
        assert robust.df(contrast) == pytest.approx(df, rel=1e-6)


def test_no_data_set_of_a_one_person_site_ends_in_an_exception():
    for seed in range(12):
        result = MixedModel("y ~ t + C(site) + (1 | id)").fit(sites(seed, persons=12))
        for kind in ("CR1", "CR2"):
            with pytest.warns(SupportWarning):
                assert result.tidy(errors=kind)["std_error"].null_count() == 3  # and two SDs


def test_a_joint_test_of_sites_needs_every_one_of_them():
    result = MixedModel("y ~ t + C(site) + (1 | id)").fit(sites(3))
    with pytest.warns(SupportWarning):
        table = result.test_terms(errors="CR1")
    assert table["p_value"].is_null().to_list() == [False, True]
    assert result.test_terms()["p_value"].null_count() == 0


def test_two_persons_have_an_error_by_cr2_alone():
    frame = sites(4)
    frame["site"] = np.where(np.isin(frame["id"], (7, 8)), "c", "a")
    result = MixedModel("y ~ t + C(site) + (1 | id)").fit(frame)
    with pytest.warns(SupportWarning, match="about 2.4 of 24 persons"):
        assert np.isnan(result.test({"C(site)[T.c]": 1.0}, errors="CR1").p_value)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        test = result.test({"C(site)[T.c]": 1.0}, errors="CR2")
    assert 1 < test.df < 2
