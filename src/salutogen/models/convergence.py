"""The warning of a fit that did not settle; its result says so too."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salutogen.models.optimise import Optimum


class ConvergenceWarning(UserWarning):
    """An optimisation stopped before its criterion settled; the result's `converged` is false."""


def say_unless_settled(optimum: Optimum, messages: list[str], *, stacklevel: int) -> None:
    """Add a message and warn where a search ended without settling."""
    if optimum.converged:
        return
    slope = max(abs(value) for value in optimum.gradient.tolist())
    messages.append(
        f"Not converged after {optimum.evaluations} evaluations: the largest slope of the "
        f"criterion is {slope:.2g}."
    )
    warnings.warn(messages[-1], ConvergenceWarning, stacklevel=stacklevel + 1)
