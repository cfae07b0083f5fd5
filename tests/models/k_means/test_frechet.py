"""Fréchet distances against every coupling, medoids against every choice, and what they find."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from salutogen.errors import ModelError
from salutogen.models.k_means import frechet
from salutogen.models.k_means.frechet import frechet_distance_matrix
from salutogen.models.k_means.model import LongitudinalKMeans


def longest_leash(a, b, i=0, j=0):
    """Least longest gap over all couplings from points i and j on, by trying them all."""
    gap = np.hypot(*(a[i] - b[j]))
    steps = [
        (i + x, j + y) for x, y in ((1, 0), (0, 1), (1, 1)) if i + x < len(a) and j + y < len(b)
    ]
    return max(gap, min((longest_leash(a, b, *step) for step in steps), default=0.0))


def table_with_gaps(n=12, width=5, seed=3):
    generator = np.random.default_rng(seed)
    table = generator.normal(size=(n, width)).cumsum(axis=1)
    table[generator.random(table.shape) < 0.2] = np.nan
    table[:, 0] = np.where(np.isnan(table).all(axis=1), 0.0, table[:, 0])
    return table


@pytest.mark.parametrize("time_scale", [0.0, 0.1, 2.0])
def test_distances_are_those_of_all_couplings(time_scale):
    table = table_with_gaps()
    scale = time_scale * np.nanstd(table)
    paths = [
        np.column_stack([np.flatnonzero(~np.isnan(row)) * scale, row[~np.isnan(row)]])
        for row in table
    ]
    expected = [[longest_leash(a, b) ** 2 for b in paths] for a in paths]
    np.testing.assert_allclose(frechet_distance_matrix(table, time_scale), expected, atol=1e-12)


def test_medoids_are_the_best_of_all_choices():
    table = table_with_gaps(14)
    distances = frechet_distance_matrix(table, 0.1)
    result = LongitudinalKMeans(classes=(2, 3), starts=60, distance="frechet").fit(table)
    for k, found in result.partitions.items():
        least = min(
            distances[list(chosen)].min(axis=0).sum() for chosen in combinations(range(14), k)
        )
        assert found.within == pytest.approx(least, rel=1e-9)
        assert found.starts.max() == pytest.approx(-least, rel=1e-9)
        assert found.n_best >= 1
        for c in range(k):
            assert any(np.array_equal(found.centres[c], row, equal_nan=True) for row in table)
    assert result.converged


def test_a_peak_is_found_whenever_it_comes(monkeypatch):
    """Peaks at different occasions are one class by Fréchet distance, not by Euclidean."""
    generator = np.random.default_rng(1)
    at = generator.integers(1, 7, size=60)
    truth = np.repeat([0, 1], [36, 24])
    table = np.where((np.arange(8) == at[:, None]) & (truth[:, None] == 0), 6.0, 0.0)
    table = table + generator.normal(size=table.shape) * 0.3
    spec = LongitudinalKMeans(classes=2, starts=10, distance="frechet")
    result = spec.fit(table)
    np.testing.assert_array_equal(result.labels, truth)
    euclidean = LongitudinalKMeans(classes=2, starts=10).fit(table)
    assert (euclidean.labels == truth).mean() < 0.9
    levels = generator.normal(size=(60, 1)) * 20
    shape = LongitudinalKMeans(classes=2, starts=10, distance="frechet-shape").fit(table + levels)
    assert (shape.labels == truth).mean() > 0.95
    for threads in ("1", "3"):
        monkeypatch.setenv("NUMBA_NUM_THREADS", threads)
        monkeypatch.setattr("salutogen.models.parallel.threads.WORTH_A_THREAD", 1)
        again = spec.fit(table)
        assert (again.partitions[2].starts == result.partitions[2].starts).all()


def test_equal_persons_and_limits(monkeypatch):
    table = np.repeat([[0.0, 1.0, 2.0], [5.0, 5.0, 5.0]], 4, axis=0)
    result = LongitudinalKMeans(classes=(2, 3), starts=4, distance="frechet").fit(table)
    assert result.partitions[2].within == 0.0
    assert result.partitions[2].sizes.tolist() == [4, 4]
    assert result.partitions[3].sizes.min() >= 1
    assert result.partitions[3].within == 0.0
    with pytest.raises(ModelError, match="time_scale: expected a number from 0, got -1"):
        LongitudinalKMeans(time_scale=-1)
    monkeypatch.setattr(frechet, "MOST_PERSONS", 7)
    with pytest.raises(ModelError, match="at most 7 persons, got 8"):
        LongitudinalKMeans(classes=2, distance="frechet").fit(table)
