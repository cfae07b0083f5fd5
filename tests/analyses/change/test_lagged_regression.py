"""The lagged regression against statsmodels."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from salutogen.analyses.change.lagged_regression import lagged_regression
from tests.analyses.change.studies import course

OCCASIONS = ("T0", "T1", "T2", "T3")


def study() -> tuple[dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(9)
    values = course(rng, ((0.3, 0.0), (0.2, 0.3)), 120, 4)
    values[rng.random(values.shape) < 0.1] = np.nan
    return {"x": values[:, :, 0], "y": values[:, :, 1]}, rng.normal(size=120)


def test_pooled_lines_are_those_of_statsmodels() -> None:
    values, age = study()
    found = lagged_regression(values, OCCASIONS, lag=1, free=False, covariates={"age": age})
    assert len(found.paths) == 4
    blocks, outcome, person = [], [], []
    for t in (1, 2, 3):
        when = np.zeros((120, 3))
        when[:, t - 1] = 1
        blocks.append(np.column_stack([values["x"][:, t - 1], values["y"][:, t - 1], age, when]))
        outcome.append(values["y"][:, t])
        person.append(np.arange(120))
    X, y, who = np.concatenate(blocks), np.concatenate(outcome), np.concatenate(person)
    full = np.isfinite(X).all(axis=1) & np.isfinite(y)
    fit = sm.OLS(y[full], X[full]).fit(cov_type="cluster", cov_kwds={"groups": who[full]})
    row = next(path for path in found.paths if (path.source, path.outcome) == ("x", "y"))
    assert row.estimate == pytest.approx(fit.params[0])
    n, k = X[full].shape
    assert row.se == pytest.approx(fit.bse[0] * np.sqrt((n - k) / (n - 1)))  # CR1: G/(G − 1) alone
    assert found.n == len(np.unique(who[full]))
    assert row.low < row.estimate < row.high


def test_free_lines_are_fitted_by_occasion() -> None:
    values, _ = study()
    found = lagged_regression(values, OCCASIONS, lag=2, free=True, covariates={})
    assert {path.occasion for path in found.paths} == {"T2", "T3"}
    X = np.column_stack([values[name][:, 3 - back] for back in (1, 2) for name in ("x", "y")])
    X, y = sm.add_constant(X), values["y"][:, 3]
    full = np.isfinite(X).all(axis=1) & np.isfinite(y)
    fit = sm.OLS(y[full], X[full]).fit()
    row = next(
        path for path in found.paths
        if (path.source, path.outcome, path.lag, path.occasion) == ("x", "y", 2, "T3")
    )  # fmt: skip
    assert row.estimate == pytest.approx(fit.params[3])
