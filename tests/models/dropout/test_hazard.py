"""The hazard of being lost against a plain logistic regression, and where it has none."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from salutogen.errors import ModelError
from salutogen.models.dropout.hazard import blocks_of_occasions, fit_hazard
from salutogen.models.dropout.weights import lost_after
from tests.models.dropout.panels import panel


def test_the_hazard_is_a_logistic_regression_clustered_by_person() -> None:
    data = panel()
    lost = lost_after(data.person, data.occasion, data.end)
    risk = data.occasion < data.end
    person, y = data.person[risk], data.y[risk]
    X = np.column_stack([np.ones(y.size), y, data.factor[person]])
    found = fit_hazard(X, lost[risk], person, data.n, names=["one", "y", "factor"])
    plain = sm.GLM(lost[risk].astype(float), X, family=sm.families.Binomial()).fit(
        cov_type="cluster", cov_kwds={"groups": person, "use_correction": False}
    )
    persons = np.unique(person).size
    assert found.coefficients == pytest.approx(plain.params, rel=1e-6)
    errors = np.sqrt(np.diag(found.covariance))
    assert errors == pytest.approx(plain.bse * np.sqrt(persons / (persons - 1)), rel=1e-5)
    assert np.sqrt(np.sum(found.pulls**2, axis=0)) == pytest.approx(plain.bse, rel=1e-5)
    assert found.chance == pytest.approx(plain.fittedvalues, rel=1e-6)
    df = lost.sum() - 3
    assert found.df == df
    half = stats.t.ppf(0.975, df) * errors
    assert found.interval()[1] - found.coefficients == pytest.approx(half)
    t = abs(found.coefficients / errors)
    assert found.p_values() == pytest.approx(2 * stats.t.sf(t, df))
    assert found.estimates["y"] > 0
    assert found.standard_errors["y"] == pytest.approx(errors[1])


@pytest.mark.parametrize("column", ["separates", "twice"])
def test_a_term_that_has_no_estimate_is_refused_by_name(column: str) -> None:
    data = panel()
    lost = lost_after(data.person, data.occasion, data.end)
    own = lost.astype(float) if column == "separates" else np.full(lost.size, 2.0)
    X = np.column_stack([np.ones(lost.size), own])
    with pytest.raises(ModelError, match=column):
        fit_hazard(X, lost, data.person, data.n, names=["one", column])


def test_an_occasion_has_its_own_hazard_only_where_five_were_lost_and_five_were_not() -> None:
    lost_at, stayed_at = [6, 2, 3, 7, 1], [20, 20, 20, 20, 20]
    pairs = list(zip(lost_at, stayed_at, strict=True))
    occasion = np.concatenate([np.full(a + b, at) for at, (a, b) in enumerate(pairs)])
    lost = np.concatenate([np.arange(a + b) < a for a, b in pairs])
    block = blocks_of_occasions(occasion, lost)
    assert [int(block[occasion == at][0]) for at in range(5)] == [0, 1, 1, 2, 2]


def test_at_most_sixteen_hazards_stand_beside_each_other() -> None:
    occasion = np.repeat(np.arange(60), 40)
    lost = np.tile(np.arange(40) < 20, 60)
    block = blocks_of_occasions(occasion, lost)
    assert block.max() + 1 <= 16
    assert (np.diff(block) >= 0).all()
