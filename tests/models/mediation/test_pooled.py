"""Indirect effects over completed sets: by hand, Rubin's variance, missing at random, executors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

from salutogen.errors import ModelError
from salutogen.models import ChainedImputation, mediate, pool_estimates
from salutogen.models.mediation.pooled import mediate_sets
from salutogen.models.resampling.bootstrap import bootstrap_sums

NAMES = {"factor": "x", "mechanism": "m", "outcome": "y"}


def completed(n=120, imputations=4, *, seed=1, gone=0.3):
    """Sets of x, m and y in which m was missing where y is high: a = .6, b = -.5, direct -.2."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    m = 0.6 * x + rng.normal(size=n)
    y = -0.5 * m - 0.2 * x + rng.normal(size=n)
    seen = m.copy()
    seen[rng.random(n) < 2 * gone * (y > np.median(y))] = np.nan
    sets = ChainedImputation(imputations=imputations, seed=seed).fit(np.column_stack([x, seen, y]))
    whole = [dict(zip("xmy", one.T, strict=True)) for one in sets.arrays()]
    return whole, {"x": x, "m": seen, "y": y}


def slopes(outcome, *columns):
    X = np.column_stack([np.ones(outcome.size), *columns])
    return np.linalg.lstsq(X, outcome, rcond=None)[0][1:]


def indirect(x, m, y):
    return slopes(m, x)[0] * slopes(y, m, x)[0]


def test_estimates_and_errors_are_rubin_s_of_the_model_of_each_set():
    sets, _ = completed()
    found = mediate_sets(sets, **NAMES, bootstrap=400)
    each = [mediate(**NAMES, data=one, bootstrap=2) for one in sets]
    for name, effect in found.effects.items():
        pooled = pool_estimates(
            [one.effects[name].estimate for one in each],
            [one.effects[name].standard_error for one in each],
            df_complete=120 - 1 - 3,
        )
        assert effect.estimate == pytest.approx(pooled.estimate)
        assert effect.standard_error == pytest.approx(pooled.standard_error)
        assert effect.df == pytest.approx(pooled.df)
        assert effect.fraction_missing == pytest.approx(pooled.fraction_missing)
        assert (effect.p is None) == ("indirect" in name)
    assert found.joint_p() == max(found.effects["a"].p, found.effects["b"].p)
    rhos = [np.arctanh(one.rho_at_zero) for one in each]
    assert found.rho_at_zero == pytest.approx(np.tanh(np.mean(rhos)))
    assert (found.n_sets, found.n_persons, found.draws) == (4, 120, 400)


def test_limits_are_percentiles_of_persons_drawn_from_each_set_moved_apart():
    sets, _ = completed(60, 3)
    found = mediate_sets(sets, **NAMES, bootstrap=60, seed=8)
    seeds = np.random.SeedSequence(8).generate_state(3)
    centres = [indirect(*one.values()) for one in sets]
    drawn = []
    for one, own, centre in zip(sets, seeds, centres, strict=True):
        away = (np.sqrt(4 / 2) - 1) * (centre - np.mean(centres))
        for times in bootstrap_sums(np.eye(60), draws=20, seed=int(own)).round().astype(int):
            drawn.append(away + indirect(*(np.repeat(column, times) for column in one.values())))
    each = [mediate(**NAMES, data=one, bootstrap=2).effect("indirect") for one in sets]
    within = np.mean([one.standard_error**2 for one in each])
    between = 4 / 3 * np.var(centres, ddof=1)
    wider = stats.t.ppf(0.975, 2 / (between / (within + between)) ** 2) / stats.norm.ppf(0.975)
    assert wider > 1.001
    limits = np.mean(centres) + wider * (np.quantile(drawn, [0.025, 0.975]) - np.mean(centres))
    assert tuple(found.effects["indirect"].percentile) == pytest.approx(tuple(limits))


def test_spread_of_all_draws_is_that_of_rubin_s_rules():
    sets, _ = completed(400, 5, gone=0.45)
    effect = mediate_sets(sets, **NAMES, bootstrap=20_000).effects["direct"]
    half = (effect.percentile.high - effect.percentile.low) / 2
    assert half / stats.t.ppf(0.975, effect.df) == pytest.approx(effect.standard_error, rel=0.06)


def test_where_the_mechanism_is_missing_by_the_outcome_sets_hold_the_truth_and_the_rest_not():
    sets, seen = completed(6000, 20, gone=0.4)
    pooled = mediate_sets(sets, **NAMES, bootstrap=2000).effects["indirect"]
    rest = mediate(**NAMES, data=seen, bootstrap=1000).effect("indirect")
    assert pooled.percentile.low < -0.3 < pooled.percentile.high
    assert not rest.percentile.low < -0.3 < rest.percentile.high
    assert pooled.fraction_missing > 0.1


def test_sets_are_worked_on_by_any_executor_with_the_same_bytes():
    sets, _ = completed()
    here = mediate_sets(sets, **NAMES, bootstrap=200)
    with ThreadPoolExecutor(2) as executor:
        there = mediate_sets(sets, **NAMES, bootstrap=200, executor=executor)
    assert here.effects == there.effects
    assert here.e_value == there.e_value


def test_one_set_is_refused():
    sets, _ = completed()
    with pytest.raises(ModelError, match="One completed set"):
        mediate_sets(sets[:1], **NAMES)


def test_the_e_value_may_be_asked_for_any_difference_of_the_factor():
    sets, _ = completed()
    one, two = (mediate_sets(sets, **NAMES, bootstrap=200, difference=d) for d in (1.0, 2.0))
    by_sd = mediate_sets(sets, **NAMES, bootstrap=200)
    effect, sd = one.effects["indirect"], np.std(sets[0]["x"], ddof=1)
    spread = np.mean([1 / np.std(data["y"], ddof=1) for data in sets])
    for found, difference in ((one, 1.0), (two, 2.0), (by_sd, sd)):
        d = abs(effect.estimate) * difference * spread
        risk = np.exp(0.91 * d)
        assert float(found.e_value) == pytest.approx(risk + np.sqrt(risk * (risk - 1)))
