"""Find the hidden spread that gives a score the mean, SD and ICC asked for.

The expected score of a person at an occasion is `clip(centre + a u + b w, 0, highest)` with u
(stable) and w (passing) standard normal; the items scatter around it. ICCs are those that a
random-intercept model finds over the planned occasions. Integrating over u and w by
Gauss-Hermite quadrature gives the score's mean, variance between and variance within persons;
`a`, `b` and `centre` are found by fixed-point steps.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from salutogen.simulation.item_tables import ItemTable

NODES = 40
STEPS = 400
TOLERANCE = 1e-6
CLOSE_ENOUGH = 5e-3


@dataclass(frozen=True, slots=True)
class Persistence:
    """How much of the passing part looks stable to a random-intercept model.

    Autocorrelation makes a person's occasions alike, so the model counts the mean covariance
    between two occasions as between persons: `share` times the passing variance plus `extra`
    times the variance of the score.
    """

    share: float = 0.0
    extra: float = 0.0


def mean_autocorrelation(correlation: float, occasions: int) -> float:
    """Mean correlation between two different occasions of a first-order autoregression."""
    if occasions < 2:
        return 0.0
    lags = np.arange(1, occasions)
    pairs = occasions - lags
    return float(pairs @ correlation**lags / pairs.sum())


@dataclass(frozen=True, slots=True)
class Spread:
    """Hidden spread of one score, in sums of the items' values.

    `mean`, `between` and `within` are those of the score itself, items' scatter and clipping
    included; `noise` is the mean variance of the items' scatter, `persistent` the part of `within`
    that a random-intercept model takes for stable.
    """

    centre: float
    a: float
    b: float
    mean: float
    between: float
    within: float
    noise: float
    persistent: float = 0.0

    @property
    def sd(self) -> float:
        """SD of the score over persons and occasions."""
        return float(np.sqrt(self.between + self.within))

    @property
    def icc(self) -> float:
        """Intra-class correlation that a random-intercept model finds."""
        return (self.between + self.persistent) / (self.between + self.within)

    @property
    def reliability(self) -> float:
        """One minus the share of the items' scatter."""
        return 1.0 - self.noise / (self.between + self.within)


def moments(
    table: ItemTable, centre: float, a: float, b: float, persistence: Persistence = Persistence()
) -> Spread:
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
    within = passing + noise
    alike = persistence.share * passing + persistence.extra * (between + within)
    return Spread(float(centre), float(a), float(b), mean, between, within, noise, alike)


def calibrate(
    table: ItemTable,
    mean: float,
    sd: float,
    icc: float,
    persistence: Persistence = Persistence(),
) -> Spread | None:
    """Spread with this mean, SD and ICC of the score; None where there is none."""
    if _beyond(table, mean):
        return None
    variance = sd**2
    centre, a, b = mean, sd * icc**0.5, sd * (1.0 - icc) ** 0.5
    spread = moments(table, centre, a, b, persistence)
    for _ in range(STEPS):
        alike = persistence.share * (variance - spread.noise) + persistence.extra * variance
        between = max((icc * variance - alike) / (1.0 - persistence.share), 0.0)
        within = max(variance - between - spread.noise, 0.0)
        passing = spread.within - spread.noise
        centre += mean - spread.mean
        a *= np.sqrt(between / spread.between) if spread.between > 0 else 0.0
        b *= np.sqrt(within / passing) if passing > 0 else 0.0
        before, spread = spread, moments(table, centre, a, b, persistence)
        change = abs(spread.mean - before.mean) + abs(spread.sd - before.sd)
        if change < TOLERANCE * sd and abs(spread.icc - before.icc) < TOLERANCE:
            break
    off = (abs(spread.mean - mean) + abs(spread.sd - sd)) / sd + abs(spread.icc - icc)
    return spread if off < CLOSE_ENOUGH else None


def calibrate_once(table: ItemTable, mean: float, sd: float) -> Spread | None:
    """Spread of a score measured once per person: all of it is between persons."""
    if _beyond(table, mean):
        return None
    centre, a = mean, sd
    spread = moments(table, centre, a, 0.0)
    for _ in range(STEPS):
        centre += mean - spread.mean
        between = sd**2 - spread.noise
        a *= np.sqrt(max(between, 0.0) / spread.between) if spread.between > 0 else 0.0
        before, spread = spread, moments(table, centre, a, 0.0)
        if abs(spread.mean - before.mean) + abs(spread.sd - before.sd) < TOLERANCE * sd:
            break
    off = (abs(spread.mean - mean) + abs(spread.sd - sd)) / sd
    return spread if off < CLOSE_ENOUGH else None


def _beyond(table: ItemTable, mean: float) -> bool:
    """Whether a mean lies at or beyond an end of the scale."""
    return table.family != "number" and not 0.0 < mean < table.highest
