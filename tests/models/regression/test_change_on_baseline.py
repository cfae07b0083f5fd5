"""Change on baseline: the published formula by plain regressions, and slopes of known truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.errors import ModelError
from salutogen.models.regression.change_on_baseline import PersonSums, change_on_baseline

KS = (1.0, 1.2, 1.5, 2.0)


def cohort(
    n: int, *, slope: float = 0.0, error: float = 2.0, seed: int = 1
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Before, after and two covariates; true levels change by `slope` times themselves."""
    rng = np.random.default_rng(seed)
    C = np.column_stack([rng.normal(40, 10, n), rng.random(n) < 0.4])
    level = 15 + 0.1 * (C[:, 0] - 40) + C[:, 1] + rng.normal(0, 2, n)
    before = level + rng.normal(0, error, n)
    after = level + slope * (level - 15) + 3 + rng.normal(0, error, n)
    return before, after, C


@pytest.mark.parametrize("m", [1.0, 0.9])
@pytest.mark.parametrize("change", [True, False])
def test_it_is_the_published_formula(m: float, change: bool) -> None:
    before, after, C = cohort(150, slope=0.2)
    found = change_on_baseline(
        before, after, C, names=("age", "sex"), m=m, change=change, k=KS, draws=100
    )
    y = after - before if change else after
    naive = sm.OLS(y, sm.add_constant(np.column_stack([before, C]))).fit().params[1:]
    of_baseline = sm.OLS(before, sm.add_constant(C)).fit()
    rho = float(np.corrcoef(before, after)[0, 1])
    np.testing.assert_allclose(found.naive, naive)
    assert found.correlation == pytest.approx(rho)
    assert found.share == pytest.approx(of_baseline.rsquared)
    for place, k in enumerate(KS):
        if k * rho > 1:
            assert np.isnan(found.corrected[place]).all()
            continue
        left = 1 - of_baseline.rsquared
        slope = naive[0] + (m - k * rho) / left - (m - (1 if change else 0))
        others = naive[1:] + (k * rho - m) / left * of_baseline.params[1:]
        np.testing.assert_allclose(found.corrected[place], [slope, *others])


@pytest.mark.lengthy
def test_intervals_are_those_of_persons_drawn_with_replacement() -> None:
    before, after, C = cohort(120)
    found = change_on_baseline(before, after, C, names=("age", "sex"), draws=2000)
    rng = np.random.default_rng(5)
    drawn = []
    for _ in range(2000):
        own = rng.integers(0, 120, 120)
        once = change_on_baseline(before[own], after[own], C[own], names=("a", "b"), draws=1)
        drawn.append(once.corrected[0])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    np.testing.assert_allclose(found.interval[0], [low, high], atol=0.035)


def test_errors_are_those_of_leaving_out_one_person_after_the_other() -> None:
    before, after, C = cohort(60)
    sums = PersonSums.of(before, after, C, ("age", "sex"))
    ks = np.array(KS)
    errors = sums.errors(sums.whole(ks, 1.0, True), ks, 1.0, True)
    without = [
        change_on_baseline(*(np.delete(one, i, axis=0) for one in (before, after, C)), draws=1,
                           names=("age", "sex"))
        for i in range(60)
    ]  # fmt: skip
    whole = change_on_baseline(before, after, C, names=("age", "sex"), draws=50)
    for name, own in (("naive", errors.naive[0]), ("corrected", errors.corrected[0])):
        left = np.array([getattr(one, name) for one in without])
        here = np.isfinite(left).all(axis=0)
        scatter = np.sqrt(59 / 60 * np.sum((left - getattr(whole, name)) ** 2, axis=0))
        np.testing.assert_allclose(own[here], scatter[here], rtol=1e-8)
    assert whole.standard_errors == dict(zip(whole.names, errors.naive[0].tolist(), strict=True))
    robust = sm.OLS(after - before, sm.add_constant(np.column_stack([before, C]))).fit(
        cov_type="HC3"
    )
    np.testing.assert_allclose(whole.naive_error, robust.bse[1:], rtol=0.02)


def test_nobody_changed_and_the_naive_slope_says_they_did() -> None:
    before, after, _ = cohort(4000)
    found = change_on_baseline(before, after, draws=200)
    assert found.naive_interval[1, 0] < -0.3
    low, high = found.interval[0, :, 0]
    assert low < 0.0 < high


def test_a_true_slope_is_found_at_its_k() -> None:
    """Without a stressor two measurements would correlate by the reliability of the baseline."""
    slope, error = 0.5, 2.0
    before, after, _ = cohort(20_000, slope=slope, error=error, seed=3)
    variance = 4 + 1 + 0.24  # of true levels
    reliability = variance / (variance + error**2)
    k = reliability / float(np.corrcoef(before, after)[0, 1])
    # Here the stressor made the correlation larger: k would lie below 1, and is not offered.
    assert k < 1
    rng = np.random.default_rng(4)
    # A stressor that also acts at random: the correlation falls, and k lies above 1.
    after = after + rng.normal(0, 4, after.size)
    k = reliability / float(np.corrcoef(before, after)[0, 1])
    assert k > 1
    found = change_on_baseline(before, after, k=(k,), draws=300)
    low, high = found.interval[0, :, 0]
    assert found.corrected[0, 0] == pytest.approx(slope * reliability, abs=0.06)
    assert low < slope * reliability < high


def test_a_covariate_of_the_baseline_alone_is_not_credited() -> None:
    before, after, C = cohort(8000, seed=6)
    found = change_on_baseline(before, after, C, names=("age", "sex"), k=(1.0,), draws=200)
    # Nobody changed: at equal baselines those with higher levels seem to rise.
    assert found.naive_interval[0, 1] > 0
    assert abs(found.corrected[0, 1]) < abs(found.naive[1]) / 3


def test_the_seed_decides_the_draws() -> None:
    before, after, _ = cohort(60)
    one, two = (change_on_baseline(before, after, draws=50) for _ in range(2))
    np.testing.assert_array_equal(one.interval, two.interval)
    other = change_on_baseline(before, after, draws=50, seed=2)
    assert not np.array_equal(one.interval, other.interval)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"before": np.ones(60)}, "Collinear|does not vary"),
        ({"after": np.full(60, 3.0)}, "does not vary"),
        ({"k": (0.5,)}, "at least 1"),
        ({"covariates": np.ones((60, 1)), "names": ("same",)}, "Collinear"),
        ({"before": np.full(60, np.nan)}, "missing"),
    ],
)
def test_what_cannot_be_asked_is_refused(changed: dict[str, Any], match: str) -> None:
    before, after, C = cohort(60)
    given = {"before": before, "after": after, "covariates": C, "names": ("age", "sex")} | changed
    with pytest.raises(ModelError, match=match):
        change_on_baseline(**given, draws=20)
