"""Latent change scores: known changes are found; what is nested; refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import LatentChangeScores, MixedModel, compare_structural_fits

MODEL = LatentChangeScores(outcomes=("x", "y"), person="id", occasion="wave")
EFFECTS = np.array([[-0.12, 0.05], [0.0, -0.08]])


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    n, occasions = 500, 5
    now = rng.multivariate_normal([20, 15], [[4, 1], [1, 3]], size=n)
    constant = rng.multivariate_normal([3, 1], [[0.4, 0.1], [0.1, 0.3]], size=n)
    rows = []
    for wave in range(occasions):
        if wave:
            now = now + constant + now @ EFFECTS.T
        values = now + rng.normal(size=(n, 2)) * [1.0, 0.8]
        kept = rng.random(n) > 0.1
        rows.append(pl.DataFrame({"id": np.arange(n), "wave": wave, "x": values[:, 0],
                                  "y": values[:, 1]}).filter(kept))  # fmt: skip
    return pl.concat(rows)


def test_known_changes_are_found(frame):
    result = MODEL.fit(frame)
    truths = {
        "change(x)<-x": -0.12,
        "change(x)<-y": 0.05,
        "change(y)<-x": 0.0,
        "change(y)<-y": -0.08,
        "mean(start(x))": 20.0,
        "mean(slope(x))": 3.0,
        "var(slope(y))": 0.3,
        "cov(slope(x),slope(y))": 0.1,
        "error(x)": 1.0,
    }
    for name, truth in truths.items():
        assert abs(result.estimates[name] - truth) < 3.5 * result.standard_errors[name], name
    assert result.converged
    assert result.fit_indices["rmsea"] < 0.03
    assert "Latent change score model: 500 persons" in result.summary()


def test_constant_change_alone_is_the_random_slope_model(frame):
    """Without other effects it is y ~ t + (1 + t | id), by maximum likelihood."""
    result = replace(MODEL, outcomes="x", effects=()).fit(frame)
    mixed = MixedModel("x ~ wave + (1 + wave | id)").fit(frame, reml=False)
    assert result.log_likelihood == pytest.approx(mixed.log_likelihood, abs=1e-6)
    assert result.estimates["mean(slope(x))"] == pytest.approx(mixed.fixed_effects["wave"])
    found = [result.estimates[name] for name in
             ("var(start(x))", "cov(start(x),slope(x))", "var(slope(x))")]  # fmt: skip
    np.testing.assert_allclose(found, mixed.random_covariance[np.tril_indices(2)], rtol=1e-4)
    assert result.estimates["error(x)"] == pytest.approx(mixed.residual_variance, rel=1e-5)


def test_effects_are_tested_by_leaving_them_out(frame):
    none = replace(MODEL, effects=()).fit(frame)
    comparison = compare_structural_fits(none, MODEL.fit(frame))
    assert comparison.df == 4
    assert comparison.p_value < 1e-6
    assert comparison.note == ""


def test_scores_may_be_measured_otherwise(frame):
    plain = MODEL.fit(frame)
    other = MODEL.fit(frame.with_columns(x=pl.col("x") * 100))
    for name, factor in {"change(x)<-x": 1, "change(x)<-y": 100, "mean(slope(x))": 100}.items():
        assert other.estimates[name] == pytest.approx(factor * plain.estimates[name], rel=1e-5)


def test_groups_may_share_their_changes(frame):
    grouped = frame.with_columns(arm=pl.col("id") % 2)
    shared = replace(MODEL, group="arm", equal_groups=("changes",)).fit(grouped)
    apart = replace(MODEL, group="arm").fit(grouped)
    assert compare_structural_fits(shared, apart).df == 4
    assert "change(x)<-y" in shared.parameters
    assert "change(x)<-y [1]" in apart.parameters


@pytest.mark.parametrize(
    "settings, words",
    [
        ({"outcomes": ()}, "at least one column"),
        ({"effects": ("change(x)<-z",)}, r"there is no 'change\(x\)<-z'. Did you mean"),
        ({"effects": (), "constant": False}, "without a constant part, change needs some"),
        ({"equal_groups": ("changes",)}, "there is no `group`"),
        ({"group": "arm", "equal_groups": ("lags",)}, "expected some of changes, constants"),
        ({"standard_errors": "none"}, "standard_errors"),
    ],
)
def test_settings_that_cannot_be_used(frame, settings, words):
    with pytest.raises(ModelError, match=words):
        replace(MODEL, **settings).fit(frame)


def test_two_occasions_are_too_few(frame):
    with pytest.raises(ModelError, match="at least 3 occasions, got 2; change cannot be told"):
        MODEL.fit(frame.filter(pl.col("wave") < 2))
