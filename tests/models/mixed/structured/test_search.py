"""How the search for residuals' parameters goes: not step by step to zero, and first among some."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import polars as pl

from salutogen.models import ContinuousAR1, MixedModel

REFERENCE = Path(__file__).parents[3] / "reference" / "mixed_structures"
_spec = importlib.util.spec_from_file_location("search_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)
AR1 = ContinuousAR1(time="t")


def test_a_correlation_that_runs_to_zero_is_not_followed_step_by_step():
    """Rows minutes apart, independent: the correlation at the median distance has no end but 0."""
    rng = np.random.default_rng(2)
    person = np.repeat(np.arange(60), 40)
    gaps = rng.choice([0.01, 0.05, 2.0, 9.0], person.size)
    frame = pl.DataFrame(
        {"id": person, "hours": np.cumsum(gaps), "y": rng.normal(size=person.size)}
    )
    result = MixedModel("y ~ 1 + (1 | id)", residual=ContinuousAR1(time="hours")).fit(frame)
    plain = MixedModel("y ~ 1 + (1 | id)").fit(frame)
    assert result.converged
    assert result.residual_parameters["correlation"] >= 0
    assert result.log_likelihood >= plain.log_likelihood - 1e-7
    assert result.evaluations < 150


def test_a_first_search_among_some_persons_ends_where_one_of_all_does(monkeypatch):
    """Persons with many rows: a part of them is enough for a start."""
    import salutogen.models.mixed.structured.problem as module

    frame = pl.DataFrame(cases.serial(600, (150, 160), seed=6, rho=0.5))
    formula = "y ~ t + x + (1 | id)"
    some = MixedModel(formula, residual=AR1).fit(frame)
    assert module._one_in(600, frame.height) >= 4
    monkeypatch.setattr(module, "_one_in", lambda n_persons, n_obs: 0)
    everyone = MixedModel(formula, residual=AR1).fit(frame)
    np.testing.assert_allclose(some.log_likelihood, everyone.log_likelihood, rtol=1e-12)
    np.testing.assert_allclose(some.coefficients, everyone.coefficients, rtol=1e-6)
