"""The warning of a fit that did not settle; its result says so too."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from salutogen.models.optimise import Optimum


class ConvergenceWarning(UserWarning):
    """An optimisation stopped before its criterion settled; the result's `converged` is false."""


EXACT = 1e4  # standard deviation of a scaled random effect, in those of residuals, beyond belief


def say_unless_settled(
    optimum: Optimum, messages: list[str], outcome: str, *, stacklevel: int
) -> None:
    """Add a message and warn where a search ended without settling, or no residuals are left."""
    said = []
    if abs(optimum.point).max() > EXACT:
        said.append(
            f"{outcome}: the terms give it (almost) exactly within persons, so that the residual "
            "variance runs to zero. Is it constant within persons? Variances and standard errors "
            "are not to be relied on."
        )
    if not optimum.converged:
        slope = max(abs(value) for value in optimum.gradient.tolist())
        said.append(
            f"Not converged after {optimum.evaluations} evaluations: the largest slope of the "
            f"criterion is {slope:.2g}."
        )
        warnings.warn(" ".join(said), ConvergenceWarning, stacklevel=stacklevel + 1)
    messages += said
