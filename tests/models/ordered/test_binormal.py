"""Probabilities of two normal variables: closed forms, an integral, and edges."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from salutogen.models.ordered.binormal import binormal_density, binormal_probability


@pytest.mark.parametrize("r", [-0.999, -0.6, 0.0, 0.3, 0.95, 0.9995])
@pytest.mark.parametrize("h, k", [(0.3, -0.2), (0.0, 1.0), (-1.2, -1.3), (2.0, -2.0), (0.0, -0.4)])
def test_is_the_integral_over_one_variable(h, k, r):
    def slice_(x):
        return np.exp(-x * x / 2) / np.sqrt(2 * np.pi) * ndtr((k - r * x) / np.sqrt(1 - r * r))

    middle = np.clip(k / r if r else 0.0, -9, h)
    parts = [
        quad(slice_, a, b, epsabs=1e-14, limit=400)[0] for a, b in ((-12, middle), (middle, h))
    ]
    assert float(binormal_probability(h, k, r)) == pytest.approx(sum(parts), abs=1e-11)


def test_at_the_origin_it_is_an_angle():
    r = np.array([-0.9, -0.2, 0.0, 0.7, 0.999])
    found = binormal_probability(0.0, 0.0, r)
    np.testing.assert_allclose(found, 0.25 + np.arcsin(r) / (2 * np.pi), rtol=1e-14)


def test_the_density_is_the_second_derivative():
    h, k, r, step = 0.4, -0.7, 0.6, 1e-4
    corners = [binormal_probability(h + a * step, k + b * step, r)
               for a, b in ((1, 1), (1, -1), (-1, 1), (-1, -1))]  # fmt: skip
    apart = (corners[0] - corners[1] - corners[2] + corners[3]) / (4 * step**2)
    assert float(binormal_density(h, k, r)) == pytest.approx(float(apart), rel=1e-6)
