"""Change on baseline over completed sets: Rubin's rules by hand, and a truth in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student

from salutogen.errors import ModelError
from salutogen.models import ChainedImputation
from salutogen.models.regression.change_on_baseline import PersonSums, change_on_baseline
from salutogen.models.regression.change_on_baseline_pooled import pool_change_on_baseline

KS = (1.0, 1.2, 3.0)
RHO, SDS = 0.5, (3.0, 3.6)


def cohort(n: int, seed: int = 1) -> np.ndarray:
    """Before, after, and a covariate (n, 3): both correlate .5, with SDs 3.0 and 3.6."""
    z = np.random.default_rng(seed).normal(size=(n, 3))
    after = RHO * z[:, 0] + np.sqrt(1 - RHO**2) * z[:, 1]
    return np.column_stack([10 + SDS[0] * z[:, 0], 12 + SDS[1] * after, z[:, 2] + 0.3 * z[:, 0]])


def lost(data: np.ndarray, seed: int = 2) -> np.ndarray:
    """Who had many problems before lacks those after more often."""
    gone = np.random.default_rng(seed).random(len(data)) < 1 / (1 + np.exp(11 - data[:, 0]))
    return np.column_stack([data[:, 0], np.where(gone, np.nan, data[:, 1]), data[:, 2]])


def test_it_is_rubins_rules_by_hand() -> None:
    sets = [cohort(80, seed=seed) for seed in (3, 4, 5)]
    found = pool_change_on_baseline(
        ((one[:, 0], one[:, 1], one[:, 2:]) for one in sets), names=("age",), k=KS
    )
    ks = np.array(KS)
    rows, errors, rho = [], [], []
    for one in sets:
        sums = PersonSums.of(one[:, 0], one[:, 1], one[:, 2:], ("age",))
        whole = sums.whole(ks, 1.0, True)
        scatter = sums.errors(whole, ks, 1.0, True)
        rows.append(np.vstack([whole.naive, whole.corrected[0]]))
        errors.append(np.vstack([scatter.naive, scatter.corrected[0]]))
        rho.append(np.corrcoef(one[:, 0], one[:, 1])[0, 1])
    q, within = np.mean(rows, axis=0), np.mean(np.square(errors), axis=0)
    between = np.var(rows, axis=0, ddof=1)
    total = within + (1 + 1 / 3) * between
    share = (1 + 1 / 3) * between / total
    complete = 80 - 3
    old, seen = 2 / share**2, (complete + 1) / (complete + 3) * complete * (1 - share)
    df = 1 / (1 / old + 1 / seen)
    assert found.correlation == pytest.approx(np.tanh(np.mean(np.arctanh(rho))))
    assert found.possible.tolist() == [True, True, True, False]
    np.testing.assert_allclose(found.slopes[:3], q[:3])
    np.testing.assert_allclose(found.errors[:3], np.sqrt(total)[:3])
    np.testing.assert_allclose(found.df[:3], df[:3])
    half = student.ppf(0.975, df) * np.sqrt(total)
    np.testing.assert_allclose(found.intervals[:, :3], np.array([q - half, q + half])[:, :3])
    assert np.isnan(found.slopes[3]).all()
    assert (found.n, found.n_sets, found.names) == (80, 3, ("baseline", "age"))


def test_who_left_by_what_was_seen_no_longer_moves_the_slope() -> None:
    """With k the slope is rho (SD after / SD before - k), in a population of normal scores."""
    shown = lost(cohort(6000))
    sets = ChainedImputation(imputations=20, seed=1).fit(shown)
    found = pool_change_on_baseline(
        ((one[:, 0], one[:, 1], np.empty((6000, 0))) for one in sets.arrays()), k=(1.0, 1.2)
    )
    truth = [RHO * (SDS[1] / SDS[0] - k) for k in (1.0, 1.2)]
    np.testing.assert_allclose(found.slopes[1:, 0], truth, atol=0.03)
    low, high = found.intervals[:, 1:, 0]
    assert ((low < truth) & (truth < high)).all()
    here = np.isfinite(shown[:, 1])
    with_both = change_on_baseline(shown[here, 0], shown[here, 1], k=(1.0, 1.2), draws=200)
    assert (with_both.interval[:, 0, 0] > truth).all()  # those who are left differ less
    assert 0.1 < found.fraction_missing[1, 0] < 0.7


def test_one_set_or_none_is_refused() -> None:
    one = cohort(30)
    with pytest.raises(ModelError, match="at least 2"):
        pool_change_on_baseline([(one[:, 0], one[:, 1], np.empty((30, 0)))])
    with pytest.raises(ModelError, match="No completed set"):
        pool_change_on_baseline([])


def test_measurements_that_tell_the_same_are_refused() -> None:
    before = cohort(30)[:, 0]
    same = (before, 2 * before + 1, np.empty((30, 0)))
    with pytest.raises(ModelError, match="tell the same"):
        pool_change_on_baseline([same, same])
