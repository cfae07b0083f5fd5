"""The seeded trajectories that kml was given (NumPy only)."""

from __future__ import annotations

import numpy as np


def trajectories(n, t, seed):
    """Three quadratic courses with a random intercept; about 10 % missing. -> (n, t)"""
    rng = np.random.default_rng(seed)
    curves = np.array([[5, 0, 0], [9, -0.9, 0.05], [6, 2.2, -0.12]])
    course = rng.choice(3, size=n, p=[0.65, 0.2, 0.15])
    times = np.arange(t, dtype=float)
    y = curves[course] @ np.stack([np.ones(t), times, times**2], 1).T
    y = y + rng.normal(size=(n, 1)) * 1.5
    y = y + rng.normal(size=(n, t)) * 1.5
    return np.where(rng.random((n, t)) > 0.1, y, np.nan)


def own_mean(table):
    """Missing values replaced by the person's mean."""
    return np.where(np.isnan(table), np.nanmean(table, axis=1, keepdims=True), table)


WHOLE = {
    "wide_300_8_26": trajectories(300, 8, 26),
    "wide_300_8_26_c": own_mean(trajectories(300, 8, 26)),
    "wide_5000_10_27": trajectories(5000, 10, 27),
}
# kml was run on all occasions but the last: its BIC − AIC = p (ln N − 2) gives p = 15 and 19
# parameters for two classes, hence 7 and 9 occasions.
CASES = {name: table[:, :-1] for name, table in WHOLE.items()}
