"""Seeded choices in words: `chance(.2)`, `one("a", "b")`, `some(names)`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class Lot:
    """Draws of one study; the same seed, number and purpose give the same draws.

    What is drawn for one purpose does not move what is drawn for another.
    """

    def __init__(self, seed: int, number: int, purpose: int = 0) -> None:
        self.seed, self.number = seed, number
        self.rng = np.random.default_rng([seed, number, *([purpose] if purpose else [])])

    def apart(self, purpose: int) -> Lot:
        """Draws of the same study for another purpose, 1 or more."""
        return Lot(self.seed, self.number, purpose)

    def chance(self, share: float) -> bool:
        """Whether something of this share of studies is so in this one."""
        return bool(self.rng.random() < share)

    def one(self, *choices: Any) -> Any:
        """One of several, each equally likely; repeat a choice to have it more often."""
        return choices[int(self.rng.integers(len(choices)))]

    def some(self, names: Sequence[str], fewest: int = 0) -> list[str]:
        """Some of several names, in their order."""
        count = int(self.rng.integers(fewest, len(names) + 1))
        chosen = set(self.rng.permutation(len(names))[:count].tolist())
        return [name for place, name in enumerate(names) if place in chosen]

    def whole(self, low: int, high: int) -> int:
        """A whole number from low to high, both included."""
        return int(self.rng.integers(low, high + 1))
