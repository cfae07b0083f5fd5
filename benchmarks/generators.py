"""Four ways in which persons, stressors and problems may come about, each with its truth known.

None is the package's own simulator and none has the shape its models assume: answers to items by
a graded response model, skewed scores with a floor and person-specific unrest, problems that jump
at events and fade, and heavy-tailed moving averages with shared hard times and drop-out.

Each gives answers by person and occasion, and of each person the level that is true: mean problems
over the exposures actually had, free of everything that passes. `Truth` switches on what is there
to be found: lasting differences between persons, an effect of exposure, a change over time, a
response to events, a factor that protects. With all of it off every claim is false.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl

Rng = np.random.Generator


@dataclass(frozen=True, kw_only=True)
class Truth:
    """What is there to be found, in SD of passing problems."""

    persons: float = 0.0  # SD of lasting differences
    exposure: float = 0.0  # slope, SD of problems per SD of exposure within persons
    between: float | None = None  # slope between persons, if another one
    change: float = 0.0  # shift from the first to the last occasion
    event: float = 0.0  # mean jump at an event
    factor: float = 0.0  # correlation of the factor with lasting differences
    factor_exposure: float = 0.0  # correlation of the factor with the person's exposure


@dataclass(frozen=True, kw_only=True)
class Simulated:
    """Answers with their truth.

    Attributes
    ----------
    answers : DataFrame
        `pid, wave, day`, exposure `EV` (and `LE`, the major events), problems `DEP`, or items.
    level : ndarray, shape (persons,)
        True mean of P over the answered occasions, given the exposures of these.
    exposure : ndarray, shape (persons,)
        Mean E over the answered occasions.
    """

    answers: pl.DataFrame
    level: np.ndarray
    exposure: np.ndarray
    events: str = "LE"
    items: tuple[str, ...] = field(default=())


def stressors(rng: Rng, persons: int, waves: int, mean: float, lasting: float) -> np.ndarray:
    """Counts: each person's own rate (gamma) times a rate of the occasion (gamma)."""
    own = rng.gamma(1 / lasting, lasting, size=(persons, 1))
    now = rng.gamma(4.0, 0.25, size=(persons, waves))
    return rng.poisson(mean * own * now).astype(float)


def major_events(rng: Rng, persons: int, waves: int, rate: float = 0.06) -> np.ndarray:
    """Rare events that come at any time alike."""
    return (rng.random((persons, waves)) < rate).astype(float)


def factor_of(rng: Rng, lasting: np.ndarray, exposure: np.ndarray, truth: Truth) -> np.ndarray:
    """A factor measured at the start that goes with lasting differences, exposure, or neither."""
    left = np.sqrt(max(1 - truth.factor**2 - truth.factor_exposure**2, 0.0))
    own = truth.factor * lasting + truth.factor_exposure * scaled(exposure)
    return np.round(50 + 10 * (own + left * rng.standard_normal(lasting.size)))


def scaled(values: np.ndarray) -> np.ndarray:
    """Mean 0, SD 1 over everything."""
    spread = float(values.std())
    return (values - values.mean()) / (spread if spread > 0 else 1.0)


def autoregressive(rng: Rng, shape: tuple[int, int], rho: float, shocks: np.ndarray) -> np.ndarray:
    """First-order autoregression with variance 1, from given shocks of variance 1."""
    values = np.empty(shape)
    values[:, 0] = shocks[:, 0]
    for wave in range(1, shape[1]):
        values[:, wave] = rho * values[:, wave - 1] + np.sqrt(1 - rho**2) * shocks[:, wave]
    return values


def true_course(truth: Truth, E: np.ndarray, lasting: np.ndarray) -> np.ndarray:
    """Problems without what passes, in SD of what passes: (persons, waves)."""
    mean = E.mean(axis=1, keepdims=True)
    between = truth.exposure if truth.between is None else truth.between
    spread = float((E - mean).std()) or 1.0
    course = (truth.exposure * (E - mean) + between * (mean - mean.mean())) / spread
    return course + truth.persons * lasting[:, None] + truth.change * np.linspace(0, 1, E.shape[1])


