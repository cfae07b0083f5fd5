"""One person's bursts of prompts, simulated with an autocorrelation that may rise."""

from __future__ import annotations

from typing import Any

import numpy as np

from salutogen.models import EarlyWarning, early_warning

GAP = 2.0  # hours


def person(
    seed: int,
    *,
    correlation: tuple[float, float] = (0.3, 0.3),
    bursts: int = 6,
    days: int = 7,
    beeps: int = 7,
    missed: float = 0.25,
    floored: bool = False,
    level_sd: float = 0.0,
) -> dict[str, Any]:
    """Values, days, hours and windows as `early_warning` takes them.

    The correlation is that of answers two hours apart in the first and in the last burst; what
    moves the person stays the same, so that the SD rises with it.
    """
    rng = np.random.default_rng(seed)
    values, day, hours, windows = [], [], [], []
    for burst, rho in enumerate(np.linspace(*correlation, bursts)):
        rows = []
        spread = np.sqrt((1 - np.mean(correlation) ** 2) / (1 - rho**2))
        level = level_sd * rng.standard_normal()
        for one in range(days):
            at = 24.0 * (28 * burst + one) + 9 + GAP * np.arange(beeps)
            at = at + rng.uniform(-0.5, 0.5, beeps)
            state = rng.standard_normal()
            for beep in range(beeps):
                if beep:
                    kept = rho ** ((at[beep] - at[beep - 1]) / GAP)
                    state = kept * state + np.sqrt(1 - kept**2) * rng.standard_normal()
                if rng.random() >= missed:
                    z = level + spread * state
                    rows.append(len(values))
                    values.append(np.round(max(np.exp(z) * 10 - 8, 0)) if floored else 50 + 15 * z)
                    day.append(28 * burst + one)
                    hours.append(at[beep])
        windows.append(rows)
    return {
        "values": np.array(values), "day": np.array(day), "hours": np.array(hours),
        "windows": windows,
    }  # fmt: skip


def followed(seed: int, surrogates: int = 299, **course: Any) -> EarlyWarning:
    """Follow such a person; trends over the burst and the day are removed."""
    made = person(seed, **course)
    values = made.pop("values")
    trends = np.column_stack([made["hours"], made["hours"] % 24])
    return early_warning(values, **made, trends=trends, surrogates=surrogates, seed=seed)
