"""Find the hidden spread that gives a score the mean, SD and ICC asked for.

The expected score of a person at an occasion is `clip(centre + a u + b w, 0, highest)` with u
(stable) and w (passing) standard normal; the items scatter around it. Integrating over u and w by
Gauss-Hermite quadrature gives the score's mean, variance between and variance within persons;
`a`, `b` and `centre` are found by fixed-point steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from salutogen.design.answers import ItemTable

NODES = 40
STEPS = 400
TOLERANCE = 1e-6
CLOSE_ENOUGH = 5e-3


@dataclass(frozen=True, slots=True)
class Spread:
    """Hidden spread of one score, in sums of the items' values.

    `mean`, `between` and `within` are those of the score itself, items' scatter and clipping
    included; `noise` is the mean variance of the items' scatter.
    """

    centre: float
    a: float
    b: float
    mean: float
    between: float
    within: float
    noise: float

    @property
    def sd(self) -> float:
        """SD of the score over persons and occasions."""
        return float(np.sqrt(self.between + self.within))

    @property
    def icc(self) -> float:
        """Share of the score's variance that is between persons."""
        return self.between / (self.between + self.within)

    @property
    def reliability(self) -> float:
        """One minus the share of the items' scatter."""
        return 1.0 - self.noise / (self.between + self.within)


def moments(table: ItemTable, centre: float, a: float, b: float) -> Spread:
    """Mean and variances of a score, given its hidden spread."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    weights = weights / weights.sum()
    expected = centre + a * nodes[:, None] + b * nodes[None, :]
    if table.family != "number":
        expected = np.clip(expected, 0.0, table.highest)
    by_person = expected @ weights
    mean = float(weights @ by_person)
    between = float(weights @ (by_person - mean) ** 2)
    passing = float(weights @ ((expected - by_person[:, None]) ** 2 @ weights))
    noise = float(weights @ (np.interp(expected, table.levels, table.noise) @ weights))
    return Spread(float(centre), float(a), float(b), mean, between, passing + noise, noise)


def calibrate(table: ItemTable, mean: float, sd: float, icc: float) -> Spread | None:
    """Spread with this mean, SD and ICC of the score; None where there is none."""
    between, within = icc * sd**2, (1.0 - icc) * sd**2
    centre, a, b = mean, np.sqrt(between), np.sqrt(within)
    spread = moments(table, centre, a, b)
    for _ in range(STEPS):
        centre += mean - spread.mean
        a *= np.sqrt(between / spread.between) if spread.between > 0 else 0.0
        passing = spread.within - spread.noise
        wanted = within - spread.noise
        b *= np.sqrt(max(wanted, 0.0) / passing) if passing > 0 else 0.0
        before, spread = spread, moments(table, centre, a, b)
        change = abs(spread.mean - before.mean) + abs(spread.sd - before.sd)
        if change < TOLERANCE * sd and abs(spread.icc - before.icc) < TOLERANCE:
            break
    off = (abs(spread.mean - mean) + abs(spread.sd - sd)) / sd + abs(spread.icc - icc)
    return spread if off < CLOSE_ENOUGH else None


def calibrate_once(table: ItemTable, mean: float, sd: float) -> Spread | None:
    """Spread of a score measured once per person: all of it is between persons."""
    centre, a = mean, sd
    spread = moments(table, centre, a, 0.0)
    for _ in range(STEPS):
        centre += mean - spread.mean
        wanted = sd**2 - spread.noise
        a *= np.sqrt(max(wanted, 0.0) / spread.between) if spread.between > 0 else 0.0
        before, spread = spread, moments(table, centre, a, 0.0)
        if abs(spread.mean - before.mean) + abs(spread.sd - before.sd) < TOLERANCE * sd:
            break
    off = (abs(spread.mean - mean) + abs(spread.sd - sd)) / sd
    return spread if off < CLOSE_ENOUGH else None
