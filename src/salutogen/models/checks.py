"""Checks of settings and arrays that every model makes alike, with what it says of wrong ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from salutogen.errors import ModelError

Float = NDArray[np.float64]


def as_numbers(values: Any, name: str) -> Float:
    """Return an array of floats; refuse what is none."""
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{name}: expected numbers, got {values!r:.60}.") from error


def not_whole(least: int, **settings: Any) -> list[str]:
    """Say which settings are no whole numbers from `least`."""
    return [
        f"{name}: expected a whole number from {least}, got {value!r}."
        for name, value in settings.items()
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least
    ]


def refuse_not_whole(least: int, **settings: Any) -> None:
    """Refuse settings that are no whole numbers from `least`, such as draws and seeds."""
    problems = not_whole(least, **settings)
    if problems:
        raise ModelError(" ".join(problems))


def is_number(value: Any) -> bool:
    """Whether a setting is a finite number."""
    return (
        isinstance(value, int | float | np.number)
        and not isinstance(value, bool)
        and bool(np.isfinite(value))
    )


def is_between(value: Any, low: float, high: float) -> bool:
    """Whether a setting is a number between two others, itself none of them."""
    return isinstance(value, int | float | np.number) and bool(low < value < high)
