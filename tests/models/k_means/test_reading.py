"""Frames for k-means: the persons' numbers are no occasion."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from salutogen.errors import ModelError
from salutogen.models import LongitudinalKMeans
from salutogen.models.k_means.reading import read_trajectories

rng = np.random.default_rng(5)
WAVES = {f"wave{t}": np.r_[rng.normal(0, 1, 12), rng.normal(9, 1, 12)] for t in range(3)}
LABELS = np.repeat([0, 1], 12)
NUMBERS = {
    "whole": np.arange(24) + 100,
    "shuffled": rng.permutation(24),
    "as decimals": np.arange(24.0),
    "with one missing": np.where(np.arange(24) == 3, np.nan, np.arange(24.0)),
    "with one twice": np.where(np.arange(24) == 3, 4, np.arange(24)),
    "sorted with gaps": np.cumsum(rng.integers(1, 90, 24)),
    "known by name alone": rng.permutation(24) * 137 + 11,
}


@pytest.mark.parametrize("kind", NUMBERS)
@pytest.mark.parametrize("frame", [dict, pd.DataFrame, pl.DataFrame, pl.LazyFrame])
def test_a_column_of_persons_numbers_is_refused_by_name(kind, frame):
    table = frame({"pid": NUMBERS[kind], **WAVES})
    with pytest.raises(ModelError, match=r"pid holds whole numbers.*occasions=\['wave0', 'wave1'"):
        LongitudinalKMeans(classes=2).fit(table)
    found = LongitudinalKMeans(classes=2).fit(table, occasions=list(WAVES))
    np.testing.assert_array_equal(found.labels, LABELS)
    assert found.occasions == tuple(WAVES)


def test_a_column_that_is_named_is_taken_whatever_it_holds():
    values, names = read_trajectories({"rank": np.arange(24), **WAVES}, ["rank", "wave0"])
    assert names == ("rank", "wave0")
    np.testing.assert_array_equal(values[:, 0], np.arange(24))


@pytest.mark.parametrize(
    "column",
    [
        np.arange(24) % 20,  # totals: some are alike
        np.arange(24) + 0.5,
        np.arange(24) > 11,
        rng.permutation(24) * 7,  # all different, but neither sorted nor without gaps
    ],
)
def test_values_that_are_no_numbers_of_persons_are_taken(column):
    values, names = read_trajectories(pl.DataFrame({"wave": column, **WAVES}))
    assert names == ("wave", *WAVES)
    np.testing.assert_array_equal(values[:, 0], column)


def test_scores_of_a_small_group_may_all_differ():
    scores = {"wave1": [31, 12, 44, 7, 25, 18, 52, 3, 39, 28, 60, 15]}
    values, _ = read_trajectories(scores | {"wave2": [30, 14, 41, 9, 22, 11, 50, 5, 33, 27, 58, 1]})
    assert values.shape == (12, 2)


def test_many_persons_numbers_without_a_telling_name_are_refused_unless_all_columns_are_alike():
    codes, steps = rng.permutation(60) * 97 + 5, rng.permutation(60) * 211 + 40
    scores = {"wave0": np.arange(60) % 9}
    with pytest.raises(ModelError, match="code holds whole numbers"):
        read_trajectories({"code": codes, **scores})
    values, _ = read_trajectories({"monday": codes, "tuesday": steps})
    assert values.shape == (60, 2)


def test_few_persons_may_all_differ():
    values, _ = read_trajectories({"a": [1, 2, 3, 4], "b": [4, 3, 2, 1]})
    assert values.shape == (4, 2)
