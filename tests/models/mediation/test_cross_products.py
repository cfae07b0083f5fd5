"""Regressions from cross-products, against least squares on rows."""

from __future__ import annotations

import numpy as np

from salutogen.models.mediation.cross_products import packed_products, regress, unpacked


def test_each_sample_is_a_least_squares_fit():
    rng = np.random.default_rng(1)
    samples, n = 5, 30
    rows = rng.normal(size=(samples, n, 5)) * [1, 10, 0.1, 3, 1000]
    rows[:, :, 0] = 1.0
    packed = np.stack([packed_products(one).sum(axis=0) for one in rows])
    products = unpacked(packed, 5)
    np.testing.assert_allclose(products, np.swapaxes(rows, 1, 2) @ rows, rtol=1e-12)
    for outcome, predictors in ((4, [0, 1, 2, 3]), (1, [0, 3]), (2, [4]), (3, [])):
        found, squares = regress(products, outcome, predictors)
        for sample, one in enumerate(rows):
            X, y = one[:, predictors], one[:, outcome]
            b = np.linalg.lstsq(X, y, rcond=None)[0]
            np.testing.assert_allclose(found[sample], b, rtol=1e-9)
            np.testing.assert_allclose(squares[sample], np.sum((y - X @ b) ** 2), rtol=1e-9)


def test_collinear_samples_have_no_fit_and_leave_others_alone():
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(3, 20, 4))
    rows[1, :, 2] = 3 * rows[1, :, 0] - rows[1, :, 1]
    rows[2, :, 1] = 0.0
    products = np.swapaxes(rows, 1, 2) @ rows
    found, squares = regress(products, 3, [0, 1, 2])
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1:]).all()
    assert np.isnan(squares[1:]).all()
