"""Matrices of courses around an event: persons of one kind, or of three."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
SHARES = (0.5, 0.3, 0.2)
MEANS = np.array([[0.0, 0.5, 0.2, 0.0], [0.0, 4.0, 1.5, 0.5], [0.5, 4.0, 4.5, 4.0]])


def three_kinds(n: int, seed: int) -> tuple[FloatArray, NDArray[np.int64]]:
    """Resilient, recovering and lastingly high courses, some values missing; and who is who."""
    generator = np.random.default_rng(seed)
    kind = generator.choice(3, size=n, p=SHARES)
    values = MEANS[kind] + 0.6 * generator.normal(size=(n, 1)) + 0.8 * generator.normal(size=(n, 4))
    values[generator.random((n, 4)) < 0.05] = np.nan
    return values, kind


def one_kind(n: int, seed: int, shape: str = "normal") -> FloatArray:
    """Persons who differ in level and slope only: normal, skewed, or stopped at a floor."""
    generator = np.random.default_rng(seed)
    levels = generator.normal(size=(n, 1))
    if shape == "skewed":
        levels = (generator.gamma(1.5, size=(n, 1)) - 1.5) / np.sqrt(1.5)
    slopes = 0.2 * generator.normal(size=(n, 1)) * np.arange(-1, 3)
    values = np.array([0.0, 0.6, 0.3, 0.1]) + levels + slopes + 0.8 * generator.normal(size=(n, 4))
    return np.maximum(values, -0.5) if shape == "floored" else values


def rand_by_pairs(first: NDArray[np.int64], second: NDArray[np.int64]) -> float:
    """Adjusted Rand index by looking at every pair of persons (Hubert & Arabie 1985)."""
    a, b = np.asarray(first), np.asarray(second)
    upper = np.triu_indices(len(a), 1)
    together_a = (a[:, None] == a)[upper]
    together_b = (b[:, None] == b)[upper]
    expected = together_a.mean() * together_b.sum()
    highest = (together_a.sum() + together_b.sum()) / 2
    both = (together_a & together_b).sum()
    return float((both - expected) / (highest - expected)) if highest != expected else 1.0


def skewed_jumps(n: int, seed: int) -> FloatArray:
    """One kind of persons: exponential jumps at the event, and one course of return for all."""
    generator = np.random.default_rng(seed)
    jumps = 1.2 * generator.exponential(size=(n, 1)) * np.array([0.0, 1.0, 0.6, 0.36])
    return generator.normal(size=(n, 1)) + jumps + 0.8 * generator.normal(size=(n, 4))
