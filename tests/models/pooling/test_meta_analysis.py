"""Meta-analysis: published figures of the BCG trials, statsmodels, brute force, refusals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from salutogen.errors import ModelError
from salutogen.models import meta_analysis

# BCG vaccine against tuberculosis (Colditz et al. 1994): cases and others, treated and not.
BCG = np.array(
    [
        (4, 119, 11, 128), (6, 300, 29, 274), (3, 228, 11, 209), (62, 13536, 248, 12619),
        (33, 5036, 47, 5761), (180, 1361, 372, 1079), (8, 2537, 10, 619), (505, 87886, 499, 87892),
        (29, 7470, 45, 7232), (17, 1699, 65, 1600), (186, 50448, 141, 27197), (5, 2493, 3, 2338),
        (27, 16886, 29, 17825),
    ],
    dtype=float,
)  # fmt: skip


def log_risk_ratios():
    a, b, c, d = BCG.T
    y = np.log(a / (a + b)) - np.log(c / (c + d))
    return y, np.sqrt(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d))


def test_published_figures_of_the_vaccine_trials():
    """Viechtbauer 2010, Journal of Statistical Software 36(3)."""
    found = meta_analysis(*log_risk_ratios(), hartung_knapp=False)
    assert round(found.estimate, 4) == -0.7145
    assert round(found.standard_error, 4) == 0.1798
    assert [round(limit, 4) for limit in found.interval] == [-1.0669, -0.3622]
    assert round(found.tau2, 4) == 0.3132
    assert round(100 * found.i2, 2) == 92.22
    assert (round(found.q, 3), found.q_df) == (152.233, 12)
    assert found.q_p < 1e-4
    assert round(found.log_likelihood, 4) == -12.2024
    moments = meta_analysis(*log_risk_ratios(), method="DL", hartung_knapp=False)
    assert round(moments.tau2, 4) == 0.3088
    assert round(moments.estimate, 4) == -0.7141


def test_moments_and_hartung_knapp_are_those_of_statsmodels():
    module = pytest.importorskip("statsmodels.stats.meta_analysis")
    y, se = log_risk_ratios()
    other = module.combine_effects(y, se**2, method_re="chi2", use_t=True)
    own = meta_analysis(y, se, method="DL")
    assert own.tau2 == pytest.approx(other.tau2, rel=1e-10)
    assert own.estimate == pytest.approx(other.mean_effect_re, rel=1e-10)
    assert own.standard_error == pytest.approx(np.sqrt(other.var_hksj_re), rel=1e-10)
    np.testing.assert_allclose(own.interval, other.conf_int()[3], rtol=1e-8)
    assert own.q == pytest.approx(other.q, rel=1e-10)
    # For moments, the share beyond errors is that of Q.
    assert own.i2 == pytest.approx((own.q - 12) / own.q, rel=1e-10)


@pytest.mark.parametrize("seed", range(8))
def test_restricted_likelihood_is_highest_at_the_variance_found(seed):
    """Density of contrasts between studies, on a fine grid of variances."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(3, 12))
    se = rng.uniform(0.1, 0.6, k)
    y = rng.normal(0.2, np.sqrt(se**2 + rng.choice([0.0, 0.05, 0.4])))
    contrasts = np.linalg.qr(np.column_stack([np.ones(k), np.eye(k)[:, 1:]]))[0][:, 1:]

    def height(tau2):
        V = contrasts.T @ np.diag(se**2 + tau2) @ contrasts
        return stats.multivariate_normal(np.zeros(k - 1), V).logpdf(contrasts.T @ y)

    found = meta_analysis(y, se)
    grid = np.concatenate([np.linspace(0, 0.02, 200), np.linspace(0.02, 3, 1500)])
    assert height(found.tau2) >= max(map(height, grid)) - 1e-9
    assert found.log_likelihood == pytest.approx(height(found.tau2), rel=1e-9)
    assert found.estimates["tau2"] == found.tau2 >= 0


def test_errors_and_prediction_by_hand():
    y, se = log_risk_ratios()
    found = meta_analysis(y, se)
    w = 1 / (se**2 + found.tau2)
    mean = np.average(y, weights=w)
    error = np.sqrt(np.sum(w * (y - mean) ** 2) / (12 * np.sum(w)))
    t = stats.t.ppf(0.975, 12)
    ahead = t * np.sqrt(error**2 + found.tau2)
    assert found.standard_errors == {"estimate": pytest.approx(error, rel=1e-10)}
    np.testing.assert_allclose(found.interval, [mean - t * error, mean + t * error], rtol=1e-9)
    np.testing.assert_allclose(found.prediction_interval, [mean - ahead, mean + ahead], rtol=1e-9)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(mean) / error, 12), rel=1e-8)
    np.testing.assert_allclose(found.weights, w / w.sum(), rtol=1e-12)
    assert found.df == 12
    plain = meta_analysis(y, se, hartung_knapp=False)
    ahead = 1.959963984540054 * np.sqrt(1 / w.sum() + found.tau2)
    np.testing.assert_allclose(plain.prediction_interval, [mean - ahead, mean + ahead], rtol=1e-9)


def test_studies_that_agree_have_no_variance_between_and_a_doubt():
    found = meta_analysis([0.30, 0.31, 0.29, 0.30, 0.30], [0.1] * 5)
    assert (found.tau2, found.i2) == (0.0, 0.0)
    assert "smaller than that of a common effect" in found.messages[0]
    assert meta_analysis([0.1, 0.9, 0.4], [0.1] * 3).messages[0].startswith("3 studies tell little")


def test_bad_input_is_refused():
    with pytest.raises(ModelError, match="at least 2 studies"):
        meta_analysis([0.1], [0.1])
    with pytest.raises(ModelError, match="above 0"):
        meta_analysis([0.1, 0.2], [0.1, np.nan])
    with pytest.raises(ModelError, match="REML, DL"):
        meta_analysis([0.1, 0.2], [0.1, 0.2], method="PM")