def fading(rng: Rng, LE: np.ndarray, mean: float) -> np.ndarray:
    """Jumps of exponential size at events, fading at each person's own speed."""
    sizes = rng.exponential(mean, size=LE.shape) if mean > 0 else np.zeros(LE.shape)
    kept = rng.beta(4, 4, size=(LE.shape[0], 1))
    response = np.zeros(LE.shape)
    for wave in range(LE.shape[1]):
        before = response[:, wave - 1 : wave] * kept if wave else 0.0
        response[:, wave : wave + 1] = before + LE[:, wave : wave + 1] * sizes[:, wave : wave + 1]
    return response


def graded_items(rng: Rng, persons: int, waves: int, truth: Truth) -> Simulated:
    """Nine items answered 0 to 3 by a graded response model; mood of a day is shared by items."""
    E = stressors(rng, persons, waves, 6.0, 0.3)
    LE = major_events(rng, persons, waves)
    lasting = rng.standard_normal(persons)
    still = true_course(truth, E, lasting)
    passing = autoregressive(rng, E.shape, 0.35, rng.standard_normal(E.shape))
    latent = still + fading(rng, LE, truth.event)
    hard = np.linspace(-0.6, 1.8, 9)
    steps = np.array([-1.2, 0.0, 1.2])

    def answered(level: np.ndarray, noise: np.ndarray | None) -> np.ndarray:
        places = 1.6 * (level[..., None, None] - hard[:, None] - steps)
        chances = 1 / (1 + np.exp(-places))
        return chances.sum(axis=-1) if noise is None else (noise[..., None] < chances).sum(axis=-1)

    items = answered(latent + passing, rng.random((*E.shape, 9)))
    # The true level: expected answers over what passes, by quadrature on its normal distribution.
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    expected = sum(
        weight * answered(latent + node, None).sum(axis=-1)
        for node, weight in zip(nodes, weights / weights.sum(), strict=True)
    )
    names = tuple(f"Q_{number}" for number in range(1, 10))
    columns = {name: items[..., place] for place, name in enumerate(names)}
    seen = rng.random(E.shape) > 0.08
    factor = factor_of(rng, lasting, E.mean(axis=1), truth)
    return _told(E, LE, factor, seen, columns, np.asarray(expected), items=names)


