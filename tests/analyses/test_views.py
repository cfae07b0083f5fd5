"""Views: person by occasion, long, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import salutogen as sg
from salutogen.analyses.views import Views
from salutogen.errors import AnalysisError
from tests.analyses.small_cohort import OCCASIONS, PERSONS, results_of


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> sg.Results:
    return results_of(tmp_path_factory.mktemp("cohort"))


@pytest.fixture(scope="module")
def views(results: sg.Results) -> Views:
    return Views(results.score_table, results.resilience)


@pytest.mark.parametrize("name", ["P", "E", "SR", "SR_z", "E_events", "valid"])
def test_wide_is_the_table_by_person_and_occasion(
    results: sg.Results, views: Views, name: str
) -> None:
    wide = views.wide(name)
    assert wide.values.shape == (PERSONS, OCCASIONS)
    assert wide.occasions == ("1", "2", "3", "4")
    for row in results.scores.sample(30, seed=3).iter_rows(named=True):
        person = wide.persons.index(row["subject"])
        assert wide.values[person, wide.occasions.index(row["occasion"])] == float(row[name])


def test_long_leaves_missing_ones_out(views: Views) -> None:
    wide, long = views.wide("SR"), views.long("SR")
    assert long.values.size == np.isfinite(wide.values).sum()
    assert np.array_equal(long.values, wide.values[long.person, long.occasion])
    assert views.wide("SR") is wide


def test_an_unknown_name_is_refused_with_the_nearest(views: Views) -> None:
    with pytest.raises(AnalysisError, match=r"'SR_x' is scored .* Did you mean 'SR"):
        views.wide("SR_x")
    assert "subject" not in views.names


def test_repeated_factors_have_views(tmp_path: Path) -> None:
    results = results_of(tmp_path)
    table = results.score_table.table.with_columns(pl.lit(2.5).alias("factor:support"))
    from dataclasses import replace

    views = Views(replace(results.score_table, table=table), results.resilience)
    assert (views.wide("support").values == 2.5).all()
