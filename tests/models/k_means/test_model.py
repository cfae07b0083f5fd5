"""Longitudinal k-means: kml's values, slow plain formulas, invariance, recovery, bad input."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import math
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salutogen.errors import ModelError
from salutogen.models import ConvergenceWarning, LongitudinalKMeans

REFERENCE = Path(__file__).parents[2] / "reference" / "k_means"
VALUES = json.loads((REFERENCE / "values.json").read_text(encoding="utf-8"))
PRINTED = 5e-9  # kml's values were printed with nine digits
nan = math.nan

_spec = importlib.util.spec_from_file_location("k_means_cases", REFERENCE / "cases.py")
cases = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(cases)


@pytest.fixture(scope="module")
def fits():
    return {name: LongitudinalKMeans().fit(table) for name, table in cases.CASES.items()}


def small(n=24, t=5, seed=3, missing=0.15):
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(n, t)) + 4 * rng.integers(0, 3, size=(n, 1))
    table[rng.random((n, t)) < missing] = nan
    table[np.isnan(table).all(axis=1), 0] = 1.0
    return table


@pytest.mark.parametrize("value", VALUES["partitions"], ids=lambda v: f"{v['data']} {v['classes']}")
def test_same_partition_as_kml_or_a_better_one(fits, value):
    """kml 2.4.6.1, `kml(nbClusters = 2:6, nbRedrawing = 20)`: sizes and criteria of its best."""
    found = fits[value["data"]].partitions[value["classes"]]
    assert found.converged
    if found.sizes.tolist() == value["sizes"]:
        for name, number in value["criteria"].items():
            assert found.criteria[name] == pytest.approx(number, rel=PRINTED), name
    else:
        for name in ("Calinski.Harabatz", "Calinski.Harabatz2", "Calinski.Harabatz3"):
            assert found.criteria[name] > value["criteria"][name]


def test_most_partitions_are_those_of_kml(fits):
    same = [
        fits[value["data"]].partitions[value["classes"]].sizes.tolist() == value["sizes"]
        for value in VALUES["partitions"]
    ]
    assert sum(same) >= 10


def test_best_number_of_classes(fits):
    result = fits["wide_300_8_26"]
    assert result.best == 2
    assert result.best_by("CH3") == 4
    assert result.best_by("bic") == 5
    np.testing.assert_array_equal(result.labels, result.partitions[2].labels)
    np.testing.assert_array_equal(result.centres, result.partitions[2].centres)
    assert list(result.criteria) == [2, 3, 4, 5, 6]
    frame = result.to_frame()
    assert frame["classes"].to_list() == [2, 3, 4, 5, 6]
    assert frame["calinski_harabasz"][0] == result.criteria[2]["Calinski.Harabatz"]
    with pytest.raises(ModelError, match=r"calinski_harabasz, .* got 'silhouette'"):
        result.best_by("silhouette")


def test_within_is_the_sum_of_squares_seen(fits):
    table, result = cases.CASES["wide_300_8_26"], fits["wide_300_8_26"]
    for k, found in result.partitions.items():
        total = 0.0
        for c, t in product(range(k), range(table.shape[1])):
            cell = table[found.labels == c, t]
            cell = cell[~np.isnan(cell)]
            assert found.centres[c, t] == pytest.approx(cell.mean(), rel=1e-12)
            total += ((cell - cell.mean()) ** 2).sum()
        assert found.within == pytest.approx(total, rel=1e-12)


@pytest.mark.parametrize("name", ["wide_300_8_26", "wide_5000_10_27"])
def test_nobody_is_nearer_to_another_class(fits, name):
    """Gower's distance of every person to every class mean, by the plain formula."""
    table = cases.CASES[name]
    for found in fits[name].partitions.values():
        squares = (table[:, None, :] - found.centres[None]) ** 2
        distances = np.nanmean(squares, axis=2) * table.shape[1]
        own = distances[np.arange(len(table)), found.labels]
        assert (own <= distances.min(axis=1) * (1 + 1e-12)).all()


def test_best_partition_of_few_persons_by_trying_all():
    table = small(n=9, t=3, seed=5)
    found = LongitudinalKMeans(classes=2, starts=30).fit(table).partitions[2]
    best = min(
        sum(np.nansum((table[labels == c] - _means(table[labels == c])) ** 2) for c in range(2))
        for bits in product((0, 1), repeat=8)
        if sum(bits) > 0
        for labels in [np.array([0, *bits])]
    )
    assert found.within == pytest.approx(best, rel=1e-10)


def _means(group):
    counts = (~np.isnan(group)).sum(axis=0)
    return np.nansum(group, axis=0) / np.maximum(counts, 1)


