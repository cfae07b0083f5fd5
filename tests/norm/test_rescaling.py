"""Units: the same SR in raw points and z scores, and no way to mix the two."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from salutogen.errors import NormError
from salutogen.norm import fit_norm
from salutogen.norm.rescaling import in_z_units
from tests.norm.cohorts import simulated


@pytest.mark.parametrize("shape", ["linear", "quadratic"])
def test_z_and_raw_units_give_the_same_scores(shape: str) -> None:
    norm = fit_norm(simulated(norm={"shape": shape}))
    rows = norm.scores.table.filter("valid")
    E, P = rows["E"].to_numpy(), rows["P"].to_numpy()
    moments = {
        "mean_P": float(P.mean()),
        "sd_P": float(P.std(ddof=1)),
        "mean_E": float(E.mean()),
        "sd_E": float(E.std(ddof=1)),
    }
    raw = P - norm.occasion.expected(rows, level="occasion")
    z = pl.DataFrame(
        {
            "E": (E - moments["mean_E"]) / moments["sd_E"],
            "P": (P - moments["mean_P"]) / moments["sd_P"],
        }
    )
    line = in_z_units(norm.occasion, **moments)
    standardised = z["P"].to_numpy() - line.expected(z, level="occasion")
    np.testing.assert_allclose(standardised * moments["sd_P"], raw, atol=1e-10)
    np.testing.assert_allclose(
        standardised / line.residual_sd, raw / norm.occasion.residual_sd, atol=1e-10
    )

    for wrong_line, table in ((norm.occasion, z), (line, rows)):
        with pytest.raises(NormError) as caught:
            wrong_line.expected(table, level="occasion")
        assert {finding.code for finding in caught.value.findings} == {"units-differ"}


def test_rewritten_covariance_is_that_of_the_rewritten_fit() -> None:
    norm = fit_norm(simulated())
    means = norm.period_tables["person"]
    E, P = means["E"].to_numpy(), means["P"].to_numpy()
    line = in_z_units(
        norm.person,
        mean_P=P.mean(),
        sd_P=P.std(ddof=1),
        mean_E=E.mean(),
        sd_E=E.std(ddof=1),
    )
    z = (E - E.mean()) / E.std(ddof=1)
    X = np.column_stack([np.ones(z.size), z])
    residuals = (P - P.mean()) / P.std(ddof=1) - X @ np.asarray(line.coefficients)
    expected = np.linalg.inv(X.T @ X) * (residuals @ residuals) / (z.size - 2)
    np.testing.assert_allclose(line.covariance, expected, atol=1e-12)
    assert line.slope == pytest.approx(np.corrcoef(E, P)[0, 1])


def test_splines_and_composites_are_not_rewritten() -> None:
    norm = fit_norm(simulated(combine="composite"))
    with pytest.raises(NormError):
        in_z_units(norm.person, mean_P=0.0, sd_P=1.0, mean_E=0.0, sd_E=1.0)
