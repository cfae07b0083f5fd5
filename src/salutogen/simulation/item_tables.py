"""Items that follow a score: how likely each answer is when a score is expected.

Two families. *Graded* items (symptom scales, factors) are binomial over their steps with a
difficulty each; *event lists* first draw whether an event occurred, then its rating. In both a
table gives, for each level of the expected score, the chance of at least the c-th answer, so that
drawing is a look-up per item and the sum of the items has exactly the expected score as its mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import comb
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEVELS = 1024
_LARGEST_LOGIT = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemTable:
    """Chances of the answers of one instrument by expected score.

    Attributes
    ----------
    family : {"graded", "events", "number"}
        `number` stands for instruments without whole answer codes: values follow the score itself.
    values : float array (answers,)
        What each answer adds to the score: graded 0, 1, ... ; events 0 for "did not occur".
    codes : array (answers,)
        What is written for each answer (before turning reverse-keyed items).
    occurrence : float32 array (items, LEVELS)
        Events: chance that the event occurred. Graded: empty.
    at_least : float32 array
        Graded (items, steps, LEVELS): chance of at least step c. Events (steps,): chance of at
        least the c-th rating given that the event occurred.
    highest : float
        Largest expected sum of `values`.
    noise : float array (LEVELS,)
        Variance of the sum of `values` around its expectation.
    """

    family: Literal["graded", "events", "number"]
    items: int
    values: Floats
    codes: npt.NDArray[np.float64]
    occurrence: npt.NDArray[np.float32]
    at_least: npt.NDArray[np.float32]
    highest: float
    noise: Floats

    @property
    def levels(self) -> Floats:
        """Expected sums of `values` that the tables stand for."""
        return np.linspace(0.0, self.highest, LEVELS)

    def level_of(self, expected: npt.NDArray[np.floating]) -> npt.NDArray[np.intp]:
        """Row of the tables for each expected sum; sums beyond the ends take the ends."""
        scaled = np.rint(np.asarray(expected) * ((LEVELS - 1) / self.highest))
        return np.clip(scaled, 0, LEVELS - 1).astype(np.intp)

    def draw(
        self, expected: npt.NDArray[np.floating], rng: np.random.Generator
    ) -> npt.NDArray[np.int8]:
        """Draw answers, as positions in `values`.

        Parameters
        ----------
        expected : array (...,)
            Expected sum of `values`.

        Returns
        -------
        int8 array (items, ...)
        """
        level = self.level_of(expected).ravel()
        answers = np.zeros((self.items, level.size), dtype=np.int8)
        for item in range(self.items):
            chance = rng.random(level.size, dtype=np.float32)
            if self.family == "graded":
                for step in self.at_least[item]:
                    answers[item] += chance < step[level]
            else:
                occurred = self.occurrence[item][level]
                for step in self.at_least:
                    answers[item] += chance < step * occurred
        return answers.reshape(self.items, *np.shape(expected))

    def draw_rating(self, shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.int8]:
        """Draw the rating of events known to have occurred, as positions in `values`."""
        chance = rng.random(shape, dtype=np.float32)
        rating = np.zeros(shape, dtype=np.int8)
        for step in self.at_least:
            rating += chance < step
        return rating

    @property
    def mean_rating(self) -> float:
        """Mean of `values` over events that occurred."""
        share = -np.diff(np.append(self.at_least, 0.0))
        return float(share @ self.values[1:])


def difficulties(items: int, spread: float) -> Floats:
    """Logits by which items differ: normal quantiles with SD `spread`, in a fixed mixed order."""
    from scipy.special import ndtri

    order = np.argsort((np.arange(items) * 0.6180339887498949) % 1.0)
    return np.asarray(spread * ndtri((order + 0.5) / items), dtype=np.float64)


def graded_items(items: int, steps: int, lowest: float, spread: float) -> ItemTable:
    """Items with answers `lowest` ... `lowest + steps`, each binomial over its steps."""
    chance = _chances(items, spread, np.linspace(0.0, 1.0, LEVELS))
    at_least = np.moveaxis(binomial_tail(steps, chance), 0, 1).astype(np.float32)
    return ItemTable(
        family="graded",
        items=items,
        values=np.arange(steps + 1, dtype=np.float64),
        codes=lowest + np.arange(steps + 1, dtype=np.float64),
        occurrence=np.empty((0, LEVELS), dtype=np.float32),
        at_least=at_least,
        highest=float(items * steps),
        noise=np.asarray((steps * chance * (1.0 - chance)).sum(axis=0)),
    )


def event_items(
    items: int, codes: Floats, values: Floats, spread: float, degree: float
) -> ItemTable:
    """Events that may occur, each with a rating when it does.

    `codes[0]` and `values[0]` stand for an event that did not occur.
    """
    above = binomial_tail(codes.size - 2, np.asarray(degree))
    at_least = np.append(1.0, above).astype(np.float32)
    share = -np.diff(np.append(at_least.astype(np.float64), 0.0))
    first, second = float(share @ values[1:]), float(share @ values[1:] ** 2)
    chance = _chances(items, spread, np.linspace(0.0, 1.0, LEVELS))
    return ItemTable(
        family="events",
        items=items,
        values=values,
        codes=codes,
        occurrence=chance.astype(np.float32),
        at_least=at_least,
        highest=items * first,
        noise=np.asarray((chance * second - (chance * first) ** 2).sum(axis=0)),
    )


def number_items(items: int, lowest: float, width: float) -> ItemTable:
    """Instruments answered with numbers that are not whole codes."""
    return ItemTable(
        family="number",
        items=items,
        values=np.zeros(1),
        codes=np.array([lowest]),
        occurrence=np.empty((0, LEVELS), dtype=np.float32),
        at_least=np.empty((0,), dtype=np.float32),
        highest=items * width,
        noise=np.zeros(LEVELS),
    )


def binomial_tail(trials: int, chance: Floats) -> Floats:
    """Chance of at least 1, 2, ..., `trials` successes: (trials, *chance.shape)."""
    exactly = [
        comb(trials, count) * chance**count * (1.0 - chance) ** (trials - count)
        for count in range(1, trials + 1)
    ]
    if not exactly:
        return np.empty((0, *chance.shape))
    return np.minimum(np.cumsum(np.array(exactly)[::-1], axis=0)[::-1], 1.0)


def _chances(items: int, spread: float, mean_share: Floats) -> Floats:
    """Chance of each item, by level, whose mean over items is `mean_share` (items, LEVELS)."""
    from scipy.special import expit

    shift = difficulties(items, spread)[:, None]
    low = np.full(mean_share.size, -_LARGEST_LOGIT)
    high = -low
    for _ in range(60):
        middle = (low + high) / 2
        below = expit(middle + shift).mean(axis=0) < mean_share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    chance = np.asarray(expit((low + high) / 2 + shift), dtype=np.float64)
    chance[:, mean_share <= 0.0] = 0.0
    chance[:, mean_share >= 1.0] = 1.0
    return chance
