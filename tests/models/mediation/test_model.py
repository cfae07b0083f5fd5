"""Mediation of persons: brute force, lavaan, identities, time order, refusals."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import mediate

REFERENCE = Path(__file__).resolve().parents[2] / "reference" / "mediation"
ORDER = {"x": 1, "m": 2, "y": 3}


def lavaan() -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    with (REFERENCE / "values.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["model"] != "version":
                found.setdefault(row["model"], {})[row["name"]] = float(row["value"])
    return found


def small() -> pl.DataFrame:
    return pl.read_csv(REFERENCE / "data.csv")


def persons(n=80, seed=1):
    rng = np.random.default_rng(seed)
    x, c = rng.normal(3, 2, n), rng.normal(size=n)
    m = 10 + 0.5 * x + 0.3 * c + rng.gamma(2, 1, n)
    y = 0.4 * m - 0.2 * x + rng.normal(size=n)
    w = rng.normal(5, 2, n)
    return {"x": x, "c": c, "m": m, "m2": 0.2 * m + rng.normal(size=n), "y": y, "w": w}


def ols(y, *columns):
    X = np.column_stack([np.ones(len(y)), *columns])
    return np.linalg.lstsq(X, y, rcond=None)[0][1:]


def simple(**more):
    return mediate(
        **{"factor": "x", "mechanism": "m", "outcome": "y", "data": persons(), "bootstrap": 50}
        | more
    )


def test_one_mechanism_is_that_of_lavaan():
    found = mediate(
        factor="x", mechanism="m1", outcome="y", covariates=["c"], data=small(), bootstrap=20
    )
    expected = lavaan()["one"]
    for name in ("a", "b", "direct", "indirect", "total"):
        assert getattr(found, name) == pytest.approx(expected[name], rel=1e-8)
    assert found.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-6)


@pytest.mark.parametrize("together", ["parallel", "serial"])
def test_two_mechanisms_are_those_of_lavaan(together):
    found = mediate(
        factor="x",
        mechanism=["m1", "m2"],
        outcome="y",
        covariates=["c"],
        data=small(),
        together=together,
        bootstrap=20,
    )
    expected, own = lavaan()[together], found.estimates
    assert own["a:m1"] == pytest.approx(expected["a1"], rel=1e-8)
    assert own["a:m2"] == pytest.approx(expected["a2"], rel=1e-8)
    assert own["b:m1"] == pytest.approx(expected["b1"], rel=1e-8)
    assert own["b:m2"] == pytest.approx(expected["b2"], rel=1e-8)
    assert found.indirect == pytest.approx(expected["indirect"], rel=1e-8)
    assert found.log_likelihood == pytest.approx(expected["log_likelihood"], abs=1e-6)
    if together == "serial":
        assert own["d:m1 > m2"] == pytest.approx(expected["d"], rel=1e-8)
        assert own["indirect:m1 > m2"] == pytest.approx(
            expected["a1"] * expected["d"] * expected["b2"], rel=1e-7
        )
    total = ols(small()["y"].to_numpy(), small()["x"].to_numpy(), small()["c"].to_numpy())[0]
    assert found.total == pytest.approx(total, rel=1e-9)


def test_errors_are_those_without_each_person_and_close_to_hc3():
    sandwich = pytest.importorskip("statsmodels.api")
    data = persons()
    found = simple(data=data, covariates=["c"])
    effects = []
    for i in range(80):
        x, c, m, y = (np.delete(data[name], i) for name in ("x", "c", "m", "y"))
        a, (b, direct, _) = ols(m, x, c)[0], ols(y, m, x, c)
        effects.append([a, b, direct, a * b])
    names = ("a", "b", "direct", "indirect")
    whole = np.array([found.estimates[name] for name in names])
    errors = np.sqrt(((np.array(effects) - whole) ** 2).sum(axis=0) * 79 / 80)
    np.testing.assert_allclose([found.standard_errors[n] for n in names], errors, rtol=1e-7)
    X = sandwich.add_constant(np.column_stack([data["x"], data["c"]]))
    hc3 = sandwich.OLS(data["m"], X).fit(cov_type="HC3").bse[1]
    assert found.standard_errors["a"] == pytest.approx(hc3 * np.sqrt(79 / 80), rel=1e-8)


def test_draws_are_fits_to_resampled_persons():
    """Limits against a loop of fits to rows, with draws of its own: 4,000 each."""
    data = persons(60, seed=5)
    found = simple(data=data, bootstrap=4000)
    rng, drawn = np.random.default_rng(0), []
    for _ in range(4000):
        i = rng.integers(0, 60, 60)
        x, m, y = data["x"][i], data["m"][i], data["y"][i]
        drawn.append(ols(m, x)[0] * ols(y, m, x)[0])
    spread = np.std(drawn)
    np.testing.assert_allclose(
        found.interval, np.quantile(drawn, [0.025, 0.975]), atol=0.12 * spread
    )
    assert found.draws == 4000
    assert found.interval_bca != found.interval


def test_same_seed_same_limits_and_threads_do_not_matter(monkeypatch):
    one = simple(bootstrap=300).table
    monkeypatch.setenv("NUMBA_NUM_THREADS", "3")
    assert simple(bootstrap=300).table.equals(one)
    assert not simple(bootstrap=300, seed=2).table.equals(one)


def test_moderated_paths_are_those_of_products_by_hand():
    data = persons(120, seed=2)
    data["m"] = data["m"] + 0.2 * (data["w"] - 5) * data["x"]
    found = simple(data=data, moderator="w", bootstrap=400)
    x, m, y, w = (data[name] for name in ("x", "m", "y", "w"))
    low, high = w.mean() - w.std(ddof=1), w.mean() + w.std(ddof=1)
    a, _, a_w = ols(m, x, w, x * w)
    b, _, direct, b_w, direct_w = ols(y, m, w, x, m * w, x * w)
    own = found.estimates
    assert own["a x w"] == pytest.approx(a_w, rel=1e-7)
    assert own["b x w"] == pytest.approx(b_w, rel=1e-7)
    assert own["direct x w"] == pytest.approx(direct_w, rel=1e-6)
    at = {value: (a + a_w * value) * (b + b_w * value) for value in (low, w.mean(), high)}
    assert found.indirect == pytest.approx(at[w.mean()], rel=1e-7)
    assert found.direct == pytest.approx(direct + direct_w * w.mean(), rel=1e-7)
    assert own[f"indirect at w = {low:.6g}"] == pytest.approx(at[low], rel=1e-7)
    difference = found.effects["indirect: high minus low w"]
    assert difference.estimate == pytest.approx(at[high] - at[low], rel=1e-6)
    assert difference.percentile.low > 0
    assert found.rho_at_zero is None


def test_moderator_of_two_values_gives_the_effects_of_the_two_groups():
    data = persons(100, seed=3)
    group = (np.arange(100) % 2).astype(float)
    found = simple(data=data | {"w": group}, moderator="w")
    for value in (0, 1):
        x, m, y = (data[name][group == value] for name in ("x", "m", "y"))
        expected = ols(m, x)[0] * ols(y, m, x)[0]
        assert found.estimates[f"indirect at w = {value}"] == pytest.approx(expected, rel=1e-7)


def test_reversed_order_swaps_mechanism_and_outcome():
    found, other = simple(), simple(mechanism="y", outcome="m")
    for name in ("a", "b", "indirect"):
        here, there = found.effects[f"reversed:{name}"], other.effects[name]
        assert here.estimate == pytest.approx(there.estimate, rel=1e-9)
        np.testing.assert_allclose(here.percentile, there.percentile, rtol=1e-9)


def test_e_value_is_that_of_the_effect_in_sd():
    data = persons()
    found = simple(data=data)
    d = found.indirect * np.std(data["x"], ddof=1) / np.std(data["y"], ddof=1)
    ratio = np.exp(0.91 * abs(d))
    assert float(found.e_value) == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)), rel=1e-9)
    assert 1 <= found.e_value.limit < found.e_value
    treated = (data["x"] > 3).astype(int) * 2
    binary = simple(data=data | {"x": treated})
    ratio = np.exp(0.91 * abs(binary.indirect * 2 / np.std(data["y"], ddof=1)))
    assert float(binary.e_value) == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)), rel=1e-9)


def test_joint_significance_is_the_larger_p_of_both_paths():
    found = simple()
    a, b = found.effects["a"], found.effects["b"]
    assert found.joint_p() == max(a.p, b.p)
    assert found.effects["indirect"].p is None
    two = simple(mechanism=["m", "m2"])
    assert two.joint_p("m2") == max(two.effects["a:m2"].p, two.effects["b:m2"].p)
    with pytest.raises(ModelError, match="the mechanisms are m, m2"):
        two.joint_p()
    with pytest.raises(ModelError, match="No effect 'a'"):
        _ = two.a


def test_what_may_be_claimed_follows_from_the_order():
    assert simple().kind == "association"
    assert simple(measured=ORDER).kind == "mediation"
    assert simple(measured=dict.fromkeys("xmy", 1)).kind == "association"
    half = simple(measured={"x": 1, "m": 1, "y": 2})
    assert half.kind == "half-ordered"
    assert "x and m were measured at the same time" in half.messages[0]


def test_rows_that_lack_something_are_left_out_and_counted():
    data = persons()
    gaps = {**data, "m": np.where(np.arange(80) < 7, np.nan, data["m"])}
    rest = {name: column[7:] for name, column in data.items()}
    found = simple(data=gaps)
    assert found.estimates == pytest.approx(simple(data=rest).estimates, rel=1e-9)
    assert (found.n_persons, found.n_dropped) == (73, 7)
    assert any("7 rows lack a value" in said for said in found.messages)


def test_bad_input_is_refused_in_words():
    with pytest.raises(ModelError, match="the same value in every row"):
        simple(data=persons() | {"x": np.ones(80)})
    with pytest.raises(ModelError, match="only one of factor"):
        simple(outcome="m")
    with pytest.raises(ModelError, match="did you mean"):
        simple(covariates=["cc"])
    with pytest.raises(ModelError, match="Code two categories as 0 and 1"):
        simple(data=persons() | {"x": ["a", "b"] * 40})
    with pytest.raises(ModelError, match="4 persons with all columns cannot carry"):
        simple(data={name: column[:4] for name, column in persons().items()})
    with pytest.raises(ModelError, match="Collinear terms: 'c'"):
        simple(data=persons() | {"c": 2 * persons()["x"] + 1}, covariates=["c"])
    with pytest.raises(ModelError, match="bootstrap"):
        simple(bootstrap=0)
    with pytest.raises(ModelError, match="together"):
        simple(together="both")
    with pytest.raises(ModelError, match="without a moderator"):
        simple(mechanism=["m", "m2"], together="serial", moderator="w")
    with pytest.raises(ModelError, match="expected a column"):
        simple(mechanism=[])


def test_a_factor_that_one_person_has_has_no_error():
    rare = (np.arange(80) == 3).astype(float)
    with pytest.raises(ModelError, match="too few persons vary"):
        simple(data=persons() | {"x": rare})
    few = (np.arange(80) < 4).astype(float)
    found = simple(data=persons() | {"x": few}, bootstrap=2000)
    assert found.draws < 2000
    assert any("had collinear columns" in said for said in found.messages)


def with_exposure(n=150, seed=4):
    rng = np.random.default_rng(seed)
    data = persons(n, seed)
    E = 3 + 0.4 * data["x"] + 0.3 * data["m"] + rng.gamma(2, 1, n)
    return data | {"E": E, "E2": E**2, "P": data["y"] + 0.5 * E + 0.02 * E**2}


def test_one_step_has_exposure_in_the_equation_of_the_outcome_alone():
    data = with_exposure()
    found = simple(data=data, outcome="P", exposure=["E", "E2"])
    x, m, P, E, E2 = (data[name] for name in ("x", "m", "P", "E", "E2"))
    b, direct, *_ = ols(P, m, x, E, E2)
    assert found.a == pytest.approx(ols(m, x)[0], rel=1e-9)
    assert (found.b, found.direct) == pytest.approx((b, direct), rel=1e-7)
    assert found.total == pytest.approx(found.direct + found.a * found.b, rel=1e-12)
    told = found.sensitivity["indirect"]
    assert told.indirect(0.0) == pytest.approx(found.indirect, rel=1e-7)


def test_two_steps_are_those_of_the_residual_and_errors_refit_the_line():
    data = with_exposure(60)
    found = simple(data=data, outcome="P", exposure=["E"], steps=2, covariates=["c"])

    def effects(keep):
        x, c, m, P, E = (data[name][keep] for name in ("x", "c", "m", "P", "E"))
        slope = ols(P, E)[0]
        SR = P - P.mean() - slope * (E - E.mean())
        a, (b, direct, _) = ols(m, x, c)[0], ols(SR, m, x, c)
        return np.array([a, b, direct, a * b, direct + a * b, ols(SR, x, c)[0]]), SR

    everyone = np.arange(60)
    whole, SR = effects(everyone)
    own = [found.estimates[name] for name in ("a", "b", "direct", "indirect", "total")]
    np.testing.assert_allclose([*own, found.total], whole, rtol=1e-8)
    without = np.array([effects(everyone != one)[0] for one in everyone])
    errors = np.sqrt(((without - whole) ** 2).sum(axis=0) * 59 / 60)
    assert found.standard_errors["b"] == pytest.approx(errors[1], rel=1e-7)
    assert found.standard_errors["indirect"] == pytest.approx(errors[3], rel=1e-7)
    d = abs(found.indirect) * np.std(data["x"], ddof=1) / np.std(SR, ddof=1)
    ratio = np.exp(0.91 * d)
    assert float(found.e_value) == pytest.approx(ratio + np.sqrt(ratio * (ratio - 1)), rel=1e-7)
    assert found.log_likelihood is None
    with pytest.raises(ModelError, match="two steps need"):
        simple(steps=2)


def test_two_steps_differ_from_one_by_what_exposure_shares():
    """What two steps leave out is what exposure shares with mechanism and factor."""
    data = with_exposure()
    x, E = data["x"], data["E"]
    one = simple(data=data, outcome="P", exposure=["E"], mechanism="m")
    two = simple(data=data, outcome="P", exposure=["E"], mechanism="m", steps=2)
    predictors = np.column_stack([data["m"], x])
    left_E = E - E.mean()
    shared = np.linalg.lstsq(np.column_stack([np.ones(150), predictors]), left_E, rcond=None)[0][1:]
    slope_one = ols(data["P"], data["m"], x, E)[2]
    slope_two = ols(data["P"], E)[0]
    # What is left of exposure goes with the predictors: Frisch, Waugh and Lovell.
    assert two.b == pytest.approx(one.b + (slope_one - slope_two) * shared[0], rel=1e-7)
    assert two.direct == pytest.approx(one.direct + (slope_one - slope_two) * shared[1], rel=1e-6)
