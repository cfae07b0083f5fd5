"""Seeded data of the stored values: three quadratic classes, a random intercept (and slope)."""

from __future__ import annotations

import numpy as np

CURVES = np.array([[5, 0, 0], [9, -0.9, 0.05], [6, 2.2, -0.12]])


def gmm(n: int, occasions: int, seed: int, slope: bool) -> dict[str, np.ndarray]:
    """Persons in classes of shares .65, .20, .15; 10 % of the rows are missing."""
    generator = np.random.default_rng(seed)
    label = generator.choice(3, size=n, p=[0.65, 0.2, 0.15])
    time = np.arange(occasions, dtype=float)
    y = CURVES[label] @ np.stack([time**0, time, time**2])
    y = y + generator.normal(size=(n, 1)) * 1.5
    if slope:
        y = y + generator.normal(size=(n, 1)) * 0.25 * time
    y = y + generator.normal(size=(n, occasions)) * 1.5
    person, occasion = np.nonzero(generator.random((n, occasions)) > 0.1)
    return {
        "id": person + 1,
        "t": time[occasion],
        "y": y[person, occasion],
        "label": label[person],
    }


CASES = {
    "gmm_500_8_21": (500, 8, 21, False),
    "gmm_2000_8_22": (2000, 8, 22, False),
    "lcga_400_6_23": (400, 6, 23, False),
    "slope_400_6_24": (400, 6, 24, True),
}