def test_well_separated_courses_are_recovered():
    rng = np.random.default_rng(8)
    truth = rng.choice(3, size=300, p=[0.5, 0.3, 0.2])
    courses = np.array([[0, 0, 0, 0], [0, 8, 4, 1], [9, 9, 9, 9]])
    table = courses[truth] + rng.normal(size=(300, 4))
    table[rng.random((300, 4)) < 0.2] = nan
    keep = ~np.isnan(table).all(axis=1)
    result = LongitudinalKMeans(seed=2).fit(table[keep])
    assert result.best == 3
    assert (result.labels == truth[keep]).mean() > 0.95
    assert result.partitions[3].n_best >= 2


def test_shape_ignores_level():
    rng = np.random.default_rng(4)
    truth = np.arange(200) % 2
    courses = np.array([[0, 1, 2, 3], [3, 2, 1, 0]])
    table = courses[truth] + 20 * rng.random((200, 1)) + 0.3 * rng.normal(size=(200, 4))
    level = LongitudinalKMeans(classes=2, starts=5).fit(table)
    shape = LongitudinalKMeans(classes=2, starts=5, distance="shape").fit(table)
    agree = (shape.labels == truth).mean()
    assert max(agree, 1 - agree) == 1
    assert 0.3 < (level.labels == truth).mean() < 0.7
    np.testing.assert_allclose(shape.centres.mean(axis=1), 0, atol=1e-12)
    shifted = LongitudinalKMeans(classes=2, starts=5, distance="shape").fit(table + truth[:, None])
    np.testing.assert_array_equal(shifted.labels, shape.labels)


@pytest.mark.parametrize(
    "begin", ["k-means++", "random-persons", "random-partition", "farthest", "mixed"]
)
def test_every_way_to_begin(begin):
    result = LongitudinalKMeans(begin=begin, classes=(4, 2, 3), starts=6).fit(small())
    assert result.spec.numbers == (2, 3, 4)
    assert result.converged
    for k, found in result.partitions.items():
        assert len(found.sizes) == k
        assert (np.diff(found.sizes) <= 0).all()
        assert found.sizes.min() >= 1
        assert len(found.starts) == 6
        np.testing.assert_array_equal(found.sizes, np.bincount(found.labels))
        assert found.shares.sum() == pytest.approx(1)


@given(st.integers(0, 10_000), st.integers(2, 4), st.floats(0, 0.6))
def test_any_small_table_gives_as_many_classes_as_asked(seed, k, missing):
    table = small(n=12, t=4, seed=seed, missing=missing)
    result = LongitudinalKMeans(classes=k, starts=3, exchanges=1, seed=seed).fit(table)
    found = result.partitions[k]
    assert sorted(set(found.labels.tolist())) == list(range(k))
    assert (np.diff(found.sizes) <= 0).all()
    assert found.within <= np.nansum((table - _means(table)) ** 2) + 1e-9


def test_order_of_persons_and_scale_do_not_matter():
    table = small(n=60, seed=9)
    order = np.random.default_rng(1).permutation(60)
    spec = LongitudinalKMeans(classes=3, starts=30)
    result = spec.fit(table).partitions[3]
    turned = spec.fit(table[order]).partitions[3]
    scaled = spec.fit(table * 100 - 7e5).partitions[3]
    assert sorted(turned.sizes) == sorted(result.sizes)
    assert turned.within == pytest.approx(result.within, rel=1e-12)
    np.testing.assert_array_equal(scaled.labels, result.labels)
    for name in ("calinski_harabasz", "ray_turi", "davies_bouldin"):
        assert turned.criteria[name] == pytest.approx(result.criteria[name], rel=1e-10)
        assert scaled.criteria[name] == pytest.approx(result.criteria[name], rel=1e-6)


def test_classes_of_equal_size_follow_their_first_persons():
    table = np.array([[9, 9.0], [0, 0], [9, 8], [0, 1], [20, 20], [20, 21]])
    result = LongitudinalKMeans(classes=3, starts=8).fit(table)
    assert result.labels.tolist() == [0, 1, 0, 1, 2, 2]


def test_persons_alike_still_fill_all_classes():
    result = LongitudinalKMeans(classes=(2, 3), starts=4).fit(np.ones((6, 3)))
    assert sorted(result.partitions[3].labels.tolist()) == [0, 0, 0, 0, 1, 2]
    assert result.messages[0].startswith("There are 1 different trajectories only")
    assert result.converged


def test_as_many_classes_as_persons():
    table = np.arange(12.0).reshape(4, 3) ** 2
    found = LongitudinalKMeans(classes=4, starts=3).fit(table).partitions[4]
    assert found.sizes.tolist() == [1, 1, 1, 1]
    assert found.within == 0


def test_an_occasion_at_which_nobody_was_seen():
    table = small(missing=0)
    table[:, 2] = nan
    result = LongitudinalKMeans(classes=3, starts=10).fit(table)
    without = LongitudinalKMeans(classes=3, starts=10).fit(np.delete(table, 2, axis=1))
    assert np.isnan(result.centres[:, 2]).all()
    assert result.partitions[3].within == pytest.approx(without.partitions[3].within)