def skewed_floor(rng: Rng, persons: int, waves: int, truth: Truth) -> Simulated:
    """A total with a floor at 0 and a long tail; persons differ in unrest and in visits kept."""
    E = stressors(rng, persons, waves, 4.0, 0.5)
    LE = major_events(rng, persons, waves)
    lasting = scaled(rng.gamma(2.0, 1.0, persons))
    still = true_course(truth, E, lasting)
    unrest = np.sqrt(rng.gamma(4.0, 0.25, size=(persons, 1)))
    shocks = (rng.gamma(1.5, 1.0, size=E.shape) - 1.5) / np.sqrt(1.5)
    passing = unrest * autoregressive(rng, E.shape, 0.2, shocks)
    centre = 7.0 + 4.0 * (still + fading(rng, LE, truth.event))
    total = np.clip(np.round(centre + 4.0 * passing), 0, 40) + 0.0
    # What the floor does to the mean is found by brute force over the person's own unrest.
    draws = (rng.gamma(1.5, 1.0, size=4000) - 1.5) / np.sqrt(1.5)
    expected = np.empty(E.shape)
    for person in range(persons):
        spread = 4.0 * unrest[person] * draws[: 4000 // waves * waves]
        expected[person] = np.clip(centre[person][:, None] + spread, 0, 40).mean(axis=1)
    kept = rng.integers(2, waves + 1, size=(persons, 1))
    order = np.argsort(rng.random(E.shape), axis=1)
    seen = np.take_along_axis(np.arange(waves)[None, :] < kept, np.argsort(order, axis=1), axis=1)
    factor = factor_of(rng, lasting, E.mean(axis=1), truth)
    return _told(E, LE, factor, seen, {"DEP": total}, expected)


def fading_events(rng: Rng, persons: int, waves: int, truth: Truth) -> Simulated:
    """Problems are what many small things leave behind, each fading; nothing is normal in them."""
    E = stressors(rng, persons, waves, 5.0, 0.3)
    LE = major_events(rng, persons, waves)
    lasting = scaled(rng.beta(2, 5, persons))
    still = true_course(truth, E, lasting)
    arrivals = rng.poisson(1.2, size=(persons, waves + 30))
    small = np.where(arrivals > 0, rng.gamma(np.maximum(arrivals, 1), 1.0) * (arrivals > 0), 0.0)
    left = np.zeros((persons, waves + 30))
    for wave in range(1, waves + 30):
        left[:, wave] = 0.45 * left[:, wave - 1] + small[:, wave]
    passing = (left[:, 30:] - 1.2 / 0.55) / np.sqrt(2.4 / (1 - 0.45**2))
    centre = 20.0 + 5.0 * (still + fading(rng, LE, truth.event))
    total = np.round(centre + 5.0 * passing)
    seen = rng.random(E.shape) > 0.05
    factor = factor_of(rng, lasting, E.mean(axis=1), truth)
    return _told(E, LE, factor, seen, {"DEP": total}, centre)


def heavy_tails(rng: Rng, persons: int, waves: int, truth: Truth) -> Simulated:
    """Moving averages of heavy-tailed shocks, shared hard times; who feels bad leaves."""
    E = stressors(rng, persons, waves, 8.0, 0.2)
    LE = major_events(rng, persons, waves)
    lasting = scaled(rng.standard_t(6, persons))
    still = true_course(truth, E, lasting)
    shocks = rng.standard_t(5, size=(persons, waves + 1)) / np.sqrt(5 / 3)
    passing = (shocks[:, 1:] + 0.5 * shocks[:, :-1]) / np.sqrt(1.25)
    middle = np.abs(np.arange(waves) - (waves - 1) / 2) < waves / 4  # no change from end to end
    shared = 0.3 * rng.standard_normal(waves) * middle
    centre = 30.0 + 6.0 * (still + shared + fading(rng, LE, truth.event))
    total = np.round(centre + 6.0 * passing)
    seen = np.ones(E.shape, dtype=bool)
    for wave in range(1, waves):
        bad = (total[:, wave - 1] - 30.0) / 8.0
        leaves = rng.random(persons) < 1 / (1 + np.exp(3.0 - bad))
        seen[:, wave] = seen[:, wave - 1] & ~leaves
    factor = factor_of(rng, lasting, E.mean(axis=1), truth)
    return _told(E, LE, factor, seen, {"DEP": total}, centre)


GENERATORS: dict[str, Callable[[Rng, int, int, Truth], Simulated]] = {
    "graded items": graded_items,
    "skewed with a floor": skewed_floor,
    "fading small events": fading_events,
    "heavy tails, drop-out": heavy_tails,
}


def _told(
    E: np.ndarray,
    LE: np.ndarray,
    factor: np.ndarray,
    seen: np.ndarray,
    columns: dict[str, np.ndarray],
    expected: np.ndarray,
    items: tuple[str, ...] = (),
) -> Simulated:
    """Write answers as a table of answered occasions, and the truth of the persons in it."""
    person, wave = np.nonzero(seen)
    told = {
        "pid": [f"p{number:04d}" for number in person],
        "wave": wave + 1,
        "day": 14 * wave,
        "EV": E[seen],
        "LE": LE[seen],
        "FAC": factor[person],
    } | {name: values[seen] for name, values in columns.items()}
    counts = np.maximum(seen.sum(axis=1), 1)
    level = np.where(seen, expected, 0.0).sum(axis=1) / counts
    exposure = np.where(seen, E, 0.0).sum(axis=1) / counts
    kept = seen.any(axis=1)
    return Simulated(
        answers=pl.DataFrame(told), level=level[kept], exposure=exposure[kept], items=items
    )
