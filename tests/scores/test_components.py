"""The first component: a singular value decomposition, its fixed sign, its frozen metric."""

from __future__ import annotations

import numpy as np
import pytest

from salutogen.scores.components import fit_first_component


def scales(n: int = 300) -> list[np.ndarray]:
    rng = np.random.default_rng(7)
    distress = rng.normal(size=n)
    return [
        10 + 5 * distress + rng.normal(size=n) * 3,
        30 + 9 * distress + rng.normal(size=n) * 8,
        1 + 0.2 * distress + rng.normal(size=n) * 0.3,
    ]


def test_agrees_with_a_singular_value_decomposition() -> None:
    columns = scales()
    fitted = fit_first_component(["a", "b", "c"], columns)
    table = np.column_stack(columns)
    z = (table - table.mean(axis=0)) / table.std(axis=0, ddof=1)
    _, singular, rotation = np.linalg.svd(z, full_matrices=False)
    weights = rotation[0] * np.sign(rotation[0].sum())
    np.testing.assert_allclose(fitted.weights, weights, rtol=1e-9)
    assert fitted.explained == pytest.approx(singular[0] ** 2 / (singular**2).sum())
    score = fitted.apply(columns)
    np.testing.assert_allclose(score, z @ weights, atol=1e-9)
    for values, loading in zip(columns, fitted.loadings, strict=True):
        assert np.corrcoef(values, score)[0, 1] == pytest.approx(loading)


def test_higher_is_worse_whatever_the_eigenvector_says() -> None:
    for order in ([0, 1, 2], [2, 1, 0], [1, 0, 2]):
        columns = [scales()[index] for index in order]
        fitted = fit_first_component(["a", "b", "c"], columns)
        assert all(loading > 0 for loading in fitted.loadings)
        assert np.corrcoef(fitted.apply(columns), columns[0])[0, 1] > 0


def test_applied_to_other_rows_it_keeps_its_metric() -> None:
    columns = scales()
    fitted = fit_first_component(["a", "b", "c"], columns)
    later = [values + 5 for values in columns]
    shift = sum(weight * 5 / sd for weight, sd in zip(fitted.weights, fitted.sds, strict=True))
    np.testing.assert_allclose(fitted.apply(later) - fitted.apply(columns), shift)


def test_rows_without_a_scale_neither_fit_nor_score() -> None:
    columns = scales()
    holed = [columns[0].copy(), columns[1], columns[2]]
    holed[0][:20] = np.nan
    fitted = fit_first_component(["a", "b", "c"], holed)
    expected = fit_first_component(["a", "b", "c"], [values[20:] for values in columns])
    assert fitted == expected
    assert fitted.n == 280
    assert np.isnan(fitted.apply(holed)[:20]).all()


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ([np.array([1.0, 2.0]), np.array([2.0, 1.0])], "three"),
        ([np.arange(5.0), np.ones(5)], "same value"),
    ],
)
def test_what_cannot_be_fitted_says_why(columns: list[np.ndarray], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        fit_first_component(["a", "b"], columns)