def test_frames_and_arrays_give_the_same():
    table = small()
    names = [f"w{t + 1}" for t in range(table.shape[1])]
    spec = LongitudinalKMeans(classes=3, starts=5)
    expected = spec.fit(table)
    assert expected.occasions[0] == "occasion 1"
    person = [f"p{i}" for i in range(len(table))]
    columns = {name: table[:, t] for t, name in enumerate(names)}
    frames = [
        pl.DataFrame(columns).fill_nan(None),
        pl.LazyFrame(columns),
        pd.DataFrame(columns),
        columns,
    ]
    for frame in frames:
        result = spec.fit(frame)
        assert result.occasions == tuple(names)
        np.testing.assert_array_equal(result.labels, expected.labels)
    labelled = pl.DataFrame({"id": person, **columns})
    np.testing.assert_array_equal(spec.fit(labelled, occasions=names).labels, expected.labels)
    with pytest.raises(ModelError, match=r"id \(String\)"):
        spec.fit(labelled)


def test_threads_and_other_numbers_of_classes_do_not_change_a_bit(monkeypatch):
    table = cases.WHOLE["wide_300_8_26"]
    results = []
    monkeypatch.setattr("salutogen.models.parallel.threads.WORTH_A_THREAD", 1)
    for threads, classes in (("1", range(2, 5)), ("3", range(2, 5)), ("2", (4,))):
        monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
        results.append(LongitudinalKMeans(classes=classes, starts=6).fit(table).partitions[4])
    for other in results[1:]:
        assert other.labels.tobytes() == results[0].labels.tobytes()
        assert other.centres.tobytes() == results[0].centres.tobytes()
        assert other.starts.tobytes() == results[0].starts.tobytes()
        assert dict(other.criteria) == pytest.approx(dict(results[0].criteria), rel=1e-14)
    assert dict(results[1].criteria) == dict(results[0].criteria)


def test_seeds_are_kept_and_matter():
    table = cases.CASES["wide_300_8_26"]
    first, again, other = (
        LongitudinalKMeans(classes=6, starts=4, exchanges=0, seed=seed).fit(table)
        for seed in (1, 1, 2)
    )
    assert first.labels.tobytes() == again.labels.tobytes()
    assert first.partitions[6].starts.tolist() != other.partitions[6].starts.tolist()
    assert first.spec.seed == 1
    better = LongitudinalKMeans(classes=6, starts=4, seed=1).fit(table)
    assert better.criteria[6]["ch"] >= first.criteria[6]["ch"]
    assert better.partitions[6].starts.tobytes() == first.partitions[6].starts.tobytes()


def test_stopping_early_is_said():
    spec = LongitudinalKMeans(classes=6, starts=1, exchanges=0, max_iterations=2)
    with pytest.warns(ConvergenceWarning, match="still changing after 2 iterations"):
        result = spec.fit(cases.CASES["wide_300_8_26"])
    assert not result.converged
    assert any("6 classes" in message for message in result.messages)


def test_nothing_can_be_changed_afterwards():
    spec = LongitudinalKMeans(classes=2, starts=1)
    result = spec.fit(small())
    for thing, name in ((spec, "seed"), (result, "version"), (result.partitions[2], "labels")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(thing, name, 1)


@pytest.mark.parametrize(
    "data, message",
    [
        (np.ones((3, 4)), "6 classes were asked of 3 persons"),
        (np.ones((9, 1)), "at least 2 occasions, got 1"),
        (np.ones(9), r"\(persons, occasions\), got the shape \(9,\)"),
        ([[1.0, "a"], [2, 3]], "expected numbers"),
        (
            np.array([[1, math.inf], [nan, nan], [1, 2]]),
            "1 persons with infinite .*, rows 1; 1 .*2",
        ),
        (5, "expected an array or a data frame, got int"),
        ({"a": [1, 2], "b": ["x", "y"]}, r"b \(String\)"),
    ],
)
def test_bad_data_is_refused(data, message):
    with pytest.raises(ModelError, match=message):
        LongitudinalKMeans().fit(data)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"classes": 1}, "classes: expected whole numbers from 2 to 100"),
        ({"classes": ()}, "classes"),
        ({"starts": 0, "distance": "cosine"}, "distance: .*'cosine'. starts: .* got 0"),
        ({"begin": "best"}, "k-means"),
        ({"imputation": "mean"}, "locf"),
        ({"exchanges": -1}, "exchanges"),
        ({"seed": -1}, "seed"),
    ],
)
def test_bad_settings_are_refused(settings, message):
    with pytest.raises(ModelError, match=message):
        LongitudinalKMeans(**settings)


def test_unknown_column_names_the_nearest():
    with pytest.raises(ModelError, match="did you mean 'wave1'"):
        LongitudinalKMeans().fit(pl.DataFrame({"wave1": [1.0], "wave2": [2.0]}), occasions=["wav1"])
