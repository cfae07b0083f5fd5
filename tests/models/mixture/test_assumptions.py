"""Sets of assumptions: each is the fit that its own formula gives; rivals and their agreement."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models.mixture.agreement import adjusted_rand_index
from salutogen.models.mixture.assumptions import compare_assumptions
from salutogen.models.mixture.model import GrowthMixture
from salutogen.models.moments.moments import Moments
from salutogen.models.parallel.executors import Interrupted


def slopes(n=150, occasions=5, apart=4.0):
    """Two classes; everybody has a random slope."""
    generator = np.random.default_rng(6)
    person, t = np.repeat(np.arange(n), occasions), np.tile(np.arange(float(occasions)), n)
    u = generator.normal(size=(n, 2)) * [1.0, 0.5]
    y = apart * (person % 3 == 0) + u[person, 0] + u[person, 1] * t
    return {"id": person, "t": t, "y": y + 0.7 * generator.normal(size=len(t))}


@pytest.fixture(scope="module")
def compared():
    return compare_assumptions(
        "y ~ t + I(t**2) + (1 | id)",
        slopes(),
        classes=2,
        starts=8,
        variances=("equal", "proportional"),
    )


def test_each_set_is_its_own_fit(compared):
    assert set(compared.results) | set(compared.failures) == {
        (random, variances) for random in ("1", "1 + t") for variances in ("equal", "proportional")
    }
    for (random, sharing), found in compared.results.items():
        alone = GrowthMixture(
            f"y ~ t + I(t**2) + ({random} | id)",
            classes=2,
            starts=8,
            random_covariance=sharing,
            residual_variance=sharing,
        ).fit(slopes())
        assert found.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-6)
        np.testing.assert_allclose(found.shares, alone.shares, atol=1e-5)
        np.testing.assert_allclose(
            found.predict({"t": [1.0, 2.5]}), alone.predict({"t": [1.0, 2.5]}), atol=1e-4
        )


def test_rivals_are_within_ten_bic_and_agree_by_label(compared):
    table = compared.table
    assert table["bic"].drop_nulls().is_sorted()
    assert table.row(0, named=True)["random"] == "1 + t"
    near = table.filter(table["bic"] <= table["bic"].min() + 10)
    assert near["rival"].all()
    assert table["rival"].sum() == len(compared.rivals) == near.height == 2
    pair = [compared.results[key].classes["class"].to_numpy() for key in compared.rivals]
    assert compared.agreement.height == 1
    assert compared.lowest_agreement == adjusted_rand_index(*pair)
    shares = table.select("share_1", "share_2").drop_nulls().sum_horizontal()
    np.testing.assert_allclose(shares, 1.0)
    assert compared.figure().to_dict()["mark"]["type"] == "bar"


def test_no_random_effects_and_moments_by_name():
    formula = "y ~ t + (1 + t | id)"
    moments = Moments.from_frame(formula, slopes())
    found = compare_assumptions(formula, moments, classes=2, random=("0", "1"), starts=6)
    lcga = found.results["0", "equal"]
    assert lcga.random_terms == ()
    alone = GrowthMixture("y ~ t + (0 | id)", classes=2, starts=6).fit(slopes())
    assert lcga.log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-6)
    with pytest.raises(ModelError, match="the moments do not hold x"):
        compare_assumptions(formula, moments, classes=2, random=("1 + x",))


def test_covariates_of_membership_belong_to_every_set():
    data = slopes()
    data["x"] = np.random.default_rng(2).normal(size=150)[data["id"]]
    found = compare_assumptions("y ~ t + (1 | id)", data, classes=2, membership="x", starts=6)
    alone = GrowthMixture("y ~ t + (1 + t | id)", classes=2, membership="x", starts=6).fit(data)
    key = ("1 + t", "equal")
    assert found.results[key].log_likelihood == pytest.approx(alone.log_likelihood, abs=1e-6)


def test_a_single_rival_agrees_with_none():
    found = compare_assumptions(
        "y ~ t + (1 | id)", slopes(), classes=2, random=("1 + t",), variances=("equal",), starts=4
    )
    assert found.lowest_agreement is None
    assert found.agreement.height == 0


def test_impossible_requests_are_refused_and_interruptions_told():
    with pytest.raises(ModelError, match="sums of columns"):
        compare_assumptions("y ~ t + (1 | id)", slopes(), random=("1 + I(t**2)",))

    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted, match=r"Finished of 4 sets of assumptions: \('1', 'equal'\)"):
        compare_assumptions("y ~ t + (1 | id)", slopes(30), classes=1, progress=stop)


def test_a_jump_in_different_sizes_competes_with_classes_of_jumps():
    generator = np.random.default_rng(9)
    person, t = np.repeat(np.arange(200), 4), np.tile(np.arange(-1.0, 3.0), 200)
    jump = np.tile([0.0, 1.0, 0.6, 0.36], 200)
    sizes = 2 + 2 * generator.normal(size=200)
    y = generator.normal(size=200)[person] + sizes[person] * jump + 0.5 * generator.normal(size=800)
    data = {"id": person, "t": t, "jump": jump, "y": y}
    found = compare_assumptions(
        "y ~ jump + (1 | id)", data, classes=2, starts=6,
        random=("1", "1 + t", "1 + jump"), variances=("equal",),
    )  # fmt: skip
    assert found.table.row(0, named=True)["random"] == "1 + jump"
    assert found.rivals == (("1 + jump", "equal"),)
