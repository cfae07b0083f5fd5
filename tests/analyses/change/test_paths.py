"""Adjusted p values and standardised effects."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from salutogen.analyses.change.paths import Path, holm, path_table


@pytest.mark.parametrize("n", [1, 2, 6, 12])
def test_holm_is_that_of_statsmodels(n: int) -> None:
    p = np.random.default_rng(n).random(n) ** 3
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-12)


def test_places_without_a_test_do_not_count() -> None:
    assert holm([np.nan, 0.02, 0.03]).tolist() == pytest.approx([np.nan, 0.04, 0.04], nan_ok=True)


def test_an_effect_is_told_in_sds_and_only_crossing_ones_are_adjusted() -> None:
    figures = {"lag": 2, "occasion": "T3", "estimate": 2.0, "se": 0.5, "low": 1.0, "high": 3.0}
    paths = [
        Path(source="x", outcome=name, p=0.01, **figures)  # type: ignore[arg-type]
        for name in ("x", "y")
    ]
    own, other = path_table({"m": paths}, {"x": 1.0, "y": 4.0}).iter_rows(named=True)
    assert own["p_adjusted"] is None
    assert other["p_adjusted"] == 0.01
    assert other["path"] == "x → y, lag 2, at T3"
    assert (other["standardised_low"], other["standardised_high"]) == (0.25, 0.75)
