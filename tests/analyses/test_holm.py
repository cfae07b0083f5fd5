"""p values adjusted for several tests: those of another program."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from salutogen.analyses.holm import holm


@pytest.mark.parametrize("n", [1, 2, 6, 12])
def test_holm_is_that_of_statsmodels(n: int) -> None:
    p = np.random.default_rng(n).random(n) ** 3
    np.testing.assert_allclose(holm(p), multipletests(p, method="holm")[1], atol=1e-12)


def test_places_without_a_test_do_not_count() -> None:
    assert holm([np.nan, 0.02, 0.03]).tolist() == pytest.approx([np.nan, 0.04, 0.04], nan_ok=True)
