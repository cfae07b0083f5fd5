"""Paths within and between persons: fixed effects, means, mixed models, refusals."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import MixedModel, mediate


def diary(persons=40, occasions=6, seed=1, steady=False, unequal=False):
    rng = np.random.default_rng(seed)
    n = rng.integers(3, occasions + 1, persons) if unequal else np.full(persons, occasions)
    id_ = np.repeat(np.arange(persons), n)
    u = rng.normal(size=(3, persons))
    x = u[0][id_] + (0 if steady else rng.normal(size=id_.size))
    m = 4 + 0.3 * x + 0.4 * u[0][id_] + u[1][id_] + rng.normal(size=id_.size)
    y = 0.5 * m - 0.1 * x + u[2][id_] + rng.normal(size=id_.size)
    return pl.DataFrame({"id": id_, "x": x, "m": m, "y": y, "t": rng.normal(size=id_.size)})


def fitted(data, **more):
    settings = {"factor": "x", "mechanism": "m", "outcome": "y", "person": "id", "bootstrap": 200}
    return mediate(data=data, **settings | more)


def ols(y, *columns):
    return np.linalg.lstsq(np.column_stack([np.ones(len(y)), *columns]), y, rcond=None)[0][1:]


def split(data):
    means = data.group_by("id", maintain_order=True).mean()
    own = data.with_columns(
        (pl.col(name) - pl.col(name).mean().over("id")) for name in ("x", "m", "y", "t")
    )
    return means, own


@pytest.mark.parametrize("unequal", [False, True])
def test_paths_are_those_of_deviations_and_of_means(unequal):
    data = diary(unequal=unequal)
    found = fitted(data, covariates=["t"])
    assert found.design == "1-1-1"
    for level, table in zip(("between", "within"), split(data), strict=True):
        x, m, y, t = (table[name].to_numpy() for name in ("x", "m", "y", "t"))
        a, (b, direct, _) = ols(m, x, t)[0], ols(y, m, x, t)
        own = {name: found.estimates[f"{level}:{name}"] for name in ("a", "b", "direct", "total")}
        expected = {"a": a, "b": b, "direct": direct, "total": ols(y, x, t)[0]}
        assert own == pytest.approx(expected, rel=1e-8)
        assert own["total"] == pytest.approx(own["direct"] + own["a"] * own["b"], rel=1e-8)
    assert found.a == found.estimates["within:a"]
    assert found.log_likelihood is None


def test_balanced_paths_are_those_of_mixed_models_with_persons_means():
    data = diary()
    data = data.with_columns(
        expression
        for name in ("x", "m")
        for expression in (
            pl.col(name).mean().over("id").alias(f"{name}_mean"),
            (pl.col(name) - pl.col(name).mean().over("id")).alias(f"{name}_own"),
        )
    )
    found = fitted(data)
    a = MixedModel("m ~ x_own + x_mean + (1 | id)").fit(data).fixed_effects
    b = MixedModel("y ~ x_own + m_own + x_mean + m_mean + (1 | id)").fit(data).fixed_effects
    own = found.estimates
    assert own["within:a"] == pytest.approx(a["x_own"], rel=1e-6)
    assert own["between:a"] == pytest.approx(a["x_mean"], rel=1e-6)
    assert own["within:b"] == pytest.approx(b["m_own"], rel=1e-6)
    assert own["between:b"] == pytest.approx(b["m_mean"], rel=1e-6)
    assert own["within:direct"] == pytest.approx(b["x_own"], rel=1e-6)


def test_a_steady_factor_acts_between_persons_only():
    data = diary(steady=True)
    found = fitted(data)
    means, own = split(data)
    x, m, y = (means[name].to_numpy() for name in ("x", "m", "y"))
    assert found.design == "2-1-1"
    assert found.indirect == pytest.approx(ols(m, x)[0] * ols(y, m, x)[0], rel=1e-8)
    assert "within:a" not in found.effects
    within = ols(own["y"].to_numpy(), own["m"].to_numpy())[0]
    assert found.estimates["within:b"] == pytest.approx(within, rel=1e-8)
    assert set(found.e_values) == {"between:indirect"}


def test_errors_are_those_without_each_person():
    data = diary(20, 4, seed=4)
    found = fitted(data, bootstrap=20)
    without = []
    for one in range(20):
        own = split(data.filter(pl.col("id") != one))[1]
        x, m, y = (own[name].to_numpy() for name in ("x", "m", "y"))
        without.append(ols(m, x)[0] * ols(y, m, x)[0])
    moved = np.array(without) - found.indirect
    expected = np.sqrt(np.sum(moved**2) * 19 / 20)
    assert found.standard_errors["within:indirect"] == pytest.approx(expected, rel=1e-7)


def test_confounding_is_told_at_each_level():
    data = diary()
    found = fitted(data)
    for level, table in zip(("between", "within"), split(data), strict=True):
        x, m, y = (table[name].to_numpy() for name in ("x", "m", "y"))
        left = [v - np.column_stack([np.ones(len(x)), x]) @ np.linalg.lstsq(
            np.column_stack([np.ones(len(x)), x]), v, rcond=None)[0] for v in (m, y)]  # fmt: skip
        told = found.sensitivity[f"{level}:indirect"]
        assert told.rho_at_zero == pytest.approx(np.corrcoef(left)[0, 1], rel=1e-8)
        assert told.indirect(0.0) == pytest.approx(found.estimates[f"{level}:indirect"], rel=1e-8)
    means, own = split(data)
    d = found.estimates["between:indirect"] * means["x"].std() / means["y"].std()
    ratio = np.exp(0.91 * abs(d))
    told = float(found.e_values["between:indirect"])
    assert told == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)), rel=1e-8)
    df = data.height - 40
    sd = {name: np.sqrt((own[name] ** 2).sum() / df) for name in ("x", "y")}
    ratio = np.exp(0.91 * abs(found.indirect * sd["x"] / sd["y"]))
    assert float(found.e_value) == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)), rel=1e-8)


def test_one_row_for_each_person_is_the_plain_model():
    data = diary(occasions=1, unequal=False)
    found = fitted(data)
    plain = mediate(factor="x", mechanism="m", outcome="y", data=data, bootstrap=200)
    assert found.design == "1"
    assert found.table.equals(plain.table)


def test_few_occasions_are_told():
    assert any("means of 6.0 occasions" in said for said in fitted(diary()).messages)


def test_bad_input_is_refused():
    data = diary()
    with pytest.raises(ModelError, match="m: the same at all occasions"):
        fitted(data.with_columns(pl.col("m").mean().over("id")))
    with pytest.raises(ModelError, match="one at a time"):
        fitted(data, mechanism=["m", "t"])
    with pytest.raises(ModelError, match="without a moderator"):
        fitted(data, moderator="t")
    with pytest.raises(ModelError, match="4 persons"):
        fitted(data.filter(pl.col("id") < 4))
