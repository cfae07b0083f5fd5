"""RMSEA beside chi-square tells how many persons there are, made with another number another."""

from __future__ import annotations

import polars as pl
import pytest

from salutogen.analyses.told_fit import RMSEA, with_told_size
from salutogen.models.sem.fit_indices import rmsea
from salutogen.page.audience import Audience


@pytest.mark.parametrize(("n", "n_persons"), [(43, 60), (57, 60), (211, 300)])
def test_rmsea_tells_a_multiple_of_five(n: int, n_persons: int) -> None:
    chi_square, df = 25.1, 8
    table = pl.DataFrame([{"chi_square": chi_square, "df": df, **rmsea(chi_square, df, n, 1)}])
    told = Audience(individuals=False, n_persons=n_persons, seed=1).told_size(n)

    def recovered(found: pl.DataFrame) -> float:
        return (chi_square - df) / (df * found["rmsea"].item() ** 2)

    assert recovered(table) == pytest.approx(n)
    hidden = with_told_size(table, RMSEA, n, told)
    assert recovered(hidden) == pytest.approx(told)
    assert told != n
    of_told = rmsea(chi_square, df, told, 1)
    assert [hidden[name].item() for name in RMSEA] == pytest.approx([of_told[x] for x in RMSEA])
    assert with_told_size(table, RMSEA, n, n) is table
