"""A panel from which persons are lost by what was last seen of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Float = np.ndarray


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Rows of persons who were seen, and what all of them would have had."""

    person: np.ndarray
    occasion: np.ndarray
    y: Float
    x: Float
    factor: Float
    everyone: Float
    n: int

    @property
    def end(self) -> int:
        return self.everyone.shape[1] - 1


def panel(
    n: int = 200,
    occasions: int = 5,
    *,
    seed: int = 1,
    strength: float = 0.8,
    unseen: float = 0.0,
) -> Panel:
    """Persons with a factor and two scores; the higher y, now or next time, the sooner lost."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=n)
    x = rng.normal(size=(n, occasions)) + 0.5 * rng.normal(size=n)[:, None]
    y = 0.4 * x - 0.5 * factor[:, None] + rng.normal(size=n)[:, None]
    y = y + rng.normal(size=(n, occasions)) + 0.2 * np.arange(occasions)
    seen = np.ones((n, occasions), dtype=bool)
    there = np.ones(n, dtype=bool)
    for at in range(occasions - 1):
        odds = -1.9 + strength * y[:, at] + unseen * y[:, at + 1]
        there &= rng.random(n) >= 1 / (1 + np.exp(-odds))
        seen[:, at + 1] = there
    seen[:, 1:-1] &= rng.random((n, occasions - 2)) > 0.1
    person, occasion = np.nonzero(seen)
    return Panel(person=person, occasion=occasion, y=y[person, occasion], x=x[person, occasion],
                 factor=factor, everyone=y, n=n)  # fmt: skip
